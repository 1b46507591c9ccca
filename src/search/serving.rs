//! What searches read: the index as it was committed last, until the next commit.

use tantivy::{DocAddress, Searcher};

use super::columns::SegmentColumns;
use super::schema::Fields;
use crate::id::Id;

/// A state of the index.
pub struct Serving {
    /// The fields.
    pub fields: Fields,
    /// Its segments.
    pub searcher: Searcher,
    /// Their columns.
    pub columns: Vec<SegmentColumns>,
    /// The change that it includes.
    pub change: i64,
}

impl Serving {
    /// The id of what stands there.
    #[must_use]
    pub fn id(&self, place: DocAddress) -> Id {
        self.columns[place.segment_ord as usize].id(place.doc_id)
    }
}
