//! The folder says what, the file says which layer, and which layer may know which others is kept here: by the paths that
//! the code names, read as text. A failure names the file and the line.

use super::code;

/// A path that a file names, as far as it matters: `crate::db::page`, `diesel::prelude`, and the line it stands on.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    path: String,
    line: usize,
}

/// What handlers name of the database, to hand it on.
const HANDED_ON: &[&str] = &[
    "crate::db::Reason",
    "crate::db::Conn",
    "crate::db::Tx",
    "crate::db::page::Page",
];

/// The folders that hold content, one resource each.
const SLICES: &[&str] = &[
    "articles",
    "auth",
    "authors",
    "crawlers",
    "feeds",
    "keys",
    "previews",
    "mail",
    "media",
    "messages",
    "redirects",
    "resolve",
    "site",
    "tags",
    "tasks",
    "users",
    "webhooks",
];

/// The files of a slice beside `model`, `store` and `http`, and the layer that each is part of.
const ALSO: &[(&str, &str)] = &[
    // Rows, each in the transaction of a write.
    ("src/auth/replays.rs", "store"),
    // The way from a request to an answer, around the handlers.
    ("src/auth/extract.rs", "http"),
    ("src/auth/write.rs", "http"),
    // Reads what the mails are about, and keeps the queue.
    ("src/mail/follower.rs", "store"),
    // From the log to requests, beside the handlers.
    ("src/webhooks/follow.rs", "http"),
    ("src/webhooks/deliver.rs", "http"),
];

#[test]
fn models_know_no_database_and_no_http() {
    keep(
        |file| in_slice(file) && !matches!(layer(file), "store" | "http" | "mod"),
        |path| {
            begins(path, &["diesel", "diesel_migrations", "actix"])
                || within(
                    path,
                    &[
                        "db", "http", "app", "cli", "config", "imports", "exports", "transfer",
                    ],
                )
                || path.contains("::store")
                || path.starts_with("crate::time::Clock")
        },
    );
}

#[test]
fn stores_know_no_http() {
    keep(
        |file| in_slice(file) && layer(file) == "store",
        |path| {
            begins(path, &["actix"])
                || within(
                    path,
                    &[
                        "http", "app", "cli", "config", "imports", "exports", "transfer",
                    ],
                )
                || path.contains("::http")
        },
    );
}

#[test]
fn handlers_know_no_queries() {
    keep(
        |file| in_slice(file) && layer(file) == "http",
        |path| {
            begins(path, &["diesel"])
                || within(path, &["cli", "config", "imports", "exports", "transfer"])
                || within(path, &["db"]) && !HANDED_ON.contains(&path)
        },
    );
}

#[test]
fn the_database_knows_no_content() {
    keep(
        |file| file.starts_with("src/db/"),
        |path| {
            begins(path, &["actix"])
                || within(path, SLICES)
                || within(path, &["app", "http", "cli", "config", "imports", "exports", "transfer"])
                // Of the log only its rows: every write appends one.
                || (within(path, &["changes"]) && !path.starts_with("crate::changes::model"))
        },
    );
}

#[test]
fn http_knows_no_content_but_for_the_list_of_routes() {
    keep(
        |file| file.starts_with("src/http/"),
        |path| {
            begins(path, &["diesel"])
                || within(path, &["cli", "config", "imports", "exports", "transfer"])
                // Of the database only where a page of a list stands.
                || (within(path, &["db"]) && !path.starts_with("crate::db::page"))
        },
    );
    keep(
        |file| file.starts_with("src/http/") && file != "src/http/mod.rs",
        |path| within(path, SLICES) || within(path, &["changes"]),
    );
}

#[test]
fn readers_of_other_systems_know_no_database() {
    keep(
        |file| file.starts_with("src/transfer/"),
        |path| {
            begins(path, &["diesel", "actix"])
                || within(path, &["db", "http", "app", "cli", "config", "imports"])
                || path.contains("::store")
        },
    );
}

#[test]
fn what_is_found_knows_no_queries_and_no_http() {
    keep(
        |file| file.starts_with("src/search/") && !file.starts_with("src/search/http"),
        |path| {
            begins(path, &["diesel", "actix"])
                || within(
                    path,
                    &[
                        "http", "app", "cli", "config", "imports", "exports", "transfer",
                    ],
                )
        },
    );
}

#[test]
fn imports_exports_and_the_foundations_know_no_http() {
    keep(
        |file| {
            file.starts_with("src/imports/")
                // But for the one that asks the routes.
                || (file.starts_with("src/exports/") && !file.starts_with("src/exports/static_api"))
                || ["error", "id", "json", "names", "slug", "time"]
                    .iter()
                    .any(|name| {
                        file == format!("src/{name}.rs")
                            || file.starts_with(&format!("src/{name}/"))
                    })
        },
        |path| begins(path, &["actix"]) || within(path, &["http", "app", "cli", "config"]),
    );
}

#[test]
fn only_the_program_knows_the_command_line() {
    keep(
        // `config.rs` asks it for the flags, to write the example of an `.env` file.
        |file| !file.starts_with("src/cli/") && !matches!(file, "src/main.rs" | "src/config.rs"),
        |path| within(path, &["cli"]),
    );
}

