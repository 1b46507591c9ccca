//! The site for readers; for editors in [`edit`].

pub mod edit;

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::model::Site;
use super::store;
use crate::app::App;
use crate::changes::tags::SITE;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::http::respond::Answer;

/// Get the site
///
/// Its name, logo, languages, menus and contact options: what every page shows.
#[utoipa::path(tag = "Site", responses((status = 200, description = "The site", body = Site)))]
#[get("/v1/site")]
pub(crate) async fn get_site(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.public_change();
    let settings = app.db.read_indexed(store::get).await?;
    let site = Site::new(settings, app.site_url.clone(), app.rules.locales.clone());
    Answer::json(&site)?
        .at(change)
        .depends_on(SITE)
        .to(&request)
}
