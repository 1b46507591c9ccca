//! The authors of a site: by the name they sign in with there, which stays there.

use std::collections::HashMap;

use super::read::RawAuthor;
use super::terms::plain_name;
use crate::slug;
use crate::transfer::{AuthorInput, Parsed, Piece, PieceItem, without_address};

/// The most authors that are kept.
const MAX_AUTHORS: usize = 50_000;

#[derive(Debug)]
struct Known {
    name: String,
    slug: Option<String>,
    key: String,
    warning: Option<String>,
}

/// The authors of a site.
#[derive(Debug, Default)]
pub(super) struct People {
    known: Vec<Known>,
    by_login: HashMap<String, usize>,
    /// How many have a name.
    names: HashMap<String, usize>,
}

impl People {
    /// Takes an author of the file.
    pub(super) fn add(&mut self, author: &RawAuthor) {
        let login = author.login.trim().to_lowercase();
        if login.is_empty() || self.known.len() >= MAX_AUTHORS || self.by_login.contains_key(&login)
        {
            return;
        }
        let full = format!("{} {}", author.first_name, author.last_name);
        let written = [&author.display_name, &full, &author.login];
        let written = written.into_iter().find(|name| !name.trim().is_empty());
        let written = plain_name(written.map_or("", String::as_str));
        let (name, warning) = public(&written);
        let count = self.names.entry(slug::name_key(&name)).or_insert(0);
        *count += 1;
        // Two people of one name are told apart by their slugs.
        let slug = slug::slugify(&name).map(|base| match u32::try_from(*count) {
            Ok(1) | Err(_) => base,
            Ok(count) => slug::with_suffix(&base, count),
        });
        self.by_login.insert(login, self.known.len());
        self.known.push(Known {
            key: slug.clone().unwrap_or_else(|| slug::name_key(&name)),
            name,
            slug,
            warning,
        });
    }

    /// By what an article names the author who signs in as this: their name, or their slug where others have that name.
    pub(super) fn named(&self, login: &str) -> Option<String> {
        let known = self.by_login.get(&login.trim().to_lowercase());
        if let Some(known) = known.and_then(|index| self.known.get(*index)) {
            let alone = self.names.get(&slug::name_key(&known.name)) == Some(&1);
            return Some(match &known.slug {
                Some(slug) if !alone => slug.clone(),
                _ => known.name.clone(),
            });
        }
        let (name, _) = public(&plain_name(login));
        (!login.trim().is_empty()).then_some(name)
    }

    /// The authors.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Parsed> + '_ {
        self.known.iter().map(|known| {
            Parsed::Piece(Box::new(PieceItem {
                origin: format!("author {}", known.name),
                key: known.key.clone(),
                piece: Piece::Author(AuthorInput {
                    name: known.name.clone(),
                    slug: known.slug.clone(),
                    ..AuthorInput::default()
                }),
                exported: None,
                warnings: known.warning.iter().cloned().collect(),
            }))
        })
    }
}

/// A name that may be shown.
fn public(written: &str) -> (String, Option<String>) {
    match without_address(written) {
        None if written.is_empty() => ("Unknown".to_owned(), None),
        None => (written.to_owned(), None),
        Some(name) => {
            let name = if name.is_empty() {
                "Unknown".to_owned()
            } else {
                name
            };
            let warning =
                "the name is an e-mail address there, which was left out, since authors are public";
            (name, Some(warning.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(login: &str, display_name: &str) -> RawAuthor {
        RawAuthor {
            login: login.into(),
            display_name: display_name.into(),
            ..RawAuthor::default()
        }
    }

    #[test]
    fn authors_are_named_and_addresses_are_not() {
        let mut people = People::default();
        people.add(&author("jd", "Jane Doe"));
        people.add(&author("jd2", "Jane  Doe"));
        people.add(&author("ada@example.org", "ada@example.org"));
        people.add(&author("", "Nobody"));
        assert_eq!(people.named("JD").as_deref(), Some("jane-doe"));
        assert_eq!(people.named("jd2").as_deref(), Some("jane-doe-2"));
        assert_eq!(people.named("ada@example.org").as_deref(), Some("ada"));
        assert_eq!(people.named("x@example.org").as_deref(), Some("x"));
        assert_eq!(people.named(" "), None);
        assert_eq!(people.pieces().count(), 3);
        assert!(
            people
                .pieces()
                .all(|piece| !format!("{piece:?}").contains('@'))
        );
    }
}
