//! Pictures, made for each test.

use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// A picture of this size that no other test of the process has.
pub(crate) fn picture(width: u32, height: u32) -> DynamicImage {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let [_, a, b, c] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut image = RgbImage::from_fn(width, height, |x, y| {
        let [.., shade] = (x * 3 + y * 5).to_be_bytes();
        Rgb([shade / 2 + 60, 120, 200 - shade / 2])
    });
    image.put_pixel(0, 0, Rgb([a, b, c]));
    DynamicImage::ImageRgb8(image)
}

/// The same, half of it transparent.
pub(crate) fn transparent(width: u32, height: u32) -> DynamicImage {
    let mut image: RgbaImage = picture(width, height).into_rgba8();
    for (x, _, pixel) in image.enumerate_pixels_mut() {
        let Rgba([.., alpha]) = pixel;
        *alpha = if x * 2 < width { 0 } else { 255 };
    }
    DynamicImage::ImageRgba8(image)
}

/// As a file.
pub(crate) fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

/// A fresh PNG of this size.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(&picture(width, height), ImageFormat::Png)
}
