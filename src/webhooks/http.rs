//! Webhooks for admins.

pub mod sent;

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::model::{EventName, Webhook};
use super::{input, sign, store};
use crate::app::App;
use crate::auth::extract::{Administer, Allowed};
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;
use crate::time::Time;

/// The parameters of the list of webhooks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_webhooks` reads it")]
struct WebhookListQuery {
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

/// A webhook to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::new_webhook` reads")]
pub(crate) struct NewWebhookInput {
    /// What it is for.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "The build of the website"
    )]
    name: String,
    /// Where the requests go: http or https, without a user and without a fragment.
    #[schema(max_length = 2048, example = "https://build.example.org/hooks")]
    url: String,
    /// What it is told of, each named once: events, all of one kind as `article.*`, or everything as `*`.
    #[schema(min_items = 1, example = json!(["article.published", "article.unpublished"]))]
    events: BTreeSet<EventName>,
    /// Only of texts that carry this tag, and of the tag itself.
    #[schema(example = json!(null))]
    tag: Option<uuid::Uuid>,
    /// Whether anything is sent; true where nothing is said.
    #[schema(nullable = false, example = true)]
    enabled: Option<bool>,
}

/// What is to change of a webhook: what is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::webhook_change` reads")]
pub(crate) struct WebhookPatch {
    /// What it is for.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "The build of the website"
    )]
    name: Option<String>,
    /// Where the requests go: http or https, without a user and without a fragment.
    #[schema(
        nullable = false,
        max_length = 2048,
        example = "https://build.example.org/hooks"
    )]
    url: Option<String>,
    /// What it is told of, each named once: events, all of one kind as `article.*`, or everything as `*`.
    #[schema(nullable = false, min_items = 1, example = json!(["article.*"]))]
    events: Option<BTreeSet<EventName>>,
    /// Only of texts that carry this tag, and of the tag itself; null for all.
    #[schema(example = json!(null))]
    tag: Option<uuid::Uuid>,
    /// Whether anything is sent. Enabled, it is told of what comes from then on.
    #[schema(nullable = false, example = true)]
    enabled: Option<bool>,
}

/// A webhook with its secret.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookWithSecret {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: Id,
    /// What signs the requests: `whsec_` and the base64 of 32 bytes. It is shown this once.
    #[schema(pattern = r"^whsec_[A-Za-z0-9+/]{43}=$")]
    secret: String,
    /// What it is for.
    name: String,
    /// Where the requests go.
    url: String,
    /// What it is told of.
    #[schema(value_type = Vec<EventName>, min_items = 1)]
    events: Vec<String>,
    /// Only of texts that carry this tag, and of the tag itself. Null where it is told of all.
    #[schema(value_type = Option<uuid::Uuid>)]
    tag: Option<Id>,
    /// Whether anything is sent.
    enabled: bool,
    /// Why the server disabled it. Null where it did not.
    disabled_reason: Option<String>,
    /// When its secret took the place of another, which signs too for 24 hours. Null where it never did.
    #[schema(value_type = Option<String>, format = DateTime)]
    rotated_at: Option<Time>,
    /// How often it was changed.
    #[schema(minimum = 1)]
    version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Time,
}

impl WebhookWithSecret {
    fn new(webhook: Webhook, secret: String) -> Self {
        Self {
            id: webhook.id,
            secret,
            name: webhook.name,
            url: webhook.url,
            events: webhook.events,
            tag: webhook.tag,
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason,
            rotated_at: webhook.rotated_at,
            version: webhook.version,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// List webhooks
///
/// All of them, in the order in which they were made.
#[utoipa::path(
    tag = "Webhooks",
    params(WebhookListQuery),
    responses((status = 200, description = "One page of webhooks", body = List<Webhook>, headers(("Link" = String))))
)]
#[get("/v1/admin/webhooks")]
pub(crate) async fn list_webhooks(
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

/// Get a webhook
///
/// Where it leads and what it is told of. Never its secret.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The webhook", body = Webhook))
)]
#[get("/v1/admin/webhooks/{id}")]
pub(crate) async fn get_webhook(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let webhook = app
        .db
        .read_indexed(move |conn| store::get(conn, id))
        .await?;
    let version = webhook.version;
    Answer::json(&webhook)?
        .at(change)
        .version(version)
        .to(&request)
}

/// Create a webhook
///
/// The answer has the secret that signs its requests, this once. It is told of what comes after this write.
#[utoipa::path(
    tag = "Webhooks",
    request_body = NewWebhookInput,
    responses((status = 201, description = "The webhook", body = WebhookWithSecret))
)]
#[post("/v1/admin/webhooks")]
pub(crate) async fn create_webhook(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let new = input::new_webhook(&content.value).map_err(Error::Invalid)?;
    app.webhooks.may_lead_to(&new.url)?;
    let salt = sign::salt()?;
    let secret = app.webhooks.secret(&salt)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let made = store::create(tx, &new, &salt)?;
            let location = shown.api_url(&format!("/v1/admin/webhooks/{}", made.id));
            // The entity tag is that of the webhook as it will be read.
            let reply = Reply::created(location, made.version, &made)?;
            Ok(with_secret(reply, made, &secret))
        })
        .await
}

/// Change a webhook
///
/// A merge patch (RFC 7396): what is left out stays. What is on its way to it goes to where it leads then.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((WebhookPatch = "application/json"), (WebhookPatch = "application/merge-patch+json"))),
    responses((status = 200, description = "The webhook", body = Webhook))
)]
#[patch("/v1/admin/webhooks/{id}")]
pub(crate) async fn update_webhook(
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
    let based_on = command.based_on()?;
    let change = input::webhook_change(&content.value).map_err(Error::Invalid)?;
    if let Some(url) = &change.url {
        app.webhooks.may_lead_to(url)?;
    }
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            let webhook = store::update(tx, id, &change.of(&present))?;
            Reply::ok(webhook.version, &webhook)
        })
        .await
}

/// Delete a webhook
///
/// What is on its way to it goes with it.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/webhooks/{id}")]
pub(crate) async fn delete_webhook(
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
            store::delete(tx, id)?;
            Ok(Reply::no_content())
        })
        .await
}

/// Rotate the secret of a webhook
///
/// The answer has the new secret, this once. For 24 hours requests are signed with the one before, too.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The webhook with its new secret", body = WebhookWithSecret))
)]
#[post("/v1/admin/webhooks/{id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
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
    let salt = sign::salt()?;
    let secret = app.webhooks.secret(&salt)?;
    command
        .run(&app, move |tx| {
            let webhook = store::rotate(tx, id, &salt)?;
            let reply = Reply::ok(webhook.version, &webhook)?;
            Ok(with_secret(reply, webhook, &secret))
        })
        .await
}

/// The same answer with the secret in it, which nobody keeps.
fn with_secret(reply: Reply, webhook: Webhook, secret: &str) -> Reply {
    let body = crate::json::text(&WebhookWithSecret::new(webhook, secret.to_owned()));
    Reply {
        body: Some(body),
        ..reply
    }
    .secret()
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("webhook"))
}
