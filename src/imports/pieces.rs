//! Stores what stands beside texts. A piece is known by its key in the source, and at first by what it is called: what is
//! here already is filled up and not doubled, and what was changed here by hand stays so.

use xxhash_rust::xxh3::xxh3_128;

use self::write::{adopt, create, update};
use super::store::{self, Record};
use crate::articles::model::Image;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::media::model::NewMedia;
use crate::transfer::{Piece, PieceItem, TagInput};
use crate::{authors, media, redirects, site, tags};

mod write;

/// The site needs no id to be told apart.
const SITE: Id = Id([0; 16]);

/// A piece that may be stored.
pub(super) struct Ready {
    pub(super) item: PieceItem,
    /// What the source says of it, which the next import compares: not where its picture is by then.
    said: Vec<u8>,
    /// What was stored of the file, where it is a picture.
    pub(super) picture: Option<NewMedia>,
}

impl Ready {
    pub(super) fn new(item: PieceItem) -> Self {
        Self {
            said: digest(&item.piece),
            item,
            picture: None,
        }
    }

    /// The picture elsewhere that it shows, if that is to be written.
    pub(super) fn shown(&mut self, db: &Db, standing: &Standing) -> Result<Option<&mut Image>> {
        let shown = match &mut self.item.piece {
            Piece::Author(author) => author.avatar.as_mut(),
            Piece::Site(settings) => settings.logo.as_mut(),
            Piece::Tag(_) | Piece::Redirect(_) | Piece::Media(_) => None,
        };
        let is_written = match standing {
            Standing::New | Standing::Changed(_) => true,
            // What is found is filled up, and a site that is set up stays as it is.
            Standing::Found(id) if *id != SITE && shown.is_some() => {
                let there = db.read_blocking(|conn| authors::store::edit::get(conn, *id))?;
                there.avatar.is_none()
            }
            Standing::Found(_) | Standing::Unchanged | Standing::Kept(_) => false,
        };
        Ok(shown.filter(|_| is_written))
    }
}

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
pub(super) fn standing(conn: &mut Conn, source: &str, ready: &Ready) -> Result<Standing> {
    let PieceItem {
        key,
        piece,
        exported,
        ..
    } = &ready.item;
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
    if record.digest == ready.said {
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
pub(super) fn store(tx: &mut Tx<'_>, source: &str, ready: &Ready) -> Result<Stored> {
    let Ready {
        item,
        said,
        picture,
    } = ready;
    let PieceItem { key, piece, .. } = item;
    let mut notes = Vec::new();
    let (outcome, id) = match standing(tx.conn(), source, ready)? {
        Standing::Unchanged => return Ok(Stored::new(Outcome::Unchanged, notes)),
        Standing::Kept(why) => return Ok(Stored::new(Outcome::Kept(why), notes)),
        Standing::New => match create(tx, item, picture.as_ref(), &mut notes)? {
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
    let said = if waits {
        digest(&alone(piece))
    } else {
        said.clone()
    };
    let record = Record {
        id,
        digest: said,
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
