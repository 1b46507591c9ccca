//! Backups of a site on the embedded database: one file that holds all of it, and the way back.
//!
//! The file is a tar archive in Zstandard, so that `zstd -dc FILE | tar -t` lists it and no program but these two is needed
//! to get at what is in it. In this order:
//!
//! | entry | what |
//! |---|---|
//! | `manifest.json` | [`Manifest`]: format, version, epoch, change and schema |
//! | `masthead.db` | the database as it was at that change, a whole SQLite file |
//! | `secret` | what the keys are derived from, where it is in the data folder |
//! | `media/…` | the files of media, as they lie in the data folder |
//! | `SHA256SUMS` | the SHA-256 of each of these, as `sha256sum -c` reads it |
//!
//! Behind the archive stands a skippable frame (RFC 8878 section 3.1.2), which every reader of Zstandard passes over: the
//! eight bytes `masthead` and the SHA-256 of all bytes before the frame. A file that ends early, or in which one bit is
//! another, is known before anything of it is unpacked.

pub mod read;
pub mod restore;
mod steady;
pub mod verify;
pub mod write;

use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data_folder as folder;
use crate::error::Error;
use crate::paths::is_below;

/// The version of the format that is written, and the newest that is read.
pub const FORMAT: u32 = 1;

const MANIFEST: &str = "manifest.json";
const SUMS: &str = "SHA256SUMS";

/// Magic number and length of the frame, and the name in it, ahead of the checksum.
const TRAILER_HEAD: [u8; 16] = *b"\x5e\x2a\x4d\x18\x28\x00\x00\x00masthead";
const TRAILER: u64 = 48;

/// The longest name of an entry, in bytes: what a header of POSIX.1-1988 (ustar) can hold.
const LONGEST_NAME: usize = 255;

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The version of the program that wrote it.
    pub masthead: String,
    /// When.
    pub created_at: String,
    /// The epoch of the database. A restored one begins another.
    pub epoch: String,
    /// The last change in it.
    pub change: i64,
    /// The newest migration of its schema.
    pub schema: String,
}

/// Why a backup was not made, or not restored.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It is no backup, or not as it was written.
    #[error("the backup is not whole: {0}")]
    Broken(String),
    /// It cannot be read as what it should be.
    #[error("the backup is not whole: {0}")]
    Unreadable(io::Error),
    /// It may not be done here.
    #[error("{0}")]
    Refused(String),
    /// A file cannot be read or written.
    #[error("{what}: {source}")]
    File {
        /// Which.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// What the database says.
    #[error(transparent)]
    Database(#[from] Error),
    /// Whoever asked for it wants it no more.
    #[error("it was cancelled")]
    Cancelled,
}

type Result<T, E = Failed> = std::result::Result<T, E>;

fn of_file(path: &Path) -> impl Fn(io::Error) -> Failed + '_ {
    move |source| Failed::File {
        what: path.display().to_string(),
        source,
    }
}

/// Whether an entry of a backup may have this name: no way out of the folder, nothing hidden, nothing but what we write.
fn is_name(name: &str) -> bool {
    let is_ours = |part: &str| !part.starts_with('.') && !part.contains('#');
    name.len() <= LONGEST_NAME
        && is_below(name)
        && match name.split_once('/') {
            None => matches!(name, MANIFEST | SUMS | folder::DATABASE | folder::SECRET),
            Some((first, rest)) => first == folder::MEDIA && rest.split('/').all(is_ours),
        }
}

/// A line of `SHA256SUMS`.
fn sum_line(hash: &[u8], name: &str) -> String {
    format!("{}  {name}\n", data_encoding::HEXLOWER.encode(hash))
}

/// Makes what was renamed or made in a folder last through a power cut.
fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(of_file(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        for name in [
            "manifest.json",
            "masthead.db",
            "secret",
            "media/files/0a/640.webp",
            "media/ä.jpg",
        ] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "media",
            "media/",
            "media/../secret",
            "media/./a",
            "media//a",
            "media/a/..",
            "media/.hidden",
            "media/a\\b",
            "media/a\0",
            "media/a\nb",
            "media/a#1",
            "search/current",
            "masthead.db-wal",
            "./secret",
            "secret/",
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(!is_name(&format!("media/{}", "a".repeat(250))));
    }
}
