//! Whether the files of an index hold what was written: each ends with the checksum of all that stands before. The library
//! can tell too, but reads each file whole for that, and the largest has most of the index.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crc32fast::Hasher;
use tantivy::directory::footer::Footer;
use tantivy::directory::{FileHandle, FileSlice, OwnedBytes};
use tantivy::{HasLen, Index};

use super::generation::Unusable;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// How many files of this index, which is in this folder, are not what was written.
///
/// # Errors
/// When one cannot be read.
pub(super) fn damaged(index: &Index, folder: &Path) -> Result<usize, Unusable> {
    let there = index.directory().list_managed_files();
    let mut damaged = 0;
    // Some of these a segment has only while it is written, or once something was deleted from it.
    for path in index.load_metas()?.list_segment_files() {
        if there.contains(&path) && !is_sound(File::open(folder.join(path))?)? {
            damaged += 1;
        }
    }
    Ok(damaged)
}

fn is_sound(file: File) -> io::Result<bool> {
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let read = Footer::extract_footer(FileSlice::new(Arc::new(Plain { file, length })));
    let (footer, content) = match read {
        Ok(read) => read,
        // A serialised footer that is none is told of as an error of other kinds too.
        Err(error) if error.raw_os_error().is_none() => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut hasher = Hasher::new();
    let mut at = 0;
    while at < content.len() {
        let end = content.len().min(at + PIECE);
        hasher.update(&content.read_bytes_slice(at..end)?);
        at = end;
    }
    Ok(hasher.finalize() == footer.crc)
}

/// A file that is read once: nothing of it is kept.
#[derive(Debug)]
struct Plain {
    file: File,
    length: usize,
}

impl HasLen for Plain {
    fn len(&self) -> usize {
        self.length
    }
}

impl FileHandle for Plain {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(OwnedBytes::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tantivy::schema::{Schema, TEXT};
    use tantivy::{IndexSettings, doc};

    use super::super::files::Files;
    use super::*;

    #[test]
    fn a_byte_that_is_another_is_noticed_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT);
        let files = Files::open(folder.path().to_owned()).unwrap();
        let settings = IndexSettings::default();
        let index = Index::create(files, schema.build(), settings).unwrap();
        let mut writer = index.writer_with_num_threads(1, 15_000_000).unwrap();
        for number in 0..50_000 {
            let words = format!("word {number} and {}", number % 97);
            writer.add_document(doc!(text => words)).unwrap();
        }
        writer.commit().unwrap();
        writer.wait_merging_threads().unwrap();
        assert_eq!(damaged(&index, folder.path()).unwrap(), 0);

        let (mut files, mut largest) = (0, 0);
        for path in index.load_metas().unwrap().list_segment_files() {
            let path = folder.path().join(path);
            // Of a file of columns that has none, little is content.
            let Some(whole) = fs::read(&path).ok().filter(|whole| whole.len() > 4096) else {
                continue;
            };
            files += 1;
            largest = largest.max(whole.len());
            // The first, one of a later piece, the last of the content or nearly so, one of the footer.
            for at in [0, whole.len() / 2, whole.len() - 120, whole.len() - 2] {
                let mut other = whole.clone();
                other[at] ^= 1;
                fs::write(&path, other).unwrap();
                assert_eq!(damaged(&index, folder.path()).unwrap(), 1, "{path:?} {at}");
            }
            fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            assert_eq!(damaged(&index, folder.path()).unwrap(), 1, "{path:?} cut");
            fs::write(&path, "").unwrap();
            assert_eq!(damaged(&index, folder.path()).unwrap(), 1, "{path:?} empty");
            fs::write(&path, whole).unwrap();
        }
        assert!(files >= 4 && largest > 2 * PIECE, "{files} {largest}");
        assert_eq!(damaged(&index, folder.path()).unwrap(), 0);
    }
}
