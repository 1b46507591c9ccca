//! What texts do by themselves when their time comes, for editors.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa::{IntoParams, ToSchema};

use super::edit::{parse_id, present};
use crate::app::App;
use crate::articles::edit::AdminArticle;
use crate::articles::model::Kind;
use crate::articles::schedule::{Planned, Wish};
use crate::articles::store;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles, WritePages};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;

/// The parameters of the list of what is scheduled.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_schedule` reads it")]
struct ScheduleQuery {
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
}

/// When a text is to go out and to be taken back. One of the two is given; what is left out stays, null clears.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `Wish::read` reads")]
pub(crate) struct ScheduleInput {
    /// When it is published (RFC 3339 with a zone), a time to come. Cleared, what is scheduled becomes a draft.
    #[schema(value_type = Option<String>, format = DateTime, example = "2031-01-01T08:00:00Z")]
    publish_at: Option<String>,
    /// When it becomes a draft again, later than that.
    #[schema(value_type = Option<String>, format = DateTime, example = "2031-02-01T08:00:00Z")]
    unpublish_at: Option<String>,
}

/// List what is scheduled
///
/// What happens to articles and pages by itself, soonest first.
#[utoipa::path(
    tag = "Editing articles",
    params(ScheduleQuery),
    responses((status = 200, description = "One page of it", body = List<Planned>, headers(("Link" = String))))
)]
#[get("/v1/admin/schedule")]
pub(crate) async fn list_schedule(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::schedule::SORT);
    let count = query.flag("count");
    query.finish()?;
    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::schedule::list(conn, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Schedule an article
///
/// With `publish_at` it becomes `scheduled` and goes out then; with `unpublish_at` it becomes a draft again then. Whoever may
/// publish may schedule. `If-Match` is not required, and honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = ScheduleInput,
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/schedule")]
pub(crate) async fn schedule_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    schedule(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Schedule a page
///
/// As an article is scheduled.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = ScheduleInput,
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/schedule")]
pub(crate) async fn schedule_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    schedule(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

async fn schedule(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let content = Content::read(request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.may_be_based_on();
    let wish = Wish::read(&content.value).map_err(Error::Invalid)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            check_version(&based_on, article.version, &article)?;
            store::schedule::set(tx, id, &wish)?;
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            Reply::ok(article.version, &article)
        })
        .await
}
