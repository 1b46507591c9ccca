//! Texts that show media, and what keeps a medium from going.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{MEDIA, path_of};
use crate::support::pictures::png;
use crate::support::{Client, Server, article};

const ARTICLES: &str = "/v1/admin/articles";

fn put_in(client: &Client, alt: &str) -> Value {
    let request = client.request("POST", MEDIA);
    let parts = [
        ("file", None, &png(400, 300)[..]),
        ("alt", None, alt.as_bytes()),
    ];
    request.form(&parts).send().created()
}

fn text_of(made: &Value) -> String {
    format!("{ARTICLES}/{}", made["id"].as_str().unwrap())
}

#[test]
fn a_cover_is_a_medium_with_all_that_is_known_of_it() {
    let server = Server::setup()
        .public_url("https://api.example.org")
        .start();
    let editor = server.sign_in(Role::Editor);
    let medium = put_in(&editor, "A cup");
    let made = editor
        .post(
            ARTICLES,
            &json!({"title": "One", "status": "published", "cover": {"media_id": medium["id"]}}),
        )
        .created();
    let url = medium["url"].as_str().unwrap();
    assert!(url.starts_with("https://api.example.org/media/"), "{url}");
    let expected = json!({
        "media_id": medium["id"], "url": url, "alt": "A cup", "width": 400, "height": 300,
        "blurhash": medium["blurhash"], "variants": medium["variants"],
    });
    assert_eq!(made["cover"], expected);
    assert_eq!(server.get("/v1/articles/one").ok()["cover"], expected);
    assert_eq!(
        server.get("/v1/articles").ok()["items"][0]["cover"],
        expected
    );
    let page = server.get("/v1/resolve?path=/one").ok();
    assert_eq!(page["article"]["cover"], expected);
    assert_eq!(page["seo"]["image"]["url"], url);
    assert_eq!(page["seo"]["image"]["width"], 400);
    assert_eq!(
        server.search("/v1/search?q=one").ok()["items"][0]["cover"],
        expected
    );
    let copy = server.get("/v1/changes?initial=true").ok();
    assert_eq!(copy["upserts"][0]["cover"], expected);
    for feed in ["articles.rss", "articles.atom", "articles.json"] {
        let text = server.get(&format!("/v1/feeds/{feed}")).text().to_owned();
        assert!(text.contains(url), "{feed}: {text}");
    }
    let sitemap = server.get("/sitemap.xml").text().to_owned();
    assert!(sitemap.contains(url), "{sitemap}");
    let markdown = server.get("/v1/articles/one.md").text().to_owned();
    assert!(markdown.contains(url), "{markdown}");
    // The files are there for whoever was told of them.
    let (_, path) = url.split_once("https://api.example.org").unwrap();
    assert_eq!(server.get(path).status, 200);
}

#[test]
fn what_a_text_says_of_its_cover_counts_and_a_change_of_the_medium_shows_at_once() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let medium = put_in(&editor, "A cup");
    let cover = json!({"media_id": medium["id"]});
    let own = json!({"media_id": medium["id"], "alt": "My cup"});
    for (title, cover, status) in [
        ("One", &cover, "published"),
        ("Two", &own, "published"),
        ("Three", &cover, "draft"),
    ] {
        let text = json!({"title": title, "status": status, "cover": cover});
        editor.post(ARTICLES, &text).created();
    }
    let alt = |slug: &str| server.get(&format!("/v1/articles/{slug}")).ok()["cover"]["alt"].clone();
    assert_eq!((alt("one"), alt("two")), (json!("A cup"), json!("My cup")));
    let since = server.get("/v1/changes?initial=true").ok()["next_since"].clone();

    let path = path_of(&medium);
    let etag = editor.get(&path).etag().to_owned();
    let change = json!({"alt": "A blue cup", "focal_point": {"x": 0.2, "y": 1}});
    let changed = editor.patch(&path, &etag, &change).ok();
    assert_eq!(
        (&changed["alt"], &changed["version"]),
        (&json!("A blue cup"), &json!(2))
    );
    assert_eq!(
        (alt("one"), alt("two")),
        (json!("A blue cup"), json!("My cup"))
    );
    let focal = server.get("/v1/articles/two").ok()["cover"]["focal_point"].clone();
    assert_eq!(focal, json!({"x": 0.2, "y": 1.0}));
    let delta = server
        .get(&format!("/v1/changes?since={}", since.as_str().unwrap()))
        .ok();
    let mut slugs: Vec<_> = delta["upserts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["slug"].clone())
        .collect();
    slugs.sort_unstable_by_key(ToString::to_string);
    assert_eq!(slugs, ["one", "two"]);

    // What no reader sees touches no text.
    let etag = editor.get(&path).etag().to_owned();
    let change = editor.patch(&path, &etag, &json!({"credit": "Ada"}));
    assert_eq!(change.ok()["credit"], "Ada");
    let public = server.get("/v1/articles/one").change();
    assert!(public < change.change());
    let stale = editor.patch(&path, &etag, &json!({"alt": "x"}));
    assert_eq!(stale.status, 412);
    let same = editor.patch(&path, change.etag(), &json!({"credit": "Ada"}));
    assert_eq!(same.change(), change.change());
}

