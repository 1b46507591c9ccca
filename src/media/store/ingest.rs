//! Putting a medium in from within the program: for imports, the command line, and whatever puts a copy back.

use crate::changes::model::Actor;
use crate::db::Db;
use crate::error::Result;
use crate::media::library::{Library, Prepared, Unprepared};
use crate::media::model::{About, Media};

/// A medium that was put in.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// The medium.
    pub media: Media,
    /// It was not there before: no other was made of the same bytes.
    pub new: bool,
}

/// Puts in a picture: makes what readers get, stores the bytes, and then the row. The same bytes again are found, and what
/// is said of them stays as it was.
///
/// # Errors
/// [`Unprepared::Unfit`] where it is no picture that is taken, with the reason in words; else when the store or the
/// database does not take it.
pub async fn ingest(
    db: &Db,
    library: &Library,
    actor: Actor,
    bytes: Vec<u8>,
    about: About,
) -> Result<Ingested, Unprepared> {
    let prepared = library.prepare(bytes, about).await?;
    library.keep(&prepared).await?;
    let new = prepared.new.clone();
    let written = db
        .write(actor, move |tx| super::create(tx, &new))
        .await
        .map_err(Unprepared::Failed)?;
    let (media, new) = written.value;
    if !new {
        keep(library, &prepared, &media).await;
    }
    Ok(Ingested { media, new })
}

/// Of two that were made of the same bytes at once, the files of one stay.
pub async fn keep(library: &Library, prepared: &Prepared, media: &Media) {
    if prepared.new.name == media.name {
        return;
    }
    if let Err(error) = library.files.remove(&prepared.new.name).await {
        // They are swept later.
        tracing::warn!(%error, "the files of a medium that was there already could not be removed");
    }
}
