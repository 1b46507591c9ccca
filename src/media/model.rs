//! What a medium is: a picture with its variants, and how texts show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::State;
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::id::Id;
use crate::names::names;
use crate::time::Time;

/// The longest alternative text, credit or title, in characters.
pub const MAX_TEXT: usize = 5_000;

/// What can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum MediaType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// GIF, moving or not.
    #[serde(rename = "image/gif")]
    Gif,
    /// WebP, moving or not.
    #[serde(rename = "image/webp")]
    Webp,
}

names!(MediaType {
    Jpeg => "image/jpeg",
    Png => "image/png",
    Gif => "image/gif",
    Webp => "image/webp",
});

/// The point that must stay in sight where a picture is cut, in parts of its width and height from the left and from above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FocalPoint {
    /// 0 is the left edge, 1 the right one.
    #[schema(minimum = 0, maximum = 1, example = 0.5)]
    pub x: f64,
    /// 0 is the upper edge, 1 the lower one.
    #[schema(minimum = 0, maximum = 1, example = 0.4)]
    pub y: f64,
}

impl FocalPoint {
    /// A point within the picture, to four decimals; `None` outside.
    #[must_use]
    pub fn new(x: f64, y: f64) -> Option<Self> {
        let within = |part: f64| (0.0..=1.0).contains(&part);
        let rounded = |part: f64| (part * 10_000.0).round() / 10_000.0;
        (within(x) && within(y)).then(|| Self {
            x: rounded(x),
            y: rounded(y),
        })
    }
}

/// A file that readers get, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its name within the medium: [`file_type`] knows its type by it.
    pub file: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Its length.
    pub bytes: u64,
}

impl Variant {
    /// Its type.
    #[must_use]
    pub fn media_type(&self) -> MediaType {
        file_type(&self.file).unwrap_or(MediaType::Webp)
    }
}

/// The type of a file that readers may get, by its name: `640.webp`, `640.jpg`, `640.png`, `animation.gif` or
/// `animation.webp`.
#[must_use]
pub fn file_type(file: &str) -> Option<MediaType> {
    let (stem, extension) = file.split_once('.')?;
    let moves = stem == "animation";
    let is_width = (1..=5).contains(&stem.len())
        && !stem.starts_with('0')
        && stem.bytes().all(|byte| byte.is_ascii_digit());
    match extension {
        "webp" if moves || is_width => Some(MediaType::Webp),
        "jpg" if is_width => Some(MediaType::Jpeg),
        "png" if is_width => Some(MediaType::Png),
        "gif" if moves => Some(MediaType::Gif),
        _ => None,
    }
}

/// Whether it is what the addresses of a medium begin with: 128 random bits in hexadecimal.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The names of the media whose files some text leads to, each once: whatever address stands in front, which may change.
#[must_use]
pub fn names_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ')' | '?' | '#' | ',' | '\\')
    };
    for (slash, _) in text.match_indices('/') {
        let Some((name, rest)) = text
            .get(slash + 1..)
            .and_then(|rest| rest.split_at_checked(32))
        else {
            continue;
        };
        let file = rest.strip_prefix('/').unwrap_or_default();
        let file = file.split(ends).next().unwrap_or_default();
        if is_name(name) && file_type(file).is_some() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A medium, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Its id.
    pub id: Id,
    /// What its addresses begin with.
    pub name: String,
    /// What was put in.
    pub media_type: MediaType,
    /// The name that the file had where it came from.
    pub file_name: Option<String>,
    /// The length of what was put in.
    pub bytes: i64,
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What it is called.
    pub title: Option<String>,
    /// Whose it is.
    pub credit: Option<String>,
    /// What must stay in sight.
    pub focal_point: Option<FocalPoint>,
    /// What to show until it is there.
    pub blurhash: Option<String>,
    /// What readers get.
    pub variants: Vec<Variant>,
    /// What moves.
    pub animation: Option<Variant>,
    /// The account that put it in.
    pub owner: Option<Id>,
    /// How often it was changed.
    pub version: i64,
    /// When it was put in.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

/// A medium to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMedia {
    /// SHA-256 of what was sent.
    pub hash: [u8; 32],
    /// The length of what was sent.
    pub bytes: i64,
    /// What its addresses begin with.
    pub name: String,
    /// What is said of it.
    pub about: About,
    /// What was sent.
    pub media_type: MediaType,
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// What to show until it is there.
    pub blurhash: Option<String>,
    /// What readers get.
    pub variants: Vec<Variant>,
    /// What moves.
    pub animation: Option<Variant>,
}

