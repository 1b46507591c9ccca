//! Bodies rendered by an older sanitiser are rendered again: what it let through must not stay because nobody has
//! touched the article since.

use diesel::prelude::*;

use super::joins;
use crate::articles::model::Format;
use crate::articles::render::{self, Rendered, SANITIZER_VERSION};
use crate::changes::model::{Actor, Entry, Resource};
use crate::db::schema::{article_bodies, articles};
use crate::db::{Conn, Db, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json;

/// Articles that share a transaction: few, since editors may be writing too.
const BATCH: i64 = 50;

/// Renders every body that another version of the sanitiser rendered, and answers how many there were. Blocks its
/// thread.
///
/// # Errors
/// When the database fails; what was rendered until then is stored.
pub fn rerender_outdated(db: &Db) -> Result<usize> {
    let mut done = 0;
    loop {
        let bodies: Vec<(Id, Rendered)> = db
            .read_blocking(outdated)?
            .into_iter()
            .map(|(id, format, source)| (id, render::render(format, &source)))
            .collect();
        if bodies.is_empty() {
            return Ok(done);
        }
        done += bodies.len();
        db.write_blocking(Actor::System, move |tx| {
            bodies
                .iter()
                .try_for_each(|(id, rendered)| store(tx, *id, rendered))
        })?;
    }
}

fn outdated(conn: &mut Conn) -> Result<Vec<(Id, Format, String)>> {
    let query = article_bodies::table
        .select((
            article_bodies::article_id,
            article_bodies::format,
            article_bodies::source,
        ))
        .filter(article_bodies::sanitizer_version.ne(SANITIZER_VERSION))
        .limit(BATCH);
    let rows: Vec<(Id, String, String)> = each!(conn, c => query.load(c))?;
    let format = |name: &str| {
        Format::from_name(name)
            .ok_or_else(|| Error::internal(format!("the stored format `{name}` is unknown")))
    };
    rows.into_iter()
        .map(|(id, name, source)| Ok((id, format(&name)?, source)))
        .collect()
}

fn store(tx: &mut Tx<'_>, id: Id, rendered: &Rendered) -> Result<()> {
    let footprint = joins::footprint_of(tx.conn(), id)?;
    let body = (
        article_bodies::sanitizer_version.eq(SANITIZER_VERSION),
        article_bodies::toc.eq(json::text(&rendered.toc)),
        article_bodies::html.eq(&rendered.html),
        article_bodies::text.eq(&rendered.text),
    );
    each!(tx.conn(), c => diesel::update(article_bodies::table.find(id)).set(body).execute(c))?;
    let counted = (
        articles::word_count.eq(rendered.word_count.cast_signed()),
        articles::reading_minutes.eq(rendered.reading_minutes.cast_signed()),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(counted).execute(c))?;
    let (before, after) = (footprint.clone(), footprint);
    tx.log(Entry {
        action: "rendered",
        resource: Resource::Article,
        id,
        before,
        after,
        detail: None,
    });
    Ok(())
}
