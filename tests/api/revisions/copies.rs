//! Working copies: begun, saved, published, thrown away; and nobody's work is overwritten unseen.

use std::sync::Barrier;

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::changes;
use serde_json::{Value, json};

use super::{change, content, make, revisions};
use crate::support::{Client, Server, each};

#[track_caller]
fn begin(editor: &Client, path: &str, patch: &Value) -> String {
    let etag = editor.get(path).etag().to_owned();
    let begun = editor.patch(&format!("{path}/working-copy"), &etag, patch);
    assert_eq!(begun.status, 200, "{}", begun.text());
    begun.etag().to_owned()
}

#[test]
fn what_is_out_changes_when_the_copy_is_published() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(
        &editor,
        &json!({"title": "Tea", "markdown": "Hot", "tags": ["Drinks"], "status": "published"}),
    );
    let copy = format!("{path}/working-copy");
    assert_eq!(editor.get(&copy).status, 404);
    assert_eq!(editor.get(&path).ok()["working_copy"], Value::Null);
    let before = server.get("/v1/articles/tea");
    let public = server.db().public_change();

    let etag = begin(
        &editor,
        &path,
        &json!({"title": "Tea with milk", "tags": ["Milk", "Drinks"]}),
    );
    let saved = editor.patch(
        &copy,
        &etag,
        &json!({"markdown": "*White* <script>x</script>"}),
    );
    assert_eq!(
        (
            saved.ok()["version"].clone(),
            saved.ok()["based_on"].clone()
        ),
        (json!(2), json!(1))
    );
    assert_eq!(server.db().public_change(), public);
    assert_eq!(server.get("/v1/articles/tea").body, before.body);
    assert_eq!(server.search("/v1/search?q=milk").ok()["items"], json!([]));

    let shown = editor.get(&copy);
    let text = shown.ok();
    assert_eq!(text["title"], "Tea with milk");
    assert_eq!(text["markdown"], "*White* <script>x</script>");
    assert!(text["body"].as_str().unwrap().contains("<em>White</em>"));
    assert_eq!(text["warnings"][0]["what"], "<script> element");
    assert_eq!(text["tags"][0]["name"], "Milk");
    assert_eq!(
        (&text["status"], &text["version"]),
        (&json!("published"), &json!(1))
    );
    assert_eq!(text["working_copy"]["version"], 2);
    assert_eq!(text["working_copy"]["outdated"], false);
    assert_eq!(
        shown.etag().split('.').next(),
        saved.etag().split('.').next()
    );
    let listed = editor.get("/v1/admin/articles").ok();
    assert_eq!(listed["items"][0]["working_copy"], text["working_copy"]);
    assert_eq!(listed["items"][0]["title"], "Tea");

    let stale = editor
        .request("POST", &format!("{copy}/publish"))
        .header("if-match", &etag);
    assert_eq!(stale.send().status, 412);
    let rehearsed = editor.order(&format!("{copy}/publish?dry_run=true"));
    assert_eq!(rehearsed.ok()["title"], "Tea with milk");
    assert_eq!(server.get("/v1/articles/tea").body, before.body);
    let published = editor.order(&format!("{copy}/publish"));
    let out = published.ok();
    assert_eq!(
        (&out["title"], &out["version"], &out["working_copy"]),
        (&json!("Tea with milk"), &json!(2), &Value::Null)
    );
    assert_eq!(out["published_at"], editor.get(&path).ok()["published_at"]);
    assert_eq!(
        server.get("/v1/articles/tea").ok()["title"],
        "Tea with milk"
    );
    assert_eq!(server.search("/v1/search?q=milk").column("slug"), ["tea"]);
    assert_eq!(editor.get(&copy).status, 404);
    let list = revisions(&editor, &path);
    assert_eq!((list.len(), &list[0]["published"]), (2, &json!(true)));
    assert_eq!(list[0]["note"], "published from a working copy");
    assert_eq!(content(&editor, &path, 1)["title"], "Tea");
    assert_eq!(editor.order(&format!("{copy}/publish")).status, 404);
}

