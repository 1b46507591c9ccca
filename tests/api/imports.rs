//! Real sites through the import: what comes in, what a second run changes, and what becomes of edits on either side.

mod fetch;
mod ghost;
mod hostile;
mod pieces;
mod report;
mod wordpress;

use std::path::Path;

use diesel::prelude::*;
use masthead::articles::model::{State, Transition};
use masthead::articles::store;
use masthead::changes::model::Actor;
use masthead::db::schema::articles;
use masthead::id::Id;
use masthead::imports::{self, Options, Report};
use masthead::transfer::{Parsed, markdown};

use crate::support::{Server, article, corpus, each, time};

fn options(source: &str) -> Options {
    Options {
        source: source.into(),
        status: Some(State::Published),
        dry_run: false,
        actor: Actor::System,
    }
}

/// Imports items as published.
pub(crate) fn import(server: &Server, source: &str, items: Vec<Parsed>) -> Report {
    imports::run(
        server.db(),
        &server.rules,
        &options(source),
        items,
        |_done| {},
    )
    .unwrap()
}

/// Imports a blog as published.
pub(crate) fn import_blog(server: &Server, path: &Path) -> Report {
    import_folder(server, path, &options("blog"))
}

/// Imports a folder or a file as the command line does.
fn import_folder(server: &Server, path: &Path, options: &Options) -> Report {
    let files = markdown::files(path).unwrap();
    let items = files
        .found
        .into_iter()
        .map(|(name, path)| markdown::parse(&name, &std::fs::read(path).unwrap()));
    let all = files.left_out.into_iter().chain(items);
    imports::run(server.db(), &server.rules, options, all, |_done| {}).unwrap()
}

/// The Markdown files of a folder, whatever they hold.
fn count_files(path: &Path) -> usize {
    walkdir::WalkDir::new(path)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .count()
}

fn total(server: &Server, path: &str) -> u64 {
    server.get(path).ok()["page"]["total"].as_u64().unwrap()
}

#[test]
fn the_18f_blog_comes_in_whole_and_once() {
    let server = Server::start();
    let blog = corpus("markdown-blog/18f-yaml");
    let report = import_folder(&server, &blog, &options("18f"));
    let accounted = report.created + report.skipped.len() + report.broken.len();
    assert_eq!(
        accounted,
        count_files(&blog),
        "every file is stored or stands in the report"
    );
    assert_eq!(
        total(&server, "/v1/articles?count=true&limit=1"),
        report.created as u64
    );
    assert_eq!(total(&server, "/v1/tags?count=true&limit=1"), 142);
    assert_eq!(total(&server, "/v1/authors?count=true&limit=1"), 273);
    for (origin, reason) in report.skipped.iter().chain(&report.broken) {
        assert!(!origin.is_empty() && !reason.is_empty());
    }

    let (change, etag) = (
        server.db().change(),
        server
            .get("/v1/articles?limit=100")
            .header("etag")
            .to_owned(),
    );
    let again = import_folder(&server, &blog, &options("18f"));
    assert_eq!(
        (again.created, again.updated, again.unchanged),
        (0, 0, report.created)
    );
    assert_eq!(again.broken, report.broken);
    assert_eq!(server.db().change(), change, "a second run changes nothing");
    assert_eq!(server.get("/v1/articles?limit=100").header("etag"), etag);

    // Each article can be read, in every form.
    let mut page =
        server.get("/v1/articles?limit=100&include=body,markdown,text,toc,tags,authors,metadata");
    let mut read = page.column("slug").len();
    while let Some(next) = page.link("next") {
        page = server.get(&next);
        read += page.column("slug").len();
    }
    assert_eq!(read, report.created);
    for slug in server.get("/v1/articles?limit=20").column("slug") {
        for suffix in ["", ".md", ".txt", ".html"] {
            assert_eq!(
                server.get(&format!("/v1/articles/{slug}{suffix}")).status,
                200
            );
        }
    }
}

#[test]
fn the_rust_blog_comes_in_whole_and_once() {
    let server = Server::start();
    let blog = corpus("markdown-blog/rust-toml");
    let report = import_folder(&server, &blog, &options("rust"));
    assert_eq!(
        report.created + report.skipped.len() + report.broken.len(),
        count_files(&blog)
    );
    assert_eq!(
        total(&server, "/v1/articles?count=true&limit=1"),
        report.created as u64
    );
    assert_eq!(report.created, 497);
    let broken = [(
        "content/releases/latest.md".to_owned(),
        "no title".to_owned(),
    )];
    assert_eq!(report.broken, broken);
    let change = server.db().change();
    let again = import_folder(&server, &blog, &options("rust"));
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 497));
    assert_eq!(server.db().change(), change);
}

