//! When a text goes out and is taken back by itself.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{Kind, State};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;
use crate::names::names;
use crate::time::Time;
use crate::users::model::UserRef;

/// What the clock does to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimedAction {
    /// Puts it out.
    Publish,
    /// Makes it a draft again.
    Unpublish,
}

names!(TimedAction { Publish => "publish", Unpublish => "unpublish" });

/// What is to happen to a text by itself. One of the two is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// When it is published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub publish_at: Option<Time>,
    /// When it becomes a draft again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unpublish_at: Option<Time>,
}

/// Something that the clock will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The text.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Article or page.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// What is done to it.
    pub action: TimedAction,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Who asked for it; null where it was an import, or the account is gone.
    pub by: Option<UserRef>,
}

/// What is wished of a schedule: what is `None` stays, what is `Some(None)` is cleared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// When to publish.
    pub publish_at: Option<Option<Time>>,
    /// When to take it back.
    pub unpublish_at: Option<Option<Time>>,
}

impl Schedule {
    /// Nothing is to happen.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.publish_at.is_none() && self.unpublish_at.is_none()
    }
}

impl Wish {
    /// Reads one.
    ///
    /// # Errors
    /// All the faults.
    pub fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut fields = Fields::new(value, "", &mut faults);
        let mut time = |name| {
            let given = fields.field(name)?;
            Some(given.and_then(|_| fields.time(name)))
        };
        let wish = Self {
            publish_at: time("publish_at"),
            unpublish_at: time("unpublish_at"),
        };
        if value.is_object() && wish == Self::default() {
            let detail = "publish_at, unpublish_at or both must be given";
            fields.fault("publish_at", FaultCode::Missing, detail);
        }
        fields.finish();
        if faults.is_empty() {
            Ok(wish)
        } else {
            Err(faults)
        }
    }

    /// The schedule that would come of this one.
    #[must_use]
    pub fn over(&self, present: Schedule) -> Schedule {
        Schedule {
            publish_at: self.publish_at.unwrap_or(present.publish_at),
            unpublish_at: self.unpublish_at.unwrap_or(present.unpublish_at),
        }
    }

    /// What is wrong with it at this moment, over the present schedule.
    #[must_use]
    pub fn faults(&self, present: Schedule, now: Time) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (pointer, wished) in [
            ("/publish_at", self.publish_at.flatten()),
            ("/unpublish_at", self.unpublish_at.flatten()),
        ] {
            if wished.is_some_and(|at| at <= now) {
                let detail = format!("lies in the past: it is {now}");
                faults.push(Fault::at(pointer, FaultCode::TooSmall, detail));
            }
        }
        let after = self.over(present);
        if let (Some(publish), Some(unpublish)) = (after.publish_at, after.unpublish_at)
            && unpublish <= publish
        {
            // At the one that was sent.
            let (pointer, detail) = if self.unpublish_at.is_some() {
                (
                    "/unpublish_at",
                    format!("must be later than {publish}, when it is published"),
                )
            } else {
                (
                    "/publish_at",
                    format!("must be earlier than {unpublish}, when it is taken back"),
                )
            };
            faults.push(Fault::at(pointer, FaultCode::Conflicting, detail));
        }
        faults
    }
}

/// The state of a text in which it can have a time to be taken back.
#[must_use]
pub const fn can_end(state: State) -> bool {
    matches!(state, State::Scheduled | State::Published)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(faults: Vec<Fault>) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        faults.into_iter().map(told).collect()
    }

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn null_clears_and_what_is_left_out_stays() {
        let wish = Wish::read(&json!({"publish_at": null})).unwrap();
        assert_eq!((wish.publish_at, wish.unpublish_at), (Some(None), None));
        let present = Schedule {
            publish_at: Some(time("2030-01-01T00:00:00Z")),
            unpublish_at: Some(time("2031-01-01T00:00:00Z")),
        };
        let after = wish.over(present);
        assert_eq!(after.publish_at, None);
        assert_eq!(after.unpublish_at, present.unpublish_at);
    }

    #[test]
    fn names_all_the_faults_at_once() {
        let read = |sent| told(Wish::read(&sent).unwrap_err());
        assert_eq!(read(json!({})), ["/publish_at Missing"]);
        assert_eq!(read(json!([])), [" WrongType"]);
        assert_eq!(
            read(json!({"publish_at": "2030-01-01T00:00:00", "unpublish_at": 3, "at": 1})),
            [
                "/publish_at Malformed",
                "/unpublish_at WrongType",
                "/at Unknown"
            ]
        );
    }

    #[test]
    fn a_time_lies_ahead_and_the_end_after_the_beginning() {
        let now = time("2026-11-22T10:00:00Z");
        let (early, late) = (
            time("2026-11-22T10:00:00.001Z"),
            time("2027-01-01T00:00:00Z"),
        );
        let wish = |publish_at, unpublish_at| Wish {
            publish_at,
            unpublish_at,
        };
        let faults = |wish: Wish, present| told(wish.faults(present, now));
        let none = Schedule::default();
        assert!(faults(wish(Some(Some(early)), Some(Some(late))), none).is_empty());
        assert_eq!(
            faults(wish(Some(Some(now)), None), none),
            ["/publish_at TooSmall"]
        );
        assert_eq!(
            faults(wish(Some(Some(late)), Some(Some(late))), none),
            ["/unpublish_at Conflicting"]
        );
        let ends = Schedule {
            publish_at: None,
            unpublish_at: Some(early),
        };
        assert_eq!(
            faults(wish(Some(Some(late)), None), ends),
            ["/publish_at Conflicting"]
        );
    }
}
