//! Jobs in the database.

use std::time::Duration;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::{
    ImportWish, Job, JobFile, JobKind, JobProgress, JobState, MAX_WAITING, REMEMBERED, Report,
    Viewer, Wish,
};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{jobs, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// The order of the list: the newest first.
pub const SORT: &str = "-created_at";
/// Who has said nothing for so long does nothing any more.
const SILENCE: Duration = Duration::from_secs(60);
/// A hundred years.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
/// Why jobs failed whose process is no more.
const ENDED: &str =
    "the server ended before this did; what it had stored stays, and it can be asked for again";

#[derive(Queryable)]
struct Row {
    id: Id,
    kind: String,
    state: String,
    wanted: String,
    done: i64,
    total: Option<i64>,
    report: Option<String>,
    error: Option<String>,
    file: Option<String>,
    created_at: Time,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    version: i64,
    user: Option<(Id, String)>,
}

type Columns = (
    jobs::id,
    jobs::kind,
    jobs::state,
    jobs::wanted,
    jobs::done,
    jobs::total,
    jobs::report,
    jobs::error,
    jobs::file,
    jobs::created_at,
    jobs::started_at,
    jobs::ended_at,
    jobs::version,
    diesel::dsl::Nullable<(users::id, users::name)>,
);

fn columns() -> Columns {
    (
        jobs::id,
        jobs::kind,
        jobs::state,
        jobs::wanted,
        jobs::done,
        jobs::total,
        jobs::report,
        jobs::error,
        jobs::file,
        jobs::created_at,
        jobs::started_at,
        jobs::ended_at,
        jobs::version,
        (users::id, users::name).nullable(),
    )
}

impl Row {
    fn into_job(self) -> Result<Job> {
        let kind = named(&self.kind, JobKind::from_name)?;
        let report: Option<Report> = self.report.as_deref().map(read).transpose()?;
        let (import_report, backup_report) = match report {
            Some(Report::Import(report)) => (Some(*report), None),
            Some(Report::Backup(report)) => (None, Some(report)),
            None => (None, None),
        };
        Ok(Job {
            id: self.id,
            kind,
            state: named(&self.state, JobState::from_name)?,
            user: self.user.map(|(id, name)| UserRef { id, name }),
            import: read::<Wanted>(&self.wanted)?.import,
            progress: JobProgress {
                done: self.done,
                total: self.total,
            },
            import_report,
            backup_report,
            error: self.error,
            file: self.file.as_deref().map(read).transpose()?,
            version: self.version,
            created_at: self.created_at,
            started_at: self.started_at,
            ended_at: self.ended_at,
        })
    }
}

fn named<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T> {
    from_name(name).ok_or_else(|| Error::internal(format!("a job has the stored name `{name}`")))
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal(format!("what is stored of a job: {error}")))
}

/// What was asked for, as it is stored.
#[derive(Serialize, Deserialize)]
struct Wanted {
    import: Option<ImportWish>,
    /// From where it was asked for, and by which request: what it writes is logged so.
    peer: String,
    request_id: String,
}

impl Wanted {
    fn into_wish(self, kind: JobKind) -> Result<Wish> {
        match (kind, self.import) {
            (JobKind::Import, Some(wish)) => Ok(Wish::Import(wish)),
            (JobKind::Backup, None) => Ok(Wish::Backup),
            _ => Err(Error::internal("a job is stored as of another kind")),
        }
    }
}

macro_rules! seen_by {
    ($query:expr, $viewer:expr) => {{
        let mut query = $query;
        if !$viewer.all {
            query = query
                .filter(jobs::user_id.eq($viewer.user))
                .filter(jobs::kind.eq(JobKind::Import.as_str()));
        }
        query
    }};
}

