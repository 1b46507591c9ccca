//! What a list of names is searched for.

use crate::slug;

/// Words, each of which a name or its slug must hold, or a part of it. Both are kept in lower case, so that both databases
/// find the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Word>);

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// For the key of a name.
    pub in_name: String,
    /// For a slug; `None` where the word has signs that no slug keeps: `c++` would find every `c`.
    pub in_slug: Option<String>,
}

impl Words {
    /// The words of a text, or `None` where it has none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = slug::name_key(text);
        let words: Vec<Word> = key
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(word)
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Word> {
        self.0.iter()
    }
}

fn word(word: &str) -> Word {
    let kept = word.chars().all(|c| c.is_alphanumeric() || c == '-');
    let in_slug = slug::slugify(word).filter(|_| kept);
    Word {
        in_name: word.to_owned(),
        in_slug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, Option<String>)> {
        let words = Words::parse(text).map_or(Vec::new(), |words| words.0);
        let pair = |word: Word| (word.in_name, word.in_slug);
        words.into_iter().map(pair).collect()
    }

    #[test]
    fn a_word_is_looked_for_as_names_and_slugs_are_kept() {
        let found = words("  CAFE\u{301}  Über ");
        assert_eq!(
            found,
            [
                ("café".to_owned(), Some("cafe".to_owned())),
                ("über".to_owned(), Some("ueber".to_owned())),
            ]
        );
        assert_eq!(Words::parse(" \u{2003} "), None);
    }

    #[test]
    fn signs_are_in_no_slug() {
        assert_eq!(words("C++"), [("c++".to_owned(), None)]);
        assert_eq!(words(r"100%_\"), [(r"100%_\".to_owned(), None)]);
    }
}
