//! Texts that are handed to an editor and back, and what is said then. The log tells that something was said, and not what.

use diesel::prelude::*;

use super::list::{number, seek};
use super::load::named;
use super::moves::transition_telling;
use crate::articles::model::{Kind, Transition};
use crate::articles::review::{ReviewAction, ReviewNote};
use crate::auth::model::Action;
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{review_notes, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// The one order of the notes: the last first.
pub const SORT: &str = "-at";

/// What the log says of a note.
const NOTED: &str = "with a note";

/// Hands a text to an editor, with a note or without.
///
/// # Errors
/// As [`transition`](super::transition).
pub fn submit(tx: &mut Tx<'_>, id: Id, note: Option<&str>) -> Result<()> {
    let told = note.map(|_| NOTED.to_owned());
    transition_telling(tx, id, Transition::Submit, told)?;
    match note {
        Some(note) => keep(tx, id, ReviewAction::Submitted, note),
        None => Ok(()),
    }
}

/// Hands a text back to who wrote it, and says why.
///
/// # Errors
/// [`Error::Forbidden`] for who is no editor; and as [`transition`](super::transition).
pub fn send_back(tx: &mut Tx<'_>, id: Id, note: &str) -> Result<()> {
    // Who wrote it may make it a draft again, but does not review it.
    tx.actor().authorise(Action::Review)?;
    transition_telling(tx, id, Transition::SendBack, Some(NOTED.to_owned()))?;
    keep(tx, id, ReviewAction::SentBack, note)
}

fn keep(tx: &mut Tx<'_>, id: Id, action: ReviewAction, note: &str) -> Result<()> {
    let row = (
        review_notes::id.eq(Id::new()),
        review_notes::article_id.eq(id),
        review_notes::action.eq(action.as_str()),
        review_notes::note.eq(note),
        review_notes::at.eq(tx.now()),
        review_notes::user_id.eq(tx.actor().user()),
    );
    each!(tx.conn(), c => diesel::insert_into(review_notes::table).values(row).execute(c))?;
    Ok(())
}

type Row = (i64, Id, String, String, Option<Id>, Option<String>);

/// One page of what was said of a text of this kind, the last first.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text.
pub fn list(
    conn: &mut Conn,
    (kind, id): (Kind, Id),
    page: &Page,
    count: bool,
) -> Result<Slice<ReviewNote>> {
    super::edit::version(conn, kind, id)?;
    let rows: Vec<Row> = each!(conn, c => {
        let query = review_notes::table
            .left_join(users::table)
            .filter(review_notes::article_id.eq(id))
            .select((
                review_notes::at,
                review_notes::id,
                review_notes::action,
                review_notes::note,
                users::id.nullable(),
                users::name.nullable(),
            ))
            .into_boxed();
        seek!(query, review_notes::at, review_notes::id, true, page, number).load(c)
    })?;
    let total = if count {
        let all = review_notes::table.filter(review_notes::article_id.eq(id));
        Some(each!(conn, c => all.count().get_result(c))?)
    } else {
        None
    };
    let slice = page.cut(rows, SORT, |row| (Key::Number(row.0), row.1));
    let items = slice.items.into_iter().map(noted);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

fn noted((at, id, action, note, user, name): Row) -> Result<ReviewNote> {
    Ok(ReviewNote {
        id,
        action: named(&action, ReviewAction::from_name)?,
        note,
        at: Time::from_millis(at).ok_or_else(|| Error::internal("a stored time out of range"))?,
        by: user.zip(name).map(|(id, name)| UserRef { id, name }),
    })
}
