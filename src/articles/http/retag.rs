//! Tags of many articles at once.

use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa::ToSchema;

use crate::app::App;
use crate::articles::retag::{ChangedArticle, Retagged, Retagging};
use crate::articles::store;
use crate::auth::extract::{Allowed, WriteArticles};
use crate::auth::replays::Reply;
use crate::auth::write::Command;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::query::Query;

/// Which tags articles are to have, and are to have no more: one tag at least, and none in both lists.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `Retagging::read` reads")]
struct RetagInput {
    /// The ids of the articles, each once.
    #[schema(min_items = 1, max_items = 100)]
    articles: Vec<uuid::Uuid>,
    /// Tags that they are to have, after those they have, by id, slug or name; what has no such name is made.
    #[schema(max_items = 100, example = json!(["cycling"]))]
    add: Option<Vec<String>>,
    /// Tags that they are to have no more, by id, slug or name.
    #[schema(max_items = 100)]
    remove: Option<Vec<String>>,
}

/// Retag articles
///
/// All of them or none: one that you may not change, or that is in the trash, is in the way of all. Each that has other
/// tags by it has a new version; one that had them already is left alone.
#[utoipa::path(
    tag = "Editing articles",
    request_body = RetagInput,
    responses((status = 200, description = "What was changed", body = Retagged))
)]
#[post("/v1/admin/articles/retag")]
pub(crate) async fn retag_articles(
    allowed: Allowed<WriteArticles>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let asked = Retagging::read(&content.value).map_err(Error::Invalid)?;
    command
        .run(&app, move |tx| {
            let changed = store::retag(tx, &asked)?;
            let changed = changed
                .into_iter()
                .map(|(id, version)| ChangedArticle { id, version })
                .collect();
            Reply::told(&Retagged { changed })
        })
        .await
}
