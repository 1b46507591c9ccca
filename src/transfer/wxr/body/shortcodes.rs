//! Shortcodes, `[gallery ids="1,2"]` or `[caption]…[/caption]`, as HTML. Those of WordPress itself and of its code plugins
//! are known; others stay as they are written, and the import tells of them.

use std::collections::{BTreeMap, HashMap};

use super::super::attachments::Attachments;
use crate::transfer::html::tokens::{Attributes, Token, tokens};
use crate::transfer::html::{code, escape, figure, file_name, is_address, link, picture};

/// The longest beginning of a shortcode, in bytes.
const MAX_OPENING: usize = 2_048;
/// Names whose ends are looked for. No text has so many shortcodes.
const MAX_ENDS: usize = 200;
/// No report names more.
const MAX_NAMES: usize = 20;
const AUDIO: &[&str] = &["src", "mp3", "m4a", "ogg", "wav", "wma", "flac"];
const VIDEO: &[&str] = &["src", "mp4", "m4v", "webm", "ogv", "wmv", "flv", "mov"];

/// What shortcodes became.
pub(super) struct Shortcodes<'a> {
    attachments: &'a Attachments,
    /// The text whose own pictures a gallery without a list shows.
    owner: u64,
    /// Shortcodes that are not known, with how often they stand there.
    pub(super) unknown: BTreeMap<String, usize>,
    /// Pictures that galleries name and the file does not have.
    pub(super) missing: usize,
}

/// A beginning: `[name attributes]`.
struct Opening<'a> {
    name: &'a str,
    attributes: &'a str,
    /// `[name /]`.
    single: bool,
    length: usize,
}

impl<'a> Shortcodes<'a> {
    pub(super) const fn new(attachments: &'a Attachments, owner: u64) -> Self {
        Self {
            attachments,
            owner,
            unknown: BTreeMap::new(),
            missing: 0,
        }
    }