#[test]
fn a_cover_that_is_not_there_is_a_fault_and_so_are_two() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let refused = editor.post(
        ARTICLES,
        &json!({"title": "One", "cover": {"media_id": nobody}}),
    );
    assert_eq!(
        (refused.status, refused.faults()),
        (422, vec!["/cover/media_id not_found".to_owned()])
    );
    let both = json!({"title": "One", "cover": {"media_id": nobody, "url": "/a.jpg"}});
    assert_eq!(
        editor.post(ARTICLES, &both).faults(),
        ["/cover/url conflicting"]
    );
    let none = json!({"title": "One", "cover": {"alt": "A"}});
    assert_eq!(
        editor.post(ARTICLES, &none).faults(),
        ["/cover/url missing"]
    );

    // From an address to a medium and back, by a patch that names the new one alone.
    let medium = put_in(&editor, "A cup");
    let made = editor
        .post(
            ARTICLES,
            &json!({"title": "One", "cover": {"url": "/a.jpg", "alt": "A", "width": 9}}),
        )
        .created();
    assert_eq!(
        made["cover"],
        json!({"url": "/a.jpg", "alt": "A", "width": 9})
    );
    let path = text_of(&made);
    let patch = |cover: Value| {
        let etag = editor.get(&path).etag().to_owned();
        editor.patch(&path, &etag, &json!({"cover": cover})).ok()["cover"].clone()
    };
    assert_eq!(patch(json!({"media_id": medium["id"]}))["alt"], "A cup");
    assert_eq!(patch(json!({"alt": "My cup"}))["alt"], "My cup");
    assert_eq!(patch(json!({"alt": null}))["alt"], "A cup");
    assert_eq!(
        patch(json!({"url": "/b.jpg"})),
        json!({"url": "/b.jpg", "alt": ""})
    );
    assert_eq!(patch(Value::Null), Value::Null);
}

