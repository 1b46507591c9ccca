//! Which hits come first. BM25 over the combined field finds them and puts them in order. Then the first of them are
//! looked at again: for a short query the words of the title, and words that stand together, count more; for a long one
//! words that the best hits have in common. That only puts hits in another order, and never adds one.

use std::cmp::Ordering;

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, EnableScoring, Occur, PhraseQuery, Query, Scorer};
use tantivy::{DocAddress, DocId, Score, SeekDangerResult, TERMINATED, Term};

use super::plan::{LocalePlan, Plan, scored, unscored};
use super::serving::Serving;
use crate::error::Result;
use crate::id::Id;

/// Hits of a long query that are looked at again.
pub const WINDOW: usize = 128;
/// The same of a short query, whose best hits are clearer.
pub const SHORT_WINDOW: usize = 64;
/// What a word of the heading counts, to one of the text.
const HEADING: f32 = 0.6;
/// What two words side by side count, to a phrase of the text.
const TOGETHER: f32 = 0.4;

/// A hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Its rank; more is better.
    pub score: Score,
    /// Where it stands in the index.
    pub place: DocAddress,
    /// Which text it is.
    pub id: Id,
}

/// A query, with its filters, and the units that a hit must hold.
#[derive(Debug)]
pub struct Ranked<'p> {
    plan: &'p Plan<'p>,
    filters: Vec<Box<dyn Query>>,
    needed: usize,
}

impl<'p> Ranked<'p> {
    /// This query among what these filters leave. Where no text holds two of its words, one is enough.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn new(
        serving: &Serving,
        plan: &'p Plan<'p>,
        filters: Vec<Box<dyn Query>>,
    ) -> Result<Self> {
        let mut this = Self {
            plan,
            filters,
            needed: plan.needed(),
        };
        if this.needed > 1 && !this.finds(serving)? {
            this.needed = 1;
        }
        Ok(this)
    }

    fn finds(&self, serving: &Serving) -> Result<bool> {
        let weight = self
            .query()
            .weight(EnableScoring::disabled_from_searcher(&serving.searcher))?;
        for segment in serving.searcher.segment_readers() {
            let mut scorer = weight.scorer(segment, 1.0)?;
            let mut document = scorer.doc();
            while document != TERMINATED {
                if !segment.is_deleted(document) {
                    return Ok(true);
                }
                document = scorer.advance();
            }
        }
        Ok(false)
    }

    /// What finds all of its hits and nothing else.
    #[must_use]
    pub fn query(&self) -> Box<dyn Query> {
        self.filtered(self.plan.query(self.needed))
    }

    fn filtered(&self, query: Box<dyn Query>) -> Box<dyn Query> {
        if self.filters.is_empty() {
            return query;
        }
        let filters = self
            .filters
            .iter()
            .map(|filter| (Occur::Must, unscored(filter.box_clone())));
        Box::new(BooleanQuery::new(
            std::iter::once((Occur::Must, query))
                .chain(filters)
                .collect(),
        ))
    }

    /// The first hits by BM25 alone, at least `most` of them if there are so many.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn first(&self, serving: &Serving, most: usize) -> Result<Vec<Hit>> {
        // A union is pruned by what its blocks can score at most; one that counts how many of its words match is not. What
        // holds two of the words is among the first of the union but for odd cases.
        let counts = self.needed > 1 && self.plan.units() > self.needed;
        if counts && let Some(flat) = self.plan.flat() {
            let taken = most + most / 2;
            let mut hits = top(serving, self.filtered(flat).as_ref(), taken)?;
            let all = hits.len() < taken;
            self.keep_those_that_hold_enough(serving, &mut hits)?;
            if all || hits.len() >= most {
                hits.truncate(most);
                return Ok(hits);
            }
        }
        top(serving, self.query().as_ref(), most)
    }

    fn keep_those_that_hold_enough(&self, serving: &Serving, hits: &mut Vec<Hit>) -> Result<()> {
        let mut enough = vec![false; hits.len()];
        for plan in &self.plan.locales {
            let needed = self.needed.min(plan.units.len());
            let mut of_locale = vec![0_usize; hits.len()];
            for unit in &plan.units {
                let scores = scores_at(serving, unit.query().as_ref(), hits)?;
                for (held, score) in of_locale.iter_mut().zip(scores) {
                    *held += usize::from(score.is_some());
                }
            }
            for (enough, held) in enough.iter_mut().zip(of_locale) {
                *enough |= needed > 0 && held >= needed;
            }
        }
        let mut enough = enough.into_iter();
        hits.retain(|_| enough.next().unwrap_or(false));
        Ok(())
    }
}

