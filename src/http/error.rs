//! Every way out that is not an answer: the document (RFC 9457) that tells of a problem. Which problem, and so which HTTP
//! status, an [`Error`] becomes is decided here and nowhere else.

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

pub use super::code::Code;
use crate::error::{Error, Fault, FaultCode};

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