#[test]
fn a_save_is_based_on_the_copy_and_the_first_on_the_text() {
    let server = Server::start();
    let (ada, bob) = (server.sign_in(Role::Editor), server.sign_in(Role::Editor));
    let path = make(&ada, &json!({"title": "Tea", "status": "published"}));
    let copy = format!("{path}/working-copy");
    let of_text = ada.get(&path).etag().to_owned();
    let missing = ada.request("PATCH", &copy).json(&json!({"title": "x"}));
    assert_eq!(missing.send().status, 428);
    let stale = ada.patch(&copy, "\"7.x\"", &json!({"title": "x"}));
    assert_eq!((stale.status, stale.etag()), (412, of_text.as_str()));
    let first = begin(&ada, &path, &json!({"title": "By Ada"}));
    // The copy has the version that the text has, and is not it.
    let unseen = bob.patch(&copy, &of_text, &json!({"title": "By Bob"}));
    assert_eq!(unseen.status, 412);
    assert_eq!(unseen.etag(), first);
    assert_eq!(bob.patch(&path, &first, &json!({"title": "x"})).status, 412);
    assert_eq!(bob.delete(&copy, &of_text).status, 412);
    let second = bob.put(&copy, &first, &json!({"title": "By Bob"}));
    assert_eq!(second.ok()["version"], 2);
    assert_eq!(ada.patch(&copy, &first, &json!({"title": "x"})).status, 412);
    assert_eq!(ada.delete(&copy, &first).status, 412);
    let rehearsed = ada.delete(&format!("{copy}?dry_run=true"), second.etag());
    assert_eq!(rehearsed.status, 204);
    assert_eq!(ada.delete(&copy, second.etag()).status, 204);
    assert_eq!(ada.get(&copy).status, 404);
    // Another copy is another, whoever remembers the first.
    let third = begin(&ada, &path, &json!({"title": "Anew"}));
    assert_eq!(
        bob.patch(&copy, second.etag(), &json!({"title": "x"}))
            .status,
        412
    );
    assert_eq!(bob.patch(&copy, &first, &json!({"title": "x"})).status, 412);
    assert_eq!(
        ada.patch(&copy, &third, &json!({"subtitle": "x"})).ok()["version"],
        4
    );
    assert_eq!(ada.get(&copy).ok()["title"], "Anew");
}

#[test]
fn what_was_changed_meanwhile_is_not_overwritten_unseen() {
    let server = Server::start();
    let (ada, bob) = (server.sign_in(Role::Editor), server.sign_in(Role::Editor));
    let path = make(&ada, &json!({"title": "Tea", "status": "published"}));
    let copy = format!("{path}/working-copy");
    begin(&ada, &path, &json!({"title": "By Ada"}));
    change(&bob, &path, &json!({"title": "By Bob"}));
    let text = ada.get(&path).ok();
    assert_eq!(text["working_copy"]["outdated"], true);
    let refused = ada.order(&format!("{copy}/publish"));
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert!(refused.text().contains("version 2"), "{}", refused.text());
    change(&bob, &path, &json!({"title": "By Bob again"}));
    // Ada saw the second version, and not the third.
    assert_eq!(ada.order(&format!("{copy}/publish?over=2")).status, 409);
    assert_eq!(server.get("/v1/articles/tea").ok()["title"], "By Bob again");
    let published = ada.order(&format!("{copy}/publish?over=3")).ok();
    assert_eq!(
        (&published["title"], &published["version"]),
        (&json!("By Ada"), &json!(4))
    );
    assert_eq!(content(&ada, &path, 3)["title"], "By Bob again");
}

#[test]
fn a_move_to_another_state_overwrites_nobody() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(&editor, &json!({"title": "Tea", "status": "published"}));
    let copy = format!("{path}/working-copy");
    let etag = begin(&editor, &path, &json!({"title": "Coffee"}));
    for way in ["archive", "publish", "unpublish"] {
        assert_eq!(editor.order(&format!("{path}/{way}")).status, 200);
    }
    // One that was begun goes on, though none can be begun of a draft.
    let saved = editor.patch(&copy, &etag, &json!({"subtitle": "black"}));
    assert_eq!(
        (&saved.ok()["based_on"], &saved.ok()["outdated"]),
        (&json!(4), &json!(false))
    );
    let published = editor.order(&format!("{copy}/publish")).ok();
    assert_eq!(
        (&published["title"], &published["status"]),
        (&json!("Coffee"), &json!("draft"))
    );
    assert_eq!(server.get("/v1/articles/tea").status, 404);
    let refused = editor.patch(&copy, editor.get(&path).etag(), &json!({"title": "x"}));
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
}