#[test]
fn the_seed_page_reads_back() {
    let server = Server::start();
    import_folder(
        &server,
        &corpus("seed/zeroopposite-article.md"),
        &options("seed"),
    );
    let slugs = server.get("/v1/articles").column("slug");
    assert_eq!(slugs.len(), 1);
    let page = server.get(&format!("/v1/articles/{}", slugs[0])).ok();
    assert_eq!(
        page["title"],
        "HOW DOES SEXUAL INTIMACY PROVIDE PROTECTION AGAINST PTSD?"
    );
    assert_eq!(
        page["subtitle"],
        "EXPLORING THE BENEFITS OF INTIMACY FOR THOSE WITH TRAUMA"
    );
    let question =
        "Can sexual intimacy serve as a protective factor against post-traumatic stress symptoms?";
    assert_eq!(page["standfirst"], question);
    let tags: Vec<&str> = page["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        tags,
        [
            "ptsd",
            "sexualintimacy",
            "protection",
            "healing",
            "trauma",
            "mentalhealth",
            "wellbeing"
        ]
    );
    let body = page["body"].as_str().unwrap();
    assert_eq!(body.matches("<p>").count(), 12);
    assert!(
        body.contains(&format!("<p>{question}</p>")),
        "the question that looks like a heading is a paragraph"
    );
    assert!(body.contains("&quot;cuddle hormone,&quot;") || body.contains("\"cuddle hormone,\""));
}

fn source(title: &str, text: &str) -> Vec<Parsed> {
    vec![markdown::parse(
        "tea.md",
        format!("---\ntitle: {title}\ntags: [food]\n---\n{text}\n").as_bytes(),
    )]
}

#[test]
fn an_edited_source_updates_its_article() {
    let server = Server::start();
    assert_eq!(import(&server, "blog", source("Tea", "Old")).created, 1);
    let id = server.get("/v1/articles/tea").ok()["id"].clone();
    let report = import(&server, "blog", source("Tea", "New"));
    assert_eq!(
        (report.created, report.updated, report.unchanged),
        (0, 1, 0)
    );
    let tea = server.get("/v1/articles/tea").ok();
    assert_eq!(
        (&tea["id"], &tea["body"]),
        (&id, &serde_json::json!("<p>New</p>\n"))
    );
    assert_eq!(total(&server, "/v1/articles?count=true"), 1);
    // The same key of another source is another article.
    assert_eq!(import(&server, "other", source("Tea", "New")).created, 1);
    assert_eq!(total(&server, "/v1/articles?count=true"), 2);
}

#[test]
fn an_edit_made_here_is_kept_and_told_of() {
    let server = Server::start();
    import(&server, "blog", source("Tea", "Old"));
    let id = server.get("/v1/articles/tea").ok()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    article("Tea").markdown("By hand").replace(&server, id);
    // The source says what it said: nothing to tell.
    let report = import(&server, "blog", source("Tea", "Old"));
    assert_eq!((report.unchanged, report.kept.len()), (1, 0));
    let change = server.db().change();
    let report = import(&server, "blog", source("Tea", "New"));
    assert_eq!(
        (report.updated, report.kept),
        (0, vec!["tea.md".to_owned()])
    );
    assert_eq!(
        server.get("/v1/articles/tea").ok()["body"],
        "<p>By hand</p>\n"
    );
    assert_eq!(server.db().change(), change);
}

#[test]
fn an_article_taken_back_here_is_not_published_again() {
    let server = Server::start();
    import(&server, "blog", source("Tea", "Old"));
    let id = server.get("/v1/articles/tea").ok()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    server.write(move |tx| store::transition(tx, id, Transition::Unpublish));
    let report = import(&server, "blog", source("Tea", "New"));
    assert_eq!(report.kept, ["tea.md"]);
    assert_eq!(server.get("/v1/articles/tea").status, 404);
}

/// A text with a time to come.
fn dated(text: &str) -> Vec<Parsed> {
    let text = format!("---\ntitle: Tea\ndate: 2026-12-01T08:00:00Z\n---\n{text}\n");
    vec![markdown::parse("tea.md", text.as_bytes())]
}

#[test]
fn what_waits_for_its_time_is_published_then_and_follows_its_source() {
    let server = Server::start();
    let report = import(&server, "blog", dated("Text"));
    let waits =
        "its time is yet to come: stored as scheduled, and published at 2026-12-01T08:00:00.000Z";
    assert_eq!(report.created, 1);
    assert_eq!(report.warnings, [("tea.md".to_owned(), waits.to_owned())]);
    assert_eq!(server.get("/v1/articles/tea").status, 404);

    server.clock.set(time("2026-12-01T07:59:59.999Z"));
    let before = server.db().change();
    let report = import(&server, "blog", dated("Text"));
    assert_eq!((report.updated, report.unchanged), (0, 1));
    assert_eq!(server.db().change(), before);
    assert_eq!(server.get("/v1/articles/tea").status, 404);

    server.clock.set(time("2026-12-01T08:00:00Z"));
    server.clock_looks();
    assert_eq!(
        server.get("/v1/articles/tea").ok()["published_at"],
        "2026-12-01T08:00:00.000Z"
    );

    let before = server.db().change();
    let report = import(&server, "blog", dated("Text"));
    assert_eq!((report.updated, report.unchanged), (0, 1));
    assert_eq!(server.db().change(), before);
    // What the clock did is no edit.
    let report = import(&server, "blog", dated("Other"));
    assert_eq!((report.updated, report.kept), (1, vec![]));
}

