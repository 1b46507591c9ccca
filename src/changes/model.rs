//! What the log says of a change.

use crate::id::Id;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The program itself: an import, the clock, a migration.
    System,
}

impl Actor {
    /// The name in the log.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::System => "system",
        }
    }
}

/// The kinds of resource that the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
}

crate::names::names!(Resource {
    Article => "article",
    Tag => "tag",
    Author => "author",
    Site => "site",
    Redirect => "redirect",
});

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
}

impl Entry {
    /// Whether any public answer may differ now.
    #[must_use]
    pub const fn touches_public(&self) -> bool {
        self.before.public || self.after.public
    }
}
