//! JSON Lines: one piece of a site an object, one object a line. The file is read line by line, so its length does not
//! matter, and a line that cannot be read is told and passed over.
//!
//! What a line is, its `kind` says; without one it is an article. Fields that are absent or null say nothing; one that is
//! not named here is a fault. Whatever the order of the lines is, everything finds its place; the least work is tags,
//! pictures, tags, authors, articles and pages, redirects, site.
//!
//! - `article` and `page`: as the admin API takes them, with `id` and `external_id`; `tags` and `authors` by id, slug or
//!   name. `{"kind": "article", "id", "external_id", "status", "locale", "slug", "aliases": [], "title", "subtitle",
//!   "standfirst", "excerpt", "markdown" | "html" | "text", "cover": {"url", "alt", "width", "height"}, "tags": [],
//!   "authors": [], "featured", "content_notice", "audience", "citations": [{"title", "url"}], "published_at",
//!   "updated_at", "seo": {"title", "description", "canonical_url", "image", "noindex"}, "metadata": {},
//!   "translation_key"}`
//! - `{"kind": "tag", "external_id", "name", "slug", "description", "aliases": [], "parent"}`, the parent by slug or name
//! - `{"kind": "author", "external_id", "name", "slug", "bio", "avatar": {"url", "alt", "width", "height"},
//!   "links": [{"label", "url"}]}`
//! - `{"kind": "redirect", "path", "to" | "article", "status"}`: to an address or path, or to a text by its id
//! - `{"kind": "media", "external_id", "file", "sha256", "name", "file_name", "alt", "title", "credit", "focal_point":
//!   {"x", "y"}, "widths": []}`: a picture, whose bytes are in a file below a folder that the import is told
//! - `{"kind": "site", "name", "tagline", "description", "logo": {…}, "contact": {"email", "phone", "address", "page",
//!   "form"}, "social": [{"label", "url"}], "menus": {"main": [{"label", "url"}], "footer": […]}}`
//!
//! Only `title` of a text, `file` of a picture and `name` of the others are required. A tag or author without `external_id` is known to the
//! next import by slug, or else by name; a picture by name or file; a redirect by its path.
//!
//! Lines of an export ([`mod@write`]) say more: `id`, `created_at` and `updated_at` of what is no text, and of texts what
//! [`Restored`] holds.

use std::io::{self, BufRead};

use xxhash_rust::xxh3::xxh3_128;

use super::{Exported, Item, Parsed, Piece, PieceItem};
use crate::articles::input;
use crate::articles::model::ArticleInput;
use crate::articles::restored::Restored;
use crate::error::Fault;
use crate::json;

mod kinds;
pub mod write;

/// The longest line. A body has at most one mebibyte, of which JSON may make six; a working copy has another.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// The pieces of a JSON Lines file. Blank lines, a byte order mark and CRLF are fine.
///
/// A line with neither `id` nor `external_id` gets an `external_id` made from its own bytes: to import the same file twice
/// changes nothing the second time, wherever the line stands by then.
///
/// # Errors
/// An error of reading comes out once and ends the articles.
pub fn articles<R: BufRead>(origin: impl Into<String>, reader: R) -> Articles<R> {
    Articles {
        origin: origin.into(),
        reader,
        line: 0,
        finished: false,
    }
}

/// See [`articles`].
#[derive(Debug)]
pub struct Articles<R> {
    origin: String,
    reader: R,
    line: u64,
    finished: bool,
}

impl<R: BufRead> Iterator for Articles<R> {
    type Item = io::Result<Parsed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            self.line += 1;
            let line = match read_line(&mut self.reader) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    self.finished = true;
                    return Some(Err(error));
                }
            };
            let is_first = self.line == 1;
            let bytes = line
                .bytes
                .strip_prefix(b"\xef\xbb\xbf")
                .filter(|_| is_first)
                .unwrap_or(&line.bytes);
            let bytes = bytes.trim_ascii();
            if line.too_long {
                return Some(Ok(
                    self.broken(format!("the line is longer than {MAX_LINE} bytes"))
                ));
            }
            if !bytes.is_empty() {
                return Some(Ok(self.parsed(bytes)));
            }
        }
        self.finished = true;
        None
    }
}

