//! Pictures elsewhere that imported texts show, brought here: each once, and what cannot be had stays where it is.

use std::collections::HashMap;

use lol_html::{RewriteStrSettings, element, rewrite_str};
use url::Url;

use super::store::{self, Record};
use crate::articles::cover::{Cover, CoverMedia};
use crate::articles::model::{ArticleInput, Image, Source};
use crate::articles::render::{decode, render};
use crate::changes::model::Actor;
use crate::db::Db;
use crate::error::Result;
use crate::media::input::file_name;
use crate::media::library::{Library, Unprepared};
use crate::media::model::{About, MAX_TEXT, Media, MediaFile, names_in};
use crate::media::store as media;
use crate::outbound::{self, Outbound};

/// The kind under which it stands in the list of what was imported what an address became.
const KIND: &str = "media";
/// The most addresses that could not be had and are remembered.
const MOST_FAILED: usize = 10_000;
/// The most pictures of one text that are fetched.
const MOST: usize = 500;

/// How pictures are fetched.
#[derive(Debug)]
pub struct Fetch {
    outbound: Outbound,
    /// What paths without a host are below.
    base: Option<Url>,
    /// What the addresses of media begin with, without a slash at the end.
    shown_at: String,
    /// Why others could not be had, by address.
    failed: HashMap<String, String>,
}

impl Fetch {
    /// One that connects as `outbound` says, to `base` where an address has no host. What is fetched is shown below
    /// `shown_at`.
    #[must_use]
    pub fn new(outbound: Outbound, base: Option<Url>, shown_at: String) -> Self {
        Self {
            outbound,
            base,
            shown_at,
            failed: HashMap::new(),
        }
    }

    /// Brings the pictures of a text here, and lets the text show them. Answers what could not be had, and why.
    ///
    /// # Errors
    /// When the database or the media store fails.
    pub(super) async fn bring(
        &mut self,
        place: &Place<'_>,
        input: &mut ArticleInput,
    ) -> Result<Vec<String>> {
        let mut told = Vec::new();
        if let Some(Cover::Link(image)) = &input.cover
            && is_elsewhere(&image.url)
        {
            match self.picture(place, &image.url, &image.alt).await? {
                Ok(medium) => {
                    let alt = Some(image.alt.clone()).filter(|alt| *alt != medium.alt);
                    let media_id = medium.id;
                    input.cover = Some(Cover::Media(CoverMedia { media_id, alt }));
                }
                Err(why) => told.push(why),
            }
        }
        if let Some(body) = &mut input.body {
            for (address, alt) in pictures(body) {
                let medium = match self
                    .picture(place, &decode(&address), &decode(&alt))
                    .await?
                {
                    Ok(medium) => medium,
                    Err(why) => {
                        told.push(why);
                        continue;
                    }
                };
                let shown = self.shown(&medium);
                if !shown.is_some_and(|shown| replace(&mut body.text, &address, &shown.url)) {
                    told.push(format!(
                        "the picture {address} is here as {}, and the text names it in a way that was not found: it shows the old one",
                        medium.id
                    ));
                }
            }
        }
        Ok(told)
    }

    /// Brings a picture here, and lets it be shown from here. Answers why it could not be had.
    ///
    /// # Errors
    /// As [`Fetch::bring`].
    pub(super) async fn bring_image(
        &mut self,
        place: &Place<'_>,
        image: &mut Image,
    ) -> Result<Option<String>> {
        if !is_elsewhere(&image.url) {
            return Ok(None);
        }
        let medium = match self.picture(place, &image.url, &image.alt).await? {
            Ok(medium) => medium,
            Err(why) => return Ok(Some(why)),
        };
        if let Some(file) = self.shown(&medium) {
            image.url = file.url;
            image.width = Some(file.width);
            image.height = Some(file.height);
        }
        Ok(None)
    }

