use serde_json::{Value, json};

use super::*;
use crate::articles::model::{Audience, Kind, State};

fn item(path: &str, text: &str) -> Item {
    match parse(path, text.as_bytes()) {
        Parsed::Article(item) => *item,
        other => panic!("no article: {other:?}"),
    }
}

/// A post with a title and these lines of YAML.
fn post(yaml: &str) -> Item {
    item("post.md", &format!("---\ntitle: T\n{yaml}\n---\nbody\n"))
}

fn reason(path: &str, text: &[u8]) -> String {
    match parse(path, text) {
        Parsed::Skipped { reason, .. } => format!("skipped: {reason}"),
        Parsed::Broken { line, reason, .. } => format!("broken: {}: {reason}", line.unwrap_or(0)),
        other => panic!("an article: {other:?}"),
    }
}

fn published(item: &Item) -> String {
    item.article
        .published_at
        .map(|time| time.to_string())
        .unwrap_or_default()
}

#[test]
fn a_post_with_everything_uses_everything_up() {
    let found = item(
        "posts/2014-05-14-tea.md",
        "---\ntitle: Tea\nsubtitle: hot\nstandfirst: A drink\nexcerpt: short\ndescription: for engines\ndate: 2015-01-02\nupdated: 2015-01-03\n\
         slug: green-tea\nauthors: [Ada, Grace]\ntags: [a, b]\nlocale: de\nfeatured: true\ncover: {url: /a.jpg, alt: Cup, width: 4, height: 3}\n\
         content_notice: caffeine\naudience: mature\ncitations:\n- {title: Book, url: 'https://example.org'}\n- https://example.net\n\
         seo: {title: S, noindex: true}\ncanonical_url: https://example.org/tea\nmetadata: {x: 1}\nexternal_id: tea-1\nkind: page\n\
         translation_key: tea\nstatus: in-review\nredirect_from: /old/\n---\nbody",
    );
    let article = &found.article;
    assert_eq!(found.warnings, Vec::<String>::new());
    assert_eq!(Value::Object(article.metadata.clone()), json!({"x": 1}));
    assert_eq!(
        (article.title.as_str(), article.subtitle.as_deref()),
        ("Tea", Some("hot"))
    );
    assert_eq!(
        (article.standfirst.as_deref(), article.excerpt.as_deref()),
        (Some("A drink"), Some("short"))
    );
    assert_eq!(article.seo.description.as_deref(), Some("for engines"));
    assert_eq!(
        (article.seo.title.as_deref(), article.seo.noindex),
        (Some("S"), true)
    );
    assert_eq!(
        article.seo.canonical_url.as_deref(),
        Some("https://example.org/tea")
    );
    assert_eq!(published(&found), "2015-01-02T00:00:00.000Z");
    assert_eq!(
        article.updated_at.unwrap().to_string(),
        "2015-01-03T00:00:00.000Z"
    );
    assert_eq!(
        (article.slug.as_deref(), article.external_id.as_deref()),
        (Some("green-tea"), Some("tea-1"))
    );
    assert_eq!(
        (
            article.tags.len(),
            article.authors.len(),
            article.citations.len()
        ),
        (2, 2, 2)
    );
    assert_eq!(
        (article.kind, article.status, article.audience),
        (Kind::Page, Some(State::InReview), Audience::Mature)
    );
    let cover = article.cover.as_ref().unwrap().link().unwrap();
    assert_eq!(
        (
            cover.url.as_str(),
            cover.alt.as_str(),
            cover.width,
            cover.height
        ),
        ("/a.jpg", "Cup", Some(4), Some(3))
    );
    assert_eq!(
        article.citations[1].url.as_deref(),
        Some("https://example.net")
    );
    assert_eq!(found.redirects, ["/old"]);
    assert_eq!(article.body.as_ref().unwrap().text, "body");
    assert!(
        article.featured
            && article.locale.as_deref() == Some("de")
            && article.translation_key.as_deref() == Some("tea")
    );
}

#[test]
fn titles_are_one_line_whatever_their_type() {
    for (yaml, title) in [
        ("title: 404", "404"),
        ("title: 1.10", "1.10"),
        ("title: yes", "yes"),
        ("title: \"  A title\"", "A title"),
        ("title: >\n  folded\n  text", "folded text"),
        ("title: |\n  two\n  lines", "two lines"),
    ] {
        assert_eq!(
            item("a.md", &format!("---\n{yaml}\n---\n")).article.title,
            title,
            "{yaml}"
        );
    }
}

