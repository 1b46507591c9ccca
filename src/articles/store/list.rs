//! Lists of articles. First the ids of one page, by the index that fits the filter and the order; then the rows. A list
//! costs the same at any depth and size where an index covers it ([`is_indexed`]); the others scan, and belong on the
//! pool.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::load;
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Audience, Kind, State};
use crate::authors;
use crate::db::dialect::id_in;
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{article_authors, article_tags, articles, published_counts};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::names::names;
use crate::tags;
use crate::time::Time;

/// Which published articles a list holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Tags by slug or id; the article carries all of them.
    pub tags: Vec<String>,
    /// Tags by slug or id; the article carries at least one of them.
    pub any_tags: Vec<String>,
    /// An author by slug or id.
    pub author: Option<String>,
    /// A locale.
    pub locale: Option<String>,
    /// Shown first, or not.
    pub featured: Option<bool>,
    /// Who it is for.
    pub audience: Option<Audience>,
    /// Published at this time or later.
    pub published_after: Option<Time>,
    /// Published before this time.
    pub published_before: Option<Time>,
    /// Among these.
    pub ids: Vec<Id>,
    /// Not among these.
    pub exclude: Vec<Id>,
}

/// The orders of a list of articles; ties by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The last changed first.
    LastUpdated,
    /// By title, as ASCII: it sorts alike on every database.
    Title,
}

names!(Sort {
    Newest => "-published_at",
    Oldest => "published_at",
    LastUpdated => "-updated_at",
    Title => "title",
});

/// Whether indexes cover this list, so that it takes microseconds and may run at once.
#[must_use]
pub fn is_indexed(filter: &Filter, sort: Sort, page: &Page) -> bool {
    let Filter {
        tags,
        any_tags,
        author,
        locale,
        featured,
        audience,
        published_after,
        published_before,
        ids,
        exclude,
    } = filter;
    let by_time = matches!(sort, Sort::Newest | Sort::Oldest);
    // Of any of several tags, each is read by itself and the rows are merged.
    let joined = tags.len() + usize::from(author.is_some()) + usize::from(!any_tags.is_empty());
    let narrowed = usize::from(locale.is_some()) + usize::from(featured.is_some());
    let ranged = published_after.is_some() || published_before.is_some();
    page.offset() <= 1_000
        && audience.is_none()
        && any_tags.len() <= 5
        && exclude.len() <= 20
        && (ids.is_empty() || joined + narrowed == 0)
        && joined + narrowed <= 1
        && (by_time || joined + narrowed == 0 && !ranged)
}

/// One page of the published articles of a kind.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    kind: Kind,
    filter: &Filter,
    sort: Sort,
    page: &Page,
    show: Selection,
) -> Result<Slice<Article>> {
    let Some(filter) = Resolved::new(conn, kind, filter)? else {
        return Ok(Slice {
            items: Vec::new(),
            next: None,
            previous: None,
            total: None,
        });
    };
    let keys = match filter.driver(sort) {
        Driver::Articles => by_articles(conn, &filter, sort, page)?,
        Driver::Tag(tag) => by_tag(conn, &filter, tag, sort, page)?,
        Driver::AnyTag => by_any_tag(conn, &filter, sort, page)?,
        Driver::Author(author) => by_author(conn, &filter, author, sort, page)?,
    };
    let Slice {
        items,
        next,
        previous,
        total,
    } = page.cut(keys, sort.as_str(), Clone::clone);
    let ids: Vec<Id> = items.into_iter().map(|(_, id)| id).collect();
    Ok(Slice {
        items: load::all(conn, &ids, show)?,
        next,
        previous,
        total,
    })
}

/// How many published articles of a kind a filter lets through. Counts what it must, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn count(conn: &mut Conn, kind: Kind, filter: &Filter) -> Result<i64> {
    let Some(filter) = Resolved::new(conn, kind, filter)? else {
        return Ok(0);
    };
    if let Some(known) = filter.known_count(conn)? {
        return Ok(known);
    }
    Ok(each!(conn, c => narrow!(articles::table.into_boxed(), filter).count().get_result(c))?)
}

/// A filter whose tags and author are known.
struct Resolved<'f> {
    kind: Kind,
    filter: &'f Filter,
    /// The rarest first.
    tags: Vec<tags::store::Found>,
    any_tags: Vec<Id>,
    author: Option<authors::store::Found>,
}

/// Which index a list follows.
enum Driver {
    Articles,
    Tag(Id),
    AnyTag,
    Author(Id),
}

impl<'f> Resolved<'f> {
    /// `None` where a tag or author does not exist, so that nothing can match.
    fn new(conn: &mut Conn, kind: Kind, filter: &'f Filter) -> Result<Option<Self>> {
        let mut tags = Vec::with_capacity(filter.tags.len());
        for key in &filter.tags {
            let Some(tag) = tags::store::find(conn, key)? else {
                return Ok(None);
            };
            tags.push(tag);
        }
        tags.sort_by_key(|tag| tag.article_count);
        let mut any_tags = Vec::with_capacity(filter.any_tags.len());
        for key in &filter.any_tags {
            any_tags.extend(tags::store::find(conn, key)?.map(|tag| tag.id));
        }
        if any_tags.is_empty() && !filter.any_tags.is_empty() {
            return Ok(None);
        }
        let author = match &filter.author {
            Some(key) => match authors::store::find(conn, key)? {
                Some(author) => Some(author),
                None => return Ok(None),
            },
            None => None,
        };
        Ok(Some(Self {
            kind,
            filter,
            tags,
            any_tags,
            author,
        }))
    }

