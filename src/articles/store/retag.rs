//! Tags of many texts at once: one tag that takes the place of another, and tags that are put on texts or taken off.

use std::collections::HashMap;

use diesel::prelude::*;

use super::id_lists::{CHUNK, follow_tags};
use super::joins::{distinct, enter_tags, footprint};
use super::{owners, revisions, write};
use crate::articles::model::{Kind, State};
use crate::articles::new::MAX_ITEMS;
use crate::articles::retag::Retagging;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Resource};
use crate::db::dialect::id_in;
use crate::db::schema::{article_tags, articles};
use crate::db::{Conn, IdList, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::tags;
use crate::time::Time;

/// Published texts, and how many of them are articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    /// Of any kind.
    pub texts: i64,
    /// Articles.
    pub articles: i64,
}

impl Published {
    fn count(&mut self, kind: &str) {
        self.texts += 1;
        self.articles += i64::from(kind == Kind::Article.as_str());
    }
}

/// The published texts that a merge of two tags was about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// They carried the tag that went.
    pub carried: Published,
    /// They carried the other one as well.
    pub both: Published,
}

/// Puts one tag in the place of another in every text, once and where the first of the two stood. Counts and logs nothing:
/// that is for the merge of the tags to do.
///
/// # Errors
/// When the database fails.
pub fn merge_tag(tx: &mut Tx<'_>, from: Id, into: Id) -> Result<Merged> {
    let conn = tx.conn();
    let carrying = article_tags::table
        .filter(article_tags::tag_id.eq(from))
        .select((
            article_tags::article_id,
            article_tags::position,
            article_tags::kind,
            article_tags::published_at,
        ))
        .order(article_tags::article_id);
    type Row = (Id, i32, String, Option<Time>);
    let carrying: Vec<Row> = each!(conn, c => carrying.load(c))?;
    let texts: Vec<Id> = carrying.iter().map(|(id, ..)| *id).collect();
    let mut merged = Merged::default();
    for (some, ids) in carrying.chunks(CHUNK).zip(texts.chunks(CHUNK)) {
        let others = position_of(conn, into, ids)?;
        for (id, position, kind, published_at) in some {
            let other = others.get(id);
            if published_at.is_some() {
                merged.carried.count(kind);
                if other.is_some() {
                    merged.both.count(kind);
                }
            }
            if let Some(other) = other {
                // The row that goes makes room: a text has each tag once.
                let last = (*id, *position.max(other));
                each!(conn, c => diesel::delete(article_tags::table.find(last)).execute(c))?;
            }
        }
    }
    let own = article_tags::table.filter(article_tags::tag_id.eq(from));
    let own = diesel::update(own).set(article_tags::tag_id.eq(into));
    each!(conn, c => own.execute(c))?;
    follow_tags(conn, &texts)?;
    Ok(merged)
}

/// Where a tag stands in those of these texts that carry it.
fn position_of(conn: &mut Conn, tag: Id, ids: &[Id]) -> Result<HashMap<Id, i32>> {
    let carrying = article_tags::table
        .filter(article_tags::tag_id.eq(tag))
        .filter(id_in(article_tags::article_id, ids))
        .select((article_tags::article_id, article_tags::position));
    let carrying: Vec<(Id, i32)> = each!(conn, c => carrying.load(c))?;
    Ok(carrying.into_iter().collect())
}

