//! What an author is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::Image;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::slug;

/// An author, as articles show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorRef {
    /// Their id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Their name in addresses.
    pub slug: String,
    /// Their name for people.
    pub name: String,
}

/// An author's public profile. It never holds an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Their id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Their name in addresses.
    #[schema(example = "ada-lovelace")]
    pub slug: String,
    /// Their name for people.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// A few words about them, plain text.
    pub bio: Option<String>,
    /// Their picture.
    pub avatar: Option<Image>,
    /// Where else they are.
    pub links: Vec<Link>,
    /// Published articles under their name.
    pub article_count: i64,
}

/// A labelled address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// Where it leads: an http or https address, or a path on the site.
    pub url: String,
}

/// The orders of a list of authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorSort {
    /// By name, that is by slug: it sorts alike on every database.
    Name,
    /// Who wrote most first.
    MostPublished,
}

names!(AuthorSort { Name => "name", MostPublished => "-article_count" });

/// An author to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuthor {
    pub(super) name: String,
    pub(super) slug: Option<String>,
    pub(super) bio: Option<String>,
    pub(super) avatar: Option<Image>,
    pub(super) links: Vec<Link>,
}

impl NewAuthor {
    /// Checks an author: a name of 1 to 200 characters, a slug where one is given.
    ///
    /// # Errors
    /// All the faults.
    pub fn parse(
        name: &str,
        slug: Option<String>,
        bio: Option<String>,
        avatar: Option<Image>,
        links: Vec<Link>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let length = name.trim().chars().count();
        if length == 0 || length > 200 || name.contains('\0') {
            faults.push(Fault::at(
                "/name",
                FaultCode::Malformed,
                "an author's name has 1 to 200 characters",
            ));
        }
        if let Some(slug) = slug.as_deref().filter(|slug| !slug::is_slug(slug)) {
            faults.push(Fault::at(
                "/slug",
                FaultCode::Malformed,
                format!("`{slug}` is not a slug"),
            ));
        }
        if faults.is_empty() {
            Ok(Self {
                name: name.trim().to_owned(),
                slug,
                bio,
                avatar,
                links,
            })
        } else {
            Err(faults)
        }
    }
}
