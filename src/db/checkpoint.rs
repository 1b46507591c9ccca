//! Moves SQLite's write-ahead log into the database file, on a thread of its own. Left to itself SQLite does so inside a
//! commit, and whoever waits for that commit waits for megabytes of other people's pages too.

use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::Duration;

use diesel::connection::SimpleConnection;

use super::settings::Settings;
use crate::error::{Error, Result};

/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// From this size on the log is moved, in bytes.
const WORTH_IT: u64 = 16 << 20;
/// At this size the writer itself waits for the move, so that the log cannot outgrow the disk.
pub(super) const TOO_LONG: u64 = 256 << 20;

/// Starts the thread. It ends when `alive` is gone.
pub(super) fn start(settings: &Settings, database: &Path, alive: Weak<()>) -> Result<()> {
    let (settings, log) = (settings.clone(), log_of(database));
    let work = move || {
        let (mut conn, mut moved) = (None, None);
        while alive.strong_count() > 0 {
            std::thread::sleep(LOOK);
            // The file keeps its length when it has been moved; it is begun anew from its start.
            let written = std::fs::metadata(&log).and_then(|log| log.modified()).ok();
            if size(&log) < WORTH_IT || written == moved {
                continue;
            }
            moved = written;
            let connection = match conn.take() {
                Some(connection) => Ok(connection),
                None => settings.connect_writer(),
            };
            // Passive: it takes what nobody reads any more, and holds up neither readers nor the writer.
            match connection.and_then(|mut c| {
                Ok(c.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")
                    .map(|()| c)?)
            }) {
                Ok(connection) => conn = Some(connection),
                Err(error) => {
                    tracing::warn!(%error, "could not move the write-ahead log into the database");
                }
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

/// The log beside a database file.
pub(super) fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// Its size in bytes; none is 0.
pub(super) fn size(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |log| log.len())
}
