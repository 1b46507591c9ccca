//! What was sent to a webhook, for admins: looked at, tried, sent once more.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use utoipa::IntoParams;

use super::parse_id;
use crate::app::App;
use crate::auth::extract::{Administer, Allowed};
use crate::auth::replays::Reply;
use crate::auth::write::Command;
use crate::db::Reason;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::Content;
use crate::http::list::List;
use crate::http::query::{Query, one_of};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::webhooks::model::{Delivery, DeliveryStatus};
use crate::webhooks::store::deliveries;

/// The parameters of the list of deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_deliveries` reads it")]
struct DeliveryListQuery {
    /// Those alone that are so far.
    #[param(inline)]
    status: Option<DeliveryStatus>,
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

/// Test a webhook
///
/// Sends it the event `ping`, which is signed and logged as every other.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id")),
    responses((status = 202, description = "It will be sent", body = Delivery))
)]
#[post("/v1/admin/webhooks/{id}/ping")]
pub(crate) async fn ping_webhook(
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
    let now = app.db.now();
    let answer = command
        .run_quietly(&app, Reason::Delivery, move |conn| {
            Ok(accepted(&deliveries::ping(conn, id, now)?))
        })
        .await;
    app.webhooks.wake();
    answer
}

/// List the deliveries of a webhook
///
/// What was, is and will be sent to it, the newest first. What has ended is remembered for 30 days.
#[utoipa::path(
    tag = "Webhooks",
    params(("id" = uuid::Uuid, Path, description = "The webhook's id"), DeliveryListQuery),
    responses((status = 200, description = "One page of deliveries", body = List<Delivery>, headers(("Link" = String))))
)]
#[get("/v1/admin/webhooks/{id}/deliveries")]
pub(crate) async fn list_deliveries(
    _allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let mut query = Query::parse(request.query_string());
    let status = query.one("status", |text| {
        one_of(text, DeliveryStatus::ALL, DeliveryStatus::as_str)
    });
    let page = query.page(deliveries::SORT);
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| deliveries::list(conn, id, status, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Send a delivery again
///
/// Under the same `webhook-id`, from the first attempt on, whether it arrived before or not.
#[utoipa::path(
    tag = "Webhooks",
    params(
        ("id" = uuid::Uuid, Path, description = "The webhook's id"),
        ("delivery" = uuid::Uuid, Path, description = "The delivery's id")
    ),
    responses((status = 202, description = "It will be sent", body = Delivery))
)]
#[post("/v1/admin/webhooks/{id}/deliveries/{delivery}/replay")]
pub(crate) async fn replay_delivery(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let (webhook, delivery) = path.into_inner();
    let webhook = parse_id(&webhook)?;
    let delivery: Result<Id, _> = delivery.parse();
    let delivery = delivery.map_err(|_no_id| Error::NotFound("delivery"))?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let now = app.db.now();
    let answer = command
        .run_quietly(&app, Reason::Delivery, move |conn| {
            Ok(accepted(&deliveries::replay(conn, webhook, delivery, now)?))
        })
        .await;
    app.webhooks.wake();
    answer
}

/// It will be done.
fn accepted(delivery: &Delivery) -> Reply {
    Reply {
        status: 202,
        location: None,
        etag: None,
        body: Some(crate::json::text(delivery)),
        secret: false,
    }
}
