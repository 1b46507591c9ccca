//! What readers could see change since a place in the log, a bounded part at a time, from one snapshot. The log says which
//! texts to look at; what they are now decides what becomes of them.

mod collected;

use std::collections::HashSet;

use diesel::prelude::*;

use self::collected::{Collected, rows};
use super::mark;
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Kind};
use crate::articles::store::{self as articles, Filter};
use crate::changes::sync::{Place, Reset, Token, short, short_id, shorter};
use crate::db::schema::{changes, meta};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;

/// Rows of the log that one page looks at.
const ROWS: i64 = 1_000;
/// Texts that are asked for at once.
const CHUNK: usize = 128;
/// How often that is done for one page of the first walk, where the filter lets few through.
const CHUNKS: usize = 16;

/// What a client follows.
#[derive(Debug, Clone)]
pub struct Following {
    /// Which texts.
    pub filter: Filter,
    /// Articles or pages alone.
    pub kind: Option<Kind>,
    /// What of them.
    pub show: Selection,
    /// Texts of a page, upserts and removals together.
    pub limit: usize,
}

/// Where it begins.
#[derive(Debug, Clone)]
pub enum Since {
    /// With everything there is.
    Nothing,
    /// With what comes next.
    Now,
    /// At a place.
    Token(Token),
}

/// One page of changes.
#[derive(Debug)]
pub struct Page {
    /// Texts that the filter lets through now.
    pub upserts: Vec<Article>,
    /// Texts that it does not.
    pub removals: Vec<Id>,
    /// Where the next page begins.
    pub next: Token,
    /// Whether it has something already.
    pub more: bool,
}

/// The log as one snapshot has it.
struct Log {
    epoch: [u8; 4],
    /// The last public change.
    last: i64,
    /// What the names in the filter mean.
    names: Vec<[u8; 4]>,
    query: [u8; 4],
}

/// Reads a page, or why there is none.
///
/// # Errors
/// When the database fails.
pub fn read(conn: &mut Conn, what: &Following, since: &Since) -> Result<Result<Page, Reset>> {
    let (epoch, last): (Id, i64) =
        each!(conn, c => meta::table.select((meta::epoch, meta::public_change)).first(c))?;
    let named = articles::named_by(conn, &what.filter)?;
    let log = Log {
        epoch: shorter(&epoch.to_string()),
        last,
        names: named
            .iter()
            .map(|id| id.map(short_id).unwrap_or_default())
            .collect(),
        query: what.short(),
    };
    match since {
        Since::Nothing => walk(conn, what, &log, last, None).map(Ok),
        Since::Now => {
            let next = log.token(conn, last, Place::Whole)?;
            Ok(Ok(Page {
                upserts: Vec::new(),
                removals: Vec::new(),
                next,
                more: false,
            }))
        }
        Since::Token(token) => {
            if let Some(reset) = log.refuses(conn, token)? {
                return Ok(Err(reset));
            }
            match token.place {
                Place::Walking { upto } => walk(conn, what, &log, token.change, upto).map(Ok),
                place => follow(conn, what, &log, token.change, place).map(Ok),
            }
        }
    }
}

impl Following {
    /// The short form of what is followed, but for what is shown of it.
    #[must_use]
    pub fn short(&self) -> [u8; 4] {
        let Filter {
            tags,
            any_tags,
            author,
            locale,
            featured,
            audience,
            published_after,
            published_before,
            ids,
            exclude,
        } = &self.filter;
        // Only what is set: a filter that comes to exist later changes no token of those who do not use it.
        let mut text = String::new();
        let mut add = |name: &str, value: &dyn std::fmt::Debug| {
            text.push_str(&format!("{name}={value:?}\n"));
        };
        for tag in tags {
            add("tag", tag);
        }
        for tag in any_tags {
            add("any_tag", tag);
        }
        if let Some(author) = author {
            add("author", author);
        }
        if let Some(locale) = locale {
            add("locale", locale);
        }
        if let Some(featured) = featured {
            add("featured", featured);
        }
        if let Some(audience) = audience {
            add("audience", &audience.as_str());
        }
        if let Some(after) = published_after {
            add("published_after", &after.millis());
        }
        if let Some(before) = published_before {
            add("published_before", &before.millis());
        }
        for id in ids {
            add("id", id);
        }
        for id in exclude {
            add("exclude", id);
        }
        if let Some(kind) = &self.kind {
            add("kind", &kind.as_str());
        }
        shorter(&text)
    }

    fn kinds(&self) -> &[Kind] {
        self.kind.as_ref().map_or(Kind::ALL, std::slice::from_ref)
    }

