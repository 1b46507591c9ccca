//! The files that readers get. Each stands at an address that nobody can guess, and never changes there: it may be kept for
//! ever, by whoever has it.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE,
};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, web};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Error;
use crate::http::envelope::WasHead;
use crate::http::error::{Code, Problem, Refusal};
use crate::http::negotiate::{accepts, known_tags};
use crate::http::query::Query;
use crate::media::files::Found;
use crate::media::model::{file_type, is_name};

/// A year, and no need to ask again (RFC 8246).
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Whoever opens a file in a window gets the picture, and nothing that a file could pretend to be.
const SANDBOX: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
/// Pictures are for other websites to show.
const CROSS_ORIGIN: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

/// The bytes of a picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents what `get_media_file` answers")]
struct MediaBytes(Vec<u8>);

/// Get a file of a medium
///
/// A picture in one of its sizes, as `cover` and the media of editors name it. It can be had in parts (`Range`, one at a
/// time).
#[utoipa::path(
    tag = "Media files",
    params(
        ("name" = String, Path, description = "What the medium's addresses begin with", example = "0123456789abcdef0123456789abcdef"),
        ("file" = String, Path, description = "Its width and type", example = "640.webp"),
        ("Range" = Option<String>, Header, description = "One range of bytes (RFC 9110 section 14.2)")
    ),
    responses(
        (
            status = 200,
            description = "The file",
            content(
                (MediaBytes = "image/webp"),
                (MediaBytes = "image/jpeg"),
                (MediaBytes = "image/png"),
                (MediaBytes = "image/gif")
            ),
            headers(("Accept-Ranges" = String, description = "`bytes`"))
        ),
        (
            status = 206,
            description = "The part of it that was asked for",
            content(
                (MediaBytes = "image/webp"),
                (MediaBytes = "image/jpeg"),
                (MediaBytes = "image/png"),
                (MediaBytes = "image/gif")
            ),
            headers(("Content-Range" = String, description = "Which part, and of how many bytes"))
        )
    )
)]
#[get("/media/{name}/{file}")]
pub(crate) async fn get_media_file(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let (name, file) = path.into_inner();
    let kind = file_type(&file)
        .filter(|_| is_name(&name))
        .ok_or(Error::NotFound("file"))?;
    let content_type = HeaderValue::from_static(kind.as_str());
    accepts(request.headers(), &content_type)?;
    // What stands at an address is never another, so the address says it.
    let tag = format!("{name}.{file}");
    let etag = HeaderValue::try_from(format!("\"{tag}\""))
        .map_err(|error| Error::internal(format!("an entity tag: {error}")))?;
    if known_tags(request.headers()).any(|known| known == "*" || known == tag) {
        if !app.library.files.has(&name, &file).await? {
            return Err(Error::NotFound("file").into());
        }
        let mut unchanged = HttpResponse::NotModified();
        return Ok(unchanged
            .insert_header((ETAG, etag))
            .insert_header((CACHE_CONTROL, FOR_EVER))
            .finish());
    }
    let wanted = Wanted::read(request.headers(), &etag);
    let mut unsatisfiable = None;
    let found = app.library.files.read(&name, &file, |length| {
        let part = wanted.of(length);
        if part == Part::Beyond {
            unsatisfiable = Some(length);
        }
        part.range()
    });
    let found = found.await?.ok_or(Error::NotFound("file"))?;
    if let Some(length) = unsatisfiable {
        let detail = format!("the file has {length} bytes, and none of those that were asked for");
        return Err(Problem {
            header: Some(Box::new((CONTENT_RANGE, format!("bytes */{length}")))),
            ..Problem::new(Code::RangeNotSatisfiable, detail)
        }
        .into());
    }
    let Found {
        length,
        part,
        bytes,
    } = found;
    let whole = part == (0..length) && !wanted.is_part();
    let mut response = HttpResponse::build(if whole {
        StatusCode::OK
    } else {
        StatusCode::PARTIAL_CONTENT
    });
    response
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((ACCEPT_RANGES, "bytes"))
        .insert_header((CONTENT_SECURITY_POLICY, SANDBOX))
        .insert_header(CROSS_ORIGIN);
    if !whole {
        let range = format!(
            "bytes {}-{}/{length}",
            part.start,
            part.end.saturating_sub(1)
        );
        response.insert_header((CONTENT_RANGE, range));
    }
    let size = part.end - part.start;
    if request.extensions().get::<WasHead>().is_some() {
        // Nobody reads it.
        drop(bytes);
        response.insert_header((CONTENT_LENGTH, size));
        return Ok(response.body(SizedStream::new(
            size,
            futures_util::stream::empty::<Result<bytes::Bytes, Error>>(),
        )));
    }
    Ok(response.body(SizedStream::new(size, bytes)))
}

/// The bytes that are asked for (RFC 9110 section 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// All: no range was named, or one that is to be ignored.
    All,
    /// From one to another, that one too, or to the end.
    From(u64, Option<u64>),
    /// The last so many.
    Last(u64),
}

/// What that is of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    All,
    Of(Range<u64>),
    /// Nothing of it.
    Beyond,
}

impl Wanted {
    /// Reads `Range`. What is no range, or more than one, is ignored, and so is one for another version (`If-Range`).
    fn read(headers: &HeaderMap, etag: &HeaderValue) -> Self {
        if headers.get(IF_RANGE).is_some_and(|named| named != etag) {
            return Self::All;
        }
        let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
        range.and_then(Self::parse).unwrap_or(Self::All)
    }

    fn parse(range: &str) -> Option<Self> {
        let (unit, range) = range.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u64>().ok()).flatten()
        };
        match range.trim().split_once('-')? {
            ("", last) => Some(Self::Last(number(last)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    const fn is_part(self) -> bool {
        !matches!(self, Self::All)
    }

    fn of(self, length: u64) -> Part {
        match self {
            Self::All => Part::All,
            Self::From(first, _) if first >= length => Part::Beyond,
            Self::From(first, last) => {
                let end = last.map_or(length, |last| last.saturating_add(1).min(length));
                Part::Of(first..end)
            }
            Self::Last(0) => Part::Beyond,
            Self::Last(_) if length == 0 => Part::Beyond,
            Self::Last(most) => Part::Of(length.saturating_sub(most)..length),
        }
    }
}

impl Part {
    fn range(self) -> Option<Range<u64>> {
        match self {
            Self::Of(range) => Some(range),
            Self::All | Self::Beyond => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, part) in [
            ("bytes=0-499", Part::Of(0..500)),
            ("bytes=500-", Part::Of(500..1000)),
            ("bytes=-500", Part::Of(500..1000)),
            ("bytes=-5000", Part::Of(0..1000)),
            ("bytes=0-0", Part::Of(0..1)),
            ("bytes=999-5000", Part::Of(999..1000)),
            ("BYTES=1-2", Part::Of(1..3)),
            ("bytes=1000-", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=5-4", Part::All),
            ("bytes=0-1,5-6", Part::All),
            ("bytes=a-", Part::All),
            ("bytes=-", Part::All),
            ("bytes=99999999999999999999-", Part::All),
            ("lines=0-1", Part::All),
            ("bytes", Part::All),
        ] {
            let wanted = Wanted::parse(range).unwrap_or(Wanted::All);
            assert_eq!(wanted.of(1000), part, "{range}");
        }
    }
}
