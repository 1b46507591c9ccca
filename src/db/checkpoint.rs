//! Moves SQLite's write-ahead log into the database file, on a thread of its own. Left to itself SQLite does so inside a
//! commit, and whoever waits for that commit waits for megabytes of other people's pages too.
//!
//! While somebody writes all the time there is never a moment at which all of the log has been moved, so it would grow and
//! grow. The thread moves nearly all and has that reach the disk, and then the writer, between two commits, moves the little
//! that is left and begins the log anew from its start. Its file keeps its length: to cut off, and to lengthen again, what
//! lasts a tenth of a second holds up everyone.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Conn;
use super::settings::Settings;
use crate::error::{Error, Result};

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// From this size on the log is moved, in bytes.
const WORTH_IT: u64 = 16 << 20;
/// From this much of it in use on the writer itself waits for readers, so that the log cannot outgrow the disk.
const TOO_LONG: u64 = 256 << 20;
/// A file of the log that is longer than this is cut off once nobody writes, and after how many looks that is so.
const KEPT: u64 = 64 << 20;
const IDLE: u32 = 8;
/// Bytes of a page in the log.
const FRAME: u64 = 4096 + 24;

/// How the log is, as the thread last saw it.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Bytes in use, moved or not.
    used: AtomicU64,
    /// Nearly all was moved: the writer may begin the log anew.
    ready: AtomicBool,
}

impl Log {
    /// Whether the writer is to begin the log anew now. Says so once each time.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.swap(false, Ordering::AcqRel)
    }

    /// Whether the log is so long that everyone has to wait.
    pub(super) fn is_too_long(&self) -> bool {
        self.used.load(Ordering::Acquire) > TOO_LONG
    }

    /// Begins it anew, on the writer's connection. Answers whether that came about: readers may stand in the way.
    pub(super) fn restart(&self, conn: &mut Conn) -> QueryResult<bool> {
        let Conn::Sqlite(conn) = conn else {
            return Ok(true);
        };
        let done = Checkpoint::run(conn, "RESTART")?.busy == 0;
        if done {
            self.used.store(0, Ordering::Release);
        }
        Ok(done)
    }
}

/// What SQLite says of a checkpoint (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>).
#[derive(QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = BigInt)]
    busy: i64,
    /// Pages in the log.
    #[diesel(sql_type = BigInt)]
    log: i64,
    /// Those of them that are in the database.
    #[diesel(sql_type = BigInt)]
    checkpointed: i64,
}

impl Checkpoint {
    fn run(conn: &mut SqliteConnection, how: &str) -> QueryResult<Self> {
        diesel::sql_query(format!("PRAGMA wal_checkpoint({how})")).get_result(conn)
    }

    fn used(&self) -> u64 {
        u64::try_from(self.log).unwrap_or(0) * FRAME
    }

    fn left(&self) -> u64 {
        u64::try_from(self.log - self.checkpointed).unwrap_or(0) * FRAME
    }
}

/// Starts the thread. It ends when `alive` is gone.
pub(super) fn start(
    settings: &Settings,
    database: &Path,
    log: Arc<Log>,
    alive: Weak<()>,
) -> Result<()> {
    let mut mover = Mover::new(settings, database, log)?;
    let work = move || {
        while alive.strong_count() > 0 {
            std::thread::sleep(LOOK);
            if let Err(error) = mover.look() {
                mover.conn = None;
                tracing::warn!(%error, "could not move the write-ahead log into the database");
            }
        }
    };
    let thread = std::thread::Builder::new()
        .name("checkpoint".into())
        .spawn(work);
    thread
        .map(|_detached| ())
        .map_err(|error| Error::internal(format!("could not start the checkpoint thread: {error}")))
}

struct Mover {
    settings: Settings,
    database: ManuallyDrop<File>,
    file: PathBuf,
    log: Arc<Log>,
    conn: Option<SqliteConnection>,
    /// When the log had been written last, at the last look.
    seen: Option<std::time::SystemTime>,
    /// Looks since.
    idle: u32,
}

impl Mover {
    fn new(settings: &Settings, database: &Path, log: Arc<Log>) -> Result<Self> {
        let file = File::open(database).map_err(|error| {
            Error::internal(format!("could not open the database to sync it: {error}"))
        })?;
        Ok(Self {
            settings: settings.clone(),
            // Never closed: SQLite's locks on the file are the process's, and would go with any descriptor of it
            // (https://sqlite.org/howtocorrupt.html, section 2.2).
            database: ManuallyDrop::new(file),
            file: log_of(database),
            log,
            conn: None,
            seen: None,
            idle: 0,
        })
    }

