//! Front matter: the YAML between `---` lines, or the TOML between `+++` lines, on top of a Markdown file. Scalars are kept
//! as they were written beside what they mean, since a title may be `404`, `1.10` or `yes`, and no parser may tidy that.
//! YAML is read as version 1.2 has it: `<<` is a key like any other, and a key that stands twice is a fault.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Number, Value};
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, Tag};
use toml::de::{DeTable, DeValue};

/// The longest front matter, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The longest that an export of this program writes, which holds all that a text may say but for its body, escaped.
const MAX_OWN_BYTES: usize = 16 * 1024 * 1024;

/// How deep it may nest; the same as in JSON, for what nobody knows becomes JSON.
const MAX_DEPTH: usize = crate::json::MAX_DEPTH;

/// How much aliases may add: each use counts the values and the bytes that it copies. Ten lines of YAML can ask for
/// billions.
const MAX_COPIED: usize = MAX_BYTES;

/// A value of front matter.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Text, a number, a truth value, a date, or nothing.
    Scalar {
        /// As it was written.
        text: String,
        /// What it means in JSON. A number only if that would be printed just as it was written.
        value: Value,
    },
    /// A list.
    List(Vec<Node>),
    /// A map, in the order it was written. No key stands twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Whether nothing is given: `null`, `~`, or a key alone.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(
            self,
            Self::Scalar {
                value: Value::Null,
                ..
            }
        )
    }

    /// The text of a scalar as it was written, without white space around it; `None` where there is none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar { text, value } if !value.is_null() => {
                Some(text.trim()).filter(|text| !text.is_empty())
            }
            _ => None,
        }
    }

    /// A truth value, in any of the spellings YAML ever had.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// The value as JSON.
    #[must_use]
    pub fn into_json(self) -> Value {
        match self {
            Self::Scalar { value, .. } => value,
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_json).collect()),
            Self::Map(entries) => Value::Object(
                entries
                    .into_iter()
                    .map(|(key, node)| (key, node.into_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    fn scalar(text: String, value: Value) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("the front matter holds the character U+0000".to_owned());
        }
        Ok(Self::Scalar { text, value })
    }

    /// How many values and bytes a copy takes, and how deep it is.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Scalar { text, .. } => (1 + text.len(), 0),
            Self::List(items) => sizes(items.iter().map(Self::size)),
            Self::Map(entries) => sizes(
                entries
                    .iter()
                    .map(|(key, node)| (node.size().0 + key.len(), node.size().1)),
            ),
        }
    }
}

fn sizes(parts: impl Iterator<Item = (usize, usize)>) -> (usize, usize) {
    let (size, depth) = parts.fold((1, 0), |(size, deepest), (part, depth)| {
        (size + part, deepest.max(depth))
    });
    (size, depth + 1)
}

/// A file taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// The keys and values, in order; `None` where there is no front matter at all.
    pub entries: Option<Vec<(String, Node)>>,
    /// Everything behind, byte for byte.
    pub body: &'a str,
}

/// Why front matter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The line of the file, counted from one.
    pub line: u64,
    /// What is wrong, in the parser's words.
    pub reason: String,
}

/// Takes a file apart. A byte order mark, blank lines on top and CRLF are fine.
///
/// # Errors
/// Front matter that is not closed, too long, or no YAML or TOML map of keys and values.
pub fn split(text: &str) -> Result<Document<'_>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let mut offset = 0;
    let mut opening = 0;
    let fence = loop {
        opening += 1;
        let Some(line) = lines.next() else { break "" };
        offset += line.len();
        match line.trim_end() {
            "" => {}
            other => break other,
        }
    };
    let (is_toml, closings): (bool, &[&str]) = match fence {
        "---" => (false, &["---", "..."]),
        "+++" => (true, &["+++"]),
        _ => {
            return Ok(Document {
                entries: None,
                body: text,
            });
        }
    };
    let start = offset;
    let mut end = None;
    for line in lines {
        if closings.contains(&line.trim_end()) {
            end = Some((offset, offset + line.len()));
            break;
        }
        offset += line.len();
    }
    let unreadable = |line, reason: &str| Unreadable {
        line,
        reason: reason.to_owned(),
    };
    let Some((end, body)) = end else {
        return Err(unreadable(
            opening,
            "the front matter that begins here has no end",
        ));
    };
    let (front, body) = (
        text.get(start..end).unwrap_or(""),
        text.get(body..).unwrap_or(""),
    );
    let is_own = !is_toml && front.starts_with("masthead: ");
    let (most, told) = if is_own {
        (MAX_OWN_BYTES, "the front matter is longer than 16 MiB")
    } else {
        (MAX_BYTES, "the front matter is longer than 256 KiB")
    };
    if front.len() > most {
        return Err(unreadable(opening, told));
    }
    let entries = if is_toml {
        read_toml(front)
    } else {
        read_yaml(front, is_own)
    };
    match entries {
        Ok(entries) => Ok(Document {
            entries: Some(entries),
            body,
        }),
        Err(error) => Err(Unreadable {
            line: error.line + opening,
            ..error
        }),
    }
}

/// A number is one only if nothing is lost by reading it as such: `007` and `1.10` are not.
fn plain_value(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match text.parse::<Number>() {
            Ok(number) if number.to_string() == text => Value::Number(number),
            _ => Value::String(text.to_owned()),
        },
    }
}

