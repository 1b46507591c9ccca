//! The inside of a write. Only [`Db::write`](super::Db::write) makes a [`Tx`], and one that logged nothing does not
//! commit: what follows the log (cache, search, webhooks, other nodes) would never hear of it.

use diesel::prelude::*;

use super::Conn;
use super::schema::changes;
use crate::changes::model::{Actor, Entry};
use crate::error::{Error, Result};
use crate::time::Time;

/// A write in progress.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    now: Time,
    number: i64,
    entries: Vec<Entry>,
    unchanged: bool,
}

/// What a finished [`Tx`] asks for.
pub(super) enum Outcome {
    /// Take the number and keep it.
    Commit {
        /// It touched something public.
        public: bool,
    },
    /// Nothing was to be done.
    Unchanged,
    /// Keep it, under no number.
    Quiet,
}

impl<'c> Tx<'c> {
    pub(super) const fn new(conn: &'c mut Conn, now: Time, number: i64) -> Self {
        Self {
            conn,
            now,
            number,
            entries: Vec::new(),
            unchanged: false,
        }
    }

    /// The connection that all statements of this write go to.
    pub const fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// When this write takes place: the same for all of it.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// The change number this write will have.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// Tells the log what changed.
    pub fn log(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Says that what was asked for is already so. A write that logs nothing and does not say this is a mistake of ours,
    /// and fails.
    pub const fn leave_unchanged(&mut self) {
        self.unchanged = true;
    }

    pub(super) fn finish(self, actor: &Actor) -> Result<Outcome> {
        if self.entries.is_empty() {
            return if self.unchanged {
                Ok(Outcome::Unchanged)
            } else {
                Err(Error::internal(
                    "a write logged no change and was not committed",
                ))
            };
        }
        let public = self.entries.iter().any(Entry::touches_public);
        for (position, entry) in (0..).zip(&self.entries) {
            let row = (
                changes::number.eq(self.number),
                changes::position.eq(position),
                changes::at.eq(self.now),
                changes::actor.eq(actor.as_str()),
                changes::action.eq(entry.action),
                changes::resource.eq(entry.resource.as_str()),
                changes::resource_id.eq(entry.id),
                changes::tags_before.eq(entry.before.tags.as_str()),
                changes::tags_after.eq(entry.after.tags.as_str()),
                changes::was_public.eq(entry.before.public),
                changes::is_public.eq(entry.after.public),
            );
            super::each!(self.conn, c => diesel::insert_into(changes::table).values(row).execute(c))?;
        }
        Ok(Outcome::Commit { public })
    }
}
