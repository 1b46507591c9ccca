//! Revisions of articles and pages for editors: what a text said before, what became of it, and the way back.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa::IntoParams;

use super::edit::{parse_id, present};
use super::rendered;
use crate::app::App;
use crate::articles::diff::{self, RevisionDiff};
use crate::articles::edit::AdminArticle;
use crate::articles::model::Kind;
use crate::articles::new::NewArticle;
use crate::articles::render::Removed;
use crate::articles::revision::{Revision, RevisionContent};
use crate::articles::store;
use crate::articles::store::revisions::{self, NEWEST};
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles, WritePages};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::Content;
use crate::http::list::List;
use crate::http::query::{Query, whole_number};
use crate::http::respond::Answer;
use crate::id::Id;

/// The parameters of a list of revisions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list` reads it")]
struct RevisionListQuery {
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
}

/// The parameters of a comparison.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `compare` reads it")]
struct RevisionDiffQuery {
    /// The number of the revision that counts as the earlier one; the one before where nothing is said. 0 is a text that
    /// says nothing.
    #[param(minimum = 0, maximum = 4_294_967_295_i64, example = 0)]
    against: Option<u32>,
}

/// The parameters of the way back.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `put_back` reads it")]
struct RevisionRestoreQuery {
    /// The text stays where it is found now: slug, aliases and locale do not come back.
    keep_slug: Option<bool>,
}

/// List the revisions of an article
///
/// What it said before, the newest first; the newest is the text as it stands. Saves of one editor within ten minutes of
/// the first are one revision, but for what readers got and for moves to another state: those are all kept.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), RevisionListQuery),
    responses((status = 200, description = "One page of revisions", body = List<Revision>, headers(("Link" = String))))
)]
#[get("/v1/admin/articles/{id}/revisions")]
pub(crate) async fn list_article_revisions(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Article, &id).await
}

/// List the revisions of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), RevisionListQuery),
    responses((status = 200, description = "One page of revisions", body = List<Revision>, headers(("Link" = String))))
)]
#[get("/v1/admin/pages/{id}/revisions")]
pub(crate) async fn list_page_revisions(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Page, &id).await
}

/// Get a revision of an article
///
/// With all that it said, the text byte for byte as it was written. Tags and authors have the names of that time.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1")),
    responses((status = 200, description = "The revision", body = Revision))
)]
#[get("/v1/admin/articles/{id}/revisions/{n}")]
pub(crate) async fn get_article_revision(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    get(&request, &app, Kind::Article, &path).await
}

/// Get a revision of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1")),
    responses((status = 200, description = "The revision", body = Revision))
)]
#[get("/v1/admin/pages/{id}/revisions/{n}")]
pub(crate) async fn get_page_revision(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    get(&request, &app, Kind::Page, &path).await
}

/// Compare two revisions of an article
///
/// Which fields differ, and the text word by word as it was written: as pieces, which join to both texts exactly, and as
/// HTML that is safe to show. Compared with the revision before, or any other by `against`.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1"), RevisionDiffQuery),
    responses((status = 200, description = "What differs", body = RevisionDiff))
)]
#[get("/v1/admin/articles/{id}/revisions/{n}/diff")]
pub(crate) async fn get_article_revision_diff(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    compare(&request, &app, Kind::Article, &path).await
}

/// Compare two revisions of a page
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1"), RevisionDiffQuery),
    responses((status = 200, description = "What differs", body = RevisionDiff))
)]
#[get("/v1/admin/pages/{id}/revisions/{n}/diff")]
pub(crate) async fn get_page_revision_diff(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    compare(&request, &app, Kind::Page, &path).await
}

/// Put a revision of an article back
///
/// What it said becomes the next version of the text and a revision of its own. State, time of publication and owner stay
/// as they are now. Slug and locale come back; where something else stands there now, the answer is a 409, and
/// `keep_slug=true` leaves the text where it is found. What led to the text since still does. A tag or an author that is no
/// more is found by name or made again; that and what else cannot come back is told in `warnings`, and in the `note` of
/// the new revision. `If-Match` is not required, and honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1"), RevisionRestoreQuery),
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/revisions/{n}/restore")]
pub(crate) async fn restore_article_revision(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    put_back(allowed.who, &request, app, Kind::Article, &path, payload).await
}

