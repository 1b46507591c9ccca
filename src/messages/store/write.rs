//! The writes: what comes by the contact form, and what editors make of it, inside a [`Tx`]. What the log says of a message
//! has nothing of its words.

use std::time::Duration;

use diesel::prelude::*;

use super::get;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::messages;
use crate::db::{Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::messages::model::{Message, MessageStatus, Sent};
use crate::site;

/// When it is worth another try where the inbox is full: somebody has to read it first.
const FULL: Duration = Duration::from_secs(60 * 60);
/// How long what looks like a robot's is kept.
const SPAM_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Messages removed in one change at most.
const SWEPT: i64 = 500;

/// Takes in a message. What looks like a robot's lands among the spam, where beyond the bound the oldest makes room for it:
/// robots keep no reader from writing.
///
/// # Errors
/// [`Error::NotFound`] where the site has no contact form; [`Error::Unavailable`] where so many messages wait unread.
pub fn receive(tx: &mut Tx<'_>, sent: &Sent, unread: u32) -> Result<()> {
    if !site::store::get(tx.conn())?.contact.form {
        return Err(Error::NotFound("contact form"));
    }
    let now = tx.now();
    let caught_by = sent.caught_by(now);
    let status = if caught_by.is_some() {
        MessageStatus::Spam
    } else {
        MessageStatus::New
    };
    if waiting(tx, status)? >= i64::from(unread) {
        match status {
            MessageStatus::Spam => remove_oldest_spam(tx)?,
            _ => {
                return Err(Error::Unavailable {
                    what: "the inbox is full",
                    retry_after: FULL,
                });
            }
        }
    }
    let id = Id::new();
    let row = (
        messages::id.eq(id),
        messages::status.eq(status.as_str()),
        messages::name.eq(&sent.name),
        messages::email.eq(&sent.email),
        messages::subject.eq(sent.subject.as_ref()),
        messages::message.eq(&sent.message),
        messages::caught_by.eq(caught_by.map(|by| by.as_str())),
        messages::version.eq(1),
        messages::received_at.eq(now),
        messages::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(messages::table).values(row).execute(c))?;
    // Whoever follows the log to hear of messages wants to hear of no robot.
    let action = if caught_by.is_some() {
        "caught"
    } else {
        "created"
    };
    tx.log(Entry {
        before: Footprint::none(),
        ..entry(action, id, None)
    });
    Ok(())
}

/// Says what became of a message; `None` leaves it.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`].
pub fn set_status(tx: &mut Tx<'_>, id: Id, status: Option<MessageStatus>) -> Result<Message> {
    tx.actor().authorise(Action::Inbox { writes: true })?;
    let was = get(tx.conn(), id)?;
    let Some(status) = status.filter(|status| *status != was.status) else {
        tx.leave_unchanged();
        return Ok(was);
    };
    let row = (
        messages::status.eq(status.as_str()),
        messages::version.eq(was.version + 1),
        messages::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(messages::table.find(id)).set(row).execute(c))?;
    let detail = format!("{} to {}", was.status.as_str(), status.as_str());
    tx.log(entry("updated", id, Some(detail)));
    get(tx.conn(), id)
}

/// Removes a message for good.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not; [`Error::NotFound`].
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Inbox { writes: true })?;
    match remove(tx, id, None)? {
        0 => Err(Error::NotFound("message")),
        _ => Ok(()),
    }
}

/// Removes what has been kept long enough, up to a number, as one change. Answers whether there may be more.
///
/// # Errors
/// When the database fails.
pub fn sweep(tx: &mut Tx<'_>, keep: Option<Duration>) -> Result<bool> {
    let now = tx.now();
    let old_spam = messages::status
        .eq(MessageStatus::Spam.as_str())
        .and(messages::received_at.le(now.minus(SPAM_KEPT)));
    let before = keep.map_or(i64::MIN, |keep| now.minus(keep).millis());
    let old = messages::table
        .filter(messages::received_at.lt(before).or(old_spam))
        .order((messages::received_at.asc(), messages::id.asc()))
        .select(messages::id)
        .limit(SWEPT);
    let gone: Vec<Id> = each!(tx.conn(), c => old.load(c))?;
    if gone.is_empty() {
        tx.leave_unchanged();
    }
    for id in &gone {
        remove(tx, *id, Some("kept long enough"))?;
    }
    Ok(i64::try_from(gone.len()).is_ok_and(|gone| gone == SWEPT))
}

fn waiting(tx: &mut Tx<'_>, status: MessageStatus) -> Result<i64> {
    let there = messages::table.filter(messages::status.eq(status.as_str()));
    Ok(each!(tx.conn(), c => there.count().get_result(c))?)
}

fn remove_oldest_spam(tx: &mut Tx<'_>) -> Result<()> {
    let oldest = messages::table
        .filter(messages::status.eq(MessageStatus::Spam.as_str()))
        .order((messages::received_at.asc(), messages::id.asc()))
        .select(messages::id);
    let oldest: Option<Id> = each!(tx.conn(), c => oldest.first(c).optional())?;
    if let Some(id) = oldest {
        remove(tx, id, Some("made room"))?;
    }
    Ok(())
}

fn remove(tx: &mut Tx<'_>, id: Id, why: Option<&str>) -> Result<usize> {
    let gone = diesel::delete(messages::table.find(id));
    let removed = each!(tx.conn(), c => gone.execute(c))?;
    if removed > 0 {
        tx.log(Entry {
            after: Footprint::none(),
            ..entry("deleted", id, why.map(str::to_owned))
        });
    }
    Ok(removed)
}

/// Of a message that was there and is there. No reader ever sees one.
fn entry(action: &'static str, id: Id, detail: Option<String>) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::Message, id),
    };
    Entry {
        action,
        resource: Resource::Message,
        id,
        before: footprint.clone(),
        after: footprint,
        detail,
    }
}
