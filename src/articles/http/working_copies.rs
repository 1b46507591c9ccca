//! Working copies for editors: changes of a text that is out, which readers see once they are published.

pub mod pages;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::edit::writes::How;
use super::edit::{parse_id, present};
use super::input::{ArticleChange, NewArticleInput};
use super::rendered;
use super::revisions::{in_the_way, warned};
use crate::app::App;
use crate::articles::edit::{self, AdminArticle, Draft};
use crate::articles::model::{ArticleInput, Kind};
use crate::articles::new::NewArticle;
use crate::articles::render;
use crate::articles::store;
use crate::articles::store::working_copies::{self, Versions};
use crate::articles::words::Standing;
use crate::articles::working_copy::WorkingCopy;
use crate::auth::extract::{Allowed, ReadDrafts, WriteArticles};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::db::Tx;
use crate::error::{Error, Fault, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::query::{Query, whole_number};
use crate::http::respond::Answer;
use crate::id::Id;

/// The parameters of a publication.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `publish` reads it")]
struct WorkingCopyPublishQuery {
    /// The version of the text that the copy may take the place of; the one that it is based on where nothing is said. Name
    /// the present one to publish over what was changed meanwhile.
    #[param(minimum = 1, maximum = 4_294_967_295_i64)]
    over: Option<u32>,
}

/// Get the working copy of an article
///
/// The text as it would be if the copy were published; `working_copy` says which version it is based on. 404 where there is
/// none. Its entity tag is that of the copy.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The article, as it would be", body = AdminArticle))
)]
#[get("/v1/admin/articles/{id}/working-copy")]
pub(crate) async fn get_article_working_copy(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_copy(&request, &app, Kind::Article, &id).await
}

/// Change the working copy of an article
///
/// A merge patch (RFC 7396) of the copy, or of the text where it has none yet: that begins one. Readers see nothing of it.
/// Only what is out, scheduled or archived gets one; a draft is changed itself. State, time of publication and owner are
/// not for the copy to change. The first save names the `ETag` of the text in `If-Match`, later ones that of the copy.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((ArticleChange = "application/json"), (ArticleChange = "application/merge-patch+json"))),
    responses((status = 200, description = "What is known of the copy", body = WorkingCopy))
)]
#[patch("/v1/admin/articles/{id}/working-copy")]
pub(crate) async fn update_article_working_copy(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    save(
        allowed.who,
        &request,
        app,
        (Kind::Article, &id),
        payload,
        How::Patch,
    )
    .await
}

/// Replace the working copy of an article
///
/// As it is changed. What is left out is emptied, but for the slug and its aliases and the locale, which stay.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewArticleInput,
    responses((status = 200, description = "What is known of the copy", body = WorkingCopy))
)]
#[put("/v1/admin/articles/{id}/working-copy")]
pub(crate) async fn replace_article_working_copy(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    save(
        allowed.who,
        &request,
        app,
        (Kind::Article, &id),
        payload,
        How::Put,
    )
    .await
}

/// Throw the working copy of an article away
///
/// The text stays as it is.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It has none any more"))
)]
#[delete("/v1/admin/articles/{id}/working-copy")]
pub(crate) async fn delete_article_working_copy(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    discard(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

/// Publish the working copy of an article
///
/// It takes the place of the text in one write, and is gone. The text stays in its state. Where the text was changed since
/// the copy was begun, the answer is a 409 that names its version: compare, and name that version in `over`, or begin
/// anew. A move to another state alone is no such change. `If-Match` is not required; it names the copy, and is honoured.
#[utoipa::path(
    tag = "Editing articles",
    params(("id" = uuid::Uuid, Path, description = "Its id"), WorkingCopyPublishQuery),
    responses((status = 200, description = "The article", body = AdminArticle))
)]
#[post("/v1/admin/articles/{id}/working-copy/publish")]
pub(crate) async fn publish_article_working_copy(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    publish(allowed.who, &request, app, (Kind::Article, &id), payload).await
}

async fn get_copy(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(kind, id)?;
    let change = app.db.change();
    let (article, words, names) = app
        .db
        .read_indexed(move |conn| {
            let article = store::edit::get(conn, kind, id)?;
            let words = working_copies::words(conn, id)?;
            let words = words.ok_or(Error::NotFound("working copy"))?;
            let names = working_copies::names(conn, &words)?;
            Ok((article, words, names))
        })
        .await?;
    let version = article.working_copy.as_ref().map(|copy| copy.version);
    // Saves render nothing, so this does, off the thread: it may be long.
    let mut article = web::block(move || {
        let rendered = render::render(words.format, &words.source);
        article.saying(words, names, rendered)
    })
    .await
    .map_err(|error| Error::internal(format!("rendering: {error}")))??;
    present(&mut article, app);
    let versions = Versions {
        text: article.version,
        copy: version,
    };
    Answer::json(&article)?
        .at(change)
        .version(versions.tag())
        .to(request)
}

async fn save(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
    how: How,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let content = Content::read(request, payload, Size::Article).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let based_on = command.based_on()?;
    let (now, standing, read) = now(&app, kind, id).await?;
    let whole = match how {
        How::Patch => edit::patched(now, &content.value),
        How::Put => edit::replaced(now, content.value),
    };
    let input = checked(&whole, kind, standing, &app)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let versions = working_copies::versions(tx.conn(), kind, id)?;
            check(tx, (kind, id), &based_on, versions, &shown)?;
            if versions != read {
                return Err(Error::busy("the copy is being changed by someone else"));
            }
            working_copies::save(tx, kind, id, &input)?;
            let copy = working_copies::get(tx.conn(), id)?;
            let saved = Versions {
                copy: Some(copy.version),
                ..versions
            };
            Reply::ok(saved.tag(), &copy)
        })
        .await
}

