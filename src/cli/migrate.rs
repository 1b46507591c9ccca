//! `masthead migrate`

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::backup::restore;
use crate::config::Store;
use crate::time::Clock;
use crate::{data_folder, db};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: Store,

    /// This database was put back from a dump: copies that clients keep begin anew, whoever is signed in signs in again, and
    /// what waited to be told is not told. Stop the servers first
    #[arg(long)]
    new_epoch: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    if arguments.store.database_url.is_none() {
        std::fs::create_dir_all(&arguments.store.data)?;
        data_folder::refuse_half_restored(&arguments.store.data)?;
    }
    let ran = db::migrate::run(&arguments.store.database())?;
    if ran.is_empty() {
        writeln!(std::io::stdout(), "the database is up to date")?;
    } else {
        writeln!(std::io::stdout(), "ran {}", ran.join(", "))?;
    }
    if arguments.new_epoch {
        let now = Clock::system().now();
        db::snapshot::alone(&arguments.store.database(), |conn| {
            restore::begin_anew(conn, now)
        })?;
        writeln!(std::io::stdout(), "began a new epoch")?;
    }
    Ok(ExitCode::SUCCESS)
}
