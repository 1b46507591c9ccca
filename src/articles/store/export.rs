//! Texts whole, in every state and in the order of their ids, a bounded number at a time: what an export writes down.

use diesel::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::load::named;
use super::revisions;
use super::texts::published_ids;
use crate::articles::edit::written;
use crate::articles::export::{ExportedText, sparse};
use crate::articles::model::{Audience, Format, Kind, State};
use crate::articles::schedule::TimedAction;
use crate::articles::words::{Standing, Words};
use crate::db::dialect::id_in;
use crate::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors, schedules,
    tags, working_copies,
};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

#[derive(Queryable)]
struct Row {
    id: Id,
    kind: String,
    source: Option<String>,
    external_id: Option<String>,
    state: String,
    locale: String,
    slug: String,
    title: String,
    subtitle: Option<String>,
    standfirst: Option<String>,
    excerpt: String,
    cover: Option<String>,
    featured: bool,
    content_notice: Option<String>,
    audience: String,
    citations: String,
    translation_key: Option<String>,
    created_at: Time,
    updated_at: Time,
    published_at: Option<Time>,
    format: String,
    seo: String,
    metadata: String,
    body: String,
}

/// How many texts there are, in every state.
///
/// # Errors
/// When the database fails.
pub fn count_all(conn: &mut Conn) -> Result<u64> {
    let all: i64 = each!(conn, c => articles::table.count().get_result(c))?;
    Ok(u64::try_from(all).unwrap_or(0))
}

/// What a published text is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedNames {
    /// Which.
    pub id: Id,
    /// Article or page.
    pub kind: Kind,
    /// Its language.
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// What else leads to it: locale and slug.
    pub aliases: Vec<(String, String)>,
}

