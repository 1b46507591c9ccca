//! Files of every kind, made here: each is right, or refused with a reason.

use std::io::Cursor;

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{
    Delay, DynamicImage, ExtendedColorType, Frame, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage,
    Rgba, RgbaImage,
};

use super::*;

/// What no file that readers get may hold.
const SECRET: &[u8] = b"SECRET-PLACE";

/// Something like a photograph: soft shades, hard edges, and fine lines.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (
            f64::from(x) / f64::from(width),
            f64::from(y) / f64::from(height),
        );
        let soft = 0.5 + 0.5 * (u * 6.0 + v * 4.0).sin();
        let circle = (u - 0.5).hypot(v - 0.5);
        let hard = if circle < 0.3 { 0.8 } else { 0.2 };
        let fine = 0.5 + 0.5 * (circle * 400.0).sin();
        let channel = |a: f64, b: f64, c: f64| {
            let value = (soft * a + hard * b + fine * c) / (a + b + c) * 255.0;
            // Within 0 to 255 by its making.
            format!("{:.0}", value.clamp(0.0, 255.0))
                .parse::<u8>()
                .unwrap()
        };
        Rgb([
            channel(3.0, 2.0, 1.0),
            channel(2.0, 3.0, 1.0),
            channel(4.0, 1.0, 0.5),
        ])
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode_image(image)
        .unwrap();
    bytes
}

/// A JPEG with this segment behind its beginning.
fn with_segment(jpeg: &[u8], marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, marker]);
    bytes.extend(length);
    bytes.extend(data);
    bytes.extend(&jpeg[2..]);
    bytes
}

/// EXIF with an orientation, a description and a place (CIPA DC-008).
fn exif(orientation: u8) -> Vec<u8> {
    let mut data = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    data.extend([3, 0]);
    // ImageDescription, ASCII, behind the directory.
    let length = u8::try_from(SECRET.len()).unwrap();
    data.extend([0x0e, 0x01, 2, 0, length, 0, 0, 0, 50, 0, 0, 0]);
    data.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    // The directory of the place.
    data.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 80, 0, 0, 0]);
    data.extend([0, 0, 0, 0]);
    data.extend(SECRET);
    data.resize(6 + 80, 0);
    data.extend([1, 0, 1, 0, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0, 0, 0, 0, 0]);
    data
}

fn made(bytes: &[u8]) -> Made {
    make(bytes, &Recipe::default()).unwrap_or_else(|unfit| panic!("{unfit}"))
}

fn refused(bytes: &[u8]) -> String {
    make(bytes, &Recipe::default()).unwrap_err().to_string()
}

fn file<'m>(made: &'m Made, name: &str) -> &'m [u8] {
    let found = made
        .variants
        .iter()
        .find(|(variant, _)| variant.file == name);
    &found.unwrap_or_else(|| panic!("no {name}")).1
}

fn names(made: &Made) -> Vec<&str> {
    made.variants
        .iter()
        .map(|(variant, _)| variant.file.as_str())
        .collect()
}

/// How near a picture is to another, in decibels: 30 is fair, 40 is hard to tell apart.
fn likeness(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let squares = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    let mean = squares.sum::<f64>() / f64::from(u32::try_from(a.as_raw().len()).unwrap());
    10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10()
}

/// How much neighbours differ: what is blurred has less of it.
fn sharpness(image: &RgbImage) -> f64 {
    let grey = imageops::grayscale(image);
    let (width, height) = grey.dimensions();
    let at = |x, y| f64::from(grey.get_pixel(x, y).0[0]);
    let mut sum = 0.0;
    for y in 0..height - 1 {
        for x in 0..width - 1 {
            sum += (at(x + 1, y) - at(x, y)).powi(2) + (at(x, y + 1) - at(x, y)).powi(2);
        }
    }
    sum
}

