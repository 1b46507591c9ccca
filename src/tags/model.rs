//! What a tag is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::articles::new::{MAX_ITEMS, MAX_PARAGRAPH};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::names::names;
use crate::slug;
use crate::time::Time;

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

impl From<(Id, String, String)> for TagRef {
    fn from((id, slug, name): (Id, String, String)) -> Self {
        Self { id, slug, name }
    }
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

/// A tag as editors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminTag {
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
    /// Its former slugs, and others that lead to it.
    pub aliases: Vec<String>,
    /// Published articles that carry it.
    #[schema(minimum = 0)]
    pub article_count: i64,
    /// The name under which caches know the answers that show it.
    #[schema(example = "t-9f3c01d2")]
    pub cache_tag: String,
    /// How often its own fields were changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
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
    /// Checks a tag: a name of 1 to 200 characters, a slug where one is given, a description of 5,000 characters at most,
    /// 100 aliases at most that are slugs, the id, slug or name of its parent.
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
        let length = description.as_ref().map_or(0, |text| text.chars().count());
        if length > MAX_PARAGRAPH {
            let detail = format!("has {length} characters; at most {MAX_PARAGRAPH} are allowed");
            faults.push(Fault::at("/description", FaultCode::TooLarge, detail));
        }
        if aliases.len() > MAX_ITEMS {
            let detail = format!(
                "has {} items; at most {MAX_ITEMS} are allowed",
                aliases.len()
            );
            faults.push(Fault::at("/aliases", FaultCode::TooLarge, detail));
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
        for (index, alias) in aliases.iter().enumerate() {
            if aliases.iter().take(index).any(|earlier| earlier == alias) {
                let detail = format!("the alias `{alias}` stands more than once");
                faults.push(Fault::at(
                    format!("/aliases/{index}"),
                    FaultCode::Repeated,
                    detail,
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

    /// The same for a tag that was elsewhere: it may have more aliases than anybody may send, those of the tags that became
    /// part of it.
    ///
    /// # Errors
    /// As [`NewTag::parse`].
    pub fn restored(
        name: &str,
        slug: Option<String>,
        description: Option<String>,
        mut aliases: Vec<String>,
        parent: Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        let more = aliases.split_off(aliases.len().min(MAX_ITEMS));
        let mut new = Self::parse(name, slug, description, aliases, parent)?;
        if let Some(wrong) = more.iter().find(|alias| !slug::is_slug(alias)) {
            let detail = format!("`{wrong}` is not a slug");
            return Err(vec![Fault::at("/aliases", FaultCode::Malformed, detail)]);
        }
        new.aliases.extend(more);
        Ok(new)
    }
}
