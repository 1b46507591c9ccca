//! Preview links: one text for whoever has one, until it is out, and nothing else.

use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::{Value, json};

use crate::support::{Client, Server, article, page};

/// A draft, and the path of its links.
fn draft(editor: &Client, kind: &str, title: &str) -> (String, String) {
    let body = json!({
        "title": title, "slug": "secret-draft", "standfirst": "Nobody knows yet.", "markdown": "A *secret* text.",
        "tags": ["Hidden"], "authors": ["Ada"],
    });
    let made = editor.post(&format!("/v1/admin/{kind}"), &body).created();
    let path = format!("/v1/admin/{kind}/{}", made["id"].as_str().unwrap());
    (path.clone(), format!("{path}/preview-links"))
}

fn token(made: &Value) -> String {
    made["token"].as_str().unwrap().to_owned()
}

fn shows(server: &Server, token: &str) -> u16 {
    server.get(&format!("/v1/preview/{token}")).status
}

#[test]
fn a_link_shows_one_draft_as_it_will_look() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let (path, links) = draft(&editor, "articles", "A secret");
    let made = editor.post(&links, &json!({"expires_in": 3600}));
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let token = token(&made);
    assert_eq!(made["url"], format!("/v1/preview/{token}"));
    assert_eq!(made["expires_at"], "2026-11-22T11:00:00.000Z");

    let answer = server.get(&format!("/v1/preview/{token}"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-robots-tag"), "noindex, nofollow");
    let shown = answer.ok();
    assert_eq!(shown["path"], "/secret-draft");
    assert_eq!(shown["article"]["title"], "A secret");
    assert_eq!(shown["article"]["body"], "<p>A <em>secret</em> text.</p>\n");
    assert_eq!(shown["article"]["tags"][0]["name"], "Hidden");
    assert_eq!(shown["seo"]["title"], "A secret");
    assert_eq!(shown["related"], json!([]));
    let short = server
        .get(&format!(
            "/v1/preview/{token}?without=site,json_ld&include=markdown"
        ))
        .ok();
    assert_eq!(short["article"]["markdown"], "A *secret* text.");
    assert!(short["site"].is_null() && short["json_ld"].is_null());
    // What changes shows at once.
    let etag = editor.get(&path).etag().to_owned();
    editor
        .patch(&path, &etag, &json!({"title": "A better secret"}))
        .ok();
    let shown = server.get(&format!("/v1/preview/{token}")).ok();
    assert_eq!(shown["article"]["title"], "A better secret");
    // And nowhere else.
    for elsewhere in [
        "/v1/articles",
        "/v1/resolve?path=/secret-draft",
        "/v1/tags",
        "/v1/authors",
        "/v1/changes?initial=true",
        "/v1/search?q=secret",
        "/sitemap.xml",
        "/llms.txt",
    ] {
        let answer = server.get(elsewhere);
        let text = answer.text().to_lowercase();
        assert!(
            answer.status == 404 || !text.contains("hidden") && !text.contains("a better"),
            "{elsewhere}: {text}"
        );
    }

    let listed = editor.get(&links).ok();
    assert_eq!(listed["items"][0]["id"], made["id"]);
    assert!(!listed.to_string().contains(&token));
    let log = server
        .sign_in(Role::Admin)
        .get("/v1/admin/audit")
        .text()
        .to_owned();
    assert!(log.contains("preview_link_created") && !log.contains(&token));
}

#[test]
fn a_link_ends_with_its_time_its_text_its_maker_or_at_a_word() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let make = |links: &str| token(&admin.post(links, &json!({"expires_in": 600})).created());

    // Revoked: that one alone.
    let (path, links) = draft(&admin, "pages", "A page");
    let (one, other) = (make(&links), make(&links));
    let listed = admin.get(&links).ok();
    let last = listed["items"][0]["id"].as_str().unwrap();
    assert_eq!(
        admin
            .request("DELETE", &format!("{links}/{last}"))
            .send()
            .status,
        204
    );
    assert_eq!((shows(&server, &one), shows(&server, &other)), (200, 404));
    let again = admin.request("DELETE", &format!("{links}/{last}")).send();
    assert_eq!(again.status, 404);

    // In the trash, and out of it again.
    let etag = admin.get(&path).etag().to_owned();
    assert_eq!(admin.delete(&path, &etag).status, 204);
    assert_eq!(shows(&server, &one), 404);
    admin.order(&format!("{path}/restore")).ok();
    assert_eq!(shows(&server, &one), 200);

    // Published: for good.
    admin.order(&format!("{path}/publish")).ok();
    assert_eq!(shows(&server, &one), 404);
    assert_eq!(admin.post(&links, &json!({})).status, 409);
    admin.order(&format!("{path}/unpublish")).ok();
    assert_eq!(shows(&server, &one), 404);
    assert_eq!(admin.get(&links).ok()["items"], json!([]));

    // Over.
    let late = make(&links);
    server.clock.advance(Duration::from_secs(599));
    assert_eq!(shows(&server, &late), 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(shows(&server, &late), 404);
}

#[test]
fn a_link_counts_as_long_as_its_maker_may_write_the_text() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let maker = server.account(Role::Contributor);
    let client = server.session_of(maker);
    let (path, links) = draft(&client, "articles", "Mine");
    let made = token(&client.post(&links, &json!({})).created());
    assert_eq!(shows(&server, &made), 200);
    let account = format!("/v1/admin/users/{maker}");
    let change = |body: Value| {
        let etag = admin.get(&account).etag().to_owned();
        admin.patch(&account, &etag, &body).ok();
    };
    change(json!({"suspended": true}));
    assert_eq!(shows(&server, &made), 404);
    change(json!({"suspended": false}));
    assert_eq!(shows(&server, &made), 200);
    change(json!({"role": "reader"}));
    assert_eq!(shows(&server, &made), 404);
    change(json!({"role": "contributor"}));
    // Given to somebody else.
    let etag = admin.get(&path).etag().to_owned();
    let other = server.account(Role::Author);
    admin.patch(&path, &etag, &json!({"owner": other})).ok();
    assert_eq!(shows(&server, &made), 404);
    let etag = admin.get(&account).etag().to_owned();
    assert_eq!(admin.delete(&account, &etag).status, 204);
    assert_eq!(shows(&server, &made), 404);
}