/// Up to `limit` published texts after an id, in the order of ids.
///
/// # Errors
/// When the database fails.
pub fn published_names_after(
    conn: &mut Conn,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<PublishedNames>> {
    let ids = published_ids(conn, after, limit)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = articles::table
        .filter(id_in(articles::id, &ids))
        .order(articles::id)
        .select((
            articles::id,
            articles::kind,
            articles::locale,
            articles::slug,
        ));
    let rows: Vec<(Id, String, String, String)> = each!(conn, c => query.load(c))?;
    let query = article_slugs::table
        .filter(id_in(article_slugs::article_id, &ids))
        .filter(article_slugs::current.eq(false))
        .order((article_slugs::locale, article_slugs::slug))
        .select((
            article_slugs::article_id,
            article_slugs::locale,
            article_slugs::slug,
        ));
    let aliases: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    let names = rows.into_iter().map(|(id, kind, locale, slug)| {
        let own = aliases.iter().filter(|(of, ..)| *of == id);
        Ok(PublishedNames {
            id,
            kind: named(&kind, Kind::from_name)?,
            locale,
            slug,
            aliases: own
                .map(|(_, locale, slug)| (locale.clone(), slug.clone()))
                .collect(),
        })
    });
    names.collect()
}

/// Up to `limit` texts after an id, in the order of ids.
///
/// # Errors
/// When the database fails.
pub fn exported_after(conn: &mut Conn, after: Option<Id>, limit: i64) -> Result<Vec<ExportedText>> {
    let mut query = articles::table
        .inner_join(article_bodies::table.on(article_bodies::article_id.eq(articles::id)))
        .order(articles::id)
        .limit(limit)
        .select((
            articles::id,
            articles::kind,
            articles::source,
            articles::external_id,
            articles::state,
            articles::locale,
            articles::slug,
            articles::title,
            articles::subtitle,
            articles::standfirst,
            articles::excerpt,
            articles::cover,
            articles::featured,
            articles::content_notice,
            articles::audience,
            articles::citations,
            articles::translation_key,
            articles::created_at,
            articles::updated_at,
            articles::published_at,
            article_bodies::format,
            article_bodies::seo,
            article_bodies::metadata,
            article_bodies::source,
        ))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(articles::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let ids: Vec<Id> = rows.iter().map(|row| row.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut texts: Vec<ExportedText> = rows.into_iter().map(text).collect::<Result<_>>()?;
    for (id, slug) in tags_of(conn, &ids)? {
        if let Some(text) = find(&mut texts, id) {
            text.tags.push(slug);
        }
    }
    for (id, slug) in authors_of(conn, &ids)? {
        if let Some(text) = find(&mut texts, id) {
            text.authors.push(slug);
        }
    }
    add_aliases(conn, &ids, &mut texts)?;
    let ends = schedules::table
        .filter(id_in(schedules::article_id, &ids))
        .filter(schedules::action.eq(TimedAction::Unpublish.as_str()))
        .select((schedules::article_id, schedules::at));
    let ends: Vec<(Id, Time)> = each!(conn, c => ends.load(c))?;
    for (id, at) in ends {
        if let Some(text) = find(&mut texts, id) {
            text.unpublish_at = Some(at);
        }
    }
    add_copies(conn, &ids, &mut texts)?;
    Ok(texts)
}

fn find(texts: &mut [ExportedText], id: Id) -> Option<&mut ExportedText> {
    let index = texts.binary_search_by_key(&id, |text| text.id).ok()?;
    texts.get_mut(index)
}

fn text(row: Row) -> Result<ExportedText> {
    let format = named(&row.format, Format::from_name)?;
    let [markdown, html, text] = written(format, row.body);
    let seo: Map<String, Value> = serde_json::from_str(&row.seo).map_err(|error| broken(&error))?;
    let unless = |json: String, empty: &str| -> Result<Option<Box<RawValue>>> {
        if json == empty {
            return Ok(None);
        }
        raw(json).map(Some)
    };
    Ok(ExportedText {
        kind: named(&row.kind, Kind::from_name)?,
        id: row.id,
        source: row.source,
        external_id: row.external_id,
        status: named(&row.state, State::from_name)?,
        locale: row.locale,
        slug: row.slug,
        aliases: Vec::new(),
        aliases_in: Map::new(),
        title: row.title,
        subtitle: row.subtitle,
        standfirst: row.standfirst,
        excerpt: row.excerpt,
        cover: row.cover.map(raw).transpose()?,
        tags: Vec::new(),
        authors: Vec::new(),
        featured: row.featured,
        content_notice: row.content_notice,
        audience: named(&row.audience, Audience::from_name)?,
        citations: unless(row.citations, "[]")?,
        created_at: row.created_at,
        updated_at: row.updated_at,
        published_at: row.published_at,
        unpublish_at: None,
        seo: sparse(seo),
        metadata: unless(row.metadata, "{}")?,
        translation_key: row.translation_key,
        working_copy: None,
        markdown,
        html,
        text,
    })
}

fn raw(json: String) -> Result<Box<RawValue>> {
    RawValue::from_string(json).map_err(|error| broken(&error))
}

fn broken(error: &serde_json::Error) -> Error {
    Error::internal(format!("stored JSON of an article: {error}"))
}

/// The slugs of the tags of these texts, each text's in order.
fn tags_of(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, String)>> {
    let query = article_tags::table
        .inner_join(tags::table)
        .filter(id_in(article_tags::article_id, ids))
        .order((article_tags::article_id, article_tags::position))
        .select((article_tags::article_id, tags::slug));
    Ok(each!(conn, c => query.load(c))?)
}

/// The slugs of the authors of these texts, each text's in order.
fn authors_of(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, String)>> {
    let query = article_authors::table
        .inner_join(authors::table)
        .filter(id_in(article_authors::article_id, ids))
        .order((article_authors::article_id, article_authors::position))
        .select((article_authors::article_id, authors::slug));
    Ok(each!(conn, c => query.load(c))?)
}

fn add_aliases(conn: &mut Conn, ids: &[Id], texts: &mut [ExportedText]) -> Result<()> {
    let query = article_slugs::table
        .filter(id_in(article_slugs::article_id, ids))
        .filter(article_slugs::current.eq(false))
        .order((article_slugs::locale, article_slugs::slug))
        .select((
            article_slugs::article_id,
            article_slugs::locale,
            article_slugs::slug,
        ));
    let aliases: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    for (id, locale, slug) in aliases {
        let Some(text) = find(texts, id) else {
            continue;
        };
        if locale == text.locale {
            text.aliases.push(slug);
        } else {
            let there = text.aliases_in.entry(locale).or_insert_with(|| json!([]));
            if let Value::Array(slugs) = there {
                slugs.push(slug.into());
            }
        }
    }
    Ok(())
}

/// Working copies are few, so each is read by itself.
fn add_copies(conn: &mut Conn, ids: &[Id], texts: &mut [ExportedText]) -> Result<()> {
    let query = working_copies::table
        .filter(id_in(working_copies::article_id, ids))
        .select((
            working_copies::article_id,
            working_copies::fields,
            working_copies::source,
        ));
    let copies: Vec<(Id, Option<String>, Option<String>)> = each!(conn, c => query.load(c))?;
    for (id, fields, source) in copies {
        let (Some(fields), Some(source)) = (fields, source) else {
            continue;
        };
        let words = revisions::read(&fields, source)?;
        let (tags, authors) = names(conn, &words)?;
        if let Some(text) = find(texts, id) {
            // Where it stands is the text's to say.
            let standing = Standing {
                status: text.status,
                published_at: None,
                owner: None,
            };
            let mut copy = words.writable(&tags, &authors, standing);
            copy.shift_remove("status");
            if let Some(Value::Object(seo)) = copy.get_mut("seo") {
                *seo = sparse(std::mem::take(seo));
            }
            // The body is there even where it is empty: its name says the format.
            text.working_copy = Some(sparse(copy));
        }
    }
    Ok(())
}

/// The slugs of the tags and authors of these words, without those that are no more.
fn names(conn: &mut Conn, words: &Words) -> Result<(Vec<String>, Vec<String>)> {
    let mut known: Vec<(Id, String)> = Vec::new();
    let ids: Vec<Id> = words.tags.iter().map(|tag| tag.id).collect();
    if !ids.is_empty() {
        let query = tags::table.filter(id_in(tags::id, &ids));
        let found: Vec<(Id, String)> =
            each!(conn, c => query.select((tags::id, tags::slug)).load(c))?;
        known.extend(found);
    }
    let ids: Vec<Id> = words.authors.iter().map(|author| author.id).collect();
    if !ids.is_empty() {
        let query = authors::table.filter(id_in(authors::id, &ids));
        let found: Vec<(Id, String)> =
            each!(conn, c => query.select((authors::id, authors::slug)).load(c))?;
        known.extend(found);
    }
    let slug = |id: Id| {
        let found = known.iter().find(|(of, _)| *of == id);
        found.map(|(_, slug)| slug.clone())
    };
    Ok((
        words.tags.iter().filter_map(|tag| slug(tag.id)).collect(),
        words
            .authors
            .iter()
            .filter_map(|author| slug(author.id))
            .collect(),
    ))
}
