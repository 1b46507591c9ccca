//! Media against the database: each original is what was sent, each file that readers get is there and as long as it was
//! made, and nothing else lies there.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};

use super::Findings;
use crate::config::Media;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::media::files::Files;
use crate::media::model::Media as Medium;
use crate::media::store;
use crate::time::Clock;

/// Media that are read from the database at once.
const RUN: i64 = 100;

/// Looks at all of them. What the server puts in or removes meanwhile is no fault.
///
/// # Errors
/// When the database or the place of the media cannot be reached.
pub(super) fn look(db: &Db, data: &Path, place: &Media, findings: &mut Findings) -> Result<()> {
    let mut kept = db.read_blocking(|conn| store::all_after(conn, None, RUN))?;
    let files = place.library_there(data).map_err(Error::internal)?.files;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("could not begin: {error}")))?;
    while let Some(last) = kept.last().map(|(media, _)| media.id) {
        for (media, hash) in &kept {
            let faults = runtime.block_on(faults(&files, media, hash))?;
            if !faults.is_empty() && db.read_blocking(|conn| is_there(conn, media.id))? {
                findings.wrong.extend(faults);
            }
        }
        kept = db.read_blocking(|conn| store::all_after(conn, Some(last), RUN))?;
    }
    let orphans = runtime.block_on(orphans(db, &files))?;
    if orphans > 0 {
        findings.notes.push(format!(
            "{orphans} of the names in the media store stand for nothing in the database: the server removes their files after a day"
        ));
    }
    Ok(())
}

/// What is wrong with the files of a medium.
async fn faults(files: &Files, media: &Medium, sent: &[u8]) -> Result<Vec<String>> {
    let of = |what: &str| format!("the medium {} ({}): {what}", media.id, media.name);
    let mut faults = Vec::new();
    match files.read_original(&media.name).await? {
        None => faults.push(of("what was sent is not there")),
        Some(mut found) => {
            let mut hash = Sha256::new();
            while let Some(bytes) = found.bytes.try_next().await? {
                hash.update(bytes);
            }
            if hash.finalize().as_slice() != sent {
                faults.push(of("what was sent is no longer what it was"));
            }
        }
    }
    for file in media.variants.iter().chain(&media.animation) {
        match files.length(&media.name, &file.file).await? {
            None => faults.push(of(&format!("{} is not there", file.file))),
            Some(bytes) if bytes != file.bytes => faults.push(of(&format!(
                "{} has {bytes} bytes, and was made with {}",
                file.file, file.bytes
            ))),
            Some(_) => {}
        }
    }
    Ok(faults)
}

/// The names that something is kept under, and no medium has.
async fn orphans(db: &Db, files: &Files) -> Result<usize> {
    let mut names = files.names_before(Clock::system().now().millis());
    let mut orphans = BTreeSet::new();
    while let Some(some) = names.next().await {
        let some = some?;
        let known = db.read_blocking(|conn| store::known_names(conn, &some))?;
        orphans.extend(some.into_iter().filter(|name| !known.contains(name)));
    }
    Ok(orphans.len())
}

fn is_there(conn: &mut Conn, id: Id) -> Result<bool> {
    match store::get(conn, id) {
        Ok(_) => Ok(true),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
