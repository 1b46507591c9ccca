//! Following what is public: a place in the log, as a client carries it. It names nothing that was never public, and
//! holds so much of the change it stands at that the log of a database that was put back is known for another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use crate::articles::model::Article;
use crate::id::Id;

/// Told apart from tokens that later versions may make.
const VERSION: u8 = 1;
/// The longest token that is read: one with all the names that a filter may have is shorter.
pub const LONGEST: usize = 512;

/// Where a client stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// A short form of the epoch of the database.
    pub epoch: [u8; 4],
    /// A short form of what was asked for: a token is of no use with another filter.
    pub query: [u8; 4],
    /// A change that touched something public; 0 before the first.
    pub change: i64,
    /// A short form of what the log says of it.
    pub mark: [u8; 8],
    /// Where, beside that change.
    pub place: Place,
    /// Short forms of the tags and authors that the names in the filter mean; zeros where they mean nothing.
    pub names: Vec<[u8; 4]>,
}

/// Where a client stands beside a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// After all of it.
    Whole,
    /// Within it: after what it did to this resource, or after some of what follows from that.
    Within {
        /// What the change was made to.
        resource: Id,
        /// The last of the texts that show it; none where it is done with.
        upto: Option<Id>,
    },
    /// In the first walk over everything, which began when this was the last change.
    Walking {
        /// The last text walked over.
        upto: Option<Id>,
    },
}

/// It is none of the tokens that this server gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a token that this server gave out")]
pub struct Forged;

/// Why a client has to start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reset {
    /// The token is of another database, or of this one before it was put back.
    OtherDatabase,
    /// The log does not reach back to it.
    TooOld,
    /// A name in the filter means another tag or author than it did.
    Renamed,
}

crate::names::names!(Reset {
    OtherDatabase => "other_database",
    TooOld => "too_old",
    Renamed => "renamed",
});

impl Reset {
    /// In words.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::OtherDatabase => {
                "the token is of another database, or of this one before it was put back"
            }
            Self::TooOld => "the log of changes does not reach back to the token",
            Self::Renamed => {
                "a tag or author that the filter names is another one than when the token was given"
            }
        }
    }
}

/// A text that a client must remove, if it has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
}

/// What a client must do to have what the filter lets through now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// Texts to keep, in place of what the client has of them.
    pub upserts: Vec<Article>,
    /// Texts to remove. Those that the client does not have it passes over.
    pub removals: Vec<Removal>,
    /// The `since` of the next request.
    #[schema(example = "AcxW2s0KQ7cPAAAAAAAAAAcxlP4x7gEgWgAAtA")]
    pub next_since: String,
    /// Whether there is more already. If not, ask again later.
    pub more: bool,
}

/// The short form of a text.
#[must_use]
pub fn short(text: &str) -> [u8; 8] {
    xxh3_64(text.as_bytes()).to_be_bytes()
}

/// Half of it.
#[must_use]
pub fn shorter(text: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = short(text);
    [a, b, c, d]
}

/// The short form of an id; never zeros.
#[must_use]
pub fn short_id(id: Id) -> [u8; 4] {
    match shorter(&id.to_string()) {
        [0, 0, 0, 0] => [0, 0, 0, 1],
        short => short,
    }
}

impl Token {
    /// The token as clients carry it. The checksum is against slips of hand and not against malice: a place that somebody
    /// makes up shows nothing but another part of what is public.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.epoch);
        bytes.extend(self.query);
        bytes.extend(self.change.to_be_bytes());
        bytes.extend(self.mark);
        let (kind, ids) = match self.place {
            Place::Whole => (0, [None, None]),
            Place::Within { resource, upto } => {
                (if upto.is_none() { 1 } else { 2 }, [Some(resource), upto])
            }
            Place::Walking { upto } => (if upto.is_none() { 3 } else { 4 }, [upto, None]),
        };
        bytes.push(kind);
        for id in ids.iter().flatten() {
            bytes.extend(id.as_bytes());
        }
        bytes.extend(self.names.as_flattened());
        let [a, b, c, d, ..] = xxh3_64(&bytes).to_be_bytes();
        bytes.extend([a, b, c, d]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn decode(text: &str) -> Result<Self, Forged> {
        if text.len() > LONGEST {
            return Err(Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| Forged)?;
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Forged)?;
        if xxh3_64(body).to_be_bytes()[..4] != sum[..] {
            return Err(Forged);
        }
        let mut rest = body;
        if take::<1>(&mut rest)? != [VERSION] {
            return Err(Forged);
        }
        let epoch = take(&mut rest)?;
        let query = take(&mut rest)?;
        let change = i64::from_be_bytes(take(&mut rest)?);
        let mark = take(&mut rest)?;
        let [kind] = take(&mut rest)?;
        let mut id = || take(&mut rest).map(Id::from_bytes);
        let place = match kind {
            0 => Place::Whole,
            1 => Place::Within {
                resource: id()?,
                upto: None,
            },
            2 => Place::Within {
                resource: id()?,
                upto: Some(id()?),
            },
            3 => Place::Walking { upto: None },
            4 => Place::Walking { upto: Some(id()?) },
            _ => return Err(Forged),
        };
        let (names, odd) = rest.as_chunks::<4>();
        if !odd.is_empty() || change < 0 {
            return Err(Forged);
        }
        Ok(Self {
            epoch,
            query,
            change,
            mark,
            place,
            names: names.to_vec(),
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Forged> {
    let (taken, left) = rest.split_first_chunk::<N>().ok_or(Forged)?;
    *rest = left;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(place: Place, names: usize) -> Token {
        Token {
            epoch: [1, 2, 3, 4],
            query: shorter("a filter"),
            change: 7,
            mark: short("a change"),
            place,
            names: vec![short_id(Id::new()); names],
        }
    }

    fn places() -> [Place; 5] {
        let (resource, upto) = (Id::new(), Some(Id::new()));
        [
            Place::Whole,
            Place::Within {
                resource,
                upto: None,
            },
            Place::Within { resource, upto },
            Place::Walking { upto: None },
            Place::Walking { upto },
        ]
    }

    #[test]
    fn reads_back_its_own_tokens() {
        for place in places() {
            for names in [0, 1, 41] {
                let token = token(place, names);
                let text = token.encode();
                assert!(text.len() <= LONGEST, "{}", text.len());
                assert_eq!(Token::decode(&text), Ok(token));
            }
        }
    }

    #[test]
    fn refuses_what_it_did_not_give_out() {
        for place in places() {
            let text = token(place, 1).encode();
            for index in 0..text.len() {
                let mut forged = text.clone().into_bytes();
                forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
                let forged = String::from_utf8(forged).unwrap();
                assert_ne!(Token::decode(&forged), Token::decode(&text), "{forged}");
                assert!(Token::decode(&text[..index]).is_err());
            }
        }
        for forged in ["", "x", "!!!", "AAAA", &"A".repeat(LONGEST + 1)] {
            assert_eq!(Token::decode(forged), Err(Forged), "{forged}");
        }
    }
}
