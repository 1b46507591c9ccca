//! `masthead demo`: a small magazine from a folder that goes with the process, or in an empty database that is given.

use std::path::Path;

use diesel::prelude::*;
use masthead::db::schema::{redirects, revisions, working_copies};
use masthead::db::{self, Db};
use masthead::time::Clock;
use serde_json::Value;

use super::fixture;
use super::program::{Serving, masthead, on, run};
use crate::support::{Database, each};

#[test]
fn demo_serves_a_small_magazine_and_leaves_nothing_behind() {
    let database = Database::unmigrated();
    let place = tempfile::tempdir().unwrap();
    let mut command = masthead(["demo", "--listen", "127.0.0.1:0"]);
    // Of the embedded database it makes its own.
    let given = database.arguments();
    let own = given[0] == "--data";
    if !own {
        command.args(given);
    }
    command.env("TMPDIR", place.path());
    let demo = Serving::start(command);

    let english = demo.get("/v1/articles?locale=en&count=true&limit=100");
    let german = demo.get("/v1/articles?locale=de&count=true&limit=100");
    let (english, german) = (english.ok(), german.ok());
    let total = |list: &Value| list["page"]["total"].as_i64().unwrap();
    assert_eq!(total(&english) + total(&german), 19);
    assert!(total(&english) > 5 && total(&german) > 5);
    assert_eq!(
        demo.get("/v1/articles?count=true").ok()["page"]["total"],
        19
    );
    assert_eq!(demo.get("/v1/pages?count=true").ok()["page"]["total"], 4);

    let slug = "draft-what-to-write-in-a-letter-of-condolence";
    assert_eq!(demo.get(&format!("/v1/articles/{slug}")).status, 404);
    assert_eq!(demo.get(&format!("/v1/articles/{slug}.md")).status, 404);

    let preview = "/v1/preview/mhv_c2FtcGxlLXByZXZpZXctb2YtdGhlLWRlbW8tb25seSE";
    let draft = demo.get(preview).ok();
    assert_eq!(draft["article"]["slug"], slug);

    let trauma = demo.get("/v1/tags/trauma").ok();
    assert_eq!(trauma["parent"]["slug"], "mental-health");
    let alias = demo.get("/v1/tags/ptsd");
    assert_eq!(
        (alias.status, alias.header("location")),
        (308, "/v1/tags/trauma")
    );

    let article = demo.get("/v1/articles/closeness-after-trauma").ok();
    assert_eq!(article["translations"][0]["slug"], "naehe-nach-dem-trauma");
    assert_eq!(article["audience"], "mature");
    assert!(
        article["content_notice"]
            .as_str()
            .is_some_and(|notice| notice.len() > 20)
    );

    // What a website needs to draw a page, in one answer.
    let page = demo.get("/v1/resolve?path=/closeness-after-trauma").ok();
    assert_eq!(page["article"], article);
    assert_eq!(page["previous"]["slug"], "still-holding-hands");
    assert_eq!(page["next"]["slug"], "a-small-toolkit-for-hard-moments");
    let menu = page["site"]["menus"]["main"].to_string();
    for label in ["Contact", "Search", "About"] {
        assert!(menu.contains(&format!("\"label\":\"{label}\"")), "{menu}");
    }
    let moved = demo.get("/v1/resolve?path=/old-about").ok();
    assert_eq!(moved["redirect"]["to"], "/about");

    let site = demo.get("/v1/site").ok();
    assert_eq!(site["locales"], serde_json::json!(["en", "de"]));
    assert!(
        site["menus"]["main"]
            .as_array()
            .is_some_and(|menu| menu.len() > 3)
    );

    let folders: Vec<_> = entries(place.path());
    assert_eq!(folders.len(), 1, "{folders:?}");
    let settings_of = || {
        if own {
            db::Settings::sqlite_in(&place.path().join(&folders[0]))
        } else {
            database.settings()
        }
    };
    assert_eq!(
        redirects_in(settings_of()),
        ["/old-about", "/start-here", "/write-to-us"]
    );
    assert_eq!(revised_in(settings_of()), (1, 1));

    let said = demo.stop();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        entries(place.path()).is_empty(),
        "{:?}",
        entries(place.path())
    );
}

#[test]
fn demo_leaves_a_database_with_content_alone() {
    let database = Database::new();
    let given = database.arguments();
    if given[0] == "--data" {
        // The embedded database of a demo is always its own, and empty.
        let refused = run(on(&database, &["demo"])).refused();
        assert!(refused.contains("--data"), "{refused}");
        return;
    }
    let mut import = on(&database, &["import", "jsonl"]);
    import.arg(fixture("articles.jsonl"));
    run(import).ok();
    let refused = run(on(&database, &["demo", "--listen", "127.0.0.1:0"])).refused();
    assert!(refused.contains("not empty"), "{refused}");
}

fn redirects_in(settings: db::Settings) -> Vec<String> {
    let db = Db::open(settings, Clock::system()).unwrap();
    let paths = redirects::table
        .select(redirects::path)
        .filter(redirects::article_id.is_null())
        .order(redirects::path);
    db.read_blocking(|conn| Ok(each!(conn, c => paths.load(c))?))
        .unwrap()
}

/// How many texts say something else than before, and how many have a working copy.
fn revised_in(settings: db::Settings) -> (i64, i64) {
    let db = Db::open(settings, Clock::system()).unwrap();
    let revised = revisions::table.filter(revisions::number.eq(2)).count();
    let copies = working_copies::table.count();
    db.read_blocking(|conn| {
        Ok((
            each!(conn, c => revised.get_result(c))?,
            each!(conn, c => copies.get_result(c))?,
        ))
    })
    .unwrap()
}

fn entries(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
