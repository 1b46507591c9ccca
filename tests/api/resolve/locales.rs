//! Pages in several languages: which one is shown at a path, and what each says of the others.

use masthead::articles::model::Transition;
use masthead::articles::store;
use serde_json::{Value, json};

use super::{at, found, leads};
use crate::support::{Make, Server, article, create_all, id, page};

fn greeting(number: u64, locale: &str, slug: &str) -> Make {
    article(&format!("Title in {locale}"))
        .id(id(number))
        .locale(locale)
        .slug(slug)
        .translation_key("greeting")
        .published_at("2026-01-01T00:00:00Z")
}

fn swiss() -> Server {
    Server::setup()
        .locales(["en", "de", "de-CH", "fr"])
        .fallbacks(["de-CH=de,en", "fr=en"])
        .start()
}

fn served(page: &Value) -> (&str, &str, &str) {
    (
        page["requested_locale"].as_str().unwrap(),
        page["locale"].as_str().unwrap(),
        page["seo"]["canonical_url"].as_str().unwrap(),
    )
}

#[test]
fn a_locale_that_lacks_a_text_shows_it_in_another() {
    let server = swiss();
    create_all(
        &server,
        vec![
            greeting(1, "en", "hello"),
            greeting(2, "de", "hallo"),
            article("Only English").slug("only").tags(["Common"]),
            article("Other English").slug("other").tags(["Common"]),
            page("Über").locale("de").slug("ueber"),
        ],
    );
    // By the slug of the stand-in.
    let hallo = at(&server, "/de-CH/hallo");
    assert_eq!(
        served(&hallo),
        ("de-CH", "de", "https://example.org/de/hallo")
    );
    assert_eq!(hallo["path"], "/de-CH/hallo");
    assert_eq!(hallo["article"], server.get("/v1/articles/hallo").ok());
    assert_eq!(hallo["article"]["locale"], "de");
    // By the slug of a later one, in the language of the earlier: the slug tells which text, the chain in which language.
    let hello = at(&server, "/de-CH/hello");
    assert_eq!(
        served(&hello),
        ("de-CH", "de", "https://example.org/de/hallo")
    );
    let only = at(&server, "/de-CH/only");
    assert_eq!(served(&only), ("de-CH", "en", "https://example.org/only"));
    // What stands around it is of its own language.
    assert_eq!(only["related"][0]["slug"], "other");
    assert_eq!(served(&at(&server, "/de-CH/ueber")).1, "de");
    assert_eq!(served(&at(&server, "/fr/hello")).1, "en");
    // Chains are as they are configured, and nothing else stands in.
    for path in ["/fr/hallo", "/de/hello", "/de/only", "/hallo", "/fr/ueber"] {
        assert_eq!(found(&server, path), 404, "{path}");
    }
}

#[test]
fn the_locale_itself_comes_first() {
    let server = swiss();
    create_all(
        &server,
        vec![
            greeting(1, "en", "hello"),
            greeting(2, "de", "hallo"),
            greeting(3, "de-CH", "hoi").draft(),
            greeting(4, "fr", "hello"),
            // Another text altogether that has the slug of one.
            article("Anderes").locale("de-CH").slug("only"),
            article("Only English").slug("only"),
        ],
    );
    assert_eq!(at(&server, "/de-CH/only")["article"]["title"], "Anderes");
    assert_eq!(served(&at(&server, "/fr/hello")).1, "fr");
    assert_eq!(served(&at(&server, "/de-CH/hallo")).1, "de");
    assert_eq!(found(&server, "/de-CH/hoi"), 404);
    server.write(|tx| store::transition(tx, id(3), Transition::Publish));
    assert_eq!(served(&at(&server, "/de-CH/hoi")).1, "de-CH");
    // Not for good: what is published can be taken back.
    for path in ["/de-CH/hallo", "/de-CH/hello"] {
        assert_eq!(leads(&server, path), ("/de-CH/hoi".into(), 307), "{path}");
    }
    server.write(|tx| store::transition(tx, id(3), Transition::Unpublish));
    assert_eq!(served(&at(&server, "/de-CH/hallo")).1, "de");
}