#[test]
fn a_title_is_looked_for_in_the_text() {
    let found = item(
        "a.md",
        "---\ntitle:\n---\n```\n# code\n```\n\n## The *first* heading ##\n# x",
    );
    assert_eq!(found.article.title, "The *first* heading");
    assert_eq!(found.warnings.len(), 1);
    assert!(
        found
            .article
            .body
            .unwrap()
            .text
            .contains("## The *first* heading ##")
    );
    assert_eq!(
        item("a.md", "intro\n\nSetext\n======\n").article.title,
        "Setext"
    );
    assert_eq!(item("a.md", "Setext\n---\n").article.title, "Setext");
    assert_eq!(
        item("b/my-first_post.md", "#nothing\n\n    # code\n")
            .article
            .title,
        "my first post"
    );
    assert_eq!(
        reason("a.md", b"---\ntags: [a]\n---\ntext\n\n---\n"),
        "broken: 0: no title"
    );
    assert_eq!(
        item("a.md", "---\ntitle: [a]\n---\n# H").article.metadata["title"],
        json!(["a"])
    );
}

#[test]
fn what_is_no_post_is_skipped_with_a_reason() {
    assert_eq!(
        reason("blog/_index.md", b"+++\ntitle = \"x\"\n+++\n"),
        "skipped: a section index, not a post"
    );
    assert_eq!(reason("README.md", b"# x"), "skipped: no front matter");
    assert_eq!(reason("SOURCE.md", b"# x"), "skipped: no front matter");
    assert_eq!(reason("blog/a.md", b" \n"), "skipped: an empty file");
    assert_eq!(
        item("README.md", "---\ntitle: Read me\n---\n")
            .article
            .title,
        "Read me"
    );
    assert_eq!(item("blog/readme.md", "# x").article.title, "x");
}

#[test]
fn what_cannot_be_read_is_broken_with_its_line() {
    assert_eq!(
        reason("a.md", b"---\ntitle: x\n---\na\n\xff"),
        "broken: 5: the file is not UTF-8"
    );
    assert_eq!(
        reason("a.md", b"---\ntitle: x\n---\na\0"),
        "broken: 4: the file holds the character U+0000"
    );
    assert!(reason("a.md", b"---\ntitle: x\ntags: [a\n---\n").starts_with("broken: "));
    assert_eq!(
        reason("a.md", b"---\ntitle: x\n"),
        "broken: 1: the front matter that begins here has no end"
    );
}

#[test]
fn the_lead_is_the_first_of_four_keys() {
    let found = post("description: <p>A &amp; B</p>");
    assert_eq!(found.article.standfirst.as_deref(), Some("A & B"));
    assert_eq!(found.warnings, ["description was reduced to plain text"]);
    let found = post("excerpt: A\ndescription: B\nsummary: C");
    assert_eq!(
        (
            found.article.standfirst.as_deref(),
            found.article.seo.description.as_deref()
        ),
        (Some("A"), Some("B"))
    );
    assert_eq!(
        (
            found.article.excerpt,
            found.article.metadata["summary"].as_str()
        ),
        (None, Some("C"))
    );
    let found = post("excerpt: A\ndescription: B\nseo: {description: C}");
    assert_eq!(
        (
            found.article.seo.description.as_deref(),
            &found.article.metadata["description"]
        ),
        (Some("C"), &json!("B"))
    );
    let found = post("excerpt: A\ndescription: A");
    assert_eq!(
        (found.article.seo.description, found.article.metadata.len()),
        (None, 0)
    );
}

#[test]
fn dates_come_from_the_front_matter_then_the_name_then_the_path() {
    let dated =
        |path: &str, yaml: &str| published(&item(path, &format!("---\ntitle: T\n{yaml}\n---\n")));
    assert_eq!(
        dated("2014-5-1-a.md", "date: 2015-01-01 9:00:00 -5"),
        "2015-01-01T14:00:00.000Z"
    );
    assert_eq!(dated("2014-5-1-a.md", ""), "2014-05-01T00:00:00.000Z");
    assert_eq!(
        dated("posts/2014-5-1-a/index.md", ""),
        "2014-05-01T00:00:00.000Z"
    );
    assert_eq!(
        dated("a.md", "path: x/2014/09/15/Rust-1.0"),
        "2014-09-15T00:00:00.000Z"
    );
    assert_eq!(dated("2014/09/15/a.md", ""), "2014-09-15T00:00:00.000Z");
    assert_eq!(
        dated("a.md", "pubDate: Jul 08 2022"),
        "2022-07-08T00:00:00.000Z"
    );
    assert_eq!(
        dated("a.md", "published: 2022-07-08"),
        "2022-07-08T00:00:00.000Z"
    );
    assert_eq!(dated("a.md", "date: ''"), "");
    let found = item("2014-5-1-a.md", "---\ntitle: T\ndate: soon\n---\n");
    assert_eq!(
        (published(&found).as_str(), &found.article.metadata["date"]),
        ("2014-05-01T00:00:00.000Z", &json!("soon"))
    );
    assert_eq!(found.warnings, ["date is no date; it was kept in metadata"]);
}

