//! Looks at HTML before the sanitiser does: notes for the writer what will be removed, and refuses what a parser should not be
//! given. Nothing here makes HTML safe; [`super::sanitize`] does, whatever this found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use lol_html::html_content::{Element, TextChunk, TextType};
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, MemorySettings, Selector,
    Settings,
};

use super::Removed;
use super::sanitize::{ALLOWED, TANGLED, escape, escape_tags, refused_scheme, words_of};
use super::shape::{self, Shape};

/// No writer reads a longer report, and a body of nothing but invented elements would make one.
const MAX_KINDS_REPORTED: usize = 50;

/// The parser compares each attribute of an element with all others.
const MAX_ATTRIBUTES: usize = 500;

/// Bytes that the serializer may look at for [`escaping_work`]: a fraction of a second.
const MAX_ESCAPING_WORK: usize = 16 << 30;

/// From this size on, end tags with attributes are taken for an attack, since only the parser would count those.
const LARGE: usize = 64 << 10;

/// About how long a paragraph gets where all markup was dropped.
const PARAGRAPH: usize = 8 << 10;

/// For the elements that are open and a tag that is read in two parts.
const MAX_MEMORY: usize = 128 << 20;

/// No parser should be given this.
#[derive(Debug)]
pub(super) struct Tangled;

static EVERY_ELEMENT: LazyLock<Option<Selector>> = LazyLock::new(|| "*".parse().ok());

#[derive(Default)]
pub(super) struct Report(BTreeMap<String, u32>);

impl Report {
    pub(super) fn add(&mut self, what: String) {
        if let Some(count) = self.0.get_mut(&what) {
            *count = count.saturating_add(1);
        } else if self.0.len() < MAX_KINDS_REPORTED || what == TANGLED {
            self.0.insert(what, 1);
        }
    }

    /// Notes what the sanitiser will take from an element.
    fn look_at(&mut self, name: &str, element: &Element<'_, '_>) {
        let known = ALLOWED.contains(name);
        if !known {
            if !matches!(name, "html" | "head" | "body") {
                self.add(format!("<{}> element", short(name)));
            }
            return;
        }
        for attribute in element.attributes() {
            let key = attribute.name();
            if key == "style" || key.starts_with("on") {
                self.add(format!("{} attribute on <{name}>", short(&key)));
            } else if matches!(
                (name, key.as_str()),
                ("a", "href") | ("img", "src") | ("blockquote" | "q" | "del" | "ins", "cite")
            ) {
                match refused_scheme(&decoded(&attribute.value())).as_deref() {
                    None => {}
                    Some("") => self.add(format!("malformed address in {key}")),
                    Some(scheme) => self.add(format!("{}: address in {key}", short(scheme))),
                }
            }
        }
    }

    pub(super) fn into_list(self) -> Vec<Removed> {
        self.0
            .into_iter()
            .map(|(what, count)| Removed { what, count })
            .collect()
    }
}

/// A name as it can be put into a report; what was written can be of any length.
fn short(name: &str) -> Cow<'_, str> {
    if name.len() <= 32 {
        name.into()
    } else {
        format!("{}…", &name[..name.floor_char_boundary(32)]).into()
    }
}

/// The value of an attribute without entities, which only matter where they can hide a scheme.
fn decoded(value: &str) -> Cow<'_, str> {
    let scheme = value.split(['/', '?']).next().unwrap_or_default();
    if !scheme.contains('&') {
        return value.into();
    }
    let mut text = String::with_capacity(value.len());
    escape_tags(value, &mut text);
    words_of(&text).into()
}

