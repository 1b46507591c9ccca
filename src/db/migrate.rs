//! Brings the schema up to this program's, and refuses to work on one that is newer.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::migration::{self, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::settings::{Backend, Settings};
use super::snapshot;
use super::{Conn, each};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// An arbitrary number, the same in every version: who holds it on PostgreSQL may migrate.
const ADVISORY_LOCK: i64 = 0x6d61_7374_6865_6164;

/// Runs the migrations that are missing and answers their names. Safe to call from several processes at once, and again
/// after a crash: on SQLite all that are missing are one transaction, on PostgreSQL each is.
///
/// # Errors
/// When the database cannot be reached or is of a newer program.
pub fn run(settings: &Settings) -> Result<Vec<String>> {
    let mut conn = settings.connect_writer()?;
    let _lock = match &settings.backend {
        Backend::Sqlite(path) => Some(lock_file(&path.with_extension("migrate.lock"))?),
        Backend::Postgres(_) => {
            // Freed by the server when the connection ends.
            let lock =
                format!("SET lock_timeout = '60s'; SELECT pg_advisory_lock({ADVISORY_LOCK})");
            conn.batch_execute(&lock)?;
            // Some write every row of a table, which takes as long as it takes.
            conn.batch_execute("SET statement_timeout = 0")?;
            None
        }
    };
    refuse_newer(&mut conn)?;
    let ran = match &mut conn {
        Conn::Sqlite(c) => run_on_sqlite(c),
        Conn::Pg(c) => c.run_pending_migrations(POSTGRES).map(|ran| names(&ran)),
    };
    ran.map_err(|error| Error::internal(format!("a migration failed: {error}")))
}

/// A table that is made anew is dropped in between, which would take with it all that refers to it. So references are looked at
/// when all is done, before it counts (<https://www.sqlite.org/lang_altertable.html>, section 7).
fn run_on_sqlite(conn: &mut SqliteConnection) -> migration::Result<Vec<String>> {
    if !conn.has_pending_migration(SQLITE)? {
        return Ok(Vec::new());
    }
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    conn.immediate_transaction(|conn| {
        let ran = names(&conn.run_pending_migrations(SQLITE)?);
        if let Some(dangling) = snapshot::dangling(conn)?.first() {
            return Err(dangling.as_str().into());
        }
        Ok(ran)
    })
}

/// Fails unless the schema is exactly this program's.
///
/// # Errors
/// In words that say which way it differs.
pub fn check(conn: &mut Conn) -> Result<()> {
    refuse_newer(conn)?;
    let missing: Vec<String> = known()?.difference(&applied(conn)?).cloned().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the database lacks the migrations {}: run `masthead migrate`",
        missing.join(", ")
    )))
}

/// The newest migration that a database has, as `0001`; none where it has none.
///
/// # Errors
/// When the database cannot be read.
pub fn newest(conn: &mut Conn) -> Result<Option<String>> {
    #[derive(diesel::QueryableByName)]
    struct Newest {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
        version: Option<String>,
    }
    // Diesel's own question makes the table where there is none, and needs to write for that.
    let query = "SELECT MAX(version) AS version FROM __diesel_schema_migrations";
    let row: Newest = each!(conn, c => diesel::sql_query(query).get_result(c))?;
    Ok(row.version)
}

fn refuse_newer(conn: &mut Conn) -> Result<()> {
    let newer: Vec<String> = applied(conn)?.difference(&known()?).cloned().collect();
    if newer.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!(
        "the database was made by a newer masthead (it has the migrations {}): use that version, or restore a backup",
        newer.join(", ")
    )))
}

fn applied(conn: &mut Conn) -> Result<BTreeSet<String>> {
    let applied = each!(conn, c => c.applied_migrations());
    let applied = applied.map_err(|error| {
        Error::internal(format!("could not read the applied migrations: {error}"))
    })?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

fn known() -> Result<BTreeSet<String>> {
    let migrations = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
        .map_err(|error| Error::internal(format!("embedded migrations: {error}")))?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}

fn names<V: ToString>(ran: &[V]) -> Vec<String> {
    ran.iter().map(ToString::to_string).collect()
}

fn lock_file(path: &Path) -> Result<File> {
    let locked = File::create(path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|error| Error::internal(format!("could not lock {}: {error}", path.display())))
}
