//! All content as JSON Lines: an object a line, in an order in which each line finds what it names when it is read back.

use std::io::Write;

use super::folder::Folder;
use super::pictures::pictures;
use super::{Counts, Failed, Part, each_text, lines_of};
use crate::db::Db;
use crate::media::files::Files;
use crate::transfer::jsonl::write as lines;

/// Writes all content, each line closed by a newline: pictures by id, the site, tags (parents first), authors, texts in every state by id,
/// redirects by path. The same content gives the same bytes. With `pictures`, their files go into that folder.
///
/// It reads one snapshot, on a connection of its own that is open all the while; `progress` hears how many texts are
/// written and how many there are. Nothing is flushed.
///
/// # Errors
/// When the database cannot be read, or what is written cannot be taken.
pub fn jsonl(
    db: &Db,
    mut out: impl Write,
    files: Option<(&Files, &mut Folder)>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Counts, Failed> {
    db.read_apart(|conn| {
        let mut counts = Counts::default();
        let mut write = |line: &str| -> Result<(), Failed> {
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
            Ok(())
        };
        lines_of(conn, Part::Names, &mut counts, &mut write)?;
        each_text(conn, &mut counts, &mut progress, |text| {
            write(&lines::text(text))
        })?;
        lines_of(conn, Part::Redirects, &mut counts, &mut write)?;
        if let Some((files, folder)) = files {
            pictures(conn, files, folder, "", &mut counts)?;
        }
        Ok(counts)
    })
}
