//! What crawlers are told: the sitemap, `robots.txt` and `llms.txt`.

mod many;

use masthead::articles::model::{Image, Seo, State};
use masthead::site;
use masthead::site::model::Settings;
use roxmltree::Document;

use crate::imports::import_blog;
use crate::support::{Server, article, corpus, page};

const SITEMAP: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
const XHTML: &str = "http://www.w3.org/1999/xhtml";
const IMAGE: &str = "http://www.google.com/schemas/sitemap-image/1.1";

/// An address of a sitemap.
#[derive(Debug, PartialEq, Eq)]
struct Url {
    loc: String,
    lastmod: Option<String>,
    translations: Vec<(String, String)>,
    image: Option<String>,
}

/// The addresses of a sitemap, strictly read.
fn urls(server: &Server, path: &str) -> Vec<Url> {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.header("content-type"),
        "application/xml; charset=utf-8"
    );
    let document = Document::parse(answer.text()).unwrap();
    let root = document.root_element();
    assert!(root.has_tag_name((SITEMAP, "urlset")), "{path}");
    root.children()
        .filter(roxmltree::Node::is_element)
        .map(|url| {
            assert!(url.has_tag_name((SITEMAP, "url")));
            let text = |name: &str| {
                let mut found = url
                    .children()
                    .filter(|child| child.has_tag_name((SITEMAP, name)));
                let text = found.next().map(|child| child.text().unwrap().to_owned());
                assert!(found.next().is_none(), "two of {name}");
                text
            };
            Url {
                loc: text("loc").unwrap(),
                lastmod: text("lastmod"),
                translations: url
                    .children()
                    .filter(|child| child.has_tag_name((XHTML, "link")))
                    .map(|link| {
                        assert_eq!(link.attribute("rel"), Some("alternate"));
                        let attribute = |name| link.attribute(name).unwrap().to_owned();
                        (attribute("hreflang"), attribute("href"))
                    })
                    .collect(),
                image: url
                    .descendants()
                    .find(|node| node.has_tag_name((IMAGE, "loc")))
                    .map(|node| node.text().unwrap().to_owned()),
            }
        })
        .collect()
}

fn locs(server: &Server) -> Vec<String> {
    let mut all: Vec<String> = urls(server, "/sitemap.xml")
        .into_iter()
        .map(|url| url.loc)
        .collect();
    all.sort();
    all
}

#[test]
fn the_sitemap_holds_what_is_published() {
    let server = Server::start();
    for (number, state) in State::ALL.iter().enumerate() {
        let mut make = article(&format!("{state:?}")).slug(&format!("a-{number}"));
        if *state == State::Scheduled {
            make = make.published_at("2030-01-01T00:00:00Z");
        }
        make.state(*state).create(&server);
    }
    article("Old")
        .slug("old")
        .published_at("2020-01-01T00:00:00Z")
        .updated_at("2020-02-01T00:00:00Z")
        .cover(Image {
            url: "/a.jpg?x=1&y=2".into(),
            alt: String::new(),
            width: None,
            height: None,
        })
        .create(&server);
    page("About").slug("about").create(&server);
    let published = State::ALL
        .iter()
        .position(|state| *state == State::Published);
    let published = format!("https://example.org/a-{}", published.unwrap());
    let urls = urls(&server, "/sitemap.xml");
    let found: Vec<&str> = urls.iter().map(|url| url.loc.as_str()).collect();
    assert_eq!(
        found,
        [
            "https://example.org/old",
            &published,
            "https://example.org/about"
        ]
    );
    assert_eq!(
        urls[0],
        Url {
            loc: "https://example.org/old".into(),
            lastmod: Some("2020-02-01T00:00:00.000Z".into()),
            translations: vec![],
            image: Some("https://example.org/a.jpg?x=1&y=2".into()),
        }
    );
    let first = server.get("/sitemap.xml");
    let again = server
        .client
        .request("GET", "/sitemap.xml")
        .header("if-none-match", first.etag());
    assert_eq!(again.send().status, 304);
    assert_eq!(self::urls(&server, "/sitemaps/1.xml"), urls);
    for path in [
        "/sitemaps/2.xml",
        "/sitemaps/0.xml",
        "/sitemaps/01.xml",
        "/sitemaps/99999999999.xml",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn translations_name_each_other() {
    let server = Server::setup().locales(["en", "de", "fr"]).start();
    let of = |locale: &str, slug: &str| {
        article(slug)
            .slug(slug)
            .locale(locale)
            .translation_key("key")
    };
    of("en", "courage").create(&server);
    of("de", "mut").create(&server);
    of("fr", "courage").draft().create(&server);
    of("fr", "secret")
        .seo(Seo {
            noindex: true,
            ..Seo::default()
        })
        .create(&server);
    article("Alone")
        .slug("alone")
        .translation_key("other")
        .create(&server);
    let both = vec![
        ("de".to_owned(), "https://example.org/de/mut".to_owned()),
        ("en".to_owned(), "https://example.org/courage".to_owned()),
    ];
    let urls = urls(&server, "/sitemap.xml");
    assert_eq!(urls.len(), 3);
    for url in urls {
        let expected: &[_] = if url.loc.ends_with("alone") {
            &[]
        } else {
            &both
        };
        assert_eq!(url.translations, expected, "{}", url.loc);
    }
}

#[test]
fn what_asks_not_to_be_found_is_left_out() {
    let server = Server::start();
    let with = |slug: &str, seo: Seo| article(slug).slug(slug).seo(seo).create(&server);
    let none = Seo::default;
    with("open", none());
    with(
        "hidden",
        Seo {
            noindex: true,
            ..none()
        },
    );
    with(
        "elsewhere",
        Seo {
            canonical_url: Some("https://other.example/x".into()),
            ..none()
        },
    );
    with(
        "itself",
        Seo {
            canonical_url: Some("https://example.org/itself".into()),
            ..none()
        },
    );
    with(
        "talks",
        Seo {
            title: Some("\"noindex\":true".into()),
            ..none()
        },
    );
    page("Imprint")
        .slug("imprint")
        .seo(Seo {
            noindex: true,
            ..none()
        })
        .create(&server);
    assert_eq!(
        locs(&server),
        [
            "https://example.org/itself",
            "https://example.org/open",
            "https://example.org/talks"
        ]
    );
    let llms = server.get("/llms.txt").text().to_owned();
    assert!(
        llms.contains("open.md") && !llms.contains("hidden") && !llms.contains("imprint"),
        "{llms}"
    );
}

#[test]
fn a_sitemap_needs_the_address_of_the_website() {
    let server = Server::setup().site_url(None).start();
    article("One").create(&server);
    for path in ["/sitemap.xml", "/sitemaps/1.xml"] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (404, "not-found"));
        assert!(
            answer.problem()["detail"]
                .as_str()
                .unwrap()
                .contains("--site-url")
        );
    }
    assert_eq!(
        server.get("/robots.txt").text(),
        "User-agent: *\nAllow: /\n"
    );
    // A sitemap without an address is none.
    let server = Server::start();
    assert_eq!(locs(&server), ["https://example.org/"]);
}

