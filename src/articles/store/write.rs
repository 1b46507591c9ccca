//! The writes: what every door calls to create, change, move or remove an article, inside a [`Tx`].

use diesel::prelude::*;

use crate::articles::model::{Kind, State, Transition};
use crate::articles::new::{NewArticle, Wish};
use crate::articles::render::SANITIZER_VERSION;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, published_counts,
};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::json;
use crate::slug;
use crate::time::Time;
use crate::{authors, redirects, tags};

/// A stored article, as a write leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which.
    pub id: Id,
    /// Its slug, which may be another than the one wished for.
    pub slug: String,
    /// Its state, which is `scheduled` where a published one was asked for in the future.
    pub state: State,
    /// How often its own fields have been written.
    pub version: i64,
}

/// What a write must know of an article before it changes it.
struct Before {
    kind: Kind,
    state: State,
    locale: String,
    slug: String,
    version: i64,
    published_at: Option<Time>,
    tags: Vec<Id>,
    authors: Vec<Id>,
}

/// Stores a new article.
///
/// # Errors
/// [`Error::Invalid`] where its id or slug is taken, or it names a tag or author by an id that does not exist.
pub fn create(tx: &mut Tx<'_>, new: &NewArticle) -> Result<Stored> {
    let id = new.id.unwrap_or_default();
    if new.id.is_some() && before(tx.conn(), id)?.is_some() {
        return Err(invalid(
            "/id",
            FaultCode::Taken,
            format!("there is an article with the id {id} already"),
        ));
    }
    let (state, published_at) = settle(new.state, new.published_at, tx.now());
    let slug = choose_slug(tx.conn(), new, id)?;
    let row = (
        articles::id.eq(id),
        articles::kind.eq(new.kind.as_str()),
        articles::created_at.eq(tx.now()),
        articles::version.eq(1),
        columns!(new, &slug, state, published_at, tx.now()),
    );
    each!(tx.conn(), c => diesel::insert_into(articles::table).values(row).execute(c))?;
    let body = (article_bodies::article_id.eq(id), body_columns!(new));
    each!(tx.conn(), c => diesel::insert_into(article_bodies::table).values(body).execute(c))?;
    keep_slug(tx.conn(), &slug, &new.locale, id, true)?;
    for alias in &new.aliases {
        if !slug_taken(tx.conn(), alias, &new.locale)? {
            keep_slug(tx.conn(), alias, &new.locale, id, false)?;
        }
    }
    let after = join(tx, new, id, state, published_at)?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Article,
        id,
        before: Footprint::none(),
        after,
    });
    Ok(Stored {
        id,
        slug,
        state,
        version: 1,
    })
}

/// Puts this in an article's place, whole. Its former slug keeps leading to it.
///
/// # Errors
/// As [`create`]; and [`Error::NotFound`] where there is no article of that id and kind.
pub fn replace(tx: &mut Tx<'_>, id: Id, new: &NewArticle) -> Result<Stored> {
    let was = before(tx.conn(), id)?
        .filter(|was| was.kind == new.kind)
        .ok_or(Error::NotFound("article"))?;
    let (state, published_at) = settle(new.state, new.published_at.or(was.published_at), tx.now());
    let same_place = was.locale == new.locale
        && matches!(&new.slug, Wish::Like(base) if is_like(&was.slug, base));
    let slug = if same_place {
        was.slug.clone()
    } else {
        choose_slug(tx.conn(), new, id)?
    };
    if slug != was.slug || new.locale != was.locale {
        let former = article_slugs::table.find((&was.slug, &was.locale));
        let retired = diesel::update(former).set(article_slugs::current.eq(false));
        each!(tx.conn(), c => retired.execute(c))?;
        let own = article_slugs::table
            .find((&slug, &new.locale))
            .filter(article_slugs::article_id.eq(id));
        each!(tx.conn(), c => diesel::delete(own).execute(c))?;
        keep_slug(tx.conn(), &slug, &new.locale, id, true)?;
    }
    let version = was.version + 1;
    let row = (
        articles::version.eq(version),
        columns!(new, &slug, state, published_at, tx.now()),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(row).execute(c))?;
    let body = diesel::update(article_bodies::table.find(id)).set(body_columns!(new));
    each!(tx.conn(), c => body.execute(c))?;
    let before = leave(tx, id, &was)?;
    let after = join(tx, new, id, state, published_at)?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Article,
        id,
        before,
        after,
    });
    Ok(Stored {
        id,
        slug,
        state,
        version,
    })
}

