//! The page that this product began with: a website can draw it from one answer, word for word.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::at;
use crate::cli::program::{on, run};
use crate::support::{Database, Server, corpus, time};

/// What stands beside it on the website, as an editor would write it.
const OTHERS: &str = r#"{"title": "Contact Us", "slug": "contact", "kind": "page", "status": "published", "text": "Write to us."}
{"title": "After the storm", "slug": "after-the-storm", "status": "published", "tags": ["trauma", "healing"], "text": "What helps, and when."}
{"title": "Sleep first", "slug": "sleep-first", "status": "published", "tags": ["wellbeing"], "text": "On rest."}
{"title": "Not yet", "slug": "not-yet", "status": "draft", "tags": ["trauma", "healing", "ptsd"], "text": "Being written."}
"#;

const NOTICE: &str = "This article speaks about trauma.";

/// The page as text: what a template does with the answer, and nothing that it would have to ask for besides.
fn draw(page: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let labels = |list: &Value| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| text(&item["label"]))
            .collect()
    };
    let (site, article) = (&page["site"], &page["article"]);
    let tags = article["tags"].as_array().unwrap();
    let hashtags: String = tags
        .iter()
        .map(|tag| format!("#{}", text(&tag["name"])))
        .collect();
    // A template puts the HTML in as it stands; here its paragraphs become lines.
    let body = text(&article["body"])
        .replace("</p>", "")
        .replace("&quot;", "\"");
    let paragraphs = body.split("<p>").map(str::trim).filter(|it| !it.is_empty());
    [
        text(&site["logo"]["alt"]),
        text(&site["name"]),
        labels(&site["menus"]["main"]).join("\n"),
        format!(
            "{} | {}",
            text(&article["title"]),
            text(&article["subtitle"])
        ),
        text(&article["standfirst"]),
        paragraphs.collect::<Vec<_>>().join("\n\n"),
        hashtags,
    ]
    .join("\n\n")
}

#[test]
fn one_call_draws_the_seed_page() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let site = json!({
        "name": "ZeroOpposite",
        "logo": {"url": "/logo.svg", "alt": "Logo", "width": 240, "height": 64},
        "menus": {"main": [{"label": "Contact Us", "url": "/contact"}, {"label": "Search", "url": "/search"}]},
    });
    for (format, path, flags) in [
        (
            "markdown",
            corpus("seed/zeroopposite-article.md"),
            &["--status", "published"] as &[_],
        ),
        ("jsonl", file("others.jsonl", OTHERS), &[]),
        ("site", file("site.json", &site.to_string()), &[]),
    ] {
        let mut command = on(&database, &["import", format]);
        command.arg(path).args(flags);
        run(command).ok();
    }
    let server = Server::setup().over(database).locales(["en"]).start();

    let slugs = server.get("/v1/articles?tag=ptsd").column("slug");
    assert_eq!(slugs.len(), 1);
    let path = format!("/{}", slugs[0]);
    let page = at(&server, &path);
    let seed = std::fs::read_to_string(corpus("seed/zeroopposite-article.txt")).unwrap();
    assert_eq!(draw(&page), seed);

    let related = page["related"].as_array().unwrap();
    let slugs: Vec<&str> = related
        .iter()
        .map(|it| it["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["after-the-storm", "sleep-first"]);
    assert_eq!(at(&server, "/contact")["article"]["kind"], "page");
    assert_eq!(page["article"]["audience"], "general");
    assert_eq!(page["article"]["content_notice"], Value::Null);

    // An editor adds a word of advice, after the import, which went by the clock of the machine.
    server.clock.set(time("2999-01-01T00:00:00Z"));
    let editor = server.sign_in(Role::Editor);
    let own = format!(
        "/v1/admin/articles/{}",
        page["article"]["id"].as_str().unwrap()
    );
    let etag = editor.get(&own);
    let change = json!({"content_notice": NOTICE, "audience": "mature"});
    editor.patch(&own, etag.etag(), &change).ok();
    let advised = at(&server, &path);
    assert_eq!(advised["article"]["content_notice"], NOTICE);
    assert_eq!(advised["json_ld"][0]["isFamilyFriendly"], false);
    assert_eq!(
        advised["json_ld"][0]["keywords"],
        json!([
            "ptsd",
            "sexualintimacy",
            "protection",
            "healing",
            "trauma",
            "mentalhealth",
            "wellbeing"
        ])
    );
    assert_eq!(
        advised["json_ld"][0]["publisher"]["logo"]["url"],
        "https://example.org/logo.svg"
    );
    assert_eq!(draw(&advised), seed);
}
