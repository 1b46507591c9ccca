//! When what an answer depends on last changed, by cache tag. Kept in a table of fixed size: a tag has a place in it, and
//! the place holds the last change that touched a tag of that place. Two tags in one place make answers stale that are
//! not, which costs a read and never a wrong answer. So nothing has to be found and dropped when something is written,
//! and what a slow read made of an earlier state is stale from the beginning.
//!
//! Written between a commit and its answer: whoever was told of a write meets no answer from before it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use diesel::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::schema::changes;
use super::{Conn, each};

/// Rows of the log that are read for their tags at once; with more than these unread, everything is stale.
const MOST: i64 = 10_000;

/// The place of a cache tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u16);

impl Place {
    /// Of this tag.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let [a, b, ..] = xxh3_64(tag.as_bytes()).to_le_bytes();
        Self(u16::from_le_bytes([a, b]))
    }
}

/// When each place last changed.
#[derive(Debug)]
pub struct Freshness {
    changed: Box<[AtomicI64]>,
    /// Whatever was read before this change is stale.
    floor: AtomicI64,
    /// Grows with each batch of changes: while it stands still, what was fresh is.
    generation: AtomicU64,
}

/// What changes touched: cache tags with the number of the change, or more than can be told.
#[derive(Debug, Default)]
pub(super) struct Touched {
    tags: Vec<(i64, String)>,
    all: Option<i64>,
}

impl Touched {
    pub(super) fn add(&mut self, change: i64, tags: String) {
        if !tags.is_empty() {
            self.tags.push((change, tags));
        }
    }

    /// What the log says after one change and up to another: other processes wrote it.
    pub(super) fn by_others(conn: &mut Conn, after: i64, upto: i64) -> QueryResult<Self> {
        let query = changes::table
            .select((changes::number, changes::tags_before, changes::tags_after))
            .filter(changes::number.gt(after))
            .filter(changes::number.le(upto))
            .filter(changes::was_public.or(changes::is_public))
            .limit(MOST + 1);
        let rows: Vec<(i64, String, String)> = each!(conn, c => query.load(c))?;
        if i64::try_from(rows.len()).is_ok_and(|rows| rows > MOST) {
            return Ok(Self {
                tags: Vec::new(),
                all: Some(upto),
            });
        }
        let tags = rows
            .into_iter()
            .flat_map(|(change, before, after)| [(change, before), (change, after)]);
        Ok(Self {
            tags: tags.collect(),
            all: None,
        })
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            changed: (0..=u16::MAX).map(|_| AtomicI64::new(0)).collect(),
            floor: AtomicI64::new(0),
            generation: AtomicU64::new(1),
        }
    }
}

impl Freshness {
    /// Makes stale what depends on what was touched.
    pub(super) fn touch(&self, touched: &Touched) {
        if touched.tags.is_empty() && touched.all.is_none() {
            return;
        }
        for (change, tags) in &touched.tags {
            for tag in tags.split(' ').filter(|tag| !tag.is_empty()) {
                self.changed_at(Place::of(tag))
                    .fetch_max(*change, Ordering::AcqRel);
            }
        }
        if let Some(change) = touched.all {
            self.floor.fetch_max(change, Ordering::AcqRel);
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Grows with whatever changes: what is fresh stays so while this does.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether what depends on these, and was read in a state that holds this change, is as it would be read now.
    #[must_use]
    pub fn is_fresh(&self, places: &[Place], change: i64) -> bool {
        self.floor.load(Ordering::Acquire) <= change
            && places
                .iter()
                .all(|place| self.changed_at(*place).load(Ordering::Acquire) <= change)
    }

    /// [`Freshness::is_fresh`], asked again and again of the same: `fresh_in` holds the generation in which it was so, and
    /// spares the look at the places while nothing changes.
    #[must_use]
    pub fn still_holds(&self, fresh_in: &AtomicU64, places: &[Place], change: i64) -> bool {
        // Before the look at the places: what is touched meanwhile is a generation of its own.
        let generation = self.generation();
        if fresh_in.load(Ordering::Acquire) == generation {
            return true;
        }
        let fresh = self.is_fresh(places, change);
        if fresh {
            fresh_in.store(generation, Ordering::Release);
        }
        fresh
    }

    fn changed_at(&self, place: Place) -> &AtomicI64 {
        // There are as many as places.
        &self.changed[usize::from(place.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_after_it_was_read_is_stale() {
        let fresh = Freshness::default();
        let (read, other) = (
            [Place::of("a-1"), Place::of("list-tags")],
            [Place::of("a-2")],
        );
        assert!(fresh.is_fresh(&read, 5) && fresh.is_fresh(&other, 5));
        let before = fresh.generation();
        fresh.touch(&Touched::default());
        assert_eq!(fresh.generation(), before);
        let mut touched = Touched::default();
        touched.add(6, "t-9 list-tags".into());
        fresh.touch(&touched);
        assert!(fresh.generation() > before);
        assert!(!fresh.is_fresh(&read, 5) && fresh.is_fresh(&other, 5));
        // A slow read of the state before is stale when it comes, one of the state after is not.
        assert!(fresh.is_fresh(&read, 6));
        fresh.touch(&Touched {
            tags: Vec::new(),
            all: Some(9),
        });
        assert!(!fresh.is_fresh(&other, 8) && fresh.is_fresh(&other, 9));
    }
}
