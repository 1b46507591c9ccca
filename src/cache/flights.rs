//! Reads under way: who asks for what another is reading already waits for that, so that a crowd that asks for one thing
//! costs one read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

type UnderWay = Mutex<HashMap<Box<str>, watch::Receiver<()>>>;

/// The reads under way.
#[derive(Debug, Default)]
pub(super) struct Flights(Arc<UnderWay>);

/// A read that is asked for.
#[derive(Debug)]
pub enum Flight {
    /// It is this one's to do.
    Own(Lead),
    /// Another does it already.
    Others(Wait),
}

/// The one who reads; it is over when this is dropped.
#[derive(Debug)]
pub struct Lead {
    all: Arc<UnderWay>,
    key: Box<str>,
    /// Those who wait hear that it is gone.
    _over: watch::Sender<()>,
}

/// One who waits.
#[derive(Debug)]
pub struct Wait(watch::Receiver<()>);

impl Wait {
    /// Until the other is done, in whatever way.
    pub async fn over(mut self) {
        // Nothing is ever sent: the sender goes.
        let _gone = self.0.changed().await;
    }
}

impl Flights {
    pub(super) fn begin(&self, key: &str) -> Flight {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(key.into()) {
            Entry::Occupied(there) => Flight::Others(Wait(there.get().clone())),
            Entry::Vacant(free) => {
                let (over, wait) = watch::channel(());
                free.insert(wait);
                Flight::Own(Lead {
                    all: Arc::clone(&self.0),
                    key: key.into(),
                    _over: over,
                })
            }
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reads_and_the_others_wait_until_it_is_over() {
        let flights = Flights::default();
        let Flight::Own(lead) = flights.begin("/a") else {
            panic!("nobody reads yet");
        };
        assert!(matches!(flights.begin("/b"), Flight::Own(_)));
        let Flight::Others(wait) = flights.begin("/a") else {
            panic!("two read the same");
        };
        drop(lead);
        assert!(matches!(flights.begin("/a"), Flight::Own(_)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(wait.over());
    }
}
