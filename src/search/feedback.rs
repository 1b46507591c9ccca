//! What the best hits of a long query have in common. Their words, those that are rare elsewhere first, are asked for with
//! a small weight among the hits that are there already: that lifts texts about the same, and adds none.

use std::collections::{HashMap, HashSet};

use tantivy::query::Query;
use tantivy::{Searcher, Term};

use super::plan::{Plan, any, scored};
use super::rank::Hit;
use super::schema::LocaleFields;
use super::serving::Serving;
use crate::articles::store as articles;
use crate::db::Conn;
use crate::error::Result;
use crate::id::Id;

/// Hits whose words are taken.
const HITS: usize = 6;
/// Words that are taken.
pub const WORDS: usize = 15;
/// What the first of them counts, to a word that was typed.
const WEIGHT: f32 = 0.4;
/// How fast it matters less how often a text says a word: that of BM25.
const SATURATION: f32 = 1.2;
/// Words of a text that are looked at.
const LOOKED_AT: usize = 2_000;

/// What asks for the words of the best of these hits.
///
/// # Errors
/// When the index or the database cannot be read.
pub fn query(
    serving: &Serving,
    conn: &mut Conn,
    plan: &Plan<'_>,
    hits: &[Hit],
) -> Result<Option<Box<dyn Query>>> {
    let ids: Vec<Id> = hits.iter().take(HITS).map(|hit| hit.id).collect();
    if ids.is_empty() {
        return Ok(None);
    }
    let texts = articles::published_texts(conn, &ids)?;
    let mut queries = Vec::new();
    for locale in &plan.locales {
        let of_locale = texts
            .iter()
            .filter(|text| serving.fields.of(&text.locale).text == locale.fields.text)
            .map(|text| [text.title.as_str(), text.text.as_str()]);
        let words = common(&serving.searcher, locale.fields, of_locale)?;
        let most = words.first().map_or(1.0, |(_, weight)| *weight);
        queries.extend(
            words
                .iter()
                .map(|(term, weight)| scored(term, WEIGHT * weight / most)),
        );
    }
    Ok((!queries.is_empty()).then(|| any(queries)))
}

/// The words that say most of some texts: those that are frequent in them and rare elsewhere, the weightiest first.
///
/// # Errors
/// When the index cannot be read.
pub fn common<'t>(
    searcher: &Searcher,
    fields: &LocaleFields,
    texts: impl Iterator<Item = [&'t str; 2]>,
) -> Result<Vec<(Term, f32)>> {
    let language = fields.words.language();
    let mut weights: HashMap<String, f32> = HashMap::new();
    let mut empty: HashSet<String> = HashSet::new();
    for parts in texts {
        let mut counts: HashMap<String, u16> = HashMap::new();
        for part in parts {
            let mut left = LOOKED_AT;
            fields.words.each(part, |word| {
                if word.is_whole {
                    return true;
                }
                left -= 1;
                match counts.get_mut(word.stem) {
                    Some(count) => *count = count.saturating_add(1),
                    None => {
                        if language.is_empty_word(word.folded) {
                            empty.insert(word.stem.to_owned());
                        }
                        counts.insert(word.stem.to_owned(), 1);
                    }
                }
                left > 0
            });
        }
        for (stem, count) in counts {
            let count = f32::from(count);
            *weights.entry(stem).or_default() += count / (count + SATURATION);
        }
    }
    let documents = searcher.num_docs();
    let mut words = Vec::new();
    for (stem, weight) in weights {
        if empty.contains(&stem) || stem.chars().count() < 2 {
            continue;
        }
        let term = Term::from_field_text(fields.text, &stem);
        let texts = searcher.doc_freq(&term)?;
        if texts > 0 {
            words.push((term, weight * rarity(texts, documents)));
        }
    }
    words.sort_by(|(a, of_a), (b, of_b)| of_b.total_cmp(of_a).then_with(|| a.cmp(b)));
    words.truncate(WORDS);
    Ok(words)
}

/// How rare what stands in so many of all texts is.
#[must_use]
pub fn rarity(texts: u64, all: u64) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a weight need not be exact")]
    let (texts, all) = (texts as f32, all.max(texts) as f32);
    (1.0 + (all - texts + 0.5) / (texts + 0.5)).ln()
}
