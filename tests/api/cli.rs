//! The command line, run as its users run it: the verbs, what they say when they succeed and when they refuse, and that
//! they work beside a running server.

mod demo;
mod import;
pub(crate) mod program;
mod settings;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use masthead::db::{Db, Reason};
use masthead::time::Clock;
use serde_json::{Value, json};

use self::program::{Serving, masthead, on, run};
use crate::support::{Database, SECRET, each};

#[test]
fn serve_says_where_it_listens_in_one_line() {
    let database = Database::unmigrated();
    let server = Serving::over(&database, &[]);
    assert_eq!(server.get("/health/ready").ok()["status"], "ready");
    assert_eq!(
        server.get("/v1/articles").ok()["items"],
        serde_json::json!([])
    );

    let address = server.address();
    let said = server.stop();
    assert_eq!(said.ok(), format!("listening on http://{address}\n"));
}

#[test]
fn a_log_in_a_file_has_no_colours() {
    let database = Database::new();
    let server = Serving::over(&database, &[]);
    let said = server.stop();
    assert!(said.errors.contains("stopping"), "{}", said.errors);
    assert!(!said.errors.contains('\x1b'), "{:?}", said.errors);
}

#[test]
fn a_log_in_json_is_an_object_a_line() {
    let database = Database::new();
    let server = Serving::over(&database, &["--log-format", "json"]);
    let said = server.stop();
    let lines: Vec<Value> = said
        .errors
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    assert!(
        lines.iter().any(|line| line["level"] == "INFO"),
        "{lines:?}"
    );
}

#[test]
fn a_data_folder_has_one_server() {
    // The embedded database's, whichever is under test: a folder is what is locked.
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serve = || {
        let mut command = masthead(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&data);
        command
    };
    let first = Serving::start(serve());
    let refused = run(serve()).refused();
    assert!(
        refused.contains("another masthead serves the data folder"),
        "{refused}"
    );
    assert!(refused.contains(data.to_str().unwrap()), "{refused}");
    assert_eq!(first.get("/health/ready").status, 200);

    // However it ends, the next one has the folder.
    first.signal("KILL");
    let mut first = first;
    first.ended();
    let second = Serving::start(serve());
    assert_eq!(second.get("/health/ready").status, 200);
}

#[test]
fn an_address_in_use_is_said() {
    let database = Database::new();
    let first = Serving::over(&database, &[]);
    let other = tempfile::tempdir().unwrap();
    let mut command = masthead(["serve", "--data"]);
    command
        .arg(other.path())
        .args(["--listen", &first.address().to_string()]);
    let refused = run(command).refused();
    assert!(
        refused.contains(&format!("cannot listen on {}", first.address())),
        "{refused}"
    );
}

#[test]
fn migrate_does_its_work_once() {
    let database = Database::unmigrated();
    let first = run(on(&database, &["migrate"])).ok();
    assert!(first.starts_with("ran 0001"), "{first}");
    assert_eq!(
        run(on(&database, &["migrate"])).ok(),
        "the database is up to date\n"
    );
}

#[test]
fn serve_without_migrating_needs_a_migrated_database() {
    let database = Database::blank();
    let refused = run(on(
        &database,
        &["serve", "--listen", "127.0.0.1:0", "--no-migrate"],
    ))
    .refused();
    assert!(refused.contains("lacks the migrations"), "{refused}");
    assert!(refused.contains("masthead migrate"), "{refused}");

    run(on(&database, &["migrate"])).ok();
    let server = Serving::over(&database, &["--no-migrate"]);
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn serve_without_migrating_makes_no_database() {
    // The embedded database's, whichever is under test: no other is made by being opened.
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = data.join("masthead.db");
    let mut command = masthead(["serve", "--listen", "127.0.0.1:0", "--no-migrate", "--data"]);
    command.arg(&data);
    assert_eq!(
        run(command).refused(),
        format!(
            "error: there is no database {}: run `masthead migrate`\n",
            file.display()
        )
    );
    assert!(!file.exists());
}

#[test]
fn a_schema_of_a_newer_version_is_left_alone() {
    let database = Database::new();
    pretend_newer(&database);
    for verb in ["serve", "migrate"] {
        let refused = run(on(&database, &[verb])).refused();
        assert!(refused.contains("newer masthead"), "{verb}: {refused}");
        assert!(refused.contains("9999"), "{verb}: {refused}");
    }
    let mut import = on(&database, &["import", "jsonl"]);
    import.arg(fixture("articles.jsonl"));
    let refused = run(import).refused();
    assert!(refused.contains("newer masthead"), "{refused}");
}

#[test]
fn openapi_prints_the_document() {
    let printed = run(masthead(["openapi"])).ok();
    assert_eq!(printed, masthead::http::openapi::text());

    // A server's own names its locales, and says the same otherwise.
    let database = Database::new();
    let server = Serving::over(&database, &["--locales", "en,de"]);
    let served = server.get("/v1/openapi.json").ok();
    let own = masthead::http::openapi::text_for(&["en".into(), "de".into()]);
    assert_eq!(serde_json::from_str::<Value>(&own).unwrap(), served);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    for part in ["responses", "securitySchemes"] {
        assert_eq!(printed["components"][part], served["components"][part]);
    }
    for (name, schema) in printed["components"]["schemas"].as_object().unwrap() {
        let mut own = schema.clone();
        if matches!(name.as_str(), "NewArticleInput" | "ArticleChange") {
            own["properties"]["locale"]["enum"] = json!(["en", "de", null]);
        }
        assert!(own == served["components"]["schemas"][name], "{name}");
    }
    assert_eq!(paths(&printed), paths(&served));
}

fn paths(document: &Value) -> Vec<&String> {
    document["paths"].as_object().unwrap().keys().collect()
}

#[test]
fn completions_know_the_verbs() {
    let script = run(masthead(["completions", "bash"])).ok();
    assert!(script.contains("_masthead()"), "{script}");
    for word in [
        "serve",
        "demo",
        "import",
        "openapi",
        "migrate",
        "completions",
        "--database-url",
    ] {
        assert!(script.contains(word), "{word}");
    }
    for shell in ["zsh", "fish"] {
        assert!(
            run(masthead(["completions", shell]))
                .ok()
                .contains("masthead")
        );
    }
}

#[test]
fn a_database_out_of_reach_is_said_without_its_password() {
    // A port where nobody listens any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let url = format!("postgres://someone:canary@127.0.0.1:{port}/none?connect_timeout=5");
    for verb in ["migrate", "serve"] {
        let mut command = masthead([verb, "--database-url", &url]);
        command.env("MASTHEAD_SECRET", SECRET);
        let refused = run(command).refused();
        assert!(
            refused.starts_with("error: the database cannot be reached: "),
            "{refused}"
        );
        assert_eq!(refused.lines().count(), 1, "{refused}");
        assert!(refused.contains(&port.to_string()), "{refused}");
        assert!(!refused.contains("canary"), "{refused}");
    }
}

/// Notes a migration of a version to come.
fn pretend_newer(database: &Database) {
    let db = Db::open(database.settings(), Clock::system()).unwrap();
    let insert = db.write_quiet(Reason::Job, |conn| {
        let row = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
        Ok(each!(conn, c => diesel::sql_query(row).execute(c))?)
    });
    let rows = actix_web::rt::System::new().block_on(insert).unwrap();
    assert_eq!(rows, 1);
}

/// A file of the fixtures.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/api/fixtures")
        .join(name)
}
