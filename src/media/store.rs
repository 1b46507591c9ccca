//! Media in the database.

mod ingest;
mod sweep;
mod uses;
mod write;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::model::{Media, MediaType, Variant};
use crate::articles::model::State;
use crate::db::dialect::{holds, id_in};
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{articles as texts, media, media_uses};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

pub use self::ingest::{Ingested, ingest, keep};
pub use self::sweep::{Swept, sweep, sweep_files};
pub use self::uses::{Uses, check, clear, count_uses, showing, used_by, write_uses};
pub use self::write::{create, delete, restore, update};

/// The one order of the list: what was put in last stands first.
pub const SORT: &str = "-created_at";

#[derive(Queryable)]
struct Row {
    id: Id,
    name: String,
    media_type: String,
    file_name: Option<String>,
    bytes: i64,
    width: i64,
    height: i64,
    alt: String,
    title: Option<String>,
    credit: Option<String>,
    focal_point: Option<String>,
    blurhash: Option<String>,
    variants: String,
    animation: Option<String>,
    owner: Option<Id>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

type Columns = (
    media::id,
    media::name,
    media::media_type,
    media::file_name,
    media::bytes,
    media::width,
    media::height,
    media::alt,
    media::title,
    media::credit,
    media::focal_point,
    media::blurhash,
    media::variants,
    media::animation,
    media::owner,
    media::version,
    media::created_at,
    media::updated_at,
);
const COLUMNS: Columns = (
    media::id,
    media::name,
    media::media_type,
    media::file_name,
    media::bytes,
    media::width,
    media::height,
    media::alt,
    media::title,
    media::credit,
    media::focal_point,
    media::blurhash,
    media::variants,
    media::animation,
    media::owner,
    media::version,
    media::created_at,
    media::updated_at,
);

impl Row {
    fn into_media(self) -> Result<Media> {
        let side = |pixels: i64| {
            u32::try_from(pixels)
                .map_err(|_negative| Error::internal(format!("{pixels} pixels of a stored medium")))
        };
        let kind = MediaType::from_name(&self.media_type).ok_or_else(|| {
            Error::internal(format!("`{}` is stored as a media type", self.media_type))
        })?;
        Ok(Media {
            id: self.id,
            name: self.name,
            media_type: kind,
            file_name: self.file_name,
            bytes: self.bytes,
            width: side(self.width)?,
            height: side(self.height)?,
            alt: self.alt,
            title: self.title,
            credit: self.credit,
            focal_point: self.focal_point.as_deref().map(stored).transpose()?,
            blurhash: self.blurhash,
            variants: stored::<Vec<Variant>>(&self.variants)?,
            animation: self.animation.as_deref().map(stored).transpose()?,
            owner: self.owner,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn stored<T: serde::de::DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::internal(format!("stored JSON of a medium: {error}")))
}

/// Which media a list holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct MediaFilter {
    /// Of one of these types.
    pub types: Vec<MediaType>,
    /// A part of the alternative text, the title, the credit or the name of the file.
    pub part: Option<String>,
    /// Nothing uses it, or something does.
    pub unused: Option<bool>,
    /// Put in by this account.
    pub owner: Option<Id>,
}

macro_rules! narrow {
    ($query:expr, $filter:expr) => {{
        let MediaFilter {
            types,
            part,
            unused,
            owner,
        } = $filter;
        let mut query = $query;
        if !types.is_empty() {
            query = query.filter(media::media_type.eq_any(types.iter().map(|kind| kind.as_str())));
        }
        if let Some(part) = part {
            query = query.filter(
                holds(media::alt, part)
                    .or(holds(media::title.assume_not_null(), part))
                    .or(holds(media::credit.assume_not_null(), part))
                    .or(holds(media::file_name.assume_not_null(), part)),
            );
        }
        if let Some(unused) = unused {
            let used = media_uses::table.filter(media_uses::media_id.eq(media::id));
            query = if *unused {
                query.filter(not(exists(used)))
            } else {
                query.filter(exists(used))
            };
        }
        if let Some(owner) = owner {
            query = query.filter(media::owner.eq(owner));
        }
        query
    }};
}

/// One page of the media, the newest first. It may scan, so it belongs on the pool.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    filter: &MediaFilter,
    page: &Page,
    count: bool,
) -> Result<Slice<Media>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = narrow!(media::table.select(COLUMNS).into_boxed(), filter);
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(media::created_at.ge(at))
                    .filter(media::created_at.gt(at).or(media::id.gt(id)))
            } else {
                query
                    .filter(media::created_at.le(at))
                    .filter(media::created_at.lt(at).or(media::id.lt(id)))
            };
        }
        query = if page.backward() {
            query.order((media::created_at.asc(), media::id.asc()))
        } else {
            query.order((media::created_at.desc(), media::id.desc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.created_at.millis()), row.id)
    });
    let total = if count {
        Some(each!(conn, c => narrow!(media::table.into_boxed(), filter).count().get_result(c))?)
    } else {
        None
    };
    let items = slice.items.into_iter().map(Row::into_media);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// A medium.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<Media> {
    let of_id = media::table.find(id).select(COLUMNS);
    let row: Option<Row> = each!(conn, c => of_id.first(c).optional())?;
    row.ok_or(Error::NotFound("medium"))?.into_media()
}

