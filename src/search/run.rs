//! A search from the query to its hits: what the index finds, checked against the database, with counts and marks.

use std::ops::Bound;

use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::SortByStaticFastValue;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, Occur, Query, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field as IndexField, IndexRecordOption};
use tantivy::{Order, Term};

use super::facets::{self, Counts, Facet};
use super::feedback;
use super::highlight;
use super::plan::Plan;
use super::query::Typed;
use super::rank::{self, Hit, Ranked, SHORT_WINDOW, WINDOW};
use super::serving::Serving;
use crate::articles::fields::{Field, Selection};
use crate::articles::model::{Article, Kind};
use crate::articles::store::{self as articles, Filter};
use crate::authors::store as authors;
use crate::db::Conn;
use crate::error::Result;
use crate::names::names;
use crate::tags::store as tags;

/// Words from which on a query is a long one.
const LONG: usize = 4;

/// The orders of hits; ties by id, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchSort {
    /// The best first.
    Relevance,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The last changed first.
    LastUpdated,
}

names!(SearchSort {
    Relevance => "relevance",
    Newest => "-published_at",
    Oldest => "published_at",
    LastUpdated => "-updated_at",
});

/// A search as it was asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// What was typed.
    pub text: String,
    /// The same, read.
    pub typed: Typed,
    /// What hits must be.
    pub filter: Filter,
    /// Articles or pages alone.
    pub kind: Option<Kind>,
    /// Their order.
    pub sort: SearchSort,
    /// Hits that come before the page.
    pub offset: usize,
    /// Hits of a page.
    pub limit: usize,
    /// Count the whole result.
    pub count: bool,
    /// Count it by these, too.
    pub facets: Vec<Facet>,
    /// Mark the words.
    pub highlight: bool,
    /// Read words that no text holds as others.
    pub typos: bool,
    /// What is shown of hits.
    pub show: Selection,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The hits of the page.
    pub hits: Vec<FoundHit>,
    /// Whether there are more after them.
    pub more: bool,
    /// Hits in all.
    pub counts: Option<Counts>,
    /// The query with other words for those that no text holds.
    pub did_you_mean: Option<String>,
}

/// A hit, as the database has it.
#[derive(Debug)]
pub struct FoundHit {
    /// The text.
    pub article: Article,
    /// Its rank.
    pub score: f32,
    /// Its title and pieces of its body, with the words marked.
    pub highlights: Option<(String, String)>,
}

/// Searches.
///
/// # Errors
/// When the index or the database cannot be read.
pub fn search(serving: &Serving, conn: &mut Conn, request: &Request) -> Result<Found> {
    let locale = request.filter.locale.as_deref();
    let plan = Plan::new(serving, &request.typed, locale, request.typos)?;
    let filters = filters(serving, conn, request, &plan)?;
    if plan.is_empty() {
        return Ok(Found {
            counts: Some(Counts::default()),
            ..Found::default()
        });
    }
    let ranked = Ranked::new(serving, &plan, filters)?;
    let wanted = request.offset + request.limit + 1;
    let mut hits = match request.sort {
        SearchSort::Relevance if plan.only_excludes() => {
            by_time(serving, &ranked, SearchSort::Newest, wanted)?
        }
        SearchSort::Relevance => by_rank(serving, conn, &plan, &ranked, wanted)?,
        sort => by_time(serving, &ranked, sort, wanted)?,
    };
    let more = hits.len() >= wanted;
    hits.truncate(request.offset + request.limit);
    hits.drain(..request.offset.min(hits.len()));
    let counts = if request.count || !request.facets.is_empty() {
        let query = ranked.query();
        Some(facets::count(serving, query.as_ref(), &request.facets)?)
    } else {
        None
    };
    let hits = load(conn, serving, &plan, request, &hits)?;
    let is_told = !plan.corrections.is_empty() && (request.typos || hits.is_empty());
    Ok(Found {
        did_you_mean: is_told
            .then(|| did_you_mean(serving, conn, &plan, request))
            .transpose()?,
        hits,
        more,
        counts,
    })
}

