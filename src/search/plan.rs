//! What a query looks for in the index. Each word becomes a unit per locale: the stems that it may stand as, what its
//! beginning may go on to, or the word that was meant. A hit holds at least two of the units that say something, or one
//! where there is one; words that say nothing are left out as long as others remain.

use std::collections::HashSet;

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query, TermQuery,
};
use tantivy::schema::IndexRecordOption;

use super::query::{Part, Typed};
use super::schema::LocaleFields;
use super::serving::Serving;
use super::words::Word;
use crate::error::Result;

/// Units that a hit must hold at least, where there are so many.
const NEEDED: usize = 2;
/// What the beginning of a word may go on to: so many of the commonest words.
const ENDINGS: usize = 64;
/// What a longer word counts of a word that was typed whole.
const LONGER: f32 = 0.2;
/// What several words written as one count, for each of them.
const WHOLE: f32 = 0.5;
/// Letters that a word must have to be a beginning.
const BEGINNING: usize = 2;
/// Letters that a word must have to be corrected.
const CORRECTED: usize = 4;

/// What a query looks for.
#[derive(Debug)]
pub struct Plan<'s> {
    /// In the texts of each locale that is searched.
    pub locales: Vec<LocalePlan<'s>>,
    /// Words that no text holds, by their place in the query, and the words that they were read as, or would be.
    pub corrections: Vec<((usize, usize), String)>,
}

/// What it looks for in the texts of one locale.
#[derive(Debug)]
pub struct LocalePlan<'s> {
    /// Where.
    pub fields: &'s LocaleFields,
    /// Some of these.
    pub units: Vec<Unit>,
    /// All of these.
    pub required: Vec<Unit>,
    /// None of these.
    pub excluded: Vec<Unit>,
    /// What is marked in the texts.
    pub marks: Marks,
}

/// What is marked in a text.
#[derive(Debug, Default, Clone)]
pub struct Marks {
    /// Words with these stems.
    pub stems: HashSet<String>,
    /// Words that begin so.
    pub beginning: Option<String>,
}

/// One word, or several that stand together, in any of these ways.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// As one of these terms, each with its weight.
    pub terms: Vec<(Term, f32)>,
    /// As these terms, in these places to each other.
    pub phrases: Vec<Vec<(usize, Term)>>,
}

impl Unit {
    /// What finds it.
    #[must_use]
    pub fn query(&self) -> Box<dyn Query> {
        let terms = self
            .terms
            .iter()
            .map(|(term, weight)| scored(term, *weight));
        let phrases = self.phrases.iter().map(|phrase| -> Box<dyn Query> {
            Box::new(PhraseQuery::new_with_offset(phrase.clone()))
        });
        any(terms.chain(phrases).collect())
    }
}

/// A term, with a weight.
#[must_use]
pub fn scored(term: &Term, weight: f32) -> Box<dyn Query> {
    let query = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
    if (weight - 1.0).abs() < f32::EPSILON {
        Box::new(query)
    } else {
        Box::new(BoostQuery::new(Box::new(query), weight))
    }
}

