//! A fresh database for each test, of the kind that `MASTHEAD_TEST_DATABASE` names: `sqlite` (the default) or `postgres`,
//! on the server whose superuser URL is in `MASTHEAD_TEST_POSTGRES`. The schema is migrated once, into a template that is
//! copied for each test; its name holds a hash of `migrations/`, so a changed migration makes a new one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use masthead::db::{self, Backend};
use tempfile::TempDir;
use xxhash_rust::xxh3::Xxh3;

/// Who holds this advisory lock may make the template.
const TEMPLATE_LOCK: i64 = 0x7465_7374_7465_6d70;

/// A database of one test's own. It goes when this is dropped.
pub(crate) struct Database(Kind);

enum Kind {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    /// An empty one, migrated.
    pub(crate) fn new() -> Self {
        match postgres_server() {
            None => {
                let folder = folder();
                let template = sqlite_template();
                fs::copy(template, folder.path().join("masthead.db")).expect("copy the template");
                Self(Kind::Sqlite(folder))
            }
            Some(server) => {
                let template = postgres_template(&server);
                Self(Kind::copy(server, &template))
            }
        }
    }

    /// An empty one without a schema, for tests of the migrations and of the command line.
    pub(crate) fn unmigrated() -> Self {
        match postgres_server() {
            None => Self(Kind::Sqlite(folder())),
            Some(server) => Self(Kind::copy(server, "template0")),
        }
    }

    /// One that is there, and in which there is nothing, not even a schema.
    pub(crate) fn blank() -> Self {
        let database = Self::unmigrated();
        if let Kind::Sqlite(folder) = &database.0 {
            // To SQLite a file without a byte is a database without a table.
            File::create(folder.path().join("masthead.db")).expect("make an empty file");
        }
        database
    }

    /// Another with the same content, ids and epoch. Nothing may be connected to this one.
    pub(crate) fn copy(&self) -> Self {
        match &self.0 {
            Kind::Sqlite(of) => {
                let folder = folder();
                // A snapshot, whoever is still closing it.
                let into = folder.path().join("masthead.db");
                alter(of, &format!("VACUUM INTO '{}'", into.display()));
                Self(Kind::Sqlite(folder))
            }
            Kind::Postgres { server, name } => Self(Kind::copy(server.clone(), name)),
        }
    }

    /// How the program opens it, with patience: a busy machine is no failure.
    pub(crate) fn settings(&self) -> db::Settings {
        let patience = std::time::Duration::from_secs(60);
        db::Settings {
            readers: 4,
            reader_wait: patience,
            read_deadline: patience,
            write_wait: patience,
            ..db::Settings::new(self.backend())
        }
    }

    /// Takes it away from everybody: a server of PostgreSQL lets nobody in, and a file of SQLite lacks what every look at
    /// it reads first.
    pub(crate) fn take_away(&self) {
        match &self.0 {
            Kind::Sqlite(folder) => alter(folder, "ALTER TABLE meta RENAME TO taken_away"),
            Kind::Postgres { server, name } => {
                administer(
                    server,
                    &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
                );
                administer(
                    server,
                    &format!(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
                    ),
                );
            }
        }
    }

    /// Gives back what was taken away.
    pub(crate) fn give_back(&self) {
        match &self.0 {
            Kind::Sqlite(folder) => alter(folder, "ALTER TABLE taken_away RENAME TO meta"),
            Kind::Postgres { server, name } => {
                administer(
                    server,
                    &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"),
                );
            }
        }
    }

    /// Where its search index is kept, if it has a folder of its own.
    pub(crate) fn search_folder(&self) -> Option<PathBuf> {
        match &self.0 {
            Kind::Sqlite(folder) => Some(folder.path().join("search")),
            Kind::Postgres { .. } => None,
        }
    }

    /// Where it lies, if it has a folder of its own.
    pub(crate) fn data_folder(&self) -> Option<PathBuf> {
        match &self.0 {
            Kind::Sqlite(folder) => Some(folder.path().to_owned()),
            Kind::Postgres { .. } => None,
        }
    }

    fn backend(&self) -> Backend {
        match &self.0 {
            Kind::Sqlite(folder) => Backend::Sqlite(folder.path().join("masthead.db")),
            Kind::Postgres { server, name } => Backend::Postgres(url_of(server, name)),
        }
    }

    /// The flags that lead the program's verbs to it.
    pub(crate) fn arguments(&self) -> [String; 2] {
        match &self.0 {
            Kind::Sqlite(folder) => ["--data".into(), folder.path().display().to_string()],
            Kind::Postgres { server, name } => ["--database-url".into(), url_of(server, name)],
        }
    }
}

