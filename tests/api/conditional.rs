//! What a cache relies on: strong tags that change when the answer does and not otherwise, 304, HEAD, and the change
//! number.

use masthead::articles::model::Transition;
use masthead::articles::store;

use crate::support::{Answer, Server, article, page};

fn with_tag(server: &Server, path: &str, tag: &str) -> Answer {
    server
        .client
        .request("GET", path)
        .header("if-none-match", tag)
        .send()
}

/// Every route that may be cached, with something to show.
fn full() -> (Server, Vec<&'static str>) {
    let server = Server::start();
    article("One")
        .tags(["Love"])
        .authors(["Ada"])
        .markdown("Text")
        .create(&server);
    article("Two").tags(["Love"]).create(&server);
    page("About").create(&server);
    let paths = vec![
        "/v1/articles",
        "/v1/articles?limit=1&include=tags,authors&count=true",
        "/v1/articles/one",
        "/v1/articles/one?fields=title",
        "/v1/articles/one.md",
        "/v1/articles/one.txt",
        "/v1/articles/one.html",
        "/v1/pages",
        "/v1/pages/about",
        "/v1/tags",
        "/v1/tags/love",
        "/v1/authors",
        "/v1/authors/ada",
        "/v1/site",
        "/v1/feeds/articles.rss",
        "/v1/feeds/articles.atom?tag=love",
        "/v1/feeds/articles.json?author=ada",
        "/sitemap.xml",
        "/sitemaps/1.xml",
        "/robots.txt",
        "/llms.txt",
        "/v1/openapi.json",
        "/docs/",
        "/problems/not-found",
    ];
    (server, paths)
}

#[test]
fn tags_are_strong_and_stable() {
    let (server, paths) = full();
    for path in paths {
        let (first, second) = (server.get(path), server.get(path));
        assert_eq!((first.status, &first.body), (200, &second.body), "{path}");
        let etag = first.header("etag");
        assert_eq!(etag, second.header("etag"), "{path}");
        assert!(
            etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10,
            "{path}: {etag}"
        );
        assert_eq!(first.header("cache-control"), "public, no-cache", "{path}");
    }
}

#[test]
fn two_answers_have_two_tags() {
    let (server, _) = full();
    let tags = [
        "/v1/articles/one",
        "/v1/articles/two",
        "/v1/articles/one?fields=title",
        "/v1/articles",
    ]
    .map(|path| server.get(path).header("etag").to_owned());
    for (index, tag) in tags.iter().enumerate() {
        assert!(!tags[..index].contains(tag), "{tags:?}");
    }
}

#[test]
fn who_has_it_gets_304_without_a_body() {
    let (server, paths) = full();
    for path in paths {
        let full = server.get(path);
        let etag = full.header("etag").to_owned();
        for condition in [
            etag.clone(),
            format!("W/{etag}"),
            "*".to_owned(),
            format!("\"other\", {etag}"),
            format!("W/\"a\",W/{etag} , \"b\""),
        ] {
            let known = with_tag(&server, path, &condition);
            assert_eq!(
                (known.status, known.body.len()),
                (304, 0),
                "{path} {condition}"
            );
            // What a cache must refresh in what it keeps (RFC 9110 section 15.4.5).
            for name in ["etag", "cache-control", "change", "vary"] {
                assert_eq!(known.header(name), full.header(name), "{path} {name}");
            }
        }
        for condition in ["\"other\"", "W/\"other\"", etag.trim_matches('"'), ""] {
            assert_eq!(
                with_tag(&server, path, condition).status,
                200,
                "{path} {condition}"
            );
        }
    }
}

#[test]
fn a_condition_may_stand_in_several_headers() {
    let (server, _) = full();
    let etag = server.get("/v1/articles").header("etag").to_owned();
    let request = server.client.request("GET", "/v1/articles");
    let known = request
        .header("if-none-match", "\"x\"")
        .header("if-none-match", &etag)
        .send();
    assert_eq!(known.status, 304);
}

#[test]
fn a_condition_makes_no_refusal_good() {
    let (server, _) = full();
    assert_eq!(with_tag(&server, "/v1/articles/none", "*").status, 404);
    assert_eq!(with_tag(&server, "/v1/articles?limit=0", "*").status, 400);
}

