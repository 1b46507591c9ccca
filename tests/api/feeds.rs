//! The feeds: RSS 2.0, Atom and JSON Feed, each read by a strict parser or held against its schema.

mod corpus;
mod hostile;

use std::sync::LazyLock;

use masthead::articles::model::{Image, State};
use masthead::site;
use masthead::site::model::Settings;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use crate::support::{Answer, Server, article, id, page, time};

pub(crate) const FORMATS: [&str; 3] = ["rss", "atom", "json"];
const ATOM: &str = "http://www.w3.org/2005/Atom";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// What one of the formats says, in the words of JSON Feed.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    title: String,
    entries: Vec<Entry>,
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    id: String,
    url: Option<String>,
    title: String,
    summary: String,
    content: String,
    authors: Vec<String>,
    tags: Vec<String>,
    language: String,
    image: Option<String>,
    is_mature: bool,
}

/// A name in a namespace, or in none.
fn texts(node: Node<'_, '_>, namespace: Option<&str>, name: &str) -> Vec<String> {
    node.children()
        .filter(|child| {
            child.tag_name().name() == name && child.tag_name().namespace() == namespace
        })
        .map(|child| child.text().unwrap_or_default().to_owned())
        .collect()
}

fn text(node: Node<'_, '_>, namespace: Option<&str>, name: &str) -> String {
    let mut found = texts(node, namespace, name);
    assert_eq!(found.len(), 1, "{name} of {:?}", node.tag_name());
    found.remove(0)
}

fn media(node: Node<'_, '_>) -> (Option<String>, bool) {
    let image = node
        .children()
        .find(|child| child.has_tag_name((MEDIA, "content")));
    let rating = texts(node, Some(MEDIA), "rating");
    (
        image.map(|image| image.attribute("url").unwrap().to_owned()),
        rating == ["adult"],
    )
}

fn unescaped(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#13;", "\r")
        .replace("&amp;", "&")
}

/// Reads an RSS feed, and holds it against the rules that no parser knows.
fn read_rss(source: &str) -> Said {
    let document = Document::parse(source).unwrap_or_else(|error| panic!("{error}: {source}"));
    let rss = document.root_element();
    assert!(rss.has_tag_name("rss") && rss.attribute("version") == Some("2.0"));
    let channel = rss.first_element_child().unwrap();
    assert!(!text(channel, None, "description").is_empty());
    absolute(&text(channel, None, "link"));
    let items = channel
        .children()
        .filter(|child| child.has_tag_name("item"));
    let mut latest = None;
    let entries: Vec<Entry> = items
        .map(|item| {
            let date = text(item, None, "pubDate");
            jiff_date(&date);
            latest = Some(date);
            let (image, is_mature) = media(item);
            let guid = item
                .children()
                .find(|child| child.has_tag_name("guid"))
                .unwrap();
            assert_eq!(guid.attribute("isPermaLink"), Some("false"));
            Entry {
                id: text(item, None, "guid"),
                url: texts(item, None, "link").pop(),
                title: text(item, None, "title"),
                summary: unescaped(&text(item, None, "description")),
                content: text(item, Some(CONTENT), "encoded"),
                authors: texts(item, Some(DC), "creator"),
                tags: texts(item, None, "category"),
                language: text(item, Some(DC), "language"),
                image,
                is_mature,
            }
        })
        .collect();
    let built = texts(channel, None, "lastBuildDate");
    assert_eq!(built.len(), usize::from(latest.is_some()));
    Said {
        title: text(channel, None, "title"),
        entries,
    }
}

fn jiff_date(date: &str) {
    // Sun, 22 Nov 2026 10:00:00 GMT
    let parts: Vec<&str> = date.split([' ', ':']).collect();
    let [day, _, month, year, _, _, _, zone] = parts.as_slice() else {
        panic!("no date of RFC 822: {date}");
    };
    assert!(day.ends_with(',') && month.len() == 3 && year.len() == 4 && *zone == "GMT");
}

fn absolute(address: &str) {
    assert!(
        ["https://", "http://", "urn:uuid:"]
            .iter()
            .any(|start| address.starts_with(start)),
        "not absolute: {address}"
    );
}

