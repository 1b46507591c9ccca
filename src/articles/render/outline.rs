//! Reads sanitised HTML once: its words, its headings, and the places where their ids go. What the sanitiser writes is regular
//! (attributes in double quotes, `<` only where a tag begins, no comments, no raw text), so that a scan for `<` is exact.

use std::borrow::Cow;
use std::collections::HashMap;

use super::TocEntry;
use crate::slug;

/// Headings below this are not worth a line in a table of contents.
const DEEPEST_LISTED: u8 = 4;

pub(super) struct Outline {
    /// The HTML with ids on its headings.
    pub(super) html: String,
    pub(super) text: String,
    pub(super) toc: Vec<TocEntry>,
}

struct Heading {
    level: u8,
    /// Behind `<h2`, where the id goes.
    at: usize,
    text: String,
}

/// What must stand between the last word and the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Block,
}

struct Words {
    text: String,
    gap: Gap,
    /// How many `pre` are open: white space counts there.
    verbatim: usize,
}

impl Words {
    fn part(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    fn fill_gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str(match self.gap {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Line => "\n",
                Gap::Block => "\n\n",
            });
        }
        self.gap = Gap::None;
    }

    fn push(&mut self, text: &str) {
        let text = decode(text);
        if self.verbatim > 0 {
            let text = if self.gap > Gap::Space {
                text.trim_start_matches('\n')
            } else {
                &text
            };
            if !text.is_empty() {
                self.fill_gap();
                self.text.push_str(text);
            }
            return;
        }
        if text.starts_with(char::is_whitespace) {
            self.part(Gap::Space);
        }
        for (count, word) in text.split_whitespace().enumerate() {
            if count > 0 {
                self.part(Gap::Space);
            }
            self.fill_gap();
            self.text.push_str(word);
        }
        if text.ends_with(char::is_whitespace) {
            self.part(Gap::Space);
        }
    }
}

/// Reads sanitised HTML. Given other HTML it does not panic, but what it finds is not to be relied on.
pub(super) fn outline(html: &str) -> Outline {
    let mut words = Words {
        text: String::with_capacity(html.len()),
        gap: Gap::None,
        verbatim: 0,
    };
    let mut headings: Vec<Heading> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut newlines = Vec::new();
    // Marks of footnotes are left out: a digit glued to a word makes another word of it.
    let mut skipped: Option<(&str, usize)> = None;
    let mut at = 0;
    while let Some(start) = html[at..].find('<').map(|found| at + found) {
        if skipped.is_none() {
            words.push(&html[at..start]);
        }
        let end = tag_end(html, start);
        let tag = &html[start..end];
        at = end;
        let (closing, rest) = tag[1..]
            .strip_prefix('/')
            .map_or((false, &tag[1..]), |rest| (true, rest));
        let name = &rest[..rest.find([' ', '>', '/']).unwrap_or(rest.len())];

        if let Some((outer, depth)) = &mut skipped {
            if *outer == name {
                *depth = if closing { *depth - 1 } else { *depth + 1 };
                if *depth == 0 {
                    skipped = None;
                }
            }
            continue;
        }
        match (name, closing) {
            ("sup", false) if tag.contains(r#" class="footnote-ref""#) => skipped = Some((name, 1)),
            ("a", false) if tag.contains(r#" class="footnote-backref""#) => {
                skipped = Some((name, 1));
            }
            ("br", _) | ("li" | "tr" | "dt" | "dd" | "caption" | "summary", _) => {
                words.part(Gap::Line);
            }
            ("td" | "th", _) => words.part(Gap::Space),
            ("pre", closing) => {
                words.part(Gap::Block);
                words.verbatim = if closing {
                    words.verbatim.saturating_sub(1)
                } else {
                    words.verbatim + 1
                };
                if closing {
                    words.text.truncate(words.text.trim_end_matches('\n').len());
                }
                // A parser takes the first newline away, so that it takes two to keep one.
                if !closing && html[end..].starts_with('\n') {
                    newlines.push(end);
                }
            }
            _ if is_block(name) => words.part(Gap::Block),
            _ => {}
        }
        if let Some(level) = heading_level(name) {
            if closing {
                if let Some((heading, from)) = open.pop() {
                    let text = words.text.get(from..).unwrap_or_default();
                    headings[heading].text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                }
            } else {
                open.push((headings.len(), words.text.len()));
                headings.push(Heading {
                    level,
                    at: start + 1 + name.len(),
                    text: String::new(),
                });
            }
        }
    }
    if skipped.is_none() {
        words.push(&html[at..]);
    }
    let text = words.text.trim_end().to_owned();
    let ids = ids(&headings);
    Outline {
        html: insert(html, &headings, &ids, &newlines),
        text,
        toc: toc(headings, ids),
    }
}

/// Behind the `>` of a tag, which may stand in the value of an attribute too.
fn tag_end(html: &str, start: usize) -> usize {
    let mut quoted = false;
    for (offset, byte) in html.as_bytes()[start..].iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return start + offset + 1,
            _ => {}
        }
    }
    html.len()
}

