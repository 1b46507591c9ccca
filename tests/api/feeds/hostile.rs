//! Whatever a title, a name or a body holds: the feeds are valid, and say it.

use super::{FORMATS, read};
use crate::support::{Server, article, create_all};

/// What has broken feeds before, and what XML has no place for.
const HOSTILE: &[&str] = &[
    "]]>",
    "<![CDATA[x]]>",
    "</title></item><item>",
    "<script>alert(1)</script>",
    "&amp; &lt; &nbsp; &#0; &#x1; &unknown; &",
    "\u{1}\u{2}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}\u{85}",
    "\u{fffe}\u{ffff}\u{fffd}",
    "\u{1fffe}\u{10ffff}",
    "\u{202e}gnirts desrever\u{202c} \u{2066}x\u{2069} \u{200f}",
    "\u{feff}bom",
    "'single' \"double\" `back`",
    "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]>",
    "<!-- -- -->",
    "e\u{301}\u{308} 👩‍👩‍👧 𝕳 עברית العربية 日本語",
    "\u{2028}line\u{2029}paragraph",
    "-->",
    "{\"json\": \"\\u0000\"}",
];

#[test]
fn hostile_texts_are_texts() {
    let server = Server::start();
    let all = HOSTILE.iter().enumerate().map(|(number, hostile)| {
        article(&format!("{number} {hostile} end"))
            .standfirst(hostile)
            .content_notice(&format!("notice {hostile}"))
            .tags([&format!("tag {number} {hostile}")])
            .authors([&format!("author {number} {hostile}")])
            .markdown(&format!(
                "{hostile}\n\n`{hostile}`\n\n[x](/a?b=%01&c={number}\"'<>)"
            ))
    });
    create_all(&server, all.collect());
    let clean = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                '\0'..='\u{8}'
                | '\u{b}'
                | '\u{c}'
                | '\u{e}'..='\u{1f}'
                | '\u{fffe}'
                | '\u{ffff}' => '\u{fffd}',
                c => c,
            })
            .collect()
    };
    for format in FORMATS {
        let path = format!("/v1/feeds/articles.{format}?limit=100");
        let said = read(format, &server.get(&path));
        assert_eq!(said.entries.len(), HOSTILE.len());
        for (number, hostile) in HOSTILE.iter().enumerate() {
            // JSON has a place for all of them.
            let written = |text: &str| {
                if format == "json" {
                    text.to_owned()
                } else {
                    clean(text)
                }
            };
            let start = format!("{number} ");
            let entry = said
                .entries
                .iter()
                .find(|entry| entry.title.starts_with(&start));
            let entry = entry.unwrap_or_else(|| panic!("{number} in {format}"));
            assert_eq!(
                entry.title,
                written(&format!("{number} {hostile} end")),
                "{format}"
            );
            assert!(
                entry
                    .summary
                    .starts_with(&written(&format!("[notice {hostile}"))),
                "{format}: {entry:?}"
            );
            assert_eq!(entry.tags.len(), 1);
            assert!(!entry.content.contains("<script"), "{}", entry.content);
        }
    }
}

#[test]
fn a_feed_of_a_hostile_tag_can_be_read() {
    let server = Server::start();
    article("One")
        .tags(["]]> & \u{2}<x>"])
        .authors(["\u{ffff}\"<y>"])
        .create(&server);
    let tag = server.get("/v1/tags").column("slug").remove(0);
    let author = server.get("/v1/authors").column("slug").remove(0);
    for format in FORMATS {
        let path = format!("/v1/feeds/articles.{format}?tag={tag}&author={author}");
        let said = read(format, &server.get(&path));
        assert!(said.title.contains("]]> & "), "{}", said.title);
        assert_eq!(said.entries.len(), 1);
    }
}
