//! What belongs into the head of a page.

use masthead::articles::model::{Citation, Image, Seo};
use masthead::site::model::Settings;
use serde_json::{Value, json};

use super::{at, name};
use crate::support::{Make, Server, article, page};

fn image(url: &str) -> Image {
    Image {
        url: url.into(),
        alt: "A door".into(),
        width: Some(1600),
        height: Some(900),
    }
}

fn full() -> Make {
    let mut make = article("Closeness & <trust>")
        .slug("closeness")
        .subtitle("How couples find back")
        .excerpt("A few words.")
        .tags(["Trauma", "Sleep"])
        .authors(["Ada", "Grace"])
        .published_at("2026-01-01T00:00:00Z")
        .updated_at("2026-01-02T00:00:00Z")
        .markdown("One two three.")
        .mature();
    make.0.cover = Some(image("/door.jpg").into());
    make.0.citations = vec![
        Citation {
            title: "A study".into(),
            url: Some("https://study.example/1".into()),
        },
        Citation {
            title: "A book".into(),
            url: None,
        },
    ];
    make
}

fn door(server: &Server) {
    let settings = Settings {
        name: "The Open Door".into(),
        logo: Some(image("/logo.svg")),
        ..Settings::default()
    };
    server.write(move |tx| masthead::site::store::put(tx, &settings));
}

