//! Twins: one database, and its copy that also holds what is not published. Every delivery route must answer both alike,
//! byte for byte, tags and change numbers included.

mod addresses;

use masthead::articles::cover::Cover;
use masthead::articles::model::{Citation, Image, Seo, State};
use masthead::auth::model::Role;
use masthead::tags::model::NewTag;
use serde_json::json;

use crate::support::{Answer, Make, Server, article, create_all, id, page};
use crate::sync::copies::Tap;

/// Stands in every field of what must not show.
const CANARY: &str = "xyzzy";

/// Two servers whose public content is the same; the second has more, of which nothing may show.
fn twins() -> (Server, Server) {
    let first = Server::start();
    first.write(|tx| {
        for (name, parent) in [
            ("Health", None),
            ("Mind", Some("health")),
            ("Sleep", Some("mind")),
        ] {
            let new = NewTag::parse(name, None, None, vec![], parent.map(str::to_owned)).unwrap();
            masthead::tags::store::create(tx, &new)?;
        }
        Ok(())
    });
    let mut all: Vec<Make> = (0..30_u64).map(public).collect();
    all.push(page("About").id(id(100)).tags(["Mind"]).authors(["Ada"]));
    create_all(&first, all);
    let database = first.into_database();
    let twin = Server::setup().over(database.copy()).start();
    let plain = Server::setup().over(database).start();

    twin.write(|tx| {
        for (name, alias, parent) in [
            ("Xyzzy", "xyzzy-alias", "health"),
            ("Xyzzy below", "xyzzy-deep", "xyzzy"),
        ] {
            let new =
                NewTag::parse(name, None, None, vec![alias.into()], Some(parent.into())).unwrap();
            masthead::tags::store::create(tx, &new)?;
        }
        Ok(())
    });
    let states = [
        State::Draft,
        State::InReview,
        State::Scheduled,
        State::Archived,
        State::Trashed,
    ];
    let secrets = states
        .iter()
        .cycle()
        .zip(200..220)
        .map(|(state, number)| secret(number, *state));
    create_all(&twin, secrets.collect());
    hide_by_hand(&twin);
    hide_in_copies(&twin);
    (plain, twin)
}

/// Does over HTTP what editors do with what is not out: makes, changes, trashes, restores and purges it; with accounts,
/// keys and profiles beside it.
fn hide_by_hand(twin: &Server) {
    let admin = twin.sign_in(Role::Admin);
    let user = json!({"email": "xyzzy@canary.example", "name": "Xyzzy", "role": "author"});
    let user = admin.post("/v1/admin/users", &user).created();
    let author = json!({"name": "Xyzzy Profile", "slug": "xyzzy-profile", "user": user["id"]});
    admin.post("/v1/admin/authors", &author).created();
    let tag = json!({"name": "Xyzzy by hand", "parent": "sleep", "aliases": ["xyzzy-hand"]});
    admin.post("/v1/admin/tags", &tag).created();
    let key = json!({"name": "xyzzy", "scopes": ["drafts:read"]});
    admin.post("/v1/admin/api-keys", &key).created();
    for (number, fate) in [
        "kept",
        "trashed",
        "restored",
        "purged",
        "submitted",
        "sent back",
        "scheduled",
    ]
    .into_iter()
    .enumerate()
    {
        for route in ["articles", "pages"] {
            let locale = ["en", "de"][number % 2];
            let text = json!({
                "title": format!("Xyzzy {fate}"), "slug": format!("xyzzy-{route}-{number}"),
                "aliases": [format!("xyzzy-old-{route}-{number}")],
                "tags": ["Mind", "Xyzzy by hand", "Xyzzy new"], "authors": ["Ada", "xyzzy-profile"], "markdown": CANARY,
                "locale": locale, "featured": true, "translation_key": "key-1",
            });
            let made = admin.post(&format!("/v1/admin/{route}"), &text);
            let path = format!(
                "/v1/admin/{route}/{}",
                made.created()["id"].as_str().unwrap()
            );
            let made = admin.patch(
                &path,
                made.etag(),
                &json!({"subtitle": CANARY, "tags": ["Sleep", "Xyzzy new"]}),
            );
            assert_eq!(made.status, 200);
            match fate {
                "trashed" | "restored" => {
                    assert_eq!(admin.delete(&path, made.etag()).status, 204);
                    let back = admin.order(&format!("{path}/restore"));
                    assert_eq!(back.status, 200);
                    if fate == "trashed" {
                        assert_eq!(admin.delete(&path, back.etag()).status, 204);
                    }
                }
                "purged" => {
                    let purge = format!("{path}?purge=true");
                    assert_eq!(admin.delete(&purge, made.etag()).status, 204);
                }
                "submitted" => assert_eq!(admin.order(&format!("{path}/submit")).status, 200),
                "sent back" => {
                    for way in ["submit", "send-back"] {
                        let noted = admin.post(&format!("{path}/{way}"), &json!({"note": CANARY}));
                        assert_eq!(noted.status, 200, "{way}");
                    }
                }
                "scheduled" => {
                    let plan = json!({"publish_at": "2030-01-01T00:00:00Z", "unpublish_at": "2030-01-02T00:00:00Z"});
                    let planned = admin.post(&format!("{path}/schedule"), &plan);
                    assert_eq!(planned.status, 200);
                }
                _ => {}
            }
        }
    }
}

