//! The way back, what stands in it, and whom revisions are shown to.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::{revision_losses, revision_texts, revisions as table, working_copies};
use serde_json::{Value, json};

use super::{change, content, joined, make, revisions};
use crate::support::{Client, Server, each};

/// Deletes a tag or an author by its id.
#[track_caller]
fn delete(admin: &Client, what: &str, id: &Value) {
    let path = format!("/v1/admin/{what}/{}", id.as_str().unwrap());
    let etag = admin.get(&path).etag().to_owned();
    assert_eq!(admin.delete(&path, &etag).status, 204);
}

#[test]
fn what_was_said_comes_back_and_the_text_stays_where_it_is() {
    let server = Server::start();
    let (editor, other) = (server.sign_in(Role::Editor), server.sign_in(Role::Editor));
    let first = json!({
        "title": "Tea", "subtitle": "hot", "standfirst": "A drink", "excerpt": "By hand", "markdown": "A *cup*\r\n",
        "slug": "tea", "tags": ["Drinks", "Leaves"], "authors": ["Ada"], "featured": true, "content_notice": "Caffeine",
        "audience": "mature", "citations": [{"title": "A book"}], "seo": {"title": "T", "noindex": true},
        "metadata": {"cups": [1, null, {"x": 2.5}]}, "translation_key": "tea", "cover": {"url": "/a.jpg", "alt": "A cup"},
        "external_id": "tea-1",
    });
    let path = make(&editor, &first);
    let told = content(&editor, &path, 1);
    for (field, value) in first.as_object().unwrap() {
        match field.as_str() {
            "tags" | "authors" => assert_eq!(told[field][0]["name"], value[0]),
            "seo" => assert_eq!(told[field]["noindex"], value["noindex"]),
            _ => assert_eq!(told[field], *value, "{field}"),
        }
    }
    let emptied =
        json!({"title": "Coffee", "slug": "coffee", "html": "<p>Black</p>", "status": "published"});
    let etag = editor.get(&path).etag().to_owned();
    let put = other.put(&path, &etag, &emptied).ok();
    let diff = editor.get(&format!("{path}/revisions/2/diff")).ok();
    let fields: Vec<&str> = diff["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].as_str().unwrap())
        .collect();
    for field in [
        "title",
        "subtitle",
        "tags",
        "format",
        "slug",
        "status",
        "seo",
        "published_at",
    ] {
        assert!(fields.contains(&field), "{field} of {fields:?}");
    }
    assert!(!fields.contains(&"locale"));
    assert_eq!(
        joined(&diff),
        ("A *cup*\r\n".to_owned(), "<p>Black</p>".to_owned())
    );
    let html = diff["body"]["html"].as_str().unwrap();
    assert!(html.contains("&lt;") && !html.contains("<p"), "{html}");
    let alone = editor
        .get(&format!("{path}/revisions/1/diff?against=0"))
        .ok();
    assert_eq!(joined(&alone).0, "");
    let same = editor
        .get(&format!("{path}/revisions/2/diff?against=2"))
        .ok();
    assert_eq!(same["fields"], json!([]));

    let back = editor.order(&format!("{path}/revisions/1/restore"));
    let text = back.ok();
    assert_eq!(
        (&text["status"], &text["version"]),
        (&json!("published"), &json!(3))
    );
    assert_eq!(text["published_at"], put["published_at"]);
    assert_eq!(
        (&text["slug"], &text["aliases"]),
        (&json!("tea"), &json!(["coffee"]))
    );
    assert!(text.get("warnings").is_none());
    let mut again = content(&editor, &path, 3);
    assert_eq!(again["published_at"], put["published_at"]);
    again["published_at"] = told["published_at"].clone();
    again["aliases"] = told["aliases"].clone();
    assert_eq!(again, told);
    let list = revisions(&editor, &path);
    assert_eq!(list[0]["note"], "revision 1 was put back");
    // It says something of itself, and a later save takes the place of none such.
    assert_eq!(editor.order(&format!("{path}/unpublish")).status, 200);
    editor.order(&format!("{path}/revisions/2/restore")).ok();
    change(&editor, &path, &json!({"title": "Later"}));
    assert_eq!(revisions(&editor, &path).len(), 6);
    assert_eq!(content(&editor, &path, 5)["html"], "<p>Black</p>");
}

#[test]
fn a_slug_that_is_taken_is_in_the_way_and_can_be_left() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(
        &editor,
        &json!({"title": "Tea", "slug": "tea", "aliases": ["chai"]}),
    );
    change(&editor, &path, &json!({"status": "in_review"}));
    change(
        &editor,
        &path,
        &json!({"title": "Coffee", "slug": "coffee", "aliases": []}),
    );
    change(&editor, &path, &json!({"aliases": []}));
    make(&editor, &json!({"title": "Another", "slug": "tea"}));
    make(&editor, &json!({"title": "A third", "slug": "chai"}));
    let before = editor.get(&path);
    let refused = editor.order(&format!("{path}/revisions/1/restore"));
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert!(refused.text().contains("`tea`"), "{}", refused.text());
    assert_eq!(editor.get(&path).etag(), before.etag());
    let kept = editor.order(&format!("{path}/revisions/1/restore?keep_slug=true"));
    let kept = kept.ok();
    assert_eq!(
        (&kept["title"], &kept["slug"]),
        (&json!("Tea"), &json!("coffee"))
    );

    let path = make(
        &editor,
        &json!({"title": "Milk", "slug": "milk", "aliases": ["lait"]}),
    );
    change(&editor, &path, &json!({"status": "in_review"}));
    change(&editor, &path, &json!({"aliases": ["leche"]}));
    make(&editor, &json!({"title": "Le lait", "slug": "lait"}));
    let back = editor.order(&format!("{path}/revisions/1/restore")).ok();
    assert_eq!(back["aliases"], json!(["leche"]));
    assert_eq!(
        back["warnings"][0]["what"],
        "`lait` does not lead here any more"
    );
}