/// One id for each heading, in their order: `rust`, `rust-2`. Ids of footnotes begin with `fn-` and `fnref-`; a heading's never.
fn ids(headings: &[Heading]) -> Vec<String> {
    let mut used: HashMap<String, u32> = HashMap::with_capacity(headings.len());
    let mut ids = Vec::with_capacity(headings.len());
    for heading in headings {
        let mut base = slug::slugify(&heading.text).unwrap_or_else(|| "section".to_owned());
        if base.starts_with("fn-") || base.starts_with("fnref-") {
            base.insert_str(0, "section-");
        }
        let mut count = used.get(&base).copied().unwrap_or(0);
        let mut id = base.clone();
        while count > 0 {
            count += 1;
            id = slug::with_suffix(&base, count);
            if !used.contains_key(&id) {
                break;
            }
        }
        used.insert(base, count.max(1));
        used.entry(id.clone()).or_insert(1);
        ids.push(id);
    }
    ids
}

fn insert(html: &str, headings: &[Heading], ids: &[String], newlines: &[usize]) -> String {
    if headings.is_empty() && newlines.is_empty() {
        return html.to_owned();
    }
    let ids = headings
        .iter()
        .zip(ids)
        .map(|(heading, id)| (heading.at, Some(id)));
    let mut places: Vec<(usize, Option<&String>)> =
        ids.chain(newlines.iter().map(|at| (*at, None))).collect();
    places.sort_unstable_by_key(|(at, _)| *at);
    let mut out = String::with_capacity(html.len() + 32 * places.len());
    let mut from = 0;
    for (at, id) in places {
        out.push_str(&html[from..at]);
        match id {
            // A slug has nothing to escape.
            Some(id) => out.extend([" id=\"", id, "\""]),
            None => out.push('\n'),
        }
        from = at;
    }
    out.push_str(&html[from..]);
    out
}

fn toc(headings: Vec<Heading>, ids: Vec<String>) -> Vec<TocEntry> {
    let listed = headings.into_iter().zip(ids);
    let listed =
        listed.filter(|(heading, _)| heading.level <= DEEPEST_LISTED && !heading.text.is_empty());
    listed
        .map(|(heading, id)| TocEntry {
            level: heading.level,
            id,
            text: heading.text,
        })
        .collect()
}

fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "details"
            | "div"
            | "dl"
            | "figcaption"
            | "figure"
            | "footer"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "ol"
            | "p"
            | "section"
            | "table"
            | "ul"
    )
}

/// Sanitised text without the few entities that the sanitiser writes.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entities = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&nbsp;", '\u{A0}'),
            ("&quot;", '"'),
        ];
        let found = entities
            .into_iter()
            .find(|(entity, _)| rest.starts_with(entity));
        let (entity, character) = found.unwrap_or(("&", '&'));
        out.push(character);
        rest = &rest[entity.len()..];
    }
    out.push_str(rest);
    out.into()
}