#[test]
fn the_state_is_what_the_front_matter_says_and_a_draft_when_in_doubt() {
    for (yaml, state) in [
        ("x: 1", None),
        ("draft: true", Some(State::Draft)),
        ("draft: false", Some(State::Published)),
        ("published: false", Some(State::Draft)),
        ("published: 2022-07-08", None),
        ("status: publish", Some(State::Published)),
        ("status: archived", Some(State::Archived)),
        ("status: secret", Some(State::Draft)),
        ("draft: perhaps", Some(State::Draft)),
        ("draft: true\nstatus: published", Some(State::Draft)),
    ] {
        assert_eq!(post(yaml).article.status, state, "{yaml}");
    }
    for (yaml, kind) in [
        ("layout: page", Kind::Page),
        ("type: page", Kind::Page),
        ("kind: article\nlayout: page", Kind::Article),
    ] {
        assert_eq!(post(yaml).article.kind, kind, "{yaml}");
    }
    assert_eq!(post("layout: page").article.metadata["layout"], "page");
    assert_eq!(post("type: recipe").article.metadata["type"], "recipe");
}

#[test]
fn slugs_come_from_three_places() {
    let slug = |path: &str, yaml: &str| {
        let article = item(path, &format!("---\ntitle: T\n{yaml}\n---\n")).article;
        (article.slug.unwrap_or_default(), article.aliases)
    };
    assert_eq!(slug("2014-05-14-a.md", "slug: Own Slug").0, "own-slug");
    assert_eq!(slug("2014-05-14-a_b.md", "").0, "a-b");
    assert_eq!(slug("Rust-1.0/index.md", "").0, "rust-1-0");
    assert_eq!(
        slug("Rust-1.0@0.md", "path: 2014/09/15/Rust-1.0").0,
        "rust-1-0"
    );
    assert_eq!(
        slug("Rust-1.0@0.md", "").0,
        slug::slugify("Rust-1.0@0").unwrap()
    );
    assert_eq!(slug("index.md", "").0, "");
    assert_eq!(slug("2014-05-14.md", "").0, "");
    let (made, aliases) = slug("2021-09-16-año.md", "");
    assert_eq!((made.as_str(), aliases), ("ano", vec!["año".to_owned()]));
    assert_eq!(
        item("x/2014-05-14-a.md", "---\ntitle: T\n---\n")
            .article
            .external_id
            .as_deref(),
        Some("x/2014-05-14-a")
    );
    assert_eq!(
        post("id: my-own").article.external_id.as_deref(),
        Some("my-own")
    );
    let own = post("id: 01890a5d-ac96-774b-bcce-b302099a8057").article;
    assert_eq!(
        (own.id.is_some(), own.external_id.as_deref()),
        (true, Some("post"))
    );
}

#[test]
fn former_paths_become_redirects() {
    let found = item(
        "Rust-1.0@0.md",
        "+++\ntitle = 'T'\npath = '2014/09/15/Rust-1.0'\naliases = ['2014/09/15/Rust-1.0.html', '/rust-1-0']\n+++\n",
    );
    assert_eq!(
        found.redirects,
        ["/2014/09/15/Rust-1.0", "/2014/09/15/Rust-1.0.html"]
    );
    let found =
        post("redirect_from: /2017/09/08/x/\npermalink: https://example.org/p/\nslug: /deep/er");
    assert_eq!(found.redirects, ["/deep/er", "/p", "/2017/09/08/x"]);
    assert_eq!(found.article.slug.as_deref(), Some("er"));
    let found = post("permalink: /:year/:title/");
    assert_eq!(
        (
            found.redirects.len(),
            found.article.metadata["permalink"].as_str()
        ),
        (0, Some("/:year/:title/"))
    );
    assert_eq!(found.warnings.len(), 1);
}

