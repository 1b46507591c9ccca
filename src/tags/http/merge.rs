//! Two tags become one.

use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa::ToSchema;

use super::edit::parse_id;
use crate::app::App;
use crate::auth::extract::{Allowed, WriteTags};
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;
use crate::tags::input;
use crate::tags::model::AdminTag;
use crate::tags::store;

/// Which tag another is to become part of.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::merge` reads")]
struct TagMerge {
    /// The id of the tag that stays. It is neither the tag that goes nor below it.
    into: uuid::Uuid,
}

/// Merge a tag into another
///
/// The tag is gone. What carried it carries the other, once, where the first of the two stood; its slug and its aliases
/// lead to the other; the tags below it stand below the other. `If-Match` is not required, and honoured: it names the
/// version of the tag that goes.
#[utoipa::path(
    tag = "Editing tags",
    params(("id" = uuid::Uuid, Path, description = "The id of the tag that goes")),
    request_body = TagMerge,
    responses((status = 200, description = "The tag that stays", body = AdminTag))
)]
#[post("/v1/admin/tags/{id}/merge")]
pub(crate) async fn merge_tag(
    allowed: Allowed<WriteTags>,
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
    let based_on = command.may_be_based_on();
    let into = input::merge(&content.value).map_err(Error::Invalid)?;
    command
        .run(&app, move |tx| {
            let present = store::edit::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            let tag = store::merge(tx, id, into)?;
            Reply::ok(tag.version, &tag)
        })
        .await
}
