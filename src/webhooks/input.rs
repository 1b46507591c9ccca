//! Webhooks as they come in: JSON, read strictly, with all the faults at once.

use serde_json::Value;

use super::model::{NewWebhook, WebhookChange, events, name, url};
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// A webhook to be made: `name`, `url`, `events` and, where they are wanted, `tag` and `enabled`.
///
/// # Errors
/// All the faults.
pub fn new_webhook(value: &Value) -> Result<NewWebhook, Vec<Fault>> {
    let (change, mut faults) = read(value);
    if value.is_object() {
        for name in ["name", "url", "events"] {
            if value.get(name).is_none() {
                let detail = format!("{name} must be given");
                faults.push(Fault::at(format!("/{name}"), FaultCode::Missing, detail));
            }
        }
    }
    match change {
        WebhookChange {
            name: Some(name),
            url: Some(url),
            events: Some(events),
            tag,
            enabled,
        } if faults.is_empty() => Ok(NewWebhook {
            name,
            url,
            events,
            tag: tag.flatten(),
            enabled: enabled.unwrap_or(true),
        }),
        _ => Err(faults),
    }
}

/// A merge patch of a webhook: any of its fields, of which `tag` alone can be taken away.
///
/// # Errors
/// All the faults.
pub fn webhook_change(value: &Value) -> Result<WebhookChange, Vec<Fault>> {
    let (change, faults) = read(value);
    if faults.is_empty() {
        Ok(change)
    } else {
        Err(faults)
    }
}

fn read(value: &Value) -> (WebhookChange, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    for name in ["name", "url", "events", "enabled"] {
        if fields.field(name) == Some(None) {
            let detail = format!("{name} cannot be empty");
            fields.fault(name, FaultCode::Missing, detail);
        }
    }
    let (sent_name, sent_url) = (fields.string("name"), fields.string("url"));
    // Read for its faults; where each text stands is looked up below.
    fields.strings("events");
    let cleared = fields.field("tag") == Some(None);
    let tag = fields.id("tag");
    let enabled = fields.bool("enabled");
    fields.finish();
    let mut change = WebhookChange {
        tag: if cleared { Some(None) } else { tag.map(Some) },
        enabled,
        ..WebhookChange::default()
    };
    match sent_name.as_deref().map(name).transpose() {
        Ok(name) => change.name = name,
        Err(fault) => faults.push(fault),
    }
    match sent_url.as_deref().map(url).transpose() {
        Ok(url) => change.url = url,
        Err(fault) => faults.push(fault),
    }
    if let Some(sent) = value.get("events").and_then(Value::as_array) {
        let texts = sent.iter().enumerate();
        let texts: Vec<_> = texts
            .filter_map(|(index, text)| Some((index, text.as_str()?)))
            .collect();
        if sent.is_empty() || !texts.is_empty() {
            match events(&texts) {
                Ok(events) => change.events = Some(events),
                Err(more) => faults.extend(more),
            }
        }
    }
    (change, faults)
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
    fn all_faults_are_told_at_once() {
        assert_eq!(
            told(new_webhook(&json!({}))),
            ["/name Missing", "/url Missing", "/events Missing"]
        );
        assert_eq!(
            told(new_webhook(&json!({
                "name": "", "url": "ftp://example.org", "events": ["article.publish", 3, "*", "*"],
                "tag": "love", "enabled": null, "secret": "x"
            }))),
            [
                "/enabled Missing",
                "/events/1 WrongType",
                "/tag Malformed",
                "/secret Unknown",
                "/name Malformed",
                "/url Malformed",
                "/events/0 NotAllowed",
                "/events/3 Repeated"
            ]
        );
        assert_eq!(told(new_webhook(&json!([]))), [" WrongType"]);
        assert_eq!(
            told(webhook_change(&json!({"events": []}))),
            ["/events TooSmall"]
        );
    }

    #[test]
    fn the_closest_event_is_told() {
        let sent =
            json!({"name": "a", "url": "https://example.org", "events": ["article.publishd"]});
        let faults = new_webhook(&sent).unwrap_err();
        assert_eq!(
            faults[0].detail,
            "is no event; did you mean article.published?"
        );
    }

    #[test]
    fn a_patch_may_take_the_tag_away_and_nothing_else() {
        assert_eq!(webhook_change(&json!({})), Ok(WebhookChange::default()));
        let change = webhook_change(&json!({"tag": null, "enabled": false})).unwrap();
        assert_eq!((change.tag, change.enabled), (Some(None), Some(false)));
        assert_eq!(
            told(webhook_change(
                &json!({"name": null, "url": null, "events": null})
            )),
            ["/name Missing", "/url Missing", "/events Missing"]
        );
    }
}