#[test]
fn former_slugs_of_a_stand_in_lead_on_in_the_locale_asked_for() {
    let server = swiss();
    greeting(2, "de", "hallo")
        .aliases(["servus"])
        .create(&server);
    assert_eq!(
        leads(&server, "/de-CH/servus"),
        ("/de-CH/hallo".into(), 308)
    );
    assert_eq!(leads(&server, "/de/servus"), ("/de/hallo".into(), 308));
    // Where something else has the present slug, to the text's own address.
    article("Etwas anderes")
        .locale("de-CH")
        .slug("hallo")
        .id(id(9))
        .create(&server);
    assert_eq!(leads(&server, "/de-CH/servus"), ("/de/hallo".into(), 308));
    // What has a slug now comes before what had it once, in whichever stand-in.
    article("Servus").slug("servus").create(&server);
    assert_eq!(served(&at(&server, "/de-CH/servus")).1, "en");
}

#[test]
fn the_routes_of_single_texts_follow_the_same_chain() {
    let server = swiss();
    create_all(
        &server,
        vec![
            greeting(1, "en", "hello"),
            greeting(2, "de", "hallo").aliases(["servus"]),
            page("Über").locale("de").slug("ueber"),
        ],
    );
    let title = |path: &str| server.get(path).ok()["title"].clone();
    for key in ["hallo", "hello"] {
        let path = format!("/v1/articles/{key}?locale=de-CH");
        assert_eq!(title(&path), "Title in de", "{path}");
    }
    // An id is of one text.
    let by_id = |number: u64, locale: &str| {
        server.get(&format!("/v1/articles/{}?locale={locale}", id(number)))
    };
    assert_eq!(by_id(1, "de-CH").ok()["title"], "Title in en");
    assert_eq!(by_id(2, "fr").status, 404);
    assert_eq!(title("/v1/pages/ueber?locale=de-CH"), "Über");
    assert!(
        server
            .get("/v1/pages/ueber.md?locale=de-CH")
            .text()
            .contains("Über")
    );
    let moved = server.get("/v1/articles/servus?locale=de-CH");
    assert_eq!(moved.header("location"), "/v1/articles/hallo?locale=de-CH");
    for path in [
        "/v1/articles/hallo?locale=fr",
        "/v1/articles/hello?locale=de",
        "/v1/pages/ueber?locale=fr",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    // Lists show what is in the locale, and nothing in its place.
    assert_eq!(
        server.get("/v1/articles?locale=de-CH").ok()["items"],
        json!([])
    );
}

#[test]
fn a_language_of_the_reader_decides_nothing() {
    let server = swiss();
    create_all(
        &server,
        vec![greeting(1, "en", "hello"), greeting(2, "de", "hallo")],
    );
    for path in ["/hello", "/de/hallo", "/de-CH/hallo", "/fr/hello"] {
        let target = format!("/v1/resolve?path={path}");
        let plain = server.search(&target);
        for language in ["de", "fr-CH, fr;q=0.9", "*", "xx"] {
            let request = server.client.request("GET", &target);
            let other = request.header("accept-language", language).send();
            assert_eq!(other.body, plain.body, "{path} {language}");
            assert_eq!(other.etag(), plain.etag());
        }
    }
}

#[test]
fn versions_name_each_other_once_they_are_out() {
    let server = Server::start();
    create_all(
        &server,
        vec![
            greeting(1, "en", "hello"),
            greeting(2, "de", "hallo").draft(),
        ],
    );
    let alone = server.search("/v1/resolve?path=/hello");
    assert_eq!(alone.ok()["seo"]["alternates"], json!([]));
    assert_eq!(alone.ok()["article"]["translations"], json!([]));
    assert!(!alone.text().contains("hallo"));
    assert_eq!(found(&server, "/de/hallo"), 404);

    server.write(|tx| store::transition(tx, id(2), Transition::Publish));
    let both = json!([
        {"locale": "en", "url": "https://example.org/hello"},
        {"locale": "de", "url": "https://example.org/de/hallo"},
    ]);
    let hello = server.search("/v1/resolve?path=/hello");
    assert_ne!(hello.etag(), alone.etag());
    assert_eq!(hello.ok()["seo"]["alternates"], both);
    assert_eq!(
        hello.ok()["article"]["translations"],
        json!([{"locale": "de", "slug": "hallo"}])
    );
    let hallo = at(&server, "/de/hallo");
    assert_eq!(hallo["seo"]["alternates"], both);
    assert_eq!(
        hallo["seo"]["canonical_url"],
        "https://example.org/de/hallo"
    );

    server.write(|tx| store::transition(tx, id(2), Transition::Unpublish));
    assert_eq!(server.search("/v1/resolve?path=/hello").body, alone.body);
}
