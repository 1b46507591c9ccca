//! Two families of migrations, one schema: the same names, the same tables, columns and indexes, and the same as the code
//! believes; and each way back leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use masthead::db::{Backend, Settings};

use super::root;
use crate::support::{Database, Server, article};

/// Tables with their columns, and indexes with what they are over.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Schema {
    tables: BTreeMap<String, Vec<String>>,
    indexes: BTreeMap<String, String>,
}

/// Where one database makes tables anew and the other adds columns: what comes of them is compared, not how they say it.
const EACH_IN_ITS_OWN_WAY: [&str; 1] = ["0021_numbers"];

fn folders(family: &str) -> BTreeSet<String> {
    let names: BTreeSet<String> = std::fs::read_dir(root().join("migrations").join(family))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.is_empty());
    names
}

fn sql(family: &str, migration: &str, file: &str) -> String {
    let path = format!("migrations/{family}/{migration}/{file}");
    std::fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The statements of a script, on one line each and in lower case, without comments.
fn statements(script: &str) -> Vec<String> {
    let code: Vec<&str> = script
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect();
    code.join(" ")
        .split(';')
        .map(|statement| {
            statement
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase()
        })
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// What both dialects call the same; `None` for what only one of them needs to say it.
fn neutral(statement: &str) -> Option<String> {
    let plain = statement
        .replace(" bytea", " blob")
        .replace(" default x''", " default ''")
        .replace(" collate \"c\"", "")
        .replace(" without rowid", "");
    // Random values and bytes that are joined, each in its own way.
    for own in [
        "insert into meta",
        "update meta",
        "update articles set tag_ids",
    ] {
        if plain.starts_with(own) {
            return Some(own.to_owned());
        }
    }
    let words: Vec<&str> = plain.split(' ').collect();
    match words.as_slice() {
        // When it runs, and not what: that is a function in one of them.
        ["create", "trigger", ..] => {
            let what = words
                .iter()
                .position(|word| matches!(*word, "begin" | "for"));
            Some(words[..what.unwrap()].join(" "))
        }
        ["drop", "trigger", name, ..] => Some(format!("drop trigger {name}")),
        ["create" | "drop", "function", ..] | ["return", "null"] | ["end", ..] => None,
        _ => Some(plain),
    }
}

/// Adds to the schema what a statement says, as far as names go.
fn apply(schema: &mut Schema, statement: &str) {
    let words: Vec<&str> = statement.split([' ', '(']).collect();
    match words.as_slice() {
        ["create", "table", name, ..] => {
            let (_, body) = statement.split_once('(').unwrap();
            let body = body.rsplit_once(')').unwrap().0;
            let columns = top_level(body)
                .iter()
                .filter_map(|part| part.split_whitespace().next())
                .filter(|word| {
                    !matches!(
                        *word,
                        "primary" | "unique" | "check" | "foreign" | "constraint"
                    )
                })
                .map(str::to_owned)
                .collect();
            schema.tables.insert((*name).to_owned(), columns);
        }
        ["create", "unique", "index", name, "on", ..] | ["create", "index", name, "on", ..] => {
            let (_, over) = statement.split_once(" on ").unwrap();
            schema
                .indexes
                .insert((*name).to_owned(), format!("{} {over}", words[1]));
        }
        ["alter", "table", table, "add", "column", column, ..] => {
            let columns = schema.tables.get_mut(*table).unwrap();
            columns.push((*column).to_owned());
        }
        ["alter", "table", table, "rename", "to", name] => {
            let columns = schema.tables.remove(*table).unwrap();
            schema.tables.insert((*name).to_owned(), columns);
        }
        ["alter", "table", _, "alter", "column", ..] => {}
        ["alter", "table", table, "drop", "column", column, ..] => {
            let columns = schema.tables.get_mut(*table).unwrap();
            columns.retain(|known| known != column);
        }
        ["drop", "table", table, ..] => {
            schema.tables.remove(*table);
            let over = format!(" {table} ");
            schema.indexes.retain(|_, index| !index.contains(&over));
        }
        ["drop", "index", index, ..] => {
            schema.indexes.remove(*index);
        }
        ["insert" | "update" | "delete", ..] | ["create" | "drop", "trigger", ..] => {}
        _ => panic!("this test cannot read the statement: {statement}"),
    }
}

/// The parts between the commas outside of brackets.
fn top_level(body: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in body.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    parts
}

fn schema_of(family: &str) -> Schema {
    let mut schema = Schema::default();
    for migration in folders(family) {
        apply_script(&mut schema, family, &migration, "up.sql");
    }
    schema
}

fn apply_script(schema: &mut Schema, family: &str, migration: &str, file: &str) {
    for statement in statements(&sql(family, migration, file)) {
        if let Some(statement) = neutral(&statement) {
            apply(schema, &statement);
        }
    }
}

/// What `schema.rs` says: the tables and their columns in order.
fn believed() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(root().join("src/db/schema.rs")).unwrap();
    let mut tables = BTreeMap::new();
    for block in text.split("diesel::table! {").skip(1) {
        let (name, rest) = block.split_once('(').unwrap();
        let (_, columns) = rest.split_once('{').unwrap();
        let (columns, _) = columns.split_once('}').unwrap();
        let columns = columns
            .lines()
            .filter_map(|line| line.split_once("->"))
            .map(|(column, _)| column.trim().to_owned())
            .collect();
        tables.insert(name.trim().to_owned(), columns);
    }
    tables
}

#[test]
fn both_families_have_the_same_migrations() {
    assert_eq!(folders("sqlite"), folders("postgres"));
    let (own, same): (Vec<_>, Vec<_>) = folders("sqlite")
        .into_iter()
        .partition(|migration| EACH_IN_ITS_OWN_WAY.contains(&migration.as_str()));
    assert_eq!(own, EACH_IN_ITS_OWN_WAY);
    for migration in same {
        for file in ["up.sql", "down.sql"] {
            let ours: Vec<_> = statements(&sql("sqlite", &migration, file));
            let theirs: Vec<_> = statements(&sql("postgres", &migration, file));
            let [ours, theirs] = [ours, theirs].map(|all| {
                all.iter()
                    .filter_map(|one| neutral(one))
                    .collect::<Vec<_>>()
            });
            assert_eq!(ours, theirs, "{file} of {migration} differ");
            assert!(!ours.is_empty(), "{file} of {migration} is empty");
        }
    }
}

#[test]
fn both_families_make_the_same_schema() {
    let schema = schema_of("sqlite");
    assert_eq!(schema, schema_of("postgres"));
    assert!(schema.indexes.len() > 10, "{:?}", schema.indexes);
}

#[test]
fn what_each_makes_in_its_own_way_it_takes_back() {
    let mut taken_back = Vec::new();
    for family in ["sqlite", "postgres"] {
        let mut schema = Schema::default();
        for migration in folders(family) {
            let before = schema.clone();
            apply_script(&mut schema, family, &migration, "up.sql");
            if EACH_IN_ITS_OWN_WAY.contains(&migration.as_str()) {
                let mut back = schema.clone();
                assert_ne!(back, before);
                apply_script(&mut back, family, &migration, "down.sql");
                assert_eq!(back, before, "{migration} of {family}");
                taken_back.push(migration);
            }
        }
    }
    assert_eq!(taken_back.len(), 2 * EACH_IN_ITS_OWN_WAY.len());
}

#[test]
fn the_code_believes_in_that_schema() {
    assert_eq!(believed(), schema_of("sqlite").tables);
}

#[test]
fn the_way_up_down_and_up_again() {
    let database = Database::unmigrated();
    let settings = database.settings();
    masthead::db::migrate::run(&settings).unwrap();
    let before = objects(&settings.backend);
    assert_eq!(columns(&settings.backend), believed_names());

    down(&settings.backend);
    let left: Vec<_> = objects(&settings.backend)
        .into_iter()
        .filter(|name| !name.starts_with("__diesel_schema_migrations"))
        .collect();
    assert!(left.is_empty(), "the way down leaves {left:?} behind");

    let ran = masthead::db::migrate::run(&settings).unwrap();
    assert_eq!(ran.len(), folders("sqlite").len());
    assert_eq!(objects(&settings.backend), before);
    masthead::db::Db::open(settings, masthead::time::Clock::system()).unwrap();
}

/// What `schema.rs` says, as `table.column`.
fn believed_names() -> BTreeSet<String> {
    believed()
        .iter()
        .flat_map(|(table, columns)| {
            columns
                .iter()
                .map(move |column| format!("{table}.{column}"))
        })
        .collect()
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// The answers of a query for names.
fn names(backend: &Backend, sqlite: &str, postgres: &str) -> BTreeSet<String> {
    let rows: Vec<Name> = match backend {
        Backend::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            diesel::sql_query(sqlite).load(&mut conn).unwrap()
        }
        Backend::Postgres(url) => {
            let mut conn = PgConnection::establish(url).unwrap();
            diesel::sql_query(postgres).load(&mut conn).unwrap()
        }
    };
    rows.into_iter().map(|row| row.name).collect()
}

/// The tables and indexes that there are.
fn objects(backend: &Backend) -> BTreeSet<String> {
    names(
        backend,
        "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    )
}

/// The columns that there are, as `table.column`.
fn columns(backend: &Backend) -> BTreeSet<String> {
    names(
        backend,
        "SELECT t.name || '.' || c.name AS name FROM sqlite_master t, pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name <> '__diesel_schema_migrations'",
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations'",
    )
}

fn down(backend: &Backend) {
    assert_eq!(revert(backend, ""), folders("sqlite").len());
}

/// Takes back the migrations from this one on, and answers how many they were.
fn revert(backend: &Backend, first: &str) -> usize {
    let names = folders("sqlite");
    let these = names.iter().filter(|name| name.as_str() >= first).count();
    macro_rules! revert {
        ($family:literal, $conn:expr) => {{
            let mut conn = $conn;
            let path = root().join("migrations").join($family);
            let migrations = FileBasedMigrations::from_path(path).unwrap();
            for _ in 0..these {
                conn.revert_last_migration(migrations.clone()).unwrap();
            }
            conn.applied_migrations().unwrap().len()
        }};
    }
    let left = match backend {
        Backend::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            // A server that has stopped may still be putting its log by.
            conn.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA foreign_keys = OFF")
                .unwrap();
            revert!("sqlite", conn)
        }
        Backend::Postgres(url) => revert!("postgres", PgConnection::establish(url).unwrap()),
    };
    names.len() - left
}

/// The rows of texts got their lists of ids when the join tables had long been there; and after that their numbers.
#[test]
fn texts_of_before_have_their_tags_and_authors_in_their_rows_and_numbers() {
    const LISTS: &str = "0020_id_lists";
    assert!(folders("sqlite").contains(LISTS));
    let server = Server::start();
    // Ten and more, so that no order of texts is that of numbers.
    let tags: [String; 12] = std::array::from_fn(|n| format!("tag {}", 11 - n));
    let make = article("One").authors(["Bob", "Ada"]);
    make.tags(tags.each_ref().map(String::as_str))
        .create(&server);
    article("Two").create(&server);
    let list = |server: &Server| server.get("/v1/articles?include=tags,authors").ok();
    let text = |server: &Server| server.get("/v1/articles/one").ok();
    let (before, text_before) = (list(&server), text(&server));
    assert_eq!(before["items"][1]["tags"].as_array().unwrap().len(), 12);

    let database = server.into_database();
    let settings = database.settings();
    assert!(revert(&settings.backend, LISTS) > 0);
    masthead::db::migrate::run(&settings).unwrap();
    let again = Server::setup().over(database).start();
    assert_eq!(list(&again), before);
    assert_eq!(text(&again), text_before);
    // What comes after has a number, too.
    article("Three").create(&again);
    assert_eq!(again.get("/v1/articles/three").ok()["title"], "Three");
}

/// On SQLite tables are made anew while nothing keeps their references: what is broken afterwards does not count.
#[test]
fn a_migration_that_leaves_broken_references_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::sqlite_in(folder.path());
    let Backend::Sqlite(path) = &settings.backend else {
        unreachable!("it was made so")
    };
    masthead::db::migrate::run(&settings).unwrap();
    revert(&settings.backend, EACH_IN_ITS_OWN_WAY[0]);
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let dangling =
        "PRAGMA foreign_keys = OFF; INSERT INTO schedules VALUES (x'00', 'publish', 1, NULL)";
    conn.batch_execute(dangling).unwrap();
    let before = (objects(&settings.backend), columns(&settings.backend));
    let applied = conn.applied_migrations().unwrap();

    let refused = masthead::db::migrate::run(&settings).unwrap_err();
    let said = format!("{refused:?}");
    assert!(
        said.contains("refers to a row of `articles` that is not there"),
        "{said}"
    );
    assert_eq!(
        (objects(&settings.backend), columns(&settings.backend)),
        before
    );
    assert_eq!(conn.applied_migrations().unwrap(), applied);
}
