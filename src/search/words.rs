//! Words of a text, as the index and every query see them. One pass gives each word its place in the text, its folded
//! form (what a reader types, without case and accents) and the terms that the index knows it by (its stem).
//!
//! Scripts that put no spaces between words are cut into overlapping pairs of letters, and the last letter of a run stands
//! by itself, so that each letter begins some term. Of words joined by a hyphen or a full stop there is also the whole,
//! without what joins them: `e-mail` is found by `email`, and the other way round.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use unicode_normalization::UnicodeNormalization;

use super::language::Language;

/// Letters of a word that count. What is longer is nothing that anybody types.
const LONGEST: usize = 64;

/// Stems that are remembered of a language.
const REMEMBERED: usize = 8_192;

/// A word, or a part of one, at its place.
#[derive(Debug)]
pub struct Word<'w> {
    /// Its bytes in the text.
    pub place: Range<usize>,
    /// The how manieth word it is; a whole has the number of its first part.
    pub position: usize,
    /// In lower case, without accents, in composed form.
    pub folded: &'w str,
    /// Its stem.
    pub stem: &'w str,
    /// Its stem as it is with its accents, where that makes another.
    pub other_stem: Option<&'w str>,
    /// Of words that are joined: all of them as one.
    pub is_whole: bool,
    /// One pair of letters of a script without spaces.
    pub is_pair: bool,
}

/// What cuts texts of one language into words.
#[derive(Debug, Clone)]
pub struct Words {
    language: Language,
    /// Whoever finds it in use does without.
    stems: Arc<Mutex<Stems>>,
}

/// Stems that were made lately: to make one takes ten times as long as to find it, and few words make up most of a text.
#[derive(Debug, Default)]
struct Stems(HashMap<String, String>);

impl Stems {
    fn stem_into(&mut self, word: &str, language: &Language, stem: &mut String) {
        if let Some(known) = self.0.get(word) {
            stem.clear();
            stem.push_str(known);
            return;
        }
        language.stem_into(word, stem);
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(word.to_owned(), stem.clone());
    }
}

impl Words {
    /// For the language of a locale.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        Self {
            language: Language::of(locale),
            stems: Arc::default(),
        }
    }

    /// The language.
    #[must_use]
    pub const fn language(&self) -> &Language {
        &self.language
    }

    /// Gives every word of a text to `each`, in order, until it answers `false`. Answers how many positions there were.
    pub fn each(&self, text: &str, mut each: impl FnMut(&Word<'_>) -> bool) -> usize {
        let mut forms = Forms {
            stems: self.stems.try_lock().ok(),
            ..Forms::default()
        };
        let mut position = 0;
        let mut rest = 0;
        while let Some(first) = next_run(text, rest) {
            rest = first.end;
            if first.paired {
                if !self.pairs(text, &first, &mut position, &mut forms, &mut each) {
                    break;
                }
                continue;
            }
            let from = position;
            let mut runs = 1;
            let mut last = first.clone();
            if !self.one(text, &first, position, false, &mut forms, &mut each) {
                break;
            }
            position += 1;
            while let Some(next) = joined(text, &last) {
                if !self.one(text, &next, position, false, &mut forms, &mut each) {
                    return position;
                }
                position += 1;
                runs += 1;
                rest = next.end;
                last = next;
            }
            let whole = Run {
                start: first.start,
                end: last.end,
                paired: false,
            };
            if runs > 1 && !self.one(text, &whole, from, true, &mut forms, &mut each) {
                break;
            }
        }
        position
    }

    fn one(
        &self,
        text: &str,
        run: &Run,
        position: usize,
        is_whole: bool,
        forms: &mut Forms<'_>,
        each: &mut impl FnMut(&Word<'_>) -> bool,
    ) -> bool {
        forms.fill(&text[run.start..run.end], &self.language);
        if forms.folded.is_empty() {
            return true;
        }
        each(&Word {
            place: run.start..run.end,
            position,
            folded: &forms.folded,
            stem: &forms.stem,
            other_stem: (!forms.other.is_empty() && forms.other != forms.stem)
                .then_some(forms.other.as_str()),
            is_whole,
            is_pair: false,
        })
    }

    fn pairs(
        &self,
        text: &str,
        run: &Run,
        position: &mut usize,
        forms: &mut Forms<'_>,
        each: &mut impl FnMut(&Word<'_>) -> bool,
    ) -> bool {
        let letters = letters(&text[run.start..run.end]);
        for (index, letter) in letters.iter().enumerate() {
            let end = letters
                .get(index + 1)
                .map_or(letter.end, |next: &Range<usize>| next.end);
            let place = run.start + letter.start..run.start + end;
            forms.folded.clear();
            fold_into(&text[place.clone()], &mut forms.folded);
            let goes_on = each(&Word {
                place,
                position: *position,
                folded: &forms.folded,
                stem: &forms.folded,
                other_stem: None,
                is_whole: false,
                is_pair: true,
            });
            if !goes_on {
                return false;
            }
            *position += 1;
        }
        true
    }
}

/// The forms of a word, kept between words so that none is allocated anew.
#[derive(Debug, Default)]
struct Forms<'s> {
    lower: String,
    folded: String,
    stem: String,
    other: String,
    scratch: String,
    stems: Option<MutexGuard<'s, Stems>>,
}

impl Forms<'_> {
    fn fill(&mut self, word: &str, language: &Language) {
        self.lower.clear();
        self.folded.clear();
        self.other.clear();
        let mut ascii = true;
        for letter in word.chars().take(4 * LONGEST) {
            if self.lower.len() >= 4 * LONGEST {
                break;
            }
            if letter.is_ascii() {
                if letter.is_ascii_alphanumeric() {
                    self.lower.push(letter.to_ascii_lowercase());
                } else if letter == '\'' {
                    self.lower.push('\'');
                }
            } else if letter == '\u{2019}' || letter == '\u{ff07}' {
                self.lower.push('\'');
            } else if is_of_words(letter) {
                ascii = false;
                self.lower.extend(letter.to_lowercase());
            }
        }
        self.strip_apostrophes(language);
        if ascii {
            self.folded.push_str(&self.lower);
            cut(&mut self.folded);
            stem_into(&self.folded, language, &mut self.stems, &mut self.stem);
            return;
        }
        fold_into(&self.lower, &mut self.folded);
        cut(&mut self.folded);
        stem_into(&self.folded, language, &mut self.stems, &mut self.stem);
        // With its accents a word may be cut otherwise; folded after that, it is one more way to find it.
        stem_into(&self.lower, language, &mut self.stems, &mut self.scratch);
        fold_into(&self.scratch, &mut self.other);
        cut(&mut self.other);
    }

    /// `it's` is `it`, `l'eau` is `eau`, `don't` is `dont`.
    fn strip_apostrophes(&mut self, language: &Language) {
        if !self.lower.contains('\'') {
            return;
        }
        if let Some(bare) = self.lower.strip_suffix("'s") {
            self.lower.truncate(bare.len());
        }
        if language.elides()
            && let Some((before, after)) = self.lower.split_once('\'')
            && (1..=3).contains(&before.chars().count())
            && !after.is_empty()
        {
            self.lower = after.to_owned();
        }
        self.lower.retain(|letter| letter != '\'');
    }
}

