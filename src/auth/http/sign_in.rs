//! Signing in, staying so and signing out.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{end_one, session_of, suspect, texts, user_agent};
use crate::app::App;
use crate::auth::extract::{Allowed, SignedIn};
use crate::auth::model::Suspicion;
use crate::auth::store::second_factor::Pass;
use crate::auth::store::{self, Beginning, Renew, Renewal};
use crate::auth::token::{Opaque, OpaqueKind};
use crate::auth::totp;
use crate::db::Reason;
use crate::error::Error;
use crate::http::error::{Code, Problem, Refusal};
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::http::respond::JSON;
use crate::id::Id;
use crate::json::Fields;
use crate::time::Time;
use crate::users::model::email_key;
/// What proves from now on who someone is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// How to send it.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds that the access token lasts.
    #[schema(minimum = 1)]
    expires_in: u64,
    /// Gets the next pair, once.
    refresh_token: String,
}

/// A sign-in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `begin_session` reads")]
pub(crate) struct LoginInput {
    /// The address of the account.
    #[schema(example = "ada@example.org")]
    email: String,
    /// Its password.
    #[schema(example = "not her password at all")]
    password: String,
    /// Where the account has a second factor: the six digits of the app, or a recovery code.
    #[schema(example = "492039")]
    code: Option<String>,
}

/// Sign in
///
/// Answers a short-lived access token and a refresh token for the next pair. A wrong address and a wrong password are
/// answered alike, and so is a wrong code. An account with a second factor wants a `code` besides: without one the right
/// password is answered by 401 `totp-required`. Too many failures, by account and by address, are answered by 429.
#[utoipa::path(
    tag = "Sign-in",
    request_body = LoginInput,
    responses(
        (status = 200, description = "The tokens", body = Tokens),
    )
)]
#[post("/v1/admin/auth/login")]
pub(crate) async fn begin_session(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let ([email, password], code) = sign_in(&content)?;
    let (peer, now) = (app.proxies.peer(&request), app.db.now());
    let key = email_key(&email);
    let sought = key.clone();
    let (account, known_here) = app
        .db
        .read_indexed(move |conn| {
            let account = store::account(conn, &sought)?;
            let known_here = match &account {
                Some(account) => store::is_known_at(conn, account.id, peer)?,
                None => false,
            };
            Ok((account, known_here))
        })
        .await?;
    let attempt = app
        .sign_ins
        .attempt(&key, peer, known_here, now)
        .map_err(Error::TooManyAttempts)?;
    let stored = account
        .as_ref()
        .and_then(|account| account.password.clone());
    let matches = match app.hasher.verify(stored, password).await {
        Ok(matches) => matches,
        Err(error) => {
            // Nothing was compared, so nothing was tried.
            attempt.succeeded();
            return Err(error.into());
        }
    };
    let Some(account) = account
        .clone()
        .filter(|account| matches && !account.suspended)
    else {
        suspect(
            &app,
            &request,
            Suspicion::SignInFailed,
            account.map(|account| account.id),
        )
        .await?;
        return Err(wrong().into());
    };
    let token = Opaque::new(OpaqueKind::Refresh)?;
    let beginning = Beginning {
        password: account.password.clone(),
        peer,
        user_agent: user_agent(&request),
        token: token.hash(),
        now,
        idle: app.lifetimes.idle,
    };
    let totp_key = app.totp_key;
    let begun = app
        .db
        .write_quiet(Reason::Session, move |conn| {
            let pass = store::second_factor::pass(conn, account.id, &totp_key, code.as_ref(), now)?;
            Ok(match pass {
                Pass::Off | Pass::Passed => Ok(store::begin(conn, account.id, &beginning)?),
                Pass::Missing | Pass::Wrong => Err(pass),
            })
        })
        .await;
    if matches!(begun, Ok(Err(Pass::Wrong))) {
        suspect(&app, &request, Suspicion::CodeWrong, Some(account.id)).await?;
        return Err(wrong().into());
    }
    attempt.succeeded();
    let session = match begun {
        Err(Error::Unauthorized) => return Err(wrong().into()),
        begun => begun?,
    };
    let session = session.map_err(|_missing| {
        let detail = "this account has a second factor: send a `code` too";
        Problem::new(Code::TotpRequired, detail)
    })?;
    tokens(&app, account.id, session, &token, now)
}

/// The address, the password and the code of a sign-in.
fn sign_in(content: &Content) -> Result<([String; 2], Option<totp::Code>), Refusal> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(&content.value, "", &mut faults);
    let texts = ["email", "password"].map(|name| fields.required_string(name).unwrap_or_default());
    let code = fields.string("code").map(|code| totp::Code::parse(&code));
    fields.finish();
    if faults.is_empty() {
        Ok((texts, code))
    } else {
        Err(Error::Invalid(faults).into())
    }
}

fn wrong() -> Problem {
    let detail = "the e-mail address or the password is wrong";
    Problem::new(Code::Unauthorized, detail)
}

/// A renewal.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `renew_session` reads")]
pub(crate) struct RefreshInput {
    /// The refresh token that was answered last.
    refresh_token: String,
}

/// Renew the tokens
///
/// Each refresh token works once, and answers the next. One that comes back later ends the session: it was stolen. Within
/// a few seconds it is answered once more with the same successor, for a client that did not hear the first answer.
#[utoipa::path(
    tag = "Sign-in",
    request_body = RefreshInput,
    responses((status = 200, description = "The next tokens", body = Tokens))
)]
#[post("/v1/admin/auth/refresh")]
pub(crate) async fn renew_session(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let [token] = texts(&content, ["refresh_token"])?;
    let token = Opaque::parse(OpaqueKind::Refresh, &token).ok_or(Error::Unauthorized)?;
    let successor = token.successor(&app.refresh_key);
    let now = app.db.now();
    let renew = Renew {
        token: token.hash(),
        successor: successor.hash(),
        now,
        idle: app.lifetimes.idle,
        longest: app.lifetimes.session,
        grace: app.lifetimes.grace,
    };
    let renewal = app
        .db
        .write_quiet(Reason::Session, move |conn| store::renew(conn, &renew))
        .await?;
    match renewal {
        Renewal::Renewed { user, session } => tokens(&app, user, session, &successor, now),
        Renewal::Unknown => Err(Error::Unauthorized.into()),
        Renewal::Reused { user } => {
            suspect(&app, &request, Suspicion::TokenReused, Some(user)).await?;
            Err(Error::Unauthorized.into())
        }
    }
}

/// Sign out
///
/// Ends the session. Its tokens count for nothing any more.
#[utoipa::path(tag = "Sign-in", responses((status = 204, description = "The session has ended")))]
#[post("/v1/admin/auth/logout")]
pub(crate) async fn end_session(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let session = session_of(&allowed.who)?;
    end_one(allowed.who, session, &request, &app, payload).await
}

fn tokens(
    app: &App,
    user: Id,
    session: Id,
    refresh_token: &Opaque,
    now: Time,
) -> Result<HttpResponse, Refusal> {
    let life = app.lifetimes.access;
    let tokens = Tokens {
        access_token: app.tokens.issue(user, session, now, life)?,
        token_type: "Bearer",
        expires_in: life.as_secs(),
        refresh_token: refresh_token.as_str().to_owned(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, JSON))
        .body(crate::json::text(&tokens)))
}
