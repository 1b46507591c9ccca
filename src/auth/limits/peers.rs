//! How often one peer may do something that anybody may do.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Bound, Count, Peer};
use crate::time::Time;

/// Who has done it how often. All the bounds hold.
#[derive(Debug, Clone)]
pub struct PeerLimits(Arc<Mutex<Vec<Count<Peer>>>>);

impl PeerLimits {
    /// Nobody has done it yet.
    #[must_use]
    pub fn new(bounds: &[Bound]) -> Self {
        let counts = bounds.iter().copied().map(Count::new);
        Self(Arc::new(Mutex::new(counts.collect())))
    }

    /// Lets a peer do it once more.
    ///
    /// # Errors
    /// How long to wait, in whole seconds. What is refused does not count.
    pub fn take(&self, peer: IpAddr, now: Time) -> Result<(), Duration> {
        let (peer, at) = (Peer::of(peer), now.millis());
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = counts.iter_mut().map(|count| count.wait(&peer, at));
        let wait = waits.max().unwrap_or(0);
        if wait > 0 {
            return Err(Duration::from_secs(wait.unsigned_abs().div_ceil(1000)));
        }
        for count in counts.iter_mut() {
            count.take(peer, at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_the_bounds_hold_for_each_peer() {
        let bound = |at_once, seconds| Bound {
            at_once,
            every: Duration::from_secs(seconds),
        };
        let limits = PeerLimits::new(&[bound(2, 10), bound(3, 1000)]);
        let start: Time = "2026-11-22T10:00:00Z".parse().unwrap();
        let at = |seconds| start.plus(Duration::from_secs(seconds));
        let (one, other): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        assert_eq!(limits.take(one, at(0)), Ok(()));
        assert_eq!(limits.take(one, at(0)), Ok(()));
        assert_eq!(limits.take(one, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(limits.take(other, at(0)), Ok(()));
        assert_eq!(limits.take(one, at(10)), Ok(()));
        assert_eq!(limits.take(one, at(20)), Err(Duration::from_secs(980)));
        assert_eq!(limits.take(one, at(1000)), Ok(()));
    }
}
