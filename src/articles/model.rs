//! Articles and pages: one model, told apart by [`Kind`]. The types a caller fills ([`ArticleInput`]), the types past the
//! edge that hold only what is valid, and the rules between them. Where a text stands is told in `state`. Nothing here asks a database or a clock.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::cover::{ArticleCover, Cover, ShownCover};
pub use super::state::{State, Transition};
use crate::authors::model::AuthorRef;
use crate::id::Id;
use crate::json::Preserialized;
use crate::names::names;
use crate::tags::model::TagRef;
use crate::time::Time;

/// What a text is: part of the stream of articles, or a standing page such as "About".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Part of the stream, newest first.
    Article,
    /// A standing page.
    Page,
}

/// Who a text is for. Advice for clients and search engines (`isFamilyFriendly`), not a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everyone.
    General,
    /// Adults.
    Mature,
}

/// The language a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CommonMark with GitHub's extensions.
    Markdown,
    /// HTML, sanitised before it is stored as the rendered body.
    Html,
    /// Plain text; an empty line parts paragraphs.
    Text,
}

names!(Kind { Article => "article", Page => "page" });
names!(Audience { General => "general", Mature => "mature" });
names!(Format { Markdown => "markdown", Html => "html", Text => "text" });
/// A body as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its language.
    pub format: Format,
    /// Its text, byte for byte.
    pub text: String,
}

/// The picture that stands for an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Where it is: an absolute http or https URL, or a path on the site that begins with `/`.
    #[schema(min_length = 1, max_length = 2048)]
    pub url: String,
    /// What it shows, for those who do not see it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    pub alt: String,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    pub width: Option<u32>,
    /// Pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    pub height: Option<u32>,
}

/// A source the article names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// What it is called.
    #[schema(min_length = 1, max_length = 5000, pattern = r"\S")]
    pub title: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub url: Option<String>,
}

/// What search engines and link previews are told, where it differs from the article's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Seo {
    /// Instead of the title.
    #[schema(max_length = 500)]
    pub title: Option<String>,
    /// Instead of the excerpt.
    #[schema(max_length = 5000)]
    pub description: Option<String>,
    /// The address that search engines should show.
    #[schema(max_length = 2048)]
    pub canonical_url: Option<String>,
    /// Instead of the cover.
    #[schema(max_length = 2048)]
    pub image: Option<String>,
    /// Ask search engines to leave it out.
    #[schema(value_type = Option<bool>)]
    pub noindex: bool,
}

/// Another language's version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// Its locale.
    #[schema(example = "de")]
    pub locale: String,
    /// Its slug in that locale.
    pub slug: String,
}

/// An article or a page as delivery shows it. A field that was not selected is absent; one that has no value is null.
/// The structured ones are JSON as it was stored: written by this program, and not read again for each answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// Its key in the system it was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub external_id: Option<Option<String>>,
    /// Its name in addresses, unique in its locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub slug: Option<String>,
    /// Where the website shows it: absolute, or a path where no site URL is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub url: Option<String>,
    /// Article or page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Kind, required = false)]
    pub kind: Option<Kind>,
    /// The first line of the heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub title: Option<String>,
    /// The second line of the heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub subtitle: Option<Option<String>>,
    /// The lead, plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub standfirst: Option<Option<String>>,
    /// A few words of it, plain text, for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub excerpt: Option<String>,
    /// The picture that stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ArticleCover>, required = false)]
    pub cover: Option<Option<ShownCover>>,
    /// Its language, a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, example = "en")]
    pub locale: Option<String>,
    /// Shown first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool, required = false)]
    pub featured: Option<bool>,
    /// A word of advice before a sensitive subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub content_notice: Option<Option<String>>,
    /// Who it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Audience, required = false)]
    pub audience: Option<Audience>,
    /// The sources it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Citation>, required = false)]
    pub citations: Option<Box<RawValue>>,
    /// Words of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i32, required = false, minimum = 0)]
    pub word_count: Option<i32>,
    /// Minutes to read it, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i32, required = false, minimum = 0)]
    pub reading_minutes: Option<i32>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub published_at: Option<Time>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub updated_at: Option<Time>,
    /// Its body as the author wrote it in Markdown, not sanitised; null where it was not written in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub markdown: Option<Option<String>>,
    /// Its body as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub text: Option<String>,
    /// Its headings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<crate::articles::render::TocEntry>, required = false)]
    pub toc: Option<Box<RawValue>>,
    /// Its tags, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<TagRef>, required = false)]
    pub tags: Option<Vec<Preserialized<TagRef>>>,
    /// Its authors, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<AuthorRef>, required = false)]
    pub authors: Option<Vec<Preserialized<AuthorRef>>>,
    /// What search engines are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Seo, required = false)]
    pub seo: Option<Box<RawValue>>,
    /// Custom fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, additional_properties, required = false)]
    pub metadata: Option<Box<RawValue>>,
    /// Its published versions in other languages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Translation>, required = false)]
    pub translations: Option<Vec<Translation>>,
    // Last, as answers of one text write it.
    /// Its body as sanitised HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub body: Option<String>,
}