    /// Which of these it lets through.
    fn matching(&self, conn: &mut Conn, ids: &[Id]) -> Result<HashSet<Id>> {
        let mut found = HashSet::with_capacity(ids.len());
        for ids in ids.chunks(CHUNK) {
            found.extend(articles::matching(conn, self.kinds(), &self.filter, ids)?);
        }
        Ok(found)
    }
}

impl Log {
    fn token(&self, conn: &mut Conn, change: i64, place: Place) -> Result<Token> {
        Ok(Token {
            epoch: self.epoch,
            query: self.query,
            change,
            mark: short_mark(conn, change)?.unwrap_or_default(),
            place,
            names: self.names.clone(),
        })
    }

    /// Why a client with this token has to start anew.
    fn refuses(&self, conn: &mut Conn, token: &Token) -> Result<Option<Reset>> {
        if token.epoch != self.epoch || token.change > self.last {
            return Ok(Some(Reset::OtherDatabase));
        }
        match short_mark(conn, token.change)? {
            None => return Ok(Some(Reset::TooOld)),
            Some(mark) if mark != token.mark => return Ok(Some(Reset::OtherDatabase)),
            Some(_) => {}
        }
        // Texts that a name no longer leads to, because what it named is gone or is called otherwise, are found by what the
        // log says of that; and so are those that a name leads to which led nowhere. But of one that leads elsewhere
        // the log need not say anything at either end.
        let elsewhere = self.names.iter().zip(&token.names).any(|(now, then)| {
            let led = |to: &[u8; 4]| *to != [0; 4];
            now != then && led(now) && led(then)
        });
        let strange = self.names.len() != token.names.len();
        Ok((elsewhere || strange).then_some(Reset::Renamed))
    }
}

/// What tells a change from others of its number; zeros before the first. None where the log does not hold it.
fn short_mark(conn: &mut Conn, change: i64) -> Result<Option<[u8; 8]>> {
    if change > 0 {
        return Ok(mark(conn, change)?.map(|mark| short(&mark)));
    }
    // All there ever was comes after it, so nothing of that may be missing.
    let first = changes::table
        .select(changes::number)
        .order((changes::number, changes::position));
    let first: Option<i64> = each!(conn, c => first.first(c).optional())?;
    Ok(first.is_none_or(|number| number == 1).then_some([0; 8]))
}

/// A page of the first walk, which began when `began` was the last change.
fn walk(
    conn: &mut Conn,
    what: &Following,
    log: &Log,
    began: i64,
    from: Option<Id>,
) -> Result<Page> {
    let (mut upto, mut found, mut whole) = (from, Vec::new(), false);
    'page: for _ in 0..CHUNKS {
        let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
        let ids = articles::candidates(conn, &what.filter, upto, limit)?;
        let matching = what.matching(conn, &ids)?;
        for id in &ids {
            if matching.contains(id) {
                if found.len() == what.limit {
                    break 'page;
                }
                found.push(*id);
            }
            upto = Some(*id);
        }
        whole = ids.len() < CHUNK;
        if whole {
            break;
        }
    }
    let place = if whole {
        Place::Whole
    } else {
        Place::Walking { upto }
    };
    Ok(Page {
        upserts: load(conn, &found, what.show)?,
        removals: Vec::new(),
        next: log.token(conn, began, place)?,
        more: !whole || began < log.last,
    })
}

/// A page of what came after a place.
fn follow(conn: &mut Conn, what: &Following, log: &Log, change: i64, place: Place) -> Result<Page> {
    let mut page = Collected::new(what.limit, change, place);
    let rows = rows(conn, change, place)?;
    let all = i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS;
    let (mut full, mut left) = (false, None);
    for row in &rows {
        if !page.take(conn, row)? {
            full = true;
            left = Some(row.number);
            break;
        }
    }
    let more = full || !all;
    let (change, place) = if !more {
        (log.last, Place::Whole)
    } else if left.is_some_and(|next| next > page.change) {
        // The next row is of another change, so this one is done with.
        (page.change, Place::Whole)
    } else {
        (page.change, page.place)
    };
    let matching = what.matching(conn, &page.ids)?;
    let (upserts, removals): (Vec<Id>, Vec<Id>) =
        page.ids.iter().partition(|id| matching.contains(id));
    Ok(Page {
        upserts: load(conn, &upserts, what.show)?,
        removals,
        next: log.token(conn, change, place)?,
        more,
    })
}

fn load(conn: &mut Conn, ids: &[Id], show: Selection) -> Result<Vec<Article>> {
    let mut articles = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        articles.extend(articles::by_ids(conn, ids, show)?);
    }
    Ok(articles)
}
