//! What became of an import, for people: counts that add up to what was read, and lines that say where and why.

use std::fmt;
use std::ops::Deref;

/// The most lines that are kept of one kind. A file of any size is reported on in bounded memory; what is past it is
/// counted.
const MAX_LINES: usize = 10_000;
/// The longest origin or reason, in bytes.
const MAX_TEXT: usize = 2_000;

/// What became of the items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Articles and pages that are new here.
    pub created: usize,
    /// Changed in the source since the last import.
    pub updated: usize,
    /// As at the last import.
    pub unchanged: usize,
    /// Changed in the source and by hand here, and kept as they are here: where they come from.
    pub kept: Vec<String>,
    /// No articles: where, and why.
    pub skipped: Lines,
    /// Not brought in: where, and why.
    pub broken: Lines,
    /// Brought in, but not quite as they were: where, and how.
    pub warnings: Lines,
    /// Tags that the source describes; those that only texts name are not among them.
    pub tags: Counts,
    /// Authors that the source describes.
    pub authors: Counts,
    /// Redirects that stand for themselves; those to former addresses of a text are not among them.
    pub redirects: Counts,
    /// The settings of the site.
    pub site: Counts,
    /// Pictures.
    pub media: Counts,
    /// What has no place here, in the plural, and how many of them there were.
    pub left_out: Vec<(&'static str, u64)>,
}

/// What became of pieces of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// New here.
    pub created: usize,
    /// Changed in the source since the last import, or filled up where they said nothing.
    pub updated: usize,
    /// As they are here.
    pub unchanged: usize,
    /// Changed by hand here, and kept so.
    pub kept: usize,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.created + self.updated + self.unchanged + self.kept
    }
}

/// Lines of a report: where, and what. The first of them are kept, all are counted.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Lines {
    kept: Vec<(String, String)>,
    count: usize,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, (origin, reason): (String, String)) {
        self.count += 1;
        if self.kept.len() < MAX_LINES {
            self.kept.push((cut(origin), cut(reason)));
        }
    }

    /// How many there were.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there were none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Those that were counted and not kept.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.count - self.kept.len()
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}

impl Deref for Lines {
    type Target = [(String, String)];

    fn deref(&self) -> &Self::Target {
        &self.kept
    }
}

impl<'a> IntoIterator for &'a Lines {
    type Item = &'a (String, String);
    type IntoIter = std::slice::Iter<'a, (String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.iter()
    }
}

impl IntoIterator for Lines {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

impl<const N: usize> PartialEq<[(String, String); N]> for Lines {
    fn eq(&self, other: &[(String, String); N]) -> bool {
        self.count == N && self.kept == other
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.kept).finish()
    }
}

impl Report {
    /// Counts what has no place here.
    pub(super) fn leave_out(&mut self, what: &'static str, count: u64) {
        match self.left_out.iter_mut().find(|(known, _)| *known == what) {
            Some((_, before)) => *before = before.saturating_add(count),
            None => self.left_out.push((what, count)),
        }
    }

    /// The counts of a kind beside texts.
    pub(super) const fn of_kind(&mut self, piece: &crate::transfer::Piece) -> &mut Counts {
        use crate::transfer::Piece;
        match piece {
            Piece::Tag(_) => &mut self.tags,
            Piece::Author(_) => &mut self.authors,
            Piece::Redirect(_) => &mut self.redirects,
            Piece::Site(_) => &mut self.site,
            Piece::Media(_) => &mut self.media,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_past_the_most_are_counted_and_long_ones_cut() {
        let mut lines = Lines::default();
        for _ in 0..MAX_LINES + 3 {
            lines.push(("é".repeat(MAX_TEXT), "why".into()));
        }
        assert_eq!((lines.len(), lines.more()), (MAX_LINES + 3, 3));
        assert!(lines.iter().all(|(origin, _)| origin.len() < MAX_TEXT + 4));
    }

    #[test]
    fn what_is_left_out_adds_up() {
        let mut report = Report::default();
        report.leave_out("comments", 2);
        report.leave_out("menus", 1);
        report.leave_out("comments", 3);
        assert_eq!(report.left_out, [("comments", 5), ("menus", 1)]);
    }
}