#[test]
fn each_width_is_there_twice_and_none_is_larger_than_the_picture() {
    let made = made(&jpeg(&photo(1000, 750)));
    assert_eq!(
        (made.media_type, made.width, made.height),
        (MediaType::Jpeg, 1000, 750)
    );
    let expected = [
        "320.webp",
        "320.jpg",
        "640.webp",
        "640.jpg",
        "1000.webp",
        "1000.jpg",
    ];
    assert_eq!(names(&made), expected);
    for (variant, bytes) in &made.variants {
        let image = image::load_from_memory(bytes).unwrap();
        assert_eq!(
            (image.width(), image.height()),
            (variant.width, variant.height)
        );
        assert_eq!(u64::try_from(bytes.len()).unwrap(), variant.bytes);
    }
    assert_eq!(made.variants[2].0.height, 480);
    assert!(made.blurhash.is_some_and(|hash| hash.len() > 20));
    assert_eq!(made.animation, None);
}

#[test]
fn variants_are_as_crisp_as_a_reference() {
    let original = photo(2400, 1800);
    let made = made(&encoded(
        &DynamicImage::ImageRgb8(original.clone()),
        ImageFormat::Png,
    ));
    for width in [320, 640, 1280, 1920] {
        let reference = imageops::resize(&original, width, width * 3 / 4, FilterType::Lanczos3);
        let soft = imageops::resize(&original, width / 2, width * 3 / 8, FilterType::Lanczos3);
        let soft = imageops::resize(&soft, width, width * 3 / 4, FilterType::Triangle);
        for kind in ["webp", "jpg"] {
            let bytes = file(&made, &format!("{width}.{kind}"));
            let variant = image::load_from_memory(bytes).unwrap().into_rgb8();
            let near = likeness(&variant, &reference);
            let sharp = sharpness(&variant) / sharpness(&reference);
            println!(
                "{width}.{kind}: {near:.1} dB, {:.1} % of the sharpness",
                sharp * 100.0
            );
            assert!(
                near > 30.0,
                "{width}.{kind} is {near:.1} dB from a reference"
            );
            assert!(
                (0.9..1.1).contains(&sharp),
                "{width}.{kind} has {sharp} of the sharpness"
            );
            // What was once half as large is found out.
            assert!(sharpness(&soft) < sharpness(&variant), "{width}.{kind}");
        }
    }
}

#[test]
fn nothing_but_the_pixels_comes_through() {
    let plain = jpeg(&photo(640, 480));
    let mut bytes = with_segment(&plain, 0xe1, &exif(6));
    bytes = with_segment(
        &bytes,
        0xfe,
        b"<html><script>alert('SECRET-PLACE')</script>",
    );
    bytes = with_segment(
        &bytes,
        0xe1,
        b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>SECRET-PLACE</x:xmpmeta>",
    );
    // A ZIP archive behind the end: a file of two kinds.
    bytes.extend(b"PK\x03\x04SECRET-PLACE");
    let made = made(&bytes);
    // It was taken upright by somebody who held the camera on its side.
    assert_eq!((made.width, made.height), (480, 640));
    for (variant, bytes) in &made.variants {
        for trace in [SECRET, b"Exif", b"EXIF", b"XMP", b"<script", b"PK\x03\x04"] {
            assert!(
                memchr::memmem::find(bytes, trace).is_none(),
                "{} holds {}",
                variant.file,
                String::from_utf8_lossy(trace)
            );
        }
    }
}

#[test]
fn pictures_are_turned_the_way_they_are_shown() {
    // White above on the left, else black.
    let corner = RgbImage::from_fn(64, 32, |x, y| {
        let white = x < 32 && y < 16;
        Rgb([if white { 255 } else { 0 }; 3])
    });
    for (orientation, size, (x, y)) in [
        (1, (64, 32), (8, 4)),
        (2, (64, 32), (56, 4)),
        (3, (64, 32), (56, 28)),
        (4, (64, 32), (8, 28)),
        (5, (32, 64), (4, 8)),
        (6, (32, 64), (28, 8)),
        (7, (32, 64), (28, 56)),
        (8, (32, 64), (4, 56)),
    ] {
        let made = made(&with_segment(&jpeg(&corner), 0xe1, &exif(orientation)));
        assert_eq!((made.width, made.height), size, "{orientation}");
        for (_, bytes) in &made.variants {
            let image = image::load_from_memory(bytes).unwrap().into_rgb8();
            assert_eq!(image.dimensions(), size, "{orientation}");
            let lit = |x, y| image.get_pixel(x, y).0[0] > 128;
            assert!(lit(x, y), "{orientation}");
            let corners = if size == (64, 32) {
                [(8, 4), (56, 4), (56, 28), (8, 28)]
            } else {
                [(4, 8), (28, 8), (28, 56), (4, 56)]
            };
            let others = corners.iter().filter(|corner| **corner != (x, y));
            for (a, b) in others {
                assert!(!lit(*a, *b), "{orientation}: {a}, {b}");
            }
        }
    }
}

