//! Bytes on their way into a backup: hashed and counted.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::Progress;

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
pub(super) struct Reading<'f, R> {
    pub(super) from: io::Take<R>,
    pub(super) hash: Sha256,
    pub(super) progress: &'f mut Progress,
    pub(super) watch: &'f mut dyn FnMut(Progress) -> bool,
    /// It was told not to go on.
    pub(super) stopped: bool,
}

impl<R: Read> Read for Reading<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(bytes)?;
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
