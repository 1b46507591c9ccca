//! What stands beside texts: found and not doubled, followed while nobody edits it here, and left alone after.

use masthead::auth::model::Role;
use masthead::changes::model::Actor;
use masthead::imports::{self, Options, Report};
use masthead::transfer::{Parsed, jsonl};
use serde_json::{Value, json};

use super::options;
use crate::support::Server;

fn lines(lines: &[Value]) -> Vec<Parsed> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    jsonl::articles("site.jsonl", text.as_bytes())
        .map(Result::unwrap)
        .collect()
}

fn import(server: &Server, all: &[Value]) -> Report {
    super::import(server, "site", lines(all))
}

fn whole() -> Vec<Value> {
    vec![
        json!({"kind": "tag", "name": "Tea", "slug": "tea", "parent": "drinks", "aliases": ["chai"]}),
        json!({"kind": "tag", "name": "Drinks", "description": "What one drinks"}),
        json!({"kind": "author", "name": "Ada", "slug": "ada", "bio": "Wrote it", "links": [{"label": "Home", "url": "/ada"}]}),
        json!({"kind": "author", "name": "Ada", "slug": "ada-2"}),
        json!({"kind": "article", "id": "01890a5d-ac96-774b-bcce-b302099a8057", "title": "One", "tags": ["tea"], "authors": ["ada-2"]}),
        json!({"kind": "redirect", "path": "/old", "article": "01890a5d-ac96-774b-bcce-b302099a8057"}),
        json!({"kind": "redirect", "path": "/away", "to": "https://example.org/", "status": 302}),
        json!({"kind": "site", "name": "The Door", "menus": {"main": [{"label": "Home", "url": "/"}]}}),
    ]
}

#[test]
fn a_whole_site_comes_in_once() {
    let server = Server::start();
    let report = import(&server, &whole());
    assert_eq!(
        (report.created, report.broken.len()),
        (1, 0),
        "{:?}",
        report.broken
    );
    assert_eq!(report.warnings.len(), 0, "{:?}", report.warnings);
    let created =
        [report.tags, report.authors, report.redirects, report.site].map(|counts| counts.created);
    assert_eq!(created, [2, 2, 2, 1]);

    let tag = server.get("/v1/tags/tea").ok();
    assert_eq!(
        (&tag["parent"]["slug"], &tag["article_count"]),
        (&json!("drinks"), &json!(1))
    );
    assert_eq!(
        server.get("/v1/tags/drinks").ok()["description"],
        "What one drinks"
    );
    assert_eq!(server.get("/v1/authors").column("slug"), ["ada-2"]);
    assert_eq!(server.get("/v1/site").ok()["name"], "The Door");
    let led = |path: &str| server.get(&format!("/v1/resolve?path={path}")).ok()["redirect"].clone();
    assert_eq!(led("/old")["to"], "/one");
    assert_eq!(
        led("/away"),
        json!({"to": "https://example.org/", "status": 302})
    );

    let change = server.db().change();
    let again = import(&server, &whole());
    let unchanged =
        [again.tags, again.authors, again.redirects, again.site].map(|counts| counts.unchanged);
    assert_eq!(unchanged, [2, 2, 2, 1]);
    assert_eq!(server.db().change(), change, "a second run changes nothing");
}

