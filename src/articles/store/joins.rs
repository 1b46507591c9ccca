//! What hangs on an article: its tags and authors, the counts they keep of it, and the footprint it leaves in the log.

use diesel::prelude::*;

use super::write::{self, Before};
use crate::articles::model::{Kind, State};
use crate::articles::new::NewArticle;
use crate::changes::model::{Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::{article_authors, article_tags, published_counts};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::{authors, tags};

/// The tags and authors of a text, in their order.
pub(super) struct Refs {
    pub(super) tags: Vec<Id>,
    pub(super) authors: Vec<Id>,
}

/// Puts an article, whose row is written, into its tags and authors, counts it in, and answers what it shows now.
pub(super) fn join(
    tx: &mut Tx<'_>,
    new: &NewArticle,
    Refs { tags, authors }: &Refs,
    (id, slug): (Id, &str),
    state: State,
    published_at: Option<Time>,
) -> Result<Footprint> {
    let listed = published_at.filter(|_| state.is_public());
    enter_tags(tx.conn(), (new.kind, id), listed, tags)?;
    for (position, author) in (0_i32..).zip(authors) {
        let row = (
            article_authors::article_id.eq(id),
            article_authors::position.eq(position),
            article_authors::author_id.eq(*author),
            article_authors::kind.eq(new.kind.as_str()),
            article_authors::published_at.eq(listed),
        );
        each!(tx.conn(), c => diesel::insert_into(article_authors::table).values(row).execute(c))?;
    }
    if state.is_public() {
        count(tx, new.kind, &new.locale, tags, authors, 1)?;
    }
    Ok(footprint(id, (new.kind, slug), state, tags, authors))
}

/// Puts a text into tags, with the time at which their lists show it.
pub(super) fn enter_tags(
    conn: &mut Conn,
    (kind, id): (Kind, Id),
    listed: Option<Time>,
    tags: &[Id],
) -> Result<()> {
    for (position, tag) in (0_i32..).zip(tags) {
        let row = (
            article_tags::article_id.eq(id),
            article_tags::position.eq(position),
            article_tags::tag_id.eq(*tag),
            article_tags::kind.eq(kind.as_str()),
            article_tags::published_at.eq(listed),
        );
        each!(conn, c => diesel::insert_into(article_tags::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Takes an article out of its tags and authors, counts it out, and answers what it showed.
pub(super) fn leave(tx: &mut Tx<'_>, id: Id, was: &Before) -> Result<Footprint> {
    if was.state.is_public() {
        count(tx, was.kind, &was.locale, &was.tags, &was.authors, -1)?;
    }
    let in_tags = article_tags::table.filter(article_tags::article_id.eq(id));
    each!(tx.conn(), c => diesel::delete(in_tags).execute(c))?;
    let in_authors = article_authors::table.filter(article_authors::article_id.eq(id));
    each!(tx.conn(), c => diesel::delete(in_authors).execute(c))?;
    Ok(was.footprint(id))
}

/// The tags and authors that these keys name; what has no such name is made.
pub(super) fn ensure(tx: &mut Tx<'_>, tags: &[String], authors: &[String]) -> Result<Refs> {
    let tags = distinct(tags, "/tags", |key, pointer| {
        tags::store::ensure(tx, key, pointer)
    })?;
    let authors = distinct(authors, "/authors", |key, pointer| {
        authors::store::ensure(tx, key, pointer)
    })?;
    Ok(Refs { tags, authors })
}

/// The ids of what these keys name, each once, in order, with the faults of all.
pub(super) fn distinct(
    keys: &[String],
    at: &str,
    mut ensure: impl FnMut(&str, &str) -> Result<Id>,
) -> Result<Vec<Id>> {
    let (mut ids, mut faults) = (Vec::with_capacity(keys.len()), Vec::new());
    for (index, key) in keys.iter().enumerate() {
        match ensure(key, &format!("{at}/{index}")) {
            Ok(id) if ids.contains(&id) => {}
            Ok(id) => ids.push(id),
            Err(Error::Invalid(more)) => faults.extend(more),
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(ids)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// What an article shows as it stands.
pub(super) fn footprint_of(conn: &mut Conn, id: Id) -> Result<Footprint> {
    let now = write::before(conn, id)?.ok_or(Error::NotFound("article"))?;
    Ok(now.footprint(id))
}

impl Before {
    /// What it shows.
    pub(super) fn footprint(&self, id: Id) -> Footprint {
        let Self {
            kind,
            slug,
            state,
            tags,
            authors,
            ..
        } = self;
        footprint(id, (*kind, slug), *state, tags, authors)
    }
}

/// What an article in this state, with these tags and authors, shows.
pub(super) fn footprint(
    id: Id,
    (kind, slug): (Kind, &str),
    state: State,
    tags: &[Id],
    authors: &[Id],
) -> Footprint {
    let list = match kind {
        Kind::Article => cache::LIST_ARTICLES,
        Kind::Page => cache::LIST_PAGES,
    };
    let mut names = cache::of(Resource::Article, id);
    names.push(' ');
    names.push_str(list);
    names.push(' ');
    names.push_str(&cache::of_slug(slug));
    for (resource, ids) in [(Resource::Tag, tags), (Resource::Author, authors)] {
        for id in ids {
            names.push(' ');
            names.push_str(&cache::list_of(resource, *id));
        }
    }
    Footprint {
        public: state.is_public(),
        tags: names,
    }
}

/// Counts a published text in or out, wherever counts are kept.
pub(super) fn count(
    tx: &mut Tx<'_>,
    kind: Kind,
    locale: &str,
    tags: &[Id],
    authors: &[Id],
    delta: i64,
) -> Result<()> {
    let articles = if kind == Kind::Article { delta } else { 0 };
    tags::store::count_uses(tx, tags, articles, delta)?;
    authors::store::count_uses(tx, authors, articles, delta)?;
    let kept = published_counts::table.find((kind.as_str(), locale));
    let more = published_counts::count.eq(published_counts::count + delta);
    let known = each!(tx.conn(), c => diesel::update(kept).set(more).execute(c))?;
    if known == 0 {
        let row = (
            published_counts::kind.eq(kind.as_str()),
            published_counts::locale.eq(locale),
            published_counts::count.eq(delta),
        );
        each!(tx.conn(), c => diesel::insert_into(published_counts::table).values(row).execute(c))?;
    }
    Ok(())
}
