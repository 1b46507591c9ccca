//! Finished answers, kept by what was asked for, up to a bound of bytes. An answer is served as long as nothing that it
//! depends on was touched ([`Freshness`](crate::db::freshness::Freshness)): nothing is ever dropped by name, and what a
//! slow read made of an earlier state is never served. One reads for all who ask for the same at the same time. A form in
//! another content coding is made once, beside, of what is asked for again.

mod compress;
mod flights;
pub mod hot;
mod key;
mod pieces;
pub mod purge;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Map;

pub use self::flights::Flight;
use self::flights::Flights;
pub use self::key::key;
pub use self::pieces::{Piece, Pieces};
use crate::db::Db;
use crate::db::freshness::Place;
use crate::http::negotiate::Coding;
use crate::http::respond::Finished;

/// The tag of every answer.
pub const ALL: &str = "all";
/// What an entry costs beside its bytes: the map, the headers, the places.
const OVERHEAD: usize = 512;
/// Shorter than this nothing is compressed: it would fit into one packet all the same.
const WORTH_COMPRESSING: usize = 1024;
/// The items of lists take one part of so many of the whole, the answers the others.
const PIECES: u64 = 4;
/// An answer may take this part of the whole.
const LARGEST: u64 = 16;

/// The answers that are kept.
pub struct Cache(Option<Arc<Kept>>);

struct Kept {
    db: Db,
    entries: Map<Box<str>, Arc<Entry>, Weight>,
    pieces: Arc<Pieces>,
    largest: usize,
    flights: Flights,
    compressor: SyncSender<compress::Job>,
    counters: Counters,
    proves: bool,
}

