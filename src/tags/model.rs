//! What a tag is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::slug;

/// A tag, as other resources show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagRef {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "mental-health")]
    pub slug: String,
    /// Its name for people.
    #[schema(example = "Mental health")]
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// The broader tag that it belongs to.
    pub parent: Option<TagRef>,
    /// Published articles that carry it.
    pub article_count: i64,
}

/// The orders of a list of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSort {
    /// By name, that is by slug: it sorts alike on every database.
    Name,
    /// The most used first.
    MostUsed,
}

names!(TagSort { Name => "name", MostUsed => "-article_count" });

/// A tag to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTag {
    pub(super) name: String,
    pub(super) slug: Option<String>,
    pub(super) description: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) parent: Option<String>,
}

impl NewTag {
    /// Checks a tag: a name of 1 to 200 characters, a slug where one is given, aliases that are slugs, the slug of its
    /// parent.
    ///
    /// # Errors
    /// All its faults.
    pub fn parse(
        name: &str,
        slug: Option<String>,
        description: Option<String>,
        aliases: Vec<String>,
        parent: Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let length = name.trim().chars().count();
        if length == 0 || length > 200 || name.contains('\0') {
            faults.push(Fault::at(
                "/name",
                FaultCode::Malformed,
                "a tag's name has 1 to 200 characters",
            ));
        }
        let given = slug.iter().map(|slug| ("/slug".to_owned(), slug));
        let aliased = aliases
            .iter()
            .enumerate()
            .map(|(index, alias)| (format!("/aliases/{index}"), alias));
        for (pointer, text) in given.chain(aliased) {
            if !slug::is_slug(text) {
                faults.push(Fault::at(
                    pointer,
                    FaultCode::Malformed,
                    format!("`{text}` is not a slug"),
                ));
            }
        }
        if faults.is_empty() {
            Ok(Self {
                name: name.trim().to_owned(),
                slug,
                description,
                aliases,
                parent,
            })
        } else {
            Err(faults)
        }
    }
}
