//! Reading a backup, which may come from anywhere: what is not exactly as it would be written is refused, nothing is
//! followed out of the folder, and nothing grows without bound.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use tar::EntryType;

use super::steady::Steady;
use super::{
    FORMAT, Failed, MANIFEST, Manifest, Result, SUMS, TRAILER, TRAILER_HEAD, is_name, of_file,
    sum_line, sync_folder,
};
use crate::data_folder as folder;

/// The longest manifest, in bytes.
const LONGEST_MANIFEST: u64 = 64 << 10;
/// What may come of one byte of the backup, and of none: texts that repeat themselves come to some hundreds.
const EXPANSION: u64 = 2_000;
const EXPANSION_FROM: u64 = 64 << 20;
/// The largest window of the compression that is taken, as a power of two of bytes: 8 MiB of memory.
const WINDOW: u32 = 23;
/// How many zeros may follow the end of the archive.
const PADDING: u64 = 1 << 20;

/// A backup whose checksum is right.
#[derive(Debug)]
pub struct Checked {
    file: File,
    /// Its length without the frame at its end.
    length: u64,
}

impl Checked {
    /// Opens a backup, reads all of it and compares it with the checksum at its end.
    ///
    /// # Errors
    /// [`Failed::Broken`] where it is not as it was written; [`Failed::File`] where it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(of_file(path))?;
        let metadata = file.metadata().map_err(of_file(path))?;
        if !metadata.is_file() {
            return Err(Failed::Refused(format!("{} is no file", path.display())));
        }
        let no_end = || {
            Failed::Broken(
                "its end is missing: it is no backup of masthead, or not all of one".into(),
            )
        };
        let length = metadata.len().checked_sub(TRAILER).ok_or_else(no_end)?;
        file.seek(SeekFrom::Start(length)).map_err(of_file(path))?;
        let mut trailer = Vec::new();
        Read::by_ref(&mut file)
            .take(TRAILER)
            .read_to_end(&mut trailer)
            .map_err(of_file(path))?;
        let sum = trailer.strip_prefix(&TRAILER_HEAD).ok_or_else(no_end)?;

        file.rewind().map_err(of_file(path))?;
        let mut hash = Sha256::new();
        let mut rest = Read::by_ref(&mut file).take(length);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = rest.read(&mut buffer).map_err(of_file(path))?;
            if read == 0 {
                break;
            }
            hash.update(buffer.get(..read).unwrap_or_default());
        }
        if hash.finalize().as_slice() != sum {
            return Err(Failed::Broken(
                "its checksum is another: it was changed or damaged since it was made".into(),
            ));
        }
        Ok(Self { file, length })
    }

    /// Unpacks it into an empty folder, on disk when this returns, and holds each file against its checksum.
    ///
    /// # Errors
    /// [`Failed::Broken`] where anything is not as it would be written; [`Failed::File`] where the folder takes no more.
    /// What is in the folder then is of no use.
    pub fn unpack(&mut self, into: &Path) -> Result<Manifest> {
        self.file.rewind().map_err(unreadable)?;
        let body = BufReader::new(Read::by_ref(&mut self.file).take(self.length));
        let mut decoder = zstd::Decoder::with_buffer(body).map_err(unreadable)?;
        decoder.window_log_max(WINDOW).map_err(unreadable)?;
        let most = EXPANSION_FROM + self.length.saturating_mul(EXPANSION);
        let bounded = Bounded {
            inner: decoder,
            left: most,
        };
        let mut archive = tar::Archive::new(bounded);
        let mut unpacking = Unpacking {
            into,
            sums: tempfile::tempfile_in(into).map_err(of_file(into))?,
            manifest: None,
            database: false,
            whole: false,
        };
        // Raw: what stands for a longer name or for other facts of the next entry is no entry of ours.
        for entry in archive.entries().map_err(unreadable)?.raw(true) {
            unpacking.entry(&mut entry.map_err(unreadable)?)?;
        }
        let Unpacking {
            manifest, whole, ..
        } = unpacking;
        let mut rest = archive.into_inner().take(PADDING + 1);
        let mut padding = Vec::new();
        rest.read_to_end(&mut padding).map_err(unreadable)?;
        if padding.len() as u64 > PADDING || padding.iter().any(|byte| *byte != 0) {
            return Err(Failed::Broken("something follows its end".into()));
        }
        match manifest {
            Some(manifest) if whole => {
                sync_tree(into)?;
                Ok(manifest)
            }
            _ => Err(Failed::Broken("it ends early".into())),
        }
    }
}

struct Unpacking<'a> {
    into: &'a Path,
    /// The lines that `SHA256SUMS` must have.
    sums: File,
    manifest: Option<Manifest>,
    database: bool,
    /// `SHA256SUMS` was read and is right.
    whole: bool,
}