/// One page of the jobs, the newest first, as far as they are for this viewer.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, viewer: Viewer, page: &Page, count: bool) -> Result<Slice<Job>> {
    let rows: Vec<Row> = each!(conn, c => {
        let all = jobs::table.left_join(users::table).select(columns()).into_boxed();
        let mut query = seen_by!(all, viewer);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(jobs::created_at.ge(at))
                    .filter(jobs::created_at.gt(at).or(jobs::id.gt(id)))
            } else {
                query
                    .filter(jobs::created_at.le(at))
                    .filter(jobs::created_at.lt(at).or(jobs::id.lt(id)))
            };
        }
        query = if page.backward() {
            query.order((jobs::created_at.asc(), jobs::id.asc()))
        } else {
            query.order((jobs::created_at.desc(), jobs::id.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.created_at.millis()), row.id)
    });
    let total = if count {
        Some(each!(conn, c => seen_by!(jobs::table.into_boxed(), viewer).count().get_result(c))?)
    } else {
        None
    };
    Ok(Slice {
        items: slice
            .items
            .into_iter()
            .map(Row::into_job)
            .collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// A job.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id for this viewer.
pub fn get(conn: &mut Conn, viewer: Viewer, id: Id) -> Result<Job> {
    let row: Option<Row> = each!(conn, c => {
        let all = jobs::table.left_join(users::table).select(columns()).into_boxed();
        seen_by!(all, viewer)
            .filter(jobs::id.eq(id))
            .first(c)
            .optional()
    })?;
    row.ok_or(Error::NotFound("job"))?.into_job()
}

/// Whether there is a job of this id.
///
/// # Errors
/// When the database fails.
pub fn is_there(conn: &mut Conn, id: Id) -> Result<bool> {
    let there = jobs::table.find(id).select(jobs::id);
    Ok(each!(conn, c => there.first::<Id>(c).optional())?.is_some())
}

/// Asks for a job, which this process will do.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::Unavailable`] where too many wait.
pub fn create(tx: &mut Tx<'_>, id: Id, node: Id, wish: &Wish) -> Result<Job> {
    tx.actor().authorise(wish.kind().needs())?;
    let user = tx.actor().user().ok_or(Error::Forbidden)?;
    let now = tx.now();
    let waiting = jobs::table
        .filter(jobs::state.eq(JobState::Queued.as_str()))
        .filter(jobs::node.eq(node))
        .count();
    let waiting: i64 = each!(tx.conn(), c => waiting.get_result(c))?;
    if waiting >= MAX_WAITING {
        return Err(Error::busy("too many jobs are waiting"));
    }
    let wanted = Wanted {
        import: match wish {
            Wish::Import(wish) => Some(wish.clone()),
            Wish::Backup => None,
        },
        peer: tx.actor().peer().unwrap_or_default(),
        request_id: tx.actor().request_id().unwrap_or_default().to_owned(),
    };
    let row = (
        jobs::id.eq(id),
        jobs::kind.eq(wish.kind().as_str()),
        jobs::state.eq(JobState::Queued.as_str()),
        jobs::node.eq(node),
        jobs::seen_at.eq(now),
        jobs::user_id.eq(Some(user)),
        jobs::key_id.eq(tx.actor().key()),
        jobs::wanted.eq(crate::json::text(&wanted)),
        jobs::done.eq(0_i64),
        jobs::cancelled.eq(false),
        jobs::created_at.eq(now),
        jobs::version.eq(1_i64),
    );
    each!(tx.conn(), c => diesel::insert_into(jobs::table).values(row).execute(c))?;
    log(tx, id, "created", Some(wish.kind().as_str().to_owned()));
    get(tx.conn(), Viewer { user, all: true }, id)
}

/// Wants a job no more: one that waits is not begun, one that runs ends as soon as it can.
///
/// # Errors
/// [`Error::NotFound`] where there is none for this viewer; [`Error::Conflict`] where it has ended.
pub fn cancel(tx: &mut Tx<'_>, viewer: Viewer, id: Id) -> Result<Job> {
    let job = get(tx.conn(), viewer, id)?;
    tx.actor().authorise(job.kind.needs())?;
    if job.has_ended() {
        return Err(Error::Conflict(format!(
            "the job has ended: it is {}",
            job.state.as_str()
        )));
    }
    let now = tx.now();
    if job.state == JobState::Queued {
        let ended = (
            jobs::state.eq(JobState::Cancelled.as_str()),
            jobs::ended_at.eq(Some(now)),
        );
        each!(tx.conn(), c => diesel::update(jobs::table.find(id)).set(ended).execute(c))?;
    }
    let cancelled = (
        jobs::cancelled.eq(true),
        jobs::version.eq(jobs::version + 1),
    );
    each!(tx.conn(), c => diesel::update(jobs::table.find(id)).set(cancelled).execute(c))?;
    log(tx, id, "cancelled", Some(job.kind.as_str().to_owned()));
    get(tx.conn(), viewer, id)
}

fn log(tx: &mut Tx<'_>, id: Id, action: &'static str, detail: Option<String>) {
    tx.log(Entry {
        action,
        resource: Resource::Job,
        id,
        before: Footprint::none(),
        after: Footprint::none(),
        detail,
    });
}

/// A job that begins.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Which.
    pub id: Id,
    /// What was asked for.
    pub wish: Wish,
    /// Who asked; none where the account is gone.
    pub user: Option<Id>,
    /// With which key, where it was one.
    pub key: Option<Id>,
    /// The address that they asked from.
    pub peer: String,
    /// The request that they asked with.
    pub request_id: String,
}

/// Begins the job of this process that waits longest.
///
/// # Errors
/// When the database fails.
pub fn begin_next(conn: &mut Conn, node: Id, now: Time) -> Result<Option<Begun>> {
    type Next = (Id, String, String, Option<Id>, Option<Id>);
    let next = jobs::table
        .filter(jobs::state.eq(JobState::Queued.as_str()))
        .filter(jobs::node.eq(node))
        .order((jobs::created_at, jobs::id))
        .select((
            jobs::id,
            jobs::kind,
            jobs::wanted,
            jobs::user_id,
            jobs::key_id,
        ));
    let next: Option<Next> = each!(conn, c => next.first(c).optional())?;
    let Some((id, kind, wanted, user, key)) = next else {
        return Ok(None);
    };
    let begun = (
        jobs::state.eq(JobState::Running.as_str()),
        jobs::started_at.eq(Some(now)),
        jobs::seen_at.eq(now),
        jobs::version.eq(jobs::version + 1),
    );
    each!(conn, c => diesel::update(jobs::table.find(id)).set(begun).execute(c))?;
    let wanted: Wanted = read(&wanted)?;
    Ok(Some(Begun {
        id,
        peer: wanted.peer.clone(),
        request_id: wanted.request_id.clone(),
        wish: wanted.into_wish(named(&kind, JobKind::from_name)?)?,
        user,
        key,
    }))
}

/// Whether a job of this process waits.
///
/// # Errors
/// When the database fails.
pub fn is_waiting(conn: &mut Conn, node: Id) -> Result<bool> {
    let next = jobs::table
        .filter(jobs::state.eq(JobState::Queued.as_str()))
        .filter(jobs::node.eq(node))
        .select(jobs::id);
    Ok(each!(conn, c => next.first::<Id>(c).optional())?.is_some())
}

/// Notes how far a job is, and answers whether it is still wanted.
///
/// # Errors
/// When the database fails.
pub fn note(conn: &mut Conn, id: Id, progress: JobProgress, now: Time) -> Result<bool> {
    let far = (
        jobs::done.eq(progress.done),
        jobs::total.eq(progress.total),
        jobs::seen_at.eq(now),
        jobs::version.eq(jobs::version + 1),
    );
    each!(conn, c => diesel::update(jobs::table.find(id)).set(far).execute(c))?;
    let cancelled = jobs::table.find(id).select(jobs::cancelled);
    let cancelled: Option<bool> = each!(conn, c => cancelled.first(c).optional())?;
    Ok(cancelled == Some(false))
}

/// How a job ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Done, failed or cancelled.
    pub state: JobState,
    /// What came of it.
    pub report: Option<Report>,
    /// Why it failed.
    pub error: Option<String>,
    /// The file that it made.
    pub file: Option<JobFile>,
}