#[test]
fn an_article_as_search_engines_read_it() {
    let server = Server::start();
    door(&server);
    full().create(&server);
    let page = at(&server, "/closeness");
    insta::assert_json_snapshot!(page["json_ld"], @r#"
    [
      {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": "Closeness & <trust>",
        "alternativeHeadline": "How couples find back",
        "description": "A few words.",
        "image": {
          "@type": "ImageObject",
          "url": "https://example.org/door.jpg",
          "caption": "A door",
          "width": 1600,
          "height": 900
        },
        "author": [
          {
            "@type": "Person",
            "name": "Ada"
          },
          {
            "@type": "Person",
            "name": "Grace"
          }
        ],
        "datePublished": "2026-01-01T00:00:00.000Z",
        "dateModified": "2026-01-02T00:00:00.000Z",
        "inLanguage": "en",
        "keywords": [
          "Trauma",
          "Sleep"
        ],
        "wordCount": 3,
        "isFamilyFriendly": false,
        "citation": [
          {
            "@type": "CreativeWork",
            "name": "A study",
            "url": "https://study.example/1"
          },
          {
            "@type": "CreativeWork",
            "name": "A book"
          }
        ],
        "publisher": {
          "@type": "Organization",
          "name": "The Open Door",
          "url": "https://example.org",
          "logo": {
            "@type": "ImageObject",
            "url": "https://example.org/logo.svg",
            "caption": "A door",
            "width": 1600,
            "height": 900
          }
        },
        "mainEntityOfPage": {
          "@type": "WebPage",
          "@id": "https://example.org/closeness"
        },
        "url": "https://example.org/closeness"
      },
      {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
          {
            "@type": "ListItem",
            "position": 1,
            "name": "The Open Door",
            "item": "https://example.org"
          },
          {
            "@type": "ListItem",
            "position": 2,
            "name": "Closeness & <trust>",
            "item": "https://example.org/closeness"
          }
        ]
      }
    ]
    "#);
    insta::assert_json_snapshot!(page["seo"], @r#"
    {
      "title": "Closeness & <trust>",
      "description": "A few words.",
      "canonical_url": "https://example.org/closeness",
      "image": {
        "url": "https://example.org/door.jpg",
        "alt": "A door",
        "width": 1600,
        "height": 900
      },
      "noindex": false,
      "alternates": [],
      "open_graph": [
        {
          "property": "og:type",
          "content": "article"
        },
        {
          "property": "og:site_name",
          "content": "The Open Door"
        },
        {
          "property": "og:title",
          "content": "Closeness & <trust>"
        },
        {
          "property": "og:description",
          "content": "A few words."
        },
        {
          "property": "og:url",
          "content": "https://example.org/closeness"
        },
        {
          "property": "og:image",
          "content": "https://example.org/door.jpg"
        },
        {
          "property": "og:image:alt",
          "content": "A door"
        },
        {
          "property": "og:image:width",
          "content": "1600"
        },
        {
          "property": "og:image:height",
          "content": "900"
        },
        {
          "property": "article:published_time",
          "content": "2026-01-01T00:00:00.000Z"
        },
        {
          "property": "article:modified_time",
          "content": "2026-01-02T00:00:00.000Z"
        },
        {
          "property": "article:tag",
          "content": "Trauma"
        },
        {
          "property": "article:tag",
          "content": "Sleep"
        }
      ]
    }
    "#);
}

#[test]
fn a_page_as_search_engines_read_it() {
    let server = Server::setup().locales(["de-CH"]).start();
    door(&server);
    let mut about = page("Über uns")
        .slug("ueber-uns")
        .excerpt("Wer wir sind.")
        .published_at("2026-01-01T00:00:00Z")
        .updated_at("2026-01-01T00:00:00Z");
    about.0.cover = Some(image("https://images.example/door.jpg").into());
    about.create(&server);
    let page = at(&server, "/ueber-uns");
    insta::assert_json_snapshot!(page["json_ld"], @r#"
    [
      {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "name": "Über uns",
        "headline": "Über uns",
        "description": "Wer wir sind.",
        "primaryImageOfPage": {
          "@type": "ImageObject",
          "url": "https://images.example/door.jpg",
          "caption": "A door",
          "width": 1600,
          "height": 900
        },
        "datePublished": "2026-01-01T00:00:00.000Z",
        "dateModified": "2026-01-01T00:00:00.000Z",
        "inLanguage": "de-CH",
        "isFamilyFriendly": true,
        "publisher": {
          "@type": "Organization",
          "name": "The Open Door",
          "url": "https://example.org",
          "logo": {
            "@type": "ImageObject",
            "url": "https://example.org/logo.svg",
            "caption": "A door",
            "width": 1600,
            "height": 900
          }
        },
        "url": "https://example.org/ueber-uns"
      },
      {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
          {
            "@type": "ListItem",
            "position": 1,
            "name": "The Open Door",
            "item": "https://example.org"
          },
          {
            "@type": "ListItem",
            "position": 2,
            "name": "Über uns",
            "item": "https://example.org/ueber-uns"
          }
        ]
      }
    ]
    "#);
    insta::assert_json_snapshot!(page["seo"]["open_graph"], @r#"
    [
      {
        "property": "og:type",
        "content": "website"
      },
      {
        "property": "og:site_name",
        "content": "The Open Door"
      },
      {
        "property": "og:title",
        "content": "Über uns"
      },
      {
        "property": "og:description",
        "content": "Wer wir sind."
      },
      {
        "property": "og:url",
        "content": "https://example.org/ueber-uns"
      },
      {
        "property": "og:image",
        "content": "https://images.example/door.jpg"
      },
      {
        "property": "og:image:alt",
        "content": "A door"
      },
      {
        "property": "og:image:width",
        "content": "1600"
      },
      {
        "property": "og:image:height",
        "content": "900"
      },
      {
        "property": "og:locale",
        "content": "de_CH"
      }
    ]
    "#);
}

#[test]
fn what_editors_set_comes_before_what_the_text_says() {
    let server = Server::start();
    let set = Seo {
        title: Some("For engines".into()),
        description: Some("Described".into()),
        canonical_url: Some("https://first.example/there".into()),
        image: Some("/preview.png".into()),
        noindex: true,
    };
    full().seo(set).create(&server);
    let page = at(&server, "/closeness");
    let seo = &page["seo"];
    assert_eq!(seo["title"], "For engines");
    assert_eq!(seo["description"], "Described");
    assert_eq!(seo["canonical_url"], "https://first.example/there");
    assert_eq!(
        seo["image"],
        json!({"url": "https://example.org/preview.png", "alt": ""})
    );
    assert_eq!(seo["noindex"], true);
    let data = &page["json_ld"][0];
    assert_eq!(data["headline"], "Closeness & <trust>");
    assert_eq!(data["description"], "Described");
    assert_eq!(
        data["mainEntityOfPage"]["@id"],
        "https://first.example/there"
    );
    assert_eq!(data["url"], "https://example.org/closeness");
    assert_eq!(page["article"]["seo"]["title"], "For engines");
}

#[test]
fn what_is_not_known_is_not_said() {
    let server = Server::setup().site_url(None).start();
    article("Bare").slug("bare").create(&server);
    let page = at(&server, "/bare");
    let data = page["json_ld"].as_array().unwrap();
    // Without a name of the site there is neither a publisher nor a first crumb.
    assert_eq!(data.len(), 1);
    let said: Vec<&String> = data[0].as_object().unwrap().keys().collect();
    assert_eq!(
        said,
        [
            "@context",
            "@type",
            "headline",
            "datePublished",
            "dateModified",
            "inLanguage",
            "wordCount",
            "isFamilyFriendly",
            "mainEntityOfPage",
            "url"
        ]
    );
    assert_eq!(data[0]["url"], "/bare");
    assert_eq!(page["seo"]["canonical_url"], "/bare");
    assert_eq!(page["seo"]["image"], Value::Null);
    assert_eq!(page["seo"]["description"], Value::Null);
    name(&server, "Named");
    let named = at(&server, "/bare");
    assert_eq!(named["json_ld"][1]["itemListElement"][0]["item"], "/");
}

/// The script as a browser takes it: up to the first `</script`, and read as JSON.
#[test]
fn no_title_breaks_out_of_the_script() {
    let server = Server::start();
    name(&server, "<!--<script>");
    let hostile = "</script><script>alert('&amp;')</script>\u{2028}\u{2029}\"\\";
    article(hostile)
        .slug("hostile")
        .subtitle("</SCRIPT >")
        .excerpt("]]> --> &")
        .tags(["<b>"])
        .authors(["</script>"])
        .create(&server);
    let page = at(&server, "/hostile");
    let script = page["json_ld_script"].as_str().unwrap();
    assert!(
        !script.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\n']),
        "{script}"
    );
    let read: Value = serde_json::from_str(script).unwrap();
    assert_eq!(read, page["json_ld"]);
    assert_eq!(read[0]["headline"], page["article"]["title"]);
    let html = format!("<script type=\"application/ld+json\">{script}</script><p>");
    let (inside, after) = html.split_once("</script").unwrap();
    assert!(inside.ends_with(script) && after == "><p>");
}

#[test]
fn a_title_that_is_too_long_is_cut_for_the_headline_alone() {
    let server = Server::start();
    let title = "word ".repeat(40).trim().to_owned();
    article(&title).slug("long").create(&server);
    let fits = format!("{}{}", "a".repeat(55), " b".repeat(27));
    assert_eq!(fits.len(), 109);
    article(&fits).slug("fits").create(&server);
    let data = at(&server, "/long")["json_ld"][0].clone();
    assert_eq!(data["name"], title.as_str());
    let headline = data["headline"].as_str().unwrap();
    assert!(
        headline.ends_with("word…") && headline.chars().count() <= 110,
        "{headline}"
    );
    let data = at(&server, "/fits")["json_ld"][0].clone();
    assert_eq!(data["headline"], fits.as_str());
    assert!(data.get("name").is_none());
}
