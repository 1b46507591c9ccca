//! Which articles a list holds and in which order, and which index that makes it follow.

use diesel::prelude::*;

use crate::articles::model::{Audience, Kind};
use crate::db::page::Page;
use crate::db::schema::published_counts;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::names::names;
use crate::time::Time;
use crate::{authors, tags};

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
    let narrowed = usize::from(locale.is_some())
        + usize::from(featured.is_some())
        + usize::from(audience.is_some());
    let ranged = published_after.is_some() || published_before.is_some();
    page.offset() <= 1_000
        && any_tags.len() <= 5
        && exclude.len() <= 20
        && (ids.is_empty() || joined + narrowed == 0)
        && joined + narrowed <= 1
        && (by_time || joined + narrowed == 0 && !ranged)
}

/// A filter whose tags and author are known.
pub(super) struct Resolved<'f> {
    pub(super) kind: Kind,
    pub(super) filter: &'f Filter,
    /// The rarest first.
    pub(super) tags: Vec<tags::store::Found>,
    pub(super) any_tags: Vec<Id>,
    pub(super) author: Option<authors::store::Found>,
}

/// The tag or author that each name in a filter means, in the order of `tags`, `any_tags` and `author`. What is not public
/// is meant by no name.
///
/// # Errors
/// When the database fails.
pub fn named_by(conn: &mut Conn, filter: &Filter) -> Result<Vec<Option<Id>>> {
    let mut named = Vec::new();
    for key in filter.tags.iter().chain(&filter.any_tags) {
        named.push(tags::store::find_public(conn, key)?.map(|tag| tag.id));
    }
    if let Some(key) = &filter.author {
        named.push(authors::store::find_public(conn, key)?.map(|author| author.id));
    }
    Ok(named)
}

/// Which index a list follows.
pub(super) enum Driver {
    Articles,
    Tag(Id),
    AnyTag,
    Author(Id),
}

impl<'f> Resolved<'f> {
    /// `None` where a tag or author does not exist, so that nothing can match.
    pub(super) fn new(conn: &mut Conn, kind: Kind, filter: &'f Filter) -> Result<Option<Self>> {
        let mut tags = Vec::with_capacity(filter.tags.len());
        for key in &filter.tags {
            let Some(tag) = tags::store::find_public(conn, key)? else {
                return Ok(None);
            };
            tags.push(tag);
        }
        tags.sort_by_key(|tag| tag.article_count);
        let mut any_tags = Vec::with_capacity(filter.any_tags.len());
        for key in &filter.any_tags {
            any_tags.extend(tags::store::find_public(conn, key)?.map(|tag| tag.id));
        }
        if any_tags.is_empty() && !filter.any_tags.is_empty() {
            return Ok(None);
        }
        let author = match &filter.author {
            Some(key) => match authors::store::find_public(conn, key)? {
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

    pub(super) fn driver(&self, sort: Sort) -> Driver {
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
    pub(super) fn needs_articles(&self) -> bool {
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
    pub(super) fn known_count(&self, conn: &mut Conn) -> Result<Option<i64>> {
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
