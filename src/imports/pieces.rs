//! Stores what stands beside texts. A piece is known by its key in the source, and at first by what it is called: what is
//! here already is filled up and not doubled, and what was changed here by hand stays so.

use xxhash_rust::xxh3::xxh3_128;

use super::media::NO_FILE;
use super::store::{self, Record};
use crate::authors::model::NewAuthor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::media::model::{About, MediaChange, NewMedia};
use crate::redirects::model::{NewRedirect, Target};
use crate::site::model::Settings;
use crate::tags::model::NewTag;
use crate::transfer::{AuthorInput, Piece, PieceItem, TagInput};
use crate::{authors, media, redirects, site, tags};

/// The site needs no id to be told apart.
const SITE: Id = Id([0; 16]);

/// What became of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// It is here otherwise, and stays so: why.
    Kept(String),
}

/// What became of a piece, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) outcome: Outcome,
    pub(super) notes: Vec<String>,
    /// The tag that it belongs to is not here yet.
    pub(super) waits: bool,
}

impl Stored {
    fn new(outcome: Outcome, notes: Vec<String>) -> Self {
        Self {
            outcome,
            notes,
            waits: false,
        }
    }
}

/// How a piece stands to what is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// The source says what it said at the last import.
    Unchanged,
    /// The source says something else, and what it said is here as it was.
    Changed(Id),
    /// Something of its name is here.
    Found(Id),
    /// Nothing is here.
    New,
    /// It is here otherwise, by hand.
    Kept(String),
}

/// How a piece stands to what is here, by its key in the source.
///
/// # Errors
/// When the database fails.
pub(super) fn standing(conn: &mut Conn, source: &str, item: &PieceItem) -> Result<Standing> {
    let PieceItem {
        key,
        piece,
        exported,
        ..
    } = item;
    let Some(record) = store::record(conn, source, piece.kind(), key)? else {
        let same = exported.and_then(|exported| exported.id);
        if let Some(id) = same
            && store::version(conn, piece, id)?.is_some()
        {
            return Ok(Standing::Found(id));
        }
        return Ok(match find(conn, source, key, piece)? {
            Some(id) => Standing::Found(id),
            None => Standing::New,
        });
    };
    if record.digest == digest(piece) {
        return Ok(Standing::Unchanged);
    }
    Ok(match store::version(conn, piece, record.id)? {
        None => Standing::Kept("it was removed here, and stays so".into()),
        Some(version) if version != record.version => {
            Standing::Kept("changed in the source and here; the edit made here stands".into())
        }
        Some(_) => Standing::Changed(record.id),
    })
}

/// What has the name of a piece here.
fn find(conn: &mut Conn, source: &str, key: &str, piece: &Piece) -> Result<Option<Id>> {
    match piece {
        Piece::Tag(tag) => {
            let by_slug = match &tag.slug {
                Some(slug) => tags::store::find(conn, slug)?,
                None => None,
            };
            let found = match by_slug {
                Some(found) => Some(found),
                None => tags::store::find(conn, &tag.name)?,
            };
            Ok(found.map(|found| found.id))
        }
        Piece::Author(author) => {
            if let Some(slug) = &author.slug
                && let Some(found) = authors::store::find(conn, slug)?
            {
                return Ok(Some(found.id));
            }
            let Some(found) = authors::store::find(conn, &author.name)? else {
                return Ok(None);
            };
            // Two people may have one name: whom another key of this source became is somebody else.
            let other = store::is_others(conn, source, piece.kind(), key, found.id)?;
            Ok((!other).then_some(found.id))
        }
        Piece::Redirect(redirect) => redirects::store::from_path(conn, redirect.path()),
        Piece::Site(_) => Ok((site::store::edit(conn)?.version > 0).then_some(SITE)),
        Piece::Media(medium) => Ok(match &medium.hash {
            Some(hash) => media::store::of_hash(conn, hash)?.map(|there| there.id),
            None => None,
        }),
    }
}