/// The medium that was made of bytes with this hash.
///
/// # Errors
/// When the database fails.
pub fn of_hash(conn: &mut Conn, hash: &[u8; 32]) -> Result<Option<Media>> {
    let same = media::table
        .filter(media::hash.eq(hash.as_slice()))
        .select(COLUMNS);
    let row: Option<Row> = each!(conn, c => same.first(c).optional())?;
    row.map(Row::into_media).transpose()
}

/// These media, in any order, as far as they are there.
///
/// # Errors
/// When the database fails.
pub fn of_ids(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Media>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let some = media::table.filter(id_in(media::id, ids)).select(COLUMNS);
    let rows: Vec<Row> = each!(conn, c => some.load(c))?;
    rows.into_iter().map(Row::into_media).collect()
}

/// The media behind this one in the order of their ids, up to `limit`, each with the SHA-256 of what was sent.
///
/// # Errors
/// When the database fails.
pub fn all_after(conn: &mut Conn, after: Option<Id>, limit: i64) -> Result<Vec<(Media, Vec<u8>)>> {
    let behind = media::table
        .filter(media::id.gt(after.unwrap_or(Id([0; 16]))))
        .order(media::id)
        .limit(limit)
        .select((COLUMNS, media::hash));
    let rows: Vec<(Row, Vec<u8>)> = each!(conn, c => behind.load(c))?;
    rows.into_iter()
        .map(|(row, hash)| Ok((row.into_media()?, hash)))
        .collect()
}

/// The media behind this one in the order of their ids, up to `limit`, that something public shows: a published text, an
/// author, the site.
///
/// # Errors
/// When the database fails.
pub fn public_after(conn: &mut Conn, after: Option<Id>, limit: i64) -> Result<Vec<Media>> {
    let used = media_uses::table.filter(media_uses::media_id.eq(media::id));
    let published = texts::table
        .filter(texts::id.eq(media_uses::resource_id))
        .filter(texts::state.eq(State::Published.as_str()));
    let by_texts = used
        .filter(media_uses::resource.eq(uses::ARTICLE))
        .filter(exists(published));
    let by_others = used.filter(media_uses::resource.eq_any([uses::AUTHOR, uses::SITE]));
    let behind = media::table
        .filter(media::id.gt(after.unwrap_or(Id([0; 16]))))
        .filter(exists(by_texts).or(exists(by_others)))
        .order(media::id)
        .limit(limit)
        .select(COLUMNS);
    let rows: Vec<Row> = each!(conn, c => behind.load(c))?;
    rows.into_iter().map(Row::into_media).collect()
}

/// Those of these names that a medium has.
///
/// # Errors
/// When the database fails.
pub fn known_names(conn: &mut Conn, names: &[String]) -> Result<Vec<String>> {
    let known = media::table
        .filter(media::name.eq_any(names))
        .select(media::name);
    Ok(each!(conn, c => known.load(c))?)
}