    /// The file of a medium that is shown. What moves goes on moving.
    fn shown(&self, medium: &Media) -> Option<MediaFile> {
        let file = medium.animation.as_ref().or_else(|| medium.principal())?;
        Some(medium.file(file, &self.shown_at))
    }

    /// The medium that an address became; or why there is none.
    async fn picture(
        &mut self,
        place: &Place<'_>,
        address: &str,
        alt: &str,
    ) -> Result<std::result::Result<Media, String>> {
        let stays = |why: &str| format!("the picture {address} stays where it is: {why}");
        let Some(url) = self.resolve(address) else {
            return Ok(Err(stays(
                "it is a path; say where that leads with --fetch-media=URL",
            )));
        };
        if let Some(why) = self.failed.get(url.as_str()) {
            return Ok(Err(stays(why)));
        }
        if let Some(known) = place.known(url.as_str())? {
            return Ok(Ok(known));
        }
        let made = match self.outbound.get(&url, place.limit).await {
            Ok(bytes) => {
                let last = url.path_segments().and_then(|mut steps| steps.next_back());
                let about = About {
                    file_name: last.and_then(file_name),
                    alt: alt.chars().take(MAX_TEXT).collect(),
                    ..About::default()
                };
                place.keep(url.as_str(), bytes, about).await?
            }
            Err(why) => Err(why.to_string()),
        };
        Ok(made.map_err(|why| {
            let told = stays(&why);
            if self.failed.len() < MOST_FAILED {
                self.failed.insert(url.into(), why);
            }
            told
        }))
    }

    fn resolve(&self, address: &str) -> Option<Url> {
        let url = match &self.base {
            Some(base) => base.join(address).ok()?,
            None if address.starts_with("//") => Url::parse(&format!("https:{address}")).ok()?,
            None => Url::parse(address).ok()?,
        };
        outbound::parse(url.as_str()).ok()
    }
}

/// Where pictures go.
pub(super) struct Place<'a> {
    pub(super) db: &'a Db,
    pub(super) library: &'a Library,
    /// What tells this source's addresses from those of others.
    pub(super) source: &'a str,
    pub(super) actor: &'a Actor,
    /// The longest file that is taken, in bytes.
    pub(super) limit: u64,
}

impl Place<'_> {
    /// What an earlier import made of this address.
    fn known(&self, url: &str) -> Result<Option<Media>> {
        self.db.read_blocking(|conn| {
            let Some(record) = store::record(conn, self.source, KIND, url)? else {
                return Ok(None);
            };
            Ok(media::of_ids(conn, &[record.id])?.pop())
        })
    }

    /// Stores what was fetched, and from where.
    async fn keep(
        &self,
        url: &str,
        bytes: Vec<u8>,
        about: About,
    ) -> Result<std::result::Result<Media, String>> {
        let put_in = media::ingest(self.db, self.library, self.actor.clone(), bytes, about);
        let made = match put_in.await {
            Ok(put_in) => put_in.media,
            Err(Unprepared::Unfit(unfit)) => return Ok(Err(unfit.to_string())),
            Err(Unprepared::Failed(error)) => return Err(error),
        };
        let record = Record {
            id: made.id,
            digest: Vec::new(),
            version: made.version,
        };
        let (source, url) = (self.source.to_owned(), url.to_owned());
        // Where this is not written any more, the next import finds the medium by its bytes.
        let noted = self.db.write(self.actor.clone(), move |tx| {
            store::keep(tx, &source, KIND, &url, &record)?;
            tx.leave_unchanged();
            tx.keep_quietly();
            Ok(())
        });
        noted.await?;
        Ok(Ok(made))
    }
}

/// Whether it is no medium of this server, and no picture that stands in the text itself.
fn is_elsewhere(address: &str) -> bool {
    let has_host = ["http://", "https://", "/"];
    has_host.iter().any(|begin| address.starts_with(begin)) && names_in(address).is_empty()
}