#[test]
fn what_is_transparent_stays_so() {
    let image = RgbaImage::from_fn(100, 100, |x, _| {
        Rgba([200, 30, 30, if x < 50 { 0 } else { 255 }])
    });
    let made = made(&encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png));
    assert_eq!(names(&made), ["100.webp", "100.png"]);
    for (variant, bytes) in &made.variants {
        let image = image::load_from_memory(bytes).unwrap().into_rgba8();
        assert_eq!(
            (image.get_pixel(10, 50)[3], image.get_pixel(90, 50)[3]),
            (0, 255),
            "{}",
            variant.file
        );
    }
    // An alpha channel that says nothing is none.
    let opaque = RgbaImage::from_pixel(10, 10, Rgba([1, 2, 3, 255]));
    let opaque = self::made(&encoded(
        &DynamicImage::ImageRgba8(opaque),
        ImageFormat::Png,
    ));
    assert_eq!(names(&opaque), ["10.webp", "10.jpg"]);
}

#[test]
fn unusual_pictures_are_taken() {
    let one = DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([9, 9, 9])));
    assert_eq!(
        names(&made(&encoded(&one, ImageFormat::Png))),
        ["1.webp", "1.jpg"]
    );
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(20, 10, Rgb([65_535, 0, 32_768]));
    let deep = made(&encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png));
    let pixel = *image::load_from_memory(file(&deep, "20.jpg"))
        .unwrap()
        .into_rgb8()
        .get_pixel(5, 5);
    assert!(pixel.0[0] > 245 && pixel.0[1] < 10, "{pixel:?}");
    let grey: ImageBuffer<Luma<u8>, _> = ImageBuffer::from_pixel(20, 10, Luma([77]));
    made(&encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg));
    let webp = made(&encoded(
        &DynamicImage::ImageRgb8(photo(40, 30)),
        ImageFormat::WebP,
    ));
    assert_eq!(webp.media_type, MediaType::Webp);
    // Wide as a banner, and high as a list: no side becomes nothing.
    let wide = DynamicImage::ImageRgb8(RgbImage::new(20_000, 3));
    assert_eq!(
        made(&encoded(&wide, ImageFormat::Png)).variants[0].0.height,
        1
    );
    let high = made(&encoded(
        &DynamicImage::ImageRgb8(RgbImage::new(3, 20_000)),
        ImageFormat::Png,
    ));
    assert_eq!(names(&high), ["3.jpg"], "no WebP is that high");
}

/// A JPEG of four inks, as printers send them, with Adobe's mark that they are inverted.
#[test]
fn a_picture_of_four_inks_is_taken() {
    let mut bytes = Vec::new();
    // Four equal channels of a grey picture, each with a scan of its own data, made by hand from one.
    JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode(&[128; 64], 8, 8, ExtendedColorType::L8)
        .unwrap();
    let start = memchr::memmem::find(&bytes, &[0xff, 0xc0]).unwrap();
    let scan = memchr::memmem::find(&bytes, &[0xff, 0xda]).unwrap();
    // One block of mid grey is all zeros: difference 0, end of block, in the tables of the encoder.
    let length = usize::from(u16::from_be_bytes([bytes[scan + 2], bytes[scan + 3]]));
    let data = bytes[scan + 2 + length..bytes.len() - 2].to_vec();
    let mut four = bytes[..start].to_vec();
    four.extend([0xff, 0xc0, 0, 8 + 12, 8, 0, 8, 0, 8, 4]);
    for id in 1..=4 {
        four.extend([id, 0x11, 0]);
    }
    let tables_from =
        start + 2 + usize::from(u16::from_be_bytes([bytes[start + 2], bytes[start + 3]]));
    four.extend(&bytes[tables_from..scan]);
    four.extend([0xff, 0xda, 0, 6 + 8, 4]);
    for id in 1..=4 {
        four.extend([id, 0]);
    }
    four.extend([0, 63, 0]);
    // The bits of one block, four times; what follows is filled with ones.
    let bits: Vec<bool> = data
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
        .collect();
    let used = bits.iter().rposition(|bit| !bit).map_or(0, |last| last + 1);
    let mut all: Vec<bool> = (0..4).flat_map(|_| bits[..used].to_vec()).collect();
    while !all.len().is_multiple_of(8) {
        all.push(true);
    }
    for byte in all.chunks(8) {
        let byte = byte
            .iter()
            .fold(0_u8, |byte, bit| byte << 1 | u8::from(*bit));
        four.push(byte);
        if byte == 0xff {
            four.push(0);
        }
    }
    four.extend([0xff, 0xd9]);
    let four = with_segment(&four, 0xee, b"Adobe\0\x64\0\0\0\0\0");
    let made = made(&four);
    assert_eq!(
        (made.width, made.height, made.media_type),
        (8, 8, MediaType::Jpeg)
    );
}

