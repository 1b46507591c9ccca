//! Every way out that is not an answer: one table of problems, and the document (RFC 9457) that tells of one. Which HTTP
//! status an [`Error`] becomes is decided here and nowhere else.

use std::fmt;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Fault, FaultCode};
use crate::names::names;

/// The kinds of problem. Clients match the name, the last part of `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The query or the path has faults.
    InvalidQuery,
    /// The request cannot be read as HTTP.
    BadRequest,
    /// A header has a value that cannot be used.
    InvalidHeader,
    /// The content is not JSON as it is wanted here.
    MalformedJson,
    /// Nobody proved who they are.
    Unauthorized,
    /// The password is right, and a code is wanted besides.
    TotpRequired,
    /// Whoever asks may not do this.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// No route has this path.
    UnknownRoute,
    /// The route has no such method.
    MethodNotAllowed,
    /// The answer has none of the accepted types.
    NotAcceptable,
    /// The request took too long to arrive.
    RequestTimeout,
    /// Something else is in the way.
    Conflict,
    /// The key of a write is being used by another request right now.
    KeyInFlight,
    /// The answer to this write was given once and not kept.
    AnswerNotKept,
    /// The token of a client that follows changes leads nowhere.
    SyncReset,
    /// The resource has changed since it was read.
    PreconditionFailed,
    /// The request has content where none is read.
    UnexpectedContent,
    /// The content is too long.
    ContentTooLarge,
    /// The URL is too long.
    UriTooLong,
    /// The head of the request is too long.
    HeadersTooLarge,
    /// The content is of a type that is not read here.
    UnsupportedMediaType,
    /// None of the bytes that were asked for are there.
    RangeNotSatisfiable,
    /// The content has faults.
    InvalidContent,
    /// The key of a write came with other content before.
    KeyReused,
    /// A change must name the version that it is based on.
    PreconditionRequired,
    /// Tried too often.
    TooManyRequests,
    /// A fault of the server.
    Internal,
    /// Too busy.
    Unavailable,
    /// No room on the disk.
    DiskFull,
}

names!(Code {
    InvalidQuery => "invalid-query",
    BadRequest => "bad-request",
    InvalidHeader => "invalid-header",
    MalformedJson => "malformed-json",
    Unauthorized => "unauthorized",
    TotpRequired => "totp-required",
    Forbidden => "forbidden",
    NotFound => "not-found",
    UnknownRoute => "unknown-route",
    MethodNotAllowed => "method-not-allowed",
    NotAcceptable => "not-acceptable",
    RequestTimeout => "request-timeout",
    Conflict => "conflict",
    KeyInFlight => "idempotency-key-in-flight",
    AnswerNotKept => "answer-not-kept",
    SyncReset => "sync-reset",
    PreconditionFailed => "precondition-failed",
    UnexpectedContent => "unexpected-content",
    ContentTooLarge => "content-too-large",
    UriTooLong => "uri-too-long",
    HeadersTooLarge => "headers-too-large",
    UnsupportedMediaType => "unsupported-media-type",
    RangeNotSatisfiable => "range-not-satisfiable",
    InvalidContent => "invalid-content",
    KeyReused => "idempotency-key-reused",
    PreconditionRequired => "precondition-required",
    TooManyRequests => "too-many-requests",
    Internal => "internal",
    Unavailable => "unavailable",
    DiskFull => "disk-full",
});

