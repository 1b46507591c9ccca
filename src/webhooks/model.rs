//! What a webhook is, what a delivery to it is, and the rules of both: which events it is told of, when it is told again.

use std::time::Duration;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use xxhash_rust::xxh3::xxh3_64;

use crate::changes::model::{Event, Resource};
use crate::changes::tags as cache;
use crate::error::{Fault, FaultCode, closest};
use crate::id::Id;
use crate::names::names;
use crate::time::Time;
use crate::users::model::name_fault;

/// The event of a test.
pub const PING: &str = "ping";
/// The longest URL, in bytes.
pub const MAX_URL: usize = 2048;
/// How long the secret before still signs.
pub const OVERLAP: Duration = Duration::from_secs(24 * HOUR);
/// How long all may fail until a webhook is disabled.
pub const DEAD: Duration = Duration::from_secs(3 * 24 * HOUR);
/// How long what has ended is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 24 * HOUR);

const HOUR: u64 = 60 * 60;
/// How long something is tried.
const TRIED: Duration = Duration::from_secs(24 * HOUR);
/// The longest that a receiver may ask to be left alone.
const PATIENCE: Duration = Duration::from_secs(HOUR);
/// The seconds after each failure; the last stands for all that follow.
const BACKOFF: [u64; 8] = [5, 30, 2 * 60, 10 * 60, 30 * 60, HOUR, 2 * HOUR, 4 * HOUR];

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What it is for.
    pub name: String,
    /// Where the requests go.
    pub url: String,
    /// What it is told of: events, all of one kind as `article.*`, or everything as `*`.
    #[schema(value_type = Vec<EventName>, min_items = 1)]
    pub events: Vec<String>,
    /// Only of texts that carry this tag, and of the tag itself. Null where it is told of all.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub tag: Option<Id>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// Why the server disabled it. Null where it did not.
    pub disabled_reason: Option<String>,
    /// When its secret took the place of another, which signs too for 24 hours. Null where it never did.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rotated_at: Option<Time>,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

impl Webhook {
    /// Whether it is told of this.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let kind = event.resource.as_str();
        let is_it = |wanted: &String| match wanted.split_once('.') {
            None => true,
            Some((of, "*")) => of == kind,
            Some((of, action)) => of == kind && action == event.action,
        };
        self.events.iter().any(is_it)
            && self.tag.is_none_or(|tag| {
                let own = cache::of(Resource::Tag, tag);
                let list = cache::list_of(Resource::Tag, tag);
                event.tags.split(' ').any(|tag| tag == own || tag == list)
            })
    }
}

/// A webhook to be made, or as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) events: Vec<String>,
    pub(super) tag: Option<Id>,
    pub(super) enabled: bool,
}

impl NewWebhook {
    /// Whether a webhook would be the same.
    pub(super) fn is(&self, there: &Webhook) -> bool {
        self.name == there.name
            && self.url == there.url
            && self.events == there.events
            && self.tag == there.tag
            && self.enabled == there.enabled
    }
}

/// What is to change of a webhook; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) events: Option<Vec<String>>,
    /// `Some(None)`: it is told of everything, whatever tags that carries.
    pub(super) tag: Option<Option<Id>>,
    pub(super) enabled: Option<bool>,
}

impl WebhookChange {
    /// The webhook as it is to be.
    #[must_use]
    pub fn of(&self, there: &Webhook) -> NewWebhook {
        NewWebhook {
            name: self.name.clone().unwrap_or_else(|| there.name.clone()),
            url: self.url.clone().unwrap_or_else(|| there.url.clone()),
            events: self.events.clone().unwrap_or_else(|| there.events.clone()),
            tag: self.tag.unwrap_or(there.tag),
            enabled: self.enabled.unwrap_or(there.enabled),
        }
    }
}

/// The name of a webhook: 1 to 200 characters.
pub(super) fn name(text: &str) -> Result<String, Fault> {
    match name_fault(text) {
        None => Ok(text.trim().to_owned()),
        Some(fault) => Err(fault),
    }
}

/// Where a webhook may lead, as far as the text tells: the address behind the name is looked at when something is sent.
pub(super) fn url(text: &str) -> Result<String, Fault> {
    if text.len() > MAX_URL {
        let detail = format!("has {} bytes; at most {MAX_URL} are allowed", text.len());
        return Err(Fault::at("/url", FaultCode::TooLarge, detail));
    }
    match crate::outbound::parse(text) {
        Ok(url) if url.fragment().is_none() => Ok(text.to_owned()),
        _ => {
            let detail =
                "an http or https address is wanted, without a user and without a fragment";
            Err(Fault::at("/url", FaultCode::Malformed, detail))
        }
    }
}

/// What a webhook can be told of: every event, all of each kind, and everything.
#[must_use]
pub fn event_names() -> Vec<String> {
    let mut names = vec!["*".to_owned()];
    for resource in Resource::ALL {
        let kind = resource.as_str();
        names.push(format!("{kind}.*"));
        names.extend(
            resource
                .actions()
                .iter()
                .map(|action| format!("{kind}.{action}")),
        );
    }
    names
}

