//! From a picture that somebody sent to what readers get. Nothing of the file but its pixels comes through: no metadata, no
//! comments, nothing that stands behind its end. What a file is, its bytes say, and not its name; how large it is, its
//! header says, before anything is decoded.

mod decode;
mod moving;
mod sniff;
mod variants;

use super::model::{MediaType, Variant};

pub use self::sniff::ACCEPTED;

/// What is made of pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The widths of variants in pixels, the smallest first. None is larger than what was sent.
    pub widths: Vec<u32>,
    /// The most pixels that a picture may have.
    pub pixels: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            widths: vec![320, 640, 1280, 1920],
            pixels: 40_000_000,
        }
    }
}

/// What was made of a picture.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it is.
    pub media_type: MediaType,
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// What to show until it is there.
    pub blurhash: Option<String>,
    /// What readers get, the smallest first.
    pub variants: Vec<(Variant, Vec<u8>)>,
    /// What moves.
    pub animation: Option<(Variant, Vec<u8>)>,
}

/// Why a file cannot be taken, in words for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is nothing that is taken.
    #[error("{0}; what is taken: {ACCEPTED}")]
    Type(String),
    /// It cannot be read as what it is.
    #[error("the file is {kind} by its first bytes, and cannot be read as that: {why}")]
    Broken {
        /// What it seems to be.
        kind: &'static str,
        /// What is wrong.
        why: String,
    },
    /// It has more pixels than are decoded here.
    #[error(
        "the picture has {width} x {height} pixels; at most {most} are taken, and no side longer than 65535"
    )]
    TooManyPixels {
        /// As its header says.
        width: u32,
        /// As its header says.
        height: u32,
        /// The most.
        most: u64,
    },
}

/// Makes what readers get of the bytes of a file. It takes a while, and up to eight bytes for each pixel.
///
/// # Errors
/// [`Unfit`] where it is no picture that is taken.
pub fn make(bytes: &[u8], recipe: &Recipe) -> Result<Made, Unfit> {
    let media_type = sniff::sniff(bytes)?;
    let picture = decode::decode(bytes, media_type, recipe.pixels)?;
    let animation = moving::animation(bytes, media_type)?.map(|(bytes, width, height)| {
        let extension = if media_type == MediaType::Gif {
            "gif"
        } else {
            "webp"
        };
        (
            variants::variant("animation", extension, (width, height), &bytes),
            bytes,
        )
    });
    let (width, height) = picture.size();
    let broken = |why: String| Unfit::Broken {
        kind: media_type.as_str(),
        why,
    };
    let variants::Variants { files, blurhash } =
        variants::all(&picture, &recipe.widths).map_err(broken)?;
    Ok(Made {
        media_type,
        width,
        height,
        blurhash,
        variants: files,
        animation,
    })
}

#[cfg(test)]
mod tests;
