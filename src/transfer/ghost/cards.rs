//! Cards of Ghost's editors, in both of its formats, as HTML: pictures, galleries, embedded pages, code and the like.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::articles::model::Format;
use crate::articles::render;
use crate::transfer::html::{code, escape, figure, file_name, link, picture};

/// No report names more kinds.
const MAX_KINDS: usize = 30;

/// What was made of a document, and what of it was not known.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Cards and nodes that are not known, whose text was kept.
    pub(super) unknown: BTreeMap<String, usize>,
    /// Cards that were left out, because they are for mails or for members.
    pub(super) left_out: BTreeMap<String, usize>,
}

impl Notes {
    pub(super) fn unknown(&mut self, name: &str) {
        count(&mut self.unknown, name);
    }

    fn left_out(&mut self, name: &str) {
        count(&mut self.left_out, name);
    }

    /// A sentence for each.
    pub(super) fn into_sentences(self) -> Vec<String> {
        let list = |counts: &BTreeMap<String, usize>| {
            let told = counts
                .iter()
                .map(|(name, count)| format!("{name} ({count})"));
            told.collect::<Vec<_>>().join(", ")
        };
        let mut sentences = Vec::new();
        if !self.unknown.is_empty() {
            sentences.push(format!(
                "cards that are not known here were reduced to their text: {}",
                list(&self.unknown)
            ));
        }
        if !self.left_out.is_empty() {
            sentences.push(format!(
                "cards for mails and members were left out: {}",
                list(&self.left_out)
            ));
        }
        sentences
    }
}

fn count(counts: &mut BTreeMap<String, usize>, name: &str) {
    let name: String = name.chars().take(60).collect();
    if let Some(count) = counts.get_mut(&name) {
        *count += 1;
    } else if counts.len() < MAX_KINDS {
        counts.insert(name, 1);
    }
}

