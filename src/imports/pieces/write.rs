//! Writes a piece: makes it, brings it up to what its source says, or fills up what is here with that.

use super::Outcome;
use crate::authors::model::NewAuthor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::imports::media::NO_FILE;
use crate::media::model::{About, MediaChange, NewMedia};
use crate::redirects::model::{NewRedirect, Target};
use crate::site::model::Settings;
use crate::tags::model::NewTag;
use crate::transfer::{AuthorInput, Piece, PieceItem, TagInput};
use crate::{authors, media, redirects, site, tags};

/// Makes it; or answers why something else stands in its place.
pub(super) fn create(
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
            site::store::restore(tx, settings, set_at).map(|()| Ok(super::SITE))
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
pub(super) fn update(
    tx: &mut Tx<'_>,
    id: Id,
    piece: &Piece,
    notes: &mut Vec<String>,
) -> Result<()> {
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
pub(super) fn adopt(
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
