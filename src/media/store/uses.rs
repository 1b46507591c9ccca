//! What uses which media: written down with each write of what does, so that nobody has to search all texts for it.

use diesel::prelude::*;

use crate::articles::model::{Kind, State};
use crate::db::dialect::id_in;
use crate::db::schema::{articles as texts, authors, media, media_uses};
use crate::db::{Conn, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::media::model::{MediaUse, MediaUser, UsePlace, names_in};

pub(super) const ARTICLE: &str = "article";
const WORKING_COPY: &str = "working_copy";
pub(super) const AUTHOR: &str = "author";
pub(super) const SITE: &str = "site";
/// Uses that are told at once.
const MOST: i64 = 100;

/// What something says that may lead to media.
#[derive(Debug, Clone, Default)]
pub struct Uses<'a> {
    /// The medium that is its cover.
    pub cover: Option<Id>,
    /// What it says, with the field that says it: files of media are known by their addresses in it.
    pub said: Vec<(UsePlace, &'a str)>,
}

/// Makes sure that the medium of a cover is there.
///
/// # Errors
/// [`Error::Invalid`] at `/cover/media_id` where it is not.
pub fn check(conn: &mut Conn, cover: Option<Id>) -> Result<()> {
    let Some(id) = cover else { return Ok(()) };
    let there = media::table.find(id).select(media::id);
    match each!(conn, c => there.first::<Id>(c).optional())? {
        Some(_) => Ok(()),
        None => {
            let detail = format!("there is no medium with the id {id}");
            let fault = Fault::at("/cover/media_id", FaultCode::NotFound, detail);
            Err(Error::Invalid(vec![fault]))
        }
    }
}

/// Writes down what a text, its working copy, an author or the site uses now, in place of what it used.
///
/// # Errors
/// When the database fails.
pub fn write_uses(conn: &mut Conn, user: MediaUser, id: Id, uses: &Uses<'_>) -> Result<()> {
    clear(conn, user, id)?;
    let mut found: Vec<(Id, UsePlace)> = Vec::new();
    found.extend(uses.cover.map(|cover| (cover, UsePlace::Cover)));
    for (place, said) in &uses.said {
        let names = names_in(said);
        if names.is_empty() {
            continue;
        }
        let known = media::table
            .filter(media::name.eq_any(names))
            .select(media::id);
        let known: Vec<Id> = each!(conn, c => known.load(c))?;
        found.extend(known.into_iter().map(|id| (id, *place)));
    }
    let mut written: Vec<(Id, UsePlace)> = Vec::new();
    for (media, place) in found {
        if written.contains(&(media, place)) {
            continue;
        }
        written.push((media, place));
        let row = (
            media_uses::media_id.eq(media),
            media_uses::resource.eq(name(user)),
            media_uses::resource_id.eq(id),
            media_uses::place.eq(place.as_str()),
        );
        each!(conn, c => diesel::insert_into(media_uses::table).values(row).execute(c))?;
    }
    Ok(())
}

/// It uses nothing any more.
///
/// # Errors
/// When the database fails.
pub fn clear(conn: &mut Conn, user: MediaUser, id: Id) -> Result<()> {
    let own = media_uses::table
        .filter(media_uses::resource.eq(name(user)))
        .filter(media_uses::resource_id.eq(id));
    each!(conn, c => diesel::delete(own).execute(c))?;
    Ok(())
}

/// Its name in the table.
const fn name(user: MediaUser) -> &'static str {
    match user {
        MediaUser::Article | MediaUser::Page => ARTICLE,
        MediaUser::WorkingCopy => WORKING_COPY,
        MediaUser::Author => AUTHOR,
        MediaUser::Site => SITE,
    }
}

/// The texts that show what is said of a medium: those that it is the cover of, in whatever state.
///
/// # Errors
/// When the database fails.
pub fn showing(conn: &mut Conn, id: Id) -> Result<Vec<Id>> {
    let covered = media_uses::table
        .filter(media_uses::media_id.eq(id))
        .filter(media_uses::resource.eq(ARTICLE))
        .filter(media_uses::place.eq(UsePlace::Cover.as_str()))
        .order(media_uses::resource_id)
        .select(media_uses::resource_id);
    Ok(each!(conn, c => covered.load(c))?)
}

/// How often a medium is used.
///
/// # Errors
/// When the database fails.
pub fn count_uses(conn: &mut Conn, id: Id) -> Result<i64> {
    let uses = media_uses::table.filter(media_uses::media_id.eq(id));
    Ok(each!(conn, c => uses.count().get_result(c))?)
}

/// What uses a medium, up to `MOST`: for editors, who see every text.
///
/// # Errors
/// When the database fails.
pub fn used_by(conn: &mut Conn, id: Id) -> Result<Vec<MediaUse>> {
    let uses = media_uses::table
        .filter(media_uses::media_id.eq(id))
        .order((
            media_uses::resource,
            media_uses::resource_id,
            media_uses::place,
        ))
        .limit(MOST)
        .select((
            media_uses::resource,
            media_uses::resource_id,
            media_uses::place,
        ));
    let uses: Vec<(String, Id, String)> = each!(conn, c => uses.load(c))?;
    let mut ids: Vec<Id> = uses.iter().map(|(_, id, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (mut titles, mut names) = (Vec::new(), Vec::new());
    for ids in ids.chunks(128) {
        let some = texts::table.filter(id_in(texts::id, ids)).select((
            texts::id,
            texts::kind,
            texts::state,
            texts::title,
        ));
        let some: Vec<(Id, String, String, String)> = each!(conn, c => some.load(c))?;
        titles.extend(some);
        let some = authors::table
            .filter(id_in(authors::id, ids))
            .select((authors::id, authors::name));
        let some: Vec<(Id, String)> = each!(conn, c => some.load(c))?;
        names.extend(some);
    }
    uses.into_iter()
        .map(|(resource, id, place)| {
            let text = titles.iter().find(|(of, ..)| *of == id);
            let kind = text.and_then(|(_, kind, ..)| Kind::from_name(kind));
            let user = match resource.as_str() {
                ARTICLE if kind == Some(Kind::Page) => MediaUser::Page,
                ARTICLE => MediaUser::Article,
                WORKING_COPY => MediaUser::WorkingCopy,
                AUTHOR => MediaUser::Author,
                _ => MediaUser::Site,
            };
            let author = names.iter().find(|(of, _)| *of == id);
            let place = UsePlace::from_name(&place).ok_or_else(|| {
                Error::internal(format!("`{place}` is stored as the place of a use"))
            })?;
            Ok(MediaUse {
                resource: user,
                id: (user != MediaUser::Site).then_some(id),
                place,
                title: text
                    .map(|(.., title)| title.clone())
                    .or_else(|| author.map(|(_, name)| name.clone())),
                status: text.and_then(|(_, _, state, _)| State::from_name(state)),
            })
        })
        .collect()
}
