//! What is sent next, to whom, and what came of it. A webhook belongs to one node while something is sent to it.

use std::time::Duration;

use diesel::prelude::*;

use super::{SALTS, salts};
use crate::changes::model::Event;
use crate::changes::store::events;
use crate::db::schema::webhook_deliveries::{self as deliveries};
use crate::db::schema::webhooks;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;
use crate::time::Time;
use crate::webhooks::model::{Attempt, DEAD, DeliveryStatus, Verdict};
use crate::webhooks::sign::Salts;

/// How far the end of a lease is put back when it is let go of: a hundred years.
const PAST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Something to be sent.
#[derive(Debug, Clone)]
pub(in crate::webhooks) struct Outgoing {
    pub(in crate::webhooks) id: Id,
    pub(in crate::webhooks) webhook: Id,
    pub(in crate::webhooks) url: String,
    pub(in crate::webhooks) salts: Salts,
    pub(in crate::webhooks) event: String,
    pub(in crate::webhooks) about: Id,
    pub(in crate::webhooks) change: i64,
    /// When it was written down.
    pub(in crate::webhooks) created_at: Time,
    pub(in crate::webhooks) attempts: i32,
    pub(in crate::webhooks) began_at: Time,
    /// What the log says of it. Of a test it says nothing.
    pub(in crate::webhooks) logged: Option<Event>,
}

/// Webhooks that something can be sent to now, those longest ago first.
macro_rules! due {
    ($now:expr) => {
        webhooks::table
            .filter(webhooks::enabled.eq(true))
            .filter(webhooks::leased_until.le($now))
            .filter(webhooks::next_at.le($now))
            .order((webhooks::leased_until, webhooks::id))
    };
}

/// Whether there is anything to be sent now.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn is_due(conn: &mut Conn, now: Time) -> Result<bool> {
    let due = due!(now).select(webhooks::id);
    Ok(each!(conn, c => due.first::<Id>(c).optional())?.is_some())
}

/// Takes something to be sent for up to `most` webhooks, which are no other node's until then.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn take(
    conn: &mut Conn,
    now: Time,
    until: Time,
    most: i64,
) -> Result<Vec<Outgoing>> {
    type Hook = (Id, String, (Vec<u8>, Option<Vec<u8>>, Option<Time>));
    let due = due!(now)
        .select((webhooks::id, webhooks::url, SALTS))
        .limit(most);
    let due: Vec<Hook> = each!(conn, c => due.load(c))?;
    let mut taken = Vec::with_capacity(due.len());
    for (webhook, url, salted) in due {
        let first = deliveries::table
            .select((
                deliveries::id,
                deliveries::event,
                deliveries::resource_id,
                (deliveries::change, deliveries::position),
                deliveries::created_at,
                deliveries::attempts,
                deliveries::began_at,
            ))
            .filter(deliveries::webhook_id.eq(webhook))
            .filter(deliveries::next_at.le(now))
            .order((deliveries::next_at, deliveries::change, deliveries::id));
        type Row = (Id, String, Id, (i64, Option<i32>), Time, i32, Time);
        let row: Option<Row> = each!(conn, c => first.first(c).optional())?;
        let Some(row) = row else {
            let next = webhooks::next_at.eq(next_of(conn, webhook)?);
            each!(conn, c => diesel::update(webhooks::table.find(webhook)).set(next).execute(c))?;
            continue;
        };
        let (id, event, about, (change, position), created_at, attempts, began_at) = row;
        let lease = webhooks::leased_until.eq(until);
        each!(conn, c => diesel::update(webhooks::table.find(webhook)).set(lease).execute(c))?;
        let logged = match position {
            Some(position) => events::get(conn, change, position)?,
            None => None,
        };
        taken.push(Outgoing {
            id,
            webhook,
            url,
            salts: salts(salted),
            event,
            about,
            change,
            created_at,
            attempts,
            began_at,
            logged,
        });
    }
    Ok(taken)
}

