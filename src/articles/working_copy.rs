//! The working copy of a text that is out, as editors see it.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::cover::ShownCover;
use super::edit::{self, AdminArticle};
use super::render::{self, Rendered};
use super::words::Words;
use crate::authors::model::AuthorRef;
use crate::changes::audit::LoggedUser;
use crate::error::{Error, Result};
use crate::tags::model::TagRef;
use crate::time::Time;

/// The working copy of a text, without what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingCopy {
    /// How often it was saved. It goes on counting when there was another before it.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The version of the text that it would take the place of.
    #[schema(minimum = 1)]
    pub based_on: i64,
    /// The text was changed since it was begun. To publish it over that, name the text's version in `over`.
    pub outdated: bool,
    /// When it was last saved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// The account that last saved it.
    pub by: Option<LoggedUser>,
}

impl AdminArticle {
    /// The same text, if it said these words: as its working copy is shown.
    ///
    /// # Errors
    /// When they cannot be written as JSON, which is a fault of ours.
    pub fn saying(
        self,
        words: Words,
        (tags, authors, cover): (Vec<TagRef>, Vec<AuthorRef>, Option<ShownCover>),
        rendered: Rendered,
    ) -> Result<Self> {
        let lead = words.standfirst.as_deref().unwrap_or(&rendered.text);
        let excerpt = words.excerpt.unwrap_or_else(|| render::excerpt(lead));
        let [markdown, html, text] = edit::written(words.format, words.source);
        let updated_at = self.working_copy.as_ref().map(|copy| copy.updated_at);
        Ok(Self {
            external_id: words.external_id,
            locale: words.locale,
            slug: words.slug,
            aliases: words.aliases,
            title: words.title,
            subtitle: words.subtitle,
            standfirst: words.standfirst,
            excerpt,
            markdown: Some(markdown),
            html: Some(html),
            text: Some(text),
            body: Some(rendered.html),
            cover,
            tags,
            authors,
            featured: words.featured,
            content_notice: words.content_notice,
            audience: words.audience,
            citations: raw(&words.citations)?,
            word_count: rendered.word_count.cast_signed(),
            reading_minutes: rendered.reading_minutes.cast_signed(),
            seo: Some(raw(&words.seo)?),
            metadata: Some(raw(&words.metadata)?),
            translation_key: words.translation_key,
            updated_at: updated_at.unwrap_or(self.updated_at),
            warnings: rendered.removed,
            ..self
        })
    }
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>> {
    to_raw_value(value).map_err(|error| Error::internal(format!("a working copy: {error}")))
}
