//! Search for readers, and for what somebody is about to type; articles about the same as one.

pub mod answer;
pub mod query;

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, get, web};

use self::answer::{SearchResults, Suggestion, Suggestions, named, present};
use self::query::{RelatedQuery, SearchQuery, SuggestQuery};
use super::run::{self, Found, SearchSort};
use super::{related, suggest};
use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::http as articles;
use crate::articles::model::{Article, Kind};
use crate::articles::store;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::error::FaultCode;
use crate::http::error::Refusal;
use crate::http::extract::min_change;
use crate::http::list::{List, PageInfo};
use crate::http::query::{MAX_DEPTH, Query};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::tags::store as tags;

/// What is found depends on every text, and on the names of their tags and authors.
const DEPENDS_ON: &str = "list-articles list-authors list-pages list-tags";

/// Search
///
/// Words, `"phrases"` and `-words` that must not be there; the last word also as the beginning of one. A hit holds at
/// least two of the words that say something, or any where no text holds two. Finds titles, subtitles, standfirsts,
/// bodies, the names of tags and authors. A word that no text holds is read as the nearest one there is.
///
/// Reaches 10,000 hits deep. Pages of a search are of the moment that each is asked for.
#[utoipa::path(
    tag = "Search",
    params(SearchQuery),
    responses((status = 200, description = "What was found", body = SearchResults, headers(("Link" = String))))
)]
#[get("/v1/search")]
pub(crate) async fn search_texts(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let began = Instant::now();
    let mut query = Query::parse(request.query_string());
    let (asked, page) = query::search(&mut query, &app);
    query.finish()?;
    let Some(asked) = asked else {
        return Err(crate::error::Error::internal("a search without a query").into());
    };

    let needed = min_change(request.headers())?.unwrap_or(0);
    let public = app.db.public_change();
    let (show, count, facets) = (asked.show, asked.count, asked.facets.clone());
    let (offset, limit) = (asked.offset, asked.limit);
    let text = asked.text.clone();
    let (change, found, facets) = app
        .search
        .read(needed, move |serving, conn| {
            let found = run::search(serving, conn, &asked)?;
            let facets = match &found.counts {
                Some(counts) if !facets.is_empty() => Some(named(conn, counts, &asked)?),
                _ => None,
            };
            Ok((serving.change, found, facets))
        })
        .await?;
    note(&app, &text, began, &found);

    let total = found
        .counts
        .as_ref()
        .filter(|_| count)
        .map(|counts| counts.total);
    let slice = Slice {
        next: beyond(found.more, offset + limit).map(|offset| cursor(&page, offset)),
        previous: (offset > 0).then(|| cursor(&page, offset.saturating_sub(limit))),
        items: found.hits,
        total: total.and_then(|total| i64::try_from(total).ok()),
    };
    let (list, link) = List::new(slice, &page.page, &app, &request);
    let results = SearchResults {
        items: list
            .items
            .into_iter()
            .map(|hit| present(hit, &app, show))
            .collect(),
        page: list.page,
        did_you_mean: found.did_you_mean,
        facets,
    };
    Answer::json(&results)?
        .at(public.min(change))
        .linked(link)
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// Suggest
///
/// Titles and tags, while somebody types.
#[utoipa::path(
    tag = "Search",
    params(SuggestQuery),
    responses((status = 200, description = "What may be meant", body = Suggestions))
)]
#[get("/v1/search/suggest")]
pub(crate) async fn suggest_texts(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let text = query::text(&mut query);
    let locale = articles::query::locale(&mut query, &app);
    let limit = query::few(&mut query);
    query.finish()?;
    let text = text.map(|(text, _)| text).unwrap_or_default();

    let needed = min_change(request.headers())?.unwrap_or(0);
    let public = app.db.public_change();
    let show = Selection::of([
        Field::Kind,
        Field::Title,
        Field::Slug,
        Field::Locale,
        Field::Url,
    ]);
    let (change, found, tags) = app
        .search
        .read(needed, move |serving, conn| {
            let ids = suggest::titles(serving, &text, locale.as_deref(), limit)?;
            let found = match ids.as_slice() {
                [] => Vec::new(),
                ids => store::by_ids(conn, ids, show)?,
            };
            let tags = tags::beginning(conn, &text, limit)?;
            Ok((serving.change, found, tags))
        })
        .await?;
    app.search.metrics().suggested();
    let items = found.into_iter().filter_map(|mut article| {
        articles::present(&mut article, &app, show);
        Some(Suggestion {
            id: article.id,
            kind: article.kind?,
            title: article.title?,
            slug: article.slug?,
            locale: article.locale?,
            url: article.url?,
        })
    });
    let suggestions = Suggestions {
        items: items.collect(),
        tags,
    };
    Answer::json(&suggestions)?
        .at(public.min(change))
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// List related articles
///
/// Articles of the same locale about the same: those that share its tags, the rarer the better, and its words. Without the
/// article itself, the likest first.
#[utoipa::path(
    tag = "Articles",
    params(("key" = String, Path, description = "A slug or an id", example = "closeness-after-trauma"), RelatedQuery),
    responses(
        (status = 200, description = "Articles about the same", body = List<Article>),
        (status = 308, description = "It has another slug now", headers(("Location" = String))),
    )
)]
#[get("/v1/articles/{key}/related")]
pub(crate) async fn list_related_articles(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let locale = articles::query::locale(&mut query, &app);
    let limit = query::few(&mut query);
    let show = articles::query::selection(&mut query, Selection::summary());
    query.finish()?;

    let needed = min_change(request.headers())?.unwrap_or(0);
    let public = app.db.public_change();
    let only_id = Selection::of([]);
    let article = articles::read_one(
        &request,
        &app,
        Kind::Article,
        &key,
        locale,
        only_id,
        "/related",
    )
    .await?;
    let (change, mut items) = app
        .search
        .read(needed, move |serving, conn| {
            let ids = related::related(serving, conn, article.id, limit)?;
            let items = match ids.as_slice() {
                [] => Vec::new(),
                ids => store::by_ids(conn, ids, show)?,
            };
            Ok((serving.change, items))
        })
        .await?;
    for article in &mut items {
        articles::present(article, &app, show);
    }
    let list = List {
        items,
        page: PageInfo {
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
            next: None,
            previous: None,
            total: None,
        },
    };
    Answer::json(&list)?
        .at(public.min(change))
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// A page of hits: where it is in the order of hits.
pub(super) struct Pages {
    pub(super) page: Page,
    pub(super) sort: &'static str,
}

fn cursor(pages: &Pages, offset: usize) -> Cursor {
    Cursor {
        sort: pages.sort,
        backward: false,
        key: Key::Number(i64::try_from(offset).unwrap_or(i64::MAX)),
        id: Id([0; 16]),
    }
}

/// Where the next page begins, if it lies within what a search reaches.
fn beyond(more: bool, offset: usize) -> Option<usize> {
    (more && offset < MAX_DEPTH as usize).then_some(offset)
}

/// Counts the search, and logs its words where that is configured.
fn note(app: &App, text: &str, began: Instant, found: &Found) {
    let settings = app.search.settings();
    let took = began.elapsed();
    let (slow, empty) = (took >= settings.slow, found.hits.is_empty());
    app.search
        .metrics()
        .searched(took, slow, empty, found.did_you_mean.is_some());
    if settings.log_words && (slow || empty) {
        let milliseconds = took.as_millis();
        tracing::info!(query = ?text, milliseconds, empty, "a search to look at");
    }
}

/// The order of a search, as its cursors name it.
pub(super) const fn order(sort: SearchSort) -> &'static str {
    match sort {
        SearchSort::Relevance => "search relevance",
        SearchSort::Newest => "search -published_at",
        SearchSort::Oldest => "search published_at",
        SearchSort::LastUpdated => "search -updated_at",
    }
}

pub(super) const MISSING: (FaultCode, &str) = (
    FaultCode::Missing,
    "is what is searched for, and must be there",
);
