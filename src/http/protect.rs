//! The headers of every answer: they name the request, and say who may read the answer.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web;

use crate::app::App;

/// Names the request in its answer, in problems and in the log.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Where the routes for editors begin.
pub const ADMIN: &str = "/v1/admin/";

/// Which websites may read an answer.
#[derive(Debug, Clone)]
pub enum Readers {
    /// All: it is public, and no credentials were looked at.
    Anyone,
    /// This one, which is configured as one of the editors' own.
    Origin(HeaderValue),
    /// None.
    Nobody,
}

impl Readers {
    pub(super) fn of(request: &ServiceRequest) -> Self {
        // As the router sees it: an escaped letter leads to the same route.
        if !request.match_info().as_str().starts_with(ADMIN) {
            return Self::Anyone;
        }
        let app = request.app_data::<web::Data<App>>();
        let origin = request.headers().get(ORIGIN);
        match (app, origin) {
            (Some(app), Some(origin)) if app.trusts_origin(origin) => Self::Origin(origin.clone()),
            _ => Self::Nobody,
        }
    }

    /// Whether the answer is one of the routes for editors.
    pub(super) const fn are_editors(&self) -> bool {
        !matches!(self, Self::Anyone)
    }
}

/// A fresh request id: 16 hex digits, of which 8 tell this process from others.
#[must_use]
pub fn request_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| {
        let [.., a, b, c, d] = *crate::id::Id::new().as_bytes();
        u32::from_be_bytes([a, b, c, d])
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:016x}", (u64::from(*PROCESS) << 32).wrapping_add(next))
}

/// The headers of every answer, but for those that it sets itself.
pub fn protect(headers: &mut HeaderMap, request_id: String, readers: &Readers) {
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let allowed = match readers {
        Readers::Anyone => Some(HeaderValue::from_static("*")),
        Readers::Origin(origin) => Some(origin.clone()),
        Readers::Nobody => None,
    };
    if let Some(allowed) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "Accept-Ranges, Change, Content-Range, ETag, Link, Location, Retry-After, Surrogate-Key, WWW-Authenticate, X-Request-Id",
            ),
        );
    }
    if readers.are_editors() {
        // What depends on who asks is kept by nobody.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
    }
}
