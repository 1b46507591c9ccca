//! The folder of an index. Its files are read, never mapped into memory: a mapped file that somebody cuts short ends the
//! process, a read one is an error. What is small and asked for all the time (words, columns, lengths) is kept in memory;
//! postings are read from where the system caches them, and those of frequent words, which are long, are kept for a while. Nothing is synced to disk: an index that a power cut damaged is
//! noticed by its checksums and built again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

/// A folder of index files; cheap to clone.
#[derive(Debug, Clone)]
pub struct Files(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    pieces: Arc<Pieces>,
    /// What is open, for as long as somebody holds it: each commit opens all files anew.
    held: Mutex<HashMap<PathBuf, Weak<Held>>>,
}

/// A file that is open.
#[derive(Debug)]
enum Held {
    Memory(OwnedBytes),
    Disk {
        file: File,
        length: usize,
        /// Tells it from all others that were ever open.
        number: u64,
        pieces: Arc<Pieces>,
    },
}

/// Pieces of files that were read lately.
type Pieces = Cache<(u64, usize, usize), OwnedBytes, Bytes>;

/// What a piece weighs.
#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<(u64, usize, usize), OwnedBytes> for Bytes {
    fn weight(&self, _: &(u64, usize, usize), piece: &OwnedBytes) -> u64 {
        piece.len() as u64
    }
}

/// Bytes of pieces that are kept.
const KEPT: u64 = 64 * 1024 * 1024;
/// Pieces that are kept: what is shorter is as soon read again, what is longer would drive out all else.
const WORTH_KEEPING: RangeInclusive<usize> = 8 * 1024..=16 * 1024 * 1024;

impl Files {
    /// The files of this folder, which is made.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self(Arc::new(Inner {
            folder,
            pieces: Arc::new(Cache::with_weighter(1_000, KEPT, Bytes)),
            held: Mutex::default(),
        })))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Whether what is open is still there as it was. Only looks at names and lengths, so it may be asked often.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, file| file.strong_count() > 0);
        let as_it_was = held.iter().all(|(path, file)| {
            let Some(file) = file.upgrade() else {
                return true;
            };
            fs::metadata(self.0.folder.join(path))
                .is_ok_and(|now| usize::try_from(now.len()).is_ok_and(|now| now == file.len()))
        });
        as_it_was && self.0.folder.join("meta.json").exists()
    }

    fn hold(&self, path: &Path) -> io::Result<Arc<Held>> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = held.get(path).and_then(Weak::upgrade) {
            return Ok(file);
        }
        let mut file = File::open(self.0.folder.join(path))?;
        let length = file.metadata()?.len();
        let length = usize::try_from(length).map_err(io::Error::other)?;
        let kept_in_memory = path
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| matches!(extension, "term" | "fast" | "fieldnorm" | "del"));
        let opened = Arc::new(if kept_in_memory {
            let mut bytes = Vec::with_capacity(length);
            file.read_to_end(&mut bytes)?;
            Held::Memory(OwnedBytes::new(bytes))
        } else {
            static NUMBERS: AtomicU64 = AtomicU64::new(0);
            Held::Disk {
                file,
                length,
                number: NUMBERS.fetch_add(1, Ordering::Relaxed),
                pieces: Arc::clone(&self.0.pieces),
            }
        });
        held.retain(|_, file| file.strong_count() > 0);
        held.insert(path.to_owned(), Arc::downgrade(&opened));
        Ok(opened)
    }
}

impl HasLen for Held {
    fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::Disk { length, .. } => *length,
        }
    }
}

impl FileHandle for Held {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start > range.end || range.end > self.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(range)),
            Self::Disk {
                file,
                length,
                number,
                pieces,
            } => {
                let key = (*number, range.start, range.end);
                // All of a file is read to be merged, once.
                let worth = WORTH_KEEPING.contains(&range.len()) && range.len() <= length / 2;
                if worth && let Some(piece) = pieces.get(&key) {
                    return Ok(piece);
                }
                let mut bytes = vec![0; range.len()];
                file.read_exact_at(&mut bytes, range.start as u64)?;
                let piece = OwnedBytes::new(bytes);
                if worth {
                    pieces.insert(key, piece.clone());
                }
                Ok(piece)
            }
        }
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> OpenReadError {
    let path = path.to_owned();
    |error| match error.kind() {
        io::ErrorKind::NotFound => OpenReadError::FileDoesNotExist(path),
        _ => OpenReadError::wrap_io_error(error, path),
    }
}

impl Directory for Files {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let held = self.hold(path).map_err(unreadable(path))?;
        Ok(held)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        fs::remove_file(self.0.folder.join(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DeleteError::FileDoesNotExist(path.to_owned()),
            _ => DeleteError::IoError {
                io_error: Arc::new(error),
                filepath: path.to_owned(),
            },
        })?;
        // What still reads it may, but it is no file of the folder any more.
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(path);
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.0
            .folder
            .join(path)
            .try_exists()
            .map_err(unreadable(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file =
            File::create_new(self.0.folder.join(path)).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
                _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
            })?;
        Ok(BufWriter::with_capacity(64 * 1024, Box::new(Written(file))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        fs::read(self.0.folder.join(path)).map_err(unreadable(path))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let there = self.0.folder.join(path);
        let beside = there.with_extension("new");
        fs::write(&beside, data)?;
        fs::rename(beside, there)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    /// Goes with the process, however it ends.
    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let file = File::create(self.0.folder.join(&lock.filepath))
            .map_err(|error| LockError::IoError(Arc::new(error)))?;
        if lock.is_blocking {
            file.lock()
                .map_err(|error| LockError::IoError(Arc::new(error)))?;
        } else {
            file.try_lock().map_err(|_held| LockError::LockBusy)?;
        }
        Ok(DirectoryLock::from(Box::new(file)))
    }

    /// Nobody waits for changes of the folder: who commits tells.
    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A file that is written once.
struct Written(File);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for Written {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.flush()
    }
}
