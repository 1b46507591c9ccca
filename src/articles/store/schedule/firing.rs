//! What is due, and doing it: once, by whichever node comes first.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{load, unseen};
use crate::articles::model::{State, Transition};
use crate::articles::schedule::TimedAction;
use crate::articles::store::import;
use crate::articles::store::moves::{Move, apply};
use crate::articles::store::write::before;
use crate::db::schema::schedules;
use crate::db::{Conn, Tx, each};
use crate::error::Result;
use crate::id::Id;
use crate::redirects;
use crate::time::Time;

/// Something whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The text.
    pub article: Id,
    /// What is to be done.
    pub action: TimedAction,
    /// When it was to be done.
    pub at: Time,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fired {
    /// It was done.
    Done,
    /// Another was faster, or it was taken back meanwhile, or its time has not come after all.
    NotThere,
    /// It can not be done any more, and why.
    Dropped(String),
}

/// What is due by now, in the order of its time, that many at most and each text once: what is due for it later builds on
/// what is due first.
///
/// # Errors
/// When the database fails.
pub fn due(conn: &mut Conn, now: Time, most: i64) -> Result<Vec<Due>> {
    let rows = schedules::table
        .filter(schedules::at.le(now))
        .order((schedules::at, schedules::article_id))
        .limit(most)
        .select((schedules::article_id, schedules::action, schedules::at));
    let rows: Vec<(Id, String, Time)> = each!(conn, c => rows.load(c))?;
    let mut seen = HashSet::new();
    rows.into_iter()
        .take_while(|(article, ..)| seen.insert(*article))
        .map(|(article, action, at)| {
            let action = load::named(&action, TimedAction::from_name)?;
            Ok(Due {
                article,
                action,
                at,
            })
        })
        .collect()
}

/// When something is due next.
///
/// # Errors
/// When the database fails.
pub fn next(conn: &mut Conn) -> Result<Option<Time>> {
    let first = schedules::table
        .order((schedules::at, schedules::article_id))
        .select(schedules::at);
    Ok(each!(conn, c => first.first(c).optional())?)
}

/// Does what is due. It is claimed in the same transaction, so that it is done once, by whichever node comes first.
///
/// # Errors
/// Those of the writes.
pub fn fire(tx: &mut Tx<'_>, due: &Due) -> Result<Fired> {
    if !claim(tx, due)? {
        tx.leave_unchanged();
        return Ok(Fired::NotThere);
    }
    let Some(was) = before(tx.conn(), due.article)? else {
        return Ok(dropped(tx, due, "it is gone"));
    };
    let detail = Some(format!("by the clock, for {}", due.at));
    match (due.action, was.state) {
        (TimedAction::Publish, State::Scheduled)
            if !redirects::store::taken(tx.conn(), &was.slug, &was.locale)? =>
        {
            let to = Move {
                state: State::Published,
                published_at: Some(due.at),
                action: Transition::Publish.done(),
                detail,
            };
            import::follow(tx.conn(), due.article, was.version)?;
            apply(tx, due.article, was, to)?;
            Ok(Fired::Done)
        }
        (TimedAction::Publish, State::Scheduled) => {
            let reason = format!("a redirect stands at `{}`", was.slug);
            // Scheduled without a time it could not stay.
            let to = Move {
                state: State::Draft,
                published_at: was.published_at,
                action: Transition::Unpublish.done(),
                detail: Some(format!("not published: {reason}")),
            };
            apply(tx, due.article, was, to)?;
            Ok(Fired::Dropped(reason))
        }
        (TimedAction::Unpublish, State::Published) => {
            let to = Move {
                state: State::Draft,
                published_at: was.published_at,
                action: Transition::Unpublish.done(),
                detail,
            };
            apply(tx, due.article, was, to)?;
            Ok(Fired::Done)
        }
        (_, state) => Ok(dropped(tx, due, &format!("it is {}", state.as_str()))),
    }
}

/// Gives up what cannot be done, so that it stands in nobody's way.
///
/// # Errors
/// When the database fails.
pub fn give_up(tx: &mut Tx<'_>, due: &Due, reason: &str) -> Result<Fired> {
    if !claim(tx, due)? {
        tx.leave_unchanged();
        return Ok(Fired::NotThere);
    }
    Ok(dropped(tx, due, reason))
}

/// Whether it was still there and due, and is no more.
fn claim(tx: &mut Tx<'_>, due: &Due) -> Result<bool> {
    if due.at > tx.now() {
        return Ok(false);
    }
    let mine = schedules::table
        .filter(schedules::article_id.eq(due.article))
        .filter(schedules::action.eq(due.action.as_str()))
        .filter(schedules::at.eq(due.at));
    Ok(each!(tx.conn(), c => diesel::delete(mine).execute(c))? > 0)
}

fn dropped(tx: &mut Tx<'_>, due: &Due, reason: &str) -> Fired {
    let detail = format!("{} for {}: {reason}", due.action.as_str(), due.at);
    tx.log(unseen(due.article, "schedule_dropped", Some(detail)));
    Fired::Dropped(reason.to_owned())
}