/// Begins working copies of what is out, with the canary in each field; some are thrown away, none is published.
fn hide_in_copies(twin: &Server) {
    let admin = twin.sign_in(Role::Admin);
    for number in [0, 1, 2, 5, 100] {
        let kind = if number == 100 { "pages" } else { "articles" };
        let text = format!("/v1/admin/{kind}/{}", id(number));
        let copy = json!({
            "title": CANARY, "subtitle": CANARY, "standfirst": CANARY, "excerpt": CANARY, "slug": format!("xyzzy-{number}"),
            "aliases": ["xyzzy-copy"], "tags": ["Xyzzy copied", "Sleep"], "authors": ["Xyzzy copied"], "markdown": CANARY,
            "featured": true, "content_notice": CANARY, "audience": "mature", "citations": [{"title": CANARY}],
            "seo": {"title": CANARY, "noindex": true}, "metadata": {"xyzzy": CANARY}, "translation_key": CANARY, "locale": "de",
        });
        let path = format!("{text}/working-copy");
        let begun = admin.patch(&path, admin.get(&text).etag(), &copy);
        assert_eq!(begun.status, 200, "{}", begun.text());
        let saved = admin.patch(&path, begun.etag(), &json!({"title": "Xyzzy again"}));
        assert_eq!(saved.status, 200, "{}", saved.text());
        if number == 5 {
            assert_eq!(admin.delete(&path, saved.etag()).status, 204);
        }
    }
}

fn public(number: u64) -> Make {
    let mut make = article(&format!("Article {}", number % 7))
        .id(id(number))
        .slug(&format!("article-{number}"))
        .tags([["Mind", "Sleep"][(number % 2) as usize], "Common"])
        .authors([["Ada", "Grace"][(number % 2) as usize]])
        .locale(["en", "en", "de"][(number % 3) as usize])
        .translation_key(&format!("key-{}", number / 3))
        .published_at(&format!("2026-01-{:02}T00:00:00Z", 1 + number % 9))
        .updated_at(&format!("2026-02-{:02}T00:00:00Z", 1 + number % 5))
        .markdown("Some *text*.");
    make.0.featured = number.is_multiple_of(4);
    make
}

/// In the midst of the others by every order and filter, and with the canary wherever words may stand.
fn secret(number: u64, state: State) -> Make {
    let word = |field: &str| format!("{CANARY} {field} {number}");
    let mut make = if number.is_multiple_of(6) {
        page(&word("title"))
    } else {
        public(number)
    };
    make = make
        .id(id(number))
        .slug(&format!("{CANARY}-{number}"))
        .state(state)
        .subtitle(&word("subtitle"))
        .standfirst(&word("standfirst"))
        .excerpt(&word("excerpt"))
        .content_notice(&word("notice"))
        .external_id(&word("external"))
        .translation_key(&format!("key-{}", number % 10))
        .metadata(CANARY, json!(word("metadata")))
        .aliases(["xyzzy-former"])
        .markdown(&format!("## {CANARY}\n\n{CANARY} text"));
    if state == State::Scheduled {
        make = make.published_at("2030-01-01T00:00:00Z");
    }
    let input = &mut make.0;
    input.tags.extend([
        "Xyzzy below".into(),
        format!("{CANARY} tag {number}"),
        "Health".into(),
    ]);
    input
        .authors
        .extend([format!("{CANARY} author {number}"), "Ada".into()]);
    input.citations = vec![Citation {
        title: word("citation"),
        url: Some(format!("https://{CANARY}.example")),
    }];
    input.cover = Some(Cover::Link(Image {
        url: format!("/{CANARY}.jpg"),
        alt: word("alt"),
        width: None,
        height: None,
    }));
    input.seo = Seo {
        title: Some(word("seo")),
        ..Seo::default()
    };
    make
}