/// On cache lines of their own: each request writes there, and what stands beside them every thread reads.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
    shared: AtomicU64,
    compressed: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    finished: Arc<Finished>,
    places: Box<[Place]>,
    /// The generation in which it was last found to be fresh.
    fresh_in: AtomicU64,
    /// Its coded forms are there or being made.
    coded: AtomicBool,
    /// How often it was asked for again.
    hits: AtomicU32,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Box<str>, Arc<Entry>> for Weight {
    fn weight(&self, key: &Box<str>, entry: &Arc<Entry>) -> u64 {
        let bytes = OVERHEAD + key.len() + entry.finished.weight() + 2 * entry.places.len();
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// An answer that is kept and fresh.
#[derive(Debug)]
pub struct Hit {
    /// The answer.
    pub finished: Arc<Finished>,
    /// A change that its state includes.
    pub change: i64,
    generation: u64,
}

/// How answers are kept.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Bytes at most; with 0 nothing is kept.
    pub bytes: u64,
    /// For tests: each answer that is kept is made anew all the same, and must be the same.
    pub proves: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            proves: false,
        }
    }
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new(db: Db, Settings { bytes, proves }: Settings) -> Self {
        if bytes == 0 {
            return Self(None);
        }
        let items = usize::try_from(bytes / 8192).unwrap_or(usize::MAX);
        let (compressor, jobs) = compress::queue();
        let kept = Arc::new(Kept {
            pieces: Arc::new(Pieces::new(db.clone(), bytes / PIECES)),
            db,
            entries: Map::with_weighter(items.max(64), bytes - bytes / PIECES, Weight),
            largest: usize::try_from(bytes / LARGEST).unwrap_or(usize::MAX),
            flights: Flights::default(),
            compressor,
            counters: Counters::default(),
            proves,
        });
        if let Err(error) = compress::start(&kept, jobs) {
            tracing::warn!(%error, "answers are not compressed: there is no thread for it");
        }
        Self(Some(kept))
    }

    /// Whether anything is kept.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The answer under a key, if it is kept and fresh. `codes` says that whoever asks takes a coded form.
    #[must_use]
    pub fn get(&self, key: &str, codes: bool) -> Option<Hit> {
        let kept = self.0.as_deref()?;
        let hit = self.again(key, codes);
        if hit.is_none() {
            kept.counters.misses.fetch_add(1, Ordering::Relaxed);
            let stale = u64::from(kept.entries.contains_key(key));
            kept.counters.stale.fetch_add(stale, Ordering::Relaxed);
        }
        hit
    }

    /// [`Cache::get`] for who has missed it already: another may have put it there since.
    #[must_use]
    pub fn again(&self, key: &str, codes: bool) -> Option<Hit> {
        let kept = self.0.as_deref()?;
        // Before the look: whatever came up to this change was touched by then.
        let change = kept.db.public_change();
        let entry = kept.entries.get(key).filter(|entry| kept.is_fresh(entry))?;
        kept.counters.hits.fetch_add(1, Ordering::Relaxed);
        entry.hits.fetch_add(1, Ordering::Relaxed);
        if codes
            && !entry.coded.load(Ordering::Relaxed)
            && !entry.coded.swap(true, Ordering::AcqRel)
        {
            let job = (key.into(), Arc::clone(&entry));
            if kept.compressor.try_send(job).is_err() {
                // There is much to do: whoever asks next tries again.
                entry.coded.store(false, Ordering::Release);
            }
        }
        Some(Hit {
            finished: Arc::clone(&entry.finished),
            change,
            generation: entry.fresh_in.load(Ordering::Acquire),
        })
    }

    /// The items of lists that are kept.
    #[must_use]
    pub fn pieces(&self) -> Option<Arc<Pieces>> {
        Some(Arc::clone(&self.0.as_deref()?.pieces))
    }

    /// For tests: whether what is kept is to be compared with what is made anew.
    #[must_use]
    pub fn proves(&self) -> bool {
        self.0.as_deref().is_some_and(|kept| kept.proves)
    }

    /// For tests: whether anything was touched since.
    #[must_use]
    pub fn has_changed_since(&self, hit: &Hit) -> bool {
        let kept = self.0.as_deref();
        kept.is_none_or(|kept| kept.db.freshness().generation() != hit.generation)
    }

    /// Begins to read what a key stands for; while that goes on, others wait for it.
    #[must_use]
    pub fn begin(&self, key: &str) -> Option<Flight> {
        let kept = self.0.as_deref()?;
        let flight = kept.flights.begin(key);
        if matches!(flight, Flight::Others(_)) {
            kept.counters.shared.fetch_add(1, Ordering::Relaxed);
        }
        Some(flight)
    }

    /// Keeps an answer.
    pub fn put(&self, key: &str, finished: Arc<Finished>) {
        let Some(kept) = self.0.as_deref() else {
            return;
        };
        let weight = finished.weight();
        if weight > kept.largest {
            return;
        }
        let entry = Entry {
            places: finished.tags().split(' ').map(Place::of).collect(),
            fresh_in: AtomicU64::new(0),
            coded: AtomicBool::new(finished.identity().len() < WORTH_COMPRESSING),
            hits: AtomicU32::new(kept.hits_of(key)),
            finished,
        };
        if kept.is_fresh(&entry) {
            kept.entries.insert(key.into(), Arc::new(entry));
        }
    }

    /// The keys that are asked for most, up to so many.
    #[must_use]
    pub fn hottest(&self, most: usize) -> Vec<String> {
        let Some(kept) = self.0.as_deref() else {
            return Vec::new();
        };
        let all = kept.entries.iter();
        let mut hot: Vec<(u32, Box<str>)> = all
            .map(|(key, entry)| (entry.hits.load(Ordering::Relaxed), key))
            .filter(|(hits, _)| *hits > 0)
            .collect();
        hot.sort_unstable_by(|a, b| b.cmp(a));
        hot.truncate(most);
        hot.into_iter().map(|(_, key)| key.into()).collect()
    }

    /// Appends its metrics in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        let Some(kept) = self.0.as_deref() else {
            return;
        };
        let Counters {
            hits,
            misses,
            stale,
            shared,
            compressed,
        } = &kept.counters;
        let (pieces, pieces_bytes, pieces_used) = kept.pieces.figures();
        for (name, kind, about, value) in [
            (
                "hits_total",
                "counter",
                "Requests answered from the cache",
                hits.load(Ordering::Relaxed),
            ),
            (
                "misses_total",
                "counter",
                "Requests for what was not kept or not fresh",
                misses.load(Ordering::Relaxed),
            ),
            (
                "stale_total",
                "counter",
                "Requests for what was kept and not fresh",
                stale.load(Ordering::Relaxed),
            ),
            (
                "shared_total",
                "counter",
                "Requests that waited for another's answer",
                shared.load(Ordering::Relaxed),
            ),
            (
                "compressed_total",
                "counter",
                "Answers that were compressed",
                compressed.load(Ordering::Relaxed),
            ),
            (
                "entries",
                "gauge",
                "Answers that are kept",
                u64::try_from(kept.entries.len()).unwrap_or(u64::MAX),
            ),
            (
                "bytes",
                "gauge",
                "Bytes that are kept",
                kept.entries.weight(),
            ),
            (
                "capacity_bytes",
                "gauge",
                "Bytes that may be kept",
                kept.entries.capacity(),
            ),
            ("pieces", "gauge", "Items of lists that are kept", pieces),
            (
                "pieces_bytes",
                "gauge",
                "Bytes of the items of lists that are kept",
                pieces_bytes,
            ),
            (
                "pieces_used_total",
                "counter",
                "Items of lists that were at hand",
                pieces_used,
            ),
        ] {
            text.push_str(&format!(
                "# HELP masthead_cache_{name} {about}.\n# TYPE masthead_cache_{name} {kind}\nmasthead_cache_{name} {value}\n"
            ));
        }
    }
}

impl Kept {
    /// How often what stood under a key was asked for: what follows it begins there.
    fn hits_of(&self, key: &str) -> u32 {
        let before = self.entries.peek(key);
        before.map_or(0, |entry| entry.hits.load(Ordering::Relaxed))
    }

    fn is_fresh(&self, entry: &Entry) -> bool {
        let freshness = self.db.freshness();
        freshness.still_holds(&entry.fresh_in, &entry.places, entry.finished.change())
    }

    /// Puts coded forms in the place of the entry that they were made of.
    fn replace(&self, key: Box<str>, of: &Arc<Entry>, codings: Vec<(Coding, Vec<u8>)>) {
        let mut finished = Finished::clone(&of.finished);
        for (coding, bytes) in codings {
            finished = finished.with(coding, bytes);
        }
        let entry = Arc::new(Entry {
            finished: Arc::new(finished),
            places: of.places.clone(),
            fresh_in: AtomicU64::new(0),
            coded: AtomicBool::new(true),
            hits: AtomicU32::new(of.hits.load(Ordering::Relaxed)),
        });
        let is_there = self
            .entries
            .peek(&key)
            .is_some_and(|now| Arc::ptr_eq(&now, of));
        if is_there && self.is_fresh(&entry) {
            // Another answer may come in between; it is as fresh as this one or this one will be stale.
            self.entries.insert(key, entry);
            self.counters.compressed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
