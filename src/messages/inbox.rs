//! The bounds of the contact form: anybody may use it, so nobody may use it without end.

use std::net::IpAddr;
use std::time::Duration;

use crate::auth::limits::{Bound, PeerLimits};
use crate::time::Time;

/// The bounds of the contact form, and how long what it brings is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Messages of one peer within ten minutes.
    pub per_ten_minutes: u32,
    /// Messages of one peer within a day.
    pub per_day: u32,
    /// Messages that wait to be read; and as many that look like a robot's.
    pub unread: u32,
    /// How long messages are kept; for ever where nothing is said.
    pub keep: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            per_ten_minutes: 5,
            per_day: 20,
            unread: 1000,
            keep: Some(Duration::from_secs(365 * 24 * 60 * 60)),
        }
    }
}

/// The contact form of a server that runs.
#[derive(Debug)]
pub struct Inbox {
    limits: PeerLimits,
    settings: Settings,
}

impl Inbox {
    /// Nobody has sent anything yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let within = |most: u32, seconds: u64| Bound {
            at_once: most,
            every: Duration::from_secs(seconds) / most.max(1),
        };
        let bounds = [
            within(settings.per_ten_minutes, 10 * 60),
            within(settings.per_day, 24 * 60 * 60),
        ];
        Self {
            limits: PeerLimits::new(&bounds),
            settings,
        }
    }

    /// Lets a peer send one message more.
    ///
    /// # Errors
    /// How long to wait, in whole seconds.
    pub fn admit(&self, peer: IpAddr, now: Time) -> Result<(), Duration> {
        self.limits.take(peer, now)
    }

    /// Its bounds.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
