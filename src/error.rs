//! What can go wrong, once. Code anywhere below `http` answers with [`Error`]; only `http/error.rs` knows which status and
//! which problem document that becomes.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing wrong with what was sent. Checks collect these, so that a caller learns of all of them at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where in the JSON body, as a JSON Pointer (RFC 6901); the empty string is the body itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/title")]
    pub pointer: Option<String>,
    /// Which query or path parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// What kind of fault, for programs.
    pub code: FaultCode,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// Nothing of this name exists here.
    Unknown,
    /// It may stand once and stands more often.
    Repeated,
    /// It must be there and is not.
    Missing,
    /// It is of another JSON type.
    WrongType,
    /// It cannot be read as what it should be.
    Malformed,
    /// It is longer, more or greater than allowed.
    TooLarge,
    /// It is shorter, fewer or less than allowed.
    TooSmall,
    /// It is none of the values allowed.
    NotAllowed,
    /// It cannot stand together with another.
    Conflicting,
    /// It names something that does not exist.
    NotFound,
    /// Something else already has this value.
    Taken,
}

impl Fault {
    /// A fault in the body, at a JSON Pointer.
    pub fn at(pointer: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code,
            detail: detail.into(),
        }
    }

    /// Whether it is at this JSON Pointer or below it.
    #[must_use]
    pub fn is_within(&self, pointer: &str) -> bool {
        let rest = self
            .pointer
            .as_deref()
            .and_then(|own| own.strip_prefix(pointer));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Faults of what was named from elsewhere, at the place that named it.
    #[must_use]
    pub fn all_at(faults: Vec<Self>, pointer: &str) -> Vec<Self> {
        let here = |fault| Self {
            pointer: Some(pointer.to_owned()),
            ..fault
        };
        faults.into_iter().map(here).collect()
    }

    /// The same fault in what stands at this pointer.
    #[must_use]
    pub fn below(self, pointer: &str) -> Self {
        Self {
            pointer: self.pointer.map(|own| format!("{pointer}{own}")),
            ..self
        }
    }

    /// A fault in a query or path parameter.
    pub fn parameter(name: impl Into<String>, code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            code,
            detail: detail.into(),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.pointer.as_deref().or(self.parameter.as_deref());
        match place.filter(|place| !place.is_empty()) {
            Some(place) => write!(f, "{place}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// The closest of the known names, for "did you mean".
#[must_use]
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query or the path has faults.
    #[error("{}", list(.0))]
    Query(Vec<Fault>),
    /// The content sent has faults.
    #[error("{}", list(.0))]
    Invalid(Vec<Fault>),
    /// Nobody proved who they are, or not with anything that counts.
    #[error("sign in first")]
    Unauthorized,
    /// Whoever asks may not do this.
    #[error("your role or key does not allow this")]
    Forbidden,
    /// The resource has changed since it was read: the entity tag that it has now.
    #[error("it has changed since you read it")]
    Stale(String),
    /// Tried too often; when to come back.
    #[error("too many attempts; try again in {} s", .0.as_secs().max(1))]
    TooManyAttempts(Duration),
    /// There is no such thing, or none that the viewer may see; the two are told apart nowhere.
    #[error("there is no {0} here")]
    NotFound(&'static str),
    /// It lives under another address now: the new slug.
    #[error("moved to {slug}")]
    Moved {
        /// The slug it has now.
        slug: String,
        /// The locale of that slug, where it is not the one asked for.
        locale: Option<String>,
    },
    /// Something else is in the way, in words.
    #[error("{0}")]
    Conflict(String),
    /// Too busy, or a deadline passed; nothing was done.
    #[error("{what}; try again in {} s", retry_after.as_secs())]
    Unavailable {
        /// What was waited for.
        what: &'static str,
        /// When to come back.
        retry_after: Duration,
    },
    /// The database cannot be reached: why. The reason is for the log and the command line; it may name hosts.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The disk is full; nothing was written.
    #[error("the disk is full")]
    DiskFull,
    /// What an operation of a batch could not be done for, and which one that is.
    #[error("{1}")]
    Operation(usize, Box<Error>),
    /// A fault of ours or of the machine. The text is for the log alone.
    #[error("{0}")]
    Internal(String),
}

/// The result of what may fail with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Busy: come back in a second.
    #[must_use]
    pub const fn busy(what: &'static str) -> Self {
        Self::Unavailable {
            what,
            retry_after: Duration::from_secs(1),
        }
    }

    /// Of one operation of a batch.
    #[must_use]
    pub fn of_operation(self, index: usize) -> Self {
        Self::Operation(index, Box::new(self))
    }

    /// A broken assumption, for the log.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal(message.into())
    }
}

fn list(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_near_names_only() {
        let known = ["limit", "cursor", "published_after"];
        assert_eq!(closest("limt", known), Some("limit"));
        assert_eq!(closest("publishd_after", known), Some("published_after"));
        assert_eq!(closest("colour", known), None);
    }
}
