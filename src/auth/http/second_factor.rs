//! One's own second factor, and an admin's help for whoever lost theirs.

use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{email_of, prove_password, suspect, texts};
use crate::app::App;
use crate::auth::extract::{Administer, Allowed, SignedIn};
use crate::auth::limits::Attempt;
use crate::auth::model::Suspicion;
use crate::auth::replays::Reply;
use crate::auth::store::second_factor as store;
use crate::auth::totp::{Code, TotpSecret, recovery_codes, recovery_hash};
use crate::auth::write::Command;
use crate::db::Reason;
use crate::error::{Error, Result};
use crate::http::error::{Code as ProblemCode, Refusal};
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::id::Id;
use crate::users::model::email_key;
use crate::{site, users};

/// What an authenticator app has to know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpBeginning {
    /// To be typed into the app, in base32. It is shown this once.
    secret: String,
    /// The same as a QR code holds it.
    otpauth_url: String,
}

/// Codes for whoever loses their authenticator app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoveryCodes {
    /// Each works once in the place of a code. They are shown this once.
    recovery_codes: Vec<String>,
}

/// What a second factor begins with.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `begin_totp` reads")]
pub(crate) struct TotpBeginInput {
    /// The password that counts now.
    current_password: String,
}

/// A code that shows that the app has the secret.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `accept_totp` reads")]
pub(crate) struct TotpConfirmInput {
    /// The six digits that the app shows.
    #[schema(example = "492039")]
    code: String,
}

/// The password and a code.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "documents what `renew_recovery_codes` and `end_totp` read"
)]
pub(crate) struct TotpProofInput {
    /// The password that counts now.
    current_password: String,
    /// The six digits that the app shows, or a recovery code.
    #[schema(example = "492039")]
    code: String,
}

/// Begin a second factor
///
/// Answers what an authenticator app (TOTP: SHA-1, 6 digits, 30 seconds) has to know, once. It counts for nothing until it
/// is confirmed with a code; begun anew, it is another.
#[utoipa::path(
    tag = "Me",
    request_body = TotpBeginInput,
    responses((status = 200, description = "What the app has to know", body = TotpBeginning))
)]
#[post("/v1/admin/me/totp")]
pub(crate) async fn begin_totp(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (command, content) = own(allowed, &request, &app, payload).await?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let [current] = texts(&content, ["current_password"])?;
    let proved = prove_password(&app, &request, command.who(), current).await?;
    proved.succeeded();
    let (id, now) = (command.who().user, app.db.now());
    let secret = TotpSecret::new()?;
    let sealed = secret.sealed(&app.totp_key, id)?;
    command
        .run_quietly(&app, Reason::SecondFactor, move |conn| {
            store::begin(conn, id, &sealed, now)?;
            let user = users::store::get(conn, id)?;
            let site = site::store::get(conn)?;
            let shown = TotpBeginning {
                secret: secret.base32(),
                otpauth_url: secret.url(&site.name, &user.email),
            };
            shown_once(user.version, &shown)
        })
        .await
}

/// Confirm a second factor
///
/// From now on signing in takes a code besides the password. The code that confirms is used up. Answers ten recovery codes,
/// once.
#[utoipa::path(
    tag = "Me",
    request_body = TotpConfirmInput,
    responses((status = 200, description = "It is on; the recovery codes", body = RecoveryCodes))
)]
#[post("/v1/admin/me/totp/confirm")]
pub(crate) async fn accept_totp(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (command, content) = own(allowed, &request, &app, payload).await?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let [code] = texts(&content, ["code"])?;
    let (id, code, key) = (command.who().user, Code::parse(&code), app.totp_key);
    // A code is short: whoever holds a stolen session must not find it out by trying.
    let email = email_key(&email_of(&app, id).await?);
    let attempt = app
        .sign_ins
        .attempt(&email, command.who().peer, true, app.db.now())
        .map_err(Error::TooManyAttempts)?;
    let (codes, hashes) = fresh_codes()?;
    let answer = command
        .run(&app, move |tx| {
            let user = store::confirm(tx, id, &key, &code, &hashes)?;
            shown_once(user.version, &codes)
        })
        .await;
    conclude(&app, &request, id, attempt, answer).await
}

