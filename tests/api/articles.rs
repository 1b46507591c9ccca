//! One article or page: every field, former slugs, locales, sparse fields, and the forms besides JSON.

use masthead::articles::model::{Image, Seo, State, Transition};
use masthead::articles::store;
use masthead::transfer::{Parsed, markdown};
use serde_json::json;

use crate::support::{Server, article, id, page};

#[test]
fn shows_every_field_of_the_contract() {
    let server = Server::start();
    article("Closeness after trauma")
        .id(id(1))
        .external_id("wp-7")
        .slug("closeness")
        .subtitle("What helps")
        .standfirst("Can closeness protect?")
        .excerpt("A few words")
        .cover(Image {
            url: "/media/hands.jpg".into(),
            alt: "Two hands".into(),
            width: Some(1200),
            height: None,
        })
        .content_notice("Speaks of trauma")
        .mature()
        .featured()
        .cites("A study", Some("https://example.org/study"))
        .cites("A book", None)
        .tags(["Mental health", "Love"])
        .authors(["Ada Lovelace", "Zoë Çelik"])
        .published_at("2026-03-01T08:00:00Z")
        .updated_at("2026-03-02T08:00:00.5Z")
        .translation_key("closeness")
        .seo(Seo {
            description: Some("For search engines".into()),
            noindex: true,
            ..Seo::default()
        })
        .metadata("series", json!({"name": "Bonds", "part": 2}))
        .markdown("## Touch\n\nIt *helps*.\n")
        .create(&server);
    article("Nähe nach dem Trauma")
        .locale("de")
        .translation_key("closeness")
        .create(&server);

    let by_slug = server.get("/v1/articles/closeness?include=markdown,text");
    insta::assert_json_snapshot!(by_slug.without_ids(), @r###"
    {
      "id": "[id]",
      "external_id": "wp-7",
      "slug": "closeness",
      "url": "https://example.org/closeness",
      "kind": "article",
      "title": "Closeness after trauma",
      "subtitle": "What helps",
      "standfirst": "Can closeness protect?",
      "excerpt": "A few words",
      "cover": {
        "url": "/media/hands.jpg",
        "alt": "Two hands",
        "width": 1200
      },
      "locale": "en",
      "featured": true,
      "content_notice": "Speaks of trauma",
      "audience": "mature",
      "citations": [
        {
          "title": "A study",
          "url": "https://example.org/study"
        },
        {
          "title": "A book"
        }
      ],
      "word_count": 3,
      "reading_minutes": 1,
      "published_at": "2026-03-01T08:00:00.000Z",
      "updated_at": "2026-03-02T08:00:00.500Z",
      "markdown": "## Touch\n\nIt *helps*.\n",
      "text": "Touch\n\nIt helps.",
      "toc": [
        {
          "level": 2,
          "id": "touch",
          "text": "Touch"
        }
      ],
      "tags": [
        {
          "id": "[id]",
          "slug": "mental-health",
          "name": "Mental health"
        },
        {
          "id": "[id]",
          "slug": "love",
          "name": "Love"
        }
      ],
      "authors": [
        {
          "id": "[id]",
          "slug": "ada-lovelace",
          "name": "Ada Lovelace"
        },
        {
          "id": "[id]",
          "slug": "zoe-celik",
          "name": "Zoë Çelik"
        }
      ],
      "seo": {
        "title": null,
        "description": "For search engines",
        "canonical_url": null,
        "image": null,
        "noindex": true
      },
      "metadata": {
        "series": {
          "name": "Bonds",
          "part": 2
        }
      },
      "translations": [
        {
          "locale": "de",
          "slug": "naehe-nach-dem-trauma"
        }
      ],
      "body": "<h2 id=\"touch\">Touch</h2>\n<p>It <em>helps</em>.</p>\n"
    }
    "###);
    let by_id = server.get(&format!("/v1/articles/{}?include=markdown,text", id(1)));
    assert_eq!(by_id.body, by_slug.body);
    assert_eq!(by_id.ok()["id"], id(1).to_string());
}

#[test]
fn what_has_no_value_is_null_and_what_was_not_asked_for_is_absent() {
    let server = Server::start();
    article("Bare").create(&server);
    insta::assert_json_snapshot!(server.get("/v1/articles/bare").without_ids(), @r#"
    {
      "id": "[id]",
      "external_id": null,
      "slug": "bare",
      "url": "https://example.org/bare",
      "kind": "article",
      "title": "Bare",
      "subtitle": null,
      "standfirst": null,
      "excerpt": "",
      "cover": null,
      "locale": "en",
      "featured": false,
      "content_notice": null,
      "audience": "general",
      "citations": [],
      "word_count": 0,
      "reading_minutes": 0,
      "published_at": "2026-11-22T10:00:00.000Z",
      "updated_at": "2026-11-22T10:00:00.000Z",
      "toc": [],
      "tags": [],
      "authors": [],
      "seo": {
        "title": null,
        "description": null,
        "canonical_url": null,
        "image": null,
        "noindex": false
      },
      "metadata": {},
      "translations": [],
      "body": ""
    }
    "#);
    let one = server.get("/v1/articles/bare?fields=title,subtitle&include=tags,markdown");
    insta::assert_json_snapshot!(one.without_ids(), @r#"
    {
      "id": "[id]",
      "title": "Bare",
      "subtitle": null,
      "markdown": "",
      "tags": []
    }
    "#);
    let list = server.get("/v1/articles?fields=url&include=text");
    insta::assert_json_snapshot!(list.without_ids(), @r#"
    {
      "items": [
        {
          "id": "[id]",
          "url": "https://example.org/bare",
          "text": ""
        }
      ],
      "page": {
        "limit": 20,
        "next": null,
        "previous": null
      }
    }
    "#);
}

#[test]
fn a_list_shows_what_is_short_and_includes_add_to_it() {
    let server = Server::start();
    article("One")
        .tags(["Love"])
        .markdown("*Text*")
        .create(&server);
    let short = server.get("/v1/articles").ok();
    let names: Vec<&String> = short["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "id",
            "external_id",
            "slug",
            "url",
            "kind",
            "title",
            "subtitle",
            "standfirst",
            "excerpt",
            "cover",
            "locale",
            "featured",
            "content_notice",
            "audience",
            "citations",
            "word_count",
            "reading_minutes",
            "published_at",
            "updated_at"
        ]
    );
    let all = "body,markdown,text,toc,tags,authors,seo,metadata,translations";
    for name in all.split(',') {
        let with = server.get(&format!("/v1/articles?include={name}")).ok();
        let mut expected = names.clone();
        let name = name.to_owned();
        expected.push(&name);
        let mut got: Vec<&String> = with["items"][0].as_object().unwrap().keys().collect();
        got.sort();
        expected.sort();
        assert_eq!(got, expected);
    }
    let full = server.get("/v1/articles/one").ok();
    let listed = server.get(&format!("/v1/articles?include={all}")).ok();
    for (name, value) in full.as_object().unwrap() {
        assert_eq!(listed["items"][0][name], *value, "{name}");
    }
}

#[test]
fn a_former_slug_is_answered_by_308_with_the_query_kept() {
    let server = Server::start();
    let first = article("Tea").slug("tea").create(&server);
    article("Tea").slug("green-tea").replace(&server, first.id);
    article("Tea").slug("oolong").replace(&server, first.id);

    for (asked, location) in [
        ("/v1/articles/tea", "/v1/articles/oolong"),
        ("/v1/articles/green-tea", "/v1/articles/oolong"),
        ("/v1/articles/tea.md", "/v1/articles/oolong.md"),
        (
            "/v1/articles/tea.txt?locale=en",
            "/v1/articles/oolong.txt?locale=en",
        ),
        (
            "/v1/articles/tea?fields=title&include=tags",
            "/v1/articles/oolong?fields=title&include=tags",
        ),
    ] {
        let moved = server.get(asked);
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, location),
            "{asked}"
        );
        assert_eq!(server.get(location).status, 200);
        assert_eq!(server.client.head(asked).status, 308);
    }
    assert_eq!(server.get("/v1/pages/tea").status, 404);
    // A query with faults is told of before anyone is sent elsewhere.
    assert_eq!(
        server.get("/v1/articles/tea?colour=red").faults(),
        ["colour unknown"]
    );

    // Its own former slug is free for it again, and then leads nowhere else.
    article("Tea").slug("tea").replace(&server, first.id);
    assert_eq!(server.get("/v1/articles/tea").status, 200);
    assert_eq!(
        server.get("/v1/articles/oolong").header("location"),
        "/v1/articles/tea"
    );
}

#[test]
fn locations_are_absolute_where_the_api_knows_its_own_address() {
    let server = Server::setup()
        .public_url("https://api.example.org/base")
        .site_url(None)
        .start();
    let first = article("Tea").slug("tea").create(&server);
    article("Tea").slug("oolong").replace(&server, first.id);
    let moved = server
        .client
        .request("GET", "/v1/articles/tea")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .send();
    assert_eq!(
        moved.header("location"),
        "https://api.example.org/base/v1/articles/oolong"
    );
    assert_eq!(server.get("/v1/articles/oolong").ok()["url"], "/oolong");
}

#[test]
fn a_move_to_another_locale_leads_there() {
    let server = Server::start();
    let moved = article("Tee").slug("tee").create(&server);
    article("Tee")
        .slug("tee")
        .locale("de")
        .replace(&server, moved.id);

    // The slug is current in `de`, so without a locale it needs no redirect.
    assert_eq!(server.get("/v1/articles/tee").ok()["locale"], "de");
    let asked = server.get("/v1/articles/tee?fields=title&locale=en");
    assert_eq!(asked.status, 308);
    assert_eq!(
        asked.header("location"),
        "/v1/articles/tee?fields=title&locale=de"
    );
    assert_eq!(server.get(asked.header("location")).ok()["title"], "Tee");
    let text = server.get("/v1/articles/tee.md?locale=en");
    assert_eq!(text.header("location"), "/v1/articles/tee.md?locale=de");
}

#[test]
fn one_slug_in_two_locales_is_two_articles() {
    let server = Server::start();
    article("Deutsch").slug("one").locale("de").create(&server);
    article("English").slug("one").create(&server);
    let title = |query: &str| server.get(&format!("/v1/articles/one{query}")).ok()["title"].clone();
    assert_eq!(title(""), "English");
    assert_eq!(title("?locale=en"), "English");
    assert_eq!(title("?locale=de"), "Deutsch");
    let german = server.get("/v1/articles/one?locale=de").ok();
    assert_eq!(german["url"], "https://example.org/de/one");
    let of_id = format!("/v1/articles/{}", german["id"].as_str().unwrap());
    assert_eq!(server.get(&format!("{of_id}?locale=en")).status, 404);
    assert_eq!(server.get(&format!("{of_id}?locale=de")).status, 200);
    assert_eq!(
        server.get("/v1/articles/one?locale=fr").faults(),
        ["locale not_allowed"]
    );
}

#[test]
fn articles_and_pages_are_kept_apart() {
    let server = Server::start();
    let about = page("About")
        .tags(["House"])
        .authors(["Ada"])
        .create(&server);
    article("News").create(&server);
    assert_eq!(server.get("/v1/articles").column("slug"), ["news"]);
    assert_eq!(server.get("/v1/pages").column("slug"), ["about"]);
    assert_eq!(server.get("/v1/pages/about").ok()["kind"], "page");
    assert_eq!(server.get("/v1/articles/about").status, 404);
    assert_eq!(
        server.get(&format!("/v1/articles/{}", about.id)).status,
        404
    );
    assert_eq!(server.get("/v1/pages/news").status, 404);
    assert_eq!(server.get("/v1/pages/about.txt").text(), "About\n");
    assert_eq!(server.get("/v1/articles/about.txt").status, 404);
    assert_eq!(
        server.get("/v1/pages?tag=house&count=true").ok()["page"]["total"],
        1
    );
    assert_eq!(
        server.get("/v1/articles?tag=house&count=true").ok()["page"]["total"],
        0
    );
    // What a page shows can be read, though it counts as no article.
    assert_eq!(server.get("/v1/tags/house").ok()["article_count"], 0);
    assert_eq!(server.get("/v1/authors/ada").ok()["article_count"], 0);
    // One slug names one text of a locale, whatever its kind.
    let taken = article("Other")
        .slug("about")
        .try_create(&server)
        .unwrap_err();
    assert_eq!(
        taken.to_string(),
        "/slug: the slug `about` is taken in the locale `en`"
    );
}

#[test]
fn the_other_forms_of_a_text() {
    let server = Server::start();
    article("Tea")
        .id(id(7))
        .subtitle("Green")
        .standfirst("A drink")
        .tags(["Food"])
        .authors(["Ada"])
        .published_at("2026-01-01T00:00:00Z")
        .markdown("Some *text*.\n\n<script>alert(1)</script>\n")
        .create(&server);
    let md = server.get("/v1/articles/tea.md");
    assert_eq!(md.header("content-type"), "text/markdown; charset=utf-8");
    insta::assert_snapshot!(md.text(), @r#"
    ---
    id: "01890a5d-ac96-774b-8000-000000000007"
    title: "Tea"
    subtitle: "Green"
    standfirst: "A drink"
    slug: "tea"
    url: "https://example.org/tea"
    kind: "article"
    locale: "en"
    published_at: "2026-01-01T00:00:00.000Z"
    updated_at: "2026-11-22T10:00:00.000Z"
    tags: ["Food"]
    authors: ["Ada"]
    audience: "general"
    ---

    Some *text*.

    <script>alert(1)</script>
    "#);
    let txt = server.get("/v1/articles/tea.txt");
    assert_eq!(txt.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(txt.text(), "Tea\n\nGreen\n\nA drink\n\nSome text.\n");
    let html = server.get("/v1/articles/tea.html");
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(html.text(), server.get("/v1/articles/tea").ok()["body"]);
    assert!(!html.text().contains("script"), "{}", html.text());
    assert_eq!(
        server.get(&format!("/v1/articles/{}.txt", id(7))).body,
        txt.body
    );
    assert_eq!(server.get("/v1/articles/tea.pdf").status, 404);
    assert_eq!(
        server.get("/v1/articles/tea.md?fields=title").faults(),
        ["fields unknown"]
    );
}

#[test]
fn the_markdown_form_is_read_back_by_the_importer() {
    let server = Server::start();
    let body = "# Head\n\nA line with \"quotes\", a --- bar and an ü.\n\n- one\n- two\n";
    article("Title: with \"quotes\", a # and ---")
        .slug("tricky")
        .subtitle("- not a list")
        .standfirst("{not: yaml} \u{2028} \\ 'x'")
        .content_notice("null")
        .tags(["Yes", "12", "Mental health", "c#"])
        .authors(["Ñandú O'Brien", "null"])
        .locale("de")
        .published_at("2026-01-01T00:00:00.123Z")
        .metadata("deep", json!({"a": [1, null, "x\ny"]}))
        .markdown(body)
        .create(&server);
    let text = server.get("/v1/articles/tricky.md").body;
    let Parsed::Article(item) = markdown::parse("tricky.md", &text) else {
        panic!("not read back: {}", String::from_utf8_lossy(&text));
    };
    let read = item.article;
    let shown = server.get("/v1/articles/tricky?include=markdown").ok();
    let names = |list: &str| {
        let items = shown[list].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown["title"], read.title);
    assert_eq!(shown["subtitle"], json!(read.subtitle));
    assert_eq!(shown["standfirst"], json!(read.standfirst));
    assert_eq!(shown["content_notice"], json!(read.content_notice));
    assert_eq!(shown["slug"], json!(read.slug));
    assert_eq!(shown["locale"], json!(read.locale));
    assert_eq!(names("tags"), read.tags);
    assert_eq!(names("authors"), read.authors);
    assert_eq!(
        shown["published_at"],
        json!(read.published_at.map(|at| at.to_string()))
    );
    assert_eq!(shown["metadata"]["deep"], read.metadata["deep"]);
    assert_eq!(read.body.unwrap().text.trim(), body.trim());
}

#[test]
fn a_body_in_html_has_a_markdown_form_too() {
    let server = Server::start();
    article("Tea")
        .html("<h2>Head</h2><p>Some <em>text</em>.</p>")
        .create(&server);
    assert_eq!(
        server.get("/v1/articles/tea?include=markdown").ok()["markdown"],
        json!(null)
    );
    let md = server.get("/v1/articles/tea.md");
    assert!(
        md.text().ends_with("---\n\n## Head\n\nSome *text*."),
        "{}",
        md.text()
    );
}

#[test]
fn only_published_translations_are_named() {
    let server = Server::setup().locales(["en", "de", "fr"]).start();
    let make = |title: &str, locale: &str| article(title).locale(locale).translation_key("tea");
    make("Tea", "en").create(&server);
    let german = make("Tee", "de").draft().create(&server);
    make("Thé", "fr").create(&server);
    let named = |server: &Server| server.get("/v1/articles/tea").ok()["translations"].clone();
    assert_eq!(named(&server), json!([{"locale": "fr", "slug": "the"}]));
    server.write(move |tx| store::transition(tx, german.id, Transition::Publish));
    assert_eq!(
        named(&server),
        json!([{"locale": "de", "slug": "tee"}, {"locale": "fr", "slug": "the"}])
    );
    server.write(move |tx| store::transition(tx, german.id, Transition::Trash));
    assert_eq!(named(&server), json!([{"locale": "fr", "slug": "the"}]));
    assert_eq!(
        server
            .get("/v1/articles?locale=fr&include=translations")
            .ok()["items"][0]["translations"],
        json!([{"locale": "en", "slug": "tea"}])
    );
}

#[test]
fn delivery_shows_what_is_published_alone() {
    let server = Server::start();
    for state in State::ALL {
        let title = state.as_str().replace('_', "-");
        article(&title)
            .state(*state)
            .published_at(if *state == State::Scheduled {
                "2030-01-01T00:00:00Z"
            } else {
                "2026-01-01T00:00:00Z"
            })
            .create(&server);
    }
    assert_eq!(server.get("/v1/articles").column("slug"), ["published"]);
    for state in State::ALL {
        let expected = if state.is_public() { 200 } else { 404 };
        let path = format!("/v1/articles/{}", state.as_str().replace('_', "-"));
        assert_eq!(server.get(&path).status, expected, "{path}");
        assert_eq!(server.get(&format!("{path}.md")).status, expected, "{path}");
    }
    // A published one of the future is scheduled, and goes out then.
    let future = article("Later")
        .published_at("2027-01-01T00:00:00Z")
        .create(&server);
    assert_eq!(future.state, State::Scheduled);
    assert_eq!(server.get("/v1/articles/later").status, 404);
    server
        .clock
        .set(crate::support::time("2028-01-01T00:00:00Z"));
    server.clock_looks();
    let out = server.get("/v1/articles/later").ok();
    assert_eq!(out["published_at"], "2027-01-01T00:00:00.000Z");
}
