//! The data folder: what is where in it, and who may use it. One server at a time; other verbs work beside it.

use std::fs::{self, File};
use std::path::Path;

use crate::error::{Error, Result};

/// The embedded database.
pub const DATABASE: &str = "masthead.db";
/// What the keys are derived from, where none is configured.
pub const SECRET: &str = "secret";
/// Pictures and whatever else is not in the database.
pub const MEDIA: &str = "media";
/// The search index, which can be built anew.
pub const SEARCH: &str = "search";
/// What jobs read and make.
pub const JOBS: &str = "jobs";
/// Where a backup is unpacked before it takes its place.
pub const RESTORING: &str = ".restore";
/// Made in that folder before the first file is moved to its place.
pub const MOVING: &str = "moving";
/// Whoever holds it serves the folder, or restores into it.
pub const LOCK: &str = "masthead.lock";

/// Takes the data folder for this process. The lock goes with the process, however it ends.
///
/// # Errors
/// When the folder cannot be used, or another process has it.
pub fn lock(data: &Path) -> Result<File> {
    let in_words = |error: std::io::Error| {
        Error::internal(format!(
            "cannot use the data folder {}: {error}",
            data.display()
        ))
    };
    fs::create_dir_all(data).map_err(in_words)?;
    let file = File::create(data.join(LOCK)).map_err(in_words)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::internal(format!(
            "another masthead serves the data folder {} already",
            data.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(in_words(error)),
    }
}

/// Whether some of a backup was moved to its place, and its database was not.
#[must_use]
pub fn is_half_restored(data: &Path) -> bool {
    data.join(RESTORING).join(MOVING).exists() && !data.join(DATABASE).exists()
}

/// Refuses a folder in which a restore did not come to its end: a new database would stand beside half of another site.
///
/// # Errors
/// In words that say what to do.
pub fn refuse_half_restored(data: &Path) -> Result<()> {
    if is_half_restored(data) {
        return Err(Error::internal(format!(
            "a restore into {} did not come to its end: run `masthead restore` again",
            data.display()
        )));
    }
    Ok(())
}
