//! Content on its way out: all of it as JSON Lines, as a folder of Markdown files, and what readers may ask for as files
//! for any web server. Nothing here writes to the database, and nobody's account, key, message or e-mail address leaves.
//!
//! [`jsonl()`] and [`markdown()`] read one snapshot, so that what they write is the content of one moment whatever editors
//! do meanwhile; and a bounded number of texts at once, so that memory does not grow with the content.

pub mod folder;
mod jsonl;
mod markdown;
mod pictures;
pub mod static_api;

use std::collections::BTreeSet;
use std::io;

pub use self::jsonl::jsonl;
pub use self::markdown::markdown;
use crate::articles::export::ExportedText;
use crate::articles::model::Kind;
use crate::articles::store as texts;
use crate::authors::model::AuthorSort;
use crate::authors::store::edit::EditFilter;
use crate::db::Conn;
use crate::db::page::{Page, Place};
use crate::error::Error;
use crate::transfer::jsonl::write as lines;
use crate::{authors, media, redirects, site, tags};

/// Texts that are read at once: a body may have a mebibyte.
const RUN: i64 = 32;
/// Authors and redirects that are read at once.
const ROWS: u32 = 100;

/// Why an export did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The database failed.
    #[error("{0}")]
    Database(#[from] Error),
    /// What was exported could not be written down.
    #[error("{0}")]
    Write(#[from] io::Error),
    /// The folder cannot be written into, and why.
    #[error("{0}")]
    Refused(String),
}

/// What an export holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Articles, in every state.
    pub articles: u64,
    /// Pages, in every state.
    pub pages: u64,
    /// Tags.
    pub tags: u64,
    /// Authors.
    pub authors: u64,
    /// Redirects.
    pub redirects: u64,
    /// Pictures.
    pub media: u64,
    /// Files of pictures that the media store does not have.
    pub missing: Vec<String>,
    /// The locales of the texts. Whoever imports them needs a site that has these.
    pub locales: BTreeSet<String>,
}

impl Counts {
    fn add(&mut self, text: &ExportedText) {
        match text.kind {
            Kind::Article => self.articles += 1,
            Kind::Page => self.pages += 1,
        }
        if !self.locales.contains(&text.locale) {
            self.locales.insert(text.locale.clone());
        }
    }

    /// Articles and pages.
    #[must_use]
    pub const fn texts(&self) -> u64 {
        self.articles + self.pages
    }
}

/// Something that goes out as a line, and when it may come in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Pictures, the site, tags and authors: before the texts that name them.
    Names,
    /// Redirects: after the texts that they lead to.
    Redirects,
}

/// The lines of a part, handed on one by one.
fn lines_of(
    conn: &mut Conn,
    part: Part,
    counts: &mut Counts,
    mut line: impl FnMut(&str) -> Result<(), Failed>,
) -> Result<(), Failed> {
    match part {
        Part::Names => {
            let mut after = None;
            loop {
                let some = media::store::all_after(conn, after, RUN)?;
                let Some((last, _)) = some.last() else { break };
                after = Some(last.id);
                for (media, hash) in &some {
                    line(&lines::media(media, hash))?;
                    counts.media += 1;
                }
            }
            let site = site::store::edit(conn)?;
            // One that was never set says nothing.
            if site.version > 0 {
                line(&lines::site(&site))?;
            }
            for id in tags::store::edit::parents_first(conn)? {
                line(&lines::tag(&tags::store::edit::get(conn, id)?))?;
                counts.tags += 1;
            }
            let mut page = Page::first(ROWS);
            loop {
                let filter = EditFilter::default();
                let sort = AuthorSort::Name;
                let found = authors::store::edit::list(conn, &filter, sort, &page, false)?;
                for author in &found.items {
                    line(&lines::author(author))?;
                    counts.authors += 1;
                }
                let Some(next) = found.next else { break };
                page.place = Place::Cursor(next);
            }
        }
        Part::Redirects => {
            let mut page = Page::first(ROWS);
            loop {
                let found = redirects::store::list(conn, None, &page, false)?;
                for redirect in &found.items {
                    line(&lines::redirect(redirect))?;
                    counts.redirects += 1;
                }
                let Some(next) = found.next else { break };
                page.place = Place::Cursor(next);
            }
        }
    }
    Ok(())
}

/// All texts in the order of their ids, handed on one by one; `progress` hears how many there were and how many there are.
fn each_text(
    conn: &mut Conn,
    counts: &mut Counts,
    progress: &mut impl FnMut(u64, u64),
    mut hand_on: impl FnMut(&ExportedText) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let total = texts::count_all(conn)?;
    let mut after = None;
    loop {
        let run = texts::exported_after(conn, after, RUN)?;
        let Some(last) = run.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for text in &run {
            counts.add(text);
            hand_on(text)?;
        }
        progress(counts.texts(), total);
    }
}