/// Of everything the source says. `Debug` names each field and escapes each string, so two pieces have one text only if
/// they are equal.
fn digest(piece: &Piece) -> Vec<u8> {
    xxh3_128(format!("{piece:?}").as_bytes())
        .to_be_bytes()
        .to_vec()
}

/// Stores a piece under its key in the source.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::Invalid`] where it keeps the rules of its kind not.
pub(super) fn store(
    tx: &mut Tx<'_>,
    source: &str,
    item: &PieceItem,
    picture: Option<&NewMedia>,
) -> Result<Stored> {
    let PieceItem { key, piece, .. } = item;
    let mut notes = Vec::new();
    let (outcome, id) = match standing(tx.conn(), source, item)? {
        Standing::Unchanged => return Ok(Stored::new(Outcome::Unchanged, notes)),
        Standing::Kept(why) => return Ok(Stored::new(Outcome::Kept(why), notes)),
        Standing::New => match create(tx, item, picture, &mut notes)? {
            Ok(id) => (Outcome::Created, id),
            Err(why) => return Ok(Stored::new(Outcome::Kept(why), notes)),
        },
        Standing::Found(id) => (adopt(tx, id, item, &mut notes)?, id),
        Standing::Changed(id) => {
            let before = store::version(tx.conn(), piece, id)?;
            update(tx, id, piece, &mut notes)?;
            let changed = store::version(tx.conn(), piece, id)? != before;
            let outcome = if changed {
                Outcome::Updated
            } else {
                Outcome::Unchanged
            };
            (outcome, id)
        }
    };
    if matches!(outcome, Outcome::Kept(_)) {
        return Ok(Stored::new(outcome, notes));
    }
    let waits = waits(tx.conn(), piece)?;
    // What waits for its parent is looked at again, at the end of this import or by the next.
    let said = if waits { alone(piece) } else { piece.clone() };
    let record = Record {
        id,
        digest: digest(&said),
        version: store::version(tx.conn(), piece, id)?
            .ok_or_else(|| Error::internal("what an import wrote is not there"))?,
    };
    store::keep(tx, source, piece.kind(), key, &record)?;
    Ok(Stored {
        outcome,
        notes,
        waits,
    })
}

/// Whether a tag names a parent that is not here.
fn waits(conn: &mut Conn, piece: &Piece) -> Result<bool> {
    match piece {
        Piece::Tag(TagInput {
            parent: Some(parent),
            ..
        }) => Ok(tags::store::find(conn, parent)?.is_none()),
        _ => Ok(false),
    }
}

/// A tag without its parent.
fn alone(piece: &Piece) -> Piece {
    match piece {
        Piece::Tag(tag) => Piece::Tag(TagInput {
            parent: None,
            ..tag.clone()
        }),
        other => other.clone(),
    }
}

/// Makes it; or answers why something else stands in its place.
fn create(
    tx: &mut Tx<'_>,
    PieceItem {
        piece, exported, ..
    }: &PieceItem,
    picture: Option<&NewMedia>,
    notes: &mut Vec<String>,
) -> Result<std::result::Result<Id, String>> {
    let id = exported.and_then(|exported| exported.id);
    let times = exported.and_then(|exported| exported.times());
    let is_export = exported.is_some();
    match piece {
        Piece::Tag(tag) => {
            let id = fitted(tag, notes, |tag| {
                let new = new_tag(tag)?;
                if is_export {
                    tags::store::restore(tx, &new, id, times)
                } else {
                    tags::store::create(tx, &new)
                }
            })?;
            Ok(Ok(id))
        }
        Piece::Author(author) => {
            let mut create =
                |author: &AuthorInput| authors::store::restore(tx, &new_author(author)?, id, times);
            Ok(Ok(create_author(author, notes, &mut create)?))
        }
        Piece::Redirect(redirect) => match redirects::store::restore(tx, redirect, id, times) {
            Ok(id) => Ok(Ok(id)),
            Err(Error::Invalid(faults)) if taken(&faults) => {
                Ok(Err(Error::Invalid(faults).to_string()))
            }
            Err(error) => Err(error),
        },
        Piece::Site(settings) => {
            let set_at = times.map(|(_, updated_at)| updated_at);
            site::store::restore(tx, settings, set_at).map(|()| Ok(SITE))
        }
        Piece::Media(_) => match picture {
            Some(picture) => {
                let made = media::store::restore(tx, picture, id, times)?;
                Ok(made.map(|media| media.id))
            }
            None => Ok(Err(NO_FILE.into())),
        },
    }
}

