use serde_json::{Value, json};

use super::*;
use crate::articles::cover::Cover;
use crate::articles::model::{Format, Kind, State};
use crate::transfer::{Item, Piece};

fn read(json: &Value) -> Vec<Parsed> {
    let bytes = json.to_string().into_bytes();
    check(&bytes[..]).unwrap();
    let site = scan(&bytes[..]).unwrap();
    site.read(&bytes[..]).map(Result::unwrap).collect()
}

fn items(json: &Value) -> Vec<Item> {
    read(json)
        .into_iter()
        .filter_map(|parsed| match parsed {
            Parsed::Article(item) => Some(*item),
            _ => None,
        })
        .collect()
}

fn post(fields: &Value) -> Item {
    let mut whole =
        json!({"id": "p", "title": "T", "slug": "t", "status": "published", "html": "<p>x</p>"});
    crate::json::merge(&mut whole, fields);
    items(&json!({"data": {"posts": [whole]}})).remove(0)
}

#[test]
fn a_post_with_everything() {
    let json = json!({"db": [{"meta": {"version": "5.0"}, "data": {
        "posts": [{"id": "p1", "uuid": "u", "title": "Tea &amp; more", "slug": "tea", "html": null,
            "lexical": "{\"root\":{\"children\":[{\"type\":\"paragraph\",\"children\":[{\"type\":\"text\",\"text\":\"Hot\"}]}]}}",
            "feature_image": "__GHOST_URL__/content/images/a.jpg", "featured": true, "type": "post", "status": "published",
            "visibility": "public", "published_at": "2021-03-24T04:34:09.000Z", "custom_excerpt": "Short",
            "canonical_url": "__GHOST_URL__/other/", "author_id": "a2"}],
        "posts_tags": [
            {"post_id": "p1", "tag_id": "t2", "sort_order": 1}, {"post_id": "p1", "tag_id": "t3", "sort_order": 2},
            {"post_id": "p1", "tag_id": "t1", "sort_order": 0}, {"post_id": "p0", "tag_id": "t1", "sort_order": 0}],
        "posts_authors": [{"post_id": "p1", "author_id": "a1", "sort_order": 1}, {"post_id": "p1", "author_id": "a2", "sort_order": 0}],
        "posts_meta": [{"post_id": "p1", "meta_title": "S", "feature_image_alt": "A cup", "email_subject": "no"}],
        "redirects": [{"from": "/old-tea/", "to": "/tea/", "post_id": "p1"}],
        "tags": [{"id": "t1", "name": "One", "slug": "one"}, {"id": "t2", "name": "Two", "slug": "two", "parent_id": "t1"},
            {"id": "t3", "name": "#podcast", "slug": "hash-podcast"}],
        "users": [{"id": "a1", "name": "Ada", "slug": "ada", "email": "ada@example.org", "password": "hash", "website": "https://example.org",
            "profile_image": "//www.gravatar.com/avatar/abc"}, {"id": "a2", "name": "Ben", "slug": "ben", "twitter": "@ben"}],
        "settings": [{"key": "title", "value": "The Door"}, {"key": "navigation", "value": "[{\"label\":\"About\",\"url\":\"__GHOST_URL__/about/\"}]"},
            {"key": "members_private_key", "value": "secret"}],
        "members": [{"id": 1, "email": "m@example.org"}],
    }}]});
    let all = read(&json);
    let told = format!("{all:?}");
    for secret in ["example.org\\\"", "hash\"", "secret", "m@example", "ada@"] {
        assert!(!told.contains(secret), "{secret}");
    }
    let item = items(&json).remove(0);
    let article = &item.article;
    assert_eq!(article.title, "Tea & more");
    assert_eq!(article.body.as_ref().unwrap().text, "<p>Hot</p>\n");
    assert_eq!(article.tags, ["One", "Two"]);
    assert_eq!(article.authors, ["Ben", "Ada"]);
    let cover = article.cover.as_ref().unwrap();
    assert_eq!(link(cover), ("/content/images/a.jpg", "A cup"));
    assert_eq!(article.seo.canonical_url.as_deref(), Some("/other/"));
    assert_eq!(article.seo.title.as_deref(), Some("S"));
    assert_eq!(article.standfirst.as_deref(), Some("Short"));
    assert_eq!(item.redirects, ["/old-tea"]);
    assert_eq!(
        item.warnings,
        ["internal tags, which are not public, were left out: #podcast"]
    );
    assert!(article.featured && !item.held);
    let names: Vec<&str> = all.iter().map(Parsed::origin).collect();
    assert_eq!(
        names,
        [
            "the site",
            "author Ada",
            "author Ben",
            "tag One",
            "tag Two",
            "tag #podcast",
            "post p1 (tea)",
            "the file"
        ]
    );
    let Parsed::Piece(site) = &all[0] else {
        panic!("{:?}", all[0])
    };
    let Piece::Site(settings) = &site.piece else {
        panic!("{site:?}")
    };
    assert_eq!(settings.menus.main[0].url, "/about");
    assert_eq!(scan(json.to_string().as_bytes()).unwrap().posts(), 1);
}

