//! Articles and pages for editors.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::input::{ArticleChange, NewArticleInput};
use crate::app::App;
use crate::articles::edit::{self, AdminArticle, Draft, EditSort};
use crate::articles::model::{Audience, Kind, State, Transition};
use crate::articles::new::{NewArticle, Rules};
use crate::articles::store;
use crate::articles::store::edit::EditFilter;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles, WritePages};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::list::List;
use crate::http::query::{Query, boolean, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::slug;

/// Above this many bytes a text is rendered on another thread: a megabyte takes some 30 ms, and others wait meanwhile.
const RENDERED_HERE: usize = 16 * 1024;

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

fn way_of(name: &str) -> Result<Transition, Error> {
    match Transition::from_name(name) {
        Some(
            way @ (Transition::Publish
            | Transition::Unpublish
            | Transition::Archive
            // Has a route of its own, which takes a note; in a batch it is a way like the others.
            | Transition::Submit
            | Transition::Restore),
        ) => Ok(way),
        _ => Err(Error::NotFound("way")),
    }
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

async fn create(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
    kind: Kind,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(request, payload, Size::Article).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let write = creating(&app, content.value, kind).await?;
    command.run(&app, write).await
}

/// The creation of a text.
pub(crate) async fn creating(
    app: &web::Data<App>,
    value: Value,
    kind: Kind,
) -> Result<Write, Refusal> {
    let new = parse(app, value, kind).await?;
    let shown = app.clone();
    Ok(Box::new(move |tx| {
        let stored = store::create(tx, &new)?;
        let mut article = store::edit::get(tx.conn(), kind, stored.id)?;
        present(&mut article, &shown);
        let location = format!("/v1/admin/{}s/{}", kind.as_str(), article.id);
        let reply = Reply::created(shown.api_url(&location), article.version, &article)?;
        warned(reply, article, &new)
    }))
}

/// How a whole text comes of what is sent and what is there.
#[derive(Clone, Copy)]
pub(crate) enum How {
    Patch,
    Put,
}

async fn change(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
    how: How,
) -> Result<HttpResponse, Refusal> {
    parse_id(kind, id)?;
    let content = Content::read(request, payload, Size::Article).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let based_on = command.based_on()?;
    let write = changing(&app, (kind, id), based_on, content.value, how).await?;
    command.run(&app, write).await
}

/// The change of a text.
pub(crate) async fn changing(
    app: &web::Data<App>,
    (kind, id): (Kind, &str),
    based_on: IfMatch,
    sent: Value,
    how: How,
) -> Result<Write, Refusal> {
    let id = parse_id(kind, id)?;
    let (present_now, text) = app
        .db
        .read_indexed(move |conn| store::edit::with_text(conn, kind, id))
        .await?;
    let merged_into = present_now.version;
    let present_now = present_now.writable(&text);
    let whole = match how {
        How::Patch => edit::patched(present_now, &sent),
        How::Put => edit::replaced(present_now, sent),
    };
    let new = parse(app, whole, kind).await?;
    let shown = app.clone();
    Ok(Box::new(move |tx| {
        let version = store::edit::version(tx.conn(), kind, id)?;
        if !based_on.names(version) {
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            check_version(&based_on, version, &article)?;
        }
        if version != merged_into {
            // It changed between being read here and being written: the client's tag names a version that this node
            // had not seen.
            return Err(Error::busy("the article is being changed by someone else"));
        }
        store::replace(tx, id, &new)?;
        let mut article = store::edit::get(tx.conn(), kind, id)?;
        present(&mut article, &shown);
        warned(Reply::ok(article.version, &article)?, article, &new)
    }))
}

async fn remove(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    parse_id(kind, id)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    let purge = query.flag("purge");
    query.finish()?;
    let based_on = command.based_on()?;
    let write = removing(&app, (kind, id), based_on, purge)?;
    command.run(&app, write).await
}

/// The removal of a text.
pub(crate) fn removing(
    app: &web::Data<App>,
    (kind, id): (Kind, &str),
    based_on: IfMatch,
    purge: bool,
) -> Result<Write, Refusal> {
    let id = parse_id(kind, id)?;
    let shown = app.clone();
    Ok(Box::new(move |tx| {
        let mut article = store::edit::get(tx.conn(), kind, id)?;
        present(&mut article, &shown);
        check_version(&based_on, article.version, &article)?;
        if purge {
            store::purge(tx, id)?;
        } else {
            store::transition(tx, id, Transition::Trash)?;
        }
        Ok(Reply::no_content())
    }))
}

async fn send(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    kind: Kind,
    (id, way): &(String, String),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    parse_id(kind, id)?;
    way_of(way)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.may_be_based_on();
    let write = sending(&app, (kind, id), way, based_on)?;
    command.run(&app, write).await
}

/// The move of a text to another state.
pub(crate) fn sending(
    app: &web::Data<App>,
    (kind, id): (Kind, &str),
    way: &str,
    based_on: IfMatch,
) -> Result<Write, Refusal> {
    let (id, way) = (parse_id(kind, id)?, way_of(way)?);
    let shown = app.clone();
    Ok(Box::new(move |tx| {
        let mut article = store::edit::get(tx.conn(), kind, id)?;
        present(&mut article, &shown);
        check_version(&based_on, article.version, &article)?;
        store::transition(tx, id, way)?;
        let mut article = store::edit::get(tx.conn(), kind, id)?;
        present(&mut article, &shown);
        Reply::ok(article.version, &article)
    }))
}

pub(super) fn parse_id(kind: Kind, id: &str) -> Result<Id, Refusal> {
    id.parse()
        .map_err(|_no_id| Error::NotFound(kind.as_str()).into())
}

/// What may be stored of what was sent, or all of its faults.
async fn parse(app: &App, value: Value, kind: Kind) -> Result<NewArticle, Refusal> {
    let rules = app.rules.clone();
    let body = ["markdown", "html", "text"]
        .iter()
        .filter_map(|form| value.get(form)?.as_str())
        .map(str::len);
    let new = if body.sum::<usize>() <= RENDERED_HERE {
        checked(&value, kind, &rules)
    } else {
        web::block(move || checked(&value, kind, &rules))
            .await
            .map_err(|error| Error::internal(format!("rendering: {error}")))?
    };
    Ok(new?)
}

fn checked(value: &Value, kind: Kind, rules: &Rules) -> Result<NewArticle, Error> {
    let (draft, mut faults) = edit::draft(value, kind);
    let parsed = draft.map(|Draft { article, owner }| {
        NewArticle::parse(article, rules).map(|new| new.by_editor(owner))
    });
    match parsed {
        Some(Ok(new)) if faults.is_empty() => return Ok(new),
        Some(Err(more)) => faults.extend(more),
        Some(Ok(_)) | None => {}
    }
    Err(Error::Invalid(faults))
}

/// Adds the address.
pub(super) fn present(article: &mut AdminArticle, app: &App) {
    article.url = app.url_of(&article.locale, &article.slug);
}

/// Tells what the sanitiser took out. The entity tag is that of the text as it will be read, without the telling.
fn warned(reply: Reply, mut article: AdminArticle, new: &NewArticle) -> Result<Reply, Error> {
    if new.removed().is_empty() {
        return Ok(reply);
    }
    article.warnings = new.removed().to_vec();
    Ok(Reply {
        body: Some(crate::json::text(&article)),
        ..reply
    })
}
