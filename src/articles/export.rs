//! All of a text that an import brings back, in any state: the form in which an export writes it down.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::model::{Audience, Kind, State};
use crate::id::Id;
use crate::time::Time;

/// A text as an export writes it: what the admin API takes of one, and beside that its id, its source, the times that it
/// has, and what of it is still to come. What is empty is left out. The order of the fields is that of the lines of an
/// export, the body last.
///
/// It holds no account: neither whose it is nor who wrote which version.
#[derive(Debug, Serialize)]
pub struct ExportedText {
    /// Article or page.
    pub kind: Kind,
    /// Its id.
    pub id: Id,
    /// The source that it was imported from; null where it was made here. That it stands there marks the line as an
    /// export's: an import restores the text instead of making one.
    pub source: Option<String>,
    /// Its key in that source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: State,
    /// Its language.
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// What else leads to it in its locale, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What leads to it in locales that it had before: by locale, sorted.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub aliases_in: Map<String, Value>,
    /// The first line of the heading.
    pub title: String,
    /// The second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standfirst: Option<String>,
    /// A few words of it, also where they were made from the text.
    pub excerpt: String,
    /// The picture that stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cover: Option<Box<RawValue>>,
    /// The slugs of its tags, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The slugs of its authors, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Shown first.
    #[serde(skip_serializing_if = "is_false")]
    pub featured: bool,
    /// A word of advice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_notice: Option<String>,
    /// Who it is for.
    #[serde(skip_serializing_if = "is_general")]
    pub audience: Audience,
    /// The sources it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Box<RawValue>>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// When it was or is to be published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Time>,
    /// When it is to be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpublish_at: Option<Time>,
    /// What search engines are told, without what is not said.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub seo: Map<String, Value>,
    /// Custom fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
    /// Texts with the same key are translations of each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translation_key: Option<String>,
    /// What is to take its place once that is published, in the form of an article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_copy: Option<Map<String, Value>>,
    /// Its body where it was written in Markdown, byte for byte. Of the three one is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
    /// Its body where it was written in HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Its body where it was written as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// For serde, which passes fields by reference.
const fn is_false(truth: &bool) -> bool {
    !*truth
}

const fn is_general(audience: &Audience) -> bool {
    matches!(audience, Audience::General)
}

/// An object without what says nothing: null, false, and empty lists and objects.
#[must_use]
pub fn sparse(mut object: Map<String, Value>) -> Map<String, Value> {
    object.retain(|_, value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    });
    object
}
