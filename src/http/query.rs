//! The closed grammar of queries. A route asks for the parameters it knows; whatever else was sent is a fault, and so is
//! a parameter that stands twice where it may stand once. All the faults come back together.

use percent_encoding::percent_decode_str;

use crate::db::page::{Cursor, Page, Place};
use crate::error::{Error, Fault, FaultCode, Result, closest};

/// The most rows of a page.
pub const MAX_LIMIT: u32 = 100;
/// The rows of a page that names no number.
pub const DEFAULT_LIMIT: u32 = 20;
/// How deep page numbers reach, in rows; cursors reach everywhere.
pub const MAX_DEPTH: u32 = 10_000;
/// The most parameters in one query.
const MAX_PAIRS: usize = 256;

/// A query being read.
pub struct Query {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

/// Why a value cannot be used.
pub type Refused = (FaultCode, String);

impl Query {
    /// Takes a query string apart: `name=value` pairs, percent-encoded UTF-8, `+` for a space.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let mut this = Self {
            pairs: Vec::new(),
            known: Vec::new(),
            faults: Vec::new(),
        };
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            if this.pairs.len() == MAX_PAIRS {
                this.faults.push(Fault::parameter(
                    "",
                    FaultCode::TooLarge,
                    format!("a query has at most {MAX_PAIRS} parameters"),
                ));
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => this.pairs.push((name, value)),
                (readable, _) => {
                    let name = readable.unwrap_or_else(|| name.to_owned());
                    let detail = "is not percent-encoded UTF-8 without NUL characters";
                    this.faults
                        .push(Fault::parameter(name, FaultCode::Malformed, detail));
                }
            }
        }
        this
    }

    /// Every value of a parameter that may stand several times, up to `max`.
    pub fn many(&mut self, name: &'static str, max: usize) -> Vec<String> {
        self.known.push(name);
        let values: Vec<String> = self
            .pairs
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .collect();
        if values.iter().any(String::is_empty) {
            self.refuse(name, (FaultCode::TooSmall, "must not be empty".into()));
        }
        if values.len() > max {
            self.refuse(
                name,
                (
                    FaultCode::TooLarge,
                    format!("may stand {max} times at most"),
                ),
            );
        }
        values
    }

    /// The values of a parameter that may stand several times, each read by `read`.
    pub fn many_of<T>(
        &mut self,
        name: &'static str,
        max: usize,
        read: impl Fn(&str) -> Result<T, Refused>,
    ) -> Vec<T> {
        let mut read_values = Vec::new();
        for value in self
            .many(name, max)
            .iter()
            .filter(|value| !value.is_empty())
        {
            match read(value) {
                Ok(value) => read_values.push(value),
                Err(refused) => self.refuse(name, refused),
            }
        }
        read_values
    }

    /// The value of a parameter that may stand once, read by `read`.
    pub fn one<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, Refused>,
    ) -> Option<T> {
        self.known.push(name);
        let mut values = self
            .pairs
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str());
        let (first, more) = (values.next()?, values.next().is_some());
        let result = if first.is_empty() {
            Err((FaultCode::TooSmall, "must not be empty".into()))
        } else {
            read(first)
        };
        if more {
            self.refuse(name, (FaultCode::Repeated, "may stand once only".into()));
        }
        match result {
            Ok(value) => Some(value),
            Err(refused) => {
                self.refuse(name, refused);
                None
            }
        }
    }

    /// A parameter that is `true` or `false`; false where absent.
    pub fn flag(&mut self, name: &'static str) -> bool {
        self.one(name, boolean).unwrap_or(false)
    }

    /// `limit`, where it stands there.
    pub fn limit(&mut self) -> Option<u32> {
        self.one("limit", |text| {
            let limit = whole_number(text)?;
            match limit {
                0 => Err((FaultCode::TooSmall, "is at least 1".into())),
                1..=MAX_LIMIT => Ok(limit),
                _ => Err((FaultCode::TooLarge, format!("is at most {MAX_LIMIT}"))),
            }
        })
    }

    /// `limit` with `cursor` or `page`, for a list in this order.
    pub fn page(&mut self, sort: &'static str) -> Page {
        let limit = self.limit().unwrap_or(DEFAULT_LIMIT);
        let cursor = self.one("cursor", |text| {
            Cursor::decode(text, sort).map_err(|error| (FaultCode::Malformed, error.to_string()))
        });
        let page = self.one("page", |text| {
            let page = whole_number(text)?;
            match page.checked_mul(limit) {
                Some(0) => Err((FaultCode::TooSmall, "pages are counted from 1".into())),
                Some(1..=MAX_DEPTH) => Ok(page),
                _ => {
                    let detail = format!(
                        "reaches {MAX_DEPTH} rows deep at most; `cursor` reaches everywhere"
                    );
                    Err((FaultCode::TooLarge, detail))
                }
            }
        });
        if self.has("cursor") && self.has("page") {
            self.refuse(
                "page",
                (
                    FaultCode::Conflicting,
                    "cannot stand together with `cursor`".into(),
                ),
            );
        }
        let place = match (cursor, page) {
            (Some(cursor), _) => Place::Cursor(cursor),
            (None, Some(page)) => Place::Page(page),
            (None, None) => Place::Start,
        };
        Page { limit, place }
    }

    /// Adds a fault of a parameter.
    pub fn refuse(&mut self, name: &'static str, (code, detail): Refused) {
        self.faults.push(Fault::parameter(name, code, detail));
    }

    /// Whether a parameter stands there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// Ends the reading: what nobody asked for is unknown.
    ///
    /// # Errors
    /// [`Error::Query`] with all the faults.
    pub fn finish(mut self) -> Result<()> {
        let mut unknown: Vec<&String> = self
            .pairs
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !self.known.contains(&name.as_str()))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        for name in unknown {
            let detail = match closest(name, self.known.iter().copied()) {
                Some(known) => format!("is no parameter of this route; did you mean `{known}`?"),
                None if self.known.is_empty() => "this route has no parameters".into(),
                None => format!(
                    "is no parameter of this route; it has {}",
                    self.known.join(", ")
                ),
            };
            self.faults
                .push(Fault::parameter(name, FaultCode::Unknown, detail));
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Query(self.faults))
        }
    }
}

