//! RSS 2.0, as the RSS Advisory Board reads it, with the modules that every reader knows.

use std::io;

use super::absolute;
use super::model::{Entry, Feed};
use crate::articles::model::Audience;
use crate::xml::{self, Xml, text, text_with};

pub(super) fn write(feed: &Feed) -> io::Result<Vec<u8>> {
    let mut xml = xml::begin()?;
    xml.create_element("rss")
        .with_attributes([
            ("version", "2.0"),
            ("xmlns:atom", "http://www.w3.org/2005/Atom"),
            ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
        ])
        .write_inner_content(|xml| {
            xml.create_element("channel")
                .write_inner_content(|xml| channel(xml, feed))?;
            Ok(())
        })?;
    Ok(xml.into_inner())
}

fn channel(xml: &mut Xml, feed: &Feed) -> io::Result<()> {
    text(xml, "title", &feed.title)?;
    // There must be a link, and no link may be relative: where the website is not known, it is the feed's own name.
    let link = feed.home.as_deref().unwrap_or(&feed.id);
    text(xml, "link", link)?;
    text(xml, "description", &feed.description)?;
    text(xml, "language", &feed.language)?;
    if let Some(updated) = feed.updated() {
        text(xml, "lastBuildDate", &updated.to_rfc822())?;
    }
    text(xml, "generator", "Masthead")?;
    // Readers of RSS know these formats only.
    let known = |logo: &&String| {
        let end = logo.rsplit('.').next().unwrap_or_default();
        matches!(end, "gif" | "jpg" | "jpeg" | "png")
    };
    if let Some(logo) = feed.logo.as_ref().filter(known) {
        xml.create_element("image").write_inner_content(|xml| {
            text(xml, "url", logo)?;
            text(xml, "title", &feed.title)?;
            text(xml, "link", link)
        })?;
    }
    if let Some(address) = &feed.address {
        let link = [
            ("href", address.as_str()),
            ("rel", "self"),
            ("type", "application/rss+xml"),
        ];
        xml::empty(xml, "atom:link", &link)?;
    }
    for entry in &feed.entries {
        xml.create_element("item")
            .write_inner_content(|xml| item(xml, entry))?;
    }
    Ok(())
}

fn item(xml: &mut Xml, entry: &Entry) -> io::Result<()> {
    text(xml, "title", &entry.title)?;
    if let Some(link) = &entry.link {
        text(xml, "link", link)?;
    }
    text_with(xml, "guid", &[("isPermaLink", "false")], &entry.id)?;
    text(xml, "pubDate", &entry.published.to_rfc822())?;
    for author in &entry.authors {
        text(xml, "dc:creator", author)?;
    }
    text(xml, "dc:language", &entry.language)?;
    for tag in &entry.tags {
        text(xml, "category", &tag.name)?;
    }
    // Read as HTML, so a plain text is escaped for that too.
    text(xml, "description", &absolute::escape(&entry.summary))?;
    text(xml, "content:encoded", &entry.content)?;
    media(xml, entry)
}

/// What Atom and RSS say alike of audience and cover (Media RSS).
pub(super) fn media(xml: &mut Xml, entry: &Entry) -> io::Result<()> {
    if entry.audience == Audience::Mature {
        text_with(xml, "media:rating", &[("scheme", "urn:simple")], "adult")?;
    }
    let Some(image) = &entry.image else {
        return Ok(());
    };
    let width = image.width.map(|width| width.to_string());
    let height = image.height.map(|height| height.to_string());
    let mut attributes = vec![("url", image.url.as_str()), ("medium", "image")];
    attributes.extend(width.as_deref().map(|width| ("width", width)));
    attributes.extend(height.as_deref().map(|height| ("height", height)));
    let url = xml::clean(&image.url);
    if let Some(first) = attributes.first_mut() {
        first.1 = &url;
    }
    if image.alt.is_empty() {
        return xml::empty(xml, "media:content", &attributes);
    }
    xml.create_element("media:content")
        .with_attributes(attributes)
        .write_inner_content(|xml| {
            text_with(xml, "media:description", &[("type", "plain")], &image.alt)
        })?;
    Ok(())
}
