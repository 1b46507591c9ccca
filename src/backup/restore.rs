//! Putting a backup into an empty data folder. It is unpacked and examined in a folder inside that one, on the same file
//! system, and moved to its place with the database last: until then there is no site. What is restored is another site to
//! whoever knew it: copies begin anew, sessions end, and nothing is told a second time.

use std::fs::{self, File};
use std::path::Path;

use super::read::Checked;
use super::{Failed, Manifest, Result, of_file, sync_folder};
use crate::data_folder as folder;
use crate::db::snapshot::{self, State};
use crate::db::{Backend, Conn, Settings, migrate};
use crate::time::{Clock, Time};
use crate::{auth, mail, tasks, webhooks};

/// What is moved, in this order. With the database the site is there.
const MOVED: [&str; 3] = [folder::MEDIA, folder::SECRET, folder::DATABASE];

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it said of itself.
    pub manifest: Manifest,
    /// The migrations that it lacked.
    pub migrated: Vec<String>,
}

/// Restores a backup into a data folder that is empty or not there.
///
/// # Errors
/// [`Failed::Broken`] where the backup is not whole, [`Failed::Refused`] where the folder is not empty or somebody serves it.
/// The folder is then as it was.
pub fn restore(backup: &Path, data: &Path) -> Result<Restored> {
    let mut checked = Checked::open(backup)?;
    check_empty(data)?;
    let _lock = folder::lock(data)?;
    // Somebody may have been there between.
    check_empty(data)?;
    clear(data)?;
    let stage = data.join(folder::RESTORING);
    fs::create_dir(&stage).map_err(of_file(&stage))?;
    let restored = fill(&mut checked, &stage).and_then(|restored| {
        move_all(&stage, data)?;
        Ok(restored)
    });
    if restored.is_err() {
        clear(data)?;
    }
    restored
}

fn fill(checked: &mut Checked, stage: &Path) -> Result<Restored> {
    let manifest = checked.unpack(stage)?;
    let database = stage.join(folder::DATABASE);
    let settings = Settings::new(Backend::Sqlite(database.clone()));
    let state = examine(&database).map_err(Failed::Broken)?;
    let said = (&manifest.epoch, manifest.change, &manifest.schema);
    if (&state.epoch.to_string(), state.change, &state.schema) != said {
        return Err(Failed::Broken(format!(
            "its database is at change {} and not at {}",
            state.change, manifest.change
        )));
    }
    let migrated = migrate::run(&settings)?;
    let now = Clock::system().now();
    snapshot::alone(&settings, |conn| begin_anew(conn, now))?;
    // The last connection has brought all of it into the file.
    let mut log = database.clone().into_os_string();
    log.push("-wal");
    if Path::new(&log).exists() {
        return Err(Failed::Refused(format!(
            "{} could not be brought to its end",
            database.display()
        )));
    }
    File::open(&database)
        .and_then(|file| file.sync_all())
        .map_err(of_file(&database))?;
    Ok(Restored { manifest, migrated })
}

/// Looks through a database that may be anything, and answers what it is; or what is wrong with it.
fn examine(database: &Path) -> Result<State, String> {
    let in_words = |error: crate::error::Error| error.to_string();
    let mut conn = snapshot::reader(database).map_err(in_words)?;
    let faults = snapshot::faults(&mut conn).map_err(in_words)?;
    if faults.is_empty() {
        snapshot::state(&mut conn).map_err(in_words)
    } else {
        Err(faults.join("; "))
    }
}

/// A database that was put back from a backup or a dump goes on as another: clients that keep copies begin anew, whoever was
/// signed in signs in again, since what ended meanwhile would have come back to life, and what waited to be told is not told.
///
/// # Errors
/// When the database fails.
pub fn begin_anew(conn: &mut Conn, now: Time) -> crate::error::Result<()> {
    let epoch = snapshot::begin_epoch(conn)?;
    auth::store::end_everything(conn)?;
    mail::store::clear(conn)?;
    tasks::store::end_all(conn, now)?;
    webhooks::follow::begin_anew(conn, epoch, now)
}

/// Refuses a folder that holds anything but what an interrupted restore left.
fn check_empty(data: &Path) -> Result<()> {
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(of_file(data)(error)),
    };
    let half = folder::is_half_restored(data);
    let mut others = Vec::new();
    for entry in entries {
        let name = entry.map_err(of_file(data))?.file_name();
        let name = name.to_string_lossy().into_owned();
        let ours = matches!(
            name.as_str(),
            folder::LOCK | folder::RESTORING | "lost+found"
        ) || half && MOVED.contains(&name.as_str());
        if !ours {
            others.push(name);
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    if data.join(folder::LOCK).exists() {
        let _not_served = folder::lock(data)?;
    }
    others.sort();
    others.truncate(5);
    Err(Failed::Refused(format!(
        "the data folder {} is not empty (there is {}): a backup is restored into an empty folder; move this one away, or name another with --data",
        data.display(),
        others.join(", ")
    )))
}

/// Removes what a restore left that did not come to its end.
fn clear(data: &Path) -> Result<()> {
    let stage = data.join(folder::RESTORING);
    if !stage.exists() {
        return Ok(());
    }
    if folder::is_half_restored(data) {
        for name in MOVED {
            let path = data.join(name);
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else if path.exists() {
                fs::remove_file(&path)
            } else {
                Ok(())
            };
            removed.map_err(of_file(&path))?;
        }
        // Before the mark that says whose these were.
        sync_folder(data)?;
    }
    fs::remove_dir_all(&stage).map_err(of_file(&stage))
}

fn move_all(stage: &Path, data: &Path) -> Result<()> {
    let mark = stage.join(folder::MOVING);
    File::create(&mark)
        .and_then(|file| file.sync_all())
        .map_err(of_file(&mark))?;
    sync_folder(stage)?;
    sync_folder(data)?;
    for name in MOVED {
        let from = stage.join(name);
        if from.exists() {
            if name == folder::DATABASE {
                sync_folder(data)?;
            }
            fs::rename(&from, data.join(name)).map_err(of_file(&from))?;
        }
    }
    sync_folder(data)?;
    // The site is there: what is left over does no harm.
    if let Err(error) = fs::remove_dir_all(stage) {
        tracing::warn!(%error, folder = %stage.display(), "an empty folder could not be removed");
    }
    Ok(())
}
