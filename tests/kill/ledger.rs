//! The ledger, outside the process that writes: what was begun and what was acknowledged, as the pipe brought it.

use std::collections::BTreeMap;
use std::fmt;

use masthead::articles::model::{Kind, State, Transition};
use masthead::id::Id;

use crate::text::Nonce;

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create(Kind),
    Replace,
    Transition(Transition),
    Purge,
    /// A creation that fails after its last statement, among others that share its transaction: nothing of it may stay.
    Refused(Kind),
}

impl Operation {
    /// What the log calls it.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Create(_) | Self::Refused(_) => "created",
            Self::Replace => "updated",
            Self::Transition(way) => way.done(),
            Self::Purge => "purged",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(kind) => write!(f, "create {}", kind.as_str()),
            Self::Replace => f.write_str("replace -"),
            Self::Transition(way) => write!(f, "transition {}", way.as_str()),
            Self::Purge => f.write_str("purge -"),
            Self::Refused(kind) => write!(f, "refused {}", kind.as_str()),
        }
    }
}

/// A line of a writer. Its `Display` is what goes through the pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Begin {
        nonce: Nonce,
        id: Id,
        operation: Operation,
    },
    Acknowledged {
        nonce: Nonce,
        change: i64,
        /// Version, state and slug; nothing after a purge.
        stored: Option<(i64, State, String)>,
    },
    Refused {
        nonce: Nonce,
    },
    Failed {
        nonce: Nonce,
        text: String,
    },
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin {
                nonce,
                id,
                operation,
            } => write!(f, "begin {} {id} {operation}", nonce.number()),
            Self::Acknowledged {
                nonce,
                change,
                stored,
            } => {
                write!(f, "ack {} {change}", nonce.number())?;
                match stored {
                    Some((version, state, slug)) => {
                        write!(f, " {version} {} {slug}", state.as_str())
                    }
                    None => Ok(()),
                }
            }
            Self::Refused { nonce } => write!(f, "refused {}", nonce.number()),
            Self::Failed { nonce, text } => write!(f, "failed {} {text}", nonce.number()),
        }
    }
}

impl Said {
    /// Reads a line back.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (verb, rest) = line.split_once(' ')?;
        let (nonce, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let nonce = Nonce::from_number(nonce.parse().ok()?);
        let words: Vec<&str> = rest.split(' ').collect();
        Some(match (verb, words.as_slice()) {
            ("begin", [id, operation, of]) => Self::Begin {
                nonce,
                id: id.parse().ok()?,
                operation: match *operation {
                    "create" => Operation::Create(Kind::from_name(of)?),
                    "replace" => Operation::Replace,
                    "transition" => Operation::Transition(Transition::from_name(of)?),
                    "purge" => Operation::Purge,
                    "refused" => Operation::Refused(Kind::from_name(of)?),
                    _ => return None,
                },
            },
            ("ack", [change, stored @ ..]) => Self::Acknowledged {
                nonce,
                change: change.parse().ok()?,
                stored: match stored {
                    [] => None,
                    [version, state, slug] => Some((
                        version.parse().ok()?,
                        State::from_name(state)?,
                        (*slug).to_owned(),
                    )),
                    _ => return None,
                },
            },
            ("refused", [""]) => Self::Refused { nonce },
            ("failed", _) => Self::Failed {
                nonce,
                text: rest.to_owned(),
            },
            _ => return None,
        })
    }
}

/// How a write ended, as far as the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Begun, and nothing heard of it: all of it may be there, or nothing.
    UnderWay,
    /// Acknowledged: all of it must be there.
    Acknowledged {
        change: i64,
        stored: Option<(i64, State, String)>,
    },
    /// Nothing of it may be there.
    Refused,
}

/// A write in the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) nonce: Nonce,
    pub(crate) id: Id,
    pub(crate) operation: Operation,
    /// The highest change number that had been acknowledged to anybody before this began: its own must be higher.
    pub(crate) after: i64,
    pub(crate) fate: Fate,
}

/// The writes between two kills, in the order of their beginning.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Vec<Entry>,
    pub(crate) acknowledged: usize,
    open: BTreeMap<Nonce, usize>,
    highest: i64,
}

impl Ledger {
    /// Enters a line.
    ///
    /// # Errors
    /// When a writer failed, or says what makes no sense.
    pub(crate) fn enter(&mut self, said: Said) -> Result<(), String> {
        let (nonce, fate) = match said {
            Said::Begin {
                nonce,
                id,
                operation,
            } => {
                self.open.insert(nonce, self.entries.len());
                self.entries.push(Entry {
                    nonce,
                    id,
                    operation,
                    after: self.highest,
                    fate: Fate::UnderWay,
                });
                return Ok(());
            }
            Said::Acknowledged {
                nonce,
                change,
                stored,
            } => {
                self.highest = self.highest.max(change);
                self.acknowledged += 1;
                (nonce, Fate::Acknowledged { change, stored })
            }
            Said::Refused { nonce } => (nonce, Fate::Refused),
            Said::Failed { nonce, text } => {
                return Err(format!("the write {} failed: {text}", nonce.number()));
            }
        };
        let at = self
            .open
            .remove(&nonce)
            .ok_or_else(|| format!("the write {} ended and never began", nonce.number()))?;
        self.entries[at].fate = fate;
        Ok(())
    }

    /// Writes that the kill fell into.
    pub(crate) fn under_way(&self) -> usize {
        self.open.len()
    }
}