#[test]
fn where_a_text_stands_is_not_for_a_copy_to_change() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(
        &editor,
        &json!({"title": "Tea", "slug": "tea", "status": "published"}),
    );
    make(
        &editor,
        &json!({"title": "Other", "slug": "other", "status": "published"}),
    );
    let copy = format!("{path}/working-copy");
    let text = editor.get(&path);
    let sent = json!({"title": "", "status": "draft", "published_at": "2031-01-01T00:00:00Z", "owner": null, "version": 3, "titel": 1});
    let refused = editor.patch(&copy, text.etag(), &sent);
    assert_eq!(refused.status, 422);
    let mut faults = refused.faults();
    faults.sort();
    assert_eq!(
        faults,
        [
            "/owner not_allowed",
            "/published_at not_allowed",
            "/status not_allowed",
            "/titel unknown",
            "/title missing",
            "/version not_allowed"
        ]
    );
    let unknown = json!({"tags": ["01890a5d-ac96-774b-bcce-b302099a8057"]});
    assert_eq!(
        editor.patch(&copy, text.etag(), &unknown).faults(),
        ["/tags/0 not_found"]
    );
    assert_eq!(editor.get(&copy).status, 404);
    // As it is, it may be sent.
    let body = text.ok();
    let sent = json!({"title": "Tea", "status": body["status"], "published_at": body["published_at"], "owner": body["owner"], "slug": "other"});
    assert_eq!(editor.put(&copy, text.etag(), &sent).status, 200);
    let taken = editor.order(&format!("{copy}/publish"));
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    assert!(taken.text().contains("`other`"), "{}", taken.text());
    assert_eq!(editor.get(&copy).status, 200);
    assert_eq!(
        editor.get(&path).etag().split('.').next(),
        text.etag().split('.').next()
    );
}

#[test]
fn tags_that_go_while_a_copy_names_them_are_made_again() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = make(&admin, &json!({"title": "Tea", "status": "published"}));
    let copy = format!("{path}/working-copy");
    let etag = begin(
        &admin,
        &path,
        &json!({"tags": ["Milk"], "authors": ["Ada"]}),
    );
    let shown = admin.get(&copy).ok();
    for (what, id) in [
        ("tags", &shown["tags"][0]["id"]),
        ("authors", &shown["authors"][0]["id"]),
    ] {
        let one = format!("/v1/admin/{what}/{}", id.as_str().unwrap());
        let etag = admin.get(&one).etag().to_owned();
        assert_eq!(admin.delete(&one, &etag).status, 204);
    }
    assert_eq!(admin.get(&copy).ok()["tags"][0]["name"], "Milk");
    // What is left out of a patch stays, gone or not.
    assert_eq!(
        admin
            .patch(&copy, &etag, &json!({"title": "Tea with milk"}))
            .status,
        200
    );
    let out = admin.order(&format!("{copy}/publish")).ok();
    assert_eq!(
        (&out["tags"][0]["name"], &out["authors"][0]["name"]),
        (&json!("Milk"), &json!("Ada"))
    );
}

#[test]
fn the_log_knows_of_copies_and_says_that_nothing_public_does() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(&editor, &json!({"title": "Tea", "status": "published"}));
    let etag = begin(&editor, &path, &json!({"title": "Secret"}));
    assert_eq!(
        editor.delete(&format!("{path}/working-copy"), &etag).status,
        204
    );
    let rows: Vec<(String, bool, bool, String, Option<String>)> = server.read(|conn| {
        let columns = (
            changes::action,
            changes::was_public,
            changes::is_public,
            changes::tags_after,
            changes::detail,
        );
        let log = changes::table
            .filter(changes::action.like("copy%"))
            .order(changes::number)
            .select(columns);
        each!(conn, c => log.load(c))
    });
    let quiet = |action: &str| (action.to_owned(), false, false, String::new(), None);
    assert_eq!(rows, [quiet("copy_saved"), quiet("copy_discarded")]);
}

#[test]
fn an_answer_to_a_save_is_given_again() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(&editor, &json!({"title": "Tea", "status": "published"}));
    let etag = editor.get(&path).etag().to_owned();
    let save = || {
        let request = editor.request("PATCH", &format!("{path}/working-copy"));
        let request = request
            .header("if-match", &etag)
            .header("idempotency-key", "k");
        request.json(&json!({"title": "Coffee"})).send()
    };
    let (first, second) = (save(), save());
    assert_eq!((first.ok(), first.change()), (second.ok(), second.change()));
    let publish = || {
        let request = editor.request("POST", &format!("{path}/working-copy/publish"));
        request.header("idempotency-key", "k").send()
    };
    let (first, second) = (publish(), publish());
    assert_eq!((first.ok(), first.change()), (second.ok(), second.change()));
    assert_eq!(editor.get(&path).ok()["version"], 2);
}