#[test]
fn what_is_here_is_filled_up_and_not_doubled() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    admin
        .post(
            "/v1/admin/tags",
            &json!({"name": "Drinks", "slug": "beverages"}),
        )
        .created();
    admin
        .post("/v1/admin/authors", &json!({"name": "Ada", "bio": "Mine"}))
        .created();
    let report = import(&server, &whole());
    assert_eq!((report.tags.created, report.tags.updated), (1, 1));
    assert_eq!((report.authors.created, report.authors.updated), (1, 1));
    let tags = admin.get("/v1/admin/tags").ok();
    let drinks = tags["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["name"] == "Drinks")
        .unwrap();
    assert_eq!(
        (&drinks["slug"], &drinks["description"]),
        (&json!("beverages"), &json!("What one drinks"))
    );
    let authors = admin.get("/v1/admin/authors").ok();
    let ada = authors["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|author| author["slug"] == "ada")
        .unwrap();
    assert_eq!(
        (&ada["bio"], &ada["links"][0]["url"]),
        (&json!("Mine"), &json!("/ada"))
    );
}

#[test]
fn a_changed_source_is_followed_and_an_edit_made_here_stands() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    import(&server, &whole());
    let id = |list: &str, slug: &str| {
        let all = admin.get(&format!("/v1/admin/{list}")).ok();
        let found = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["slug"] == slug)
            .cloned();
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let ada = format!("/v1/admin/authors/{}", id("authors", "ada"));
    let etag = admin.get(&ada).etag().to_owned();
    assert_eq!(
        admin.patch(&ada, &etag, &json!({"bio": "By hand"})).status,
        200
    );

    let mut changed = whole();
    changed[0]["description"] = json!("Leaves in water");
    changed[2]["bio"] = json!("From the source");
    changed[6]["to"] = json!("https://example.net/");
    changed[7]["tagline"] = json!("Come in");
    let report = import(&server, &changed);
    let told = [report.tags, report.authors, report.redirects, report.site]
        .map(|counts| (counts.updated, counts.kept));
    assert_eq!(told, [(1, 0), (0, 1), (1, 0), (1, 0)]);
    assert_eq!(admin.get(&ada).ok()["bio"], "By hand");
    assert_eq!(
        server.get("/v1/tags/tea").ok()["description"],
        "Leaves in water"
    );
    assert_eq!(server.get("/v1/site").ok()["tagline"], "Come in");

    // What was removed here does not come back.
    let tea = format!("/v1/admin/tags/{}", id("tags", "tea"));
    let etag = admin.get(&tea).etag().to_owned();
    assert_eq!(admin.delete(&tea, &etag).status, 204);
    changed[0]["description"] = json!("Once more");
    let report = import(&server, &changed);
    assert_eq!((report.tags.created, report.tags.kept), (0, 1));
    assert_eq!(server.get("/v1/tags/tea").status, 404);
}

#[test]
fn a_site_that_was_set_by_hand_stays() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let etag = admin.get("/v1/admin/site").etag().to_owned();
    assert_eq!(
        admin
            .patch("/v1/admin/site", &etag, &json!({"name": "Mine"}))
            .status,
        200
    );
    let report = import(&server, &whole());
    assert_eq!((report.site.created, report.site.kept), (0, 1));
    assert_eq!(server.get("/v1/site").ok()["name"], "Mine");
}

#[test]
fn who_imports_may_no_more_than_before() {
    let server = Server::start();
    let run = |role: Role| {
        let person = server.person(role);
        let actor = Actor::Principal(masthead::auth::model::Principal {
            user: person.id,
            credential: masthead::auth::model::Credential::Session(masthead::id::Id::new()),
            grants: masthead::auth::model::Grants::Role(role),
            peer: [127, 0, 0, 1].into(),
            request_id: "r".into(),
        });
        let asked = Options {
            status: None,
            actor,
            ..options("site")
        };
        imports::run(
            server.db(),
            &server.rules,
            &asked,
            lines(&whole()),
            |_done| {},
        )
    };
    for role in [Role::Reader, Role::Contributor, Role::Author] {
        let refused = run(role).unwrap_err();
        assert_eq!(refused.report.created, 0, "{role:?}");
        assert_eq!(server.get("/v1/articles").column("title"), [""; 0]);
    }
    // The site is the admins'.
    let report = run(Role::Editor).unwrap();
    assert_eq!(report.broken.len(), 1, "{:?}", report.broken);
    assert!(report.broken[0].1.contains("does not allow"));
    assert!(report.created > 0);
    assert_eq!(server.get("/v1/site").ok()["name"], "");
}
