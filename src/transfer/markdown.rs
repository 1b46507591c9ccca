//! Markdown files with front matter, as static site generators keep them. What the front matter says goes where the model
//! has a place for it, everything else to `metadata` under its own name, and the body stays as it is, byte for byte.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use walkdir::{DirEntry, WalkDir};

use super::front_matter::Node;
use super::{Item, Parsed, dates, front_matter, site_path};
use crate::articles::input;
use crate::articles::model::{ArticleInput, Format, Source};
use crate::articles::restored::Restored;
use crate::error::{Fault, FaultCode};
use crate::slug;
use keys::Keys;

mod keys;
pub mod write;

/// What is no text in a folder that was exported: a file of JSON lines at its root.
pub const SITE: &str = "site.jsonl";

/// The folder of pictures in a folder that was exported.
pub const FILES: &str = "media";

/// Bytes of a file that are read: no front matter and body that can be stored take more.
pub const MAX_FILE: u64 = 20 * 1024 * 1024;

/// Files at the root of a repository that are about it, not content of it, unless they have front matter.
const ABOUT_THE_TREE: &[&str] = &[
    "authors",
    "changelog",
    "code_of_conduct",
    "contributing",
    "license",
    "readme",
    "security",
    "source",
];

/// The Markdown files of a tree.
#[derive(Debug, Default)]
pub struct Files {
    /// Path relative to the root, with `/` between its steps, and where to open it; sorted by the former.
    pub found: Vec<(String, PathBuf)>,
    /// What was passed over or cannot be listed, with the reasons.
    pub left_out: Vec<Parsed>,
}

/// Lists the files that end in `.md` or `.markdown`, in a stable order. `root` may be such a file itself.
///
/// # Errors
/// The root cannot be read. What cannot be read below it is told in [`Files::left_out`].
pub fn files(root: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    if root.metadata()?.is_file() {
        let name = root
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        files.found.extend(name.map(|name| (name, root.to_owned())));
        return Ok(files);
    }
    let mut entries = WalkDir::new(root).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        let entry = match entry {
            Ok(entry) if entry.depth() == 0 => continue,
            Ok(entry) => entry,
            Err(error) => {
                let origin = error.path().unwrap_or(root).display().to_string();
                files.left_out.push(Parsed::Broken {
                    origin,
                    line: None,
                    reason: error.to_string(),
                });
                continue;
            }
        };
        let relative = relative_path(root, &entry);
        let is_folder = entry.file_type().is_dir();
        let Some(path) = relative else {
            let origin = entry.path().display().to_string();
            files.left_out.push(Parsed::Broken {
                origin,
                line: None,
                reason: "the name is not UTF-8".to_owned(),
            });
            if is_folder {
                entries.skip_current_dir();
            }
            continue;
        };
        if is_folder {
            if let Some(reason) = no_content(&entry) {
                files.left_out.push(Parsed::Skipped {
                    origin: path,
                    reason: reason.to_owned(),
                });
                entries.skip_current_dir();
            }
        } else if extension(&path).is_some() {
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                files.left_out.push(Parsed::Skipped {
                    origin: path,
                    reason: "a hidden file".to_owned(),
                });
            } else if entry.file_type().is_file() {
                files.found.push((path, entry.into_path()));
            } else {
                files.left_out.push(Parsed::Skipped {
                    origin: path,
                    reason: "a link, not a file".to_owned(),
                });
            }
        }
    }
    files.found.sort();
    Ok(files)
}

fn relative_path(root: &Path, entry: &DirEntry) -> Option<String> {
    let relative = entry.path().strip_prefix(root).ok()?;
    let steps: Option<Vec<&str>> = relative.iter().map(|step| step.to_str()).collect();
    Some(steps?.join("/"))
}

fn no_content(folder: &DirEntry) -> Option<&'static str> {
    match folder.file_name().to_str()? {
        "node_modules" => Some("a folder of packages"),
        name if name.starts_with('.') => Some("a hidden folder"),
        _ => None,
    }
}

