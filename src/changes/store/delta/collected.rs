//! From rows of the log to the texts that they are about, up to the bound of a page.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{CHUNK, ROWS};
use crate::articles::store as articles;
use crate::changes::model::Resource;
use crate::changes::sync::Place;
use crate::db::schema::changes;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;

/// A public row of the log.
pub(super) struct Row {
    pub(super) number: i64,
    id: Id,
    resource: String,
    /// The last of the texts that show it which is done with.
    upto: Option<Id>,
}

/// The public rows after a place, as many as are looked at. Within a change they go by what was changed, and not by the
/// order in which it was: that would count what is not public too.
pub(super) fn rows(conn: &mut Conn, change: i64, place: Place) -> Result<Vec<Row>> {
    type Columns = (i64, Id, String);
    let mut rows = Vec::new();
    macro_rules! public {
        () => {
            changes::table
                .select((changes::number, changes::resource_id, changes::resource))
                .filter(changes::was_public.or(changes::is_public))
                .order((changes::number, changes::resource_id))
        };
    }
    if let Place::Within { resource, upto } = place {
        let of_change = public!().filter(changes::number.eq(change)).limit(ROWS);
        let rest: Vec<Columns> = match upto {
            Some(_) => {
                each!(conn, c => of_change.filter(changes::resource_id.ge(resource)).load(c))?
            }
            None => each!(conn, c => of_change.filter(changes::resource_id.gt(resource)).load(c))?,
        };
        rows.extend(rest.into_iter().map(|(number, id, kind)| Row {
            number,
            id,
            resource: kind,
            upto: upto.filter(|_| id == resource),
        }));
    }
    let left = ROWS - i64::try_from(rows.len()).unwrap_or(ROWS);
    if left > 0 {
        let later = public!().filter(changes::number.gt(change)).limit(left);
        let later: Vec<Columns> = each!(conn, c => later.load(c))?;
        rows.extend(later.into_iter().map(|(number, id, resource)| Row {
            number,
            id,
            resource,
            upto: None,
        }));
    }
    Ok(rows)
}

/// The texts of a page while they are collected, and how far it reaches.
pub(super) struct Collected {
    limit: usize,
    pub(super) ids: Vec<Id>,
    known: HashSet<Id>,
    /// Tags and authors whose texts are all in it.
    spread: HashSet<Id>,
    pub(super) change: i64,
    pub(super) place: Place,
}

impl Collected {
    /// None yet, beside a place.
    pub(super) fn new(limit: usize, change: i64, place: Place) -> Self {
        Self {
            limit,
            ids: Vec::new(),
            known: HashSet::new(),
            spread: HashSet::new(),
            change,
            place,
        }
    }

    /// Takes a text in; `false` where there is no room for it.
    fn add(&mut self, id: Id) -> bool {
        if self.known.contains(&id) {
            return true;
        }
        if self.ids.len() == self.limit {
            return false;
        }
        self.known.insert(id);
        self.ids.push(id);
        true
    }

    /// Takes in what a row is about; `false` where there is no room for all of it.
    pub(super) fn take(&mut self, conn: &mut Conn, row: &Row) -> Result<bool> {
        let after = match Resource::from_name(&row.resource) {
            Some(Resource::Article) => {
                if !self.add(row.id) {
                    return Ok(false);
                }
                None
            }
            Some(Resource::Tag) => Some(articles::with_tag_after as After),
            Some(Resource::Author) => Some(articles::by_author_after as After),
            // No text shows it.
            _ => None,
        };
        if let Some(after) = after
            && !self.spread.contains(&row.id)
            && !self.spread_out(conn, row, after)?
        {
            return Ok(false);
        }
        self.stand(row, None);
        Ok(true)
    }

    /// Takes in the texts that show what was changed.
    fn spread_out(&mut self, conn: &mut Conn, row: &Row, after: After) -> Result<bool> {
        let mut upto = row.upto;
        loop {
            let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
            let ids = after(conn, row.id, upto, limit)?;
            for id in &ids {
                if !self.add(*id) {
                    if upto.is_some() {
                        self.stand(row, upto);
                    }
                    return Ok(false);
                }
                upto = Some(*id);
            }
            if ids.len() < CHUNK {
                if row.upto.is_none() {
                    self.spread.insert(row.id);
                }
                return Ok(true);
            }
        }
    }

    const fn stand(&mut self, row: &Row, upto: Option<Id>) {
        self.change = row.number;
        self.place = Place::Within {
            resource: row.id,
            upto,
        };
    }
}

/// A walk over the texts that show something.
type After = fn(&mut Conn, Id, Option<Id>, i64) -> Result<Vec<Id>>;
