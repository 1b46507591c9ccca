//! How words that are cut already get into the index: as one text of terms, each behind a sign that tells its place. The
//! library's own type for that is turned into JSON and back on its way.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// The name by which fields ask for [`Terms`].
pub(super) const NAME: &str = "terms";

/// Before a term at the place after the last one. A space would not do: folded, some letters are several words.
const NEXT: char = '\u{1c}';
/// Before a term at the place of the last one.
const SAME: char = '\u{1d}';
/// Before a place in decimal, and the [`SAME`] of a term there.
const AT: char = '\u{1e}';
const SIGNS: [char; 3] = [NEXT, SAME, AT];

/// Terms with their places, written down. No term holds a control character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    text: String,
    next: usize,
}

impl Written {
    /// Writes a term at this place.
    pub(super) fn add(&mut self, term: &str, place: usize) {
        debug_assert!(!term.contains(SIGNS));
        if place == self.next {
            self.text.push(NEXT);
        } else if place + 1 == self.next {
            self.text.push(SAME);
        } else {
            self.text.push(AT);
            self.text.push_str(&place.to_string());
            self.text.push(SAME);
        }
        self.text.push_str(term);
        self.next = place + 1;
    }

    /// As the index takes it.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T: AsRef<str>> FromIterator<T> for Written {
    /// Terms that all are at one place.
    fn from_iter<I: IntoIterator<Item = T>>(terms: I) -> Self {
        let mut written = Self::default();
        for term in terms {
            written.add(term.as_ref(), 0);
        }
        written
    }
}

/// Reads what was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    token: Token,
}

/// The terms of one text.
pub(super) struct Stream<'a> {
    rest: &'a str,
    next: usize,
    token: &'a mut Token,
}

impl Tokenizer for Terms {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        self.token.reset();
        Stream {
            rest: text,
            next: 0,
            token: &mut self.token,
        }
    }
}

impl<'a> Stream<'a> {
    fn sign(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let sign = letters.next()?;
        self.rest = letters.as_str();
        Some(sign)
    }

    fn until_sign(&mut self) -> &'a str {
        let end = self.rest.find(SIGNS).unwrap_or(self.rest.len());
        let (found, rest) = self.rest.split_at(end);
        self.rest = rest;
        found
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let place = match self.sign() {
            None => return false,
            Some(SAME) => self.next.saturating_sub(1),
            Some(AT) => {
                let place = self.until_sign().parse();
                self.sign();
                place.unwrap_or(self.next)
            }
            Some(_) => self.next,
        };
        let term = self.until_sign();
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = place;
        self.next = place + 1;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_where_they_were_written() {
        let given = [
            ("e", 0),
            ("mail", 1),
            ("email", 0),
            ("caf", 2),
            ("cafe", 2),
            ("far", 4_000),
            ("back", 7),
            ("several words", 8),
        ];
        let mut written = Written::default();
        for (term, place) in given {
            written.add(term, place);
        }
        let mut terms = Terms::default();
        let mut stream = terms.token_stream(written.as_str());
        let mut read = Vec::new();
        while stream.advance() {
            let Token {
                text,
                position,
                position_length,
                ..
            } = stream.token();
            assert_eq!(*position_length, 1);
            read.push((text.clone(), *position));
        }
        assert_eq!(read, given.map(|(term, place)| (term.to_owned(), place)));
        assert!(!terms.token_stream("").advance());
        let unordered: Written = ["a", "b"].into_iter().collect();
        let mut stream = terms.token_stream(unordered.as_str());
        for _ in 0..2 {
            assert!(stream.advance());
            assert_eq!(stream.token().position, 0);
        }
        assert!(!stream.advance());
    }
}
