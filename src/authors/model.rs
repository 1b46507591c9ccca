//! What an author is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::Image;
use crate::articles::new::{LINK_RULE, MAX_PARAGRAPH, is_link};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::slug;
use crate::time::Time;

/// The most links of an author.
const MAX_LINKS: usize = 50;

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

impl From<(Id, String, String)> for AuthorRef {
    fn from((id, slug, name): (Id, String, String)) -> Self {
        Self { id, slug, name }
    }
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

/// An author as editors see them. It holds no e-mail address either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminAuthor {
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
    /// The account whose profile it is.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub user: Option<Id>,
    /// Published articles under their name.
    #[schema(minimum = 0)]
    pub article_count: i64,
    /// The name under which caches know the answers that show them.
    #[schema(example = "u-9f3c01d2")]
    pub cache_tag: String,
    /// How often their own fields were changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When they were made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When they were last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
}

/// A labelled address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is called.
    pub label: String,
    /// Where it leads: an http or https address, or a path on the site.
    #[schema(min_length = 1, max_length = 2048)]
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
    pub(super) user: Option<Id>,
}

impl NewAuthor {
    /// Checks an author, the profile of no account: a name of 1 to 200 characters, a slug where one is given, a few words
    /// of 5,000 characters at most, a picture and 50 links at most that lead somewhere.
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
        let texts = [
            ("/bio", bio.as_ref()),
            ("/avatar/alt", avatar.as_ref().map(|avatar| &avatar.alt)),
        ];
        for (pointer, text) in texts {
            let length = text.map_or(0, |text| text.chars().count());
            if length > MAX_PARAGRAPH {
                let detail =
                    format!("has {length} characters; at most {MAX_PARAGRAPH} are allowed");
                faults.push(Fault::at(pointer, FaultCode::TooLarge, detail));
            }
        }
        if links.len() > MAX_LINKS {
            let detail = format!("has {} items; at most {MAX_LINKS} are allowed", links.len());
            faults.push(Fault::at("/links", FaultCode::TooLarge, detail));
        }
        let avatars = avatar
            .iter()
            .map(|avatar| ("/avatar/url".to_owned(), &avatar.url));
        let listed = links
            .iter()
            .enumerate()
            .map(|(index, link)| (format!("/links/{index}/url"), &link.url));
        for (pointer, url) in avatars.chain(listed) {
            if !is_link(url) {
                faults.push(Fault::at(pointer, FaultCode::Malformed, LINK_RULE));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                name: name.trim().to_owned(),
                slug,
                bio,
                avatar,
                links,
                user: None,
            })
        } else {
            Err(faults)
        }
    }

    /// As the profile of an account.
    #[must_use]
    pub fn of_user(self, user: Option<Id>) -> Self {
        Self { user, ..self }
    }
}
