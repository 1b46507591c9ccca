//! Articles about the same: those that share tags, the rarer the better, and the words that say most of the text.

use tantivy::Term;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;

use super::feedback::{self, rarity};
use super::plan::{scored, unscored};
use super::rank;
use super::serving::Serving;
use crate::articles::store as articles;
use crate::db::Conn;
use crate::error::Result;
use crate::id::Id;

/// What a tag that both carry counts, to its rarity.
const TAG: f32 = 1.0;
/// What a word that both hold counts, to its BM25.
const WORD: f32 = 0.5;
/// Hits beyond those asked for among which ties are told apart by id.
const SPARE: usize = 32;

/// The articles of the same locale that are most like this one, the likest first.
///
/// # Errors
/// When the index or the database cannot be read.
pub fn related(serving: &Serving, conn: &mut Conn, id: Id, most: usize) -> Result<Vec<Id>> {
    let Some(text) = articles::published_texts(conn, &[id])?.pop() else {
        return Ok(Vec::new());
    };
    let fields = &serving.fields;
    let searcher = &serving.searcher;
    let mut alike: Vec<Box<dyn Query>> = Vec::new();
    for tag in &text.tags {
        let term = Term::from_field_bytes(fields.tags, tag.id.as_bytes());
        let weight = TAG * rarity(searcher.doc_freq(&term)?, searcher.num_docs());
        let carries = TermQuery::new(term, IndexRecordOption::Basic);
        alike.push(Box::new(ConstScoreQuery::new(Box::new(carries), weight)));
    }
    let of_locale = fields.of(&text.locale);
    let parts = [text.title.as_str(), text.text.as_str()];
    for (term, _) in feedback::common(searcher, of_locale, std::iter::once(parts))? {
        alike.push(Box::new(BoostQuery::new(scored(&term, 1.0), WORD)));
    }
    if alike.is_empty() {
        return Ok(Vec::new());
    }
    let is = |field, value: &[u8]| {
        let term = Term::from_field_bytes(field, value);
        TermQuery::new(term, IndexRecordOption::Basic)
    };
    let among = |field, value: &[u8]| (Occur::Must, unscored(Box::new(is(field, value))));
    let query = BooleanQuery::new(vec![
        (Occur::Must, super::plan::any(alike)),
        among(fields.kind, text.kind.as_str().as_bytes()),
        among(fields.locale, text.locale.as_bytes()),
        (Occur::MustNot, Box::new(is(fields.id, id.as_bytes()))),
    ]);
    let mut hits = rank::top(serving, &query, most + SPARE)?;
    hits.truncate(most);
    Ok(hits.into_iter().map(|hit| hit.id).collect())
}
