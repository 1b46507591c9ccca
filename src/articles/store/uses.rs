//! What a text uses of media: its cover, and the files that its words lead to.

use crate::articles::cover::Cover;
use crate::articles::new::NewArticle;
use crate::db::Tx;
use crate::error::Result;
use crate::id::Id;
use crate::json;
use crate::media::model::{MediaUser, UsePlace};
use crate::media::store::{self as media, Uses};

/// What a text with this cover uses, that says this: in its body, to search engines and in its custom fields, as JSON.
pub(super) fn uses<'a>(
    cover: Option<&'a Cover>,
    body: &'a str,
    seo: &'a str,
    metadata: &'a str,
) -> Uses<'a> {
    let mut said = vec![
        (UsePlace::Body, body),
        (UsePlace::Seo, seo),
        (UsePlace::Metadata, metadata),
    ];
    if let Some(Cover::Link(image)) = cover {
        said.push((UsePlace::Cover, &image.url));
    }
    Uses {
        cover: cover.and_then(Cover::media_id),
        said,
    }
}

/// Writes down what a text uses now.
pub(super) fn write(tx: &mut Tx<'_>, id: Id, new: &NewArticle) -> Result<()> {
    let (seo, metadata) = (json::text(&new.seo), json::text(&new.metadata));
    let uses = uses(new.cover.as_ref(), &new.rendered.html, &seo, &metadata);
    media::write_uses(tx.conn(), MediaUser::Article, id, &uses)
}

/// A text is gone for good.
pub(super) fn clear(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    media::clear(tx.conn(), MediaUser::Article, id)?;
    media::clear(tx.conn(), MediaUser::WorkingCopy, id)
}
