//! WordPress exports through the program: that the report adds up to what another XML reader counts in the file, that no
//! word of a post is lost, and that a second run changes nothing.

use std::collections::BTreeSet;
use std::path::Path;

use masthead::auth::model::Role;
use roxmltree::{Document, Node};

use super::report::{Import, import, import_text, stored};
use crate::support::{Database, Server, corpus};

/// What stands in a file, counted by another reader.
#[derive(Debug, Default)]
struct Counted {
    posts: Vec<Post>,
    items: usize,
    terms: usize,
    authors: usize,
    comments: usize,
}

#[derive(Debug)]
struct Post {
    id: String,
    kind: String,
    status: String,
    password: bool,
    sticky: bool,
    content: String,
}

fn child(node: Node<'_, '_>, name: &str) -> String {
    let found = node
        .children()
        .find(|child| child.tag_name().name() == name);
    found
        .and_then(|found| found.text())
        .unwrap_or_default()
        .to_owned()
}

fn count(path: &Path) -> Counted {
    let xml = std::fs::read_to_string(path).unwrap();
    // The one prefix that one of the files does not declare.
    let xml = if xml.contains("xmlns:atom") {
        xml
    } else {
        xml.replacen(
            "<rss ",
            "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\" ",
            1,
        )
        .replacen(
            "<rss\n",
            "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\"\n",
            1,
        )
    };
    let document = Document::parse(&xml).unwrap();
    let mut counted = Counted::default();
    let mut terms = BTreeSet::new();
    for node in document.descendants().filter(Node::is_element) {
        let is_channel = |node: Node<'_, '_>| {
            node.parent()
                .is_some_and(|above| above.has_tag_name("channel"))
        };
        let wordpress = node
            .tag_name()
            .namespace()
            .is_some_and(|address| address.contains("wordpress.org/export"));
        match node.tag_name().name() {
            "author" if wordpress && is_channel(node) => counted.authors += 1,
            "category" | "tag" if wordpress && is_channel(node) => {
                let category = node
                    .has_tag_name((node.tag_name().namespace().unwrap_or_default(), "category"));
                let (taxonomy, slug) = if category {
                    ("category", child(node, "category_nicename"))
                } else {
                    ("post_tag", child(node, "tag_slug"))
                };
                terms.insert((taxonomy.to_owned(), slug));
            }
            // Newer exports list each term twice.
            "term" if wordpress && is_channel(node) => {
                let taxonomy = child(node, "term_taxonomy");
                if matches!(taxonomy.as_str(), "category" | "post_tag") {
                    terms.insert((taxonomy, child(node, "term_slug")));
                }
            }
            "comment" if wordpress => counted.comments += 1,
            "item" => {
                counted.items += 1;
                let content = node.children().find(|child| {
                    child.tag_name().name() == "encoded"
                        && child
                            .tag_name()
                            .namespace()
                            .is_some_and(|address| address.contains("content"))
                });
                counted.posts.push(Post {
                    id: child(node, "post_id"),
                    kind: child(node, "post_type"),
                    status: child(node, "status"),
                    password: !child(node, "post_password").is_empty(),
                    sticky: child(node, "is_sticky") == "1",
                    content: content.map(|content| text_of(content)).unwrap_or_default(),
                });
            }
            _ => {}
        }
    }
    counted.terms = terms.len();
    counted
}

