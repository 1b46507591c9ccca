//! The follower of the log: what it finds is written down for whom it concerns, in one write with how far it has come. A
//! node that dies in between leaves both undone, or neither.

use crate::app::App;
use crate::changes::store::{self as log, events};
use crate::db::{Conn, Reason};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

use super::store::{self, deliveries};

/// The name that its position stands under.
const NAME: &str = "webhooks";
/// Rows of the log at once.
const ROWS: i64 = 500;
/// Deliveries that are written down at once, but for those of the last row.
const MOST: usize = 100;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// Something was written down.
    pub(super) news: bool,
    /// There is more in the log.
    pub(super) more: bool,
}

/// Writes down what is new in the log.
pub(super) async fn step(app: &App) -> Result<Step> {
    let idle = Step {
        news: false,
        more: false,
    };
    let (epoch, now) = (app.db.epoch(), app.db.now());
    let behind = app
        .db
        .read_indexed(move |conn| {
            if !store::any_enabled(conn)? {
                // Whoever is made or enabled later says from where on.
                return Ok(false);
            }
            let last = log::last(conn)?;
            Ok(match place(conn, epoch)? {
                Place::After(change, _) => change < last,
                Place::Nowhere | Place::Elsewhere => true,
            })
        })
        .await?;
    if !behind {
        return Ok(idle);
    }
    app.db
        .write_quiet(Reason::Delivery, move |conn| follow(conn, epoch, now))
        .await
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It has never begun.
    Nowhere,
    /// In another state of this database, which was put back since.
    Elsewhere,
    /// After this row of the log.
    After(i64, i32),
}

fn place(conn: &mut Conn, epoch: Id) -> Result<Place> {
    let Some((change, mark)) = log::position_of(conn, NAME)? else {
        return Ok(Place::Nowhere);
    };
    let last = log::last(conn)?;
    let here = mark
        .split_once(' ')
        .filter(|(of, _)| *of == epoch.to_string() && change <= last)
        .and_then(|(_, position)| position.parse().ok());
    Ok(here.map_or(Place::Elsewhere, |position| Place::After(change, position)))
}

/// From now on in this epoch: what is in the log was told before, as far as it is to be told, and so was what waits.
///
/// # Errors
/// When the database fails.
pub fn begin_anew(conn: &mut Conn, epoch: Id, now: Time) -> Result<()> {
    let last = log::last(conn)?;
    log::set_position(conn, NAME, last, &format!("{epoch} {}", i32::MAX))?;
    deliveries::give_up(conn, "the database was put back from a backup", now)
}

fn follow(conn: &mut Conn, epoch: Id, now: Time) -> Result<Step> {
    let hooks = store::enabled(conn)?;
    let last = log::last(conn)?;
    // Nobody is told of what lies before the first of these.
    let earliest = hooks.iter().map(|(_, since)| *since).min().unwrap_or(last);
    let earliest = (earliest.min(last), i32::MAX);
    let from = match place(conn, epoch)? {
        Place::After(change, position) => (change, position).max(earliest),
        Place::Nowhere => earliest,
        // It told of this log before, or of more: once too seldom is better than all of it again.
        Place::Elsewhere => (last, i32::MAX),
    };
    let found = events::after(conn, from, ROWS)?;
    let (mut made, mut reached) = (0, from);
    let whole = i64::try_from(found.len()).is_ok_and(|rows| rows < ROWS);
    let count = found.len();
    let mut handled = 0;
    for event in &found {
        for (hook, since) in &hooks {
            if event.change > *since && hook.wants(event) {
                deliveries::add(conn, hook.id, event, now)?;
                made += 1;
            }
        }
        reached = (event.change, event.position);
        handled += 1;
        if made >= MOST {
            break;
        }
    }
    let more = !whole || handled < count;
    if !more {
        reached = (last, i32::MAX);
    }
    let mark = format!("{epoch} {}", reached.1);
    log::set_position(conn, NAME, reached.0, &mark)?;
    Ok(Step {
        news: made > 0,
        more,
    })
}
