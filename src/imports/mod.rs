//! Brings parsed items into the database through the same code as every other door, many to a transaction, and tells of
//! each what became of it.

use std::sync::Arc;

use crate::articles::model::{ArticleInput, State};
use crate::articles::new::{NewArticle, Rules};
use crate::articles::restored::Restored;
use crate::articles::store::{self, Imported, Said, Standing};
use crate::changes::model::Actor;
use crate::db::{Ahead, Db, Tx};
use crate::error::{Error, Result};
use crate::redirects::model::NewRedirect;
use crate::redirects::store::{self as redirects, Target};
use crate::transfer::jsonl::kinds::Resource;
use crate::transfer::{Item, Parsed};

mod resources;

use resources::Here;

/// Items that share a transaction.
const BATCH: usize = 100;
/// Bytes of bodies after which a batch is full: each is held several times, as it came and as it was rendered.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How an import is to be done.
#[derive(Debug, Clone)]
pub struct Options {
    /// What tells this source's keys from those of others.
    pub source: String,
    /// The state of what comes in; `None` takes it as it is, and publishes what says nothing.
    pub status: Option<State>,
    /// Look and report only.
    pub dry_run: bool,
}

/// What became of the items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// New here.
    pub created: usize,
    /// Changed in the source since the last import.
    pub updated: usize,
    /// As at the last import.
    pub unchanged: usize,
    /// Changed in the source and by hand here, and kept as they are here: where they come from.
    pub kept: Vec<String>,
    /// No articles: where, and why.
    pub skipped: Vec<(String, String)>,
    /// Not brought in: where, and why.
    pub broken: Vec<(String, String)>,
    /// Brought in, but not quite as they were: where, and how.
    pub warnings: Vec<(String, String)>,
}

/// An item that may be stored.
struct Ready {
    origin: String,
    /// By which the next import knows it.
    key: String,
    input: ArticleInput,
    restored: Restored,
    new: NewArticle,
    redirects: Vec<String>,
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
    let mut report = Report::default();
    match run_into(db, rules, options, items, &mut report, progress) {
        Ok(()) => Ok(report),
        Err(error) => Err(Box::new(Interrupted { error, report })),
    }
}

fn run_into(
    db: &Db,
    rules: &Rules,
    options: &Options,
    items: impl IntoIterator<Item = Parsed>,
    report: &mut Report,
    progress: impl FnMut(usize),
) -> Result<()> {
    let mut storing = Storing {
        db,
        options,
        batch: Vec::with_capacity(BATCH),
        bytes: 0,
        ahead: None,
    };
    let walked = walk(&mut storing, rules, items, report, progress);
    // What is under way is stored and counted, whatever ended the walk.
    let settled = storing.settle(report);
    walked.and(settled)
}

fn walk(
    storing: &mut Storing<'_>,
    rules: &Rules,
    items: impl IntoIterator<Item = Parsed>,
    report: &mut Report,
    mut progress: impl FnMut(usize),
) -> Result<()> {
    let (db, options) = (storing.db, storing.options);
    for (index, parsed) in items.into_iter().enumerate() {
        match parsed {
            Parsed::Skipped { origin, reason } => report.skipped.push((origin, reason)),
            Parsed::Broken {
                origin,
                line,
                reason,
            } => {
                let place = line.map_or_else(|| origin.clone(), |line| format!("{origin}:{line}"));
                report.broken.push((place, reason));
            }
            Parsed::Article(item) => {
                let ready = prepare(db, rules, options, *item, report)?;
                if let Some(ready) = ready {
                    storing.push(Work::Text(Box::new(ready)), report)?;
                }
            }
            Parsed::Resource { origin, resource } if options.dry_run => {
                let here = db.read_blocking(|conn| resources::here(conn, &resource))?;
                report.count(origin, Came::Is(here));
            }
            Parsed::Resource { origin, resource } => {
                storing.push(Work::Other(origin, resource), report)?;
            }
        }
        progress(index + 1);
    }
    storing.store(report)
}

