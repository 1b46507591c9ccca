//! What a preview link is. Its token is shown once, when it is made, and kept nowhere; only a hash of it is.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// How long a link lasts at least and at most, in seconds: a minute and 30 days.
pub const LASTS: std::ops::RangeInclusive<i64> = 60..=30 * 24 * 60 * 60;
/// How long a link lasts where nothing is said: 7 days.
pub const LASTS_BY_DEFAULT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Links that one text may have at once.
pub const MOST: i64 = 50;

/// A link that shows one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewLink {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Who made it. It counts as long as they may write the text.
    pub user: UserRef,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// From when on it shows nothing.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
}

/// The links of a text that still count, the last made first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewLinks {
    /// The links.
    pub items: Vec<PreviewLink>,
}

/// A link that was just made, with the token itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPreviewLink {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What stands for the right to see the text. It is shown this once and kept nowhere.
    pub token: String,
    /// Where this API shows the text.
    pub url: String,
    /// Who made it. It counts as long as they may write the text.
    pub user: UserRef,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// From when on it shows nothing.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Time,
}
