//! The columns of a segment, opened once for all searches.

use tantivy::SegmentReader;
use tantivy::columnar::{BytesColumn, Column};

use crate::id::Id;

/// The columns of a segment; cheap to clone.
#[derive(Clone)]
pub struct SegmentColumns {
    high: Column<u64>,
    low: Column<u64>,
    /// Ids of tags.
    pub tags: Option<BytesColumn>,
    /// Ids of authors.
    pub authors: Option<BytesColumn>,
    /// Locales.
    pub locale: Option<BytesColumn>,
    /// Years of publication.
    pub year: Column<i64>,
}

impl SegmentColumns {
    pub(super) fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            high: columns.u64("id_high")?,
            low: columns.u64("id_low")?,
            tags: columns.bytes("tags")?,
            authors: columns.bytes("authors")?,
            locale: columns.bytes("locale")?,
            year: columns.i64("year")?,
        })
    }

    /// The id of a document.
    #[must_use]
    pub fn id(&self, document: u32) -> Id {
        let [high, low] =
            [&self.high, &self.low].map(|half| half.first(document).unwrap_or_default());
        Id((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
    }
}
