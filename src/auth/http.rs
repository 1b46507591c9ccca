//! Accounts and sessions as those who have them see them: links to set a password by, and what the routes below share.

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::Attempt;
use super::model::{Principal, Role, Suspicion};
use super::password::NewPassword;
use super::replays::Reply;
use super::store::{self, SessionRow};
use super::token::{Opaque, OpaqueKind};
use super::write::Command;
use crate::app::App;
use crate::db::Reason;
use crate::error::{Error, Fault, FaultCode};
use crate::http::envelope::RequestId;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::id::Id;
use crate::json::Fields;
use crate::time::Time;
use crate::users;
use crate::users::model::{User, email_key};

pub(crate) mod me;
pub(crate) mod second_factor;
pub(crate) mod sign_in;

/// Whoever asks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Me {
    /// The id of the account.
    #[schema(value_type = uuid::Uuid)]
    id: Id,
    /// The address to sign in with.
    email: String,
    /// The name for people.
    name: String,
    /// What they are in the team.
    role: Role,
    /// Signing in takes a code besides the password.
    totp: bool,
    /// How often the account was changed.
    #[schema(minimum = 1)]
    version: i64,
}

/// A sign-in that has not ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    id: Id,
    /// It is the one that asks.
    current: bool,
    /// The address it began at.
    peer: String,
    /// What the client called itself.
    user_agent: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it was last renewed.
    #[schema(value_type = String, format = DateTime)]
    used_at: Time,
    /// When it ends if it is not renewed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Time,
}

/// All of someone's sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sessions {
    /// The newest first.
    items: Vec<Session>,
}

impl Sessions {
    /// As whoever asks from `current` sees them.
    pub(crate) fn new(rows: Vec<SessionRow>, current: Option<Id>) -> Self {
        let items = rows.into_iter().map(|row| Session {
            current: current == Some(row.id),
            id: row.id,
            peer: row.peer,
            user_agent: row.user_agent,
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
        });
        Self {
            items: items.collect(),
        }
    }
}

/// A new password for an invitation or a reset.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `accept_link` reads")]
pub(crate) struct AcceptInput {
    /// What the link carries.
    token: String,
    /// The new password: 15 to 256 characters, any of them.
    #[schema(min_length = 15, max_length = 256)]
    password: String,
}

/// Set a password by a link
///
/// Accepts an invitation, or resets a password. The link works once. Whatever sessions the account had end.
#[utoipa::path(
    tag = "Sign-in",
    request_body = AcceptInput,
    responses((status = 204, description = "The password is set; sign in with it"))
)]
#[post("/v1/admin/auth/password")]
pub(crate) async fn accept_link(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let [token, password] = texts(&content, ["token", "password"])?;
    let hash = Opaque::parse(OpaqueKind::Link, &token).map(|token| token.hash());
    let user = match hash {
        Some(hash) => {
            let now = app.db.now();
            let invited = move |conn: &mut _| users::store::by_link(conn, &hash, now);
            app.db.read_indexed(invited).await?
        }
        None => None,
    };
    let (Some(hash), Some(user)) = (hash, user) else {
        let detail = "this link was used, has expired, or never was one; ask for a new one";
        let fault = Fault::at("/token", FaultCode::NotFound, detail);
        return Err(Error::Invalid(vec![fault]).into());
    };
    let password = new_password(password, "/password", &user).await?;
    let hashed = app.hasher.hash(password).await?;
    let from = format!(
        "{}, request {}",
        app.proxies.peer(&request),
        id_of(&request)
    );
    app.db
        .write(crate::changes::model::Actor::System, move |tx| {
            users::store::accept(tx, &hash, &hashed, &from)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes sure that someone who is signed in knows the password: whoever holds a stolen session must not find it out by
/// trying. The attempt counts until whoever asked says otherwise.
async fn prove_password(
    app: &App,
    request: &HttpRequest,
    who: &Principal,
    current: String,
) -> Result<Attempt, Refusal> {
    let key = email_key(&email_of(app, who.user).await?);
    let sought = key.clone();
    let account = app
        .db
        .read_indexed(move |conn| store::account(conn, &sought))
        .await?;
    let attempt = app
        .sign_ins
        .attempt(&key, who.peer, true, app.db.now())
        .map_err(Error::TooManyAttempts)?;
    let stored = account.and_then(|account| account.password);
    match app.hasher.verify(stored, current).await {
        Ok(true) => Ok(attempt),
        Ok(false) => {
            suspect(app, request, Suspicion::PasswordWrong, Some(who.user)).await?;
            let detail = "is not the present password";
            let fault = Fault::at("/current_password", FaultCode::NotAllowed, detail);
            Err(Error::Invalid(vec![fault]).into())
        }
        Err(error) => {
            attempt.succeeded();
            Err(error.into())
        }
    }
}

/// The address of an account.
async fn email_of(app: &App, id: Id) -> Result<String, Error> {
    let user = app
        .db
        .read_indexed(move |conn| users::store::get(conn, id))
        .await?;
    Ok(user.email)
}

async fn end_one(
    who: Principal,
    session: Id,
    request: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read_nothing(request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let user = who.user;
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    command
        .run_quietly(app, Reason::Session, move |conn| {
            store::end_own(conn, user, session)?;
            Ok(Reply::no_content())
        })
        .await
}

/// Required texts of an object that has no other fields.
fn texts<const N: usize>(
    content: &Content,
    names: [&'static str; N],
) -> Result<[String; N], Refusal> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(&content.value, "", &mut faults);
    let texts = names.map(|name| fields.required_string(name).unwrap_or_default());
    fields.finish();
    if faults.is_empty() {
        Ok(texts)
    } else {
        Err(Error::Invalid(faults).into())
    }
}

/// A password that may be set for the account of this address and name.
async fn new_password(text: String, pointer: &str, user: &User) -> Result<NewPassword, Refusal> {
    let about = [user.email.clone(), user.name.clone()];
    // To judge it takes some 50 ms, and others wait meanwhile.
    let judged = web::block(move || {
        let about = about.each_ref().map(String::as_str);
        NewPassword::parse(&text, &about)
    });
    let judged = judged
        .await
        .map_err(|error| Error::internal(format!("judging a password: {error}")))?;
    judged.map_err(|faults| {
        let faults = faults
            .into_iter()
            .map(|(code, detail)| Fault::at(pointer, code, detail));
        Error::Invalid(faults.collect()).into()
    })
}

fn session_of(who: &Principal) -> Result<Id, Refusal> {
    who.session().ok_or_else(|| Error::Forbidden.into())
}

fn user_agent(request: &HttpRequest) -> Option<String> {
    let agent = request.headers().get(USER_AGENT)?.to_str().ok()?;
    Some(agent.to_owned())
}

/// The id of a request.
pub(crate) fn id_of(request: &HttpRequest) -> String {
    let id = request.extensions().get::<RequestId>().cloned();
    id.map(|id| id.0).unwrap_or_default()
}

async fn suspect(
    app: &App,
    request: &HttpRequest,
    what: Suspicion,
    user: Option<Id>,
) -> Result<(), Error> {
    let (peer, now) = (app.proxies.peer(request), app.db.now());
    let request_id = id_of(request);
    tracing::warn!(what = what.as_str(), %peer, request_id, "suspicious");
    app.db
        .write_quiet(Reason::Security, move |conn| {
            store::suspect(conn, what, user, peer, &request_id, now)
        })
        .await
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            totp: user.totp,
            version: user.version,
        }
    }
}
