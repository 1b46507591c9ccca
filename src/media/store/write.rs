//! The writes: what every door calls to put in, change or remove a medium, inside a [`Tx`]. The bytes are stored before,
//! and removed after.

use diesel::prelude::*;

use super::{get, known_names, of_hash, uses};
use crate::articles;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::media;
use crate::db::{Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json;
use crate::media::input::changed;
use crate::media::model::{Media, MediaChange, NewMedia};
use crate::time::Time;

/// The uses that a refusal names.
const NAMED: usize = 5;

/// Stores a medium, whose bytes are stored already; or finds the one that was made of the same bytes, and says `false`.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not.
pub fn create(tx: &mut Tx<'_>, new: &NewMedia) -> Result<(Media, bool)> {
    tx.actor().authorise(Action::Media { own: true })?;
    if let Some(there) = of_hash(tx.conn(), &new.hash)? {
        tx.leave_unchanged();
        return Ok((there, false));
    }
    let now = tx.now();
    insert(tx, new, Id::new(), (now, now)).map(|media| (media, true))
}

/// Stores a medium that an export had, as [`create`]: with this id and the times at which it was made and last changed.
/// Answers why something else stands in its place.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not.
pub fn restore(
    tx: &mut Tx<'_>,
    new: &NewMedia,
    id: Option<Id>,
    times: Option<(Time, Time)>,
) -> Result<std::result::Result<Media, String>> {
    tx.actor().authorise(Action::Media { own: true })?;
    if let Some(there) = of_hash(tx.conn(), &new.hash)? {
        return Ok(Err(format!("the same picture is here as {}", there.id)));
    }
    let names = std::slice::from_ref(&new.name);
    if !known_names(tx.conn(), names)?.is_empty() {
        return Ok(Err("another picture has its address".into()));
    }
    let now = tx.now();
    insert(tx, new, id.unwrap_or_default(), times.unwrap_or((now, now))).map(Ok)
}

fn insert(
    tx: &mut Tx<'_>,
    new: &NewMedia,
    id: Id,
    (created_at, updated_at): (Time, Time),
) -> Result<Media> {
    let about = &new.about;
    let row = (
        media::id.eq(id),
        media::hash.eq(new.hash.as_slice()),
        media::name.eq(&new.name),
        media::media_type.eq(new.media_type.as_str()),
        media::file_name.eq(&about.file_name),
        media::bytes.eq(new.bytes),
        media::width.eq(i64::from(new.width)),
        media::height.eq(i64::from(new.height)),
        media::alt.eq(&about.alt),
        media::title.eq(&about.title),
        media::credit.eq(&about.credit),
        media::focal_point.eq(about.focal_point.as_ref().map(json::text)),
        media::blurhash.eq(&new.blurhash),
        media::variants.eq(json::text(&new.variants)),
        media::animation.eq(new.animation.as_ref().map(json::text)),
        media::owner.eq(tx.actor().user()),
        media::version.eq(1),
        media::created_at.eq(created_at),
        media::updated_at.eq(updated_at),
    );
    each!(tx.conn(), c => diesel::insert_into(media::table).values(row).execute(c))?;
    tx.log(Entry {
        before: Footprint::none(),
        ..entry("created", id, None)
    });
    get(tx.conn(), id)
}

/// Changes what is said of a medium. The published texts that show it look otherwise then, and are logged with it.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`].
pub fn update(tx: &mut Tx<'_>, id: Id, change: MediaChange) -> Result<Media> {
    let was = get(tx.conn(), id)?;
    authorise(tx, &was)?;
    let now = changed(&was, change);
    if now == was {
        tx.leave_unchanged();
        return Ok(was);
    }
    // Title and credit are for editors, and stand in no text.
    let is_shown = (&was.alt, was.focal_point) != (&now.alt, now.focal_point);
    let shown = if is_shown {
        let texts = uses::showing(tx.conn(), id)?;
        articles::store::showing(tx.conn(), &texts)?
    } else {
        Vec::new()
    };
    let row = (
        media::alt.eq(&now.alt),
        media::title.eq(&now.title),
        media::credit.eq(&now.credit),
        media::focal_point.eq(now.focal_point.as_ref().map(json::text)),
        media::version.eq(was.version + 1),
        media::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(media::table.find(id)).set(row).execute(c))?;
    tx.log(entry("updated", id, None));
    articles::store::touch(tx, shown, &format!("its picture {id}"))?;
    get(tx.conn(), id)
}

/// Removes a medium that nothing uses. Its bytes are removed after that.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`]; [`Error::Conflict`] where something uses it,
/// with the first of what does.
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<Media> {
    let was = get(tx.conn(), id)?;
    authorise(tx, &was)?;
    let used_by = uses::used_by(tx.conn(), id)?;
    if !used_by.is_empty() {
        // Who may write media only is not told how drafts are called.
        let reads = tx.actor().authorise(Action::Read).is_ok();
        let mut told: Vec<String> = used_by
            .iter()
            .take(NAMED)
            .map(|use_| use_.told(reads))
            .collect();
        let others = uses::count_uses(tx.conn(), id)?;
        let others = others - i64::try_from(told.len()).unwrap_or(others);
        if others > 0 {
            told.push(format!("{others} more"));
        }
        let told = told.join(", ");
        return Err(Error::Conflict(format!(
            "it is used, and cannot be deleted before it is taken out there: {told}"
        )));
    }
    remove(tx, id, None)?;
    Ok(was)
}

/// Removes the row of a medium that nothing uses.
pub(super) fn remove(tx: &mut Tx<'_>, id: Id, why: Option<&str>) -> Result<()> {
    each!(tx.conn(), c => diesel::delete(media::table.find(id)).execute(c))?;
    tx.log(Entry {
        after: Footprint::none(),
        ..entry("deleted", id, why.map(str::to_owned))
    });
    Ok(())
}

fn authorise(tx: &Tx<'_>, media: &Media) -> Result<()> {
    let own = media.owner.is_some() && media.owner == tx.actor().user();
    tx.actor().authorise(Action::Media { own })
}

/// Of a medium that was there and is there. Readers know it by the texts that show it, and these are logged themselves.
fn entry(action: &'static str, id: Id, detail: Option<String>) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::Media, id),
    };
    Entry {
        action,
        resource: Resource::Media,
        id,
        before: footprint.clone(),
        after: footprint,
        detail,
    }
}
