//! What somebody may be about to type: titles that begin so, then those that hold these words, the newest first.

use tantivy::collector::TopDocs;
use tantivy::collector::sort_key::SortByStaticFastValue;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Order, Term};

use super::schema::FIRST;
use super::serving::Serving;
use crate::error::Result;
use crate::id::Id;

/// What the last word may go on to: so many of the commonest words.
const ENDINGS: usize = 64;

/// The texts whose titles go on like this, in this locale or in all, up to `most`.
///
/// # Errors
/// When the index cannot be read.
pub fn titles(serving: &Serving, text: &str, locale: Option<&str>, most: usize) -> Result<Vec<Id>> {
    let fields = &serving.fields;
    let of_locale = fields.of(locale.unwrap_or_default());
    let mut words: Vec<String> = Vec::new();
    of_locale.words.each(text, |word| {
        if !word.is_whole {
            words.push(word.folded.to_owned());
        }
        true
    });
    let Some((last, before)) = words.split_last() else {
        return Ok(Vec::new());
    };
    let is_open = text.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut found = Vec::new();
    for from_the_first in [true, false] {
        let mark = |index: usize, word: &str| match (from_the_first, index) {
            (true, 0) => format!("{FIRST}{word}"),
            _ => word.to_owned(),
        };
        let mut all: Vec<Box<dyn Query>> = Vec::new();
        for (index, word) in before.iter().enumerate() {
            let term = Term::from_field_text(fields.names, &mark(index, word));
            all.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
        }
        let last = mark(before.len(), last);
        let mut endings = vec![Term::from_field_text(fields.names, &last)];
        if is_open {
            let more = serving.beginning(fields.names, &last, ENDINGS)?;
            endings.extend(
                more.iter()
                    .map(|known| Term::from_field_text(fields.names, &known.word)),
            );
        }
        all.push(Box::new(TermSetQuery::new(endings)));
        if let Some(locale) = locale {
            let term = Term::from_field_bytes(fields.locale, locale.as_bytes());
            all.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
        }
        let all = all.into_iter().map(|query| (Occur::Must, query)).collect();
        let newest = (
            (
                SortByStaticFastValue::<i64>::for_field("published_at"),
                Order::Desc,
            ),
            (
                SortByStaticFastValue::<u64>::for_field("id_high"),
                Order::Desc,
            ),
            (
                SortByStaticFastValue::<u64>::for_field("id_low"),
                Order::Desc,
            ),
        );
        let hits = serving.searcher.search(
            &BooleanQuery::new(all),
            &TopDocs::with_limit(2 * most).order_by(newest),
        )?;
        for (_, place) in hits {
            let id = serving.id(place);
            if found.len() < most && !found.contains(&id) {
                found.push(id);
            }
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}
