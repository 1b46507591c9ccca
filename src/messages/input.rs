//! Messages as they come in: JSON, read strictly, with all the faults at once.

use serde_json::Value;

use super::model::{MessageStatus, Sent, Texts};
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// Reads what the contact form sends.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn sent(value: &Value) -> Result<Sent, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let name = fields.required_string("name");
    let email = fields.required_string("email");
    let subject = fields.string("subject");
    let message = fields.required_string("message");
    let consent = fields.bool("consent");
    let trap = fields.string("website");
    let started_at = fields.time("started_at");
    if value.is_object() {
        match consent {
            Some(true) => {}
            Some(false) => {
                let detail = "without consent nothing may be kept; it must be true";
                fields.fault("consent", FaultCode::NotAllowed, detail);
            }
            None if value.get("consent").is_none_or(Value::is_null) => {
                fields.fault("consent", FaultCode::Missing, "consent must be given");
            }
            None => {}
        }
    }
    fields.finish();
    // What is missing has been told; in its place stands what has no fault of its own.
    let texts = Texts {
        name: name.as_deref().unwrap_or("nobody"),
        email: email.as_deref().unwrap_or("nobody@example.org"),
        subject: subject.as_deref(),
        message: message.as_deref().unwrap_or("nothing"),
    };
    match Sent::parse(texts, trap.as_deref(), started_at) {
        Ok(sent) if faults.is_empty() => Ok(sent),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// A merge patch of a message, of which the status alone can be changed.
///
/// # Errors
/// All the faults.
pub fn change(value: &Value) -> Result<Option<MessageStatus>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let status = fields.one_of("status", MessageStatus::ALL, MessageStatus::as_str);
    if fields.field("status") == Some(None) {
        let detail = "status cannot be taken away";
        fields.fault("status", FaultCode::Missing, detail);
    }
    fields.finish();
    if faults.is_empty() {
        Ok(status)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told<T: std::fmt::Debug>(read: Result<T, Vec<Fault>>) -> Vec<String> {
        let faults = read.unwrap_err().into_iter();
        faults
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect()
    }

    #[test]
    fn what_is_missing_unknown_and_broken_is_told_at_once() {
        let missing = [
            "/name Missing",
            "/email Missing",
            "/message Missing",
            "/consent Missing",
        ];
        assert_eq!(told(sent(&json!({}))), missing);
        assert_eq!(told(sent(&json!([]))), [" WrongType"]);
        let broken = json!({
            "name": 1, "email": "ada", "message": "", "consent": false, "website": 2,
            "started_at": "now", "topic": "x",
        });
        let expected = [
            "/name WrongType",
            "/website WrongType",
            "/started_at Malformed",
            "/consent NotAllowed",
            "/topic Unknown",
            "/email Malformed",
            "/message TooSmall",
        ];
        assert_eq!(told(sent(&broken)), expected);
    }

    #[test]
    fn of_a_message_the_status_alone_can_be_changed() {
        let status = |value| change(&value);
        assert_eq!(
            status(json!({"status": "spam"})),
            Ok(Some(MessageStatus::Spam))
        );
        assert_eq!(status(json!({})), Ok(None));
        assert_eq!(told(status(json!({"status": null}))), ["/status Missing"]);
        assert_eq!(
            told(status(json!({"status": "gone", "email": "a@b.c"}))),
            ["/status NotAllowed", "/email Unknown"]
        );
    }
}
