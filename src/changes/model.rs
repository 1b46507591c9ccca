//! What the log says of a change.

use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::model::{Action, Principal};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The program itself: an import, the command line, the clock, a migration.
    System,
    /// Someone who proved who they are.
    Principal(Principal),
}

impl Actor {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Principal(who) if who.key().is_some() => "key",
            Self::Principal(_) => "user",
        }
    }

    /// The account behind it.
    #[must_use]
    pub const fn user(&self) -> Option<Id> {
        match self {
            Self::System => None,
            Self::Principal(who) => Some(who.user),
        }
    }

    /// The API key that it was done with.
    #[must_use]
    pub const fn key(&self) -> Option<Id> {
        match self {
            Self::System => None,
            Self::Principal(who) => who.key(),
        }
    }

    /// The address it came from.
    #[must_use]
    pub fn peer(&self) -> Option<String> {
        match self {
            Self::System => None,
            Self::Principal(who) => Some(who.peer.to_string()),
        }
    }

    /// The request it came with.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::System => None,
            Self::Principal(who) => Some(&who.request_id),
        }
    }

    /// Asks whether this may be done. The system may do everything.
    ///
    /// # Errors
    /// [`Error::Forbidden`] where it may not.
    pub fn authorise(&self, action: Action) -> Result<()> {
        match self {
            Self::System => Ok(()),
            Self::Principal(who) if who.may(action) => Ok(()),
            Self::Principal(_) => Err(Error::Forbidden),
        }
    }
}

/// The kinds of resource that the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// An article or a page.
    Article,
    /// A tag.
    Tag,
    /// An author.
    Author,
    /// The settings and menus.
    Site,
    /// A redirect.
    Redirect,
    /// An account.
    User,
    /// An API key.
    ApiKey,
    /// A message that came by the contact form.
    Message,
    /// A webhook.
    Webhook,
    /// An import or a backup.
    Job,
    /// A picture that was put in.
    Media,
}

crate::names::names!(Resource {
    Article => "article",
    Tag => "tag",
    Author => "author",
    Site => "site",
    Redirect => "redirect",
    User => "user",
    ApiKey => "api_key",
    Message => "message",
    Webhook => "webhook",
    Job => "job",
    Media => "media",
});

impl Resource {
    /// What the log says of such a thing: with the name of the kind before it, the name of an event. The list is closed; a
    /// write that logs something else is a mistake of ours.
    #[must_use]
    pub const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Article => &[
                "created",
                "updated",
                "submitted",
                "sent_back",
                "scheduled",
                "published",
                "unpublished",
                "archived",
                "trashed",
                "restored",
                "purged",
                "touched",
                "rendered",
                "copy_saved",
                "copy_discarded",
                "schedule_dropped",
                "preview_link_created",
                "preview_link_revoked",
            ],
            Self::Tag => &["created", "updated", "deleted", "shown", "hidden"],
            Self::Author | Self::Redirect | Self::Media => &["created", "updated", "deleted"],
            Self::Site => &["updated"],
            Self::User => &[
                "created",
                "updated",
                "deleted",
                "link_made",
                "signed_out",
                "password_set",
                "totp_enabled",
                "totp_disabled",
                "recovery_codes_made",
            ],
            Self::ApiKey => &["created", "updated", "revoked"],
            Self::Message => &["created", "caught", "updated", "deleted"],
            Self::Webhook => &[
                "created",
                "updated",
                "deleted",
                "secret_rotated",
                "disabled",
            ],
            Self::Job => &["created", "cancelled"],
        }
    }
}

/// What a resource shows, and to whom, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Delivery shows it.
    pub public: bool,
    /// The cache tags of every answer it may stand in, separated by spaces.
    pub tags: String,
}

impl Footprint {
    /// Of what does not exist.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}

/// One change to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `created`, `published`, …: with the resource it makes an event, `article.published`.
    pub action: &'static str,
    /// What kind of thing.
    pub resource: Resource,
    /// Which one.
    pub id: Id,
    /// As it was. Its tags count too: lists of a tag that was taken away must fall.
    pub before: Footprint,
    /// As it is now.
    pub after: Footprint,
    /// What else an audit wants to know, such as an old and a new role. Never a secret, never an e-mail address.
    pub detail: Option<String>,
}

impl Entry {
    /// Whether readers saw it and see it no more.
    #[must_use]
    pub const fn retracts(&self) -> bool {
        self.before.public && !self.after.public
    }

    /// Whether any public answer may differ now.
    #[must_use]
    pub const fn touches_public(&self) -> bool {
        self.before.public || self.after.public
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The number of the write.
    pub change: i64,
    /// The place within it.
    pub position: i32,
    /// When it took place.
    pub at: Time,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub resource: Resource,
    /// To which.
    pub id: Id,
    /// Delivery showed it before, or has shown it since.
    pub public: bool,
    /// The cache tags of the answers it stood in or stands in, each once, separated by spaces.
    pub tags: String,
}
