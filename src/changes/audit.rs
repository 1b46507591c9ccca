//! What an audit shows: the log of changes, and that of what looked like an attack.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::Resource;
use crate::auth::model::Suspicion;
use crate::id::Id;
use crate::names::names;
use crate::time::Time;

/// What kind of actor made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The program itself: an import, the command line, the clock.
    System,
    /// Someone who had signed in.
    User,
    /// An API key.
    Key,
}

names!(ActorKind {
    System => "system",
    User => "user",
    Key => "key",
});

/// An account, as a log shows it: it may be no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoggedUser {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// The name that it has now; null where it was deleted.
    pub name: Option<String>,
}

/// One change to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// The number of the write. All that it changed has the same.
    #[schema(minimum = 1)]
    pub change: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Who or what did it.
    pub actor: ActorKind,
    /// The account behind it.
    pub user: Option<LoggedUser>,
    /// The API key that it was done with.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub key_id: Option<Id>,
    /// What was done.
    #[schema(example = "published")]
    pub action: String,
    /// The kind of what it was done to.
    pub resource: Resource,
    /// What it was done to.
    #[schema(value_type = uuid::Uuid)]
    pub resource_id: Id,
    /// The address that the request came from.
    pub peer: Option<String>,
    /// The id of the request, as `X-Request-Id` told it.
    pub request_id: Option<String>,
    /// What else there is to know, such as an old and a new role.
    pub detail: Option<String>,
}

/// Something that looked like an attack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityEvent {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// What.
    pub kind: Suspicion,
    /// The account that it was about, where there is one.
    pub user: Option<LoggedUser>,
    /// The address that the request came from.
    pub peer: String,
    /// The id of the request, as `X-Request-Id` told it.
    pub request_id: String,
}

/// Which changes an audit shows. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By this account, or by an API key of it.
    pub user: Option<Id>,
    /// To a resource of this kind.
    pub resource: Option<Resource>,
    /// To this one.
    pub resource_id: Option<Id>,
    /// This was done.
    pub action: Option<String>,
    /// At this time or later.
    pub since: Option<Time>,
    /// Before this time.
    pub until: Option<Time>,
}