fn by_rank(
    serving: &Serving,
    conn: &mut Conn,
    plan: &Plan<'_>,
    ranked: &Ranked<'_>,
    wanted: usize,
) -> Result<Vec<Hit>> {
    let is_long = plan.units() >= LONG;
    let looked_at = if is_long { WINDOW } else { SHORT_WINDOW };
    let mut hits = ranked.first(serving, wanted.max(looked_at))?;
    let end = looked_at.min(hits.len());
    let window = &mut hits[..end];
    if !is_long {
        rank::prefer_headings(serving, plan, window)?;
    } else if let Some(query) = feedback::query(serving, conn, plan, window)? {
        rank::add(serving, window, query.as_ref(), 1.0)?;
        rank::sort(window);
    }
    Ok(hits)
}

fn by_time(
    serving: &Serving,
    ranked: &Ranked<'_>,
    sort: SearchSort,
    wanted: usize,
) -> Result<Vec<Hit>> {
    let (column, order) = match sort {
        SearchSort::Relevance | SearchSort::Newest => ("published_at", Order::Desc),
        SearchSort::Oldest => ("published_at", Order::Asc),
        SearchSort::LastUpdated => ("updated_at", Order::Desc),
    };
    let key = (
        (SortByStaticFastValue::<i64>::for_field(column), order),
        (SortByStaticFastValue::<u64>::for_field("id_high"), order),
        (SortByStaticFastValue::<u64>::for_field("id_low"), order),
    );
    let found = serving.searcher.search(
        ranked.query().as_ref(),
        &TopDocs::with_limit(wanted).order_by(key),
    )?;
    let hit = |(_, place)| Hit {
        score: 0.0,
        place,
        id: serving.id(place),
    };
    Ok(found.into_iter().map(hit).collect())
}

/// The hits that are still published, in their order.
fn load(
    conn: &mut Conn,
    serving: &Serving,
    plan: &Plan<'_>,
    request: &Request,
    hits: &[Hit],
) -> Result<Vec<FoundHit>> {
    let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let show = if request.highlight {
        request.show.with(&[Field::Title, Field::Text])
    } else {
        request.show
    };
    let found = articles::by_ids(conn, &ids, show)?;
    let mut loaded = Vec::with_capacity(found.len());
    for mut article in found {
        let score = hits.iter().find(|hit| hit.id == article.id);
        let score = score.map_or(0.0, |hit| hit.score);
        let locale = article.locale.clone().unwrap_or_default();
        let of_locale = serving.fields.of(&locale);
        let plan = plan
            .locales
            .iter()
            .find(|plan| plan.fields.text == of_locale.text);
        let highlights = plan.filter(|_| request.highlight).map(|plan| {
            let title = article.title.as_deref().unwrap_or_default();
            let text = article.text.as_deref().unwrap_or_default();
            (highlight::whole(plan, title), highlight::pieces(plan, text))
        });
        if !request.show.has(Field::Title) {
            article.title = None;
        }
        if !request.show.has(Field::Text) {
            article.text = None;
        }
        loaded.push(FoundHit {
            article,
            score,
            highlights,
        });
    }
    Ok(loaded)
}

/// The query with the words that were meant, as somebody wrote them.
fn did_you_mean(
    serving: &Serving,
    conn: &mut Conn,
    plan: &Plan<'_>,
    request: &Request,
) -> Result<String> {
    let mut words = Vec::with_capacity(plan.corrections.len());
    for (place, folded) in &plan.corrections {
        let written = as_written(serving, conn, plan, folded)?;
        words.push((*place, written.unwrap_or_else(|| folded.clone())));
    }
    Ok(Typed::with(&request.text, &words))
}

