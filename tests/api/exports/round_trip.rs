//! JSON Lines out, into an empty database, and out again: the same bytes.

use serde_json::Value;

use super::{everything, export, import, lines};
use crate::cli::program::{on, run, run_with_input};
use crate::imports::import_blog;
use crate::support::{Database, Server, corpus};

/// Fails with the first line that differs.
#[track_caller]
fn same(one: &str, other: &str) {
    for (number, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        let (one, other): (String, String) = (cut(one), cut(other));
        assert_eq!(one, other, "line {}", number + 1);
    }
    assert_eq!(one.lines().count(), other.lines().count());
    assert!(one == other, "they differ behind what is shown");
}

fn cut(line: &str) -> String {
    line.chars().take(5_000).collect()
}

#[test]
fn everything_comes_back_as_it_was() {
    let server = everything();
    let first = lines(server.database());

    let database = Database::unmigrated();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, &first).unwrap();
    let report = import(&database, "jsonl", &file);
    assert!(report.contains(" 0 broken, "), "{report}");
    same(&first, &lines(&database));

    // The same again changes nothing.
    let again = import(&database, "jsonl", &file);
    assert!(again.starts_with("0 created, 0 updated, "), "{again}");
    same(&first, &lines(&database));

    // What was imported from elsewhere is known to be so, and what that says now takes nothing away.
    let source = folder.path().join("about.md");
    std::fs::write(&source, "---\ntitle: Newer\n---\nx").unwrap();
    let mut command = on(&database, &["import", "markdown", "--source", "one"]);
    command.arg(&source);
    let report = run(command).ok();
    assert!(report.contains("1 kept as edited here"), "{report}");
    same(&first, &lines(&database));
}

#[test]
fn an_export_names_what_it_holds_in_order() {
    let server = everything();
    let all = lines(server.database());
    let lines: Vec<Value> = all
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kind = |line: &Value| line["kind"].as_str().unwrap().to_owned();
    let mut kinds: Vec<String> = lines.iter().map(kind).collect();
    kinds.dedup();
    let first: Vec<&str> = kinds.iter().map(String::as_str).take(3).collect();
    assert_eq!(first, ["site", "tag", "author"]);
    assert_eq!(kinds.last().map(String::as_str), Some("redirect"));

    let of = |wanted: &'static str| lines.iter().filter(move |line| kind(line) == wanted);
    let tags: Vec<&str> = of("tag").map(|tag| tag["slug"].as_str().unwrap()).collect();
    let at = |slug: &str| tags.iter().position(|tag| *tag == slug).unwrap();
    assert!(at("z-time") < at("a-evening") && at("a-evening") < at("kanarienvogel"));
    let ids: Vec<&str> = lines
        .iter()
        .filter(|line| matches!(kind(line).as_str(), "article" | "page"))
        .map(|text| text["id"].as_str().unwrap())
        .collect();
    assert!(ids.is_sorted());
    let states: Vec<&str> = of("article")
        .map(|text| text["status"].as_str().unwrap())
        .collect();
    for state in [
        "draft",
        "in_review",
        "scheduled",
        "published",
        "archived",
        "trashed",
    ] {
        assert!(states.contains(&state), "{state}");
    }
    let paths: Vec<&str> = of("redirect")
        .map(|redirect| redirect["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        ["/in-the-state-trashed", "/old about/", "/to-it", "/日本"]
    );

    // Whom it belongs to is nobody's business elsewhere, and an address that is not public does not leave.
    assert!(all.contains("desk@example.org"), "that one is public");
    assert_eq!(all.matches('@').count(), 1);
    assert!(!all.contains("owner"));
}

#[test]
fn standard_output_takes_it_too() {
    let server = everything();
    let all = lines(server.database());
    let said = run(on(server.database(), &["export", "jsonl", "-"]));
    assert_eq!(said.code, Some(0), "{said:?}");
    same(&all, &said.output);
    assert!(said.errors.contains(" articles, "), "{}", said.errors);

    let database = Database::unmigrated();
    let command = on(&database, &["import", "jsonl", "-", "--locales", "en,de"]);
    let report = run_with_input(command, all.as_bytes()).ok();
    assert!(report.contains(" 0 broken, "), "{report}");
    same(&all, &lines(&database));
}

#[test]
fn real_blogs_come_back_as_they_were() {
    let server = Server::start();
    import_blog(&server, &corpus("markdown-blog/18f-yaml"));
    import_blog(&server, &corpus("markdown-blog/rust-toml"));
    let first = lines(server.database());
    let database = Database::unmigrated();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, &first).unwrap();
    let report = import(&database, "jsonl", &file);
    assert!(report.contains(" 0 broken, "), "{report}");
    same(&first, &lines(&database));
}

#[test]
fn an_export_makes_no_database_and_leaves_a_file_whole() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("all.jsonl");
    std::fs::write(&file, "as it was").unwrap();
    let data = place.path().join("data");
    let mut command = crate::cli::program::masthead(["export", "jsonl"]);
    command.arg(&file).arg("--data").arg(&data);
    let refused = run(command).refused();
    assert!(refused.contains("there is no database"), "{refused}");
    assert!(!data.exists());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "as it was");

    let database = Database::new();
    let told = export(&database, "jsonl", &file, &[]);
    assert!(told.starts_with("0 articles, 0 pages, "), "{told}");
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    let names = std::fs::read_dir(place.path()).unwrap().count();
    assert_eq!(names, 1, "nothing half-written is left");
}
