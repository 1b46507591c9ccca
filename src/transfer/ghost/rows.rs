//! The rows of an export's tables, one at a time. A walk over the bytes of the JSON finds where each begins and ends, and
//! holds that one alone: how long the file is, and what else is in it, does not matter.

use std::io::{self, BufRead};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The longest text of a row, in bytes as it is written; longer ones are cut.
pub(super) const MAX_TEXT: usize = 6 * 1024 * 1024;
/// The longest row.
const MAX_ROW: usize = 40 * 1024 * 1024;
/// How deep arrays and objects may nest outside of rows; JSON's reader has a bound of its own for these.
const MAX_DEPTH: usize = 128;
/// The longest name of a table.
const MAX_NAME: usize = 64;
/// What stands at the end of a text that was cut.
pub(super) const CUT: char = '\u{FFFF}';

/// A row of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The table.
    pub(super) table: String,
    /// The line that it begins in, counted from one.
    pub(super) line: u64,
    /// Its JSON; nothing where it is too long.
    pub(super) json: Vec<u8>,
}

/// An array or an object that is open.
#[derive(Debug)]
struct Level {
    is_object: bool,
    /// The field of the object above that it stands in.
    name: Option<String>,
}

/// Within a text.
#[derive(Debug, Default)]
struct Text {
    /// Bytes so far.
    length: usize,
    /// Past the bound, and no longer kept.
    cutting: bool,
    /// The byte behind `\` is next.
    escaped: bool,
    /// Hexadecimal digits of `\u` to come, and the first two of them.
    digits: usize,
    first: [u8; 2],
    /// The last character was the first half of one.
    half: bool,
}

/// Rows, in the order of the file.
pub(super) struct Rows<R> {
    reader: R,
    levels: Vec<Level>,
    text: Option<Text>,
    /// The text that is or was read, where it may be a name.
    name: Vec<u8>,
    /// The name of the field whose value comes.
    field: Option<String>,
    row: Option<Row>,
    /// Levels that are open around the row.
    around: usize,
    line: u64,
}

