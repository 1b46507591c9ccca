//! What is written is what is read: all fields, in every form, and what a change leaves alone.

use insta::assert_json_snapshot;
use masthead::auth::model::Role;
use serde_json::json;

use super::{ARTICLES, draft, path_of};
use crate::support::Server;

#[test]
fn a_text_is_written_published_and_read() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(
        ARTICLES,
        &json!({
            "title": "A walk in the rain", "subtitle": "Wet", "standfirst": "We walked.", "markdown": "It *rained*.",
            "tags": ["Walking", "Rain"], "authors": ["Ada"], "content_notice": "Mud", "metadata": {"season": "autumn"},
            "seo": {"title": "Rain"}, "citations": [{"title": "A book"}], "cover": {"url": "/rain.jpg", "alt": "Rain"},
        }),
    );
    let article = made.created();
    assert_eq!(made.header("location"), path_of(&made));
    assert_eq!(article["status"], "draft");
    assert_eq!(article["slug"], "a-walk-in-the-rain");
    assert_eq!(article["body"], "<p>It <em>rained</em>.</p>\n");
    assert_eq!(server.get("/v1/articles/a-walk-in-the-rain").status, 404);

    let read = editor.get(&path_of(&made));
    assert_eq!((read.etag(), read.ok()), (made.etag(), article));

    let published = editor.order(&format!("{}/publish", path_of(&made)));
    assert_eq!(published.ok()["status"], "published");
    let shown = server.get("/v1/articles/a-walk-in-the-rain");
    assert_eq!(shown.ok()["title"], "A walk in the rain");
    assert_eq!(shown.header("change"), published.header("change"));
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_else() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(
        ARTICLES,
        &json!({"title": "Tea", "subtitle": "Hot", "markdown": "*Tea*", "tags": ["Drinks"], "seo": {"title": "t", "noindex": true}}),
    );
    let before = made.created();
    let after = editor.patch(
        &path_of(&made),
        made.etag(),
        &json!({"subtitle": null, "seo": {"title": null}, "tags": ["Hot drinks"]}),
    );
    let after = after.ok();
    assert_eq!(after["version"], 2);
    assert_eq!(after["subtitle"], json!(null));
    assert_eq!(after["seo"]["noindex"], true);
    assert_eq!(after["seo"]["title"], json!(null));
    assert_eq!(after["tags"][0]["name"], "Hot drinks");
    for kept in [
        "title",
        "slug",
        "markdown",
        "body",
        "owner",
        "created_at",
        "status",
    ] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
}

#[test]
fn a_text_in_another_form_takes_the_place_of_the_first() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(ARTICLES, &json!({"title": "Tea", "markdown": "*Tea*"}));
    let after = editor.patch(
        &path_of(&made),
        made.etag(),
        &json!({"html": "<p>Tea<script>alert(1)</script></p>"}),
    );
    let body = after.ok();
    assert_eq!(body["markdown"], json!(null));
    assert_eq!(body["html"], "<p>Tea<script>alert(1)</script></p>");
    assert_eq!(body["body"], "<p>Tea</p>");
    assert_json_snapshot!(body["warnings"], @r#"
    [
      {
        "what": "<script> element",
        "count": 1
      }
    ]
    "#);
    let read = editor.get(&path_of(&made));
    assert_eq!(read.etag(), after.etag());
    assert_eq!(read.ok()["warnings"], json!(null));
}

#[test]
fn an_excerpt_that_was_made_follows_the_text() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(ARTICLES, &json!({"title": "Tea", "markdown": "Green."}));
    assert_eq!(made.created()["excerpt"], "Green.");
    let after = editor.patch(&path_of(&made), made.etag(), &json!({"markdown": "Black."}));
    assert_eq!(after.ok()["excerpt"], "Black.");
    let own = editor.patch(
        &path_of(&made),
        after.etag(),
        &json!({"excerpt": "My own."}),
    );
    let after = editor.patch(&path_of(&made), own.etag(), &json!({"markdown": "White."}));
    assert_eq!(after.ok()["excerpt"], "My own.");
}

#[test]
fn a_put_empties_what_it_leaves_out_and_keeps_what_readers_know_it_by() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(
        ARTICLES,
        &json!({"title": "Tea", "slug": "green-tea", "subtitle": "Hot", "status": "published", "tags": ["Drinks"]}),
    );
    let before = made.created();
    let after = editor.put(&path_of(&made), made.etag(), &json!({"title": "Coffee"}));
    let after = after.ok();
    assert_eq!(after["title"], "Coffee");
    assert_eq!(
        (&after["subtitle"], &after["tags"]),
        (&json!(null), &json!([]))
    );
    for kept in ["slug", "status", "published_at", "owner", "locale"] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
}

