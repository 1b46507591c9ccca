//! The parameters of search, suggestions and related articles: as the document describes them, and how they are read.

use utoipa::IntoParams;

use super::{MISSING, Pages, order};
use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::http::query::{self as articles, Include};
use crate::articles::model::{Audience, Kind};
use crate::db::page::{CursorError, Key};
use crate::error::FaultCode;
use crate::http::query::{MAX_DEPTH, Query, one_of, whole_number};
use crate::search::facets::Facet;
use crate::search::query::Typed;
use crate::search::run::{Request, SearchSort};

/// The parameters of a search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `search` reads it")]
pub(super) struct SearchQuery {
    /// What is searched for: words, `"phrases"`, and `-words` that must not be there. Any text is a query; up to 64 words.
    #[param(min_length = 1, max_length = 512, example = "toolkit")]
    q: String,
    /// Articles or pages alone.
    #[param(inline)]
    kind: Option<Kind>,
    /// A tag by slug, name or id. Repeat it for texts that carry all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// A tag by slug, name or id. Repeat it for texts that carry at least one of them.
    #[param(max_items = 20, min_length = 1)]
    any_tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Published at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<String>,
    /// Published before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// All but these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    exclude: Option<Vec<uuid::Uuid>>,
    /// The order; ties by id, the newest first. Default `relevance`.
    #[param(inline)]
    sort: Option<SearchSortName>,
    /// Count the hits of the whole result by these, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    facets: Option<Vec<Facet>>,
    /// Mark the words in title and body.
    highlight: Option<bool>,
    /// Read words that no text holds as the nearest that there are; on unless `false`.
    typos: Option<bool>,
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page in the same order. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole result, into `page.total`.
    count: Option<bool>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The parameters of suggestions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `suggest` reads it")]
pub(super) struct SuggestQuery {
    /// What was typed so far.
    #[param(min_length = 1, max_length = 512, example = "clo")]
    q: String,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Titles, and tags, at most, 1 to 20; default 5.
    #[param(minimum = 1, maximum = 20)]
    limit: Option<u32>,
}

/// The parameters of related articles.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `list_related_articles` reads it"
)]
pub(super) struct RelatedQuery {
    /// The locale, or where the text is not in that, the first of those that stand in for it. Without it, the site's
    /// first that has the slug is meant.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Articles at most, 1 to 20; default 5.
    #[param(minimum = 1, maximum = 20)]
    limit: Option<u32>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The orders, as the document names them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents `SearchSort`; a test compares the two")]
enum SearchSortName {
    #[schema(rename = "relevance")]
    Relevance,
    #[schema(rename = "-published_at")]
    Newest,
    #[schema(rename = "published_at")]
    Oldest,
    #[schema(rename = "-updated_at")]
    LastUpdated,
}

/// Reads a search; none where it has no query, which is a fault.
pub(super) fn search(query: &mut Query, app: &App) -> (Option<Request>, Pages) {
    let text = text(query);
    let kind = query.one("kind", |text| one_of(text, Kind::ALL, Kind::as_str));
    let filter = articles::filter(query, app);
    let sort = query
        .one("sort", |text| {
            one_of(text, SearchSort::ALL, SearchSort::as_str)
        })
        .unwrap_or(SearchSort::Relevance);
    let facets = query.one("facets", |text| {
        text.split(',')
            .map(|name| one_of(name.trim(), Facet::ALL, Facet::as_str))
            .collect::<Result<Vec<_>, _>>()
    });
    let highlight = query.flag("highlight");
    let typos = query
        .one("typos", crate::http::query::boolean)
        .unwrap_or(true);
    let page = query.page(order(sort));
    let count = query.flag("count");
    let show = articles::selection(query, Selection::summary());
    let limit = page.limit as usize;
    let offset = match page.cursor().map(|cursor| &cursor.key) {
        Some(Key::Number(offset)) => u32::try_from(*offset).ok(),
        Some(Key::Text(_)) => None,
        None => u32::try_from(page.offset()).ok(),
    };
    // Anybody can make a cursor that reads well; how deep it reaches decides how much memory a search takes.
    let offset = offset.filter(|offset| *offset <= MAX_DEPTH);
    if offset.is_none() {
        let forged = CursorError::Forged.to_string();
        query.refuse("cursor", (FaultCode::Malformed, forged));
    }
    let offset = offset.unwrap_or(0) as usize;
    let request = text.map(|(text, typed)| Request {
        text,
        typed,
        filter,
        kind,
        sort,
        offset,
        limit,
        count,
        facets: facets.unwrap_or_default(),
        highlight,
        typos,
        show,
    });
    let pages = Pages {
        page,
        sort: order(sort),
    };
    (request, pages)
}

/// Reads `q`, which must be there.
pub(super) fn text(query: &mut Query) -> Option<(String, Typed)> {
    if !query.has("q") {
        let (code, detail) = MISSING;
        query.refuse("q", (code, detail.to_owned()));
    }
    query.one("q", |text| Ok((text.to_owned(), Typed::read(text)?)))
}

/// Reads `limit` where there is but one page.
pub(super) fn few(query: &mut Query) -> usize {
    let limit = query.one("limit", |text| match whole_number(text)? {
        0 => Err((FaultCode::TooSmall, "is at least 1".into())),
        limit @ 1..=20 => Ok(limit as usize),
        _ => Err((FaultCode::TooLarge, "is at most 20".into())),
    });
    limit.unwrap_or(5)
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    fn documented<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        serde_json::from_value(schema["enum"].clone()).unwrap()
    }

    #[test]
    fn the_document_names_what_is_read_and_nothing_else() {
        let sorts: Vec<_> = SearchSort::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<SearchSortName>(), sorts);
        let facets: Vec<_> = Facet::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<Facet>(), facets);
        let kinds: Vec<_> = Kind::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(documented::<Kind>(), kinds);
    }
}
