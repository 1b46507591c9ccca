//! Looking after one's own account.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, put, web};
use utoipa::ToSchema;

use super::{Me, Sessions, end_one, new_password, prove_password, session_of, texts};
use crate::app::App;
use crate::auth::extract::{Allowed, SignedIn};
use crate::auth::replays::Reply;
use crate::auth::store;
use crate::auth::write::{Command, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::users;

/// See who you are
///
/// The account that asks.
#[utoipa::path(tag = "Me", responses((status = 200, description = "The account", body = Me)))]
#[get("/v1/admin/me")]
pub(crate) async fn get_me(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let (change, id) = (app.db.change(), allowed.who.user);
    let user = app
        .db
        .read_indexed(move |conn| users::store::get(conn, id))
        .await?;
    let version = user.version;
    Answer::json(&Me::from(user))?
        .at(change)
        .version(version)
        .to(&request)
}

/// What one may change of one's own account.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `update_me` reads")]
pub(crate) struct MePatch {
    /// The name for people.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Ada Lovelace"
    )]
    name: Option<String>,
}

/// Change your name
///
/// A merge patch of what one may change of one's own account. The address and the role are an admin's to change.
#[utoipa::path(
    tag = "Me",
    request_body(content((MePatch = "application/json"), (MePatch = "application/merge-patch+json"))),
    responses((status = 200, description = "The account", body = Me))
)]
#[patch("/v1/admin/me")]
pub(crate) async fn update_me(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    let name = users::input::own_name(&content.value).map_err(Error::Invalid)?;
    let id = command.who().user;
    command
        .run(&app, move |tx| {
            let user = users::store::get(tx.conn(), id)?;
            check_version(&based_on, user.version, &Me::from(user))?;
            let user = users::store::rename(tx, id, name.as_deref())?;
            Reply::ok(user.version, &Me::from(user))
        })
        .await
}

/// A change of password.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `set_password` reads")]
pub(crate) struct PasswordInput {
    /// The one that counts now.
    current_password: String,
    /// The one that is to count: 15 to 256 characters, any of them.
    #[schema(min_length = 15, max_length = 256)]
    new_password: String,
}

/// Change your password
///
/// Ends all other sessions of the account.
#[utoipa::path(
    tag = "Me",
    request_body = PasswordInput,
    responses(
        (status = 204, description = "The new password counts"),
    )
)]
#[put("/v1/admin/me/password")]
pub(crate) async fn set_password(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let content = content.sealed(&app.digest_key);
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let [current, new] = texts(&content, ["current_password", "new_password"])?;
    let (id, kept) = (command.who().user, session_of(command.who())?);
    let user = app
        .db
        .read_indexed(move |conn| users::store::get(conn, id))
        .await?;
    let new = new_password(new, "/new_password", &user).await?;
    let proved = prove_password(&app, &request, command.who(), current).await?;
    proved.succeeded();
    let hashed = app.hasher.hash(new).await?;
    command
        .run(&app, move |tx| {
            users::store::set_password(tx, id, &hashed, Some(kept))?;
            Ok(Reply::no_content())
        })
        .await
}

/// List your sessions
///
/// The sign-ins of your account that have not ended, the newest first.
#[utoipa::path(tag = "Me", responses((status = 200, description = "The sessions", body = Sessions)))]
#[get("/v1/admin/me/sessions")]
pub(crate) async fn list_sessions(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let (id, now, change) = (allowed.who.user, app.db.now(), app.db.change());
    let rows = app
        .db
        .read_indexed(move |conn| store::sessions_of(conn, id, now))
        .await?;
    Answer::json(&Sessions::new(rows, allowed.who.session()))?
        .at(change)
        .to(&request)
}

/// End one of your sessions
///
/// Its tokens count for nothing any more. A session has no versions, so no `If-Match` is asked for.
#[utoipa::path(
    tag = "Me",
    params(("id" = uuid::Uuid, Path, description = "The session's id")),
    responses((status = 204, description = "It has ended"))
)]
#[delete("/v1/admin/me/sessions/{id}")]
pub(crate) async fn delete_session(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = id.parse().map_err(|_no_id| Error::NotFound("session"))?;
    end_one(allowed.who, id, &request, &app, payload).await
}
