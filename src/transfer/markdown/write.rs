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
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                file.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            printable => file.push(printable),
        }
    }
}
