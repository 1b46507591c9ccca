//! What is said when a text is handed to an editor, and when it is handed back.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;
use crate::names::names;
use crate::time::Time;
use crate::users::model::UserRef;

/// Characters of a note.
const MAX_NOTE: usize = 2000;

/// What was done to a text when something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewAction {
    /// It was handed to an editor.
    Submitted,
    /// An editor handed it back.
    SentBack,
}

names!(ReviewAction { Submitted => "submitted", SentBack => "sent_back" });

/// What somebody said of a text in review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewNote {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What was done to the text.
    pub action: ReviewAction,
    /// What was said, as plain text.
    pub note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Who said it; null where the account is gone.
    pub by: Option<UserRef>,
}

/// Reads what comes with a text that is handed to an editor: nothing, or a note.
///
/// # Errors
/// All the faults.
pub fn submission(value: &Value) -> Result<Option<String>, Vec<Fault>> {
    if value.is_null() {
        return Ok(None);
    }
    read(value, |fields| fields.string("note"))
}

/// Reads what comes with a text that is handed back: a note.
///
/// # Errors
/// All the faults.
pub fn return_note(value: &Value) -> Result<String, Vec<Fault>> {
    // What is required and has no fault is there.
    read(value, |fields| fields.required_string("note")).map(Option::unwrap_or_default)
}

fn read(
    value: &Value,
    note: impl FnOnce(&mut Fields<'_>) -> Option<String>,
) -> Result<Option<String>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let note = note(&mut fields);
    if let Some(note) = &note {
        let length = note.chars().count();
        if note.trim().is_empty() {
            fields.fault("note", FaultCode::TooSmall, "must say something");
        } else if length > MAX_NOTE {
            let detail = format!("has {length} characters; at most {MAX_NOTE} are allowed");
            fields.fault("note", FaultCode::TooLarge, detail);
        }
    }
    fields.finish();
    if faults.is_empty() {
        Ok(note)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told<T: std::fmt::Debug>(read: Result<T, Vec<Fault>>) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        read.unwrap_err().into_iter().map(told).collect()
    }

    #[test]
    fn who_hands_in_may_say_something_and_who_hands_back_must() {
        for nothing in [json!(null), json!({}), json!({"note": null})] {
            assert_eq!(submission(&nothing), Ok(None));
        }
        assert_eq!(
            submission(&json!({"note": "Look"})),
            Ok(Some("Look".into()))
        );
        assert_eq!(return_note(&json!({"note": "No"})), Ok("No".into()));
        for nothing in [json!({}), json!({"note": null})] {
            assert_eq!(told(return_note(&nothing)), ["/note Missing"]);
        }
        assert_eq!(told(return_note(&json!(null))), [" WrongType"]);
    }

    #[test]
    fn a_note_has_up_to_2000_characters_and_one_that_is_no_space() {
        let long = "ö".repeat(2000);
        assert_eq!(return_note(&json!({"note": long})), Ok(long.clone()));
        let faults = |note: &str| told(submission(&json!({"note": note, "to": 1})));
        assert_eq!(
            faults(&format!("{long}!")),
            ["/note TooLarge", "/to Unknown"]
        );
        assert_eq!(faults(" \n"), ["/note TooSmall", "/to Unknown"]);
        assert_eq!(
            told(submission(&json!({"note": 1, "to": 1}))),
            ["/note WrongType", "/to Unknown"]
        );
        assert_eq!(told(submission(&json!([]))), [" WrongType"]);
    }
}
