//! Answers that can be cached: finished bytes, a strong entity tag of them (RFC 9110 section 8.8.3), and 304 for those who
//! have them already.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH,
    LINK,
};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use super::error::{Code, Problem, Refusal};
use crate::error::Error;

/// Delivery's default: keep it, and ask each time whether it still holds.
pub const NO_CACHE: (HeaderName, HeaderValue) =
    (CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
/// The change number that an answer includes.
pub const CHANGE: HeaderName = HeaderName::from_static("change");

/// The media type of JSON.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The entity tag of a versioned resource for editors, `"VERSION.HASH"`: `If-Match` compares the version, `If-None-Match`
/// the whole.
#[must_use]
pub fn versioned_etag(version: i64, bytes: &[u8]) -> String {
    etag(Some(version), bytes)
}

fn etag(version: Option<i64>, bytes: &[u8]) -> String {
    let mut etag = String::with_capacity(32);
    etag.push('"');
    if let Some(version) = version {
        etag.push_str(&version.to_string());
        etag.push('.');
    }
    URL_SAFE_NO_PAD.encode_string(xxh3_128(bytes).to_be_bytes(), &mut etag);
    etag.push('"');
    etag
}

/// An answer: a number that its state includes, and its bytes.
pub struct Answer {
    bytes: Vec<u8>,
    content_type: HeaderValue,
    change: Option<i64>,
    link: Option<String>,
    version: Option<i64>,
}

impl Answer {
    /// JSON of `value`.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a fault of ours.
    pub fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::internal(format!("an answer: {error}")))?;
        Ok(Self::bytes(bytes, JSON))
    }

    /// Bytes of some type.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>, content_type: HeaderValue) -> Self {
        Self {
            bytes: bytes.into(),
            content_type,
            change: None,
            link: None,
            version: None,
        }
    }

    /// Of a resource in this version, whose entity tag names it.
    #[must_use]
    pub const fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// With the change number that it includes, taken before it was read.
    #[must_use]
    pub const fn at(mut self, change: i64) -> Self {
        self.change = Some(change);
        self
    }

    /// With links to its neighbours (RFC 8288).
    #[must_use]
    pub fn linked(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// Sends it, or 304 where the client has it (RFC 9110 section 13.1.2).
    ///
    /// # Errors
    /// 406 where the client accepts everything but its type.
    pub fn to(self, request: &HttpRequest) -> Result<HttpResponse, Refusal> {
        accepts(request.headers(), &self.content_type)?;
        let etag = etag(self.version, &self.bytes);
        let known = has(request.headers(), &etag);
        let mut response = HttpResponse::build(if known {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        });
        response.insert_header((ETAG, etag)).insert_header(NO_CACHE);
        if let Some(change) = self.change {
            response.insert_header((CHANGE, change));
        }
        if let Some(link) = self.link {
            response.insert_header((LINK, link));
        }
        if known {
            return Ok(response.finish());
        }
        Ok(response
            .insert_header((CONTENT_TYPE, self.content_type))
            .body(self.bytes))
    }
}

/// Whether `If-None-Match` names this tag. The comparison is weak (RFC 9110 section 13.1.2): a cache in front may have
/// marked it so.
fn has(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            // A tag of ours holds no comma, so one inside a foreign tag can only fail to match.
            value
                .split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
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
    if accept == "*/*" || accept == essence {
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
