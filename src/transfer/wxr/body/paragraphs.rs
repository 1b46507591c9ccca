//! The paragraphs that WordPress makes at blank lines when it shows a text of its classic editor (its `wpautop`): blank
//! lines part paragraphs, other newlines are line breaks, and what is a block already is left as it is.

use crate::transfer::html::tokens::{Tag, Token, tokens};
use crate::transfer::html::{is_address, link};

/// Elements that stand beside paragraphs and not within them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "legend",
    "li",
    "main",
    "map",
    "menu",
    "nav",
    "ol",
    "p",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];
/// Blocks that hold others alone: a text in them stays as it is.
const FRAMES: &[&str] = &[
    "table", "tbody", "thead", "tfoot", "tr", "colgroup", "ul", "ol", "dl", "hgroup", "menu",
    "figure", "map",
];
/// Blocks that hold words, or paragraphs where there is more than one.
const HOLDERS: &[&str] = &[
    "li", "td", "th", "dd", "div", "section", "article", "aside", "header", "footer", "details",
    "form", "fieldset", "nav", "center", "main",
];
/// Blocks that hold words alone.
const LINES: &[&str] = &[
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dt",
    "caption",
    "figcaption",
    "summary",
    "legend",
    "address",
];
/// Elements whose content is kept byte for byte.
const VERBATIM: &[&str] = &["pre", "script", "style", "textarea", "svg", "math"];

/// Makes the paragraphs. Nothing but white space and comments is left out.
#[must_use]
pub(super) fn paragraphs(text: &str) -> String {
    let mut walk = Walk {
        out: String::with_capacity(text.len() + text.len() / 8),
        run: String::new(),
        open: Vec::new(),
        counts: std::collections::HashMap::new(),
        fresh: false,
    };
    let mut row = tokens(text);
    while let Some(token) = row.next() {
        match token {
            Token::Comment(_) => {}
            Token::Text(text) => walk.run.push_str(text),
            Token::Tag(tag) if tag.is_one_of(&["br"]) => walk.line_break(),
            Token::Tag(tag) if !tag.closes && tag.is_one_of(VERBATIM) => {
                walk.flush(false);
                walk.out.push_str(tag.raw);
                walk.out.push_str(row.until_end_of(tag.name));
                if let Some(Token::Tag(end)) = row.next() {
                    walk.out.push_str(end.raw);
                }
                walk.out.push('\n');
                walk.fresh = false;
            }
            Token::Tag(tag) if tag.is_one_of(BLOCKS) => walk.block(tag),
            // A newline within a tag is none of the text.
            Token::Tag(tag) => walk.run.push_str(&tag.raw.replace(['\n', '\r'], " ")),
        }
    }
    walk.flush(false);
    walk.out
}

struct Walk<'a> {
    out: String,
    /// Words and the tags among them, since the last block.
    run: String,
    /// Names of the blocks that are open.
    open: Vec<&'a str>,
    /// How often each of them is.
    counts: std::collections::HashMap<String, usize>,
    /// The last thing written was the beginning of the block that is open.
    fresh: bool,
}

const BREAK: &str = "<br />";

impl<'a> Walk<'a> {
    /// Two line breaks part paragraphs.
    fn line_break(&mut self) {
        let before = self.run.trim_end();
        if before.ends_with(BREAK) {
            let length = before.len() - BREAK.len();
            self.run.truncate(length);
            self.run.push_str("\n\n");
        } else {
            self.run.push_str(BREAK);
        }
    }

    fn block(&mut self, tag: Tag<'a>) {
        self.flush(tag.closes);
        let key = tag.name.to_ascii_lowercase();
        if tag.closes {
            let is_open = self.counts.get(&key).is_some_and(|count| *count > 0);
            if is_open {
                while let Some(name) = self.open.pop() {
                    let name = name.to_ascii_lowercase();
                    if let Some(count) = self.counts.get_mut(&name) {
                        *count -= 1;
                    }
                    if name == key {
                        break;
                    }
                }
                self.out.push_str(tag.raw);
                self.out.push('\n');
            } else if key != "p" {
                // The parser behind passes it over.
                self.out.push_str(tag.raw);
            }
            self.fresh = false;
            return;
        }
        // What ends by itself where the next begins.
        let ends = |name: &str| {
            name.eq_ignore_ascii_case("p")
                || (name.eq_ignore_ascii_case(tag.name)
                    && matches!(key.as_str(), "li" | "tr" | "td" | "th" | "dt" | "dd"))
        };
        if self.open.last().is_some_and(|name| ends(name))
            && let Some(name) = self.open.pop()
            && let Some(count) = self.counts.get_mut(&name.to_ascii_lowercase())
        {
            *count -= 1;
        }
        self.out.push_str(tag.raw);
        if tag.is_one_of(&["hr", "col"]) || tag.raw.ends_with("/>") {
            self.out.push('\n');
            self.fresh = false;
            return;
        }
        self.open.push(tag.name);
        *self.counts.entry(key).or_insert(0) += 1;
        self.fresh = true;
    }

