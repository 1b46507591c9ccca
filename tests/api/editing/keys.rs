//! Idempotency keys: a write that is sent again is not done again.

use masthead::auth::model::Role;
use serde_json::json;
use std::time::Duration;

use super::{ARTICLES, path_of};
use crate::support::{Answer, Client, Server};

fn create(who: &Client, key: &str, title: &str) -> Answer {
    let request = who.request("POST", ARTICLES).header("idempotency-key", key);
    request.json(&json!({"title": title})).send()
}

#[test]
fn the_same_write_is_answered_as_before() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let first = create(&editor, "k-1", "Tea");
    let again = create(&editor, "k-1", "Tea");
    assert_eq!((again.status, &again.body), (201, &first.body));
    for header in ["etag", "location", "change"] {
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    assert_eq!(editor.get(ARTICLES).column("title"), ["Tea"]);
    let other = create(&editor, "k-1", "Coffee");
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency-key-reused")
    );
    // It is the key of one person, and of one address.
    assert_eq!(
        create(&server.sign_in(Role::Editor), "k-1", "Coffee").status,
        201
    );
    let page = editor
        .request("POST", "/v1/admin/pages")
        .header("idempotency-key", "k-1");
    assert_eq!(page.json(&json!({"title": "Tea"})).send().status, 201);
    for broken in ["", " ", "a b", "ä", &"x".repeat(256)] {
        let answer = editor
            .request("POST", ARTICLES)
            .header("idempotency-key", broken);
        assert_eq!(
            answer.json(&json!({"title": "x"})).send().status,
            400,
            "{broken}"
        );
    }
}

#[test]
fn it_is_looked_at_before_the_version() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = create(&editor, "k-1", "Tea");
    let path = path_of(&made);
    let patch = || {
        let request = editor
            .request("PATCH", &path)
            .header("idempotency-key", "k-2");
        let request = request.header("if-match", made.etag());
        request.json(&json!({"title": "Coffee"})).send()
    };
    let (first, again) = (patch(), patch());
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(editor.get(&path).ok()["version"], 2);
    let delete = || {
        let request = editor
            .request("DELETE", &path)
            .header("idempotency-key", "k-3");
        request.header("if-match", first.etag()).send()
    };
    let deleted = delete();
    assert_eq!((deleted.status, delete().status), (204, 204));
    // What it was asked for is part of what was asked.
    let purge = editor
        .request("DELETE", &format!("{path}?purge=true"))
        .header("idempotency-key", "k-3");
    assert_eq!(purge.header("if-match", first.etag()).send().status, 422);
}

#[test]
fn what_was_refused_may_be_sent_again() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    assert_eq!(create(&editor, "k-1", "").status, 422);
    assert_eq!(create(&editor, "k-1", "Tea").status, 201);
}

#[test]
fn it_counts_for_a_day() {
    let server = Server::start();
    let user = server.account(Role::Editor);
    assert_eq!(create(&server.session_of(user), "k-1", "Tea").status, 201);
    server.clock.advance(Duration::from_secs(23 * 60 * 60));
    assert_eq!(
        create(&server.session_of(user), "k-1", "Coffee").status,
        422
    );
    server.clock.advance(Duration::from_secs(60 * 60 + 1));
    assert_eq!(
        create(&server.session_of(user), "k-1", "Coffee").status,
        201
    );
}
