//! Elements that have no place in a text here, as others that do: players and frames become links, for what they show is on
//! the web, and elements that HTML has given up become those that took their places.

use super::link;
use super::tokens::{Token, tokens};

/// Elements that show what stands elsewhere.
const PLAYERS: &[&str] = &["iframe", "video", "audio", "object", "embed"];

/// Elements of old, and what they are now.
const NOW: &[(&str, &str)] = &[
    ("acronym", "abbr"),
    ("address", "div"),
    ("center", "div"),
    ("strike", "s"),
    ("tt", "code"),
];

/// The HTML with a link in the place of each player and frame that says what it shows.
#[must_use]
pub(in crate::transfer) fn as_links(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut row = tokens(html);
    while let Some(token) = row.next() {
        match token {
            Token::Text(raw) | Token::Comment(raw) => out.push_str(raw),
            Token::Tag(tag) if !tag.closes && tag.is_one_of(PLAYERS) => {
                let own = tag
                    .attribute("src")
                    .or_else(|| tag.attribute("data"))
                    .or_else(|| tag.attribute("data-src"));
                let single = tag.is_one_of(&["embed"]);
                let inner = if single {
                    ""
                } else {
                    row.until_end_of(tag.name)
                };
                let address = own.filter(|own| !own.is_empty()).or_else(|| source(inner));
                match address.map(whole) {
                    Some(address) => {
                        let title = tag.attribute("title").unwrap_or_default();
                        out.push_str(&link(&address, &title));
                        if !single {
                            // Its end, which says nothing any more.
                            row.next();
                        }
                    }
                    // What it shows is not said: it stays for the sanitiser, which tells of it.
                    None => {
                        out.push_str(tag.raw);
                        out.push_str(inner);
                    }
                }
            }
            Token::Tag(tag) => match NOW.iter().find(|(old, _)| tag.is_one_of(&[old])) {
                Some((_, now)) => {
                    let start = if tag.closes { 2 } else { 1 };
                    out.push_str(if tag.closes { "</" } else { "<" });
                    out.push_str(now);
                    out.push_str(tag.raw.get(start + tag.name.len()..).unwrap_or(">"));
                }
                None => out.push_str(tag.raw),
            },
        }
    }
    out
}

/// The first address that is named within a player.
fn source(inner: &str) -> Option<String> {
    tokens(inner).find_map(|token| match token {
        Token::Tag(tag) if !tag.closes && tag.is_one_of(&["source", "embed", "iframe"]) => {
            tag.attribute("src").filter(|address| !address.is_empty())
        }
        Token::Tag(tag) if !tag.closes && tag.is_one_of(&["param"]) => tag
            .attribute("name")
            .filter(|name| matches!(name.as_str(), "movie" | "src"))
            .and_then(|_| tag.attribute("value")),
        _ => None,
    })
}

fn whole(address: String) -> String {
    if address.starts_with("//") {
        format!("https:{address}")
    } else {
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_linked() {
        for (html, expected) in [
            (
                "<p>a</p><iframe src=\"//example.org/v?a=1&amp;b\" title=\"A film\">x</iframe>b",
                "<p>a</p><a href=\"https://example.org/v?a=1&amp;b\">A film</a>b",
            ),
            (
                "<figure><video controls><source src=\"/a.mp4\"></video><figcaption>c</figcaption></figure>",
                "<figure><a href=\"/a.mp4\">/a.mp4</a><figcaption>c</figcaption></figure>",
            ),
            (
                "<object><param name=\"movie\" value=\"/f.swf\"><embed src=\"/g.swf\"></object>",
                "<a href=\"/f.swf\">/f.swf</a>",
            ),
            ("<audio src=\"/a.mp3\">", "<a href=\"/a.mp3\">/a.mp3</a>"),
            ("<iframe srcdoc=x></iframe>", "<iframe srcdoc=x></iframe>"),
            (
                "<Strike>a</STRIKE><acronym title=\"b\">c</acronym>",
                "<s>a</s><abbr title=\"b\">c</abbr>",
            ),
        ] {
            assert_eq!(as_links(html), expected);
        }
    }
}
