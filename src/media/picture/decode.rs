//! From bytes to pixels, within bounds that hold before anything is decoded.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageResult, Limits};
use moxcms::{ColorProfile, DataColorSpace};

use super::Unfit;
use crate::media::model::MediaType;

/// The longest side.
const MOST_SIDE: u32 = 65_535;
/// The most bytes of a pixel while it is decoded: four channels of 16 bits.
const PIXEL: u64 = 8;
/// The longest colour profile that is read; those of cameras and screens have a few kilobytes.
const MOST_PROFILE: usize = 4 * 1024 * 1024;

/// A picture in memory: 8 bits a channel, red, green and blue, and where any of it is transparent, alpha.
pub(super) struct Picture {
    /// As they stand in the file.
    pub(super) pixels: Pixels,
    /// How it is to be turned to be shown.
    pub(super) orientation: Orientation,
    /// What its colours mean, where that is not what those of the web mean.
    pub(super) profile: Option<Box<ColorProfile>>,
}

/// Pixels, in rows.
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) transparent: bool,
    pub(super) bytes: Vec<u8>,
}

impl Picture {
    /// Width and height as it is shown.
    pub(super) fn size(&self) -> (u32, u32) {
        let (width, height) = (self.pixels.width, self.pixels.height);
        if self.lies() {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Whether it is shown on its side.
    pub(super) const fn lies(&self) -> bool {
        matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        )
    }
}

/// Decodes a picture; of one that moves its first frame.
pub(super) fn decode(bytes: &[u8], kind: MediaType, most: u64) -> Result<Picture, Unfit> {
    let broken = |why: String| Unfit::Broken {
        kind: kind.as_str(),
        why,
    };
    let failed = |error: image::ImageError| broken(error.to_string());
    let source = Cursor::new(bytes);
    match kind {
        MediaType::Jpeg => {
            if !ends(bytes) {
                return Err(broken("it breaks off before its end".into()));
            }
            read(JpegDecoder::new(source), most, failed)
        }
        MediaType::Png => {
            // Its decoder makes room for a row as soon as it knows how long that is.
            if let Some((width, height)) = png_size(bytes) {
                check_size(width, height, most)?;
            }
            read(PngDecoder::with_limits(source, limits(most)), most, failed)
        }
        MediaType::Gif => read(GifDecoder::new(source), most, failed),
        MediaType::Webp => read(WebPDecoder::new(source), most, failed),
    }
}

fn read<D: ImageDecoder>(
    decoder: ImageResult<D>,
    most: u64,
    failed: impl Fn(image::ImageError) -> Unfit,
) -> Result<Picture, Unfit> {
    let mut decoder = decoder.map_err(&failed)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, most)?;
    decoder.set_limits(limits(most)).map_err(&failed)?;
    // Both are hints of the file: one that cannot be read is none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let decoded = DynamicImage::from_decoder(decoder).map_err(&failed)?;
    let of_colours = decoded.color().has_color();
    Ok(Picture {
        pixels: pixels(decoded),
        orientation,
        profile: profile.filter(|_| of_colours).as_deref().and_then(foreign),
    })
}

fn check_size(width: u32, height: u32, most: u64) -> Result<(), Unfit> {
    if u64::from(width) * u64::from(height) > most || width.max(height) > MOST_SIDE {
        return Err(Unfit::TooManyPixels {
            width,
            height,
            most,
        });
    }
    Ok(())
}

/// What the header of a PNG says (W3C PNG, 11.2.1), which is its first chunk.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(12..24)?.strip_prefix(b"IHDR")?;
    let (width, height) = header.split_first_chunk::<4>()?;
    let height = height.first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height)))
}

fn limits(most: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(most.saturating_mul(PIXEL).saturating_add(16 * 1024 * 1024));
    limits
}

fn pixels(decoded: DynamicImage) -> Pixels {
    if decoded.color().has_alpha() {
        let image = decoded.into_rgba8();
        let (width, height) = image.dimensions();
        let bytes = image.into_raw();
        let transparent = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .any(|[.., alpha]| *alpha < 255);
        if transparent {
            return Pixels {
                width,
                height,
                transparent,
                bytes,
            };
        }
        let opaque = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|[r, g, b, _]| [*r, *g, *b]);
        return Pixels {
            width,
            height,
            transparent,
            bytes: opaque.collect(),
        };
    }
    let image = decoded.into_rgb8();
    let (width, height) = image.dimensions();
    Pixels {
        width,
        height,
        transparent: false,
        bytes: image.into_raw(),
    }
}

/// The colour profile (ICC.1) of a file, where it says something else than that of the web does. One that cannot be read
/// says nothing.
fn foreign(profile: &[u8]) -> Option<Box<ColorProfile>> {
    if profile.len() > MOST_PROFILE {
        return None;
    }
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    (profile.color_space == DataColorSpace::Rgb).then(|| Box::new(profile))
}

/// Whether the data of a JPEG come to their end. Its decoder fills in what is missing; a picture that is half grey is
/// nothing that anybody wants to publish.
fn ends(bytes: &[u8]) -> bool {
    const MARKER: u8 = 0xff;
    const START_OF_SCAN: u8 = 0xda;
    const END: &[u8] = &[MARKER, 0xd9];
    // The segments before the data have lengths, and may hold whole pictures, with ends of their own (ITU-T T.81, B.1.1).
    let mut at = 2;
    loop {
        let Some([MARKER, marker, high, low]) = bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk::<4>().copied())
        else {
            return false;
        };
        if marker == START_OF_SCAN {
            break;
        }
        if marker == MARKER {
            // Filling.
            at += 1;
            continue;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    let data = bytes.get(at..).unwrap_or_default();
    memchr::memmem::rfind(data, END).is_some()
}
