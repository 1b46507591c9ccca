//! Two tags become one: what carried one carries the other, and nothing that led to it leads nowhere.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server, article, create_all, page};
use crate::sync::copies::{Copy, fresh};

const TAGS: &str = "/v1/admin/tags";

/// The path of a tag that is made.
fn tag(editor: &Client, name: &str, parent: Option<&str>) -> String {
    let made = editor.post(TAGS, &json!({"name": name, "parent": parent}));
    format!("{TAGS}/{}", made.created()["id"].as_str().unwrap())
}

fn merge(editor: &Client, path: &str, into: &str) -> Answer {
    let into = into.rsplit('/').next().unwrap();
    editor.post(&format!("{path}/merge"), &json!({"into": into}))
}

fn count(server: &Server, tag: &str) -> Value {
    server.get(&format!("/v1/tags/{tag}")).ok()["article_count"].clone()
}

fn tags_of(server: &Server, slug: &str) -> Vec<String> {
    let text = server.get(&format!("/v1/articles/{slug}")).ok();
    let tags = text["tags"].as_array().unwrap().iter();
    tags.map(|tag| tag["slug"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_thousand_articles_carry_the_other_which_is_then_renamed() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let bike = tag(&editor, "Biking", None);
    let cycle = tag(&editor, "Cycling", None);
    let texts = (0..1_000).map(|number| {
        let text = article(&format!("Ride {number}"));
        match number % 4 {
            0 => text.tags(["Biking", "Other", "Cycling"]),
            1 => text.tags(["Cycling", "Other", "Biking"]),
            2 => text.tags(["Other", "Biking"]),
            _ => text.tags(["Cycling"]),
        }
    });
    create_all(&server, texts.collect());
    page("About").tags(["Biking"]).create(&server);
    article("A plan").draft().tags(["Biking"]).create(&server);
    assert_eq!(
        (count(&server, "biking"), count(&server, "cycling")),
        (json!(750), json!(750))
    );
    let mut copies = ["tag=cycling&include=tags", "tag=biking&include=tags"].map(Copy::new);
    for copy in &mut copies {
        copy.catch_up(&server.client, 100);
    }
    let hits =
        |query: &str| server.search(&format!("/v1/search?{query}")).ok()["page"]["total"].clone();
    assert_eq!(hits("q=ride&tag=biking&count=true"), 750);

    let merged = merge(&editor, &bike, &cycle);
    assert_eq!(
        merged.ok()["aliases"],
        json!(["biking"]),
        "{}",
        merged.text()
    );
    assert_eq!(
        (
            &merged.ok()["article_count"],
            merged.ok()["version"].as_i64()
        ),
        (&json!(1_000), Some(2))
    );
    assert_eq!(editor.get(&bike).status, 404);
    assert_eq!(editor.get(&cycle).etag(), merged.etag());
    let renamed = editor.patch(
        &cycle,
        merged.etag(),
        &json!({"name": "On wheels", "slug": "wheels"}),
    );
    assert_eq!(renamed.ok()["aliases"], json!(["biking", "cycling"]));

    assert_eq!(count(&server, "wheels"), 1_000);
    for former in ["biking", "cycling"] {
        let moved = server.get(&format!("/v1/tags/{former}"));
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, "/v1/tags/wheels"),
            "{former}"
        );
        assert_eq!(
            server
                .get(&format!("/v1/articles?tag={former}&count=true"))
                .ok()["page"]["total"],
            1_000
        );
        assert_eq!(hits(&format!("q=ride&tag={former}&count=true")), 1_000);
    }
    let listed = server.get("/v1/pages?tag=wheels&include=tags").ok();
    assert_eq!(listed["items"][0]["tags"][0]["slug"], "wheels");
    let drafts = editor.get("/v1/admin/articles?tag=wheels&status=draft");
    assert_eq!(drafts.column("title"), ["A plan"]);
    assert_eq!(tags_of(&server, "ride-0"), ["wheels", "other"]);
    assert_eq!(tags_of(&server, "ride-1"), ["wheels", "other"]);
    assert_eq!(tags_of(&server, "ride-2"), ["other", "wheels"]);
    assert_eq!(tags_of(&server, "ride-3"), ["wheels"]);
    let words = server.search("/v1/search?q=biking&count=true").ok();
    assert_eq!(
        words["page"]["total"], 1_001,
        "its former name is searched for"
    );
    for copy in &mut copies {
        copy.catch_up(&server.client, 100);
        assert_eq!(copy.texts.len(), 1_001);
        assert_eq!(copy.texts, fresh(&server.client, &copy.query));
    }
}

