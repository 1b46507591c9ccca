//! What a client accepts (RFC 9110 section 12.5), and what it has already (section 13.1.2).

use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_NONE_MATCH};

use super::error::{Code, Problem, Refusal};

/// The content codings that answers come in, the preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

impl Coding {
    /// All of them, the preferred first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Its name in headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What it adds to an entity tag: the bytes are others.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gzip",
        }
    }
}

/// The codings that a client accepts, by its wish and then by ours (RFC 9110 section 12.5.3).
pub fn codings(headers: &HeaderMap) -> impl Iterator<Item = Coding> {
    let accepted = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut wanted = Coding::ALL.map(|coding| (weight(accepted, coding.as_str()), coding));
    // Stable: of equal weights the one that is preferred here stays first.
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted
        .into_iter()
        .filter(|(weight, _)| *weight > 0)
        .map(|(_, coding)| coding)
}

/// What weight a coding is given, in thousandths; 0 where it is not accepted.
fn weight(accepted: &str, name: &str) -> u32 {
    let mut any = 0;
    for part in accepted.split(',') {
        let (coding, parameters) = part.split_once(';').unwrap_or((part, ""));
        let coding = coding.trim();
        let weight = || {
            let quality = parameters.trim().strip_prefix("q=");
            quality.map_or(1000, |quality| thousandths(quality.trim()))
        };
        if coding.eq_ignore_ascii_case(name) {
            return weight();
        }
        if coding == "*" {
            any = weight();
        }
    }
    any
}

/// A quality (RFC 9110 section 12.4.2) in thousandths; what is none means "not at all".
fn thousandths(quality: &str) -> u32 {
    match quality.split_once('.').unwrap_or((quality, "")) {
        ("1", _) => 1000,
        ("0", digits) if digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<3}").parse().unwrap_or(0)
        }
        _ => 0,
    }
}

/// The entity tags that `If-None-Match` names, without marks of weakness and quotes, `*` among them. The comparison is
/// weak (RFC 9110 section 13.1.2): a cache in front may have marked them so.
pub fn known_tags(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        // A tag of ours holds no comma, so one inside a foreign tag can only fail to match.
        .flat_map(|value| value.split(','))
        .filter_map(|tag| {
            let tag = tag.trim();
            if tag == "*" {
                return Some(tag);
            }
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag.strip_prefix('"')?.strip_suffix('"')
        })
}

/// Refuses a request whose `Accept` (RFC 9110 section 12.5.1) rules out the one type there is.
///
/// # Errors
/// 406.
pub fn accepts(headers: &HeaderMap, content_type: &HeaderValue) -> Result<(), Refusal> {
    let Some(accept) = headers.get(ACCEPT) else {
        return Ok(());
    };
    let essence = content_type.to_str().unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    let accept = accept.to_str().unwrap_or_default();
    // Nothing is more specific than the type itself, and a range that stands alone refuses nothing.
    let says_so = |range: &str| range == "*/*" || range == essence;
    if says_so(accept) || accept.split(',').any(|range| range.trim() == essence) {
        return Ok(());
    }
    let family = essence.split('/').next().unwrap_or_default();
    // Feed readers ask for XML where they mean one of its dialects (RFC 6839), under either of its names.
    let general: &[&str] = if essence.ends_with("+xml") || essence.ends_with("/xml") {
        &["application/xml", "text/xml"]
    } else if essence.ends_with("+json") {
        &["application/json"]
    } else {
        &[]
    };
    // The most specific range that matches decides; each is ranked by how specific it is.
    let matching = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?;
        let is_one = |known: &&str| name.eq_ignore_ascii_case(known);
        let rank = if name.eq_ignore_ascii_case(essence) {
            3
        } else if general.iter().any(is_one) {
            2
        } else if name
            .strip_suffix("/*")
            .is_some_and(|name| name.eq_ignore_ascii_case(family))
        {
            1
        } else if name == "*/*" {
            0
        } else {
            return None;
        };
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|q| q.parse() == Ok(0.0_f32))
        });
        Some((rank, refused))
    });
    match matching.max_by_key(|(rank, _)| *rank) {
        Some((_, false)) => Ok(()),
        _ if accept.trim().is_empty() => Ok(()),
        _ => Err(Problem::new(
            Code::NotAcceptable,
            format!("this route answers with {essence} only"),
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: actix_web::http::header::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        headers
    }

    #[test]
    fn codings_come_by_the_wish_of_the_client() {
        for (accepted, expected) in [
            ("", ""),
            ("gzip, deflate, br, zstd", "br gzip"),
            ("gzip", "gzip"),
            ("GZIP;q=1.0, br;q=0.5", "gzip br"),
            ("br;q=0, gzip;q=0.001", "gzip"),
            ("*", "br gzip"),
            ("*;q=0.5, br;q=0", "gzip"),
            ("identity", ""),
            ("br;q=2, gzip;q=x, *;q=0.0000", ""),
            ("ä, br", ""),
        ] {
            let headers = asked(ACCEPT_ENCODING, accepted);
            let codings: Vec<&str> = codings(&headers).map(Coding::as_str).collect();
            assert_eq!(codings.join(" "), expected, "{accepted}");
        }
    }

    #[test]
    fn tags_are_read_however_they_are_written() {
        let headers = asked(IF_NONE_MATCH, "\"a\", W/\"b-br\" ,c, \"\", *,\"d");
        let tags: Vec<&str> = known_tags(&headers).collect();
        assert_eq!(tags, ["a", "b-br", "", "*"]);
    }
}
