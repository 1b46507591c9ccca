//! API keys for admins.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::model::ApiKey;
use super::{input, store};
use crate::app::App;
use crate::auth::extract::{Administer, Allowed};
use crate::auth::model::Scope;
use crate::auth::replays::Reply;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::auth::write::{Command, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// The parameters of the list of API keys.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_api_keys` reads it")]
struct KeyListQuery {
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

/// An API key to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::new_key` reads")]
pub(crate) struct NewKeyInput {
    /// What it is for.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "The build of the website"
    )]
    name: String,
    /// What it may do, each thing once.
    #[schema(min_items = 1, example = json!(["drafts:read"]))]
    scopes: BTreeSet<Scope>,
    /// From when on it counts for nothing. Without it, it lasts until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime, example = "2999-12-31T00:00:00Z")]
    expires_at: Option<String>,
}

/// What is to change of an API key: what is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::key_change` reads")]
pub(crate) struct KeyPatch {
    /// What it is for.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "The build of the website"
    )]
    name: Option<String>,
    /// What it may do, each thing once.
    #[schema(nullable = false, min_items = 1, example = json!(["drafts:read"]))]
    scopes: Option<BTreeSet<Scope>>,
    /// From when on it counts for nothing; null where it is to last until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime, example = "2999-12-31T00:00:00Z")]
    expires_at: Option<String>,
}

/// An API key that was just made, with the key itself.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: Id,
    /// To be sent as `Authorization: Bearer`. It is shown this once and kept nowhere.
    key: String,
    /// What it is for.
    name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Who made it. It counts as long as they are an admin.
    user: UserRef,
    /// How often it was changed.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
    /// From when on it counts for nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Time>,
    /// When it was last used: never yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<Time>,
}

impl NewApiKey {
    fn new(made: ApiKey, key: String) -> Self {
        Self {
            id: made.id,
            key,
            name: made.name,
            scopes: made.scopes,
            user: made.user,
            version: made.version,
            created_at: made.created_at,
            updated_at: made.updated_at,
            expires_at: made.expires_at,
            used_at: made.used_at,
        }
    }
}

/// List API keys
///
/// The keys of all admins that have not been revoked, in the order in which they were made; those that have expired, too.
#[utoipa::path(
    tag = "API keys",
    params(KeyListQuery),
    responses((status = 200, description = "One page of API keys", body = List<ApiKey>, headers(("Link" = String))))
)]
#[get("/v1/admin/api-keys")]
pub(crate) async fn list_api_keys(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SORT);
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::list(conn, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get an API key
///
/// What it may do, and when it was last used. Never the key itself.
#[utoipa::path(
    tag = "API keys",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The API key", body = ApiKey))
)]
#[get("/v1/admin/api-keys/{id}")]
pub(crate) async fn get_api_key(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let key = app
        .db
        .read_indexed(move |conn| store::get(conn, id))
        .await?;
    let version = key.version;
    Answer::json(&key)?.at(change).version(version).to(&request)
}

/// Create an API key
///
/// The answer has the key itself, this once. It may do what its scopes name, never run accounts or make keys, and counts
/// as long as whoever made it is an admin.
#[utoipa::path(
    tag = "API keys",
    request_body = NewKeyInput,
    responses((status = 201, description = "The API key", body = NewApiKey))
)]
#[post("/v1/admin/api-keys")]
pub(crate) async fn create_api_key(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let new = input::new_key(&content.value, app.db.now()).map_err(Error::Invalid)?;
    let key = Opaque::new(OpaqueKind::Key)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let made = store::create(tx, &new, &key.hash())?;
            let location = shown.api_url(&format!("/v1/admin/api-keys/{}", made.id));
            // The entity tag is that of the key as it will be read.
            let reply = Reply::created(location, made.version, &made)?;
            let body = crate::json::text(&NewApiKey::new(made, key.as_str().to_owned()));
            Ok(Reply {
                body: Some(body),
                ..reply
            }
            .secret())
        })
        .await
}

/// Change an API key
///
/// A merge patch (RFC 7396): what is left out stays. What the key may do counts from its next request on.
#[utoipa::path(
    tag = "API keys",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((KeyPatch = "application/json"), (KeyPatch = "application/merge-patch+json"))),
    responses((status = 200, description = "The API key", body = ApiKey))
)]
#[patch("/v1/admin/api-keys/{id}")]
pub(crate) async fn update_api_key(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let based_on = command.based_on()?;
    let change = input::key_change(&content.value, app.db.now()).map_err(Error::Invalid)?;
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            let key = store::update(tx, id, &change.of(&present))?;
            Reply::ok(key.version, &key)
        })
        .await
}

/// Revoke an API key
///
/// It counts for nothing from now on, for good.
#[utoipa::path(
    tag = "API keys",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is revoked"))
)]
#[delete("/v1/admin/api-keys/{id}")]
pub(crate) async fn delete_api_key(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            store::revoke(tx, id)?;
            Ok(Reply::no_content())
        })
        .await
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("API key"))
}
