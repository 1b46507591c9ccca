//! The files that a site had beside its texts, as far as an export describes them: for covers and galleries, which name
//! them by number.

use std::collections::HashMap;

/// The most files that are remembered, and the most bytes of their descriptions. A file of any size is read in bounded
/// memory; what is past this is told of as missing where it is named.
const MAX_FILES: usize = 200_000;
const MAX_BYTES: usize = 24 * 1024 * 1024;

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attachment<'a> {
    /// Where it is.
    pub(super) url: &'a str,
    /// What it shows.
    pub(super) alt: &'a str,
    /// What it is called.
    pub(super) title: &'a str,
    /// The words under it, plain text.
    pub(super) caption: &'a str,
}

/// The files of a site, by number.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    /// The descriptions, one behind the other, their parts between NULs.
    texts: String,
    places: HashMap<u64, (u32, u32)>,
    /// By the text that they belong to, in the order of the file.
    of: HashMap<u64, Vec<u64>>,
}

impl Attachments {
    /// Remembers a file. `false` where there are too many.
    pub(super) fn add(&mut self, id: u64, parent: u64, file: &Attachment<'_>) -> bool {
        let parts = [file.url, file.alt, file.title, file.caption];
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        let start = u32::try_from(self.texts.len());
        let end = u32::try_from(self.texts.len() + length);
        let (Ok(start), Ok(end)) = (start, end) else {
            return false;
        };
        if self.places.len() >= MAX_FILES || self.texts.len() + length > MAX_BYTES {
            return false;
        }
        for part in parts {
            self.texts.extend(part.chars().filter(|c| *c != '\0'));
            self.texts.push('\0');
        }
        let end = u32::try_from(self.texts.len()).unwrap_or(end);
        if self.places.insert(id, (start, end)).is_none() && parent != 0 {
            self.of.entry(parent).or_default().push(id);
        }
        true
    }

    /// The file of this number.
    pub(super) fn get(&self, id: u64) -> Option<Attachment<'_>> {
        let (start, end) = *self.places.get(&id)?;
        let text = self
            .texts
            .get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?;
        let mut parts = text.split('\0');
        let mut part = || parts.next().unwrap_or("");
        Some(Attachment {
            url: part(),
            alt: part(),
            title: part(),
            caption: part(),
        })
        .filter(|file| !file.url.is_empty())
    }

    /// The files of a text.
    pub(super) fn of(&self, text: u64) -> Vec<u64> {
        self.of.get(&text).cloned().unwrap_or_default()
    }
}
