//! Live streams of changes.

use std::time::Duration;

use clap::Args;

use crate::changes::streams::Settings;

/// Live streams of changes.
#[derive(Debug, Clone, Args)]
pub struct Streams {
    /// Live streams of changes at once; then 503
    #[arg(long, env = "MASTHEAD_STREAMS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(0..=100_000), value_name = "COUNT")]
    pub streams: u32,

    /// How long a live stream says nothing before it sends a comment, in milliseconds
    #[arg(long, env = "MASTHEAD_STREAM_HEARTBEAT_MS", default_value_t = 15_000, value_parser = clap::value_parser!(u64).range(100..), value_name = "MS")]
    pub stream_heartbeat_ms: u64,
}

impl Streams {
    /// Their bounds.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            most: self.streams as usize,
            heartbeat: Duration::from_millis(self.stream_heartbeat_ms),
            ..Settings::default()
        }
    }
}
