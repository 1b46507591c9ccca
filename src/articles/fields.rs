//! Which fields of an article an answer holds. The names are a closed list: a column that is not on it cannot be asked
//! for, whatever is typed.

use utoipa::ToSchema;

use crate::names::names;

/// The public fields of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Field {
    /// `id`; always there.
    Id,
    /// `external_id`
    ExternalId,
    /// `slug`
    Slug,
    /// `url`
    Url,
    /// `kind`
    Kind,
    /// `title`
    Title,
    /// `subtitle`
    Subtitle,
    /// `standfirst`
    Standfirst,
    /// `excerpt`
    Excerpt,
    /// `cover`
    Cover,
    /// `locale`
    Locale,
    /// `featured`
    Featured,
    /// `content_notice`
    ContentNotice,
    /// `audience`
    Audience,
    /// `citations`
    Citations,
    /// `word_count`
    WordCount,
    /// `reading_minutes`
    ReadingMinutes,
    /// `published_at`
    PublishedAt,
    /// `updated_at`
    UpdatedAt,
    /// `body`
    Body,
    /// `markdown`
    Markdown,
    /// `text`
    Text,
    /// `toc`
    Toc,
    /// `tags`
    Tags,
    /// `authors`
    Authors,
    /// `seo`
    Seo,
    /// `metadata`
    Metadata,
    /// `translations`
    Translations,
}

names!(Field {
    Id => "id",
    ExternalId => "external_id",
    Slug => "slug",
    Url => "url",
    Kind => "kind",
    Title => "title",
    Subtitle => "subtitle",
    Standfirst => "standfirst",
    Excerpt => "excerpt",
    Cover => "cover",
    Locale => "locale",
    Featured => "featured",
    ContentNotice => "content_notice",
    Audience => "audience",
    Citations => "citations",
    WordCount => "word_count",
    ReadingMinutes => "reading_minutes",
    PublishedAt => "published_at",
    UpdatedAt => "updated_at",
    Body => "body",
    Markdown => "markdown",
    Text => "text",
    Toc => "toc",
    Tags => "tags",
    Authors => "authors",
    Seo => "seo",
    Metadata => "metadata",
    Translations => "translations",
});

impl Field {
    /// What `include=` may name: the fields that a list leaves out unless asked.
    pub const INCLUDES: &'static [Self] = &[
        Self::Body,
        Self::Markdown,
        Self::Text,
        Self::Toc,
        Self::Tags,
        Self::Authors,
        Self::Seo,
        Self::Metadata,
        Self::Translations,
    ];
}

/// A set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection(u32);

impl Selection {
    /// What a list shows unless asked otherwise: all that is short.
    #[must_use]
    pub fn summary() -> Self {
        Self::of(
            Field::ALL
                .iter()
                .copied()
                .filter(|field| !Field::INCLUDES.contains(field)),
        )
    }

    /// What a single article shows unless asked otherwise: all but the other forms of its body.
    #[must_use]
    pub fn full() -> Self {
        Self::of(
            Field::ALL
                .iter()
                .copied()
                .filter(|field| !matches!(field, Field::Markdown | Field::Text)),
        )
    }

    /// These fields, and the id.
    pub fn of(fields: impl IntoIterator<Item = Field>) -> Self {
        fields
            .into_iter()
            .fold(Self(bit(Field::Id)), |set, field| Self(set.0 | bit(field)))
    }

    /// With these too.
    #[must_use]
    pub fn with(self, fields: &[Field]) -> Self {
        Self(self.0 | Self::of(fields.iter().copied()).0)
    }

    /// A number that stands for it in this process.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether it holds this field.
    #[must_use]
    pub const fn has(self, field: Field) -> bool {
        self.0 & bit(field) != 0
    }

    /// Whether it holds any of these.
    #[must_use]
    pub fn any(self, fields: &[Field]) -> bool {
        fields.iter().any(|field| self.has(*field))
    }
}

const fn bit(field: Field) -> u32 {
    1 << field as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_holds_what_was_asked_and_the_id() {
        let chosen = Selection::of([Field::Title]).with(&[Field::Tags]);
        let held: Vec<_> = Field::ALL
            .iter()
            .filter(|field| chosen.has(**field))
            .map(|field| field.as_str())
            .collect();
        assert_eq!(held, ["id", "title", "tags"]);
        assert!(!Selection::summary().any(Field::INCLUDES));
        assert!(Selection::full().has(Field::Body) && !Selection::full().has(Field::Text));
    }
}
