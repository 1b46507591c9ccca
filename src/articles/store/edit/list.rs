//! Lists of what editors read: which texts, in which order.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::all;
use crate::articles::edit::{AdminArticle, EditSort};
use crate::articles::model::{Audience, Kind, State};
use crate::articles::store::list::{Keys, number, seek, text};
use crate::db::dialect::{holds, id_in};
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{article_authors, article_bodies, article_tags, articles};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::slug;
use crate::time::Time;

/// Which texts a list for editors holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct EditFilter {
    /// In one of these states; those in the trash only where they are named.
    pub states: Vec<State>,
    /// Words, or parts of them: each stands in the title or in the text.
    pub words: Option<String>,
    /// It belongs to this account.
    pub owner: Option<Id>,
    /// Tags by slug, name or id; it carries all of them.
    pub tags: Vec<String>,
    /// An author by slug, name or id.
    pub author: Option<String>,
    /// A locale.
    pub locale: Option<String>,
    /// Shown first, or not.
    pub featured: Option<bool>,
    /// Who it is for.
    pub audience: Option<Audience>,
    /// Changed at this time or later.
    pub updated_after: Option<Time>,
    /// Changed before this time.
    pub updated_before: Option<Time>,
    /// Among these.
    pub ids: Vec<Id>,
}

struct Resolved<'f> {
    kind: Kind,
    filter: &'f EditFilter,
    states: Vec<&'static str>,
    words: Vec<Sought>,
    tags: Vec<Id>,
    author: Option<Id>,
}

impl<'f> Resolved<'f> {
    /// `None` where a tag or author does not exist, so that nothing can match.
    fn new(conn: &mut Conn, kind: Kind, filter: &'f EditFilter) -> Result<Option<Self>> {
        let mut tags = Vec::with_capacity(filter.tags.len());
        for key in &filter.tags {
            match crate::tags::store::find(conn, key)? {
                Some(tag) => tags.push(tag.id),
                None => return Ok(None),
            }
        }
        let author = match &filter.author {
            Some(key) => match crate::authors::store::find(conn, key)? {
                Some(author) => Some(author.id),
                None => return Ok(None),
            },
            None => None,
        };
        let in_sight = State::ALL
            .iter()
            .filter(|state| match filter.states.as_slice() {
                [] => **state != State::Trashed,
                named => named.contains(state),
            });
        let words = filter.words.as_deref().unwrap_or_default();
        Ok(Some(Self {
            kind,
            filter,
            states: in_sight.map(|state| state.as_str()).collect(),
            words: words.split_whitespace().map(Sought::new).collect(),
            tags,
            author,
        }))
    }
}

/// A word that is looked for.
struct Sought {
    /// As titles are sorted by, without accents; none for what stands in no such key.
    title: Option<String>,
    /// As it may be written in a text, where letters beyond ASCII have but one case.
    text: Vec<String>,
}

impl Sought {
    fn new(word: &str) -> Self {
        let key = slug::sort_key(word);
        let lower = word.to_lowercase();
        let mut first = lower.chars();
        let capital = first
            .next()
            .map(|letter| letter.to_uppercase().chain(first).collect::<String>());
        let mut text: Vec<String> = [word.to_owned(), lower.clone()]
            .into_iter()
            .chain(capital)
            .collect();
        if word.is_ascii() {
            text.truncate(1);
        }
        text.dedup();
        Self {
            title: (!key.is_empty()).then_some(key),
            text,
        }
    }
}

