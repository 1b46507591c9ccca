//! What is kept of answers, here and in front.

use clap::Args;

use crate::cache;

/// What is kept of answers.
#[derive(Debug, Clone, Args)]
pub struct Delivery {
    /// Memory for finished answers, in MiB; with 0 every answer is made anew
    #[arg(long, env = "MASTHEAD_CACHE_MB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(0..=1_048_576), value_name = "MIB")]
    pub cache_mb: u64,
}

impl Delivery {
    /// How finished answers are kept.
    #[must_use]
    pub fn cache(&self) -> cache::Settings {
        cache::Settings {
            bytes: self.cache_mb * 1024 * 1024,
            ..cache::Settings::default()
        }
    }
}
