//! Does what jobs ask for: one after the other, on a thread of its own, so that neither requests nor the end of the server
//! wait for it. What it has to say stands in the job's row; what it reads and makes lies in the data folder.

mod back_up;
mod bring_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web;
use tokio::sync::{Notify, oneshot};

use crate::app::App;
use crate::data_folder;
use crate::db::{Db, Reason};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::tasks::model::{FILE_KEPT, JobFile, JobProgress, JobState, Wish};
use crate::tasks::store::{self, Begun};

/// How often this process says that it lives, and looks for those that do not.
const BEAT: Duration = Duration::from_secs(10);
/// How often a job notes how far it is, and hears whether it is still wanted.
const NOTE: Duration = Duration::from_millis(500);
/// How long to wait after a failure of the database.
const RETRY: Duration = Duration::from_secs(5);

/// Where jobs have their files, and how much they may read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder; without one there are no jobs.
    pub data: Option<PathBuf>,
    /// The folder of media, where they are in one.
    pub media: Option<PathBuf>,
    /// Where backups go; else they lie in the data folder for a day.
    pub backups: Option<PathBuf>,
    /// The longest file to import, in bytes.
    pub import_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: None,
            media: None,
            backups: None,
            import_limit: 256 << 20,
        }
    }
}

/// Who does the jobs of this process.
#[derive(Debug)]
pub struct Work {
    settings: Settings,
    node: Id,
    started: Instant,
    wake: Arc<Notify>,
}

impl Work {
    /// With these settings, of this process.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            node: Id::new(),
            started: Instant::now(),
            wake: Arc::default(),
        }
    }

    /// What tells this process from others.
    #[must_use]
    pub const fn node(&self) -> Id {
        self.node
    }

    /// The longest file to import, in bytes.
    #[must_use]
    pub const fn import_limit(&self) -> u64 {
        self.settings.import_limit
    }

    /// A job may be waiting.
    pub fn hint(&self) {
        self.wake.notify_one();
    }

    /// The folder of the files of jobs, which is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(&self) -> Result<PathBuf> {
        let folder = self.data()?.join(data_folder::JOBS);
        private_folder(&folder)?;
        Ok(folder)
    }

    fn data(&self) -> Result<&Path> {
        self.settings
            .data
            .as_deref()
            .ok_or_else(|| Error::internal("there is no data folder"))
    }

    /// Where the file that came with a job lies.
    ///
    /// # Errors
    /// When there is no folder for it.
    pub fn upload(&self, job: Id) -> Result<PathBuf> {
        Ok(self.folder()?.join(format!("{job}.upload")))
    }

    /// Where a file that a job made lies.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it is not there any more, or lies with another process.
    pub fn made(&self, file: &JobFile) -> Result<PathBuf> {
        let folder = if file.kept {
            self.settings.backups.clone()
        } else {
            Some(self.folder()?)
        };
        folder
            .map(|folder| folder.join(&file.name))
            .filter(|path| path.is_file())
            .ok_or(Error::NotFound("file"))
    }

    /// Does jobs for as long as the server runs.
    pub async fn run(&self, app: &web::Data<App>) {
        loop {
            if let Err(error) = self.turn(app).await {
                tracing::warn!(%error, "jobs cannot be looked at; trying again");
                tokio::time::sleep(RETRY).await;
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    async fn turn(&self, app: &web::Data<App>) -> Result<()> {
        self.look_around(&app.db).await?;
        self.sweep();
        let node = self.node;
        loop {
            let waiting = app
                .db
                .read_indexed(move |conn| store::is_waiting(conn, node))
                .await?;
            if !waiting || app.is_stopping() {
                return Ok(());
            }
            let now = app.db.now();
            let begun = app
                .db
                .write_quiet(Reason::Job, move |conn| store::begin_next(conn, node, now))
                .await?;
            let Some(begun) = begun else { return Ok(()) };
            let mut done = start(app.clone(), begun)?;
            loop {
                tokio::select! {
                    _ended = &mut done => break,
                    () = tokio::time::sleep(BEAT) => self.look_around(&app.db).await?,
                }
            }
        }
    }

    async fn look_around(&self, db: &Db) -> Result<()> {
        let (node, alone, now) = (self.node, db.is_alone(), db.now());
        let looked = db.write_quiet(Reason::Job, move |conn| {
            store::look_around(conn, node, alone, now)
        });
        let failed = looked.await?;
        if failed > 0 {
            tracing::warn!(jobs = failed, "jobs had not ended when their server did");
        }
        Ok(())
    }

    /// Removes files that are too old to be had, and those that were sent to a process before this one: nobody reads them any
    /// more.
    fn sweep(&self) {
        let Some(data) = &self.settings.data else {
            return;
        };
        let Ok(entries) = fs::read_dir(data.join(data_folder::JOBS)) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let age = fs::metadata(&path).and_then(|file| file.modified()).ok();
            let age = age.and_then(|at| at.elapsed().ok());
            let sent = path.extension().is_some_and(|end| end == "upload");
            let longest = if sent {
                self.started.elapsed()
            } else {
                FILE_KEPT
            };
            let gone = age.is_some_and(|age| age > longest);
            if gone && let Err(error) = fs::remove_file(&path) {
                tracing::warn!(%error, file = %path.display(), "a file of a job that ended cannot be removed");
            }
        }
    }
}

/// A folder for its owner alone.
fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Error::internal(format!("{}: {error}", folder.display())))
}

