//! Mobiledoc 0.3, the format of Ghost 1 to 4, as HTML (github.com/bustle/mobiledoc-kit, `MOBILEDOC.md`).

use serde_json::Value;

use super::cards::{Notes, card};
use crate::transfer::html::{escape, picture};

/// Elements that text may be marked with.
const MARKUPS: &[&str] = &[
    "a", "b", "code", "del", "em", "i", "ins", "kbd", "mark", "s", "small", "strong", "sub", "sup",
    "u",
];
/// Elements that a section of text may be.
const SECTIONS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "aside",
];

struct Document<'a> {
    markups: &'a [Value],
    atoms: &'a [Value],
    cards: &'a [Value],
}

/// Makes HTML of a document, or says why it cannot be read.
pub(super) fn html(json: &str, notes: &mut Notes) -> Result<String, String> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| format!("its mobiledoc is no JSON: {error}"))?;
    let list = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    let document = Document {
        markups: list("markups"),
        atoms: list("atoms"),
        cards: list("cards"),
    };
    let version = value
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !version.starts_with("0.3") && !version.is_empty() {
        let version: String = version.chars().take(20).collect();
        return Err(format!(
            "its mobiledoc is of the version {version}, which is not known here"
        ));
    }
    let mut out = String::new();
    for section in list("sections") {
        document.section(section, &mut out, notes);
    }
    Ok(out)
}

impl Document<'_> {
    fn section(&self, section: &Value, out: &mut String, notes: &mut Notes) {
        let Some(parts) = section.as_array() else {
            return;
        };
        let kind = parts.first().and_then(Value::as_u64);
        match kind {
            Some(1) => {
                let written = parts
                    .get(1)
                    .and_then(Value::as_str)
                    .unwrap_or("p")
                    .to_ascii_lowercase();
                let tag = match written.as_str() {
                    "pull-quote" => "blockquote",
                    known => SECTIONS
                        .iter()
                        .find(|tag| **tag == known)
                        .copied()
                        .unwrap_or("p"),
                };
                let mut inner = String::new();
                self.markers(parts.get(2), &mut inner, notes);
                if !inner.trim().is_empty() {
                    out.push_str(&format!("<{tag}>{inner}</{tag}>\n"));
                }
            }
            Some(2) => {
                let src = parts.get(1).and_then(Value::as_str).unwrap_or_default();
                out.push_str(&format!("<figure>{}</figure>\n", picture(src, "")));
            }
            Some(3) => {
                let ordered = parts.get(1).and_then(Value::as_str) == Some("ol");
                let tag = if ordered { "ol" } else { "ul" };
                out.push_str(&format!("<{tag}>"));
                for item in parts.get(2).and_then(Value::as_array).into_iter().flatten() {
                    out.push_str("<li>");
                    self.markers(Some(item), out, notes);
                    out.push_str("</li>");
                }
                out.push_str(&format!("</{tag}>\n"));
            }
            Some(10) => {
                let found = named(self.cards, parts.get(1));
                if let Some((name, content)) = found {
                    out.push_str(&card(name, content, notes));
                }
            }
            _ => notes.unknown("a section"),
        }
    }

    /// Text with its marks: each marker opens some, and closes so many of those that are open.
    fn markers(&self, markers: Option<&Value>, out: &mut String, notes: &mut Notes) {
        let mut open: Vec<&str> = Vec::new();
        for marker in markers.and_then(Value::as_array).into_iter().flatten() {
            let Some(parts) = marker.as_array() else {
                continue;
            };
            let opens = parts.get(1).and_then(Value::as_array);
            for index in opens.into_iter().flatten() {
                open.push(self.open(index, out));
            }
            match (parts.first().and_then(Value::as_u64), parts.get(3)) {
                (Some(1), Some(index)) => match named(self.atoms, Some(index)) {
                    Some(("soft-return", _)) => out.push_str("<br>"),
                    Some((name, content)) => {
                        notes.unknown(name);
                        out.push_str(&escape(content.as_str().unwrap_or_default()));
                    }
                    None => {}
                },
                (_, Some(Value::String(text))) => {
                    // A newline within a text is a line break of Ghost's.
                    out.push_str(&escape(text).replace('\n', "<br>"));
                }
                _ => {}
            }
            let closes = parts.get(2).and_then(Value::as_u64).unwrap_or(0);
            for _ in 0..closes {
                match open.pop() {
                    Some(tag) => close(tag, out),
                    None => break,
                }
            }
        }
        while let Some(tag) = open.pop() {
            close(tag, out);
        }
    }

    /// Opens a mark. Empty is the name of one that is not known.
    fn open(&self, index: &Value, out: &mut String) -> &'static str {
        let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
        let markup = index
            .and_then(|index| self.markups.get(index))
            .and_then(Value::as_array);
        let Some(markup) = markup else { return "" };
        let name = markup.first().and_then(Value::as_str).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let Some(tag) = MARKUPS.iter().find(|tag| **tag == name).copied() else {
            return "";
        };
        out.push('<');
        out.push_str(tag);
        if tag == "a" {
            let pairs = markup
                .get(1)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let href = pairs.chunks(2).find_map(|pair| match pair {
                [name, value] if name.as_str() == Some("href") => value.as_str(),
                _ => None,
            });
            out.push_str(&format!(" href=\"{}\"", escape(href.unwrap_or_default())));
        }
        out.push('>');
        tag
    }
}

