//! All that a writer says of a text, as revisions and working copies keep it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::cover::Cover;
use super::edit;
use super::model::{ArticleInput, Audience, Citation, Format, Kind, Seo, Source, State};
use crate::id::Id;
use crate::time::Time;

/// A tag or an author, by the id and the name of that time. Either may be no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its name.
    pub name: String,
}

/// All that a writer says of a text, but for where it stands: state, time of publication and owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The key in the system it came from.
    pub external_id: Option<String>,
    /// A BCP 47 tag.
    pub locale: String,
    /// Its name in addresses.
    pub slug: String,
    /// What else led to it.
    pub aliases: Vec<String>,
    /// The first line of the heading.
    pub title: String,
    /// The second.
    pub subtitle: Option<String>,
    /// The lead.
    pub standfirst: Option<String>,
    /// None where it was made from the text.
    pub excerpt: Option<String>,
    /// The language of the body.
    pub format: Format,
    /// The body, byte for byte. It is stored apart.
    #[serde(skip)]
    pub source: String,
    /// The picture that stands for it.
    pub cover: Option<Cover>,
    /// In order.
    pub tags: Vec<Named>,
    /// In order.
    pub authors: Vec<Named>,
    /// Shown first.
    pub featured: bool,
    /// A word of advice.
    pub content_notice: Option<String>,
    /// Who it is for.
    pub audience: Audience,
    /// Its sources.
    pub citations: Vec<Citation>,
    /// For search engines.
    pub seo: Seo,
    /// Custom fields.
    pub metadata: Map<String, Value>,
    /// Texts with the same key are translations of each other.
    pub translation_key: Option<String>,
}

impl Words {
    /// What an input says, which has been found free of faults. Tags and authors are for the store to look up.
    #[must_use]
    pub fn of(input: ArticleInput, slug: String, locale: String) -> Self {
        let body = input.body.unwrap_or(Source {
            format: Format::Markdown,
            text: String::new(),
        });
        Self {
            external_id: input.external_id,
            locale,
            slug,
            aliases: input.aliases,
            title: input.title.trim().to_owned(),
            subtitle: input.subtitle,
            standfirst: input.standfirst,
            excerpt: input.excerpt.filter(|excerpt| !excerpt.trim().is_empty()),
            format: body.format,
            source: body.text,
            cover: input.cover,
            tags: Vec::new(),
            authors: Vec::new(),
            featured: input.featured,
            content_notice: input.content_notice,
            audience: input.audience,
            citations: input.citations,
            seo: input.seo,
            metadata: input.metadata,
            translation_key: input.translation_key,
        }
    }

    /// The same as an input, with these tags and authors.
    #[must_use]
    pub fn into_input(
        self,
        kind: Kind,
        tags: Vec<String>,
        authors: Vec<String>,
        standing: Standing,
    ) -> ArticleInput {
        ArticleInput {
            id: None,
            external_id: self.external_id,
            kind,
            status: Some(standing.status),
            locale: Some(self.locale),
            slug: Some(self.slug),
            aliases: self.aliases,
            title: self.title,
            subtitle: self.subtitle,
            standfirst: self.standfirst,
            excerpt: self.excerpt,
            body: Some(Source {
                format: self.format,
                text: self.source,
            }),
            cover: self.cover,
            tags,
            authors,
            featured: self.featured,
            content_notice: self.content_notice,
            audience: self.audience,
            citations: self.citations,
            published_at: standing.published_at,
            updated_at: None,
            seo: self.seo,
            metadata: self.metadata,
            translation_key: self.translation_key,
        }
    }

    /// The same in the form in which it is sent, as a merge patch is applied to it.
    #[must_use]
    pub fn writable(
        self,
        tags: &[String],
        authors: &[String],
        standing: Standing,
    ) -> Map<String, Value> {
        let [markdown, html, text] = edit::written(self.format, self.source);
        let fields = json!({
            "external_id": self.external_id,
            "status": (standing.status != State::Trashed).then_some(standing.status),
            "locale": self.locale,
            "slug": self.slug,
            "aliases": self.aliases,
            "title": self.title,
            "subtitle": self.subtitle,
            "standfirst": self.standfirst,
            "excerpt": self.excerpt,
            "markdown": markdown,
            "html": html,
            "text": text,
            "cover": self.cover,
            "tags": tags,
            "authors": authors,
            "featured": self.featured,
            "content_notice": self.content_notice,
            "audience": self.audience,
            "citations": self.citations,
            "seo": self.seo,
            "metadata": self.metadata,
            "translation_key": self.translation_key,
            "owner": standing.owner,
            "published_at": standing.published_at,
        });
        match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

/// Where a text stands, which no words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub status: State,
    /// When it was or is to be published.
    pub published_at: Option<Time>,
    /// The account it belongs to.
    pub owner: Option<Id>,
}
