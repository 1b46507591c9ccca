//! How often something may be done that anybody may do: by one peer, or about one account.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Account, Bound, Count, Peer};
use crate::time::Time;

/// Which peer has done it how often. All the bounds hold.
#[derive(Debug, Clone)]
pub struct PeerLimits(Arc<Mutex<Vec<Count<Peer>>>>);

/// About which account it was done how often. All the bounds hold.
#[derive(Debug, Clone)]
pub struct AccountLimits(Arc<Mutex<Vec<Count<Account>>>>);

impl PeerLimits {
    /// Nobody has done it yet.
    #[must_use]
    pub fn new(bounds: &[Bound]) -> Self {
        Self(counts(bounds))
    }

    /// Lets a peer do it once more.
    ///
    /// # Errors
    /// How long to wait, in whole seconds. What is refused does not count.
    pub fn take(&self, peer: IpAddr, now: Time) -> Result<(), Duration> {
        take(&self.0, Peer::of(peer), now)
    }
}

impl AccountLimits {
    /// It was done about nobody yet.
    #[must_use]
    pub fn new(bounds: &[Bound]) -> Self {
        Self(counts(bounds))
    }

    /// Lets it be done once more about the account of this e-mail address, in whatever spelling, whether there is one or not.
    ///
    /// # Errors
    /// How long to wait, in whole seconds. What is refused does not count.
    pub fn take(&self, email: &str, now: Time) -> Result<(), Duration> {
        take(&self.0, Account::of(email), now)
    }
}

fn counts<K: Copy + Eq + Hash>(bounds: &[Bound]) -> Arc<Mutex<Vec<Count<K>>>> {
    Arc::new(Mutex::new(bounds.iter().copied().map(Count::new).collect()))
}

fn take<K: Copy + Eq + Hash>(
    counts: &Mutex<Vec<Count<K>>>,
    key: K,
    now: Time,
) -> Result<(), Duration> {
    let at = now.millis();
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    let waits = counts.iter_mut().map(|count| count.wait(&key, at));
    let wait = waits.max().unwrap_or(0);
    if wait > 0 {
        return Err(Duration::from_secs(wait.unsigned_abs().div_ceil(1000)));
    }
    for count in counts.iter_mut() {
        count.take(key, at);
    }
    Ok(())
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