impl Kind {
    fn copy(server: String, template: &str) -> Self {
        let name = format!(
            "masthead_test_{}",
            masthead::id::Id::new().to_string().replace('-', "")
        );
        administer(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        Self::Postgres { server, name }
    }
}

impl Drop for Kind {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            administer(
                server,
                &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            );
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "settings of the tests, not of the program"
)]
fn postgres_server() -> Option<String> {
    match std::env::var("MASTHEAD_TEST_DATABASE").as_deref() {
        Err(_) | Ok("" | "sqlite") => None,
        Ok("postgres") => Some(std::env::var("MASTHEAD_TEST_POSTGRES").expect(
            "MASTHEAD_TEST_DATABASE=postgres needs a superuser's URL in MASTHEAD_TEST_POSTGRES; \
             `tests/tools/postgres start FOLDER` starts a server and prints one",
        )),
        Ok(other) => panic!("MASTHEAD_TEST_DATABASE is `{other}`, and not sqlite or postgres"),
    }
}

/// A hash of the names and texts of all migrations.
fn schema_hash() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut hash = Xxh3::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.expect("read migrations/");
        hash.update(entry.path().as_os_str().as_encoded_bytes());
        if entry.file_type().is_file() {
            hash.update(&fs::read(entry.path()).expect("read a migration"));
        }
    }
    format!("{:016x}", hash.digest())
}

fn scratch() -> &'static Path {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder).expect("make the folder for the tests' files");
    folder
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("test-")
        .tempdir_in(scratch())
        .expect("make a folder for a test")
}

fn alter(folder: &TempDir, statement: &str) {
    let path = folder.path().join("masthead.db");
    let mut conn = SqliteConnection::establish(&path.display().to_string()).expect("open the file");
    conn.batch_execute("PRAGMA busy_timeout = 60000")
        .expect("set the patience");
    conn.batch_execute(statement).expect("alter the file");
}

fn sqlite_template() -> PathBuf {
    let path = scratch().join(format!("template-{}.db", schema_hash()));
    if path.exists() {
        return path;
    }
    // Tests run in many processes; one of them makes it, and a half-made one is never under its name.
    let lock = File::create(scratch().join("template.lock")).expect("make the lock");
    lock.lock().expect("take the lock");
    if !path.exists() {
        let folder = folder();
        let settings = db::Settings::sqlite_in(folder.path());
        db::migrate::run(&settings).expect("migrate the template");
        fs::rename(folder.path().join("masthead.db"), &path).expect("keep the template");
    }
    path
}

fn postgres_template(server: &str) -> String {
    let name = format!("masthead_template_{}", schema_hash());
    let mut conn = PgConnection::establish(server).unwrap_or_else(|error| {
        panic!("the PostgreSQL server in MASTHEAD_TEST_POSTGRES does not answer: {error}")
    });
    // Freed when the connection ends, however that comes.
    conn.batch_execute(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})"))
        .expect("take the lock");
    let there = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!(
        "EXISTS (SELECT 1 FROM pg_database WHERE datname = '{name}')"
    )));
    if !there
        .get_result::<bool>(&mut conn)
        .expect("look for the template")
    {
        let half_made = format!("{name}_half_made");
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {half_made} WITH (FORCE)"))
            .expect("drop what a broken run left");
        conn.batch_execute(&format!("CREATE DATABASE {half_made} TEMPLATE template0"))
            .expect("make the template");
        let settings = db::Settings::new(Backend::Postgres(url_of(server, &half_made)));
        db::migrate::run(&settings).expect("migrate the template");
        // The connection that migrated may take a moment to be gone, and a database in use cannot be renamed.
        conn.batch_execute(&format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{half_made}'"
        ))
        .expect("end what is left of the migration");
        conn.batch_execute(&format!("ALTER DATABASE {half_made} RENAME TO {name}"))
            .expect("keep the template");
    }
    name
}

fn url_of(server: &str, database: &str) -> String {
    let mut url = url::Url::parse(server).expect("MASTHEAD_TEST_POSTGRES is a URL");
    url.set_path(database);
    url.into()
}

fn administer(server: &str, statement: &str) {
    PgConnection::establish(server)
        .map_err(|error| error.to_string())
        .and_then(|mut conn| {
            conn.batch_execute(statement)
                .map_err(|error| error.to_string())
        })
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}
