//! All content as a folder of Markdown files, and beside them in `site.jsonl` what is no text.

use std::io::Write;
use std::path::Path;

use super::folder::{Folder, Form, Tidied};
use super::pictures::pictures;
use super::{Counts, Failed, Part, each_text, lines_of};
use crate::db::Db;
use crate::media::files::Files;
use crate::transfer::markdown::{FILES, SITE, write};

/// Writes all content into a folder: each text as a file (`articles/SLUG.md`, `pages/SLUG.md`, other locales below
/// `LOCALE/`), pictures below `media/`, and the site, tags, authors, redirects and what is said of pictures as the lines of
/// `site.jsonl`. Files that are so already are left
/// alone; those that an earlier export made of what is no more are removed.
///
/// It reads one snapshot, as [`jsonl`](super::jsonl()) does.
///
/// # Errors
/// As [`Folder::open`]; and when the database cannot be read, or a file not be written.
pub fn markdown(
    db: &Db,
    files: &Files,
    root: &Path,
    default_locale: &str,
    force: bool,
    mut progress: impl FnMut(u64, u64),
) -> Result<(Counts, Tidied), Failed> {
    let mut folder = Folder::open(root, Form::Markdown, force)?;
    let counts = db.read_apart(|conn| -> Result<Counts, Failed> {
        let mut counts = Counts::default();
        folder.stream(SITE, |out| {
            for part in [Part::Names, Part::Redirects] {
                lines_of(conn, part, &mut counts, |line| {
                    out.write_all(line.as_bytes())?;
                    Ok(out.write_all(b"\n")?)
                })?;
            }
            Ok(())
        })?;
        each_text(conn, &mut counts, &mut progress, |text| {
            let path = write::path(text, default_locale);
            folder.write(&path, write::file(text).as_bytes())
        })?;
        pictures(conn, files, &mut folder, &format!("{FILES}/"), &mut counts)?;
        Ok(counts)
    })?;
    Ok((counts, folder.finish()?))
}