/// Moves an article to another state.
///
/// # Errors
/// [`Error::Conflict`] where no such way leads from its state; [`Error::NotFound`] where there is no such article.
pub fn transition(tx: &mut Tx<'_>, id: Id, way: Transition) -> Result<Stored> {
    let was = before(tx.conn(), id)?.ok_or(Error::NotFound("article"))?;
    let state = was.state.after(way).ok_or_else(|| {
        Error::Conflict(format!(
            "an article that is {} cannot {}",
            was.state.as_str(),
            way.as_str()
        ))
    })?;
    if state == State::Scheduled && was.published_at.is_none_or(|at| at <= tx.now()) {
        let detail = "is scheduled for a time to come, and has none".to_owned();
        return Err(invalid("/published_at", FaultCode::Missing, detail));
    }
    let published_at = if state == State::Published {
        was.published_at.or(Some(tx.now()))
    } else {
        was.published_at
    };
    // Publishing now what was meant for later makes it published now.
    let published_at = published_at.map(|at| {
        if state == State::Published {
            at.min(tx.now())
        } else {
            at
        }
    });
    let version = was.version + 1;
    let row = (
        articles::state.eq(state.as_str()),
        articles::published_at.eq(published_at),
        articles::updated_at.eq(tx.now()),
        articles::version.eq(version),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(row).execute(c))?;
    let listed = published_at.filter(|_| state.is_public());
    let in_tags = article_tags::table.filter(article_tags::article_id.eq(id));
    let in_tags = diesel::update(in_tags).set(article_tags::published_at.eq(listed));
    each!(tx.conn(), c => in_tags.execute(c))?;
    let in_authors = article_authors::table.filter(article_authors::article_id.eq(id));
    let in_authors = diesel::update(in_authors).set(article_authors::published_at.eq(listed));
    each!(tx.conn(), c => in_authors.execute(c))?;
    let delta = i64::from(state.is_public()) - i64::from(was.state.is_public());
    if delta != 0 {
        count(tx, was.kind, &was.locale, &was.tags, &was.authors, delta)?;
    }
    let footprint = |state| footprint(id, was.kind, state, &was.tags, &was.authors);
    let entry = Entry {
        action: way.as_str(),
        resource: Resource::Article,
        id,
        before: footprint(was.state),
        after: footprint(state),
    };
    tx.log(entry);
    Ok(Stored {
        id,
        slug: was.slug,
        state,
        version,
    })
}

/// Removes an article for good. Only the log still knows of it.
///
/// # Errors
/// [`Error::NotFound`] where there is no such article.
pub fn purge(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    let was = before(tx.conn(), id)?.ok_or(Error::NotFound("article"))?;
    let before = leave(tx, id, &was)?;
    each!(tx.conn(), c => diesel::delete(articles::table.find(id)).execute(c))?;
    tx.log(Entry {
        action: "purged",
        resource: Resource::Article,
        id,
        before,
        after: Footprint::none(),
    });
    Ok(())
}

/// A published time in the future means scheduled, a scheduled one in the past means published, and publishing without a
/// time means now. Delivery never compares clocks; the state says it all.
fn settle(state: State, published_at: Option<Time>, now: Time) -> (State, Option<Time>) {
    match (state, published_at) {
        (State::Published | State::Scheduled, Some(at)) if at > now => (State::Scheduled, Some(at)),
        (State::Published | State::Scheduled, at) => (State::Published, at.or(Some(now))),
        (state, at) => (state, at),
    }
}

