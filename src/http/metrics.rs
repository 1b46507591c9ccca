//! What Prometheus scrapes.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::error::Refusal;
use super::negotiate::accepts;
use super::query::Query;
use crate::app::App;

/// The text format of Prometheus, version 0.0.4.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Read metrics
///
/// Counters and gauges in the text format of Prometheus.
#[utoipa::path(
    tag = "Operations",
    responses((status = 200, description = "The metrics", content((String = "text/plain"))))
)]
#[get("/metrics")]
pub(crate) async fn get_metrics(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    accepts(request.headers(), &TEXT)?;
    let change = app.db.change();
    let mut text = format!(
        "# HELP masthead_change The last change that this node knows.\n# TYPE masthead_change gauge\nmasthead_change {change}\n"
    );
    app.cache.write_metrics(&mut text);
    app.purge.write_metrics(&mut text);
    app.streams.write_metrics(&mut text);
    app.webhooks.write_metrics(&mut text);
    app.search.write_metrics(&mut text);
    app.mail.write_metrics(&mut text);
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .content_type(TEXT)
        .body(text))
}
