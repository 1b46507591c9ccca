//! Accounts for admins.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::model::{Status, User, link_url};
use super::store::UserFilter;
use super::{input, store};
use crate::app::App;
use crate::auth;
use crate::auth::extract::{Administer, Allowed};
use crate::auth::http::Sessions;
use crate::auth::model::Role;
use crate::auth::replays::Reply;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::auth::write::{Command, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::{Query, one_of};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::time::Time;

/// The parameters of the list of accounts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_users` reads it")]
struct UserListQuery {
    /// Of this role.
    #[param(inline)]
    role: Option<Role>,
    /// In this state.
    #[param(inline)]
    status: Option<Status>,
    /// A part of the name or the address, in capital or small letters.
    #[param(min_length = 1, max_length = 200)]
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

/// An account to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::new_user` reads")]
pub(crate) struct NewUserInput {
    /// The address to sign in with. No other account may have it, in whatever spelling.
    #[schema(max_length = 254, format = "email", example = "grace@example.org")]
    email: String,
    /// The name for people.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Grace Hopper"
    )]
    name: String,
    /// What they are to be in the team.
    role: Role,
}

/// What is to change of an account: what is left out stays, and nothing can be taken away.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::user_change` reads")]
pub(crate) struct UserPatch {
    /// The address to sign in with. No other account may have it, in whatever spelling.
    #[schema(
        nullable = false,
        max_length = 254,
        format = "email",
        example = "grace@example.org"
    )]
    email: Option<String>,
    /// The name for people.
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Grace Hopper"
    )]
    name: Option<String>,
    /// What they are to be in the team.
    #[schema(nullable = false)]
    role: Option<Role>,
    /// Whether the account may not be used.
    #[schema(nullable = false, example = false)]
    suspended: Option<bool>,
}

/// An invitation or a password reset, which are the same: whoever has it may set the password, once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordLink {
    /// What `POST /v1/admin/auth/password` takes. It is shown this once and kept nowhere.
    token: String,
    /// Where the editors' app takes it; null where no such app is configured.
    url: Option<String>,
    /// Until when it works.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// List accounts
///
/// In the order in which they were made.
#[utoipa::path(
    tag = "Users",
    params(UserListQuery),
    responses((status = 200, description = "One page of accounts", body = List<User>, headers(("Link" = String))))
)]
#[get("/v1/admin/users")]
pub(crate) async fn list_users(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SORT);
    let filter = UserFilter {
        role: query.one("role", |text| one_of(text, Role::ALL, Role::as_str)),
        status: query.one("status", |text| one_of(text, Status::ALL, Status::as_str)),
        part: query.one("q", |text| match text.chars().count() {
            1..=200 => Ok(text.to_owned()),
            _ => Err((FaultCode::TooLarge, "has at most 200 characters".into())),
        }),
    };
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::list(conn, &filter, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get an account
///
/// With its address, its role and whether it can be used.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The account", body = User))
)]
#[get("/v1/admin/users/{id}")]
pub(crate) async fn get_user(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let user = app
        .db
        .read_indexed(move |conn| store::get(conn, id))
        .await?;
    let version = user.version;
    Answer::json(&user)?
        .at(change)
        .version(version)
        .to(&request)
}

/// Create an account
///
/// It is invited and has no password. Where this server sends mail, its owner gets a link to set one; else make one for it next.
#[utoipa::path(
    tag = "Users",
    request_body = NewUserInput,
    responses((status = 201, description = "The account", body = User))
)]
#[post("/v1/admin/users")]
pub(crate) async fn create_user(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let new = input::new_user(&content.value).map_err(Error::Invalid)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let user = store::create(tx, &new)?;
            let location = shown.api_url(&format!("/v1/admin/users/{}", user.id));
            Reply::created(location, user.version, &user)
        })
        .await
}

/// Change an account
///
/// A merge patch (RFC 7396): what is left out stays. A role counts from the next request on. Suspended, an account loses
/// its sessions and its link; with another address, its link. The last admin who can sign in stays one.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((UserPatch = "application/json"), (UserPatch = "application/merge-patch+json"))),
    responses((status = 200, description = "The account", body = User))
)]
#[patch("/v1/admin/users/{id}")]
pub(crate) async fn update_user(
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
    let change = input::user_change(&content.value).map_err(Error::Invalid)?;
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            let new = change.of(&present).map_err(Error::Invalid)?;
            let user = store::update(tx, id, &new)?;
            Reply::ok(user.version, &user)
        })
        .await
}

/// Delete an account
///
/// With its sessions and its API keys. Its articles stay and belong to nobody; its profile as an author stays. The last
/// admin who can sign in cannot be deleted.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/users/{id}")]
pub(crate) async fn delete_user(
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

/// Make a link to set a password
///
/// An invitation for a new account, a reset for another. It works once and for a time, and takes the place of the last
/// one, that of a mail too. Bring it to the owner yourself.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The account's id")),
    responses((status = 201, description = "The link", body = PasswordLink))
)]
#[post("/v1/admin/users/{id}/link")]
pub(crate) async fn create_user_link(
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
    let token = Opaque::new(OpaqueKind::Link)?;
    let shown = app.clone();
    command
        .run(&app, move |tx| {
            let expires_at = tx.now().plus(shown.lifetimes.link);
            let user = store::make_link(tx, id, &token.hash(), expires_at)?;
            let editor = shown.editor_url.as_deref();
            let link = PasswordLink {
                token: token.as_str().to_owned(),
                url: editor.map(|editor| link_url(editor, token.as_str())),
                expires_at,
            };
            // It has no address: nobody can read it again.
            Ok(Reply {
                status: 201,
                ..Reply::ok(user.version, &link)?
            }
            .secret())
        })
        .await
}

/// List the sessions of an account
///
/// The sign-ins that have not ended, the newest first.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The account's id")),
    responses((status = 200, description = "The sessions", body = Sessions))
)]
#[get("/v1/admin/users/{id}/sessions")]
pub(crate) async fn list_user_sessions(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let (now, change) = (app.db.now(), app.db.change());
    let rows = app
        .db
        .read_indexed(move |conn| {
            store::get(conn, id)?;
            auth::store::sessions_of(conn, id, now)
        })
        .await?;
    Answer::json(&Sessions::new(rows, allowed.who.session()))?
        .at(change)
        .to(&request)
}

/// End all sessions of an account
///
/// Their tokens count for nothing any more. Sessions have no versions, so no `If-Match` is asked for.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The account's id")),
    responses((status = 204, description = "They have ended"))
)]
#[delete("/v1/admin/users/{id}/sessions")]
pub(crate) async fn delete_user_sessions(
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
    command
        .run(&app, move |tx| {
            store::end_sessions(tx, id)?;
            Ok(Reply::no_content())
        })
        .await
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("user"))
}
