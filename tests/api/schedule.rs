//! What texts do by themselves: never early, never twice, none missed, however the clock goes.

mod killed;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::{articles, changes};
use masthead::id::Id;
use masthead::time::Time;
use serde_json::{Value, json};

use crate::support::{Client, Server, article, time};

const ARTICLES: &str = "/v1/admin/articles";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A draft of this title, by its address.
fn draft(editor: &Client, title: &str) -> String {
    let made = editor.post(ARTICLES, &json!({"title": title})).created();
    format!("{ARTICLES}/{}", made["id"].as_str().unwrap())
}

fn schedule(editor: &Client, path: &str, body: &Value) -> Value {
    editor.post(&format!("{path}/schedule"), body).ok()
}

/// How often the clock did this, for each text.
fn log(server: &Server, action: &str) -> BTreeMap<Id, i64> {
    let rows: Vec<Id> = server.read(|conn| {
        changes::table
            .filter(changes::action.eq(action))
            .filter(changes::actor.eq("system"))
            .filter(changes::detail.like("by the clock%"))
            .select(changes::resource_id)
            .load(conn)
    });
    let mut times = BTreeMap::new();
    for id in rows {
        *times.entry(id).or_default() += 1;
    }
    times
}

fn status(server: &Server, slug: &str) -> u16 {
    server.get(&format!("/v1/articles/{slug}")).status
}

#[test]
fn a_text_goes_out_at_its_time_and_comes_back_at_its_end() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    let shown = schedule(
        &editor,
        &path,
        &json!({"publish_at": "2026-11-22T13:00:00+01:00", "unpublish_at": "2026-11-22T13:00:00Z"}),
    );
    let plan = json!({
        "publish_at": "2026-11-22T12:00:00.000Z",
        "unpublish_at": "2026-11-22T13:00:00.000Z",
    });
    assert_eq!(
        (&shown["status"], &shown["schedule"]),
        (&json!("scheduled"), &plan)
    );
    let listed = editor.get("/v1/admin/schedule?count=true").ok();
    assert_eq!(listed["page"]["total"], 2);
    let first = &listed["items"][0];
    assert_eq!(
        (&first["action"], &first["title"]),
        (&json!("publish"), &json!("Tea"))
    );
    assert!(first["by"]["name"].is_string(), "{first}");

    server.clock.set(time("2026-11-22T11:59:59.999Z"));
    server.clock_looks();
    assert_eq!(status(&server, "tea"), 404);
    server.clock.set(time("2026-11-22T12:00:00.500Z"));
    server.clock_looks();
    let out = server.get("/v1/articles/tea").ok();
    assert_eq!(out["published_at"], "2026-11-22T12:00:00.000Z");
    assert_eq!(
        server.search("/v1/search?q=tea").ok()["items"][0]["slug"],
        "tea"
    );
    // A token does not last that long.
    let editor = server.sign_in(Role::Editor);
    let still = editor.get(&path).ok();
    assert_eq!(still["schedule"]["publish_at"], json!(null));

    server.clock.set(time("2026-11-22T13:00:00Z"));
    server.clock_looks();
    assert_eq!(status(&server, "tea"), 404);
    assert_eq!(server.search("/v1/search?q=tea").ok()["items"], json!([]));
    let editor = server.sign_in(Role::Editor);
    let after = editor.get(&path).ok();
    assert_eq!(
        (&after["status"], &after["schedule"]),
        (&json!("draft"), &json!(null))
    );
}

#[test]
fn the_server_does_it_by_itself() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    schedule(
        &editor,
        &path,
        &json!({"publish_at": "2026-11-22T11:00:00Z"}),
    );
    server.clock.advance(HOUR);
    wait_for(|| status(&server, "tea") == 200);
}