/// The HTML of a card, by its name in either format.
pub(super) fn card(name: &str, content: &Value, notes: &mut Notes) -> String {
    let text = |field: &str| {
        let text = content.get(field).and_then(Value::as_str);
        text.unwrap_or_default().trim().to_owned()
    };
    let first = |fields: &[&str]| {
        let found = fields
            .iter()
            .map(|field| text(field))
            .find(|text| !text.is_empty());
        found.unwrap_or_default()
    };
    match name {
        "hr" | "horizontalrule" => "<hr>\n".to_owned(),
        "image" => {
            let shown = picture(&text("src"), &text("alt"));
            let shown = if text("href").is_empty() {
                shown
            } else {
                format!("<a href=\"{}\">{shown}</a>", escape(&text("href")))
            };
            figure(&shown, &text("caption"))
        }
        "gallery" => gallery(content, &text("caption")),
        "markdown" | "card-markdown" => {
            format!(
                "{}\n",
                render::render(Format::Markdown, &text("markdown")).html
            )
        }
        "html" => format!("{}\n", text("html")),
        "code" | "codeblock" => {
            let shown = content
                .get("code")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let shown = code(shown, &text("language"));
            if text("caption").is_empty() {
                shown
            } else {
                figure(&shown, &text("caption"))
            }
        }
        "embed" => {
            let title = content.pointer("/metadata/title").and_then(Value::as_str);
            let shown = if text("url").is_empty() {
                text("html")
            } else {
                link(&text("url"), title.unwrap_or_default())
            };
            figure(&shown, &text("caption"))
        }
        "bookmark" => {
            let of = |field: &str| {
                let found = content.get("metadata").and_then(|data| data.get(field));
                found.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let title = Some(of("title")).filter(|title| !title.is_empty());
            let title = title.unwrap_or_else(|| text("title"));
            let about = Some(of("description")).filter(|about| !about.is_empty());
            let about = about.unwrap_or_else(|| text("description"));
            let about = if about.is_empty() {
                about
            } else {
                format!("<br>{}", escape(&about))
            };
            figure(
                &format!("{}{about}", link(&text("url"), &title)),
                &text("caption"),
            )
        }
        "callout" => {
            let sign = text("calloutEmoji");
            let sign = if sign.is_empty() {
                sign
            } else {
                format!("{} ", escape(&sign))
            };
            format!("<aside><p>{sign}{}</p></aside>\n", text("calloutText"))
        }
        "toggle" => {
            let (heading, inner) = (text("heading"), text("content"));
            format!("<details><summary>{heading}</summary>{inner}</details>\n")
        }
        "button" => format!("<p>{}</p>\n", link(&text("buttonUrl"), &text("buttonText"))),
        "video" | "audio" | "file" => {
            let src = text("src");
            let title = first(&["fileTitle", "title", "fileName"]);
            let title = if title.is_empty() {
                file_name(&src).to_owned()
            } else {
                title
            };
            figure(&link(&src, &title), &first(&["caption", "fileCaption"]))
        }
        "product" => {
            let mut html = String::new();
            if !text("productImageSrc").is_empty() {
                html.push_str(&figure(&picture(&text("productImageSrc"), ""), ""));
            }
            html.push_str(&format!(
                "<h4>{}</h4>\n{}\n",
                text("productTitle"),
                text("productDescription")
            ));
            if !text("productUrl").is_empty() {
                html.push_str(&format!(
                    "<p>{}</p>\n",
                    link(&text("productUrl"), &text("productButton"))
                ));
            }
            html
        }
        "header" => {
            let mut html = String::new();
            for (field, tag) in [("header", "h2"), ("subheader", "p")] {
                if !text(field).is_empty() {
                    html.push_str(&format!("<{tag}>{}</{tag}>\n", text(field)));
                }
            }
            if !text("buttonUrl").is_empty() {
                html.push_str(&format!(
                    "<p>{}</p>\n",
                    link(&text("buttonUrl"), &text("buttonText"))
                ));
            }
            html
        }
        "call-to-action" | "cta" => {
            let mut html = String::new();
            if !text("imageUrl").is_empty() {
                html.push_str(&figure(&picture(&text("imageUrl"), ""), ""));
            }
            html.push_str(&format!("{}\n", text("textValue")));
            if !text("buttonUrl").is_empty() {
                html.push_str(&format!(
                    "<p>{}</p>\n",
                    link(&text("buttonUrl"), &text("buttonText"))
                ));
            }
            html
        }
        "email" | "email-cta" | "paywall" | "signup" => {
            notes.left_out(name);
            String::new()
        }
        other => {
            notes.unknown(other);
            let mut words = Vec::new();
            gather(content, &mut words);
            let words = words.into_iter().map(|text| format!("<p>{text}</p>\n"));
            words.collect()
        }
    }
}

fn gallery(content: &Value, caption: &str) -> String {
    let images = content.get("images").and_then(Value::as_array);
    let mut html = String::new();
    for image in images.into_iter().flatten() {
        let text = |field: &str| image.get(field).and_then(Value::as_str).unwrap_or_default();
        let src = if text("src").is_empty() {
            text("fileName")
        } else {
            text("src")
        };
        html.push_str(&figure(&picture(src, text("alt")), text("caption")));
    }
    if caption.is_empty() {
        html
    } else {
        format!("{html}<p>{caption}</p>\n")
    }
}

/// The texts in a card that is not known: what people read, as far as its names tell.
fn gather(content: &Value, words: &mut Vec<String>) {
    let Some(fields) = content.as_object() else {
        return;
    };
    for (name, value) in fields {
        let lower = name.to_ascii_lowercase();
        let is_text = [
            "text",
            "html",
            "title",
            "heading",
            "header",
            "caption",
            "content",
            "description",
            "label",
            "markdown",
        ]
        .iter()
        .any(|part| lower.contains(part));
        match value {
            Value::String(text) if is_text && !text.trim().is_empty() => words.push(text.clone()),
            Value::Object(_) => gather(value, words),
            Value::Array(list) => list.iter().for_each(|item| gather(item, words)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cards_are_html() {
        for (name, content, html) in [
            ("hr", json!({}), "<hr>\n"),
            (
                "image",
                json!({"src": "/a.jpg", "alt": "\"A\"", "href": "/b", "caption": "c <em>d</em>"}),
                "<figure><a href=\"/b\"><img src=\"/a.jpg\" alt=\"&quot;A&quot;\"></a><figcaption>c <em>d</em></figcaption></figure>\n",
            ),
            (
                "gallery",
                json!({"images": [{"src": "/a.jpg"}, {"src": "/b.jpg", "alt": "B"}], "caption": "Both"}),
                "<figure><img src=\"/a.jpg\" alt=\"\"></figure>\n<figure><img src=\"/b.jpg\" alt=\"B\"></figure>\n<p>Both</p>\n",
            ),
            (
                "markdown",
                json!({"markdown": "*a*"}),
                "<p><em>a</em></p>\n\n",
            ),
            (
                "code",
                json!({"code": "a < b\n", "language": "rust"}),
                "<pre><code class=\"language-rust\">a &lt; b\n</code></pre>\n",
            ),
            (
                "embed",
                json!({"url": "https://example.org/v", "html": "<iframe>"}),
                "<figure><a href=\"https://example.org/v\">https://example.org/v</a></figure>\n",
            ),
            (
                "bookmark",
                json!({"url": "https://example.org", "metadata": {"title": "T", "description": "D"}}),
                "<figure><a href=\"https://example.org\">T</a><br>D</figure>\n",
            ),
            (
                "callout",
                json!({"calloutEmoji": "💡", "calloutText": "Look"}),
                "<aside><p>💡 Look</p></aside>\n",
            ),
            (
                "toggle",
                json!({"heading": "H", "content": "<p>c</p>"}),
                "<details><summary>H</summary><p>c</p></details>\n",
            ),
            (
                "button",
                json!({"buttonText": "Go", "buttonUrl": "/go"}),
                "<p><a href=\"/go\">Go</a></p>\n",
            ),
            (
                "audio",
                json!({"src": "/a/b.mp3"}),
                "<figure><a href=\"/a/b.mp3\">b.mp3</a></figure>\n",
            ),
            (
                "file",
                json!({"src": "/f.pdf", "fileTitle": "F", "fileCaption": "c"}),
                "<figure><a href=\"/f.pdf\">F</a><figcaption>c</figcaption></figure>\n",
            ),
            (
                "header",
                json!({"header": "A", "subheader": "b"}),
                "<h2>A</h2>\n<p>b</p>\n",
            ),
        ] {
            let mut notes = Notes::default();
            assert_eq!(card(name, &content, &mut notes), html, "{name}");
            assert_eq!(notes.into_sentences(), [""; 0], "{name}");
        }
    }

    #[test]
    fn what_is_not_known_keeps_its_text_and_what_is_not_public_goes() {
        let mut notes = Notes::default();
        let html = card(
            "poll",
            &json!({"id": "x", "pollTitle": "Q", "options": [{"label": "A"}]}),
            &mut notes,
        );
        assert_eq!(html, "<p>Q</p>\n<p>A</p>\n");
        assert_eq!(
            card("email", &json!({"html": "<p>secret</p>"}), &mut notes),
            ""
        );
        assert_eq!(
            notes.into_sentences(),
            [
                "cards that are not known here were reduced to their text: poll (1)",
                "cards for mails and members were left out: email (1)"
            ]
        );
    }
}