fn decode(text: &str) -> Option<String> {
    if text.contains('+') {
        decoded(&text.replace('+', " "))
    } else {
        decoded(text)
    }
}

/// The text behind percent-encoding, if it is UTF-8 and holds no NUL, which no database could look for. A lone `%` is no
/// encoding: one spelling for one value is safer with caches in front.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' && !(rest.next()?.is_ascii_hexdigit() && rest.next()?.is_ascii_hexdigit()) {
            return None;
        }
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

/// Reads `true` or `false`.
///
/// # Errors
/// For anything else.
pub fn boolean(text: &str) -> Result<bool, Refused> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err((FaultCode::Malformed, "is `true` or `false`".into())),
    }
}

/// Reads one of a closed list of names.
///
/// # Errors
/// Listing the names, and the closest.
pub fn one_of<T: Copy>(
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Refused> {
    if let Some(found) = all.iter().find(|candidate| name(**candidate) == text) {
        return Ok(*found);
    }
    let names: Vec<&str> = all.iter().map(|candidate| name(*candidate)).collect();
    let hint = closest(text, names.iter().copied())
        .map(|near| format!(" (did you mean `{near}`?)"))
        .unwrap_or_default();
    Err((
        FaultCode::NotAllowed,
        format!("`{text}` is none of {}{hint}", names.join(", ")),
    ))
}

/// Reads what `FromStr` reads.
///
/// # Errors
/// In the words of its error.
pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Refused> {
    text.parse()
        .map_err(|error| (FaultCode::Malformed, format!("{error}")))
}

/// Reads a whole number, without a sign.
///
/// # Errors
/// For anything else, and for what is too great.
pub fn whole_number(text: &str) -> Result<u32, Refused> {
    let refused = || (FaultCode::Malformed, "is a whole number".to_owned());
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    text.parse()
        .map_err(|_too_large| (FaultCode::TooLarge, "is too great a number".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(query: Query) -> Vec<(String, FaultCode)> {
        match query.finish() {
            Err(Error::Query(faults)) => faults
                .into_iter()
                .map(|fault| (fault.parameter.unwrap_or_default(), fault.code))
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn names_all_the_faults_at_once() {
        let mut query =
            Query::parse("limit=0&page=x&featured=yes&featured=no&colour=red&tag=&%ff=1&a=%00");
        query.page("title");
        query.one("featured", boolean);
        query.many("tag", 5);
        assert_eq!(
            faults(query),
            [
                ("%ff".to_owned(), FaultCode::Malformed),
                ("a".to_owned(), FaultCode::Malformed),
                ("limit".to_owned(), FaultCode::TooSmall),
                ("page".to_owned(), FaultCode::Malformed),
                ("featured".to_owned(), FaultCode::Repeated),
                ("featured".to_owned(), FaultCode::Malformed),
                ("tag".to_owned(), FaultCode::TooSmall),
                ("colour".to_owned(), FaultCode::Unknown),
            ]
        );
    }

    #[test]
    fn page_numbers_have_a_bottom() {
        for (text, fine) in [
            ("page=500", true),
            ("page=501", false),
            ("page=100&limit=100", true),
            ("page=0", false),
        ] {
            let mut query = Query::parse(text);
            query.page("title");
            assert_eq!(faults(query).is_empty(), fine, "{text}");
        }
    }
}