/// An article as it comes in, from any door: JSON Lines, an importer, the admin API. Nothing in it is checked yet but the
/// JSON types; [`NewArticle::parse`](super::new::NewArticle::parse) does that.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleInput {
    /// Kept when given, so that an export can be read back.
    pub id: Option<Id>,
    /// The key in the system it came from.
    pub external_id: Option<String>,
    /// Article or page.
    pub kind: Kind,
    /// The state it is to have. `None` leaves that to the door: an importer's `--status`, else draft.
    pub status: Option<State>,
    /// A BCP 47 tag; the default locale where absent.
    pub locale: Option<String>,
    /// Made from the title where absent.
    pub slug: Option<String>,
    /// Earlier slugs or non-ASCII spellings that must keep working.
    pub aliases: Vec<String>,
    /// The one thing that must be there.
    pub title: String,
    /// The second line of the heading.
    pub subtitle: Option<String>,
    /// The lead, plain text.
    pub standfirst: Option<String>,
    /// Made from the text where absent.
    pub excerpt: Option<String>,
    /// The text. `None` is an article that has none yet.
    pub body: Option<Source>,
    /// The picture that stands for it.
    pub cover: Option<Cover>,
    /// By id, slug or name, in order; what does not exist is made.
    pub tags: Vec<String>,
    /// By id, slug or name, in order; what does not exist is made.
    pub authors: Vec<String>,
    /// Shown first.
    pub featured: bool,
    /// A word of advice before a sensitive subject.
    pub content_notice: Option<String>,
    /// Who it is for.
    pub audience: Audience,
    /// Its sources.
    pub citations: Vec<Citation>,
    /// When it was, or will be, published.
    pub published_at: Option<Time>,
    /// When it was last changed, where an importer knows.
    pub updated_at: Option<Time>,
    /// For search engines.
    pub seo: Seo,
    /// Custom fields.
    pub metadata: Map<String, Value>,
    /// Texts with the same key are translations of each other.
    pub translation_key: Option<String>,
}

impl ArticleInput {
    /// An article with this title and nothing else.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            id: None,
            external_id: None,
            kind: Kind::Article,
            status: None,
            locale: None,
            slug: None,
            aliases: Vec::new(),
            title: title.into(),
            subtitle: None,
            standfirst: None,
            excerpt: None,
            body: None,
            cover: None,
            tags: Vec::new(),
            authors: Vec::new(),
            featured: false,
            content_notice: None,
            audience: Audience::General,
            citations: Vec::new(),
            published_at: None,
            updated_at: None,
            seo: Seo::default(),
            metadata: Map::new(),
            translation_key: None,
        }
    }
}
