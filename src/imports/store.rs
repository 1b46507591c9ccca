//! What was last brought in beside texts: under which key of which source, as what, and in which version it then was.

use diesel::prelude::*;

use crate::db::schema::imported;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::transfer::Piece;
use crate::{authors, media, redirects, site, tags};

/// What the last import left.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(super) struct Record {
    /// What it became.
    pub(super) id: Id,
    /// Of what the source said.
    pub(super) digest: Vec<u8>,
    /// The version that the import made.
    pub(super) version: i64,
}

/// What the last import left of a piece.
pub(super) fn record(
    conn: &mut Conn,
    source: &str,
    kind: &str,
    key: &str,
) -> Result<Option<Record>> {
    let known = imported::table
        .filter(imported::source.eq(source))
        .filter(imported::kind.eq(kind))
        .filter(imported::external_id.eq(key))
        .select((imported::resource_id, imported::digest, imported::version));
    Ok(each!(conn, c => known.first(c).optional())?)
}

/// Whether another key of this source became this.
pub(super) fn is_others(
    conn: &mut Conn,
    source: &str,
    kind: &str,
    key: &str,
    id: Id,
) -> Result<bool> {
    let other = imported::table
        .filter(imported::resource_id.eq(id))
        .filter(imported::source.eq(source))
        .filter(imported::kind.eq(kind))
        .filter(imported::external_id.ne(key))
        .select(imported::external_id);
    Ok(each!(conn, c => other.first::<String>(c).optional())?.is_some())
}

/// Notes what a piece became.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    source: &str,
    kind: &str,
    key: &str,
    record: &Record,
) -> Result<()> {
    let now = (
        imported::resource_id.eq(record.id),
        imported::digest.eq(&record.digest),
        imported::version.eq(record.version),
    );
    let known = imported::table.find((source, kind, key));
    let updated = each!(tx.conn(), c => diesel::update(known).set(now).execute(c))?;
    if updated == 0 {
        let row = (
            imported::source.eq(source),
            imported::kind.eq(kind),
            imported::external_id.eq(key),
            now,
        );
        each!(tx.conn(), c => diesel::insert_into(imported::table).values(row).execute(c))?;
    }
    Ok(())
}

/// The version in which something is here, or `None` where it is gone.
pub(super) fn version(conn: &mut Conn, piece: &Piece, id: Id) -> Result<Option<i64>> {
    let version = match piece {
        Piece::Tag(_) => tags::store::edit::get(conn, id).map(|tag| tag.version),
        Piece::Author(_) => authors::store::edit::get(conn, id).map(|author| author.version),
        Piece::Redirect(_) => redirects::store::get(conn, id).map(|redirect| redirect.version),
        Piece::Site(_) => site::store::edit(conn).map(|site| site.version),
        Piece::Media(_) => media::store::get(conn, id).map(|media| media.version),
    };
    match version {
        Ok(version) => Ok(Some(version)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
