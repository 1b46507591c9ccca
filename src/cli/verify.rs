//! `masthead verify`

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use crate::backup::verify;
use crate::config::{Media, Store};
use crate::priority::give_way;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    media: Media,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    give_way();
    let Arguments { store, media } = arguments;
    let findings = verify::verify(store, media)?;
    let mut out = io::stdout().lock();
    for note in &findings.notes {
        writeln!(out, "note   {note}")?;
    }
    for fault in &findings.wrong {
        writeln!(out, "wrong  {fault}")?;
    }
    if !findings.wrong.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let change = findings.change.unwrap_or(0);
    writeln!(out, "all is well at change {change}")?;
    Ok(ExitCode::SUCCESS)
}
