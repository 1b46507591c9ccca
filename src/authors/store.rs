//! Authors in the database. Delivery sees one whose name stands under a published article or page.

use diesel::prelude::*;

use super::model::{Author, AuthorSort, NewAuthor};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::dialect::id_in;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::authors;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
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

/// One page of the public authors.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, sort: AuthorSort, page: &Page, count: bool) -> Result<Slice<Author>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = authors::table.select(COLUMNS).filter(authors::public_count.gt(0)).into_boxed();
        if let Some(Cursor { key, id, backward, .. }) = page.cursor() {
            query = match (key, sort, backward) {
                (Key::Text(slug), AuthorSort::Name, false) => query.filter(authors::slug.gt(slug)),
                (Key::Text(slug), AuthorSort::Name, true) => query.filter(authors::slug.lt(slug)),
                (Key::Number(n), AuthorSort::MostPublished, false) => query
                    .filter(authors::article_count.le(n))
                    .filter(authors::article_count.lt(n).or(authors::id.lt(id))),
                (Key::Number(n), AuthorSort::MostPublished, true) => query
                    .filter(authors::article_count.ge(n))
                    .filter(authors::article_count.gt(n).or(authors::id.gt(id))),
                (Key::Number(_), AuthorSort::Name, _) | (Key::Text(_), AuthorSort::MostPublished, _) => query,
            };
        }
        query = match (sort, page.backward()) {
            (AuthorSort::Name, false) => query.order(authors::slug.asc()),
            (AuthorSort::Name, true) => query.order(authors::slug.desc()),
            (AuthorSort::MostPublished, false) => query.order((authors::article_count.desc(), authors::id.desc())),
            (AuthorSort::MostPublished, true) => query.order((authors::article_count.asc(), authors::id.asc())),
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let Slice {
        items,
        next,
        previous,
        ..
    } = page.cut(rows, sort.as_str(), |row| {
        let key = match sort {
            AuthorSort::Name => Key::Text(row.slug.clone()),
            AuthorSort::MostPublished => Key::Number(row.article_count),
        };
        (key, row.id)
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
    let found = (authors::id, authors::article_count);
    if let Ok(id) = key.parse::<Id>() {
        return Ok(each!(conn, c => authors::table.find(id).select(found).first(c).optional())?);
    }
    let of_slug = authors::table.select(found).filter(authors::slug.eq(key));
    if let Some(author) = each!(conn, c => of_slug.first(c).optional())? {
        return Ok(Some(author));
    }
    let name = slug::name_key(key);
    let of_name = authors::table
        .select(found)
        .filter(authors::name_key.eq(&name))
        .order(authors::id);
    Ok(each!(conn, c => of_name.first(c).optional())?)
}

/// The author of this id, slug or name; made if there is none.
///
/// # Errors
/// When the key is an id that does not exist, or the database fails.
pub fn ensure(tx: &mut Tx<'_>, key: &str, pointer: &str) -> Result<Id> {
    if let Some(author) = find(tx.conn(), key)? {
        return Ok(author.id);
    }
    if key.parse::<Id>().is_ok() {
        let fault = Fault::at(
            pointer,
            FaultCode::NotFound,
            format!("there is no author with the id {key}"),
        );
        return Err(Error::Invalid(vec![fault]));
    }
    create(
        tx,
        &NewAuthor::parse(key, None, None, None, Vec::new()).map_err(Error::Invalid)?,
    )
}

/// Stores an author, under the next free slug where none is named.
///
/// # Errors
/// When the slug is taken.
pub fn create(tx: &mut Tx<'_>, new: &NewAuthor) -> Result<Id> {
    let slug = match &new.slug {
        Some(slug) if slug_taken(tx.conn(), slug)? => {
            let detail = format!("the slug `{slug}` is taken");
            return Err(Error::Invalid(vec![Fault::at(
                "/slug",
                FaultCode::Taken,
                detail,
            )]));
        }
        Some(slug) => slug.clone(),
        None => {
            let wished = slug::slugify(&new.name).unwrap_or_else(|| "author".into());
            slug::first_free(&wished, |slug| Ok(!slug_taken(tx.conn(), slug)?))?
        }
    };
    let (id, now) = (Id::new(), tx.now());
    let row = (
        authors::id.eq(id),
        authors::slug.eq(&slug),
        authors::name.eq(&new.name),
        authors::name_key.eq(slug::name_key(&new.name)),
        authors::bio.eq(&new.bio),
        authors::avatar.eq(new.avatar.as_ref().map(crate::json::text)),
        authors::links.eq(crate::json::text(&new.links)),
        authors::article_count.eq(0),
        authors::public_count.eq(0),
        authors::version.eq(1),
        authors::created_at.eq(now),
        authors::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(authors::table).values(row).execute(c))?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Author,
        id,
        before: Footprint::none(),
        // Nothing public shows them before an article does, and that is a change of its own.
        after: Footprint {
            public: false,
            tags: cache::of(Resource::Author, id),
        },
    });
    Ok(id)
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

fn slug_taken(conn: &mut Conn, slug: &str) -> Result<bool> {
    let author = authors::table
        .select(authors::id)
        .filter(authors::slug.eq(slug));
    Ok(each!(conn, c => author.first::<Id>(c).optional())?.is_some())
}
