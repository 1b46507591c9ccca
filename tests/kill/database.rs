//! The database under test: a data folder for SQLite, a database of its own on the PostgreSQL server for PostgreSQL, as
//! `MASTHEAD_TEST_DATABASE` says.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use masthead::db::{Backend, Conn, Settings};

/// Runs one expression on whichever connection this is.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            masthead::db::Conn::Sqlite($c) => $body,
            masthead::db::Conn::Pg($c) => $body,
        }
    };
}
pub(crate) use each;

/// A database that goes when this does.
pub(crate) enum Database {
    Sqlite { folder: Option<tempfile::TempDir> },
    Postgres { server: String, name: String },
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Database {
    /// An empty one of the kind asked for.
    pub(crate) fn create() -> Self {
        match setting("MASTHEAD_TEST_DATABASE").as_deref() {
            None | Some("sqlite") => {
                // Beside the build and not in /tmp: that may be memory, where a commit takes no time to be killed in.
                let beside = env!("CARGO_TARGET_TMPDIR");
                let folder = tempfile::Builder::new()
                    .prefix("kill-")
                    .tempdir_in(beside)
                    .unwrap();
                Self::Sqlite {
                    folder: Some(folder),
                }
            }
            Some("postgres") => {
                let server = setting("MASTHEAD_TEST_POSTGRES").expect(
                    "MASTHEAD_TEST_POSTGRES must be the URL of a PostgreSQL superuser; \
                     `tests/tools/postgres start DIR` starts a server and prints one",
                );
                let random = masthead::id::Id::new().short();
                let name = format!("masthead_kill_{}_{random}", std::process::id());
                administer(&server, &format!("CREATE DATABASE {name}"));
                Self::Postgres { server, name }
            }
            Some(other) => panic!("MASTHEAD_TEST_DATABASE is `{other}`, not sqlite or postgres"),
        }
    }

    /// What [`settings`] makes a database of: a folder or a URL.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Sqlite { folder } => {
                let folder = folder.as_ref().map(tempfile::TempDir::path).unwrap();
                folder.to_str().unwrap().to_owned()
            }
            Self::Postgres { server, name } => {
                let mut url = url::Url::parse(server).unwrap();
                url.set_path(name);
                url.to_string()
            }
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(&self.address())
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// A connection that may write past the writer, for those who want to do harm.
    pub(crate) fn connect(&self) -> Conn {
        match self.settings().backend {
            Backend::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                // Whoever had it open before may still be closing it.
                conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
                Conn::Sqlite(conn)
            }
            Backend::Postgres(url) => Conn::Pg(PgConnection::establish(&url).unwrap()),
        }
    }

    /// Waits until the server has noticed that its client is dead: what that sent before it died is still carried out.
    pub(crate) fn settle(&self) {
        let Self::Postgres { server, name } = self else {
            return;
        };
        let mut conn = PgConnection::establish(server).unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let others =
                diesel::sql_query("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = $1")
                    .bind::<Text, _>(name);
            if others.get_result::<Count>(&mut conn).unwrap().count == 0 {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "the server holds on to dead connections"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Leaves the files of SQLite where they are, for whoever looks into a failure.
    pub(crate) fn keep(&mut self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder } => folder.take().map(tempfile::TempDir::keep),
            Self::Postgres { .. } => None,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            administer(
                server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

/// The settings of the database at this folder or URL.
pub(crate) fn settings(address: &str) -> Settings {
    if address.contains("://") {
        Settings::new(Backend::Postgres(address.to_owned()))
    } else {
        Settings::sqlite_in(Path::new(address))
    }
}

fn administer(server: &str, statement: &str) {
    let mut conn = PgConnection::establish(server).unwrap();
    conn.batch_execute(statement).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings, which the program does not know"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