/// What a reader can tell of an answer.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let request_id = answer.header("x-request-id");
    (
        answer.status,
        headers,
        answer.text().replace(request_id, "[request id]"),
    )
}

#[track_caller]
fn alike((plain, twin): &(Server, Server), path: &str) -> Answer {
    let (one, other) = (plain.get(path), twin.get(path));
    assert_eq!(seen(&one), seen(&other), "{path}");
    let unasked = !path.to_lowercase().contains(CANARY);
    assert!(
        !unasked || !other.text().to_lowercase().contains(CANARY),
        "{path}"
    );
    other
}

#[test]
fn every_list_is_the_same_beside_what_is_hidden() {
    let twins = twins();
    let some: Vec<String> = (0..300)
        .step_by(3)
        .map(|number| format!("id={}", id(number)))
        .collect();
    let filters = [
        "",
        "tag=mind",
        "tag=health",
        "tag=sleep&tag=common",
        "any_tag=mind&any_tag=health",
        "author=ada",
        "locale=de",
        "featured=true",
        "featured=false",
        "audience=general",
        "audience=mature",
        "published_after=2026-01-04T00:00:00Z",
        "published_before=2026-01-05T00:00:00Z&tag=mind",
        "published_after=2029-01-01T00:00:00Z",
        "tag=xyzzy",
        "tag=Xyzzy+below",
        "tag=xyzzy-alias",
        "any_tag=xyzzy-deep&any_tag=mind",
        "author=xyzzy-author-200",
        "tag=mind&author=ada",
        &some.join("&"),
    ];
    for route in ["articles", "pages"] {
        for sort in ["-published_at", "published_at", "-updated_at", "title"] {
            for filter in filters {
                let base = format!("/v1/{route}?sort={sort}&limit=10&{filter}");
                alike(&twins, &format!("{base}&page=2"));
                let mut last = alike(
                    &twins,
                    &format!(
                        "{base}&count=true&include=body,markdown,text,toc,tags,authors,seo,metadata,translations"
                    ),
                );
                while let Some(next) = last.ok()["page"]["next"].as_str() {
                    last = alike(&twins, &format!("{base}&cursor={next}"));
                }
            }
        }
    }
}

#[test]
fn tags_and_authors_are_the_same_beside_what_is_hidden() {
    let twins = twins();
    for route in ["tags", "authors"] {
        for sort in ["name", "-article_count"] {
            for query in [
                "limit=2",
                "limit=2&page=2",
                "limit=100&count=true",
                "count=true",
            ] {
                alike(&twins, &format!("/v1/{route}?sort={sort}&{query}"));
            }
        }
        let first = alike(&twins, &format!("/v1/{route}?limit=1"));
        let next = first.ok()["page"]["next"].as_str().unwrap().to_owned();
        alike(&twins, &format!("/v1/{route}?limit=1&cursor={next}"));
    }
    for key in [
        "health",
        "mind",
        "sleep",
        "common",
        "xyzzy",
        "xyzzy-below",
        "xyzzy-alias",
        "xyzzy-deep",
        "xyzzy-tag-200",
    ] {
        alike(&twins, &format!("/v1/tags/{key}"));
    }
    for key in ["ada", "grace", "xyzzy-author-200"] {
        alike(&twins, &format!("/v1/authors/{key}"));
    }
    // Nor by the ids of the hidden ones, which only their database knows.
    let ids = twins.1.read(|conn| {
        use diesel::prelude::*;
        use masthead::db::schema::{authors, tags};
        let tags = tags::table
            .filter(tags::slug.like("xyzzy%"))
            .select(tags::id)
            .load::<masthead::id::Id>(conn)?;
        let authors = authors::table
            .filter(authors::slug.like("xyzzy%"))
            .select(authors::id)
            .load::<masthead::id::Id>(conn)?;
        Ok((tags, authors))
    });
    assert!(
        ids.0.len() > 20 && ids.1.len() > 19,
        "{} {}",
        ids.0.len(),
        ids.1.len()
    );
    for id in ids.0 {
        assert_eq!(alike(&twins, &format!("/v1/tags/{id}")).status, 404);
        alike(&twins, &format!("/v1/articles?tag={id}&count=true"));
    }
    for id in ids.1 {
        assert_eq!(alike(&twins, &format!("/v1/authors/{id}")).status, 404);
        alike(&twins, &format!("/v1/articles?author={id}&count=true"));
    }
}