/// What whoever puts a picture in says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// The name of the file.
    pub file_name: Option<String>,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What it is called.
    pub title: Option<String>,
    /// Whose it is.
    pub credit: Option<String>,
    /// What must stay in sight.
    pub focal_point: Option<FocalPoint>,
}

/// What of a medium can be changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MediaChange {
    /// What it shows; `None` leaves it.
    pub alt: Option<String>,
    /// What it is called; `Some(None)` clears it.
    pub title: Option<Option<String>>,
    /// Whose it is.
    pub credit: Option<Option<String>>,
    /// What must stay in sight.
    pub focal_point: Option<Option<FocalPoint>>,
}

/// A file that readers get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaFile {
    /// Where it is. It never changes there, and may be kept for ever.
    pub url: String,
    /// Pixels.
    #[schema(minimum = 1)]
    pub width: u32,
    /// Pixels.
    #[schema(minimum = 1)]
    pub height: u32,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: MediaType,
    /// Its length.
    #[schema(minimum = 1)]
    pub bytes: u64,
}

/// A medium as editors see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminMedia {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: Id,
    /// What was put in, by its bytes.
    #[serde(rename = "type")]
    pub media_type: MediaType,
    /// The name that the file had where it came from.
    pub file_name: Option<String>,
    /// The length of what was put in.
    #[schema(minimum = 1)]
    pub bytes: i64,
    /// Pixels of what was put in, as it is shown.
    #[schema(minimum = 1)]
    pub width: u32,
    /// Pixels of what was put in, as it is shown.
    #[schema(minimum = 1)]
    pub height: u32,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What it is called.
    pub title: Option<String>,
    /// Whose it is.
    pub credit: Option<String>,
    /// What must stay in sight where it is cut.
    pub focal_point: Option<FocalPoint>,
    /// What to show until it is there (BlurHash).
    pub blurhash: Option<String>,
    /// The largest of its variants that every client can show.
    pub url: String,
    /// What readers get, the smallest first: each width as WebP, and as JPEG or, where it is transparent, PNG.
    pub variants: Vec<MediaFile>,
    /// The moving picture, where it moves.
    pub animation: Option<MediaFile>,
    /// The account that put it in.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub owner: Option<Id>,
    /// How often it was changed.
    #[schema(minimum = 1)]
    pub version: i64,
    /// The name under which it stands in the log.
    #[schema(example = "f-9f3c01d2")]
    pub cache_tag: String,
    /// When it was put in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Time,
    /// What uses it, where it is asked for alone. While there is any, it cannot be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<MediaUse>, required = false)]
    pub used_by: Option<Vec<MediaUse>>,
}

/// What uses a medium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaUse {
    /// What kind of thing.
    pub resource: MediaUser,
    /// Which one; of the site null.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub id: Option<Id>,
    /// In which of its fields.
    pub place: UsePlace,
    /// The title of a text, the name of an author.
    pub title: Option<String>,
    /// The state of a text.
    pub status: Option<State>,
}

/// The kinds of things that use media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaUser {
    /// An article.
    Article,
    /// A page.
    Page,
    /// The working copy of an article or a page.
    WorkingCopy,
    /// An author.
    Author,
    /// The site.
    Site,
}

names!(MediaUser {
    Article => "article",
    Page => "page",
    WorkingCopy => "working_copy",
    Author => "author",
    Site => "site",
});

/// The fields that media are used in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsePlace {
    /// The picture that stands for a text.
    Cover,
    /// Its text.
    Body,
    /// What search engines are told.
    Seo,
    /// Custom fields.
    Metadata,
    /// The picture of an author.
    Avatar,
    /// The site's logo.
    Logo,
}

names!(UsePlace {
    Cover => "cover",
    Body => "body",
    Seo => "seo",
    Metadata => "metadata",
    Avatar => "avatar",
    Logo => "logo",
});

