//! Importing, as a job: by whoever asked for it, with the rights that they have at each moment.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Task, in_words};
use crate::auth;
use crate::auth::model::{Credential, Principal};
use crate::changes::model::Actor;
use crate::error::{Error, Result};
use crate::id::Id;
use crate::imports::{self, Interrupted, Options};
use crate::priority::give_way;
use crate::tasks::model::{
    ImportCounts, ImportFormat, ImportReport, ImportWish, JobState, LISTED, LeftOut, Remark, Report,
};
use crate::tasks::store::{Begun, Ended};
use crate::transfer::wxr::Unreadable;
use crate::transfer::{Parsed, ghost, jsonl, wxr};

pub(super) fn run(task: &mut Task<'_>, begun: &Begun, wish: &ImportWish) -> Ended {
    give_way();
    let (state, report, error) = match bring_in(task, begun, wish) {
        Ok(Brought { report, stopped }) => {
            let state = if stopped {
                JobState::Cancelled
            } else {
                JobState::Done
            };
            (state, Some(Box::new(report)), None)
        }
        Err(Failed::Unreadable(why, report)) => (JobState::Failed, report, Some(why)),
        Err(Failed::Ended(error, report)) => {
            let words = match &error {
                Error::Forbidden | Error::Unauthorized => {
                    "whoever asked for it may not do this, or not any more".into()
                }
                error => in_words(error, task.id),
            };
            (JobState::Failed, report, Some(words))
        }
    };
    Ended {
        state,
        report: report.map(|report| Report::Import(Box::new(short(&report)))),
        error,
        file: None,
    }
}

struct Brought {
    report: imports::Report,
    stopped: bool,
}

enum Failed {
    /// The file is not what it was said to be, in words.
    Unreadable(String, Option<Box<imports::Report>>),
    /// Nothing of it can be stored now.
    Ended(Error, Option<Box<imports::Report>>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Ended(error, None)
    }
}

impl From<Unreadable> for Failed {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error.to_string(), None)
    }
}

fn bring_in(task: &mut Task<'_>, begun: &Begun, wish: &ImportWish) -> Result<Brought, Failed> {
    let options = Options {
        source: wish.source.clone(),
        status: wish.status.state(),
        dry_run: wish.dry_run,
        actor: Actor::Principal(importer(task, begun)?),
    };
    let sent = Sent::find(&task.app.work.upload(begun.id)?)?;
    match wish.format {
        ImportFormat::Jsonl => {
            let lines = jsonl::articles(wish.source.clone(), sent.open()?);
            let lines = lines.map(|line| line.map_err(|error| error.to_string()));
            store(task, &sent, &options, lines)
        }
        // Read to its end before anything is written: it must be whole.
        ImportFormat::Wordpress => {
            let site = wxr::scan(sent.open()?)?;
            let pieces = site.read(sent.open()?);
            let pieces = pieces.map(|piece| piece.map_err(|error| error.to_string()));
            store(task, &sent, &options, pieces)
        }
        ImportFormat::Ghost => {
            ghost::check(sent.open()?)?;
            let site = ghost::scan(sent.open()?)?;
            let pieces = site.read(sent.open()?);
            let pieces = pieces.map(|piece| piece.map_err(|error| error.to_string()));
            store(task, &sent, &options, pieces)
        }
    }
}

/// The file that was sent.
struct Sent {
    path: PathBuf,
    length: u64,
    /// How much of it was read since it was last opened.
    read: Arc<AtomicU64>,
}

impl Sent {
    fn find(path: &Path) -> Result<Self> {
        let file = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        Ok(Self {
            path: path.to_owned(),
            length: file.len(),
            read: Arc::default(),
        })
    }

    fn open(&self) -> Result<BufReader<Counted>> {
        let file = File::open(&self.path).map_err(|error| unreadable(&error))?;
        self.read.store(0, Ordering::Relaxed);
        Ok(BufReader::with_capacity(
            64 << 10,
            Counted {
                file,
                read: Arc::clone(&self.read),
            },
        ))
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::internal(format!("the file of an import: {error}"))
}

/// Stores the pieces of a file, as far as it can be read and is still wanted.
fn store(
    task: &mut Task<'_>,
    sent: &Sent,
    options: &Options,
    pieces: impl Iterator<Item = Result<Parsed, String>>,
) -> Result<Brought, Failed> {
    let stopped = AtomicBool::new(false);
    let mut failed = None;
    let pieces = pieces
        .map_while(|piece| match piece {
            Ok(piece) => Some(piece),
            Err(error) => {
                failed = Some(error);
                None
            }
        })
        .take_while(|_| !stopped.load(Ordering::Relaxed));
    let app = task.app;
    let imported = imports::run(&app.db, &app.rules, options, pieces, |_done| {
        if !task.goes_on(sent.read.load(Ordering::Relaxed), Some(sent.length)) {
            stopped.store(true, Ordering::Relaxed);
        }
    });
    task.note(sent.read.load(Ordering::Relaxed), Some(sent.length));
    let stopped = stopped.into_inner();
    match (imported, failed) {
        (Ok(report), Some(why)) if !stopped => Err(Failed::Unreadable(why, Some(Box::new(report)))),
        (Ok(report), _) => Ok(Brought { report, stopped }),
        (Err(interrupted), _) => {
            let Interrupted { error, report } = *interrupted;
            Err(Failed::Ended(error, Some(Box::new(report))))
        }
    }
}

/// Whoever asked for it, with what they may now. Each batch asks again.
fn importer(task: &Task<'_>, begun: &Begun) -> Result<Principal> {
    let user = begun.user.ok_or(Error::Unauthorized)?;
    let (key, now) = (begun.key, task.app.db.now());
    let grants = task
        .app
        .db
        .read_blocking(|conn| auth::store::grants_of(conn, user, key, now))?;
    Ok(Principal {
        user,
        credential: match key {
            Some(key) => Credential::Key(key),
            // The session may have ended: what counts is the account.
            None => Credential::Session(Id([0; 16])),
        },
        grants: grants.ok_or(Error::Unauthorized)?,
        peer: begun
            .peer
            .parse()
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        request_id: begun.request_id.clone(),
    })
}

/// The report as it is kept: counts of all, and the first of each list.
fn short(report: &imports::Report) -> ImportReport {
    let remarks = |all: &[(String, String)]| {
        let some = all.iter().take(LISTED);
        some.map(|(origin, reason)| Remark {
            origin: origin.clone(),
            reason: reason.clone(),
        })
        .collect()
    };
    ImportReport {
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        kept: report.kept.len(),
        skipped: report.skipped.len(),
        broken: report.broken.len(),
        warnings: report.warnings.len(),
        tags: counts(report.tags),
        authors: counts(report.authors),
        redirects: counts(report.redirects),
        site: counts(report.site),
        media: counts(report.media),
        left_out: report
            .left_out
            .iter()
            .map(|(what, count)| LeftOut {
                what: (*what).to_owned(),
                count: *count,
            })
            .collect(),
        kept_items: report.kept.iter().take(LISTED).cloned().collect(),
        skipped_items: remarks(&report.skipped),
        broken_items: remarks(&report.broken),
        warned_items: remarks(&report.warnings),
    }
}

const fn counts(counts: imports::Counts) -> ImportCounts {
    ImportCounts {
        created: counts.created,
        updated: counts.updated,
        unchanged: counts.unchanged,
        kept: counts.kept,
    }
}

/// A file, and how much of it was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(bytes)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
