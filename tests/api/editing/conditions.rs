//! Versions, rehearsals, and reads that must include a write.

use masthead::auth::model::Role;
use serde_json::json;

use super::{ARTICLES, draft, path_of};
use crate::support::Server;

#[test]
fn a_change_names_the_version_it_is_based_on() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = draft(&editor, "Tea");
    let path = path_of(&made);
    let patch = json!({"title": "Coffee"});
    for method in ["PATCH", "PUT", "DELETE"] {
        let request = || {
            let request = editor.request(method, &path);
            if method == "DELETE" {
                request
            } else {
                request.json(&patch)
            }
        };
        for value in [None, Some("*")] {
            let answer = match value {
                Some(value) => request().header("if-match", value).send(),
                None => request().send(),
            };
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (428, "precondition-required")
            );
        }
        let stale = request().header("if-match", "\"7.x\"").send();
        assert_eq!((stale.status, stale.etag()), (412, made.etag()));
        let foreign = request().header("if-match", "\"somebody-elses\"").send();
        assert_eq!(foreign.status, 412);
        let broken = request().header("if-match", "1").send();
        assert_eq!(
            (broken.status, broken.code().as_str()),
            (400, "invalid-header")
        );
    }
    assert_eq!(editor.get(&path).etag(), made.etag());
    // The version counts, whatever stands behind it, and one of several will do.
    let version = made.etag().split('.').next().unwrap().to_owned();
    let answer = editor.patch(&path, &format!("\"9.a\", {version}.anything\""), &patch);
    assert_eq!(answer.ok()["version"], 2);
    let stale = editor
        .request("POST", &format!("{path}/publish"))
        .header("if-match", made.etag());
    assert_eq!(stale.send().status, 412);
    let any = editor
        .request("POST", &format!("{path}/publish"))
        .header("if-match", "*");
    assert_eq!(any.send().status, 200);
}

#[test]
fn a_rehearsal_answers_as_the_write_would_and_changes_nothing() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let before = server.db().change();
    let rehearsed = editor.post(
        &format!("{ARTICLES}?dry_run=true"),
        &json!({"title": "Tea", "tags": ["Drinks"]}),
    );
    assert_eq!(rehearsed.created()["slug"], "tea");
    let refused = editor.post(&format!("{ARTICLES}?dry_run=true"), &json!({"title": ""}));
    assert_eq!(refused.faults(), ["/title missing"]);
    assert_eq!(server.db().change(), before);
    assert_eq!(editor.get(ARTICLES).column("title"), Vec::<String>::new());
    let made = draft(&editor, "Tea");
    let etag = made.etag();
    assert_eq!(
        editor
            .delete(&format!("{}?dry_run=true", path_of(&made)), etag)
            .status,
        204
    );
    assert_eq!(editor.get(&path_of(&made)).etag(), etag);
}

#[test]
fn to_rehearse_a_sign_out_signs_nobody_out() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    assert_eq!(
        editor.order("/v1/admin/auth/logout?dry_run=true").status,
        204
    );
    assert_eq!(editor.get("/v1/admin/me").status, 200);
    assert_eq!(editor.order("/v1/admin/auth/logout").status, 204);
    assert_eq!(editor.get("/v1/admin/me").status, 401);
}

#[test]
fn a_read_includes_the_change_it_names() {
    let server = Server::setup()
        .http(|http| http.limits.change_wait = std::time::Duration::from_millis(20))
        .start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(ARTICLES, &json!({"title": "Tea", "status": "published"}));
    let number = made.header("change").to_owned();
    let read = |number: &str| {
        server
            .client
            .request("GET", "/v1/articles/tea")
            .header("min-change", number)
            .send()
    };
    assert_eq!(read(&number).status, 200);
    let next = (made.change() + 1).to_string();
    let late = read(&next);
    assert_eq!((late.status, late.header("retry-after")), (503, "1"));
    for broken in ["x", "-1", ""] {
        assert_eq!(
            (read(broken).status, read(broken).code().as_str()),
            (400, "invalid-header")
        );
    }
    let write = editor
        .request("POST", ARTICLES)
        .header("min-change", "0")
        .json(&json!({"title": "x"}));
    assert_eq!(write.send().status, 400);
}
