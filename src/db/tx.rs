//! The inside of a write. Only [`Db::write`](super::Db::write) makes a [`Tx`], and one that logged nothing does not
//! commit: what follows the log (cache, search, webhooks, other nodes) would never hear of it.

use diesel::prelude::*;

use super::Conn;
use super::schema::changes;
use crate::changes::model::{Actor, Entry};
use crate::error::{Error, Result};
use crate::time::Time;

/// Rows of the log that one statement takes: a bulk change on PostgreSQL would be a round trip for each.
const ROWS: usize = 500;

/// A write in progress.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    actor: &'c Actor,
    now: Time,
    number: i64,
    entries: Vec<Entry>,
    unchanged: bool,
    kept: bool,
}

/// What a finished [`Tx`] asks for.
pub(super) enum Outcome {
    /// Take the number and keep it.
    Commit {
        /// It touched something public.
        public: bool,
        /// It took something from readers.
        retracts: bool,
        /// The cache tags of what readers saw or see.
        touched: String,
    },
    /// Nothing was to be done.
    Unchanged,
    /// Keep it, under no number.
    Quiet,
}

impl<'c> Tx<'c> {
    pub(super) const fn new(conn: &'c mut Conn, actor: &'c Actor, now: Time, number: i64) -> Self {
        Self {
            conn,
            actor,
            now,
            number,
            entries: Vec::new(),
            unchanged: false,
            kept: false,
        }
    }

    /// Who writes. What they may is asked of them before anything is written.
    #[must_use]
    pub const fn actor(&self) -> &'c Actor {
        self.actor
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
        debug_assert!(
            entry.resource.actions().contains(&entry.action),
            "{} {} is no event that the log knows",
            entry.resource.as_str(),
            entry.action
        );
        self.entries.push(entry);
    }

    /// Says that what was asked for is already so. A write that logs nothing and does not say this is a mistake of ours,
    /// and fails.
    pub const fn leave_unchanged(&mut self) {
        self.unchanged = true;
    }

    /// Something that takes no number is kept though nothing changed: the answer to who asked.
    pub const fn keep_quietly(&mut self) {
        self.kept = true;
    }

    /// Whether it has changed something, and takes its number.
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Throws away what was written and logged: it was a rehearsal.
    pub fn discard(&mut self) {
        self.entries.clear();
        self.unchanged = true;
        self.kept = false;
    }

    pub(super) fn finish(self) -> Result<Outcome> {
        if self.entries.is_empty() {
            return match (self.unchanged, self.kept) {
                (true, true) => Ok(Outcome::Quiet),
                (true, false) => Ok(Outcome::Unchanged),
                (false, _) => Err(Error::internal(
                    "a write logged no change and was not committed",
                )),
            };
        }
        let peer = self.actor.peer();
        let public = self.entries.iter().any(Entry::touches_public);
        let retracts = self.entries.iter().any(Entry::retracts);
        for (first, some) in (0..).step_by(ROWS).zip(self.entries.chunks(ROWS)) {
            let rows = (first..).zip(some).map(|(position, entry): (i32, _)| {
                (
                    changes::number.eq(self.number),
                    changes::position.eq(position),
                    changes::at.eq(self.now),
                    changes::actor.eq(self.actor.as_str()),
                    changes::action.eq(entry.action),
                    changes::resource.eq(entry.resource.as_str()),
                    changes::resource_id.eq(entry.id),
                    changes::tags_before.eq(entry.before.tags.as_str()),
                    changes::tags_after.eq(entry.after.tags.as_str()),
                    changes::was_public.eq(entry.before.public),
                    changes::is_public.eq(entry.after.public),
                    changes::actor_id.eq(self.actor.user()),
                    changes::key_id.eq(self.actor.key()),
                    changes::peer.eq(peer.as_deref()),
                    changes::request_id.eq(self.actor.request_id()),
                    changes::detail.eq(entry.detail.as_deref()),
                )
            });
            let mut rows: Vec<_> = rows.collect();
            // Nearly all writes log one thing, by a statement that is prepared once.
            if some.len() == 1
                && let Some(row) = rows.pop()
            {
                super::each!(self.conn, c => diesel::insert_into(changes::table).values(row).execute(c))?;
            } else {
                super::each!(self.conn, c => diesel::insert_into(changes::table).values(rows).execute(c))?;
            }
        }
        let touched = self.entries.iter().filter(|entry| entry.touches_public());
        let touched: Vec<&str> = touched
            .flat_map(|entry| [entry.before.tags.as_str(), entry.after.tags.as_str()])
            .collect();
        Ok(Outcome::Commit {
            public,
            retracts,
            touched: touched.join(" "),
        })
    }
}
