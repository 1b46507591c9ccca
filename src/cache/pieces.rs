//! Items of lists, kept ready as JSON. When something is published every list is to be made anew, and nearly all of what
//! is in them is as it was: only the items that changed are read again, and the others are put together.
//!
//! What is in a list is asked from the database each time, so nothing is shown here that was taken back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Map;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::db::Db;
use crate::db::freshness::Place;
use crate::id::Id;

/// What a piece costs beside its bytes: the map, the pointers.
const OVERHEAD: usize = 192;

/// An item of a list, and what it depends on. As JSON it is what it was made of.
#[derive(Debug)]
pub struct Piece {
    json: Box<RawValue>,
    tags: Box<[String]>,
    places: Box<[Place]>,
    change: i64,
    /// The generation in which it was last found to be fresh.
    fresh_in: AtomicU64,
}

impl Piece {
    /// The JSON of the item of this cache tag, which shows others of these tags too, read in a state that includes this
    /// change.
    #[must_use]
    pub fn new(json: Box<RawValue>, own: &str, tags: Vec<String>, change: i64) -> Self {
        let others = tags.iter().map(String::as_str);
        Self {
            json,
            places: others.chain([own]).map(Place::of).collect(),
            tags: tags.into(),
            change,
            fresh_in: AtomicU64::new(0),
        }
    }

    /// The cache tags of what it shows beside itself.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// Which item it is, and which of its fields are shown.
type Key = (Id, u32);

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Key, Arc<Piece>> for Weight {
    fn weight(&self, _key: &Key, piece: &Arc<Piece>) -> u64 {
        let tags: usize = piece.tags.iter().map(|tag| tag.len() + 32).sum();
        u64::try_from(OVERHEAD + piece.json().len() + tags).unwrap_or(u64::MAX)
    }
}

/// The pieces that are kept, up to a bound of bytes.
pub struct Pieces {
    db: Db,
    kept: Map<Key, Arc<Piece>, Weight>,
    used: AtomicU64,
}

impl Pieces {
    pub(super) fn new(db: Db, bytes: u64) -> Self {
        let items = usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
        Self {
            db,
            kept: Map::with_weighter(items.max(64), bytes, Weight),
            used: AtomicU64::new(0),
        }
    }

    /// This item with these fields, where it is kept and nothing that it depends on was touched since.
    #[must_use]
    pub fn get(&self, id: Id, fields: u32) -> Option<Arc<Piece>> {
        let piece = self.kept.get(&(id, fields))?;
        if !self.is_fresh(&piece) {
            return None;
        }
        self.used.fetch_add(1, Ordering::Relaxed);
        Some(piece)
    }

    /// Keeps this item with these fields.
    pub fn put(&self, id: Id, fields: u32, piece: &Arc<Piece>) {
        if self.is_fresh(piece) {
            self.kept.insert((id, fields), Arc::clone(piece));
        }
    }

    /// How many there are, their bytes, and how often one was used.
    pub(super) fn figures(&self) -> (u64, u64, u64) {
        let count = u64::try_from(self.kept.len()).unwrap_or(u64::MAX);
        (count, self.kept.weight(), self.used.load(Ordering::Relaxed))
    }

    fn is_fresh(&self, piece: &Piece) -> bool {
        self.db
            .freshness()
            .still_holds(&piece.fresh_in, &piece.places, piece.change)
    }
}
