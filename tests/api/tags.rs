//! Tags: counts, parents, aliases, and that a tag shows through published articles alone.

use diesel::prelude::*;
use masthead::articles::model::Transition;
use masthead::articles::store;
use masthead::auth::model::Role;
use masthead::db::schema::meta;
use masthead::tags::model::NewTag;
use serde_json::json;

use crate::support::{Server, article, create_all, page};

/// A tag with its aliases and its parent.
fn tag(server: &Server, name: &str, aliases: &[&str], parent: Option<&str>) {
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    let parent = parent.map(str::to_owned);
    let new = NewTag::parse(name, None, Some(format!("About {name}")), aliases, parent).unwrap();
    server.write(move |tx| masthead::tags::store::create(tx, &new));
}

#[test]
fn shows_every_field() {
    let server = Server::start();
    tag(&server, "Health", &[], None);
    tag(&server, "Mental health", &["psyche"], Some("health"));
    article("One").tags(["Mental health"]).create(&server);
    insta::assert_json_snapshot!(server.get("/v1/tags/mental-health").without_ids(), @r#"
    {
      "id": "[id]",
      "slug": "mental-health",
      "name": "Mental health",
      "description": "About Mental health",
      "parent": {
        "id": "[id]",
        "slug": "health",
        "name": "Health"
      },
      "article_count": 1
    }
    "#);
    let of_slug = server.get("/v1/tags/mental-health");
    let id = of_slug.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/v1/tags/{id}")).body, of_slug.body);
    let parent = of_slug.ok()["parent"]["id"].clone();
    assert_eq!(server.get("/v1/tags/health").ok()["id"], parent);
    assert_eq!(server.get("/v1/tags/health").ok()["parent"], json!(null));
}

#[test]
fn an_alias_is_answered_by_308() {
    let server = Server::start();
    tag(&server, "Mental health", &["psyche"], None);
    assert_eq!(
        server.get("/v1/tags/psyche").status,
        404,
        "nothing published carries it yet"
    );
    article("One").tags(["psyche"]).create(&server);
    let moved = server.get("/v1/tags/psyche");
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, "/v1/tags/mental-health")
    );
    assert_eq!(
        server.get("/v1/articles/one").ok()["tags"][0]["slug"],
        "mental-health"
    );
    assert_eq!(
        server.get("/v1/articles?tag=psyche").column("slug"),
        ["one"]
    );
}

#[test]
fn counts_follow_the_published_articles() {
    let server = Server::start();
    let count = |slug: &str| server.get(&format!("/v1/tags/{slug}")).ok()["article_count"].clone();
    let one = article("One").tags(["Love", "Loss"]).create(&server).id;
    let two = article("Two").draft().tags(["Love"]).create(&server).id;
    let about = page("About").tags(["Love"]).create(&server).id;
    assert_eq!((count("love"), count("loss")), (json!(1), json!(1)));
    server.write(move |tx| store::transition(tx, two, Transition::Publish));
    assert_eq!(count("love"), 2);
    article("One").tags(["Love"]).replace(&server, one);
    assert_eq!(count("love"), 2);
    assert_eq!(server.get("/v1/tags/loss").status, 404);
    server.write(move |tx| store::transition(tx, one, Transition::Archive));
    assert_eq!(count("love"), 1);
    server.write(move |tx| store::purge(tx, two));
    assert_eq!(count("love"), 0, "a page shows it still");
    server.write(move |tx| store::purge(tx, about));
    assert_eq!(server.get("/v1/tags/love").status, 404);
    assert_eq!(server.get("/v1/tags?count=true").ok()["page"]["total"], 0);
}

#[test]
fn a_parent_shows_through_its_children() {
    let server = Server::start();
    tag(&server, "Health", &[], None);
    tag(&server, "Mind", &[], Some("health"));
    tag(&server, "Sleep", &[], Some("mind"));
    tag(&server, "Alone", &[], None);
    assert_eq!(server.get("/v1/tags").column("slug"), [""; 0]);
    let one = article("One").tags(["Sleep"]).create(&server).id;
    assert_eq!(
        server.get("/v1/tags").column("slug"),
        ["health", "mind", "sleep"]
    );
    assert_eq!(server.get("/v1/tags/health").ok()["article_count"], 0);
    server.write(move |tx| store::transition(tx, one, Transition::Unpublish));
    assert_eq!(server.get("/v1/tags").column("slug"), [""; 0]);
}

