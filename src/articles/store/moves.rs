//! The ways from state to state, inside a [`Tx`].

use diesel::prelude::*;

use super::write::{Before, Stored, before, invalid, standing};
use super::{joins, owners, revisions, schedule, touch, working_copies};
use crate::articles::model::{State, Transition};
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, FaultCode, Result};
use crate::id::Id;
use crate::time::Time;
use crate::{previews, redirects};

/// Moves an article to another state.
///
/// # Errors
/// [`Error::Conflict`] where no such way leads from its state; [`Error::NotFound`] where there is no such article.
pub fn transition(tx: &mut Tx<'_>, id: Id, way: Transition) -> Result<Stored> {
    transition_telling(tx, id, way, None)
}

/// The same, with something more to tell in the log.
pub(super) fn transition_telling(
    tx: &mut Tx<'_>,
    id: Id,
    way: Transition,
    detail: Option<String>,
) -> Result<Stored> {
    let was = before(tx.conn(), id)?.ok_or(Error::NotFound("article"))?;
    let action = |after| Action::Text {
        kind: was.kind,
        own: owners::is_own(tx, was.owner),
        edits: false,
        before: Some(was.state),
        after: Some(after),
    };
    let Some(state) = was.state.after(way) else {
        // Who could not go any such way learns no more than that.
        tx.actor().authorise(action(way.leads_to()))?;
        let (kind, state) = (was.kind.as_str(), was.state.as_str());
        let detail = match way {
            Transition::Restore => format!("this {kind} is {state}, and not in the trash"),
            _ => format!("no way leads from {state} to {}", way.leads_to().as_str()),
        };
        return Err(Error::Conflict(detail));
    };
    tx.actor().authorise(action(state))?;
    if way == Transition::Restore && redirects::store::taken(tx.conn(), &was.slug, &was.locale)? {
        let detail = format!("a redirect stands at `{}` now; remove it first", was.slug);
        return Err(Error::Conflict(detail));
    }
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
    let to = Move {
        state,
        published_at,
        action: way.done(),
        detail,
    };
    apply(tx, id, was, to)
}

/// A move of a text to a state.
pub(super) struct Move {
    pub(super) state: State,
    pub(super) published_at: Option<Time>,
    /// What the log says.
    pub(super) action: &'static str,
    pub(super) detail: Option<String>,
}

/// Moves a text to a state, in which it may be already with another time. Whether that may be was asked before.
pub(super) fn apply(tx: &mut Tx<'_>, id: Id, was: Before, to: Move) -> Result<Stored> {
    let Move {
        state,
        published_at,
        action,
        detail,
    } = to;
    // A time that was taken back is none: what was out before has the time of then, and what was not has none.
    let gives_up =
        was.state == State::Scheduled && !matches!(state, State::Scheduled | State::Published);
    let published_at = if gives_up {
        revisions::last_out(tx.conn(), id)?
    } else {
        published_at
    };
    let version = was.version + 1;
    let stands = standing(state, published_at, was.owner);
    revisions::moved(tx, id, &was, action, stands)?;
    working_copies::follow(tx.conn(), id, was.version, version)?;
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
    end_previews(tx.conn(), id, was.state, state)?;
    schedule::settle(tx, id, state, published_at)?;
    let delta = i64::from(state.is_public()) - i64::from(was.state.is_public());
    if delta != 0 {
        joins::count(tx, was.kind, &was.locale, &was.tags, &was.authors, delta)?;
    }
    let before = was.footprint(id);
    let after = Footprint {
        public: state.is_public(),
        tags: before.tags.clone(),
    };
    let entry = Entry {
        action,
        resource: Resource::Article,
        id,
        before,
        after,
        detail,
    };
    tx.log(entry);
    let key = was.translation_key.as_deref();
    let shown = touch::Shown::new(state, key, &was.locale, &was.slug);
    touch::siblings(tx, id, was.shown(), shown)?;
    Ok(Stored {
        id,
        slug: was.slug,
        state,
        version,
    })
}

/// What readers see is shown by no link that was made before.
pub(super) fn end_previews(conn: &mut Conn, id: Id, was: State, state: State) -> Result<()> {
    if state.is_public() && !was.is_public() {
        previews::store::end_all(conn, id)?;
    }
    Ok(())
}

/// Makes sure that an editor's wish for a state is one of the ways there are.
pub(super) fn check_way(from: State, to: State) -> Result<()> {
    if from == State::Trashed {
        let detail = "it is in the trash; restore it before you change it";
        return Err(Error::Conflict(detail.into()));
    }
    if from == to || from.way_to(to).is_some() {
        return Ok(());
    }
    let (from, to) = (from.as_str(), to.as_str());
    Err(Error::Conflict(format!("no way leads from {from} to {to}")))
}
