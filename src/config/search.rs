//! The search index.

use std::time::Duration;

use clap::Args;

use crate::search::Settings;

/// The search index.
#[derive(Debug, Clone, Args)]
pub struct Search {
    /// Searches at once
    #[arg(long, env = "MASTHEAD_SEARCH_THREADS", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256), value_name = "COUNT")]
    pub search_threads: u16,

    /// How long a search waits for its turn, and for the index to follow what it must include, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_SEARCH_WAIT_MS",
        default_value_t = 2_000,
        value_name = "MS"
    )]
    pub search_wait_ms: u64,

    /// How long a whole page (/v1/resolve) waits for its related articles, in milliseconds; then it does without
    #[arg(
        long,
        env = "MASTHEAD_RELATED_WAIT_MS",
        default_value_t = 500,
        value_name = "MS"
    )]
    pub related_wait_ms: u64,

    /// Memory for building the search index, in MiB
    #[arg(long, env = "MASTHEAD_SEARCH_MEMORY_MB", default_value_t = 128, value_parser = clap::value_parser!(u16).range(32..=8_192), value_name = "MIB")]
    pub search_memory_mb: u16,

    /// From how long on a search is counted as slow, in milliseconds
    #[arg(
        long,
        env = "MASTHEAD_SEARCH_SLOW_MS",
        default_value_t = 100,
        value_name = "MS"
    )]
    pub search_slow_ms: u64,

    /// Log the words of slow searches and of those that find nothing; people type personal things
    #[arg(long, env = "MASTHEAD_SEARCH_LOG_WORDS", value_parser = clap::value_parser!(bool), num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    pub search_log_words: bool,
}

impl Search {
    /// The settings of the index, without its folder.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            threads: self.search_threads.into(),
            wait: Duration::from_millis(self.search_wait_ms),
            related_wait: Duration::from_millis(self.related_wait_ms),
            memory: usize::from(self.search_memory_mb) * 1024 * 1024,
            slow: Duration::from_millis(self.search_slow_ms),
            log_words: self.search_log_words,
            ..Settings::default()
        }
    }
}
