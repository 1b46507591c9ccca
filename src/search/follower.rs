//! The thread that keeps the index in step with the log. It commits at once when somebody waits or when it had nothing to
//! do, and otherwise once in a pause, however many changes there were: a commit costs some 30 ms of CPU. Once a second it
//! looks whether the files are still there, and whether `masthead reindex` has made another index.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::generation::{Generation, Unusable};
use super::{IndexState, Shared, folders};
use crate::articles::store as articles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a failure to wait before the next try, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

struct Follower<'s> {
    shared: &'s Arc<Shared>,
    /// Where the generations are.
    root: PathBuf,
    /// What is followed into; none while the first is built, and after the last was damaged.
    generation: Option<Generation>,
    /// The folder that was opened last, until it is followed into. Before it is tried again, another is built.
    refused: Option<PathBuf>,
    /// A new one that is being built.
    building: Option<Receiver<Result<Generation, Unusable>>>,
    looked: Instant,
    committed: Option<Instant>,
    retry: Duration,
    retry_at: Option<Instant>,
}

/// Follows until the server stops.
pub(super) fn run(shared: &Arc<Shared>, root: PathBuf) {
    let mut follower = Follower {
        shared,
        root,
        generation: None,
        refused: None,
        building: None,
        looked: Instant::now(),
        committed: None,
        retry: RETRY.0,
        retry_at: None,
    };
    follower.attempt(Follower::begin);
    while !shared.stopping.load(Ordering::Acquire) {
        follower.attempt(Follower::step);
    }
    // It writes into this folder, which may be about to go.
    if let Some(building) = follower.building.take() {
        let _ended = building.recv();
    }
}

impl Follower<'_> {
    /// The library ends in a panic where a file holds what it never wrote. Nobody would follow after that.
    fn attempt(&mut self, work: fn(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.give_up(&Unusable::Damaged("reading it ended in a panic".into()));
        }
    }

    /// Opens the index that is there; where none can be used, builds one.
    fn begin(&mut self) {
        let shared = self.shared;
        let current = folders::current(&self.root, &shared.db, &shared.fields);
        let opened = current.map(|folder| self.open(folder));
        match opened {
            Some(Ok(generation)) => self.adopt(generation),
            Some(Err(error)) => {
                tracing::warn!(%error, "the search index is built anew");
                self.build();
            }
            None => self.build(),
        }
    }

    fn open(&mut self, folder: PathBuf) -> Result<Generation, Unusable> {
        let shared = self.shared;
        // Already now: this, and following into it, may also end in a panic.
        self.refused = Some(folder.clone());
        Generation::open(
            folder,
            shared.fields.clone(),
            shared.settings.memory,
            &shared.db,
        )
    }

    fn step(&mut self) {
        let shared = self.shared;
        let pause = shared.settings.pause;
        let left = self
            .committed
            .and_then(|at| pause.checked_sub(at.elapsed()))
            .filter(|left| !left.is_zero());
        // After a failure nothing is followed for a while, whoever waits.
        let rests = self.retry_at.is_some_and(|at| Instant::now() < at);
        let position = self.generation.as_ref().filter(|_| !rests);
        let position = position.map_or(i64::MAX, Generation::change);
        let until_look = LOOK.saturating_sub(self.looked.elapsed());
        let until_look = match self.retry_at {
            Some(at) if rests => until_look.min(at.saturating_duration_since(Instant::now())),
            _ => until_look,
        };
        let news = shared.db.feed().wait(
            position,
            left.is_some(),
            left.unwrap_or(until_look)
                .min(until_look)
                .max(Duration::from_millis(1)),
        );
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        self.take_built();
        if self.looked.elapsed() >= LOOK || shared.suspect.load(Ordering::Acquire) {
            self.looked = Instant::now();
            self.look();
        }
        let Some(generation) = self.generation.as_ref().filter(|_| !rests) else {
            return;
        };
        let position = generation.change();
        let may = left.is_none() || self.committed.is_some_and(|at| at.elapsed() >= pause);
        if news.wanted > position || news.known > position && may {
            self.follow();
        }
    }

    /// Follows the log to its end.
    fn follow(&mut self) {
        let shared = self.shared;
        let Some(generation) = &mut self.generation else {
            return;
        };
        let committed = &mut self.committed;
        let followed = generation.follow(&shared.db, |generation| {
            *committed = Some(Instant::now());
            publish(shared, generation)?;
            Ok(!shared.stopping.load(Ordering::Acquire))
        });
        match followed {
            Ok(()) => {
                self.retry = RETRY.0;
                self.retry_at = None;
                if self.building.is_none() {
                    set_state(shared, IndexState::Ready);
                }
            }
            Err(Unusable::Database(error)) => {
                tracing::warn!(%error, "the search index cannot follow the database now");
                self.rest();
            }
            Err(error) => self.give_up(&error),
        }
    }

    /// Until the next try, longer after each failure.
    fn rest(&mut self) {
        self.retry_at = Some(Instant::now() + self.retry);
        self.retry = (self.retry * 2).min(RETRY.1);
    }

    /// What is served goes on being served, and another is built.
    fn give_up(&mut self, error: &Unusable) {
        tracing::error!(%error, "the search index is built anew");
        self.generation = None;
        set_unwell(self.shared);
        self.rest();
    }

    fn look(&mut self) {
        let shared = self.shared;
        let suspect = shared.suspect.swap(false, Ordering::AcqRel);
        if let Some(generation) = &self.generation {
            if !generation.is_whole() || suspect && !generation.is_sound() {
                self.give_up(&Unusable::Damaged(
                    "its files are not what was written".into(),
                ));
            } else if shared
                .serving()
                .is_some_and(|serving| generation.has_merged(&serving))
                && let Err(error) = publish(shared, generation)
            {
                self.give_up(&error);
            }
        }
        if self.building.is_some() {
            return;
        }
        // Another process may have built one.
        let current = folders::current(&self.root, &shared.db, &shared.fields);
        let known = self.generation.as_ref().map(Generation::folder);
        let other = |folder: &PathBuf| match known {
            Some(known) => known != folder,
            None => self.refused.as_ref() != Some(folder),
        };
        if let Some(folder) = current.filter(other)
            && let Ok(generation) = self.open(folder)
        {
            tracing::info!("took over the search index that was built beside this server");
            self.adopt(generation);
            return;
        }
        if self.generation.is_none() && self.retry_at.is_none_or(|at| Instant::now() >= at) {
            self.build();
        }
    }

    /// Begins to build another, in a thread of its own.
    fn build(&mut self) {
        let (send, receive) = mpsc::channel();
        let shared = Arc::clone(self.shared);
        let root = self.root.clone();
        set_unwell(&shared);
        let work = move || {
            let folder = folders::new(&root, &shared.db, &shared.fields);
            let built = build(&shared, &folder);
            if built.is_err() {
                // On a full disk what is half done would leave no room for the next try.
                let _there_may_be_none = std::fs::remove_dir_all(&folder);
            }
            let _nobody_waits = send.send(built);
            shared.db.feed().nudge();
        };
        match std::thread::Builder::new()
            .name("search-build".into())
            .spawn(work)
        {
            Ok(_thread) => self.building = Some(receive),
            Err(error) => self.give_up(&error.into()),
        }
    }

    fn take_built(&mut self) {
        let Some(building) = &self.building else {
            return;
        };
        let built = match building.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {
                Err(Unusable::Damaged("its building ended in a panic".into()))
            }
            Ok(built) => built,
        };
        self.building = None;
        // What keeps one from being built, as a full disk does, may have been all that ailed the last.
        self.refused = None;
        match built {
            Ok(generation) => self.adopt(generation),
            Err(error) => self.give_up(&error),
        }
    }

    /// From now on this one is followed into and served.
    fn adopt(&mut self, mut generation: Generation) {
        let shared = self.shared;
        let ready = generation
            .follow(&shared.db, |_| Ok(true))
            .and_then(|()| publish(shared, &generation))
            .and_then(|()| Ok(folders::set_current(&self.root, generation.folder())?));
        match ready {
            Ok(()) => {
                folders::sweep(&self.root, generation.folder());
                self.committed = Some(Instant::now());
                self.retry = RETRY.0;
                self.retry_at = None;
                self.generation = Some(generation);
                self.refused = None;
                set_state(shared, IndexState::Ready);
            }
            Err(error) => {
                if matches!(error, Unusable::Database(_)) {
                    self.refused = None;
                }
                self.give_up(&error);
            }
        }
    }
}

