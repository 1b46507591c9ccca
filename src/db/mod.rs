//! The database: one way to read, one way to write, whichever back end there is. [`Db::read`] and [`Db::read_indexed`]
//! give a function one snapshot; [`Db::write`] gives it a [`Tx`] on the one writer, which commits many in one go.

mod checkpoint;
mod columns;
mod conn;
pub mod dialect;
pub mod error;
pub mod feed;
mod fixed;
pub mod freshness;
mod id_list;
mod jobs;
pub mod migrate;
pub mod page;
mod pool;
pub mod schema;
mod settings;
pub mod snapshot;
mod tx;
mod types;
mod writer;
mod writes;

use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::Semaphore;

pub(crate) use self::columns::columns;
pub use self::conn::Conn;
pub(crate) use self::conn::each;
use self::feed::Feed;
pub(crate) use self::fixed::fixed;
use self::freshness::{Freshness, Touched};
pub use self::id_list::IdList;
pub(crate) use self::id_list::id_list;
use self::pool::Readers;
pub use self::settings::{Backend, Settings};
pub use self::tx::Tx;
use self::writer::{AfterCommit, Job, Position, Writer};
pub use self::writes::{Ahead, Reason, Written};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::{Clock, Time};

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    settings: Settings,
    clock: Clock,
    readers: Readers,
    position: Arc<Position>,
    feed: Arc<Feed>,
    freshness: Arc<Freshness>,
    epoch: Id,
    queue: Sender<Box<dyn Job>>,
    /// Places in the queue.
    places: Arc<Semaphore>,
    /// Held by the one who looks for what other nodes write.
    looking: tokio::sync::Mutex<()>,
    /// While this is there, the write-ahead log is moved into the database.
    _alive: Arc<()>,
}

impl Db {
    /// Opens the database. It must have been migrated.
    ///
    /// # Errors
    /// When it cannot be reached, or has another schema than this program.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self> {
        Self::open_with(settings, clock, None)
    }

    /// Opens the database, with a function that runs after each commit and before anyone is told of it.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub fn open_with(
        settings: Settings,
        clock: Clock,
        after_commit: Option<AfterCommit>,
    ) -> Result<Self> {
        let mut conn = settings.connect_writer()?;
        migrate::check(&mut conn)?;
        let (epoch, change, public_change) = position(&mut conn)?;
        let position = Arc::new(Position::default());
        position.advance(change, public_change);
        let feed = Arc::new(Feed::default());
        feed.announce(change, false);
        let freshness = Arc::new(Freshness::default());
        let log = Arc::default();

        let writer = Writer::new(
            settings.clone(),
            clock.clone(),
            (
                Arc::clone(&position),
                Arc::clone(&feed),
                Arc::clone(&freshness),
            ),
            after_commit,
            (conn, Arc::clone(&log)),
        );
        let alive = Arc::new(());
        if let Backend::Sqlite(path) = &settings.backend {
            checkpoint::start(&settings, path, log, Arc::downgrade(&alive))?;
        }
        let (queue, jobs) = mpsc::channel();
        std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || Writer::drain(&Mutex::new(writer), &jobs))
            .map_err(|error| Error::internal(format!("could not start the writer: {error}")))?;
        Ok(Self(Arc::new(Inner {
            readers: Readers::new(&settings)?,
            places: Arc::new(Semaphore::new(settings.write_queue)),
            settings,
            clock,
            position,
            feed,
            freshness,
            epoch,
            queue,
            looking: tokio::sync::Mutex::new(()),
            _alive: alive,
        })))
    }

    /// What tells this database from every other, and from itself before a restore.
    #[must_use]
    pub fn epoch(&self) -> Id {
        self.0.epoch
    }

    /// The last change known to this node.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.0.position.change.load(Ordering::Acquire)
    }

    /// The last change known to this node that touched anything public.
    #[must_use]
    pub fn public_change(&self) -> i64 {
        self.0.position.public_change.load(Ordering::Acquire)
    }

    /// Where a follower of the log hears of changes, and others how far it has come.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.0.feed
    }

    /// What of what was read is still so.
    #[must_use]
    pub fn freshness(&self) -> &Arc<Freshness> {
        &self.0.freshness
    }

    /// The present, by this database's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Looks at what other processes have written since, and answers the last change.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refresh(&self) -> Result<i64> {
        let known = self.change();
        let read = move |conn: &mut Conn| {
            let (_, change, public_change) = position(conn)?;
            let touched = if change > known {
                Touched::by_others(conn, known, change)?
            } else {
                Touched::default()
            };
            Ok((change, public_change, touched))
        };
        let (change, public_change, touched) = self.read(read).await?;
        self.0.freshness.touch(&touched);
        self.0.position.advance(change, public_change);
        self.0.feed.announce(change, false);
        Ok(change)
    }

    /// Waits until this node knows of a change.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not come in time.
    pub async fn includes(&self, number: i64, wait: Duration) -> Result<()> {
        /// How often to look for what other nodes write.
        const PAUSE: Duration = Duration::from_millis(10);
        let deadline = tokio::time::Instant::now() + wait;
        while self.change() < number {
            // One looks for all who wait; the others see what it found.
            let turn = self.0.looking.try_lock();
            if turn.is_ok() && self.refresh().await? >= number {
                break;
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(Error::busy("this node does not know of that change yet"));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Reads one snapshot on the pool, within its deadline: for whatever may take long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free or the deadline passes; else what `f` answers.
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.0.readers.run(f).await
    }

    /// Reads one snapshot that indexes cover, of a few rows: on SQLite at once and on this thread, which costs
    /// microseconds and no switch of threads; on PostgreSQL as [`Db::read`]. A query that may scan would hold up every
    /// other request of the thread, and nothing could interrupt it.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_indexed<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        if self.0.settings.is_sqlite() {
            self.0.readers.run_inline(f)
        } else {
            self.read(f).await
        }
    }

    /// Reads one snapshot on this thread, outside any async runtime: for the command line.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.0.readers.run_blocking(f)
    }

    /// Reads one snapshot on this thread and on a connection of its own, outside any async runtime: for what goes on for
    /// minutes, so that it takes no reader's place. As long as it goes on, SQLite's log grows with every write, and
    /// PostgreSQL keeps what rows were.
    ///
    /// # Errors
    /// When there is no connection to be had; else what `f` answers.
    pub fn read_apart<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.0.readers.run_apart(f)
    }

    /// Whether no other node can be writing to the same database.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.0.settings.is_sqlite()
    }

    /// Where it is, and the bounds of its use.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// How long a caller may be asked to wait for a write.
    #[must_use]
    pub fn write_wait(&self) -> Duration {
        self.0.settings.write_wait
    }
}

/// The epoch, the last change and the last public one.
fn position(conn: &mut Conn) -> QueryResult<(Id, i64, i64)> {
    use self::schema::meta::dsl::{change, epoch, meta, public_change};
    each!(conn, c => meta.select((epoch, change, public_change)).first(c))
}
