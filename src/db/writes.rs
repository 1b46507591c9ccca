//! The way to write: a place in the queue of the one writer, and what comes of it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::jobs::{LoggedJob, QuietJob};
use super::{Conn, Db, Tx};
use crate::changes::model::Actor;
use crate::error::{Error, Result};

/// What may be written without a change number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Sessions begun, renewed and ended.
    Session,
    /// When something was last used.
    LastUsed,
    /// Sign-ins that failed.
    Security,
    /// A second factor begun, which counts only once it is confirmed.
    SecondFactor,
    /// How far a follower of the log has come.
    FollowerPosition,
    /// Attempts to deliver something.
    Delivery,
    /// The progress of a job.
    Job,
    /// Removal of what has expired.
    Sweep,
}

/// What a write made, and the change number of the state that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// What the function returned.
    pub value: T,
    /// The number that the write took; where it left all unchanged, the last one before it.
    pub change: i64,
    /// Whether it took something from readers.
    pub retracts: bool,
}

/// A write under way.
#[must_use = "whether it was done is not known before it is waited for"]
pub struct Ahead<T>(oneshot::Receiver<Result<Written<T>>>);

impl<T> Ahead<T> {
    /// Waits for it, outside any async runtime.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn wait(self) -> Result<Written<T>> {
        self.0
            .blocking_recv()
            .map_err(|_closed| Error::internal("the writer has gone"))?
    }
}

impl Db {
    /// Writes: runs `f` in a transaction, logs what it logged under the next change number, and answers when that is on
    /// disk; where it took something from readers, when whoever follows the log has let it go too. `f` may run more than
    /// once, and only its last run counts.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is full or the database locked, [`Error::DiskFull`]; else what `f` answers,
    /// and then nothing was written.
    pub async fn write<T, F>(&self, actor: Actor, f: F) -> Result<Written<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let place = self.place();
        let place = tokio::time::timeout(self.0.settings.write_wait, place)
            .await
            .map_err(|_elapsed| Error::busy("too many writes are waiting"))??;
        let answer = self.enqueue(actor, f, place)?;
        let written = answer
            .await
            .map_err(|_closed| Error::internal("the writer has gone"))??;
        if written.retracts && self.0.feed.is_followed() {
            // Reads wait for it all the same: that it takes longer is no reason to say that the write failed.
            let _in_time = self
                .0
                .feed
                .reached(written.change, self.0.settings.write_wait)
                .await;
        }
        Ok(written)
    }

    /// [`Db::write`] from outside any async runtime: for the command line.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_blocking<T, F>(&self, actor: Actor, f: F) -> Result<Written<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.write_ahead(actor, f)?.wait()
    }

    /// The same without waiting for it, for whoever makes the next write ready meanwhile.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is full.
    pub fn write_ahead<T, F>(&self, actor: Actor, f: F) -> Result<Ahead<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|_full| Error::busy("too many writes are waiting"))?;
        Ok(Ahead(self.enqueue(actor, f, place)?))
    }

    /// Writes what takes no change number, because nothing that follows the log need hear of it: the closed list of
    /// [`Reason`]. No content is written this way.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_quiet<T, F>(&self, reason: Reason, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Conn) -> Result<T> + Send + 'static,
    {
        tracing::trace!(?reason, "a quiet write");
        let place = tokio::time::timeout(self.0.settings.write_wait, self.place())
            .await
            .map_err(|_elapsed| Error::busy("too many writes are waiting"))??;
        let (answer, receiver) = oneshot::channel();
        let job = QuietJob {
            f,
            value: None,
            answer,
            _place: place,
        };
        self.0
            .queue
            .send(Box::new(job))
            .map_err(|_gone| Error::internal("the writer has gone"))?;
        receiver
            .await
            .map_err(|_closed| Error::internal("the writer has gone"))?
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit> {
        let places = Arc::clone(&self.0.places);
        places
            .acquire_owned()
            .await
            .map_err(|_closed| Error::internal("the write queue is closed"))
    }

    fn enqueue<T, F>(
        &self,
        actor: Actor,
        f: F,
        place: OwnedSemaphorePermit,
    ) -> Result<oneshot::Receiver<Result<Written<T>>>>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        let job = LoggedJob {
            actor,
            f,
            value: None,
            retracts: false,
            answer,
            _place: place,
        };
        self.0
            .queue
            .send(Box::new(job))
            .map_err(|_gone| Error::internal("the writer has gone"))?;
        Ok(receiver)
    }
}