fn stem_into(
    word: &str,
    language: &Language,
    stems: &mut Option<MutexGuard<'_, Stems>>,
    stem: &mut String,
) {
    match stems {
        Some(stems) => stems.stem_into(word, language, stem),
        None => language.stem_into(word, stem),
    }
}

fn cut(word: &mut String) {
    if let Some((end, _)) = word.char_indices().nth(LONGEST) {
        word.truncate(end);
    }
}

/// Takes case, width and accents from a text. Marks that make another letter of it in its script stay: `й` is not `и`.
pub fn fold_into(text: &str, folded: &mut String) {
    if text.is_ascii() {
        folded.extend(text.chars().map(|letter| letter.to_ascii_lowercase()));
        return;
    }
    let mut base = ' ';
    let mut kept = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase) {
        let is_accent = match letter {
            '\u{300}'..='\u{36f}' => match base {
                '\u{400}'..='\u{52f}' => {
                    letter != '\u{306}' && (letter != '\u{308}' || base == 'е')
                }
                _ => true,
            },
            // Points of Hebrew and vowel signs of Arabic, which are seldom written.
            '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' => true,
            _ => false,
        };
        if is_accent {
            continue;
        }
        base = letter;
        match letter {
            'ß' => kept.push_str("ss"),
            'æ' => kept.push_str("ae"),
            'œ' => kept.push_str("oe"),
            'þ' => kept.push_str("th"),
            'ø' => kept.push('o'),
            'ł' => kept.push('l'),
            'đ' | 'ð' => kept.push('d'),
            'ħ' => kept.push('h'),
            'ı' => kept.push('i'),
            'ς' => kept.push('σ'),
            other => kept.push(other),
        }
    }
    folded.extend(kept.nfc());
}

/// Letters and what belongs to them, without a break.
#[derive(Debug, Clone)]
struct Run {
    start: usize,
    end: usize,
    paired: bool,
}

/// Signs that stand inside of words and are no letters.
fn is_inner(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '\u{2019}' | '\u{ff07}' | '\u{ad}' | '\u{200c}' | '\u{200d}'
    )
}

fn is_of_words(letter: char) -> bool {
    letter.is_alphanumeric() || is_mark(letter)
}

/// Combining marks that words of some scripts are full of, which `is_alphanumeric` leaves out.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// Scripts without spaces between words, and those whose words have too many endings to be told apart without a
/// dictionary.
const fn is_paired(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}'     // Thai, Lao
        | '\u{1000}'..='\u{109f}'   // Burmese
        | '\u{1100}'..='\u{11ff}'   // Hangul
        | '\u{1780}'..='\u{17ff}'   // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}'   // Kana
        | '\u{3131}'..='\u{318e}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'   // Han
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

