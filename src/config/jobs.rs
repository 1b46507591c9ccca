//! Imports and backups over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::work::Settings;

/// Imports and backups over HTTP.
#[derive(Debug, Clone, Args)]
pub struct Jobs {
    /// Folder that backups made over HTTP are put into, and stay in; without it they lie in the data folder for a day
    #[arg(long, env = "MASTHEAD_BACKUP_DIR", value_name = "FOLDER")]
    pub backup_dir: Option<PathBuf>,

    /// Longest file to import over HTTP, in bytes; then 413
    #[arg(
        long,
        env = "MASTHEAD_IMPORT_LIMIT",
        default_value_t = 268_435_456,
        value_name = "BYTES"
    )]
    pub import_limit: u64,

    /// How long such a file may take to arrive, in milliseconds, 1000 or more; then 408
    #[arg(
        long,
        env = "MASTHEAD_IMPORT_TIMEOUT_MS",
        default_value_t = 600_000,
        value_parser = clap::value_parser!(u64).range(1_000..),
        value_name = "MS"
    )]
    pub import_timeout_ms: u64,
}

impl Jobs {
    /// Where jobs have their files, and how much they may read.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            backups: self.backup_dir.clone(),
            import_limit: self.import_limit,
            ..Settings::default()
        }
    }

    /// How long a file may take to arrive.
    #[must_use]
    pub const fn import_deadline(&self) -> Duration {
        Duration::from_millis(self.import_timeout_ms)
    }
}
