//! What waits for the writer: a write that takes a number, and one that takes none. Each tells who asked how it ended.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::tx::{Outcome, Tx};
use super::writer::Job;
use super::{Conn, Written};
use crate::changes::model::Actor;
use crate::error::{Error, Result};
use crate::time::Time;

/// A write that takes a number.
pub(super) struct LoggedJob<T, F> {
    pub(super) actor: Actor,
    pub(super) f: F,
    pub(super) value: Option<T>,
    pub(super) retracts: bool,
    pub(super) answer: oneshot::Sender<Result<Written<T>>>,
    pub(super) _place: OwnedSemaphorePermit,
}

impl<T, F> Job for LoggedJob<T, F>
where
    T: Send,
    F: Fn(&mut Tx<'_>) -> Result<T> + Send,
{
    fn run(&mut self, conn: &mut Conn, now: Time, number: i64) -> Result<Outcome> {
        let mut tx = Tx::new(conn, &self.actor, now, number);
        self.value = Some((self.f)(&mut tx)?);
        let outcome = tx.finish()?;
        self.retracts = matches!(outcome, Outcome::Commit { retracts: true, .. });
        Ok(outcome)
    }

    fn settle(self: Box<Self>, outcome: Result<i64>) {
        let Self {
            value,
            retracts,
            answer,
            ..
        } = *self;
        let written = outcome.and_then(|change| {
            let value =
                value.ok_or_else(|| Error::internal("a write was settled before it ran"))?;
            Ok(Written {
                value,
                change,
                retracts,
            })
        });
        // Whoever asked may have gone; the write stands all the same.
        let _asker_gone = answer.send(written);
    }
}

/// A write that takes none.
pub(super) struct QuietJob<T, F> {
    pub(super) f: F,
    pub(super) value: Option<T>,
    pub(super) answer: oneshot::Sender<Result<T>>,
    pub(super) _place: OwnedSemaphorePermit,
}

impl<T, F> Job for QuietJob<T, F>
where
    T: Send,
    F: Fn(&mut Conn) -> Result<T> + Send,
{
    fn run(&mut self, conn: &mut Conn, _now: Time, _number: i64) -> Result<Outcome> {
        self.value = Some((self.f)(conn)?);
        Ok(Outcome::Quiet)
    }

    fn settle(self: Box<Self>, outcome: Result<i64>) {
        let Self { value, answer, .. } = *self;
        let missing = || Error::internal("a write was settled before it ran");
        let _asker_gone = answer.send(outcome.and_then(|_| value.ok_or_else(missing)));
    }
}