#[test]
fn of_those_who_save_one_version_one_wins_and_a_publication_overwrites_nobody() {
    const EDITORS: usize = 8;
    let server = Server::start();
    let editors: Vec<_> = (0..EDITORS).map(|_| server.sign_in(Role::Editor)).collect();
    let ada = &editors[0];
    let path = make(ada, &json!({"title": "Tea", "status": "published"}));
    let copy = format!("{path}/working-copy");
    for round in 0..10 {
        let etag = ada.get(&path).etag().to_owned();
        let all = |act: &(dyn Fn(usize, &Client) -> u16 + Sync)| -> Vec<u16> {
            let start = Barrier::new(EDITORS);
            std::thread::scope(|scope| {
                let each = (0..).zip(&editors);
                let running = each.map(|(number, editor)| {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        act(number, editor)
                    })
                });
                let running: Vec<_> = running.collect();
                running.into_iter().map(|one| one.join().unwrap()).collect()
            })
        };
        // All begin one: the one that is there then is none that the others have seen.
        let mut begun = all(&|number, editor| {
            let title = json!({"title": format!("Copy {round} of {number}")});
            editor.patch(&copy, &etag, &title).status
        });
        begun.sort_unstable();
        assert_eq!((begun[0], begun[1]), (200, 412), "{begun:?}");
        assert!(begun[1..].iter().all(|status| *status == 412), "{begun:?}");
        let said = ada.get(&copy).ok()["title"].clone();
        // Half of them publish it, half change the text itself.
        let ended = all(&|number, editor| {
            if number.is_multiple_of(2) {
                editor.order(&format!("{copy}/publish")).status
            } else {
                let title = json!({"title": format!("Text {round} of {number}")});
                editor.patch(&path, &etag, &title).status
            }
        });
        let won: Vec<usize> = (0..EDITORS)
            .filter(|number| ended[*number] == 200)
            .collect();
        assert_eq!(won.len(), 1, "{ended:?}");
        assert!(
            ended
                .iter()
                .all(|status| [200, 404, 409, 412, 503].contains(status)),
            "{ended:?}"
        );
        let now = ada.get(&path).ok();
        if won[0].is_multiple_of(2) {
            assert_eq!(now["title"], said);
        } else {
            assert_eq!(now["title"], format!("Text {round} of {}", won[0]));
            // It is still there, and nobody's work is lost.
            let left = ada.get(&copy);
            assert_eq!(left.ok()["title"], said);
            assert_eq!(ada.delete(&copy, left.etag()).status, 204);
        }
    }
    let list = revisions(ada, &path);
    assert_eq!(list.len(), 11);
}

#[test]
fn an_end_that_is_set_is_no_obstacle_and_forgets_nothing() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let text = json!({"title": "Tea", "markdown": "Hot", "tags": ["Drinks", "Leaves"], "status": "published"});
    let path = make(&editor, &text);
    begin(&editor, &path, &json!({"title": "Tea with milk"}));
    let leaves = editor.get("/v1/admin/tags?limit=100").ok();
    let leaves = leaves["items"].as_array().unwrap().iter();
    let leaves = leaves.clone().find(|tag| tag["slug"] == "leaves").unwrap();
    let leaves = format!("/v1/admin/tags/{}", leaves["id"].as_str().unwrap());
    let etag = editor.get(&leaves).etag().to_owned();
    assert_eq!(editor.delete(&leaves, &etag).status, 204);
    let names = |revision: &Value| -> Vec<String> {
        let tags = revision["tags"].as_array().unwrap().iter();
        tags.map(|tag| tag["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&content(&editor, &path, 1)), ["Drinks", "Leaves"]);

    let end = json!({"unpublish_at": "2030-01-01T00:00:00Z"});
    editor.post(&format!("{path}/schedule"), &end).ok();
    assert_eq!(names(&content(&editor, &path, 1)), ["Drinks", "Leaves"]);
    editor.order(&format!("{path}/working-copy/publish")).ok();
    assert_eq!(editor.get(&path).ok()["title"], "Tea with milk");
    assert_eq!(names(&content(&editor, &path, 1)), ["Drinks", "Leaves"]);
}
