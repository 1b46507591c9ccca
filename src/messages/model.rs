//! A message, and what makes one look like a robot's.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::time::Time;
use crate::users::model::{email_fault, name_fault};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Nobody has dealt with it yet.
    New,
    /// Somebody has.
    Read,
    /// It is done with.
    Archived,
    /// It is none.
    Spam,
}

names!(MessageStatus {
    New => "new",
    Read => "read",
    Archived => "archived",
    Spam => "spam",
});

/// What made a message look like a robot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaughtBy {
    /// The field that people do not see was filled in.
    Honeypot,
    /// It was sent at once, or long after the form was shown.
    Timing,
}

names!(CaughtBy {
    Honeypot => "honeypot",
    Timing => "timing",
});

/// A message, as editors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What became of it.
    pub status: MessageStatus,
    /// Who wrote it, as they say.
    pub name: String,
    /// Where to answer, as they say. Nobody has made sure that it is theirs.
    pub email: String,
    /// What it is about.
    pub subject: Option<String>,
    /// What they wrote: plain text, lines parted by newlines.
    pub message: String,
    /// What made it look like a robot's; null where nothing did.
    pub caught_by: Option<CaughtBy>,
    /// The cache tag of this message.
    #[schema(example = "i-9f3c01d2")]
    pub cache_tag: String,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Time,
    /// When its status was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// The longest subject, in characters.
const MAX_SUBJECT: usize = 200;
/// The longest message, in characters.
const MAX_MESSAGE: usize = 5000;

/// Nobody reads a form, fills it in and sends it within this time.
const SOONEST: Duration = Duration::from_secs(3);
/// Nobody has it open for longer, and what was recorded is sent again for no longer.
const LATEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The clock of a reader may be ahead of ours by this much.
const AHEAD: Duration = Duration::from_secs(60 * 60);

/// A message as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) subject: Option<String>,
    pub(super) message: String,
    trapped: bool,
    started_at: Option<Time>,
}

/// The texts of a message, not looked at yet.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'t> {
    /// Who writes.
    pub name: &'t str,
    /// Where to answer.
    pub email: &'t str,
    /// What it is about.
    pub subject: Option<&'t str>,
    /// What they write.
    pub message: &'t str,
}

impl Sent {
    /// Checks a message: a name and an address as accounts have them, a subject of up to 200 characters, a text of 1 to
    /// 5,000. `trap` is the field that people do not see, `started_at` when they were shown the form.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(
        texts: Texts<'_>,
        trap: Option<&str>,
        started_at: Option<Time>,
    ) -> Result<Self, Vec<Fault>> {
        let faults: Vec<Fault> = name_fault(texts.name)
            .into_iter()
            .chain(email_fault(texts.email))
            .chain(texts.subject.and_then(subject_fault))
            .chain(message_fault(texts.message))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let subject = texts.subject.map(str::trim).filter(|text| !text.is_empty());
        let message = texts.message.replace("\r\n", "\n").replace('\r', "\n");
        Ok(Self {
            name: texts.name.trim().to_owned(),
            email: texts.email.trim().to_owned(),
            subject: subject.map(str::to_owned),
            message: message.trim().to_owned(),
            trapped: trap.is_some_and(|text| !text.is_empty()),
            started_at,
        })
    }

    /// What makes it look like a robot's, where it comes now.
    #[must_use]
    pub fn caught_by(&self, now: Time) -> Option<CaughtBy> {
        if self.trapped {
            return Some(CaughtBy::Honeypot);
        }
        let started_at = self.started_at?;
        let hasty = started_at > now.minus(SOONEST) && started_at < now.plus(SOONEST);
        let odd = started_at < now.minus(LATEST) || started_at > now.plus(AHEAD);
        (hasty || odd).then_some(CaughtBy::Timing)
    }
}

