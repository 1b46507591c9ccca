//! The contact form, and how long what it brings is kept.

use std::time::Duration;

use clap::Args;

use crate::messages::inbox::Settings;

const DAY: u64 = 24 * 60 * 60;

/// The contact form, and how long what it brings is kept.
#[derive(Debug, Clone, Args)]
pub struct Inbox {
    /// Messages that one address may send by the contact form within ten minutes; then 429
    #[arg(long, env = "MASTHEAD_CONTACT_PER_10_MINUTES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "COUNT")]
    pub contact_per_10_minutes: u32,

    /// Messages that one address may send by the contact form within a day; then 429
    #[arg(long, env = "MASTHEAD_CONTACT_PER_DAY", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "COUNT")]
    pub contact_per_day: u32,

    /// Messages that may wait to be read; then the contact form answers 503
    #[arg(long, env = "MASTHEAD_CONTACT_UNREAD", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "COUNT")]
    pub contact_unread: u32,

    /// How long messages of the contact form are kept, in days; with 0 until somebody deletes them
    #[arg(long, env = "MASTHEAD_MESSAGES_KEEP_DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(0..=36_500), value_name = "DAYS")]
    pub messages_keep_days: u32,
}

impl Inbox {
    /// Its bounds.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let days = u64::from(self.messages_keep_days);
        Settings {
            per_ten_minutes: self.contact_per_10_minutes,
            per_day: self.contact_per_day,
            unread: self.contact_unread,
            keep: (days > 0).then(|| Duration::from_secs(days * DAY)),
        }
    }
}