fn build(shared: &Shared, folder: &Path) -> Result<Generation, Unusable> {
    let total = shared.db.read_blocking(articles::published_count)?;
    shared.built.store(0, Ordering::Relaxed);
    shared
        .to_build
        .store(u64::try_from(total).unwrap_or(0), Ordering::Relaxed);
    let (fields, memory) = (shared.fields.clone(), shared.settings.memory);
    let mut generation = Generation::create(folder.to_owned(), fields, memory)?;
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4);
    let began = Instant::now();
    let whole = generation.fill(&shared.db, threads, |done| {
        shared.built.store(done, Ordering::Relaxed);
        !shared.stopping.load(Ordering::Acquire)
    })?;
    if !whole {
        return Err(Unusable::Damaged("the server stops".into()));
    }
    let texts = shared.built.load(Ordering::Relaxed);
    if texts > 0 {
        tracing::info!(
            texts,
            seconds = began.elapsed().as_secs(),
            "built the search index"
        );
    }
    Ok(generation)
}

/// Lets searches read the last commit, and tells who waits for it.
fn publish(shared: &Shared, generation: &Generation) -> Result<(), Unusable> {
    let serving = Arc::new(generation.serving()?);
    let change = serving.change;
    *shared
        .serving
        .write()
        .unwrap_or_else(PoisonError::into_inner) = Some(serving);
    shared.db.feed().reach(change);
    Ok(())
}

/// Another has to be built; what was served last goes on being served.
fn set_unwell(shared: &Shared) {
    let state = match shared.serving() {
        Some(_) => IndexState::Degraded,
        None => IndexState::Building,
    };
    set_state(shared, state);
}

fn set_state(shared: &Shared, state: IndexState) {
    *shared.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
}