#[test]
fn tags_and_authors_that_are_no_more_are_made_again_and_told_of() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = make(
        &admin,
        &json!({"title": "Tea", "tags": ["A", "B", "C"], "authors": ["Ada", "Bob"], "status": "published"}),
    );
    let text = admin.get(&path).ok();
    // The newest revision has no words of its own: it still knows what it had.
    delete(&admin, "tags", &text["tags"][1]["id"]);
    delete(&admin, "authors", &text["authors"][0]["id"]);
    assert_eq!(admin.get(&path).ok()["tags"].as_array().unwrap().len(), 2);
    let names = |n: usize, what: &str| -> Vec<String> {
        let told = content(&admin, &path, n);
        let named = told[what].as_array().unwrap().iter();
        named
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        (names(1, "tags"), names(1, "authors")),
        (
            vec!["A".into(), "B".into(), "C".into()],
            vec!["Ada".into(), "Bob".into()]
        )
    );
    // A move keeps that, and has it no more itself.
    assert_eq!(admin.order(&format!("{path}/unpublish")).status, 200);
    assert_eq!(names(1, "tags").len(), 3);
    assert_eq!(names(2, "tags"), ["A", "C"]);
    change(&admin, &path, &json!({"tags": ["C"], "title": "Coffee"}));
    delete(&admin, "tags", &text["tags"][0]["id"]);
    assert_eq!(
        (
            names(1, "tags").len(),
            names(2, "tags").len(),
            names(3, "tags").len()
        ),
        (3, 2, 1)
    );
    // Another of that name is taken, one that there is not is made.
    admin
        .post(
            "/v1/admin/tags",
            &json!({"name": "Letter A", "aliases": ["a"]}),
        )
        .created();
    let back = admin.order(&format!("{path}/revisions/1/restore"));
    let text = back.ok();
    let now: Vec<&str> = text["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    assert_eq!(now, ["Letter A", "B", "C"]);
    assert_eq!(text["authors"][0]["name"], "Ada");
    let warnings = text["warnings"].to_string();
    for told in ["`A`", "`B`", "`Ada`"] {
        assert!(warnings.contains(told), "{told} in {warnings}");
    }
    let note = revisions(&admin, &path)[0]["note"].to_string();
    assert!(
        note.contains("the tag `B` was no more, and was made again"),
        "{note}"
    );
    assert_eq!(admin.get(&path).etag(), back.etag());
}