/// The name without `.md` or `.markdown`.
fn extension(path: &str) -> Option<&str> {
    let (stem, extension) = path.rsplit_once('.')?;
    ["md", "markdown"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
        .then_some(stem)
}

/// Reads one file. `relative_path` is its path below the root of the import, with `/` between the steps: from it come the
/// key for the next import and, where the front matter says nothing, the slug and the date.
#[must_use]
pub fn parse(relative_path: &str, bytes: &[u8]) -> Parsed {
    let origin = relative_path.to_owned();
    match read(relative_path, bytes) {
        Ok(item) => Parsed::Article(Box::new(item)),
        Err(Unread::Skipped(reason)) => Parsed::Skipped {
            origin,
            reason: reason.to_owned(),
        },
        Err(Unread::Broken(line, reason)) => Parsed::Broken {
            origin,
            line,
            reason,
        },
    }
}

enum Unread {
    Skipped(&'static str),
    Broken(Option<u64>, String),
}

/// What the path of a file tells.
struct Place<'a> {
    /// The path without extension.
    key: &'a str,
    /// The name that stands for the file: its own, or its folder's where it is an `index`. Without the date in front.
    name: Option<&'a str>,
    /// The date in front of that name, or in the folders.
    date: Option<crate::time::Time>,
    /// Whether the file lies at the root.
    at_root: bool,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Self {
        let key = extension(path).unwrap_or(path);
        let mut steps = key.rsplit('/');
        let own = steps.next().filter(|own| *own != "index");
        let name = own.or_else(|| steps.next());
        let dated = name.and_then(dates::from_file_name);
        Self {
            key,
            name: dated
                .map_or(name, |(_, rest)| Some(rest))
                .filter(|name| !name.is_empty()),
            date: dated
                .map(|(date, _)| date)
                .or_else(|| dates::from_path(key)),
            at_root: !path.contains('/'),
        }
    }
}

fn read(path: &str, bytes: &[u8]) -> Result<Item, Unread> {
    let place = Place::of(path);
    if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with("_index."))
    {
        return Err(Unread::Skipped("a section index, not a post"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Unread::Broken(
            Some(line_at(bytes, error.valid_up_to())),
            "the file is not UTF-8".to_owned(),
        )
    })?;
    if let Some(at) = text.find('\0') {
        return Err(Unread::Broken(
            Some(line_at(bytes, at)),
            "the file holds the character U+0000".to_owned(),
        ));
    }
    let document = front_matter::split(text)
        .map_err(|error| Unread::Broken(Some(error.line), error.reason))?;
    let has_front_matter = document.entries.is_some();
    if !has_front_matter {
        let about = |name: &str| ABOUT_THE_TREE.contains(&name.to_ascii_lowercase().as_str());
        if place.at_root && place.name.is_some_and(about) {
            return Err(Unread::Skipped("no front matter"));
        }
        if text.trim().is_empty() {
            return Err(Unread::Skipped("an empty file"));
        }
    }
    let entries = document.entries.unwrap_or_default();
    if entries.first().is_some_and(|(key, _)| key == write::OWN) {
        return own(path, entries, document.body);
    }
    let mut keys = Keys::new(entries);
    let title = title(&mut keys, document.body, &place, has_front_matter)
        .ok_or_else(|| Unread::Broken(None, "no title".to_owned()))?;
    let mut article = ArticleInput::new(title);
    article.external_id = Some(place.key.to_owned());
    article.body = Some(Source {
        format: Format::Markdown,
        text: document.body.to_owned(),
    });
    let mut redirects = Vec::new();
    addresses(&mut keys, &mut article, &mut redirects, &place);
    keys.fill(&mut article);
    let (metadata, warnings) = keys.finish();
    article.metadata = metadata;
    Ok(Item {
        origin: path.to_owned(),
        article,
        restored: Restored::default(),
        redirects,
        held: false,
        warnings,
    })
}

/// A file of an export of this program: its keys are those of the lines in JSON, and nothing is guessed.
fn own(path: &str, entries: Vec<(String, Node)>, body: &str) -> Result<Item, Unread> {
    let mut fields: Map<String, Value> = entries
        .into_iter()
        .map(|(key, node)| (key, node.into_json()))
        .collect();
    if fields.shift_remove(write::OWN) != Some(write::VERSION.into()) {
        let reason = "its front matter was written by a newer masthead";
        return Err(Unread::Broken(Some(2), reason.to_owned()));
    }
    let mut faults = Vec::new();
    let format = match fields.shift_remove(write::FORMAT) {
        None => Some(Format::Markdown),
        Some(named) => named.as_str().and_then(Format::from_name),
    };
    if format.is_none() {
        let detail = "must be one of markdown, html, text";
        faults.push(Fault::at("/format", FaultCode::NotAllowed, detail));
    }
    let format = format.unwrap_or(Format::Markdown);
    fields.insert(format.as_str().to_owned(), body.into());
    // The sign of an export, which files need not repeat.
    fields.entry("source").or_insert(Value::Null);
    let read = input::exported(&Value::Object(fields), &mut faults);
    let Some((mut article, restored)) = read.filter(|_| faults.is_empty()) else {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        return Err(Unread::Broken(None, told.join("; ")));
    };
    if article.id.is_none() && article.external_id.is_none() {
        // Written by hand, after the others.
        article.external_id = Some(Place::of(path).key.to_owned());
    }
    Ok(Item {
        origin: path.to_owned(),
        article,
        restored,
        redirects: Vec::new(),
        held: false,
        warnings: Vec::new(),
    })
}

fn line_at(bytes: &[u8], offset: usize) -> u64 {
    let newlines = bytes
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count();
    u64::try_from(newlines).map_or(u64::MAX, |newlines| newlines + 1)
}

/// The title, on one line: as given, else the first heading, else, for a file that is nothing but text, its name.
fn title(keys: &mut Keys, body: &str, place: &Place<'_>, has_front_matter: bool) -> Option<String> {
    if let Some(title) = keys.text("title") {
        return Some(title.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    }
    if let Some(heading) = first_heading(body) {
        keys.warn("the title is the first heading, which stays in the text too");
        return Some(heading);
    }
    let name = place.name.filter(|_| !has_front_matter)?;
    keys.warn("the title is made of the file name");
    Some(name.replace(['-', '_'], " ").trim().to_owned()).filter(|title| !title.is_empty())
}

/// The first heading outside of fenced code, in either of Markdown's two forms.
fn first_heading(body: &str) -> Option<String> {
    let mut fence: Option<&str> = None;
    let mut before = "";
    for line in body.lines() {
        let text = line.trim();
        let indented = line.starts_with("    ") || line.starts_with('\t');
        if let Some(open) = fence {
            if text.starts_with(open) {
                fence = None;
            }
            continue;
        }
        fence = ["```", "~~~"]
            .into_iter()
            .find(|fence| text.starts_with(fence));
        let hashes = text.bytes().take_while(|byte| *byte == b'#').count();
        let after = text.get(hashes..).unwrap_or("");
        let heading = if (1..=6).contains(&hashes) && !indented && after.starts_with([' ', '\t']) {
            after.trim().trim_end_matches('#').trim()
        } else if !text.is_empty()
            && (text.bytes().all(|b| b == b'=')
                || (text.len() > 1 && text.bytes().all(|b| b == b'-')))
        {
            before
        } else {
            ""
        };
        if !heading.is_empty() {
            return Some(heading.to_owned());
        }
        before = if fence.is_some() || indented {
            ""
        } else {
            text
        };
    }
    None
}

/// Slug, date and former paths, which hang together: `path` may give all three.
fn addresses(
    keys: &mut Keys,
    article: &mut ArticleInput,
    redirects: &mut Vec<String>,
    place: &Place<'_>,
) {
    if let Some(id) = keys.text("id") {
        // Masthead's own export writes the id of the article; elsewhere `id` is whatever the generator wants.
        match id.parse() {
            Ok(id) => article.id = Some(id),
            Err(_) => article.external_id = Some(id),
        }
    }
    if let Some(external_id) = keys.text("external_id") {
        article.external_id = Some(external_id);
    }

    let path = keys.paths("path");
    let own = keys.text("slug");
    // Some generators call the whole path a slug.
    let own_path = own
        .as_deref()
        .filter(|own| own.contains('/'))
        .and_then(site_path);
    let step = |path: &String| {
        path.rsplit('/')
            .next()
            .unwrap_or("")
            .trim_end_matches(".html")
            .to_owned()
    };
    let wish = own_path
        .as_ref()
        .map(step)
        .or(own)
        .or_else(|| path.first().map(step))
        .or(place.name.map(str::to_owned));
    article.slug = wish.as_deref().and_then(slug::slugify);
    article.aliases.extend(wish.filter(|wish| !wish.is_ascii()));

    article.published_at = keys.date(&[
        "published_at",
        "date",
        "pubDate",
        "pubdate",
        "publishDate",
        "published",
    ]);
    article.updated_at = keys.date(&["updated_at", "updated", "lastmod", "last_modified_at"]);
    article.published_at = article
        .published_at
        .or(place.date)
        .or_else(|| path.iter().find_map(|path| dates::from_path(path)));

    let own_address = article.slug.as_ref().map(|slug| format!("/{slug}"));
    let former = ["permalink", "aliases", "redirect_from"]
        .into_iter()
        .flat_map(|name| keys.paths(name));
    let mut seen: HashSet<String> = own_address.into_iter().collect();
    redirects.extend(
        path.into_iter()
            .chain(own_path)
            .chain(former)
            .filter(|path| seen.insert(path.clone())),
    );
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod tests;
