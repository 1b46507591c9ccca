//! The database put by until it is in the backup: where that goes may be slow, and while a snapshot is held the log of those
//! who write grows.

use std::io::{Seek, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::under_way::under_way;
use crate::backup::steady::Steady;
use crate::backup::{Result, of_file};
use crate::db::Settings;
use crate::db::snapshot::{self, State};

/// The level of compression: it is not kept for long.
const FAST: i32 = 1;

/// The database at one moment.
pub(super) struct Spool {
    pub(super) state: State,
    /// Bytes of its pages.
    pub(super) length: u64,
    /// Compressed, so that there is less that the disk has to take while others write.
    pub(super) pages: NamedTempFile,
}

impl Spool {
    pub(super) fn of(database: &Settings, scratch: &Path) -> Result<Self> {
        let pages = under_way(scratch, ".db.zst")?;
        let full = |error| of_file(pages.path())(error);
        let mut encoder = zstd::Encoder::new(Steady::new(pages.as_file()), FAST).map_err(full)?;
        encoder.include_checksum(true).map_err(full)?;
        let mut length = 0;
        let state = snapshot::copy(database, |page| {
            length += page.len() as u64;
            encoder.write_all(page).map_err(full)
        })?;
        encoder.finish().map_err(full)?;
        pages.as_file().rewind().map_err(full)?;
        Ok(Self {
            state,
            length,
            pages,
        })
    }
}