#[test]
fn robots_are_shown_the_sitemap_or_the_door() {
    let server = Server::start();
    let robots = server.get("/robots.txt");
    assert_eq!(robots.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        robots.text(),
        "User-agent: *\nAllow: /\n\nSitemap: https://example.org/sitemap.xml\n"
    );
    let server = Server::setup()
        .public_url("https://api.example.org")
        .start();
    assert!(
        server
            .get("/robots.txt")
            .text()
            .ends_with("Sitemap: https://api.example.org/sitemap.xml\n")
    );
    let server = Server::setup().app(|app| app.robots_denied = true).start();
    assert_eq!(
        server.get("/robots.txt").text(),
        "User-agent: *\nDisallow: /\n"
    );
}

#[test]
fn llms_txt_leads_to_the_markdown_of_each_text() {
    let server = Server::setup()
        .public_url("https://api.example.org")
        .start();
    let settings = Settings {
        name: "The [Door]".into(),
        description: Some("A magazine\nabout doors.".into()),
        ..Settings::default()
    };
    server.write(move |tx| site::store::put(tx, &settings));
    article("One](x) *two*")
        .slug("one")
        .standfirst("First.")
        .create(&server);
    article("Mut")
        .slug("mut")
        .locale("de")
        .standfirst("Dann.")
        .published_at("2020-01-01T00:00:00Z")
        .create(&server);
    article("Draft").draft().create(&server);
    page("About")
        .slug("about")
        .standfirst("Us.")
        .create(&server);
    let llms = server.get("/llms.txt");
    assert_eq!(llms.header("content-type"), "text/plain; charset=utf-8");
    insta::assert_snapshot!(llms.text(), @r"
    # The \[Door\]

    > A magazine about doors.

    ## Articles

    - [One\](x) \*two\*](https://api.example.org/v1/articles/one.md): First.
    - [Mut](https://api.example.org/v1/articles/mut.md?locale=de): Dann.

    ## Pages

    - [About](https://api.example.org/v1/pages/about.md): Us.

    ## Optional

    - [All articles](https://api.example.org/v1/articles?include=text): a list in JSON, page by page, with their texts
    - [The newest articles](https://api.example.org/v1/feeds/articles.atom): a feed, with their texts
    - [The API](https://api.example.org/v1/openapi.json): its OpenAPI document, with search
    ");
    let links: Vec<&str> = llms
        .text()
        .split("](https://api.example.org")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
        .collect();
    assert_eq!(links.len(), 6);
    for link in links {
        assert_eq!(server.get(link).status, 200, "{link}");
    }
}

#[test]
fn the_sitemap_of_real_blogs_is_valid_and_whole() {
    let server = Server::start();
    let mut created = 0;
    for blog in ["markdown-blog/18f-yaml", "markdown-blog/rust-toml"] {
        created += import_blog(&server, &corpus(blog)).created;
    }
    let mut all = locs(&server);
    assert_eq!(all.len(), created);
    all.dedup();
    assert_eq!(all.len(), created, "an address stands twice");
    assert!(server.get("/llms.txt").text().matches("\n- [").count() > 100);
}
