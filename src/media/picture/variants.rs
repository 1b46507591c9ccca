//! What readers get of a picture: each width as WebP, and for those who cannot show that as JPEG, or PNG where it is
//! transparent.

use std::borrow::Cow;
use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, RgbImage, RgbaImage};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::decode::{Picture, Pixels};
use crate::media::model::Variant;

/// How much of a picture WebP keeps, of 100: at this, what is lost is hard to find, and photographs take a third less than
/// as JPEG.
const WEBP_QUALITY: f32 = 80.0;
/// The same of JPEG.
const JPEG_QUALITY: u8 = 82;
/// The longest side of WebP (RFC 9649 section 2.5).
const WEBP_SIDE: u32 = 16_383;
/// The size that a BlurHash is made at: it holds no more than a handful of waves.
const BLURRED: u32 = 32;

/// What was made of a picture.
pub(super) struct Variants {
    pub(super) files: Vec<(Variant, Vec<u8>)>,
    pub(super) blurhash: Option<String>,
}

/// Makes all the variants of these widths, and none that is larger than the picture: where all are, one of its own size.
pub(super) fn all(picture: &Picture, widths: &[u32]) -> Result<Variants, String> {
    let (width, height) = picture.size();
    let mut files = Vec::with_capacity(widths.len() * 2);
    for target in targets(width, widths) {
        let scaled = scaled(picture, (target, proportional(height, target, width)))?;
        let size = (scaled.width, scaled.height);
        let mut add = |extension: &str, bytes: Vec<u8>| {
            let file = variant(&target.to_string(), extension, size, &bytes);
            files.push((file, bytes));
        };
        if scaled.height <= WEBP_SIDE {
            add("webp", webp(&scaled)?);
        }
        if scaled.transparent {
            add("png", png(&scaled)?);
        } else {
            add("jpg", jpeg(&scaled)?);
        }
    }
    Ok(Variants {
        blurhash: blurhash(picture)?,
        files,
    })
}

/// A file of a medium.
pub(super) fn variant(
    stem: &str,
    extension: &str,
    (width, height): (u32, u32),
    bytes: &[u8],
) -> Variant {
    Variant {
        file: format!("{stem}.{extension}"),
        width,
        height,
        bytes: bytes.len() as u64,
    }
}

/// The widths that a picture of this width gets, the smallest first.
fn targets(width: u32, widths: &[u32]) -> Vec<u32> {
    let mut targets: Vec<u32> = widths
        .iter()
        .copied()
        .filter(|target| *target < width)
        .collect();
    if targets.len() < widths.len() {
        // The next larger one would be drawn from nothing.
        targets.push(width);
    }
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// `side`, as much smaller as `to` is than `of`.
fn proportional(side: u32, to: u32, of: u32) -> u32 {
    let exact = (u64::from(side) * u64::from(to) + u64::from(of) / 2) / u64::from(of.max(1));
    u32::try_from(exact).unwrap_or(side).max(1)
}

/// The picture as it is shown, in this size and the colours of the web.
fn scaled(picture: &Picture, (width, height): (u32, u32)) -> Result<Pixels, String> {
    let (across, down) = if picture.lies() {
        (height, width)
    } else {
        (width, height)
    };
    let small = resized(&picture.pixels, across, down)?;
    let small = match &picture.profile {
        Some(profile) => recoloured(small, (profile, picture.pixels.transparent)),
        None => small,
    };
    turned(small, (across, down), picture)
}

/// In another size, by Lanczos3.
fn resized(from: &Pixels, width: u32, height: u32) -> Result<Cow<'_, [u8]>, String> {
    if (from.width, from.height) == (width, height) {
        return Ok(Cow::Borrowed(&from.bytes));
    }
    let kind = if from.transparent {
        PixelType::U8x4
    } else {
        PixelType::U8x3
    };
    let failed = |error: &dyn std::fmt::Display| format!("it cannot be scaled: {error}");
    let source = ImageRef::new(from.width, from.height, &from.bytes, kind)
        .map_err(|error| failed(&error))?;
    let mut target = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| failed(&error))?;
    Ok(Cow::Owned(target.into_vec()))
}