/// Put a revision of a page back
///
/// As of an article.
#[utoipa::path(
    tag = "Editing pages",
    params(("id" = uuid::Uuid, Path, description = "Its id"), ("n" = i64, Path, minimum = 1, description = "The number of the revision", example = "1"), RevisionRestoreQuery),
    responses((status = 200, description = "The page", body = AdminArticle))
)]
#[post("/v1/admin/pages/{id}/revisions/{n}/restore")]
pub(crate) async fn restore_page_revision(
    allowed: Allowed<WritePages>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    put_back(allowed.who, &request, app, Kind::Page, &path, payload).await
}

async fn list(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(NEWEST);
    query.finish()?;
    let id = parse_id(kind, id)?;
    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| revisions::list(conn, kind, id, &asked))
        .await?;
    let (list, link) = List::new(slice, &page, app, request);
    Answer::json(&list)?.at(change).linked(link).to(request)
}

async fn get(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    path: &(String, String),
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let (id, n) = parse_path(kind, path)?;
    let change = app.db.change();
    let (mut revision, words, standing) = app
        .db
        .read_indexed(move |conn| revisions::get(conn, kind, id, n))
        .await?;
    revision.content = Some(Box::new(RevisionContent::new(words, standing)));
    Answer::json(&revision)?.at(change).to(request)
}

async fn compare(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    path: &(String, String),
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let against = query.one("against", whole_number);
    query.finish()?;
    let (id, n) = parse_path(kind, path)?;
    let against = against.map_or(n - 1, i64::from);
    let change = app.db.change();
    let (before, after) = app
        .db
        .read(move |conn| {
            let (_, words, standing) = revisions::get(conn, kind, id, n)?;
            let after = (words, standing);
            if against == 0 {
                return Ok((None, after));
            }
            let (_, words, standing) = revisions::get(conn, kind, id, against)?;
            Ok((Some((words, standing)), after))
        })
        .await?;
    // Long texts take their time, which neither those who wait for this thread nor those who read have.
    let compared = web::block(move || diff::diff(n, against, before.as_ref(), &after))
        .await
        .map_err(|error| Error::internal(format!("comparing: {error}")))?;
    Answer::json(&compared)?.at(change).to(request)
}

async fn put_back(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    kind: Kind,
    path: &(String, String),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (id, n) = parse_path(kind, path)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    let keep_slug = query.flag("keep_slug");
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let based_on = command.may_be_based_on();
    let back = app
        .db
        .read_indexed(move |conn| revisions::put_back(conn, kind, id, n, keep_slug))
        .await?;
    let (read, told) = (back.version, back.told.clone());
    let mut note = vec![format!("revision {n} was put back")];
    note.extend(back.told.iter().cloned());
    let new = rendered(&app, back.input).await?;
    let new = new.by_editor(back.owner).noted(note.join("; "));
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            check_version(&based_on, article.version, &article)?;
            if article.version != read {
                return Err(Error::busy("the text is being changed by someone else"));
            }
            store::replace(tx, id, &new).map_err(in_the_way)?;
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            let reply = Reply::ok(article.version, &article)?;
            Ok(warned(reply, article, &new, &told))
        })
        .await
}

/// Tells what the sanitiser took out, and what could not be put back as it was. The entity tag is that of the text as it
/// will be read.
pub(super) fn warned(
    reply: Reply,
    mut article: AdminArticle,
    new: &NewArticle,
    told: &[String],
) -> Reply {
    if told.is_empty() && new.removed().is_empty() {
        return reply;
    }
    let warnings = told.iter().map(|what| Removed {
        what: what.clone(),
        count: 1,
    });
    article.warnings = new.removed().iter().cloned().chain(warnings).collect();
    Reply {
        body: Some(crate::json::text(&article)),
        ..reply
    }
}

/// Nothing was sent, so what is in the way is no fault of what was sent.
pub(super) fn in_the_way(error: Error) -> Error {
    let Error::Invalid(faults) = &error else {
        return error;
    };
    let slug_taken = faults
        .iter()
        .any(|fault| fault.code == FaultCode::Taken && fault.pointer.as_deref() == Some("/slug"));
    let hint = if slug_taken {
        "; rename what stands there, or keep the slug that the text has now"
    } else {
        ""
    };
    Error::Conflict(format!("{error}{hint}"))
}

fn parse_path(kind: Kind, (id, n): &(String, String)) -> Result<(Id, i64), Refusal> {
    let id = parse_id(kind, id)?;
    let n = whole_number(n).ok().map(i64::from).filter(|n| *n > 0);
    Ok((id, n.ok_or(Error::NotFound("revision"))?))
}
