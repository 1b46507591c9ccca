//! Files that are being made, and what is left of those whose makers are no more.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::backup::{Result, of_file};

/// What they begin with; who makes one holds a lock on it.
const UNDER_WAY: &str = ".masthead-backup-";
/// How long one may be without its lock.
const FIRST_MOMENT: Duration = Duration::from_secs(60);

/// A file that is being made, with a lock that goes with this process.
pub(super) fn under_way(parent: &Path, suffix: &str) -> Result<NamedTempFile> {
    let file = tempfile::Builder::new()
        .prefix(UNDER_WAY)
        .suffix(suffix)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(parent)
        .map_err(of_file(parent))?;
    file.as_file().lock().map_err(of_file(parent))?;
    Ok(file)
}

/// Removes what was being made by processes that are no more.
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    let begun = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with(UNDER_WAY)
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(begun) {
        // One that is being made is not locked in its first moment.
        let age = fs::metadata(&path).and_then(|file| file.modified()).ok();
        let age = age.and_then(|at| at.elapsed().ok());
        let abandoned = age.is_some_and(|age| age > FIRST_MOMENT)
            && File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned && let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, file = %path.display(), "what an earlier backup left cannot be removed");
        }
    }
}
