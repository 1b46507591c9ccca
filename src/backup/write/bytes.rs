//! Bytes on their way into a backup: hashed, counted, and brought to the disk as they come.

use std::fs::File;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::Progress;

/// So many bytes go to the disk at a time. Left to the system, megabytes wait in memory until a writer's fsync has to wait
/// for all of them.
const SYNCED: usize = 2 << 20;

/// Bytes on their way, with their hash.
pub(super) struct Hashed<W> {
    pub(super) out: W,
    pub(super) hash: Sha256,
    pub(super) bytes: u64,
}

impl<W: Write> Hashed<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            hash: Sha256::new(),
            bytes: 0,
        }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Bytes of a file on their way, with their hash.
pub(super) struct Reading<'f> {
    pub(super) file: io::Take<&'f File>,
    pub(super) hash: Sha256,
    pub(super) progress: &'f mut Progress,
    pub(super) watch: &'f mut dyn FnMut(Progress) -> bool,
    /// It was told not to go on.
    pub(super) stopped: bool,
}

impl Read for Reading<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.hash.update(bytes.get(..read).unwrap_or_default());
        self.progress.done += read as u64;
        if (self.watch)(*self.progress) {
            Ok(read)
        } else {
            self.stopped = true;
            Err(io::Error::other("it was cancelled"))
        }
    }
}

/// A file that is brought to the disk as it grows.
pub(super) struct Steady<'f> {
    file: &'f mut File,
    unsynced: usize,
}

impl<'f> Steady<'f> {
    pub(super) fn new(file: &'f mut File) -> Self {
        Self { file, unsynced: 0 }
    }
}

impl Write for Steady<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= SYNCED {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
