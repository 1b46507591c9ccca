//! The way through all that readers may ask for without knowing more than the content: the site, lists and their pages,
//! texts in each form and under each name, tags, authors, feeds, and the website's pages by their paths.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use actix_web::web;
use futures_util::StreamExt;
use futures_util::stream;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::address::{Address, link_to};
use super::ask::Asker;
use crate::app::App;
use crate::articles::http::query::TextForm;
use crate::articles::model::Kind;
use crate::articles::store::{self as texts, PublishedNames};
use crate::authors::model::AuthorSort;
use crate::crawlers::http::sitemap_parts;
use crate::db::page::{Cursor, Page, Place, Slice};
use crate::error::{Error, Result};
use crate::exports::Failed;
use crate::exports::folder::{Folder, is_safe};
use crate::feeds::model::FeedFormat;
use crate::http::in_process::Answered;
use crate::http::query::{DEFAULT_LIMIT, MAX_DEPTH};
use crate::id::Id;
use crate::media::store as media;
use crate::resolve::path::SitePath;
use crate::tags::model::TagSort;
use crate::{authors, redirects, tags};

/// What is asked for at once.
const AT_ONCE: usize = 8;
/// Texts that are looked up at once.
const RUN: i64 = 32;
/// Tags, authors and redirects that are looked up at once.
const ROWS: u32 = 100;
/// The list of redirects, in the form that hosts of files read: from, to and status on a line.
const REDIRECTS: &str = "_redirects";
/// Addresses left out that are told of one by one.
const TOLD: usize = 100;

/// How sure it is that something stands at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Surely,
    Perhaps,
}
use Expected::{Perhaps, Surely};

