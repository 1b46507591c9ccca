//! Authors for readers; for editors in [`edit`].

pub mod edit;

use actix_web::{HttpRequest, HttpResponse, get, web};

use super::model::{Author, AuthorSort};
use super::store;
use crate::app::App;
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, one_of};
use crate::http::respond::Answer;

/// What authors show: profiles, and how many published articles bear each name.
const DEPENDS_ON: &str = "list-articles list-authors list-pages";
use crate::tags::http::NamedListQuery;

/// List authors
///
/// The authors of published articles.
#[utoipa::path(
    tag = "Authors",
    params(NamedListQuery),
    responses((status = 200, description = "One page of authors", body = List<Author>, headers(("Link" = String))))
)]
#[get("/v1/authors")]
pub(crate) async fn list_authors(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| {
            one_of(text, AuthorSort::ALL, AuthorSort::as_str)
        })
        .unwrap_or(AuthorSort::Name);
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

/// Get an author
///
/// The public profile, by slug or id.
#[utoipa::path(
    tag = "Authors",
    params(("key" = String, Path, description = "A slug or an id", example = "samuel-okafor")),
    responses(
        (status = 200, description = "The author", body = Author),
    )
)]
#[get("/v1/authors/{key}")]
pub(crate) async fn get_author(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.public_change();
    let author = app
        .db
        .read_indexed(move |conn| store::public(conn, &key))
        .await?;
    Answer::json(&author)?
        .at(change)
        .depends_on(DEPENDS_ON)
        .to(&request)
}