#[test]
fn what_is_used_stays_and_says_by_what() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let medium = put_in(&editor, "A cup");
    let (path, url) = (path_of(&medium), medium["url"].as_str().unwrap());
    let uses = || {
        let shown = editor.get(&path).ok();
        let uses = shown["used_by"].as_array().unwrap().iter();
        let told = |it: &Value| {
            let text = |name: &str| it[name].as_str().unwrap_or("-").to_owned();
            [
                text("resource"),
                text("place"),
                text("title"),
                text("status"),
            ]
            .join(" ")
        };
        uses.map(told).collect::<Vec<_>>()
    };
    let delete = || {
        let etag = editor.get(&path).etag().to_owned();
        editor.delete(&path, &etag)
    };
    assert_eq!(uses(), Vec::<String>::new());
    let one = editor
        .post(
            ARTICLES,
            &json!({"title": "One", "cover": {"media_id": medium["id"]}}),
        )
        .created();
    let page =
        json!({"title": "About", "markdown": format!("![A cup](https://cdn.example.org{url})")});
    let page = editor.post("/v1/admin/pages", &page).created();
    let more = json!({
        "title": "Two", "status": "published",
        "metadata": {"gallery": [url]}, "seo": {"image": url}
    });
    let two = editor.post(ARTICLES, &more).created();
    let author = editor
        .post(
            "/v1/admin/authors",
            &json!({"name": "Ada", "avatar": {"url": url}}),
        )
        .created();
    let site = server.sign_in(Role::Admin);
    let etag = site.get("/v1/admin/site").etag().to_owned();
    site.patch("/v1/admin/site", &etag, &json!({"logo": {"url": url}}))
        .ok();
    let copy = format!("{}/working-copy", text_of(&two));
    let etag = editor.get(&text_of(&two)).etag().to_owned();
    let saved = editor.put(
        &copy,
        &etag,
        &json!({"title": "Two", "cover": {"media_id": medium["id"]}}),
    );
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(editor.get(&copy).ok()["cover"]["alt"], "A cup");
    let mut used = uses();
    used.sort_unstable();
    let expected = [
        "article cover One draft",
        "article metadata Two published",
        "article seo Two published",
        "author avatar Ada -",
        "page body About draft",
        "site logo - -",
        "working_copy cover Two published",
    ];
    assert_eq!(used, expected);
    let refused = delete();
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    let detail = refused.problem()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("cover of article") && detail.contains("`One`"),
        "{detail}"
    );

    // One after the other lets it go.
    let put = |path: &str, body: Value| {
        let etag = editor.get(path).etag().to_owned();
        assert_eq!(editor.patch(path, &etag, &body).status, 200, "{path}");
    };
    put(&text_of(&one), json!({"cover": null}));
    put(
        &format!("/v1/admin/pages/{}", page["id"].as_str().unwrap()),
        json!({"markdown": "None"}),
    );
    put(
        &format!("/v1/admin/authors/{}", author["id"].as_str().unwrap()),
        json!({"avatar": null}),
    );
    let etag = site.get("/v1/admin/site").etag().to_owned();
    site.patch("/v1/admin/site", &etag, &json!({"logo": null}))
        .ok();
    assert_eq!(uses().len(), 3);
    let purge = format!("{}?purge=true", text_of(&two));
    let etag = editor.get(&text_of(&two)).etag().to_owned();
    assert_eq!(editor.delete(&purge, &etag).status, 204);
    assert_eq!(uses(), Vec::<String>::new());
    assert_eq!(delete().status, 204);
    assert_eq!(editor.get(&path).status, 404);
    assert_eq!(server.get(url).status, 404);
}

#[test]
fn a_revision_whose_cover_is_no_more_comes_back_without_it() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let medium = put_in(&editor, "A cup");
    let made = editor
        .post(
            ARTICLES,
            &json!({"title": "One", "cover": {"media_id": medium["id"]}}),
        )
        .created();
    let path = text_of(&made);
    server.clock.advance(std::time::Duration::from_secs(3600));
    let editor = server.sign_in(Role::Editor);
    let etag = editor.get(&path).etag().to_owned();
    let changed = json!({"title": "Two", "cover": null});
    editor.patch(&path, &etag, &changed).ok();
    let first = editor.get(&format!("{path}/revisions/1")).ok();
    assert_eq!(
        first["content"]["cover"],
        json!({"media_id": medium["id"]}),
        "{first}"
    );
    let etag = editor.get(&path_of(&medium)).etag().to_owned();
    assert_eq!(editor.delete(&path_of(&medium), &etag).status, 204);
    let restored = editor.order(&format!("{path}/revisions/1/restore")).ok();
    assert_eq!(
        (&restored["title"], &restored["cover"]),
        (&json!("One"), &Value::Null)
    );
    assert!(
        restored["warnings"].to_string().contains("is no more"),
        "{restored}"
    );
}

#[test]
fn a_medium_of_a_draft_is_found_by_nobody() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let medium = put_in(&editor, "A cup");
    let draft = json!({"title": "Hidden", "cover": {"media_id": medium["id"]}});
    editor.post(ARTICLES, &draft).created();
    article("Shown").create(&server);
    let url = medium["url"].as_str().unwrap();
    let name = url.split('/').nth(2).unwrap();
    for path in [
        "/v1/articles",
        "/v1/changes?initial=true",
        "/sitemap.xml",
        "/v1/feeds/articles.json",
        "/v1/search?q=cup",
        "/v1/site",
        "/v1/resolve?path=/shown",
    ] {
        assert!(!server.search(path).text().contains(name), "{path}");
    }
    // 128 bits that come from nowhere.
    assert_eq!(name.len(), 32);
    let other = put_in(&editor, "B")["url"].as_str().unwrap().to_owned();
    assert!(!other.contains(name));
}
