//! How those who follow the log hear that it has grown, and how others hear how far they have come. The log itself is in
//! the database; nothing is lost with what is kept here.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// The follower that answers of this node wait for: the search index.
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    news: Condvar,
    /// The last change that it has followed.
    reached: watch::Sender<i64>,
    /// The last change that this node knows.
    known: watch::Sender<i64>,
}

#[derive(Debug, Default)]
struct State {
    /// The last change that this node knows.
    known: i64,
    /// The last one that took something from readers.
    retracted: i64,
    /// The last one that somebody waits for.
    wanted: i64,
    /// Somebody follows.
    followed: bool,
    /// Something else is to be looked at.
    nudged: bool,
}

/// What a follower is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// The last change that this node knows.
    pub known: i64,
    /// Somebody waits for this one.
    pub wanted: i64,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            news: Condvar::new(),
            // Before the first state of an index there is none that includes even change 0.
            reached: watch::Sender::new(-1),
            known: watch::Sender::new(0),
        }
    }
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a change is committed, before anyone else is told of it, and whether it took something from readers.
    pub(super) fn announce(&self, change: i64, retracts: bool) {
        let mut state = self.state();
        if retracts {
            // Also where a look at the database was faster to tell of the change itself.
            state.retracted = state.retracted.max(change);
        }
        let is_news = change > state.known;
        state.known = state.known.max(change);
        if state.followed && is_news {
            self.news.notify_all();
        }
        drop(state);
        self.known.send_if_modified(|known| {
            let is_news = change > *known;
            *known = change.max(*known);
            is_news
        });
    }

    /// Hears of each change that this node comes to know.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<i64> {
        self.known.subscribe()
    }

    /// The last change of this node that took something from readers: what shows a state before it may not be answered.
    #[must_use]
    pub fn retracted(&self) -> i64 {
        self.state().retracted
    }

    /// From now on somebody follows, and retractions wait for them.
    pub fn follow(&self) {
        self.state().followed = true;
    }

    /// Nobody follows any more.
    pub fn leave(&self) {
        self.state().followed = false;
        self.nudge();
    }

    /// Wakes the follower, for what is no change.
    pub fn nudge(&self) {
        self.state().nudged = true;
        self.news.notify_all();
    }

    /// For the follower: waits until there is something after `position`, or only for what somebody waits for, or until
    /// it is nudged or the time is over.
    pub fn wait(&self, position: i64, only_wanted: bool, time: Duration) -> News {
        let state = self.state();
        let (mut state, _) = self
            .news
            .wait_timeout_while(state, time, |state| {
                let last = if only_wanted {
                    state.wanted
                } else {
                    state.known.max(state.wanted)
                };
                !state.nudged && last <= position
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.nudged = false;
        News {
            known: state.known,
            wanted: state.wanted,
        }
    }

    /// For the follower: it has come this far.
    pub fn reach(&self, change: i64) {
        self.reached.send_replace(change);
    }

    /// Waits until the follower has come to a change, and answers whether it has within this time. It hurries.
    pub async fn reached(&self, change: i64, time: Duration) -> bool {
        let mut reached = self.reached.subscribe();
        if *reached.borrow() >= change {
            return true;
        }
        {
            let mut state = self.state();
            if !state.followed {
                return false;
            }
            state.wanted = state.wanted.max(change);
        }
        self.news.notify_all();
        let there = reached.wait_for(|reached| *reached >= change);
        matches!(tokio::time::timeout(time, there).await, Ok(Ok(_)))
    }

    /// Whether a retraction has somebody to wait for.
    pub(super) fn is_followed(&self) -> bool {
        self.state().followed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_hears_of_changes_and_others_of_it() {
        let feed = Feed::default();
        feed.follow();
        feed.announce(3, false);
        feed.announce(3, true);
        assert_eq!(feed.retracted(), 3);
        assert_eq!(feed.wait(2, false, Duration::ZERO).known, 3);
        feed.announce(4, true);
        assert_eq!(feed.retracted(), 4);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        assert!(!runtime.block_on(feed.reached(4, Duration::from_millis(1))));
        assert_eq!(feed.wait(3, true, Duration::ZERO).wanted, 4);
        feed.reach(4);
        assert!(runtime.block_on(feed.reached(4, Duration::ZERO)));
    }
}
