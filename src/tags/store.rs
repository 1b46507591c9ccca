//! Tags in the database. Delivery sees a tag when a published article carries it or a tag below it: one that only drafts
//! use would give their subject away.

use diesel::prelude::*;

use super::model::{NewTag, Tag, TagRef, TagSort};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::dialect::id_in;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{tag_aliases, tags};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::slug;

#[derive(Queryable)]
struct Row {
    id: Id,
    slug: String,
    name: String,
    description: Option<String>,
    parent_id: Option<Id>,
    article_count: i64,
}

type Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
);
const COLUMNS: Columns = (
    tags::id,
    tags::slug,
    tags::name,
    tags::description,
    tags::parent_id,
    tags::article_count,
);

/// One page of the public tags.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, sort: TagSort, page: &Page, count: bool) -> Result<Slice<Tag>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = tags::table.select(COLUMNS).filter(tags::subtree_count.gt(0)).into_boxed();
        if let Some(Cursor { key, id, backward, .. }) = page.cursor() {
            query = match (key, sort, backward) {
                (Key::Text(slug), TagSort::Name, false) => query.filter(tags::slug.gt(slug)),
                (Key::Text(slug), TagSort::Name, true) => query.filter(tags::slug.lt(slug)),
                (Key::Number(n), TagSort::MostUsed, false) => query
                    .filter(tags::article_count.le(n))
                    .filter(tags::article_count.lt(n).or(tags::id.lt(id))),
                (Key::Number(n), TagSort::MostUsed, true) => query
                    .filter(tags::article_count.ge(n))
                    .filter(tags::article_count.gt(n).or(tags::id.gt(id))),
                (Key::Number(_), TagSort::Name, _) | (Key::Text(_), TagSort::MostUsed, _) => query,
            };
        }
        query = match (sort, page.backward()) {
            (TagSort::Name, false) => query.order(tags::slug.asc()),
            (TagSort::Name, true) => query.order(tags::slug.desc()),
            (TagSort::MostUsed, false) => query.order((tags::article_count.desc(), tags::id.desc())),
            (TagSort::MostUsed, true) => query.order((tags::article_count.asc(), tags::id.asc())),
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let mut slice = page.cut(rows, sort.as_str(), |row| {
        let key = match sort {
            TagSort::Name => Key::Text(row.slug.clone()),
            TagSort::MostUsed => Key::Number(row.article_count),
        };
        (key, row.id)
    });
    if count {
        let public = tags::table.filter(tags::subtree_count.gt(0)).count();
        slice.total = Some(each!(conn, c => public.get_result(c))?);
    }
    let items = std::mem::take(&mut slice.items);
    let Slice {
        next,
        previous,
        total,
        ..
    } = slice;
    Ok(Slice {
        items: with_parents(conn, items)?,
        next,
        previous,
        total,
    })
}

/// A public tag by slug or id. An alias, and an id, are answered by [`Error::Moved`].
///
/// # Errors
/// [`Error::NotFound`] where there is no public tag of that name.
pub fn public(conn: &mut Conn, key: &str) -> Result<Tag> {
    let id = match key.parse::<Id>() {
        Ok(id) => Some(id),
        Err(_not_an_id) => find(conn, key)?.map(|tag| tag.id),
    };
    let id = id.ok_or(Error::NotFound("tag"))?;
    let row: Option<Row> = each!(conn, c => tags::table
        .select(COLUMNS)
        .filter(tags::id.eq(id))
        .filter(tags::subtree_count.gt(0))
        .first(c)
        .optional())?;
    let row = row.ok_or(Error::NotFound("tag"))?;
    if row.slug != key && key.parse::<Id>().is_err() {
        return Err(Error::Moved {
            slug: row.slug,
            locale: None,
        });
    }
    with_parents(conn, vec![row])?
        .pop()
        .ok_or(Error::NotFound("tag"))
}

fn with_parents(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Tag>> {
    let mut parents: Vec<Id> = rows.iter().filter_map(|row| row.parent_id).collect();
    parents.sort_unstable();
    parents.dedup();
    let parents = refs(conn, &parents)?;
    let parent = |id| parents.iter().find(|parent| Some(parent.id) == id).cloned();
    Ok(rows
        .into_iter()
        .map(|row| Tag {
            parent: parent(row.parent_id),
            id: row.id,
            slug: row.slug,
            name: row.name,
            description: row.description,
            article_count: row.article_count,
        })
        .collect())
}

fn refs(conn: &mut Conn, ids: &[Id]) -> Result<Vec<TagRef>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = tags::table
        .select((tags::id, tags::slug, tags::name))
        .filter(id_in(tags::id, ids));
    let found: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    Ok(found
        .into_iter()
        .map(|(id, slug, name)| TagRef { id, slug, name })
        .collect())
}

/// A tag as the rest of the program finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Found {
    /// Which.
    pub id: Id,
    /// Published articles that carry it: the rarest of several is where a search for all of them begins.
    pub article_count: i64,
}

/// The tag of this id, slug, name or alias.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, key: &str) -> Result<Option<Found>> {
    let found = (tags::id, tags::article_count);
    if let Ok(id) = key.parse::<Id>() {
        return Ok(each!(conn, c => tags::table.find(id).select(found).first(c).optional())?);
    }
    let name = slug::name_key(key);
    let of_slug = tags::table.select(found).filter(tags::slug.eq(key));
    if let Some(tag) = each!(conn, c => of_slug.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_name = tags::table.select(found).filter(tags::name_key.eq(&name));
    if let Some(tag) = each!(conn, c => of_name.first(c).optional())? {
        return Ok(Some(tag));
    }
    let of_alias = tag_aliases::table
        .inner_join(tags::table)
        .select(found)
        .filter(
            tag_aliases::slug
                .eq(key)
                .or(tag_aliases::name_key.eq(&name)),
        )
        .order(tag_aliases::slug);
    Ok(each!(conn, c => of_alias.first(c).optional())?)
}

