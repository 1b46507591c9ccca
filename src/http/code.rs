//! The one table of problems: their names, statuses, titles and what each means.

use actix_web::http::StatusCode;

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
