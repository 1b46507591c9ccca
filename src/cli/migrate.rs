//! `masthead migrate`

use std::io::Write;
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::config::Store;
use crate::db;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    if arguments.store.database_url.is_none() {
        std::fs::create_dir_all(&arguments.store.data)?;
    }
    let ran = db::migrate::run(&arguments.store.database())?;
    if ran.is_empty() {
        writeln!(std::io::stdout(), "the database is up to date")?;
    } else {
        writeln!(std::io::stdout(), "ran {}", ran.join(", "))?;
    }
    Ok(ExitCode::SUCCESS)
}
