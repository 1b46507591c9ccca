//! Passwords: which ones may be chosen (NIST SP 800-63B-4), and how they are hashed. Hashing is meant to be slow and takes
//! 19 MiB, so a pool of its own bounds how much of it happens at once.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::{Error, FaultCode, Result};

/// The fewest characters of a new password.
pub const MIN_CHARS: usize = 15;

/// The most characters of a new password.
pub const MAX_CHARS: usize = 256;

/// The most bytes that a password can have, each character having four at most.
const MAX_BYTES: usize = 4 * MAX_CHARS;

/// The guesses after which a good program may have found a new password, at least. Against the limits on sign-in a
/// thousandth would do; against whoever has stolen the hashes, this takes years for each.
const MIN_GUESSES: u64 = 10_000_000_000;

/// How much of a password is judged. Judging takes time with the square of the length, and 100 characters take half a
/// second; in these there is room for any number of guesses.
const JUDGED_CHARS: usize = 48;

/// How much is looked at of each thing that is known of a user.
const KNOWN_CHARS: usize = 256;

/// The shortest word that makes a password easier to guess where it is known of a user.
const MIN_WORD: usize = 3;

/// What is known of every user, and the passphrase that everyone has heard of.
const FAMILIAR: [&str; 3] = [
    "masthead",
    "correcthorsebatterystaple",
    "correct horse battery staple",
];

/// What argon2id takes: 19 MiB, twice, in one thread (the least that OWASP recommends).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT: usize = 32;

/// What stands for the hash of a user that does not exist. Its parameters are today's; no password is known for it, and
/// none would count.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWFzdGhlYWQgbm9ib2R5IQ$bm9ib2R5IGtub3dzIHRoZSBwYXNzd29yZCBvZiB0aGk";

/// A password that may be chosen, in Unicode's composed form (NFC).
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// Checks a password that someone wants to have. `about` is what is known of them, and so easy to guess: their name,
    /// their address, the name of the site. May take some 50 ms, so not on a thread that serves requests.
    ///
    /// # Errors
    /// Every fault: too short, too long, a NUL character, too easy to guess.
    pub fn parse(
        text: &str,
        about: &[&str],
    ) -> std::result::Result<Self, Vec<(FaultCode, String)>> {
        let text: Zeroizing<String> = Zeroizing::new(text.nfc().collect());
        let mut faults = Vec::new();
        if text.contains('\0') {
            faults.push((FaultCode::Malformed, "contains a NUL character".to_owned()));
        }
        let count = text.chars().count();
        if count < MIN_CHARS {
            let detail = format!("has {count} characters; at least {MIN_CHARS} are needed");
            faults.push((FaultCode::TooSmall, detail));
        } else if count > MAX_CHARS {
            let detail = format!("has {count} characters; at most {MAX_CHARS} are allowed");
            faults.push((FaultCode::TooLarge, detail));
        } else if guesses(&text, about) < MIN_GUESSES {
            let detail = "is too easy to guess: too common, too regular, or too close to your name or \
                          this site; take four or more words that have nothing to do with each other";
            faults.push((FaultCode::NotAllowed, detail.to_owned()));
        }
        if faults.is_empty() {
            Ok(Self(text))
        } else {
            Err(faults)
        }
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword")
    }
}

/// How many guesses find the beginning of this, by dictionaries of passwords, names and words, repeats, sequences,
/// rows of keys and dates.
fn guesses(text: &str, about: &[&str]) -> u64 {
    let known: Vec<&str> = about.iter().map(|text| front(text, KNOWN_CHARS)).collect();
    let parted = |c: char| !c.is_alphanumeric();
    // Each as it stands, in one word, and word by word.
    let joined: Vec<String> = known.iter().map(|text| text.replace(parted, "")).collect();
    let familiar: Vec<&str> = FAMILIAR
        .into_iter()
        .chain(known.iter().copied())
        .chain(joined.iter().map(String::as_str))
        .chain(known.iter().flat_map(|text| text.split(parted)))
        .filter(|word| word.chars().count() >= MIN_WORD)
        .collect();
    zxcvbn::zxcvbn(front(text, JUDGED_CHARS), &familiar).guesses()
}

fn front(text: &str, chars: usize) -> &str {
    text.char_indices()
        .nth(chars)
        .map_or(text, |(end, _)| &text[..end])
}

/// Hashes passwords, so many at once; a limited number of others wait, and more are told to come back.
#[derive(Debug, Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Hasher {
    /// So many at once, and so many that wait.
    #[must_use]
    pub fn new(threads: usize, queue: usize) -> Self {
        let threads = threads.clamp(1, Semaphore::MAX_PERMITS);
        let places = threads.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Self {
            turns: Arc::new(Semaphore::new(threads)),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// The hash to store.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where too many wait, [`Error::Internal`] where hashing fails.
    pub async fn hash(&self, password: NewPassword) -> Result<String> {
        self.run(move || hash_blocking(&password)).await
    }

    /// Whether the attempt is the password of the stored hash. Without one it takes as long and is false, so that nobody
    /// learns who has an account.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where too many wait: then nothing was compared. [`Error::Internal`] where the stored hash
    /// cannot be read.
    pub async fn verify(&self, stored: Option<String>, attempt: String) -> Result<bool> {
        let attempt = Zeroizing::new(attempt);
        self.run(move || verify_blocking(stored.as_deref(), &attempt))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(Error::busy("too many passwords are being checked"));
        };
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|closed| Error::internal(closed.to_string()))?;
        // Both go along with the work: whoever leaves makes no room while theirs still runs.
        tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        })
        .await
        .map_err(|error| Error::internal(format!("hashing a password: {error}")))?
    }
}

/// The hash to store, on this thread; for the command line.
///
/// # Errors
/// [`Error::Internal`] where hashing fails.
pub fn hash_blocking(password: &NewPassword) -> Result<String> {
    let hash: PasswordHash = argon2()?
        .hash_password(password.0.as_bytes())
        .map_err(failed)?;
    Ok(hash.to_string())
}

fn verify_blocking(stored: Option<&str>, attempt: &str) -> Result<bool> {
    let (attempt, whole) = normal(attempt);
    let hash = PasswordHash::new(stored.unwrap_or(NOBODY))
        .map_err(|error| Error::internal(format!("a stored password hash is broken: {error}")))?;
    match argon2()?.verify_password(attempt.as_bytes(), &hash) {
        Ok(()) => Ok(stored.is_some() && whole),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// The attempt in NFC, cut where no password is longer; and whether that is all of it.
fn normal(attempt: &str) -> (Zeroizing<String>, bool) {
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
    for character in attempt.nfc() {
        if text.len() + character.len_utf8() > MAX_BYTES {
            return (text, false);
        }
        text.push(character);
    }
    (text, true)
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT))
        .map_err(|error| Error::internal(format!("argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: HashError) -> Error {
    Error::internal(format!("hashing a password: {error}"))
}

#[cfg(test)]
mod tests;
