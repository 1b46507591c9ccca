//! Ghost exports, of the versions 0 to 6: JSON with the tables of its database. A file is read three times: once to see
//! whether it is JSON to its end, once by [`scan`] for the tables that join and name, which may stand behind the posts, and
//! once for the posts, of which one is held at a time. Of the rows only listed fields are read, so that passwords, e-mail
//! addresses and keys, which an export holds, never come into memory.

mod cards;
mod lexical;
mod mobiledoc;
mod post;
mod rows;
mod tables;
mod whole;

use std::io::BufRead;

pub use super::wxr::Unreadable;
use crate::transfer::Parsed;
use rows::{Fields, Row, Rows};
use tables::Tables;

/// What stands beside the posts of an export.
#[derive(Debug, Default)]
pub struct Site {
    tables: Tables,
    posts: u64,
}

/// Makes sure that a file is JSON from its beginning to its end.
///
/// # Errors
/// It is not, or is cut short, or is not UTF-8, or nests too deep.
pub fn check(reader: impl BufRead) -> Result<(), Unreadable> {
    whole::is_json(reader)
}

/// Reads what stands beside the posts, from a file that was checked.
///
/// # Errors
/// It is no Ghost export, or cannot be read.
pub fn scan(reader: impl BufRead) -> Result<Site, Unreadable> {
    let mut site = Site::default();
    let mut rows = Rows::new(reader);
    let mut known = false;
    while let Some(row) = rows.next().map_err(|error| unread(&error))? {
        known |= tables::is_of_ghost(&row.table);
        if row.table == "posts" {
            site.posts += 1;
        } else {
            site.tables.add(&row);
        }
    }
    if !known {
        return Err(Unreadable {
            line: None,
            reason: "it is no Ghost export: it has no `data` with posts, tags, users or settings"
                .into(),
        });
    }
    site.tables.settle();
    Ok(site)
}

fn unread(error: &std::io::Error) -> Unreadable {
    Unreadable {
        line: None,
        reason: error.to_string(),
    }
}

impl Site {
    /// How many posts the file has, pages among them.
    #[must_use]
    pub const fn posts(&self) -> u64 {
        self.posts
    }

    /// The pieces of the file: the settings of the site, its authors and tags, then its posts in their order, and at the
    /// end what was left out. `reader` reads the file that was scanned, from its beginning.
    ///
    /// # Errors
    /// The file changed since it was scanned. An error comes out once and ends the pieces.
    pub fn read<'a, R: BufRead + 'a>(
        &'a self,
        reader: R,
    ) -> impl Iterator<Item = Result<Parsed, Unreadable>> + 'a {
        let mut rows = Rows::new(reader);
        let mut finished = false;
        let posts = std::iter::from_fn(move || {
            while !finished {
                match rows.next() {
                    Ok(Some(row)) if row.table == "posts" => return Some(Ok(self.post(&row))),
                    Ok(Some(_)) => {}
                    Ok(None) => finished = true,
                    Err(error) => {
                        finished = true;
                        return Some(Err(unread(&error)));
                    }
                }
            }
            None
        });
        let beside = self.tables.pieces().into_iter().map(Ok);
        let left_out = self.tables.left_out().into_iter().map(Ok);
        beside.chain(posts).chain(left_out)
    }

    fn post(&self, row: &Row) -> Parsed {
        match Fields::read(row) {
            Ok(fields) => post::parsed(&fields, row.line, &self.tables),
            Err(reason) => Parsed::Broken {
                origin: "a post".into(),
                line: Some(row.line),
                reason,
            },
        }
    }
}

/// The address of Ghost's own site, which its exports write as `__GHOST_URL__`, as a path on this one.
fn own_path(text: &str) -> String {
    const SITE: &str = "__GHOST_URL__";
    if !text.contains(SITE) {
        return text.to_owned();
    }
    let text = text
        .replace("\"__GHOST_URL__\"", "\"/\"")
        .replace("'__GHOST_URL__'", "'/'");
    if text == SITE {
        "/".to_owned()
    } else {
        text.replace(SITE, "")
    }
}

#[cfg(test)]
mod tests;
