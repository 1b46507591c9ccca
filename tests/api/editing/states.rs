//! From an idea to the bin.

use masthead::auth::model::Role;
use serde_json::json;

use super::{ARTICLES, draft, path_of};
use crate::support::{Client, Server};

/// Goes that way, and answers the state it led to, or the status that refused it.
fn go(who: &Client, path: &str, way: &str) -> String {
    let answer = who.order(&format!("{path}/{way}"));
    match answer.status {
        200 => answer.json()["status"].as_str().unwrap().to_owned(),
        status => status.to_string(),
    }
}

#[test]
fn the_ways_of_a_text() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = draft(&editor, "Tea");
    let path = path_of(&made);
    for (way, state) in [
        ("restore", "409"),
        ("archive", "409"),
        ("submit", "in_review"),
        ("publish", "published"),
        ("publish", "409"),
        ("archive", "archived"),
        ("unpublish", "draft"),
        ("publish", "published"),
        ("unpublish", "draft"),
    ] {
        assert_eq!(go(&editor, &path, way), state, "{way}");
        let shown = server.get("/v1/articles/tea").status;
        assert_eq!(
            shown == 200,
            state == "published" || (way, state) == ("publish", "409"),
            "{way}"
        );
    }
    assert_eq!(editor.order(&format!("{path}/explode")).status, 404);
}

#[test]
fn the_trash_gives_back_and_the_purge_does_not() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(ARTICLES, &json!({"title": "Tea", "status": "published"}));
    let path = path_of(&made);
    assert_eq!(editor.delete(&path, made.etag()).status, 204);
    assert_eq!(server.get("/v1/articles/tea").status, 404);
    let trashed = editor.get(&path);
    assert_eq!(trashed.ok()["status"], "trashed");
    let touched = editor.patch(&path, trashed.etag(), &json!({"title": "Coffee"}));
    assert_eq!((touched.status, touched.code().as_str()), (409, "conflict"));
    assert_eq!(go(&editor, &path, "restore"), "draft");
    let etag = editor.get(&path).etag().to_owned();
    assert_eq!(
        editor.delete(&format!("{path}?purge=true"), &etag).status,
        204
    );
    assert_eq!(editor.get(&path).status, 404);
    // Its slug is free again.
    assert_eq!(draft(&editor, "Tea").json()["slug"], "tea");
}

#[test]
fn what_is_published_at_a_time_to_come_is_scheduled() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let later = editor.post(
        ARTICLES,
        &json!({"title": "Tea", "status": "published", "published_at": "2031-01-01T00:00:00Z"}),
    );
    assert_eq!(later.created()["status"], "scheduled");
    assert_eq!(server.get("/v1/articles/tea").status, 404);
    assert_eq!(go(&editor, &path_of(&later), "publish"), "published");
    let missing = editor.post(ARTICLES, &json!({"title": "Tea", "status": "scheduled"}));
    assert_eq!(missing.faults(), ["/published_at missing"]);
}

#[test]
fn a_state_is_wished_for_where_a_way_leads() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = draft(&editor, "Tea");
    let path = path_of(&made);
    let no_way = editor.patch(&path, made.etag(), &json!({"status": "archived"}));
    assert_eq!(no_way.status, 409);
    let out = editor.patch(&path, made.etag(), &json!({"status": "published"}));
    assert_eq!(out.ok()["status"], "published");
    assert_eq!(server.get("/v1/articles/tea").status, 200);
    let trashed = editor.patch(&path, out.etag(), &json!({"status": "trashed"}));
    assert_eq!(trashed.faults(), ["/status not_allowed"]);
}

#[test]
fn pages_go_the_same_ways() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(
        "/v1/admin/pages",
        &json!({"title": "About", "markdown": "Us."}),
    );
    let path = path_of(&made);
    assert_eq!(made.created()["kind"], "page");
    assert_eq!(go(&editor, &path, "publish"), "published");
    assert_eq!(server.get("/v1/pages/about").status, 200);
    // One is not the other's.
    assert_eq!(editor.get(&path.replace("pages", "articles")).status, 404);
    assert_eq!(
        go(&editor, &path.replace("pages", "articles"), "unpublish"),
        "404"
    );
}