fn moving(frames: u8, comment: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new(&mut bytes);
        encoder.set_repeat(Repeat::Infinite).unwrap();
        for number in 0..frames {
            let image = RgbaImage::from_pixel(60, 40, Rgba([number * 40, 10, 10, 255]));
            let delay = Delay::from_numer_denom_ms(100, 1);
            encoder
                .encode_frame(Frame::from_parts(image, 0, 0, delay))
                .unwrap();
        }
    }
    if comment {
        let end = bytes.pop().unwrap();
        bytes.extend([0x21, 0xfe, u8::try_from(SECRET.len()).unwrap()]);
        bytes.extend(SECRET);
        bytes.extend([0, end]);
        bytes.extend(SECRET);
    }
    bytes
}

#[test]
fn what_moves_goes_on_moving_without_its_comments() {
    let made = made(&moving(4, true));
    assert_eq!(names(&made), ["60.webp", "60.jpg"]);
    let (variant, bytes) = made.animation.unwrap();
    assert_eq!(
        (variant.file.as_str(), variant.width, variant.height),
        ("animation.gif", 60, 40)
    );
    assert!(memchr::memmem::find(&bytes, SECRET).is_none());
    assert!(memchr::memmem::find(&bytes, b"NETSCAPE2.0").is_some());
    use image::AnimationDecoder;
    let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.into_frames().collect_frames().unwrap().len(), 4);
    assert_eq!(self::made(&moving(1, true)).animation, None);
}

/// A WebP of two frames, put together from chunks (RFC 9649 section 2.7).
fn moving_webp() -> Vec<u8> {
    let frame = |red| {
        let image = DynamicImage::ImageRgb8(RgbImage::from_pixel(16, 8, Rgb([red, 0, 0])));
        encoded(&image, ImageFormat::WebP)[12..].to_vec()
    };
    let chunk = |name: &[u8], data: &[u8]| {
        let mut bytes = name.to_vec();
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(data);
        if data.len() % 2 == 1 {
            bytes.push(0);
        }
        bytes
    };
    let mut body = b"WEBP".to_vec();
    // Animation, EXIF and XMP; 16 by 8.
    body.extend(chunk(
        b"VP8X",
        &[0x02 | 0x08 | 0x04, 0, 0, 0, 15, 0, 0, 7, 0, 0],
    ));
    body.extend(chunk(b"ANIM", &[0; 6]));
    for red in [10, 200] {
        let mut data = vec![0, 0, 0, 0, 0, 0, 15, 0, 0, 7, 0, 0, 100, 0, 0, 0];
        data.extend(frame(red));
        data.extend(chunk(b"JUNK", SECRET));
        body.extend(chunk(b"ANMF", &data));
    }
    body.extend(chunk(b"EXIF", SECRET));
    body.extend(chunk(b"XMP ", SECRET));
    let mut bytes = b"RIFF".to_vec();
    bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    bytes.extend(body);
    bytes.extend(SECRET);
    bytes
}

#[test]
fn a_moving_webp_goes_on_moving_without_its_metadata() {
    let made = made(&moving_webp());
    let (variant, bytes) = made.animation.unwrap();
    assert_eq!(
        (variant.file.as_str(), variant.width, variant.height),
        ("animation.webp", 16, 8)
    );
    for trace in [SECRET, b"EXIF", b"XMP ", b"JUNK"] {
        assert!(memchr::memmem::find(&bytes, trace).is_none());
    }
    use image::AnimationDecoder;
    let decoder = image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).unwrap();
    assert_eq!(decoder.into_frames().collect_frames().unwrap().len(), 2);
}

