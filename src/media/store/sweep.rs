//! What nobody uses: media on request, and files that no medium has any more, or has not come to have.

use std::time::Duration;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use futures_util::StreamExt;

use super::write::remove;
use super::{COLUMNS, Row, known_names};
use crate::auth::model::Action;
use crate::db::schema::{media, media_uses};
use crate::db::{Db, Tx, each};
use crate::error::Result;
use crate::media::files::Files;
use crate::media::model::Media;

/// Media removed in one change at most.
const SWEPT: usize = 500;
/// Files that were written since then may be of a medium whose row is still to come.
const UNDER_WAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a sweep removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Swept {
    /// The media, whose bytes are still to be removed.
    pub media: Vec<Media>,
    /// There are more.
    pub more: bool,
}

/// Removes media that nothing uses and that were put in that long ago or longer, up to a number, the oldest first, as one
/// change.
///
/// # Errors
/// [`Error::Forbidden`](crate::error::Error::Forbidden) where whoever writes may not.
pub fn sweep(tx: &mut Tx<'_>, older_than: Duration) -> Result<Swept> {
    tx.actor().authorise(Action::Media { own: false })?;
    let before = tx.now().minus(older_than);
    let used = media_uses::table.filter(media_uses::media_id.eq(media::id));
    let unused = media::table
        .filter(media::created_at.le(before))
        .filter(not(exists(used)))
        .order((media::created_at.asc(), media::id.asc()))
        .select(COLUMNS)
        .limit(i64::try_from(SWEPT + 1).unwrap_or(i64::MAX));
    let rows: Vec<Row> = each!(tx.conn(), c => unused.load(c))?;
    let more = rows.len() > SWEPT;
    let gone = rows.into_iter().take(SWEPT).map(Row::into_media);
    let gone: Vec<Media> = gone.collect::<Result<_>>()?;
    if gone.is_empty() {
        tx.leave_unchanged();
    }
    for media in &gone {
        remove(tx, media.id, Some("nothing used it"))?;
    }
    Ok(Swept { media: gone, more })
}

/// Removes the files that no medium has and that nobody has written for a day: what an upload left that was killed between
/// its files and its row, or a removal between its row and its files. Answers how many media these would have been.
///
/// # Errors
/// When the store or the database does not answer.
pub async fn sweep_files(db: &Db, files: &Files) -> Result<usize> {
    // The files' times are those of the machine that keeps them, and no test moves them.
    let before = db.now().minus(UNDER_WAY).millis();
    let mut names = files.names_before(before);
    let mut swept = 0;
    while let Some(some) = names.next().await {
        let mut some = some?;
        some.sort_unstable();
        some.dedup();
        let asked = some.clone();
        let known = db.read(move |conn| known_names(conn, &asked)).await?;
        for name in some.iter().filter(|name| !known.contains(name)) {
            files.remove(name).await?;
            swept += 1;
        }
    }
    Ok(swept)
}