/// The events that a webhook is told of: one at least, each known, each named once. With each comes the place that it was
/// sent at.
///
/// # Errors
/// All the faults.
pub(super) fn events(sent: &[(usize, &str)]) -> Result<Vec<String>, Vec<Fault>> {
    let known = event_names();
    let mut faults = Vec::new();
    let mut events: Vec<String> = Vec::with_capacity(sent.len());
    if sent.is_empty() {
        let detail = "a webhook is told of one event at least";
        faults.push(Fault::at("/events", FaultCode::TooSmall, detail));
    }
    for (index, name) in sent {
        let pointer = format!("/events/{index}");
        if events.iter().any(|event| event == name) {
            let detail = format!("{name} stands more than once");
            faults.push(Fault::at(pointer, FaultCode::Repeated, detail));
        } else if known.iter().any(|event| event == name) {
            events.push((*name).to_owned());
        } else {
            let near = Some(*name)
                .filter(|name| name.len() <= 64)
                .and_then(|name| closest(name, known.iter().map(String::as_str)));
            let detail = near.map_or_else(
                || {
                    "is no event; it is written as `article.published`, `article.*` or `*`"
                        .to_owned()
                },
                |near| format!("is no event; did you mean {near}?"),
            );
            faults.push(Fault::at(pointer, FaultCode::NotAllowed, detail));
        }
    }
    if faults.is_empty() {
        Ok(events)
    } else {
        Err(faults)
    }
}

/// The name of an event, of all events of a kind, or of all, for the document.
#[derive(Debug, Clone, Copy)]
pub struct EventName;

impl PartialSchema for EventName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .enum_values(Some(event_names()))
            .examples(["article.published"])
            .description(Some("An event, all events of a kind, or everything"))
            .into()
    }
}

impl ToSchema for EventName {}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// It is still to be sent, for the first time or again.
    Pending,
    /// It arrived.
    Delivered,
    /// It did not, and is not tried any more.
    Failed,
}

names!(DeliveryStatus {
    Pending => "pending",
    Delivered => "delivered",
    Failed => "failed",
});

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its id, sent as `webhook-id` with every attempt.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The event: `article.published`, or `ping`.
    #[schema(example = "article.published")]
    pub event: String,
    /// What it is about.
    #[schema(value_type = uuid::Uuid)]
    pub resource_id: Id,
    /// The number of the change that it tells of.
    #[schema(minimum = 0)]
    pub change: i64,
    /// How far it is.
    pub status: DeliveryStatus,
    /// How often it was sent, since it was made or last replayed.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// The HTTP status that was answered last. Null where there was no answer.
    pub last_status: Option<i32>,
    /// What was wrong the last time, in words. Null where nothing was.
    pub error: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub attempted_at: Option<Time>,
    /// When it is sent next. Null where it is not, or waits for an earlier event of the same thing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Time>,
}

/// What comes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It arrived.
    Delivered,
    /// It is sent again at this time.
    Again(Time),
    /// It is given up.
    Failed,
    /// It is given up, and the webhook with it: the receiver is gone for good.
    Gone,
}

/// An attempt that has been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it ended.
    pub at: Time,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// When the receiver wants the next.
    pub retry_after: Option<Duration>,
    /// What was wrong, in words.
    pub error: Option<String>,
}

impl Attempt {
    /// What comes of it, for a delivery that was tried so often before, in a round that began then.
    #[must_use]
    pub fn verdict(&self, id: Id, before: i32, began_at: Time) -> Verdict {
        match self.status {
            Some(200..=299) => return Verdict::Delivered,
            Some(410) => return Verdict::Gone,
            _ => {}
        }
        let asked = self.retry_after.unwrap_or_default().min(PATIENCE);
        let next = self.at.plus(backoff(id, before).max(asked));
        if next > began_at.plus(TRIED) {
            Verdict::Failed
        } else {
            Verdict::Again(next)
        }
    }
}

/// How long to wait after the failure that came after `before` others: a fifth more or less, each delivery and attempt for
/// itself, so that they do not all come back at once.
fn backoff(id: Id, before: i32) -> Duration {
    let index = usize::try_from(before).unwrap_or(0).min(BACKOFF.len() - 1);
    let mut seed = id.as_bytes().to_vec();
    seed.extend(before.to_be_bytes());
    let part = xxh3_64(&seed) % 401;
    Duration::from_millis(BACKOFF[index] * (800 + part))
}

/// What is wrong with a status, in words.
#[must_use]
pub fn status_error(status: u16) -> Option<String> {
    match status {
        200..=299 => None,
        300..=399 => Some(format!("answered {status}: redirects are not followed")),
        410 => Some("answered 410: it is gone for good".to_owned()),
        _ => Some(format!("answered {status}")),
    }
}

#[cfg(test)]
mod tests;
