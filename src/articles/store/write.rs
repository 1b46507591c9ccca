//! The writes: what every door calls to create, change, move or remove an article, inside a [`Tx`].

use diesel::prelude::*;

use super::moves::{check_way, end_previews};
use super::numbers::number_of;
use super::{joins, load, owners, revisions, schedule, slugs, touch, uses};
use crate::articles::cover::Cover;
use crate::articles::model::{Kind, State, Transition};
use crate::articles::new::{Door, NewArticle, Wish};
use crate::articles::render::SANITIZER_VERSION;
use crate::articles::words::Standing;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::schema::{article_bodies, article_slugs, articles};
use crate::db::{Conn, IdList, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::json;
use crate::media;
use crate::redirects;
use crate::slug;
use crate::time::Time;

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
pub(super) struct Before {
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) locale: String,
    pub(super) slug: String,
    pub(super) version: i64,
    pub(super) published_at: Option<Time>,
    pub(super) owner: Option<Id>,
    pub(super) tags: Vec<Id>,
    pub(super) authors: Vec<Id>,
    pub(super) translation_key: Option<String>,
}

impl Before {
    /// What its translations showed of it.
    pub(super) fn shown(&self) -> Option<touch::Shown<'_>> {
        let key = self.translation_key.as_deref();
        touch::Shown::new(self.state, key, &self.locale, &self.slug)
    }
}

