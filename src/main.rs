//! The `masthead` binary: reads the command line and runs it.

use std::process::ExitCode;

// Answering is mostly making strings: the system's allocator took an eighth of a list's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    masthead::cli::run()
}
