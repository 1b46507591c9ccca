//! Search: an index on this node that follows the change log, and what is found by it.
//!
//! - [`language`], [`words`]: what a word is, for the index and for queries alike
//! - [`schema`], `document`, `terms`, `columns`: what the index holds; never a text, never what is not published
//! - [`files`], `checksums`, [`generation`], [`follower`]: its folder, its states, and how it keeps in step
//! - [`query`]: the grammar of what people type
//! - [`vocabulary`], [`plan`]: the words that there are, and what a query looks for in the index
//! - [`rank`], [`facets`], [`highlight`], [`related`], [`suggest`]: what comes of it
//! - [`http`]: the routes
//!
//! The index is disposable: it is built from the database whenever it is missing, damaged or of another state, and every
//! hit is checked against the database before it is answered.

mod checksums;
mod columns;
mod document;
pub mod facets;
pub mod feedback;
pub mod files;
pub mod folders;
pub mod follower;
pub mod generation;
pub mod highlight;
pub mod http;
pub mod language;
pub mod metrics;
pub mod plan;
pub mod query;
pub mod rank;
pub mod related;
pub mod run;
pub mod schema;
pub mod serving;
pub mod suggest;
mod terms;
pub mod vocabulary;
pub mod words;
mod writer;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use self::metrics::Metrics;
use self::schema::Fields;
use self::serving::Serving;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};

/// How the index of a server is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is. Without one it is in a folder of its own that goes with the server.
    pub folder: Option<PathBuf>,
    /// Searches at once.
    pub threads: usize,
    /// How long a search waits for its turn, and for a state of the index that it needs.
    pub wait: Duration,
    /// How long a whole page waits for its related articles.
    pub related_wait: Duration,
    /// Bytes that texts may take in memory while they are put in.
    pub memory: usize,
    /// Time between two commits that nobody waits for.
    pub pause: Duration,
    /// From how long on a search is counted as slow.
    pub slow: Duration,
    /// Whether the words of slow searches, and of those that find nothing, are logged.
    pub log_words: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            folder: None,
            threads: 4,
            wait: Duration::from_secs(2),
            related_wait: Duration::from_millis(500),
            memory: 128 * 1024 * 1024,
            pause: Duration::from_millis(250),
            slow: Duration::from_millis(100),
            log_words: false,
        }
    }
}

/// How the search index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IndexState {
    /// It follows the database.
    Ready,
    /// There is none yet, and searches are answered by 503 until it is built.
    Building,
    /// It was damaged or cannot be written. Searches are answered from its last state while another is built.
    Degraded,
}

/// How the search index is, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexStatus {
    /// How it is.
    pub status: IndexState,
    /// The last change that searches include; null while there is no index.
    #[schema(minimum = 0)]
    pub change: Option<i64>,
    /// Changes that it has still to follow.
    #[schema(minimum = 0)]
    pub behind: i64,
    /// While it is being built, texts that are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 0)]
    pub built: Option<u64>,
    /// While it is being built, texts that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 0)]
    pub to_build: Option<u64>,
}

/// The search of a server. Its follower ends when this is dropped.
pub struct Search {
    shared: Arc<Shared>,
    running: Mutex<Option<Running>>,
}

/// The follower, and the folder that it writes into.
struct Running {
    follower: JoinHandle<()>,
    _folder: Folder,
}

/// What searches and the follower share.
pub(super) struct Shared {
    pub(super) db: Db,
    pub(super) fields: Fields,
    pub(super) settings: Settings,
    pub(super) serving: RwLock<Option<Arc<Serving>>>,
    pub(super) state: Mutex<IndexState>,
    pub(super) built: AtomicU64,
    pub(super) to_build: AtomicU64,
    pub(super) stopping: AtomicBool,
    /// A search could not read what the index should hold.
    pub(super) suspect: AtomicBool,
    turns: Arc<Semaphore>,
    metrics: Metrics,
}

/// The folder of the index: held by this server alone.
enum Folder {
    Kept { _lock: File },
    Own { _folder: tempfile::TempDir },
}

impl Folder {
    fn take(wanted: Option<&Path>) -> Result<(Self, PathBuf)> {
        let broken = |error: std::io::Error| {
            Error::internal(format!("the folder of the search index: {error}"))
        };
        if let Some(root) = wanted {
            std::fs::create_dir_all(root).map_err(broken)?;
            let lock = File::create(root.join("lock")).map_err(broken)?;
            if lock.try_lock().is_ok() {
                return Ok((Self::Kept { _lock: lock }, root.to_owned()));
            }
            tracing::warn!(
                folder = %root.display(),
                "another server keeps its search index there; this one builds its own in a temporary folder"
            );
        }
        let folder = tempfile::TempDir::with_prefix("masthead-search-").map_err(broken)?;
        let root = folder.path().to_owned();
        Ok((Self::Own { _folder: folder }, root))
    }
}