#[test]
fn colours_of_a_profile_become_those_of_the_web() {
    // The same numbers are a stronger red on the screen of a phone.
    let red = RgbImage::from_pixel(16, 16, Rgb([200, 60, 60]));
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    image::ImageEncoder::set_icc_profile(&mut encoder, profile).unwrap();
    encoder.encode_image(&red).unwrap();
    let shown = |bytes: &[u8]| {
        let made = made(bytes);
        let image = image::load_from_memory(file(&made, "16.jpg")).unwrap();
        image.into_rgb8().get_pixel(8, 8).0
    };
    let (wide, plain) = (shown(&bytes), shown(&jpeg(&red)));
    assert!(plain[0].abs_diff(200) < 4, "{plain:?}");
    assert!(
        wide[0] > plain[0] + 8 && wide[1] < plain[1],
        "{wide:?} {plain:?}"
    );
    let broken = with_segment(&jpeg(&red), 0xe2, b"ICC_PROFILE\0\x01\x01no profile at all");
    assert!(
        shown(&broken)[0].abs_diff(200) < 4,
        "one that cannot be read says nothing"
    );
}

#[test]
fn what_breaks_off_is_refused() {
    let photo = DynamicImage::ImageRgb8(photo(200, 150));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = encoded(&photo, format);
        for part in [2, 5, 10, 20] {
            let broken = &whole[..whole.len() * part / 21];
            let told = refused(broken);
            assert!(told.contains("cannot be read"), "{format:?} {part}: {told}");
        }
    }
    let gif = moving(3, false);
    assert!(refused(&gif[..gif.len() - 20]).contains("cannot be read"));
    // A picture of its own in the metadata has an end, but not that of the whole.
    let small = jpeg(&RgbImage::new(8, 8));
    let whole = with_segment(&encoded(&photo, ImageFormat::Jpeg), 0xe1, &small);
    assert!(refused(&whole[..whole.len() - 100]).contains("breaks off"));
}

#[test]
fn what_is_none_is_refused_by_its_name() {
    for (bytes, told) in [
        (&b""[..], "empty"),
        (
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            "SVG",
        ),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\xff\xd8\xff\xe0not a picture", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "cannot be read"),
        (b"GIF89a", "cannot be read"),
        (b"RIFF\x04\0\0\0WEBP", "cannot be read"),
    ] {
        let refusal = refused(bytes);
        assert!(refusal.contains(told), "{refusal}");
    }
}

/// The head of a PNG of this size, and hardly any data.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(
        &DynamicImage::ImageRgb8(RgbImage::new(1, 1)),
        ImageFormat::Png,
    );
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut hash = flate2::Crc::new();
    hash.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&hash.sum().to_be_bytes());
    bytes
}

#[test]
fn how_large_a_picture_is_its_header_says_before_it_is_decoded() {
    for (width, height) in [
        (40_000_001, 1),
        (8_000, 5_001),
        (65_536, 1),
        (2_000_000_000, 2_000_000_000),
    ] {
        let told = refused(&png_of(width, height));
        assert!(
            told.contains(&format!("{width} x {height} pixels")),
            "{told}"
        );
    }
    // One that keeps the bound is decoded, and found to have nothing in it.
    assert!(refused(&png_of(8_000, 5_000)).contains("cannot be read"));
    // Of a GIF and a JPEG alike.
    let mut gif = moving(1, false);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert!(refused(&gif).contains("65535 x 65535 pixels"));
    let mut jpeg = jpeg(&RgbImage::new(8, 8));
    let start = memchr::memmem::find(&jpeg, &[0xff, 0xc0]).unwrap();
    jpeg[start + 5..start + 9].copy_from_slice(&[0xff; 4]);
    assert!(refused(&jpeg).contains("65535 x 65535 pixels"));
    let few = Recipe {
        pixels: 100,
        ..Recipe::default()
    };
    let refused = make(&self::jpeg(&RgbImage::new(20, 20)), &few).unwrap_err();
    assert_eq!(
        refused,
        Unfit::TooManyPixels {
            width: 20,
            height: 20,
            most: 100
        }
    );
}
