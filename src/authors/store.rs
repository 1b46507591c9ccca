//! Authors in the database. Delivery sees one whose name stands under a published article or page.

pub mod edit;
#[cfg(test)]
mod tests;
mod write;

use diesel::prelude::*;

pub use self::write::{create, delete, ensure, restore, update};
use super::model::{Author, AuthorRef, AuthorSort};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::dialect::id_in;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::authors;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::slug;

#[derive(Queryable)]
struct Row {
    id: Id,
    slug: String,
    name: String,
    bio: Option<String>,
    avatar: Option<String>,
    links: String,
    article_count: i64,
}

type Columns = (
    authors::id,
    authors::slug,
    authors::name,
    authors::bio,
    authors::avatar,
    authors::links,
    authors::article_count,
);
const COLUMNS: Columns = (
    authors::id,
    authors::slug,
    authors::name,
    authors::bio,
    authors::avatar,
    authors::links,
    authors::article_count,
);

impl Row {
    fn into_author(self) -> Result<Author> {
        Ok(Author {
            id: self.id,
            slug: self.slug,
            name: self.name,
            bio: self.bio,
            avatar: self.avatar.as_deref().map(stored).transpose()?,
            links: stored(&self.links)?,
            article_count: self.article_count,
        })
    }
}

fn stored<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::internal(format!("stored JSON of an author: {error}")))
}

/// The page of a query for authors, in its order.
macro_rules! paged {
    ($query:expr, $sort:expr, $page:expr) => {{
        let mut query = $query;
        if let Some(Cursor {
            key, id, backward, ..
        }) = $page.cursor()
        {
            query = match (key, $sort, backward) {
                (Key::Text(slug), AuthorSort::Name, false) => query.filter(authors::slug.gt(slug)),
                (Key::Text(slug), AuthorSort::Name, true) => query.filter(authors::slug.lt(slug)),
                (Key::Number(n), AuthorSort::MostPublished, false) => query
                    .filter(authors::article_count.le(n))
                    .filter(authors::article_count.lt(n).or(authors::id.lt(id))),
                (Key::Number(n), AuthorSort::MostPublished, true) => query
                    .filter(authors::article_count.ge(n))
                    .filter(authors::article_count.gt(n).or(authors::id.gt(id))),
                (Key::Number(_), AuthorSort::Name, _)
                | (Key::Text(_), AuthorSort::MostPublished, _) => query,
            };
        }
        query = match ($sort, $page.backward()) {
            (AuthorSort::Name, false) => query.order(authors::slug.asc()),
            (AuthorSort::Name, true) => query.order(authors::slug.desc()),
            (AuthorSort::MostPublished, false) => {
                query.order((authors::article_count.desc(), authors::id.desc()))
            }
            (AuthorSort::MostPublished, true) => {
                query.order((authors::article_count.asc(), authors::id.asc()))
            }
        };
        query.limit($page.fetch()).offset($page.offset())
    }};
}
use paged;

/// What an author is sorted by.
fn key(sort: AuthorSort, slug: &str, article_count: i64) -> Key {
    match sort {
        AuthorSort::Name => Key::Text(slug.to_owned()),
        AuthorSort::MostPublished => Key::Number(article_count),
    }
}

/// One page of the public authors.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, sort: AuthorSort, page: &Page, count: bool) -> Result<Slice<Author>> {
    let rows: Vec<Row> = each!(conn, c => {
        let query = authors::table.select(COLUMNS).filter(authors::public_count.gt(0)).into_boxed();
        paged!(query, sort, page).load(c)
    })?;
    let Slice {
        items,
        next,
        previous,
        ..
    } = page.cut(rows, sort.as_str(), |row| {
        (key(sort, &row.slug, row.article_count), row.id)
    });
    let public = authors::table.filter(authors::public_count.gt(0)).count();
    let total = if count {
        Some(each!(conn, c => public.get_result(c))?)
    } else {
        None
    };
    let items = items
        .into_iter()
        .map(Row::into_author)
        .collect::<Result<_>>()?;
    Ok(Slice {
        items,
        next,
        previous,
        total,
    })
}

