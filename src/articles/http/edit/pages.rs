//! Pages for editors: the routes of articles once more, under another name and with other rights.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};

use super::writes::{How, change, create, remove, send};
use super::{EditListQuery, RemovalQuery, Way, get_any, list};
use crate::app::App;
use crate::articles::edit::AdminArticle;
use crate::articles::http::input::{ArticleChange, NewArticleInput};
use crate::articles::model::Kind;
use crate::auth::extract::{Allowed, ReadDrafts, WritePages};
use crate::http::error::Refusal;
use crate::http::list::List;

/// List pages in every state
///
/// The standing pages, the last changed first; the trash only where `status=trashed` asks for it.
#[utoipa::path(
    tag = "Editing pages",
    params(EditListQuery),
    responses((status = 200, description = "One page of pages", body = List<AdminArticle>, headers(("Link" = String))))
)]
#[get("/v1/admin/pages")]
pub(crate) async fn list_all_pages(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Page).await
}

/// Get a page in any state
///
/// With its text as it was written, and its body as readers get it.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[get("/v1/admin/pages/{id}")]
pub(crate) async fn get_any_page(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_any(&request, &app, Kind::Page, &id).await
}

/// Create a page
///
/// As an article is created.
#[utoipa::path(
    tag = "Editing pages",
    request_body = NewArticleInput,
    responses((status = 201, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages")]
pub(crate) async fn create_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    create(allowed.who, &request, app, payload, Kind::Page).await
}

/// Change a page
///
/// As an article is changed.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((ArticleChange = "application/json"), (ArticleChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[patch("/v1/admin/pages/{id}")]
pub(crate) async fn update_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(
        allowed.who,
        &request,
        app,
        (Kind::Page, &id),
        payload,
        How::Patch,
    )
    .await
}

/// Replace a page
///
/// As an article is replaced.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewArticleInput,
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[put("/v1/admin/pages/{id}")]
pub(crate) async fn replace_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(
        allowed.who,
        &request,
        app,
        (Kind::Page, &id),
        payload,
        How::Put,
    )
    .await
}

/// Delete a page
///
/// Moves it to the trash, from where it can be restored; or removes it for good.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), RemovalQuery),
    responses((status = 204, description = "It is in the trash, or gone"))
)]
#[delete("/v1/admin/pages/{id}")]
pub(crate) async fn delete_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    remove(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

/// Move a page to another state
///
/// As an article is moved.
#[utoipa::path(
    tag = "Editing pages",
    params(
        ("id" = uuid::Uuid, Path, description = "Its id"),
        ("way" = inline(Way), Path, description = "Where to", example = "publish"),
    ),
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/{way:publish|unpublish|archive|restore}")]
pub(crate) async fn move_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    send(allowed.who, &request, app, Kind::Page, &path, payload).await
}
