//! The body of a post as clean HTML: block comments gone, shortcodes expanded, paragraphs made where WordPress makes them,
//! players as links. What is lost on the way is told of.

mod blocks;
mod paragraphs;
mod shortcodes;

use super::attachments::Attachments;
use crate::articles::new::MAX_PARAGRAPH;
use crate::articles::render;
use crate::transfer::html::tokens::{Token, tokens};
use crate::transfer::html::{is_address, link, media};
use shortcodes::Shortcodes;

/// A body, as it is to be stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// HTML.
    pub(super) html: String,
    /// The words before `<!--more-->`, plain.
    pub(super) teaser: Option<String>,
    /// What is otherwise than it was, one sentence each.
    pub(super) notes: Vec<String>,
}

/// Makes a body of what WordPress stores. `owner` is the number of its post; its footnotes are kept apart from it, as JSON.
pub(super) fn body(
    content: &str,
    footnotes: Option<&str>,
    owner: u64,
    attachments: &Attachments,
) -> Body {
    let content = content.replace("\r\n", "\n").replace('\r', "\n");
    let mut notes = Vec::new();
    let mut html = convert(&content, owner, attachments, Some(&mut notes));
    if let Some(footnotes) = footnotes.and_then(list_of_footnotes) {
        html.push_str(&media::as_links(&footnotes));
    }
    let teaser = teaser(&content).map(|before| {
        let html = convert(before, owner, attachments, None);
        let text = render::plain_text(&html);
        text.chars().take(MAX_PARAGRAPH).collect::<String>()
    });
    if content.contains("<!--nextpage-->") {
        notes.push("its pages were joined into one".into());
    }
    Body {
        html,
        teaser: teaser.filter(|teaser| !teaser.is_empty()),
        notes,
    }
}

/// The footnotes of a post, as they stand at its end.
fn list_of_footnotes(json: &str) -> Option<String> {
    let notes: serde_json::Value = serde_json::from_str(json).ok()?;
    let texts = notes.as_array()?.iter();
    let items: String = texts
        .filter_map(|note| note.get("content")?.as_str())
        .map(|text| format!("<li>{}</li>", without_comments(text)))
        .collect();
    (!items.is_empty()).then(|| format!("<ol>{items}</ol>\n"))
}

/// What stands before the mark that ends the teaser.
fn teaser(content: &str) -> Option<&str> {
    let at = content.find("<!--more")?;
    let mark = content.get(at..)?;
    let is_mark = mark.starts_with("<!--more-->") || mark.starts_with("<!--more ");
    content.get(..at).filter(|_| is_mark)
}

fn convert(
    content: &str,
    owner: u64,
    attachments: &Attachments,
    notes: Option<&mut Vec<String>>,
) -> String {
    let apart = blocks::apart(content);
    let mut shortcodes = Shortcodes::new(attachments, owner);
    let mut html = String::with_capacity(content.len() + content.len() / 8);
    for stretch in &apart.stretches {
        let expanded = if stretch.text.contains('[') {
            shortcodes.expand(&stretch.text)
        } else {
            stretch.text.clone().into_owned()
        };
        if stretch.classic {
            html.push_str(&paragraphs::paragraphs(&expanded));
        } else {
            html.push_str(&without_comments(&expanded));
        }
    }
    if let Some(notes) = notes {
        // Footnotes are kept elsewhere, and not lost.
        let lost: Vec<String> = apart
            .empty
            .iter()
            .filter(|(name, _)| *name != "footnotes")
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        if !lost.is_empty() {
            notes.push(format!(
                "blocks whose content WordPress makes when it shows them were left out: {}",
                lost.join(", ")
            ));
        }
        if !shortcodes.unknown.is_empty() {
            let names = shortcodes
                .unknown
                .iter()
                .map(|(name, count)| format!("[{name}] ({count})"));
            notes.push(format!(
                "shortcodes that are not known here were kept as they are written: {}",
                names.collect::<Vec<_>>().join(", ")
            ));
        }
        if shortcodes.missing > 0 {
            notes.push(format!(
                "{} pictures that its galleries name are not in the file",
                shortcodes.missing
            ));
        }
    }
    media::as_links(&html)
}

/// The HTML of blocks: without comments, and with a link where an address stands alone in an element, which WordPress shows
/// as what it leads to.
fn without_comments(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut row = tokens(html);
    let mut linked = false;
    while let Some(token) = row.next() {
        match token {
            Token::Comment(_) => {}
            Token::Text(text) if !linked && is_address(text.trim()) => {
                out.push_str(&link(&text.trim().replace("&amp;", "&"), ""));
            }
            Token::Text(text) => out.push_str(text),
            Token::Tag(tag) => {
                out.push_str(tag.raw);
                if tag.is_one_of(&["a"]) {
                    linked = !tag.closes;
                } else if !tag.closes && tag.is_one_of(&["pre", "script", "style"]) {
                    out.push_str(row.until_end_of(tag.name));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(content: &str) -> Body {
        body(content, None, 1, &Attachments::default())
    }

    #[test]
    fn a_classic_text_gets_its_paragraphs() {
        let body =
            made("Before.\r\n\r\n<!--more Read on-->\r\nAfter\r\n<!--nextpage-->\r\n\r\nEnd.");
        assert_eq!(body.html, "<p>Before.</p>\n<p>After</p>\n<p>End.</p>\n");
        assert_eq!(body.teaser.as_deref(), Some("Before."));
        assert_eq!(body.notes, ["its pages were joined into one"]);
        assert_eq!(made("<!--more-->a").teaser, None);
    }

    #[test]
    fn blocks_are_kept_as_they_are_and_what_has_no_content_is_told() {
        let body = made(
            "<!-- wp:paragraph -->\n<p>a\nb</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:latest-posts {\"x\":1} /-->\n\n\
             <!-- wp:embed --><figure><div>\nhttps://example.org/v\n</div></figure><!-- /wp:embed -->\n\nclassic\n\nwords",
        );
        assert_eq!(
            body.html.split_whitespace().collect::<Vec<_>>().join(" "),
            "<p>a b</p> <figure><div><a href=\"https://example.org/v\">https://example.org/v</a></div></figure><p>classic</p> <p>words</p>"
        );
        assert_eq!(
            body.notes,
            [
                "blocks whose content WordPress makes when it shows them were left out: latest-posts (1)"
            ]
        );
    }

    #[test]
    fn footnotes_stand_at_the_end() {
        let json = r#"[{"content": "See <em>there</em>.", "id": "x"}, {"id": "y"}]"#;
        let body = body(
            "<!-- wp:footnotes /-->a",
            Some(json),
            1,
            &Attachments::default(),
        );
        assert_eq!(
            body.html,
            "<p>a</p>\n<ol><li>See <em>there</em>.</li></ol>\n"
        );
        assert_eq!(body.notes, [""; 0]);
    }

    #[test]
    fn frames_are_links() {
        let body = made("Look:\n\n<iframe src=\"https://example.org/v\"></iframe>");
        assert_eq!(
            body.html,
            "<p>Look:</p>\n<p><a href=\"https://example.org/v\">https://example.org/v</a></p>\n"
        );
    }
}
