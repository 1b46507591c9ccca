//! Identifiers. Every resource has a UUIDv7 (RFC 9562 section 5.7): 16 bytes in the database, the hyphenated lower-case
//! string in JSON. They break ties in every order, and nothing else is read from them.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Binary;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The id of a resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Id(pub(crate) [u8; 16]);

impl Id {
    /// A fresh id, later in order than those made before it in this process.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().into_bytes())
    }

    /// The 16 bytes, as they stand in the database.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id in these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id in these bytes, or `None` unless there are 16.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The last 8 hex digits: long enough to tell resources apart in a cache tag, short enough to send 64 of them.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = String::with_capacity(8);
        self.write_short(&mut text);
        text
    }

    /// Appends [`Id::short`].
    pub(crate) fn write_short(&self, text: &mut String) {
        let [.., a, b, c, d] = self.0;
        for half in [a, b, c, d]
            .into_iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
        {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
}

impl Default for Id {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = Uuid::encode_buffer();
        f.write_str(
            Uuid::from_bytes(self.0)
                .as_hyphenated()
                .encode_lower(&mut buffer),
        )
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the hyphenated form of a UUID.
#[derive(Debug, thiserror::Error)]
#[error("not an id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct ParseIdError;

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        // `Uuid` also reads braces, URNs and bare hex; one spelling per resource keeps URLs cacheable.
        if text.len() != 36 {
            return Err(ParseIdError);
        }
        Uuid::try_parse(text)
            .map(|uuid| Self(uuid.into_bytes()))
            .map_err(|_not_a_uuid| ParseIdError)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(
            Uuid::from_bytes(self.0)
                .as_hyphenated()
                .encode_lower(&mut buffer),
        )
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints_and_nothing_else() {
        let id = Id::new();
        assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        assert_eq!(id.short(), &id.to_string()[28..]);
        for wrong in [
            "",
            "about",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "01890a5dac96774bbcceb302099a8057",
        ] {
            assert!(wrong.parse::<Id>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let ids: Vec<Id> = (0..100).map(|_| Id::new()).collect();
        assert!(ids.is_sorted());
    }
}