/// Begins a job on a thread of its own. What is answered comes when it has ended.
fn start(app: web::Data<App>, begun: Begun) -> Result<oneshot::Receiver<()>> {
    let (ended, done) = oneshot::channel();
    let work = move || {
        // Its runtime is its own: the server's may end before it.
        match tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
        {
            Ok(runtime) => Task {
                app: &app,
                runtime,
                id: begun.id,
                noted: Instant::now(),
                wanted: true,
            }
            .work(&begun),
            Err(error) => tracing::error!(%error, "a job could not begin"),
        }
        let _nobody_waits = ended.send(());
    };
    std::thread::Builder::new()
        .name("job".into())
        .spawn(work)
        .map_err(|error| Error::internal(format!("could not start a job: {error}")))?;
    Ok(done)
}

/// A job that is being done.
struct Task<'a> {
    app: &'a App,
    runtime: tokio::runtime::Runtime,
    id: Id,
    noted: Instant,
    wanted: bool,
}

impl Task<'_> {
    fn work(mut self, begun: &Begun) {
        let ended = match &begun.wish {
            Wish::Import(wish) => bring_in::run(&mut self, begun, wish),
            Wish::Backup => back_up::run(&mut self),
        };
        if let Ok(upload) = self.app.work.upload(self.id)
            && upload.exists()
            && let Err(error) = fs::remove_file(&upload)
        {
            tracing::warn!(%error, "the file of an import cannot be removed");
        }
        if self.app.is_stopping() && ended.state != JobState::Done {
            // The next server says that this one ended.
            return;
        }
        let (id, now) = (self.id, self.app.db.now());
        let noted = self
            .app
            .db
            .write_quiet(Reason::Job, move |conn| store::end(conn, id, &ended, now));
        if let Err(error) = self.runtime.block_on(noted) {
            tracing::error!(%error, job = %id, "how a job ended could not be noted");
        }
    }

    /// Notes now and then how far it is, and answers whether to go on.
    fn goes_on(&mut self, done: u64, total: Option<u64>) -> bool {
        if self.app.is_stopping() || !self.wanted {
            return false;
        }
        if self.noted.elapsed() >= NOTE {
            self.noted = Instant::now();
            self.note(done, total);
        }
        self.wanted
    }

    fn note(&mut self, done: u64, total: Option<u64>) {
        let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        let progress = JobProgress {
            done: number(done),
            total: total.map(number),
        };
        let (id, now) = (self.id, self.app.db.now());
        let noted = self.app.db.write_quiet(Reason::Job, move |conn| {
            store::note(conn, id, progress, now)
        });
        match self.runtime.block_on(noted) {
            Ok(wanted) => self.wanted = wanted,
            // It goes on all the same, and says so the next time.
            Err(error) => tracing::warn!(%error, job = %id, "how far a job is could not be noted"),
        }
    }
}

/// What those are told who asked for a job: nothing of the machine.
fn in_words(error: &Error, job: Id) -> String {
    match error {
        Error::Internal(_) | Error::Unreachable(_) => {
            tracing::error!(%error, %job, "a job failed");
            "the server failed; its log says why".into()
        }
        error => error.to_string(),
    }
}