fn next_run(text: &str, from: usize) -> Option<Run> {
    let bytes = text.as_bytes();
    let mut start = from;
    loop {
        let byte = *bytes.get(start)?;
        if byte.is_ascii() {
            if byte.is_ascii_alphanumeric() {
                break;
            }
            start += 1;
            continue;
        }
        let letter = text[start..].chars().next()?;
        if letter.is_alphanumeric() {
            break;
        }
        start += letter.len_utf8();
    }
    let paired = text[start..].chars().next().is_some_and(is_paired);
    let mut end = start;
    let mut rest = text[start..].char_indices().peekable();
    while let Some((index, letter)) = rest.next() {
        let belongs = if is_of_words(letter) {
            // A mark goes with the letter that it stands on.
            is_mark(letter) || is_paired(letter) == paired
        } else {
            is_inner(letter) && !paired && rest.peek().is_some_and(|(_, next)| is_of_words(*next))
        };
        if !belongs {
            break;
        }
        end = start + index + letter.len_utf8();
    }
    Some(Run { start, end, paired })
}

/// The word that is joined to this one: by a hyphen, or by a full stop between letters.
fn joined(text: &str, run: &Run) -> Option<Run> {
    let mut after = text[run.end..].chars();
    let join = after.next()?;
    let next = after.next()?;
    let joins = match join {
        '-' | '\u{2010}' | '\u{2011}' => next.is_alphanumeric(),
        '.' | '_' => {
            next.is_alphabetic()
                && text[..run.end]
                    .chars()
                    .next_back()
                    .is_some_and(char::is_alphabetic)
        }
        _ => false,
    };
    if !joins || is_paired(next) {
        return None;
    }
    next_run(text, run.end + join.len_utf8())
}

/// The letters of a run, each with the marks that stand on it.
fn letters(run: &str) -> Vec<Range<usize>> {
    let mut letters: Vec<Range<usize>> = Vec::new();
    for (index, letter) in run.char_indices() {
        let end = index + letter.len_utf8();
        match letters.last_mut() {
            Some(last) if is_mark(letter) => last.end = end,
            _ => letters.push(index..end),
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each word as `position:folded/stem`, a whole with `+`, another stem after `|`.
    fn cut(locale: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Words::of(locale).each(text, |word| {
            assert!(text.get(word.place.clone()).is_some(), "{word:?}");
            let other = word.other_stem.map(|stem| format!("|{stem}"));
            found.push(format!(
                "{}{}:{}/{}{}",
                if word.is_whole { "+" } else { "" },
                word.position,
                word.folded,
                word.stem,
                other.unwrap_or_default()
            ));
            true
        });
        found
    }

    #[test]
    fn folds_and_stems() {
        assert_eq!(
            cut("en", "Running DOGS, it's a café!"),
            [
                "0:running/run",
                "1:dogs/dog",
                "2:it/it",
                "3:a/a",
                "4:cafe/cafe"
            ]
        );
        assert_eq!(
            cut("de", "Häuser in Straßen"),
            ["0:hauser/haus", "1:in/in", "2:strassen/strass"]
        );
        assert_eq!(cut("fr", "L'eau d\u{2019}été"), ["0:eau/eau", "1:ete/ete"]);
        assert_eq!(cut("tlh", "ＡＢＣ ﬁn"), ["0:abc/abc", "1:fin/fin"]);
        assert_eq!(cut("ru", "ёлки й"), ["0:елки/елк", "1:й/й"]);
    }

    #[test]
    fn joins_what_a_hyphen_joins() {
        assert_eq!(
            cut("tlh", "an e-mail to U.S. 3.5 well-"),
            [
                "0:an/an",
                "1:e/e",
                "2:mail/mail",
                "+1:email/email",
                "3:to/to",
                "4:u/u",
                "5:s/s",
                "+4:us/us",
                "6:3/3",
                "7:5/5",
                "8:well/well"
            ]
        );
    }

    #[test]
    fn pairs_letters_of_scripts_without_spaces() {
        assert_eq!(
            cut("ja", "日本語 text"),
            ["0:日本/日本", "1:本語/本語", "2:語/語", "3:text/text"]
        );
        assert_eq!(cut("ko", "한국"), ["0:한국/한국", "1:국/국"]);
        assert_eq!(cut("th", "ไทย").len(), 3);
    }

    #[test]
    fn takes_any_text() {
        let long = "x".repeat(10_000);
        for text in [
            "",
            "'",
            "\u{301}",
            "a\u{301}\u{301}",
            "\u{0}\u{202e}🦀",
            "''''",
            "-.-",
            &long,
        ] {
            cut("en", text);
            cut("fr", text);
        }
        assert_eq!(cut("tlh", &long)[0].len(), "0:/".len() + 2 * LONGEST);
    }
}
