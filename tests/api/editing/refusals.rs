//! Bad content: each is one problem that names all of its faults, and changes nothing.

use masthead::auth::model::Role;
use serde_json::json;

use super::{ARTICLES, draft, path_of};
use crate::support::{Answer, Client, Server};

fn send(who: &Client, body: &str) -> Answer {
    let request = who.request("POST", ARTICLES);
    request
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
}

#[test]
fn bad_content_is_told_all_its_faults() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    draft(&editor, "Tea");
    let before = server.db().change();
    let deep = format!(
        "{{\"title\": \"x\", \"metadata\": {}1{}}}",
        "{\"a\":".repeat(32),
        "}".repeat(32)
    );
    let long = format!("{{\"title\": \"{}\"}}", "x".repeat(10_000));
    for (body, status, faults) in [
        (
            r#"{"titel": "x", "slug": 3, "tags": "a", "featured": "no"}"#,
            422,
            vec![
                "/title missing",
                "/slug wrong_type",
                "/tags wrong_type",
                "/featured wrong_type",
                "/titel unknown",
            ],
        ),
        (
            r#"{"title": "x", "slug": "a", "slug": "b"}"#,
            400,
            vec!["/slug repeated"],
        ),
        (
            deep.as_str(),
            400,
            vec![
                "/metadata/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a too_large",
            ],
        ),
        ("{\"title\": \"a\\u0000b\"}", 400, vec!["/title malformed"]),
        (r#"{"title": "\ud800"}"#, 400, vec![" malformed"]),
        ("{\"title\": \"x\"", 400, vec![" malformed"]),
        ("", 400, vec![" malformed"]),
        ("[]", 422, vec![" wrong_type"]),
        (long.as_str(), 422, vec!["/title too_large"]),
        (
            r#"{"title": "x", "id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": 3}"#,
            422,
            vec!["/version not_allowed", "/id not_allowed"],
        ),
        (
            r#"{"title": "x", "tags": ["01890a5d-ac96-774b-bcce-b302099a8057"]}"#,
            422,
            vec!["/tags/0 not_found"],
        ),
        (
            r#"{"title": "x", "owner": "01890a5d-ac96-774b-bcce-b302099a8057"}"#,
            422,
            vec!["/owner not_found"],
        ),
        (r#"{"title": "x", "slug": "tea"}"#, 422, vec!["/slug taken"]),
    ] {
        let answer = send(&editor, body);
        assert_eq!(
            (answer.status, answer.faults()),
            (status, faults.into_iter().map(str::to_owned).collect()),
            "{body}"
        );
    }
    assert_eq!(server.db().change(), before);
}

#[test]
fn only_json_is_read() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let post = |headers: &[(&str, &str)]| {
        let request = headers.iter().fold(
            editor.request("POST", ARTICLES),
            |request, (name, value)| request.header(name, value),
        );
        request.body(r#"{"title": "x"}"#).send()
    };
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/json; charset=utf-16")],
        &[("content-type", "application/merge-patch+json")],
        &[
            ("content-type", "application/json"),
            ("content-encoding", "gzip"),
        ],
    ] {
        let answer = post(headers);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (415, "unsupported-media-type"),
            "{headers:?}"
        );
    }
    for fine in ["application/json", "Application/JSON; charset=UTF-8"] {
        assert_eq!(post(&[("content-type", fine)]).status, 201);
    }
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let much = format!(
        "{{\"title\": \"x\", \"markdown\": \"{}\"}}",
        "x".repeat(2 * 1024 * 1024)
    );
    let answer = send(&editor, &much);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "content-too-large")
    );
    let name = "x".repeat(70 * 1024);
    let me = editor.get("/v1/admin/me");
    let answer = editor.patch("/v1/admin/me", me.etag(), &json!({"name": name}));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "content-too-large")
    );
}

#[test]
fn rights_are_no_field_of_a_profile() {
    let server = Server::start();
    let author = server.sign_in(Role::Author);
    let me = author.get("/v1/admin/me");
    let answer = author.patch(
        "/v1/admin/me",
        me.etag(),
        &json!({"name": "Ada", "role": "admin"}),
    );
    assert_eq!(
        (answer.status, answer.faults()),
        (422, vec!["/role unknown".to_owned()])
    );
    assert_eq!(author.get("/v1/admin/me").ok()["role"], "author");
    let renamed = author.patch("/v1/admin/me", me.etag(), &json!({"name": "Ada"}));
    assert_eq!(renamed.ok()["name"], "Ada");
}

#[test]
fn a_contributor_publishes_nothing() {
    let server = Server::start();
    let contributor = server.sign_in(Role::Contributor);
    let answer = contributor.post(ARTICLES, &json!({"title": "x", "status": "published"}));
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    let own = draft(&contributor, "Tea");
    assert_eq!(
        contributor
            .order(&format!("{}/publish", path_of(&own)))
            .status,
        403
    );
    let answer = contributor.patch(&path_of(&own), own.etag(), &json!({"status": "published"}));
    assert_eq!(answer.status, 403);
    assert_eq!(
        contributor
            .order(&format!("{}/submit", path_of(&own)))
            .status,
        200
    );
}
