//! `masthead completions`

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Outcome};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "masthead",
        &mut std::io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}
