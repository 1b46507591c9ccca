//! Read-only connections: one per thread for what indexes answer at once, and a pool with a bounded wait and a deadline
//! for the rest.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::error::is_broken;
use super::settings::{Backend, Settings};
use super::{Conn, dialect};
use crate::error::{Error, Result};

thread_local! {
    /// This thread's own connections, by [`Readers::key`]: tests open several databases in one process.
    static INLINE: RefCell<HashMap<u64, Conn>> = RefCell::default();
}

/// How long a fresh connection may take: with TLS it is several round trips.
const CONNECT: Duration = Duration::from_secs(1);

/// KiB of pages that each of the pool's connections keeps: there are many, and what they miss the system's page cache has.
pub(super) const POOL_CACHE: u32 = 2048;

/// The same of a thread's own, which answers most misses: enough for what stands above the leaves of tables and indexes, by
/// reckoning a twenty-five-hundredth of a large database, though five leaves pass through for each of these pages.
fn inline_cache(settings: &Settings) -> u32 {
    let size = match &settings.backend {
        Backend::Sqlite(path) => std::fs::metadata(path).map_or(0, |file| file.len()),
        Backend::Postgres(_) => 0,
    };
    u32::try_from(size / 512 / 1024)
        .unwrap_or(u32::MAX)
        .clamp(4 << 10, 32 << 10)
}

/// The readers of one database.
pub(super) struct Readers {
    key: u64,
    settings: Settings,
    pool: r2d2::Pool<Opener>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        static KEYS: AtomicU64 = AtomicU64::new(0);
        let pool = r2d2::Pool::builder()
            .max_size(settings.readers)
            .min_idle(Some(0))
            .connection_timeout(settings.reader_wait.max(CONNECT))
            // A round trip per checkout is dear; a connection that broke is noticed by `has_broken` and thrown away.
            .test_on_check_out(false)
            .error_handler(Box::new(LogError))
            .build_unchecked(Opener(settings.clone()));
        Ok(Self {
            key: KEYS.fetch_add(1, Ordering::Relaxed),
            pool,
            free: Arc::new(Semaphore::new(settings.readers as usize)),
            settings: settings.clone(),
        })
    }

    pub(super) async fn run<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let free = Arc::clone(&self.free).acquire_owned();
        let permit = tokio::time::timeout(self.settings.reader_wait, free)
            .await
            .map_err(|_elapsed| Error::busy("all database readers are busy"))?
            .map_err(|_closed| Error::internal("the readers' pool is closed"))?;
        let pool = self.pool.clone();
        let work = tokio::task::spawn_blocking(move || {
            // Held until the query ends, even if nobody waits for it any more: that is what keeps the pool bounded.
            let _permit = permit;
            pooled(&pool, f)
        });
        match tokio::time::timeout(self.settings.read_deadline, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Error::internal(format!("a read panicked: {panic}"))),
            Err(_elapsed) => Err(Error::busy("the query took too long")),
        }
    }

    pub(super) fn run_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        pooled(&self.pool, f)
    }

    /// On a connection of its own, which ends with what is read, and its transaction, which wrote nothing, with it.
    pub(super) fn run_apart<T, E: From<Error>>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.settings.connect_reader(inline_cache(&self.settings))?;
        dialect::begin_read(&mut conn).map_err(Error::from)?;
        f(&mut conn)
    }

    pub(super) fn run_inline<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        // Taken out while in use, so that neither a panic nor an error leaves a connection inside a transaction behind.
        let conn = INLINE.with_borrow_mut(|connections| connections.remove(&self.key));
        let mut conn = match conn {
            Some(conn) => conn,
            None => self.settings.connect_reader(inline_cache(&self.settings))?,
        };
        let result = snapshot(&mut conn, f);
        if !matches!(
            result,
            Err(Error::Internal(_) | Error::Unavailable { .. } | Error::Unreachable(_))
        ) {
            INLINE.with_borrow_mut(|connections| connections.insert(self.key, conn));
        }
        result
    }
}

fn pooled<T>(pool: &r2d2::Pool<Opener>, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let mut reader = begun(pool)?;
    let result = within(&mut reader.conn, f);
    reader.usable = !matches!(
        result,
        Err(Error::Internal(_) | Error::Unavailable { .. } | Error::Unreachable(_))
    );
    result
}

/// A connection on which a snapshot has begun. After a restart of the database every pooled connection is dead and knows
/// nothing of it, so they are tried until one lives.
fn begun(pool: &r2d2::Pool<Opener>) -> Result<r2d2::PooledConnection<Opener>> {
    let mut tries = pool.max_size();
    loop {
        let mut reader = pool
            .get()
            .map_err(|error| Error::Unreachable(error.to_string()))?;
        // Marked before and cleared after use, so that a panic in between throws the connection away.
        reader.usable = false;
        match dialect::begin_read(&mut reader.conn) {
            Ok(()) => return Ok(reader),
            Err(error) if is_broken(&error) && tries > 0 => tries -= 1,
            Err(error) => return Err(error.into()),
        }
    }
}

fn snapshot<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    dialect::begin_read(conn)?;
    within(conn, f)
}

fn within<T>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let result = f(conn);
    let ended = dialect::end_read(conn);
    let value = result?;
    ended?;
    Ok(value)
}

/// A pooled connection and whether it may be used again.
struct Reader {
    conn: Conn,
    usable: bool,
}

/// Opens connections for the pool.
struct Opener(Settings);

impl r2d2::ManageConnection for Opener {
    type Connection = Reader;
    type Error = Error;

    fn connect(&self) -> Result<Reader> {
        Ok(Reader {
            conn: self.0.connect_reader(POOL_CACHE)?,
            usable: true,
        })
    }

    fn is_valid(&self, _: &mut Reader) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, reader: &mut Reader) -> bool {
        !reader.usable
    }
}

#[derive(Debug)]
struct LogError;

impl r2d2::HandleError<Error> for LogError {
    fn handle_error(&self, error: Error) {
        // Who asked for the connection hears of it; the pool goes on trying on its own, many times a second.
        tracing::debug!(%error, "could not open a connection for reads");
    }
}
