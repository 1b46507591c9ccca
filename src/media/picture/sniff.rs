//! What a file is, by its first bytes. Its name and what its sender says of it are never asked.

use super::Unfit;
use crate::media::model::MediaType;

/// What is taken, in words.
pub const ACCEPTED: &str = "JPEG, PNG, GIF and WebP";

/// Bytes in which the beginning of a text is looked for.
const HEAD: usize = 1024;

/// What is often sent and not taken: its first bytes, where they stand, and its name.
const OTHERS: [(&[u8], usize, &str); 17] = [
    (b"%PDF-", 0, "a PDF document"),
    (b"PK\x03\x04", 0, "a ZIP archive, or a document made of one"),
    (b"ftypavif", 4, "an AVIF picture"),
    (b"ftypavis", 4, "an AVIF picture"),
    (
        b"ftypheic",
        4,
        "an HEIC picture, as phones make them; send it as JPEG",
    ),
    (
        b"ftypheix",
        4,
        "an HEIC picture, as phones make them; send it as JPEG",
    ),
    (b"ftypmif1", 4, "an HEIF picture; send it as JPEG"),
    (b"ftyp", 4, "a video"),
    (b"\x00\x00\x00\x0cJXL ", 0, "a JPEG XL picture"),
    (b"BM", 0, "a bitmap"),
    (b"II*\x00", 0, "a TIFF picture"),
    (b"MM\x00*", 0, "a TIFF picture"),
    (b"\x1a\x45\xdf\xa3", 0, "a video"),
    (b"ID3", 0, "a sound file"),
    (b"OggS", 0, "a sound file or a video"),
    (b"\x7fELF", 0, "a program"),
    (b"MZ", 0, "a program"),
];

/// What a file is.
///
/// # Errors
/// [`Unfit::Type`] where it is nothing that is taken, with what it seems to be.
pub(super) fn sniff(bytes: &[u8]) -> Result<MediaType, Unfit> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Ok(MediaType::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(MediaType::Png);
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Ok(MediaType::Gif);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok(MediaType::Webp);
    }
    if bytes.is_empty() {
        return Err(Unfit::Type("the file is empty".into()));
    }
    let known = OTHERS.iter().find(|(magic, at, _)| {
        let there = bytes.get(*at..).unwrap_or_default();
        there.starts_with(magic)
    });
    let what = known.map(|(.., name)| *name).or_else(|| text(bytes));
    Err(Unfit::Type(match what {
        Some(what) => format!("the file is {what}"),
        None => "the file is no picture, by its first bytes".into(),
    }))
}

/// What a text is.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    if head.contains("<svg") {
        return Some("an SVG drawing, which may hold scripts");
    }
    let markup = ["<!doctype html", "<html", "<script", "<head", "<body"];
    if markup.iter().any(|tag| head.contains(tag)) {
        return Some("an HTML page");
    }
    head.starts_with("<?xml").then_some("an XML document")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0rest"[..], MediaType::Jpeg),
            (b"\x89PNG\r\n\x1a\nrest", MediaType::Png),
            (b"GIF87a", MediaType::Gif),
            (b"GIF89a", MediaType::Gif),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", MediaType::Webp),
        ] {
            assert_eq!(sniff(bytes), Ok(kind));
        }
    }

    #[test]
    fn what_is_not_taken_is_named() {
        for (bytes, told) in [
            (&b""[..], "is empty"),
            (b"%PDF-1.7", "PDF"),
            (b"PK\x03\x04....", "ZIP"),
            (b"\x00\x00\x00\x20ftypavif", "AVIF"),
            (b"\x00\x00\x00\x20ftypheic", "HEIC"),
            (b"\x00\x00\x00\x20ftypisom", "video"),
            (
                b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<SVG onload=\"x\">",
                "SVG",
            ),
            (b"  <!DOCTYPE html>", "HTML"),
            (b"RIFF\x00\x00\x00\x00WAVE", "no picture"),
            (b"just words", "no picture"),
        ] {
            let told_of = sniff(bytes).unwrap_err().to_string();
            assert!(
                told_of.contains(told) && told_of.contains(ACCEPTED),
                "{told_of}"
            );
        }
    }
}