#[test]
fn pages_and_dates_come_in_both_forms() {
    for fields in [
        json!({"page": 1}),
        json!({"page": true}),
        json!({"type": "page"}),
    ] {
        assert_eq!(post(&fields).article.kind, Kind::Page);
    }
    for at in [
        json!("2017-09-01T12:29:50.000Z"),
        json!("2017-09-01 12:29:50"),
        json!(1_504_268_990_000_i64),
    ] {
        let at = post(&json!({"published_at": at})).article.published_at;
        assert_eq!(at.unwrap().to_string(), "2017-09-01T12:29:50.000Z");
    }
    assert_eq!(
        post(&json!({"page": 0, "featured": 0})).article.kind,
        Kind::Article
    );
}

#[test]
fn what_is_not_for_all_stays_in() {
    for (fields, held) in [
        (json!({"visibility": "members"}), true),
        (json!({"visibility": "paid"}), true),
        (json!({"visibility": "tiers"}), true),
        (json!({"status": "sent"}), true),
        (json!({"email_only": true}), true),
        (json!({"status": "draft"}), false),
        (json!({"status": "scheduled", "published_at": null}), false),
    ] {
        let item = post(&fields);
        assert_eq!(
            (item.article.status, item.held),
            (Some(State::Draft), held),
            "{fields}"
        );
    }
    let item = post(
        &json!({"status": "scheduled", "published_at": "2031-01-01T00:00:00Z", "visibility": "public"}),
    );
    assert_eq!(item.article.status, Some(State::Scheduled));
}

#[test]
fn the_text_is_taken_from_what_there_is() {
    let mobiledoc =
        json!({"version": "0.3.1", "sections": [[1, "p", [[0, [], 0, "M"]]]]}).to_string();
    let of = |fields: Value| post(&fields).article.body.unwrap();
    assert_eq!(of(json!({"mobiledoc": mobiledoc})).text, "<p>x</p>");
    assert_eq!(
        of(json!({"html": null, "mobiledoc": mobiledoc})).text,
        "<p>M</p>\n"
    );
    let markdown = of(json!({"html": "", "markdown": "![a](__GHOST_URL__/a.jpg)"}));
    assert_eq!(
        (markdown.format, markdown.text.as_str()),
        (Format::Markdown, "![a](/a.jpg)")
    );
    let html = of(
        json!({"html": "<!--kg-card-begin: html--><a href=\"__GHOST_URL__\">h</a><iframe src=\"https://example.org/v\"></iframe>"}),
    );
    assert_eq!(
        html.text,
        "<a href=\"/\">h</a><a href=\"https://example.org/v\">https://example.org/v</a>"
    );
    assert_eq!(post(&json!({"html": null})).warnings, ["it has no text"]);
    let dated = items(&json!({"data": {
        "posts": [{"id": 1, "title": "T", "slug": "t", "status": "published", "html": "x", "published_at": "2017-09-01 12:29:50"}],
        "settings": [{"key": "permalinks", "value": "/:year/:month/:day/:slug/"}],
    }}));
    assert_eq!(dated[0].redirects, ["/2017/09/01/t"]);
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_read() {
    let all = read(&json!({"data": {
        "posts": [{"id": 1, "title": "A", "html": null, "mobiledoc": "{"}, {"id": 2, "title": "", "slug": "a-slug", "html": ""}],
        "tags": [{"id": 1, "name": ["x"]}, {"id": 2}],
    }}));
    assert!(
        matches!(&all[0], Parsed::Broken { reason, .. } if reason.contains("mobiledoc is no JSON"))
    );
    assert!(matches!(&all[1], Parsed::Article(item) if item.article.title == "a slug"));
    let other = br#"{"result": {"posts": []}}"#;
    assert!(
        scan(&other[..])
            .unwrap_err()
            .to_string()
            .contains("no Ghost export")
    );
}

/// Any bytes at all: an answer, and no panic.
#[test]
fn no_change_of_a_file_makes_it_fall_over() {
    let whole = json!({"db": [{"data": {"posts": [{"id": 1, "title": "A", "slug": "a",
        "lexical": "{\"root\":{\"children\":[{\"type\":\"list\",\"children\":[{\"type\":\"listitem\"}]},{\"type\":\"image\",\"src\":\"x\"}]}}"},
        {"id": 2, "mobiledoc": "{\"version\":\"0.3.1\",\"cards\":[[\"hr\",{}]],\"sections\":[[10,0],[1,\"p\",[[0,[0],1,\"x\"]]]]}"}],
        "posts_tags": [{"post_id": 1, "tag_id": 1}], "tags": [{"id": 1, "name": "X"}]}}]})
    .to_string();
    let mut state: u64 = 7;
    let mut random = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for _ in 0..3_000 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, b"{}[]\",:\\0"[random(9)]),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _whole = check(&bytes[..]);
        if let Ok(site) = scan(&bytes[..]) {
            let _all: Vec<_> = site.read(&bytes[..]).collect();
        }
    }
}

/// The address and the words of a cover.
fn link(cover: &Cover) -> (&str, &str) {
    match cover {
        Cover::Link(image) => (&image.url, &image.alt),
        Cover::Media(medium) => panic!("a medium: {medium:?}"),
    }
}
