//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Entry, Feed};
use crate::articles::model::Audience;
use crate::time::Time;

/// A JSON Feed, version 1.1.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonFeed {
    /// The version of the format.
    #[schema(example = "https://jsonfeed.org/version/1.1")]
    version: &'static str,
    /// Its title.
    title: String,
    /// What it is, in a sentence or two.
    description: String,
    /// The language of these two.
    language: String,
    /// The website; absent where its address is not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    home_page_url: Option<String>,
    /// Where the feed is; absent where this API's address is not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    feed_url: Option<String>,
    /// The logo of the publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    icon: Option<String>,
    /// The articles, the newest first.
    items: Vec<JsonFeedItem>,
}

/// An article in a JSON Feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonFeedItem {
    /// A `urn:uuid:` with its id.
    id: String,
    /// Where it can be read; absent where no address is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    url: Option<String>,
    /// Its title.
    title: String,
    /// Its standfirst or excerpt, behind its notice.
    summary: String,
    /// Its sanitised body, behind its notice, with absolute addresses.
    content_html: String,
    /// Its cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    image: Option<String>,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    date_published: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    date_modified: Time,
    /// Who wrote it.
    authors: Vec<JsonFeedAuthor>,
    /// The names of its tags.
    tags: Vec<String>,
    /// Its language.
    language: String,
    /// What the format has no field for.
    #[serde(rename = "_masthead")]
    masthead: JsonFeedExtension,
}

/// An author in a JSON Feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonFeedAuthor {
    /// Their name.
    name: String,
}

/// What JSON Feed has no field for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JsonFeedExtension {
    /// Who it is for.
    audience: Audience,
    /// A word of advice before a sensitive subject.
    content_notice: Option<String>,
}

pub(super) fn of(feed: &Feed) -> JsonFeed {
    JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: feed.title.clone(),
        description: feed.description.clone(),
        language: feed.language.clone(),
        home_page_url: feed.home.clone(),
        feed_url: feed.address.clone(),
        icon: feed.logo.clone(),
        items: feed.entries.iter().map(item).collect(),
    }
}

fn item(entry: &Entry) -> JsonFeedItem {
    JsonFeedItem {
        id: entry.id.clone(),
        url: entry.link.clone(),
        title: entry.title.clone(),
        summary: entry.summary.clone(),
        content_html: entry.content.clone(),
        image: entry.image.as_ref().map(|image| image.url.clone()),
        date_published: entry.published,
        date_modified: entry.updated,
        authors: entry
            .authors
            .iter()
            .map(|name| JsonFeedAuthor { name: name.clone() })
            .collect(),
        tags: entry.tags.iter().map(|tag| tag.name.clone()).collect(),
        language: entry.language.clone(),
        masthead: JsonFeedExtension {
            audience: entry.audience,
            content_notice: entry.notice.clone(),
        },
    }
}
