//! Brings what readers found into the database through the same code as every other door, many pieces to a transaction,
//! and tells of each what became of it.

use std::collections::HashSet;
use std::sync::Arc;

use self::pieces::Outcome;
use self::texts::Text;
use crate::articles::model::State;
use crate::articles::new::Rules;
use crate::articles::store::Imported;
use crate::auth;
use crate::auth::model::Action;
use crate::changes::model::Actor;
use crate::db::{Ahead, Db, Tx};
use crate::error::{Error, Result};
use crate::media::model::NewMedia;
use crate::transfer::{MediaInput, Parsed, Piece, PieceItem};

pub use self::fetch::Fetch;
pub use self::media::Shelf;
pub use self::report::{Counts, Lines, Report};

mod fetch;
mod media;
mod pieces;
mod report;
mod store;
mod texts;

/// Pieces that share a transaction.
const BATCH: usize = 100;
/// Bytes of text that share one, whatever their number: each is held as it was written, as HTML and as plain text.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Tags that may wait for their parents at once. A further one gets its parent by the next run.
const MAX_WAITING: usize = 20_000;

/// How an import is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    /// What tells this source's keys from those of others.
    pub source: String,
    /// The state of what comes in; `None` takes it as it is, and publishes what says nothing.
    pub status: Option<State>,
    /// Look and report only.
    pub dry_run: bool,
    /// Who imports, and whose rights count.
    pub actor: Actor,
}

/// An import that did not come to its end.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Interrupted {
    /// What ended it.
    pub error: Error,
    /// What was done until then, and stays.
    pub report: Report,
}

/// Imports items as they come, and calls `progress` with how many have been dealt with.
///
/// # Errors
/// When the database fails; items that cannot be stored are in the report instead.
pub fn run(
    db: &Db,
    rules: &Rules,
    options: &Options,
    items: impl IntoIterator<Item = Parsed>,
    progress: impl FnMut(usize),
) -> Result<Report, Box<Interrupted>> {
    run_with(db, rules, options, None, items, progress)
}

/// Imports items and the files of their pictures, as [`run`]: without a shelf there are none, and pictures are left out.
///
/// # Errors
/// As [`run`]; and when the media store fails.
pub fn run_with(
    db: &Db,
    rules: &Rules,
    options: &Options,
    shelf: Option<&Shelf>,
    items: impl IntoIterator<Item = Parsed>,
    progress: impl FnMut(usize),
) -> Result<Report, Box<Interrupted>> {
    let mut import = Import {
        db,
        rules,
        options,
        shelf,
        names: HashSet::new(),
        report: Report::default(),
        batch: Vec::new(),
        bytes: 0,
        ahead: None,
        waiting: Vec::new(),
    };
    let walked = import.run(items, progress);
    // What is under way is stored and counted, whatever ended the walk.
    let settled = import.settle();
    match walked.and(settled) {
        Ok(()) => Ok(import.report),
        Err(error) => Err(Box::new(Interrupted {
            error,
            report: import.report,
        })),
    }
}

/// What may be stored.
enum Ready {
    Text(Box<Text>),
    Piece(Box<pieces::Ready>),
}

/// What became of it.
enum Done {
    Text(Imported, Vec<String>),
    Piece(pieces::Stored),
}

impl Ready {
    fn origin(&self) -> &str {
        match self {
            Self::Text(text) => &text.origin,
            Self::Piece(ready) => &ready.item.origin,
        }
    }

    /// About the memory it takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.input.body.as_ref().map_or(0, |body| body.text.len()),
            Self::Piece(_) => 0,
        }
    }
}

struct Import<'a> {
    db: &'a Db,
    rules: &'a Rules,
    options: &'a Options,
    shelf: Option<&'a Shelf>,
    /// The names of pictures whose files this import has stored.
    names: HashSet<String>,
    report: Report,
    batch: Vec<Ready>,
    bytes: usize,
    /// The batch before, which is being written while this one is made ready.
    ahead: Option<(Arc<Vec<Ready>>, Ahead<Results>)>,
    /// Tags whose parent is not here yet.
    waiting: Vec<PieceItem>,
}

