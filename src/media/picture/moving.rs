//! Pictures that move: they are passed on as they were sent, but for everything in them that is no picture.

use super::Unfit;
use crate::media::model::MediaType;

/// What moves, with its size; `None` where nothing does. Comments, metadata, whatever stands behind the end and all else
/// that no frame needs is left out.
pub(super) fn animation(
    bytes: &[u8],
    kind: MediaType,
) -> Result<Option<(Vec<u8>, u32, u32)>, Unfit> {
    let found = match kind {
        MediaType::Gif => gif(bytes),
        MediaType::Webp => webp(bytes),
        MediaType::Jpeg | MediaType::Png => Some(None),
    };
    found.ok_or_else(|| Unfit::Broken {
        kind: kind.as_str(),
        why: "it breaks off before its end".into(),
    })
}

/// What is read of a file, from its front. A step beyond the end is `None`.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
}

type Moving = Option<(Vec<u8>, u32, u32)>;

/// The blocks of a GIF (GIF89a specification, section 12 on).
fn gif(bytes: &[u8]) -> Option<Moving> {
    const IMAGE: u8 = 0x2c;
    const EXTENSION: u8 = 0x21;
    const END: u8 = 0x3b;
    const CONTROL: u8 = 0xf9;
    const APPLICATION: u8 = 0xff;
    let mut rest = Rest(bytes);
    let mut kept = rest.take(6)?.to_vec();
    let screen = rest.take(7)?;
    kept.extend_from_slice(screen);
    let [w0, w1, h0, h1, flags, ..] = *screen else {
        return None;
    };
    kept.extend_from_slice(colours(&mut rest, flags)?);
    let mut frames = 0;
    loop {
        match rest.byte()? {
            IMAGE => {
                frames += 1;
                kept.push(IMAGE);
                let head = rest.take(9)?;
                kept.extend_from_slice(head);
                kept.extend_from_slice(colours(&mut rest, *head.last()?)?);
                kept.push(rest.byte()?);
                kept.extend_from_slice(blocks(&mut rest)?);
            }
            EXTENSION => {
                let label = rest.byte()?;
                let data = blocks(&mut rest)?;
                // How often it repeats: an extension of Netscape's that all programs know.
                let repeats = label == APPLICATION
                    && [&b"\x0bNETSCAPE2.0"[..], b"\x0bANIMEXTS1.0"]
                        .iter()
                        .any(|name| data.starts_with(name))
                    && data.len() <= 32;
                if label == CONTROL || repeats {
                    kept.extend_from_slice(&[EXTENSION, label]);
                    kept.extend_from_slice(data);
                }
            }
            END => break,
            _ => return None,
        }
    }
    kept.push(END);
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]));
    Some((frames > 1).then(|| (kept, side(w0, w1), side(h0, h1))))
}

/// A table of colours, where the flags say that there is one.
fn colours<'b>(rest: &mut Rest<'b>, flags: u8) -> Option<&'b [u8]> {
    let entries = if flags & 0x80 == 0 {
        0
    } else {
        2 << (flags & 7)
    };
    rest.take(3 * entries)
}

/// Blocks of data up to the empty one, which is the last.
fn blocks<'b>(rest: &mut Rest<'b>) -> Option<&'b [u8]> {
    let whole = rest.0;
    let mut length = 0;
    loop {
        let next = rest.byte()?;
        rest.take(next.into())?;
        length += 1 + usize::from(next);
        if next == 0 {
            return whole.get(..length);
        }
    }
}

/// The chunks of a WebP (RFC 9649 section 2).
fn webp(bytes: &[u8]) -> Option<Moving> {
    const MOVES: u8 = 0x02;
    const METADATA: u8 = 0x04 | 0x08;
    let mut rest = Rest(bytes);
    rest.take(4)?;
    let length: [u8; 4] = rest.take(4)?.try_into().ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    // What stands behind the end is no part of it.
    let mut rest = Rest(rest.0.get(..length).unwrap_or(rest.0));
    rest.take(4)?;
    let (name, data) = chunk(&mut rest)?;
    let extended: Option<&[u8; 10]> = (name == *b"VP8X").then(|| data.first_chunk()).flatten();
    let Some(head) = extended.filter(|head| head[0] & MOVES != 0) else {
        return Some(None);
    };
    let mut head = *head;
    head[0] &= !METADATA;
    let mut kept = b"WEBP".to_vec();
    put(&mut kept, *b"VP8X", &head)?;
    while !rest.0.is_empty() {
        let (name, data) = chunk(&mut rest)?;
        match &name {
            // Colours are told by a profile in each frame's stead.
            b"ICCP" | b"ANIM" => put(&mut kept, name, data)?,
            b"ANMF" => put(&mut kept, name, &frame(data)?)?,
            _ => {}
        }
    }
    let mut whole = b"RIFF".to_vec();
    whole.extend_from_slice(&u32::try_from(kept.len()).ok()?.to_le_bytes());
    whole.extend_from_slice(&kept);
    let [.., w0, w1, w2, h0, h1, h2] = head;
    let side = |a, b, c| u32::from_le_bytes([a, b, c, 0]) + 1;
    Some(Some((whole, side(w0, w1, w2), side(h0, h1, h2))))
}

/// A frame, with nothing but its picture.
fn frame(data: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Rest(data);
    let mut kept = rest.take(16)?.to_vec();
    while !rest.0.is_empty() {
        let (name, data) = chunk(&mut rest)?;
        if matches!(&name, b"ALPH" | b"VP8 " | b"VP8L") {
            put(&mut kept, name, data)?;
        }
    }
    Some(kept)
}

/// A chunk: its name and what is in it.
fn chunk<'b>(rest: &mut Rest<'b>) -> Option<([u8; 4], &'b [u8])> {
    let name = rest.take(4)?.try_into().ok()?;
    let length: [u8; 4] = rest.take(4)?.try_into().ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    let data = rest.take(length)?;
    // Filled up to an even length; some leave that out at the end.
    if length % 2 == 1 {
        let _filled = rest.byte();
    }
    Some((name, data))
}

fn put(kept: &mut Vec<u8>, name: [u8; 4], data: &[u8]) -> Option<()> {
    kept.extend_from_slice(&name);
    kept.extend_from_slice(&u32::try_from(data.len()).ok()?.to_le_bytes());
    kept.extend_from_slice(data);
    if data.len() % 2 == 1 {
        kept.push(0);
    }
    Some(())
}