fn prepare(
    db: &Db,
    rules: &Rules,
    options: &Options,
    item: Item,
    report: &mut Report,
) -> Result<Option<Ready>> {
    let Item {
        origin,
        article: mut input,
        mut restored,
        redirects,
        warnings,
    } = item;
    let warn = |report: &mut Report, text: String| report.warnings.push((origin.clone(), text));
    let (external_id, id) = (
        input.external_id.clone(),
        input.id.map(|id| id.to_string()),
    );
    // Texts of an export may have come from several sources, in which others have the same key.
    let key = if restored.is_export() {
        id.or(external_id)
    } else {
        external_id.or(id)
    };
    let Some(key) = key else {
        report.broken.push((
            origin,
            "has no key by which the next import could know it".into(),
        ));
        return Ok(None);
    };
    input.status = options.status.or(input.status).or(Some(State::Published));
    // A text that does not say when it was changed was not changed by being moved here.
    input.updated_at = input.updated_at.or(input.published_at);
    let moved = fit_locale(&mut input, rules);
    if let Some(copy) = &mut restored.working_copy {
        // It was told of the text.
        let _told = fit_locale(copy, rules);
    }
    let now = db.now();
    let later = input
        .published_at
        .filter(|at| matches!(input.status, Some(State::Published | State::Scheduled)) && *at > now)
        // An export says so itself.
        .filter(|_| !(restored.is_export() && input.status == Some(State::Scheduled)))
        .map(|at| format!("its time is yet to come: stored as scheduled, and published at {at}"));

    let said = Said {
        input: &input,
        restored: &restored,
    };
    let standing =
        db.read_blocking(|conn| store::standing(conn, &options.source, &key, said, now))?;
    match standing {
        Standing::Unchanged => {
            report.unchanged += 1;
            return Ok(None);
        }
        Standing::EditedHere => {
            report.kept.push(origin);
            return Ok(None);
        }
        Standing::New | Standing::Changed(_) => {}
    }
    for warning in warnings.into_iter().chain(moved).chain(later) {
        warn(report, warning);
    }
    let copied = restored.working_copy.as_deref();
    let copied = copied.map_or_else(Vec::new, |copy| NewArticle::faults(copy, rules));
    let parsed = match copied.as_slice() {
        [] => NewArticle::parse(input.clone(), rules),
        _ => Err(copied
            .into_iter()
            .map(|fault| fault.below("/working_copy"))
            .collect()),
    };
    let new = match parsed {
        Ok(new) => new.with_any_slug(),
        Err(faults) => {
            report
                .broken
                .push((origin, Error::Invalid(faults).to_string()));
            return Ok(None);
        }
    };
    if !new.removed().is_empty() {
        let removed: Vec<_> = new
            .removed()
            .iter()
            .map(|removed| format!("{} ({})", removed.what, removed.count))
            .collect();
        warn(
            report,
            format!("the sanitiser removed {}", removed.join(", ")),
        );
    }
    let (redirects, unusable): (Vec<_>, Vec<_>) = redirects
        .into_iter()
        .partition(|path| NewRedirect::is_path(path));
    for path in unusable {
        warn(
            report,
            format!("nothing can lead here from `{path}`: it is no path on the site"),
        );
    }
    if options.dry_run {
        match standing {
            Standing::New => report.created += 1,
            _ => report.updated += 1,
        }
        return Ok(None);
    }
    Ok(Some(Ready {
        origin,
        key,
        input,
        restored,
        new,
        redirects,
    }))
}

/// A text in a language that the site does not have is kept, under the nearest that it has; nothing is lost for a
/// missing setting. Answers a warning for the report.
fn fit_locale(input: &mut ArticleInput, rules: &Rules) -> Option<String> {
    let locale = input
        .locale
        .clone()
        .filter(|locale| !rules.locales.contains(locale))?;
    let language = locale.split(['-', '_']).next().unwrap_or_default();
    let nearest = rules
        .locales
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&locale) || known.as_str() == language);
    let taken = nearest
        .map_or_else(|| rules.default_locale(), String::as_str)
        .to_owned();
    let warning = format!(
        "its locale `{locale}` is none of the site's ({}): stored under `{taken}`, with its own in metadata.locale",
        rules.locales.join(", ")
    );
    input.metadata.insert("locale".into(), locale.into());
    input.locale = Some(taken);
    Some(warning)
}

/// Something to be stored.
enum Work {
    Text(Box<Ready>),
    Other(String, Box<Resource>),
}

impl Work {
    /// Where it was found.
    fn origin(&self) -> &str {
        match self {
            Self::Text(ready) => &ready.origin,
            Self::Other(origin, _) => origin,
        }
    }

    /// Of its body.
    fn bytes(&self) -> usize {
        match self {
            Self::Text(ready) => ready.input.body.as_ref().map_or(0, |body| body.text.len()),
            Self::Other(..) => 0,
        }
    }
}