#[test]
fn a_former_slug_leads_to_the_text_until_it_is_taken_away() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let made = editor.post(ARTICLES, &json!({"title": "Tea", "status": "published"}));
    let path = path_of(&made);
    let moved = editor.patch(&path, made.etag(), &json!({"slug": "green-tea"}));
    assert_eq!(moved.ok()["aliases"], json!(["tea"]));
    assert_eq!(server.get("/v1/articles/tea").status, 308);
    let more = editor.patch(&path, moved.etag(), &json!({"aliases": ["tea", "cha"]}));
    assert_eq!(more.ok()["aliases"], json!(["cha", "tea"]));
    let fewer = editor.patch(&path, more.etag(), &json!({"aliases": ["cha"]}));
    assert_eq!(fewer.ok()["aliases"], json!(["cha"]));
    assert_eq!(server.get("/v1/articles/tea").status, 404);

    let other = draft(&editor, "Coffee");
    let taken = editor.patch(
        &path_of(&other),
        other.etag(),
        &json!({"aliases": ["cha"], "slug": "green-tea"}),
    );
    assert_eq!(taken.status, 422);
    assert_eq!(taken.faults(), ["/slug taken"]);
}

#[test]
fn a_list_holds_every_state_but_the_trash() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for title in ["One", "Two", "Three"] {
        draft(&editor, title);
    }
    let four = editor.post(
        ARTICLES,
        &json!({"title": "Four of a kind", "status": "published"}),
    );
    let five = draft(&editor, "Five");
    assert_eq!(editor.delete(&path_of(&five), five.etag()).status, 204);

    let titles = |query: &str| {
        let mut titles = editor.get(&format!("{ARTICLES}?{query}")).column("title");
        titles.sort();
        titles
    };
    assert_eq!(titles(""), ["Four of a kind", "One", "Three", "Two"]);
    assert_eq!(titles("status=trashed"), ["Five"]);
    assert_eq!(titles("status=draft&status=trashed&q=o"), ["One", "Two"]);
    assert_eq!(titles("q=kind+of"), ["Four of a kind"]);
    assert_eq!(titles("q=%25"), Vec::<String>::new());
    let owner = four.json()["owner"].as_str().unwrap().to_owned();
    assert_eq!(titles(&format!("owner={owner}&limit=100")).len(), 4);
    assert_eq!(titles("sort=-published_at"), ["Four of a kind"]);
    let counted = editor.get(&format!("{ARTICLES}?count=true&limit=1")).ok();
    assert_eq!(counted["page"]["total"], 4);
    assert_eq!(
        editor.get(&format!("{ARTICLES}?q=&sort=slug&x=1")).faults(),
        ["sort not_allowed", "q too_small", "x unknown"]
    );
}

#[test]
fn words_are_found_in_titles_and_texts_of_every_state() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for (title, text, status) in [
        ("Café culture", "Where the Émigrés met.", "draft"),
        (
            "Tea rooms",
            "A cafe by another name: 100% tea_leaves.",
            "published",
        ),
        ("Crème", "Nothing of the kind.", "draft"),
    ] {
        let text = json!({"title": title, "text": text, "status": status});
        editor.post(ARTICLES, &text).created();
    }
    let titles = |query: &str| {
        let mut titles = editor.get(&format!("{ARTICLES}?{query}")).column("title");
        titles.sort();
        titles
    };
    assert_eq!(titles("q=CAFE"), ["Café culture", "Tea rooms"]);
    assert_eq!(titles("q=cafe+name"), ["Tea rooms"]);
    assert_eq!(titles("q=culture+met"), ["Café culture"]);
    assert_eq!(titles("q=%C3%A9migr%C3%A9s"), ["Café culture"]);
    assert_eq!(titles("q=creme"), ["Crème"]);
    assert_eq!(titles("q=0%25"), ["Tea rooms"]);
    assert_eq!(titles("q=a_l"), ["Tea rooms"]);
    assert_eq!(titles("q=a%25l"), [""; 0]);
    // Readers find what is out, and nothing else.
    assert_eq!(
        server.search("/v1/search?q=cafe").column("title"),
        ["Tea rooms"]
    );
    assert_eq!(server.search("/v1/search?q=creme").column("title"), [""; 0]);
}

#[test]
fn pages_of_a_list_hold_each_text_once() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for number in 0..7 {
        draft(&editor, &format!("Text {number}"));
    }
    for sort in ["title", "-updated_at", "updated_at"] {
        let mut seen = Vec::new();
        let mut next = Some(format!("{ARTICLES}?limit=3&sort={sort}"));
        while let Some(path) = next {
            let page = editor.get(&path);
            seen.extend(page.column("title"));
            next = page.link("next");
        }
        let mut distinct = seen.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((seen.len(), distinct.len()), (7, 7), "{sort}: {seen:?}");
    }
}
