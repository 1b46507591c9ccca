//! What waits to be sent, and for how long.

use std::time::Duration;

use crate::id::Id;
use crate::names::names;
use crate::time::Time;

/// The kinds of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To a new account: a link to set a password.
    Invitation,
    /// The same, to an account that asks for it.
    Reset,
    /// To the editors: a message that came by the contact form.
    Message,
    /// To the editors: a text that waits for review.
    Review,
}

names!(Kind {
    Invitation => "invitation",
    Reset => "reset",
    Message => "message",
    Review => "review",
});

/// To whom a mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// To the address that this account has when it is sent.
    User(Id),
    /// To a configured address.
    Address(String),
    /// To nobody: it was asked for by somebody who is not known, and must cost as much as if they were.
    Nobody,
}

/// A mail that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: Id,
    /// What kind of mail.
    pub kind: Kind,
    /// What it is about: a message, an article, an account.
    pub resource: Id,
    /// To whom.
    pub to: Addressee,
    /// When it was put into the queue.
    pub queued_at: Time,
    /// It was tried before, and may have arrived all the same.
    pub again: bool,
}

/// How long it is tried to send a mail; what is older in the log is not mailed at all.
pub const PATIENCE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// How long after this attempt the next may be made: a minute, and each time twice as long, up to an hour.
#[must_use]
pub fn pause(attempts: i32) -> Duration {
    let doublings = attempts.clamp(1, 7) - 1;
    Duration::from_secs(60 << doublings).min(Duration::from_secs(60 * 60))
}

/// An e-mail address as a log may show it: the first letter and the host.
#[must_use]
pub fn masked(address: &str) -> String {
    let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let seconds: Vec<u64> = (0..10).map(|attempts| pause(attempts).as_secs()).collect();
        assert_eq!(
            seconds,
            [60, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        );
    }

    #[test]
    fn a_log_shows_no_whole_address() {
        assert_eq!(masked("grace@example.org"), "g…@example.org");
        assert_eq!(masked("grace"), "g…@");
    }
}