/// A public author by slug or id.
///
/// # Errors
/// [`Error::NotFound`] where there is no public author of that name.
pub fn public(conn: &mut Conn, key: &str) -> Result<Author> {
    let query = authors::table
        .select(COLUMNS)
        .filter(authors::public_count.gt(0));
    let row: Option<Row> = match key.parse::<Id>() {
        Ok(id) => each!(conn, c => query.filter(authors::id.eq(id)).first(c).optional())?,
        Err(_not_an_id) => {
            each!(conn, c => query.filter(authors::slug.eq(key)).first(c).optional())?
        }
    };
    row.ok_or(Error::NotFound("author"))?.into_author()
}

/// An author as the rest of the program finds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Found {
    /// Who.
    pub id: Id,
    /// Published articles under their name.
    pub article_count: i64,
}

/// The author of this id, slug or name. Names need not be unique; the one who came first counts.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, key: &str) -> Result<Option<Found>> {
    look_up(conn, key, 0)
}

/// The public author of this id, slug or name: to readers, one who is not public takes no name from another.
///
/// # Errors
/// When the database fails.
pub fn find_public(conn: &mut Conn, key: &str) -> Result<Option<Found>> {
    look_up(conn, key, 1)
}

/// Among those with so many published texts or more.
fn look_up(conn: &mut Conn, key: &str, texts: i64) -> Result<Option<Found>> {
    let found = (authors::id, authors::article_count);
    let named = authors::public_count.ge(texts);
    if let Ok(id) = key.parse::<Id>() {
        let of_id = authors::table.find(id).select(found).filter(named);
        return Ok(each!(conn, c => of_id.first(c).optional())?);
    }
    let of_slug = authors::table
        .select(found)
        .filter(authors::slug.eq(key))
        .filter(named);
    if let Some(author) = each!(conn, c => of_slug.first(c).optional())? {
        return Ok(Some(author));
    }
    let name = slug::name_key(key);
    let of_name = authors::table
        .select(found)
        .filter(authors::name_key.eq(&name))
        .filter(named)
        .order(authors::id);
    Ok(each!(conn, c => of_name.first(c).optional())?)
}

/// These authors, in any order.
///
/// # Errors
/// When the database fails.
pub fn refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<AuthorRef>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = authors::table
        .select((authors::id, authors::slug, authors::name))
        .filter(id_in(authors::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found.into_iter().map(AuthorRef::from).collect())
}

/// Those of these authors whose names stand under something public, in any order.
///
/// # Errors
/// When the database fails.
pub fn public_refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<AuthorRef>> {
    let query = authors::table
        .select((authors::id, authors::slug, authors::name))
        .filter(authors::public_count.gt(0))
        .filter(id_in(authors::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found.into_iter().map(AuthorRef::from).collect())
}

/// Counts published texts in or out of these authors: `articles` of them are articles.
///
/// # Errors
/// When the database fails.
pub fn count_uses(tx: &mut Tx<'_>, ids: &[Id], articles: i64, texts: i64) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let counted = diesel::update(authors::table.filter(id_in(authors::id, ids)));
    let more = (
        authors::article_count.eq(authors::article_count + articles),
        authors::public_count.eq(authors::public_count + texts),
    );
    each!(tx.conn(), c => counted.set(more).execute(c))?;
    Ok(())
}

/// Leaves the profile of an account that goes to nobody. Readers see no difference.
///
/// # Errors
/// When the database fails.
pub fn unlink_user(tx: &mut Tx<'_>, user: Id) -> Result<()> {
    let own = authors::table
        .filter(authors::user_id.eq(user))
        .select((authors::id, authors::public_count));
    let own: Option<(Id, i64)> = each!(tx.conn(), c => own.first(c).optional())?;
    let Some((id, public_count)) = own else {
        return Ok(());
    };
    let nobodys = (
        authors::user_id.eq(None::<Id>),
        authors::version.eq(authors::version + 1),
        authors::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(authors::table.find(id)).set(nobodys).execute(c))?;
    let footprint = Footprint {
        public: public_count > 0,
        tags: cache::of(Resource::Author, id),
    };
    tx.log(Entry {
        action: "updated",
        resource: Resource::Author,
        id,
        before: footprint.clone(),
        after: footprint,
        detail: Some("its account was deleted".into()),
    });
    Ok(())
}

/// What an author shows.
fn footprint(id: Id, public: bool) -> Footprint {
    let tags = format!(
        "{} {}",
        cache::of(Resource::Author, id),
        cache::LIST_AUTHORS
    );
    Footprint { public, tags }
}
