//! Published texts that look other than before because of something else: a tag or an author that goes, a translation that
//! comes, moves or goes. Who follows the log could not find them any more, so each is logged.

use diesel::prelude::*;

use super::joins;
use super::load::named;
use super::texts::{ids_by_author, ids_with_tag};
use crate::articles::model::{Kind, State};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::dialect::id_in;
use crate::db::schema::{article_authors, article_tags, articles};
use crate::db::{Conn, Tx, each};
use crate::error::Result;
use crate::id::Id;

/// Texts that are read at once.
const CHUNK: usize = 128;

/// What a published text shows in its translations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    key: &'a str,
    locale: &'a str,
    slug: &'a str,
}

impl<'a> Shown<'a> {
    /// `None` where it shows in none.
    pub(super) fn new(
        state: State,
        key: Option<&'a str>,
        locale: &'a str,
        slug: &'a str,
    ) -> Option<Self> {
        let key = key.filter(|_| state.is_public())?;
        Some(Self { key, locale, slug })
    }
}

/// Logs the published translations of a text that is shown otherwise in them now.
pub(super) fn siblings(
    tx: &mut Tx<'_>,
    id: Id,
    before: Option<Shown<'_>>,
    after: Option<Shown<'_>>,
) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let mut keys: Vec<&str> = before.iter().chain(&after).map(|shown| shown.key).collect();
    keys.dedup();
    let mut ids = Vec::new();
    for key in keys {
        let others = articles::table
            .select(articles::id)
            .filter(articles::translation_key.eq(key))
            .filter(articles::state.eq(State::Published.as_str()))
            .filter(articles::id.ne(id))
            .order(articles::id);
        let others: Vec<Id> = each!(tx.conn(), c => others.load(c))?;
        ids.extend(others);
    }
    let shown = footprints(tx.conn(), &ids)?;
    for (sibling, footprint) in shown {
        let (before, after) = (footprint.clone(), footprint);
        log(tx, sibling, before, after, format!("its translation {id}"));
    }
    Ok(())
}

/// The published texts that carry a tag, with what they show.
///
/// # Errors
/// When the database fails.
pub fn showing_tag(conn: &mut Conn, tag: Id) -> Result<Vec<(Id, Footprint)>> {
    let mut ids = ids_with_tag(conn, tag)?;
    ids.sort_unstable();
    footprints(conn, &ids)
}

/// The published texts under the name of an author, with what they show.
///
/// # Errors
/// When the database fails.
pub fn showing_author(conn: &mut Conn, author: Id) -> Result<Vec<(Id, Footprint)>> {
    let mut ids = ids_by_author(conn, author)?;
    ids.sort_unstable();
    footprints(conn, &ids)
}

/// The published ones among these texts, which are in the order of ids, with what they show.
///
/// # Errors
/// When the database fails.
pub fn showing(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Footprint)>> {
    let mut shown = footprints(conn, ids)?;
    shown.retain(|(_, footprint)| footprint.public);
    Ok(shown)
}

/// Logs that these texts, which showed that, look otherwise now, and why.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Tx<'_>, shown: Vec<(Id, Footprint)>, why: &str) -> Result<()> {
    let ids: Vec<Id> = shown.iter().map(|(id, _)| *id).collect();
    let now = footprints(tx.conn(), &ids)?;
    for ((id, before), (_, after)) in shown.into_iter().zip(now) {
        log(tx, id, before, after, why.to_owned());
    }
    Ok(())
}

fn log(tx: &mut Tx<'_>, id: Id, before: Footprint, after: Footprint, why: String) {
    tx.log(Entry {
        action: "touched",
        resource: Resource::Article,
        id,
        before,
        after,
        detail: Some(why),
    });
}

/// What each of these texts shows, in their order, which is that of ids.
fn footprints(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, Footprint)>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let texts = articles::table
            .select((
                articles::id,
                articles::kind,
                articles::slug,
                articles::state,
            ))
            .filter(id_in(articles::id, ids));
        let mut texts: Vec<(Id, String, String, String)> = each!(conn, c => texts.load(c))?;
        texts.sort_by_key(|(id, ..)| ids.iter().position(|known| known == id));
        let tags = article_tags::table
            .select((article_tags::article_id, article_tags::tag_id))
            .filter(id_in(article_tags::article_id, ids))
            .order((article_tags::article_id, article_tags::position));
        let tags: Vec<(Id, Id)> = each!(conn, c => tags.load(c))?;
        let authors = article_authors::table
            .select((article_authors::article_id, article_authors::author_id))
            .filter(id_in(article_authors::article_id, ids))
            .order((article_authors::article_id, article_authors::position));
        let authors: Vec<(Id, Id)> = each!(conn, c => authors.load(c))?;
        for (id, kind, slug, state) in texts {
            let of = |joined: &[(Id, Id)]| -> Vec<Id> {
                let own = joined.iter().filter(|(text, _)| *text == id);
                own.map(|(_, of)| *of).collect()
            };
            let (kind, state) = (
                named(&kind, Kind::from_name)?,
                named(&state, State::from_name)?,
            );
            let footprint = joins::footprint(id, (kind, &slug), state, &of(&tags), &of(&authors));
            found.push((id, footprint));
        }
    }
    Ok(found)
}
