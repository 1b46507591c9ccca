//! What people type into a search box, read by a grammar of our own in which every text has a meaning. Words; `"several
//! words"` in that order; `-word` and `-"several words"` for what must not be there. All else is text like any other:
//! nothing that is typed reaches the library as one of its operators.

use crate::error::FaultCode;

/// Characters of a query at most.
pub const MAX_CHARACTERS: usize = 512;
/// Words of a query at most.
pub const MAX_WORDS: usize = 64;

/// A query as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    /// What is looked for, in order.
    pub parts: Vec<Part>,
    /// What must not be there.
    pub excluded: Vec<Part>,
    /// The last part is a word that may go on: nothing stands behind it.
    pub is_open: bool,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its text, without signs of the grammar.
    pub text: String,
    /// Its words stand together, in this order.
    pub is_phrase: bool,
    /// Its bytes in the query.
    pub place: (usize, usize),
}

impl Typed {
    /// Reads a query.
    ///
    /// # Errors
    /// When it is too long.
    pub fn read(text: &str) -> Result<Self, (FaultCode, String)> {
        let characters = text.chars().count();
        if characters > MAX_CHARACTERS {
            let detail =
                format!("has {characters} characters; at most {MAX_CHARACTERS} are allowed");
            return Err((FaultCode::TooLarge, detail));
        }
        let words = text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .count();
        if words > MAX_WORDS {
            let detail = format!("has {words} words; at most {MAX_WORDS} are allowed");
            return Err((FaultCode::TooLarge, detail));
        }
        let mut this = Self::default();
        let mut rest = 0;
        while let Some(part) = next(text, &mut rest) {
            let (excluded, part) = part;
            this.is_open = !excluded && !part.is_phrase && part.place.1 == text.len();
            if excluded {
                this.excluded.push(part);
            } else {
                this.parts.push(part);
            }
        }
        Ok(this)
    }

    /// The query with other words in place of these parts.
    #[must_use]
    pub fn with(text: &str, words: &[((usize, usize), String)]) -> String {
        let mut corrected = String::with_capacity(text.len());
        let mut done = 0;
        for ((from, to), word) in words {
            corrected.push_str(&text[done..*from]);
            corrected.push_str(word);
            done = *to;
        }
        corrected.push_str(&text[done..]);
        corrected.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Quotation marks of all kinds that open or close a phrase.
const fn is_quote(letter: char) -> bool {
    matches!(
        letter,
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{ff02}'
    )
}

fn next(text: &str, rest: &mut usize) -> Option<(bool, Part)> {
    loop {
        let skipped = text[*rest..].find(|letter: char| !letter.is_whitespace())?;
        let mut from = *rest + skipped;
        let mut letters = text[from..].chars();
        let mut first = letters.next()?;
        // A hyphen by itself, or before a space, excludes nothing.
        let excluded = matches!(first, '-' | '\u{2212}')
            && letters
                .clone()
                .next()
                .is_some_and(|next| is_quote(next) || next.is_alphanumeric());
        if excluded {
            from += first.len_utf8();
            first = letters.next()?;
        }
        let (part, end) = if is_quote(first) {
            let inside = from + first.len_utf8();
            // One that nobody closed ends with the query.
            let length = text[inside..].find(is_quote).unwrap_or(text.len() - inside);
            let close = text[inside + length..].chars().next();
            let end = inside + length + close.map_or(0, char::len_utf8);
            (
                Part {
                    text: text[inside..inside + length].to_owned(),
                    is_phrase: true,
                    place: (inside, inside + length),
                },
                end,
            )
        } else {
            let length = text[from..]
                .find(|letter: char| letter.is_whitespace() || is_quote(letter))
                .unwrap_or(text.len() - from);
            (
                Part {
                    text: text[from..from + length].to_owned(),
                    is_phrase: false,
                    place: (from, from + length),
                },
                from + length,
            )
        };
        *rest = end;
        if part.text.chars().any(char::is_alphanumeric) {
            return Some((excluded, part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words as they are, phrases in brackets, what is excluded behind `!`, and `…` where the last word is open.
    fn read(text: &str) -> String {
        let typed = Typed::read(text).unwrap();
        let show = |part: &Part| match part.is_phrase {
            true => format!("[{}]", part.text),
            false => part.text.clone(),
        };
        let mut shown: Vec<String> = typed.parts.iter().map(show).collect();
        shown.extend(typed.excluded.iter().map(|part| format!("!{}", show(part))));
        format!(
            "{}{}",
            shown.join(" "),
            if typed.is_open { "…" } else { "" }
        )
    }

    #[test]
    fn every_text_has_a_meaning() {
        for (typed, meant) in [
            ("open data", "open data…"),
            ("open data ", "open data"),
            ("open data.", "open data.…"),
            ("\"open data\" now", "[open data] now…"),
            ("\"open data", "[open data]"),
            ("„offene Daten“", "[offene Daten]"),
            ("open -data", "open !data"),
            ("-\"open data\" x", "x ![open data]…"),
            ("open - data", "open data…"),
            ("-", ""),
            ("\"\"", ""),
            ("* ? && || ! ( ) [ ] { } ^ ~ : \\ /", ""),
            ("title:secret", "title:secret…"),
            ("a\"b\"c", "a [b] c…"),
            ("--x", "--x…"),
            ("", ""),
        ] {
            assert_eq!(read(typed), meant, "{typed}");
        }
    }

    #[test]
    fn is_bounded() {
        assert!(Typed::read(&"é".repeat(MAX_CHARACTERS)).is_ok());
        assert!(Typed::read(&"é".repeat(MAX_CHARACTERS + 1)).is_err());
        assert!(Typed::read(&"a ".repeat(MAX_WORDS)).is_ok());
        assert!(Typed::read(&"a ".repeat(MAX_WORDS + 1)).is_err());
        assert!(Typed::read(&"a-".repeat(MAX_WORDS + 1)).is_err());
    }

    #[test]
    fn puts_other_words_in_place() {
        let text = "opne  \"data\" -x";
        let typed = Typed::read(text).unwrap();
        let words = [(typed.parts[0].place, "open".to_owned())];
        assert_eq!(Typed::with(text, &words), "open \"data\" -x");
    }
}
