//! Writing a backup while a server serves: a copy of the database first, then the files of media. A medium's files are on
//! disk before its row is, so all that the copy names is there, unless it was removed meanwhile.

mod bytes;
mod spool;
mod under_way;

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};
use walkdir::WalkDir;

use self::bytes::{Hashed, Reading};
use self::spool::Spool;
use self::under_way::{sweep, under_way};
use super::steady::Steady;
use super::{
    FORMAT, Failed, MANIFEST, Manifest, Result, SUMS, TRAILER_HEAD, is_name, of_file, sum_line,
    sync_folder,
};
use crate::data_folder as folder;
use crate::db::{Backend, Settings};
use crate::priority::give_way;
use crate::time::{Clock, Time};

/// The level of compression: some 200 MB a second on one core.
const LEVEL: i32 = 3;

/// What is backed up.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The database.
    pub database: &'a Settings,
    /// The data folder.
    pub data: &'a Path,
    /// The folder of media; none where they are in a bucket, which is not backed up.
    pub media: Option<&'a Path>,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Files in it, the database among them.
    pub files: u64,
    /// Bytes of these.
    pub content: u64,
    /// Bytes of the backup.
    pub bytes: u64,
    /// The SHA-256 of all of it, in hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
}

/// How far it has come, in bytes of content, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// Of about so many.
    pub total: u64,
}

/// Is told how far it has come, and answers whether to go on.
pub type Watch<'w> = &'w mut dyn FnMut(Progress) -> bool;

/// Makes a backup in a file that is not there yet, readable by its owner alone. The file appears whole or not at all.
///
/// # Errors
/// When it is there, or cannot be written; [`Failed::Cancelled`] where `watch` says so.
pub fn to_file(source: Source<'_>, into: &Path, watch: Watch<'_>) -> Result<Written> {
    if into.exists() {
        return Err(Failed::Refused(format!(
            "{} is there already: a backup is never written over another file",
            into.display()
        )));
    }
    let parent = match into.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    sweep(parent);
    let file = under_way(parent, "")?;
    let written = to(source, Steady::new(file.as_file()), watch)?;
    file.as_file().sync_all().map_err(of_file(into))?;
    file.persist_noclobber(into)
        .map_err(|error| of_file(into)(error.error))?;
    sync_folder(parent)?;
    Ok(written)
}

/// Writes a backup to wherever `out` leads. From then on the calling thread gives way to others.
///
/// # Errors
/// When the database or a file cannot be read, or `out` takes no more; [`Failed::Cancelled`] where `watch` says so.
pub fn to(source: Source<'_>, out: impl Write, watch: Watch<'_>) -> Result<Written> {
    let Backend::Sqlite(database) = &source.database.backend else {
        return Err(Failed::Refused(
            "this is for the embedded database; back PostgreSQL up with pg_dump, and the media folder beside it: see docs/OPERATIONS.md"
                .into(),
        ));
    };
    if !database.exists() {
        return Err(Failed::Refused(format!(
            "there is no database {}",
            database.display()
        )));
    }
    let scratch = database.parent().unwrap_or(source.data);
    sweep(scratch);
    let Spool {
        state,
        length,
        pages,
    } = Spool::of(source.database, scratch)?;
    // Not before: the log grows until then.
    give_way();
    let now = Clock::system().now();
    let manifest = Manifest {
        format: FORMAT,
        masthead: env!("CARGO_PKG_VERSION").into(),
        created_at: now.to_string(),
        epoch: state.epoch.to_string(),
        change: state.change,
        schema: state.schema,
    };

    let archive = zstd::Encoder::new(Hashed::new(out), LEVEL)
        .and_then(|mut encoder| encoder.include_checksum(true).map(|()| encoder))
        .map_err(unwritable)?;
    let mut writing = Writing {
        archive: Builder::new(archive),
        sums: tempfile::tempfile_in(scratch).map_err(of_file(scratch))?,
        at: now,
        files: 0,
        progress: Progress {
            done: 0,
            total: length + source.media.map_or(0, size_of),
        },
        watch,
    };
    writing.text(MANIFEST, &crate::json::text(&manifest))?;
    let decoder = zstd::Decoder::new(pages.as_file()).map_err(of_file(pages.path()))?;
    writing.entry(folder::DATABASE, pages.path(), length, decoder)?;
    drop(pages);
    let secret = source.data.join(folder::SECRET);
    if secret.exists() {
        writing.file(folder::SECRET, &secret)?;
    }
    if let Some(media) = source.media {
        writing.media(media)?;
    }
    writing.end(manifest)
}

struct Writing<'w, W: Write> {
    archive: Builder<zstd::Encoder<'static, Hashed<W>>>,
    /// The lines of `SHA256SUMS`.
    sums: File,
    at: Time,
    files: u64,
    progress: Progress,
    watch: Watch<'w>,
}

