//! An article as text: Markdown with front matter, and plain text.

use serde::Serialize;

use super::cover::ShownCover;
use super::model::Article;
use crate::error::{Error, Result};
use crate::json;

/// Markdown under YAML front matter that the Markdown importer reads back. The values are JSON, which YAML 1.2 contains,
/// so no text can break out of its line. A body that was not written in Markdown is converted.
///
/// # Errors
/// When its HTML cannot be converted.
pub fn markdown(article: &Article) -> Result<String> {
    let mut text = String::from("---\n");
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !matches!(value.as_str(), "null" | "[]" | "{}")) {
            text.push_str(&format!("{name}: {value}\n"));
        }
    };
    line("id", json_of(Some(&article.id)));
    line("title", json_of(article.title.as_ref()));
    line("subtitle", json_of(article.subtitle.as_ref()));
    line("standfirst", json_of(article.standfirst.as_ref()));
    line("slug", json_of(article.slug.as_ref()));
    line("url", json_of(article.url.as_ref()));
    line("kind", json_of(article.kind.as_ref()));
    line("locale", json_of(article.locale.as_ref()));
    line("published_at", json_of(article.published_at.as_ref()));
    line("updated_at", json_of(article.updated_at.as_ref()));
    let tags = article.tags.as_ref();
    let names = tags.map(|tags| tags.iter().map(|tag| &*tag.name).collect::<Vec<_>>());
    line("tags", json_of(names.as_ref()));
    let authors = article.authors.as_ref();
    let names = authors.map(|authors| {
        authors
            .iter()
            .map(|author| &*author.name)
            .collect::<Vec<_>>()
    });
    line("authors", json_of(names.as_ref()));
    line(
        "featured",
        article
            .featured
            .filter(|featured| *featured)
            .map(|_| "true".to_owned()),
    );
    line("content_notice", json_of(article.content_notice.as_ref()));
    line("audience", json_of(article.audience.as_ref()));
    let cover = article.cover.as_ref().and_then(Option::as_ref);
    let cover = cover.map(ShownCover::image).transpose()?;
    line("cover", json_of(cover.as_ref()));
    line("citations", json_of(article.citations.as_ref()));
    line("metadata", json_of(article.metadata.as_ref()));
    text.push_str("---\n");
    match article.markdown.as_ref().and_then(Option::as_ref) {
        Some(markdown) => {
            if !markdown.starts_with(['\n', '\r']) {
                text.push('\n');
            }
            text.push_str(markdown);
        }
        None => {
            text.push('\n');
            let html = article.body.as_deref().unwrap_or_default();
            let converted = htmd::convert(html);
            text.push_str(
                &converted
                    .map_err(|error| Error::internal(format!("HTML to Markdown: {error}")))?,
            );
        }
    }
    Ok(text)
}

fn json_of(value: Option<&impl Serialize>) -> Option<String> {
    value.map(json::text)
}

/// The heading, the standfirst and the text, an empty line between them.
#[must_use]
pub fn plain(article: &Article) -> String {
    let parts = [
        article.title.as_deref(),
        article.subtitle.as_ref().and_then(Option::as_deref),
        article.standfirst.as_ref().and_then(Option::as_deref),
        article.text.as_deref(),
    ];
    let mut text = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n");
    text.push('\n');
    text
}
