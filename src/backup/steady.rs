//! Files that are brought to the disk as they grow, while a server beside writes what it acknowledges.

use std::fs::File;
use std::io::{self, Write};

/// So many bytes go to the disk at a time. Left to the system, megabytes wait in memory until a writer's fsync has to wait
/// for all of them.
const SYNCED: usize = 2 << 20;

/// A file that is brought to the disk as it grows.
pub(super) struct Steady<'f> {
    file: &'f File,
    unsynced: usize,
}

impl<'f> Steady<'f> {
    pub(super) fn new(file: &'f File) -> Self {
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