#[test]
fn a_name_of_that_time_stays_in_a_revision() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = make(&admin, &json!({"title": "Tea", "tags": ["Drinks"]}));
    let tag = admin.get(&path).ok()["tags"][0].clone();
    change(&admin, &path, &json!({"status": "in_review"}));
    change(
        &admin,
        &format!("/v1/admin/tags/{}", tag["id"].as_str().unwrap()),
        &json!({"name": "Beverages"}),
    );
    assert_eq!(
        content(&admin, &path, 1)["tags"],
        json!([{"id": tag["id"], "name": "Drinks"}])
    );
    assert_eq!(
        content(&admin, &path, 2)["tags"],
        json!([{"id": tag["id"], "name": "Beverages"}])
    );
    // It is the same tag.
    let diff = admin.get(&format!("{path}/revisions/2/diff")).ok();
    let fields: Vec<_> = diff["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["field"].clone())
        .collect();
    assert_eq!(fields, ["status"]);
    assert_eq!(
        admin.order(&format!("{path}/revisions/1/restore")).ok()["tags"][0]["name"],
        "Beverages"
    );
}

#[test]
fn tags_that_many_texts_get_at_once_make_a_revision_of_each() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(
        &editor,
        &json!({"title": "Tea", "text": "A cup", "tags": ["Drinks"]}),
    );
    let id = path.rsplit('/').next().unwrap();
    let asked = json!({"articles": [id], "add": ["Leaves"], "remove": ["Drinks"]});
    assert_eq!(editor.post("/v1/admin/articles/retag", &asked).status, 200);
    let tag_of = |n| content(&editor, &path, n)["tags"][0]["name"].clone();
    assert_eq!((tag_of(1), tag_of(2)), (json!("Drinks"), json!("Leaves")));
    assert_eq!(revisions(&editor, &path).len(), 2);
}

#[test]
fn what_is_no_revision_of_the_text_is_not_found_and_changes_nothing() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = make(&admin, &json!({"title": "Tea", "status": "published"}));
    change(&admin, &path, &json!({"title": "Coffee"}));
    let other = make(&admin, &json!({"title": "Other"}));
    let id = path.rsplit('/').next().unwrap();
    let before = server.db().change();
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    for wrong in [
        format!("{other}/revisions/2"),
        format!("{path}/revisions/3"),
        format!("{path}/revisions/0"),
        format!("{path}/revisions/-1"),
        format!("{path}/revisions/x"),
        format!("{path}/revisions/99999999999999999999"),
        format!("/v1/admin/pages/{id}/revisions/1"),
        format!("/v1/admin/articles/{nobody}/revisions/1"),
        "/v1/admin/articles/x/revisions/1".to_owned(),
    ] {
        for request in [("GET", ""), ("GET", "/diff"), ("POST", "/restore")] {
            let (method, more) = request;
            let answer = admin.request(method, &format!("{wrong}{more}")).send();
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (404, "not-found"),
                "{method} {wrong}{more}"
            );
        }
    }
    for wrong in [
        format!("/v1/admin/pages/{id}"),
        format!("/v1/admin/articles/{nobody}"),
    ] {
        assert_eq!(admin.get(&format!("{wrong}/revisions")).status, 404);
        assert_eq!(admin.get(&format!("{wrong}/working-copy")).status, 404);
        let etag = admin.get(&path).etag().to_owned();
        let copy = format!("{wrong}/working-copy");
        assert_eq!(
            admin.patch(&copy, &etag, &json!({"title": "x"})).status,
            404
        );
        assert_eq!(admin.put(&copy, &etag, &json!({"title": "x"})).status, 404);
        assert_eq!(admin.delete(&copy, &etag).status, 404);
        assert_eq!(admin.order(&format!("{copy}/publish")).status, 404);
    }
    let against = admin.get(&format!("{path}/revisions/2/diff?against=7"));
    assert_eq!(against.status, 404);
    let stale = admin
        .request("POST", &format!("{path}/revisions/1/restore"))
        .header("if-match", "\"1.x\"");
    assert_eq!(stale.send().status, 412);
    assert_eq!(server.db().change(), before);
}

