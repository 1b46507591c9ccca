//! Preview links for editors, and what they show for whoever has one.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use utoipa::{IntoParams, ToSchema};

use super::model::{NewPreviewLink, PreviewLink, PreviewLinks};
use super::{input, store};
use crate::app::App;
use crate::articles::http::query::Include;
use crate::articles::model::Kind;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles, WritePages};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::auth::write::Command;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;
use crate::resolve::http::{Wanted, whole};
use crate::resolve::model::{Part, WebsitePage};
use crate::resolve::path::SitePath;
use crate::resolve::store::around;

/// Keeps crawlers from a page that somebody linked to.
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A link to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::lasting` reads")]
pub(crate) struct NewPreviewInput {
    /// How long it lasts, in seconds; 7 days where nothing is said.
    #[schema(minimum = 60, maximum = 2_592_000, example = 86_400)]
    expires_in: Option<i64>,
}

/// What is shown of a text.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `Wanted` reads it")]
struct PreviewQuery {
    /// These parts not, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    without: Option<Vec<Part>>,
    /// These fields of the text too, separated by commas: markdown and text are left out otherwise.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// Get the preview of a text
///
/// The text that a preview link shows, as `/v1/resolve` will show it once it is out, without related articles. There is
/// none any more once the text is published or in the trash, or whoever made the link may not change the text any more.
#[utoipa::path(
    tag = "Previews",
    params(
        ("token" = String, Path, description = "The token of a preview link", example = "mhv_c2FtcGxlLXByZXZpZXctb2YtdGhlLWRlbW8tb25seSE"),
        PreviewQuery,
    ),
    responses((status = 200, description = "The page as it will be", body = WebsitePage, headers(("X-Robots-Tag" = String))))
)]
#[get("/v1/preview/{token}")]
pub(crate) async fn get_preview(
    request: HttpRequest,
    app: web::Data<App>,
    token: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let wanted = Wanted::read(&mut query);
    query.finish()?;
    let token = Opaque::parse(OpaqueKind::Preview, &token).ok_or(Error::NotFound("preview"))?;

    let (change, now, reading) = (app.db.public_change(), app.db.now(), app.clone());
    let (asked, text) = app
        .db
        .read_indexed(move |conn| {
            let text = store::shown(conn, &token.hash(), wanted.show, now)?;
            let (locale, slug) = (text.article.locale.as_deref(), text.article.slug.as_deref());
            let path = reading.path_of(locale.unwrap_or_default(), slug.unwrap_or_default());
            let path = SitePath::parse(&path)
                .map_err(|(_, detail)| Error::internal(format!("the path of a text {detail}")))?;
            let asked = wanted.at(path, &reading);
            let text = around(conn, text.article, &asked)?;
            Ok((asked, text))
        })
        .await?;
    let page = whole(&app, &asked, text, Vec::new(), true)?;
    let mut response = Answer::json(&page)?.at(change).passing().to(&request)?;
    let noindex = HeaderValue::from_static("noindex, nofollow");
    response.headers_mut().insert(X_ROBOTS_TAG, noindex);
    Ok(response)
}

/// List the preview links of an article
///
/// Those that have not expired, the last made first. Never the tokens themselves.
#[utoipa::path(
    tag = "Previews",
    params(("id" = uuid::Uuid, Path, description = "The article's id")),
    responses((status = 200, description = "The links", body = PreviewLinks))
)]
#[get("/v1/admin/articles/{id}/preview-links")]
pub(crate) async fn list_article_previews(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Article, &id).await
}

/// List the preview links of a page
///
/// As those of an article.
#[utoipa::path(
    tag = "Previews",
    params(("id" = uuid::Uuid, Path, description = "The page's id")),
    responses((status = 200, description = "The links", body = PreviewLinks))
)]
#[get("/v1/admin/pages/{id}/preview-links")]
pub(crate) async fn list_page_previews(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Page, &id).await
}

/// Make a preview link to an article
///
/// Whoever has it sees this one text as it stands until the link expires, is revoked, or the text is published. The answer
/// has the token, this once. Whoever may change the text may make one; it counts as long as they may.
#[utoipa::path(
    tag = "Previews",
    params(("id" = uuid::Uuid, Path, description = "The article's id")),
    request_body = NewPreviewInput,
    responses((status = 201, description = "The link", body = NewPreviewLink))
)]
#[post("/v1/admin/articles/{id}/preview-links")]
pub(crate) async fn create_article_preview(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    create(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Make a preview link to a page
///
/// As one to an article.
#[utoipa::path(
    tag = "Previews",
    params(("id" = uuid::Uuid, Path, description = "The page's id")),
    request_body = NewPreviewInput,
    responses((status = 201, description = "The link", body = NewPreviewLink))
)]
#[post("/v1/admin/pages/{id}/preview-links")]
pub(crate) async fn create_page_preview(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    create(allowed.who, &request, app, (Kind::Page, &id), payload).await
}

/// Revoke a preview link to an article
///
/// It shows nothing any more, for good. A link has no versions, so no `If-Match` is asked for.
#[utoipa::path(
    tag = "Previews",
    params(
        ("id" = uuid::Uuid, Path, description = "The article's id"),
        ("link" = uuid::Uuid, Path, description = "The link's id"),
    ),
    responses((status = 204, description = "It is revoked"))
)]
#[delete("/v1/admin/articles/{id}/preview-links/{link}")]
pub(crate) async fn delete_article_preview(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    ids: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    revoke(allowed.who, &request, &app, Kind::Article, &ids, payload).await
}

/// Revoke a preview link to a page
///
/// As one to an article.
#[utoipa::path(
    tag = "Previews",
    params(
        ("id" = uuid::Uuid, Path, description = "The page's id"),
        ("link" = uuid::Uuid, Path, description = "The link's id"),
    ),
    responses((status = 204, description = "It is revoked"))
)]
#[delete("/v1/admin/pages/{id}/preview-links/{link}")]
pub(crate) async fn delete_page_preview(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    ids: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    revoke(allowed.who, &request, &app, Kind::Page, &ids, payload).await
}

async fn list(
    request: &HttpRequest,
    app: &App,
    kind: Kind,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(kind.as_str(), id)?;
    let (change, now) = (app.db.change(), app.db.now());
    let items = app
        .db
        .read_indexed(move |conn| store::list(conn, kind, id, now))
        .await?;
    Answer::json(&PreviewLinks { items })?
        .at(change)
        .to(request)
}

async fn create(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind.as_str(), id)?;
    let content = Content::read(request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let lasting = input::lasting(&content.value).map_err(Error::Invalid)?;
    let token = Opaque::new(OpaqueKind::Preview)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let expires_at = tx.now().plus(lasting);
            let made = store::create(tx, kind, id, &token.hash(), expires_at)?;
            let address = format!("/v1/admin/{}s/{id}/preview-links", kind.as_str());
            let url = shown.api_url(&format!("/v1/preview/{}", token.as_str()));
            reply(&shown.api_url(&address), made, token.as_str(), url)
        })
        .await
}

fn reply(location: &str, made: PreviewLink, token: &str, url: String) -> Result<Reply, Error> {
    /// A link has one version.
    const VERSION: i64 = 1;
    let link = NewPreviewLink {
        id: made.id,
        token: token.to_owned(),
        url,
        user: made.user,
        created_at: made.created_at,
        expires_at: made.expires_at,
    };
    Ok(Reply::created(location.to_owned(), VERSION, &link)?.secret())
}

async fn revoke(
    who: Principal,
    request: &HttpRequest,
    app: &App,
    kind: Kind,
    (id, link): &(String, String),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind.as_str(), id)?;
    let link = parse_id("preview link", link)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    command
        .run(app, move |tx| {
            store::revoke(tx, kind, id, link)?;
            Ok(Reply::no_content())
        })
        .await
}

fn parse_id(what: &'static str, id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound(what))
}