/// Reads an Atom feed, and holds it against what RFC 4287 wants.
fn read_atom(source: &str) -> Said {
    let document = Document::parse(source).unwrap_or_else(|error| panic!("{error}: {source}"));
    let feed = document.root_element();
    assert!(feed.has_tag_name((ATOM, "feed")));
    let own = |node, name| text(node, Some(ATOM), name);
    absolute(&own(feed, "id"));
    let feed_updated = time(&own(feed, "updated"));
    let entries = feed
        .children()
        .filter(|child| child.has_tag_name((ATOM, "entry")));
    let link = |node: Node<'_, '_>, relation: &str| {
        let mut links = node.children().filter(|child| {
            child.has_tag_name((ATOM, "link")) && child.attribute("rel") == Some(relation)
        });
        let link = links.next();
        assert!(links.next().is_none(), "two links");
        link.map(|link| link.attribute("href").unwrap().to_owned())
    };
    if let Some(address) = link(feed, "self") {
        absolute(&address);
    }
    let xml = "http://www.w3.org/XML/1998/namespace";
    let entries = entries
        .map(|entry| {
            let updated = time(&own(entry, "updated"));
            assert!(updated <= feed_updated && time(&own(entry, "published")) <= updated);
            let content = entry
                .children()
                .find(|child| child.has_tag_name((ATOM, "content")))
                .unwrap();
            assert_eq!(content.attribute("type"), Some("html"));
            let (image, is_mature) = media(entry);
            let children = |name: &'static str| {
                entry
                    .children()
                    .filter(move |child| child.has_tag_name((ATOM, name)))
            };
            Entry {
                id: own(entry, "id"),
                url: link(entry, "alternate"),
                title: own(entry, "title"),
                summary: own(entry, "summary"),
                content: own(entry, "content"),
                authors: children("author")
                    .map(|author| own(author, "name"))
                    .collect(),
                tags: children("category")
                    .map(|tag| tag.attribute("label").unwrap().to_owned())
                    .collect(),
                language: entry.attribute((xml, "lang")).unwrap().to_owned(),
                image,
                is_mature,
            }
        })
        .collect();
    Said {
        title: own(feed, "title"),
        entries,
    }
}

/// Reads a JSON Feed, and holds it against its schema.
fn read_json(source: &str) -> Said {
    static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
        let schema = include_str!("fixtures/json-feed-1.1.schema.json");
        jsonschema::options()
            .should_validate_formats(true)
            .build(&serde_json::from_str(schema).unwrap())
            .unwrap()
    });
    let feed: Value = serde_json::from_str(source).unwrap();
    let faults: Vec<String> = SCHEMA
        .iter_errors(&feed)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    let list = |of: &Value| -> Vec<String> {
        let items = of.as_array().unwrap().iter();
        items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect()
    };
    let string = |of: &Value| of.as_str().unwrap().to_owned();
    let entries = feed["items"].as_array().unwrap().iter().map(|item| Entry {
        id: string(&item["id"]),
        url: item.get("url").map(string),
        title: string(&item["title"]),
        summary: string(&item["summary"]),
        content: string(&item["content_html"]),
        authors: item["authors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|author| string(&author["name"]))
            .collect(),
        tags: list(&item["tags"]),
        language: string(&item["language"]),
        image: item.get("image").map(string),
        is_mature: item["_masthead"]["audience"] == "mature",
    });
    Said {
        title: string(&feed["title"]),
        entries: entries.collect(),
    }
}

fn read(format: &str, answer: &Answer) -> Said {
    assert_eq!(answer.status, 200, "{answer:?}");
    let kind = match format {
        "rss" => "application/rss+xml; charset=utf-8",
        "atom" => "application/atom+xml; charset=utf-8",
        _ => "application/feed+json",
    };
    assert_eq!(answer.header("content-type"), kind);
    match format {
        "rss" => read_rss(answer.text()),
        "atom" => read_atom(answer.text()),
        _ => read_json(answer.text()),
    }
}

/// What all the formats say alike of the same query.
#[track_caller]
fn feed(server: &Server, query: &str) -> Said {
    let [rss, atom, json] = FORMATS.map(|format| {
        read(
            format,
            &server.get(&format!("/v1/feeds/articles.{format}{query}")),
        )
    });
    assert_eq!(rss, atom);
    assert_eq!(atom, json);
    json
}

fn titles(said: &Said) -> Vec<&str> {
    said.entries
        .iter()
        .map(|entry| entry.title.as_str())
        .collect()
}

fn name_it(server: &Server, name: &str) {
    let settings = Settings {
        name: name.to_owned(),
        description: Some("A magazine.".into()),
        logo: Some(Image {
            url: "/logo.png".into(),
            alt: String::new(),
            width: None,
            height: None,
        }),
        ..Settings::default()
    };
    server.write(move |tx| site::store::put(tx, &settings));
}

