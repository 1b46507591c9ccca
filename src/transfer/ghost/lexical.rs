//! Lexical, the format of Ghost 5 and later, as HTML: a tree of nodes, each named by its `type`.

use serde_json::Value;

use super::cards::{Notes, card};
use crate::transfer::html::escape;

/// The bits of a text's `format`, and the elements that they stand for, the outermost first.
const FORMATS: &[(u64, &str)] = &[
    (1, "strong"),
    (2, "em"),
    (4, "s"),
    (8, "u"),
    (16, "code"),
    (32, "sub"),
    (64, "sup"),
    (128, "mark"),
];

/// Makes HTML of a document, or says why it cannot be read.
pub(super) fn html(json: &str, notes: &mut Notes) -> Result<String, String> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| format!("its lexical is no JSON: {error}"))?;
    let root = value.get("root").ok_or("its lexical has no root")?;
    let mut out = String::new();
    children(root, &mut out, notes);
    Ok(out)
}

fn text<'a>(node: &'a Value, field: &str) -> &'a str {
    node.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// JSON's reader has bounded how deep this goes.
fn children(node: &Value, out: &mut String, notes: &mut Notes) {
    for child in node
        .get("children")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        write(child, out, notes);
    }
}

fn within(tag: &str, attributes: &str, node: &Value, out: &mut String, notes: &mut Notes) {
    let mut inner = String::new();
    children(node, &mut inner, notes);
    if !inner.trim().is_empty() {
        out.push_str(&format!("<{tag}{attributes}>{inner}</{tag}>"));
    }
}

fn write(node: &Value, out: &mut String, notes: &mut Notes) {
    match text(node, "type") {
        "text" | "extended-text" | "code-highlight" => words(node, out),
        "linebreak" => out.push_str("<br>"),
        "tab" => out.push(' '),
        "zwnj" => {}
        "paragraph" => block("p", "", node, out, notes),
        "heading" | "extended-heading" => {
            let tag = match text(node, "tag") {
                tag @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => tag,
                _ => "h2",
            };
            block(tag, "", node, out, notes);
        }
        "quote" | "extended-quote" => block("blockquote", "", node, out, notes),
        "aside" => block("blockquote", "", node, out, notes),
        "list" => {
            let ordered = text(node, "listType") == "number" || text(node, "tag") == "ol";
            let start = node
                .get("start")
                .and_then(Value::as_u64)
                .filter(|start| *start != 1);
            let start = start
                .map(|start| format!(" start=\"{start}\""))
                .filter(|_| ordered);
            block(
                if ordered { "ol" } else { "ul" },
                &start.unwrap_or_default(),
                node,
                out,
                notes,
            );
        }
        "listitem" => {
            out.push_str("<li>");
            if let Some(checked) = node.get("checked").and_then(Value::as_bool) {
                out.push_str(if checked {
                    "<input type=\"checkbox\" checked> "
                } else {
                    "<input type=\"checkbox\"> "
                });
            }
            children(node, out, notes);
            out.push_str("</li>");
        }
        "link" | "autolink" | "at-link" => {
            let href = format!(" href=\"{}\"", escape(text(node, "url")));
            within("a", &href, node, out, notes);
        }
        "at-link-search" => {}
        "code" => {
            let mut shown = String::new();
            children(node, &mut shown, notes);
            let shown = shown.replace("<br>", "\n");
            out.push_str(&format!("<pre><code>{shown}</code></pre>\n"));
        }
        "table" => block("table", "", node, out, notes),
        "tablerow" => within("tr", "", node, out, notes),
        "tablecell" => within("td", "", node, out, notes),
        "" | "root" => children(node, out, notes),
        other if node.get("children").is_some() => {
            notes.unknown(other);
            children(node, out, notes);
        }
        other => out.push_str(&card(other, node, notes)),
    }
}

fn block(tag: &str, attributes: &str, node: &Value, out: &mut String, notes: &mut Notes) {
    let before = out.len();
    within(tag, attributes, node, out, notes);
    if out.len() > before {
        out.push('\n');
    }
}

fn words(node: &Value, out: &mut String) {
    let format = node.get("format").and_then(Value::as_u64).unwrap_or(0);
    let marks: Vec<&str> = FORMATS
        .iter()
        .filter(|(bit, _)| format & bit != 0)
        .map(|(_, tag)| *tag)
        .collect();
    for tag in &marks {
        out.push_str(&format!("<{tag}>"));
    }
    out.push_str(&escape(text(node, "text")));
    for tag in marks.iter().rev() {
        out.push_str(&format!("</{tag}>"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(children: &Value) -> (String, Vec<String>) {
        let mut notes = Notes::default();
        let json = json!({"root": {"children": children, "type": "root"}}).to_string();
        let html = html(&json, &mut notes).unwrap();
        (html, notes.into_sentences())
    }

    #[test]
    fn nodes_are_html() {
        let word = |text: &str, format: u64| json!({"type": "extended-text", "text": text, "format": format});
        let (html, notes) = made(&json!([
            {"type": "extended-heading", "tag": "h3", "children": [word("A < B", 0)]},
            {"type": "paragraph", "children": [
                word("b", 3), {"type": "linebreak"}, {"type": "link", "url": "/x?a&b", "children": [word("c", 16)]},
            ]},
            {"type": "paragraph", "children": []},
            {"type": "list", "listType": "number", "tag": "ol", "start": 3, "children": [
                {"type": "listitem", "children": [word("one", 0)]},
                {"type": "listitem", "children": [{"type": "list", "listType": "bullet", "children": [
                    {"type": "listitem", "children": [word("two", 128)]},
                ]}]},
            ]},
            {"type": "extended-quote", "children": [word("q", 0)]},
            {"type": "horizontalrule"},
            {"type": "codeblock", "code": "x", "language": "js"},
            {"type": "image", "src": "__GHOST_URL__/a.jpg", "alt": "A", "caption": "c"},
        ]));
        assert_eq!(
            html,
            "<h3>A &lt; B</h3>\n<p><strong><em>b</em></strong><br><a href=\"/x?a&amp;b\"><code>c</code></a></p>\n\
             <ol start=\"3\"><li>one</li><li><ul><li><mark>two</mark></li></ul>\n</li></ol>\n<blockquote>q</blockquote>\n<hr>\n\
             <pre><code class=\"language-js\">x</code></pre>\n\
             <figure><img src=\"__GHOST_URL__/a.jpg\" alt=\"A\"><figcaption>c</figcaption></figure>\n"
        );
        assert_eq!(notes, [""; 0]);
    }

    #[test]
    fn what_is_not_known_keeps_its_words() {
        let (html, notes) = made(&json!([
            {"type": "spoiler", "children": [{"type": "text", "text": "a"}]},
            {"type": "poll", "title": "b"},
        ]));
        assert_eq!(html, "a<p>b</p>\n");
        assert_eq!(
            notes,
            ["cards that are not known here were reduced to their text: poll (1), spoiler (1)"]
        );
    }

    #[test]
    fn broken_documents_say_so() {
        let mut notes = Notes::default();
        assert!(html("x", &mut notes).is_err());
        assert!(html("{}", &mut notes).is_err());
        let deep = format!(
            "{{\"root\": {}{}}}",
            "{\"children\": [".repeat(500),
            "]}".repeat(500)
        );
        assert!(html(&deep, &mut notes).is_err());
        assert_eq!(
            html(
                r#"{"root": {"children": [1, {"type": 2}, {}]}}"#,
                &mut notes
            )
            .unwrap(),
            ""
        );
    }
}
