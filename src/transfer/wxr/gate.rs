//! Stands between a file and the XML parser, which holds one piece of XML at a time, however long that is. Here no piece is:
//! texts are cut, comments are emptied, tags and other markup are refused past a bound.

use std::io::{self, BufRead, Read};

/// The longest text of one element, in bytes. Bodies have a bound of their own, which is lower.
pub(super) const MAX_TEXT: usize = 4 * 1024 * 1024;
/// The longest tag.
const MAX_TAG: usize = 64 * 1024;
/// What stands at the end of a text that was cut. No XML has this character (XML 1.0, section 2.2).
pub(super) const CUT: char = '\u{FFFF}';

/// Where in the XML the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    /// Behind `<`, as long as it is not clear what begins.
    Markup,
    Tag(Option<u8>),
    Comment {
        dashes: usize,
    },
    Cdata {
        brackets: usize,
    },
    Instruction {
        question: bool,
    },
}

/// See the module. It is a reader itself.
#[derive(Debug)]
pub(super) struct Gate<R> {
    inner: R,
    out: Vec<u8>,
    at: usize,
    place: Place,
    /// The beginning of the markup that is read.
    head: Vec<u8>,
    /// Bytes of the piece that is read.
    length: usize,
    cutting: bool,
    begun: bool,
    line: u64,
    /// Newlines that were taken out.
    cut_lines: u64,
}