#[test]
fn what_was_taken_back_here_is_not_published_when_its_time_comes() {
    let server = Server::start();
    import(&server, "blog", dated("Text"));
    let id = articles::table.select(articles::id);
    let id: Id = server.read(|conn| each!(conn, c => id.first(c)));
    server.write(move |tx| store::transition(tx, id, Transition::Unpublish));
    server.clock.set(time("2026-12-02T00:00:00Z"));
    let report = import(&server, "blog", dated("Text"));
    assert_eq!((report.updated, report.unchanged), (0, 1));
    assert_eq!(server.get("/v1/articles/tea").status, 404);
    let report = import(&server, "blog", dated("New text"));
    assert_eq!(report.kept, ["tea.md"]);
    assert_eq!(server.get("/v1/articles/tea").status, 404);
}

#[test]
fn addresses_of_authors_stay_out_of_what_is_public() {
    let server = Server::start();
    let text = "---\ntitle: Tea\nauthors:\n  - Ida Lund <ida@example.org>\n  - name: Tomas Reuter\n    email: tomas@example.org\n  \
                - ada@example.org\n---\nText";
    let report = import(
        &server,
        "blog",
        vec![markdown::parse("tea.md", text.as_bytes())],
    );
    assert_eq!(report.created, 1);
    let told = "authors holds an e-mail address; it was left out, since authors are public";
    assert_eq!(report.warnings, [("tea.md".to_owned(), told.to_owned())]);
    let names = server.get("/v1/authors?sort=name").column("name");
    assert_eq!(names, ["ada", "Ida Lund", "Tomas Reuter"]);
    for path in [
        "/v1/authors",
        "/v1/articles?include=authors,metadata",
        "/v1/articles/tea",
        "/v1/articles/tea.md",
    ] {
        let shown = server.get(path);
        assert_eq!(shown.status, 200, "{path}");
        assert!(!shown.text().contains('@'), "{path}: {}", shown.text());
    }
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    let server = Server::start();
    let dry = Options {
        dry_run: true,
        ..options("blog")
    };
    let report = imports::run(
        server.db(),
        &server.rules,
        &dry,
        source("Tea", "Old"),
        |_done| {},
    )
    .unwrap();
    assert_eq!((report.created, server.db().change()), (1, 0));
    assert_eq!(server.get("/v1/articles").column("slug"), [""; 0]);
}

#[test]
fn the_state_is_as_asked_or_as_the_source_says() {
    let items = || {
        [
            ("plain.md", ""),
            ("draft.md", "draft: true\n"),
            ("later.md", "date: 2030-01-01\n"),
        ]
        .map(|(name, lines)| {
            markdown::parse(
                name,
                format!("---\ntitle: {name}\n{lines}---\nText").as_bytes(),
            )
        })
    };
    for (status, shown) in [
        (None, vec!["plain-md"]),
        (Some(State::Draft), vec![]),
        (Some(State::Published), vec!["draft-md", "plain-md"]),
    ] {
        let server = Server::start();
        let asked = Options {
            status,
            ..options("blog")
        };
        let report = imports::run(server.db(), &server.rules, &asked, items(), |_done| {}).unwrap();
        assert_eq!(report.created, 3);
        assert_eq!(
            server.get("/v1/articles?sort=title").column("title").len(),
            shown.len(),
            "{status:?}"
        );
    }
}

#[test]
fn one_bad_item_does_not_keep_the_others_out() {
    let server = Server::start();
    let mut items: Vec<Parsed> = (0..150)
        .map(|number| {
            markdown::parse(
                &format!("{number}.md"),
                format!("---\ntitle: No {number}\n---\nText").as_bytes(),
            )
        })
        .collect();
    items.push(markdown::parse("broken.md", b"---\ntitle: [\n---\nText"));
    items.push(markdown::parse(
        "nul.md",
        b"---\ntitle: \"a\\0b\"\n---\nText",
    ));
    // A tag given by an id that does not exist is found out by the database alone, in the midst of a batch.
    let ghost = "---\ntitle: Ghost\ntags: [01890a5d-ac96-774b-bcce-b302099a8057]\n---\nText";
    items.insert(20, markdown::parse("ghost.md", ghost.as_bytes()));
    let report = import(&server, "blog", items);
    assert_eq!(report.created, 150);
    let broken: Vec<&str> = report
        .broken
        .iter()
        .map(|(origin, _)| origin.split(':').next().unwrap())
        .collect();
    assert_eq!(broken.len(), 3, "{:?}", report.broken);
    for name in ["broken.md", "nul.md", "ghost.md"] {
        assert!(broken.contains(&name), "{name} in {broken:?}");
    }
    assert_eq!(total(&server, "/v1/articles?count=true"), 150);
}
