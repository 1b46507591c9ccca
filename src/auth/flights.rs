//! The writes under way on this node that came with an idempotency key. A second one under the same key is told to wait:
//! on another node it would wait for the writer, and then find the answer of the first.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The writes under way.
#[derive(Debug, Clone, Default)]
pub struct Flights(Arc<Mutex<HashSet<[u8; 32]>>>);

/// A write under way; it is over when this is dropped.
#[derive(Debug)]
pub struct Flight {
    all: Flights,
    id: [u8; 32],
}

impl Flights {
    /// Begins one, unless it is under way already.
    #[must_use]
    pub fn begin(&self, id: [u8; 32]) -> Option<Flight> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id).then(|| Flight {
            all: self.clone(),
            id,
        })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let flights = Flights::default();
        let first = flights.begin([1; 32]);
        assert!(first.is_some() && flights.begin([1; 32]).is_none());
        assert!(flights.begin([2; 32]).is_some());
        drop(first);
        assert!(flights.begin([1; 32]).is_some());
    }
}