fn create_author(
    author: &AuthorInput,
    notes: &mut Vec<String>,
    create: &mut dyn FnMut(&AuthorInput) -> Result<Id>,
) -> Result<Id> {
    match create(author) {
        Err(Error::Invalid(faults)) if author.slug.is_some() && taken(&faults) => {
            notes.push(Error::Invalid(faults).to_string());
            let any = AuthorInput {
                slug: None,
                ..author.clone()
            };
            create(&any)
        }
        other => other,
    }
}

/// Puts what the source says now in the place of what it said.
fn update(tx: &mut Tx<'_>, id: Id, piece: &Piece, notes: &mut Vec<String>) -> Result<()> {
    match piece {
        Piece::Tag(tag) => {
            let was = tags::store::edit::get(tx.conn(), id)?;
            let now = TagInput {
                aliases: together(was.aliases, &tag.aliases),
                ..tag.clone()
            };
            fitted(&now, notes, |tag| {
                let slug = tag.slug.clone().or_else(|| Some(was.slug.clone()));
                let tag = TagInput {
                    slug,
                    ..tag.clone()
                };
                tags::store::update(tx, id, &new_tag(&tag)?)
            })?;
        }
        Piece::Author(author) => {
            let was = authors::store::edit::get(tx.conn(), id)?;
            let mut now = author.clone();
            now.slug = now.slug.or(Some(was.slug));
            authors::store::update(tx, id, &new_author(&now)?.of_user(was.user))?;
        }
        Piece::Redirect(redirect) => {
            redirects::store::update(tx, id, redirect)?;
        }
        Piece::Site(settings) => site::store::put(tx, settings)?,
        Piece::Media(medium) => {
            let About {
                alt,
                title,
                credit,
                focal_point,
                ..
            } = medium.about.clone();
            let change = MediaChange {
                alt: Some(alt),
                title: Some(title),
                credit: Some(credit),
                focal_point: Some(focal_point),
            };
            media::store::update(tx, id, change)?;
            let there = match &medium.hash {
                Some(hash) => media::store::of_hash(tx.conn(), hash)?,
                None => None,
            };
            if medium.hash.is_some() && there.is_none_or(|there| there.id != id) {
                notes.push("its file is another one now; the picture here stays as it is".into());
            }
        }
    }
    Ok(())
}

/// Fills up what is here and says nothing, with what the source says.
fn adopt(
    tx: &mut Tx<'_>,
    id: Id,
    PieceItem {
        piece, exported, ..
    }: &PieceItem,
    notes: &mut Vec<String>,
) -> Result<Outcome> {
    match piece {
        Piece::Tag(tag) => {
            let was = tags::store::edit::get(tx.conn(), id)?;
            let version = was.version;
            let more = tag.slug.iter().chain(&tag.aliases);
            let more: Vec<String> = more.filter(|alias| **alias != was.slug).cloned().collect();
            let filled = TagInput {
                name: was.name,
                slug: Some(was.slug),
                description: was.description.or_else(|| tag.description.clone()),
                aliases: together(was.aliases, &more),
                parent: match was.parent {
                    Some(parent) => Some(parent.id.to_string()),
                    None => tag.parent.clone(),
                },
            };
            let now = fitted(&filled, notes, |tag| {
                tags::store::update(tx, id, &new_tag(tag)?)
            })?;
            Ok(outcome(now.version != version))
        }
        Piece::Author(author) => {
            let was = authors::store::edit::get(tx.conn(), id)?;
            let version = was.version;
            let filled = AuthorInput {
                name: was.name,
                slug: Some(was.slug),
                bio: was.bio.or_else(|| author.bio.clone()),
                avatar: was.avatar.or_else(|| author.avatar.clone()),
                links: if was.links.is_empty() {
                    author.links.clone()
                } else {
                    was.links
                },
            };
            let filled = new_author(&filled)?.of_user(was.user);
            let now = authors::store::update(tx, id, &filled)?;
            Ok(outcome(now.version != version))
        }
        Piece::Redirect(redirect) => adopt_redirect(tx.conn(), id, redirect),
        Piece::Site(settings) => adopt_site(tx.conn(), settings),
        Piece::Media(_) => {
            let wanted = exported.and_then(|exported| exported.id);
            Ok(match wanted.filter(|wanted| *wanted != id) {
                None => Outcome::Unchanged,
                // Texts name it by the other id.
                Some(_) => Outcome::Kept(format!("the same picture is here as {id}")),
            })
        }
    }
}

