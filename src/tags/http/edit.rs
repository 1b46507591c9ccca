//! Tags for editors.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, put, web};
use serde_json::{Value, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use super::NamedListQuery;
use crate::app::App;
use crate::auth::extract::{Allowed, ReadDrafts, WriteTags};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::list::List;
use crate::http::query::{Query, Refused, one_of};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::slug;
use crate::tags::input;
use crate::tags::model::{AdminTag, TagSort};
use crate::tags::store;
use crate::tags::words::Words;

/// What names are searched for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `words` reads it")]
pub struct WordsQuery {
    /// Words of the name or the slug, or parts of them; all of them must be there.
    #[param(min_length = 1, max_length = 200, pattern = r"\S", example = "health")]
    q: Option<String>,
}

/// Reads what names are searched for.
///
/// # Errors
/// Where there is no word, or too much.
pub fn words(text: &str) -> Result<Words, Refused> {
    if text.chars().count() > 200 {
        return Err((FaultCode::TooLarge, "has at most 200 characters".into()));
    }
    Words::parse(text).ok_or_else(|| (FaultCode::TooSmall, "has one word at least".into()))
}

/// A list of slugs; of a list's items the derive cannot say how they are spelled.
fn slugs() -> Schema {
    let slug = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(slug::MAX_LEN))
        .pattern(Some("^[a-z0-9]+(-[a-z0-9]+)*$"));
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(slug)
        .max_items(Some(100))
        .unique_items(true)
        .description(Some(
            "Other slugs that lead to it. A slug that is changed is kept among them.",
        ))
        .examples([json!(["biking"])])
        .into()
}

/// The fields of a tag, with the name as it is wanted.
macro_rules! input {
    ($(#[$about:meta])* $name:ident, $(#[$of_name:meta])* $type:ty) => {
        $(#[$about])*
        #[derive(ToSchema)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "documents what `input::tag` reads")]
        struct $name {
            /// Its name for people. No two tags have one that differs in case and white space alone.
            $(#[$of_name])*
            name: $type,
            /// Its name in addresses; made from the name where nothing is said.
            #[schema(min_length = 1, max_length = 96, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "cycling")]
            slug: Option<String>,
            /// What it is about.
            #[schema(max_length = 5000, example = "On two wheels.")]
            description: Option<String>,
            /// The broader tag that it belongs to, by id, slug or name.
            #[schema(example = "wellbeing")]
            parent: Option<String>,
            /// Other slugs that lead to it. A slug that is changed is kept among them.
            #[schema(schema_with = slugs)]
            aliases: Option<Vec<String>>,
        }
    };
}

input!(
    /// A tag to be made, or to be put in another's place. Only the name is required.
    NewTagInput,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", example = "Cycling")]
    String
);

input!(
    /// What is to be changed of a tag: what is left out stays, null clears.
    TagChange,
    #[schema(min_length = 1, max_length = 200, pattern = r"\S", nullable = false, example = "Cycling")]
    Option<String>
);

/// List all tags
///
/// Those that nothing published carries too.
#[utoipa::path(
    tag = "Editing tags",
    params(WordsQuery, NamedListQuery),
    responses((status = 200, description = "One page of tags", body = List<AdminTag>, headers(("Link" = String))))
)]
#[get("/v1/admin/tags")]
pub(crate) async fn list_all_tags(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| one_of(text, TagSort::ALL, TagSort::as_str))
        .unwrap_or(TagSort::Name);
    let page = query.page(sort.as_str());
    let count = query.flag("count");
    let words = query.one("q", words);
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let indexed = words.is_none() && !count && page.offset() <= 1_000;
    let read = move |conn: &mut _| store::edit::list(conn, words.as_ref(), sort, &asked, count);
    let slice = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get any tag
///
/// With its aliases.
#[utoipa::path(
    tag = "Editing tags",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The tag", body = AdminTag))
)]
#[get("/v1/admin/tags/{id}")]
pub(crate) async fn get_any_tag(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let tag = app
        .db
        .read_indexed(move |conn| store::edit::get(conn, id))
        .await?;
    Answer::json(&tag)?
        .at(change)
        .version(tag.version)
        .to(&request)
}

/// Create a tag
///
/// Readers see it once something published carries it, or a tag below it.
#[utoipa::path(
    tag = "Editing tags",
    request_body = NewTagInput,
    responses((status = 201, description = "The tag", body = AdminTag))
)]
#[post("/v1/admin/tags")]
pub(crate) async fn create_tag(
    allowed: Allowed<WriteTags>,
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

/// Change a tag
///
/// A merge patch (RFC 7396): what is left out stays, null clears. A former slug keeps leading to the tag until `aliases`
/// leaves it out.
#[utoipa::path(
    tag = "Editing tags",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((TagChange = "application/json"), (TagChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The tag", body = AdminTag))
)]
#[patch("/v1/admin/tags/{id}")]
pub(crate) async fn update_tag(
    allowed: Allowed<WriteTags>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, &id, payload, input::patched).await
}

/// Replace a tag
///
/// What is left out is emptied, but for the slug and the aliases, which stay.
#[utoipa::path(
    tag = "Editing tags",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body = NewTagInput,
    responses((status = 200, description = "The tag", body = AdminTag))
)]
#[put("/v1/admin/tags/{id}")]
pub(crate) async fn replace_tag(
    allowed: Allowed<WriteTags>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, &id, payload, input::replaced).await
}

/// Delete a tag
///
/// No text carries it any more, its aliases lead nowhere, and the tags below it have no parent.
#[utoipa::path(
    tag = "Editing tags",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/tags/{id}")]
pub(crate) async fn delete_tag(
    allowed: Allowed<WriteTags>,
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

/// Puts in a tag's place what `whole` makes of it and of what was sent.
async fn change(
    who: Principal,
    request: &HttpRequest,
    app: &App,
    id: &str,
    payload: web::Payload,
    whole: fn(&AdminTag, &Value) -> Value,
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

/// The creation of a tag.
pub(crate) fn creating(app: &web::Data<App>, value: &Value) -> Result<Write, Refusal> {
    let new = input::tag(value).map_err(Error::Invalid)?;
    let made_at = app.clone();
    Ok(Box::new(move |tx| {
        let id = store::create(tx, &new)?;
        let tag = store::edit::get(tx.conn(), id)?;
        let location = made_at.api_url(&format!("/v1/admin/tags/{id}"));
        Reply::created(location, tag.version, &tag)
    }))
}

/// The change of a tag to what `whole` makes of it and of what was sent.
pub(crate) fn changing(
    id: &str,
    based_on: IfMatch,
    sent: Value,
    whole: fn(&AdminTag, &Value) -> Value,
) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::edit::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        let new = input::tag(&whole(&present, &sent)).map_err(Error::Invalid)?;
        let tag = store::update(tx, id, &new)?;
        Reply::ok(tag.version, &tag)
    }))
}

/// The removal of a tag.
pub(crate) fn deleting(id: &str, based_on: IfMatch) -> Result<Write, Refusal> {
    let id = parse_id(id)?;
    Ok(Box::new(move |tx| {
        let present = store::edit::get(tx.conn(), id)?;
        check_version(&based_on, present.version, &present)?;
        store::delete(tx, id)?;
        Ok(Reply::no_content())
    }))
}

pub(super) fn parse_id(id: &str) -> Result<Id, Refusal> {
    id.parse().map_err(|_no_id| Error::NotFound("tag").into())
}