/// How a text writes a word that the index knows without case and accents.
fn as_written(
    serving: &Serving,
    conn: &mut Conn,
    plan: &Plan<'_>,
    folded: &str,
) -> Result<Option<String>> {
    for locale in &plan.locales {
        let term = Term::from_field_text(locale.fields.vocabulary, folded);
        let holds = TermQuery::new(term, IndexRecordOption::Basic);
        let one = TopDocs::with_limit(1).order_by_score();
        let places = serving.searcher.search(&holds, &one)?;
        let ids: Vec<_> = places.iter().map(|(_, place)| serving.id(*place)).collect();
        for text in articles::published_texts(conn, &ids)? {
            let names = text.tags.iter().map(|tag| tag.name.as_str());
            let names = names.chain(text.authors.iter().map(|(_, name)| name.as_str()));
            let parts = [
                Some(text.title.as_str()),
                text.subtitle.as_deref(),
                text.standfirst.as_deref(),
            ];
            let parts = parts
                .into_iter()
                .flatten()
                .chain([text.text.as_str()])
                .chain(names);
            for part in parts {
                let written = highlight::as_written(&locale.fields.words, folded, part);
                if written.is_some() {
                    return Ok(written);
                }
            }
        }
    }
    Ok(None)
}

/// What leaves those that are as was asked for. What does not exist leaves none, as what nothing public carries does.
fn filters(
    serving: &Serving,
    conn: &mut Conn,
    request: &Request,
    plan: &Plan<'_>,
) -> Result<Vec<Box<dyn Query>>> {
    let fields = &serving.fields;
    let Filter {
        tags: all_tags,
        any_tags,
        author,
        locale,
        featured,
        audience,
        published_after,
        published_before,
        ids,
        exclude,
    } = &request.filter;
    let mut filters: Vec<Box<dyn Query>> = Vec::new();
    for tag in all_tags {
        filters.push(match tags::find_public(conn, tag)? {
            Some(tag) => bytes(fields.tags, tag.id.as_bytes()),
            None => Box::new(EmptyQuery),
        });
    }
    if !any_tags.is_empty() {
        let mut terms = Vec::with_capacity(any_tags.len());
        for tag in any_tags {
            let tag = tags::find_public(conn, tag)?;
            terms.extend(tag.map(|tag| Term::from_field_bytes(fields.tags, tag.id.as_bytes())));
        }
        filters.push(Box::new(TermSetQuery::new(terms)));
    }
    if let Some(author) = author {
        filters.push(match authors::find_public(conn, author)? {
            Some(author) => bytes(fields.authors, author.id.as_bytes()),
            None => Box::new(EmptyQuery),
        });
    }
    if let Some(kind) = request.kind {
        filters.push(bytes(fields.kind, kind.as_str().as_bytes()));
    }
    if let Some(featured) = featured {
        let term = Term::from_field_bool(fields.featured, *featured);
        filters.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
    }
    if let Some(audience) = audience {
        filters.push(bytes(fields.audience, audience.as_str().as_bytes()));
    }
    if published_after.is_some() || published_before.is_some() {
        let time =
            |time: &crate::time::Time| Term::from_field_i64(fields.published_at, time.millis());
        filters.push(Box::new(RangeQuery::new(
            published_after
                .as_ref()
                .map_or(Bound::Unbounded, |at| Bound::Included(time(at))),
            published_before
                .as_ref()
                .map_or(Bound::Unbounded, |at| Bound::Excluded(time(at))),
        )));
    }
    if !ids.is_empty() {
        let terms = ids
            .iter()
            .map(|id| Term::from_field_bytes(fields.id, id.as_bytes()));
        filters.push(Box::new(TermSetQuery::new(terms)));
    }
    if !exclude.is_empty() {
        let terms = exclude
            .iter()
            .map(|id| Term::from_field_bytes(fields.id, id.as_bytes()));
        let excluded: Box<dyn Query> = Box::new(TermSetQuery::new(terms));
        filters.push(Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(AllQuery)),
            (Occur::MustNot, excluded),
        ])));
    }
    // Words are looked for in the fields of the locale alone; where there are none, it has to be said.
    if let Some(locale) = locale
        && plan.only_excludes()
    {
        filters.push(bytes(fields.locale, locale.as_bytes()));
    }
    Ok(filters)
}

fn bytes(field: IndexField, value: &[u8]) -> Box<dyn Query> {
    let term = Term::from_field_bytes(field, value);
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
