//! `masthead restore`

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::backup::restore;
use crate::config::Store;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file that `masthead backup` made
    file: PathBuf,

    #[command(flatten)]
    store: Store,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Arguments { file, store } = arguments;
    if store.database_url.is_some() {
        return Err(
            "this is for the embedded database; put PostgreSQL back with pg_restore, then run `masthead migrate --new-epoch`: see docs/OPERATIONS.md"
                .into(),
        );
    }
    let restored = restore::restore(file, &store.data)?;
    let manifest = restored.manifest;
    writeln!(
        io::stdout(),
        "restored the backup of {} (masthead {}, change {}) into {}; whoever was signed in signs in again, and copies are made anew",
        manifest.created_at,
        manifest.masthead,
        manifest.change,
        store.data.display()
    )?;
    if !restored.migrated.is_empty() {
        writeln!(io::stdout(), "ran {}", restored.migrated.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}