    /// Writes the words since the last block, as its place wants them. `closing`: the block they stand in ends.
    fn flush(&mut self, closing: bool) {
        let run = std::mem::take(&mut self.run);
        if run.trim().is_empty() {
            return;
        }
        let pieces = pieces(&run);
        let within = self.open.last().copied();
        let is = |names: &[&str]| {
            within.is_some_and(|within| names.iter().any(|name| within.eq_ignore_ascii_case(name)))
        };
        // Words that are all there is in a block need no paragraph, if they are one.
        let alone = pieces.len() == 1 && ((self.fresh && closing) || is(&["li", "td", "th", "dd"]));
        if is(FRAMES) {
            self.out.push_str(&run);
        } else if is(LINES) || (is(HOLDERS) && alone) {
            self.out.push_str(&joined(&pieces, &format!("{BREAK}\n")));
        } else if is(&["p"]) {
            self.out.push_str(&joined(&pieces, "</p>\n<p>"));
        } else {
            for piece in &pieces {
                self.out.push_str("<p>");
                self.out.push_str(&lines(piece));
                self.out.push_str("</p>\n");
            }
        }
        self.fresh = false;
    }
}

fn joined(pieces: &[&str], between: &str) -> String {
    let lines: Vec<String> = pieces.iter().map(|piece| lines(piece)).collect();
    lines.join(between)
}

/// What blank lines part.
fn pieces(run: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in run.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim().is_empty() {
            pieces.extend(run.get(start..at));
            start = end;
        }
        at = end;
    }
    pieces.extend(run.get(start..));
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces.into_iter().map(str::trim).collect()
}

/// One paragraph: newlines as line breaks. An address that is alone in its line is a link: WordPress shows there what the
/// address leads to.
fn lines(piece: &str) -> String {
    let mut out = String::with_capacity(piece.len());
    for line in piece.lines().map(str::trim_end) {
        if !out.is_empty() {
            if !out.ends_with(BREAK) {
                out.push_str(BREAK);
            }
            out.push('\n');
        }
        if is_address(line.trim()) {
            out.push_str(&link(&line.trim().replace("&amp;", "&"), ""));
        } else {
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs_and_newlines_are_breaks() {
        for (text, html) in [
            ("a\nb\n\nc", "<p>a<br />\nb</p>\n<p>c</p>\n"),
            ("a<br>\nb<br/><br />c", "<p>a<br />\nb</p>\n<p>c</p>\n"),
            ("  \n\n", ""),
            ("<!-- x -->\n\na", "<p>a</p>\n"),
            ("<b>a\n\nb</b>", "<p><b>a</p>\n<p>b</b></p>\n"),
            ("<a\nhref=\"/\">a</a>", "<p><a href=\"/\">a</a></p>\n"),
            (
                "https://example.org/v?a=1&amp;b\nhttps://example.org/ no",
                "<p><a href=\"https://example.org/v?a=1&amp;b\">https://example.org/v?a=1&amp;b</a><br />\n\
                 https://example.org/ no</p>\n",
            ),
        ] {
            assert_eq!(paragraphs(text), html, "{text}");
        }
    }

    #[test]
    fn blocks_are_left_as_they_are() {
        for (text, html) in [
            ("a\n<h2>b</h2>\nc", "<p>a</p>\n<h2>b</h2>\n<p>c</p>\n"),
            (
                "<ul>\n<li>a</li>\n<li>b\nc</li>\n</ul>",
                "<ul><li>a</li>\n<li>b<br />\nc</li>\n</ul>\n",
            ),
            ("<ul><li>a<li>b</ul>c", "<ul><li>a<li>b</ul>\n<p>c</p>\n"),
            ("<li>a\n\nb</li>", "<li><p>a</p>\n<p>b</p>\n</li>\n"),
            (
                "<blockquote>a\n\nb</blockquote>",
                "<blockquote><p>a</p>\n<p>b</p>\n</blockquote>\n",
            ),
            (
                "<blockquote>a</blockquote>",
                "<blockquote><p>a</p>\n</blockquote>\n",
            ),
            ("<div>a</div>", "<div>a</div>\n"),
            ("<div>a\n\nb</div>", "<div><p>a</p>\n<p>b</p>\n</div>\n"),
            ("<div>a<p>b</p></div>", "<div><p>a</p>\n<p>b</p>\n</div>\n"),
            ("<p>a</p>\n\n<p>b\nc</p>", "<p>a</p>\n<p>b<br />\nc</p>\n"),
            ("<p>a<p>b", "<p>a<p>b"),
            ("a</p>b", "<p>a</p>\n<p>b</p>\n"),
            ("<pre>a\n\n  b</pre>\nc", "<pre>a\n\n  b</pre>\n<p>c</p>\n"),
            ("<hr />a", "<hr />\n<p>a</p>\n"),
            (
                "<table><tr><td>a</td></tr></table>",
                "<table><tr><td>a</td>\n</tr>\n</table>\n",
            ),
            (
                "<figure><img src=\"/a\"><figcaption>b</figcaption></figure>",
                "<figure><img src=\"/a\"><figcaption>b</figcaption>\n</figure>\n",
            ),
            ("<h2>a\n\nb</h2>", "<h2>a<br />\nb</h2>\n"),
        ] {
            assert_eq!(paragraphs(text), html, "{text}");
        }
    }

    #[test]
    fn no_text_takes_long() {
        for piece in [
            "<div>",
            "</section>",
            "<p>",
            "<pre>",
            "\n\n",
            "a<br>",
            "<li>a\n\n",
            "</p>",
        ] {
            let text = format!("<section>{}", piece.repeat(200_000 / piece.len()));
            assert!(paragraphs(&text).len() < 4 * text.len(), "{piece}");
        }
    }
}
