//! The comments between which WordPress's block editor keeps its blocks: `<!-- wp:name {…} -->` … `<!-- /wp:name -->`, or
//! `<!-- wp:name {…} /-->` where WordPress makes the content when it shows it.

use std::borrow::Cow;

use serde_json::Value;

use crate::transfer::html::link;

/// A stretch of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch<'a> {
    pub(super) text: Cow<'a, str>,
    /// It stands outside of all blocks, or in one of the classic editor: paragraphs are made of it.
    pub(super) classic: bool,
}

/// A body taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Blocks<'a> {
    pub(super) stretches: Vec<Stretch<'a>>,
    /// Blocks that hold nothing but settings, each with how often it stands there.
    pub(super) empty: Vec<(&'a str, usize)>,
}

/// No report names more kinds.
const MAX_KINDS: usize = 30;

/// Takes a body apart at its block comments, which are in none of the stretches.
#[must_use]
pub(super) fn apart(body: &str) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    // Of each open block whether it holds a text of the classic editor.
    let mut open: Vec<bool> = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(at) = body
        .get(from..)
        .and_then(|rest| rest.find("<!--"))
        .map(|found| from + found)
    {
        let Some(end) = body
            .get(at..)
            .and_then(|rest| rest.find("-->"))
            .map(|length| at + length)
        else {
            break;
        };
        from = end + 3;
        let inner = body.get(at + 4..end).unwrap_or("").trim();
        let (name, closes) = match (inner.strip_prefix("wp:"), inner.strip_prefix("/wp:")) {
            (Some(name), _) => (name, false),
            (None, Some(name)) => (name, true),
            (None, None) => continue,
        };
        let single = name.ends_with('/');
        let settings = name.trim_end_matches('/');
        let name = settings
            .split(|c: char| c.is_whitespace() || c == '{')
            .next();
        let name = name.unwrap_or("");
        let settings = settings.get(name.len()..).unwrap_or("");
        let classic = open.last().copied().unwrap_or(true);
        blocks.stretches.push(Stretch {
            text: body.get(start..at).unwrap_or("").into(),
            classic,
        });
        start = from;
        if closes {
            open.pop();
        } else if single {
            if let Some(html) = entry(name, settings) {
                blocks.stretches.push(Stretch {
                    text: html.into(),
                    classic: false,
                });
                continue;
            }
            let known = blocks.empty.iter().position(|(known, _)| *known == name);
            if let Some((_, count)) = known.and_then(|index| blocks.empty.get_mut(index)) {
                *count += 1;
            } else if known.is_none() && blocks.empty.len() < MAX_KINDS {
                blocks.empty.push((name, 1));
            }
        } else {
            open.push(matches!(
                name,
                "shortcode" | "freeform" | "core/shortcode" | "core/freeform"
            ));
        }
    }
    blocks.stretches.push(Stretch {
        text: body.get(start..).unwrap_or("").into(),
        classic: open.last().copied().unwrap_or(true),
    });
    blocks
        .stretches
        .retain(|stretch| !stretch.text.trim().is_empty());
    blocks
}

/// An entry of a list of links, which is kept in settings alone.
fn entry(name: &str, settings: &str) -> Option<String> {
    if !matches!(
        name,
        "social-link" | "navigation-link" | "navigation-submenu"
    ) {
        return None;
    }
    let settings: Value = serde_json::from_str(settings).ok()?;
    let text = |field: &str| settings.get(field).and_then(Value::as_str);
    let address = text("url").filter(|address| !address.is_empty())?;
    let label = text("label")
        .or_else(|| text("service"))
        .unwrap_or_default();
    Some(format!("<li>{}</li>", link(address, label)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_apart() {
        let body = "a\n<!-- wp:group {\"x\":1} --><div><!-- wp:paragraph -->\n<p>b</p>\n<!-- /wp:paragraph --></div><!-- /wp:group -->\n\
                    <!-- wp:latest-posts {\"a\":{}} /--><!-- wp:latest-posts /--><!-- wp:shortcode -->[x]<!-- /wp:shortcode --><!--more-->c";
        let blocks = apart(body);
        let told: Vec<(&str, bool)> = blocks
            .stretches
            .iter()
            .map(|stretch| (stretch.text.trim(), stretch.classic))
            .collect();
        assert_eq!(
            told,
            [
                ("a", true),
                ("<div>", false),
                ("<p>b</p>", false),
                ("</div>", false),
                ("[x]", true),
                ("<!--more-->c", true)
            ]
        );
        assert_eq!(blocks.empty, [("latest-posts", 2)]);
    }

    #[test]
    fn entries_of_lists_of_links_are_links() {
        let blocks = apart(
            "<!-- wp:social-link {\"url\":\"https://example.org/a\",\"service\":\"mastodon\"} /--><!-- wp:social-link /-->",
        );
        assert_eq!(
            blocks.stretches[0].text,
            "<li><a href=\"https://example.org/a\">mastodon</a></li>"
        );
        assert_eq!(blocks.empty, [("social-link", 1)]);
    }

    #[test]
    fn a_body_without_blocks_is_one_stretch() {
        let blocks = apart("a <!-- b --> c <!-- wp:x");
        assert_eq!(blocks.stretches.len(), 1);
        assert!(blocks.stretches[0].classic && blocks.empty.is_empty());
        assert_eq!(apart("<!-- /wp:x -->a").stretches.len(), 1);
    }
}