impl MediaUse {
    /// In words, with titles or without.
    #[must_use]
    pub fn told(&self, titles: bool) -> String {
        let resource = self.resource.as_str().replace('_', " ");
        let id = self.id.map(|id| format!(" {id}")).unwrap_or_default();
        let title = self.title.as_deref().filter(|_| titles);
        let title = title.map(|title| format!(" `{title}`")).unwrap_or_default();
        format!("{} of {resource}{id}{title}", self.place.as_str())
    }
}

impl Media {
    /// As editors see it, its files below this address.
    #[must_use]
    pub fn shown(&self, base: &str) -> AdminMedia {
        AdminMedia {
            id: self.id,
            media_type: self.media_type,
            file_name: self.file_name.clone(),
            bytes: self.bytes,
            width: self.width,
            height: self.height,
            alt: self.alt.clone(),
            title: self.title.clone(),
            credit: self.credit.clone(),
            focal_point: self.focal_point,
            blurhash: self.blurhash.clone(),
            url: self
                .principal()
                .map(|variant| self.file(variant, base).url)
                .unwrap_or_default(),
            variants: self.files(base),
            animation: self.animation.as_ref().map(|file| self.file(file, base)),
            owner: self.owner,
            version: self.version,
            cache_tag: cache::of(Resource::Media, self.id),
            created_at: self.created_at,
            updated_at: self.updated_at,
            used_by: None,
        }
    }

    /// What readers get, below this address.
    #[must_use]
    pub fn files(&self, base: &str) -> Vec<MediaFile> {
        let files = self.variants.iter();
        files.map(|variant| self.file(variant, base)).collect()
    }

    /// The variant for whoever takes but one: the largest, not as WebP.
    #[must_use]
    pub fn principal(&self) -> Option<&Variant> {
        let rank = |variant: &&Variant| (variant.width, variant.media_type() != MediaType::Webp);
        self.variants.iter().max_by_key(rank)
    }

    /// A file of it, below this address.
    #[must_use]
    pub fn file(&self, variant: &Variant, base: &str) -> MediaFile {
        MediaFile {
            url: format!("{base}/{}/{}", self.name, variant.file),
            width: variant.width,
            height: variant.height,
            media_type: variant.media_type(),
            bytes: variant.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn files_have_names_of_one_form() {
        for (file, kind) in [
            ("640.webp", MediaType::Webp),
            ("1.jpg", MediaType::Jpeg),
            ("1920.png", MediaType::Png),
            ("animation.gif", MediaType::Gif),
            ("animation.webp", MediaType::Webp),
        ] {
            assert_eq!(file_type(file), Some(kind), "{file}");
        }
        for other in [
            "",
            "640",
            ".webp",
            "640.svg",
            "640.gif",
            "0640.webp",
            "123456.webp",
            "animation.jpg",
            "original",
            "640.webp.exe",
            "../640.webp",
            "6 0.webp",
            "640.WEBP",
        ] {
            assert_eq!(file_type(other), None, "{other}");
        }
    }

    #[test]
    fn media_are_found_in_texts_whatever_stands_in_front() {
        let other = NAME.replace('0', "f");
        let text = format!(
            "<img src=\"https://cdn.example.org/m/{NAME}/640.webp\" srcset=\"/media/{NAME}/320.jpg 320w\">\
             <a href='/media/{other}/animation.gif?x'>"
        );
        assert_eq!(names_in(&text), [NAME, other.as_str()]);
        for none in [
            format!("/media/{NAME}/original"),
            format!("/media/{NAME}"),
            format!("/media/{}/640.webp", &NAME[1..]),
            format!("/media/{}/640.webp", NAME.to_uppercase()),
            "/ä".repeat(40),
        ] {
            assert_eq!(names_in(&none), Vec::<&str>::new(), "{none}");
        }
    }

    #[test]
    fn a_focal_point_lies_within_the_picture() {
        assert_eq!(
            FocalPoint::new(0.123_456, 1.0),
            Some(FocalPoint { x: 0.1235, y: 1.0 })
        );
        for (x, y) in [(-0.1, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            assert_eq!(FocalPoint::new(x, y), None);
        }
    }
}