#[test]
fn feeds_and_sitemaps_are_the_same_beside_what_is_hidden() {
    let twins = twins();
    let queries = [
        "limit=100",
        "limit=3",
        "tag=mind",
        "tag=health",
        "tag=xyzzy",
        "tag=xyzzy-alias",
        "tag=Xyzzy+below",
        "author=ada",
        "author=xyzzy-author-200",
        "author=xyzzy-profile",
        "tag=sleep&author=ada",
        "locale=de",
        "locale=de&tag=common",
    ];
    for query in queries {
        for format in ["rss", "atom", "json"] {
            let answer = alike(&twins, &format!("/v1/feeds/articles.{format}?{query}"));
            let is_hidden = query.to_lowercase().contains(CANARY);
            assert_eq!(answer.status, if is_hidden { 404 } else { 200 }, "{query}");
        }
    }
    for path in [
        "/sitemap.xml",
        "/sitemaps/1.xml",
        "/llms.txt",
        "/robots.txt",
    ] {
        assert_eq!(alike(&twins, path).status, 200, "{path}");
    }
    assert_eq!(alike(&twins, "/sitemaps/2.xml").status, 404);
}

#[test]
fn searches_are_the_same_beside_what_is_hidden() {
    let twins = twins();
    for server in [&twins.0, &twins.1] {
        server.search_follows();
    }
    let filters = [
        "",
        "&tag=mind",
        "&tag=xyzzy",
        "&author=ada",
        "&locale=de",
        "&kind=page",
        "&any_tag=xyzzy-deep",
    ];
    let queries = [
        "some",
        "article",
        "art",
        "artic",
        "text+article",
        "some+text+of+article+mind",
        "%22some+text%22",
        "-article",
        "articel",
        "xyzzy",
        "xyzz",
        "xyzzx",
        "xyzzy+article",
        "ada",
        "common",
        "3",
        "sleep+-mind",
    ];
    for query in queries {
        for filter in filters {
            for sort in ["relevance", "-published_at", "-updated_at"] {
                let answer = alike(
                    &twins,
                    &format!(
                        "/v1/search?q={query}{filter}&sort={sort}&limit=7&count=true&highlight=true&include=text,tags,authors\
                         &facets=tags,authors,years,locales"
                    ),
                );
                if !query.contains("xyzzy") && !query.starts_with('-') {
                    assert!(!answer.text().contains(CANARY), "{query}");
                }
            }
        }
    }
    for query in [
        "a",
        "art",
        "article+1",
        "m",
        "xy",
        "xyzzy",
        "h",
        "some",
        "x",
    ] {
        alike(&twins, &format!("/v1/search/suggest?q={query}&limit=20"));
    }
    for number in (0..30).chain(200..220) {
        alike(
            &twins,
            &format!("/v1/articles/{}/related?limit=20&include=tags", id(number)),
        );
    }
}

#[test]
fn changes_are_the_same_beside_what_is_hidden() {
    let twins = twins();
    let filters = [
        "",
        "kind=page",
        "tag=mind&include=tags",
        "tag=xyzzy",
        "any_tag=xyzzy-deep&any_tag=mind",
        "author=ada&include=authors",
        "author=xyzzy-author-200",
        "locale=de&include=translations",
        "featured=true&include=body,markdown,text,toc,tags,authors,seo,metadata,translations",
    ];
    // From the first change that there was, too: a client that came then.
    let empty = Server::start().get("/v1/changes?initial=true").ok();
    let first = empty["next_since"].as_str().unwrap().to_owned();
    for filter in filters {
        for limit in [7, 100] {
            let begins = [Some("initial=true".to_owned()), {
                let since = format!("since={first}");
                filter.is_empty().then_some(since)
            }];
            for begin in begins.into_iter().flatten() {
                let mut place = begin;
                loop {
                    let path = format!("/v1/changes?{place}&limit={limit}&{filter}");
                    let page = alike(&twins, &path).ok();
                    place = format!("since={}", page["next_since"].as_str().unwrap());
                    if page["more"] == false {
                        break;
                    }
                }
                alike(&twins, &format!("/v1/changes?{place}&{filter}"));
            }
        }
    }
}

