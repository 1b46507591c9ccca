//! What differs between two states of a text: its fields, and its body word by word. Joined, the equal and inserted pieces
//! are the later body, the equal and deleted ones the earlier, to the byte.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use similar::{Algorithm, ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::words::{Named, Standing, Words};

/// Two bodies of a megabyte with nothing in common take some tenths of a second. Past this time what is left counts as
/// wholly replaced.
const TIME: Duration = Duration::from_secs(2);

/// What became of a piece of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// It stands in both.
    Equal,
    /// Only the later one has it.
    Insert,
    /// Only the earlier one has it.
    Delete,
}

/// A piece of the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// What became of it.
    pub op: Op,
    /// Its text.
    pub text: String,
}

/// What became of the body, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyDiff {
    /// The pieces in order.
    pub ops: Vec<Piece>,
    /// The same as HTML: the source as text, escaped, with `<ins>` and `<del>` and no other tag. Show it where white space
    /// is kept (`white-space: pre-wrap`).
    pub html: String,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Its name; `format` is the language that the body is written in.
    #[schema(example = "title")]
    pub field: String,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
}

/// What differs between two revisions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevisionDiff {
    /// The later one.
    #[schema(minimum = 1)]
    pub n: i64,
    /// The one that it is compared with; 0 is a text that says nothing.
    #[schema(minimum = 0)]
    pub against: i64,
    /// The fields that differ, but for the body.
    pub fields: Vec<FieldChange>,
    /// The body.
    pub body: BodyDiff,
}

/// One side of a comparison.
pub type Side = (Words, Standing);

/// What differs between the earlier side, or nothing at all, and the later.
#[must_use]
pub fn diff(n: i64, against: i64, before: Option<&Side>, after: &Side) -> RevisionDiff {
    let source = before.map_or("", |(words, _)| words.source.as_str());
    RevisionDiff {
        n,
        against,
        fields: fields(before, after),
        body: body(source, &after.0.source),
    }
}

fn fields(before: Option<&Side>, after: &Side) -> Vec<FieldChange> {
    let was = before.map(named);
    let mut changed = Vec::new();
    for (field, after_value) in named(after) {
        let before_value = was.as_ref().and_then(|was| was.get(&field)).cloned();
        let before_value = before_value.unwrap_or(Value::Null);
        let same = match (field.as_str(), before) {
            // That a tag was given another name is no change of the text.
            ("tags", Some((words, _))) => same_ids(&words.tags, &after.0.tags),
            ("authors", Some((words, _))) => same_ids(&words.authors, &after.0.authors),
            (_, Some(_)) => before_value == after_value,
            (_, None) => says_nothing(&after_value),
        };
        if !same {
            changed.push(FieldChange {
                field,
                before: before_value,
                after: after_value,
            });
        }
    }
    changed
}

fn named((words, standing): &Side) -> serde_json::Map<String, Value> {
    let mut fields = match serde_json::to_value(words) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    for (field, value) in [
        ("status", json!(standing.status)),
        ("published_at", json!(standing.published_at)),
        ("owner", json!(standing.owner)),
    ] {
        fields.insert(field.to_owned(), value);
    }
    fields
}

fn same_ids(before: &[Named], after: &[Named]) -> bool {
    let ids = |all: &[Named]| all.iter().map(|one| one.id).collect::<Vec<_>>();
    ids(before) == ids(after)
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(says_nothing),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn body(before: &str, after: &str) -> BodyDiff {
    let compared = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(TIME)
        .diff_unicode_words(before, after);
    let mut ops: Vec<Piece> = Vec::new();
    for change in compared.iter_all_changes() {
        let op = match change.tag() {
            ChangeTag::Equal => Op::Equal,
            ChangeTag::Insert => Op::Insert,
            ChangeTag::Delete => Op::Delete,
        };
        match ops.last_mut() {
            Some(last) if last.op == op => last.text.push_str(change.value()),
            _ => ops.push(Piece {
                op,
                text: change.value().to_owned(),
            }),
        }
    }
    let html = ops.iter().map(html).collect();
    BodyDiff { ops, html }
}

fn html(piece: &Piece) -> String {
    let mut text = String::with_capacity(piece.text.len() + 16);
    for c in piece.text.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            _ => text.push(c),
        }
    }
    match piece.op {
        Op::Equal => text,
        Op::Insert => format!("<ins>{text}</ins>"),
        Op::Delete => format!("<del>{text}</del>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(ops: &[Piece], without: Op) -> String {
        let kept = ops.iter().filter(|piece| piece.op != without);
        kept.map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn words_are_told_apart_and_join_to_both_texts() {
        let (before, after) = (
            "A walk in the rain.\r\n\r\nIt *rained*.",
            "A walk in the sun.\n\nIt *shone*, 東京 e\u{301}.",
        );
        let found = body(before, after);
        assert_eq!(joined(&found.ops, Op::Insert), before);
        assert_eq!(joined(&found.ops, Op::Delete), after);
        assert!(
            found
                .html
                .starts_with("A walk in the <del>rain</del><ins>sun</ins>."),
            "{}",
            found.html
        );
    }

    #[test]
    fn nothing_of_a_text_is_markup() {
        let found = body("<script>alert('x')</script>", "<b>\"&\"</b>");
        let bare = found.html.replace("<ins>", "").replace("</ins>", "");
        let bare = bare.replace("<del>", "").replace("</del>", "");
        assert!(!bare.contains(['<', '>', '"', '\'']), "{}", found.html);
        let same = body("a & b", "a & b");
        assert_eq!(same.html, "a &amp; b");
        assert_eq!(same.ops.len(), 1);
        assert!(body("", "").ops.is_empty());
    }

    #[test]
    fn texts_of_a_megabyte_that_share_nothing_come_to_an_end() {
        let words = |seed: u64| {
            let mut state = seed;
            let mut text = String::new();
            while text.len() < 1_000_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(&format!("{:x} ", state >> 40));
            }
            text
        };
        let (before, after) = (words(1), words(2));
        let found = body(&before, &after);
        assert_eq!(joined(&found.ops, Op::Insert), before);
        assert_eq!(joined(&found.ops, Op::Delete), after);
    }
}