impl Code {
    /// The HTTP status (RFC 9110 section 15; 428, 429 and 431 RFC 6585, 507 RFC 4918).
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidQuery | Self::BadRequest | Self::InvalidHeader | Self::MalformedJson => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthorized | Self::TotpRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::UnknownRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict | Self::KeyInFlight | Self::AnswerNotKept => StatusCode::CONFLICT,
            Self::SyncReset => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::UnexpectedContent | Self::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RangeNotSatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::InvalidContent | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// The problem in a few words, always the same.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidQuery => "The query has faults",
            Self::BadRequest => "The request cannot be read",
            Self::InvalidHeader => "A header cannot be used",
            Self::MalformedJson => "The content is not JSON as it is wanted",
            Self::Unauthorized => "Sign in first",
            Self::TotpRequired => "A code is wanted besides the password",
            Self::Forbidden => "This is not allowed to you",
            Self::NotFound => "There is no such thing here",
            Self::UnknownRoute => "No route has this path",
            Self::MethodNotAllowed => "The route has no such method",
            Self::NotAcceptable => "The answer has none of the accepted types",
            Self::RequestTimeout => "The request took too long to arrive",
            Self::Conflict => "Something else is in the way",
            Self::KeyInFlight => "The key is being used right now",
            Self::AnswerNotKept => "The answer was shown once and not kept",
            Self::SyncReset => "The copy has to be made anew",
            Self::PreconditionFailed => "It has changed since you read it",
            Self::UnexpectedContent => "The request has content where none is read",
            Self::ContentTooLarge => "The content is too long",
            Self::UriTooLong => "The URL is too long",
            Self::HeadersTooLarge => "The head of the request is too long",
            Self::UnsupportedMediaType => "The content is of a type that is not read",
            Self::RangeNotSatisfiable => "The file has no such bytes",
            Self::InvalidContent => "The content has faults",
            Self::KeyReused => "The key came with other content before",
            Self::PreconditionRequired => "The version that the change is based on is missing",
            Self::TooManyRequests => "Too many attempts",
            Self::Internal => "The server failed",
            Self::Unavailable => "The server cannot answer now",
            Self::DiskFull => "The server has no room left",
        }
    }

    /// What it means and what to do about it, for the page of the problem.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::InvalidQuery => {
                "A parameter of the query or the path is unknown, repeated, or has a value that cannot be used. \
                 `errors` names every one of them, and the closest known name where there is one. Nothing unknown is \
                 ignored and nothing is capped silently, so that a slip of the pen never looks like an answer."
            }
            Self::BadRequest => {
                "What arrived is not HTTP/1.1 that this server can read: a broken request line or header, or a path \
                 that is not percent-encoded UTF-8. The connection is closed after this answer."
            }
            Self::InvalidHeader => {
                "`detail` names the header and what it must look like. `If-Match` takes the `ETag` of an answer as it \
                 was given, `Idempotency-Key` 1 to 255 visible ASCII characters, `Min-Change` the number from `Change`."
            }
            Self::MalformedJson => {
                "The content must be one JSON value in UTF-8, at most 32 levels deep, without repeated keys and without \
                 the character U+0000. `errors` names each fault with a JSON Pointer to its place."
            }
            Self::Unauthorized => {
                "The route wants `Authorization: Bearer` with an access token from `/v1/admin/auth/login`, or with an API \
                 key. The answer is the same whether the token is missing, malformed, expired or ended: get a new one."
            }
            Self::TotpRequired => {
                "The address and the password are right, and this account has a second factor: send all of it again with \
                 `code`, the six digits that the authenticator app shows, or one of the recovery codes."
            }
            Self::Forbidden => {
                "Who you are is known, but your role, or the scopes of the key, do not allow this, or not in this state of \
                 the resource, or not to a resource of somebody else. Nothing was changed."
            }
            Self::NotFound => {
                "The route exists, but nothing public has this slug or id. What is a draft, archived or deleted is \
                 not told apart from what never existed."
            }
            Self::UnknownRoute => {
                "Check the path against /v1/openapi.json or /docs/. Every path begins with /v1/ but for /docs/, \
                 /health/, /media/ and /problems/, and none ends with a slash but /docs/."
            }
            Self::MethodNotAllowed => "The header `Allow` lists the methods that the route has.",
            Self::NotAcceptable => {
                "The header `Accept` excludes the one media type that this route answers with. Leave it out, or let it \
                 allow that type; texts have other formats under the suffixes .md, .txt and .html."
            }
            Self::RequestTimeout => {
                "The head of a request must arrive within a few seconds. The connection is closed after this answer."
            }
            Self::Conflict => {
                "The request is understood, but the state of the resource does not allow it; `detail` says why."
            }
            Self::KeyInFlight => {
                "A request with the same `Idempotency-Key` is being worked on. Wait for its answer, or send the same again \
                 in a moment."
            }
            Self::AnswerNotKept => {
                "The write was done when this `Idempotency-Key` first came. Its answer showed a secret, which is kept \
                 nowhere; if it was lost, make a new one under a new key, and revoke the old."
            }
            Self::SyncReset => {
                "What changed since this token cannot be told: it is of another database, or of this one before it was put \
                 back, or too old, or a name in the filter means another tag or author now. Begin anew with \
                 `/v1/changes?initial=true` and the same filter; `Link` has the address. When that has no more, remove \
                 what it did not name."
            }
            Self::PreconditionFailed => {
                "The version in `If-Match` is not the present one: somebody else was faster. Nothing was changed. `ETag` \
                 of this answer is the present one; read the resource again and decide."
            }
            Self::UnexpectedContent => {
                "No route reads content with this method, and nothing that is sent is silently ignored. Send the \
                 request without it. The connection is closed after this answer."
            }
            Self::ContentTooLarge => {
                "An article may have 1 MiB of JSON, a batch 4 MiB, a picture 25 MiB and a form 20 parts, everything else 64 KiB; the server may be set up with other bounds. \
                 The connection is closed after this answer."
            }
            Self::UriTooLong => "A URL may have 8 KiB. Ask for fewer things at once.",
            Self::HeadersTooLarge => {
                "The request line and the headers are too long together. The connection is closed after this answer."
            }
            Self::UnsupportedMediaType => {
                "Content is read as `application/json`, and with PATCH also as `application/merge-patch+json` (RFC 7396), \
                 in UTF-8 and without `Content-Encoding`. A picture is put in as `multipart/form-data`, and must be JPEG, PNG, GIF \
                 or WebP by its bytes; `detail` says what it seems to be."
            }
            Self::RangeNotSatisfiable => {
                "The header `Range` asks for bytes behind the end of the file. `Content-Range` says how long it is."
            }
            Self::KeyReused => {
                "This `Idempotency-Key` was used within the last 24 hours for the same method and path with other content. \
                 A key stands for one write; take a new one."
            }
            Self::PreconditionRequired => {
                "PUT, PATCH and DELETE change a version that somebody has read: send its `ETag` as `If-Match`, so that \
                 nobody's work is overwritten unseen. `*` does not name a version."
            }
            Self::TooManyRequests => {
                "There were too many attempts to sign in from this address or to this account, to ask for a link, or too \
                 many messages came from this address by the contact form. `Retry-After` says when to come back; it also holds \
                 for changing a password or a second factor, and for no other route."
            }
            Self::InvalidContent => {
                "The content can be read but not accepted. `errors` names all of its faults at once, each with a JSON \
                 Pointer (RFC 6901) to its place."
            }
            Self::Internal => {
                "A fault of the server, which has been logged under the request id in `instance`. A write that was \
                 answered so is either wholly there or not at all."
            }
            Self::Unavailable => {
                "Every queue of the server is bounded, and one of them is full; or a deadline has passed, or the database is away. Nothing was \
                 changed. `Retry-After` says when to come back."
            }
            Self::DiskFull => {
                "The disk is full. Reads go on; nothing was written. Writing works again once there is room."
            }
        }
    }
}

