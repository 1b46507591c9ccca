//! What a write brings besides its path: its content, the version it is based on, and the key under which its answer is
//! kept.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, IF_MATCH,
};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};

use super::error::{Code, Problem, Refusal};
use super::limits::Limits;
use crate::json;

/// The key under which the answer to a write is kept.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The number that the state a read is answered from must include.
pub const MIN_CHANGE: HeaderName = HeaderName::from_static("min-change");

/// How long content may take before its rate counts.
pub const START: Duration = Duration::from_secs(5);

/// Marks a request whose content has been read to its end, so that its connection can be used again.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContentRead;

/// The content of a write.
#[derive(Debug)]
pub struct Content {
    /// The JSON in it.
    pub value: Value,
    /// A hash of its bytes.
    pub digest: [u8; 32],
}

/// How long content may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// As long as an article.
    Article,
    /// As long as a batch.
    Batch,
    /// As long as anything else.
    Other,
}

impl Content {
    /// Reads the JSON of a write.
    ///
    /// # Errors
    /// 415 for what is no JSON in UTF-8 or is compressed, 413 and 408 for too much and too slow, 400 for what cannot be
    /// read as JSON, with all of its faults.
    pub async fn read(
        request: &HttpRequest,
        payload: web::Payload,
        size: Size,
    ) -> Result<Self, Refusal> {
        check_type(request)?;
        let bytes = bytes(request, payload, size).await?;
        let value = json::parse(&bytes, json::MAX_DEPTH).map_err(|errors| {
            let detail = match errors.as_slice() {
                [fault] => fault.to_string(),
                several => format!("{} faults", several.len()),
            };
            Problem {
                errors,
                ..Problem::new(Code::MalformedJson, detail)
            }
        })?;
        Ok(Self {
            value,
            digest: Sha256::digest(&bytes).into(),
        })
    }

    /// Of a write that may do without content: null where there is none.
    ///
    /// # Errors
    /// As [`Content::read`].
    pub async fn read_if_any(
        request: &HttpRequest,
        payload: web::Payload,
        size: Size,
    ) -> Result<Self, Refusal> {
        if super::envelope::has_content(request.headers()) {
            Self::read(request, payload, size).await
        } else {
            Ok(Self::default())
        }
    }

    /// With a digest against which nobody can try contents without this key: for what holds a password.
    #[must_use]
    pub fn sealed(mut self, key: &[u8; 32]) -> Self {
        // Both have one length, so the prefix makes a sound MAC.
        let mut sealed = Sha256::new_with_prefix(key);
        sealed.update(self.digest);
        self.digest = sealed.finalize().into();
        self
    }

    /// Of a write that needs no content: there may be none, or an empty object.
    ///
    /// # Errors
    /// As [`Content::read`]; and 413 where there is more.
    pub async fn read_nothing(
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<Self, Refusal> {
        if !super::envelope::has_content(request.headers()) {
            return Ok(Self::default());
        }
        let content = Self::read(request, payload, Size::Other).await?;
        if content
            .value
            .as_object()
            .is_none_or(|fields| !fields.is_empty())
        {
            let detail = "this write takes no content, or an empty object";
            return Err(Problem::new(Code::UnexpectedContent, detail).into());
        }
        Ok(content)
    }
}

impl Default for Content {
    fn default() -> Self {
        Self {
            value: Value::Null,
            digest: Sha256::digest(b"").into(),
        }
    }
}

/// Notes that the content of a request has been read to its end, by whoever reads it in another way than [`Content`].
pub fn content_was_read(request: &HttpRequest) {
    request.extensions_mut().insert(ContentRead);
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let unsupported = |detail: String| Problem::new(Code::UnsupportedMediaType, detail);
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported(
            "content is read without Content-Encoding".into(),
        ));
    }
    let patch = request.method() == Method::PATCH;
    let allowed = if patch {
        "application/json or application/merge-patch+json"
    } else {
        "application/json"
    };
    let given = request.headers().get(CONTENT_TYPE);
    let Some(given) = given.and_then(|given| given.to_str().ok()) else {
        return Err(unsupported(format!("Content-Type must be {allowed}")));
    };
    let mut parts = given.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let known = essence == "application/json" || patch && essence == "application/merge-patch+json";
    let in_utf8 = parts.all(|parameter| {
        let parameter = parameter.to_ascii_lowercase();
        !parameter.starts_with("charset=")
            || matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
    });
    if known && in_utf8 {
        Ok(())
    } else {
        let detail = format!("Content-Type is `{given}`; it must be {allowed}, in UTF-8");
        Err(unsupported(detail))
    }
}

