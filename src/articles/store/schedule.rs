//! What the clock is to do to texts. A text has a time to be published as long as it is `scheduled`, and no longer:
//! `settle` sees to that in every write of a state, whichever door it came by.

use diesel::prelude::*;

use super::list::{number, seek};
use super::moves::{Move, apply};
use super::write::{Before, before, invalid};
use super::{load, owners, revisions, working_copies};
use crate::articles::model::{Kind, State, Transition};
use crate::articles::schedule::{Planned, Schedule, TimedAction, Wish, can_end};
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::dialect::id_in;
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{articles, schedules, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, FaultCode, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

pub use self::firing::{Due, Fired, due, fire, give_up, next};

mod firing;

/// The one order of the list: what comes first is first.
pub const SORT: &str = "at";

/// Sets or clears when a text is published and taken back.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text; [`Error::Forbidden`] where the writer may not bring it into the state
/// that comes of it; [`Error::Conflict`] where no way leads there; [`Error::Invalid`] for times that cannot be.
pub fn set(tx: &mut Tx<'_>, id: Id, wish: &Wish) -> Result<()> {
    let was = before(tx.conn(), id)?.ok_or(Error::NotFound("article"))?;
    let present = of(tx.conn(), id)?;
    let after = wish.over(present);
    let state = match (was.state, after.publish_at) {
        (State::Scheduled, None) => Some(State::Draft),
        (State::Scheduled, Some(_)) => Some(State::Scheduled),
        (state, Some(_)) => state.after(Transition::Schedule),
        (state, None) => Some(state),
    };
    tx.actor().authorise(Action::Text {
        kind: was.kind,
        own: owners::is_own(tx, was.owner),
        edits: false,
        before: Some(was.state),
        after: Some(state.unwrap_or(State::Scheduled)),
    })?;
    let (kind, now) = (was.kind.as_str(), was.state.as_str());
    let Some(state) = state else {
        let detail = format!("no way leads from {now} to scheduled");
        return Err(Error::Conflict(detail));
    };
    if wish.unpublish_at.flatten().is_some() && !can_end(state) {
        let detail = format!(
            "this {kind} is {now}, and is not to be published: nothing could be taken back"
        );
        return Err(Error::Conflict(detail));
    }
    let faults = wish.faults(present, tx.now());
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    // Before the state, which is held against it.
    let unpublish_at = after.unpublish_at.filter(|_| can_end(state));
    put(tx, id, TimedAction::Unpublish, unpublish_at)?;
    if after.publish_at != present.publish_at {
        let action = match state {
            State::Scheduled => Transition::Schedule,
            _ => Transition::Unpublish,
        };
        let published_at = after.publish_at.or(was.published_at);
        let to = Move {
            state,
            published_at,
            action: action.done(),
            detail: told(unpublish_at),
        };
        apply(tx, id, was, to)?;
    } else if unpublish_at == present.unpublish_at {
        tx.leave_unchanged();
    } else {
        renew(tx, id, &was)?;
        tx.log(unseen(id, "scheduled", told(unpublish_at)));
    }
    Ok(())
}

fn told(unpublish_at: Option<Time>) -> Option<String> {
    unpublish_at.map(|at| format!("taken back at {at}"))
}

/// It has another version, and says what it said.
fn renew(tx: &mut Tx<'_>, id: Id, was: &Before) -> Result<()> {
    revisions::renewed(tx.conn(), id, was.version)?;
    working_copies::follow(tx.conn(), id, was.version, was.version + 1)?;
    let version = articles::version.eq(was.version + 1);
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(version).execute(c))?;
    Ok(())
}

/// Of what changes nothing for readers.
fn unseen(id: Id, action: &'static str, detail: Option<String>) -> Entry {
    Entry {
        action,
        resource: Resource::Article,
        id,
        before: Footprint::none(),
        after: Footprint::none(),
        detail,
    }
}

/// Brings what the clock is to do into line with the state that a write leaves a text in.
///
/// # Errors
/// [`Error::Invalid`] where it would be taken back before it is published.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    id: Id,
    state: State,
    published_at: Option<Time>,
) -> Result<()> {
    let present = of(tx.conn(), id)?;
    let publish_at = published_at.filter(|_| state == State::Scheduled);
    if publish_at != present.publish_at {
        put(tx, id, TimedAction::Publish, publish_at)?;
    }
    match present.unpublish_at {
        Some(_) if !can_end(state) => put(tx, id, TimedAction::Unpublish, None),
        Some(end) if publish_at.is_some_and(|at| at >= end) => {
            let detail = format!("it is taken back at {end}; change its schedule first");
            Err(invalid("/published_at", FaultCode::Conflicting, detail))
        }
        _ => Ok(()),
    }
}