fn subject_fault(subject: &str) -> Option<Fault> {
    let fine = subject.chars().count() <= MAX_SUBJECT && !subject.contains(char::is_control);
    let detail = "a subject has up to 200 characters, and none that control a terminal";
    (!fine).then(|| Fault::at("/subject", FaultCode::Malformed, detail))
}

fn message_fault(message: &str) -> Option<Fault> {
    let length = message.chars().count();
    let fault = |code, detail: String| Some(Fault::at("/message", code, detail));
    if length > MAX_MESSAGE {
        let detail = format!("has {length} characters; at most {MAX_MESSAGE} are allowed");
        return fault(FaultCode::TooLarge, detail);
    }
    if message.trim().is_empty() {
        return fault(FaultCode::TooSmall, "must not be empty".into());
    }
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if message.contains(controls) {
        let detail =
            "has characters that control a terminal; only newlines and tabs may stand there";
        return fault(FaultCode::Malformed, detail.into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: Texts<'_> = Texts {
        name: "Ada",
        email: "ada@example.org",
        subject: None,
        message: "Hello",
    };

    #[test]
    fn all_the_faults_come_at_once() {
        let texts = Texts {
            name: "",
            email: "ada",
            subject: Some("a\nb"),
            message: " \n",
        };
        let faults = Sent::parse(texts, None, None).unwrap_err().into_iter();
        let told: Vec<_> = faults
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect();
        let expected = [
            "/name Malformed",
            "/email Malformed",
            "/subject Malformed",
            "/message TooSmall",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_message_has_a_bound_and_no_control_characters() {
        let with = |message: &str| Sent::parse(Texts { message, ..TEXTS }, None, None);
        assert!(with(&"é".repeat(5000)).is_ok() && with(&"é".repeat(5001)).is_err());
        for bad in ["a\u{0}b", "a\u{1b}[2J", "a\u{85}b", "a\u{7f}"] {
            assert!(with(bad).is_err(), "{bad:?}");
        }
        assert_eq!(with(" a\r\nb\rc\td\n").unwrap().message, "a\nb\nc\td");
    }

    #[test]
    fn a_subject_of_nothing_is_none() {
        let with = |subject| {
            let texts = Texts { subject, ..TEXTS };
            Sent::parse(texts, None, None).unwrap().subject
        };
        assert_eq!(with(Some(" ")), None);
        assert_eq!(with(Some(" Tea ")).as_deref(), Some("Tea"));
        let long = "x".repeat(201);
        let texts = Texts {
            subject: Some(&long),
            ..TEXTS
        };
        assert!(Sent::parse(texts, None, None).is_err());
    }

    #[test]
    fn robots_are_hasty_or_late_and_fill_in_everything() {
        let now: Time = "2026-11-22T10:00:00Z".parse().unwrap();
        let caught = |trap, started: Option<&str>| {
            let started_at = started.map(|text| text.parse().unwrap());
            Sent::parse(TEXTS, trap, started_at).unwrap().caught_by(now)
        };
        assert_eq!(caught(None, None), None);
        assert_eq!(caught(Some(""), None), None);
        let fine = Some("2026-11-22T09:59:00Z");
        assert_eq!(
            caught(Some("https://x.example"), fine),
            Some(CaughtBy::Honeypot)
        );
        for (started, fine) in [
            ("2026-11-22T09:59:57Z", true),
            ("2026-11-22T09:59:57.001Z", false),
            ("2026-11-22T10:00:02.999Z", false),
            // A clock that is ahead.
            ("2026-11-22T10:00:03Z", true),
            ("2026-11-22T11:00:00Z", true),
            ("2026-11-22T11:00:00.001Z", false),
            ("2026-11-21T10:00:00Z", true),
            ("2026-11-21T09:59:59.999Z", false),
        ] {
            let expected = (!fine).then_some(CaughtBy::Timing);
            assert_eq!(caught(None, Some(started)), expected, "{started}");
        }
    }
}
