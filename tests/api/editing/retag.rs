//! Tags of many articles at once: all of them or none.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{ARTICLES, draft, path_of};
use crate::support::{Answer, Client, Server, article};

fn retag(who: &Client, body: &Value) -> Answer {
    who.post("/v1/admin/retag", body)
}

fn id_of(answer: &Answer) -> Value {
    answer.json()["id"].clone()
}

fn slugs(who: &Client, path: &str) -> Vec<String> {
    let text = who.get(path).ok();
    let tags = text["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag["slug"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_that_changes_has_a_new_version() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    article("One").tags(["Rain", "Sun"]).create(&server);
    article("Two").tags(["Snow"]).create(&server);
    let three = draft(&editor, "Three");
    let listed = editor
        .get(&format!("{ARTICLES}?sort=title&status=published"))
        .ok();
    let (one, two) = (
        listed["items"][0]["id"].clone(),
        listed["items"][1]["id"].clone(),
    );
    let asked = json!({"articles": [three.json()["id"], two, one], "add": ["snow", "SNOW"], "remove": ["sun"]});
    let path = "/v1/admin/retag?dry_run=true".to_owned();
    let rehearsed = editor.post(&path, &asked);
    let done = retag(&editor, &asked);
    assert_eq!(
        done.ok(),
        json!({"changed": [
            {"id": id_of(&three), "version": 2},
            {"id": one, "version": 2},
        ]})
    );
    assert_eq!(rehearsed.ok(), done.ok());
    assert_eq!(slugs(&editor, &path_of(&three)), ["snow"]);
    assert_eq!(
        slugs(&editor, &format!("{ARTICLES}/{}", one.as_str().unwrap())),
        ["rain", "snow"]
    );
    assert_eq!(server.get("/v1/tags/snow").ok()["article_count"], 2);
    assert_eq!(server.get("/v1/tags/sun").status, 404);
    assert_eq!(
        server
            .get("/v1/articles?tag=snow&sort=title")
            .column("slug"),
        ["one", "two"]
    );
    assert_eq!(
        server.search("/v1/search?q=one&tag=snow").column("slug"),
        ["one"]
    );
    let change = server.db().change();
    let again = retag(&editor, &asked);
    assert_eq!(again.ok(), json!({"changed": []}));
    assert_eq!(server.db().change(), change);
    let admin = server.sign_in(Role::Admin);
    let log = admin.get(&format!(
        "/v1/admin/audit?resource=article&resource_id={}",
        one.as_str().unwrap()
    ));
    assert_eq!(log.ok()["items"][0]["action"], "updated");
}

#[test]
fn one_that_may_not_be_changed_is_in_the_way_of_all() {
    let server = Server::start();
    let (author, editor) = (server.sign_in(Role::Author), server.sign_in(Role::Editor));
    let own = draft(&author, "Own");
    let other = draft(&editor, "Other");
    let refused = retag(
        &author,
        &json!({"articles": [id_of(&own), id_of(&other)], "add": ["new"]}),
    );
    assert_eq!(refused.status, 403);
    assert!(slugs(&author, &path_of(&own)).is_empty());
    assert!(editor.get("/v1/admin/tags").column("slug").is_empty());
    let done = retag(&author, &json!({"articles": [id_of(&own)], "add": ["new"]}));
    assert_eq!(done.ok()["changed"][0]["version"], 2);
    let contributor = server.sign_in(Role::Contributor);
    let quiet = draft(&contributor, "Quiet");
    let done = retag(
        &contributor,
        &json!({"articles": [id_of(&quiet)], "add": ["new"]}),
    );
    assert_eq!(done.ok()["changed"][0]["version"], 2);
    assert_eq!(
        editor.order(&format!("{}/publish", path_of(&quiet))).status,
        200
    );
    let out = retag(
        &contributor,
        &json!({"articles": [id_of(&quiet)], "remove": ["new"]}),
    );
    assert_eq!(out.status, 403);
}

#[test]
fn all_faults_are_told_at_once() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let (kept, binned) = (draft(&editor, "Kept"), draft(&editor, "Binned"));
    assert_eq!(editor.delete(&path_of(&binned), binned.etag()).status, 204);
    let page = editor.post("/v1/admin/pages", &json!({"title": "Page"}));
    let nobody = "01890a5d-ac96-774b-8000-000000000001";
    let refused = retag(
        &editor,
        &json!({
            "articles": [id_of(&kept), nobody, id_of(&binned), id_of(&page)],
            "add": ["new", nobody], "remove": ["nothing"],
        }),
    );
    assert_eq!(
        (refused.status, refused.faults()),
        (
            422,
            [
                "/articles/1 not_found",
                "/articles/2 conflicting",
                "/articles/3 not_found",
                "/remove/0 not_found",
                "/add/1 not_found",
            ]
            .map(str::to_owned)
            .into()
        )
    );
    let many: Vec<String> = (0..100).map(|number| format!("tag {number}")).collect();
    assert_eq!(
        retag(&editor, &json!({"articles": [id_of(&kept)], "add": many})).status,
        200
    );
    let more = retag(
        &editor,
        &json!({"articles": [id_of(&kept)], "add": ["one more"]}),
    );
    assert_eq!(more.faults(), ["/articles/0 too_large"]);
    let both = json!({"articles": [id_of(&kept)], "add": ["tag 1"], "remove": ["tag-1"]});
    assert_eq!(retag(&editor, &both).faults(), ["/remove/0 conflicting"]);
    assert_eq!(
        editor.get("/v1/admin/tags?q=one+more").column("slug").len(),
        0
    );
}