/// A problem document (RFC 9457), the answer to everything that goes wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemDocument {
    /// `/problems/CODE`: a page that explains it.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-query")]
    pub kind: String,
    /// The problem in a few words, always the same for one type.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The request id, also in `X-Request-Id` and in the server's log.
    pub instance: String,
    /// All the faults of what was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<Fault>,
}

/// A problem on its way out; the envelope adds the request id.
#[derive(Debug)]
pub struct Problem {
    /// Which.
    pub code: Code,
    /// What happened this time.
    pub detail: String,
    /// All the faults of what was sent.
    pub errors: Vec<Fault>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// What else to tell: the methods that there are, the entity tag that the resource has now, where to go from here.
    pub header: Option<Box<(HeaderName, String)>>,
    /// What really happened, for the log alone: it may name tables, paths or values.
    pub cause: Option<Box<str>>,
}

impl Problem {
    /// A problem, with what happened this time.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            header: None,
            cause: None,
        }
    }

    /// A fault of ours.
    #[must_use]
    pub fn internal(cause: String) -> Self {
        let detail = "an unexpected fault, logged under this request's id";
        Self {
            cause: Some(cause.into()),
            ..Self::new(Code::Internal, detail)
        }
    }

    /// Of one operation of a batch: its faults are named where they stand in the batch, and where it tells of none, the
    /// operation is.
    #[must_use]
    pub fn of_operation(mut self, index: usize) -> Self {
        let at = format!("/operations/{index}");
        for fault in &mut self.errors {
            let place = match (fault.pointer.take(), fault.parameter.take()) {
                (Some(pointer), _) => format!("{at}/body{pointer}"),
                (None, _) => format!("{at}/path"),
            };
            fault.pointer = Some(place);
        }
        let (place, code) = match self.code {
            Code::Forbidden => ("", FaultCode::NotAllowed),
            Code::NotFound => ("/path", FaultCode::NotFound),
            Code::Conflict => ("", FaultCode::Conflicting),
            Code::PreconditionFailed => ("/if_match", FaultCode::Conflicting),
            Code::PreconditionRequired => ("/if_match", FaultCode::Missing),
            Code::InvalidHeader => ("/if_match", FaultCode::Malformed),
            Code::UnexpectedContent => ("/body", FaultCode::NotAllowed),
            // Not for what it asks.
            _ => return self,
        };
        if self.errors.is_empty() {
            let fault = Fault::at(format!("{at}{place}"), code, self.detail.clone());
            self.errors.push(fault);
        }
        self
    }

    /// The document, as JSON text.
    #[must_use]
    pub fn document(&self, request_id: &str) -> String {
        let document = ProblemDocument {
            kind: format!("/problems/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            instance: request_id.to_owned(),
            errors: self.errors.clone(),
        };
        crate::json::text(&document)
    }

    /// The whole answer.
    #[must_use]
    pub fn respond(&self, request_id: &str) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        ));
        // Without a word a cache may keep a 404 as long as it likes (RFC 9110 section 15.1), and it names one request.
        response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(wait) = self.retry_after {
            response.insert_header((RETRY_AFTER, wait.as_secs().max(1)));
        }
        if let Some((name, value)) = self.header.as_deref() {
            response.insert_header((name.clone(), value.as_str()));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3: without a reason, which would tell a guess that failed from another.
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"masthead\""));
        }
        response.body(self.document(request_id))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.title(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// An empty answer: the envelope, which knows the request's id, writes the document in its place.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// What a handler answers when it cannot answer: a problem, or another address.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A problem.
    #[error("{0}")]
    Problem(Problem),
    /// Another address, for good (RFC 9110 section 15.4.9).
    #[error("moved to {0}")]
    Moved(String),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refusal {
    /// As [`Problem::of_operation`].
    #[must_use]
    pub fn of_operation(self, index: usize) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(problem.of_operation(index)),
            moved @ Self::Moved(_) => moved,
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Problem(problem) => problem.status_code(),
            Self::Moved(_) => StatusCode::PERMANENT_REDIRECT,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::Moved(location) = self {
            response.insert_header((LOCATION, location.as_str()));
            response.insert_header(super::respond::NO_CACHE);
        }
        response.finish()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

/// One fault in its own words, several by their places: `errors` has the words.
fn summary(error: &Error) -> String {
    match error {
        Error::Query(faults) | Error::Invalid(faults) if faults.len() > 1 => {
            let places = faults
                .iter()
                .filter_map(|fault| fault.pointer.as_deref().or(fault.parameter.as_deref()));
            let mut places: Vec<&str> = places.collect();
            places.dedup();
            format!("{} faults, in {}", faults.len(), places.join(", "))
        }
        error => error.to_string(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = summary(&error);
        match error {
            Error::Query(errors) => Self {
                errors,
                ..Self::new(Code::InvalidQuery, detail)
            },
            Error::Invalid(errors) => Self {
                errors,
                ..Self::new(Code::InvalidContent, detail)
            },
            Error::Unauthorized => Self::new(Code::Unauthorized, detail),
            Error::Forbidden => Self::new(Code::Forbidden, detail),
            Error::Stale(etag) => Self {
                header: Some(Box::new((ETAG, etag))),
                ..Self::new(Code::PreconditionFailed, detail)
            },
            Error::TooManyAttempts(wait) => Self {
                retry_after: Some(wait),
                ..Self::new(Code::TooManyRequests, detail)
            },
            Error::NotFound(_) | Error::Moved { .. } => Self::new(Code::NotFound, detail),
            Error::Conflict(_) => Self::new(Code::Conflict, detail),
            Error::Unavailable { retry_after, .. } => Self {
                retry_after: Some(retry_after),
                ..Self::new(Code::Unavailable, detail)
            },
            Error::Unreachable(_) => Self {
                retry_after: Some(Duration::from_secs(1)),
                ..Self::new(Code::Unavailable, "the database cannot be reached")
            },
            Error::DiskFull => Self::new(Code::DiskFull, detail),
            Error::Internal(cause) => Self::internal(cause),
            Error::Operation(index, error) => Self::from(*error).of_operation(index),
        }
    }
}