/// The pictures that a body shows, as readers get it: address and alternative text, as they stand in HTML, each once.
fn pictures(body: &Source) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let html = render(body.format, &body.text).html;
    let settings =
        RewriteStrSettings::new().append_element_content_handler(element!("img[src]", |image| {
            let address = image.get_attribute("src").unwrap_or_default();
            let is_new = !found.iter().any(|(known, _)| *known == address);
            if is_elsewhere(&address) && is_new && found.len() < MOST {
                found.push((address, image.get_attribute("alt").unwrap_or_default()));
            }
            Ok(())
        }));
    // What cannot be read has no pictures.
    let _read = rewrite_str(&html, settings);
    found
}

/// Puts an address into the place of another wherever that stands in a text alone, and not within a longer one. Says whether
/// it stood anywhere.
fn replace(text: &mut String, address: &str, by: &str) -> bool {
    let plain = decode(address);
    let decoded = percent_encoding::percent_decode_str(&plain).decode_utf8_lossy();
    let mut spellings = vec![address, &plain, &decoded];
    spellings.dedup();
    let mut found = false;
    for spelling in spellings {
        let mut rest = text.as_str();
        let mut replaced = String::with_capacity(text.len());
        while let Some(at) = rest.find(spelling) {
            let (before, from) = rest.split_at(at);
            let behind = from.get(spelling.len()..).unwrap_or_default();
            let begins = before.chars().next_back().is_none_or(is_edge);
            let alone = begins && behind.chars().next().is_none_or(is_edge);
            replaced.push_str(before);
            replaced.push_str(if alone { by } else { spelling });
            found |= alone;
            rest = behind;
        }
        replaced.push_str(rest);
        *text = replaced;
    }
    found
}

/// What may stand on either side of an address in HTML or Markdown.
fn is_edge(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '"' | '\'' | '(' | ')' | '<' | '>' | '=' | ',' | '`'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::model::Format;

    #[test]
    fn an_address_is_replaced_where_it_stands_alone() {
        for (text, expected) in [
            ("![a](http://x/a.jpg)", "![a](/new)"),
            (
                "![a](http://x/a.jpg \"T\") http://x/a.jpg.txt",
                "![a](/new \"T\") http://x/a.jpg.txt",
            ),
            (
                "<a href=\"http://x/a.jpg?b\"><img src='http://x/a.jpg'>",
                "<a href=\"http://x/a.jpg?b\"><img src='/new'>",
            ),
        ] {
            let mut changed = text.to_owned();
            assert!(replace(&mut changed, "http://x/a.jpg", "/new"), "{text}");
            assert_eq!(changed, expected);
        }
        let mut text = "<img src=\"http://x/a?b=1&amp;c=2\"> ![](http://x/a?b=1&c=2)".to_owned();
        assert!(replace(&mut text, "http://x/a?b=1&amp;c=2", "/new"));
        assert_eq!(text, "<img src=\"/new\"> ![](/new)");
        let mut text = "![](<http://x/a b.jpg>)".to_owned();
        assert!(replace(&mut text, "http://x/a%20b.jpg", "/new"));
        assert_eq!(text, "![](</new>)");
        assert!(!replace(&mut text, "http://x/other.jpg", "/new"));
    }

    #[test]
    fn pictures_are_those_that_readers_see() {
        let own = format!("/media/{}/320.jpg", "0".repeat(32));
        let body = Source {
            format: Format::Markdown,
            text: format!(
                "![A \"cup\"](https://x/a?b=1&c=2)\n\n<img src=\"/path.png\"> ![own]({own}) ![again](https://x/a?b=1&c=2)\n\n`![code](https://x/code.png)`"
            ),
        };
        let found: Vec<(String, String)> = pictures(&body)
            .into_iter()
            .map(|(address, alt)| (decode(&address).into_owned(), decode(&alt).into_owned()))
            .collect();
        let expected = [("https://x/a?b=1&c=2", "A \"cup\""), ("/path.png", "")];
        assert_eq!(
            found,
            expected.map(|(address, alt)| (address.to_owned(), alt.to_owned()))
        );
    }
}
