//! A feed, whatever its format: what it says of itself, and its entries with everything that a reader shows.

use url::Url;

use super::{absolute, atom, json, rss};
use crate::articles::model::{Article, Audience, Image};
use crate::error::{Error, Result};
use crate::json::Preserialized;
use crate::names::names;
use crate::tags::model::TagRef;
use crate::time::Time;

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

names!(FeedFormat { Rss => "rss", Atom => "atom", Json => "json" });

impl FeedFormat {
    /// Its media type, as it is sent.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    /// The feed in this format.
    ///
    /// # Errors
    /// When it cannot be written, which is a fault of ours.
    pub fn write(self, feed: &Feed) -> Result<Vec<u8>> {
        let failed = |error: String| Error::internal(format!("a feed: {error}"));
        match self {
            Self::Rss => rss::write(feed).map_err(|error| failed(error.to_string())),
            Self::Atom => atom::write(feed).map_err(|error| failed(error.to_string())),
            Self::Json => {
                serde_json::to_vec(&json::of(feed)).map_err(|error| failed(error.to_string()))
            }
        }
    }
}

/// A feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What it is known by for ever, a `urn:uuid:`.
    pub id: String,
    /// The name of the publication.
    pub publication: String,
    /// Its title.
    pub title: String,
    /// What it is, in a sentence or two.
    pub description: String,
    /// The language of these two, a BCP 47 tag.
    pub language: String,
    /// The website; none where its address is not configured.
    pub home: Option<String>,
    /// Where it is itself; none where this API's address is not configured.
    pub address: Option<String>,
    /// The logo of the publication, an absolute address.
    pub logo: Option<String>,
    /// Its entries, the newest first.
    pub entries: Vec<Entry>,
}

impl Feed {
    /// When the latest change to any of its entries was; nothing here asks a clock.
    #[must_use]
    pub fn updated(&self) -> Option<Time> {
        self.entries.iter().map(|entry| entry.updated).max()
    }
}

/// An article in a feed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is known by for ever, a `urn:uuid:`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it can be read, an absolute address; none where none is configured.
    pub link: Option<String>,
    /// Its standfirst or excerpt, plain text, behind its notice.
    pub summary: String,
    /// Its body as safe HTML, behind its notice.
    pub content: String,
    /// Its advice, where it has one.
    pub notice: Option<String>,
    /// Who it is for.
    pub audience: Audience,
    /// Its language, a BCP 47 tag.
    pub language: String,
    /// The names of its authors, in order.
    pub authors: Vec<String>,
    /// Its tags, in order.
    pub tags: Vec<Preserialized<TagRef>>,
    /// Its cover, at an absolute address.
    pub image: Option<Image>,
    /// When it was published.
    pub published: Time,
    /// When it was last changed, never before that.
    pub updated: Time,
}

impl Entry {
    /// The entry of a published article, or none of one that is not. `page` is where the website shows it: against it what is
    /// relative in body and cover is resolved.
    #[must_use]
    pub fn new(article: Article, link: Option<String>, page: Option<&Url>) -> Option<Self> {
        let published = article.published_at?;
        let text = |text: Option<Option<String>>| text.flatten().filter(|text| !text.is_empty());
        let notice = text(article.content_notice);
        let summary = text(article.standfirst)
            .or(article.excerpt)
            .unwrap_or_default();
        let body = article.body.unwrap_or_default();
        let body = match page {
            Some(page) => absolute::html(body, page),
            None => body,
        };
        let cover = article.cover.flatten();
        let cover: Option<Image> = cover.and_then(|cover| cover.image().ok());
        Some(Self {
            id: format!("urn:uuid:{}", article.id),
            title: article.title.unwrap_or_default(),
            link,
            summary: match &notice {
                Some(notice) => format!("[{notice}] {summary}").trim_end().to_owned(),
                None => summary,
            },
            content: match &notice {
                Some(notice) => format!(
                    "<p><strong>{}</strong></p>\n{body}",
                    absolute::escape(notice)
                ),
                None => body,
            },
            notice,
            audience: article.audience.unwrap_or(Audience::General),
            language: article.locale.unwrap_or_default(),
            authors: article
                .authors
                .unwrap_or_default()
                .into_iter()
                .map(|author| author.name.clone())
                .collect(),
            tags: article.tags.unwrap_or_default(),
            image: cover.and_then(|image| {
                let url = absolute::address(&image.url, page)?;
                Some(Image { url, ..image })
            }),
            published,
            updated: article.updated_at.map_or(published, |at| at.max(published)),
        })
    }
}
