//! Values that are written as JSON once.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A value with its JSON, for what stands in many answers. As JSON it is the value; to clone it costs nothing.
#[derive(Debug)]
pub struct Preserialized<T>(Arc<(T, Box<RawValue>)>);

impl<T: Serialize> Preserialized<T> {
    /// This value.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(value: T) -> serde_json::Result<Self> {
        let json = to_raw_value(&value)?;
        Ok(Self(Arc::new((value, json))))
    }
}

impl<T: Clone> Preserialized<T> {
    /// The values alone.
    #[must_use]
    pub fn values(written: &[Self]) -> Vec<T> {
        written.iter().map(|one| (**one).clone()).collect()
    }
}

impl<T> Clone for Preserialized<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Preserialized<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T> Serialize for Preserialized<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.1.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_the_value_is() {
        let value = ["a \"quoted\" word".to_owned(), "\n".to_owned()];
        let written_once = Preserialized::new(value.clone()).unwrap();
        let written = serde_json::to_string(&written_once).unwrap();
        assert_eq!(written, serde_json::to_string(&value).unwrap());
        assert_eq!(*written_once, value);
    }
}
