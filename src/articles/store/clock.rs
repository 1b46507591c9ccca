//! The clock: publishes and takes back what was scheduled when its time comes. What is due stands in the database, and is
//! claimed there in the transaction that does it: whoever stops in between, and however many nodes there are, each is done
//! once.

use std::time::Duration;

use futures_util::future::join_all;

use super::schedule::{self, Due, Fired};
use crate::changes::model::Actor;
use crate::db::Db;
use crate::error::{Error, Result};

/// How long it sleeps at most: a clock that was set is noticed, and what other nodes scheduled.
const LOOK: Duration = Duration::from_millis(250);
/// What is done in one go. The writer takes them into few commits, and editors come in between.
const AT_ONCE: i64 = 100;

/// Does what is due, for as long as the server runs.
pub async fn run(db: &Db) {
    let mut news = db.feed().news();
    let mut works = true;
    loop {
        news.borrow_and_update();
        let looked = look(db).await;
        if works != looked.is_ok() {
            match &looked {
                Ok(_) => tracing::info!("what is scheduled is done again"),
                Err(error) => tracing::error!(%error, "what is scheduled waits"),
            }
            works = looked.is_ok();
        }
        let pause = tokio::time::sleep(looked.unwrap_or(LOOK));
        if works {
            tokio::select! {
                () = pause => {}
                _ = news.changed() => {}
            }
        } else {
            pause.await;
        }
    }
}

/// Does all that is due, and answers how long to sleep then.
///
/// # Errors
/// Where it cannot be done now, and will be later.
pub async fn look(db: &Db) -> Result<Duration> {
    loop {
        let now = db.now();
        let due = move |conn: &mut _| schedule::due(conn, now, AT_ONCE);
        let due = db.read_indexed(due).await?;
        if due.is_empty() {
            break;
        }
        let done = join_all(due.into_iter().map(|due| fire(db, due))).await;
        done.into_iter().collect::<Result<()>>()?;
    }
    let next = db.read_indexed(schedule::next).await?;
    let away = next.map(|at| at.millis() - db.now().millis());
    let away = away.and_then(|millis| u64::try_from(millis).ok());
    Ok(match (next, away) {
        (Some(_), Some(millis)) => Duration::from_millis(millis.max(1)).min(LOOK),
        // It came due meanwhile.
        (Some(_), None) => Duration::from_millis(1),
        (None, _) => LOOK,
    })
}

async fn fire(db: &Db, due: Due) -> Result<()> {
    let written = db.write(Actor::System, move |tx| schedule::fire(tx, &due));
    let fired = match written.await {
        Ok(written) => written.value,
        // It will not be otherwise the next time.
        Err(
            error
            @ (Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_) | Error::Forbidden),
        ) => {
            let reason = error.to_string();
            let given_up = move |tx: &mut crate::db::Tx<'_>| schedule::give_up(tx, &due, &reason);
            db.write(Actor::System, given_up).await?.value
        }
        Err(error) => return Err(error),
    };
    if let Fired::Dropped(reason) = fired {
        let (article, action) = (due.article, due.action.as_str());
        tracing::warn!(%article, action, reason, "what was scheduled could not be done");
    }
    Ok(())
}
