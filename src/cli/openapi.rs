//! `masthead openapi`

use std::io::Write;
use std::process::ExitCode;

use super::Outcome;

pub(super) fn run() -> Outcome {
    std::io::stdout().write_all(crate::http::openapi::text().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
