//! What surrounds every answer: the request id, the limits, the headers that protect readers, and a problem document for
//! whatever went wrong, panics and deadlines included. One middleware, since each costs every request its share.

use std::future::{Future, Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_LENGTH,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::{HttpResponse, ResponseError};
use futures_util::FutureExt;

use super::error::{Code, Problem, Refusal};
use super::wire::LastAnswer;

/// Names the request in its answer, in problems and in the log.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The bounds that the envelope keeps.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the path and query.
    pub url: usize,
    /// How long a handler may take to answer.
    pub deadline: Duration,
}

/// A fresh request id: 16 hex digits, of which 8 tell this process from others.
#[must_use]
pub fn request_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| {
        let [.., a, b, c, d] = *crate::id::Id::new().as_bytes();
        u32::from_be_bytes([a, b, c, d])
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "{:08x}{:08x}",
        *PROCESS,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// The headers of every answer, but for those that it sets itself.
pub fn protect(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Any website may read what is public; no credentials are ever looked at.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Change, ETag, Link, X-Request-Id"),
    );
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
    }
}

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
            service,
            limits: self.0,
        }))
    }
}

/// A service inside the envelope.
#[derive(Debug)]
pub struct Enveloped<S> {
    service: S,
    limits: Limits,
}

impl<S> Service<ServiceRequest> for Enveloped<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>
        + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let id = request_id();
        if let Some(problem) = refuse(&request, self.limits) {
            let response = finish(request.into_response(problem.respond(&id)), &id);
            return Box::pin(ready(Ok(response)));
        }
        // The connection remembers that it was HEAD and sends no body; routes need only know GET.
        if request.method() == Method::HEAD {
            request.head_mut().method = Method::GET;
        }
        let deadline = self.limits.deadline;
        let handled = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        Box::pin(async move {
            match tokio::time::timeout(deadline, handled).await {
                Ok(Ok(Ok(response))) => Ok(finish(response, &id)),
                Ok(Ok(Err(error))) => Err(Last {
                    problem: Problem::internal(error.to_string()),
                    id,
                }
                .into()),
                Ok(Err(panic)) => {
                    let message = panic.downcast_ref::<&str>().map(ToString::to_string);
                    let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
                    let cause = format!("a handler panicked: {}", message.unwrap_or_default());
                    Err(Last {
                        problem: Problem::internal(cause),
                        id,
                    }
                    .into())
                }
                Err(_elapsed) => {
                    let problem =
                        Problem::from(crate::error::Error::busy("the request took too long"));
                    Err(Last { problem, id }.into())
                }
            }
        })
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

fn has_content(headers: &HeaderMap) -> bool {
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
fn finish(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if let Some(error) = response.response().error() {
        let problem = match error.as_error::<Refusal>() {
            Some(Refusal::Moved(_)) => None,
            Some(Refusal::Problem(problem)) => {
                log(problem, id);
                Some(problem.respond(id))
            }
            None => Some(Problem::new(Code::BadRequest, error.to_string()).respond(id)),
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
            .into_response(Problem::new(Code::BadRequest, "the request was refused").respond(id));
    }
    protect(response.response_mut().headers_mut(), id);
    if response.status().is_client_error() && has_content(response.request().headers()) {
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
        protect(response.headers_mut(), &self.id);
        response
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, get};

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
