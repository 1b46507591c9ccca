//! The words that the published texts hold: what a beginning may become, and what was meant by a word that nobody wrote.
//! The dictionary of the index still knows words of texts that are gone, so each word counts only with a text that is
//! there.

use std::sync::LazyLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, SegmentReader, TERMINATED, Term};
use tantivy_fst::Automaton;

use super::serving::Serving;
use crate::error::Result;

/// Words that begin alike of which the commonest are taken.
const LOOKED_AT: usize = 10_000;

/// Building these tables takes milliseconds, so it is done once.
static BUILDERS: LazyLock<[LevenshteinAutomatonBuilder; 2]> = LazyLock::new(|| {
    [
        LevenshteinAutomatonBuilder::new(1, true),
        LevenshteinAutomatonBuilder::new(2, true),
    ]
});

/// A word and how many texts hold it, about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The word, folded.
    pub word: String,
    /// Texts, of which some may be gone.
    pub texts: u64,
    /// Letters that differ from what was typed.
    pub distance: u8,
}

impl Serving {
    /// Whether some text holds this word.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn knows(&self, field: Field, word: &str) -> Result<bool> {
        let term = Term::from_field_text(field, word);
        for segment in self.searcher.segment_readers() {
            if alive(segment, &term)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The commonest words that begin so, up to `most`, the commonest first; ties in their order.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn beginning(&self, field: Field, start: &str, most: usize) -> Result<Vec<Known>> {
        let mut end = start.to_owned();
        end.push(char::MAX);
        let mut found: Vec<Known> = Vec::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut words = index
                .terms()
                .range()
                .ge(start.as_bytes())
                .lt(end.as_bytes())
                .into_stream()
                .map_err(super::damaged)?;
            let mut seen = 0;
            while seen < LOOKED_AT && words.advance() {
                seen += 1;
                if let Ok(word) = std::str::from_utf8(words.key()) {
                    found.push(Known {
                        word: word.to_owned(),
                        texts: words.value().doc_freq.into(),
                        distance: 0,
                    });
                }
            }
        }
        self.best(field, found, most, |a, b| b.texts.cmp(&a.texts))
    }

    /// The words that are likeliest meant by one that no text holds, the best first: with the fewest letters changed, then
    /// the commonest. The first letter is seldom typed wrong, and is taken as it is.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn near(&self, field: Field, word: &str, most: usize) -> Result<Vec<Known>> {
        let letters = word.chars().count();
        let distances: &[u8] = match letters {
            0..=3 => &[],
            4..=7 => &[1],
            _ => &[1, 2],
        };
        for distance in distances {
            let Some(builder) = BUILDERS.get(usize::from(*distance) - 1) else {
                continue;
            };
            let automaton = Near {
                dfa: builder.build_dfa(word),
                first: word.chars().next().map(|first| {
                    let mut bytes = [0; 4];
                    first.encode_utf8(&mut bytes).as_bytes().to_vec()
                }),
            };
            let mut found = Vec::new();
            for segment in self.searcher.segment_readers() {
                let index = segment.inverted_index(field)?;
                let mut words = index
                    .terms()
                    .search(&automaton)
                    .into_stream()
                    .map_err(super::damaged)?;
                while words.advance() {
                    if let Ok(near) = std::str::from_utf8(words.key()) {
                        found.push(Known {
                            word: near.to_owned(),
                            texts: words.value().doc_freq.into(),
                            distance: automaton.distance(near),
                        });
                    }
                }
            }
            let best = self.best(field, found, most, |a, b| {
                (a.distance, b.texts).cmp(&(b.distance, a.texts))
            })?;
            if !best.is_empty() {
                return Ok(best);
            }
        }
        Ok(Vec::new())
    }

    /// Adds up what the segments know, and takes the best that are there.
    fn best(
        &self,
        field: Field,
        mut found: Vec<Known>,
        most: usize,
        order: impl Fn(&Known, &Known) -> std::cmp::Ordering,
    ) -> Result<Vec<Known>> {
        found.sort_unstable_by(|a, b| a.word.cmp(&b.word));
        found.dedup_by(|next, kept| {
            let same = next.word == kept.word;
            if same {
                kept.texts += next.texts;
            }
            same
        });
        found.sort_by(|a, b| order(a, b).then_with(|| a.word.cmp(&b.word)));
        let mut best = Vec::with_capacity(most.min(found.len()));
        for known in found {
            if best.len() == most {
                break;
            }
            if self.knows(field, &known.word)? {
                best.push(known);
            }
        }
        Ok(best)
    }
}

/// Whether a text that is there holds the term.
fn alive(segment: &SegmentReader, term: &Term) -> Result<bool> {
    let index = segment.inverted_index(term.field())?;
    let Some(info) = index.get_term_info(term).map_err(super::damaged)? else {
        return Ok(false);
    };
    let Some(alive) = segment.alive_bitset() else {
        return Ok(info.doc_freq > 0);
    };
    let mut postings = index
        .read_postings_from_terminfo(&info, IndexRecordOption::Basic)
        .map_err(super::damaged)?;
    let mut document = postings.doc();
    while document != TERMINATED {
        if alive.is_alive(document) {
            return Ok(true);
        }
        document = postings.advance();
    }
    Ok(false)
}

/// Accepts words near another that begin with the same letter.
struct Near {
    dfa: DFA,
    /// The bytes of the first letter.
    first: Option<Vec<u8>>,
}

impl Near {
    fn distance(&self, word: &str) -> u8 {
        match self.dfa.eval(word) {
            Distance::Exact(distance) | Distance::AtLeast(distance) => distance,
        }
    }
}

impl Automaton for &Near {
    /// That of the other automaton, and how many bytes were read as long as that matters.
    type State = (u32, u8);

    fn start(&self) -> Self::State {
        (self.dfa.initial_state(), 0)
    }

    fn is_match(&self, (state, _): &Self::State) -> bool {
        matches!(self.dfa.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, (state, _): &Self::State) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, (state, read): &Self::State, byte: u8) -> Self::State {
        let first = self.first.as_deref().unwrap_or_default();
        match first.get(usize::from(*read)) {
            Some(wanted) if *wanted != byte => (SINK_STATE, *read),
            Some(_) => (self.dfa.transition(*state, byte), read + 1),
            None => (self.dfa.transition(*state, byte), *read),
        }
    }
}