/// What became of it.
enum Came {
    Text(Imported),
    Is(Here),
}

impl Came {
    /// Whether nothing was written.
    const fn is_nothing(&self) -> bool {
        matches!(
            self,
            Self::Text(Imported::Unchanged | Imported::KeptLocalEdit)
                | Self::Is(Here::Same | Here::Other)
        )
    }
}

/// What is being stored: one batch is made ready while the one before is written.
struct Storing<'a> {
    db: &'a Db,
    options: &'a Options,
    batch: Vec<Work>,
    /// Of the bodies in it.
    bytes: usize,
    ahead: Option<(Arc<Vec<Work>>, Ahead<Results>)>,
}

type Results = Vec<(usize, Came)>;

impl Storing<'_> {
    fn push(&mut self, work: Work, report: &mut Report) -> Result<()> {
        self.bytes += work.bytes();
        self.batch.push(work);
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.store(report)?;
        }
        Ok(())
    }

    /// Begins to write the batch, once the one before has been written.
    fn store(&mut self, report: &mut Report) -> Result<()> {
        self.settle(report)?;
        self.bytes = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        let next = Vec::with_capacity(BATCH);
        let batch = Arc::new(std::mem::replace(&mut self.batch, next));
        let ahead = self.begin(&batch, 0..batch.len())?;
        self.ahead = Some((batch, ahead));
        Ok(())
    }

    /// Waits for the batch under way.
    fn settle(&mut self, report: &mut Report) -> Result<()> {
        let Some((batch, ahead)) = self.ahead.take() else {
            return Ok(());
        };
        match ahead.wait() {
            Ok(written) => {
                count(report, &batch, written.value);
                return Ok(());
            }
            // One of them is at fault: each alone, so that the others come in and the report names it.
            Err(error) if is_of_content(&error) => {}
            Err(error) => return Err(error),
        }
        for (index, work) in batch.iter().enumerate() {
            match self.begin(&batch, index..index + 1)?.wait() {
                Ok(written) => count(report, &batch, written.value),
                Err(error) if is_of_content(&error) => {
                    let origin = work.origin().to_owned();
                    report.broken.push((origin, error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn begin(
        &self,
        batch: &Arc<Vec<Work>>,
        range: std::ops::Range<usize>,
    ) -> Result<Ahead<Results>> {
        let (batch, source) = (Arc::clone(batch), self.options.source.clone());
        self.db.write_ahead(Actor::System, move |tx| {
            let mut results = Vec::with_capacity(range.len());
            for (index, work) in batch.iter().enumerate().take(range.end).skip(range.start) {
                let came = match work {
                    Work::Text(ready) => Came::Text(store_one(tx, &source, ready)?),
                    Work::Other(_, resource) => Came::Is(resources::store(tx, resource)?),
                };
                results.push((index, came));
            }
            if results.iter().all(|(_, came)| came.is_nothing()) {
                tx.leave_unchanged();
            }
            Ok(results)
        })
    }
}

/// Whether it says what is wrong with something that was to be stored, and not with the database.
const fn is_of_content(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_) | Error::NotFound(_) | Error::Conflict(_)
    )
}

fn store_one(tx: &mut Tx<'_>, source: &str, ready: &Ready) -> Result<Imported> {
    let said = Said {
        input: &ready.input,
        restored: &ready.restored,
    };
    let imported = store::import(tx, source, &ready.key, said, &ready.new)?;
    if let Imported::Created(stored) | Imported::Updated(stored) = &imported {
        let own = format!("/{}", stored.slug);
        for path in ready.redirects.iter().filter(|path| **path != own) {
            redirects::ensure(tx, path, &Target::Article(stored.id), 301)?;
        }
    }
    Ok(imported)
}

fn count(report: &mut Report, batch: &[Work], results: Results) {
    for (index, came) in results {
        let origin = batch.get(index).map_or("", Work::origin);
        report.count(origin.to_owned(), came);
    }
}

impl Report {
    fn count(&mut self, origin: String, came: Came) {
        match came {
            Came::Text(Imported::Created(_)) | Came::Is(Here::Nothing) => self.created += 1,
            Came::Text(Imported::Updated(_)) => self.updated += 1,
            Came::Text(Imported::Unchanged) | Came::Is(Here::Same) => self.unchanged += 1,
            Came::Text(Imported::KeptLocalEdit) | Came::Is(Here::Other) => self.kept.push(origin),
        }
    }
}