#[test]
fn a_child_that_only_drafts_use_does_not_show() {
    let server = Server::start();
    tag(&server, "Health", &[], None);
    tag(&server, "Secret", &["hush"], Some("health"));
    article("One").tags(["Health"]).create(&server);
    article("Two").draft().tags(["Secret"]).create(&server);
    assert_eq!(server.get("/v1/tags").column("slug"), ["health"]);
    for path in ["/v1/tags/secret", "/v1/tags/hush"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(
        server.get("/v1/articles?tag=secret&count=true").body,
        server.get("/v1/articles?tag=nonesuch&count=true").body
    );
}

#[test]
fn lists_in_both_orders_and_directions() {
    let server = Server::start();
    let mut all = Vec::new();
    let letters: Vec<String> = ('a'..='w').map(|letter| format!("tag {letter}")).collect();
    for (index, letter) in letters.iter().enumerate() {
        for number in 0..=index % 4 {
            let mut one = article(&format!("{letter} {number}"));
            one.0.tags = vec![letter.clone()];
            one.0.authors = vec![letter.clone()];
            all.push(one);
        }
    }
    create_all(&server, all);
    for route in ["tags", "authors"] {
        let by_name: Vec<String> = letters.iter().map(|name| name.replace(' ', "-")).collect();
        assert_eq!(walk(&server, &format!("/v1/{route}?sort=name")), by_name);
        assert_eq!(walk(&server, &format!("/v1/{route}?limit=5")), by_name);

        // Ties by id, and of those the later made comes first, as the count does.
        let mut by_count: Vec<(usize, &String)> = by_name
            .iter()
            .enumerate()
            .map(|(index, slug)| (index % 4, slug))
            .collect();
        by_count.reverse();
        by_count.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let by_count: Vec<String> = by_count.into_iter().map(|(_, slug)| slug.clone()).collect();
        assert_eq!(
            walk(&server, &format!("/v1/{route}?sort=-article_count&limit=4")),
            by_count
        );
    }
}

/// The slugs of a list by cursors forward, having made sure that backwards and by numbers they are the same.
#[track_caller]
fn walk(server: &Server, base: &str) -> Vec<String> {
    let first = server.get(&format!("{base}&count=true"));
    let (mut pages, mut info) = (vec![first.column("slug")], first.ok()["page"].clone());
    let total = info["total"].as_u64().unwrap();
    while let Some(next) = info["next"].as_str() {
        let page = server.get(&format!("{base}&cursor={next}"));
        pages.push(page.column("slug"));
        info = page.ok()["page"].clone();
    }
    let mut backwards = vec![pages.last().unwrap().clone()];
    while let Some(previous) = info["previous"].as_str() {
        let page = server.get(&format!("{base}&cursor={previous}"));
        backwards.insert(0, page.column("slug"));
        info = page.ok()["page"].clone();
    }
    assert_eq!(backwards, pages, "backwards: {base}");
    for (number, expected) in pages.iter().enumerate() {
        assert_eq!(
            server
                .get(&format!("{base}&page={}", number + 1))
                .column("slug"),
            *expected
        );
    }
    let all = pages.concat();
    assert_eq!(all.len() as u64, total, "{base}");
    all
}

/// The number under which names are remembered.
fn state_of_names(server: &Server) -> i64 {
    server.read(|conn| meta::table.select(meta::names).first(conn))
}

#[test]
fn whatever_touches_a_name_is_known_to_those_who_remember_names() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let mut states = vec![state_of_names(&server)];
    let mut told = |what: &str| {
        let state = state_of_names(&server);
        assert!(!states.contains(&state), "{what}");
        states.push(state);
    };
    for kind in ["tags", "authors"] {
        let made = admin.post(&format!("/v1/admin/{kind}"), &json!({"name": "One"}));
        told(&format!("{kind} made"));
        let path = format!(
            "/v1/admin/{kind}/{}",
            made.created()["id"].as_str().unwrap()
        );
        for change in [json!({"name": "Two"}), json!({"slug": "three"})] {
            admin.patch(&path, admin.get(&path).etag(), &change).ok();
            told(&format!("{kind}: {change}"));
        }
        assert_eq!(admin.delete(&path, admin.get(&path).etag()).status, 204);
        told(&format!("{kind} gone"));
    }
}