impl Search {
    /// The search of this database, for a site of these locales. It finds nothing before it is started.
    #[must_use]
    pub fn new(db: Db, locales: &[String], settings: Settings) -> Self {
        let shared = Arc::new(Shared {
            fields: Fields::new(locales),
            serving: RwLock::default(),
            state: Mutex::new(IndexState::Building),
            built: AtomicU64::new(0),
            to_build: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            suspect: AtomicBool::new(false),
            turns: Arc::new(Semaphore::new(settings.threads)),
            metrics: Metrics::default(),
            settings,
            db,
        });
        Self {
            shared,
            running: Mutex::default(),
        }
    }

    /// Opens or builds the index, beside the caller, and follows the database from then on.
    ///
    /// # Errors
    /// When its folder cannot be had.
    pub fn start(&self) -> Result<()> {
        let (folder, root) = Folder::take(self.shared.settings.folder.as_deref())?;
        let shared = Arc::clone(&self.shared);
        shared.db.feed().follow();
        let follower = std::thread::Builder::new()
            .name("search".into())
            .spawn(move || follower::run(&shared, root))
            .map_err(|error| Error::internal(format!("the search index: {error}")))?;
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running {
            follower,
            _folder: folder,
        });
        // A small index is there in a moment, and then no first search is refused.
        for _ in 0..50 {
            if self.shared.serving().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> IndexStatus {
        let shared = &self.shared;
        let change = shared.serving().map(|serving| serving.change);
        let status = *shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let building = status != IndexState::Ready;
        let number = |of: &AtomicU64| building.then(|| of.load(Ordering::Relaxed));
        IndexStatus {
            status,
            change,
            behind: (shared.db.change() - change.unwrap_or(0)).max(0),
            built: number(&shared.built),
            to_build: number(&shared.to_build),
        }
    }

    /// What searches read now, if there is an index.
    #[must_use]
    pub fn serving(&self) -> Option<Arc<Serving>> {
        self.shared.serving()
    }

    /// What it counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Searches: waits for a state of the index that includes `change` and the last retraction, and for its turn; then runs
    /// `f` on the pool, with a snapshot of the database.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there is no such state in time, or it cannot be read; else what `f` answers.
    pub async fn read<T, F>(&self, change: i64, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Serving, &mut Conn) -> Result<T> + Send + 'static,
    {
        let shared = &self.shared;
        let wait = shared.settings.wait;
        let needed = change.max(shared.db.feed().retracted());
        if !shared.db.feed().reached(needed, wait).await {
            return Err(match shared.serving() {
                None => Error::busy("the search index is being built"),
                Some(_) => Error::busy("the search index does not include that change yet"),
            });
        }
        // Only now: who waits for the index must not keep those from searching who need not wait.
        let turn = Arc::clone(&shared.turns).acquire_owned();
        let turn = tokio::time::timeout(wait, turn)
            .await
            .map_err(|_elapsed| Error::busy("too many searches are waiting"))?
            .map_err(|_closed| Error::internal("the searches' turns are closed"))?;
        let serving = shared
            .serving()
            .ok_or(Error::busy("the search index is being built"))?;
        let shared = Arc::clone(shared);
        self.shared
            .db
            .read(move |conn| {
                let _turn = turn;
                // The library ends in a panic where a file holds what it never wrote.
                let found = catch_unwind(AssertUnwindSafe(|| f(&serving, conn)));
                found
                    .unwrap_or_else(|_panic| Err(damaged("a search panicked")))
                    .inspect_err(|error| {
                        if is_damage(error) {
                            shared.suspect.store(true, Ordering::Release);
                            shared.db.feed().nudge();
                        }
                    })
            })
            .await
    }
}

const DAMAGED: &str = "the search index cannot be read and is being looked after";

/// The answer where the index cannot be read.
pub(super) fn damaged(why: impl std::fmt::Display) -> Error {
    tracing::error!(%why, "the search index cannot be read");
    Error::busy(DAMAGED)
}

fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Unavailable { what, .. } if *what == DAMAGED)
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        damaged(error)
    }
}

impl Shared {
    pub(super) fn serving(&self) -> Option<Arc<Serving>> {
        self.serving
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.db.feed().leave();
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.take()
            && running.follower.join().is_err()
        {
            tracing::error!("the follower of the search index panicked");
        }
    }
}
