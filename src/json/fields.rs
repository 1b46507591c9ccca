//! One JSON object, read field by field.

use std::fmt::{self, Write};
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::{MAX_FAULTS, cut, push_token, report};
use crate::error::{Fault, FaultCode, closest};
use crate::id::Id;
use crate::time::Time;

/// Names with more characters than this are cut in messages and get no suggestion.
const MAX_NAME: usize = 64;

/// The fields of one JSON object. Each is asked for by name; what is of another type is a fault, and at the end
/// [`finish`](Self::finish) makes a fault of every field that nobody asked for.
///
/// Absent and `null` read the same, but through [`field`](Self::field), which a merge patch needs.
pub struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    pointer: String,
    faults: &'a mut Vec<Fault>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which stands at `pointer`. What is no object is a fault, and has no fields.
    pub fn new(value: &'a Value, pointer: impl Into<String>, faults: &'a mut Vec<Fault>) -> Self {
        let pointer = pointer.into();
        let object = value.as_object();
        if object.is_none() {
            report(faults, wrong_type(pointer.clone(), "an object", value));
        }
        Self {
            object,
            pointer,
            faults,
            asked: Vec::new(),
        }
    }

    /// A field as it stands: `None` when it is absent, `Some(None)` when it is `null`.
    pub fn field(&mut self, name: &'static str) -> Option<Option<&'a Value>> {
        self.asked.push(name);
        let value = self.object?.get(name)?;
        Some((!value.is_null()).then_some(value))
    }

    /// Text.
    pub fn string(&mut self, name: &'static str) -> Option<String> {
        self.typed(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// Text that must be there.
    pub fn required_string(&mut self, name: &'static str) -> Option<String> {
        if matches!(self.field(name), None | Some(None)) && self.object.is_some() {
            self.fault(name, FaultCode::Missing, format!("{name} must be given"));
        }
        self.string(name)
    }

    /// `true` or `false`.
    pub fn bool(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A whole number within a range.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        // Numbers past i64 are whole numbers all the same, and wrong by their size alone. So is 1.0: what is whole is not
        // said by how it is written (JSON Schema 2020-12 validation, section 6.1.1).
        let whole = |value: &Value| {
            let past = || value.as_u64().map(|_| i64::MAX);
            let written_as_float = || value.as_f64().and_then(whole_float);
            value.as_i64().or_else(past).or_else(written_as_float)
        };
        let number = self.typed(name, "a whole number", whole)?;
        if number < *range.start() {
            self.fault(
                name,
                FaultCode::TooSmall,
                format!("must be at least {}", range.start()),
            );
        } else if number > *range.end() {
            self.fault(
                name,
                FaultCode::TooLarge,
                format!("must be at most {}", range.end()),
            );
        }
        range.contains(&number).then_some(number)
    }

    /// The id of a resource.
    pub fn id(&mut self, name: &'static str) -> Option<Id> {
        self.parsed(name)
    }

    /// A point in time.
    pub fn time(&mut self, name: &'static str) -> Option<Time> {
        self.parsed(name)
    }

    /// One of the variants of an enum, by its name.
    pub fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.string(name)?;
        let found = all.iter().copied().find(|variant| as_str(*variant) == text);
        if found.is_none() {
            let names: Vec<_> = all.iter().copied().map(as_str).collect();
            let detail = format!(
                "must be one of {}{}",
                names.join(", "),
                suggestion(&text, names.iter().copied())
            );
            self.fault(name, FaultCode::NotAllowed, detail);
        }
        found
    }

    /// A list of texts.
    pub fn strings(&mut self, name: &'static str) -> Option<Vec<String>> {
        let array = self.array(name)?;
        let mut strings = Vec::with_capacity(array.len());
        for (index, value) in array.iter().enumerate() {
            match value.as_str() {
                Some(text) => strings.push(text.to_owned()),
                None => report(
                    self.faults,
                    wrong_type(self.pointer_to(name, Some(index)), "a string", value),
                ),
            }
        }
        Some(strings)
    }

    /// A list of objects, each read by `read`; those for which it has nothing are left out.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let array = self.array(name)?;
        let mut objects = Vec::with_capacity(array.len());
        for (index, value) in array.iter().enumerate() {
            let mut fields = Fields::new(value, self.pointer_to(name, Some(index)), self.faults);
            objects.extend(read(&mut fields));
            fields.finish();
        }
        Some(objects)
    }

    /// An object, read by `read`.
    pub fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let value = self.field(name)??;
        let mut fields = Fields::new(value, self.pointer_to(name, None), self.faults);
        let object = read(&mut fields);
        fields.finish();
        Some(object)
    }

    /// An object of any fields.
    pub fn map(&mut self, name: &'static str) -> Option<Map<String, Value>> {
        self.typed(name, "an object", |value| value.as_object().cloned())
    }

    /// A fault at one of the fields, found by the caller.
    pub fn fault(&mut self, name: &str, code: FaultCode, detail: impl Into<String>) {
        let fault = Fault::at(self.pointer_to(name, None), code, detail);
        report(self.faults, fault);
    }

    /// Makes a fault of each field that nobody asked for.
    pub fn finish(mut self) {
        for name in self.object.into_iter().flat_map(Map::keys) {
            if self.asked.contains(&name.as_str()) {
                continue;
            }
            // To look for near names takes longer than to read the field; what is not told needs none.
            if self.faults.len() >= MAX_FAULTS {
                break;
            }
            let detail = format!(
                "there is no field {}{}",
                cut(name, MAX_NAME),
                suggestion(name, self.asked.iter().copied())
            );
            self.fault(name, FaultCode::Unknown, detail);
        }
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.field(name)??;
        let typed = read(value);
        if typed.is_none() {
            report(
                self.faults,
                wrong_type(self.pointer_to(name, None), expected, value),
            );
        }
        typed
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        match self.string(name)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, FaultCode::Malformed, error.to_string());
                None
            }
        }
    }

    fn array(&mut self, name: &'static str) -> Option<&'a Vec<Value>> {
        self.typed(name, "an array", Value::as_array)
    }

    fn pointer_to(&self, name: &str, index: Option<usize>) -> String {
        let mut pointer = self.pointer.clone();
        push_token(&mut pointer, name);
        if let Some(index) = index {
            // Writing into a string cannot fail.
            let _ = write!(pointer, "/{index}");
        }
        pointer
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole, and within what a float tells from its neighbours"
)]
fn whole_float(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

fn wrong_type(pointer: String, expected: &str, value: &Value) -> Fault {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Fault::at(
        pointer,
        FaultCode::WrongType,
        format!("must be {expected}, not {found}"),
    )
}

fn suggestion(name: &str, known: impl IntoIterator<Item = &'static str>) -> String {
    // The distance takes time and memory by the product of both lengths.
    let near = if name.len() <= MAX_NAME {
        closest(name, known)
    } else {
        None
    };
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}