#[test]
fn head_is_get_without_a_body() {
    let (server, mut paths) = full();
    paths.extend([
        "/health/live",
        "/health/ready",
        "/v1/articles/none",
        "/v1/articles?limit=0",
        "/nowhere",
    ]);
    for path in paths {
        let (get, head) = (server.get(path), server.client.head(path));
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        let headers = |answer: &Answer| {
            let mut headers: Vec<(String, String)> = answer
                .headers
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            headers.sort();
            headers
        };
        assert_eq!(headers(&head), headers(&get), "{path}");
        let etag = get.header("etag");
        if !etag.is_empty() {
            let known = server
                .client
                .request("HEAD", path)
                .header("if-none-match", etag)
                .send();
            assert_eq!(known.status, 304, "{path}");
        }
    }
}

#[test]
fn the_tag_follows_what_is_shown() {
    let server = Server::start();
    let one = article("One").tags(["Love"]).create(&server);
    let etag = |path: &str| server.get(path).header("etag").to_owned();
    let (plain, list, bare) = (
        etag("/v1/articles/one"),
        etag("/v1/articles?include=tags"),
        etag("/v1/articles?fields=title"),
    );

    article("One")
        .tags(["Love", "Loss"])
        .updated_at("2026-11-22T10:00:00Z")
        .replace(&server, one.id);
    assert_ne!(etag("/v1/articles/one"), plain);
    assert_ne!(etag("/v1/articles?include=tags"), list);
    assert_eq!(
        etag("/v1/articles?fields=title"),
        bare,
        "what shows no tags is as it was"
    );

    article("One")
        .tags(["Love"])
        .updated_at("2026-11-22T10:00:00Z")
        .replace(&server, one.id);
    assert_eq!(
        etag("/v1/articles/one"),
        plain,
        "the tag is one of the content, not of the write"
    );
}

#[test]
fn a_draft_changes_no_tag_and_no_number() {
    let (server, paths) = full();
    let before: Vec<Answer> = paths.iter().map(|path| server.get(path)).collect();
    let draft = article("Secret")
        .draft()
        .tags(["Love", "Hidden"])
        .authors(["Ada", "Nobody"])
        .create(&server);
    article("Secret 2")
        .draft()
        .tags(["Love"])
        .replace(&server, draft.id);
    server.write(move |tx| store::transition(tx, draft.id, Transition::Submit));
    server.write(move |tx| store::transition(tx, draft.id, Transition::Trash));
    server.write(move |tx| store::purge(tx, draft.id));
    for (path, before) in paths.iter().zip(before) {
        let after = server.get(path);
        for name in ["etag", "change"] {
            assert_eq!(after.header(name), before.header(name), "{path} {name}");
        }
        assert_eq!(
            with_tag(&server, path, before.header("etag")).status,
            304,
            "{path}"
        );
    }
}

#[test]
fn the_change_number_grows_with_what_is_public_and_never_goes_back() {
    let server = Server::start();
    let mut last = server.get("/v1/articles").change();
    let mut grows = |server: &Server, expected: Option<i64>, what: &str| {
        for path in ["/v1/articles", "/v1/tags", "/v1/site"] {
            let now = server.get(path).change();
            assert_eq!(now, expected.unwrap_or(last), "{what}: {path}");
            assert!(now >= last);
        }
        last = expected.unwrap_or(last);
    };
    let published = article("One").create(&server).id;
    let number = server.db().change();
    grows(&server, Some(number), "a published article");
    let draft = article("Draft").draft().create(&server).id;
    assert!(server.db().change() > number);
    grows(&server, None, "a draft");
    let written = server.write(move |tx| store::transition(tx, draft, Transition::Publish));
    grows(&server, Some(written.change), "publishing it");
    let written = server.write(move |tx| store::transition(tx, published, Transition::Archive));
    grows(&server, Some(written.change), "taking one away");
    server.write(move |tx| store::purge(tx, published));
    grows(&server, None, "purging what nobody saw");
}

#[test]
fn a_write_is_seen_by_the_next_read() {
    let server = Server::start();
    for number in 0..20 {
        let written = article(&format!("Number {number}")).create(&server);
        let list = server
            .get("/v1/articles?limit=1&sort=-updated_at&count=true")
            .ok();
        assert_eq!(list["page"]["total"], number + 1);
        assert_eq!(
            server.get(&format!("/v1/articles/{}", written.id)).change(),
            server.db().change()
        );
    }
}