fn close(tag: &str, out: &mut String) {
    if !tag.is_empty() {
        out.push_str(&format!("</{tag}>"));
    }
}

/// A card or an atom: its name and what it holds.
fn named<'a>(list: &'a [Value], index: Option<&Value>) -> Option<(&'a str, &'a Value)> {
    let index = usize::try_from(index?.as_u64()?).ok()?;
    let parts = list.get(index)?.as_array()?;
    Some((parts.first()?.as_str()?, parts.get(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(json: &str) -> (String, Vec<String>) {
        let mut notes = Notes::default();
        let html = html(json, &mut notes).unwrap();
        (html, notes.into_sentences())
    }

    #[test]
    fn texts_marks_lists_and_cards_are_html() {
        let (html, notes) = made(
            r#"{"version": "0.3.1", "markups": [["strong"], ["a", ["href", "/x?a&b"]], ["blink"]],
                "atoms": [["soft-return", "", {}]], "cards": [["hr", {}], ["image", {"src": "/a.jpg"}]],
                "sections": [[1, "h2", [[0, [], 0, "A < B"]]],
                    [1, "p", [[0, [0], 0, "b"], [0, [1], 2, "c"], [1, [], 0, 0], [0, [2], 1, "d"]]],
                    [1, "p", []], [3, "ol", [[[0, [], 0, "one"]], [[0, [0], 1, "two"]]]], [10, 0], [10, 1], [10, 9], [2, "/b.jpg"]]}"#,
        );
        assert_eq!(
            html,
            "<h2>A &lt; B</h2>\n<p><strong>b<a href=\"/x?a&amp;b\">c</a></strong><br>d</p>\n\
             <ol><li>one</li><li><strong>two</strong></li></ol>\n<hr>\n<figure><img src=\"/a.jpg\" alt=\"\"></figure>\n\
             <figure><img src=\"/b.jpg\" alt=\"\"></figure>\n"
        );
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn broken_documents_say_so() {
        let mut notes = Notes::default();
        assert!(html("{", &mut notes).unwrap_err().contains("no JSON"));
        assert!(
            html(r#"{"version": "0.2.0"}"#, &mut notes)
                .unwrap_err()
                .contains("0.2.0")
        );
        for odd in [
            "[]",
            "{}",
            r#"{"sections": [1, [], [1], [1, 2, 3], [3, "ul"], [99]]}"#,
        ] {
            html(odd, &mut notes).unwrap();
        }
    }
}