/// Make new recovery codes
///
/// Ten of them, in the place of all that there were. They are answered once.
#[utoipa::path(
    tag = "Me",
    request_body = TotpProofInput,
    responses((status = 200, description = "The recovery codes", body = RecoveryCodes))
)]
#[post("/v1/admin/me/totp/recovery-codes")]
pub(crate) async fn renew_recovery_codes(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (command, content) = own(allowed, &request, &app, payload).await?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let [current, code] = texts(&content, ["current_password", "code"])?;
    let attempt = prove_password(&app, &request, command.who(), current).await?;
    let (id, code, key) = (command.who().user, Code::parse(&code), app.totp_key);
    let (codes, hashes) = fresh_codes()?;
    let answer = command
        .run(&app, move |tx| {
            let user = store::renew_codes(tx, id, &key, &code, &hashes)?;
            shown_once(user.version, &codes)
        })
        .await;
    conclude(&app, &request, id, attempt, answer).await
}

/// Switch the second factor off
///
/// Takes the password and a code, and removes the recovery codes too. From now on the password alone signs in.
#[utoipa::path(
    tag = "Me",
    request_body = TotpProofInput,
    responses((status = 204, description = "It is off"))
)]
#[post("/v1/admin/me/totp/disable")]
pub(crate) async fn end_totp(
    allowed: Allowed<SignedIn>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (command, content) = own(allowed, &request, &app, payload).await?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let [current, code] = texts(&content, ["current_password", "code"])?;
    let attempt = prove_password(&app, &request, command.who(), current).await?;
    let (id, code, key) = (command.who().user, Code::parse(&code), app.totp_key);
    let answer = command
        .run(&app, move |tx| {
            store::switch_off(tx, id, &key, &code)?;
            Ok(Reply::no_content())
        })
        .await;
    conclude(&app, &request, id, attempt, answer).await
}

/// Switch somebody's second factor off
///
/// For whoever lost their app and their recovery codes: make sure that it is they who ask. Their sessions end. It has no
/// versions, so no `If-Match` is asked for. One's own is switched off with a code.
#[utoipa::path(
    tag = "Users",
    params(("id" = uuid::Uuid, Path, description = "The account's id")),
    responses((status = 204, description = "It is off"))
)]
#[delete("/v1/admin/users/{id}/totp")]
pub(crate) async fn delete_user_totp(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id: Id = id.parse().map_err(|_no_id| Error::NotFound("user"))?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    command
        .run(&app, move |tx| {
            store::reset(tx, id)?;
            Ok(Reply::no_content())
        })
        .await
}

/// A write to one's own second factor, whose content proves who asks.
async fn own(
    allowed: Allowed<SignedIn>,
    request: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<(Command, Content), Refusal> {
    let content = Content::read(request, payload, Size::Other).await?;
    let content = content.sealed(&app.digest_key);
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, allowed.who, &content)?;
    query.finish()?;
    Ok((command, content))
}

/// Codes, and what is kept of them.
fn fresh_codes() -> Result<(RecoveryCodes, Vec<[u8; 32]>)> {
    let recovery_codes = recovery_codes()?;
    let hashes = recovery_codes.iter().map(|code| recovery_hash(code));
    let hashes = hashes.collect();
    Ok((RecoveryCodes { recovery_codes }, hashes))
}

/// Nobody can read it again.
fn shown_once<T: Serialize>(version: i64, shown: &T) -> Result<Reply> {
    Ok(Reply::ok(version, shown)?.secret())
}

/// Counts an attempt whose code was wrong, and no other.
async fn conclude(
    app: &App,
    request: &HttpRequest,
    user: Id,
    attempt: Attempt,
    answer: Result<HttpResponse, Refusal>,
) -> Result<HttpResponse, Refusal> {
    // The content was read before: of all that can be wrong with it, only the code is left.
    let is_wrong = matches!(&answer, Err(Refusal::Problem(problem)) if problem.code == ProblemCode::InvalidContent);
    if is_wrong {
        suspect(app, request, Suspicion::CodeWrong, Some(user)).await?;
    } else {
        attempt.succeeded();
    }
    answer
}
