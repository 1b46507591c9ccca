//! The picture that stands for a text: a medium, or an address elsewhere.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::model::Image;
use crate::error::{Error, Result};
use crate::id::Id;
use crate::media::model::{FocalPoint, Media, MediaFile};

/// The picture that stands for a text, as it is written and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Cover {
    /// A medium.
    Media(CoverMedia),
    /// A picture elsewhere.
    Link(Image),
}

/// A medium as a cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverMedia {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub media_id: Id,
    /// What it shows, for those who do not see it; what the medium says, where nothing is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 5000)]
    pub alt: Option<String>,
}

impl From<Image> for Cover {
    fn from(image: Image) -> Self {
        Self::Link(image)
    }
}

impl Cover {
    /// The medium that it is.
    #[must_use]
    pub const fn media_id(&self) -> Option<Id> {
        match self {
            Self::Media(media) => Some(media.media_id),
            Self::Link(_) => None,
        }
    }

    /// The picture elsewhere that it is.
    #[must_use]
    pub const fn link(&self) -> Option<&Image> {
        match self {
            Self::Media(_) => None,
            Self::Link(image) => Some(image),
        }
    }

    /// Reads one as it is stored.
    ///
    /// # Errors
    /// When it is none, which is a fault of ours.
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map_err(|error| Error::internal(format!("the stored cover of a text: {error}")))
    }
}

/// Whether a stored cover is a medium: few are looked at further.
#[must_use]
pub fn is_media(stored: &str) -> bool {
    stored.starts_with("{\"media_id\":")
}

/// The picture that stands for a text, as it is shown. That of a medium has more than an address.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleCover {
    /// The medium; absent of a picture elsewhere, as is all else but `url`, `alt` and what was said of its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = uuid::Uuid, required = false)]
    pub media_id: Option<Id>,
    /// Where it is: of a medium the largest of its variants that every client can show.
    #[schema(min_length = 1, max_length = 2048)]
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// Pixels of what is at `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 4_294_967_295_i64)]
    pub width: Option<u32>,
    /// Pixels of what is at `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 4_294_967_295_i64)]
    pub height: Option<u32>,
    /// What to show until it is there (BlurHash).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub blurhash: Option<String>,
    /// What must stay in sight where it is cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = FocalPoint, required = false)]
    pub focal_point: Option<FocalPoint>,
    /// Its files, the smallest first: each width as WebP, and as JPEG or, where it is transparent, PNG.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub variants: Vec<MediaFile>,
    /// The moving picture, where it moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MediaFile, required = false)]
    pub animation: Option<MediaFile>,
}

impl ArticleCover {
    /// A medium, its files below this address, with the words of a text for it where that has any.
    #[must_use]
    pub fn new(media: &Media, alt: Option<String>, base: &str) -> Self {
        let principal = media.principal().map(|file| media.file(file, base));
        let size = principal.as_ref().map(|file| (file.width, file.height));
        Self {
            media_id: Some(media.id),
            url: principal.map(|file| file.url).unwrap_or_default(),
            alt: alt.unwrap_or_else(|| media.alt.clone()),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            blurhash: media.blurhash.clone(),
            focal_point: media.focal_point,
            variants: media.files(base),
            animation: media.animation.as_ref().map(|file| media.file(file, base)),
        }
    }
}

/// A cover on its way to whoever asked for its text.
#[derive(Debug, Clone)]
pub enum ShownCover {
    /// A picture elsewhere, as it is stored.
    Link(Box<RawValue>),
    /// A medium.
    Media(Box<ShownMedia>),
}

/// A medium as the cover of a text, as it is known when the text is read. Where its files are, is known where it is shown.
#[derive(Debug, Clone)]
pub struct ShownMedia {
    media: Media,
    /// What the text says of it.
    alt: Option<String>,
    shown: ArticleCover,
}

impl Serialize for ShownCover {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Link(stored) => stored.serialize(serializer),
            Self::Media(media) => media.shown.serialize(serializer),
        }
    }
}

impl ShownCover {
    /// What is stored of a cover, with these media; `None` where it is a medium that is none of them.
    ///
    /// # Errors
    /// When what is stored is none, which is a fault of ours.
    pub fn read(stored: String, media: &[Media]) -> Result<Option<Self>> {
        if !is_media(&stored) {
            let stored = RawValue::from_string(stored)
                .map_err(|error| Error::internal(format!("the stored cover of a text: {error}")))?;
            return Ok(Some(Self::Link(stored)));
        }
        Ok(Self::of(Cover::from_json(&stored)?, media))
    }

    /// A cover as it is written, with these media, as [`ShownCover::read`].
    #[must_use]
    pub fn of(cover: Cover, media: &[Media]) -> Option<Self> {
        match cover {
            Cover::Link(image) => {
                let stored = serde_json::value::to_raw_value(&image);
                stored.ok().map(Self::Link)
            }
            Cover::Media(CoverMedia { media_id, alt }) => {
                let media = media.iter().find(|media| media.id == media_id)?.clone();
                let shown = ArticleCover::new(&media, alt.clone(), "");
                Some(Self::Media(Box::new(ShownMedia { media, alt, shown })))
            }
        }
    }

    /// With the files of media below this address.
    pub fn place(&mut self, base: &str) {
        if let Self::Media(media) = self {
            media.shown = ArticleCover::new(&media.media, media.alt.clone(), base);
        }
    }

    /// In the form in which it is sent.
    #[must_use]
    pub fn writable(&self) -> Value {
        match self {
            Self::Link(stored) => serde_json::from_str(stored.get()).unwrap_or_default(),
            Self::Media(media) => json!(CoverMedia {
                media_id: media.media.id,
                alt: media.alt.clone(),
            }),
        }
    }

    /// As a picture of one address.
    ///
    /// # Errors
    /// When what is stored is none, which is a fault of ours.
    pub fn image(&self) -> Result<Image> {
        match self {
            Self::Link(stored) => serde_json::from_str(stored.get())
                .map_err(|error| Error::internal(format!("the stored cover of a text: {error}"))),
            Self::Media(media) => Ok(Image {
                url: media.shown.url.clone(),
                alt: media.shown.alt.clone(),
                width: media.shown.width,
                height: media.shown.height,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_says_which_it_is() {
        let id = Id::new();
        let media = Cover::Media(CoverMedia {
            media_id: id,
            alt: None,
        });
        let stored = crate::json::text(&media);
        assert!(is_media(&stored), "{stored}");
        assert_eq!(Cover::from_json(&stored).unwrap(), media);
        let link = Cover::from(Image {
            url: "/a.jpg".into(),
            alt: "A".into(),
            width: None,
            height: Some(3),
        });
        let stored = crate::json::text(&link);
        assert!(!is_media(&stored), "{stored}");
        assert_eq!(Cover::from_json(&stored).unwrap(), link);
        assert!(Cover::from_json("{\"url\":\"/a\",\"media_id\":3}").is_err());
    }
}
