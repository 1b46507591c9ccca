//! Authors for editors.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::articles::model::Image;
use crate::auth::extract::{Allowed, ReadDrafts, WriteAuthors};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::authors::input;
use crate::authors::model::{AdminAuthor, AuthorSort, Link};
use crate::authors::store;
use crate::authors::store::edit::EditFilter;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::list::List;
use crate::http::query::{Query, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::tags::http::NamedListQuery;
use crate::tags::http::edit::{WordsQuery, words};

/// The filters of a list of authors beside those of names.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_all_authors` reads it")]
struct OfUserQuery {
    /// The profile of this account.
    user: Option<uuid::Uuid>,
}

/// The fields of an author, with the name as it is wanted.
macro_rules! input {
    ($(#[$about:meta])* $name:ident, $(#[$of_name:meta])* $type:ty) => {
        #[derive(ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "documents what `input::author` reads")]
        struct $name {
            /// Their name for people.
            $(#[$of_name])*
            name: $type,
            /// Their name in addresses; made from the name where nothing is said.
            #[schema(min_length = 1, max_length = 96, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "grace-hopper")]
            slug: Option<String>,
            /// A few words about them, plain text.
            #[schema(max_length = 5000, example = "Writes about machines.")]
            bio: Option<String>,
            /// Their picture.
            #[schema(example = json!(null))]
            avatar: Option<Image>,
            /// Where else they are.
            #[schema(max_items = 50, example = json!([{"label": "Home", "url": "https://example.org/grace"}]))]
            links: Option<Vec<Link>>,
            /// The account whose profile it is; no two profiles are of one account. An editor's to change.
            #[schema(example = json!(null))]
            user: Option<uuid::Uuid>,
        }
    };
}

input!(
    /// An author to be made, or to be put in another's place. Only the name is required.
    #[schema(example = json!({
        "name": "Grace Hopper",
        "bio": "Writes about machines.",
        "links": [{"label": "Home", "url": "https://example.org/grace"}]
    }))]
    NewAuthorInput,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Grace Hopper")]
    String
);

input!(
    /// What is to be changed of an author: what is left out stays, null clears.
    #[schema(example = json!({"bio": "Writes about machines.", "avatar": null}))]
    AuthorChange,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", nullable = false, example = "Grace Hopper")]
    Option<String>
);

/// List all authors
///
/// Those whose name stands under nothing published too.
#[utoipa::path(
    tag = "Editing authors",
    params(WordsQuery, OfUserQuery, NamedListQuery),
    responses((status = 200, description = "One page of authors", body = List<AdminAuthor>, headers(("Link" = String))))
)]
#[get("/v1/admin/authors")]
pub(crate) async fn list_all_authors(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| {
            one_of(text, AuthorSort::ALL, AuthorSort::as_str)
        })
        .unwrap_or(AuthorSort::Name);
    let page = query.page(sort.as_str());
    let count = query.flag("count");
    let filter = EditFilter {
        words: query.one("q", words),
        user: query.one("user", parsed),
    };
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let indexed = filter.words.is_none() && !count && page.offset() <= 1_000;
    let read = move |conn: &mut _| store::edit::list(conn, &filter, sort, &asked, count);
    let slice = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get any author
///
/// With the account whose profile it is.
#[utoipa::path(
    tag = "Editing authors",
    params(("id" = uuid::Uuid, Path, description = "Their id")),
    responses((status = 200, description = "The author", body = AdminAuthor))
)]
#[get("/v1/admin/authors/{id}")]
pub(crate) async fn get_any_author(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let author = app
        .db
        .read_indexed(move |conn| store::edit::get(conn, id))
        .await?;
    Answer::json(&author)?
        .at(change)
        .version(author.version)
        .to(&request)
}

/// Create an author
///
/// Readers see them once their name stands under something published.
#[utoipa::path(
    tag = "Editing authors",
    request_body = NewAuthorInput,
    responses((status = 201, description = "The author", body = AdminAuthor))
)]
#[post("/v1/admin/authors")]
pub(crate) async fn create_author(
    allowed: Allowed<WriteAuthors>,
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

/// Change an author
///
/// A merge patch (RFC 7396): what is left out stays, null clears. Everyone who writes may change their own profile, all but
/// whose it is.
#[utoipa::path(
    tag = "Editing authors",
    params(("id" = uuid::Uuid, Path, description = "Their id")),
    request_body(content((AuthorChange = "application/json"), (AuthorChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The author", body = AdminAuthor))
)]
#[patch("/v1/admin/authors/{id}")]
pub(crate) async fn update_author(
    allowed: Allowed<WriteAuthors>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, &id, payload, input::patched).await
}

/// Replace an author
///
/// What is left out is emptied, but for the slug and the account, which stay.
#[utoipa::path(
    tag = "Editing authors",
    params(("id" = uuid::Uuid, Path, description = "Their id")),
    request_body = NewAuthorInput,
    responses((status = 200, description = "The author", body = AdminAuthor))
)]
#[put("/v1/admin/authors/{id}")]
pub(crate) async fn replace_author(
    allowed: Allowed<WriteAuthors>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, &id, payload, input::replaced).await
}

/// Delete an author
///
/// Their name stands under no text any more.
#[utoipa::path(
    tag = "Editing authors",
    params(("id" = uuid::Uuid, Path, description = "Their id")),
    responses((status = 204, description = "They are gone"))
)]
#[delete("/v1/admin/authors/{id}")]
pub(crate) async fn delete_author(
    allowed: Allowed<WriteAuthors>,
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

/// Puts in an author's place what `whole` makes of it and of what was sent.
async fn change(
    who: Principal,
    request: &HttpRequest,
    app: &App,
    id: &str,
    payload: web::Payload,
    whole: fn(&AdminAuthor, &Value) -> Value,
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

/// The creation of an author.
pub(crate) fn creating(app: &web::Data<App>, value: &Value) -> Result<Write, Refusal> {
    let new = input::author(value).map_err(Error::Invalid)?;
    let made_at = app.clone();
    Ok(Box::new(move |tx| {
        let id = store::create(tx, &new)?;
        let author = store::edit::get(tx.conn(), id)?;
        let location = made_at.api_url(&format!("/v1/admin/authors/{id}"));
        Reply::created(location, author.version, &author)
    }))
}

/// The change of an author to what `whole` makes of it and of what was sent.
pub(crate) fn changing(
    id: &str,
    based_on: IfMatch,
    sent: Value,
    whole: fn(&AdminAuthor, &Value) -> Value,
) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::edit::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        let new = input::author(&whole(&present, &sent)).map_err(Error::Invalid)?;
        let author = store::update(tx, id, &new)?;
        Reply::ok(author.version, &author)
    }))
}

/// The removal of an author.
pub(crate) fn deleting(id: &str, based_on: IfMatch) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::edit::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        store::delete(tx, id)?;
        Ok(Reply::no_content())
    }))
}

fn parse_id(id: &str) -> Result<Id, Refusal> {
    id.parse()
        .map_err(|_no_id| Error::NotFound("author").into())
}
