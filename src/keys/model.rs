//! What an API key is. The key itself is shown once, when it is made, and kept nowhere; only a hash of it is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::model::Scope;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::{UserRef, name_fault};

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What it is for.
    pub name: String,
    /// What it may do.
    #[schema(min_items = 1)]
    pub scopes: Vec<Scope>,
    /// Who made it. It counts as long as they are an admin.
    pub user: UserRef,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// From when on it counts for nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Time>,
}

/// An API key to be made, or as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) expires_at: Option<Time>,
}

impl NewKey {
    /// Whether a key would be the same.
    pub(super) fn is(&self, key: &ApiKey) -> bool {
        self.name == key.name && self.scopes == key.scopes && self.expires_at == key.expires_at
    }

    /// What is new about what a key may do, for the log.
    pub(super) fn news(&self, key: &ApiKey) -> Option<String> {
        let news = || format!("{} to {}", listed(&key.scopes), listed(&self.scopes));
        (self.scopes != key.scopes).then(news)
    }
}

/// What is to change of an API key; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyChange {
    pub(super) name: Option<String>,
    pub(super) scopes: Option<Vec<Scope>>,
    /// `Some(None)`: it is to last until it is revoked.
    pub(super) expires_at: Option<Option<Time>>,
}

impl KeyChange {
    /// The key as it is to be.
    #[must_use]
    pub fn of(&self, key: &ApiKey) -> NewKey {
        NewKey {
            name: self.name.clone().unwrap_or_else(|| key.name.clone()),
            scopes: self.scopes.clone().unwrap_or_else(|| key.scopes.clone()),
            expires_at: self.expires_at.unwrap_or(key.expires_at),
        }
    }
}

/// The name of a key: 1 to 200 characters.
pub(super) fn name(text: &str) -> Result<String, Fault> {
    match name_fault(text) {
        None => Ok(text.trim().to_owned()),
        Some(fault) => Err(fault),
    }
}

/// What a key may do: at least one thing, each named once, in the order of the contract. With each name comes the place
/// that it was sent at.
///
/// # Errors
/// All the faults.
pub(super) fn scopes(names: &[(usize, &str)]) -> Result<Vec<Scope>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut scopes = Vec::with_capacity(names.len());
    if names.is_empty() {
        let detail = "a key may do one thing at least";
        faults.push(Fault::at("/scopes", FaultCode::TooSmall, detail));
    }
    for (index, name) in names {
        let pointer = || format!("/scopes/{index}");
        match Scope::from_name(name) {
            None => {
                let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
                let detail = format!("must be one of {}", all.join(", "));
                faults.push(Fault::at(pointer(), FaultCode::NotAllowed, detail));
            }
            Some(scope) if scopes.contains(&scope) => {
                let detail = format!("{name} stands more than once");
                faults.push(Fault::at(pointer(), FaultCode::Repeated, detail));
            }
            Some(scope) => scopes.push(scope),
        }
    }
    scopes.sort_unstable();
    if faults.is_empty() {
        Ok(scopes)
    } else {
        Err(faults)
    }
}

/// What is wrong with the end of a key that is set now.
pub(super) fn expiry_fault(expires_at: Time, now: Time) -> Option<Fault> {
    let detail = format!("must be later than now, {now}");
    (expires_at <= now).then(|| Fault::at("/expires_at", FaultCode::TooSmall, detail))
}

/// Scopes as they are stored and logged.
pub(super) fn listed(scopes: &[Scope]) -> String {
    let names: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str]) -> Vec<String> {
        let names: Vec<_> = names.iter().copied().enumerate().collect();
        let faults = scopes(&names).unwrap_err().into_iter();
        faults
            .map(|fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code))
            .collect()
    }

    #[test]
    fn a_key_may_something_and_each_thing_once() {
        assert_eq!(told(&[]), ["/scopes TooSmall"]);
        assert_eq!(
            told(&["tags:write", "users:write", "tags:write", "tags:write "]),
            [
                "/scopes/1 NotAllowed",
                "/scopes/2 Repeated",
                "/scopes/3 NotAllowed"
            ]
        );
        let scopes = scopes(&[(0, "tags:write"), (1, "drafts:read")]).unwrap();
        assert_eq!(listed(&scopes), "drafts:read tags:write");
    }

    #[test]
    fn the_end_of_a_key_lies_ahead() {
        let at = |millis| Time::from_millis(millis).unwrap();
        assert!(expiry_fault(at(5), at(5)).is_some());
        assert!(expiry_fault(at(6), at(5)).is_none());
    }

    #[test]
    fn what_a_patch_leaves_out_stays() {
        let at = Time::from_millis(5).unwrap();
        let key = ApiKey {
            id: Id::new(),
            name: "build".into(),
            scopes: vec![Scope::DraftsRead],
            user: UserRef {
                id: Id::new(),
                name: "Ada".into(),
            },
            version: 1,
            created_at: at,
            updated_at: at,
            expires_at: Some(at),
            used_at: None,
        };
        assert!(KeyChange::default().of(&key).is(&key));
        let change = KeyChange {
            scopes: Some(vec![Scope::DraftsRead, Scope::TagsWrite]),
            expires_at: Some(None),
            ..KeyChange::default()
        };
        let new = change.of(&key);
        assert_eq!((new.name.as_str(), new.expires_at), ("build", None));
        assert_eq!(
            new.news(&key).unwrap(),
            "drafts:read to drafts:read tags:write"
        );
    }
}
