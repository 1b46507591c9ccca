//! Where the database is and how much it may take; and connections made accordingly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::Conn;
use crate::error::Result;

/// Which database.
#[derive(Debug, Clone)]
pub enum Backend {
    /// The embedded one: this file.
    Sqlite(PathBuf),
    /// PostgreSQL, by its URL or connection string.
    Postgres(String),
}

/// Where the database is, and the bounds of its use.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which database.
    pub backend: Backend,
    /// Connections in the readers' pool.
    pub readers: u32,
    /// How long a read waits for one of them.
    pub reader_wait: Duration,
    /// How long a read may take on the pool.
    pub read_deadline: Duration,
    /// Writes that may wait in the queue.
    pub write_queue: usize,
    /// How long a write waits for a place in it, and for a lock that another process holds.
    pub write_wait: Duration,
    /// Writes that share one transaction at most.
    pub write_batch: usize,
}

impl Settings {
    /// The defaults on this back end.
    #[must_use]
    pub const fn new(backend: Backend) -> Self {
        Self {
            backend,
            readers: 8,
            reader_wait: Duration::from_millis(250),
            read_deadline: Duration::from_secs(10),
            write_queue: 1024,
            write_wait: Duration::from_secs(2),
            write_batch: 128,
        }
    }

    /// The embedded database in this data folder.
    #[must_use]
    pub fn sqlite_in(data: &Path) -> Self {
        Self::new(Backend::Sqlite(data.join("masthead.db")))
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        matches!(self.backend, Backend::Sqlite(_))
    }

    /// A connection for the writer.
    pub(super) fn connect_writer(&self) -> Result<Conn> {
        let wait = self.write_wait.as_millis();
        match &self.backend {
            Backend::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // FULL: with NORMAL a power cut takes acknowledged commits of a WAL database with it.
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = {wait}; PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; \
                     PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = FAST; \
                     PRAGMA temp_store = MEMORY;"
                ))?;
                Ok(Conn::Sqlite(conn))
            }
            Backend::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(&format!(
                    "SET client_min_messages = warning; SET timezone = 'UTC'; SET lock_timeout = {wait}; \
                     SET statement_timeout = 30000; SET synchronous_commit = on;"
                ))?;
                Ok(Conn::Pg(conn))
            }
        }
    }

    /// A connection that cannot write. On SQLite it keeps this many KiB of pages.
    pub(super) fn connect_reader(&self, cache: u32) -> Result<Conn> {
        match &self.backend {
            Backend::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = 250; PRAGMA query_only = ON; PRAGMA cache_size = -{cache}; \
                     PRAGMA temp_store = MEMORY;"
                ))?;
                Ok(Conn::Sqlite(conn))
            }
            Backend::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(&format!(
                    "SET client_min_messages = warning; SET timezone = 'UTC'; \
                     SET default_transaction_read_only = on; SET statement_timeout = {};",
                    self.read_deadline.as_millis()
                ))?;
                Ok(Conn::Pg(conn))
            }
        }
    }
}
