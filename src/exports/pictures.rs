//! The files of pictures, as they were sent, in a folder beside what names them.

use std::io::Write;

use futures_util::TryStreamExt;
use tokio::runtime::Builder;

use super::folder::Folder;
use super::{Counts, Failed, RUN};
use crate::db::Conn;
use crate::media::files::Files;
use crate::media::store;
use crate::transfer::jsonl::write::media_file;

/// Puts what was sent of each picture into a folder, below `prefix`, under the name that its line says. What the media store
/// does not have is noted as missing.
pub(super) fn pictures(
    conn: &mut Conn,
    files: &Files,
    folder: &mut Folder,
    prefix: &str,
    counts: &mut Counts,
) -> Result<(), Failed> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let mut after = None;
    loop {
        let some = store::all_after(conn, after, RUN)?;
        let Some((last, _)) = some.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for (media, _) in &some {
            let path = format!("{prefix}{}", media_file(media));
            let Some(mut found) = runtime.block_on(files.read_original(&media.name))? else {
                counts.missing.push(path);
                continue;
            };
            folder.stream(&path, |out| {
                while let Some(bytes) = runtime.block_on(found.bytes.try_next())? {
                    out.write_all(&bytes)?;
                }
                Ok(())
            })?;
        }
    }
}
