//! The XML of an export, one element of the channel at a time. What is needed of it is picked up by name, everything else
//! passes by; nothing is held but the element that is read.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use super::Unreadable;
use super::gate::{CUT, Gate, MAX_TEXT};

/// How deep elements may nest. An export has six levels.
const MAX_DEPTH: usize = 32;
/// The most tags, former slugs and the like of one post, and the longest of them in bytes.
const MAX_FEW: usize = 1_000;
const MAX_SHORT: usize = 64 * 1024;

/// Whose name an element is, by the address or the prefix of its namespace: addresses have changed from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    /// None: RSS itself.
    Rss,
    /// `wp:`
    Wordpress,
    /// `excerpt:`
    Excerpt,
    /// `content:`
    Content,
    /// `dc:`
    DublinCore,
    Other,
}

impl Space {
    fn of_address(address: &str) -> Self {
        if address.contains("wordpress.org/export/") {
            if address.trim_end_matches('/').ends_with("excerpt") {
                Self::Excerpt
            } else {
                Self::Wordpress
            }
        } else if address.contains("purl.org/rss/1.0/modules/content") {
            Self::Content
        } else if address.contains("purl.org/dc/elements") {
            Self::DublinCore
        } else {
            Self::Other
        }
    }

    fn of_prefix(prefix: &str) -> Self {
        match prefix {
            "wp" => Self::Wordpress,
            "excerpt" => Self::Excerpt,
            "content" => Self::Content,
            "dc" => Self::DublinCore,
            _ => Self::Other,
        }
    }
}

/// What stands in the channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A post of any type.
    Item(Box<Raw>),
    /// `wp:author`.
    Author(RawAuthor),
    /// `wp:category`, `wp:tag` or `wp:term`.
    Term(RawTerm),
    /// A text of the channel itself: its name, and what it says.
    Channel(&'static str, String),
}

/// A post as it stands in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) line: u64,
    pub(super) title: String,
    pub(super) link: String,
    pub(super) published: String,
    pub(super) creator: String,
    pub(super) guid: String,
    pub(super) content: String,
    pub(super) excerpt: String,
    pub(super) id: String,
    pub(super) date: String,
    pub(super) date_gmt: String,
    pub(super) modified: String,
    pub(super) modified_gmt: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) parent: String,
    pub(super) kind: Option<String>,
    pub(super) password: String,
    pub(super) sticky: String,
    pub(super) url: String,
    pub(super) terms: Vec<ItemTerm>,
    /// Custom fields that WordPress or its plugins give a meaning that is known here.
    pub(super) fields: Vec<(String, String)>,
    /// Other custom fields of a public name.
    pub(super) other_fields: u64,
    pub(super) comments: u64,
    /// Bytes of its terms and custom fields.
    size: usize,
    /// A text or a list was longer than is read: which.
    pub(super) cut: Option<&'static str>,
}

/// A tag, a category or the like under a post.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ItemTerm {
    pub(super) domain: String,
    pub(super) slug: String,
    pub(super) name: String,
}

/// An author as the file describes them, without the e-mail address, which is not even read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RawAuthor {
    pub(super) login: String,
    pub(super) display_name: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
}

/// A term as the file describes it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RawTerm {
    pub(super) taxonomy: String,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) parent: String,
    pub(super) description: String,
}

/// The custom fields that are read.
const FIELDS: &[&str] = &[
    "_thumbnail_id",
    "_wp_old_slug",
    "_wp_attachment_image_alt",
    "_yoast_wpseo_title",
    "_yoast_wpseo_metadesc",
    "_yoast_wpseo_canonical",
    "_yoast_wpseo_meta-robots-noindex",
    "footnotes",
    "cap-display_name",
    "cap-user_login",
];

/// The element that is open in the channel.
#[derive(Debug, Default)]
enum Open {
    #[default]
    None,
    Item(Box<Raw>),
    Author(RawAuthor),
    Term(RawTerm),
}

