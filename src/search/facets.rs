//! How many hits carry each tag, are by each author, of each year and in each locale: of the whole result, however many
//! pages it has.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::BytesColumn;
use tantivy::query::Query;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::columns::SegmentColumns;
use super::serving::Serving;
use crate::error::Result;
use crate::id::Id;
use crate::names::names;

/// What hits can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Facet {
    /// Their tags.
    Tags,
    /// Their authors.
    Authors,
    /// The years that they were published in.
    Years,
    /// Their locales.
    Locales,
}

names!(Facet {
    Tags => "tags",
    Authors => "authors",
    Years => "years",
    Locales => "locales",
});

/// Counts, and of how many hits.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// All hits.
    pub total: u64,
    /// By tag.
    pub tags: HashMap<Id, u64>,
    /// By author.
    pub authors: HashMap<Id, u64>,
    /// By year.
    pub years: HashMap<i64, u64>,
    /// By locale.
    pub locales: HashMap<String, u64>,
}

/// Counts the hits of a query, by these.
///
/// # Errors
/// When the index cannot be read.
pub fn count(serving: &Serving, query: &dyn Query, facets: &[Facet]) -> Result<Counts> {
    if facets.is_empty() {
        let total = query.count(&serving.searcher)? as u64;
        return Ok(Counts {
            total,
            ..Counts::default()
        });
    }
    let mut counts = Counts::default();
    let counted = serving
        .searcher
        .search(query, &Counter { serving, facets })?;
    for (segment, counted) in serving.columns.iter().zip(counted) {
        counts.add(segment, &counted)?;
    }
    Ok(counts)
}

struct Counter<'f> {
    serving: &'f Serving,
    facets: &'f [Facet],
}

/// The counts of one segment, by the number that each value has in it.
struct Counting {
    total: u64,
    columns: SegmentColumns,
    tags: Option<Vec<u32>>,
    authors: Option<Vec<u32>>,
    locales: Option<Vec<u32>>,
    years: Option<HashMap<i64, u64>>,
}

/// The same, without the columns.
struct Counted {
    total: u64,
    tags: Vec<u32>,
    authors: Vec<u32>,
    locales: Vec<u32>,
    years: HashMap<i64, u64>,
}

impl Collector for Counter<'_> {
    type Fruit = Vec<Counted>;
    type Child = Counting;

    fn for_segment(&self, segment: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<Counting> {
        let columns = self.serving.columns[segment as usize].clone();
        let zeros = |facet, column: &Option<BytesColumn>| {
            let terms = column.as_ref().map_or(0, |column| column.num_terms());
            self.facets.contains(&facet).then(|| vec![0; terms])
        };
        Ok(Counting {
            total: 0,
            tags: zeros(Facet::Tags, &columns.tags),
            authors: zeros(Facet::Authors, &columns.authors),
            locales: zeros(Facet::Locales, &columns.locale),
            years: self.facets.contains(&Facet::Years).then(HashMap::new),
            columns,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Counted>) -> tantivy::Result<Vec<Counted>> {
        Ok(segments)
    }
}

impl SegmentCollector for Counting {
    type Fruit = Counted;

    fn collect(&mut self, document: DocId, _: Score) {
        self.total += 1;
        tally(&mut self.tags, &self.columns.tags, document);
        tally(&mut self.authors, &self.columns.authors, document);
        tally(&mut self.locales, &self.columns.locale, document);
        if let Some(years) = &mut self.years
            && let Some(year) = self.columns.year.first(document)
        {
            *years.entry(year).or_default() += 1;
        }
    }

    fn harvest(self) -> Counted {
        Counted {
            total: self.total,
            tags: self.tags.unwrap_or_default(),
            authors: self.authors.unwrap_or_default(),
            locales: self.locales.unwrap_or_default(),
            years: self.years.unwrap_or_default(),
        }
    }
}

fn tally(counts: &mut Option<Vec<u32>>, column: &Option<BytesColumn>, document: DocId) {
    if let (Some(counts), Some(column)) = (counts, column) {
        for number in column.term_ords(document) {
            if let Some(count) = usize::try_from(number)
                .ok()
                .and_then(|number| counts.get_mut(number))
            {
                *count += 1;
            }
        }
    }
}

impl Counts {
    fn add(&mut self, columns: &SegmentColumns, counted: &Counted) -> Result<()> {
        self.total += counted.total;
        each_value(&columns.tags, &counted.tags, |value, count| {
            if let Some(id) = Id::from_slice(value) {
                *self.tags.entry(id).or_default() += count;
            }
        })?;
        each_value(&columns.authors, &counted.authors, |value, count| {
            if let Some(id) = Id::from_slice(value) {
                *self.authors.entry(id).or_default() += count;
            }
        })?;
        each_value(&columns.locale, &counted.locales, |value, count| {
            let locale = String::from_utf8_lossy(value).into_owned();
            *self.locales.entry(locale).or_default() += count;
        })?;
        for (year, count) in &counted.years {
            *self.years.entry(*year).or_default() += count;
        }
        Ok(())
    }
}

fn each_value(
    column: &Option<BytesColumn>,
    counts: &[u32],
    mut each: impl FnMut(&[u8], u64),
) -> Result<()> {
    let Some(column) = column else {
        return Ok(());
    };
    let mut value = Vec::new();
    for (number, count) in (0..).zip(counts).filter(|(_, count)| **count > 0) {
        value.clear();
        column
            .ord_to_bytes(number, &mut value)
            .map_err(super::damaged)?;
        each(&value, u64::from(*count));
    }
    Ok(())
}
