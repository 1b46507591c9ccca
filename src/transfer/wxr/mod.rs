//! WordPress exports (WXR 1.0 to 1.2): RSS with what WordPress adds to it. A file is read twice: [`scan`] finds out whether
//! it is whole, and gathers authors, tags and files, which stand anywhere in it; [`Site::read`] then gives one piece after
//! the other. Neither holds more than one post, however long the file is.

mod attachments;
mod body;
mod gate;
mod item;
mod people;
mod read;
mod terms;

use std::io::BufRead;

use crate::site::model::Settings;
use crate::transfer::{Parsed, Piece, PieceItem, without_html};
use attachments::{Attachment, Attachments};
pub(super) use item::made_title;
use people::People;
use read::{Elements, Found, Raw, RawAuthor};
use terms::Terms;

/// A file that cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(.line))]
pub struct Unreadable {
    /// The line, counted from one, where that is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

fn place(line: &Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

/// What stands beside the posts of an export.
#[derive(Debug, Default)]
pub struct Site {
    settings: Settings,
    people: People,
    terms: Terms,
    attachments: Attachments,
    /// Posts of any type.
    items: u64,
    /// Files past those that are remembered.
    past: u64,
}

/// Reads a file from its beginning to its end, and gathers what the posts need.
///
/// # Errors
/// It is no export, is not well-formed, ends early, is not UTF-8, or holds what no export has: a DOCTYPE, tags of more than
/// 64 KiB, elements that nest deeper than 32.
pub fn scan(reader: impl BufRead) -> Result<Site, Unreadable> {
    let mut site = Site::default();
    let mut elements = Elements::new(reader);
    for found in &mut elements {
        match found? {
            Found::Author(author) => site.people.add(&author),
            Found::Term(term) => site.terms.add(term),
            Found::Channel("title", text) if site.settings.name.is_empty() => {
                site.settings.name = line(&text);
            }
            Found::Channel("description", text) if site.settings.tagline.is_none() => {
                site.settings.tagline = Some(line(&text)).filter(|text| !text.is_empty());
            }
            Found::Channel(..) => {}
            Found::Item(item) => site.gather(&item),
        }
    }
    if !elements.is_export {
        return Err(Unreadable {
            line: None,
            reason: "it is no WordPress export: nothing in it is of WordPress's namespace".into(),
        });
    }
    Ok(site)
}

/// One line of plain text, as long as headings are.
fn line(text: &str) -> String {
    let (text, _) = without_html(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(crate::articles::new::MAX_TITLE).collect()
}

impl Site {
    fn gather(&mut self, item: &Raw) {
        self.items += 1;
        let field = |wanted: &str| {
            let found = item.fields.iter().find(|(name, _)| name == wanted);
            found.map_or("", |(_, value)| value.as_str())
        };
        match item.kind.as_deref() {
            Some("attachment") => {
                let (Ok(id), parent) = (item.id.trim().parse(), item.parent.trim().parse()) else {
                    return;
                };
                let url = if item.url.trim().is_empty() {
                    &item.guid
                } else {
                    &item.url
                };
                let file = Attachment {
                    url: url.trim(),
                    alt: &line(field("_wp_attachment_image_alt")),
                    title: &line(&item.title),
                    caption: &line(&item.excerpt),
                };
                if !self.attachments.add(id, parent.unwrap_or(0), &file) {
                    self.past += 1;
                }
            }
            // Authors that the plugin Co-Authors Plus keeps as posts.
            Some("guest-author") => self.people.add(&RawAuthor {
                login: field("cap-user_login").to_owned(),
                display_name: field("cap-display_name").to_owned(),
                ..RawAuthor::default()
            }),
            _ => {}
        }
    }

    /// How many posts of any type the file has: articles and pages, and what is skipped.
    #[must_use]
    pub const fn items(&self) -> u64 {
        self.items
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
        let beside = self
            .settings()
            .into_iter()
            .chain(self.people.pieces())
            .chain(self.terms.pieces())
            .map(Ok);
        let mut left_out = LeftOut {
            menus: self.terms.menus,
            terms: self.terms.others,
            past: self.terms.past,
            files: self.past,
            ..LeftOut::default()
        };
        let mut items = Elements::new(reader);
        let mut rest: Option<std::vec::IntoIter<Parsed>> = None;
        let posts = std::iter::from_fn(move || {
            loop {
                if let Some(rest) = &mut rest {
                    return rest.next().map(Ok);
                }
                match items.next() {
                    Some(Ok(Found::Item(item))) => {
                        left_out.comments += item.comments;
                        left_out.fields += item.other_fields;
                        return Some(Ok(item::parsed(&item, self)));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Some(Err(error)),
                    None => rest = Some(left_out.told().into_iter()),
                }
            }
        });
        beside.chain(posts)
    }

    fn settings(&self) -> Option<Parsed> {
        (!self.settings.name.is_empty()).then(|| {
            Parsed::Piece(Box::new(PieceItem {
                origin: "the site".into(),
                key: "site".into(),
                piece: Piece::Site(Box::new(self.settings.clone())),
                exported: None,
                warnings: Vec::new(),
            }))
        })
    }
}

/// What is counted and has no place here.
#[derive(Debug, Default)]
struct LeftOut {
    comments: u64,
    fields: u64,
    menus: u64,
    terms: u64,
    past: u64,
    files: u64,
}

impl LeftOut {
    fn told(&self) -> Vec<Parsed> {
        let all = [
            ("comments", self.comments),
            ("custom fields", self.fields),
            ("menus", self.menus),
            (
                "terms of other taxonomies than categories and tags",
                self.terms,
            ),
            ("terms past those that are described here", self.past),
            (
                "files past those that covers and galleries can name",
                self.files,
            ),
        ];
        let told = all.into_iter().filter(|(_, count)| *count > 0);
        told.map(|(what, count)| Parsed::LeftOut {
            origin: "the file".into(),
            what,
            count,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
