//! Texts of an export as Markdown files. The front matter is YAML in which each value stands on one line as JSON, which
//! YAML 1.2 contains; its first key says whose it is, so that it is read back as it was written and nothing is guessed.

use serde_json::{Map, Value};

use crate::articles::export::ExportedText;
use crate::articles::model::Format;
use crate::json;

/// The key on the first line of the front matter.
pub const OWN: &str = "masthead";
/// The version of this front matter.
pub const VERSION: u64 = 1;
/// The key that names the format of a body that is not Markdown.
pub const FORMAT: &str = "format";

/// Names that Windows keeps for devices, whatever ends them.
const DEVICES: [&str; 22] = [
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1",
    "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// The path of a text, with `/` between the steps: `articles/SLUG.md` or `pages/SLUG.md`, those of locales other than the
/// default one below the locale's name.
#[must_use]
pub fn path(text: &ExportedText, default_locale: &str) -> String {
    let kind = text.kind.as_str();
    let slug = &text.slug;
    let mark = if DEVICES.contains(&slug.as_str()) {
        "_"
    } else {
        ""
    };
    let file = format!("{kind}s/{slug}{mark}.md");
    if text.locale == default_locale {
        return file;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let locale = text.locale.replace(|c| !is_plain(c), "_");
    format!("{locale}/{file}")
}

/// The file of a text: front matter, then the body byte for byte.
#[must_use]
pub fn file(text: &ExportedText) -> String {
    let mut fields = match serde_json::to_value(text) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let mut file = String::from("---\n");
    let mut line = |name: &str, value: &Value| {
        file.push_str(name);
        file.push_str(": ");
        push_yaml(&mut file, &json::text(value));
        file.push('\n');
    };
    line(OWN, &VERSION.into());
    for first in ["title", "subtitle"] {
        if let Some(value) = fields.shift_remove(first) {
            line(first, &value);
        }
    }
    let mut body = String::new();
    for format in Format::ALL {
        if let Some(Value::String(text)) = fields.shift_remove(format.as_str()) {
            if *format != Format::Markdown {
                line(FORMAT, &format.as_str().into());
            }
            body = text;
        }
    }
    for (name, value) in fields {
        if !value.is_null() {
            line(&name, &value);
        }
    }
    file.push_str("---\n");
    file.push_str(&body);
    file
}

/// JSON as YAML takes it: what YAML does not print stands only in strings, where both have the same escapes (YAML 1.2.2,
/// productions 1 and 59).
fn push_yaml(file: &mut String, json: &str) {
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                file.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            printable => file.push(printable),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::super::{Parsed, parse};
    use super::*;
    use crate::articles::model::{Audience, Kind, State};
    use crate::id::Id;
    use crate::time::Time;

    /// A text with this title, body and custom fields.
    fn text(title: &str, body: &str, metadata: &Value) -> ExportedText {
        let at = Time::from_millis(1_700_000_000_123).unwrap();
        ExportedText {
            kind: Kind::Article,
            id: Id([7; 16]),
            source: None,
            external_id: Some("2014/tea".into()),
            status: State::Archived,
            locale: "en".into(),
            slug: "tea".into(),
            aliases: vec!["té".into()],
            aliases_in: Map::from_iter([("de".to_owned(), json!(["tee"]))]),
            title: title.into(),
            subtitle: Some(" a\u{85}b ".into()),
            standfirst: None,
            excerpt: "true".into(),
            cover: None,
            tags: vec!["a".into()],
            authors: Vec::new(),
            featured: false,
            content_notice: Some("~".into()),
            audience: Audience::General,
            citations: None,
            created_at: at,
            updated_at: at,
            published_at: None,
            unpublish_at: Some(at),
            seo: Map::new(),
            metadata: Some(to_raw_value(metadata).unwrap()),
            translation_key: Some("404".into()),
            working_copy: None,
            markdown: None,
            html: Some(body.into()),
            text: None,
        }
    }

    #[test]
    fn is_read_back_whatever_stands_in_it() {
        let long = "k".repeat(5_000);
        let odd = [
            "plain",
            "---",
            "a: b # c",
            "\"quoted\" \\ 'and' {braces} [too] & *stars !bangs %",
            "tab\tnewline\nreturn\rend",
            "\u{1}\u{7f}\u{80}\u{9f}\u{a0}\u{2028}\u{2029}\u{feff}\u{fffd}\u{1f980}\u{e000}",
            "",
        ];
        for odd in odd {
            let metadata = json!({
                odd: [odd, {odd: odd}], "n": [1.0, 1e21, -0.0, u64::MAX, 0.1, null, true], &long: {},
            });
            let title = format!("x{odd}x");
            let exported = text(&title, odd, &metadata);
            let file = file(&exported);
            let Parsed::Article(item) = parse("articles/tea.md", file.as_bytes()) else {
                panic!("not read: {file}")
            };
            let (article, restored) = (item.article, item.restored);
            assert_eq!(item.warnings, [""; 0], "{file}");
            assert_eq!(article.title, title);
            assert_eq!(article.subtitle.as_deref(), Some(" a\u{85}b "));
            assert_eq!(article.excerpt.as_deref(), Some("true"));
            assert_eq!(article.content_notice.as_deref(), Some("~"));
            assert_eq!(article.translation_key.as_deref(), Some("404"));
            assert_eq!(article.external_id.as_deref(), Some("2014/tea"));
            assert_eq!(
                (article.id, article.status),
                (Some(Id([7; 16])), Some(State::Archived))
            );
            let body = article.body.unwrap();
            assert_eq!((body.format, body.text.as_str()), (Format::Html, odd));
            assert_eq!(Value::Object(article.metadata), metadata, "{file}");
            assert_eq!(restored.source, Some(None));
            assert_eq!(restored.created_at, Some(exported.created_at));
            assert_eq!(restored.unpublish_at, exported.unpublish_at);
            assert_eq!(restored.aliases_in, [("de".to_owned(), "tee".to_owned())]);
        }
    }

    #[test]
    fn names_are_safe_everywhere() {
        let mut tea = text("x", "", &json!({}));
        assert_eq!(path(&tea, "en"), "articles/tea.md");
        assert_eq!(path(&tea, "de"), "en/articles/tea.md");
        tea.slug = "con".into();
        tea.kind = Kind::Page;
        tea.locale = "../x".into();
        assert_eq!(path(&tea, "en"), "___x/pages/con_.md");
    }
}
