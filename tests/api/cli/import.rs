//! `masthead import`: what comes in, what is left out and why, that a second run changes nothing, and that a server which
//! runs beside it sees what came.

use std::time::Duration;

use super::fixture;
use super::program::{Serving, masthead, on, run, run_with_input};
use crate::support::Database;

/// The report of an import of this fixture.
#[track_caller]
fn import(database: &Database, format: &str, name: &str, flags: &[&str]) -> String {
    let mut command = on(database, &["import", format, "--locales", "en,de"]);
    command.arg(fixture(name)).args(flags);
    run(command).ok()
}

fn serve(database: &Database) -> Serving {
    Serving::over(database, &["--locales", "en,de"])
}

fn total(server: &Serving) -> i64 {
    server.get("/v1/articles?count=true").ok()["page"]["total"]
        .as_i64()
        .unwrap()
}

const FIRST: &str =
    "6 created, 0 updated, 0 unchanged, 0 kept as edited here, 1 skipped, 1 broken, 2 warnings";

#[test]
fn markdown_comes_in_and_what_does_not_is_told() {
    let database = Database::unmigrated();
    let report = import(&database, "markdown", "markdown", &[]);
    let mut lines = report.lines();
    assert_eq!(lines.next(), Some(FIRST));
    assert_eq!(
        lines.next(),
        Some("  skipped  _index.md: a section index, not a post")
    );
    let broken = lines.next().unwrap();
    assert!(broken.starts_with("  broken   broken.md:4: "), "{broken}");
    assert_eq!(
        lines.next(),
        Some(
            "  warning  in-the-future.md: its time is yet to come: stored as scheduled, and published at \
             2999-01-01T00:00:00.000Z"
        )
    );
    assert_eq!(
        lines.next(),
        Some(
            "  warning  une-journee.md: its locale `fr` is none of the site's (en, de): stored under `en`, with its own in \
             metadata.locale"
        )
    );
    assert_eq!(lines.next(), None);

    let server = serve(&database);
    assert_eq!(
        server.get("/v1/articles").column("title"),
        ["Ein Tag", "Une journée", "A day in TOML", "A plain day"]
    );
    let plain = server.get("/v1/articles/a-plain-day").ok();
    assert_eq!(plain["published_at"], "2024-03-05T00:00:00.000Z");
    assert_eq!(plain["subtitle"], "Nothing happened, and that was good");
    assert_eq!(
        plain["body"],
        "<p>Nothing happened. <strong>That</strong> was good.</p>\n"
    );
    assert_eq!(plain["authors"][0]["name"], "Ida Lund");
    assert_eq!(plain["tags"][1]["name"], "Weekdays");
    assert_eq!(
        server.get("/v1/articles/a-day-in-toml").ok()["authors"][1]["name"],
        "Tomas Reuter"
    );
    assert_eq!(
        server.get("/v1/articles/ein-tag").ok()["url"],
        "/de/ein-tag"
    );
    assert_eq!(
        server.get("/v1/articles/une-journee").ok()["metadata"]["locale"],
        "fr"
    );
    for hidden in ["not-yet", "draft", "in-the-future"] {
        assert_eq!(
            server.get(&format!("/v1/articles/{hidden}")).status,
            404,
            "{hidden}"
        );
    }
    assert_eq!(server.get("/v1/tags/weekdays").ok()["article_count"], 2);
}

#[test]
fn a_second_run_changes_nothing() {
    let database = Database::unmigrated();
    assert!(import(&database, "markdown", "markdown", &[]).starts_with(FIRST));
    let before = serve(&database).get("/v1/articles").ok();
    let change = serve(&database).get("/health/ready").ok()["change"].clone();

    let report = import(&database, "markdown", "markdown", &[]);
    assert!(
        report.starts_with("0 created, 0 updated, 6 unchanged, "),
        "{report}"
    );

    let server = serve(&database);
    assert_eq!(server.get("/v1/articles").ok(), before);
    assert_eq!(server.get("/health/ready").ok()["change"], change);
}

