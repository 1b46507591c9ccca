//! From rows to articles: one query for the rows with what nearly all who read them are shown, and one more for each other
//! thing, however many rows there are.

use std::mem;

use diesel::prelude::*;
use serde_json::value::RawValue;

use crate::articles::cover::{self, Cover, ShownCover};
use crate::articles::fields::{Field, Selection};
use crate::articles::model::{Article, Audience, Kind, State};
use crate::db::dialect::{Unindexed, id_in};
use crate::db::schema::{article_bodies, article_slugs, articles};
use crate::db::{Conn, IdList, columns, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::media;
use crate::media::model::Media;
use crate::time::Time;

use beside::{Body, BodyColumns, add_sources, add_translations};
use names::NamesState;

mod beside;
mod names;

/// The columns of `articles` that delivery may show, in the order of [`Columns`].
#[derive(Queryable)]
pub(super) struct Row {
    pub(super) id: Id,
    pub(super) kind: String,
    pub(super) locale: String,
    pub(super) slug: String,
    title: String,
    subtitle: Option<String>,
    standfirst: Option<String>,
    excerpt: String,
    cover: Option<String>,
    featured: bool,
    content_notice: Option<String>,
    audience: String,
    citations: String,
    word_count: i32,
    reading_minutes: i32,
    pub(super) translation_key: Option<String>,
    external_id: Option<String>,
    updated_at: Time,
    published_at: Option<Time>,
    tag_ids: IdList,
    author_ids: IdList,
}

/// A row, with what was read along of other tables.
pub(super) struct Found {
    pub(super) row: Row,
    /// What the names of its tags and authors are known under.
    names: i64,
    body: Option<Body>,
}

columns!(Columns of articles:
    id, kind, locale, slug, title, subtitle, standfirst, excerpt, cover, featured, content_notice, audience, citations,
    word_count, reading_minutes, translation_key, external_id, updated_at, published_at, tag_ids,
    author_ids,
);

/// The published articles among these, in this order, with what is to be shown.
///
/// # Errors
/// When the database fails.
pub fn by_ids(conn: &mut Conn, ids: &[Id], show: Selection) -> Result<Vec<Article>> {
    let mut found = published(conn, ids, show)?;
    found.sort_by_cached_key(|found| ids.iter().position(|id| *id == found.row.id));
    complete(conn, found, show)
}

/// A text in whatever state.
#[derive(Debug)]
pub struct AnyText {
    /// As delivery would show it.
    pub article: Article,
    /// Article or page.
    pub kind: Kind,
    /// Where it stands between an idea and the bin.
    pub state: State,
    /// The account it belongs to.
    pub owner: Option<Id>,
}

/// A text in whatever state, as it will look: for whoever was shown the way to it.
///
/// # Errors
/// When the database fails.
pub fn in_any_state(conn: &mut Conn, id: Id, show: Selection) -> Result<Option<AnyText>> {
    let about = articles::table
        .find(id)
        .select((articles::kind, articles::state, articles::owner));
    let about: Option<(String, String, Option<Id>)> = each!(conn, c => about.first(c).optional())?;
    let rows = rows(conn, &[id], show)?;
    let Some(((kind, state, owner), article)) = about.zip(complete(conn, rows, show)?.pop()) else {
        return Ok(None);
    };
    Ok(Some(AnyText {
        article,
        kind: named(&kind, Kind::from_name)?,
        state: named(&state, State::from_name)?,
        owner,
    }))
}

/// What a query of `articles` finds, each with what is to be shown of other tables. Which columns are read is a type, by
/// which the prepared statement is found.
macro_rules! found {
    ($conn:expr, $show:expr, $query:expr) => {
        if $show.any(&Body::FIELDS) {
            let with_body = article_bodies::table.on(article_bodies::number.eq(articles::number));
            let query = $query.inner_join(with_body).select((Columns, NamesState, BodyColumns));
            let rows: Vec<(Row, i64, Body)> = each!($conn, c => query.load(c))?;
            let found = |(row, names, body)| Found { row, names, body: Some(body) };
            rows.into_iter().map(found).collect::<Vec<_>>()
        } else {
            let query = $query.select((Columns, NamesState));
            let rows: Vec<(Row, i64)> = each!($conn, c => query.load(c))?;
            let found = |(row, names)| Found { row, names, body: None };
            rows.into_iter().map(found).collect()
        }
    };
}

/// These, in whatever state: for editors.
pub(super) fn rows(conn: &mut Conn, ids: &[Id], show: Selection) -> Result<Vec<Found>> {
    let these = articles::table.filter(id_in(articles::id, ids));
    Ok(found!(conn, show, these))
}

/// The published ones among these, in any order.
pub(super) fn published(conn: &mut Conn, ids: &[Id], show: Selection) -> Result<Vec<Found>> {
    let published = articles::table.filter(articles::state.eq(State::Published.as_str()));
    Ok(match ids {
        [] => Vec::new(),
        // Most reads are of one article.
        [id] => found!(conn, show, published.filter(articles::id.eq(*id))),
        ids => found!(conn, show, published.filter(id_in(articles::id, ids))),
    })
}

/// The published text that has a slug in a locale, or had it.
pub(super) fn at_slug(
    conn: &mut Conn,
    slug: &str,
    locale: &str,
    show: Selection,
) -> Result<Option<Found>> {
    let query = article_slugs::table
        .inner_join(articles::table.on(articles::number.eq(article_slugs::number)))
        .filter(article_slugs::slug.eq(slug))
        .filter(article_slugs::locale.eq(locale))
        // Nothing but the slug may be where a planner begins.
        .filter(Unindexed(articles::state).eq(State::Published.as_str()));
    Ok(found!(conn, show, query).pop())
}

/// Turns rows into articles, with what stands in other tables.
pub(super) fn complete(
    conn: &mut Conn,
    found: Vec<Found>,
    show: Selection,
) -> Result<Vec<Article>> {
    let Some(names) = found.first().map(|found| found.names) else {
        return Ok(Vec::new());
    };
    let rows = || found.iter().map(|found| &found.row);
    let keys: Vec<Option<String>> = rows().map(|row| row.translation_key.clone()).collect();
    let media = if show.has(Field::Cover) {
        media_of(conn, rows().map(|row| row.cover.as_deref()))?
    } else {
        Vec::new()
    };
    let (mut tags, mut authors) = (Vec::new(), Vec::new());
    let mut found: Vec<Article> = found
        .into_iter()
        .map(|Found { mut row, body, .. }| {
            tags.push(mem::take(&mut row.tag_ids));
            authors.push(mem::take(&mut row.author_ids));
            let mut article = row.into_article(show, &media)?;
            if let Some(body) = body {
                body.put_into(&mut article, show)?;
            }
            Ok(article)
        })
        .collect::<Result<_>>()?;
    if show.has(Field::Tags) {
        for (article, tags) in found.iter_mut().zip(names::lists(conn, names, &tags)?) {
            article.tags = Some(tags);
        }
    }
    if show.has(Field::Authors) {
        for (article, authors) in found.iter_mut().zip(names::lists(conn, names, &authors)?) {
            article.authors = Some(authors);
        }
    }
    if show.any(&[Field::Markdown, Field::Text]) {
        add_sources(conn, &mut found, show)?;
    }
    if show.has(Field::Translations) {
        add_translations(conn, &keys, &mut found)?;
    }
    Ok(found)
}

/// The media that these stored covers are. Most are none.
fn media_of<'c>(
    conn: &mut Conn,
    covers: impl Iterator<Item = Option<&'c str>>,
) -> Result<Vec<Media>> {
    let mut ids = Vec::new();
    for cover in covers.flatten().filter(|cover| cover::is_media(cover)) {
        ids.extend(Cover::from_json(cover)?.media_id());
    }
    media::store::of_ids(conn, &ids)
}