#[test]
fn all_formats_say_everything_of_an_article() {
    let server = Server::start();
    name_it(&server, "The Door");
    article("Sleep & wake")
        .id(id(1))
        .slug("sleep")
        .standfirst("Why <we> sleep.")
        .tags(["Mind", "Rest & more"])
        .authors(["Ada Lovelace", "Grace Hopper"])
        .cover(Image {
            url: "/cover.jpg?a=1&b=2".into(),
            alt: "A bed & a lamp".into(),
            width: Some(800),
            height: Some(600),
        })
        .published_at("2026-01-02T03:04:05.678Z")
        .markdown("Read [this](/other) or [that](#top).\n\n![x](pic.png)")
        .create(&server);
    let said = feed(&server, "");
    assert_eq!(
        said,
        Said {
            title: "The Door".into(),
            entries: vec![Entry {
                id: format!("urn:uuid:{}", id(1)),
                url: Some("https://example.org/sleep".into()),
                title: "Sleep & wake".into(),
                summary: "Why <we> sleep.".into(),
                content: "<p>Read <a href=\"https://example.org/other\">this</a> or \
                          <a href=\"https://example.org/sleep#top\">that</a>.</p>\n\
                          <p><img src=\"https://example.org/pic.png\" alt=\"x\"></p>\n"
                    .into(),
                authors: vec!["Ada Lovelace".into(), "Grace Hopper".into()],
                tags: vec!["Mind".into(), "Rest & more".into()],
                language: "en".into(),
                image: Some("https://example.org/cover.jpg?a=1&b=2".into()),
                is_mature: false,
            }],
        }
    );
    let rss = server.get("/v1/feeds/articles.rss").text().to_owned();
    assert!(
        rss.contains("<pubDate>Fri, 02 Jan 2026 03:04:05 GMT</pubDate>"),
        "{rss}"
    );
    assert!(
        rss.contains("<url>https://example.org/logo.png</url>"),
        "{rss}"
    );
    assert!(rss.contains("A bed &amp; a lamp"), "{rss}");
}

#[test]
fn only_published_articles_stand_in_a_feed_the_newest_first() {
    let server = Server::start();
    for (number, state) in State::ALL.iter().enumerate() {
        let mut make = article(&format!("{state:?}"))
            .state(*state)
            .tags(["Common"])
            .authors(["Ada"]);
        if *state == State::Scheduled {
            make = make.published_at("2030-01-01T00:00:00Z");
        }
        make.id(id(number as u64)).create(&server);
    }
    article("Older")
        .tags(["Common"])
        .authors(["Ada"])
        .published_at("2020-01-01T00:00:00Z")
        .create(&server);
    page("About").tags(["Common"]).create(&server);
    for query in [
        "",
        "?tag=common",
        "?author=ada",
        "?locale=en",
        "?tag=common&author=ada&locale=en&limit=100",
    ] {
        assert_eq!(
            titles(&feed(&server, query)),
            ["Published", "Older"],
            "{query}"
        );
    }
    assert_eq!(titles(&feed(&server, "?limit=1")), ["Published"]);
    assert_eq!(titles(&feed(&server, "?locale=de")), [""; 0]);
}

#[test]
fn a_feed_of_a_tag_or_an_author_is_named_by_it() {
    let server = Server::setup()
        .public_url("https://api.example.org")
        .start();
    name_it(&server, "The Door");
    article("One")
        .tags(["Mind & body"])
        .authors(["Ada"])
        .create(&server);
    article("Two")
        .tags(["Sleep"])
        .authors(["Ada", "Grace"])
        .locale("de")
        .create(&server);
    article("Hidden")
        .tags(["Secret"])
        .authors(["Nobody"])
        .draft()
        .create(&server);

    for (query, title, found) in [
        ("?tag=mind-body", "The Door: Mind & body", vec!["One"]),
        ("?tag=Mind+%26+body", "The Door: Mind & body", vec!["One"]),
        ("?author=grace", "The Door: Grace", vec!["Two"]),
        ("?author=Ada&tag=sleep", "The Door: Sleep, Ada", vec!["Two"]),
        ("?author=ada&locale=de", "The Door: Ada", vec!["Two"]),
    ] {
        let said = feed(&server, query);
        assert_eq!(
            (said.title.as_str(), titles(&said)),
            (title, found),
            "{query}"
        );
    }
    let ids: Vec<String> = [
        "",
        "?tag=sleep",
        "?author=ada",
        "?author=ada&locale=de",
        "?limit=3",
    ]
    .iter()
    .map(|query| {
        let answer = server.get(&format!("/v1/feeds/articles.atom{query}"));
        let document = Document::parse(answer.text()).unwrap();
        text(document.root_element(), Some(ATOM), "id")
    })
    .collect();
    assert_eq!(
        ids[0], ids[4],
        "how much of a feed is asked for is not which feed"
    );
    let mut different = ids[..4].to_vec();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4);

    let json = server
        .get("/v1/feeds/articles.json?tag=Mind+%26+body&limit=7")
        .ok();
    assert_eq!(
        json["feed_url"],
        "https://api.example.org/v1/feeds/articles.json?tag=mind-body&limit=7"
    );
    assert_eq!(json["home_page_url"], "https://example.org/");

    for format in FORMATS {
        for (query, status) in [
            ("?tag=nothing", 404),
            ("?tag=secret", 404),
            ("?author=nobody", 404),
            ("?author=else", 404),
            ("?locale=fr", 400),
            ("?limit=0", 400),
            ("?limit=101", 400),
            ("?page=2", 400),
            ("?tag=sleep&tag=mind-body", 400),
        ] {
            let answer = server.get(&format!("/v1/feeds/articles.{format}{query}"));
            assert_eq!(answer.status, status, "{query}");
            assert!(answer.is_problem());
        }
    }
}