fn text_of(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

/// Imports a file twice and holds the reports against the count. Answers a server on the same database.
fn come_in_whole_and_once(file: &str) -> (Counted, Import, Server) {
    let path = corpus(file);
    let counted = count(&path);
    let texts = counted
        .posts
        .iter()
        .filter(|post| matches!(post.kind.as_str(), "post" | "page"));
    let database = Database::unmigrated();
    let first = import(&database, "wordpress", &path, &[]);
    assert_eq!(first.texts.created, texts.count(), "{}", first.output);
    assert_eq!(
        first.texts.created + first.skipped + first.broken,
        counted.items,
        "every item is stored or stands in the report: {}",
        first.output
    );
    let merged = first.output.matches("one tag here").count();
    let tags = first.of("tags");
    assert_eq!(tags.created + merged, counted.terms, "{}", first.output);
    assert_eq!(first.of("authors").created, counted.authors);
    assert_eq!(first.left_out("comments"), counted.comments);

    let second = import(&database, "wordpress", &path, &[]);
    assert_eq!((second.texts.created, second.texts.updated), (0, 0));
    assert_eq!(second.texts.unchanged, first.texts.created);
    for kind in ["tags", "authors", "site"] {
        let (was, is) = (first.of(kind), second.of(kind));
        assert_eq!(
            (is.created, is.updated, is.unchanged),
            (0, 0, was.created),
            "{kind}"
        );
    }
    assert_eq!(second.skipped, first.skipped);
    let server = Server::setup().over(database).start();
    let change = server.db().change();
    let database = server.into_database();
    import(&database, "wordpress", &path, &[]);
    let server = Server::setup().over(database).start();
    assert_eq!(
        server.db().change(),
        change,
        "a further run changes nothing"
    );
    (counted, first, server)
}

/// The words of a body as WordPress keeps it: without comments, tags, and the shortcodes of WordPress.
fn words(content: &str) -> Vec<String> {
    let mut out = String::new();
    let mut rest = content;
    while let Some(at) = rest.find(['<', '[']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let skipped = [
            "<script", "<style", "<iframe", "<video", "<audio", "<object", "<svg",
        ]
        .iter()
        .find(|name| rest.to_ascii_lowercase().starts_with(*name))
        .and_then(|name| rest.to_ascii_lowercase().find(&format!("</{}", &name[1..])));
        let known = [
            "gallery",
            "caption",
            "audio",
            "video",
            "embed",
            "playlist",
            "wp_caption",
            "sourcecode",
            "code",
        ];
        let shortcode = |rest: &str| {
            let name = rest[1..].trim_start_matches('/');
            known.iter().any(|known| name.starts_with(known)) && rest.contains(']')
        };
        if let Some(end) = skipped {
            rest = &rest[end..];
        } else if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
        } else if rest.starts_with('[') && shortcode(rest) {
            rest = &rest[rest.find(']').unwrap() + 1..];
            out.push(' ');
        } else if rest.starts_with('<')
            && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        {
            // Inline elements part no words; to part at all of them leaves pieces that are looked for in the order they have.
            let end = rest.find('>').unwrap();
            let name: String = rest[1..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
                .collect();
            let inline = [
                "a", "b", "i", "em", "strong", "span", "sub", "sup", "code", "big", "tt", "del",
                "ins", "s", "u", "mark",
            ];
            if !inline.contains(&name.trim_start_matches('/')) {
                out.push(' ');
            }
            rest = &rest[end + 1..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out.split(|c: char| !c.is_alphanumeric() && c != '&' && c != ';' && c != '#')
        .filter(|word| !word.is_empty() && !word.contains(['&', ';', '#']))
        .map(str::to_owned)
        .collect()
}

/// Every word of the source stands in the text, in its order.
#[track_caller]
fn no_word_is_lost(id: &str, source: &str, text: &str) {
    let there: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut at = 0;
    for word in words(source) {
        match there[at..].iter().position(|there| *there == word) {
            Some(found) => at += found + 1,
            None => panic!(
                "post {id}: `{word}` is lost behind `{}`",
                there[at.saturating_sub(12)..at].join(" ")
            ),
        }
    }
}

#[test]
fn the_theme_unit_test_data_comes_in_whole_and_once() {
    let (counted, report, server) =
        come_in_whole_and_once("wordpress/themeunittestdata.wordpress.xml");
    let of = |kind: &str| {
        counted
            .posts
            .iter()
            .filter(|post| post.kind == kind)
            .count()
    };
    assert_eq!(
        (
            of("post"),
            of("page"),
            of("attachment"),
            of("nav_menu_item")
        ),
        (58, 21, 37, 70)
    );
    assert_eq!(
        (counted.terms, counted.authors, counted.comments),
        (178, 2, 33)
    );
    assert_eq!((report.skipped, report.broken), (107, 0));

    let all = stored(&server);
    assert_eq!(all.len(), 79);
    for post in counted
        .posts
        .iter()
        .filter(|post| matches!(post.kind.as_str(), "post" | "page"))
    {
        let text = &all[&post.id];
        let status = match post.status.as_str() {
            "publish" if !post.password => "published",
            "future" => "scheduled",
            _ => "draft",
        };
        assert_eq!(text.state, status, "{}: {}", post.id, text.title);
        assert_eq!(text.featured, post.sticky, "{}", post.id);
        assert_eq!(
            text.kind,
            if post.kind == "page" {
                "page"
            } else {
                "article"
            }
        );
        no_word_is_lost(&post.id, &post.content, &text.text);
    }
    for (number, warning) in [
        ("1168", "protected by a password"),
        (
            "1169",
            "it has no title: `This post has no title, but it still…`",
        ),
        ("1241", "it is sticky there, and featured here"),
        ("1171", "its pages were joined into one"),
        ("1153", "its time is yet to come"),
    ] {
        assert!(
            report.warns(&format!("post {number} "), warning),
            "{number}: {}",
            report.output
        );
    }
    assert_eq!(
        server
            .get("/v1/articles/template-password-protected")
            .status,
        404
    );

    // Parents, and the name that is partly Greek.
    let admin = server.sign_in(Role::Admin);
    let tags = admin.get("/v1/admin/tags?limit=100&q=child").ok();
    let child = tags["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|tag| tag["name"] == "Child 1")
        .unwrap();
    assert_eq!(child["parent"]["name"], "Parent");
    // A caption, a gallery, a cover, a former address.
    let alignment = server.get("/v1/articles/markup-image-alignment").ok();
    assert!(
        alignment["body"].as_str().unwrap().contains("<figcaption>"),
        "{}",
        alignment["body"]
    );
    let gallery = server.get("/v1/articles/post-format-gallery").ok();
    assert!(
        gallery["body"].as_str().unwrap().matches("<img").count() > 3,
        "{}",
        gallery["body"]
    );
    let featured = server
        .get("/v1/articles/template-featured-image-horizontal")
        .ok();
    assert!(
        featured["cover"]["url"]
            .as_str()
            .unwrap()
            .starts_with("https://"),
        "{featured:?}"
    );
    let led = server
        .get("/v1/resolve?path=/2013/01/11/markup-html-tags-and-formatting")
        .ok();
    assert_eq!(led["redirect"]["to"], "/markup-html-tags-and-formatting");
}

#[test]
fn the_blocks_come_in_whole_and_once() {
    let (counted, report, server) = come_in_whole_and_once("wordpress/64-block-test-data.xml");
    assert_eq!((counted.items, report.skipped), (72, 10));
    let all = stored(&server);
    for post in counted
        .posts
        .iter()
        .filter(|post| matches!(post.kind.as_str(), "post" | "page"))
    {
        let text = &all[&post.id];
        no_word_is_lost(&post.id, &post.content, &text.text);
        assert!(!text.html.contains("wp:"), "{}", post.id);
    }
}

#[test]
fn the_exports_of_a_german_and_a_spanish_blog_come_in_whole_and_once() {
    for (file, texts_there) in [
        ("wordpress/nikola/wordpress_export_example.xml", 5),
        ("wordpress/nikola/wordpress_unicode_export.xml", 2),
    ] {
        let (counted, report, server) = come_in_whole_and_once(file);
        assert_eq!(report.texts.created, texts_there);
        let all = stored(&server);
        for post in counted
            .posts
            .iter()
            .filter(|post| matches!(post.kind.as_str(), "post" | "page"))
        {
            no_word_is_lost(&post.id, &post.content, &all[&post.id].text);
        }
    }
}

const EMPTY: &str = "<rss xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel><title>T</title>";

fn export(items: &str) -> String {
    format!("{EMPTY}{items}</channel></rss>")
}

#[test]
fn what_is_not_for_all_comes_out_by_no_flag() {
    let post = |id: u32, inner: &str| {
        format!(
            "<item><title>Canary {id}</title><wp:post_id>{id}</wp:post_id><wp:post_type>post</wp:post_type>{inner}</item>"
        )
    };
    let xml = export(
        &[
            post(
                1,
                "<wp:status>publish</wp:status><wp:post_password>x</wp:post_password>",
            ),
            post(2, "<wp:status>private</wp:status>"),
            post(3, "<wp:status>trash</wp:status>"),
            post(4, "<wp:status>draft</wp:status>"),
        ]
        .concat(),
    );
    let database = Database::unmigrated();
    let report = import_text(
        &database,
        "wordpress",
        xml.as_bytes(),
        &["--status", "published"],
    );
    assert_eq!(report.texts.created, 4);
    let server = Server::setup().over(database).start();
    // The draft was asked for, and the others were not for everybody there.
    assert_eq!(server.get("/v1/articles").column("title"), ["Canary 4"]);
}

#[test]
fn parents_in_a_circle_are_told_and_stored() {
    let category = |slug: &str, parent: &str| {
        format!(
            "<wp:category><wp:category_nicename>{slug}</wp:category_nicename><wp:category_parent>{parent}</wp:category_parent>\
             <wp:cat_name>{slug}</wp:cat_name></wp:category>"
        )
    };
    let xml = export(
        &[
            category("a", "b"),
            category("b", "c"),
            category("c", "a"),
            category("d", "d"),
        ]
        .concat(),
    );
    let database = Database::unmigrated();
    let report = import_text(&database, "wordpress", xml.as_bytes(), &[]);
    assert_eq!(report.of("tags").created, 4);
    assert!(
        report.warns("category ", "a tag cannot stand below itself"),
        "{}",
        report.output
    );
    let again = import_text(&database, "wordpress", xml.as_bytes(), &[]);
    assert_eq!((again.of("tags").created, again.of("tags").updated), (0, 0));
}