/// Walks over the HTML as it came and notes what will be removed. An error means that it is too tangled to be parsed.
pub(super) fn inspect(html: &str, report: &mut Report) -> Result<(), Tangled> {
    let every = EVERY_ELEMENT.as_ref().ok_or(Tangled)?;
    if html.len() > LARGE && (has_loaded_end_tag(html) || escaping_work(html) > MAX_ESCAPING_WORK) {
        return Err(Tangled);
    }
    if !html.contains('<') {
        return Ok(());
    }
    let shape = Shape::needed(html);
    let handler = |element: &mut Element<'_, '_>| {
        let name = element.tag_name();
        if element.attributes().len() > MAX_ATTRIBUTES {
            return Err(TANGLED.into());
        }
        if let Some(shape) = &shape {
            shape::follow(shape, &name, element)?;
        }
        report.look_at(&name, element);
        Ok(())
    };
    let settings = Settings::new().append_element_content_handler((
        Cow::Borrowed(every),
        ElementContentHandlers::default().element(handler),
    ));
    // A last tag without an end is not shown by a browser, but read: this ends it, whatever quotation mark it may stand in.
    run(html, " \"'>", settings)
}

/// Whether something stands in an end tag behind its name.
fn has_loaded_end_tag(html: &str) -> bool {
    html.split("</")
        .skip(1)
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()))
        .any(|rest| {
            let name = rest
                .find([' ', '\t', '\n', '\x0C', '\r', '/', '>'])
                .unwrap_or(rest.len());
            !rest[name..].trim_start().starts_with('>')
        })
}

/// What it costs to write the text nodes: for each escaped character the serializer looks through all that is left.
fn escaping_work(html: &str) -> usize {
    let escaped = |text: &str| {
        text.bytes()
            .filter(|byte| matches!(byte, b'&' | b'>' | 0xC2))
            .count()
    };
    html.split('<').fold(0, |sum, text| {
        sum.saturating_add(escaped(text).saturating_mul(text.len()))
    })
}

/// The words of HTML that cannot be parsed in reasonable time, in paragraphs of bounded size.
pub(super) fn words_only(html: &str) -> String {
    let mut words = String::new();
    let handler = DocumentContentHandlers::default().text(|chunk: &mut TextChunk<'_>| {
        match chunk.text_type() {
            TextType::ScriptData | TextType::RawText => {}
            TextType::PlainText | TextType::CDataSection => escape(chunk.as_str(), &mut words),
            TextType::Data | TextType::RCData => escape_tags(chunk.as_str(), &mut words),
        }
        if chunk.last_in_text_node() {
            words.push('\n');
        }
        Ok(())
    });
    if run(
        html,
        "",
        Settings::new().append_document_content_handler(handler),
    )
    .is_err()
    {
        // Better the tags too than to lose a word.
        words.clear();
        escape(html, &mut words);
    }
    let mut paragraphs = String::with_capacity(words.len() + words.len() / 512);
    let mut rest = words.trim();
    while !rest.is_empty() {
        // Before white space or an entity, so that neither a word nor an entity is cut where that can be avoided.
        let (from, to) = (
            rest.floor_char_boundary(PARAGRAPH),
            rest.floor_char_boundary(2 * PARAGRAPH),
        );
        let end =
            rest[from..to].find(|character: char| character.is_whitespace() || character == '&');
        let (paragraph, after) = rest.split_at(end.map_or(to, |end| from + end));
        paragraphs.extend(["<p>", paragraph, "</p>\n"]);
        rest = after.trim_start();
    }
    paragraphs
}

fn run(html: &str, end: &str, settings: Settings<'_, '_>) -> Result<(), Tangled> {
    let memory = MemorySettings::new().with_max_allowed_memory_usage(MAX_MEMORY);
    let mut rewriter = HtmlRewriter::new(
        settings.with_memory_settings(memory).with_strict(false),
        |_: &[u8]| {},
    );
    let read = rewriter
        .write(html.as_bytes())
        .and_then(|()| rewriter.write(end.as_bytes()))
        .and_then(|()| rewriter.end());
    // The reason is one of ours (see [`Shape`]) or the memory limit; the writer is told the same of both.
    read.or(Err(Tangled))
}
