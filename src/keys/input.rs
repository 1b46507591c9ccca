//! API keys as they come in: JSON, read strictly, with all the faults at once.

use serde_json::Value;

use super::model::{KeyChange, NewKey, expiry_fault, name, scopes};
use crate::error::{Fault, FaultCode};
use crate::json::Fields;
use crate::time::Time;

/// An API key to be made: `name`, `scopes` and, where it is to end, `expires_at`.
///
/// # Errors
/// All the faults.
pub fn new_key(value: &Value, now: Time) -> Result<NewKey, Vec<Fault>> {
    let (change, mut faults) = read(value, now);
    if value.is_object() {
        for name in ["name", "scopes"] {
            if value.get(name).is_none() {
                let detail = format!("{name} must be given");
                faults.push(Fault::at(format!("/{name}"), FaultCode::Missing, detail));
            }
        }
    }
    match change {
        KeyChange {
            name: Some(name),
            scopes: Some(scopes),
            expires_at,
        } if faults.is_empty() => Ok(NewKey {
            name,
            scopes,
            expires_at: expires_at.flatten(),
        }),
        _ => Err(faults),
    }
}

/// A merge patch of an API key: any of `name`, `scopes` and `expires_at`, of which the last alone can be taken away.
///
/// # Errors
/// All the faults.
pub fn key_change(value: &Value, now: Time) -> Result<KeyChange, Vec<Fault>> {
    let (change, faults) = read(value, now);
    if faults.is_empty() {
        Ok(change)
    } else {
        Err(faults)
    }
}

fn read(value: &Value, now: Time) -> (KeyChange, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    for name in ["name", "scopes"] {
        if fields.field(name) == Some(None) {
            let detail = format!("{name} cannot be empty");
            fields.fault(name, FaultCode::Missing, detail);
        }
    }
    let sent_name = fields.string("name");
    // Read for its faults; where each text stands is looked up below.
    fields.strings("scopes");
    let cleared = fields.field("expires_at") == Some(None);
    let expires_at = fields.time("expires_at");
    fields.finish();
    let mut change = KeyChange {
        expires_at: if cleared {
            Some(None)
        } else {
            expires_at.map(Some)
        },
        ..KeyChange::default()
    };
    match sent_name.as_deref().map(name).transpose() {
        Ok(name) => change.name = name,
        Err(fault) => faults.push(fault),
    }
    if let Some(sent) = value.get("scopes").and_then(Value::as_array) {
        let texts = sent.iter().enumerate();
        let texts: Vec<_> = texts
            .filter_map(|(index, text)| Some((index, text.as_str()?)))
            .collect();
        if sent.is_empty() || !texts.is_empty() {
            match scopes(&texts) {
                Ok(scopes) => change.scopes = Some(scopes),
                Err(more) => faults.extend(more),
            }
        }
    }
    faults.extend(expires_at.and_then(|expires_at| expiry_fault(expires_at, now)));
    (change, faults)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Time {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn told<T: std::fmt::Debug>(read: Result<T, Vec<Fault>>) -> Vec<String> {
        let faults = read.unwrap_err().into_iter();
        faults
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect()
    }

    #[test]
    fn a_new_key_has_a_name_and_scopes() {
        assert_eq!(
            told(new_key(&json!({}), now())),
            ["/name Missing", "/scopes Missing"]
        );
        assert_eq!(
            told(new_key(
                &json!({"name": null, "scopes": [], "expires_at": "2026-11-22T10:00:00Z", "key": "mhk_"}),
                now()
            )),
            [
                "/name Missing",
                "/key Unknown",
                "/scopes TooSmall",
                "/expires_at TooSmall"
            ]
        );
        assert_eq!(
            told(new_key(
                &json!({"name": "x", "scopes": [3, "tags:write", "no"]}),
                now()
            )),
            ["/scopes/0 WrongType", "/scopes/2 NotAllowed"]
        );
        assert_eq!(told(new_key(&json!("x"), now())), [" WrongType"]);
        let key = new_key(&json!({"name": " build ", "scopes": ["tags:write"]}), now()).unwrap();
        assert_eq!((key.name.as_str(), key.expires_at), ("build", None));
    }

    #[test]
    fn a_patch_may_take_the_end_away_and_nothing_else() {
        assert_eq!(key_change(&json!({}), now()), Ok(KeyChange::default()));
        let change = key_change(&json!({"expires_at": null}), now()).unwrap();
        assert_eq!(change.expires_at, Some(None));
        assert_eq!(
            told(key_change(
                &json!({"name": null, "scopes": null, "user": null}),
                now()
            )),
            ["/name Missing", "/scopes Missing", "/user Unknown"]
        );
    }
}