/// These stored covers, as they are shown.
///
/// # Errors
/// When the database fails.
pub fn covers(conn: &mut Conn, stored: Vec<Option<String>>) -> Result<Vec<Option<ShownCover>>> {
    let media = media_of(conn, stored.iter().map(Option::as_deref))?;
    let shown = |cover: Option<String>| {
        let cover = cover.map(|cover| ShownCover::read(cover, &media));
        Ok(cover.transpose()?.flatten())
    };
    stored.into_iter().map(shown).collect()
}

pub(super) fn named<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
    from_name(name)
        .ok_or_else(|| Error::internal(format!("`{name}` is stored where no such name may stand")))
}

fn raw(json: String) -> Result<Box<RawValue>> {
    RawValue::from_string(json)
        .map_err(|error| Error::internal(format!("stored JSON of an article: {error}")))
}

impl Row {
    fn into_article(self, show: Selection, media: &[Media]) -> Result<Article> {
        let has = |field| show.has(field);
        let cover = if has(Field::Cover) {
            let cover = self.cover.map(|cover| ShownCover::read(cover, media));
            Some(cover.transpose()?.flatten())
        } else {
            None
        };
        Ok(Article {
            id: self.id,
            external_id: has(Field::ExternalId).then_some(self.external_id),
            // The address is made of these two where it is shown, so they stay until then.
            slug: Some(self.slug),
            locale: Some(self.locale),
            url: None,
            kind: has(Field::Kind)
                .then(|| named(&self.kind, Kind::from_name))
                .transpose()?,
            title: has(Field::Title).then_some(self.title),
            subtitle: has(Field::Subtitle).then_some(self.subtitle),
            standfirst: has(Field::Standfirst).then_some(self.standfirst),
            excerpt: has(Field::Excerpt).then_some(self.excerpt),
            cover,
            featured: has(Field::Featured).then_some(self.featured),
            content_notice: has(Field::ContentNotice).then_some(self.content_notice),
            audience: has(Field::Audience)
                .then(|| named(&self.audience, Audience::from_name))
                .transpose()?,
            citations: has(Field::Citations)
                .then(|| raw(self.citations))
                .transpose()?,
            word_count: has(Field::WordCount).then_some(self.word_count),
            reading_minutes: has(Field::ReadingMinutes).then_some(self.reading_minutes),
            published_at: if has(Field::PublishedAt) {
                self.published_at
            } else {
                None
            },
            updated_at: has(Field::UpdatedAt).then_some(self.updated_at),
            body: None,
            markdown: None,
            text: None,
            toc: None,
            tags: None,
            authors: None,
            seo: None,
            metadata: None,
            translations: has(Field::Translations).then(Vec::new),
        })
    }
}
