//! Authors: the public profile, counts, and no e-mail address anywhere.

use masthead::articles::model::{Image, Transition};
use masthead::articles::store;
use masthead::authors::model::{Link, NewAuthor};
use masthead::transfer::{Parsed, markdown};

use crate::support::{Server, article};

#[test]
fn shows_every_field() {
    let server = Server::start();
    let avatar = Image {
        url: "/ada.jpg".into(),
        alt: "Ada".into(),
        width: None,
        height: Some(9),
    };
    let link = Link {
        label: "Home".into(),
        url: "https://example.org/ada".into(),
    };
    let ada = NewAuthor::parse(
        "Ada Lovelace",
        None,
        Some("Wrote it".into()),
        Some(avatar),
        vec![link],
    )
    .unwrap();
    server.write(move |tx| masthead::authors::store::create(tx, &ada));
    assert_eq!(
        server.get("/v1/authors/ada-lovelace").status,
        404,
        "nothing published is theirs"
    );
    article("One")
        .authors(["Ada Lovelace", "Grace"])
        .create(&server);
    insta::assert_json_snapshot!(server.get("/v1/authors/ada-lovelace").without_ids(), @r#"
    {
      "id": "[id]",
      "slug": "ada-lovelace",
      "name": "Ada Lovelace",
      "bio": "Wrote it",
      "avatar": {
        "url": "/ada.jpg",
        "alt": "Ada",
        "height": 9
      },
      "links": [
        {
          "label": "Home",
          "url": "https://example.org/ada"
        }
      ],
      "article_count": 1
    }
    "#);
    let of_slug = server.get("/v1/authors/ada-lovelace");
    let id = of_slug.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/v1/authors/{id}")).body, of_slug.body);
}

#[test]
fn counts_follow_the_published_articles() {
    let server = Server::start();
    let one = article("One").authors(["Ada", "Grace"]).create(&server).id;
    let two = article("Two").draft().authors(["Ada"]).create(&server).id;
    let count = || server.get("/v1/authors/ada").ok()["article_count"].clone();
    assert_eq!(count(), 1);
    server.write(move |tx| store::transition(tx, two, Transition::Publish));
    assert_eq!(count(), 2);
    article("One").authors(["Grace"]).replace(&server, one);
    assert_eq!(count(), 1);
    server.write(move |tx| store::transition(tx, two, Transition::Trash));
    assert_eq!(server.get("/v1/authors/ada").status, 404);
    assert_eq!(server.get("/v1/authors").column("slug"), ["grace"]);
}

#[test]
fn two_authors_may_have_one_name() {
    let server = Server::start();
    for slug in ["ada-1", "ada-2"] {
        let ada = NewAuthor::parse("Ada", Some(slug.into()), None, None, vec![]).unwrap();
        server.write(move |tx| masthead::authors::store::create(tx, &ada));
    }
    article("One").authors(["ada-2"]).create(&server);
    article("Two").authors(["Ada"]).create(&server);
    assert_eq!(
        server.get("/v1/articles?author=ada-2").column("slug"),
        ["one"]
    );
    assert_eq!(
        server.get("/v1/articles?author=ada-1").column("slug"),
        ["two"]
    );
}

#[test]
fn no_answer_holds_an_e_mail_address_of_an_author() {
    let server = Server::start();
    let sources = [
        "---\ntitle: One\nauthor: {name: Ada Lovelace, email: ada@example.org}\n---\nText",
        "---\ntitle: Two\nauthor: Grace Hopper <grace@example.org>\n---\nText",
        "---\ntitle: Three\nauthors: [{name: Mary, email: mary@example.org}, \"Joan (joan@example.org)\"]\n---\nText",
        "---\ntitle: Four\nauthor: hedy@example.org\n---\nText",
    ];
    let items: Vec<Parsed> = (1..)
        .zip(sources)
        .map(|(number, source)| markdown::parse(&format!("{number}.md"), source.as_bytes()))
        .collect();
    crate::imports::import(&server, "emails", items);
    assert_eq!(
        server.get("/v1/articles?count=true").ok()["page"]["total"],
        4
    );
    let mut paths = vec![
        "/v1/authors".to_owned(),
        "/v1/authors?sort=-article_count".to_owned(),
        "/v1/articles?include=body,markdown,text,toc,tags,authors,seo,metadata,translations"
            .to_owned(),
    ];
    for slug in server.get("/v1/authors").column("slug") {
        paths.push(format!("/v1/authors/{slug}"));
    }
    for slug in server.get("/v1/articles").column("slug") {
        for suffix in ["", ".md", ".txt", ".html"] {
            paths.push(format!("/v1/articles/{slug}{suffix}"));
        }
    }
    let leaks: Vec<&String> = paths
        .iter()
        .filter(|path| server.get(path).text().contains('@'))
        .collect();
    assert_eq!(leaks, [""; 0], "an e-mail address shows");
    let author = &serde_json::from_str::<serde_json::Value>(&masthead::http::openapi::text())
        .unwrap()["components"]["schemas"]["Author"];
    assert!(!author.to_string().contains("mail\":"), "{author}");
}