impl<R: BufRead> Gate<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self {
            inner,
            out: Vec::new(),
            at: 0,
            place: Place::Text,
            head: Vec::new(),
            length: 0,
            cutting: false,
            begun: false,
            line: 1,
            cut_lines: 0,
        }
    }

    /// The line that is read, counted from one.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        self.line += std::mem::take(&mut self.cut_lines);
        while self.out.is_empty() {
            let available = loop {
                match self.inner.fill_buf() {
                    Ok(available) => break available,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            };
            if available.is_empty() {
                return Ok(());
            }
            // Bounded, whatever the reader's own buffer is.
            let some = available
                .get(..available.len().min(64 * 1024))
                .unwrap_or(available);
            let some = some.to_vec();
            self.inner.consume(some.len());
            let mut bytes = some.as_slice();
            if !self.begun {
                self.begun = true;
                if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
                    return Err(refused("the file is UTF-16; save it as UTF-8"));
                }
                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            }
            for byte in bytes {
                self.take(*byte)?;
            }
        }
        Ok(())
    }

    /// Passes a byte on, unless the text that it belongs to is cut.
    fn put(&mut self, byte: u8) {
        self.length += 1;
        // Not within a character.
        if !self.cutting && self.length > MAX_TEXT && byte & 0xC0 != 0x80 {
            self.cutting = true;
            let mut mark = [0; 4];
            self.out
                .extend_from_slice(CUT.encode_utf8(&mut mark).as_bytes());
        }
        if !self.cutting {
            self.out.push(byte);
        } else if byte == b'\n' {
            self.cut_lines += 1;
        }
    }

    fn enter(&mut self, place: Place) {
        self.place = place;
        self.length = 0;
        self.cutting = false;
    }

    fn take(&mut self, byte: u8) -> io::Result<()> {
        if byte == 0 {
            return Err(refused(
                "the file holds the character U+0000; is it UTF-16, and should be UTF-8?",
            ));
        }
        match self.place {
            Place::Text if byte == b'<' => {
                self.enter(Place::Markup);
                self.head.clear();
                self.out.push(byte);
            }
            Place::Text => self.put(byte),
            Place::Markup => {
                self.out.push(byte);
                self.head.push(byte);
                let head = self.head.as_slice();
                if head == b"!--" {
                    self.enter(Place::Comment { dashes: 0 });
                } else if head == b"![CDATA[" {
                    self.enter(Place::Cdata { brackets: 0 });
                } else if head.starts_with(b"?") {
                    self.enter(Place::Instruction { question: false });
                } else if head.starts_with(b"!D") || head.starts_with(b"!d") {
                    return Err(refused(
                        "the file has a DOCTYPE, which no WordPress export has; it was not read",
                    ));
                } else if !b"![CDATA[".starts_with(head) && !b"!--".starts_with(head) {
                    let quote = None;
                    self.enter(if byte == b'>' {
                        Place::Text
                    } else {
                        Place::Tag(quote)
                    });
                }
            }
            Place::Tag(quote) => {
                self.out.push(byte);
                self.length += 1;
                match (quote, byte) {
                    (None, b'>') => self.enter(Place::Text),
                    (None, b'"' | b'\'') => self.place = Place::Tag(Some(byte)),
                    (Some(open), byte) if open == byte => self.place = Place::Tag(None),
                    _ => {}
                }
                self.bounded("a tag")?;
            }
            Place::Comment { dashes } => {
                // Of a comment only its ends are passed on.
                if byte == b'>' && dashes >= 2 {
                    self.out.extend_from_slice(b"-->");
                    self.enter(Place::Text);
                } else {
                    self.cut_lines += u64::from(byte == b'\n');
                    let dashes = if byte == b'-' { dashes + 1 } else { 0 };
                    self.place = Place::Comment { dashes };
                }
            }
            Place::Cdata { brackets } => {
                let ends = byte == b'>' && brackets >= 2;
                if ends && self.cutting {
                    self.out.extend_from_slice(b"]]>");
                } else {
                    self.put(byte);
                }
                if ends {
                    self.enter(Place::Text);
                } else {
                    let brackets = if byte == b']' { brackets + 1 } else { 0 };
                    self.place = Place::Cdata { brackets };
                }
            }
            Place::Instruction { question } => {
                self.out.push(byte);
                self.length += 1;
                if byte == b'>' && question {
                    self.enter(Place::Text);
                } else {
                    self.place = Place::Instruction {
                        question: byte == b'?',
                    };
                }
                self.bounded("a processing instruction")?;
            }
        }
        Ok(())
    }

    fn bounded(&self, what: &str) -> io::Result<()> {
        if self.length > MAX_TAG {
            return Err(refused(&format!("{what} is longer than {MAX_TAG} bytes")));
        }
        Ok(())
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

impl<R: BufRead> Read for Gate<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(into.len());
        if let (Some(into), Some(from)) = (into.get_mut(..length), available.get(..length)) {
            into.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Gate<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.out.len() {
            self.refill()?;
        }
        Ok(self.out.get(self.at..).unwrap_or(&[]))
    }

    fn consume(&mut self, length: usize) {
        let end = (self.at + length).min(self.out.len());
        let used = self.out.get(self.at..end).unwrap_or(&[]);
        let lines = memchr::memchr_iter(b'\n', used).count();
        self.line += u64::try_from(lines).unwrap_or(0);
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(xml: &[u8]) -> io::Result<String> {
        let mut out = String::new();
        // Small, so that everything lies across an edge once.
        let inner = io::BufReader::with_capacity(3, xml);
        Gate::new(inner).read_to_string(&mut out)?;
        Ok(out)
    }

    #[test]
    fn short_pieces_go_through_but_for_comments() {
        let xml = "\u{feff}<?xml version=\"1.0\"?><a b=\"x > y\" c='<'>t]]é<![CDATA[<b>]]]]><![CDATA[>]]><!-- x -- --></a>";
        let expected = "<?xml version=\"1.0\"?><a b=\"x > y\" c='<'>t]]é<![CDATA[<b>]]]]><![CDATA[>]]><!----></a>";
        assert_eq!(through(xml.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for (before, after) in [("<a>", "</a>"), ("<a><![CDATA[", "]]></a>")] {
            let long = format!("{before}x{}{after}", "é".repeat(MAX_TEXT));
            let out = through(long.as_bytes()).unwrap();
            assert!(out.len() < MAX_TEXT + 64);
            assert!(out.ends_with(&format!("é{CUT}{after}")), "{before}");
        }
        let comment = format!("<a><!--{}--></a>", "-".repeat(10_000_000));
        assert_eq!(through(comment.as_bytes()).unwrap(), "<a><!----></a>");
    }

    #[test]
    fn what_no_export_has_is_refused() {
        for (xml, why) in [
            (b"\xff\xfe<\0".to_vec(), "UTF-16"),
            (b"<\0r\0".to_vec(), "U+0000"),
            (b"<!DOCTYPE x [<!ENTITY a \"b\">]><x/>".to_vec(), "DOCTYPE"),
            (
                format!("<a {}>", "b=\"c\" ".repeat(100_000)).into_bytes(),
                "a tag is longer",
            ),
            (
                format!("<?a {}", "b".repeat(100_000)).into_bytes(),
                "instruction",
            ),
        ] {
            let error = through(&xml).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn lines_are_counted() {
        let mut gate = Gate::new(&b"<a>\n<!--\n\n-->\nb"[..]);
        let mut out = Vec::new();
        gate.read_to_end(&mut out).unwrap();
        gate.fill_buf().unwrap();
        assert_eq!(gate.line(), 5);
    }
}