/// Counts a published text in or out, wherever counts are kept.
fn count(
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

fn invalid(pointer: &str, code: FaultCode, detail: String) -> Error {
    Error::Invalid(vec![Fault::at(pointer, code, detail)])
}

fn before(conn: &mut Conn, id: Id) -> Result<Option<Before>> {
    let columns = (
        articles::kind,
        articles::state,
        articles::locale,
        articles::slug,
        articles::version,
        articles::published_at,
    );
    type Row = (String, String, String, String, i64, Option<Time>);
    let row: Option<Row> =
        each!(conn, c => articles::table.find(id).select(columns).first(c).optional())?;
    let Some((kind, state, locale, slug, version, published_at)) = row else {
        return Ok(None);
    };
    let unknown = || {
        Error::internal(format!(
            "the stored kind `{kind}` or state `{state}` is unknown"
        ))
    };
    let of_article = article_tags::table
        .filter(article_tags::article_id.eq(id))
        .order(article_tags::position);
    let tags = each!(conn, c => of_article.select(article_tags::tag_id).load(c))?;
    let of_article = article_authors::table
        .filter(article_authors::article_id.eq(id))
        .order(article_authors::position);
    let authors = each!(conn, c => of_article.select(article_authors::author_id).load(c))?;
    Ok(Some(Before {
        kind: Kind::from_name(&kind).ok_or_else(unknown)?,
        state: State::from_name(&state).ok_or_else(unknown)?,
        locale,
        slug,
        version,
        published_at,
        tags,
        authors,
    }))
}

/// The columns that follow from what was sent, but for those that only a creation sets.
macro_rules! columns {
    ($new:expr, $slug:expr, $state:expr, $published_at:expr, $now:expr) => {
        (
            articles::state.eq($state.as_str()),
            articles::locale.eq(&$new.locale),
            articles::slug.eq($slug),
            articles::title.eq(&$new.title),
            articles::title_key.eq(slug::sort_key(&$new.title)),
            articles::subtitle.eq(&$new.subtitle),
            articles::standfirst.eq(&$new.standfirst),
            articles::excerpt.eq(&$new.excerpt),
            articles::cover.eq($new.cover.as_ref().map(json::text)),
            articles::featured.eq($new.featured),
            articles::content_notice.eq(&$new.content_notice),
            articles::audience.eq($new.audience.as_str()),
            articles::citations.eq(json::text(&$new.citations)),
            articles::word_count.eq($new.rendered.word_count.cast_signed()),
            articles::reading_minutes.eq($new.rendered.reading_minutes.cast_signed()),
            articles::translation_key.eq(&$new.translation_key),
            articles::external_id.eq(&$new.external_id),
            articles::updated_at.eq($new.updated_at.unwrap_or($now)),
            articles::published_at.eq($published_at),
        )
    };
}
use columns;

macro_rules! body_columns {
    ($new:expr) => {
        (
            article_bodies::sanitizer_version.eq(SANITIZER_VERSION),
            article_bodies::format.eq($new.source.format.as_str()),
            article_bodies::toc.eq(json::text(&$new.rendered.toc)),
            article_bodies::seo.eq(json::text(&$new.seo)),
            article_bodies::metadata.eq(json::text(&$new.metadata)),
            article_bodies::html.eq(&$new.rendered.html),
            article_bodies::source.eq(&$new.source.text),
            article_bodies::text.eq(&$new.rendered.text),
        )
    };
}
use body_columns;

/// Writes the tags and authors of an article, counts it in, and answers what it shows now.
fn join(
    tx: &mut Tx<'_>,
    new: &NewArticle,
    id: Id,
    state: State,
    published_at: Option<Time>,
) -> Result<Footprint> {
    let listed = published_at.filter(|_| state.is_public());
    let tag_ids = distinct(&new.tags, "/tags", |key, pointer| {
        tags::store::ensure(tx, key, pointer)
    })?;
    let author_ids = distinct(&new.authors, "/authors", |key, pointer| {
        authors::store::ensure(tx, key, pointer)
    })?;
    for (position, tag) in (0_i32..).zip(&tag_ids) {
        let row = (
            article_tags::article_id.eq(id),
            article_tags::position.eq(position),
            article_tags::tag_id.eq(*tag),
            article_tags::kind.eq(new.kind.as_str()),
            article_tags::published_at.eq(listed),
        );
        each!(tx.conn(), c => diesel::insert_into(article_tags::table).values(row).execute(c))?;
    }
    for (position, author) in (0_i32..).zip(&author_ids) {
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
        count(tx, new.kind, &new.locale, &tag_ids, &author_ids, 1)?;
    }
    Ok(footprint(id, new.kind, state, &tag_ids, &author_ids))
}

/// Takes an article out of its tags and authors, counts it out, and answers what it showed.
fn leave(tx: &mut Tx<'_>, id: Id, was: &Before) -> Result<Footprint> {
    if was.state.is_public() {
        count(tx, was.kind, &was.locale, &was.tags, &was.authors, -1)?;
    }
    let in_tags = article_tags::table.filter(article_tags::article_id.eq(id));
    each!(tx.conn(), c => diesel::delete(in_tags).execute(c))?;
    let in_authors = article_authors::table.filter(article_authors::article_id.eq(id));
    each!(tx.conn(), c => diesel::delete(in_authors).execute(c))?;
    Ok(footprint(id, was.kind, was.state, &was.tags, &was.authors))
}

/// The ids of what these keys name, each once, in order, with the faults of all.
fn distinct(
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
    let now = before(conn, id)?.ok_or(Error::NotFound("article"))?;
    Ok(footprint(id, now.kind, now.state, &now.tags, &now.authors))
}

fn footprint(id: Id, kind: Kind, state: State, tags: &[Id], authors: &[Id]) -> Footprint {
    let list = match kind {
        Kind::Article => cache::LIST_ARTICLES,
        Kind::Page => cache::LIST_PAGES,
    };
    let mut names = cache::of(Resource::Article, id);
    names.push(' ');
    names.push_str(list);
    for (resource, ids) in [(Resource::Tag, tags), (Resource::Author, authors)] {
        for id in ids {
            names.push(' ');
            names.push_str(&cache::of(resource, *id));
        }
    }
    Footprint {
        public: state.is_public(),
        tags: names,
    }
}

fn choose_slug(conn: &mut Conn, new: &NewArticle, id: Id) -> Result<String> {
    match &new.slug {
        Wish::Exactly(wished) => {
            let owner = article_slugs::table
                .find((wished, &new.locale))
                .select(article_slugs::article_id);
            let owner: Option<Id> = each!(conn, c => owner.first(c).optional())?;
            let taken = owner.is_some_and(|owner| owner != id)
                || redirects::store::taken(conn, wished, &new.locale)?;
            if taken {
                let detail = format!(
                    "the slug `{wished}` is taken in the locale `{}`",
                    new.locale
                );
                return Err(invalid("/slug", FaultCode::Taken, detail));
            }
            Ok(wished.clone())
        }
        Wish::Like(wished) => slug::first_free(wished, |slug| {
            Ok(!slug_taken(conn, slug, &new.locale)?
                && !redirects::store::taken(conn, slug, &new.locale)?)
        }),
    }
}

/// Whether a slug is the wished one, or one that was given instead because that was taken.
fn is_like(slug: &str, wished: &str) -> bool {
    slug == wished
        || slug.rsplit_once('-').is_some_and(|(base, suffix)| {
            wished.starts_with(base) && suffix.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

fn slug_taken(conn: &mut Conn, slug: &str, locale: &str) -> Result<bool> {
    let owner = article_slugs::table
        .find((slug, locale))
        .select(article_slugs::article_id);
    Ok(each!(conn, c => owner.first::<Id>(c).optional())?.is_some())
}

fn keep_slug(conn: &mut Conn, slug: &str, locale: &str, id: Id, current: bool) -> Result<()> {
    let row = (
        article_slugs::slug.eq(slug),
        article_slugs::locale.eq(locale),
        article_slugs::article_id.eq(id),
        article_slugs::current.eq(current),
    );
    each!(conn, c => diesel::insert_into(article_slugs::table).values(row).execute(c))?;
    Ok(())
}