#[test]
fn what_is_no_link_of_this_text_leads_nowhere() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let (path, links) = draft(&editor, "articles", "One");
    let made = editor.post(&links, &json!({})).created();
    let id = made["id"].as_str().unwrap();
    let other = article("Other").draft().create(&server).id;
    let about = page("About").draft().create(&server).id;
    for foreign in [
        format!("/v1/admin/articles/{other}/preview-links/{id}"),
        format!("/v1/admin/pages/{about}/preview-links/{id}"),
        format!(
            "{}/preview-links/{id}",
            path.replace("/articles/", "/pages/")
        ),
        format!("{links}/{other}"),
        format!("{links}/x"),
    ] {
        let answer = editor.request("DELETE", &foreign).send();
        assert_eq!(answer.status, 404, "{foreign}");
    }
    assert_eq!(
        editor.get(&links.replace("/articles/", "/pages/")).status,
        404
    );
    let token = token(&made);
    assert_eq!(shows(&server, &token), 200);
    let key = token.replacen("mhv_", "mhk_", 1);
    for wrong in ["x", "mhv_", &token[..46], &key, &format!("{token}A")] {
        let answer = server.get(&format!("/v1/preview/{wrong}"));
        assert_eq!(answer.status, 404, "{wrong}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // It opens nothing else.
    let as_key = server.client.request("GET", "/v1/admin/me");
    let as_key = as_key.header("authorization", &format!("Bearer {token}"));
    assert_eq!(as_key.send().status, 401);
    // Nothing of it may be kept, and a second answer to the same request does not show the token again.
    let repeated = || {
        let request = editor.request("POST", &links);
        request
            .header("idempotency-key", "k")
            .json(&json!({}))
            .send()
    };
    assert_eq!(repeated().status, 201);
    assert_eq!(repeated().code(), "answer-not-kept");
    let faults = editor.post(&links, &json!({"expires_in": 1, "for": "me"}));
    assert_eq!(faults.status, 422);
    assert_eq!(faults.json()["errors"].as_array().unwrap().len(), 2);
}