impl<R: BufRead> Rows<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            levels: Vec::new(),
            text: None,
            name: Vec::new(),
            field: None,
            row: None,
            around: 0,
            line: 1,
        }
    }

    /// The next row, `None` behind the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(None);
            }
            let available = available
                .get(..available.len().min(64 * 1024))
                .unwrap_or(available);
            let some = available.to_vec();
            let mut used = 0;
            let mut found = None;
            for byte in &some {
                used += 1;
                found = self.take(*byte)?;
                if found.is_some() {
                    break;
                }
            }
            self.reader.consume(used);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if let Some(row) = &mut self.row {
            row.json.push(byte);
        }
    }

    fn take(&mut self, byte: u8) -> io::Result<Option<Row>> {
        self.line += u64::from(byte == b'\n');
        if self.text.is_some() {
            self.take_text(byte);
            return Ok(None);
        }
        match byte {
            b'"' => {
                self.keep(byte);
                self.name.clear();
                self.text = Some(Text::default());
            }
            b':' => {
                self.keep(byte);
                if self.row.is_none() {
                    self.field = String::from_utf8(std::mem::take(&mut self.name)).ok();
                }
            }
            b'{' | b'[' => {
                if self.levels.len() >= MAX_DEPTH {
                    let why = format!("arrays and objects nest more than {MAX_DEPTH} deep");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
                if self.row.is_none()
                    && byte == b'{'
                    && let Some(table) = self.table()
                {
                    self.row = Some(Row {
                        table,
                        line: self.line,
                        json: Vec::new(),
                    });
                    self.around = self.levels.len();
                }
                self.keep(byte);
                self.levels.push(Level {
                    is_object: byte == b'{',
                    name: self.field.take(),
                });
            }
            b'}' | b']' => {
                self.keep(byte);
                self.levels.pop();
                self.field = None;
                if self.levels.len() == self.around {
                    return Ok(self.row.take());
                }
            }
            b',' => {
                self.keep(byte);
                self.field = None;
            }
            byte if byte.is_ascii_whitespace() => {}
            byte => self.keep(byte),
        }
        if self
            .row
            .as_ref()
            .is_some_and(|row| row.json.len() > MAX_ROW)
        {
            // What is read of it from here on is not kept, and then it is no JSON.
            if let Some(row) = &mut self.row {
                row.json = Vec::new();
            }
        }
        Ok(None)
    }

    /// The table in whose array the next object is a row: `{"data": {"posts": [`, perhaps within `{"db": [`, and the data
    /// perhaps in an array of its own.
    fn table(&self) -> Option<String> {
        let (table, above) = self.levels.split_last()?;
        let name = table.name.as_ref().filter(|_| !table.is_object)?;
        let named = |level: &Level, name: &str| level.name.as_deref() == Some(name);
        let mut above = above.iter().rev();
        let holder = above.next().filter(|level| level.is_object)?;
        let mut next = above.next();
        if holder.name.is_none() {
            next.filter(|level| !level.is_object && named(level, "data"))?;
            next = above.next();
        } else if !named(holder, "data") {
            return None;
        }
        // Around that is the file, or one of the databases in it.
        let base =
            next.filter(|level| level.is_object && level.name.is_none() || named(level, "db"))?;
        match above.next() {
            None => {}
            Some(list) if !list.is_object && named(list, "db") && base.name.is_none() => {
                above.next().filter(|root| root.is_object)?;
            }
            Some(root) if root.is_object && named(base, "db") => {}
            Some(_) => return None,
        }
        above.next().is_none().then(|| name.clone())
    }

    fn take_text(&mut self, byte: u8) {
        let in_row = self.row.is_some();
        let Some(text) = &mut self.text else { return };
        let ends = byte == b'"' && !text.escaped && text.digits == 0;
        if ends {
            self.text = None;
            self.keep(byte);
            return;
        }
        if !in_row {
            // Past the bound it is no name.
            if self.name.len() <= MAX_NAME {
                self.name.push(byte);
            }
        } else if !text.cutting && text.length > MAX_TEXT {
            // Neither within a character nor within an escape, nor between the two that are one character.
            let between = byte & 0xC0 != 0x80 && !text.escaped && text.digits == 0 && !text.half;
            if between {
                text.cutting = true;
                let mut mark = [0; 4];
                let mark = CUT.encode_utf8(&mut mark).as_bytes().to_vec();
                if let Some(row) = &mut self.row {
                    row.json.extend_from_slice(&mark);
                }
            }
        }
        text.length += 1;
        if text.digits > 0 {
            if let Some(place) = text.first.get_mut(4 - text.digits) {
                *place = byte.to_ascii_lowercase();
            }
            text.digits -= 1;
            if text.digits == 0 {
                text.half =
                    text.first[0] == b'd' && matches!(text.first[1], b'8' | b'9' | b'a' | b'b');
            }
        } else if text.escaped {
            text.escaped = false;
            if byte == b'u' {
                text.digits = 4;
            }
        } else {
            text.escaped = byte == b'\\';
            if byte != b'\\' {
                text.half = false;
            }
        }
        if !text.cutting {
            self.keep(byte);
        }
    }
}

/// The fields of a row that are read. Passwords, e-mail addresses and keys are none of them, and are passed over unread.
const FIELDS: &[&str] = &[
    "author_id",
    "bio",
    "canonical_url",
    "created_at",
    "custom_excerpt",
    "description",
    "email_only",
    "facebook",
    "feature_image",
    "feature_image_alt",
    "feature_image_caption",
    "featured",
    "from",
    "html",
    "id",
    "image",
    "key",
    "label",
    "language",
    "lexical",
    "locale",
    "markdown",
    "meta_description",
    "meta_title",
    "mobiledoc",
    "name",
    "og_description",
    "og_image",
    "og_title",
    "page",
    "parent",
    "parent_id",
    "post_id",
    "profile_image",
    "published_at",
    "slug",
    "sort_order",
    "status",
    "tag_id",
    "title",
    "to",
    "twitter",
    "type",
    "updated_at",
    "value",
    "visibility",
    "website",
];

/// The fields of a row by name.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a row.
    ///
    /// # Errors
    /// It is too long, not UTF-8, or no JSON.
    pub(super) fn read(row: &Row) -> Result<Self, String> {
        if row.json.is_empty() || row.json.first() != Some(&b'{') {
            return Err(format!("it is longer than {MAX_ROW} bytes"));
        }
        let text =
            std::str::from_utf8(&row.json).map_err(|_not_utf8| "it is not UTF-8".to_owned())?;
        let mut json = serde_json::Deserializer::from_str(text);
        Listed
            .deserialize(&mut json)
            .map(Self)
            .map_err(|error| format!("no JSON: {error}"))
    }

    /// A text or a number as text; blank is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => {
                let forbidden =
                    |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t') || c == CUT;
                let mut text = text.clone();
                if text.contains(forbidden) {
                    text.retain(|c| !forbidden(c));
                }
                (!text.trim().is_empty()).then_some(text)
            }
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// `true`, `1` or `"1"`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(set)) => *set,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => matches!(text.as_str(), "1" | "true"),
            _ => false,
        }
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// About the memory that the texts of it take.
    pub(super) fn size(&self) -> usize {
        let texts = self.0.values().filter_map(Value::as_str);
        texts.map(|text| text.len() + 32).sum::<usize>() + 128
    }

    /// Whether one of these was cut.
    pub(super) fn is_cut(&self, names: &[&str]) -> bool {
        names.iter().any(
            |name| matches!(self.0.get(*name), Some(Value::String(text)) if text.ends_with(CUT)),
        )
    }
}

