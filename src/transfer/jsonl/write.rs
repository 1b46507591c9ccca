//! The lines of an export, one for each thing. An import of the same file brings all of it back.

use serde::Serialize;

use crate::articles::export::ExportedText;
use crate::articles::model::Image;
use crate::authors::model::{AdminAuthor, Link};
use crate::id::Id;
use crate::json;
use crate::media::model::{FocalPoint, Media, MediaType};
use crate::redirects::model::{Redirect, RedirectStatus};
use crate::site::model::{AdminSite, Settings};
use crate::tags::model::AdminTag;
use crate::time::Time;

#[derive(Serialize)]
struct SiteLine<'a> {
    kind: &'static str,
    #[serde(flatten)]
    settings: &'a Settings,
    updated_at: Option<Time>,
}

#[derive(Serialize)]
struct TagLine<'a> {
    kind: &'static str,
    id: Id,
    slug: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'a [String],
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct AuthorLine<'a> {
    kind: &'static str,
    id: Id,
    slug: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bio: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a Image>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    links: &'a [Link],
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct RedirectLine<'a> {
    kind: &'static str,
    id: Id,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<Id>,
    status: RedirectStatus,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct MediaLine<'a> {
    kind: &'static str,
    id: Id,
    file: String,
    sha256: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    alt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_point: Option<FocalPoint>,
    widths: Vec<u32>,
    created_at: Time,
    updated_at: Time,
}

/// The line of a picture, whose bytes have this SHA-256.
#[must_use]
pub fn media(media: &Media, hash: &[u8]) -> String {
    let mut widths: Vec<u32> = media.variants.iter().map(|file| file.width).collect();
    widths.dedup();
    json::text(&MediaLine {
        kind: "media",
        id: media.id,
        file: media_file(media),
        sha256: data_encoding::HEXLOWER.encode(hash),
        name: &media.name,
        file_name: media.file_name.as_deref(),
        alt: &media.alt,
        title: media.title.as_deref(),
        credit: media.credit.as_deref(),
        focal_point: media.focal_point,
        widths,
        created_at: media.created_at,
        updated_at: media.updated_at,
    })
}

/// The file that an export puts what was sent into.
#[must_use]
pub fn media_file(media: &Media) -> String {
    let extension = match media.media_type {
        MediaType::Jpeg => "jpg",
        MediaType::Png => "png",
        MediaType::Gif => "gif",
        MediaType::Webp => "webp",
    };
    format!("{}.{extension}", media.name)
}

/// The line of a site's settings.
#[must_use]
pub fn site(site: &AdminSite) -> String {
    json::text(&SiteLine {
        kind: "site",
        settings: &site.settings(),
        updated_at: site.updated_at,
    })
}

/// The line of a tag.
#[must_use]
pub fn tag(tag: &AdminTag) -> String {
    json::text(&TagLine {
        kind: "tag",
        id: tag.id,
        slug: &tag.slug,
        name: &tag.name,
        description: tag.description.as_deref(),
        parent: tag.parent.as_ref().map(|parent| parent.slug.as_str()),
        aliases: &tag.aliases,
        created_at: tag.created_at,
        updated_at: tag.updated_at,
    })
}

/// The line of an author: the public profile, and not whose it is.
#[must_use]
pub fn author(author: &AdminAuthor) -> String {
    json::text(&AuthorLine {
        kind: "author",
        id: author.id,
        slug: &author.slug,
        name: &author.name,
        bio: author.bio.as_deref(),
        avatar: author.avatar.as_ref(),
        links: &author.links,
        created_at: author.created_at,
        updated_at: author.updated_at,
    })
}

/// The line of a redirect.
#[must_use]
pub fn redirect(redirect: &Redirect) -> String {
    json::text(&RedirectLine {
        kind: "redirect",
        id: redirect.id,
        path: &redirect.path,
        to: redirect.to.as_deref(),
        article: redirect.article,
        status: redirect.status,
        created_at: redirect.created_at,
        updated_at: redirect.updated_at,
    })
}

/// The line of an article or a page.
#[must_use]
pub fn text(text: &ExportedText) -> String {
    json::text(text)
}
