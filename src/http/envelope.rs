//! What surrounds every answer: the request id, the limits, the headers that protect readers, and a problem document for
//! whatever went wrong, panics and deadlines included. One middleware, since each costs every request its share.

use std::future::{Future, Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use actix_web::http::{ConnectionType, Method};
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use futures_util::future::Either;

use crate::app::App;

use super::error::{Code, Problem, Refusal};
use super::extract::{ContentRead, MIN_CHANGE, min_change};
use super::kept::Kept;
use super::limits::Limits;
use super::protect::{Readers, protect, request_id};
use super::wire::LastAnswer;

/// The id of the request that is being answered; there where someone signs in.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// It was HEAD that the request came with: for routes whose content has no end.
#[derive(Debug, Clone, Copy)]
pub struct WasHead;

/// The route whose content is a file of any length.
const IMPORT: &str = "/v1/admin/import";
/// Where files are put in.
const UPLOADS: &str = "/v1/admin/media";

/// The middleware.
#[derive(Debug, Clone, Copy)]
pub struct Envelope(pub Limits);

impl<S> Transform<S, ServiceRequest> for Envelope
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>
        + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Transform = Enveloped<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Enveloped {
            service: Rc::new(service),
            limits: self.0,
        }))
    }
}

/// A service inside the envelope.
#[derive(Debug)]
pub struct Enveloped<S> {
    service: Rc<S>,
    limits: Limits,
}

type Answered = Result<ServiceResponse<BoxBody>, actix_web::Error>;

/// What is answered at once, and what takes longer.
type Answering = Either<Ready<Answered>, Pin<Box<dyn Future<Output = Answered>>>>;

impl<S> Service<ServiceRequest> for Enveloped<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>
        + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = Answering;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let id = request_id();
        let readers = Readers::of(&request);
        if let Some(problem) = refuse(&request, self.limits) {
            let problem = unless_it_lacks(problem, &request);
            let response = request.into_response(problem.respond(&id));
            let response = finish(response, id, &readers);
            return Either::Left(ready(Ok(response)));
        }
        // The connection remembers that it was HEAD and sends no body; routes need only know GET.
        if request.method() == Method::HEAD {
            request.head_mut().method = Method::GET;
            request.extensions_mut().insert(WasHead);
        }
        if readers.are_editors() {
            request.extensions_mut().insert(RequestId(id.clone()));
        }
        let limits = self.limits;
        let deadline = match *request.method() {
            Method::GET => limits.deadline,
            Method::POST if request.path() == UPLOADS => {
                limits.upload_deadline + limits.write_deadline
            }
            _ if request.match_info().as_str() == IMPORT => {
                limits.import_deadline + limits.write_deadline
            }
            _ => limits.content_deadline + limits.write_deadline,
        };
        let must_include = request.headers().contains_key(MIN_CHANGE);
        let looked = !must_include;
        if looked && let Some(hit) = Kept::at_once(&request, &readers) {
            let response = Kept::of_hit(&hit, &request);
            let response = finish(request.into_response(response), id, &readers);
            return Either::Left(ready(Ok(response)));
        }
        let kept = Kept::of(&request, &readers);
        let looked = looked && kept.as_ref().is_some_and(|kept| !kept.is_proved());
        let service = Rc::clone(&self.service);
        Either::Right(Box::pin(async move {
            if must_include
                && let Err(problem) = wait_for_change(&request, limits.change_wait).await
            {
                let problem = unless_it_lacks(problem, &request);
                let response = request.into_response(problem.respond(&id));
                return Ok(finish(response, id, &readers));
            }
            let handled = async move {
                match kept {
                    Some(kept) => kept.through(&*service, request, looked).await,
                    None => service.call(request).await,
                }
            };
            let handled = AssertUnwindSafe(handled).catch_unwind();
            settle(tokio::time::timeout(deadline, handled).await, id, &readers)
        }))
    }
}

/// Waits until what this node answers from includes the change that `Min-Change` names.
async fn wait_for_change(request: &ServiceRequest, wait: Duration) -> Result<(), Problem> {
    let (Some(app), Some(number)) = (
        request.app_data::<web::Data<App>>(),
        min_change(request.headers())?,
    ) else {
        return Ok(());
    };
    if request.method() != Method::GET {
        let detail = "Min-Change is for reads; a write is always made to the present state";
        return Err(Problem::new(Code::InvalidHeader, detail));
    }
    app.db.includes(number, wait).await.map_err(Problem::from)
}

type Handled<E> = Result<
    Result<Result<ServiceResponse<BoxBody>, actix_web::Error>, Box<dyn std::any::Any + Send>>,
    E,
>;

/// What becomes of a handler's answer, its panic, or its taking too long.
fn settle<E>(
    handled: Handled<E>,
    id: String,
    readers: &Readers,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let problem = match handled {
        Ok(Ok(Ok(response))) => return Ok(finish(response, id, readers)),
        Ok(Ok(Err(error))) => Problem::internal(error.to_string()),
        Ok(Err(panic)) => {
            let message = panic.downcast_ref::<&str>().map(ToString::to_string);
            let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
            Problem::internal(format!(
                "a handler panicked: {}",
                message.unwrap_or_default()
            ))
        }
        Err(_elapsed) => Problem::from(crate::error::Error::busy("the request took too long")),
    };
    let readers = readers.clone();
    Err(Last {
        problem,
        id,
        readers,
    }
    .into())
}