impl<R> Articles<R> {
    fn parsed(&self, bytes: &[u8]) -> Parsed {
        let origin = format!("{}:{}", self.origin, self.line);
        let (key, piece, exported) = match read(bytes) {
            Ok(Line::Article(mut article, restored)) => {
                if article.id.is_none() && article.external_id.is_none() {
                    article.external_id = Some(format!("jsonl-{:032x}", xxh3_128(bytes)));
                }
                return Parsed::Article(Box::new(Item {
                    origin,
                    article: *article,
                    restored: *restored,
                    redirects: Vec::new(),
                    held: false,
                    warnings: Vec::new(),
                }));
            }
            Ok(Line::Piece(key, piece, exported)) => (key, *piece, exported),
            Err(faults) => {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                return self.broken(told.join("; "));
            }
        };
        Parsed::Piece(Box::new(PieceItem {
            origin,
            key,
            piece,
            exported,
            warnings: Vec::new(),
        }))
    }

    fn broken(&self, reason: String) -> Parsed {
        Parsed::Broken {
            origin: self.origin.clone(),
            line: Some(self.line),
            reason,
        }
    }
}

/// What stands in a line.
enum Line {
    Article(Box<ArticleInput>, Box<Restored>),
    Piece(String, Box<Piece>, Option<Exported>),
}

fn read(bytes: &[u8]) -> Result<Line, Vec<Fault>> {
    // A working copy, which is as deep as any text, stands one deeper; and so does what came from front matter.
    let value = json::parse(bytes, json::MAX_DEPTH + 2)?;
    if let Some(kind) = kinds::Kind::of(&value) {
        let (key, piece, exported) = kinds::read(kind, &value)?;
        return Ok(Line::Piece(key, Box::new(piece), exported));
    }
    if let Some(fault) = kinds::unknown(&value) {
        return Err(vec![fault]);
    }
    let mut faults = Vec::new();
    match input::exported(&value, &mut faults) {
        Some((article, restored)) if faults.is_empty() => {
            Ok(Line::Article(Box::new(article), Box::new(restored)))
        }
        _ => Err(faults),
    }
}

struct Bytes {
    bytes: Vec<u8>,
    too_long: bool,
}

