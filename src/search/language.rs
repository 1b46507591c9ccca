//! What is particular to a language: how its words are cut to their stems, and which of them say nothing about a text.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use frostem::Stemmer;
use tantivy::tokenizer::{
    Language as Listed, RawTokenizer, StopWordFilter, TextAnalyzer, TokenStream,
};

/// A language as the index knows it.
#[derive(Clone)]
pub struct Language {
    stemmer: Option<Stemmer>,
    listed: Option<TextAnalyzer>,
    more: Arc<HashSet<&'static str>>,
    /// A short word before an apostrophe belongs to no word: `l'eau`.
    elides: bool,
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Language")
            .field("stems", &self.stemmer.is_some())
            .finish_non_exhaustive()
    }
}

/// Words with which English asks and joins. The library's list has the rarest of them only.
const ENGLISH: &[&str] = &[
    "about", "above", "after", "again", "all", "also", "am", "any", "anyone", "been", "before",
    "being", "below", "between", "both", "can", "could", "did", "do", "does", "doing", "done",
    "during", "each", "few", "from", "further", "had", "has", "have", "having", "he", "her",
    "here", "hers", "him", "his", "how", "i", "its", "just", "may", "me", "might", "more", "most",
    "must", "my", "nor", "off", "once", "only", "other", "our", "ours", "out", "over", "own",
    "same", "she", "should", "so", "some", "than", "those", "through", "too", "under", "until",
    "up", "us", "very", "we", "were", "what", "when", "where", "which", "while", "who", "whom",
    "whose", "why", "would", "you", "your", "yours",
];

impl Language {
    /// The language of a locale (a BCP 47 tag), by its first part. One that has no stemmer keeps its words whole.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        let language = locale.split('-').next().unwrap_or_default();
        let language = language.to_ascii_lowercase();
        Self {
            stemmer: stemmer(&language),
            listed: listed(&language)
                .and_then(StopWordFilter::new)
                .map(|filter| {
                    TextAnalyzer::builder(RawTokenizer::default())
                        .filter(filter)
                        .build()
                }),
            more: Arc::new(match language.as_str() {
                "en" => ENGLISH.iter().copied().collect(),
                _ => HashSet::new(),
            }),
            elides: matches!(language.as_str(), "fr" | "it" | "ca" | "ga"),
        }
    }

    /// The stem of a word in lower case, into `stem`.
    pub fn stem_into(&self, word: &str, stem: &mut String) {
        stem.clear();
        match &self.stemmer {
            Some(stemmer) => stem.push_str(&stemmer.stem(word)),
            None => stem.push_str(word),
        }
    }

    /// Whether a word in lower case is one of those that a query can do without.
    #[must_use]
    pub fn is_empty_word(&self, word: &str) -> bool {
        if self.more.contains(word) {
            return true;
        }
        let Some(mut listed) = self.listed.clone() else {
            return false;
        };
        // The filter takes the one word away where its list has it.
        !listed.token_stream(word).advance()
    }

    pub(super) const fn elides(&self) -> bool {
        self.elides
    }
}

fn stemmer(language: &str) -> Option<Stemmer> {
    // The library names languages by their codes (ISO 639), Norwegian as one.
    let name = match language {
        "nb" | "nn" => "no",
        other => other,
    };
    Stemmer::try_from_name(name).ok()
}

fn listed(language: &str) -> Option<Listed> {
    Some(match language {
        "da" => Listed::Danish,
        "de" => Listed::German,
        "en" => Listed::English,
        "es" => Listed::Spanish,
        "fi" => Listed::Finnish,
        "fr" => Listed::French,
        "hu" => Listed::Hungarian,
        "it" => Listed::Italian,
        "nl" => Listed::Dutch,
        "nb" | "nn" | "no" => Listed::Norwegian,
        "pt" => Listed::Portuguese,
        "ru" => Listed::Russian,
        "sv" => Listed::Swedish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(locale: &str, word: &str) -> String {
        let mut stem = String::new();
        Language::of(locale).stem_into(word, &mut stem);
        stem
    }

    #[test]
    fn cuts_words_by_their_language() {
        assert_eq!(stem("en", "running"), "run");
        assert_eq!(stem("en-GB", "running"), "run");
        assert_eq!(stem("de", "häuser"), "haus");
        assert_eq!(stem("fr", "continuellement"), "continuel");
        assert_eq!(stem("pl", "kotami"), stem("pl", "kotach"));
        assert_eq!(stem("tlh", "running"), "running");
    }

    #[test]
    fn knows_words_that_say_nothing() {
        for (locale, word, empty) in [
            ("en", "the", true),
            ("en", "what", true),
            ("en", "tag", false),
            ("de", "und", true),
            ("de", "haus", false),
            ("tlh", "the", false),
        ] {
            assert_eq!(
                Language::of(locale).is_empty_word(word),
                empty,
                "{locale} {word}"
            );
        }
    }
}
