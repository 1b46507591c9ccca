//! Atom, RFC 4287.

use std::io;

use super::model::{Entry, Feed};
use super::rss::media;
use crate::time::Time;
use crate::xml::{self, Xml, empty, text, text_with};

pub(super) fn write(feed: &Feed) -> io::Result<Vec<u8>> {
    let mut xml = xml::begin()?;
    xml.create_element("feed")
        .with_attributes([
            ("xmlns", "http://www.w3.org/2005/Atom"),
            ("xmlns:media", "http://search.yahoo.com/mrss/"),
            ("xml:lang", feed.language.as_str()),
        ])
        .write_inner_content(|xml| head_and_entries(xml, feed))?;
    Ok(xml.into_inner())
}

fn head_and_entries(xml: &mut Xml, feed: &Feed) -> io::Result<()> {
    text(xml, "id", &feed.id)?;
    text(xml, "title", &feed.title)?;
    text(xml, "subtitle", &feed.description)?;
    // There must be a time, and of no entries none is known.
    let updated = feed.updated().or(Time::from_millis(0));
    if let Some(updated) = updated {
        text(xml, "updated", &updated.to_string())?;
    }
    if let Some(home) = &feed.home {
        empty(xml, "link", &[("rel", "alternate"), ("href", home)])?;
    }
    if let Some(address) = &feed.address {
        let link = [
            ("rel", "self"),
            ("type", "application/atom+xml"),
            ("href", address.as_str()),
        ];
        empty(xml, "link", &link)?;
    }
    if let Some(logo) = &feed.logo {
        text(xml, "logo", logo)?;
    }
    // For entries that name no author: each must have one, here or there.
    author(xml, &feed.publication)?;
    text(xml, "generator", "Masthead")?;
    for one in &feed.entries {
        xml.create_element("entry")
            .with_attribute(("xml:lang", one.language.as_str()))
            .write_inner_content(|xml| entry(xml, one))?;
    }
    Ok(())
}

fn author(xml: &mut Xml, name: &str) -> io::Result<()> {
    xml.create_element("author")
        .write_inner_content(|xml| text(xml, "name", name))?;
    Ok(())
}

fn entry(xml: &mut Xml, entry: &Entry) -> io::Result<()> {
    text(xml, "id", &entry.id)?;
    text(xml, "title", &entry.title)?;
    text(xml, "published", &entry.published.to_string())?;
    text(xml, "updated", &entry.updated.to_string())?;
    if let Some(link) = &entry.link {
        let link = [
            ("rel", "alternate"),
            ("type", "text/html"),
            ("hreflang", entry.language.as_str()),
            ("href", link.as_str()),
        ];
        empty(xml, "link", &link)?;
    }
    for name in &entry.authors {
        author(xml, name)?;
    }
    for tag in &entry.tags {
        let category = [("term", tag.slug.as_str()), ("label", tag.name.as_str())];
        empty(xml, "category", &category)?;
    }
    text(xml, "summary", &entry.summary)?;
    text_with(xml, "content", &[("type", "html")], &entry.content)?;
    media(xml, entry)
}
