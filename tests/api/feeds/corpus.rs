//! The feeds of real blogs, strictly parsed.

use super::{FORMATS, feed, read};
use crate::imports::import_blog;
use crate::support::{Server, corpus};

#[test]
fn the_feeds_of_real_blogs_are_valid() {
    let server = Server::start();
    for blog in ["markdown-blog/18f-yaml", "markdown-blog/rust-toml"] {
        assert!(import_blog(&server, &corpus(blog)).created > 50, "{blog}");
    }
    let mut entries = 0;
    // A feed reaches 100 articles deep, so every tag and every author has its turn.
    for (route, name) in [("tags", "tag"), ("authors", "author")] {
        let mut page = Some(format!("/v1/{route}?limit=100"));
        while let Some(path) = page {
            let list = server.get(&path);
            for slug in list.column("slug") {
                for format in FORMATS {
                    let path = format!("/v1/feeds/articles.{format}?{name}={slug}&limit=100");
                    entries += read(format, &server.get(&path)).entries.len();
                }
            }
            page = list.link("next");
        }
    }
    assert!(entries > 3_000, "{entries}");
    let newest = feed(&server, "?limit=100");
    assert_eq!(newest.entries.len(), 100);
    let relative = newest.entries.iter().filter(|entry| {
        ["href=\"/", "src=\"/", "href=\"#", "href=\"..", "src=\".."]
            .iter()
            .any(|start| entry.content.contains(start))
    });
    assert_eq!(relative.count(), 0);
}
