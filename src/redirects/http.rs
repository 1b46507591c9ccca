//! Redirects for editors.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::input;
use super::model::{Redirect, RedirectStatus};
use super::store;
use crate::app::App;
use crate::auth::extract::{Allowed, ReadDrafts, WriteRedirects};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;

/// The parameters of a list of redirects.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_redirects` reads it")]
struct RedirectListQuery {
    /// What the path begins with.
    #[param(min_length = 1, max_length = 2048, pattern = "^/", example = "/old")]
    q: Option<String>,
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

/// The fields of a redirect, with the path as it is wanted.
macro_rules! input {
    ($(#[$about:meta])* $name:ident, $(#[$of_path:meta])* $type:ty) => {
        $(#[$about])*
        #[derive(ToSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "documents what `input::redirect` reads")]
        struct $name {
            /// The path on the site that it leads from, without query and fragment, at most 2,048 bytes. Neither an article
            /// nor another redirect stands there.
            $(#[$of_path])*
            path: $type,
            /// The address that it leads to: http or https, or a path on the site. One of `to` and `article` is given.
            #[schema(max_length = 2048, example = "/contact")]
            to: Option<String>,
            /// The article or page that it leads to, whatever its slug is.
            #[schema(example = json!(null))]
            article: Option<uuid::Uuid>,
            /// The HTTP status that it is answered with; 308 where nothing is said.
            #[schema(example = 308)]
            status: Option<RedirectStatus>,
        }
    };
}

input!(
    /// A redirect to be made, or to be put in another's place.
    NewRedirectInput,
    #[schema(max_length = 2048, pattern = r"^/([^/?#\u0000-\u001f\u007f-\u009f][^?#\u0000-\u001f\u007f-\u009f]*)?$", example = "/letters")]
    String
);

input!(
    /// What is to be changed of a redirect: what is left out stays, null clears. Sent as `to` or as `article`, where it
    /// leads takes the place of the other.
    RedirectChange,
    #[schema(max_length = 2048, pattern = r"^/([^/?#\u0000-\u001f\u007f-\u009f][^?#\u0000-\u001f\u007f-\u009f]*)?$", nullable = false, example = "/letters")]
    Option<String>
);

/// List redirects
///
/// All of them, by path.
#[utoipa::path(
    tag = "Redirects",
    params(RedirectListQuery),
    responses((status = 200, description = "One page of redirects", body = List<Redirect>, headers(("Link" = String))))
)]
#[get("/v1/admin/redirects")]
pub(crate) async fn list_redirects(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let prefix = query.one("q", |text| {
        if text.chars().count() > 2048 {
            Err((FaultCode::TooLarge, "has at most 2048 characters".into()))
        } else if text.starts_with('/') {
            Ok(text.to_owned())
        } else {
            Err((FaultCode::Malformed, "a path begins with `/`".into()))
        }
    });
    let page = query.page(store::SORT);
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let indexed = !count && page.offset() <= 1_000;
    let read = move |conn: &mut _| store::list(conn, prefix.as_deref(), &asked, count);
    let slice = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get a redirect
///
/// By id.
#[utoipa::path(
    tag = "Redirects",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The redirect", body = Redirect))
)]
#[get("/v1/admin/redirects/{id}")]
pub(crate) async fn get_redirect(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let redirect = app
        .db
        .read_indexed(move |conn| store::get(conn, id))
        .await?;
    Answer::json(&redirect)?
        .at(change)
        .version(redirect.version)
        .to(&request)
}

/// Create a redirect
///
/// From a path on which nothing stands, to an address or to an article. 308, unless `status` says otherwise: for good, and
/// by the same method.
#[utoipa::path(
    tag = "Redirects",
    request_body = NewRedirectInput,
    responses((status = 201, description = "The redirect", body = Redirect))
)]
#[post("/v1/admin/redirects")]
pub(crate) async fn create_redirect(
    allowed: Allowed<WriteRedirects>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let write = creating(&app, &content.value)?;
    command.run(&app, write).await
}

/// Change a redirect
///
/// A merge patch (RFC 7396): what is left out stays, null clears. Sent as `to` or as `article`, where it leads takes the
/// place of the other.
#[utoipa::path(
    tag = "Redirects",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((RedirectChange = "application/json"), (RedirectChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The redirect", body = Redirect))
)]
#[patch("/v1/admin/redirects/{id}")]
pub(crate) async fn update_redirect(
    allowed: Allowed<WriteRedirects>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, &id, payload, input::patched).await
}

/// Replace a redirect
///
/// Without a status it is 308 again.
#[utoipa::path(
    tag = "Redirects",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewRedirectInput,
    responses((status = 200, description = "The redirect", body = Redirect))
)]
#[put("/v1/admin/redirects/{id}")]
pub(crate) async fn replace_redirect(
    allowed: Allowed<WriteRedirects>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let sent = |_present: &Redirect, sent: &Value| sent.clone();
    change(allowed.who, &request, &app, &id, payload, sent).await
}

/// Delete a redirect
///
/// Its path leads nowhere any more.
#[utoipa::path(
    tag = "Redirects",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/redirects/{id}")]
pub(crate) async fn delete_redirect(
    allowed: Allowed<WriteRedirects>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    parse_id(&id)?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    command.run(&app, deleting(&id, based_on)?).await
}

/// Puts in a redirect's place what `whole` makes of it and of what was sent.
async fn change(
    who: Principal,
    request: &HttpRequest,
    app: &App,
    id: &str,
    payload: web::Payload,
    whole: fn(&Redirect, &Value) -> Value,
) -> Result<HttpResponse, Refusal> {
    parse_id(id)?;
    let content = Content::read(request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    let write = changing(id, based_on, content.value, whole)?;
    command.run(app, write).await
}

/// The creation of a redirect.
pub(crate) fn creating(app: &web::Data<App>, value: &Value) -> Result<Write, Refusal> {
    let new = input::redirect(value).map_err(Error::Invalid)?;
    let made_at = app.clone();
    Ok(Box::new(move |tx| {
        let id = store::create(tx, &new)?;
        let redirect = store::get(tx.conn(), id)?;
        let location = made_at.api_url(&format!("/v1/admin/redirects/{id}"));
        Reply::created(location, redirect.version, &redirect)
    }))
}

/// The change of a redirect to what `whole` makes of it and of what was sent.
pub(crate) fn changing(
    id: &str,
    based_on: IfMatch,
    sent: Value,
    whole: fn(&Redirect, &Value) -> Value,
) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        let new = input::redirect(&whole(&present, &sent)).map_err(Error::Invalid)?;
        let redirect = store::update(tx, id, &new)?;
        Reply::ok(redirect.version, &redirect)
    }))
}

/// The removal of a redirect.
pub(crate) fn deleting(id: &str, based_on: IfMatch) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        store::delete(tx, id)?;
        Ok(Reply::no_content())
    }))
}

fn parse_id(id: &str) -> Result<Id, Refusal> {
    id.parse()
        .map_err(|_no_id| Error::NotFound("redirect").into())
}