/// A walk under way.
pub(super) struct Walk<'a> {
    app: &'a web::Data<App>,
    asker: &'a Asker,
    folder: &'a mut Folder,
    redirects: BufWriter<File>,
    redirected: HashSet<u64>,
    texts: u64,
    left_out: Vec<String>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        app: &'a web::Data<App>,
        asker: &'a Asker,
        folder: &'a mut Folder,
    ) -> io::Result<Self> {
        Ok(Self {
            app,
            asker,
            folder,
            redirects: BufWriter::new(tempfile::tempfile()?),
            redirected: HashSet::new(),
            texts: 0,
            left_out: Vec::new(),
        })
    }

    pub(super) async fn everything(
        &mut self,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), Failed> {
        self.singles().await?;
        self.lists(None).await?;
        self.tags().await?;
        self.authors().await?;
        self.texts(progress).await?;
        self.pictures().await?;
        self.site_redirects().await
    }

    /// Puts the list of redirects into its place, and answers how many texts and redirects there were and what was left
    /// out.
    pub(super) fn end(self) -> Result<(u64, u64, Vec<String>), Failed> {
        let mut redirects = self
            .redirects
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        redirects.seek(SeekFrom::Start(0))?;
        self.folder.stream(REDIRECTS, |out| {
            io::copy(&mut redirects, out)?;
            Ok(())
        })?;
        let count = u64::try_from(self.redirected.len()).unwrap_or(u64::MAX);
        Ok((self.texts, count, self.left_out))
    }

    async fn singles(&mut self) -> Result<(), Failed> {
        let mut singles = vec![
            Address::new("/v1/site"),
            Address::file("/v1/openapi.json"),
            Address::file("/robots.txt"),
            Address::file("/llms.txt"),
        ];
        // Without the website's address there is none.
        if self.app.site_url.is_some() {
            singles.push(Address::file("/sitemap.xml"));
            let parts = self.app.db.read(sitemap_parts).await?;
            singles
                .extend((1..=parts).map(|number| Address::file(format!("/sitemaps/{number}.xml"))));
        }
        self.take(singles, Surely).await
    }

    /// The lists and feeds of all, or of what a tag or an author narrows them to: in all locales, and in each.
    async fn lists(&mut self, of: Option<(&'static str, &str)>) -> Result<(), Failed> {
        let narrowed = |address: Address| match of {
            Some((name, key)) => address.with(name, key),
            None => address,
        };
        let mut lists = vec![narrowed(Address::new("/v1/articles"))];
        let mut feeds = vec![];
        for format in FeedFormat::ALL {
            let feed = format!("/v1/feeds/articles.{}", format.as_str());
            feeds.push(narrowed(Address::file(feed)));
        }
        if of.is_none() {
            lists.push(Address::new("/v1/pages"));
        }
        if self.app.rules.locales.len() > 1 {
            for addresses in [&mut lists, &mut feeds] {
                let all = addresses.clone();
                for locale in &self.app.rules.locales {
                    addresses.extend(all.iter().map(|all| all.clone().with("locale", locale)));
                }
            }
        }
        if of.is_none() {
            lists.push(Address::new("/v1/tags"));
            lists.push(Address::new("/v1/authors"));
        }
        for list in lists {
            self.list(list).await?;
        }
        self.take(feeds, Surely).await
    }

    /// A list, and all its pages by number. As deep as numbers reach they are what the server answers to these; behind
    /// that, what it answers to the cursor of the page before.
    async fn list(&mut self, list: Address) -> Result<(), Failed> {
        self.take(vec![list.clone()], Surely).await?;
        let mut cursor: Option<String> = None;
        for number in 1.. {
            let page = list.clone().with("page", u32::to_string(&number));
            let asked = match cursor.take() {
                Some(cursor) if number * DEFAULT_LIMIT > MAX_DEPTH => {
                    list.clone().with("cursor", cursor)
                }
                _ => page.clone(),
            };
            let answered = self.asker.ask(&asked).await?;
            let next = match answered.status {
                200 => next_of(&answered)?,
                _ => None,
            };
            self.put(&page, answered, Surely)?;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn tags(&mut self) -> Result<(), Failed> {
        let mut page = Page::first(ROWS);
        loop {
            let asked = page.clone();
            let read = move |conn: &mut _| {
                let found = tags::store::list(conn, TagSort::Name, &asked, false)?;
                let whole = found.items.iter();
                let whole = whole.map(|tag| tags::store::edit::get(conn, tag.id));
                let whole = whole.collect::<Result<Vec<_>>>()?;
                Ok((whole, found.next))
            };
            let (found, next) = self.app.db.read(read).await?;
            for tag in found {
                let (slug, id) = (tag.slug.as_str(), tag.id);
                self.take(
                    vec![one("tags", slug), one("tags", &id.to_string())],
                    Surely,
                )
                .await?;
                let others = tag.aliases.iter().chain([&tag.name]);
                let others = others.map(|other| one("tags", other));
                self.take(others.collect(), Perhaps).await?;
                self.lists(Some(("tag", slug))).await?;
            }
            let Some(next) = next else { return Ok(()) };
            page.place = Place::Cursor(next);
        }
    }

    async fn authors(&mut self) -> Result<(), Failed> {
        let mut page = Page::first(ROWS);
        loop {
            let asked = page.clone();
            let read =
                move |conn: &mut _| authors::store::list(conn, AuthorSort::Name, &asked, false);
            let found = self.app.db.read(read).await?;
            for author in &found.items {
                let (slug, id) = (author.slug.as_str(), author.id);
                let both = vec![one("authors", slug), one("authors", &id.to_string())];
                self.take(both, Surely).await?;
                self.lists(Some(("author", slug))).await?;
            }
            let Some(next) = next_place(&found) else {
                return Ok(());
            };
            page.place = Place::Cursor(next);
        }
    }

    async fn texts(&mut self, progress: &mut impl FnMut(u64, u64)) -> Result<(), Failed> {
        let total = self.app.db.read(texts::published_count).await?;
        let total = u64::try_from(total).unwrap_or(0);
        let mut after: Option<Id> = None;
        loop {
            let read = move |conn: &mut _| texts::published_names_after(conn, after, RUN);
            let run = self.app.db.read(read).await?;
            let Some(last) = run.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for text in &run {
                self.text(text).await?;
                self.texts += 1;
            }
            progress(self.texts, total);
        }
    }

    /// The files of pictures that something public shows, unless they are read elsewhere.
    async fn pictures(&mut self) -> Result<(), Failed> {
        let own = self.app.public_url.as_deref().unwrap_or_default();
        let Some(below) = self
            .app
            .media_url
            .strip_prefix(own)
            .filter(|path| *path == "/media")
        else {
            return Ok(());
        };
        let mut after: Option<Id> = None;
        loop {
            let read = move |conn: &mut _| media::public_after(conn, after, RUN);
            let run = self.app.db.read(read).await?;
            let Some(last) = run.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for medium in &run {
                let files = medium.variants.iter().chain(&medium.animation);
                let files = files
                    .map(|file| Address::file(format!("{below}/{}/{}", medium.name, file.file)));
                self.take(files.collect(), Surely).await?;
            }
        }
    }

    /// A text under its slug and its id, in the locales in which it is read, and what leads to it.
    async fn text(&mut self, text: &PublishedNames) -> Result<(), Failed> {
        let app = self.app;
        let (kind, slug) = (text.kind, text.slug.as_str());
        // Those that lack it show it in place of their own.
        let reads = |locale: &&String| {
            **locale == text.locale || app.fallbacks.of(locale).contains(&text.locale)
        };
        let locales: Vec<&String> = app.rules.locales.iter().filter(reads).collect();
        let many = app.rules.locales.len() > 1;

        let mut surely = forms(kind, slug, None);
        surely.extend(forms(kind, &text.id.to_string(), None));
        for locale in &locales {
            if many {
                surely.extend(forms(kind, slug, Some(locale)));
            }
            surely.push(page(&app.path_of(locale, slug)));
        }
        self.take(surely, Surely).await?;

        let mut perhaps = Vec::new();
        for (locale, alias) in &text.aliases {
            perhaps.extend(forms(kind, alias, None));
            if app.rules.locales.contains(locale) {
                if many {
                    perhaps.extend(forms(kind, alias, Some(locale)));
                }
                perhaps.push(page(&app.path_of(locale, alias)));
            }
        }
        self.take(perhaps, Perhaps).await
    }

    /// What the website is to answer at the paths from which redirects lead. One that leads to what is not published leads
    /// nowhere.
    async fn site_redirects(&mut self) -> Result<(), Failed> {
        let mut place = Page::first(ROWS);
        loop {
            let asked = place.clone();
            let read = move |conn: &mut _| redirects::store::list(conn, None, &asked, false);
            let found = self.app.db.read(read).await?;
            let paths = found.items.iter().map(|redirect| page(&redirect.path));
            self.take(paths.collect(), Perhaps).await?;
            let Some(next) = next_place(&found) else {
                return Ok(());
            };
            place.place = Place::Cursor(next);
        }
    }

    /// Asks for these and puts down what is answered, in this order. What was asked for before is not asked for again.
    async fn take(&mut self, addresses: Vec<Address>, expected: Expected) -> Result<(), Failed> {
        let asker = self.asker;
        let new = addresses
            .into_iter()
            .filter(|address| !self.folder.has(&address.path()))
            .collect::<Vec<_>>();
        let mut answers = stream::iter(new)
            .map(|address| async move {
                let answered = asker.ask(&address).await;
                (address, answered)
            })
            .buffered(AT_ONCE);
        while let Some((address, answered)) = answers.next().await {
            self.put(&address, answered?, expected)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        address: &Address,
        answered: Answered,
        expected: Expected,
    ) -> Result<(), Failed> {
        let Answered {
            status,
            bytes,
            location,
            passing,
        } = answered;
        match (status, location) {
            (200, _) if !passing => {
                let path = address.path();
                // A folder cannot have the name of a file beside it.
                if !is_safe(&path) || path.contains("/index.json/") {
                    if self.left_out.len() < TOLD {
                        self.left_out.push(address.target());
                    }
                } else if !self.folder.has(&path) {
                    self.folder.write(&path, &bytes)?;
                }
                Ok(())
            }
            (308, Some(location)) => {
                let from = address.link();
                let to = link_to(&location, self.app.public_url.as_deref());
                if self.redirected.insert(xxh3_64(from.as_bytes())) {
                    writeln!(self.redirects, "{from} {to} {status}")?;
                }
                Ok(())
            }
            (404, _) if expected == Perhaps => Ok(()),
            _ => {
                let said = String::from_utf8_lossy(bytes.get(..500).unwrap_or(&bytes));
                let target = address.target();
                let detail = format!("{target} was answered by {status}: {said}");
                Err(Failed::Refused(detail))
            }
        }
    }
}

fn next_place<T>(slice: &Slice<T>) -> Option<Cursor> {
    slice.next.clone()
}

/// The cursor of the page behind one.
fn next_of(answered: &Answered) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct List {
        page: Info,
    }
    #[derive(Deserialize)]
    struct Info {
        next: Option<String>,
    }
    let list: List = serde_json::from_slice(&answered.bytes)
        .map_err(|error| Error::internal(format!("a list that cannot be read: {error}")))?;
    Ok(list.page.next)
}

/// The address of a tag or an author.
fn one(list: &str, key: &str) -> Address {
    // A slash in a name would be a step of the path, and lead nowhere.
    Address::new(format!("/v1/{list}/{key}"))
}

/// The addresses of a text in each of its forms.
fn forms(kind: Kind, key: &str, locale: Option<&str>) -> Vec<Address> {
    let text = Address::new(format!("/v1/{}s/{key}", kind.as_str()));
    let text = match locale {
        Some(locale) => text.with("locale", locale),
        None => text,
    };
    let mut forms: Vec<Address> = TextForm::ALL
        .iter()
        .map(|form| text.suffixed(form.as_str()))
        .collect();
    if kind == Kind::Article {
        forms.push(text.below("related"));
    }
    forms.push(text);
    forms
}

/// The address of a page of the website.
fn page(path: &str) -> Address {
    // In the one spelling that all others are read as.
    let plain = SitePath::parse(path);
    let plain = plain.as_ref().map_or(path, SitePath::as_str);
    Address::new("/v1/resolve").with("path", plain)
}
