//! What editors read: every author, whether their name stands under anything published or not.

use diesel::prelude::*;

use super::{key, paged, stored};
use crate::authors::model::{AdminAuthor, AuthorSort};
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::containing;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::authors;
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tags::words::Words;
use crate::time::Time;

/// Which authors a list for editors holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct EditFilter {
    /// The name or the slug holds all of these.
    pub words: Option<Words>,
    /// It is the profile of this account.
    pub user: Option<Id>,
}

#[derive(Queryable)]
struct Row {
    id: Id,
    slug: String,
    name: String,
    bio: Option<String>,
    avatar: Option<String>,
    links: String,
    user_id: Option<Id>,
    article_count: i64,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

type Columns = (
    authors::id,
    authors::slug,
    authors::name,
    authors::bio,
    authors::avatar,
    authors::links,
    authors::user_id,
    authors::article_count,
    authors::version,
    authors::created_at,
    authors::updated_at,
);
const COLUMNS: Columns = (
    authors::id,
    authors::slug,
    authors::name,
    authors::bio,
    authors::avatar,
    authors::links,
    authors::user_id,
    authors::article_count,
    authors::version,
    authors::created_at,
    authors::updated_at,
);

impl Row {
    fn into_author(self) -> Result<AdminAuthor> {
        Ok(AdminAuthor {
            id: self.id,
            slug: self.slug,
            name: self.name,
            bio: self.bio,
            avatar: self.avatar.as_deref().map(stored).transpose()?,
            links: stored(&self.links)?,
            user: self.user_id,
            article_count: self.article_count,
            cache_tag: cache::of(Resource::Author, self.id),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        for word in $filter.words.iter().flat_map(Words::iter) {
            let in_name = authors::name_key
                .like(containing(&word.in_name))
                .escape('\\');
            query = match &word.in_slug {
                Some(in_slug) => {
                    query.filter(in_name.or(authors::slug.like(containing(in_slug)).escape('\\')))
                }
                None => query.filter(in_name),
            };
        }
        if let Some(user) = $filter.user {
            query = query.filter(authors::user_id.eq(user));
        }
        query
    }};
}

/// One page of the authors.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    filter: &EditFilter,
    sort: AuthorSort,
    page: &Page,
    count: bool,
) -> Result<Slice<AdminAuthor>> {
    let rows: Vec<Row> = each!(conn, c => {
        let query = narrow!(authors::table.select(COLUMNS).into_boxed(), filter);
        paged!(query, sort, page).load(c)
    })?;
    let total = if count {
        Some(each!(conn, c => narrow!(authors::table.into_boxed(), filter).count().get_result(c))?)
    } else {
        None
    };
    let slice = page.cut(rows, sort.as_str(), |row| {
        (key(sort, &row.slug, row.article_count), row.id)
    });
    let items = slice.items.into_iter().map(Row::into_author);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// An author.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<AdminAuthor> {
    let author = authors::table.find(id).select(COLUMNS);
    let row: Option<Row> = each!(conn, c => author.first(c).optional())?;
    row.ok_or(Error::NotFound("author"))?.into_author()
}
