//! From a published text to what the index holds of it.

use std::collections::HashSet;

use tantivy::TantivyDocument;
use tantivy::tokenizer::{PreTokenizedString, Token};

use super::schema::{FIRST, Fields, LocaleFields};
use crate::articles::store::PublishedText;

/// The document of a text.
pub(super) fn of(fields: &Fields, text: &PublishedText) -> TantivyDocument {
    let locale = fields.of(&text.locale);
    let mut document = TantivyDocument::new();
    let mut vocabulary = Vocabulary::default();

    let title = vocabulary.cut(locale, &text.title);
    document.add_pre_tokenized_text(locale.text, title.clone());
    document.add_pre_tokenized_text(locale.text, title.clone());
    document.add_pre_tokenized_text(locale.heading, title);
    let below = [text.subtitle.as_deref(), text.standfirst.as_deref()];
    let aliases = text.tags.iter().flat_map(|tag| &tag.aliases);
    let parts = below
        .into_iter()
        .flatten()
        .chain([text.text.as_str()])
        .chain(aliases.map(String::as_str));
    for part in parts {
        document.add_pre_tokenized_text(locale.text, vocabulary.cut(locale, part));
    }
    let tags = text.tags.iter().map(|tag| tag.name.as_str());
    let authors = text.authors.iter().map(|(_, name)| name.as_str());
    for name in tags.chain(authors) {
        let name = vocabulary.cut(locale, name);
        document.add_pre_tokenized_text(locale.text, name.clone());
        document.add_pre_tokenized_text(locale.heading, name);
    }
    document.add_pre_tokenized_text(locale.vocabulary, unordered(vocabulary.0));
    document.add_pre_tokenized_text(fields.names, unordered(names(locale, &text.title)));

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
    fn cut(&mut self, locale: &LocaleFields, text: &str) -> PreTokenizedString {
        let mut tokens = Vec::new();
        locale.words.each(text, |word| {
            if !word.is_whole && !self.0.contains(word.folded) {
                self.0.insert(word.folded.to_owned());
            }
            let mut add = |stem: &str| {
                tokens.push(Token {
                    offset_from: word.place.start,
                    offset_to: word.place.end,
                    position: word.position,
                    text: stem.to_owned(),
                    position_length: 1,
                });
            };
            add(word.stem);
            if let Some(other) = word.other_stem {
                add(other);
            }
            true
        });
        PreTokenizedString {
            text: String::new(),
            tokens,
        }
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

fn unordered(words: HashSet<String>) -> PreTokenizedString {
    let token = |text| Token {
        position: 0,
        text,
        ..Token::default()
    };
    PreTokenizedString {
        text: String::new(),
        tokens: words.into_iter().map(token).collect(),
    }
}