/// Fails for every file that `concerns` this rule and names a path that is `forbidden`.
fn keep(concerns: impl Fn(&str) -> bool, forbidden: impl Fn(&str) -> bool) {
    let mut broken = Vec::new();
    let mut files = 0;
    for (file, text) in code() {
        if !concerns(&file) {
            continue;
        }
        files += 1;
        for Named { path, line } in paths(&file, &text) {
            if forbidden(&path) {
                broken.push(format!("{file}:{line}: {path}"));
            }
        }
    }
    assert!(files > 0, "the rule concerns no file");
    assert!(
        broken.is_empty(),
        "a layer knows what it must not:\n  {}",
        broken.join("\n  ")
    );
}

fn in_slice(file: &str) -> bool {
    // The log is a slice as others are, but that the database knows its rows.
    let mut slices = SLICES.iter().chain(&["changes"]);
    slices.any(|slice| file.starts_with(&format!("src/{slice}/")))
}

/// The layer of a file in a slice: its name, or the folder's that it is in (`store/list.rs` is `store`).
fn layer(file: &str) -> &str {
    if let Some((_, layer)) = ALSO.iter().find(|(known, _)| *known == file) {
        return layer;
    }
    let name = file.split('/').nth(2).unwrap_or_default();
    name.strip_suffix(".rs").unwrap_or(name)
}

/// Whether a path begins with one of these crates; `actix` stands for the family.
fn begins(path: &str, crates: &[&str]) -> bool {
    let first = path.split("::").next().unwrap_or_default();
    crates.contains(&first) || (crates.contains(&"actix") && first.starts_with("actix"))
}

/// Whether a path leads into one of these modules of the program.
fn within(path: &str, modules: &[&str]) -> bool {
    let mut steps = path.split("::");
    steps.next() == Some("crate") && steps.next().is_some_and(|module| modules.contains(&module))
}

/// Every path in a file that begins with `crate`, `super` or a crate's name, those of `use` trees one by one, those with
/// `super` as from the root.
fn paths(file: &str, text: &str) -> Vec<Named> {
    let tokens = tokens(text);
    let module = module(file);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts_path = is_word(&tokens[at].0)
            && tokens.get(at + 1).is_some_and(|(token, _)| token == "::")
            && (at == 0 || tokens[at - 1].0 != "::");
        if starts_path {
            at = tree(&tokens, at, &[], &module, &mut found);
        } else {
            at += 1;
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Reads one path or tree of paths from `at`, adds its leaves, and answers where it ends.
fn tree(
    tokens: &[(String, usize)],
    mut at: usize,
    before: &[String],
    module: &[String],
    found: &mut Vec<Named>,
) -> usize {
    let mut steps = before.to_vec();
    let line = tokens.get(at).map_or(0, |(_, line)| *line);
    while let Some((token, _)) = tokens.get(at) {
        if token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|(token, _)| token != "}") {
                if tokens[at].0 == "," {
                    at += 1;
                } else {
                    // What is no path, such as a `*`, is passed over.
                    at = tree(tokens, at, &steps, module, found).max(at + 1);
                    if tokens.get(at).is_some_and(|(token, _)| token == "as") {
                        at += 2;
                    }
                }
            }
            return at + 1;
        }
        if !is_word(token) {
            break;
        }
        steps.push(token.clone());
        at += 1;
        if tokens.get(at).is_some_and(|(token, _)| token == "::") {
            at += 1;
        } else {
            break;
        }
    }
    if steps.len() > before.len() {
        let path = absolute(&steps, module).join("::");
        found.push(Named { path, line });
    }
    at
}

/// A path from the root: `super` and `self` taken out.
fn absolute(steps: &[String], module: &[String]) -> Vec<String> {
    let mut base = match steps.first().map(String::as_str) {
        Some("super" | "self") => module.to_vec(),
        _ => return steps.to_vec(),
    };
    for step in steps {
        match step.as_str() {
            "super" => {
                base.pop();
            }
            "self" => {}
            other => base.push(other.to_owned()),
        }
    }
    base
}

/// The module that a file is, from `crate` on.
fn module(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.trim_end_matches("/mod");
    let inner = path
        .split('/')
        .filter(|step| !matches!(*step, "lib" | "main"));
    std::iter::once("crate")
        .chain(inner)
        .map(str::to_owned)
        .collect()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The words and signs of Rust code with their lines; comments and the contents of strings left out.
fn tokens(text: &str) -> Vec<(String, usize)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if first == '"' {
            string_end(rest)
        } else if let Some(character) = ["'\"'", "'\\\"'", "'\\''", "'{'", "'}'"]
            .iter()
            .find(|character| rest.starts_with(**character))
        {
            character.len()
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            tokens.push((rest[..end].to_owned(), line));
            end
        } else if rest.starts_with("::") {
            tokens.push(("::".to_owned(), line));
            2
        } else {
            if !first.is_whitespace() {
                tokens.push((first.to_string(), line));
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = r#"//! See [`crate::http`].
use std::{fmt, io::{self, Read}};
use crate::{
    authors::model::{Author, Link as L},
    tags,
};
use super::load;
fn f() -> diesel::QueryResult<()> { // crate::app
    let text = "crate::cli \" diesel::";
    super::super::model::g(crate::db::each!(c))
}
"#;
    let found: Vec<String> = paths("src/articles/store/list.rs", text)
        .into_iter()
        .map(|named| format!("{}:{}", named.path, named.line))
        .filter(|named| !named.starts_with("std"))
        .collect();
    assert_eq!(
        found,
        [
            "crate::articles::model::g:10",
            "crate::articles::store::load:7",
            "crate::authors::model::Author:4",
            "crate::authors::model::Link:4",
            "crate::db::each:10",
            "crate::tags:5",
            "diesel::QueryResult:8",
        ]
    );
}