/// Stores a new article.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not make one in that state; [`Error::Invalid`] where its id or slug is taken, or it names a tag, an author or a medium by an id that does not exist.
pub fn create(tx: &mut Tx<'_>, new: &NewArticle) -> Result<Stored> {
    let (state, published_at) = settle(new.state, new.published_at, tx.now());
    let owner = owners::of_new(tx, new)?;
    tx.actor().authorise(Action::Text {
        kind: new.kind,
        own: owners::is_own(tx, owner),
        edits: true,
        before: None,
        after: Some(state),
    })?;
    let id = new.id.unwrap_or_default();
    if new.id.is_some() && before(tx.conn(), id)?.is_some() {
        return Err(invalid(
            "/id",
            FaultCode::Taken,
            format!("there is an article with the id {id} already"),
        ));
    }
    media::store::check(tx.conn(), new.cover.as_ref().and_then(Cover::media_id))?;
    let slug = slugs::choose(tx.conn(), new, id)?;
    let refs = joins::ensure(tx, &new.tags, &new.authors)?;
    let row = (
        articles::id.eq(id),
        articles::kind.eq(new.kind.as_str()),
        articles::owner.eq(owner),
        articles::created_at.eq(tx.now()),
        articles::version.eq(1),
        columns!(new, &slug, state, published_at, &refs, tx.now()),
    );
    each!(tx.conn(), c => diesel::insert_into(articles::table).values(row).execute(c))?;
    let body = (
        article_bodies::article_id.eq(id),
        article_bodies::number.eq(number_of!(id)),
        body_columns!(new),
    );
    each!(tx.conn(), c => diesel::insert_into(article_bodies::table).values(body).execute(c))?;
    uses::write(tx, id, new)?;
    revisions::created(tx, id, new, standing(state, published_at, owner))?;
    slugs::keep(tx.conn(), &slug, &new.locale, id, true)?;
    slugs::set_aliases(tx.conn(), new, None, id)?;
    if state == State::Scheduled {
        schedule::settle(tx, id, state, published_at)?;
    }
    let after = joins::join(tx, new, &refs, (id, &slug), state, published_at)?;
    tx.log(Entry {
        action: "created",
        resource: Resource::Article,
        id,
        before: Footprint::none(),
        after,
        detail: None,
    });
    let shown = touch::Shown::new(state, new.translation_key.as_deref(), &new.locale, &slug);
    touch::siblings(tx, id, None, shown)?;
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
        .ok_or(Error::NotFound(new.kind.as_str()))?;
    let wished_for = match new.door {
        Door::Import => new.published_at.or(was.published_at),
        Door::Editor { .. } => new.published_at,
    };
    let (state, published_at) = settle(new.state, wished_for, tx.now());
    let owner = owners::of_changed(tx, new, was.owner)?;
    if matches!(new.door, Door::Editor { .. }) {
        external_is_free(tx.conn(), id, new.external_id.as_deref())?;
    }
    tx.actor().authorise(Action::Text {
        kind: was.kind,
        own: owners::is_own(tx, was.owner),
        edits: true,
        before: Some(was.state),
        after: Some(state),
    })?;
    if matches!(new.door, Door::Editor { .. }) {
        // Of what would come of it, too: a time to come takes back what is out.
        check_way(was.state, state)?;
    }
    media::store::check(tx.conn(), new.cover.as_ref().and_then(Cover::media_id))?;
    revisions::changing(tx, id, &was, new, standing(state, published_at, owner))?;
    let same_place = was.locale == new.locale
        && matches!(&new.slug, Wish::Like(base) if slugs::is_like(&was.slug, base));
    let slug = if same_place {
        was.slug.clone()
    } else {
        slugs::choose(tx.conn(), new, id)?
    };
    let refs = joins::ensure(tx, &new.tags, &new.authors)?;
    if slug != was.slug || new.locale != was.locale {
        let former = article_slugs::table.find((&was.slug, &was.locale));
        let retired = diesel::update(former).set(article_slugs::current.eq(false));
        each!(tx.conn(), c => retired.execute(c))?;
        let own = article_slugs::table
            .find((&slug, &new.locale))
            .filter(article_slugs::article_id.eq(id));
        each!(tx.conn(), c => diesel::delete(own).execute(c))?;
        slugs::keep(tx.conn(), &slug, &new.locale, id, true)?;
    }
    slugs::set_aliases(tx.conn(), new, Some(&was.slug), id)?;
    let version = was.version + 1;
    let row = (
        articles::version.eq(version),
        articles::owner.eq(owner),
        columns!(new, &slug, state, published_at, &refs, tx.now()),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(row).execute(c))?;
    let body = diesel::update(article_bodies::table.find(id)).set(body_columns!(new));
    each!(tx.conn(), c => body.execute(c))?;
    uses::write(tx, id, new)?;
    end_previews(tx.conn(), id, was.state, state)?;
    schedule::settle(tx, id, state, published_at)?;
    let before = joins::leave(tx, id, &was)?;
    let after = joins::join(tx, new, &refs, (id, &slug), state, published_at)?;
    // Who follows the log wants to know what an editor put out, by whichever door.
    let way = match new.door {
        Door::Editor { .. } => was.state.way_to(state),
        Door::Import => None,
    };
    tx.log(Entry {
        action: way.map_or("updated", Transition::done),
        resource: Resource::Article,
        id,
        before,
        after,
        detail: new.note.clone(),
    });
    let shown = touch::Shown::new(state, new.translation_key.as_deref(), &new.locale, &slug);
    touch::siblings(tx, id, was.shown(), shown)?;
    Ok(Stored {
        id,
        slug,
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
    tx.actor().authorise(Action::Text {
        kind: was.kind,
        own: owners::is_own(tx, was.owner),
        edits: false,
        before: Some(was.state),
        after: None,
    })?;
    redirects::store::leave(tx, id)?;
    uses::clear(tx, id)?;
    let before = joins::leave(tx, id, &was)?;
    each!(tx.conn(), c => diesel::delete(articles::table.find(id)).execute(c))?;
    tx.log(Entry {
        action: "purged",
        resource: Resource::Article,
        id,
        before,
        after: Footprint::none(),
        detail: None,
    });
    touch::siblings(tx, id, was.shown(), None)
}

pub(super) const fn standing(
    status: State,
    published_at: Option<Time>,
    owner: Option<Id>,
) -> Standing {
    Standing {
        status,
        published_at,
        owner,
    }
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

/// Of the texts of one source no two have one key.
fn external_is_free(conn: &mut Conn, id: Id, key: Option<&str>) -> Result<()> {
    let source = articles::table.find(id).select(articles::source);
    let source: Option<String> = each!(conn, c => source.first::<Option<String>>(c))?;
    let (Some(source), Some(key)) = (source, key) else {
        return Ok(());
    };
    let other = articles::table
        .filter(articles::source.eq(source))
        .filter(articles::external_id.eq(key))
        .filter(articles::id.ne(id))
        .select(articles::id);
    match each!(conn, c => other.first::<Id>(c).optional())? {
        None => Ok(()),
        Some(_) => {
            let detail = format!("another text of this source has the key `{key}`");
            Err(invalid("/external_id", FaultCode::Taken, detail))
        }
    }
}

pub(super) fn invalid(pointer: &str, code: FaultCode, detail: String) -> Error {
    Error::Invalid(vec![Fault::at(pointer, code, detail)])
}

#[derive(Queryable)]
struct Row {
    kind: String,
    state: String,
    locale: String,
    slug: String,
    version: i64,
    published_at: Option<Time>,
    owner: Option<Id>,
    translation_key: Option<String>,
    tag_ids: IdList,
    author_ids: IdList,
}

pub(super) fn before(conn: &mut Conn, id: Id) -> Result<Option<Before>> {
    let row = articles::table.find(id).select((
        articles::kind,
        articles::state,
        articles::locale,
        articles::slug,
        articles::version,
        articles::published_at,
        articles::owner,
        articles::translation_key,
        articles::tag_ids,
        articles::author_ids,
    ));
    let row: Option<Row> = each!(conn, c => row.first(c).optional())?;
    row.map(|row| {
        Ok(Before {
            kind: load::named(&row.kind, Kind::from_name)?,
            state: load::named(&row.state, State::from_name)?,
            locale: row.locale,
            slug: row.slug,
            version: row.version,
            published_at: row.published_at,
            owner: row.owner,
            tags: row.tag_ids.ids().collect(),
            authors: row.author_ids.ids().collect(),
            translation_key: row.translation_key,
        })
    })
    .transpose()
}

/// The columns that follow from what was sent, but for those that only a creation sets.
macro_rules! columns {
    ($new:expr, $slug:expr, $state:expr, $published_at:expr, $refs:expr, $now:expr) => {
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
            articles::tag_ids.eq(IdList::of(&$refs.tags)),
            articles::author_ids.eq(IdList::of(&$refs.authors)),
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