/// Sets when a text is taken back, as an export says it. Where its time has come already, the clock does it next.
pub(super) fn restore_end(
    tx: &mut Tx<'_>,
    id: Id,
    state: State,
    unpublish_at: Option<Time>,
) -> Result<()> {
    put(
        tx,
        id,
        TimedAction::Unpublish,
        unpublish_at.filter(|_| can_end(state)),
    )
}

/// What is to happen to a text by itself.
///
/// # Errors
/// When the database fails.
pub fn of(conn: &mut Conn, id: Id) -> Result<Schedule> {
    let found = of_all(conn, &[id])?;
    Ok(found
        .first()
        .map(|(_, schedule)| *schedule)
        .unwrap_or_default())
}

/// What is to happen to these, where anything is.
pub(super) fn of_all(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Schedule)>> {
    let rows = schedules::table
        .filter(id_in(schedules::article_id, ids))
        .order((schedules::article_id, schedules::action))
        .select((schedules::article_id, schedules::action, schedules::at));
    let rows: Vec<(Id, String, Time)> = each!(conn, c => rows.load(c))?;
    let mut found: Vec<(Id, Schedule)> = Vec::new();
    for (id, action, at) in rows {
        if found.last().is_none_or(|(last, _)| *last != id) {
            found.push((id, Schedule::default()));
        }
        if let Some((_, schedule)) = found.last_mut() {
            match load::named(&action, TimedAction::from_name)? {
                TimedAction::Publish => schedule.publish_at = Some(at),
                TimedAction::Unpublish => schedule.unpublish_at = Some(at),
            }
        }
    }
    Ok(found)
}

fn put(tx: &mut Tx<'_>, id: Id, action: TimedAction, at: Option<Time>) -> Result<()> {
    let there = schedules::table
        .filter(schedules::article_id.eq(id))
        .filter(schedules::action.eq(action.as_str()));
    let Some(at) = at else {
        each!(tx.conn(), c => diesel::delete(there).execute(c))?;
        return Ok(());
    };
    let same = schedules::table
        .filter(schedules::article_id.eq(id))
        .filter(schedules::action.eq(action.as_str()))
        .filter(schedules::at.eq(at))
        .select(schedules::at);
    if each!(tx.conn(), c => same.first::<Time>(c).optional())?.is_some() {
        return Ok(());
    }
    each!(tx.conn(), c => diesel::delete(there).execute(c))?;
    let row = (
        schedules::article_id.eq(id),
        schedules::action.eq(action.as_str()),
        schedules::at.eq(at),
        schedules::user_id.eq(tx.actor().user()),
    );
    each!(tx.conn(), c => diesel::insert_into(schedules::table).values(row).execute(c))?;
    Ok(())
}

type Row = (i64, Id, String, String, String, Option<Id>, Option<String>);

/// One page of what the clock will do.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, page: &Page, count: bool) -> Result<Slice<Planned>> {
    let rows: Vec<Row> = each!(conn, c => {
        let query = schedules::table
            .inner_join(articles::table)
            .left_join(users::table)
            .select((
                schedules::at,
                schedules::article_id,
                articles::kind,
                articles::title,
                schedules::action,
                users::id.nullable(),
                users::name.nullable(),
            ))
            .into_boxed();
        seek!(query, schedules::at, schedules::article_id, false, page, number).load(c)
    })?;
    let total = if count {
        Some(each!(conn, c => schedules::table.count().get_result(c))?)
    } else {
        None
    };
    // A text has at most one of each at one time: the time and the text tell all apart.
    let slice = page.cut(rows, SORT, |row| (Key::Number(row.0), row.1));
    let items = slice.items.into_iter().map(planned);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

fn planned((at, id, kind, title, action, user, name): Row) -> Result<Planned> {
    let at = Time::from_millis(at).ok_or_else(|| Error::internal("a stored time out of range"))?;
    Ok(Planned {
        id,
        kind: load::named(&kind, Kind::from_name)?,
        title,
        action: load::named(&action, TimedAction::from_name)?,
        at,
        by: user.zip(name).map(|(id, name)| UserRef { id, name }),
    })
}