impl<W: Write> Writing<'_, W> {
    fn header(&self, name: &str, length: u64) -> Result<Header> {
        if !is_name(name) {
            return Err(Failed::Refused(format!(
                "the file {name} in the data folder is none that masthead makes: move it away"
            )));
        }
        let mut header = Header::new_ustar();
        header.set_path(name).map_err(|source| Failed::File {
            what: name.to_owned(),
            source,
        })?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(length);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.at.millis() / 1000).unwrap_or(0));
        header.set_cksum();
        Ok(header)
    }

    fn text(&mut self, name: &str, text: &str) -> Result<()> {
        let header = self.header(name, text.len() as u64)?;
        self.archive
            .append(&header, text.as_bytes())
            .map_err(unwritable)?;
        self.note(&Sha256::digest(text), name)
    }

    fn note(&mut self, hash: &[u8], name: &str) -> Result<()> {
        self.sums
            .write_all(sum_line(hash, name).as_bytes())
            .map_err(unwritable)
    }

    fn file(&mut self, name: &str, path: &Path) -> Result<()> {
        let file = File::open(path).map_err(of_file(path))?;
        self.open_file(name, path, &file)
    }

    fn open_file(&mut self, name: &str, path: &Path, file: &File) -> Result<()> {
        let length = file.metadata().map_err(of_file(path))?.len();
        self.entry(name, path, length, file)
    }

    fn entry(&mut self, name: &str, path: &Path, length: u64, from: impl Read) -> Result<()> {
        let header = self.header(name, length)?;
        let mut reading = Reading {
            from: from.take(length),
            hash: Sha256::new(),
            progress: &mut self.progress,
            watch: &mut *self.watch,
            stopped: false,
        };
        let appended = self.archive.append(&header, &mut reading);
        let (stopped, missing) = (reading.stopped, reading.from.limit());
        let hash = reading.hash.finalize();
        if stopped {
            return Err(Failed::Cancelled);
        }
        appended.map_err(of_file(path))?;
        if missing > 0 {
            return Err(Failed::Refused(format!(
                "{} became shorter while it was read",
                path.display()
            )));
        }
        self.files += 1;
        self.note(&hash, name)
    }

    /// All files of the folder, but for those that are being written and those that were removed before it came to them.
    fn media(&mut self, root: &Path) -> Result<()> {
        if !root.is_dir() {
            return Ok(());
        }
        for entry in WalkDir::new(root) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if is_gone(error.io_error()) => continue,
                Err(error) => {
                    return Err(Failed::File {
                        what: root.display().to_string(),
                        source: error.into(),
                    });
                }
            };
            if entry.file_type().is_dir() || is_temporary(&entry) {
                continue;
            }
            let path = entry.path();
            if entry.path_is_symlink() || !entry.file_type().is_file() {
                return Err(Failed::Refused(format!(
                    "{} is no plain file: move it away",
                    path.display()
                )));
            }
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            let Some(name) = name else {
                return Err(Failed::Refused(format!(
                    "the name of {} is not UTF-8",
                    path.display()
                )));
            };
            match File::open(path) {
                Ok(file) => self.open_file(&format!("{}/{name}", folder::MEDIA), path, &file)?,
                Err(error) if is_gone(Some(&error)) => {}
                Err(error) => return Err(of_file(path)(error)),
            }
        }
        Ok(())
    }

    fn end(mut self, manifest: Manifest) -> Result<Written> {
        let length = self.sums.stream_position().map_err(unwritable)?;
        self.sums.rewind().map_err(unwritable)?;
        let header = self.header(SUMS, length)?;
        self.archive
            .append(&header, &mut self.sums)
            .map_err(unwritable)?;
        let encoder = self.archive.into_inner().map_err(unwritable)?;
        let Hashed {
            mut out,
            hash,
            bytes,
        } = encoder.finish().map_err(unwritable)?;
        let sum = hash.clone().finalize();
        let mut whole = hash;
        whole.update(TRAILER_HEAD);
        whole.update(sum);
        out.write_all(&TRAILER_HEAD)
            .and_then(|()| out.write_all(&sum))
            .and_then(|()| out.flush())
            .map_err(unwritable)?;
        Ok(Written {
            manifest,
            files: self.files,
            content: self.progress.done,
            bytes: bytes + super::TRAILER,
            sha256: data_encoding::HEXLOWER.encode(&whole.finalize()),
        })
    }
}

fn unwritable(source: io::Error) -> Failed {
    Failed::File {
        what: "the backup cannot be written".into(),
        source,
    }
}

fn is_gone(error: Option<&io::Error>) -> bool {
    error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// What the media store is still writing has `#` in its name, and what begins with a dot is none of its files.
fn is_temporary(entry: &walkdir::DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.contains('#') || name.starts_with('.')
}

/// About how many bytes a folder holds.
fn size_of(folder: &Path) -> u64 {
    let files = WalkDir::new(folder).into_iter().flatten();
    files
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}