impl Unpacking<'_> {
    fn entry(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        let name = String::from_utf8(entry.path_bytes().into_owned())
            .ok()
            .filter(|name| is_name(name))
            .ok_or_else(|| {
                let name = entry.path_bytes();
                let name = String::from_utf8_lossy(&name);
                Failed::Broken(format!("no file of a backup is called {name:?}"))
            })?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(Failed::Broken(format!("{name} is no plain file")));
        }
        if self.whole {
            return Err(Failed::Broken(format!("{name} follows its end")));
        }
        match (name.as_str(), &self.manifest, self.database) {
            (MANIFEST, None, _) => self.manifest(entry),
            (folder::DATABASE, Some(_), false) => {
                self.database = true;
                self.file(&name, entry)
            }
            (SUMS, Some(_), true) => self.compare_sums(entry),
            (MANIFEST | folder::DATABASE | SUMS, ..) | (_, None, _) | (_, _, false) => Err(
                Failed::Broken(format!("{name} does not stand in its place")),
            ),
            _ => self.file(&name, entry),
        }
    }

    fn manifest(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        #[derive(serde::Deserialize)]
        struct Any {
            format: u32,
            masthead: String,
        }
        let mut text = Vec::new();
        let length = entry.size();
        entry
            .take(LONGEST_MANIFEST)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        let unknown = |error: serde_json::Error| Failed::Broken(format!("its {MANIFEST}: {error}"));
        if length > LONGEST_MANIFEST {
            return Err(Failed::Broken(format!("its {MANIFEST} is too long")));
        }
        let any: Any = serde_json::from_slice(&text).map_err(unknown)?;
        if any.format > FORMAT {
            return Err(Failed::Refused(format!(
                "the backup was made by a newer masthead ({}): use that version",
                any.masthead
            )));
        }
        self.manifest = Some(serde_json::from_slice(&text).map_err(unknown)?);
        self.note(&Sha256::digest(&text), MANIFEST)
    }

    fn note(&mut self, hash: &[u8], name: &str) -> Result<()> {
        self.sums
            .write_all(sum_line(hash, name).as_bytes())
            .map_err(of_file(self.into))
    }

    fn file(&mut self, name: &str, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        let path = self.into.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(of_file(parent))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if matches!(name, folder::DATABASE | folder::SECRET) {
            options.mode(0o600);
        }
        let file = options.open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Failed::Broken(format!("{name} is in it twice")),
            _ => of_file(&path)(error),
        })?;
        let mut out = Steady::new(&file);
        let mut hash = Sha256::new();
        let mut left = entry.size();
        let mut buffer = vec![0; 1 << 16];
        while left > 0 {
            let read = entry.read(&mut buffer).map_err(unreadable)?;
            if read == 0 {
                return Err(Failed::Broken(format!("{name} is not all there")));
            }
            let bytes = buffer.get(..read).unwrap_or_default();
            hash.update(bytes);
            out.write_all(bytes).map_err(of_file(&path))?;
            left = left.saturating_sub(read as u64);
        }
        file.sync_all().map_err(of_file(&path))?;
        self.note(&hash.finalize(), name)
    }

    /// The list of checksums must be the one that follows from what was unpacked.
    fn compare_sums(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> Result<()> {
        let other = || Failed::Broken(format!("its files are not those of its {SUMS}"));
        let length = self.sums.stream_position().map_err(of_file(self.into))?;
        if entry.size() != length {
            return Err(other());
        }
        self.sums.rewind().map_err(of_file(self.into))?;
        let mut known = BufReader::new(&self.sums);
        let (mut ours, mut theirs) = (vec![0; 1 << 13], vec![0; 1 << 13]);
        let mut left = length;
        while left > 0 {
            let read = entry.read(&mut theirs).map_err(unreadable)?;
            let (Some(ours), Some(theirs)) = (ours.get_mut(..read), theirs.get(..read)) else {
                return Err(other());
            };
            known.read_exact(ours).map_err(of_file(self.into))?;
            if read == 0 || ours != theirs {
                return Err(other());
            }
            left = left.saturating_sub(read as u64);
        }
        self.whole = true;
        Ok(())
    }
}

/// Whatever the readers of tar and Zstandard say, the file is not as we write it.
const fn unreadable(error: io::Error) -> Failed {
    Failed::Unreadable(error)
}

/// Reads no more than so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other("far more comes of it than of any backup of its length")
        })?;
        Ok(read)
    }
}

/// Makes the names of all files last through a power cut.
fn sync_tree(root: &Path) -> Result<()> {
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.map_err(|error| Failed::File {
            what: root.display().to_string(),
            source: error.into(),
        })?;
        if entry.file_type().is_dir() {
            sync_folder(entry.path())?;
        }
    }
    Ok(())
}