/// The tag of this id, slug, name or alias; made if there is none.
///
/// # Errors
/// When the key is an id that does not exist, or the database fails.
pub fn ensure(tx: &mut Tx<'_>, key: &str, pointer: &str) -> Result<Id> {
    if let Some(tag) = find(tx.conn(), key)? {
        return Ok(tag.id);
    }
    if key.parse::<Id>().is_ok() {
        let fault = Fault::at(
            pointer,
            FaultCode::NotFound,
            format!("there is no tag with the id {key}"),
        );
        return Err(Error::Invalid(vec![fault]));
    }
    create(
        tx,
        &NewTag::parse(key, None, None, Vec::new(), None).map_err(Error::Invalid)?,
    )
}

/// Stores a tag, under the next free slug where it names none.
///
/// # Errors
/// When its name or slug is taken or its parent unknown.
pub fn create(tx: &mut Tx<'_>, new: &NewTag) -> Result<Id> {
    let name_key = slug::name_key(&new.name);
    let mut faults = Vec::new();
    let named = tags::table
        .select(tags::id)
        .filter(tags::name_key.eq(&name_key));
    if each!(tx.conn(), c => named.first::<Id>(c).optional())?.is_some() {
        faults.push(Fault::at(
            "/name",
            FaultCode::Taken,
            format!("there is a tag `{}` already", new.name),
        ));
    }
    let slug = match &new.slug {
        Some(slug) if slug_taken(tx.conn(), slug)? => {
            faults.push(Fault::at(
                "/slug",
                FaultCode::Taken,
                format!("the slug `{slug}` is taken"),
            ));
            slug.clone()
        }
        Some(slug) => slug.clone(),
        None => free_slug(
            tx.conn(),
            &slug::slugify(&new.name).unwrap_or_else(|| "tag".into()),
        )?,
    };
    for (index, alias) in new.aliases.iter().enumerate() {
        if slug_taken(tx.conn(), alias)? {
            let detail = format!("the slug `{alias}` is taken");
            faults.push(Fault::at(
                format!("/aliases/{index}"),
                FaultCode::Taken,
                detail,
            ));
        }
    }
    let parent = match &new.parent {
        Some(parent) => {
            let found = find(tx.conn(), parent)?.map(|tag| tag.id);
            if found.is_none() {
                faults.push(Fault::at(
                    "/parent",
                    FaultCode::NotFound,
                    format!("there is no tag `{parent}`"),
                ));
            }
            found
        }
        None => None,
    };
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }

    let (id, now) = (Id::new(), tx.now());
    let row = (
        tags::id.eq(id),
        tags::slug.eq(&slug),
        tags::name.eq(&new.name),
        tags::name_key.eq(&name_key),
        tags::description.eq(&new.description),
        tags::parent_id.eq(parent),
        tags::article_count.eq(0),
        tags::subtree_count.eq(0),
        tags::version.eq(1),
        tags::created_at.eq(now),
        tags::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(tags::table).values(row).execute(c))?;
    for alias in &new.aliases {
        let row = (
            tag_aliases::slug.eq(alias),
            tag_aliases::name_key.eq(slug::name_key(&alias.replace('-', " "))),
            tag_aliases::tag_id.eq(id),
        );
        each!(tx.conn(), c => diesel::insert_into(tag_aliases::table).values(row).execute(c))?;
    }
    tx.log(Entry {
        action: "created",
        resource: Resource::Tag,
        id,
        before: Footprint::none(),
        // Nothing public shows it before an article does, and that is a change of its own.
        after: Footprint {
            public: false,
            tags: cache::of(Resource::Tag, id),
        },
    });
    Ok(id)
}

/// Counts published texts in or out of these tags, and of the tags above them: `articles` of them are articles.
///
/// # Errors
/// When the database fails.
pub fn count_uses(tx: &mut Tx<'_>, ids: &[Id], articles: i64, texts: i64) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let both = (
        tags::article_count.eq(tags::article_count + articles),
        tags::subtree_count.eq(tags::subtree_count + texts),
    );
    let carried = tags::table.filter(id_in(tags::id, ids));
    each!(tx.conn(), c => diesel::update(carried).set(both).execute(c))?;
    let parents = tags::table
        .select(tags::parent_id.assume_not_null())
        .filter(id_in(tags::id, ids))
        .filter(tags::parent_id.is_not_null());
    let mut above: Vec<Id> = each!(tx.conn(), c => parents.load(c))?;
    while let Some(id) = above.pop() {
        let one = tags::subtree_count.eq(tags::subtree_count + texts);
        each!(tx.conn(), c => diesel::update(tags::table.find(id)).set(one).execute(c))?;
        let parent = tags::table.find(id).select(tags::parent_id);
        above.extend(each!(tx.conn(), c => parent.first::<Option<Id>>(c))?);
    }
    Ok(())
}

fn slug_taken(conn: &mut Conn, slug: &str) -> Result<bool> {
    let tag = tags::table.select(tags::id).filter(tags::slug.eq(slug));
    let alias = tag_aliases::table.find(slug).select(tag_aliases::tag_id);
    Ok(each!(conn, c => tag.first::<Id>(c).optional())?.is_some()
        || each!(conn, c => alias.first::<Id>(c).optional())?.is_some())
}

fn free_slug(conn: &mut Conn, wished: &str) -> Result<String> {
    slug::first_free(wished, |slug| Ok(!slug_taken(conn, slug)?))
}