#[test]
fn tags_and_authors_come_in_many_shapes() {
    assert_eq!(
        post("tags: [18f, 10, null, yes, how we work, ~]")
            .article
            .tags,
        ["18f", "10", "null", "yes", "how we work"]
    );
    assert_eq!(
        post("tags: '#a#b #c'\ncategories: [B, d]").article.tags,
        ["a", "b", "c", "d"]
    );
    assert_eq!(post("tags: a, b, A").article.tags, ["a", "b"]);
    assert_eq!(
        post("tag: how we work\ncategory: C#").article.tags,
        ["how we work", "C#"]
    );
    assert_eq!(post("tags: ['a, b']").article.tags, ["a, b"]);
    let found = post("taxonomies: {tags: [a], colours: [red]}");
    assert_eq!(
        (
            found.article.tags.len(),
            &found.article.metadata["taxonomies"]
        ),
        (1, &json!({"colours": ["red"]}))
    );
    assert_eq!(
        post("author: Ada and Grace").article.authors,
        ["Ada and Grace"]
    );
    assert_eq!(
        post("authors: [{name: Ada}, Grace]").article.authors,
        ["Ada", "Grace"]
    );
    let found = post("authors:\n- name: Ada\n  url: x");
    assert_eq!(
        (
            found.article.authors.len(),
            &found.article.metadata["authors"]
        ),
        (1, &json!([{"name": "Ada", "url": "x"}]))
    );
    assert_eq!(post("tags: [[a]]").article.metadata["tags"], json!([["a"]]));
}

#[test]
fn covers_are_pictures_or_stay_in_metadata() {
    let found = post("hero: false\nimage: assets/a.jpg\nimage_alt: A cat");
    let cover = found.article.cover.unwrap();
    let cover = cover.link().unwrap();
    assert_eq!(
        (cover.url.as_str(), cover.alt.as_str()),
        ("/assets/a.jpg", "A cat")
    );
    let found = post("hero: false\nimage:\nimage_alt: A cat");
    assert_eq!((found.article.cover, found.warnings.len()), (None, 0));
    assert_eq!(
        Value::Object(found.article.metadata),
        json!({"hero": false, "image_alt": "A cat"})
    );
    let found = post("image: a photo of a cat");
    assert_eq!(
        (found.article.cover, &found.article.metadata["image"]),
        (None, &json!("a photo of a cat"))
    );
    assert_eq!(found.warnings.len(), 1);
    let found = post("cover: {image: a.jpg, caption: C}");
    assert_eq!(
        (
            found.article.cover.unwrap().link().unwrap().url.as_str(),
            &found.article.metadata["cover"]
        ),
        ("/a.jpg", &json!({"caption": "C"}))
    );
    assert_eq!(
        post("cover: {alt: x}").article.metadata["cover"],
        json!({"alt": "x"})
    );
    assert_eq!(
        post("cover: {width: 4, url: '..'}").article.metadata["cover"],
        json!({"width": 4, "url": ".."})
    );
}

#[test]
fn what_nobody_knows_is_kept() {
    let found = post(
        "layout: post\nsite: Zero\nempty:\nzip: 01234\nnested: {a: [1, {b: 1.50}]}\naudience: cats\nfeatured: perhaps\nmetadata: {site: Own}",
    );
    assert_eq!(
        Value::Object(found.article.metadata),
        json!({"site": "Own", "layout": "post", "empty": null, "zip": "01234", "nested": {"a": [1, {"b": "1.50"}]}, "audience": "cats", "featured": "perhaps"})
    );
    assert_eq!(found.warnings.len(), 3);
}

#[test]
fn the_body_stays_as_it_is() {
    let body = "\r\n{% image x %} <script>1</script>\r\n\r\nend  ";
    assert_eq!(
        item("a.md", &format!("\u{feff}---\r\ntitle: T\r\n---\r\n{body}"))
            .article
            .body
            .unwrap()
            .text,
        body
    );
}

#[test]
fn lists_files_in_order_and_says_what_it_passed_over() {
    let root = tempfile::tempdir().unwrap();
    for path in [
        "b.md",
        "a/c.markdown",
        "a.md",
        "A.MD",
        ".git/x.md",
        "node_modules/y/README.md",
        "pic.png",
        ".hidden.md",
    ] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    let listed = files(root.path()).unwrap();
    let names: Vec<_> = listed.found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A.MD", "a.md", "a/c.markdown", "b.md"]);
    let left_out: Vec<_> = listed.left_out.iter().map(Parsed::origin).collect();
    assert_eq!(left_out, [".git", ".hidden.md", "node_modules"]);
    let single = files(&root.path().join("b.md")).unwrap();
    assert_eq!(single.found[0].0, "b.md");
    assert!(files(&root.path().join("nothing")).is_err());
}