/// In the colours of the web (IEC 61966-2-1, sRGB). What its profile cannot do stays as it is.
fn recoloured<'p>(
    bytes: Cow<'p, [u8]>,
    (profile, transparent): (&ColorProfile, bool),
) -> Cow<'p, [u8]> {
    let layout = if transparent {
        Layout::Rgba
    } else {
        Layout::Rgb
    };
    let web = ColorProfile::new_srgb();
    let mut target = vec![0; bytes.len()];
    let transform =
        profile.create_transform_8bit(layout, &web, layout, TransformOptions::default());
    match transform.map(|transform| transform.transform(&bytes, &mut target)) {
        Ok(Ok(())) => Cow::Owned(target),
        Ok(Err(_)) | Err(_) => bytes,
    }
}

/// Turned the way it is shown.
fn turned(
    bytes: Cow<'_, [u8]>,
    (width, height): (u32, u32),
    picture: &Picture,
) -> Result<Pixels, String> {
    let wrong = || "it has other pixels than its size says".to_owned();
    let transparent = picture.pixels.transparent;
    let bytes = bytes.into_owned();
    let mut image = if transparent {
        DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, bytes).ok_or_else(wrong)?)
    } else {
        DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, bytes).ok_or_else(wrong)?)
    };
    image.apply_orientation(picture.orientation);
    Ok(Pixels {
        width: image.width(),
        height: image.height(),
        transparent,
        bytes: image.into_bytes(),
    })
}

fn webp(pixels: &Pixels) -> Result<Vec<u8>, String> {
    let Pixels {
        width,
        height,
        transparent,
        bytes,
    } = pixels;
    let encoder = if *transparent {
        webp::Encoder::from_rgba(bytes, *width, *height)
    } else {
        webp::Encoder::from_rgb(bytes, *width, *height)
    };
    let encoded = encoder
        .encode_simple(false, WEBP_QUALITY)
        .map_err(|error| format!("it cannot be written as WebP: {error:?}"))?;
    Ok(encoded.to_vec())
}

fn jpeg(pixels: &Pixels) -> Result<Vec<u8>, String> {
    let mut encoded = Vec::new();
    JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY)
        .write_image(
            &pixels.bytes,
            pixels.width,
            pixels.height,
            ExtendedColorType::Rgb8,
        )
        .map_err(|error| format!("it cannot be written as JPEG: {error}"))?;
    Ok(encoded)
}

fn png(pixels: &Pixels) -> Result<Vec<u8>, String> {
    let mut encoded = Vec::new();
    PngEncoder::new(Cursor::new(&mut encoded))
        .write_image(
            &pixels.bytes,
            pixels.width,
            pixels.height,
            ExtendedColorType::Rgba8,
        )
        .map_err(|error| format!("it cannot be written as PNG: {error}"))?;
    Ok(encoded)
}

/// A few waves of colour that look like it from afar (<https://blurha.sh>).
fn blurhash(picture: &Picture) -> Result<Option<String>, String> {
    let (width, height) = picture.size();
    let longest = width.max(height);
    let size = if longest > BLURRED {
        (
            proportional(width, BLURRED, longest),
            proportional(height, BLURRED, longest),
        )
    } else {
        (width, height)
    };
    let small = scaled(picture, size)?;
    let rgba: Vec<u8> = if small.transparent {
        small.bytes
    } else {
        let pixels = small.bytes.as_chunks::<3>().0.iter();
        pixels.flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect()
    };
    let (across, down) = if width >= height { (4, 3) } else { (3, 4) };
    Ok(blurhash::encode(across, down, small.width, small.height, &rgba).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_drawn_larger_than_it_was_sent() {
        let widths = [320, 640, 1280, 1920];
        assert_eq!(targets(1000, &widths), [320, 640, 1000]);
        assert_eq!(targets(5000, &widths), widths);
        assert_eq!(targets(1920, &widths), widths);
        assert_eq!(targets(1, &widths), [1]);
        assert_eq!(proportional(3000, 320, 4000), 240);
        assert_eq!(proportional(1, 320, 60_000), 1);
    }
}
