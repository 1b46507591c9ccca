//! The site's settings for editors.

use actix_web::{HttpRequest, HttpResponse, get, patch, put, web};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::articles::model::Image;
use crate::auth::extract::{Allowed, ReadDrafts, WriteSite};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write, check_version};
use crate::authors::model::Link;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::site::input;
use crate::site::model::AdminSite;
use crate::site::store;

/// How to reach the publication. What stands here is meant for the public.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::settings` reads")]
struct ContactInput {
    /// An e-mail address.
    #[schema(max_length = 500, example = "editors@example.org")]
    email: Option<String>,
    /// A telephone number.
    #[schema(max_length = 500, example = json!(null))]
    phone: Option<String>,
    /// A postal address; lines are parted by newlines.
    #[schema(max_length = 5000, example = json!(null))]
    address: Option<String>,
    /// The page with the contact form: an address, or a path on the site.
    #[schema(max_length = 2048, example = "/contact")]
    page: Option<String>,
    /// Whether `POST /v1/contact` takes messages; true where nothing is said.
    #[schema(example = true)]
    form: Option<bool>,
}

/// The menus of the site.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::settings` reads")]
struct MenusInput {
    /// At the top of each page.
    #[schema(example = json!([{"label": "Home", "url": "/"}]))]
    main: Option<Vec<Link>>,
    /// At its foot.
    #[schema(example = json!([{"label": "About", "url": "/about"}]))]
    footer: Option<Vec<Link>>,
}

/// The settings, with the name as it is wanted.
macro_rules! input {
    ($(#[$about:meta])* $name:ident, $(#[$of_name:meta])* $type:ty) => {
        #[derive(ToSchema)]
        $(#[$about])*
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "documents what `input::settings` reads")]
        struct $name {
            /// The publication's name.
            $(#[$of_name])*
            name: $type,
            /// A few words under the name.
            #[schema(max_length = 500, example = "Health, relationships and everyday science, in plain words")]
            tagline: Option<String>,
            /// What it is, in a sentence or two.
            #[schema(max_length = 5000, example = "An independent magazine.")]
            description: Option<String>,
            /// Its logo.
            #[schema(example = json!({"url": "/logo.svg", "alt": "The Open Door", "width": 240, "height": 64}))]
            logo: Option<Image>,
            /// How to reach it.
            contact: Option<ContactInput>,
            /// Where else it is.
            #[schema(example = json!([{"label": "Newsletter", "url": "https://letters.example.org/the-open-door"}]))]
            social: Option<Vec<Link>>,
            /// Its menus.
            menus: Option<MenusInput>,
        }
    };
}

input!(
    /// All the settings. Only the name is required; what is left out is empty.
    #[schema(example = json!({
        "name": "The Open Door",
        "tagline": "Health, relationships and everyday science, in plain words",
        "logo": {"url": "/logo.svg", "alt": "The Open Door", "width": 240, "height": 64},
        "contact": {"email": "editors@example.org", "page": "/contact"},
        "menus": {"main": [{"label": "Home", "url": "/"}]}
    }))]
    SiteInput,
    #[schema(max_length = 500, example = "The Open Door")]
    String
);

input!(
    /// What is to be changed of the settings: what is left out stays, null clears, lists are replaced.
    #[schema(example = json!({"tagline": "Plain words", "contact": {"phone": null}}))]
    SiteChange,
    #[schema(max_length = 500, nullable = false, example = "The Open Door")]
    Option<String>
);

/// Get the site's settings
///
/// What editors set, without what the server is configured to. The version of an untouched site is 0.
#[utoipa::path(
    tag = "Editing the site",
    responses((status = 200, description = "The settings", body = AdminSite))
)]
#[get("/v1/admin/site")]
pub(crate) async fn get_site_settings(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.change();
    let site = app.db.read_indexed(store::edit).await?;
    Answer::json(&site)?
        .at(change)
        .version(site.version)
        .to(&request)
}

/// Change the site's settings
///
/// A merge patch (RFC 7396): what is left out stays, null clears, lists are replaced whole.
#[utoipa::path(
    tag = "Editing the site",
    request_body(content((SiteChange = "application/json"), (SiteChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The settings", body = AdminSite))
)]
#[patch("/v1/admin/site")]
pub(crate) async fn update_site(
    allowed: Allowed<WriteSite>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    change(allowed.who, &request, &app, payload, input::patched).await
}

/// Replace the site's settings
///
/// All of them: what is left out is empty.
#[utoipa::path(
    tag = "Editing the site",
    request_body = SiteInput,
    responses((status = 200, description = "The settings", body = AdminSite))
)]
#[put("/v1/admin/site")]
pub(crate) async fn replace_site(
    allowed: Allowed<WriteSite>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let sent = |_present: &AdminSite, sent: &Value| Ok(sent.clone());
    change(allowed.who, &request, &app, payload, sent).await
}

/// Sets what `whole` makes of what is set and of what was sent.
async fn change(
    who: Principal,
    request: &HttpRequest,
    app: &App,
    payload: web::Payload,
    whole: fn(&AdminSite, &Value) -> Result<Value, Error>,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(request, &mut query, who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    command
        .run(app, changing(based_on, content.value, whole))
        .await
}

/// The change of the settings to what `whole` makes of them and of what was sent.
pub(crate) fn changing(
    based_on: IfMatch,
    sent: Value,
    whole: fn(&AdminSite, &Value) -> Result<Value, Error>,
) -> Write {
    Box::new(move |tx| {
        let present = store::edit(tx.conn())?;
        check_version(&based_on, present.version, &present)?;
        let whole = whole(&present, &sent)?;
        store::put(tx, &input::settings(&whole).map_err(Error::Invalid)?)?;
        let site = store::edit(tx.conn())?;
        Reply::ok(site.version, &site)
    })
}
