//! Cache tags: short names for what an answer depends on. A letter for the kind and the last 8 hex digits of the id.

use super::model::Resource;
use crate::id::Id;

/// The tag of every list of articles.
pub const LIST_ARTICLES: &str = "list-articles";
/// The tag of every list of pages.
pub const LIST_PAGES: &str = "list-pages";
/// The tag of every list of tags.
pub const LIST_TAGS: &str = "list-tags";
/// The tag of every list of authors.
pub const LIST_AUTHORS: &str = "list-authors";
/// The tag of the site's settings.
pub const SITE: &str = "site";

/// The tag of one resource.
#[must_use]
pub fn of(resource: Resource, id: Id) -> String {
    let letter = match resource {
        Resource::Article => 'a',
        Resource::Tag => 't',
        Resource::Author => 'u',
        Resource::Site => return SITE.to_owned(),
        Resource::Redirect => 'r',
        Resource::User => 'm',
        Resource::ApiKey => 'k',
    };
    format!("{letter}-{}", id.short())
}
