//! Turns a body into what readers get: safe HTML, plain text, an outline and a few numbers. All of it is made when a text is
//! written and stored, so that reading costs nothing; [`SANITIZER_VERSION`] is stored beside it, so that it can be redone.

mod inspect;
mod outline;
mod sanitize;
mod shape;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

pub(crate) use self::outline::decode;
use super::model::Format;

/// Raised whenever the same source renders to other HTML; stored bodies of a lower version are then rendered again.
pub const SANITIZER_VERSION: i32 = 1;

/// Adults read about this many words of prose a minute.
const WORDS_PER_MINUTE: u32 = 230;

/// A body, rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Safe to be put into a page as it is. Headings have ids.
    pub html: String,
    /// The same without tags; an empty line parts blocks, a newline list items, table rows and lines.
    pub text: String,
    /// Its headings, down to the fourth level.
    pub toc: Vec<TocEntry>,
    /// Words by Unicode's rules, where a Chinese character is one. Never above `i32::MAX`.
    pub word_count: u32,
    /// Minutes, rounded up; 0 for a body without words.
    pub reading_minutes: u32,
    /// What was written and is not in the HTML, sorted by what it is.
    pub removed: Vec<Removed>,
}

/// A heading within a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TocEntry {
    /// 1 to 4, as in `h1` to `h4`.
    pub level: u8,
    /// The heading's `id` in the HTML.
    pub id: String,
    /// Its text, without tags.
    pub text: String,
}

/// One kind of thing that was taken out of a body for safety.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Removed {
    /// What it is, in words: `<script> element`, `onclick attribute on <a>`, `javascript: address in href`.
    #[schema(example = "<script> element")]
    pub what: String,
    /// How often it stood there.
    pub count: u32,
}

static MARKDOWN: LazyLock<comrak::Options<'static>> = LazyLock::new(|| {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    // Raw HTML goes through here, because one place decides what is safe, and that is the sanitiser behind.
    options.render.r#unsafe = true;
    options
});

/// Renders a body. Takes any text whatsoever, and keeps its words even where its markup cannot be kept.
#[must_use]
pub fn render(format: Format, source: &str) -> Rendered {
    let source = without_nul(source);
    let raw = match format {
        Format::Markdown => comrak::markdown_to_html(&source, &MARKDOWN),
        Format::Html => source.into_owned(),
        Format::Text => paragraphs(&source),
    };
    let (clean, mut removed) = sanitize::sanitize(&raw);
    let mut outline = outline::outline(&clean);
    if !removed.is_empty() {
        // Where something was cut out, what is left can stand in places where a parser would not leave it, such as a
        // paragraph within another. What is stored is what every parser reads in the same way.
        let (again, more) = sanitize::sanitize(&outline.html);
        outline = outline::outline(&again);
        removed.extend(more);
    }
    let word_count = i32::try_from(outline.text.unicode_words().count())
        .map_or(i32::MAX.unsigned_abs(), i32::unsigned_abs);
    Rendered {
        html: outline.html,
        text: outline.text,
        toc: outline.toc,
        word_count,
        reading_minutes: word_count.div_ceil(WORDS_PER_MINUTE),
        removed,
    }
}

/// The words of a piece of HTML in one line: no tags, entities decoded, white space collapsed. A text that is not HTML comes
/// back as it is, but for its white space.
#[must_use]
pub fn plain_text(html: &str) -> String {
    if !html.contains(['<', '&', '\0']) {
        return one_line(html, usize::MAX);
    }
    let (clean, _) = sanitize::sanitize(&without_nul(html));
    one_line(&outline::outline(&clean).text, usize::MAX)
}

/// The beginning of a text, in one line: up to the last sentence that ends between its 120th and 220th character, or else
/// about 200 characters, cut between words, with `…`. Characters are what a reader takes for one.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const FEW: usize = 120;
    const ENOUGH: usize = 200;
    const MOST: usize = 220;

    // No more than this is looked at; a character can be long, being one base with any number of marks.
    let line = one_line(text, 16 * 1024);
    let characters: Vec<(usize, &str)> = line.grapheme_indices(true).take(MOST + 2).collect();
    if characters.len() <= ENOUGH {
        return line;
    }
    let sentence = (FEW..=MOST.min(characters.len()))
        .rev()
        .find(|&count| ends_sentence(&characters, count));
    let end_of = |count: usize| characters.get(count).map_or(line.len(), |(at, _)| *at);
    if let Some(count) = sentence {
        return line[..end_of(count)].trim_end().to_owned();
    }
    let word = (FEW..=ENOUGH).rev().find(|&count| {
        characters
            .get(count)
            .is_some_and(|(_, character)| *character == " ")
    });
    let front = &line[..end_of(word.unwrap_or(ENOUGH))];
    let front = front.trim_end_matches(|last: char| {
        last.is_whitespace() || matches!(last, ',' | ';' | ':' | '-' | '–' | '—' | '(')
    });
    format!("{front}…")
}

/// Whether a sentence ends with the first `count` characters. Chinese and Japanese put no space between sentences.
fn ends_sentence(characters: &[(usize, &str)], count: usize) -> bool {
    let before = characters[..count]
        .iter()
        .rev()
        .map(|(_, character)| *character);
    let mut last = before.skip_while(|character| {
        matches!(*character, "\"" | "'" | "”" | "’" | "»" | ")" | "」" | "』")
    });
    match last.next() {
        Some("。" | "！" | "？") => true,
        Some("." | "!" | "?" | "…" | "؟" | "।" | "۔") => {
            characters.get(count).is_none_or(|(_, next)| *next == " ")
        }
        _ => false,
    }
}

/// White space collapsed, up to so many bytes of it.
fn one_line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len().min(most));
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        let room = most.saturating_sub(line.len());
        line.push_str(&word[..word.floor_char_boundary(room)]);
        if word.len() >= room {
            break;
        }
    }
    line
}

/// HTML and Markdown have no place for NUL, and PostgreSQL has none in a text.
fn without_nul(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}").into()
    } else {
        text.into()
    }
}

/// Plain text as HTML: an empty line parts paragraphs, a newline is a line break.
fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    let mut open = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            html.push_str(if open { "</p>\n" } else { "" });
            open = false;
            continue;
        }
        html.push_str(if open { "<br>\n" } else { "<p>" });
        open = true;
        sanitize::escape(line, &mut html);
    }
    html.push_str(if open { "</p>\n" } else { "" });
    html
}
