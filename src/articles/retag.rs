//! Tags that are put on many articles, or taken off, as the admin API asks for it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::new::MAX_ITEMS;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;

/// Which tags articles are to have, and are to have no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retagging {
    /// The articles, each once.
    pub articles: Vec<Id>,
    /// By id, slug or name; what has no such name is made.
    pub add: Vec<String>,
    /// By id, slug or name.
    pub remove: Vec<String>,
}

/// An article that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedArticle {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The version that it has now.
    #[schema(minimum = 1)]
    pub version: i64,
}

/// The articles that were changed. One that had the tags already is not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retagged {
    /// In the order in which they were named.
    pub changed: Vec<ChangedArticle>,
}

impl Retagging {
    /// Reads it: 1 to 100 articles, and one tag at least.
    ///
    /// # Errors
    /// All the faults at once, each with the pointer of its field.
    pub fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fields = Fields::new(value, "", &mut faults);
        let given = fields.strings("articles");
        let mut texts = |name| fields.strings(name).unwrap_or_default();
        let (add, remove) = (texts("add"), texts("remove"));
        let keys = given.clone().unwrap_or_default();
        if value.is_object() {
            match &given {
                None if value.get("articles").is_none_or(Value::is_null) => {
                    fields.fault("articles", FaultCode::Missing, "articles must be given");
                }
                Some(keys) if keys.is_empty() => {
                    fields.fault(
                        "articles",
                        FaultCode::TooSmall,
                        "names one article at least",
                    );
                }
                _ => {}
            }
            if add.is_empty() && remove.is_empty() {
                let detail = "add or remove one tag at least";
                fields.fault("add", FaultCode::TooSmall, detail);
            }
        }
        for (name, list) in [("articles", &keys), ("add", &add), ("remove", &remove)] {
            let length = list.len();
            if length > MAX_ITEMS {
                let detail = format!("has {length} items; at most {MAX_ITEMS} are allowed");
                fields.fault(name, FaultCode::TooLarge, detail);
            }
        }
        fields.finish();
        let mut articles = Vec::with_capacity(keys.len().min(MAX_ITEMS));
        for (index, key) in keys.iter().take(MAX_ITEMS).enumerate() {
            let pointer = format!("/articles/{index}");
            match key.parse::<Id>() {
                Err(_no_id) => {
                    let detail = format!("`{key}` is no id");
                    faults.push(Fault::at(pointer, FaultCode::Malformed, detail));
                }
                Ok(id) if articles.contains(&id) => {
                    let detail = format!("the article {id} stands more than once");
                    faults.push(Fault::at(pointer, FaultCode::Repeated, detail));
                }
                Ok(id) => articles.push(id),
            }
        }
        if faults.is_empty() {
            Ok(Self {
                articles,
                add,
                remove,
            })
        } else {
            Err(faults)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(value: &Value) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        let faults = Retagging::read(value).unwrap_err();
        faults.into_iter().map(told).collect()
    }

    #[test]
    fn names_all_the_faults_at_once() {
        let id = Id([1; 16]).to_string();
        let many: Vec<String> = (0..101).map(|n| format!("a{n}")).collect();
        assert_eq!(faults(&json!([])), [" WrongType"]);
        assert_eq!(faults(&json!({})), ["/articles Missing", "/add TooSmall"]);
        assert_eq!(
            faults(&json!({"articles": [id, "x", id], "add": [1], "remove": many, "tags": []})),
            [
                "/add/0 WrongType",
                "/remove TooLarge",
                "/tags Unknown",
                "/articles/1 Malformed",
                "/articles/2 Repeated"
            ]
        );
        assert_eq!(
            faults(&json!({"articles": [], "remove": ["x"]})),
            ["/articles TooSmall"]
        );
        let read = Retagging::read(&json!({"articles": [id], "add": ["a"], "remove": null}));
        assert_eq!(read.unwrap().articles, [Id([1; 16])]);
    }
}
