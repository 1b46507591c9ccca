//! A page of the website in one answer.

mod head;
mod locales;
mod redirects;
mod refusals;
mod seed;

use masthead::articles::model::Transition;
use masthead::articles::store;
use masthead::site::model::Settings;
use serde_json::{Value, json};

use crate::support::{Answer, Server, article, create_all, id, page};

/// The page at a path, from a state that includes all that was written.
pub(crate) fn at(server: &Server, path: &str) -> Value {
    server.search(&format!("/v1/resolve?path={path}")).ok()
}

/// Where a path leads.
fn leads(server: &Server, path: &str) -> (String, i64) {
    let answer = at(server, path);
    let object = answer.as_object().unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), ["redirect"], "{path}");
    let redirect = &answer["redirect"];
    (
        redirect["to"].as_str().unwrap().to_owned(),
        redirect["status"].as_i64().unwrap(),
    )
}

fn found(server: &Server, path: &str) -> u16 {
    server.get(&format!("/v1/resolve?path={path}")).status
}

fn name(server: &Server, name: &str) {
    let settings = Settings {
        name: name.to_owned(),
        ..Settings::default()
    };
    server.write(move |tx| masthead::site::store::put(tx, &settings));
}

/// Five articles, a day apart, of which the third and fourth were published at the same moment.
fn five(server: &Server) {
    create_all(
        server,
        (1..=5_u64)
            .map(|number| {
                article(&format!("Article {number}"))
                    .id(id(number))
                    .slug(&format!("article-{number}"))
                    .tags(["Common"])
                    .published_at(&format!(
                        "2026-01-0{}T00:00:00Z",
                        number - u64::from(number > 3)
                    ))
            })
            .collect(),
    );
}

#[test]
fn the_whole_page_in_one_answer() {
    let server = Server::start();
    name(&server, "The Open Door");
    five(&server);
    let page = at(&server, "/article-3");
    assert_eq!(
        page.as_object().unwrap().keys().collect::<Vec<_>>(),
        [
            "path",
            "requested_locale",
            "locale",
            "article",
            "site",
            "previous",
            "next",
            "related",
            "seo",
            "json_ld",
            "json_ld_script",
            "complete"
        ]
    );
    // Each part is what its own route shows.
    assert_eq!(page["article"], server.get("/v1/articles/article-3").ok());
    assert_eq!(page["site"], server.get("/v1/site").ok());
    assert_eq!(
        page["related"],
        server.search("/v1/articles/article-3/related").ok()["items"]
    );
    let of = |number: u64| {
        server.get(&format!("/v1/articles?id={}", id(number))).ok()["items"][0].clone()
    };
    assert_eq!((&page["previous"], &page["next"]), (&of(2), &of(4)));
    assert_eq!(page["path"], "/article-3");
    assert_eq!(page["locale"], "en");
    assert_eq!(page["requested_locale"], "en");
    assert_eq!(page["complete"], true);
    for path in [
        "/article-3/",
        "%2Farticle-3",
        "%2Farticle%2D3%2F",
        "/article%252D3",
    ] {
        assert_eq!(at(&server, path), page, "{path}");
    }
}

#[test]
fn neighbours_are_those_in_time_and_ties_go_by_id() {
    let server = Server::start();
    five(&server);
    // Of another locale, of another kind, and not out.
    create_all(
        &server,
        vec![
            article("Deutsch")
                .locale("de")
                .published_at("2026-01-02T12:00:00Z"),
            page("Page").published_at("2026-01-02T12:00:00Z"),
            article("Draft")
                .draft()
                .published_at("2026-01-02T12:00:00Z"),
        ],
    );
    let slug = |value: &Value| value["slug"].as_str().map(str::to_owned);
    let mut at_last = None;
    for number in 1..=5_u64 {
        let page = at(&server, &format!("/article-{number}"));
        assert_eq!(slug(&page["previous"]), at_last, "{number}");
        let next = (number < 5).then(|| format!("article-{}", number + 1));
        assert_eq!(slug(&page["next"]), next, "{number}");
        assert!(page["previous"].get("body").is_none());
        at_last = Some(format!("article-{number}"));
    }
    assert_eq!(at(&server, "/de/deutsch")["previous"], Value::Null);
    server.write(|tx| store::transition(tx, id(3), Transition::Unpublish));
    assert_eq!(at(&server, "/article-2")["next"]["slug"], "article-4");
    assert_eq!(at(&server, "/article-4")["previous"]["slug"], "article-2");
    assert_eq!(found(&server, "/article-3"), 404);
}