    fn look(&mut self) -> Result<()> {
        let Ok(file) = std::fs::metadata(&self.file) else {
            return Ok(());
        };
        if file.len() < WORTH_IT {
            self.log.used.store(0, Ordering::Release);
            return Ok(());
        }
        let written = file.modified().ok();
        if written.is_some() && written == self.seen {
            self.idle = self.idle.saturating_add(1);
            if self.idle >= IDLE && file.len() > KEPT {
                Checkpoint::run(self.conn()?, "TRUNCATE")?;
            }
            return Ok(());
        }
        (self.seen, self.idle) = (written, 0);
        // Passive: it takes what nobody reads any more, and holds up neither readers nor the writer.
        let mut moved = Checkpoint::run(self.conn()?, "PASSIVE")?;
        if moved.used() >= WORTH_IT {
            // What is left to be synced then, and to be moved, is what was written meanwhile.
            self.database
                .sync_data()
                .map_err(|error| Error::internal(error.to_string()))?;
            moved = Checkpoint::run(self.conn()?, "PASSIVE")?;
        }
        let used = moved.used();
        self.log.used.store(used, Ordering::Release);
        // Last: the writer, which begins the log anew at that, says itself that nothing of it is used.
        if used >= WORTH_IT && moved.left() < WORTH_IT / 4 {
            self.log.ready.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn conn(&mut self) -> Result<&mut SqliteConnection> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => match self.settings.connect_writer()? {
                Conn::Sqlite(mut conn) => {
                    // Whoever is in the way stays: there is a next look.
                    conn.batch_execute("PRAGMA busy_timeout = 0")?;
                    conn
                }
                Conn::Pg(_) => return Err(Error::internal("there is no log to move")),
            },
        };
        Ok(self.conn.insert(conn))
    }
}

/// The log beside a database file.
fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Written {
        _folder: tempfile::TempDir,
        settings: Settings,
        conn: Conn,
        mover: Mover,
        log: Arc<Log>,
    }

    /// A database whose log holds so many megabytes.
    fn written(megabytes: u64) -> Written {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        let mut conn = settings.connect_writer().unwrap();
        conn.batch_execute("CREATE TABLE t (x BLOB)").unwrap();
        let log = Arc::default();
        let database = folder.path().join("masthead.db");
        let mover = Mover::new(&settings, &database, Arc::clone(&log)).unwrap();
        let mut written = Written {
            _folder: folder,
            settings,
            conn,
            mover,
            log,
        };
        written.write(megabytes);
        written
    }

    impl Written {
        fn write(&mut self, megabytes: u64) {
            let bytes = megabytes << 20;
            let insert = format!("INSERT INTO t VALUES (zeroblob({bytes}))");
            self.conn.batch_execute(&insert).unwrap();
        }

        fn length(&self) -> u64 {
            std::fs::metadata(&self.mover.file).unwrap().len()
        }
    }

    #[test]
    fn the_log_begins_anew_and_keeps_its_length() {
        let mut it = written(20);
        let length = it.length();
        it.mover.look().unwrap();
        assert!(it.log.is_ready() && !it.log.is_ready());
        assert!(it.log.restart(&mut it.conn).unwrap());
        it.write(0);
        assert_eq!(it.length(), length);
        let now = Checkpoint::run(it.mover.conn().unwrap(), "PASSIVE").unwrap();
        assert!(now.used() < 1 << 20, "{}", now.used());
        it.mover.look().unwrap();
        assert!(!it.log.is_ready(), "there is little in it");
    }

    #[test]
    fn whoever_reads_an_old_state_stands_in_the_way_and_is_left_alone() {
        let mut it = written(1);
        let Conn::Sqlite(mut reader) = it.settings.connect_reader(1024).unwrap() else {
            panic!("this is SQLite")
        };
        reader.batch_execute("BEGIN").unwrap();
        let mut count = || {
            let sql = "SELECT count(*) AS busy, 0 AS log, 0 AS checkpointed FROM t";
            let counted: Checkpoint = diesel::sql_query(sql).get_result(&mut reader).unwrap();
            counted.busy
        };
        assert_eq!(count(), 1);
        it.write(20);
        it.mover.look().unwrap();
        assert!(!it.log.is_ready());
        it.conn.batch_execute("PRAGMA busy_timeout = 1").unwrap();
        assert!(!it.log.restart(&mut it.conn).unwrap());
        assert_eq!(count(), 1);
    }

    #[test]
    fn a_long_file_is_cut_off_when_nobody_writes() {
        let mut it = written(KEPT >> 20);
        it.mover.look().unwrap();
        for _ in 1..IDLE {
            it.mover.look().unwrap();
        }
        assert!(it.length() > KEPT);
        it.mover.look().unwrap();
        assert_eq!(it.length(), 0);
        it.log.used.store(TOO_LONG + 1, Ordering::Release);
        it.mover.look().unwrap();
        assert!(!it.log.is_too_long(), "there is nothing in it");
    }

    /// The locks of this process on a file (`/proc/locks`).
    #[cfg(target_os = "linux")]
    fn locks(file: &Path) -> usize {
        use std::os::unix::fs::MetadataExt;
        let inode = format!(":{} ", std::fs::metadata(file).unwrap().ino());
        let own = format!(" {} ", std::process::id());
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        let of_file = |line: &&str| line.contains(&inode) && line.contains(&own);
        all.lines().filter(of_file).count()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_locks_on_the_database_outlive_the_thread() {
        let mut it = written(20);
        it.mover.look().unwrap();
        let database = it.mover.file.with_file_name("masthead.db");
        assert!(locks(&database) > 0);
        let Written {
            conn,
            mover,
            _folder,
            ..
        } = it;
        drop(mover);
        assert!(locks(&database) > 0);
        drop(conn);
    }
}