/// Reads the events of the YAML parser rather than values: only these still know how a scalar was written.
fn read_yaml(front: &str, is_own: bool) -> Result<Vec<(String, Node)>, Unreadable> {
    let mut tree = Tree {
        // What a key nobody knew holds stands in `metadata` then, and that perhaps in a working copy.
        max_depth: MAX_DEPTH + if is_own { 2 } else { 0 },
        ..Tree::default()
    };
    let mut options = granit_parser::options! { emit_comments: false };
    if is_own {
        // Keys of JSON may be as long as they like.
        options.simple_key_max_lookahead = MAX_OWN_BYTES;
    }
    for event in Parser::new_from_str_with_options(front, options) {
        let (event, span) = event.map_err(|error| Unreadable {
            line: number(error.marker().line()),
            reason: error.info(),
        })?;
        tree.event(event).map_err(|reason| Unreadable {
            line: number(span.start.line()),
            reason,
        })?;
    }
    match tree.root {
        None => Ok(Vec::new()),
        Some(Node::Map(entries)) => Ok(entries),
        Some(node) if node.is_null() => Ok(Vec::new()),
        Some(_) => Err(Unreadable {
            line: 1,
            reason: "the front matter is not keys and values".to_owned(),
        }),
    }
}

fn number(line: usize) -> u64 {
    u64::try_from(line).unwrap_or(u64::MAX)
}

/// A tree under construction.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    max_depth: usize,
}

/// A list or a map that is not closed yet.
struct Open {
    anchor: usize,
    node: Node,
    /// Of a map, the key that waits for its value.
    key: Option<String>,
    /// Of a map, the keys so far.
    keys: HashSet<String>,
}

impl Tree {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let as_text = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag: std::borrow::Cow<'_, Tag>| {
                        tag.is_yaml_core_schema_tag("str")
                    });
                let value = if as_text {
                    Value::String(text.to_string())
                } else {
                    plain_value(&text)
                };
                self.add(Node::scalar(text.into_owned(), value)?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(Node::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => self.begin(Node::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => self.copy(anchor),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if self.open.len() >= self.max_depth {
            return Err("nested too deep".to_owned());
        }
        self.open.push(Open {
            anchor,
            node,
            key: None,
            keys: HashSet::new(),
        });
        Ok(())
    }

    fn copy(&mut self, anchor: usize) -> Result<(), String> {
        // The anchor of a list or map that is still open is not known yet, so nothing can hold itself.
        let node = self
            .anchors
            .get(&anchor)
            .cloned()
            .ok_or("an alias stands inside of what it names")?;
        let (size, depth) = node.size();
        self.copied = self.copied.saturating_add(size);
        if self.copied > MAX_COPIED || self.open.len() + depth > self.max_depth {
            return Err("aliases make the front matter too large".to_owned());
        }
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), String> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            return match self.root.replace(node) {
                None => Ok(()),
                Some(_) => Err("the front matter holds more than one document".to_owned()),
            };
        };
        match (&mut open.node, open.key.take()) {
            (Node::List(items), _) => items.push(node),
            (Node::Map(entries), Some(key)) => entries.push((key, node)),
            (Node::Map(_), None) => {
                let Node::Scalar { text: key, .. } = node else {
                    return Err(
                        "a key must be text; quote a value that begins with { or [".to_owned()
                    );
                };
                if !open.keys.insert(key.clone()) {
                    return Err(format!("the key {key} stands more than once"));
                }
                open.key = Some(key);
            }
            (Node::Scalar { .. }, _) => {}
        }
        Ok(())
    }
}

fn read_toml(front: &str) -> Result<Vec<(String, Node)>, Unreadable> {
    let line_of = |offset: usize| {
        number(
            front
                .bytes()
                .take(offset)
                .filter(|byte| *byte == b'\n')
                .count()
                + 1,
        )
    };
    let table = DeTable::parse(front).map_err(|error| Unreadable {
        line: line_of(error.span().map_or(0, |span| span.start)),
        reason: error.message().to_owned(),
    })?;
    toml_entries(table.into_inner(), 1).map_err(|reason| Unreadable { line: 1, reason })
}

fn toml_entries(table: DeTable<'_>, depth: usize) -> Result<Vec<(String, Node)>, String> {
    let mut entries: Vec<_> = table.into_iter().collect();
    // The table is sorted by name; the author had another order.
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| {
        let key = key.into_inner().into_owned();
        if key.contains('\0') {
            return Err("the front matter holds the character U+0000".to_owned());
        }
        Ok((key, toml_node(value.into_inner(), depth)?))
    });
    entries.collect()
}

fn toml_node(value: DeValue<'_>, depth: usize) -> Result<Node, String> {
    if depth > MAX_DEPTH {
        return Err("nested too deep".to_owned());
    }
    match value {
        DeValue::String(text) => Node::scalar(text.to_string(), Value::String(text.into_owned())),
        DeValue::Integer(integer) => {
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).map(Value::from);
            Node::scalar(
                integer.to_string(),
                number.unwrap_or_else(|_too_large| Value::String(integer.to_string())),
            )
        }
        DeValue::Float(float) => {
            let number = float
                .as_str()
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::Number);
            Node::scalar(
                float.to_string(),
                number.unwrap_or_else(|| Value::String(float.to_string())),
            )
        }
        DeValue::Boolean(truth) => Node::scalar(truth.to_string(), Value::Bool(truth)),
        DeValue::Datetime(time) => Node::scalar(time.to_string(), Value::String(time.to_string())),
        DeValue::Array(array) => {
            let items: Result<_, _> = array
                .into_iter()
                .map(|item| toml_node(item.into_inner(), depth + 1))
                .collect();
            Ok(Node::List(items?))
        }
        DeValue::Table(table) => Ok(Node::Map(toml_entries(table, depth + 1)?)),
    }
}

#[cfg(test)]
mod tests;