/// The next line, `None` at the end. Of a line that is too long only the length is kept, and of that only that it is.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<Bytes>> {
    let mut line = Bytes {
        bytes: Vec::new(),
        too_long: false,
    };
    let mut anything = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(anything.then_some(line));
        }
        anything = true;
        let newline = available.iter().position(|byte| *byte == b'\n');
        let part = available
            .get(..newline.unwrap_or(available.len()))
            .unwrap_or(available);
        line.too_long |= line.bytes.len() + part.len() > MAX_LINE;
        if line.too_long {
            line.bytes = Vec::new();
        } else {
            line.bytes.extend_from_slice(part);
        }
        let used = part.len() + usize::from(newline.is_some());
        reader.consume(used);
        if newline.is_some() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    fn all(bytes: &[u8]) -> Vec<Parsed> {
        // A small buffer, so that lines lie across its edges.
        let reader = BufReader::with_capacity(7, bytes);
        articles("a.jsonl", reader)
            .collect::<io::Result<_>>()
            .unwrap()
    }

    fn article(parsed: &Parsed) -> &Item {
        match parsed {
            Parsed::Article(item) => item,
            other => panic!("no article: {other:?}"),
        }
    }

    #[test]
    fn reads_a_line_at_a_time_whatever_ends_it() {
        let found = all(
            b"\xef\xbb\xbf{\"title\": \"A\"}\r\n\r\n  \n{\"title\": \"B\", \"external_id\": \"b\"}",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].origin(), found[1].origin()),
            ("a.jsonl:1", "a.jsonl:4")
        );
        assert_eq!(article(&found[0]).article.title, "A");
        assert_eq!(article(&found[1]).article.external_id.as_deref(), Some("b"));
    }

    #[test]
    fn a_line_without_a_key_gets_one_that_stays() {
        let key =
            |bytes: &[u8], index: usize| article(&all(bytes)[index]).article.external_id.clone();
        let first = key(b"{\"title\":\"A\"}", 0);
        assert_eq!(first, key(b"{\"title\":\"B\"}\n{\"title\":\"A\"} \r\n", 1));
        assert_ne!(first, key(b"{\"title\":\"B\"}", 0));
        let own = b"{\"title\":\"A\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}";
        assert_eq!(key(own, 0), None);
    }

    #[test]
    fn broken_lines_are_told_whole_and_passed_over() {
        let found = all(b"{\"title\": 1, \"x\": 2}\n{\n[]\n{\"title\": \"A\", \"title\": \"B\"}\n{\"title\": \"\xff\"}\n{\"title\":\"C\"}\n");
        let told: Vec<String> = found
            .iter()
            .map(|parsed| match parsed {
                Parsed::Broken { line, reason, .. } => format!("{}: {reason}", line.unwrap()),
                other => other.origin().to_owned(),
            })
            .collect();
        assert_eq!(
            told,
            [
                "1: /title: must be a string, not a number; /x: there is no field x",
                "2: not JSON: EOF while parsing an object at line 1 column 1",
                "3: must be an object, not an array",
                "4: /title: the key stands more than once",
                "5: not UTF-8 at line 1 column 12",
                "a.jsonl:6",
            ]
        );
    }

    #[test]
    fn a_line_too_long_is_broken_and_not_kept() {
        let mut bytes = vec![b' '; MAX_LINE + 1];
        bytes.extend_from_slice(b"\n{\"title\":\"A\"}");
        let found: Vec<_> = articles("a", &bytes[..])
            .collect::<io::Result<_>>()
            .unwrap();
        assert!(matches!(&found[0], Parsed::Broken { line: Some(1), .. }));
        assert_eq!(found[1].origin(), "a:2");
        let endless = BufReader::new(io::repeat(b'x').take(64 * 1024 * 1024));
        assert_eq!(articles("a", endless).count(), 1);
    }

    #[test]
    fn reads_what_stands_beside_texts() {
        let found = all(
            br##"{"kind": "tag", "name": "Health", "slug": "health", "description": "d", "aliases": ["h"], "parent": "life"}
{"kind": "author", "name": "Ada", "bio": "b", "links": [{"label": "Home", "url": "/ada"}], "avatar": {"url": "/a.jpg"}}
{"kind": "redirect", "path": "/old", "to": "/new", "status": 301}
{"kind": "site", "name": "The Door", "menus": {"main": [{"label": "Home", "url": "/"}]}}
{"kind": "page", "title": "About"}"##,
        );
        let pieces: Vec<(&str, &str)> = found
            .iter()
            .filter_map(|parsed| match parsed {
                Parsed::Piece(item) => Some((item.piece.kind(), item.key.as_str())),
                _ => None,
            })
            .collect();
        let expected = [
            ("tag", "health"),
            ("author", "ada"),
            ("redirect", "/old"),
            ("site", "site"),
        ];
        assert_eq!(pieces, expected);
        assert!(matches!(&found[4], Parsed::Article(item)
            if item.article.kind == crate::articles::model::Kind::Page));
        let Parsed::Piece(item) = &found[0] else {
            panic!("{:?}", found[0])
        };
        let tag = super::super::TagInput {
            name: "Health".to_owned(),
            slug: Some("health".to_owned()),
            description: Some("d".to_owned()),
            aliases: vec!["h".to_owned()],
            parent: Some("life".to_owned()),
        };
        assert_eq!(item.piece, Piece::Tag(tag));
    }

    #[test]
    fn tells_what_is_wrong_with_what_stands_beside_texts() {
        let found = all(br##"{"kind": "tag", "slug": "No Slug", "titel": 1}
{"kind": "author", "name": "Ada", "email": "ada@example.org"}
{"kind": "redirect", "path": "old"}
{"kind": "site"}
{"kind": "artcle", "title": "x"}"##);
        let told: Vec<String> = found
            .into_iter()
            .map(|parsed| match parsed {
                Parsed::Broken { reason, .. } => reason,
                other => panic!("{other:?}"),
            })
            .collect();
        for (told, wrong) in told.iter().zip([
            vec!["/name: ", "/titel: ", "/slug: "],
            vec!["/email: "],
            vec!["/to: ", "/path: "],
            vec!["/name: "],
            vec!["/kind: ", "did you mean article?"],
        ]) {
            for part in wrong {
                assert!(told.contains(part), "{told}");
            }
        }
    }

    #[test]
    fn an_error_of_reading_ends_it() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let mut found = articles("a", BufReader::new(Failing));
        assert!(found.next().unwrap().is_err());
        assert!(found.next().is_none());
    }
}
