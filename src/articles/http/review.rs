//! Texts that are handed to an editor and back, for editors. Approved they are by being published or scheduled.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa::{IntoParams, ToSchema};

use super::edit::{parse_id, present};
use crate::app::App;
use crate::articles::edit::AdminArticle;
use crate::articles::model::Kind;
use crate::articles::review::{self, ReviewNote};
use crate::articles::store;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles, WritePages};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;

/// The parameters of the list of what was said.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list` reads it")]
struct ReviewNoteListQuery {
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

/// What comes with a text that is handed to an editor.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `review::submission` reads")]
pub(crate) struct SubmissionInput {
    /// For the editor, plain text.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"\S",
        example = "Please check the figures."
    )]
    note: Option<String>,
}

/// What comes with a text that is handed back.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `review::return_note` reads")]
pub(crate) struct ReturnInput {
    /// What is still to be done, plain text.
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"\S",
        example = "The second half needs a source."
    )]
    note: String,
}

/// Submit an article
///
/// Hands a draft to an editor, with a note if you like. Content is not required. `If-Match` is not required, and honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = Option<SubmissionInput>,
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/submit")]
pub(crate) async fn submit_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    submit(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Submit a page
///
/// As an article is submitted.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = Option<SubmissionInput>,
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/submit")]
pub(crate) async fn submit_page(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    submit(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

/// Send an article back
///
/// What is in review becomes a draft again, with a note that says why. For editors. `If-Match` is not required, and honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = ReturnInput,
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/send-back")]
pub(crate) async fn send_article_back(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    send_back(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Send a page back
///
/// As an article is sent back.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = ReturnInput,
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/send-back")]
pub(crate) async fn send_page_back(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    send_back(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

/// List what was said of an article
///
/// The notes that came with it when it was submitted and sent back, the last first, with who and when.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ReviewNoteListQuery),
    responses((status = 200, description = "One page of notes", body = List<ReviewNote>, headers(("Link" = String))))
)]
#[get("/v1/admin/articles/{id}/review-notes")]
pub(crate) async fn list_article_review_notes(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Article, &id).await
}

/// List what was said of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ReviewNoteListQuery),
    responses((status = 200, description = "One page of notes", body = List<ReviewNote>, headers(("Link" = String))))
)]
#[get("/v1/admin/pages/{id}/review-notes")]
pub(crate) async fn list_page_review_notes(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Page, &id).await
}

async fn submit(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    text: (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read_if_any(request, payload, Size::Other).await?;
    let note = review::submission(&content.value).map_err(Error::Invalid);
    hand(who, request, app, text, (content, note), |tx, id, note| {
        store::review::submit(tx, id, note.as_deref())
    })
    .await
}

async fn send_back(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    text: (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(request, payload, Size::Other).await?;
    let note = review::return_note(&content.value).map_err(Error::Invalid);
    hand(who, request, app, text, (content, note), |tx, id, note| {
        store::review::send_back(tx, id, note)
    })
    .await
}

/// Hands a text on, and answers what it is then.
async fn hand<N: Send + 'static>(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    (content, note): (Content, Result<N>),
    on: impl Fn(&mut Tx<'_>, Id, &N) -> Result<()> + Send + 'static,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.may_be_based_on();
    let note = note?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            check_version(&based_on, article.version, &article)?;
            on(tx, id, &note)?;
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            Reply::ok(article.version, &article)
        })
        .await
}

async fn list(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::review::SORT);
    let count = query.flag("count");
    query.finish()?;
    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::review::list(conn, (kind, id), &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, app, request);
    Answer::json(&list)?.at(change).linked(link).to(request)
}