#[test]
fn a_sensitive_subject_is_announced_wherever_a_reader_begins() {
    let server = Server::start();
    article("Hard")
        .standfirst("About it.")
        .content_notice("Speaks of <grief> & loss.")
        .mature()
        .markdown("Text.")
        .create(&server);
    let said = feed(&server, "");
    let [entry] = said.entries.as_slice() else {
        panic!("{said:?}");
    };
    assert!(entry.is_mature);
    assert_eq!(entry.summary, "[Speaks of <grief> & loss.] About it.");
    assert_eq!(
        entry.content,
        "<p><strong>Speaks of &lt;grief&gt; &amp; loss.</strong></p>\n<p>Text.</p>\n"
    );
    let json = server.get("/v1/feeds/articles.json").ok();
    assert_eq!(
        json["items"][0]["_masthead"],
        json!({"audience": "mature", "content_notice": "Speaks of <grief> & loss."})
    );
}

#[test]
fn without_addresses_a_feed_is_valid_and_has_no_links() {
    let server = Server::setup().site_url(None).start();
    article("One")
        .cover(Image {
            url: "/a.jpg".into(),
            alt: String::new(),
            width: None,
            height: None,
        })
        .markdown("[x](/y)")
        .create(&server);
    let said = feed(&server, "");
    assert_eq!(said.title, "Articles");
    assert_eq!(
        (&said.entries[0].url, &said.entries[0].image),
        (&None, &None)
    );
    let json = server.get("/v1/feeds/articles.json").ok();
    assert!(json.get("feed_url").is_none() && json.get("home_page_url").is_none());

    // The one that is known leads to the article's text.
    let server = Server::setup()
        .site_url(None)
        .public_url("https://api.example.org")
        .start();
    article("One").locale("de").slug("eins").create(&server);
    article("Two")
        .slug("two")
        .published_at("2020-01-01T00:00:00Z")
        .create(&server);
    let said = feed(&server, "");
    let urls: Vec<_> = said
        .entries
        .iter()
        .flat_map(|entry| entry.url.clone())
        .collect();
    assert_eq!(
        urls,
        [
            "https://api.example.org/v1/articles/eins.html?locale=de",
            "https://api.example.org/v1/articles/two.html"
        ]
    );
    for url in urls {
        assert_eq!(
            server
                .get(url.trim_start_matches("https://api.example.org"))
                .status,
            200
        );
    }
}

#[test]
fn a_feed_is_a_function_of_the_content() {
    let server = Server::start();
    for format in FORMATS {
        let empty = server.get(&format!("/v1/feeds/articles.{format}"));
        read(format, &empty);
        server
            .clock
            .advance(std::time::Duration::from_secs(100_000));
        let later = server.get(&format!("/v1/feeds/articles.{format}"));
        assert_eq!(empty.body, later.body);
    }
    article("One").create(&server);
    for format in FORMATS {
        let path = format!("/v1/feeds/articles.{format}");
        let first = server.get(&path);
        server
            .clock
            .advance(std::time::Duration::from_secs(100_000));
        let again = server
            .client
            .request("GET", &path)
            .header("if-none-match", first.etag());
        let again = again.send();
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(server.client.head(&path).etag(), first.etag());
    }
}

#[test]
fn no_feed_reader_is_refused() {
    let server = Server::start();
    // What readers send: Feedly, FreshRSS, NetNewsWire, feedparser, Miniflux, Inoreader, curl, a browser.
    for accept in [
        "*/*",
        "application/rss+xml, */*;q=0.8",
        "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, \
         text/html;q=0.7, unknown/unknown;q=0.1, application/unknown;q=0.1, */*;q=0.1",
        "application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
        "application/xml, text/xml, application/json",
        "text/xml, application/json",
        "application/*",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ] {
        for format in FORMATS {
            let path = format!("/v1/feeds/articles.{format}");
            let answer = server
                .client
                .request("GET", &path)
                .header("accept", accept)
                .send();
            assert_eq!(answer.status, 200, "{path}: {accept}");
        }
    }
    let image = server
        .client
        .request("GET", "/v1/feeds/articles.rss")
        .header("accept", "image/png, text/xml;q=0");
    assert_eq!(image.send().status, 406);
}