/// Puts tags on articles, after those they have, and takes others off. Answers those that it changed, with their versions.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not change one of the articles; [`Error::Invalid`] where an article or a
/// tag does not exist, an article is in the trash, or would have too many tags. Nothing is written then.
pub fn retag(tx: &mut Tx<'_>, asked: &Retagging) -> Result<Vec<(Id, i64)>> {
    let (found, mut faults) = find_all(tx, &asked.articles)?;
    let remove = match to_remove(tx.conn(), &asked.remove) {
        Err(Error::Invalid(more)) => {
            faults.extend(more);
            Vec::new()
        }
        remove => remove?,
    };
    let add = match distinct(&asked.add, "/add", |key, pointer| {
        tags::store::ensure(tx, key, pointer)
    }) {
        Err(Error::Invalid(more)) => {
            faults.extend(more);
            Vec::new()
        }
        add => add?,
    };
    for (index, id) in remove.iter().enumerate() {
        if add.contains(id) {
            let detail = "a tag cannot be added and removed at once";
            let pointer = format!("/remove/{index}");
            faults.push(Fault::at(pointer, FaultCode::Conflicting, detail));
        }
    }
    let mut changes = Vec::with_capacity(found.len());
    for (index, id, was) in found {
        let mut now = was.tags.clone();
        now.retain(|tag| !remove.contains(tag));
        now.extend(add.iter().filter(|tag| !was.tags.contains(tag)));
        if now.len() > MAX_ITEMS && now.len() > was.tags.len() {
            let detail = format!(
                "would have {} tags; at most {MAX_ITEMS} are allowed",
                now.len()
            );
            let pointer = format!("/articles/{index}");
            faults.push(Fault::at(pointer, FaultCode::TooLarge, detail));
        }
        if now != was.tags {
            changes.push((id, was, now));
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if changes.is_empty() {
        tx.leave_unchanged();
    }
    let mut changed = Vec::with_capacity(changes.len());
    for (id, was, now) in changes {
        changed.push((id, set_tags(tx, id, &was, &now)?));
    }
    Ok(changed)
}

/// An article, with its place in the list.
type Found = (usize, Id, write::Before);

/// The articles of these ids that may be changed, with their places in the list, and what is wrong with the others.
fn find_all(tx: &mut Tx<'_>, ids: &[Id]) -> Result<(Vec<Found>, Vec<Fault>)> {
    let (mut found, mut faults) = (Vec::with_capacity(ids.len()), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let pointer = format!("/articles/{index}");
        let was = write::before(tx.conn(), *id)?.filter(|was| was.kind == Kind::Article);
        let Some(was) = was else {
            let detail = format!("there is no article with the id {id}");
            faults.push(Fault::at(pointer, FaultCode::NotFound, detail));
            continue;
        };
        tx.actor().authorise(Action::Text {
            kind: was.kind,
            own: owners::is_own(tx, was.owner),
            edits: true,
            before: Some(was.state),
            after: Some(was.state),
        })?;
        if was.state == State::Trashed {
            let detail = "it is in the trash; restore it before you change it";
            faults.push(Fault::at(pointer, FaultCode::Conflicting, detail));
            continue;
        }
        found.push((index, *id, was));
    }
    Ok((found, faults))
}

fn to_remove(conn: &mut Conn, keys: &[String]) -> Result<Vec<Id>> {
    let (mut ids, mut faults) = (Vec::with_capacity(keys.len()), Vec::new());
    for (index, key) in keys.iter().enumerate() {
        match tags::store::find(conn, key)? {
            Some(tag) => ids.push(tag.id),
            None => {
                let detail = format!("there is no tag `{key}`");
                let pointer = format!("/remove/{index}");
                faults.push(Fault::at(pointer, FaultCode::NotFound, detail));
            }
        }
    }
    if faults.is_empty() {
        Ok(ids)
    } else {
        Err(Error::Invalid(faults))
    }
}

/// Gives an article these tags and no others, as a version of its own.
fn set_tags(tx: &mut Tx<'_>, id: Id, was: &write::Before, now: &[Id]) -> Result<i64> {
    let public = was.state.is_public();
    let listed = was.published_at.filter(|_| public);
    let standing = write::standing(was.state, was.published_at, was.owner);
    revisions::retagging(tx, id, was, standing)?;
    let own = article_tags::table.filter(article_tags::article_id.eq(id));
    each!(tx.conn(), c => diesel::delete(own).execute(c))?;
    enter_tags(tx.conn(), (was.kind, id), listed, now)?;
    if public {
        let only_in = |some: &[Id], others: &[Id]| -> Vec<Id> {
            let some = some.iter().filter(|id| !others.contains(id));
            some.copied().collect()
        };
        let articles = i64::from(was.kind == Kind::Article);
        tags::store::count_uses(tx, &only_in(&was.tags, now), -articles, -1)?;
        tags::store::count_uses(tx, &only_in(now, &was.tags), articles, 1)?;
    }
    let version = was.version + 1;
    let row = (
        articles::version.eq(version),
        articles::updated_at.eq(tx.now()),
        articles::tag_ids.eq(IdList::of(now)),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(row).execute(c))?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Article,
        id,
        before: was.footprint(id),
        after: footprint(id, (was.kind, &was.slug), was.state, now, &was.authors),
        detail: None,
    });
    Ok(version)
}