macro_rules! narrow {
    ($query:expr, $resolved:expr) => {{
        let Resolved {
            kind,
            filter,
            states,
            words,
            tags,
            author,
        } = $resolved;
        let mut query = $query
            .filter(articles::kind.eq(kind.as_str()))
            .filter(articles::state.eq_any(states));
        for Sought { title, text } in words {
            let nowhere = articles::id.ne(articles::id);
            let mut anywhere: Box<dyn BoxableExpression<_, _, SqlType = Bool>> = Box::new(nowhere);
            if let Some(title) = title {
                anywhere = Box::new(anywhere.or(holds(articles::title_key, title)));
            }
            for written in text {
                let stands = article_bodies::table
                    .filter(article_bodies::article_id.eq(articles::id))
                    .filter(holds(article_bodies::text, written));
                anywhere = Box::new(anywhere.or(exists(stands)));
            }
            query = query.filter(anywhere);
        }
        for tag in tags {
            let carries = article_tags::table
                .filter(article_tags::article_id.eq(articles::id))
                .filter(article_tags::tag_id.eq(*tag));
            query = query.filter(exists(carries));
        }
        if let Some(author) = author {
            let wrote = article_authors::table
                .filter(article_authors::article_id.eq(articles::id))
                .filter(article_authors::author_id.eq(*author));
            query = query.filter(exists(wrote));
        }
        if let Some(owner) = filter.owner {
            query = query.filter(articles::owner.eq(owner));
        }
        if let Some(locale) = &filter.locale {
            query = query.filter(articles::locale.eq(locale));
        }
        if let Some(featured) = filter.featured {
            query = query.filter(articles::featured.eq(featured));
        }
        if let Some(audience) = filter.audience {
            query = query.filter(articles::audience.eq(audience.as_str()));
        }
        if let Some(after) = filter.updated_after {
            query = query.filter(articles::updated_at.ge(after));
        }
        if let Some(before) = filter.updated_before {
            query = query.filter(articles::updated_at.lt(before));
        }
        if !filter.ids.is_empty() {
            query = query.filter(id_in(articles::id, &filter.ids));
        }
        query
    }};
}

/// One page of the texts of a kind, in every state.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    kind: Kind,
    filter: &EditFilter,
    sort: EditSort,
    page: &Page,
    count: bool,
) -> Result<Slice<AdminArticle>> {
    let Some(resolved) = Resolved::new(conn, kind, filter)? else {
        return Ok(Slice {
            items: Vec::new(),
            next: None,
            previous: None,
            total: count.then_some(0),
        });
    };
    let keys = keys(conn, &resolved, sort, page)?;
    let total = if count {
        let all: i64 = each!(conn, c => narrow!(articles::table.into_boxed(), &resolved).count().get_result(c))?;
        Some(all)
    } else {
        None
    };
    let slice = page.cut(keys, sort.as_str(), Clone::clone);
    let ids: Vec<Id> = slice.items.iter().map(|(_, id)| *id).collect();
    Ok(Slice {
        items: all(conn, &ids, false)?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

fn keys(conn: &mut Conn, resolved: &Resolved<'_>, sort: EditSort, page: &Page) -> Result<Keys> {
    macro_rules! by_time {
        ($key:expr, $descending:expr) => {{
            let rows: Vec<(i64, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select(($key, articles::id)).into_boxed(), resolved);
                seek!(query, $key, articles::id, $descending, page, number).load(c)
            })?;
            Ok(rows.into_iter().map(|(key, id)| (Key::Number(key), id)).collect())
        }};
    }
    match sort {
        EditSort::LastUpdated => by_time!(articles::updated_at, true),
        EditSort::FirstUpdated => by_time!(articles::updated_at, false),
        // A comparison with null lets nothing through, and neither does this.
        EditSort::LastPublished | EditSort::FirstPublished => {
            let key = articles::published_at.assume_not_null();
            let descending = sort == EditSort::LastPublished;
            let rows: Vec<(i64, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((key, articles::id)).into_boxed(), resolved)
                    .filter(articles::published_at.is_not_null());
                seek!(query, key, articles::id, descending, page, number).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Number(key), id))
                .collect())
        }
        EditSort::Title => {
            let rows: Vec<(String, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::title_key, articles::id)).into_boxed(), resolved);
                seek!(query, articles::title_key, articles::id, false, page, text).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Text(key), id))
                .collect())
        }
    }
}
