//! Answers that can be cached: finished bytes, a strong entity tag of them (RFC 9110 section 8.8.3), and 304 for those who
//! have them already.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, LINK,
    VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use super::error::Refusal;
use super::negotiate::{Coding, accepts, codings, known_tags};
use crate::app::App;
use crate::cache::ALL;
use crate::error::Error;
use crate::json::push_quoted;

/// Delivery's default: keep it, and ask each time whether it still holds.
pub const NO_CACHE: (HeaderName, HeaderValue) =
    (CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
/// The change number that an answer includes.
pub const CHANGE: HeaderName = HeaderName::from_static("change");
/// What an answer depends on: cache tags, separated by spaces.
pub const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// The media type of JSON.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The entity tag of a versioned resource for editors, `"VERSION.HASH"`: `If-Match` compares the version, `If-None-Match`
/// the whole.
#[must_use]
pub fn versioned_etag(version: i64, bytes: &[u8]) -> String {
    format!("\"{}\"", opaque_tag(Some(version), bytes))
}

/// What stands between the quotes of an entity tag.
fn opaque_tag(version: Option<i64>, bytes: &[u8]) -> String {
    let mut tag = String::with_capacity(32);
    if let Some(version) = version {
        tag.push_str(&version.to_string());
        tag.push('.');
    }
    URL_SAFE_NO_PAD.encode_string(xxh3_128(bytes).to_be_bytes(), &mut tag);
    tag
}

/// An answer in the making: a number that its state includes, and its bytes.
pub struct Answer {
    bytes: Bytes,
    content_type: HeaderValue,
    change: Option<i64>,
    link: Option<String>,
    version: Option<i64>,
    tags: Option<String>,
    passing: bool,
}

impl Answer {
    /// JSON of `value`.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a fault of ours.
    pub fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        Self::json_and_text(value, None)
    }

    /// JSON of `value`, an object with members, and of one member more, of this name: a long text, which is most of the
    /// answer and is written faster by itself.
    ///
    /// # Errors
    /// As [`Answer::json`].
    pub fn json_and_text(
        value: &impl Serialize,
        text: Option<(&str, &str)>,
    ) -> Result<Self, Refusal> {
        // As long as most are: growing there by doubling copies all of it several times.
        let mut bytes = Vec::with_capacity(16 * 1024);
        serde_json::to_writer(&mut bytes, value)
            .map_err(|error| Error::internal(format!("an answer: {error}")))?;
        if let Some((name, text)) = text {
            // In place of the bracket at its end.
            bytes.pop();
            bytes.extend_from_slice(format!(",\"{name}\":").as_bytes());
            push_quoted(&mut bytes, text);
            bytes.push(b'}');
        }
        // What is kept shall not hold room for more.
        bytes.shrink_to_fit();
        Ok(Self::bytes(bytes, JSON))
    }

    /// Bytes of some type.
    #[must_use]
    pub fn bytes(bytes: impl Into<Bytes>, content_type: HeaderValue) -> Self {
        Self {
            bytes: bytes.into(),
            content_type,
            change: None,
            link: None,
            version: None,
            tags: None,
            passing: false,
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

    /// Depending on this and nothing else: cache tags, separated by spaces. Whoever asks for the same path and query gets
    /// the same, until one of them is touched: it is kept.
    #[must_use]
    pub fn depends_on(mut self, tags: impl Into<String>) -> Self {
        self.tags = Some(tags.into());
        self
    }

    /// Of this moment only, for something that is missing in it: nobody keeps it.
    #[must_use]
    pub const fn passing(mut self) -> Self {
        self.passing = true;
        self
    }

    /// Sends it, or 304 where the client has it (RFC 9110 section 13.1.2).
    ///
    /// # Errors
    /// 406 where the client accepts everything but its type.
    pub fn to(self, request: &HttpRequest) -> Result<HttpResponse, Refusal> {
        let keeps = self.tags.is_some() && !self.passing;
        let cache_control = match request.app_data::<web::Data<App>>() {
            _ if self.passing => HeaderValue::from_static("no-store"),
            Some(app) if keeps => app.cache_control.clone(),
            _ => NO_CACHE.1,
        };
        let finished = self.finish(cache_control)?;
        let mut response = finished.respond(request.headers(), 0)?;
        if keeps {
            response.extensions_mut().insert(Arc::new(finished));
        }
        Ok(response)
    }

    fn finish(self, cache_control: HeaderValue) -> Result<Finished, Refusal> {
        let tag = opaque_tag(self.version, &self.bytes);
        let header = |text: String| {
            HeaderValue::try_from(text)
                .map_err(|error| Error::internal(format!("a header of an answer: {error}")))
        };
        Ok(Finished {
            etag: header(format!("\"{tag}\""))?,
            tag,
            identity: self.bytes,
            coded: [const { None }; 2],
            content_type: self.content_type,
            cache_control,
            link: self.link.map(header).transpose()?,
            tags: self
                .tags
                .map(|tags| header(format!("{tags} {ALL}").trim_start().to_owned()))
                .transpose()?,
            change: self.change,
        })
    }
}

/// A finished answer: its bytes in each coding that there is, and its headers.
#[derive(Debug, Clone)]
pub struct Finished {
    identity: Bytes,
    /// What stands between the quotes of the entity tag.
    tag: String,
    etag: HeaderValue,
    /// As [`Coding::ALL`].
    coded: [Option<Coded>; 2],
    content_type: HeaderValue,
    cache_control: HeaderValue,
    link: Option<HeaderValue>,
    tags: Option<HeaderValue>,
    change: Option<i64>,
}

/// The bytes in one coding.
#[derive(Debug, Clone)]
struct Coded {
    coding: Coding,
    bytes: Bytes,
    etag: HeaderValue,
}

impl Finished {
    /// What it depends on, separated by spaces.
    #[must_use]
    pub fn tags(&self) -> &str {
        let tags = self.tags.as_ref().and_then(|tags| tags.to_str().ok());
        tags.unwrap_or_default()
    }

    /// The change that what it shows includes.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.change.unwrap_or(0)
    }

    /// Its bytes as they are.
    #[must_use]
    pub const fn identity(&self) -> &Bytes {
        &self.identity
    }

    /// Whether it has a coded form.
    #[must_use]
    pub fn is_coded(&self) -> bool {
        self.coded.iter().any(Option::is_some)
    }

    /// About the memory that it holds, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let coded = self.coded.iter().flatten().map(|coded| coded.bytes.len());
        let tags = self.tags.as_ref().map_or(0, HeaderValue::len);
        let link = self.link.as_ref().map_or(0, HeaderValue::len);
        self.identity.len() + coded.sum::<usize>() + tags + link + self.tag.len()
    }

    /// With these bytes in a coding, which must be those of [`Finished::identity`].
    #[must_use]
    pub fn with(mut self, coding: Coding, bytes: Vec<u8>) -> Self {
        let Ok(etag) = HeaderValue::try_from(format!("\"{}{}\"", self.tag, coding.suffix())) else {
            return self;
        };
        let coded = Coded {
            coding,
            bytes: bytes.into(),
            etag,
        };
        for (slot, of) in self.coded.iter_mut().zip(Coding::ALL) {
            if of == coding {
                *slot = Some(coded);
                return self;
            }
        }
        self
    }

    /// The answer to who sent these headers; 304 where they have it. It still holds with this change.
    ///
    /// # Errors
    /// 406 where they accept everything but its type.
    pub fn respond(&self, headers: &HeaderMap, change: i64) -> Result<HttpResponse, Refusal> {
        accepts(headers, &self.content_type)?;
        let coded = codings(headers).find_map(|coding| {
            let mut coded = self.coded.iter().flatten();
            coded.find(|coded| coded.coding == coding)
        });
        let etag = coded.map_or(&self.etag, |coded| &coded.etag);
        let known = self.known(headers, etag);
        let mut response = HttpResponse::build(if known.is_some() {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        });
        response
            .insert_header((CACHE_CONTROL, self.cache_control.clone()))
            .insert_header((ETAG, known.as_ref().unwrap_or(etag).clone()));
        if let Some(own) = self.change {
            response.insert_header((CHANGE, own.max(change)));
        }
        if let Some(link) = &self.link {
            response.insert_header((LINK, link.clone()));
        }
        if let Some(tags) = &self.tags {
            response
                .insert_header((SURROGATE_KEY, tags.clone()))
                .insert_header((VARY, HeaderValue::from_static("Accept-Encoding")));
        }
        if known.is_some() {
            return Ok(response.finish());
        }
        response.insert_header((CONTENT_TYPE, self.content_type.clone()));
        Ok(match coded {
            Some(coded) => response
                .insert_header((
                    CONTENT_ENCODING,
                    HeaderValue::from_static(coded.coding.as_str()),
                ))
                .body(coded.bytes.clone()),
            None => response.body(self.identity.clone()),
        })
    }

    /// The entity tag that the client has, where it is one of this answer. In whichever coding: the content is the same,
    /// and which codings there are is a matter of moments.
    fn known(&self, headers: &HeaderMap, selected: &HeaderValue) -> Option<HeaderValue> {
        known_tags(headers).find_map(|tag| {
            if tag == "*" {
                return Some(selected.clone());
            }
            let suffix = tag.strip_prefix(self.tag.as_str())?;
            if suffix.is_empty() {
                return Some(self.etag.clone());
            }
            let is_ours = Coding::ALL.iter().any(|coding| coding.suffix() == suffix);
            is_ours
                .then(|| HeaderValue::try_from(format!("\"{tag}\"")).ok())
                .flatten()
        })
    }
}
