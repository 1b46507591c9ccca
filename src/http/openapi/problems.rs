//! The problems that several routes share.

use utoipa::openapi::schema::Type;
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

use super::shared::add;
use crate::http::error::Code;

/// The problems that several routes share, by the name of their response.
pub(super) const SHARED: [(Code, &str); 19] = [
    (
        Code::InvalidQuery,
        "The query, the path, a header or the JSON has faults",
    ),
    (Code::Unauthorized, "Nobody proved who they are"),
    (Code::Forbidden, "Whoever asks may not do this"),
    (Code::NotFound, "There is nothing of that name here"),
    (
        Code::NotAcceptable,
        "`Accept` rules out the one type there is",
    ),
    (Code::RequestTimeout, "The content did not arrive in time"),
    (
        Code::Conflict,
        "The state of things is in the way, or a request with the same `Idempotency-Key`",
    ),
    (
        Code::SyncReset,
        "What changed since the token cannot be told; begin anew",
    ),
    (
        Code::PreconditionFailed,
        "It has changed since the version in `If-Match`",
    ),
    (
        Code::UnexpectedContent,
        "The request has content where none is read, or more than is allowed",
    ),
    (Code::UriTooLong, "The URL is too long"),
    (
        Code::UnsupportedMediaType,
        "The content is of a type that is not read here",
    ),
    (
        Code::RangeNotSatisfiable,
        "The file has none of the bytes that were asked for",
    ),
    (
        Code::InvalidContent,
        "The content has faults, or the `Idempotency-Key` came with other content before",
    ),
    (Code::PreconditionRequired, "`If-Match` names no version"),
    (Code::TooManyRequests, "Too many attempts"),
    (Code::Internal, "The server failed"),
    (Code::Unavailable, "The server is too busy"),
    (Code::DiskFull, "The disk is full"),
];

/// The answer of a problem that several routes share.
pub(super) fn problem(code: Code, description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemDocument")))
        .build();
    let response = ResponseBuilder::new().description(description);
    let mut response = response
        .content("application/problem+json", content)
        .build();
    add(
        &mut response,
        "X-Request-Id",
        "Names the request, also in `instance`",
        Type::String,
    );
    add(&mut response, "Cache-Control", "Never kept", Type::String);
    if code == Code::Unauthorized {
        add(
            &mut response,
            "WWW-Authenticate",
            "`Bearer` (RFC 6750)",
            Type::String,
        );
    }
    if code == Code::SyncReset {
        add(&mut response, "Link", "Where to begin anew", Type::String);
    }
    if code == Code::PreconditionFailed {
        add(
            &mut response,
            "ETag",
            "The tag that it has now",
            Type::String,
        );
    }
    if matches!(code, Code::Unavailable | Code::TooManyRequests) {
        add(
            &mut response,
            "Retry-After",
            "Seconds until it is worth another try",
            Type::Integer,
        );
    }
    response
}