/// The best hits of a query by its own scores, ties by id.
///
/// # Errors
/// When the index cannot be read.
pub fn top(serving: &Serving, query: &dyn Query, most: usize) -> Result<Vec<Hit>> {
    let found = serving
        .searcher
        .search(query, &TopDocs::with_limit(most.max(1)).order_by_score())?;
    let mut hits: Vec<Hit> = found
        .into_iter()
        .map(|(score, place)| Hit {
            score,
            place,
            id: serving.id(place),
        })
        .collect();
    sort(&mut hits);
    Ok(hits)
}

/// Scores closer than one part of so many are the same. Sums of the same numbers differ in their last digits with the order
/// in which an index lies on disk, and that is nothing for readers to see.
const GRAIN: Score = 8192.0;

/// The best first; of two that are as good that with the later id, which is the newer one.
pub fn sort(hits: &mut [Hit]) {
    for hit in hits.iter_mut() {
        hit.score = (hit.score * GRAIN).round() / GRAIN;
    }
    hits.sort_by(|a, b| {
        b.score
            .partial_cmp(&a.score)
            .unwrap_or(Ordering::Equal)
            .then_with(|| b.id.cmp(&a.id))
    });
}

/// The score that a query gives to each of these hits, where it finds it.
///
/// # Errors
/// When the index cannot be read.
pub fn scores_at(serving: &Serving, query: &dyn Query, hits: &[Hit]) -> Result<Vec<Option<Score>>> {
    let weight = query.weight(EnableScoring::enabled_from_searcher(&serving.searcher))?;
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_unstable_by_key(|index| hits[*index].place);
    let mut scores = vec![None; hits.len()];
    // The scorer of a segment, and the first document that it may still find.
    let mut scorer: Option<(u32, Box<dyn Scorer>, DocId)> = None;
    for index in order {
        let DocAddress {
            segment_ord,
            doc_id,
        } = hits[index].place;
        // Only these documents are of interest. To look for the next one that matches, as `seek` does, may take a walk
        // through the whole segment.
        let found = match &mut scorer {
            Some((of, _, next)) if *of == segment_ord && doc_id < *next => continue,
            Some((of, scorer, _)) if *of == segment_ord => scorer.seek_danger(doc_id),
            _ => {
                let segment = serving.searcher.segment_reader(segment_ord);
                let (found, new) = weight.scorer_danger(segment, doc_id, 1.0)?;
                scorer = Some((segment_ord, new, 0));
                found
            }
        };
        if let Some((_, scorer, next)) = &mut scorer {
            match found {
                SeekDangerResult::Found => scores[index] = Some(scorer.score()),
                SeekDangerResult::SeekLowerBound(bound) => *next = bound,
            }
        }
    }
    Ok(scores)
}

/// Adds what these queries say of the hits.
///
/// # Errors
/// When the index cannot be read.
pub fn add(serving: &Serving, hits: &mut [Hit], query: &dyn Query, weight: f32) -> Result<()> {
    let scores = scores_at(serving, query, hits)?;
    for (hit, more) in hits.iter_mut().zip(scores) {
        hit.score += more.unwrap_or_default() * weight;
    }
    Ok(())
}

/// For short queries: words of the heading, and words side by side, count more.
///
/// # Errors
/// When the index cannot be read.
pub fn prefer_headings(serving: &Serving, plan: &Plan<'_>, hits: &mut [Hit]) -> Result<()> {
    for locale in &plan.locales {
        let in_heading = |term: &Term| {
            let stem = term.value().as_str().map(str::to_owned).unwrap_or_default();
            Term::from_field_text(locale.fields.heading, &stem)
        };
        for unit in &locale.units {
            let terms = unit.terms.iter();
            let heading: Vec<_> = terms
                .map(|(term, weight)| scored(&in_heading(term), *weight))
                .collect();
            if !heading.is_empty() {
                add(serving, hits, super::plan::any(heading).as_ref(), HEADING)?;
            }
        }
        for [first, second] in side_by_side(locale) {
            for (weight, terms) in [
                (TOGETHER, vec![first.clone(), second.clone()]),
                (HEADING, vec![in_heading(&first), in_heading(&second)]),
            ] {
                add(serving, hits, &PhraseQuery::new(terms), weight)?;
            }
        }
    }
    sort(hits);
    Ok(())
}

fn side_by_side(plan: &LocalePlan<'_>) -> Vec<[Term; 2]> {
    let firsts: Vec<Option<&Term>> = plan
        .units
        .iter()
        .map(|unit| unit.terms.first().map(|(term, _)| term))
        .collect();
    firsts
        .windows(2)
        .filter_map(|pair| match pair {
            [Some(first), Some(second)] => Some([(*first).clone(), (*second).clone()]),
            _ => None,
        })
        .collect()
}
