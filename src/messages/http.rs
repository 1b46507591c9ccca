//! The contact form: for anybody, and answered alike whatever becomes of the message.

pub mod inbox;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::{Object, ObjectBuilder, Type};

use super::{input, store};
use crate::app::App;
use crate::changes::model::Actor;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::http::respond::JSON;

/// What the contact form sends.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::sent` reads")]
struct ContactMessage {
    /// Who writes.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$",
        example = "Grace Hopper"
    )]
    name: String,
    /// Where to answer.
    #[schema(max_length = 254, format = "email", example = "grace@example.org")]
    email: String,
    /// What it is about.
    #[schema(
        max_length = 200,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$",
        example = "Your article on sleep"
    )]
    subject: Option<String>,
    /// Plain text; of control characters only newlines and tabs.
    #[schema(
        min_length = 1,
        max_length = 5000,
        pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$",
        example = "Thank you for it."
    )]
    message: String,
    /// That they agree to the message being kept until it is dealt with. Without it nothing is.
    #[schema(schema_with = consented)]
    consent: bool,
    /// Leave it empty. It is for a field of the form that people do not see: what is filled in here comes from a robot.
    #[schema(example = "")]
    website: Option<String>,
    /// When the form was shown to whoever filled it in. What comes within 3 seconds of it, more than a day after it or more
    /// than an hour before it comes from a robot. Without it, that is not looked at.
    #[schema(value_type = Option<String>, format = DateTime, example = json!(null))]
    started_at: Option<String>,
}

fn consented() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([json!(true)]))
        .description(Some(
            "That they agree to the message being kept until it is dealt with. Without it nothing is.",
        ))
        .examples([json!(true)])
        .build()
}

/// It has been received.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Received {
    /// Always `received`.
    #[schema(example = "received")]
    status: &'static str,
}

/// Write to the editors
///
/// The contact form: from any website, without signing in. What looks like a robot's is answered alike and kept apart. Too
/// many messages from one address are answered by 429, an inbox that is full by 503, and where the site has switched the
/// form off (`contact.form` of `/v1/site`), it is 404.
#[utoipa::path(
    tag = "Contact",
    request_body = ContactMessage,
    responses((status = 202, description = "The message has been received", body = Received))
)]
#[post("/v1/contact")]
pub(crate) async fn create_message(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let sent = input::sent(&content.value).map_err(Error::Invalid)?;
    let peer = app.proxies.peer(&request);
    app.inbox
        .admit(peer, app.db.now())
        .map_err(Error::TooManyAttempts)?;
    let unread = app.inbox.settings().unread;
    app.db
        .write(Actor::System, move |tx| store::receive(tx, &sent, unread))
        .await?;
    // Neither an id nor a number: whoever wrote learns nothing of who else did.
    Ok(HttpResponse::Accepted()
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .body(crate::json::text(&Received { status: "received" })))
}
