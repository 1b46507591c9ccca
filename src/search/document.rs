//! From a published text to what the index holds of it.

use std::collections::HashSet;

use tantivy::TantivyDocument;

use super::schema::{FIRST, Fields, LocaleFields};
use super::terms::Written;
use crate::articles::store::PublishedText;

/// The document of a text.
pub(super) fn of(fields: &Fields, text: &PublishedText) -> TantivyDocument {
    let locale = fields.of(&text.locale);
    let mut document = TantivyDocument::new();
    let mut vocabulary = Vocabulary::default();

    let title = vocabulary.cut(locale, &text.title);
    document.add_text(locale.text, title.as_str());
    document.add_text(locale.text, title.as_str());
    document.add_text(locale.heading, title.as_str());
    let below = [text.subtitle.as_deref(), text.standfirst.as_deref()];
    let aliases = text.tags.iter().flat_map(|tag| &tag.aliases);
    let parts = below
        .into_iter()
        .flatten()
        .chain([text.text.as_str()])
        .chain(aliases.map(String::as_str));
    for part in parts {
        document.add_text(locale.text, vocabulary.cut(locale, part).as_str());
    }
    let tags = text.tags.iter().map(|tag| tag.name.as_str());
    let authors = text.authors.iter().map(|(_, name)| name.as_str());
    for name in tags.chain(authors) {
        let name = vocabulary.cut(locale, name);
        document.add_text(locale.text, name.as_str());
        document.add_text(locale.heading, name.as_str());
    }
    document.add_text(locale.vocabulary, Written::from_iter(vocabulary.0).as_str());
    let names = Written::from_iter(names(locale, &text.title));
    document.add_text(fields.names, names.as_str());

    let [high, low] = halves(text.id.as_bytes());
    document.add_bytes(fields.id, text.id.as_bytes());
    document.add_u64(fields.id_high, high);
    document.add_u64(fields.id_low, low);
    for tag in &text.tags {
        document.add_bytes(fields.tags, tag.id.as_bytes());
    }
    for (author, _) in &text.authors {
        document.add_bytes(fields.authors, author.as_bytes());
    }
    document.add_bytes(fields.locale, text.locale.as_bytes());
    document.add_bytes(fields.kind, text.kind.as_str().as_bytes());
    document.add_bool(fields.featured, text.featured);
    document.add_bytes(fields.audience, text.audience.as_str().as_bytes());
    document.add_i64(fields.published_at, text.published_at.millis());
    document.add_i64(fields.updated_at, text.updated_at.millis());
    document.add_i64(fields.year, text.published_at.year());
    document
}

/// An id as two numbers, in its order.
pub(super) fn halves(id: &[u8; 16]) -> [u64; 2] {
    let number = u128::from_be_bytes(*id);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    [(number >> 64) as u64, number as u64]
}

/// The folded words that a text holds.
#[derive(Default)]
struct Vocabulary(HashSet<String>);

impl Vocabulary {
    /// The stems of a text in their places, its words noted.
    fn cut(&mut self, locale: &LocaleFields, text: &str) -> Written {
        let mut terms = Written::default();
        locale.words.each(text, |word| {
            if !word.is_whole && !self.0.contains(word.folded) {
                self.0.insert(word.folded.to_owned());
            }
            terms.add(word.stem, word.position);
            if let Some(other) = word.other_stem {
                terms.add(other, word.position);
            }
            true
        });
        terms
    }
}

fn names(locale: &LocaleFields, title: &str) -> HashSet<String> {
    let mut names = HashSet::new();
    locale.words.each(title, |word| {
        if word.position == 0 && !word.is_whole {
            names.insert(format!("{FIRST}{}", word.folded));
        }
        names.insert(word.folded.to_owned());
        true
    });
    names
}