#[test]
fn json_lines_come_in_and_faults_are_named_by_line() {
    let database = Database::unmigrated();
    let report = import(&database, "jsonl", "articles.jsonl", &[]);
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(
        lines[0],
        "5 created, 0 updated, 0 unchanged, 0 kept as edited here, 0 skipped, 2 broken, 3 warnings"
    );
    let three = lines[1];
    assert!(
        three.starts_with("  broken   articles.jsonl:3: "),
        "{three}"
    );
    for fault in [
        "/title: ",
        "/featured: ",
        "/markdwn: ",
        "did you mean markdown?",
    ] {
        assert!(three.contains(fault), "{three}");
    }
    assert!(
        lines[2].starts_with("  broken   articles.jsonl:5: "),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].starts_with("  warning  articles.jsonl:2: "),
        "{}",
        lines[3]
    );
    assert!(lines[3].contains("<script>"), "{}", lines[3]);
    assert!(
        lines[4].starts_with("  warning  articles.jsonl:6: "),
        "{}",
        lines[4]
    );
    assert!(
        lines[5].starts_with("  warning  articles.jsonl:8: its time is yet to come: "),
        "{}",
        lines[5]
    );
    assert_eq!(lines.len(), 6, "{report}");

    let server = serve(&database);
    assert_eq!(
        server.get("/v1/articles").column("title"),
        ["Sixth line", "Second line", "First line"]
    );
    assert_eq!(
        server.get("/v1/articles/second-line").ok()["body"],
        "<p>Two.</p>"
    );

    let again = import(&database, "jsonl", "articles.jsonl", &[]);
    assert!(
        again.starts_with("0 created, 0 updated, 5 unchanged, "),
        "{again}"
    );
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    let database = Database::new();
    let report = import(&database, "markdown", "markdown", &["--dry-run"]);
    let mut lines = report.lines();
    assert_eq!(
        lines.next(),
        Some(format!("{FIRST} (dry run: nothing was written)").as_str())
    );
    let dry: Vec<&str> = lines.collect();

    let server = serve(&database);
    assert_eq!(total(&server), 0);
    assert_eq!(server.get("/v1/tags").column("name"), [""; 0]);
    assert_eq!(server.get("/health/ready").ok()["change"], 0);

    // What it told would happen is what happens.
    let real = import(&database, "markdown", "markdown", &[]);
    assert_eq!(real.lines().skip(1).collect::<Vec<_>>(), dry);
}

#[test]
fn a_dry_run_makes_no_database() {
    // The embedded database's, whichever is under test: no other is made by being opened.
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = masthead(["import", "markdown", "--dry-run", "--locales", "en,de"]);
    command.arg(fixture("markdown")).arg("--data").arg(&data);
    let report = run(command).ok();
    assert!(
        report.starts_with(&format!("{FIRST} (dry run: nothing was written)\n")),
        "{report}"
    );
    assert!(!data.exists(), "a dry run made {}", data.display());
}

#[test]
fn a_dry_run_leaves_a_schema_as_it_is() {
    let database = Database::blank();
    let mut dry = on(&database, &["import", "markdown", "--dry-run"]);
    dry.arg(fixture("markdown"));
    let refused = run(dry).refused();
    assert!(refused.contains("lacks the migrations"), "{refused}");
    let migrated = run(on(&database, &["migrate"])).ok();
    assert!(migrated.starts_with("ran 0001"), "{migrated}");
}