#[test]
fn a_locale_that_the_site_has_no_more_is_in_the_way() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(&editor, &json!({"title": "Tee", "locale": "de"}));
    change(
        &editor,
        &path,
        &json!({"locale": "en", "status": "in_review"}),
    );
    let mut setup = Server::setup().over(server.into_database());
    setup.app.rules.locales = vec!["en".into()];
    let server = setup.start();
    let editor = server.sign_in(Role::Editor);
    let refused = editor.order(&format!("{path}/revisions/1/restore"));
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert_eq!(
        editor
            .order(&format!("{path}/revisions/1/restore?keep_slug=true"))
            .status,
        200
    );
}

#[test]
fn what_is_removed_for_good_leaves_no_revision_and_no_copy() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = make(
        &admin,
        &json!({"title": "Tea", "tags": ["Drinks"], "status": "published"}),
    );
    let text = change(&admin, &path, &json!({"title": "Coffee"}));
    let copy = admin.patch(
        &format!("{path}/working-copy"),
        text.etag(),
        &json!({"title": "x"}),
    );
    assert_eq!(copy.status, 200);
    delete(&admin, "tags", &text.ok()["tags"][0]["id"]);
    let rows = || {
        server.read(|conn| {
            let revisions: i64 = each!(conn, c => table::table.count().get_result(c))?;
            let texts: i64 = each!(conn, c => revision_texts::table.count().get_result(c))?;
            let losses: i64 = each!(conn, c => revision_losses::table.count().get_result(c))?;
            let copies: i64 = each!(conn, c => working_copies::table.count().get_result(c))?;
            Ok([revisions, texts, losses, copies])
        })
    };
    assert_eq!(rows(), [2, 1, 1, 1]);
    let purge = admin.delete(&format!("{path}?purge=true"), text.etag());
    assert_eq!(purge.status, 204);
    assert_eq!(rows(), [0, 0, 0, 0]);
}

/// What was there before revisions were: its present state is the first, by whom it was last changed.
#[test]
fn a_text_of_before_has_its_present_state_for_the_first_revision() {
    let server = Server::start();
    let (ada, bob) = (server.account(Role::Editor), server.account(Role::Editor));
    let path = make(
        &server.session_of(ada),
        &json!({"title": "Tea", "markdown": "one", "status": "published"}),
    );
    server.clock.advance(std::time::Duration::from_secs(60));
    let changed = change(&server.session_of(bob), &path, &json!({"markdown": "two"}));
    let at = server.clock.now().to_string();
    server.clock.advance(std::time::Duration::from_secs(60));
    // A sibling's coming is in the log of the text, too, and is no change of it.
    let up = include_str!("../../../migrations/sqlite/0006_revisions/up.sql");
    let fill = format!(
        "INSERT INTO revisions{}",
        up.split("INSERT INTO revisions").nth(1).unwrap()
    );
    server.write_quietly(masthead::db::Reason::Sweep, move |conn| {
        each!(conn, c => diesel::delete(revision_texts::table).execute(c))?;
        each!(conn, c => diesel::delete(table::table).execute(c))?;
        Ok(each!(conn, c => c.batch_execute(&fill))?)
    });
    let editor = server.session_of(ada);
    let list = revisions(&editor, &path);
    assert_eq!(list.len(), 1);
    let only = &list[0];
    assert_eq!(
        (&only["n"], &only["action"], &only["at"]),
        (&json!(1), &json!("updated"), &json!(at))
    );
    assert_eq!(
        (&only["user"]["id"], &only["change"]),
        (&json!(bob.to_string()), &json!(changed.change()))
    );
    assert_eq!(
        (&only["title"], &only["published"]),
        (&json!("Tea"), &json!(true))
    );
    change(&editor, &path, &json!({"markdown": "three"}));
    assert_eq!(content(&editor, &path, 1)["markdown"], "two");
    assert_eq!(content(&editor, &path, 2)["markdown"], "three");
}
