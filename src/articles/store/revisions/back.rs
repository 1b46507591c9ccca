//! What of a revision can be put back into its text's place, and what only in another way.

use diesel::prelude::*;

use super::super::{edit, slugs};
use super::{AUTHOR, TAG, get};
use crate::articles::cover::Cover;
use crate::articles::model::{ArticleInput, Kind};
use crate::articles::words::{Standing, Words};
use crate::db::schema::article_slugs;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::{media, redirects, slug};

/// Words that are to be put into a text's place once more.
pub struct PutBack {
    /// All of it as it would be sent.
    pub input: ArticleInput,
    /// The account that it belongs to.
    pub owner: Option<Id>,
    /// The version of the text that it would take the place of.
    pub version: i64,
    /// What cannot come back as it was.
    pub told: Vec<String>,
}

/// What a revision would put into the text's place: its words, where the text stands now. With `keep_slug` the text also
/// stays where it is found: slug, other addresses and locale.
///
/// # Errors
/// As [`get`].
pub fn put_back(conn: &mut Conn, kind: Kind, id: Id, n: i64, keep_slug: bool) -> Result<PutBack> {
    let (_, mut words, _) = get(conn, kind, id, n)?;
    let now = edit::get(conn, kind, id)?;
    let mut told = Vec::new();
    if keep_slug {
        words.slug = now.slug;
        words.locale = now.locale;
        words.aliases = now.aliases;
    } else {
        words.aliases = addresses(conn, id, &words, &mut told)?;
    }
    let standing = Standing {
        status: now.status,
        published_at: now.published_at,
        owner: now.owner,
    };
    let (tags, authors) = keys(conn, &words, &mut told)?;
    let media = words.cover.as_ref().and_then(Cover::media_id);
    if let Some(id) = media
        && media::store::of_ids(conn, &[id])?.is_empty()
    {
        told.push(format!("its cover, the medium {id}, is no more"));
        words.cover = None;
    }
    Ok(PutBack {
        input: words.into_input(kind, tags, authors, standing),
        owner: now.owner,
        version: now.version,
        told,
    })
}

/// The keys of the tags and authors of these words: by id, or by the name of one that is no more. What is told of them
/// is added to `told`.
pub(in crate::articles::store) fn keys(
    conn: &mut Conn,
    words: &Words,
    told: &mut Vec<String>,
) -> Result<(Vec<String>, Vec<String>)> {
    let mut tags = Vec::with_capacity(words.tags.len());
    for tag in &words.tags {
        let of_id = crate::tags::store::find(conn, &tag.id.to_string())?;
        let found = match of_id {
            Some(found) => Some(found.id),
            None => {
                let other = crate::tags::store::find(conn, &tag.name)?.map(|found| found.id);
                told.push(replaced(TAG, &tag.name, other));
                other
            }
        };
        tags.push(found.map_or_else(|| tag.name.clone(), |id| id.to_string()));
    }
    let mut authors = Vec::with_capacity(words.authors.len());
    for author in &words.authors {
        let of_id = crate::authors::store::find(conn, &author.id.to_string())?;
        let found = match of_id {
            Some(found) => Some(found.id),
            None => {
                let other = crate::authors::store::find(conn, &author.name)?.map(|found| found.id);
                told.push(replaced(AUTHOR, &author.name, other));
                other
            }
        };
        authors.push(found.map_or_else(|| author.name.clone(), |id| id.to_string()));
    }
    Ok((tags, authors))
}

fn replaced(what: &str, name: &str, by: Option<Id>) -> String {
    match by {
        Some(other) => {
            format!("the {what} `{name}` is no more; {other} of that name took its place")
        }
        None => format!("the {what} `{name}` was no more, and was made again"),
    }
}

/// What leads to a text beside the slug of these words: what led to it then, if nothing else stands there now, and all that
/// leads to it now.
fn addresses(
    conn: &mut Conn,
    id: Id,
    words: &Words,
    told: &mut Vec<String>,
) -> Result<Vec<String>> {
    let own = article_slugs::table
        .filter(article_slugs::article_id.eq(id))
        .filter(article_slugs::locale.eq(&words.locale))
        .select(article_slugs::slug)
        .order(article_slugs::slug);
    let mut own: Vec<String> = each!(conn, c => own.load(c))?;
    for alias in &words.aliases {
        if own.contains(alias) {
            continue;
        }
        let free = slug::is_slug(alias)
            && !slugs::is_taken(conn, alias, &words.locale)?
            && !redirects::store::taken(conn, alias, &words.locale)?;
        if free {
            own.push(alias.clone());
        } else {
            told.push(format!("`{alias}` does not lead here any more"));
        }
    }
    own.retain(|slug| *slug != words.slug);
    Ok(own)
}