/// Reads an object, of it the fields that are listed.
struct Listed;

impl<'de> DeserializeSeed<'de> for Listed {
    type Value = Map<String, Value>;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Listed {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if FIELDS.contains(&name.as_str()) {
                let value = map.next_value()?;
                fields.insert(name, value);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Vec<(String, String)> {
        // A small buffer, so that everything lies across an edge once.
        let mut rows = Rows::new(io::BufReader::with_capacity(5, json.as_bytes()));
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push((row.table, String::from_utf8(row.json).unwrap()));
        }
        all
    }

    #[test]
    fn rows_are_found_in_every_shape_of_an_export() {
        let tables = r#"{"posts": [{"id": 1, "x": [{"y": "]}"}]}, {"id": "\"2"}], "tags": [{"id": 3}], "n": []}"#;
        let expected = [
            (
                "posts".to_owned(),
                r#"{"id":1,"x":[{"y":"]}"}]}"#.to_owned(),
            ),
            ("posts".to_owned(), r#"{"id":"\"2"}"#.to_owned()),
            ("tags".to_owned(), r#"{"id":3}"#.to_owned()),
        ];
        for json in [
            format!(r#"{{"db": [{{"meta": {{}}, "data": {tables}}}]}}"#),
            format!(r#"{{"meta": {{"a": [{{}}]}}, "data": {tables}}}"#),
            format!(r#"{{"data": {tables}}}"#),
            format!(r#"{{"data": [{tables}]}}"#),
            format!(r#"{{"db": {{"data": {tables}}}}}"#),
        ] {
            assert_eq!(rows(&json), expected, "{json}");
        }
        for other in [
            format!(r#"{{"result": {tables}}}"#),
            format!(r#"{{"a": {{"data": {tables}}}}}"#),
            tables.to_owned(),
            "[]".to_owned(),
        ] {
            assert_eq!(rows(&other), [], "{other}");
        }
    }

    #[test]
    fn long_texts_are_cut_where_they_may_be() {
        for piece in ["é", "\\u00e9", "\\ud83d\\ude00", "\\\\", "\\\""] {
            let json = format!(
                r#"{{"data": {{"posts": [{{"html": "{}", "id": "7"}}]}}}}"#,
                piece.repeat(MAX_TEXT / piece.len() + 10)
            );
            let mut all = Rows::new(json.as_bytes());
            let row = all.next().unwrap().unwrap();
            assert!(row.json.len() < MAX_TEXT + 100, "{piece}");
            let fields = Fields::read(&row).unwrap();
            assert!(fields.is_cut(&["html"]), "{piece}");
            assert_eq!(fields.text("id").as_deref(), Some("7"));
        }
    }

    #[test]
    fn secrets_are_not_read() {
        let mut all = Rows::new(&br#"{"data": {"users": [{"id": 1, "password": "x", "email": "a@example.org", "name": "A"}]}}"#[..]);
        let fields = Fields::read(&all.next().unwrap().unwrap()).unwrap();
        assert_eq!(fields.0.keys().collect::<Vec<_>>(), ["id", "name"]);
    }

    #[test]
    fn what_is_not_json_is_told() {
        for (json, why) in [
            (r#"{"data": {"posts": [{"id": }]}}"#, "no JSON"),
            ("{\"data\": {\"posts\": [{\"id\": \"\u{1}\"}]}}", "no JSON"),
        ] {
            let row = Rows::new(json.as_bytes()).next().unwrap().unwrap();
            assert!(Fields::read(&row).unwrap_err().contains(why));
        }
        let deep = format!("{{\"a\": {}", "[".repeat(200));
        assert!(Rows::new(deep.as_bytes()).next().is_err());
    }
}
