//! Long texts as JSON. The library looks at each byte by itself; here whole blocks without anything to escape are passed
//! over, which for the body of an article takes a third of the time.

/// Bytes that are looked at together, in a few instructions of any processor with vectors.
const BLOCK: usize = 16;

/// Appends a text as a JSON string (RFC 8259 section 7), to the byte as `serde_json` would.
pub fn push_quoted(json: &mut Vec<u8>, text: &str) {
    json.reserve(text.len() + text.len() / 16 + 2);
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = first_to_escape(rest) {
        let (before, from) = rest.split_at(plain);
        json.extend_from_slice(before);
        let Some((&byte, after)) = from.split_first() else {
            break;
        };
        match byte {
            b'"' | b'\\' => json.extend_from_slice(&[b'\\', byte]),
            b'\n' => json.extend_from_slice(b"\\n"),
            b'\t' => json.extend_from_slice(b"\\t"),
            b'\r' => json.extend_from_slice(b"\\r"),
            0x08 => json.extend_from_slice(b"\\b"),
            0x0c => json.extend_from_slice(b"\\f"),
            control => json.extend_from_slice(format!("\\u{control:04x}").as_bytes()),
        }
        rest = after;
    }
    json.extend_from_slice(rest);
    json.push(b'"');
}

/// Where the first byte is that must not stand in a JSON string as it is.
fn first_to_escape(bytes: &[u8]) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    // Without a way out before its end, so that the bytes of a block are compared together.
    let is_clean = |block: &&[u8; BLOCK]| {
        !block
            .iter()
            .fold(false, |any, &byte| any | is_to_escape(byte))
    };
    let clean = blocks.iter().take_while(is_clean).count() * BLOCK;
    let (_, rest) = bytes.split_at(clean);
    let place = rest.iter().position(|&byte| is_to_escape(byte))?;
    Some(clean + place)
}

const fn is_to_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_is_written_as_the_library_does_wherever_it_stands() {
        for character in (0..=0x100)
            .filter_map(char::from_u32)
            .chain(['\u{2028}', '😀'])
        {
            for before in 0..=2 * BLOCK {
                for after in [
                    "",
                    "é",
                    "\n",
                    "eleven more",
                    "and more than a block of these",
                ] {
                    let text = format!("{}{character}{character}{after}", "a".repeat(before));
                    let mut json = b"before".to_vec();
                    push_quoted(&mut json, &text);
                    let expected = format!("before{}", serde_json::to_string(&text).unwrap());
                    assert_eq!(json, expected.as_bytes());
                }
            }
        }
    }
}