#[test]
fn what_stood_below_and_above_counts_each_text_once() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    tag(&editor, "Old", None);
    let from = tag(&editor, "Walks", Some("old"));
    tag(&editor, "Hikes", Some("walks"));
    tag(&editor, "New", None);
    let into = tag(&editor, "Walking", Some("new"));
    article("Both").tags(["Walks", "Walking"]).create(&server);
    article("Far").tags(["Hikes"]).create(&server);
    let both = editor.get("/v1/admin/articles").ok()["items"][1]["id"].clone();
    assert_eq!(server.get("/v1/tags/old").ok()["article_count"], 0);

    let stale = editor
        .request("POST", &format!("{from}/merge"))
        .header("if-match", "\"9.x\"");
    let into_id = json!({"into": into.rsplit('/').next().unwrap()});
    assert_eq!(stale.json(&into_id).send().status, 412);
    let etag = editor.get(&from).etag().to_owned();
    let fresh = editor
        .request("POST", &format!("{from}/merge"))
        .header("if-match", &etag);
    assert_eq!(fresh.json(&into_id).send().ok()["article_count"], 1);

    // Nothing shows the tag above it any more.
    assert_eq!(server.get("/v1/tags/old").status, 404);
    assert_eq!(
        server.get("/v1/tags/hikes").ok()["parent"]["slug"],
        "walking"
    );
    assert_eq!(server.get("/v1/tags/new").status, 200);
    let path = format!("/v1/admin/articles/{}", both.as_str().unwrap());
    for path in [path, path_of_far(&editor)] {
        let etag = editor.get(&path).etag().to_owned();
        assert_eq!(editor.delete(&path, &etag).status, 204);
    }
    // Were it counted twice, something would be left.
    for tag in ["walking", "new", "hikes"] {
        assert_eq!(server.get(&format!("/v1/tags/{tag}")).status, 404, "{tag}");
    }
}

fn path_of_far(editor: &Client) -> String {
    let found = editor.get("/v1/admin/articles?q=far").ok();
    format!(
        "/v1/admin/articles/{}",
        found["items"][0]["id"].as_str().unwrap()
    )
}

#[test]
fn what_cannot_be_merged_is_left_alone() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let walks = tag(&editor, "Walks", None);
    let hikes = tag(&editor, "Hikes", Some("walks"));
    let far = tag(&editor, "Far hikes", Some("hikes"));
    let nobody = format!("{TAGS}/01890a5d-ac96-774b-8000-000000000001");
    let change = server.db().change();
    for (into, fault) in [
        (&walks, "/into conflicting"),
        (&far, "/into conflicting"),
        (&nobody, "/into not_found"),
    ] {
        let refused = merge(&editor, &walks, into);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![fault.to_owned()])
        );
    }
    assert_eq!(merge(&editor, &nobody, &walks).status, 404);
    for (body, faults) in [
        (json!({}), vec!["/into missing"]),
        (json!({"into": "hikes"}), vec!["/into malformed"]),
        (
            json!({"into": 3, "in": 1}),
            vec!["/into wrong_type", "/in unknown"],
        ),
    ] {
        assert_eq!(
            editor.post(&format!("{walks}/merge"), &body).faults(),
            faults
        );
    }
    assert_eq!(server.db().change(), change);
    // A child may become part of what it stands below.
    assert_eq!(
        merge(&editor, &hikes, &walks).ok()["aliases"],
        json!(["hikes"])
    );
    assert_eq!(editor.get(&far).ok()["parent"]["slug"], "walks");
}

#[test]
fn what_remembers_a_tag_finds_the_one_it_became() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    // A name that does not read like its slug.
    let care = tag(&editor, "Self-care", None);
    let well = tag(&editor, "Wellbeing", None);
    let text = article("Baths").tags(["Self-care"]).create(&server).id;
    let text = format!("/v1/admin/articles/{text}");
    let etag = editor.get(&text).etag().to_owned();
    let copy = format!("{text}/working-copy");
    let begun = editor.patch(&copy, &etag, &json!({"title": "Long baths"}));
    assert_eq!(begun.status, 200, "{}", begun.text());
    merge(&editor, &care, &well).ok();
    let shown = editor.get(&copy);
    assert_eq!(shown.ok()["tags"][0]["slug"], "wellbeing");
    // Other changes of the one that stays leave that as it is.
    let etag = editor.get(&well).etag().to_owned();
    let change = json!({"description": "Of all kinds.", "aliases": ["self-care", "wellness"]});
    editor.patch(&well, &etag, &change).ok();
    editor.order(&format!("{copy}/publish")).ok();
    assert_eq!(tags_of(&server, "baths"), ["wellbeing"]);
    let other = json!({"title": "Naps", "tags": ["Self-care"], "status": "published"});
    editor.post("/v1/admin/articles", &other).created();
    assert_eq!(tags_of(&server, "naps"), ["wellbeing"]);
    assert_eq!(
        editor.get("/v1/admin/tags?count=true").ok()["page"]["total"],
        1
    );
}

#[test]
fn a_former_slug_leads_on_whatever_is_called_so_since() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let tips = json!({"name": "Wellness Tips", "slug": "health"});
    let tips = editor.post(TAGS, &tips).created();
    let tips = format!("{TAGS}/{}", tips["id"].as_str().unwrap());
    let health = tag(&editor, "Health", None);
    assert_eq!(editor.get(&health).ok()["slug"], "health-2");
    let well = tag(&editor, "Wellbeing", None);
    article("One").tags(["health"]).create(&server);
    merge(&editor, &tips, &well).ok();
    for called in ["draft", "published"] {
        let moved = server.get("/v1/tags/health");
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, "/v1/tags/wellbeing"),
            "{called}"
        );
        article("Two").tags(["Health"]).create(&server);
    }
    assert_eq!(tags_of(&server, "two"), ["health-2"]);
    // And stands in the way of nothing.
    let etag = editor.get(&well).etag().to_owned();
    editor
        .patch(&well, &etag, &json!({"description": "Of all kinds."}))
        .ok();
}
