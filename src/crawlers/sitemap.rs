//! A sitemap (<https://www.sitemaps.org/protocol.html>), with Google's extensions for translations and images.

use std::io;

use quick_xml::events::{BytesEnd, BytesStart, Event};

use crate::error::{Error, Result};
use crate::time::Time;
use crate::xml::{self, Xml, empty, text};

/// Addresses of one document, by the protocol.
pub(super) const MOST: i64 = 50_000;
/// Bytes of one document, by the protocol.
const MOST_BYTES: usize = 50 * 1024 * 1024;
/// Addresses of a part of a greater sitemap: few, so that each is made in a moment.
pub(super) const PART: i64 = 10_000;
/// Bytes of one address with all that belongs to it, so that a part of them always stays below `MOST_BYTES`.
const MOST_OF_ONE: usize = 5_000;

const URLSET: &str = "urlset";
const END: &str = "\n</urlset>";
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// A text's address.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    /// The address itself.
    pub(super) url: String,
    /// When it was last changed.
    pub(super) changed: Option<Time>,
    /// The locales it is to be had in, and the addresses there, itself among them; none where it has no translations.
    pub(super) translations: Vec<(String, String)>,
    /// The address of its cover.
    pub(super) image: Option<String>,
}

/// A document being written.
pub(super) struct Sitemap {
    xml: Xml,
    is_empty: bool,
    most_bytes: usize,
}

impl Sitemap {
    /// One that holds nothing yet.
    pub(super) fn begin() -> Result<Self> {
        Self::within(MOST_BYTES)
    }

    fn within(most_bytes: usize) -> Result<Self> {
        let begin = || -> io::Result<Xml> {
            let mut xml = xml::begin()?;
            let urlset = BytesStart::new(URLSET).with_attributes([
                ("xmlns", NAMESPACE),
                ("xmlns:xhtml", "http://www.w3.org/1999/xhtml"),
                (
                    "xmlns:image",
                    "http://www.google.com/schemas/sitemap-image/1.1",
                ),
            ]);
            xml.write_event(Event::Start(urlset))?;
            Ok(xml)
        };
        Ok(Self {
            xml: begin().map_err(unwritable)?,
            is_empty: true,
            most_bytes,
        })
    }

    /// Adds an address, and answers whether the document is still no longer than one may be.
    pub(super) fn push(&mut self, listed: &Listed) -> Result<bool> {
        self.is_empty = false;
        url(&mut self.xml, listed).map_err(unwritable)?;
        Ok(self.xml.get_ref().len() + END.len() <= self.most_bytes)
    }

    /// The document. There has to be an address in it: where there is none, it is that of the website.
    pub(super) fn end(mut self, home: &str) -> Result<Vec<u8>> {
        if self.is_empty {
            let home = Listed {
                url: home.to_owned(),
                ..Listed::default()
            };
            self.push(&home)?;
        }
        let end = Event::End(BytesEnd::new(URLSET));
        self.xml.write_event(end).map_err(unwritable)?;
        Ok(self.xml.into_inner())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unwritable(error: io::Error) -> Error {
    Error::internal(format!("a sitemap: {error}"))
}

/// Writes an address, without its image and then without its translations where it would be too long.
fn url(xml: &mut Xml, listed: &Listed) -> io::Result<()> {
    let before = xml.get_ref().len();
    for (translations, image) in [(true, true), (true, false), (false, false)] {
        xml.get_mut().truncate(before);
        xml.create_element("url").write_inner_content(|xml| {
            text(xml, "loc", &listed.url)?;
            if let Some(changed) = listed.changed {
                text(xml, "lastmod", &changed.to_string())?;
            }
            for (locale, address) in listed.translations.iter().filter(|_| translations) {
                let link = [
                    ("rel", "alternate"),
                    ("hreflang", locale.as_str()),
                    ("href", address.as_str()),
                ];
                empty(xml, "xhtml:link", &link)?;
            }
            if let Some(image) = listed.image.as_ref().filter(|_| image) {
                xml.create_element("image:image")
                    .write_inner_content(|xml| text(xml, "image:loc", image))?;
            }
            Ok(())
        })?;
        if xml.get_ref().len() - before <= MOST_OF_ONE {
            break;
        }
    }
    Ok(())
}

/// The index of a sitemap in parts, at these addresses.
pub(super) fn index(parts: impl Iterator<Item = String>) -> Result<Vec<u8>> {
    let write = || -> io::Result<Vec<u8>> {
        let mut xml = xml::begin()?;
        xml.create_element("sitemapindex")
            .with_attribute(("xmlns", NAMESPACE))
            .write_inner_content(|xml| {
                for part in parts {
                    xml.create_element("sitemap")
                        .write_inner_content(|xml| text(xml, "loc", &part))?;
                }
                Ok(())
            })?;
        Ok(xml.into_inner())
    };
    write().map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(url: &str) -> Listed {
        Listed {
            url: url.to_owned(),
            ..Listed::default()
        }
    }

    fn written(bytes: usize, all: &[Listed]) -> Option<String> {
        let mut sitemap = Sitemap::within(bytes).unwrap();
        let mut fits = true;
        for one in all {
            fits &= sitemap.push(one).unwrap();
        }
        let text = String::from_utf8(sitemap.end("https://example.org/").unwrap()).unwrap();
        assert!(roxmltree::Document::parse(&text).is_ok());
        fits.then_some(text)
    }

    #[test]
    fn a_document_that_is_too_long_says_so() {
        let both = [
            listed("https://example.org/a"),
            listed("https://example.org/b"),
        ];
        let whole = written(MOST_BYTES, &both).unwrap();
        assert_eq!(written(whole.len(), &both), Some(whole.clone()));
        assert_eq!(written(whole.len() - 1, &both), None);
    }

    #[test]
    fn there_is_always_an_address() {
        let home = written(MOST_BYTES, &[]).unwrap();
        assert!(home.contains("<loc>https://example.org/</loc>"), "{home}");
        let one = written(MOST_BYTES, &[listed("https://example.org/a")]).unwrap();
        assert_eq!(one.matches("<loc>").count(), 1, "{one}");
    }

    #[test]
    fn what_makes_an_address_too_long_is_left_out() {
        let long = |length: usize| format!("https://example.org/{}", "&".repeat(length));
        let both = Listed {
            image: Some(long(2_000)),
            translations: vec![("de".into(), long(10))],
            ..listed("https://example.org/a")
        };
        let one = written(MOST_BYTES, &[both]).unwrap();
        assert!(
            one.contains("xhtml:link") && !one.contains("<image:"),
            "{one}"
        );
        let many = Listed {
            translations: vec![("de".into(), long(500)), ("fr".into(), long(500))],
            ..listed("https://example.org/a")
        };
        let one = written(MOST_BYTES, &[many]).unwrap();
        assert!(!one.contains("<xhtml:link"), "{one}");
        assert!(usize::try_from(PART).unwrap() * MOST_OF_ONE < MOST_BYTES);
    }
}
