//! JSON Lines: one article an object, one object a line; and from exports also the site, tags, authors and redirects, told
//! apart by `kind`. The file is read line by line, so its length does not matter, and
//! a line that cannot be read is told and passed over.

use std::io::{self, BufRead};

use xxhash_rust::xxh3::xxh3_128;

use self::kinds::Resource;
use super::{Item, Parsed};
use crate::articles::input;
use crate::articles::model::ArticleInput;
use crate::articles::restored::Restored;
use crate::error::Fault;
use crate::json;

pub mod kinds;
pub mod write;

/// The longest line. A body has at most one mebibyte, of which JSON may make six; a working copy has another.
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// The articles of a JSON Lines file. Blank lines, a byte order mark and CRLF are fine.
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
        match read(bytes) {
            Ok(Line::Resource(resource)) => Parsed::Resource { origin, resource },
            Ok(Line::Text(mut article, restored)) => {
                if article.id.is_none() && article.external_id.is_none() {
                    article.external_id = Some(format!("jsonl-{:032x}", xxh3_128(bytes)));
                }
                Parsed::Article(Box::new(Item {
                    origin,
                    article: *article,
                    restored: *restored,
                    redirects: Vec::new(),
                    warnings: Vec::new(),
                }))
            }
            Err(faults) => {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                self.broken(told.join("; "))
            }
        }
    }

    fn broken(&self, reason: String) -> Parsed {
        Parsed::Broken {
            origin: self.origin.clone(),
            line: Some(self.line),
            reason,
        }
    }
}

/// What a line says.
enum Line {
    Text(Box<ArticleInput>, Box<Restored>),
    Resource(Box<Resource>),
}

fn read(bytes: &[u8]) -> Result<Line, Vec<Fault>> {
    // A working copy, which is as deep as any text, stands one deeper; and so does what came from front matter.
    let value = json::parse(bytes, json::MAX_DEPTH + 2)?;
    if let Some(resource) = kinds::resource(&value) {
        return resource.map(|resource| Line::Resource(Box::new(resource)));
    }
    let mut faults = Vec::new();
    match input::exported(&value, &mut faults) {
        Some((article, restored)) if faults.is_empty() => {
            Ok(Line::Text(Box::new(article), Box::new(restored)))
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
