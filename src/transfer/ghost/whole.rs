//! Whether a file is JSON from its beginning to its end, without holding any of it.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Unreadable;

/// How deep arrays and objects may nest.
const MAX_DEPTH: u32 = 256;

/// Stands before JSON's reader, which keeps a note of each level.
struct Shallow<R> {
    inner: R,
    depth: u32,
    in_text: bool,
    escaped: bool,
    begun: bool,
}

impl<R: BufRead> Read for Shallow<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(into)?;
        let mut read = into.get(..length).unwrap_or(&[]);
        if !self.begun && length > 0 {
            self.begun = true;
            let wide = [b"\xff\xfe".as_slice(), b"\xfe\xff"];
            if wide.iter().any(|mark| read.starts_with(mark)) || read.get(1) == Some(&0) {
                return Err(refused("the file is UTF-16; save it as UTF-8"));
            }
            read = read.strip_prefix(b"\xef\xbb\xbf").unwrap_or(read);
        }
        for byte in read {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > MAX_DEPTH {
                let why = format!("arrays and objects nest more than {MAX_DEPTH} deep");
                return Err(refused(&why));
            }
        }
        Ok(length)
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Makes sure that a file is one JSON value.
///
/// # Errors
/// It is not, or not in UTF-8, or cannot be read.
pub(super) fn is_json(mut reader: impl BufRead) -> Result<(), Unreadable> {
    // JSON's reader takes no byte order mark.
    let starts = reader
        .fill_buf()
        .map(|bytes| bytes.starts_with(b"\xef\xbb\xbf"));
    match starts {
        Ok(true) => reader.consume(3),
        Ok(false) => {}
        Err(error) => return Err(unreadable(None, error.to_string())),
    }
    let shallow = Shallow {
        inner: reader,
        depth: 0,
        in_text: false,
        escaped: false,
        begun: false,
    };
    let mut json = serde_json::Deserializer::from_reader(io::BufReader::new(shallow));
    IgnoredAny::deserialize(&mut json)
        .and_then(|_| json.end())
        .map_err(|error| {
            let line = u64::try_from(error.line()).ok().filter(|line| *line > 0);
            let reason = if error.is_eof() {
                "the file ends within a value: it was cut short".to_owned()
            } else if error.is_io() {
                error.to_string()
            } else {
                format!("no JSON: {error}")
            };
            unreadable(line.filter(|_| !error.is_io()), reason)
        })
}

const fn unreadable(line: Option<u64>, reason: String) -> Unreadable {
    Unreadable { line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_json_is_json() {
        assert_eq!(
            is_json(&b"\xef\xbb\xbf {\"a\": [1, \"\\\"[\"]} \n"[..]),
            Ok(())
        );
        for (bytes, why) in [
            (b"{\"a\": [1".to_vec(), "cut short"),
            (b"{\"a\": 1} x".to_vec(), "no JSON"),
            (b"".to_vec(), "cut short"),
            (b"<html>".to_vec(), "no JSON"),
            (b"\xff\xfe{\0".to_vec(), "UTF-16"),
            (b"{\0}\0".to_vec(), "UTF-16"),
            ("[".repeat(1_000_000).into_bytes(), "nest"),
        ] {
            let error = is_json(&bytes[..]).unwrap_err();
            assert!(error.reason.contains(why), "{error}");
        }
    }
}
