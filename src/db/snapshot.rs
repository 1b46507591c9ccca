//! A copy of the embedded database as it is at one moment, made while others read and write; and what a database says of
//! itself, whether it is served or not.

mod pages;

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::settings::{Backend, Settings};
use super::{Conn, dialect, each, migrate};
use crate::error::{Error, Result};
use crate::id::Id;

/// Pages that a connection keeps which looks through all of them once, in KiB.
const CACHE: u32 = 8192;
/// Faults that are listed at most.
pub const LISTED: usize = 100;

/// What a database is, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// What tells it from every other.
    pub epoch: Id,
    /// The last change that it holds.
    pub change: i64,
    /// The newest migration that made it what it is, such as `0001`.
    pub schema: String,
}

/// Hands over the embedded database as it is at one moment, page by page, and answers what that state is. One after the
/// other they are a whole database file, whose free pages are empty. Writers go on; until all is read the write-ahead log
/// cannot begin anew, and grows by what is written meanwhile.
///
/// # Errors
/// When the database is PostgreSQL, is damaged or cannot be read; and as `page` answers.
pub fn copy<E: From<Error>>(
    settings: &Settings,
    page: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<State, E> {
    let (mut conn, state) = held(settings)?;
    pages::each(embedded(&mut conn)?, page)?;
    Ok(state)
}

/// A connection that sees one state for as long as it is there, of a database that is whole.
fn held(settings: &Settings) -> Result<(Conn, State)> {
    let mut conn = settings.connect_reader(CACHE)?;
    let sqlite = embedded(&mut conn)?;
    let patient = format!("PRAGMA busy_timeout = {}", settings.write_wait.as_millis());
    sqlite.batch_execute(&patient)?;
    // What is damaged now cannot be restored later. Looked at before, so that the log may begin anew in between.
    if let Some(fault) = damage(sqlite, "quick_check")?.into_iter().next() {
        return Err(Error::internal(format!(
            "{fault}; `masthead verify` tells more"
        )));
    }
    sqlite.batch_execute("BEGIN")?;
    let state = state(&mut conn)?;
    Ok((conn, state))
}

fn embedded(conn: &mut Conn) -> Result<&mut SqliteConnection> {
    match conn {
        Conn::Sqlite(conn) => Ok(conn),
        Conn::Pg(_) => Err(Error::internal("only the embedded database is copied")),
    }
}

/// What this database is.
///
/// # Errors
/// When it cannot be read.
pub fn state(conn: &mut Conn) -> Result<State> {
    let (epoch, change, _) = super::position(conn)?;
    Ok(State {
        epoch,
        change,
        schema: migrate::newest(conn)?.unwrap_or_default(),
    })
}

/// What is wrong with a database: damage of its file, references that lead nowhere, a log that does not end where it says.
/// A hundred faults at most.
///
/// # Errors
/// When it cannot be read at all.
pub fn faults(conn: &mut Conn) -> Result<Vec<String>> {
    let mut faults = match conn {
        Conn::Sqlite(conn) => found(conn)?,
        // Checks its pages itself (https://www.postgresql.org/docs/current/checksums.html) and its references always.
        Conn::Pg(_) => Vec::new(),
    };
    if faults.is_empty() {
        faults.extend(log_faults(conn)?);
    }
    Ok(faults)
}

#[derive(QueryableByName)]
struct Damage {
    #[diesel(sql_type = Text)]
    said: String,
}

#[derive(QueryableByName)]
struct Dangling {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    rowid: Option<i64>,
    #[diesel(sql_type = Text)]
    parent: String,
}

/// What one of SQLite's own checks says, a hundred lines at most.
fn damage(conn: &mut SqliteConnection, check: &str) -> Result<Vec<String>> {
    let check = format!("SELECT {check} AS said FROM pragma_{check}");
    let rows: QueryResult<Vec<Damage>> = diesel::sql_query(check).load(conn);
    let rows = match rows {
        Ok(rows) => rows,
        // Damage can be such that not even this can be asked.
        Err(diesel::result::Error::DatabaseError(_, info)) => {
            return Ok(vec![format!("the database: {}", info.message())]);
        }
        Err(error) => return Err(error.into()),
    };
    let damaged = rows.into_iter().map(|row| row.said);
    let lines = damaged
        .filter(|said| said != "ok")
        .flat_map(|said| said.lines().map(str::to_owned).collect::<Vec<_>>())
        // The heading of what follows.
        .filter(|line| line != "*** in database main ***")
        .map(|said| format!("the database: {said}"))
        .take(LISTED);
    Ok(lines.collect())
}

fn found(conn: &mut SqliteConnection) -> Result<Vec<String>> {
    let mut faults = damage(conn, "integrity_check")?;
    if faults.is_empty() {
        faults = dangling(conn)?;
    }
    Ok(faults)
}

/// What refers to rows that are not there, a hundred lines at most.
pub(super) fn dangling(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let rows: Vec<Dangling> = diesel::sql_query("PRAGMA foreign_key_check").load(conn)?;
    let lines = rows.into_iter().take(LISTED).map(|row| {
        let place = row.rowid.map_or_else(String::new, |row| format!(" {row}"));
        format!(
            "the database: row{place} of `{}` refers to a row of `{}` that is not there",
            row.table, row.parent
        )
    });
    Ok(lines.collect())
}

fn log_faults(conn: &mut Conn) -> Result<Vec<String>> {
    use super::schema::changes;
    use diesel::dsl::max;
    let (_, change, public_change) = super::position(conn)?;
    let last: Option<i64> = each!(conn, c => changes::table.select(max(changes::number)).first(c))?;
    let public = changes::table
        .filter(changes::was_public.or(changes::is_public))
        .select(max(changes::number));
    let public: Option<i64> = each!(conn, c => public.first(c))?;
    let mut faults = Vec::new();
    for (what, counted, logged) in [
        ("change", change, last),
        ("public change", public_change, public),
    ] {
        let logged = logged.unwrap_or(0);
        if counted != logged {
            faults.push(format!(
                "the database: the last {what} is {counted} by the counter and {logged} by the log"
            ));
        }
    }
    Ok(faults)
}

/// Runs `f` in one transaction on a connection of its own: for a database that nobody serves.
///
/// # Errors
/// When the database cannot be reached, or as `f` answers; then nothing was written.
pub fn alone<T>(settings: &Settings, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let mut conn = settings.connect_writer()?;
    dialect::begin_write(&mut conn)?;
    // Other processes wait for the counter.
    dialect::lock_counter(&mut conn)?;
    let value = f(&mut conn)?;
    conn.batch_execute("COMMIT")?;
    Ok(value)
}

/// Makes this database another one to whoever knew it: what was kept of it elsewhere holds no longer. Answers the new epoch.
///
/// # Errors
/// When the database fails.
pub fn begin_epoch(conn: &mut Conn) -> Result<Id> {
    use super::schema::meta;
    let epoch = Id::new();
    each!(conn, c => diesel::update(meta::table).set(meta::epoch.eq(epoch)).execute(c))?;
    Ok(epoch)
}

/// A connection to a database file that cannot write.
///
/// # Errors
/// When it cannot be opened.
pub fn reader(file: &Path) -> Result<Conn> {
    Settings::new(Backend::Sqlite(file.to_owned())).connect_reader(CACHE)
}
