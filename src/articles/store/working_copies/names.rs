//! What the tags and authors in a working copy are called, who may have gone or changed since it was saved.

use crate::articles::cover::{Cover, ShownCover};
use crate::articles::words::{Named, Words};
use crate::authors::model::AuthorRef;
use crate::db::Conn;
use crate::error::Result;
use crate::id::Id;
use crate::tags::model::TagRef;
use crate::{authors, media, slug, tags};

/// The tags, the authors and the cover of these words. For a tag or an author that is no more stands the one that took its
/// name, as it would be when the copy is published; where there is none it is shown as it would be made again.
///
/// # Errors
/// When the database fails.
pub fn names(
    conn: &mut Conn,
    words: &Words,
) -> Result<(Vec<TagRef>, Vec<AuthorRef>, Option<ShownCover>)> {
    let known = tags::store::refs(conn, &ids(&words.tags))?;
    let of_tags = shown(conn, &words.tags, &known, |tag| tag.id, tag_called)?;
    let known = authors::store::refs(conn, &ids(&words.authors))?;
    let of_authors = shown(
        conn,
        &words.authors,
        &known,
        |author| author.id,
        author_called,
    )?;
    let media = words.cover.as_ref().and_then(Cover::media_id);
    let media = media::store::of_ids(conn, media.as_slice())?;
    let cover = words.cover.clone();
    let cover = cover.and_then(|cover| ShownCover::of(cover, &media));
    Ok((of_tags, of_authors, cover))
}

fn ids(named: &[Named]) -> Vec<Id> {
    named.iter().map(|one| one.id).collect()
}

/// Those named, by their ids, else by their names.
fn shown<T: Clone + From<(Id, String, String)>>(
    conn: &mut Conn,
    named: &[Named],
    known: &[T],
    id_of: impl Fn(&T) -> Id,
    called: impl Fn(&mut Conn, &str) -> Result<Option<T>>,
) -> Result<Vec<T>> {
    let mut shown: Vec<T> = Vec::with_capacity(named.len());
    for Named { id, name } in named {
        let found = known.iter().find(|one| id_of(one) == *id).cloned();
        let found = match found {
            None => called(conn, name)?,
            found => found,
        };
        let found = found.unwrap_or_else(|| {
            let slug = slug::slugify(name).unwrap_or_default();
            (*id, slug, name.clone()).into()
        });
        // Two may have become one since.
        if shown.iter().all(|other| id_of(other) != id_of(&found)) {
            shown.push(found);
        }
    }
    Ok(shown)
}

fn tag_called(conn: &mut Conn, name: &str) -> Result<Option<TagRef>> {
    match tags::store::find(conn, name)? {
        Some(found) => Ok(tags::store::refs(conn, &[found.id])?.pop()),
        None => Ok(None),
    }
}

fn author_called(conn: &mut Conn, name: &str) -> Result<Option<AuthorRef>> {
    match authors::store::find(conn, name)? {
        Some(found) => Ok(authors::store::refs(conn, &[found.id])?.pop()),
        None => Ok(None),
    }
}

/// What these tags are called, in this order.
pub(super) fn tag_names(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Named>> {
    let refs = tags::store::refs(conn, ids)?.into_iter();
    Ok(in_order(ids, refs.map(|tag| (tag.id, tag.name))))
}

/// What these authors are called, in this order.
pub(super) fn author_names(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Named>> {
    let refs = authors::store::refs(conn, ids)?.into_iter();
    Ok(in_order(ids, refs.map(|author| (author.id, author.name))))
}

fn in_order(ids: &[Id], named: impl Iterator<Item = (Id, String)>) -> Vec<Named> {
    let mut named: Vec<Named> = named.map(|(id, name)| Named { id, name }).collect();
    named.sort_by_key(|one| ids.iter().position(|id| *id == one.id));
    named
}
