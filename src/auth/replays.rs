//! Answers to writes, kept for a day for whoever did not hear them. An answer is kept in the transaction of its write: one
//! is there if and only if the other is.

use diesel::prelude::*;

use crate::db::schema::idempotency_keys;
use crate::db::{Conn, each};
use crate::error::Result;
use crate::time::Time;

/// How long an answer is kept, in milliseconds.
pub const KEPT: i64 = 24 * 60 * 60 * 1000;

/// The answer to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Where what was made is.
    pub location: Option<String>,
    /// The entity tag of what is shown.
    pub etag: Option<String>,
    /// JSON text.
    pub body: Option<String>,
    /// It shows what is shown once, and kept nowhere.
    pub secret: bool,
}

/// An answer that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// A hash of the content that the write came with.
    pub digest: Vec<u8>,
    /// The change that it made.
    pub change: i64,
    /// What was answered; without the body where that showed a secret.
    pub reply: Reply,
}

/// The answer kept under this key.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, id: &[u8; 32], now: Time) -> Result<Option<Kept>> {
    use idempotency_keys::dsl;
    let columns = (
        dsl::digest,
        dsl::change,
        dsl::status,
        dsl::location,
        dsl::etag,
        dsl::body,
        dsl::secret,
    );
    type Row = (
        Vec<u8>,
        i64,
        i32,
        Option<String>,
        Option<String>,
        Option<String>,
        bool,
    );
    let kept = dsl::idempotency_keys
        .find(id.as_slice())
        .filter(dsl::at.gt(now.millis() - KEPT))
        .select(columns);
    let kept: Option<Row> = each!(conn, c => kept.first(c).optional())?;
    Ok(kept.map(
        |(digest, change, status, location, etag, body, secret)| Kept {
            digest,
            change,
            reply: Reply {
                status: u16::try_from(status).unwrap_or(200),
                location,
                etag,
                body,
                secret,
            },
        },
    ))
}

/// Keeps an answer, in the transaction of its write.
///
/// # Errors
/// When the database fails.
pub fn keep(
    conn: &mut Conn,
    id: &[u8; 32],
    digest: &[u8; 32],
    now: Time,
    change: i64,
    reply: &Reply,
) -> Result<()> {
    use idempotency_keys::dsl;
    // One that has expired may not have been swept yet.
    let old = dsl::idempotency_keys.find(id.as_slice());
    each!(conn, c => diesel::delete(old).execute(c))?;
    let row = (
        dsl::id.eq(id.as_slice()),
        dsl::digest.eq(digest.as_slice()),
        dsl::at.eq(now),
        dsl::change.eq(change),
        dsl::status.eq(i32::from(reply.status)),
        dsl::location.eq(&reply.location),
        dsl::etag.eq(&reply.etag),
        dsl::body.eq(reply.body.as_deref().filter(|_| !reply.secret)),
        dsl::secret.eq(reply.secret),
    );
    each!(conn, c => diesel::insert_into(idempotency_keys::table).values(row).execute(c))?;
    Ok(())
}

/// Forgets what has been kept long enough.
///
/// # Errors
/// When the database fails.
pub fn sweep(conn: &mut Conn, now: Time) -> Result<usize> {
    let old = idempotency_keys::table.filter(idempotency_keys::at.le(now.millis() - KEPT));
    Ok(each!(conn, c => diesel::delete(old).execute(c))?)
}
