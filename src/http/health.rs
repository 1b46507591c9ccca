//! Whether the process lives, and whether it should get requests.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Refusal;
use super::query::Query;
use crate::app::App;
use crate::search;

/// The process is there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Always `live`.
    #[schema(example = "live")]
    pub status: &'static str,
}

/// Whether the server should get requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// Whether it should.
    pub status: ReadyStatus,
    /// The last change that this node knows.
    pub change: i64,
    /// The database.
    pub database: DatabaseStatus,
    /// The search index.
    pub search: search::IndexStatus,
}

/// Whether the server should get requests.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadyStatus {
    /// It should.
    Ready,
    /// It should; but the search index is being built, so that searches may be behind or answered by 503.
    Degraded,
    /// It should not: the database does not answer.
    Unavailable,
    /// It is about to end.
    Stopping,
}

/// Whether the database answers.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseStatus {
    /// It does.
    Reachable,
    /// It does not.
    Unreachable,
}

/// Is the process alive?
///
/// Answers 200 as long as the process can answer at all. Restart it when this fails.
#[utoipa::path(tag = "Operations", responses((status = 200, description = "It is", body = Live)))]
#[get("/health/live")]
pub(crate) async fn get_live(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    Ok(answer(StatusCode::OK, &Live { status: "live" }))
}

/// Is the server ready?
///
/// Send it requests while this answers 200.
#[utoipa::path(
    tag = "Operations",
    responses(
        (status = 200, description = "It is", body = Ready),
        (status = 503, description = "It is not", body = Ready),
    )
)]
#[get("/health/ready")]
pub(crate) async fn get_ready(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let reachable = app.note_database(&app.db.refresh().await);
    let search = app.search.status();
    let status = if app.is_stopping() {
        ReadyStatus::Stopping
    } else if reachable {
        match search.status {
            search::IndexState::Ready => ReadyStatus::Ready,
            search::IndexState::Building | search::IndexState::Degraded => ReadyStatus::Degraded,
        }
    } else {
        ReadyStatus::Unavailable
    };
    let code = if matches!(status, ReadyStatus::Ready | ReadyStatus::Degraded) {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let database = if reachable {
        DatabaseStatus::Reachable
    } else {
        DatabaseStatus::Unreachable
    };
    Ok(answer(
        code,
        &Ready {
            status,
            change: app.db.change(),
            database,
            search,
        },
    ))
}

fn answer(code: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(code)
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .content_type(super::respond::JSON)
        .body(crate::json::text(body))
}