#[test]
fn what_is_broken_fails_a_strict_import_and_keeps_nothing_else_out() {
    let strict = |database: &Database, name: &str, flags: &[&str]| {
        let mut command = on(
            database,
            &["import", "markdown", "--strict", "--locales", "en,de"],
        );
        command.arg(fixture(name)).args(flags);
        run(command)
    };
    let database = Database::new();
    let dry = strict(&database, "markdown", &["--dry-run"]);
    assert_eq!(dry.code, Some(1), "{dry:?}");
    assert_eq!(total(&serve(&database)), 0);

    let said = strict(&database, "markdown", &[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.output.starts_with(FIRST), "{said:?}");
    assert!(
        said.output.contains("\n  broken   broken.md:4: "),
        "{said:?}"
    );
    assert_eq!(total(&serve(&database)), 4);

    // Nothing is broken here: what is skipped or warned of is no failure.
    let whole = strict(&database, "markdown/une-journee.md", &["--source", "other"]).ok();
    assert!(
        whole.starts_with("1 created, ") && whole.contains("0 broken, 1 warnings"),
        "{whole}"
    );
}

#[test]
fn the_status_can_be_given() {
    let drafts = Database::new();
    import(&drafts, "markdown", "markdown", &["--status", "draft"]);
    assert_eq!(total(&serve(&drafts)), 0);

    let published = Database::new();
    import(
        &published,
        "jsonl",
        "articles.jsonl",
        &["--status", "published"],
    );
    let server = serve(&published);
    assert_eq!(server.get("/v1/articles/fourth-line").status, 200);
    // What has a date to come is not published before it.
    assert_eq!(server.get("/v1/articles/eighth-line").status, 404);
}

#[test]
fn json_lines_come_from_standard_input() {
    let database = Database::new();
    let lines = b"{\"title\": \"Piped\", \"external_id\": \"p\"}\n{\"title\": }\n";
    let report = run_with_input(on(&database, &["import", "jsonl", "-"]), lines).ok();
    assert!(report.starts_with("1 created, "), "{report}");
    assert!(
        report.contains("\n  broken   stdin:2: not JSON: "),
        "{report}"
    );
    let again = run_with_input(on(&database, &["import", "jsonl", "-"]), lines).ok();
    assert!(
        again.starts_with("0 created, 0 updated, 1 unchanged, "),
        "{again}"
    );
    assert_eq!(serve(&database).get("/v1/articles/piped").status, 200);
}

#[test]
fn the_site_is_set_from_a_file_and_seen_beside_a_running_server() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.json");
    let set = |json: &str| {
        std::fs::write(&file, json).unwrap();
        run(on(&database, &["import", "site", file.to_str().unwrap()]))
    };
    let right = r#"{"name": "The Door", "menus": {"main": [{"label": "Home", "url": "/"}]}}"#;
    assert_eq!(set(right).ok(), "the site was set\n");
    assert_eq!(set(right).ok(), "the site is so already\n");
    let server = serve(&database);
    let site = server.get("/v1/site").ok();
    assert_eq!(site["name"], "The Door");
    assert_eq!(site["menus"]["main"][0]["label"], "Home");
    let refused = set(r#"{"nam": "x", "logo": {"url": "x:y"}}"#).refused();
    for fault in ["/name: ", "/nam: ", "/logo/url: "] {
        assert!(refused.contains(fault), "{refused}");
    }
    assert_eq!(server.get("/v1/site").ok()["name"], "The Door");
}

#[test]
fn a_source_that_is_not_there_is_named() {
    let database = Database::new();
    for format in ["markdown", "jsonl", "site"] {
        let refused = run(on(&database, &["import", format, "/no/such/place"])).refused();
        assert!(refused.contains("/no/such/place"), "{refused}");
    }
}

#[test]
fn two_sources_do_not_meet() {
    let database = Database::new();
    let line = b"{\"title\": \"One\", \"external_id\": \"1\"}\n";
    for source in ["a", "b"] {
        let command = on(&database, &["import", "jsonl", "-", "--source", source]);
        let report = run_with_input(command, line).ok();
        assert!(report.starts_with("1 created, "), "{source}: {report}");
    }
    assert_eq!(
        serve(&database)
            .get("/v1/articles?sort=title")
            .column("slug"),
        ["one", "one-2"]
    );
}

#[test]
fn a_running_server_sees_what_comes_in_beside_it() {
    let database = Database::new();
    let server = serve(&database);
    let before = server.get("/v1/articles");
    assert_eq!(before.column("title"), [""; 0]);

    assert!(import(&database, "markdown", "markdown", &[]).starts_with(FIRST));

    let mut looks = 0;
    let seen = loop {
        let answer = server.get("/v1/articles");
        if answer.change() > before.change() || looks == 500 {
            break answer;
        }
        looks += 1;
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(
        seen.column("title").len(),
        4,
        "not seen after {looks} looks"
    );
    assert!(seen.change() > before.change());
    assert_ne!(seen.header("etag"), before.header("etag"));
}
