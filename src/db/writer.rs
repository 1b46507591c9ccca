//! The one writer. It drains a bounded queue and commits many jobs in one transaction, a savepoint each, so that the
//! price of an fsync is paid once for all that waited for it (group commit). A job may run more than once: when a batch
//! is lost as a whole, as by a full disk, its jobs are run again one by one, and only the one at fault fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::checkpoint::Log;
use super::feed::Feed;
use super::freshness::{Freshness, Touched};
use super::schema::meta;
use super::settings::Settings;
use super::tx::Outcome;
use super::{Conn, dialect};
use crate::error::{Error, Result};
use crate::time::{Clock, Time};

/// How long the writer waits for readers to begin the log anew.
const SHORT_PATIENCE: Duration = Duration::from_millis(5);
/// The same when the log has become too long, and how often.
const READERS_PATIENCE: Duration = Duration::from_millis(50);
const TRY_AGAIN: Duration = Duration::from_millis(250);

/// Something to be done inside a transaction.
pub(super) trait Job: Send {
    /// Does it, under this number if it takes one. May be called again after a lost batch.
    fn run(&mut self, conn: &mut Conn, now: Time, number: i64) -> Result<Outcome>;
    /// Tells who waits how it ended: the change number that the state it saw or made has.
    fn settle(self: Box<Self>, outcome: Result<i64>);
}

/// What this node knows to be committed.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// The last change.
    pub(super) change: AtomicI64,
    /// The last one that touched anything public.
    pub(super) public_change: AtomicI64,
}

impl Position {
    pub(super) fn advance(&self, change: i64, public_change: i64) {
        self.change.fetch_max(change, Ordering::AcqRel);
        self.public_change
            .fetch_max(public_change, Ordering::AcqRel);
    }
}

/// Called after each commit, before anyone is told of it: what an answer promises to be true already.
pub(super) type AfterCommit = Arc<dyn Fn(i64) + Send + Sync>;

/// The writer's connection and what it needs.
pub(super) struct Writer {
    settings: Settings,
    clock: Clock,
    position: Arc<Position>,
    feed: Arc<Feed>,
    freshness: Arc<Freshness>,
    after_commit: Option<AfterCommit>,
    /// `None` after the connection broke, until the next job.
    conn: Option<Conn>,
    log: Arc<Log>,
    /// When it was last waited for readers to make the log short.
    tried: Option<Instant>,
}

/// A batch that came to nothing.
struct Lost {
    error: Error,
    /// Whether it surely left nothing behind, so that its jobs may run again.
    clean: bool,
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self { error, clean: true }
    }
}

impl From<diesel::result::Error> for Lost {
    fn from(error: diesel::result::Error) -> Self {
        Error::from(error).into()
    }
}

impl Writer {
    pub(super) fn new(
        settings: Settings,
        clock: Clock,
        (position, feed, freshness): (Arc<Position>, Arc<Feed>, Arc<Freshness>),
        after_commit: Option<AfterCommit>,
        (conn, log): (Conn, Arc<Log>),
    ) -> Self {
        Self {
            settings,
            clock,
            position,
            feed,
            freshness,
            after_commit,
            conn: Some(conn),
            log,
            tried: None,
        }
    }