/// The elements of a channel, in the order of the file. An error ends them.
pub(super) struct Elements<R> {
    xml: Reader<Gate<R>>,
    buffer: Vec<u8>,
    /// The names of the elements that are open.
    path: Vec<(Space, String)>,
    prefixes: Vec<(String, Space)>,
    open: Open,
    /// The text of the element that is read, where anybody wants it.
    text: String,
    wanted: bool,
    text_cut: bool,
    field: (String, String),
    term: Option<ItemTerm>,
    began: bool,
    finished: bool,
    /// Anything in it is WordPress's.
    pub(super) is_export: bool,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(reader: R) -> Self {
        let mut xml = Reader::from_reader(Gate::new(reader));
        xml.config_mut().check_end_names = true;
        xml.config_mut().expand_empty_elements = true;
        xml.config_mut().allow_dangling_amp = true;
        Self {
            xml,
            buffer: Vec::new(),
            path: Vec::new(),
            prefixes: Vec::new(),
            open: Open::None,
            text: String::new(),
            wanted: false,
            text_cut: false,
            field: Default::default(),
            term: None,
            began: false,
            finished: false,
            is_export: false,
        }
    }

    fn unreadable(&self, reason: impl Into<String>) -> Unreadable {
        Unreadable {
            line: Some(self.xml.get_ref().line()),
            reason: reason.into(),
        }
    }

    fn step(&mut self) -> Result<Option<Found>, Unreadable> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let event = self.xml.read_event_into(&mut buffer);
        let found = match event {
            Ok(Event::Start(start)) => self.start(&start).map(|()| None),
            Ok(Event::End(_)) => Ok(self.end()),
            Ok(Event::Text(text)) => {
                self.add(&text);
                Ok(None)
            }
            Ok(Event::CData(text)) => {
                self.add(&text);
                Ok(None)
            }
            Ok(Event::GeneralRef(name)) => {
                self.reference(&name);
                Ok(None)
            }
            Ok(Event::DocType(_)) => {
                Err(self.unreadable("the file has a DOCTYPE; it was not read"))
            }
            Ok(Event::Decl(declaration)) => match declaration.encoding() {
                Some(Ok(encoding))
                    if !matches!(
                        encoding.to_ascii_lowercase().as_str(),
                        "utf-8" | "utf8" | "us-ascii"
                    ) =>
                {
                    let cut: String = encoding.chars().take(40).collect();
                    Err(self
                        .unreadable(format!("the file says that it is {cut}; save it as UTF-8")))
                }
                _ => Ok(None),
            },
            Ok(Event::Eof) if self.path.is_empty() && self.began => {
                self.finished = true;
                Ok(None)
            }
            Ok(Event::Eof) if self.began => {
                let open = self.path.last().map_or("", |(_, name)| name.as_str());
                Err(self.unreadable(format!("the file ends within <{open}>: it was cut short")))
            }
            Ok(Event::Eof) => Err(self.unreadable("the file holds no XML")),
            Ok(Event::Empty(_) | Event::Comment(_) | Event::PI(_)) => Ok(None),
            Err(error) => Err(self.unreadable(in_words(&error))),
        };
        // One long post need not make the buffer long for good.
        if buffer.capacity() > 1024 * 1024 {
            buffer = Vec::new();
        }
        self.buffer = buffer;
        found
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Unreadable> {
        self.began = true;
        if self.path.len() >= MAX_DEPTH {
            return Err(self.unreadable(format!("elements nest more than {MAX_DEPTH} deep")));
        }
        let name = start.name();
        let name: &str = name.as_ref();
        if self.path.is_empty() {
            for attribute in start.attributes().with_checks(false).flatten() {
                let key: &str = attribute.key.as_ref();
                if let Some(prefix) = key.strip_prefix("xmlns:") {
                    let space = Space::of_address(&attribute.value);
                    self.prefixes.push((prefix.to_owned(), space));
                }
            }
        }
        let (space, local) = match name.split_once(':') {
            None => (Space::Rss, name),
            Some((prefix, local)) => {
                let declared = self.prefixes.iter().find(|(known, _)| known == prefix);
                (
                    declared.map_or_else(|| Space::of_prefix(prefix), |(_, space)| *space),
                    local,
                )
            }
        };
        self.is_export |= space == Space::Wordpress;
        self.path.push((space, local.to_owned()));
        self.text.clear();
        self.text_cut = false;
        match self.path.len() {
            3 => {
                self.open = match (space, local) {
                    (Space::Rss, "item") => Open::Item(Box::new(Raw {
                        line: self.xml.get_ref().line(),
                        ..Raw::default()
                    })),
                    (Space::Wordpress, "author") => Open::Author(RawAuthor::default()),
                    (Space::Wordpress, "category" | "tag" | "term") => Open::Term(RawTerm {
                        taxonomy: match local {
                            "category" => "category".to_owned(),
                            "tag" => "post_tag".to_owned(),
                            _ => String::new(),
                        },
                        ..RawTerm::default()
                    }),
                    _ => Open::None,
                };
            }
            4 if (space, local) == (Space::Rss, "category") => {
                let value = |name: &str| {
                    let attribute = start.try_get_attribute(name).ok().flatten();
                    attribute.map_or_else(String::new, |attribute| decoded(&attribute.value))
                };
                self.term = Some(ItemTerm {
                    domain: value("domain"),
                    slug: value("nicename"),
                    name: String::new(),
                });
            }
            4 if (space, local) == (Space::Wordpress, "postmeta") => {
                self.field = Default::default();
            }
            4 if (space, local) == (Space::Wordpress, "comment") => {
                if let Open::Item(item) = &mut self.open {
                    item.comments += 1;
                }
            }
            _ => {}
        }
        self.wanted = self.is_wanted(space, local);
        Ok(())
    }