/// Waits for what comes by itself; fails after far longer than it may take.
fn wait_for(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn however_the_clock_goes_each_is_done_once_and_never_early() {
    let server = Server::start();
    let start = server.clock.now();
    for hour in 1..=48 {
        let at = start.plus(HOUR * hour).to_string();
        article(&format!("Hour {hour}"))
            .published_at(&at)
            .create(&server);
    }
    let mut latest = start;
    // On and back by an hour and a day, and standing still.
    for hours in [1, 0, 0, 2, 26, 1, 25, 3, 3, 47, 48, 0, 72] {
        let now = start.plus(HOUR * hours);
        server.clock.set(now);
        latest = latest.max(now);
        server.clock_looks();
        let out: Vec<Time> = server.read(|conn| {
            articles::table
                .filter(articles::state.eq("published"))
                .select(articles::published_at.assume_not_null())
                .load(conn)
        });
        let due = (1..=48).map(|hour| start.plus(HOUR * hour));
        assert_eq!(
            out.len(),
            due.filter(|at| *at <= latest).count(),
            "at {now}"
        );
        assert!(out.iter().all(|at| *at <= latest), "at {now}: {out:?}");
    }
    let times = log(&server, "published");
    assert_eq!(times.len(), 48);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

#[test]
fn what_came_due_while_it_was_down_is_done_in_its_order() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let gone = draft(&editor, "Gone");
    let plan =
        json!({"publish_at": "2026-11-22T11:00:00Z", "unpublish_at": "2026-11-22T12:00:00Z"});
    schedule(&editor, &gone, &plan);
    let late = draft(&editor, "Late");
    schedule(
        &editor,
        &late,
        &json!({"publish_at": "2026-11-22T11:30:00Z"}),
    );
    let database = server.into_database();

    let server = Server::setup().over(database).start();
    server.clock.set(time("2026-11-23T11:00:00Z"));
    server.clock_looks();
    assert_eq!(
        (status(&server, "gone"), status(&server, "late")),
        (404, 200)
    );
    let done: Vec<String> = server.read(|conn| {
        changes::table
            .filter(changes::detail.like("by the clock%"))
            .order((changes::number, changes::position))
            .select(changes::detail.assume_not_null())
            .load(conn)
    });
    let hours = ["11:00", "11:30", "12:00"];
    let told = hours.map(|hour| format!("by the clock, for 2026-11-22T{hour}:00.000Z"));
    assert_eq!(done, told);
}

#[test]
fn two_hundred_of_one_second_are_each_done_once() {
    let server = Server::start();
    for number in 0..200 {
        let at = server
            .clock
            .now()
            .plus(HOUR + Duration::from_millis(number * 5));
        article(&format!("Text {number}"))
            .published_at(&at.to_string())
            .create(&server);
    }
    server.clock.advance(HOUR * 2);
    server.clock_looks();
    let times = log(&server, "published");
    assert_eq!(times.len(), 200);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    assert_eq!(
        server.get("/v1/articles?count=true").ok()["page"]["total"],
        200
    );
}

#[test]
fn two_nodes_do_each_once() {
    let one = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let two = Server::setup().beside(&one, folder.path()).start();
    for number in 0..50 {
        let at = one.clock.now().plus(HOUR).to_string();
        article(&format!("Text {number}"))
            .published_at(&at)
            .create(&one);
    }
    one.clock.advance(HOUR);
    two.clock.advance(HOUR);
    std::thread::scope(|scope| {
        scope.spawn(|| one.clock_looks());
        scope.spawn(|| two.clock_looks());
    });
    let times = log(&one, "published");
    assert_eq!(times.len(), 50);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
}

#[test]
fn a_plan_is_moved_and_given_up() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    schedule(
        &editor,
        &path,
        &json!({"publish_at": "2026-11-22T11:00:00Z"}),
    );
    let moved = schedule(
        &editor,
        &path,
        &json!({"publish_at": "2026-11-22T12:00:00Z"}),
    );
    assert_eq!(moved["published_at"], "2026-11-22T12:00:00.000Z");
    server.clock.set(time("2026-11-22T11:00:00Z"));
    server.clock_looks();
    assert_eq!(status(&server, "tea"), 404);
    let editor = server.sign_in(Role::Editor);

    let given_up = schedule(&editor, &path, &json!({"publish_at": null}));
    assert_eq!(
        (&given_up["status"], &given_up["schedule"]),
        (&json!("draft"), &json!(null))
    );
    for way in ["unpublish", "publish"] {
        schedule(
            &editor,
            &path,
            &json!({"publish_at": "2026-11-22T12:00:00Z"}),
        );
        let gone = editor.order(&format!("{path}/{way}")).ok();
        assert_eq!(gone["schedule"], json!(null), "{way}");
        editor.order(&format!("{path}/unpublish"));
    }
    let trashed = schedule(
        &editor,
        &path,
        &json!({"publish_at": "2026-11-22T12:00:00Z"}),
    );
    let etag = editor.get(&path).etag().to_owned();
    assert_eq!(trashed["status"], "scheduled");
    assert_eq!(editor.delete(&path, &etag).status, 204);
    assert_eq!(editor.get("/v1/admin/schedule").ok()["items"], json!([]));
    server.clock.set(time("2026-11-22T12:00:00Z"));
    server.clock_looks();
    let editor = server.sign_in(Role::Editor);
    assert_eq!(editor.get(&path).ok()["status"], "trashed");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    let at = format!("{path}/schedule");
    let faults = |body: Value| editor.post(&at, &body).faults();
    assert_eq!(faults(json!({})), ["/publish_at missing"]);
    assert_eq!(
        faults(json!({"publish_at": "2026-11-22T10:00:00Z"})),
        ["/publish_at too_small"]
    );
    assert_eq!(
        faults(
            json!({"publish_at": "2026-11-22T12:00:00Z", "unpublish_at": "2026-11-22T12:00:00Z"})
        ),
        ["/unpublish_at conflicting"]
    );
    let later = json!({"publish_at": "2026-11-22T12:00:00Z"});
    let stale = editor.request("POST", &at).header("if-match", "\"9.x\"");
    assert_eq!(stale.json(&later).send().status, 412);
    let nothing_to_end = json!({"unpublish_at": "2026-11-22T12:00:00Z"});
    assert_eq!(editor.post(&at, &nothing_to_end).status, 409);

    let contributor = server.sign_in(Role::Contributor);
    let own = draft(&contributor, "Own");
    assert_eq!(
        contributor.post(&format!("{own}/schedule"), &later).status,
        403
    );
}