/// Notes how a job ended.
///
/// # Errors
/// When the database fails.
pub fn end(conn: &mut Conn, id: Id, ended: &Ended, now: Time) -> Result<()> {
    let row = (
        jobs::state.eq(ended.state.as_str()),
        jobs::report.eq(ended.report.as_ref().map(crate::json::text)),
        jobs::error.eq(ended.error.as_deref()),
        jobs::file.eq(ended.file.as_ref().map(crate::json::text)),
        jobs::ended_at.eq(Some(now)),
        jobs::version.eq(jobs::version + 1),
    );
    let this = jobs::table
        .find(id)
        .filter(jobs::state.eq(JobState::Running.as_str()));
    each!(conn, c => diesel::update(this).set(row).execute(c))?;
    Ok(())
}

/// Says that this process lives, and ends what others did that are no more: where nobody else can be there, at once.
/// Answers how many those were.
///
/// # Errors
/// When the database fails.
pub fn look_around(conn: &mut Conn, node: Id, alone: bool, now: Time) -> Result<usize> {
    let open = [JobState::Queued.as_str(), JobState::Running.as_str()];
    let own = jobs::table
        .filter(jobs::state.eq_any(open))
        .filter(jobs::node.eq(node));
    let lives = jobs::seen_at.eq(now);
    each!(conn, c => diesel::update(own).set(lives).execute(c))?;
    // Whatever the clock said when they were last heard of.
    let silent = if alone {
        now.plus(FOREVER)
    } else {
        now.minus(SILENCE)
    };
    let others = jobs::table
        .filter(jobs::state.eq_any(open))
        .filter(jobs::node.ne(node))
        .filter(jobs::seen_at.le(silent));
    let failed = (
        jobs::state.eq(JobState::Failed.as_str()),
        jobs::error.eq(Some(ENDED)),
        jobs::ended_at.eq(Some(now)),
        jobs::version.eq(jobs::version + 1),
    );
    Ok(each!(conn, c => diesel::update(others).set(failed).execute(c))?)
}

/// Fails all that had not ended: their process is of another time.
///
/// # Errors
/// When the database fails.
pub fn end_all(conn: &mut Conn, now: Time) -> Result<()> {
    look_around(conn, Id([0; 16]), true, now)?;
    Ok(())
}

/// Forgets what ended long ago.
///
/// # Errors
/// When the database fails.
pub fn sweep(conn: &mut Conn, now: Time) -> Result<()> {
    let old = jobs::table.filter(jobs::ended_at.lt(now.minus(REMEMBERED)));
    each!(conn, c => diesel::delete(old).execute(c))?;
    Ok(())
}
