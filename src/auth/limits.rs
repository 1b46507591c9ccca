//! How often sign-in may be tried. Three counts bound the failures: of one peer at one account, of one peer at all
//! accounts, and of all peers at one account. The last does not bind peers where the account has signed in before, or
//! anybody could lock its owner out by failing often enough.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::time::Time;

/// The most keys of one count.
const MAX_KEYS: usize = 100_000;

/// Which part of the keys goes at once when there are too many: so large that looking through all of them is rare.
const PART: usize = 16;

/// So many at once, and then one every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How many at once.
    pub at_once: u32,
    /// How long it takes until there is one more.
    pub every: Duration,
}

/// How often sign-in may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From one peer at one account.
    pub pair: Bound,
    /// From one peer at all accounts.
    pub peer: Bound,
    /// At one account from all peers where it has not signed in before. NIST SP 800-63B-4 allows 100 in a row.
    pub account: Bound,
}

impl Default for Bounds {
    fn default() -> Self {
        let bound = |at_once, seconds| Bound {
            at_once,
            every: Duration::from_secs(seconds),
        };
        Self {
            pair: bound(10, 60),
            peer: bound(50, 6),
            account: bound(90, 600),
        }
    }
}

/// Who has failed how often.
#[derive(Debug, Clone)]
pub struct SignInLimits(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    pairs: Count<(Account, Peer)>,
    peers: Count<Peer>,
    accounts: Count<Account>,
}

/// An attempt that was let through. Dropped, it counts as failed.
#[derive(Debug)]
#[must_use = "an attempt that succeeded has to say so"]
pub struct Attempt {
    limits: SignInLimits,
    account: Account,
    peer: Peer,
    known_here: bool,
    at: i64,
}

impl SignInLimits {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Mutex::new(Counts {
            pairs: Count::new(bounds.pair),
            peers: Count::new(bounds.peer),
            accounts: Count::new(bounds.account),
        })))
    }

    /// Lets somebody try a password for this e-mail address, as they typed it, whether there is such an account or not.
    /// `known_here`: the account has signed in from this peer before.
    ///
    /// # Errors
    /// How long to wait, in whole seconds. What is refused does not count, so that nobody is kept out by trying on.
    pub fn attempt(
        &self,
        account: &str,
        peer: IpAddr,
        known_here: bool,
        now: Time,
    ) -> Result<Attempt, Duration> {
        let (account, peer, at) = (Account::of(account), Peer::of(peer), now.millis());
        let mut guard = self.lock();
        let counts = &mut *guard;
        let mut wait = counts.pairs.wait(&(account, peer), at);
        wait = wait.max(counts.peers.wait(&peer, at));
        if !known_here {
            wait = wait.max(counts.accounts.wait(&account, at));
        }
        if wait > 0 {
            return Err(Duration::from_secs(wait.unsigned_abs().div_ceil(1000)));
        }
        counts.pairs.take((account, peer), at);
        counts.peers.take(peer, at);
        if !known_here {
            counts.accounts.take(account, at);
        }
        drop(guard);
        Ok(Attempt {
            limits: self.clone(),
            account,
            peer,
            known_here,
            at,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// It does not count: the password was right, or none was compared.
    pub fn succeeded(self) {
        let mut counts = self.limits.lock();
        counts.pairs.give_back(&(self.account, self.peer), self.at);
        counts.peers.give_back(&self.peer, self.at);
        if !self.known_here {
            counts.accounts.give_back(&self.account, self.at);
        }
    }
}

/// An account by a hash of its address: as long for each, and no address is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Account([u8; 32]);

impl Account {
    /// All spellings that could reach one account have one hash. Two accounts that share one would share a count, too,
    /// which does no harm.
    fn of(email: &str) -> Self {
        let folded: String = email
            .trim()
            .nfkc()
            .flat_map(char::to_lowercase)
            .nfkc()
            .collect();
        Self(Sha256::digest(folded).into())
    }
}

/// Where somebody comes from: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Peer(IpAddr);

impl Peer {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            four => four,
        })
    }
}

/// A count by GCRA: of each key only the time, in milliseconds, at which nothing of it will count any more.
#[derive(Debug)]
struct Count<K> {
    /// How much later that is for each failure.
    step: i64,
    /// How much later than now it can be.
    most: i64,
    free_at: HashMap<K, i64>,
}

impl<K: Copy + Eq + Hash> Count<K> {
    fn new(bound: Bound) -> Self {
        let step = i64::try_from(bound.every.as_millis()).unwrap_or(i64::MAX);
        Self {
            step,
            most: step.saturating_mul(i64::from(bound.at_once.max(1))),
            free_at: HashMap::new(),
        }
    }

    /// How many milliseconds until one more may be taken; 0 where it may be now.
    fn wait(&mut self, key: &K, now: i64) -> i64 {
        let latest = now.saturating_add(self.most);
        let Some(free_at) = self.free_at.get_mut(key) else {
            return 0;
        };
        // Later than that it is only after the clock was set back. Put right for good, or the key would be kept waiting
        // until the clock is where it was.
        *free_at = (*free_at).min(latest);
        free_at
            .saturating_add(self.step)
            .saturating_sub(latest)
            .max(0)
    }

    fn take(&mut self, key: K, now: i64) {
        if self.free_at.len() >= MAX_KEYS && !self.free_at.contains_key(&key) {
            self.make_room(now);
        }
        let free_at = self.free_at.entry(key).or_insert(now);
        *free_at = (*free_at).max(now).saturating_add(self.step);
    }

    fn give_back(&mut self, key: &K, taken_at: i64) {
        if let Some(free_at) = self.free_at.get_mut(key) {
            *free_at = free_at.saturating_sub(self.step);
            if *free_at <= taken_at {
                self.free_at.remove(key);
            }
        }
    }

    /// Forgets the keys of which nothing counts any more, and if those are few, those of which the least does.
    ///
    /// Refusing new keys instead would be the weapon: with addresses enough to fail once for each of 100,000 keys, anybody
    /// could lock out everybody else. This way they gain little. For a key with so many failures to be forgotten, nearly
    /// all others must have more, so each guess won costs tens of thousands that are counted.
    fn make_room(&mut self, now: i64) {
        self.free_at.retain(|_, free_at| *free_at > now);
        let goal = MAX_KEYS - MAX_KEYS / PART;
        let Some(excess) = self
            .free_at
            .len()
            .checked_sub(goal)
            .filter(|excess| *excess > 0)
        else {
            return;
        };
        let mut times: Vec<i64> = self.free_at.values().copied().collect();
        let (_, last, _) = times.select_nth_unstable(excess - 1);
        let last = *last;
        // Many may be free at that same time: no more of them go than have to.
        let mut ties = excess - times.iter().filter(|free_at| **free_at < last).count();
        self.free_at.retain(|_, free_at| {
            let tied = *free_at == last && ties > 0;
            ties -= usize::from(tied);
            *free_at >= last && !tied
        });
    }
}

mod peers;
#[cfg(test)]
mod tests;

pub use self::peers::{AccountLimits, PeerLimits};