/// Notes what came of an attempt, and lets go of the webhook. Answers whether all has failed for so long that it is to be
/// disabled.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn note(
    conn: &mut Conn,
    sent: &Outgoing,
    attempt: &Attempt,
    verdict: Verdict,
) -> Result<bool> {
    let (status, next, ended) = match verdict {
        Verdict::Delivered => (DeliveryStatus::Delivered, None, Some(attempt.at)),
        Verdict::Again(next) => (DeliveryStatus::Pending, Some(next), None),
        Verdict::Failed | Verdict::Gone => (DeliveryStatus::Failed, None, Some(attempt.at)),
    };
    let row = (
        deliveries::status.eq(status.as_str()),
        deliveries::attempts.eq(sent.attempts + 1),
        deliveries::next_at.eq(next),
        deliveries::ended_at.eq(ended),
        deliveries::last_status.eq(attempt.status.map(i32::from)),
        deliveries::error.eq(attempt.error.as_deref()),
        deliveries::attempted_at.eq(Some(attempt.at)),
    );
    each!(conn, c => diesel::update(deliveries::table.find(sent.id)).set(row).execute(c))?;
    if ended.is_some() {
        super::deliveries::wake(conn, sent.webhook, sent.about, attempt.at)?;
    }
    let failing = webhooks::table
        .find(sent.webhook)
        .select(webhooks::failing_since);
    let Some(failing) = each!(conn, c => failing.first::<Option<Time>>(c).optional())? else {
        // It was deleted meanwhile.
        return Ok(false);
    };
    let failing = match verdict {
        Verdict::Delivered => None,
        _ => Some(failing.unwrap_or(attempt.at)),
    };
    let mut next = next_of(conn, sent.webhook)?;
    if let (Some(since), None) = (failing, attempt.status) {
        // It held a place of all for as long as a request may take.
        next = next.map(|next| next.max(attempt.at.plus(rest(since, attempt.at))));
    }
    let row = (
        webhooks::failing_since.eq(failing),
        webhooks::next_at.eq(next),
        // Who had the last turn is last again. Long before any present, whichever way the clock jumps.
        webhooks::leased_until.eq(attempt.at.minus(PAST)),
    );
    each!(conn, c => diesel::update(webhooks::table.find(sent.webhook)).set(row).execute(c))?;
    Ok(failing.is_some_and(|since| attempt.at >= since.plus(DEAD)))
}

/// How long nothing is sent to who does not answer: a quarter of the time that this has lasted, from 5 seconds to 5 minutes.
fn rest(since: Time, now: Time) -> Duration {
    let lasted = u64::try_from(now.millis().saturating_sub(since.millis())).unwrap_or(0);
    Duration::from_millis((lasted / 4).clamp(5_000, 300_000))
}

/// When the first of what is on its way to a webhook is due.
fn next_of(conn: &mut Conn, webhook: Id) -> Result<Option<Time>> {
    let first = deliveries::table
        .select(deliveries::next_at)
        .filter(deliveries::webhook_id.eq(webhook))
        .filter(deliveries::next_at.is_not_null())
        .order(deliveries::next_at);
    let first: Option<Option<Time>> = each!(conn, c => first.first(c).optional())?;
    Ok(first.flatten())
}

/// Whether a webhook rests: something is due before anything is sent to it.
pub(super) fn rests(conn: &mut Conn, webhook: Id) -> Result<bool> {
    let next = webhooks::table.find(webhook).select(webhooks::next_at);
    let next: Option<Option<Time>> = each!(conn, c => next.first(c).optional())?;
    let first = next_of(conn, webhook)?;
    Ok(next
        .flatten()
        .zip(first)
        .is_some_and(|(next, first)| first < next))
}

/// Something is due to a webhook at this time, or before.
pub(super) fn expect(conn: &mut Conn, webhook: Id, at: Time) -> Result<()> {
    let later = webhooks::next_at.is_null().or(webhooks::next_at.gt(at));
    let there = webhooks::table
        .filter(webhooks::id.eq(webhook))
        .filter(later);
    let next = webhooks::next_at.eq(Some(at));
    each!(conn, c => diesel::update(there).set(next).execute(c))?;
    Ok(())
}

/// Nothing is due to anybody.
pub(super) fn expect_nothing(conn: &mut Conn) -> Result<()> {
    let nothing = webhooks::next_at.eq(None::<Time>);
    each!(conn, c => diesel::update(webhooks::table).set(nothing).execute(c))?;
    Ok(())
}

/// Lets go of webhooks that a node took and did not live to let go of.
///
/// # Errors
/// When the database fails.
pub(in crate::webhooks) fn let_go(conn: &mut Conn, now: Time) -> Result<()> {
    let held = webhooks::table.filter(webhooks::leased_until.gt(now));
    let free = webhooks::leased_until.eq(now.minus(PAST));
    each!(conn, c => diesel::update(held).set(free).execute(c))?;
    Ok(())
}
