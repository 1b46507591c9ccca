//! Articles and pages for editors.

pub mod pages;
pub mod writes;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use utoipa::{IntoParams, ToSchema};

use self::writes::{How, change, create, remove, send};
use super::input::{ArticleChange, NewArticleInput};
use crate::app::App;
use crate::articles::edit::{AdminArticle, EditSort};
use crate::articles::model::{Audience, Kind, State};
use crate::articles::store;
use crate::articles::store::edit::EditFilter;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, boolean, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::slug;

/// The parameters of a list for editors.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list` reads it")]
struct EditListQuery {
    /// In this state. Repeat it for several. Without it, all but what is in the trash.
    #[param(inline, max_items = 6)]
    status: Option<Vec<State>>,
    /// Words, or parts of them: each stands in the title or in the text.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// What belongs to this account.
    owner: Option<uuid::Uuid>,
    /// A tag by slug, name or id. Repeat it for what carries all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Changed at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    updated_after: Option<String>,
    /// Changed before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    updated_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// The order; ties by id. Default `-updated_at`. By time of publication, what has none is left out.
    #[param(inline)]
    sort: Option<EditSortName>,
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page in the same order. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
}

/// The orders, as the document names them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents `EditSort`; a test compares the two")]
enum EditSortName {
    #[schema(rename = "-updated_at")]
    LastUpdated,
    #[schema(rename = "updated_at")]
    FirstUpdated,
    #[schema(rename = "-published_at")]
    LastPublished,
    #[schema(rename = "published_at")]
    FirstPublished,
    #[schema(rename = "title")]
    Title,
}

/// The ways that an editor sends a text, by the last part of the address.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents `way_of`")]
enum Way {
    Publish,
    Unpublish,
    Archive,
    Restore,
}

/// List articles in every state
///
/// The articles, the last changed first; the trash only where `status=trashed` asks for it.
#[utoipa::path(
    tag = "Editing articles",
    params(EditListQuery),
    responses((status = 200, description = "One page of articles", body = List<AdminArticle>, headers(("Link" = String))))
)]
#[get("/v1/admin/articles")]
pub(crate) async fn list_all_articles(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Article).await
}

/// Get an article in any state
///
/// With its text as it was written, and its body as readers get it.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[get("/v1/admin/articles/{id}")]
pub(crate) async fn get_any_article(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_any(&request, &app, Kind::Article, &id).await
}

/// Create an article
///
/// A draft, unless `status` says otherwise and you may. Only the title is required. The text comes as exactly one of
/// `markdown`, `html` and `text`; tags and authors by id, slug or name, and what has no such name is made. What the
/// sanitiser took out is told in `warnings`.
#[utoipa::path(
    tag = "Editing articles",
    request_body = NewArticleInput,
    responses((status = 201, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles")]
pub(crate) async fn create_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    create(allowed.who, &request, app, payload, Kind::Article).await
}

/// Change an article
///
/// A merge patch (RFC 7396): what is left out stays, null clears. A text sent in another form than before takes its
/// place. A former slug keeps leading to the article, unless `aliases` leaves it out.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((ArticleChange = "application/json"), (ArticleChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[patch("/v1/admin/articles/{id}")]
pub(crate) async fn update_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(
        allowed.who,
        &request,
        app,
        (Kind::Article, &id),
        payload,
        How::Patch,
    )
    .await
}

/// Replace an article
///
/// What is left out is emptied, but for the slug and its aliases, the locale, the state, the time of publication and the
/// owner, which stay.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewArticleInput,
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[put("/v1/admin/articles/{id}")]
pub(crate) async fn replace_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(
        allowed.who,
        &request,
        app,
        (Kind::Article, &id),
        payload,
        How::Put,
    )
    .await
}

/// The parameters of a removal.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `remove` reads it")]
struct RemovalQuery {
    /// For good, and not into the trash. Nothing but the log knows of it then.
    purge: Option<bool>,
}

/// Delete an article
///
/// Moves it to the trash, from where it can be restored; or removes it for good.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), RemovalQuery),
    responses((status = 204, description = "It is in the trash, or gone"))
)]
#[delete("/v1/admin/articles/{id}")]
pub(crate) async fn delete_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    remove(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Move an article to another state
///
/// `publish` puts it out now, `unpublish` makes it a draft again, `archive` keeps it out of sight, `restore` takes it out of
/// the trash. `If-Match` is not required, and honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(
        ("id" = uuid::Uuid, Path, description = "Its id"),
        ("way" = inline(Way), Path, description = "Where to", example = "publish"),
    ),
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/{way:publish|unpublish|archive|restore}")]
pub(crate) async fn move_article(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    send(allowed.who, &request, app, Kind::Article, &path, payload).await
}

async fn list(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| one_of(text, EditSort::ALL, EditSort::as_str))
        .unwrap_or(EditSort::LastUpdated);
    let page = query.page(sort.as_str());
    let filter = EditFilter {
        states: query.many_of("status", State::ALL.len(), |text| {
            one_of(text, State::ALL, State::as_str)
        }),
        words: query.one("q", |text| match text.chars().count() {
            1..=200 if !slug::sort_key(text).is_empty() => Ok(text.to_owned()),
            1..=200 => Err((FaultCode::TooSmall, "has one word at least".into())),
            _ => Err((FaultCode::TooLarge, "has at most 200 characters".into())),
        }),
        owner: query.one("owner", parsed),
        tags: query.many("tag", 20),
        author: query.one("author", |text| Ok(text.to_owned())),
        locale: super::query::locale(&mut query, app),
        featured: query.one("featured", boolean),
        audience: query.one("audience", |text| {
            one_of(text, Audience::ALL, Audience::as_str)
        }),
        updated_after: query.one("updated_after", parsed),
        updated_before: query.one("updated_before", parsed),
        ids: query.many_of("id", 100, parsed),
    };
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    // Any of this may scan: it stays off the threads that answer readers.
    let mut slice = app
        .db
        .read(move |conn| store::edit::list(conn, kind, &filter, sort, &asked, count))
        .await?;
    for article in &mut slice.items {
        present(article, app);
    }
    let (list, link) = List::new(slice, &page, app, request);
    Answer::json(&list)?.at(change).linked(link).to(request)
}

async fn get_any(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(kind, id)?;
    let change = app.db.change();
    let mut article = app
        .db
        .read_indexed(move |conn| store::edit::get(conn, kind, id))
        .await?;
    present(&mut article, app);
    let version = article.version;
    Answer::json(&article)?
        .at(change)
        .version(version)
        .to(request)
}

pub(super) fn parse_id(kind: Kind, id: &str) -> Result<Id, Refusal> {
    id.parse()
        .map_err(|_no_id| Error::NotFound(kind.as_str()).into())
}

/// Adds the addresses of the text and its cover.
pub(super) fn present(article: &mut AdminArticle, app: &App) {
    if let Some(cover) = &mut article.cover {
        cover.place(&app.media_url);
    }
    article.url = app.url_of(&article.locale, &article.slug);
}