    /// Writes the text with HTML in the places of its shortcodes.
    pub(super) fn expand(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        // Where the next end of each name stands, if there is one: looked for once, however often it begins.
        let mut ends: HashMap<&str, Option<usize>> = HashMap::new();
        let mut rest = text;
        while let Some(at) = rest.find('[') {
            out.push_str(rest.get(..at).unwrap_or(""));
            let here = rest.get(at..).unwrap_or("");
            let Some(opening) = opening(here) else {
                out.push('[');
                rest = here.get(1..).unwrap_or("");
                continue;
            };
            let after = here.get(opening.length..).unwrap_or("");
            // `[[gallery]]` is how one writes of a shortcode.
            if out.ends_with('[') && after.starts_with(']') {
                out.pop();
                out.push_str(here.get(..opening.length).unwrap_or(""));
                rest = after.get(1..).unwrap_or("");
                continue;
            }
            let here_at = text.len() - after.len();
            let end = if opening.single || !takes_inner(opening.name) {
                None
            } else {
                end_of(text, here_at, opening.name, &mut ends)
            };
            let inner = end.and_then(|end| text.get(here_at..end));
            let length = end.map_or(0, |end| end - here_at + opening.name.len() + 3);
            match self.html(&opening, inner) {
                Some(html) => {
                    out.push_str(&html);
                    rest = after.get(length..).unwrap_or("");
                }
                None => {
                    if inner.is_some()
                        || (!opening.attributes.trim().is_empty()
                            && opening.attributes.contains('='))
                    {
                        self.tell(opening.name);
                    }
                    out.push_str(here.get(..opening.length).unwrap_or(""));
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn tell(&mut self, name: &str) {
        if let Some(count) = self.unknown.get_mut(name) {
            *count += 1;
        } else if self.unknown.len() < MAX_NAMES {
            self.unknown.insert(name.to_owned(), 1);
        }
    }

    /// The HTML of a shortcode that is known and says enough.
    fn html(&mut self, opening: &Opening<'_>, inner: Option<&str>) -> Option<String> {
        let of = |names: &[&str]| {
            names.iter().find_map(|wanted| {
                let mut all = Attributes {
                    rest: opening.attributes,
                };
                all.find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.is_empty())
                    .map(|(_, value)| value.to_owned())
            })
        };
        match opening.name {
            "caption" | "wp_caption" => Some(caption(inner?, of(&["caption"]))),
            "gallery" => self.gallery(of(&["ids", "include"])),
            "playlist" => self.playlist(of(&["ids", "include"])),
            "audio" | "video" => {
                let names = if opening.name == "audio" {
                    AUDIO
                } else {
                    VIDEO
                };
                let inner = inner.map(str::trim).filter(|inner| is_address(inner));
                let address = of(names)
                    .or_else(|| inner.map(str::to_owned))
                    .or_else(|| bare(opening.attributes))?;
                Some(file(&address, of(&["title"])))
            }
            "embed" => {
                let address = inner.map(str::trim).filter(|inner| is_address(inner));
                let address = address.map(str::to_owned).or_else(|| of(&["src", "url"]))?;
                Some(format!(
                    "\n\n<p>{}</p>\n\n",
                    link(&address.replace("&amp;", "&"), "")
                ))
            }
            "code" | "sourcecode" | "source" => {
                let language = of(&["language", "lang"]).or_else(|| bare(opening.attributes));
                let text = inner?.trim_matches(['\n', '\r']);
                // It is kept escaped by some editors, and as it is by others.
                let text = text
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&amp;", "&");
                Some(format!(
                    "\n\n{}\n",
                    code(&text, &language.unwrap_or_default())
                ))
            }
            _ => None,
        }
    }

    /// Pictures one below the other, each with its caption.
    fn gallery(&mut self, ids: Option<String>) -> Option<String> {
        let ids = match ids {
            Some(ids) => numbers(&ids),
            None => self.attachments.of(self.owner),
        };
        let mut html = String::new();
        for id in &ids {
            match self.attachments.get(*id) {
                Some(found) => {
                    html.push_str(&figure(
                        &picture(found.url, found.alt),
                        &escape(found.caption),
                    ));
                }
                None => self.missing += 1,
            }
        }
        if html.is_empty() && ids.is_empty() {
            self.missing += 1;
        }
        (!html.is_empty()).then(|| format!("\n\n{html}\n"))
    }

    fn playlist(&mut self, ids: Option<String>) -> Option<String> {
        let mut html = String::new();
        for id in numbers(&ids?) {
            match self.attachments.get(id) {
                Some(found) => {
                    html.push_str("<li>");
                    html.push_str(&link(found.url, found.title));
                    html.push_str("</li>");
                }
                None => self.missing += 1,
            }
        }
        (!html.is_empty()).then(|| format!("\n\n<ul>{html}</ul>\n\n"))
    }
}

/// Whether what stands between its tags becomes part of its HTML. The others end where they begin.
fn takes_inner(name: &str) -> bool {
    !matches!(name, "gallery" | "playlist")
}

fn opening(text: &str) -> Option<Opening<'_>> {
    let inner = text.get(1..)?;
    let end = inner
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')))
        .filter(|end| (1..=40).contains(end))?;
    let name = inner.get(..end)?;
    let most = inner.floor_char_boundary(MAX_OPENING);
    let shown = inner.get(end..most)?;
    if !shown.starts_with(|c: char| c.is_whitespace() || matches!(c, ']' | '/' | '=')) {
        return None;
    }
    // A bracket within quotes is none.
    let close = shown
        .match_indices(']')
        .map(|(at, _)| at)
        .take(8)
        .find(|at| {
            let before = shown.get(..*at).unwrap_or("");
            before.matches('"').count() % 2 == 0
        })?;
    let attributes = shown.get(..close)?;
    let single = attributes.ends_with('/');
    Some(Opening {
        name,
        attributes: attributes.trim_end_matches('/'),
        single,
        length: 1 + end + close + 1,
    })
}

/// Where `[/name]` stands behind this place.
fn end_of<'a>(
    text: &str,
    at: usize,
    name: &'a str,
    ends: &mut HashMap<&'a str, Option<usize>>,
) -> Option<usize> {
    match ends.get(name) {
        Some(None) => return None,
        Some(Some(end)) if *end >= at => return Some(*end),
        Some(Some(_)) => {}
        None if ends.len() >= MAX_ENDS => return None,
        None => {}
    }
    let end = format!("[/{name}]");
    let found = memchr::memmem::find(text.as_bytes().get(at..)?, end.as_bytes());
    let found = found.map(|found| at + found);
    ends.insert(name, found);
    found
}

/// `[audio https://…]` and `[code python]`: a value without a name.
fn bare(attributes: &str) -> Option<String> {
    let value = attributes
        .trim()
        .trim_start_matches('=')
        .trim_matches(['"', '\'']);
    let plain = !value.is_empty() && !value.contains(char::is_whitespace);
    (plain && (is_address(value) || !value.contains('='))).then(|| value.to_owned())
}

/// A picture, perhaps linked, and the words under it.
fn caption(inner: &str, given: Option<String>) -> String {
    let (shown, words) = match given {
        Some(given) => (inner.trim(), given),
        None => {
            let (mut length, mut linked) = (0, false);
            let mut end = None;
            for token in tokens(inner) {
                match token {
                    Token::Text(text) | Token::Comment(text) => {
                        if end.is_none() && !text.trim().is_empty() {
                            break;
                        }
                        length += text.len();
                    }
                    Token::Tag(tag) => {
                        length += tag.raw.len();
                        if tag.is_one_of(&["a"]) {
                            linked = !tag.closes;
                            if tag.closes && end.is_some() {
                                end = Some(length);
                                break;
                            }
                        } else if tag.is_one_of(&["img", "iframe", "video", "object", "embed"]) {
                            end = Some(length);
                            if !linked {
                                break;
                            }
                        }
                    }
                }
            }
            let at = end.unwrap_or(0);
            let (shown, words) = inner.split_at_checked(at).unwrap_or((inner, ""));
            (shown.trim(), words.trim().to_owned())
        }
    };
    let words = words.replace("\r\n", " ").replace('\n', " ");
    format!("\n\n{}\n", figure(shown, &words))
}

fn file(address: &str, title: Option<String>) -> String {
    let address = address.replace("&amp;", "&");
    let title = title.unwrap_or_else(|| file_name(&address).to_owned());
    format!("\n\n<p>{}</p>\n\n", link(&address, &title))
}

fn numbers(list: &str) -> Vec<u64> {
    list.split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::attachments::Attachment;
    use super::*;

    fn expand(text: &str) -> (String, Vec<String>, usize) {
        let mut attachments = Attachments::default();
        for (id, parent) in [(7, 3), (8, 3), (9, 4)] {
            attachments.add(
                id,
                parent,
                &Attachment {
                    url: &format!("/{id}.jpg"),
                    alt: "alt",
                    title: &format!("No {id}"),
                    caption: if id == 7 { "a & b" } else { "" },
                },
            );
        }
        let mut shortcodes = Shortcodes::new(&attachments, 3);
        let html = shortcodes.expand(text);
        let html = html.split_whitespace().collect::<Vec<_>>().join(" ");
        (
            html,
            shortcodes.unknown.into_keys().collect(),
            shortcodes.missing,
        )
    }

    #[test]
    fn captions_are_figures() {
        for (text, html) in [
            (
                "[caption id=\"x\" width=\"1\"]<a href=\"/b\"><img src=\"/a\" /></a> It is [a] <em>thing</em>.[/caption]",
                "<figure><a href=\"/b\"><img src=\"/a\" /></a><figcaption>It is [a] <em>thing</em>.</figcaption></figure>",
            ),
            (
                "[caption caption=\"Words\"]<img src=\"/a\">[/caption]x",
                "<figure><img src=\"/a\"><figcaption>Words</figcaption></figure> x",
            ),
            (
                "[caption]words[/caption]",
                "<figure><figcaption>words</figcaption></figure>",
            ),
        ] {
            assert_eq!(expand(text).0, html);
        }
    }

    #[test]
    fn galleries_are_their_pictures() {
        let seven =
            "<figure><img src=\"/7.jpg\" alt=\"alt\"><figcaption>a &amp; b</figcaption></figure>";
        let eight = "<figure><img src=\"/8.jpg\" alt=\"alt\"></figure>";
        assert_eq!(expand("[gallery]").0, format!("{seven} {eight}"));
        assert_eq!(
            expand("a[gallery ids=\"8, 7,1\" columns=\"2\"]b"),
            (format!("a {eight} {seven} b"), vec![], 1)
        );
        assert_eq!(expand("[gallery ids=\"1\"]").0, "[gallery ids=\"1\"]");
        assert_eq!(
            expand("[playlist ids=\"9\"]").0,
            "<ul><li><a href=\"/9.jpg\">No 9</a></li></ul>"
        );
    }

    #[test]
    fn players_are_links_and_code_is_code() {
        for (text, html) in [
            (
                "[audio src=\"/a/b.mp3\"]",
                "<p><a href=\"/a/b.mp3\">b.mp3</a></p>",
            ),
            (
                "[audio http://example.org/c.mp3]",
                "<p><a href=\"http://example.org/c.mp3\">c.mp3</a></p>",
            ),
            (
                "[video mp4=\"/d.mp4\"][/video]x",
                "<p><a href=\"/d.mp4\">d.mp4</a></p> x",
            ),
            (
                "[embed width=\"1\"]https://example.org/v[/embed]",
                "<p><a href=\"https://example.org/v\">https://example.org/v</a></p>",
            ),
            (
                "[sourcecode language=\"Python\"]\na < b [x]\n[/sourcecode]",
                "<pre><code class=\"language-python\">a &lt; b [x]</code></pre>",
            ),
            ("[code]a &lt; b[/code]", "<pre><code>a &lt; b</code></pre>"),
        ] {
            assert_eq!(expand(text).0, html);
        }
    }

    #[test]
    fn what_is_not_known_stays_and_is_told() {
        let text =
            "[sic] a[0] [contact-form to=\"x\"][name][/contact-form] [ x] [] [/b] [[gallery]]";
        let (html, unknown, _) = expand(text);
        assert_eq!(
            html,
            "[sic] a[0] [contact-form to=\"x\"][name][/contact-form] [ x] [] [/b] [gallery]"
        );
        assert_eq!(unknown, ["contact-form"]);
    }

    #[test]
    fn no_text_takes_long() {
        for piece in [
            "[",
            "[a ",
            "[a]",
            "[caption]",
            "[audio]",
            "[a b=\"",
            "[[a]]",
            "[é",
        ] {
            let text = piece.repeat(200_000 / piece.len());
            assert!(!expand(&text).0.is_empty(), "{piece}");
        }
    }
}
