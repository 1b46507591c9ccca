//! Writes of articles and pages: each is made ready here, for its own route and for a batch.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{parse_id, present};
use crate::app::App;
use crate::articles::edit::{self, AdminArticle, Draft};
use crate::articles::model::{Kind, Transition};
use crate::articles::new::{NewArticle, Rules};
use crate::articles::store;
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::query::Query;

/// Above this many bytes a text is rendered on another thread: a megabyte takes some 30 ms, and others wait meanwhile.
const RENDERED_HERE: usize = 16 * 1024;

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

pub(super) async fn create(
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
    let (write, _) = creating(&app, content.value, kind).await?;
    command.run(&app, write).await
}

/// The creation of a text, and the bytes of what is written in it.
pub(crate) async fn creating(
    app: &web::Data<App>,
    value: Value,
    kind: Kind,
) -> Result<(Write, usize), Refusal> {
    let new = parse(app, value, kind).await?;
    let bytes = new.written().len();
    let shown = app.clone();
    let write: Write = Box::new(move |tx| {
        let stored = store::create(tx, &new)?;
        let mut article = store::edit::get(tx.conn(), kind, stored.id)?;
        present(&mut article, &shown);
        let location = format!("/v1/admin/{}s/{}", kind.as_str(), article.id);
        let reply = Reply::created(shown.api_url(&location), article.version, &article)?;
        warned(reply, article, &new)
    });
    Ok((write, bytes))
}

/// How a whole text comes of what is sent and what is there.
#[derive(Clone, Copy)]
pub(crate) enum How {
    Patch,
    Put,
}

pub(super) async fn change(
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
    let (write, _) = changing(&app, (kind, id), based_on, content.value, how).await?;
    command.run(&app, write).await
}

/// The change of a text, and the bytes of what is written in it then.
pub(crate) async fn changing(
    app: &web::Data<App>,
    (kind, id): (Kind, &str),
    based_on: IfMatch,
    sent: Value,
    how: How,
) -> Result<(Write, usize), Refusal> {
    let id = parse_id(kind, id)?;
    let (present_now, text) = app
        .db
        .read_indexed(move |conn| store::edit::with_text(conn, kind, id))
        .await?;
    let merged_into = present_now.version;
    let present_now = present_now.writable(&text);
    let named = |name: &str| matches!(how, How::Put) || sent.get(name).is_some();
    let (tags_sent, authors_sent) = (named("tags"), named("authors"));
    let whole = match how {
        How::Patch => edit::patched(present_now, &sent),
        How::Put => edit::replaced(present_now, sent),
    };
    let new = parse(app, whole, kind).await?;
    let bytes = new.written().len();
    let shown = app.clone();
    let write: Write = Box::new(move |tx| {
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
        store::replace(tx, id, &new).map_err(|error| match error {
            // They were filled in by what was read, and went meanwhile: whoever sends it once more has them no more.
            Error::Invalid(faults)
                if faults.iter().all(|fault| {
                    !tags_sent && fault.is_within("/tags")
                        || !authors_sent && fault.is_within("/authors")
                }) =>
            {
                Error::busy("a tag or an author of it is being removed")
            }
            error => error,
        })?;
        let mut article = store::edit::get(tx.conn(), kind, id)?;
        present(&mut article, &shown);
        warned(Reply::ok(article.version, &article)?, article, &new)
    });
    Ok((write, bytes))
}

pub(super) async fn remove(
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

pub(super) async fn send(
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