    fn driver(&self, sort: Sort) -> Driver {
        if !matches!(sort, Sort::Newest | Sort::Oldest) || !self.filter.ids.is_empty() {
            return Driver::Articles;
        }
        match (self.tags.first(), self.author) {
            (Some(tag), Some(author)) if tag.article_count > author.article_count => {
                Driver::Author(author.id)
            }
            (Some(tag), _) => Driver::Tag(tag.id),
            (None, Some(author)) => Driver::Author(author.id),
            (None, None) if !self.any_tags.is_empty() => Driver::AnyTag,
            (None, None) => Driver::Articles,
        }
    }

    /// Whether the driving index alone decides, and the articles need not be looked at.
    fn needs_articles(&self) -> bool {
        let Filter {
            locale,
            featured,
            audience,
            ids,
            ..
        } = self.filter;
        self.tags.len() + usize::from(self.author.is_some()) > 1
            || !self.any_tags.is_empty()
            || locale.is_some()
            || featured.is_some()
            || audience.is_some()
            || !ids.is_empty()
    }

    /// The count where it is kept: of all, of a locale, of a tag or of an author.
    fn known_count(&self, conn: &mut Conn) -> Result<Option<i64>> {
        let Filter {
            published_after,
            published_before,
            exclude,
            locale,
            featured,
            audience,
            ids,
            ..
        } = self.filter;
        let narrowed = published_after.is_some()
            || published_before.is_some()
            || featured.is_some()
            || audience.is_some()
            || !exclude.is_empty()
            || !ids.is_empty()
            || !self.any_tags.is_empty();
        match (self.tags.as_slice(), self.author, locale) {
            _ if narrowed => Ok(None),
            ([], None, locale) => {
                let of_kind = published_counts::table
                    .filter(published_counts::kind.eq(self.kind.as_str()))
                    .select((published_counts::locale, published_counts::count));
                let counts: Vec<(String, i64)> = each!(conn, c => of_kind.load(c))?;
                let wanted = counts
                    .iter()
                    .filter(|(of, _)| locale.as_ref().is_none_or(|locale| locale == of));
                Ok(Some(wanted.map(|(_, count)| count).sum()))
            }
            _ if self.kind != Kind::Article => Ok(None),
            ([tag], None, None) => Ok(Some(tag.article_count)),
            ([], Some(author), None) => Ok(Some(author.article_count)),
            _ => Ok(None),
        }
    }
}

// The join tables under other names: a list may follow one of them already.
diesel::alias!(
    const CARRIED: Alias<Carried> = article_tags as carried;
    const WROTE: Alias<Wrote> = article_authors as wrote;
);

