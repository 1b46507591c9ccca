//! Working copies of pages: the routes of those of articles once more, under another name and with other rights.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};

use super::{WorkingCopyPublishQuery, discard, get_copy, publish, save};
use crate::app::App;
use crate::articles::edit::AdminArticle;
use crate::articles::http::edit::writes::How;
use crate::articles::http::input::{ArticleChange, NewArticleInput};
use crate::articles::model::Kind;
use crate::articles::working_copy::WorkingCopy;
use crate::auth::extract::{Allowed, ReadDrafts, WritePages};
use crate::http::error::Refusal;

/// Get the working copy of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The page, as it would be", body = AdminArticle))
)]
#[get("/v1/admin/pages/{id}/working-copy")]
pub(crate) async fn get_page_working_copy(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_copy(&request, &app, Kind::Page, &id).await
}

/// Change the working copy of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((ArticleChange = "application/json"), (ArticleChange = "application/merge-patch+json"))),
    responses((status = 200, description = "What is known of the copy", body = WorkingCopy))
)]
#[patch("/v1/admin/pages/{id}/working-copy")]
pub(crate) async fn update_page_working_copy(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    save(
        allowed.who,
        &request,
        app,
        (Kind::Page, &id),
        payload,
        How::Patch,
    )
    .await
}

/// Replace the working copy of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewArticleInput,
    responses((status = 200, description = "What is known of the copy", body = WorkingCopy))
)]
#[put("/v1/admin/pages/{id}/working-copy")]
pub(crate) async fn replace_page_working_copy(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    save(
        allowed.who,
        &request,
        app,
        (Kind::Page, &id),
        payload,
        How::Put,
    )
    .await
}

/// Throw the working copy of a page away
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It has none any more"))
)]
#[delete("/v1/admin/pages/{id}/working-copy")]
pub(crate) async fn delete_page_working_copy(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    discard(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

/// Publish the working copy of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), WorkingCopyPublishQuery),
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/working-copy/publish")]
pub(crate) async fn publish_page_working_copy(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    publish(allowed.who, &request, app, (Kind::Page, &id), payload).await
}
