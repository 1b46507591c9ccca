//! Strict JSON. [`parse`] refuses what `serde_json::Value` would swallow (a key that stands twice) or the database cannot
//! keep (the NUL character), and [`Fields`] reads an object field by field. Both collect every fault with its place, where
//! serde would stop at the first.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Fault, FaultCode};

mod fields;
mod preserialized;
mod quoted;

pub use fields::Fields;
pub use preserialized::Preserialized;
pub use quoted::push_quoted;

/// How deep arrays and objects may nest where nothing else is said.
pub const MAX_DEPTH: usize = 32;

/// A body of a megabyte can hold a hundred thousand faults. Nobody reads so many, and the answer must not outgrow the
/// question.
const MAX_FAULTS: usize = 100;

/// Keys with more characters than this are cut in pointers: a hundred faults below one long key would else repeat it a
/// hundred times.
const MAX_TOKEN: usize = 256;

/// Reads one JSON value that fills `bytes`, or tells everything that is wrong with it.
///
/// # Errors
///
/// Repeated keys ([`FaultCode::Repeated`]), nesting beyond `max_depth` ([`FaultCode::TooLarge`]) and NUL characters
/// ([`FaultCode::Malformed`]), each at its JSON Pointer; and at most one fault of encoding or grammar, which ends the reading.
pub fn parse(bytes: &[u8], max_depth: usize) -> Result<Value, Vec<Fault>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = position(bytes, error.valid_up_to());
            let detail = format!("not UTF-8 at line {line} column {column}");
            return Err(vec![Fault::at("", FaultCode::Malformed, detail)]);
        }
    };
    let reading = RefCell::new(Reading {
        faults: Vec::new(),
        pointer: String::new(),
    });
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Node {
        reading: &reading,
        depth_left: max_depth,
    }
    .deserialize(&mut deserializer)
    .and_then(|value| deserializer.end().map(|()| value));
    let mut faults = reading.into_inner().faults;
    match value {
        Ok(value) if faults.is_empty() => return Ok(value),
        Ok(_) => {}
        Err(error) => faults.push(Fault::at(
            "",
            FaultCode::Malformed,
            format!("not JSON: {error}"),
        )),
    }
    Err(faults)
}

/// A value as JSON text. Ours are structs of strings, numbers and lists, which cannot fail to be written; what could is a
/// map whose keys are no strings, and then the text is empty.
pub fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Applies a merge patch (RFC 7396): what is absent stays, null takes away, objects are merged and all else is replaced.
pub fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.shift_remove(name);
        } else {
            merge(fields.entry(name.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// Applies a merge patch to an object whose fields have names of their own, but for those in `free`, which hold any. What
/// is taken away stands in it as null, so that a reader that knows the names finds those that nobody has: merged by the
/// letter, `{"titel": null}` would leave no trace.
pub fn merge_named(target: &mut Value, patch: &Value, free: &[&str]) {
    merge(target, patch);
    if let (Value::Object(fields), Value::Object(patch)) = (target, patch) {
        for (name, value) in patch
            .iter()
            .filter(|(name, _)| !free.contains(&name.as_str()))
        {
            match value {
                Value::Null => {
                    fields.entry(name.as_str()).or_insert(Value::Null);
                }
                Value::Object(_) => {
                    if let Some(field) = fields.get_mut(name) {
                        merge_named(field, value, &[]);
                    }
                }
                _ => {}
            }
        }
    }
}

/// The line and the column, both counted from one and in bytes, of an offset.
fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    (
        before.iter().filter(|byte| **byte == b'\n').count() + 1,
        before.len() - line_start + 1,
    )
}

/// What the reading knows besides the value: what went wrong, and where it is.
struct Reading {
    faults: Vec<Fault>,
    pointer: String,
}

impl Reading {
    fn fault(&mut self, code: FaultCode, detail: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults
                .push(Fault::at(self.pointer.clone(), code, detail));
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'r> {
    reading: &'r RefCell<Reading>,
    depth_left: usize,
}

impl Node<'_> {
    /// The reader of what is inside this array or object, or `None` and a fault where that is too deep.
    fn inside(self) -> Option<Self> {
        let Some(depth_left) = self.depth_left.checked_sub(1) else {
            self.reading
                .borrow_mut()
                .fault(FaultCode::TooLarge, "nested too deep".to_owned());
            return None;
        };
        Some(Self { depth_left, ..self })
    }

    /// Does something one step down, at this token.
    fn at<T>(self, token: &str, read: impl FnOnce() -> T) -> T {
        let length = self.reading.borrow().pointer.len();
        push_token(&mut self.reading.borrow_mut().pointer, token);
        let value = read();
        self.reading.borrow_mut().pointer.truncate(length);
        value
    }

    fn refuse_nul(self, text: &str, what: &str) {
        if text.contains('\0') {
            self.reading.borrow_mut().fault(
                FaultCode::Malformed,
                format!("{what} holds the character U+0000"),
            );
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.refuse_nul(text, "the text");
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Some(inside) = self.inside() else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut array = Vec::new();
        while let Some(item) =
            self.at(&array.len().to_string(), || items.next_element_seed(inside))?
        {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let Some(inside) = self.inside() else {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = self.at(&key, || {
                self.refuse_nul(&key, "the key");
                if object.contains_key(&key) {
                    self.reading.borrow_mut().fault(
                        FaultCode::Repeated,
                        "the key stands more than once".to_owned(),
                    );
                }
                entries.next_value_seed(inside)
            })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Adds a reference token to a JSON Pointer, escaped as RFC 6901 says.
fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in cut(token, MAX_TOKEN).chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

fn report(faults: &mut Vec<Fault>, fault: Fault) {
    if faults.len() < MAX_FAULTS {
        faults.push(fault);
    }
}

fn cut(name: &str, characters: usize) -> &str {
    name.char_indices()
        .nth(characters)
        .map_or(name, |(end, _)| name.get(..end).unwrap_or(name))
}

#[cfg(test)]
mod tests;