/// What every list of articles filters by, whichever index it follows.
macro_rules! narrow {
    ($query:expr, $resolved:expr) => {{
        let Resolved {
            kind,
            filter,
            tags,
            any_tags,
            author,
        } = &$resolved;
        let mut query = $query
            .filter(articles::kind.eq(kind.as_str()))
            .filter(articles::state.eq(State::Published.as_str()));
        for tag in tags {
            let carries = CARRIED
                .filter(CARRIED.field(article_tags::article_id).eq(articles::id))
                .filter(CARRIED.field(article_tags::tag_id).eq(tag.id));
            query = query.filter(exists(carries));
        }
        if !any_tags.is_empty() {
            let carries = CARRIED
                .filter(CARRIED.field(article_tags::article_id).eq(articles::id))
                .filter(id_in(CARRIED.field(article_tags::tag_id), any_tags));
            query = query.filter(exists(carries));
        }
        if let Some(author) = author {
            let wrote = WROTE
                .filter(WROTE.field(article_authors::article_id).eq(articles::id))
                .filter(WROTE.field(article_authors::author_id).eq(author.id));
            query = query.filter(exists(wrote));
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
        if let Some(after) = filter.published_after {
            query = query.filter(articles::published_at.ge(after));
        }
        if let Some(before) = filter.published_before {
            query = query.filter(articles::published_at.lt(before));
        }
        if !filter.ids.is_empty() {
            query = query.filter(id_in(articles::id, &filter.ids));
        }
        for id in &filter.exclude {
            query = query.filter(articles::id.ne(*id));
        }
        query
    }};
}
use narrow;

/// Rows after (or before) a cursor in an order, with ties by id. Written as a range of the index and a condition on top,
/// `key <= ? and (key < ? or id < ?)`: the form `key < ? or (key = ? and id < ?)` reads the whole index.
macro_rules! seek {
    ($query:expr, $key:expr, $id:expr, $descending:expr, $page:expr, $of:expr) => {{
        let mut query = $query;
        let falling = ($descending) != $page.backward();
        if let Some(cursor) = $page.cursor() {
            if let Some(key) = $of(&cursor.key) {
                query = if falling {
                    query
                        .filter($key.le(key.clone()))
                        .filter($key.lt(key).or($id.lt(cursor.id)))
                } else {
                    query
                        .filter($key.ge(key.clone()))
                        .filter($key.gt(key).or($id.gt(cursor.id)))
                };
            }
        }
        let query = if falling {
            query.order(($key.desc(), $id.desc()))
        } else {
            query.order(($key.asc(), $id.asc()))
        };
        query.limit($page.fetch()).offset($page.offset())
    }};
}

fn number(key: &Key) -> Option<i64> {
    match key {
        Key::Number(number) => Some(*number),
        Key::Text(_) => None,
    }
}

fn text(key: &Key) -> Option<String> {
    match key {
        Key::Text(text) => Some(text.clone()),
        Key::Number(_) => None,
    }
}

type Keys = Vec<(Key, Id)>;

fn numbers(rows: Vec<(i64, Id)>) -> Keys {
    rows.into_iter()
        .map(|(key, id)| (Key::Number(key), id))
        .collect()
}

fn by_articles(conn: &mut Conn, filter: &Resolved<'_>, sort: Sort, page: &Page) -> Result<Keys> {
    match sort {
        Sort::Newest | Sort::Oldest => {
            let key = articles::published_at.assume_not_null();
            let rows = each!(conn, c => {
                let query = narrow!(articles::table.select((key, articles::id)).into_boxed(), filter);
                seek!(query, key, articles::id, sort == Sort::Newest, page, number).load(c)
            })?;
            Ok(numbers(rows))
        }
        Sort::LastUpdated => {
            let rows = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::updated_at, articles::id)).into_boxed(), filter);
                seek!(query, articles::updated_at, articles::id, true, page, number).load(c)
            })?;
            Ok(numbers(rows))
        }
        Sort::Title => {
            let rows: Vec<(String, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::title_key, articles::id)).into_boxed(), filter);
                seek!(query, articles::title_key, articles::id, false, page, text).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Text(key), id))
                .collect())
        }
    }
}

/// A list along the index of a join table, which holds the time too.
macro_rules! along {
    ($join:ident, $column:ident, $conn:expr, $filter:expr, $value:expr, $sort:expr, $page:expr) => {{
        let (key, id) = ($join::published_at.assume_not_null(), $join::article_id);
        let descending = $sort == Sort::Newest;
        let rows = if $filter.needs_articles() {
            each!($conn, c => {
                let query = $join::table
                    .inner_join(articles::table)
                    .select((key, id))
                    .filter($join::$column.eq($value))
                    .filter($join::kind.eq($filter.kind.as_str()))
                    .filter($join::published_at.is_not_null())
                    .into_boxed();
                seek!(narrow!(query, $filter), key, id, descending, $page, number).load(c)
            })?
        } else {
            each!($conn, c => {
                let mut query = $join::table
                    .select((key, id))
                    .filter($join::$column.eq($value))
                    .filter($join::kind.eq($filter.kind.as_str()))
                    .filter($join::published_at.is_not_null())
                    .into_boxed();
                if let Some(after) = $filter.filter.published_after {
                    query = query.filter($join::published_at.ge(after));
                }
                if let Some(before) = $filter.filter.published_before {
                    query = query.filter($join::published_at.lt(before));
                }
                for excluded in &$filter.filter.exclude {
                    query = query.filter(id.ne(*excluded));
                }
                seek!(query, key, id, descending, $page, number).load(c)
            })?
        };
        Ok(numbers(rows))
    }};
}

fn by_tag(
    conn: &mut Conn,
    filter: &Resolved<'_>,
    tag: Id,
    sort: Sort,
    page: &Page,
) -> Result<Keys> {
    along!(article_tags, tag_id, conn, filter, tag, sort, page)
}

/// The lists of each tag, merged. An article that carries two of the tags stands in two of them, and is taken once.
fn by_any_tag(conn: &mut Conn, filter: &Resolved<'_>, sort: Sort, page: &Page) -> Result<Keys> {
    let one_of_them = Resolved {
        any_tags: Vec::new(),
        tags: Vec::new(),
        ..*filter
    };
    let whole = page.with_those_before();
    let mut keys = Vec::new();
    for tag in &filter.any_tags {
        keys.extend(by_tag(conn, &one_of_them, *tag, sort, &whole)?);
    }
    keys.sort_unstable();
    keys.dedup();
    if (sort == Sort::Newest) != page.backward() {
        keys.reverse();
    }
    let rows = |count| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(keys
        .into_iter()
        .skip(rows(page.offset()))
        .take(rows(page.fetch()))
        .collect())
}

fn by_author(
    conn: &mut Conn,
    filter: &Resolved<'_>,
    author: Id,
    sort: Sort,
    page: &Page,
) -> Result<Keys> {
    along!(article_authors, author_id, conn, filter, author, sort, page)
}
