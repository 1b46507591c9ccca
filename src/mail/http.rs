//! Asking for a mail.

use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa::ToSchema;

use super::follower::ask_for_link;
use crate::app::App;
use crate::auth::http::id_of;
use crate::auth::model::Suspicion;
use crate::auth::store::suspect;
use crate::db::Reason;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::json::Fields;

/// Whose password is to be set anew.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `begin_reset` reads")]
struct ForgotInput {
    /// The address of the account.
    #[schema(example = "ada@example.org")]
    email: String,
}

/// Ask for a link to set a password
///
/// For whoever has forgotten theirs, or lost their invitation: a mail with a fresh link, which takes the place of the last.
/// The answer is the same whether there is such an account or not. A server that sends no mail answers 409: ask an admin for
/// a link.
#[utoipa::path(
    tag = "Sign-in",
    request_body = ForgotInput,
    responses((status = 202, description = "Where there is such an account, a mail is on its way"))
)]
#[post("/v1/admin/auth/forgot")]
pub(crate) async fn begin_reset(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut faults = Vec::new();
    let mut fields = Fields::new(&content.value, "", &mut faults);
    let email = fields.required_string("email");
    fields.finish();
    let Some(email) = email.filter(|_| faults.is_empty()) else {
        return Err(Error::Invalid(faults).into());
    };
    if app.mail.is_off() {
        let detail = "this server sends no mail; ask an admin for a link";
        return Err(Error::Conflict(detail.into()).into());
    }
    let (peer, now) = (app.proxies.peer(&request), app.db.now());
    app.mail
        .admit(&email, peer, now)
        .map_err(Error::TooManyAttempts)?;
    let request_id = id_of(&request);
    app.db
        .write_quiet(Reason::Delivery, move |conn| {
            let user = ask_for_link(conn, &email, now)?;
            suspect(conn, Suspicion::LinkAsked, user, peer, &request_id, now)
        })
        .await?;
    app.mail.hint();
    Ok(HttpResponse::Accepted().finish())
}