#[test]
fn a_stream_is_the_same_beside_what_is_hidden() {
    let twins = twins();
    let begin = Server::start().get("/v1/changes?initial=true").ok();
    let since = begin["next_since"].as_str().unwrap();
    let query =
        format!("since={since}&include=body,markdown,text,tags,authors,translations,metadata");
    let [one, other] = [&twins.0, &twins.1].map(|server| {
        let tap = Tap::open(&server.client, &query, None).unwrap();
        let events = (0..32).map(|_| tap.next().unwrap());
        events.collect::<Vec<_>>()
    });
    assert_eq!(one, other);
    assert!(one.iter().all(|event| !event.data.contains(CANARY)));
}

/// One write that makes what is public and what is not tells nothing of the second by where it can be interrupted.
#[test]
fn a_place_within_a_change_does_not_count_what_is_hidden() {
    use masthead::changes::sync::{Place, Token};
    let walk = |hidden: bool| {
        let server = Server::start();
        let begin = server.get("/v1/changes?initial=true").ok();
        let all = (0..10).flat_map(|number| {
            let public = article(&format!("Article {number}")).id(id(number));
            let secret = hidden.then(|| secret(200 + number, State::Draft));
            secret.into_iter().chain([public])
        });
        create_all(&server, all.collect());
        let (mut page, mut places) = (begin, Vec::new());
        while places.is_empty() || page["more"] == true {
            let since = page["next_since"].as_str().unwrap();
            let path = format!("/v1/changes?since={since}&limit=3&fields=title");
            page = server.get(&path).ok();
            let next = Token::decode(page["next_since"].as_str().unwrap()).unwrap();
            places.push((page["upserts"].clone(), next.change, next.place));
        }
        places
    };
    let places = walk(true);
    assert!(matches!(places[0].2, Place::Within { .. }));
    assert_eq!((places.len(), &places), (4, &walk(false)));
}

#[test]
fn every_single_answer_is_the_same_beside_what_is_hidden() {
    let twins = twins();
    for number in 0..30 {
        for suffix in [
            "",
            ".md",
            ".txt",
            ".html",
            "?include=markdown,text,translations",
        ] {
            alike(&twins, &format!("/v1/articles/article-{number}{suffix}"));
            alike(&twins, &format!("/v1/articles/{}{suffix}", id(number)));
        }
    }
    for number in 200..220 {
        for suffix in ["", ".md", ".txt", ".html", "?locale=de", "?fields=title"] {
            for route in ["articles", "pages"] {
                for key in [format!("{CANARY}-{number}"), id(number).to_string()] {
                    assert_eq!(
                        alike(&twins, &format!("/v1/{route}/{key}{suffix}")).status,
                        404
                    );
                }
            }
        }
    }
    for path in [
        "/v1/articles/xyzzy-former",
        "/v1/pages/xyzzy-former",
        "/v1/pages/about",
        "/v1/pages/about.md",
        "/v1/site",
        "/v1/openapi.json",
    ] {
        alike(&twins, path);
    }
}

#[test]
fn every_page_of_the_website_is_the_same_beside_what_is_hidden() {
    let twins = twins();
    for server in [&twins.0, &twins.1] {
        server.search_follows();
    }
    for number in 0..30_u64 {
        for prefix in ["", "/en", "/de"] {
            alike(
                &twins,
                &format!("/v1/resolve?path={prefix}/article-{number}&include=markdown,text"),
            );
        }
    }
    for number in 200..220 {
        for path in [
            format!("/{CANARY}-{number}"),
            format!("/de/{CANARY}-{number}"),
        ] {
            assert_eq!(
                alike(&twins, &format!("/v1/resolve?path={path}")).status,
                404
            );
        }
    }
    for path in [
        "/xyzzy-former",
        "/xyzzy-old-articles-0",
        "/de/xyzzy-pages-1",
        "/about",
        "/en/about",
    ] {
        alike(&twins, &format!("/v1/resolve?path={path}"));
    }
}

#[test]
fn the_twins_do_differ() {
    let (plain, twin) = twins();
    assert!(twin.db().change() > plain.db().change());
    twin.write(|tx| {
        masthead::articles::store::transition(
            tx,
            id(200),
            masthead::articles::model::Transition::Publish,
        )
    });
    assert!(twin.get("/v1/articles?limit=100").text().contains(CANARY));
    assert_eq!(twin.get("/v1/tags/xyzzy-alias").status, 308);
}