/// Any of these.
#[must_use]
pub fn any(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.len() {
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

/// What a filter leaves, without a part in the ranking.
#[must_use]
pub fn unscored(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

impl<'s> Plan<'s> {
    /// What this query looks for.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn new(
        serving: &'s Serving,
        typed: &Typed,
        locale: Option<&'s str>,
        typos: bool,
    ) -> Result<Self> {
        let searched = serving.fields.searched(locale);
        let mut corrections = Vec::new();
        let last = typed.parts.len().wrapping_sub(1);
        let is_open = |index| typed.is_open && index == last;
        for (index, part) in typed.parts.iter().enumerate() {
            if let Some(word) = correction(serving, searched.clone(), part, is_open(index))? {
                corrections.push((part.place, word));
            }
        }
        let read_as = |part: &Part| {
            let corrected = corrections.iter().find(|(place, _)| *place == part.place);
            match corrected {
                Some((_, word)) if typos => word.clone(),
                _ => part.text.clone(),
            }
        };
        let mut locales = Vec::new();
        for fields in searched {
            let mut plan = LocalePlan {
                fields,
                units: Vec::new(),
                required: Vec::new(),
                excluded: Vec::new(),
                marks: Marks::default(),
            };
            let mut empty = Vec::new();
            for (index, part) in typed.parts.iter().enumerate() {
                let text = read_as(part);
                if part.is_phrase {
                    let unit = plan.cut_phrase(&text);
                    plan.required.extend(unit);
                    continue;
                }
                let mut cut = plan.cut_words(&text);
                if is_open(index)
                    && let Some((last, false)) = cut.last_mut()
                {
                    plan.open(serving, &text, last)?;
                }
                for (unit, is_empty_word) in cut {
                    if is_empty_word {
                        empty.push(unit);
                    } else {
                        plan.units.push(unit);
                    }
                }
            }
            if plan.units.is_empty() && plan.required.is_empty() {
                plan.units = empty;
            }
            let marks = plan.marks.clone();
            for part in &typed.excluded {
                let unit = plan.cut_phrase(&part.text);
                plan.excluded.extend(unit);
            }
            plan.marks = marks;
            locales.push(plan);
        }
        Ok(Self {
            locales,
            corrections,
        })
    }

    /// Units that say something, in the locale that has most.
    #[must_use]
    pub fn units(&self) -> usize {
        self.locales
            .iter()
            .map(|plan| plan.units.len())
            .max()
            .unwrap_or_default()
    }

    /// Whether nothing is looked for, and nothing excluded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = |plan: &LocalePlan<'_>| plan.finds_nothing() && plan.excluded.is_empty();
        self.locales.iter().all(nothing)
    }

    /// Whether it only says what must not be there.
    #[must_use]
    pub fn only_excludes(&self) -> bool {
        !self.is_empty() && self.locales.iter().all(LocalePlan::finds_nothing)
    }

    /// Units that a hit must hold.
    #[must_use]
    pub fn needed(&self) -> usize {
        let of = |plan: &LocalePlan<'_>| {
            NEEDED
                .saturating_sub(plan.required.len())
                .min(plan.units.len())
        };
        self.locales.iter().map(of).max().unwrap_or_default()
    }

    /// What finds the texts that hold so many units.
    #[must_use]
    pub fn query(&self, needed: usize) -> Box<dyn Query> {
        let mut excluded = Vec::new();
        let mut found: Vec<Box<dyn Query>> = Vec::new();
        for plan in &self.locales {
            excluded.extend(plan.excluded.iter().map(Unit::query));
            if !plan.finds_nothing() {
                found.push(plan.query(needed));
            }
        }
        let found = if found.is_empty() && !excluded.is_empty() {
            Box::new(AllQuery)
        } else {
            any(found)
        };
        if excluded.is_empty() {
            return found;
        }
        let excluded = excluded.into_iter().map(|query| (Occur::MustNot, query));
        Box::new(BooleanQuery::new(
            std::iter::once((Occur::Must, found))
                .chain(excluded)
                .collect(),
        ))
    }

    /// The terms of all units in one union, which the library prunes as it goes; none where there is more to it. It finds
    /// texts that hold any one of them.
    #[must_use]
    pub fn flat(&self) -> Option<Box<dyn Query>> {
        let mut terms = Vec::new();
        for plan in &self.locales {
            let is_flat = plan.required.is_empty()
                && plan.excluded.is_empty()
                && plan.units.iter().all(|unit| unit.phrases.is_empty());
            if !is_flat {
                return None;
            }
            let of_units = plan.units.iter().flat_map(|unit| &unit.terms);
            terms.extend(of_units.map(|(term, weight)| scored(term, *weight)));
        }
        Some(any(terms))
    }
}