    /// Whether the text of the element that begins is worth keeping.
    fn is_wanted(&self, space: Space, local: &str) -> bool {
        match (self.path.len(), &self.open) {
            (3, _) => space == Space::Rss && matches!(local, "title" | "description" | "link"),
            (4, Open::Item(_)) => !matches!(local, "comment" | "postmeta" | "description"),
            (4, Open::Author(_)) => local != "author_email",
            (4, Open::Term(_)) => true,
            (5, Open::Item(_)) => self.path.get(3).is_some_and(|(_, name)| name == "postmeta"),
            _ => false,
        }
    }

    fn add(&mut self, text: &str) {
        if !self.wanted {
            return;
        }
        let cut = text.ends_with(CUT) || text.contains(CUT);
        let room = MAX_TEXT.saturating_sub(self.text.len());
        let kept = text.get(..text.floor_char_boundary(room)).unwrap_or("");
        self.text_cut |= cut || kept.len() < text.len();
        self.text.push_str(kept);
    }

    fn reference(&mut self, name: &str) {
        let character = name
            .strip_prefix('#')
            .and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => number.parse().ok(),
            })
            .and_then(char::from_u32);
        match (name, character) {
            (_, Some(character)) => {
                let mut bytes = [0; 4];
                let text: &str = character.encode_utf8(&mut bytes);
                self.add(text);
            }
            ("amp", _) => self.add("&"),
            ("lt", _) => self.add("<"),
            ("gt", _) => self.add(">"),
            ("quot", _) => self.add("\""),
            ("apos", _) => self.add("'"),
            // XML knows no other without a DOCTYPE. As HTML it says something, and titles are read as that.
            (other, _) => self.add(&format!("&{other};")),
        }
    }

    fn end(&mut self) -> Option<Found> {
        let depth = self.path.len();
        let (space, local) = self.path.pop()?;
        let text = if self.wanted {
            self.take_text()
        } else {
            String::new()
        };
        self.wanted = false;
        match depth {
            3 => match std::mem::take(&mut self.open) {
                Open::Item(item) => Some(Found::Item(item)),
                Open::Author(author) => Some(Found::Author(author)),
                Open::Term(term) => Some(Found::Term(term)),
                Open::None if space == Space::Rss => {
                    let known = ["title", "description", "link"];
                    let known = known.into_iter().find(|known| *known == local)?;
                    Some(Found::Channel(known, text))
                }
                Open::None => None,
            },
            4 => {
                self.field_of_open(space, &local, text);
                None
            }
            5 => {
                match local.as_str() {
                    "meta_key" => self.field.0 = text,
                    "meta_value" => self.field.1 = text,
                    _ => {}
                }
                None
            }
            _ => None,
        }
    }

    /// The text of the element that ends: without what XML has no place for, which WordPress writes all the same.
    fn take_text(&mut self) -> String {
        let mut text = std::mem::take(&mut self.text);
        let forbidden = |c: char| {
            c.is_control() && !matches!(c, '\n' | '\r' | '\t') || matches!(c, CUT | '\u{FFFE}')
        };
        if text.contains(forbidden) {
            text.retain(|c| !forbidden(c));
        }
        text
    }

    fn field_of_open(&mut self, space: Space, local: &str, mut text: String) {
        let cut = std::mem::take(&mut self.text_cut);
        let is_body = matches!(space, Space::Content | Space::Excerpt);
        let long = !is_body && text.len() > MAX_SHORT;
        if long {
            text.truncate(text.floor_char_boundary(MAX_SHORT));
        }
        match &mut self.open {
            Open::Item(item) => {
                if space == Space::Rss && local == "category" {
                    if let Some(mut term) = self.term.take() {
                        term.name = text;
                        item.size += term.slug.len() + term.name.len();
                        if item.terms.len() < MAX_FEW && item.size < MAX_TEXT {
                            item.terms.push(term);
                        } else {
                            item.cut = Some("its list of tags");
                        }
                    }
                    return;
                }
                if space == Space::Wordpress && local == "postmeta" {
                    let (name, value) = std::mem::take(&mut self.field);
                    if FIELDS.contains(&name.as_str()) {
                        item.size += value.len();
                        if item.fields.len() < MAX_FEW && item.size < MAX_TEXT {
                            item.fields.push((name, value));
                        } else {
                            item.cut = Some("its list of custom fields");
                        }
                    } else if !name.starts_with('_') && !name.is_empty() {
                        item.other_fields += 1;
                    }
                    return;
                }
                if cut && is_body {
                    item.cut = Some("its text");
                }
                let field = match (space, local) {
                    (Space::Rss, "title") => &mut item.title,
                    (Space::Rss, "link") => &mut item.link,
                    (Space::Rss, "pubDate") => &mut item.published,
                    (Space::Rss, "guid") => &mut item.guid,
                    (Space::DublinCore, "creator") => &mut item.creator,
                    (Space::Content, "encoded") => &mut item.content,
                    (Space::Excerpt, "encoded") => &mut item.excerpt,
                    (Space::Wordpress, "post_id") => &mut item.id,
                    (Space::Wordpress, "post_date") => &mut item.date,
                    (Space::Wordpress, "post_date_gmt") => &mut item.date_gmt,
                    (Space::Wordpress, "post_modified") => &mut item.modified,
                    (Space::Wordpress, "post_modified_gmt") => &mut item.modified_gmt,
                    (Space::Wordpress, "post_name") => &mut item.name,
                    (Space::Wordpress, "status") => &mut item.status,
                    (Space::Wordpress, "post_parent") => &mut item.parent,
                    (Space::Wordpress, "post_password") => &mut item.password,
                    (Space::Wordpress, "is_sticky") => &mut item.sticky,
                    (Space::Wordpress, "attachment_url") => &mut item.url,
                    (Space::Wordpress, "post_type") => item.kind.get_or_insert_default(),
                    _ => return,
                };
                *field = text;
            }
            Open::Author(author) => {
                let field = match local {
                    "author_login" => &mut author.login,
                    "author_display_name" => &mut author.display_name,
                    "author_first_name" => &mut author.first_name,
                    "author_last_name" => &mut author.last_name,
                    _ => return,
                };
                *field = text;
            }
            Open::Term(term) => {
                let field = match local {
                    "category_nicename" | "tag_slug" | "term_slug" => &mut term.slug,
                    "cat_name" | "tag_name" | "term_name" => &mut term.name,
                    "category_parent" | "term_parent" => &mut term.parent,
                    "category_description" | "tag_description" | "term_description" => {
                        &mut term.description
                    }
                    "term_taxonomy" => &mut term.taxonomy,
                    _ => return,
                };
                *field = text;
            }
            Open::None => {}
        }
    }
}

impl<R: BufRead> Iterator for Elements<R> {
    type Item = Result<Found, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            match self.step() {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => {
                    self.finished = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The value of an attribute, its references resolved where they can be.
fn decoded(value: &str) -> String {
    quick_xml::escape::unescape(value)
        .map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned)
}

fn in_words(error: &XmlError) -> String {
    match error {
        XmlError::Io(error) => error.to_string(),
        XmlError::Encoding(_) => "the file is not UTF-8".to_owned(),
        XmlError::Syntax(_) => format!("the file is cut short or no XML: {error}"),
        XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("no XML: <{expected}> is ended by </{found}>")
        }
        other => format!("no XML: {other}"),
    }
}
