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
    /// The ids of all that is in it, in no order.
    #[must_use]
    pub fn ids(&self) -> Vec<Id> {
        let segments = self.searcher.segment_readers().iter().zip(&self.columns);
        segments
            .flat_map(|(segment, columns)| {
                segment.doc_ids_alive().map(|document| columns.id(document))
            })
            .collect()
    }

    /// The id of what stands there.
    #[must_use]
    pub fn id(&self, place: DocAddress) -> Id {
        self.columns[place.segment_ord as usize].id(place.doc_id)
    }
}
