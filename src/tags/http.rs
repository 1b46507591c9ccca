//! Tags for readers; for editors in [`edit`].

pub mod edit;
pub mod merge;

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::IntoParams;

use super::model::{Tag, TagSort};
use super::store;
use crate::app::App;
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, one_of};
use crate::http::respond::Answer;

/// What tags show: names, and how many published articles carry each.
const DEPENDS_ON: &str = "list-articles list-pages list-tags";

/// The parameters of a list of tags or authors.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; the handlers read it")]
pub struct NamedListQuery {
    /// By name, or the most used first; ties by id. Default `name`.
    #[param(inline)]
    sort: Option<NamedSort>,
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page in the same order. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
}

/// The orders, as the document names them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents the orders of tags and authors")]
enum NamedSort {
    #[schema(rename = "name")]
    Name,
    #[schema(rename = "-article_count")]
    Most,
}

/// List tags
///
/// The tags of published articles, and those above them.
#[utoipa::path(
    tag = "Tags",
    params(NamedListQuery),
    responses((status = 200, description = "One page of tags", body = List<Tag>, headers(("Link" = String))))
)]
#[get("/v1/tags")]
pub(crate) async fn list_tags(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| one_of(text, TagSort::ALL, TagSort::as_str))
        .unwrap_or(TagSort::Name);
    let page = query.page(sort.as_str());
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.public_change();
    let asked = page.clone();
    let read = move |conn: &mut _| store::list(conn, sort, &asked, count);
    let indexed = !count && page.offset() <= 1_000;
    let slice = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?
        .at(change)
        .linked(link)
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// Get a tag
///
/// By slug or id. An alias is answered by 308 to the tag, the query kept.
#[utoipa::path(
    tag = "Tags",
    params(("key" = String, Path, description = "A slug, an alias or an id", example = "trauma")),
    responses(
        (status = 200, description = "The tag", body = Tag),
        (status = 308, description = "It is an alias", headers(("Location" = String))),
    )
)]
#[get("/v1/tags/{key}")]
pub(crate) async fn get_tag(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.public_change();
    match app
        .db
        .read_indexed(move |conn| store::public(conn, &key))
        .await
    {
        Ok(tag) => Answer::json(&tag)?
            .at(change)
            .depends_on(DEPENDS_ON)
            .to(&request),
        Err(Error::Moved { slug, .. }) => {
            Err(Refusal::Moved(app.api_url(&format!("/v1/tags/{slug}"))))
        }
        Err(error) => Err(error.into()),
    }
}