impl Import<'_> {
    fn run(
        &mut self,
        items: impl IntoIterator<Item = Parsed>,
        mut progress: impl FnMut(usize),
    ) -> Result<()> {
        for (index, parsed) in items.into_iter().enumerate() {
            match parsed {
                Parsed::Skipped { origin, reason } => self.report.skipped.push((origin, reason)),
                Parsed::LeftOut { what, count, .. } => self.report.leave_out(what, count),
                Parsed::Broken {
                    origin,
                    line,
                    reason,
                } => {
                    let place =
                        line.map_or_else(|| origin.clone(), |line| format!("{origin}:{line}"));
                    self.report.broken.push((place, reason));
                }
                Parsed::Article(item) => {
                    let ready = texts::prepare(self, *item)?;
                    self.add(ready.map(|text| Ready::Text(Box::new(text))))?;
                }
                Parsed::Piece(item) => {
                    let ready = self.prepare(*item)?;
                    self.add(ready)?;
                }
            }
            progress(index + 1);
        }
        self.flush()?;
        self.settle()?;
        self.look_again()
    }

    fn add(&mut self, ready: Option<Ready>) -> Result<()> {
        if let Some(ready) = ready {
            self.bytes += ready.bytes();
            self.batch.push(ready);
        }
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// A piece that is to be written, or nothing where it is told already what becomes of it.
    fn prepare(&mut self, item: PieceItem) -> Result<Option<Ready>> {
        let mut ready = pieces::Ready::new(item);
        let standing = self
            .db
            .read_blocking(|conn| pieces::standing(conn, &self.options.source, &ready))?;
        if standing == pieces::Standing::Unchanged {
            self.report.of_kind(&ready.item.piece).unchanged += 1;
            return Ok(None);
        }
        for warning in ready.item.warnings.drain(..) {
            self.report
                .warnings
                .push((ready.item.origin.clone(), warning));
        }
        if !self.options.dry_run {
            if let (Piece::Media(medium), pieces::Standing::New) = (&ready.item.piece, &standing) {
                match self.take(medium)? {
                    Ok(picture) => ready.picture = Some(picture),
                    Err(why) => {
                        self.report.broken.push((ready.item.origin, why));
                        return Ok(None);
                    }
                }
            }
            if let Some(shelf) = self.shelf
                && let Some(image) = ready.shown(self.db, &standing)?
                && let Some(why) = shelf.bring_image(self.db, self.options, image)?
            {
                self.report.warnings.push((ready.item.origin.clone(), why));
            }
            return Ok(Some(Ready::Piece(Box::new(ready))));
        }
        let item = ready.item;
        let counts = self.report.of_kind(&item.piece);
        match standing {
            pieces::Standing::New => counts.created += 1,
            pieces::Standing::Changed(_) => counts.updated += 1,
            pieces::Standing::Found(_) | pieces::Standing::Unchanged => counts.unchanged += 1,
            pieces::Standing::Kept(why) => {
                counts.kept += 1;
                self.report.warnings.push((item.origin, why));
            }
        }
        Ok(None)
    }

    /// Stores the files of a picture; or answers why there is none. What has an address is never written over.
    fn take(&mut self, medium: &MediaInput) -> Result<std::result::Result<NewMedia, String>> {
        let Some(shelf) = self.shelf else {
            return Ok(Err(media::NO_FILE.into()));
        };
        if let Some(name) = &medium.name {
            let names = std::slice::from_ref(name);
            let known = self
                .db
                .read_blocking(|conn| crate::media::store::known_names(conn, names))?;
            if !known.is_empty() || !self.names.insert(name.clone()) {
                return Ok(Err(format!("another picture has its name `{name}`")));
            }
        }
        shelf.take(medium)
    }

    /// Begins to write the batch, once the one before has been written.
    fn flush(&mut self) -> Result<()> {
        self.settle()?;
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(batch);
        let ahead = self.begin(&batch, 0..batch.len())?;
        self.ahead = Some((batch, ahead));
        Ok(())
    }

    /// Waits for the batch that is being written.
    fn settle(&mut self) -> Result<()> {
        let Some((batch, ahead)) = self.ahead.take() else {
            return Ok(());
        };
        match ahead.wait() {
            Ok(written) => self.count(&batch, written.value),
            // One of them is at fault: each alone, so that the others come in and the report names it.
            Err(error) if is_of_one(&error) => {
                for index in 0..batch.len() {
                    match (self.store(&batch, index..index + 1), batch.get(index)) {
                        (Ok(results), _) => self.count(&batch, results),
                        (Err(error), Some(ready)) if is_of_one(&error) => {
                            let line = (ready.origin().to_owned(), error.to_string());
                            self.report.broken.push(line);
                        }
                        (Err(error), _) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn store(&self, batch: &Arc<Vec<Ready>>, range: std::ops::Range<usize>) -> Result<Results> {
        Ok(self.begin(batch, range)?.wait()?.value)
    }

    fn begin(
        &self,
        batch: &Arc<Vec<Ready>>,
        range: std::ops::Range<usize>,
    ) -> Result<Ahead<Results>> {
        let (batch, source) = (Arc::clone(batch), self.options.source.clone());
        let actor = self.options.actor.clone();
        self.db.write_ahead(actor, move |tx| {
            still_may(tx)?;
            let mut results = Vec::with_capacity(range.len());
            for (index, ready) in batch.iter().enumerate().take(range.end).skip(range.start) {
                results.push((index, store_one(tx, &source, ready)?));
            }
            if !tx.is_logged() {
                tx.leave_unchanged();
                // Under which key something is known that was here before.
                if results
                    .iter()
                    .any(|(_, done)| matches!(done, Done::Piece(_)))
                {
                    tx.keep_quietly();
                }
            }
            Ok(results)
        })
    }

    fn count(&mut self, batch: &[Ready], results: Results) {
        for (ready, done) in results
            .into_iter()
            .filter_map(|(index, done)| Some((batch.get(index)?, done)))
        {
            let origin = ready.origin();
            match (ready, done) {
                (Ready::Text(_), Done::Text(imported, notes)) => {
                    match imported {
                        Imported::Created(_) => self.report.created += 1,
                        Imported::Updated(_) => self.report.updated += 1,
                        Imported::Unchanged => self.report.unchanged += 1,
                        Imported::KeptLocalEdit => self.report.kept.push(origin.to_owned()),
                    }
                    self.warn(origin, notes);
                }
                (Ready::Piece(ready), Done::Piece(stored)) => {
                    let pieces::Ready { item, picture, .. } = &**ready;
                    if let (Some(picture), Some(shelf)) = (picture, self.shelf)
                        && stored.outcome != Outcome::Created
                    {
                        shelf.put_back(picture);
                    }
                    let counts = self.report.of_kind(&item.piece);
                    match stored.outcome {
                        Outcome::Created => counts.created += 1,
                        Outcome::Updated => counts.updated += 1,
                        Outcome::Unchanged => counts.unchanged += 1,
                        Outcome::Kept(why) => {
                            counts.kept += 1;
                            self.report.warnings.push((origin.to_owned(), why));
                        }
                    }
                    if stored.waits && self.waiting.len() < MAX_WAITING {
                        self.waiting.push(item.clone());
                    } else {
                        self.warn(origin, stored.notes);
                    }
                }
                (Ready::Text(_), Done::Piece(_)) | (Ready::Piece(..), Done::Text(..)) => {}
            }
        }
    }

    fn warn(&mut self, origin: &str, notes: Vec<String>) {
        for note in notes {
            self.report.warnings.push((origin.to_owned(), note));
        }
    }

    /// Tags that came before their parents: these are here by now, or nowhere. They are counted already.
    fn look_again(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        for some in waiting.chunks(BATCH) {
            let batch: Vec<Ready> = some
                .iter()
                .map(|item| Ready::Piece(Box::new(pieces::Ready::new(item.clone()))))
                .collect();
            let batch = Arc::new(batch);
            for (index, done) in self.store(&batch, 0..batch.len())? {
                if let (Done::Piece(stored), Some(ready)) = (done, batch.get(index)) {
                    self.warn(ready.origin(), stored.notes);
                }
            }
        }
        Ok(())
    }
}

type Results = Vec<(usize, Done)>;

/// Whether it is the fault of what was to be stored, and not of the database.
const fn is_of_one(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_) | Error::NotFound(_) | Error::Conflict(_) | Error::Forbidden
    )
}

/// Whoever imports may have lost the right to it since the last batch: then all of it ends here.
fn still_may(tx: &mut Tx<'_>) -> Result<()> {
    let Actor::Principal(who) = tx.actor().clone() else {
        return Ok(());
    };
    let now = tx.now();
    match auth::store::grants_of(tx.conn(), who.user, who.key(), now)? {
        Some(grants) if grants == who.grants && who.may(Action::Import) => Ok(()),
        // Not `Forbidden`: that is of one item, and the next may be allowed.
        _ => Err(Error::Unauthorized),
    }
}

fn store_one(tx: &mut Tx<'_>, source: &str, ready: &Ready) -> Result<Done> {
    match ready {
        Ready::Text(text) => {
            let (imported, notes) = texts::store(tx, source, text)?;
            Ok(Done::Text(imported, notes))
        }
        Ready::Piece(ready) => pieces::store(tx, source, ready).map(Done::Piece),
    }
}