#[test]
fn a_page_has_no_neighbours_and_nothing_related() {
    let server = Server::start();
    five(&server);
    page("About").tags(["Common"]).create(&server);
    let about = at(&server, "/about");
    assert_eq!(about["article"]["kind"], "page");
    assert_eq!(about["article"], server.get("/v1/pages/about").ok());
    assert_eq!(
        (&about["previous"], &about["next"], &about["related"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    assert_eq!(about["complete"], true);
}

#[test]
fn related_articles_are_never_the_article_itself() {
    let server = Server::start();
    five(&server);
    for number in 1..=5_u64 {
        let page = at(&server, &format!("/article-{number}"));
        let related = page["related"].as_array().unwrap();
        assert_eq!(related.len(), 4);
        assert!(
            related
                .iter()
                .all(|other| other["id"] != page["article"]["id"]),
            "{number}"
        );
    }
    server.write(|tx| store::transition(tx, id(2), Transition::Unpublish));
    let related = at(&server, "/article-1")["related"].clone();
    assert_eq!(related.as_array().unwrap().len(), 3);
    assert!(!related.to_string().contains("article-2"), "{related}");
}

#[test]
fn parts_can_be_left_out_and_forms_of_the_text_added() {
    let server = Server::start();
    five(&server);
    article("With words")
        .markdown("*Some* words")
        .create(&server);
    let path = "/v1/resolve?path=/with-words";
    let whole = server.search(path).ok();
    let parts = [
        "site",
        "previous",
        "next",
        "related",
        "seo",
        "json_ld",
        "json_ld_script",
    ];
    for part in parts {
        let mut expected = whole.clone();
        expected.as_object_mut().unwrap().remove(part);
        assert_eq!(
            server.search(&format!("{path}&without={part}")).ok(),
            expected
        );
    }
    let bare = server
        .get(&format!(
            "{path}&without={}&include=markdown,text",
            parts.join(",")
        ))
        .ok();
    assert_eq!(
        bare.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["path", "requested_locale", "locale", "article", "complete"]
    );
    assert_eq!(bare["article"]["markdown"], "*Some* words");
    assert_eq!(bare["article"]["text"], "Some words");
    assert!(whole["article"].get("markdown").is_none());
}

#[test]
fn an_answer_can_be_kept_and_asked_for_again() {
    let server = Server::start();
    five(&server);
    let path = "/v1/resolve?path=/article-1";
    let answer: Answer = server.search(path);
    assert_eq!(answer.header("cache-control"), "public, no-cache");
    assert_eq!(answer.change(), server.db().public_change());
    let request = server.client.request("GET", path);
    let again = request.header("if-none-match", answer.etag()).send();
    assert_eq!(again.status, 304);
    assert_eq!(server.client.head(path).status, 200);
    // A change of the site is one of each of its pages.
    name(&server, "Other");
    let other = server.search(path);
    assert_ne!(other.etag(), answer.etag());
    assert_eq!(other.change(), server.db().public_change());
    // Nobody is told by cookies, languages or tokens.
    for (header, value) in [
        ("accept-language", "de-CH, de;q=0.9"),
        ("cookie", "locale=de"),
        ("x-forwarded-host", "evil.example"),
        ("authorization", "Bearer nonsense"),
    ] {
        let request = server.client.request("GET", path).header(header, value);
        let same = request.send();
        assert_eq!(same.body, other.body, "{header}");
        let vary = same.header("vary").to_lowercase();
        assert!(
            !vary.contains("language") && !vary.contains("cookie"),
            "{vary}"
        );
    }
}

/// A page does without its related articles where the search cannot say in time, and then it is not to be kept.
#[test]
fn a_page_waits_for_the_search_but_not_for_long() {
    let server = Server::setup()
        .app(|setup| {
            setup.search.threads = 0;
            setup.search.related_wait = std::time::Duration::from_millis(20);
        })
        .start();
    create_all(
        &server,
        vec![
            article("One").tags(["Common"]).slug("one"),
            article("Two").tags(["Common"]),
            page("About"),
        ],
    );
    let answer = server.get("/v1/resolve?path=/one");
    let one = answer.ok();
    assert_eq!(one["related"], json!([]));
    assert_eq!(one["complete"], false);
    assert_eq!(one["next"]["title"], "Two");
    assert_eq!(answer.header("cache-control"), "no-store");
    for path in ["/one&without=related", "/about"] {
        let answer = server.get(&format!("/v1/resolve?path={path}"));
        assert_eq!(answer.ok()["complete"], true, "{path}");
        assert_eq!(answer.header("cache-control"), "public, no-cache", "{path}");
    }
}