#[test]
fn a_time_that_is_taken_back_is_none() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let soon = json!({"publish_at": "2031-01-01T00:00:00Z"});
    let shown = |path: &str| editor.get(path).ok()["published_at"].clone();
    // What was never out.
    let new = draft(&editor, "Tea");
    schedule(&editor, &new, &soon);
    schedule(&editor, &new, &json!({"publish_at": null}));
    assert_eq!(shown(&new), Value::Null);
    let etag = editor.get(&new).etag().to_owned();
    let out = editor.patch(&new, &etag, &json!({"status": "published"}));
    assert_eq!(out.ok()["status"], "published");

    // What was out comes out again with the time of then, however the other time was taken back.
    let old = article("Coffee")
        .published_at("2024-05-01T00:00:00Z")
        .create(&server)
        .id;
    let old = format!("{ARTICLES}/{old}");
    for way in ["unpublish", "schedule"] {
        editor.order(&format!("{old}/unpublish")).ok();
        schedule(&editor, &old, &soon);
        assert_eq!(shown(&old), "2031-01-01T00:00:00.000Z");
        if way == "schedule" {
            schedule(&editor, &old, &json!({"publish_at": null}));
        } else {
            editor.order(&format!("{old}/unpublish")).ok();
        }
        editor.order(&format!("{old}/publish")).ok();
        assert_eq!(shown(&old), "2024-05-01T00:00:00.000Z", "{way}");
    }
}