    /// Works until no one can send any more.
    pub(super) fn drain(this: &Mutex<Self>, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let mut writer = this.lock().unwrap_or_else(PoisonError::into_inner);
            let batch: Vec<_> = std::iter::once(first)
                .chain(queue.try_iter())
                .take(writer.settings.write_batch)
                .collect();
            writer.commit_all(batch);
        }
    }

    /// Commits these jobs, together if that can be, and tells each how it ended.
    pub(super) fn commit_all(&mut self, mut batch: Vec<Box<dyn Job>>) {
        match self.attempt(&mut batch) {
            Ok(results) => {
                for (job, result) in batch.into_iter().zip(results) {
                    job.settle(result);
                }
            }
            Err(Lost { clean: true, error }) if batch.len() > 1 => {
                tracing::warn!(%error, jobs = batch.len(), "a batch of writes was lost, running them one by one");
                for job in batch {
                    self.commit_all(vec![job]);
                }
            }
            Err(Lost { error, .. }) => {
                let mut error = Some(error);
                for job in batch {
                    job.settle(Err(error
                        .take()
                        .unwrap_or(Error::busy("the batch of writes was lost"))));
                }
            }
        }
    }

    /// Begins the write-ahead log anew where it may be. Where that has not come about for long, as under a reader that
    /// never ends, it waits for readers: better slow than out of disk.
    fn keep_log_short(&mut self) {
        let Some(conn) = &mut self.conn else {
            return;
        };
        let ready = self.log.is_ready();
        let too_long =
            self.log.is_too_long() && self.tried.is_none_or(|at| at.elapsed() >= TRY_AGAIN);
        if !ready && !too_long {
            return;
        }
        // Whoever reads one state for long, as a backup does, must not hold up those who write for long.
        let patience = if too_long {
            self.tried = Some(Instant::now());
            READERS_PATIENCE
        } else {
            SHORT_PATIENCE
        };
        let timeout = |conn: &mut Conn, time: Duration| {
            conn.batch_execute(&format!("PRAGMA busy_timeout = {}", time.as_millis()))
        };
        let restarted = timeout(conn, patience)
            .and_then(|()| self.log.restart(conn))
            .and_then(|_done| timeout(conn, self.settings.write_wait));
        if let Err(error) = restarted {
            tracing::warn!(%error, "the write-ahead log cannot be moved into the database");
            // With another patience than the settings say it is not used on.
            self.conn = None;
        }
    }

    /// A connection on which a transaction has begun. One that broke while nobody wrote, as by a restart of the database,
    /// is replaced once.
    fn begun(&mut self) -> Result<Conn, Lost> {
        if let Some(mut conn) = self.conn.take() {
            match dialect::begin_write(&mut conn) {
                Ok(()) => return Ok(conn),
                Err(error) if super::error::is_broken(&error) => {}
                Err(error) => {
                    self.conn = Some(conn);
                    return Err(error.into());
                }
            }
        }
        let mut conn = self.settings.connect_writer()?;
        dialect::begin_write(&mut conn)?;
        Ok(conn)
    }

    fn attempt(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Result<i64>>, Lost> {
        let mut conn = self.begun()?;
        let now = self.clock.now();
        let known = self.position.change.load(Ordering::Acquire);
        let attempt = transact(&mut conn, jobs, now, known);
        let healthy = match &attempt {
            Ok(_) => true,
            // Whatever state the transaction is in, this ends it; where even that fails, so does the connection.
            Err(_) => conn.batch_execute("ROLLBACK").is_ok() || self.settings.is_sqlite(),
        };
        if healthy {
            self.conn = Some(conn);
        }
        self.keep_log_short();
        let Transacted {
            results,
            change,
            public_change,
            retracts,
            touched,
            committed,
        } = attempt?;
        if committed {
            // First of all: from here on nobody is answered from before these changes.
            self.freshness.touch(&touched);
            self.position.advance(change, public_change);
            self.feed.announce(change, retracts);
            if let Some(after_commit) = &self.after_commit {
                after_commit(change);
            }
        }
        Ok(results)
    }
}

/// A transaction that came through.
struct Transacted {
    results: Vec<Result<i64>>,
    change: i64,
    public_change: i64,
    retracts: bool,
    touched: Touched,
    committed: bool,
}

/// Runs these jobs in the transaction that has begun. `known` is the last change that this node knows of.
fn transact(
    conn: &mut Conn,
    jobs: &mut [Box<dyn Job>],
    now: Time,
    known: i64,
) -> Result<Transacted, Lost> {
    let (before, mut public_change) = dialect::lock_counter(conn)?;
    let mut change = before;
    // The numbers that follow stand for what others wrote before them, too.
    let mut touched = if before > known {
        Touched::by_others(conn, known, before)?
    } else {
        Touched::default()
    };
    let (mut keep, mut retracted) = (false, false);
    let alone = jobs.len() == 1;
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs.iter_mut() {
        if !alone {
            conn.batch_execute("SAVEPOINT job")?;
        }
        // A panic is one request's misfortune; the writer lives on.
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run(conn, now, change + 1)))
            .unwrap_or_else(|_payload| Err(Error::internal("a write panicked")));
        let kept = match outcome {
            Ok(Outcome::Commit {
                public,
                retracts,
                touched: tags,
            }) => {
                change += 1;
                retracted |= retracts;
                touched.add(change, tags);
                public_change = if public { change } else { public_change };
                results.push(Ok(change));
                true
            }
            Ok(Outcome::Quiet) => {
                results.push(Ok(change));
                true
            }
            Ok(Outcome::Unchanged) => {
                results.push(Ok(change));
                false
            }
            Err(error) => {
                results.push(Err(error));
                false
            }
        };
        keep |= kept;
        if !alone {
            conn.batch_execute(if kept {
                "RELEASE job"
            } else {
                "ROLLBACK TO job; RELEASE job"
            })?;
        }
    }
    if !keep {
        // SQLite has ended the transaction by itself after some errors, which is as good.
        let _already_ended = conn.batch_execute("ROLLBACK");
        return Ok(Transacted {
            results,
            change: before,
            public_change,
            retracts: false,
            touched,
            committed: false,
        });
    }
    if change > before {
        let counter = (
            meta::change.eq(change),
            meta::public_change.eq(public_change),
        );
        diesel::update(meta::table).set(counter).execute(conn)?;
    }
    match conn.batch_execute("COMMIT") {
        Ok(()) => Ok(Transacted {
            results,
            change,
            public_change,
            retracts: retracted,
            touched,
            committed: true,
        }),
        // A connection that breaks here may have committed: running the jobs again could do them twice.
        Err(error) => Err(Lost {
            clean: !super::error::is_broken(&error),
            error: error.into(),
        }),
    }
}
