//! The log as those read it who tell others of each change.

use diesel::prelude::*;

use super::known;
use crate::changes::model::{Event, Resource};
use crate::db::schema::changes;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;

#[derive(Queryable)]
struct Row {
    number: i64,
    position: i32,
    at: Time,
    action: String,
    resource: String,
    resource_id: Id,
    tags_before: String,
    tags_after: String,
    was_public: bool,
    is_public: bool,
}

type Columns = (
    changes::number,
    changes::position,
    changes::at,
    changes::action,
    changes::resource,
    changes::resource_id,
    changes::tags_before,
    changes::tags_after,
    changes::was_public,
    changes::is_public,
);
const COLUMNS: Columns = (
    changes::number,
    changes::position,
    changes::at,
    changes::action,
    changes::resource,
    changes::resource_id,
    changes::tags_before,
    changes::tags_after,
    changes::was_public,
    changes::is_public,
);

impl Row {
    fn into_event(self) -> Result<Event> {
        let tags = self
            .tags_before
            .split(' ')
            .chain(self.tags_after.split(' '));
        let mut tags: Vec<&str> = tags.filter(|tag| !tag.is_empty()).collect();
        tags.sort_unstable();
        tags.dedup();
        Ok(Event {
            tags: tags.join(" "),
            change: self.number,
            position: self.position,
            at: self.at,
            resource: known(&self.resource, Resource::from_name)?,
            action: self.action,
            id: self.resource_id,
            public: self.was_public || self.is_public,
        })
    }
}

/// Rows of the log after this place in it, in order, `most` of them at most.
///
/// # Errors
/// When the database fails.
pub fn after(conn: &mut Conn, (change, position): (i64, i32), most: i64) -> Result<Vec<Event>> {
    let later = changes::position.gt(position);
    let query = changes::table
        .select(COLUMNS)
        .filter(changes::number.ge(change))
        .filter(changes::number.gt(change).or(later))
        .order((changes::number, changes::position))
        .limit(most);
    let rows: Vec<Row> = each!(conn, c => query.load(c))?;
    rows.into_iter().map(Row::into_event).collect()
}

/// One row of the log.
///
/// # Errors
/// When the database fails.
pub fn get(conn: &mut Conn, change: i64, position: i32) -> Result<Option<Event>> {
    let query = changes::table.find((change, position)).select(COLUMNS);
    let row: Option<Row> = each!(conn, c => query.first(c).optional())?;
    row.map(Row::into_event).transpose()
}
