//! `masthead openapi`

use std::process::ExitCode;

use super::Outcome;

pub(super) fn run() -> Outcome {
    print!("{}", crate::http::openapi::text());
    Ok(ExitCode::SUCCESS)
}