/// What a copy says now, or the text where it has none, as it is sent; where the text stands; and their versions.
async fn now(
    app: &App,
    kind: Kind,
    id: Id,
) -> Result<(Map<String, Value>, Standing, Versions), Refusal> {
    let now = app.db.read_indexed(move |conn| {
        let (article, text) = store::edit::with_text(conn, kind, id)?;
        let standing = Standing {
            status: article.status,
            published_at: article.published_at,
            owner: article.owner,
        };
        let versions = Versions {
            text: article.version,
            copy: article.working_copy.as_ref().map(|copy| copy.version),
        };
        let fields = match working_copies::words(conn, id)? {
            Some(words) => {
                let (tags, authors) = working_copies::keys(conn, &words)?;
                words.writable(&tags, &authors, standing)
            }
            None => article.writable(&text),
        };
        Ok((fields, standing, versions))
    });
    Ok(now.await?)
}

/// What may be kept of what was sent, or all of its faults.
fn checked(
    value: &Value,
    kind: Kind,
    standing: Standing,
    app: &App,
) -> Result<ArticleInput, Error> {
    let (draft, mut faults) = edit::draft(value, kind);
    let Some(Draft { article, owner }) = draft else {
        return Err(Error::Invalid(faults));
    };
    faults.extend(NewArticle::faults(&article, &app.rules));
    let stays = [
        (
            "/status",
            article
                .status
                .is_none_or(|status| status == standing.status),
        ),
        (
            "/published_at",
            article.published_at == standing.published_at,
        ),
        ("/owner", owner == standing.owner),
    ];
    for (pointer, _) in stays.into_iter().filter(|(_, stays)| !stays) {
        let detail = "is not for a working copy to change; leave it out, or change the text itself";
        faults.push(Fault::at(pointer, FaultCode::NotAllowed, detail));
    }
    if faults.is_empty() {
        Ok(article)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// Makes sure that a save is based on the copy as it is, or the first one on the text, and tells the entity tag that would
/// be right where it is not.
fn check(
    tx: &mut Tx<'_>,
    (kind, id): (Kind, Id),
    based_on: &IfMatch,
    versions: Versions,
    app: &App,
) -> Result<(), Error> {
    if based_on.names(versions.tag()) {
        return Ok(());
    }
    if versions.copy.is_some() {
        let copy = working_copies::get(tx.conn(), id)?;
        return check_version(based_on, versions.tag(), &copy);
    }
    let mut article = store::edit::get(tx.conn(), kind, id)?;
    present(&mut article, app);
    check_version(based_on, versions.tag(), &article)
}

async fn discard(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            working_copies::authorise(tx, kind, id)?;
            let versions = working_copies::versions(tx.conn(), kind, id)?;
            if versions.copy.is_some() {
                check(tx, (kind, id), &based_on, versions, &shown)?;
            }
            working_copies::discard(tx, kind, id)?;
            Ok(Reply::no_content())
        })
        .await
}

async fn publish(
    who: Principal,
    request: &HttpRequest,
    app: web::Data<App>,
    (kind, id): (Kind, &str),
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(kind, id)?;
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    let over = query.one("over", whole_number).map(i64::from);
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let based_on = command.may_be_based_on();
    let found = app
        .db
        .read_indexed(move |conn| working_copies::put_in(conn, kind, id));
    let (copy, version) = match found.await {
        // Who could not publish it learns no more than that.
        Err(Error::NotFound("working copy")) => return none(command, &app, kind, id).await,
        found => found?,
    };
    let mut note = vec!["published from a working copy".to_owned()];
    note.extend(copy.told.iter().cloned());
    let told = copy.told;
    let read = Versions {
        text: copy.version,
        copy: Some(version),
    };
    let new = rendered(&app, copy.input).await?;
    let new = new.by_editor(copy.owner).noted(note.join("; "));
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            working_copies::authorise(tx, kind, id)?;
            let versions = working_copies::versions(tx.conn(), kind, id)?;
            check(tx, (kind, id), &based_on, versions, &shown)?;
            if versions != read {
                return Err(Error::busy("the text is being changed by someone else"));
            }
            let copy = working_copies::get(tx.conn(), id)?;
            if versions.text != over.unwrap_or(copy.based_on) {
                return Err(changed_meanwhile(&copy, versions.text));
            }
            store::replace(tx, id, &new).map_err(in_the_way)?;
            working_copies::clear(tx.conn(), id)?;
            let mut article = store::edit::get(tx.conn(), kind, id)?;
            present(&mut article, &shown);
            let reply = Reply::ok(article.version, &article)?;
            Ok(warned(reply, article, &new, &told))
        })
        .await
}

async fn none(
    command: Command,
    app: &web::Data<App>,
    kind: Kind,
    id: Id,
) -> Result<HttpResponse, Refusal> {
    let nothing = move |tx: &mut Tx<'_>| {
        working_copies::authorise(tx, kind, id)?;
        Err(Error::NotFound("working copy"))
    };
    command.run(app, nothing).await
}

fn changed_meanwhile(copy: &WorkingCopy, text: i64) -> Error {
    Error::Conflict(format!(
        "the copy is based on version {} of the text, which is at version {text} by now; compare the two, and name that \
         version in `over`",
        copy.based_on
    ))
}
