//! The audit for admins: who did what when, and what looked like an attack.

pub mod stream;
pub mod sync;

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::IntoParams;

use super::audit::{AuditEntry, AuditFilter, SecurityEvent};
use super::model::Resource;
use super::store::{self, SecurityFilter};
use crate::app::App;
use crate::auth::extract::{Administer, Allowed};
use crate::auth::model::Suspicion;
use crate::error::FaultCode;
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, one_of, parsed};
use crate::http::respond::Answer;

/// The parameters of the log of changes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_changes` reads it")]
struct AuditQuery {
    /// By this account, or by an API key that it made.
    user: Option<uuid::Uuid>,
    /// To a resource of this kind.
    #[param(inline)]
    resource: Option<Resource>,
    /// To this one.
    resource_id: Option<uuid::Uuid>,
    /// This was done: `created`, `updated`, `published`, ….
    #[param(min_length = 1, max_length = 100)]
    action: Option<String>,
    /// At this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
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

/// The parameters of the log of what looked like an attack.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `list_security_events` reads it"
)]
struct SecurityQuery {
    /// Of this kind.
    #[param(inline)]
    kind: Option<Suspicion>,
    /// About this account.
    user: Option<uuid::Uuid>,
    /// From this IP address.
    #[param(value_type = Option<String>, min_length = 2, example = "192.0.2.7")]
    peer: Option<IpAddr>,
    /// At this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<String>,
    /// Before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<String>,
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

/// List changes
///
/// Who did what when, from where: all that was ever written, the newest first. Whatever one write changed has the same
/// number.
#[utoipa::path(
    tag = "Audit",
    params(AuditQuery),
    responses((status = 200, description = "One page of changes", body = List<AuditEntry>, headers(("Link" = String))))
)]
#[get("/v1/admin/audit")]
pub(crate) async fn list_changes(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::CHANGES);
    let filter = AuditFilter {
        user: query.one("user", parsed),
        resource: query.one("resource", |text| {
            one_of(text, Resource::ALL, Resource::as_str)
        }),
        resource_id: query.one("resource_id", parsed),
        action: query.one("action", |text| match text.chars().count() {
            1..=100 => Ok(text.to_owned()),
            _ => Err((FaultCode::TooLarge, "has at most 100 characters".into())),
        }),
        since: query.one("since", parsed),
        until: query.one("until", parsed),
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

/// List what looked like an attack
///
/// Sign-ins that failed, wrong passwords and tokens that came back after their use, of the last 90 days, the newest
/// first.
#[utoipa::path(
    tag = "Audit",
    params(SecurityQuery),
    responses((status = 200, description = "One page of events", body = List<SecurityEvent>, headers(("Link" = String))))
)]
#[get("/v1/admin/security-log")]
pub(crate) async fn list_security_events(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SECURITY_EVENTS);
    let filter = SecurityFilter {
        kind: query.one("kind", |text| {
            one_of(text, Suspicion::ALL, Suspicion::as_str)
        }),
        user: query.one("user", parsed),
        peer: query.one("peer", |text| match text.parse::<IpAddr>() {
            // As it was noted: an IPv4 address is one, however it is written.
            Ok(peer) => Ok(peer.to_canonical()),
            Err(error) => Err((FaultCode::Malformed, error.to_string())),
        }),
        since: query.one("since", parsed),
        until: query.one("until", parsed),
    };
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::security_events(conn, &filter, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::changes::audit::ActorKind;

    fn documented<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        serde_json::from_value(schema["enum"].clone()).unwrap()
    }

    #[test]
    fn the_document_has_all_the_names() {
        let resources: Vec<_> = Resource::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<Resource>(), resources);
        let suspicions: Vec<_> = Suspicion::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<Suspicion>(), suspicions);
        let actors: Vec<_> = ActorKind::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<ActorKind>(), actors);
    }
}