impl LocalePlan<'_> {
    fn finds_nothing(&self) -> bool {
        self.units.is_empty() && self.required.is_empty()
    }

    fn query(&self, needed: usize) -> Box<dyn Query> {
        let needed = needed.min(self.units.len());
        let all = needed == self.units.len() && self.required.is_empty();
        if all && needed == 1 {
            return self
                .units
                .iter()
                .map(Unit::query)
                .next()
                .unwrap_or(Box::new(AllQuery));
        }
        let occur = if needed == self.units.len() {
            Occur::Must
        } else {
            Occur::Should
        };
        let units = self.units.iter().map(|unit| (occur, unit.query()));
        let required = self.required.iter().map(|unit| (Occur::Must, unit.query()));
        let least = if occur == Occur::Must { 0 } else { needed };
        Box::new(BooleanQuery::with_minimum_required_clauses(
            required.chain(units).collect(),
            least,
        ))
    }

    /// A text as one unit: its words stand together, in this order.
    fn cut_phrase(&mut self, text: &str) -> Option<Unit> {
        let field = self.fields.text;
        let mut phrase: Vec<(usize, Term)> = Vec::new();
        let mut others: Vec<(Term, f32)> = Vec::new();
        let stems = &mut self.marks.stems;
        self.fields.words.each(text, |word| {
            if word.is_whole || is_tail(word) {
                return true;
            }
            stems.insert(word.stem.to_owned());
            phrase.push((word.position, Term::from_field_text(field, word.stem)));
            others.extend(word.other_stem.map(|stem| {
                stems.insert(stem.to_owned());
                (Term::from_field_text(field, stem), 1.0)
            }));
            true
        });
        let (terms, phrases) = match phrase.len() {
            0 => return None,
            1 => {
                others.extend(phrase.into_iter().map(|(_, term)| (term, 1.0)));
                (others, Vec::new())
            }
            _ => (Vec::new(), vec![phrase]),
        };
        Some(Unit { terms, phrases })
    }

    /// A text as a unit for each word, and whether that is one that says nothing. What a hyphen joins are several words,
    /// of which each is also found where they are written as one; letters of a script without spaces stand together.
    fn cut_words(&mut self, text: &str) -> Vec<(Unit, bool)> {
        let LocalePlan { fields, marks, .. } = self;
        let language = fields.words.language();
        let mut cut: Vec<(Unit, bool)> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        // The position of the last pair of letters, which the next one follows.
        let mut paired: Option<usize> = None;
        fields.words.each(text, |word| {
            let term = Term::from_field_text(fields.text, word.stem);
            if word.is_whole {
                let parts = cut.iter_mut().zip(&places);
                for ((unit, _), _) in parts.filter(|(_, at)| **at >= word.position) {
                    unit.terms.push((term.clone(), WHOLE));
                }
                marks.stems.insert(word.stem.to_owned());
                return true;
            }
            if is_tail(word) {
                return true;
            }
            let follows =
                word.is_pair && paired == word.position.checked_sub(1) && paired.is_some();
            paired = word.is_pair.then_some(word.position);
            if follows && let Some((unit, _)) = cut.last_mut() {
                if unit.phrases.is_empty() {
                    let first = unit
                        .terms
                        .drain(..)
                        .map(|(term, _)| (word.position - 1, term));
                    unit.phrases.push(first.collect());
                }
                if let Some(phrase) = unit.phrases.last_mut() {
                    phrase.push((word.position, term));
                }
                marks.stems.insert(word.stem.to_owned());
                return true;
            }
            let is_empty_word = language.is_empty_word(word.folded);
            let mut unit = Unit::default();
            unit.terms.push((term, 1.0));
            if let Some(other) = word.other_stem {
                unit.terms
                    .push((Term::from_field_text(fields.text, other), 1.0));
            }
            if !is_empty_word {
                marks.stems.insert(word.stem.to_owned());
                marks.stems.extend(word.other_stem.map(str::to_owned));
            }
            cut.push((unit, is_empty_word));
            places.push(word.position);
            true
        });
        cut
    }

    /// Adds what the last word may go on to.
    fn open(&mut self, serving: &Serving, text: &str, unit: &mut Unit) -> Result<()> {
        let Some(start) = last_word(self.fields, text) else {
            return Ok(());
        };
        let of_pairs = !unit.phrases.is_empty();
        if of_pairs || start.chars().count() < BEGINNING && start.is_ascii() {
            return Ok(());
        }
        let is_known = serving.knows(self.fields.vocabulary, &start)?;
        let weight = if is_known { LONGER } else { 1.0 };
        let mut stem = String::new();
        for known in serving.beginning(self.fields.vocabulary, &start, ENDINGS)? {
            self.fields
                .words
                .language()
                .stem_into(&known.word, &mut stem);
            let term = Term::from_field_text(self.fields.text, &stem);
            if !unit.terms.iter().any(|(there, _)| *there == term) {
                unit.terms.push((term, weight));
            }
        }
        self.marks.beginning = Some(start);
        Ok(())
    }
}

/// The last letter of a run of pairs: in a text in which the run goes on it does not stand by itself.
fn is_tail(word: &Word<'_>) -> bool {
    word.is_pair && word.position > 0 && word.folded.chars().count() == 1
}

fn last_word(fields: &LocaleFields, text: &str) -> Option<String> {
    let mut last = None;
    fields.words.each(text, |word| {
        if !word.is_whole {
            last = Some(word.folded.to_owned());
        }
        true
    });
    last
}

/// The word that was meant by one that no text holds.
fn correction<'f>(
    serving: &Serving,
    searched: impl Iterator<Item = &'f LocaleFields> + Clone,
    part: &Part,
    is_open: bool,
) -> Result<Option<String>> {
    if part.is_phrase {
        return Ok(None);
    }
    let mut best: Option<super::vocabulary::Known> = None;
    for fields in searched {
        let (mut words, mut folded, mut stem) = (0, String::new(), String::new());
        fields.words.each(&part.text, |word| {
            words += 1;
            word.folded.clone_into(&mut folded);
            word.stem.clone_into(&mut stem);
            true
        });
        let letters = folded.chars().count();
        if words != 1 || letters < CORRECTED || !folded.chars().all(char::is_alphabetic) {
            return Ok(None);
        }
        let goes_on = is_open && !serving.beginning(fields.vocabulary, &folded, 1)?.is_empty();
        if goes_on
            || serving.knows(fields.vocabulary, &folded)?
            || serving.knows(fields.text, &stem)?
        {
            return Ok(None);
        }
        for known in serving.near(fields.vocabulary, &folded, 1)? {
            let better = best
                .as_ref()
                .is_none_or(|best| (known.distance, best.texts) < (best.distance, known.texts));
            if better {
                best = Some(known);
            }
        }
    }
    Ok(best.map(|known| known.word))
}