async fn bytes(
    request: &HttpRequest,
    mut payload: web::Payload,
    size: Size,
) -> Result<Vec<u8>, Refusal> {
    let limits = request.app_data::<Limits>().copied().unwrap_or_default();
    let limit = match size {
        Size::Article => limits.article,
        Size::Batch => limits.batch,
        Size::Other => limits.content,
    };
    let too_large = || {
        let detail = format!("the content may have {limit} bytes at most");
        Problem::new(Code::ContentTooLarge, detail)
    };
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large().into());
    }
    let started = Instant::now();
    let mut bytes = Vec::with_capacity(length.unwrap_or_default());
    loop {
        // actix has no timer for content: a peer that sends a byte a minute would keep its place for ever.
        let earned = Duration::from_secs(bytes.len() as u64 / limits.content_rate.max(1));
        let left = (START + earned)
            .min(limits.content_deadline)
            .saturating_sub(started.elapsed());
        let Ok(chunk) = timeout(left, payload.next()).await else {
            let detail = "the content of the request did not arrive in time";
            return Err(Problem::new(Code::RequestTimeout, detail).into());
        };
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| {
            Problem::new(
                Code::BadRequest,
                format!("the content cannot be read: {error}"),
            )
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large().into());
        }
        bytes.extend_from_slice(&chunk);
    }
    content_was_read(request);
    Ok(bytes)
}

/// The version that a change is based on, from `If-Match` (RFC 9110 section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing was said.
    Absent,
    /// `*`: whatever there is.
    Any,
    /// One of these. A tag that is none of ours names no version, and no resource matches it.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Reads the header. A tag of ours begins with the version, which alone is compared; so one that a proxy has marked
    /// as weak names it as well as it did before.
    ///
    /// # Errors
    /// 400 where it holds no entity tags.
    pub fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut versions = Vec::new();
        let mut any = false;
        let mut given = false;
        for value in headers.get_all(IF_MATCH) {
            given = true;
            let value = value.to_str().unwrap_or_default();
            for tag in value.split(',').map(str::trim) {
                if tag == "*" {
                    any = true;
                    continue;
                }
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                let opaque = opaque
                    .strip_prefix('"')
                    .and_then(|tag| tag.strip_suffix('"'))
                    .filter(|tag| !tag.contains('"'))
                    .ok_or_else(|| {
                        let detail =
                            "If-Match takes entity tags in quotation marks, as `ETag` gave them";
                        Problem::new(Code::InvalidHeader, detail)
                    })?;
                let version = opaque.split('.').next().unwrap_or_default();
                versions.extend(version.parse::<i64>().ok());
            }
        }
        Ok(match (given, any) {
            (false, _) => Self::Absent,
            (true, true) => Self::Any,
            (true, false) => Self::Versions(versions),
        })
    }

    /// Insists on a version.
    ///
    /// # Errors
    /// 428 where none is named.
    pub fn required(self) -> Result<Self, Refusal> {
        match self {
            Self::Versions(_) => Ok(self),
            Self::Absent | Self::Any => {
                let detail = "send the `ETag` of the version that you read as If-Match";
                Err(Problem::new(Code::PreconditionRequired, detail).into())
            }
        }
    }

    /// Whether a resource of this version will do.
    #[must_use]
    pub fn names(&self, version: i64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// Reads `Idempotency-Key`.
///
/// # Errors
/// 400 unless it is 1 to 255 visible ASCII characters, once.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let fine = |key: &&str| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(fine);
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let detail = "Idempotency-Key takes 1 to 255 visible ASCII characters, once";
            Err(Problem::new(Code::InvalidHeader, detail).into())
        }
    }
}

/// The greatest change number that `Min-Change` names: what JSON's readers can tell from its neighbours (RFC 8259
/// section 6).
pub const MAX_CHANGE: i64 = (1 << 53) - 1;

/// Reads `Min-Change`.
///
/// # Errors
/// 400 unless it is a change number, once.
pub fn min_change(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut values = headers.get_all(MIN_CHANGE);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    match (
        number.filter(|number| (0..=MAX_CHANGE).contains(number)),
        values.next(),
    ) {
        (Some(number), None) => Ok(Some(number)),
        _ => {
            let detail = "Min-Change takes one number, as `Change` gave it";
            Err(Problem::new(Code::InvalidHeader, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(values: &[&'static str]) -> Option<IfMatch> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        IfMatch::read(&headers).ok()
    }

    #[test]
    fn the_version_of_a_tag_is_compared() {
        assert_eq!(read(&[]), Some(IfMatch::Absent));
        assert_eq!(read(&["*"]), Some(IfMatch::Any));
        assert_eq!(read(&["\"3.abc\""]), Some(IfMatch::Versions(vec![3])));
        assert_eq!(
            read(&["W/\"3.abc\", \"4.x\"", "\"x\""]),
            Some(IfMatch::Versions(vec![3, 4]))
        );
        for broken in ["3.abc", "\"3", "", "\"a\"b\""] {
            assert_eq!(read(&[broken]), None, "{broken}");
        }
        assert!(IfMatch::Versions(vec![3]).names(3) && !IfMatch::Versions(vec![]).names(3));
        assert!(IfMatch::Any.required().is_err() && IfMatch::Absent.required().is_err());
    }
}