/// Whoever asks a route for a method that it has not is told that, and not what else is wrong.
fn unless_it_lacks(problem: Problem, request: &ServiceRequest) -> Problem {
    match problem.code {
        Code::UnexpectedContent | Code::InvalidHeader => {
            super::server::lacks(request.match_info().as_str(), request.method()).unwrap_or(problem)
        }
        _ => problem,
    }
}

fn refuse(request: &ServiceRequest, limits: Limits) -> Option<Problem> {
    let length = request
        .uri()
        .path_and_query()
        .map_or(0, |url| url.as_str().len());
    if length > limits.url {
        let detail = format!(
            "the URL has {length} bytes; at most {} are allowed",
            limits.url
        );
        return Some(Problem::new(Code::UriTooLong, detail));
    }
    if let Some(problem) = unreadable(request.path()) {
        return Some(problem);
    }
    let reads_none = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reads_none && has_content(request.headers()) {
        let detail = format!("a {} request has no content here", request.method());
        return Some(Problem::new(Code::UnexpectedContent, detail));
    }
    None
}

pub(super) fn has_content(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

/// A path must be percent-encoded UTF-8 and hold no NUL, which no database could look for.
fn unreadable(path: &str) -> Option<Problem> {
    if !path.contains('%') {
        return None;
    }
    let readable = super::query::decoded(path).is_some();
    let detail = "the path is not percent-encoded UTF-8 without NUL characters";
    (!readable).then(|| Problem::new(Code::BadRequest, detail))
}

/// Puts the document of a problem in, and the headers of every answer.
fn finish(
    mut response: ServiceResponse<BoxBody>,
    id: String,
    readers: &Readers,
) -> ServiceResponse<BoxBody> {
    if let Some(error) = response.response().error() {
        let problem = match error.as_error::<Refusal>() {
            Some(Refusal::Moved(_)) => None,
            Some(Refusal::Problem(problem)) => {
                log(problem, &id);
                Some(problem.respond(&id))
            }
            None => Some(Problem::new(Code::BadRequest, error.to_string()).respond(&id)),
        };
        if let Some(problem) = problem {
            response = response.into_response(problem);
        }
    } else if response.status().is_client_error() && !response.headers().contains_key(CONTENT_TYPE)
    {
        debug_assert!(
            response.response().body().size() == BodySize::Sized(0),
            "a refusal that is no problem document"
        );
        response = response
            .into_response(Problem::new(Code::BadRequest, "the request was refused").respond(&id));
    }
    protect(response.response_mut().headers_mut(), id, readers);
    let unread = || {
        response
            .request()
            .extensions()
            .get::<ContentRead>()
            .is_none()
    };
    if response.status().is_client_error() && has_content(response.request().headers()) && unread()
    {
        // Nobody reads what was refused, and without an end to it the next request could not be found.
        response
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        if let Some(last_answer) = response.request().conn_data::<LastAnswer>() {
            last_answer.is_this();
        }
    }
    response
}

fn log(problem: &Problem, id: &str) {
    if let Some(cause) = &problem.cause {
        tracing::error!(request_id = id, cause, "a request failed");
    }
}

/// A problem where there is no request left to answer: it panicked or was dropped.
#[derive(Debug)]
struct Last {
    problem: Problem,
    id: String,
    readers: Readers,
}

impl std::fmt::Display for Last {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Last {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.problem.status_code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        log(&self.problem, &self.id);
        let mut response = self.problem.respond(&self.id);
        protect(response.headers_mut(), self.id.clone(), &self.readers);
        response
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, get};

    use super::super::protect::X_REQUEST_ID;
    use super::*;

    #[get("/panics")]
    async fn panics() -> HttpResponse {
        panic!("on purpose");
    }

    #[get("/hangs")]
    async fn hangs() -> HttpResponse {
        std::future::pending().await
    }

    #[get("/refuses")]
    async fn refuses() -> actix_web::Result<HttpResponse> {
        Err(actix_web::error::ErrorBadRequest(
            "in the framework's own words",
        ))
    }

    async fn problem(path: &str) -> (u16, String, serde_json::Value) {
        let limits = Limits {
            url: 100,
            deadline: Duration::from_millis(20),
            ..Limits::default()
        };
        let app = App::new().service(panics).service(hangs).service(refuses);
        let app = init_service(app.wrap(Envelope(limits))).await;
        let answer = try_call_service(&app, TestRequest::get().uri(path).to_request()).await;
        let answer = answer.map_or_else(
            |error| error.error_response(),
            |response| response.into_parts().1,
        );
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        assert_eq!(
            headers.get(CONTENT_TYPE).unwrap(),
            "application/problem+json",
            "{path}"
        );
        let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
        let id = headers
            .get(X_REQUEST_ID)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (status, id, serde_json::from_slice(&body).unwrap())
    }

    #[actix_web::test]
    async fn whatever_goes_wrong_is_a_problem_document() {
        let long = format!("/{}", "x".repeat(100));
        for (path, status, kind) in [
            ("/panics", 500, "/problems/internal"),
            ("/hangs", 503, "/problems/unavailable"),
            ("/refuses", 400, "/problems/bad-request"),
            (long.as_str(), 414, "/problems/uri-too-long"),
        ] {
            let (answered, id, document) = problem(path).await;
            assert_eq!(
                (answered, document["type"].as_str()),
                (status, Some(kind)),
                "{path}"
            );
            assert_eq!(document["instance"], id.as_str(), "{path}");
            assert!(!document.to_string().contains("on purpose"), "{document}");
        }
    }
}