fn adopt_redirect(conn: &mut Conn, id: Id, redirect: &NewRedirect) -> Result<Outcome> {
    let was = redirects::store::get(conn, id)?;
    let same = match redirect.target() {
        Target::Article(article) => was.article == Some(*article),
        Target::Address(to) => was.to.as_ref() == Some(to),
    };
    Ok(if same {
        Outcome::Unchanged
    } else {
        let why = format!("there is a redirect from `{}` already", redirect.path());
        Outcome::Kept(why)
    })
}

fn adopt_site(conn: &mut Conn, settings: &Settings) -> Result<Outcome> {
    Ok(if site::store::get(conn)? == *settings {
        Outcome::Unchanged
    } else {
        Outcome::Kept("the site is set up already, and stays as it is".into())
    })
}

const fn outcome(changed: bool) -> Outcome {
    if changed {
        Outcome::Updated
    } else {
        Outcome::Unchanged
    }
}

fn together(mut some: Vec<String>, more: &[String]) -> Vec<String> {
    for alias in more {
        if !some.contains(alias) {
            some.push(alias.clone());
        }
    }
    some
}

fn new_tag(tag: &TagInput) -> Result<NewTag> {
    let TagInput {
        name,
        slug,
        description,
        aliases,
        parent,
    } = tag.clone();
    NewTag::restored(&name, slug, description, aliases, parent).map_err(Error::Invalid)
}

fn new_author(author: &AuthorInput) -> Result<NewAuthor> {
    let AuthorInput {
        name,
        slug,
        bio,
        avatar,
        links,
    } = author.clone();
    NewAuthor::parse(&name, slug, bio, avatar, links).map_err(Error::Invalid)
}

/// Writes a tag, if need be without what stands in its way: a slug or an alias that another tag has, and a parent that is
/// not here or would stand below its child. The stores say all of that before they write anything.
fn fitted<T>(
    tag: &TagInput,
    notes: &mut Vec<String>,
    mut write: impl FnMut(&TagInput) -> Result<T>,
) -> Result<T> {
    let faults = match write(tag) {
        Err(Error::Invalid(faults)) => faults,
        other => return other,
    };
    let mut less = tag.clone();
    let mut dropped = Vec::new();
    for fault in &faults {
        match (fault.pointer.as_deref().unwrap_or_default(), fault.code) {
            ("/slug", FaultCode::Taken) => less.slug = None,
            ("/parent", FaultCode::NotFound | FaultCode::Conflicting) => less.parent = None,
            (pointer, FaultCode::Taken) if pointer.starts_with("/aliases/") => {
                let index = pointer.trim_start_matches("/aliases/").parse();
                dropped.extend(index.ok().and_then(|index: usize| tag.aliases.get(index)));
            }
            _ => return Err(Error::Invalid(faults)),
        }
    }
    less.aliases.retain(|alias| !dropped.contains(&alias));
    notes.extend(faults.iter().map(ToString::to_string));
    write(&less)
}

fn taken(faults: &[Fault]) -> bool {
    faults.iter().all(|fault| fault.code == FaultCode::Taken)
}
