//! What the search index reads: published texts with all that can be searched of them, and which they are.

use diesel::prelude::*;

use super::load::named;
use crate::articles::model::{Audience, Kind, State};
use crate::db::dialect::id_in;
use crate::db::schema::{
    article_authors, article_bodies, article_tags, articles, authors, tag_aliases, tags,
};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

/// A published text.
#[derive(Debug, Clone)]
pub struct PublishedText {
    /// Which.
    pub id: Id,
    /// Article or page.
    pub kind: Kind,
    /// Its language.
    pub locale: String,
    /// The first line of the heading.
    pub title: String,
    /// The second line of the heading.
    pub subtitle: Option<String>,
    /// The lead.
    pub standfirst: Option<String>,
    /// Its body as plain text.
    pub text: String,
    /// Shown first.
    pub featured: bool,
    /// Who it is for.
    pub audience: Audience,
    /// When it was published.
    pub published_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Its tags, in order.
    pub tags: Vec<TagWords>,
    /// The ids and names of its authors, in order.
    pub authors: Vec<(Id, String)>,
}

/// What a tag is called.
#[derive(Debug, Clone)]
pub struct TagWords {
    /// Which.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Its other names, as slugs.
    pub aliases: Vec<String>,
}

/// The published texts among these, in any order.
///
/// # Errors
/// When the database fails.
pub fn published_texts(conn: &mut Conn, ids: &[Id]) -> Result<Vec<PublishedText>> {
    let columns = (
        articles::id,
        articles::kind,
        articles::locale,
        articles::title,
        articles::subtitle,
        articles::standfirst,
        article_bodies::text,
        articles::featured,
        articles::audience,
        articles::published_at.assume_not_null(),
        articles::updated_at,
    );
    type Row = (
        Id,
        String,
        String,
        String,
        Option<String>,
        Option<String>,
        String,
        bool,
        String,
        Time,
        Time,
    );
    let query = articles::table
        .inner_join(article_bodies::table.on(article_bodies::article_id.eq(articles::id)))
        .select(columns)
        .filter(articles::state.eq(State::Published.as_str()))
        .filter(id_in(articles::id, ids));
    let rows: Vec<Row> = each!(conn, c => query.load(c))?;
    let mut texts = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, kind, locale, title, subtitle, standfirst, text, featured, audience, at, changed) =
            row;
        texts.push(PublishedText {
            id,
            kind: named(&kind, Kind::from_name)?,
            locale,
            title,
            subtitle,
            standfirst,
            text,
            featured,
            audience: named(&audience, Audience::from_name)?,
            published_at: at,
            updated_at: changed,
            tags: Vec::new(),
            authors: Vec::new(),
        });
    }
    texts.sort_unstable_by_key(|text| text.id);
    add_tags(conn, ids, &mut texts)?;
    add_authors(conn, ids, &mut texts)?;
    Ok(texts)
}

fn find(texts: &mut [PublishedText], id: Id) -> Option<&mut PublishedText> {
    let index = texts.binary_search_by_key(&id, |text| text.id).ok()?;
    texts.get_mut(index)
}

fn add_tags(conn: &mut Conn, ids: &[Id], texts: &mut [PublishedText]) -> Result<()> {
    let query = article_tags::table
        .inner_join(tags::table)
        .select((article_tags::article_id, tags::id, tags::name))
        .filter(id_in(article_tags::article_id, ids))
        .order((article_tags::article_id, article_tags::position));
    let carried: Vec<(Id, Id, String)> = each!(conn, c => query.load(c))?;
    let mut named: Vec<Id> = carried.iter().map(|(_, tag, _)| *tag).collect();
    named.sort_unstable();
    named.dedup();
    let mut aliases: Vec<(Id, String)> = Vec::new();
    for some in named.chunks(128) {
        let query = tag_aliases::table
            .select((tag_aliases::tag_id, tag_aliases::slug))
            .filter(id_in(tag_aliases::tag_id, some))
            .order(tag_aliases::slug);
        let found: Vec<(Id, String)> = each!(conn, c => query.load(c))?;
        aliases.extend(found);
    }
    for (article, id, name) in carried {
        if let Some(text) = find(texts, article) {
            let aliases = aliases.iter().filter(|(tag, _)| *tag == id);
            text.tags.push(TagWords {
                id,
                name,
                aliases: aliases.map(|(_, slug)| slug.clone()).collect(),
            });
        }
    }
    Ok(())
}

fn add_authors(conn: &mut Conn, ids: &[Id], texts: &mut [PublishedText]) -> Result<()> {
    let query = article_authors::table
        .inner_join(authors::table)
        .select((article_authors::article_id, authors::id, authors::name))
        .filter(id_in(article_authors::article_id, ids))
        .order((article_authors::article_id, article_authors::position));
    let wrote: Vec<(Id, Id, String)> = each!(conn, c => query.load(c))?;
    for (article, id, name) in wrote {
        if let Some(text) = find(texts, article) {
            text.authors.push((id, name));
        }
    }
    Ok(())
}

/// Up to `limit` ids of published texts of any kind that come after one, in their order: a walk over all of them.
///
/// # Errors
/// When the database fails.
pub fn published_ids(conn: &mut Conn, after: Option<Id>, limit: i64) -> Result<Vec<Id>> {
    let mut query = articles::table
        .select(articles::id)
        .filter(articles::state.eq(State::Published.as_str()))
        .order(articles::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(articles::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The published texts that carry a tag.
///
/// # Errors
/// When the database fails.
pub fn ids_with_tag(conn: &mut Conn, tag: Id) -> Result<Vec<Id>> {
    let query = article_tags::table
        .select(article_tags::article_id)
        .filter(article_tags::tag_id.eq(tag))
        .filter(article_tags::published_at.is_not_null());
    Ok(each!(conn, c => query.load(c))?)
}

/// The published texts under the name of an author.
///
/// # Errors
/// When the database fails.
pub fn ids_by_author(conn: &mut Conn, author: Id) -> Result<Vec<Id>> {
    let query = article_authors::table
        .select(article_authors::article_id)
        .filter(article_authors::author_id.eq(author))
        .filter(article_authors::published_at.is_not_null());
    Ok(each!(conn, c => query.load(c))?)
}

/// How many texts are published, of all kinds and locales.
///
/// # Errors
/// When the database fails.
pub fn published_count(conn: &mut Conn) -> Result<i64> {
    use crate::db::schema::published_counts::{count, table};
    let counts: Vec<i64> = each!(conn, c => table.select(count).load(c))?;
    Ok(counts.into_iter().sum())
}

/// The same, counted one by one: what the count that is kept must be.
///
/// # Errors
/// When the database fails.
pub fn count_published(conn: &mut Conn) -> Result<i64> {
    let published = articles::table.filter(articles::state.eq(State::Published.as_str()));
    Ok(each!(conn, c => published.count().get_result(c))?)
}
