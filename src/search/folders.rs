//! The folders of generations inside the folder of the index, and the file that names the present one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::schema::Fields;
use crate::db::Db;
use crate::id::Id;

/// The folder of a new generation inside the folder of the index.
pub fn new(root: &Path, db: &Db, fields: &Fields) -> PathBuf {
    root.join(format!(
        "{}-{}-{}",
        db.epoch().short(),
        fields.fingerprint(),
        Id::new().short()
    ))
}

/// Where the name of the present generation stands.
fn pointer(root: &Path) -> PathBuf {
    root.join("current")
}

/// The folder of the present generation, where there is one for this database and these fields.
pub fn current(root: &Path, db: &Db, fields: &Fields) -> Option<PathBuf> {
    let name = fs::read_to_string(pointer(root)).ok()?;
    let wanted = format!("{}-{}-", db.epoch().short(), fields.fingerprint());
    (name.starts_with(&wanted) && !name.contains(['/', '.'])).then(|| root.join(name))
}

/// Makes this generation the present one.
///
/// # Errors
/// When that cannot be written.
pub fn set_current(root: &Path, folder: &Path) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default();
    let beside = root.join("current.new");
    fs::write(&beside, name.as_encoded_bytes())?;
    fs::rename(beside, pointer(root))
}

/// Removes the generations that are not the present one and that nobody writes.
pub fn sweep(root: &Path, keep: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for folder in entries.flatten().map(|entry| entry.path()) {
        if folder == keep || !folder.is_dir() {
            continue;
        }
        let written = File::open(folder.join(".tantivy-writer.lock"));
        if written.is_ok_and(|lock| lock.try_lock().is_err()) {
            continue;
        }
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "an old search index cannot be removed");
        }
    }
}
