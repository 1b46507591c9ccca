//! Codes of authenticator apps (TOTP, RFC 6238), and the recovery codes of whoever lost theirs. SHA-1, six digits and 30
//! seconds: what every app can do, and some do nothing else.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// How long one code shows.
const STEP_MS: i64 = 30_000;

/// How many steps a clock may be off, either way.
const DRIFT: i64 = 1;

/// Bytes of a secret: as many as SHA-1 has (RFC 4226 section 4).
const LEN: usize = 20;

/// Codes that are made at once for whoever loses their app.
const RECOVERY_CODES: usize = 10;

/// Random bytes of a recovery code: nobody can try all of 80 bits, so that its hash needs no salt.
const RECOVERY_LEN: usize = 10;

/// What the site is called in the app where it has no name.
const NAMELESS: &str = "Masthead";

/// What an authenticator app shares with the server. It is printed nowhere, and wiped from memory when dropped.
pub struct TotpSecret(Zeroizing<[u8; LEN]>);

impl TotpSecret {
    /// A fresh one.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new() -> Result<Self> {
        let mut secret = Zeroizing::new([0; LEN]);
        fill(secret.as_mut())?;
        Ok(Self(secret))
    }

    /// As people type it into an app.
    #[must_use]
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(self.0.as_ref())
    }

    /// As an app reads it from a QR code: `issuer` is the name of the site, `account` the address of the account.
    #[must_use]
    pub fn url(&self, issuer: &str, account: &str) -> String {
        // A colon parts the two.
        let issuer = issuer.replace(':', " ");
        let issuer = match issuer.trim() {
            "" => NAMELESS,
            issuer => issuer,
        };
        let issuer = utf8_percent_encode(issuer, NON_ALPHANUMERIC);
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// As it is stored: under this key, and for this account alone.
    ///
    /// # Errors
    /// The library fails.
    pub fn sealed(&self, key: &[u8; 32], user: Id) -> Result<Vec<u8>> {
        let mut text = self.0.to_vec();
        let nonce = sealing(key)?
            .seal_in_place_append_tag(Aad::from(user.as_bytes()), &mut text)
            .map_err(|error| Error::internal(format!("sealing a second factor: {error}")))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// What was sealed.
    ///
    /// # Errors
    /// It was sealed under another key or for another account, or was touched.
    pub fn open(sealed: &[u8], key: &[u8; 32], user: Id) -> Result<Self> {
        let broken = || {
            let why = "a stored second factor cannot be opened: it was sealed under another secret of the server";
            Error::internal(why)
        };
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_unfit| broken())?;
        let mut text = Zeroizing::new(text.to_vec());
        let secret = sealing(key)?
            .open_in_place(nonce, Aad::from(user.as_bytes()), &mut text)
            .map_err(|_unfit| broken())?;
        let secret = <[u8; LEN]>::try_from(&*secret).map_err(|_unfit| broken())?;
        Ok(Self(Zeroizing::new(secret)))
    }

    /// The step that this code is of, around now and after the last that was taken; `None` where it counts for nothing.
    #[must_use]
    pub fn step_of(&self, code: u32, now: Time, last: i64) -> Option<i64> {
        let present = step(now);
        let mut around = present - DRIFT..=present + DRIFT;
        around.find(|step| *step > last && self.code(*step) == code)
    }

    /// The code of a step (RFC 4226 section 5.3).
    fn code(&self, step: i64) -> u32 {
        hotp(self.0.as_ref(), step) % 1_000_000
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret")
    }
}

fn sealing(key: &[u8; 32]) -> Result<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, key)
        .map_err(|error| Error::internal(format!("the key of second factors: {error}")))
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| Error::internal(format!("no random bytes: {error}")))
}

/// The number of the step that a time is in.
const fn step(at: Time) -> i64 {
    at.millis().div_euclid(STEP_MS)
}

/// The 31 bits that the digits are taken of.
fn hotp(secret: &[u8], step: i64) -> u32 {
    // HMAC itself fills a key up to the block's 64 bytes with zeros.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(secret) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha1>::new(&(*block).into());
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let start = usize::from(digest[19] & 0xF);
    let taken = digest.iter().skip(start).take(4);
    taken.fold(0, |bits, byte| bits << 8 | u32::from(*byte)) & 0x7FFF_FFFF
}

/// What someone proves with that they are who knows the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Six digits of the app.
    App(u32),
    /// The hash of a recovery code.
    Recovery([u8; 32]),
}

impl Code {
    /// Reads a code as it was typed: spaces and hyphens do not count, and neither do capitals.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let clean = clean(text);
        if clean.len() == 6 && clean.bytes().all(|byte| byte.is_ascii_digit()) {
            // Six digits are a number.
            if let Ok(number) = clean.parse() {
                return Self::App(number);
            }
        }
        // What is no recovery code has the hash of none.
        Self::Recovery(Sha256::digest(clean).into())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code")
    }
}

/// A fresh set of recovery codes, as they are shown once.
///
/// # Errors
/// The system has no random bytes.
pub fn recovery_codes() -> Result<Vec<String>> {
    let mut random = [[0; RECOVERY_LEN]; RECOVERY_CODES];
    for bytes in &mut random {
        fill(bytes)?;
    }
    let grouped = random.map(|bytes| {
        let text = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        let mut grouped = String::new();
        for (place, letter) in text.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                grouped.push('-');
            }
            grouped.push(letter);
        }
        grouped
    });
    Ok(grouped.into())
}

/// What is kept of a recovery code.
#[must_use]
pub fn recovery_hash(code: &str) -> [u8; 32] {
    Sha256::digest(clean(code)).into()
}

fn clean(code: &str) -> String {
    let parts = code.chars().filter(|c| !c.is_whitespace() && *c != '-');
    parts.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 6238, appendix B, for SHA-1.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        for (seconds, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000_i64, 65_353_130),
        ] {
            let at = Time::from_millis(seconds * 1000).unwrap();
            let bits = hotp(b"12345678901234567890", step(at));
            assert_eq!(bits % 100_000_000, eight, "{seconds}");
            let secret = TotpSecret(Zeroizing::new(*b"12345678901234567890"));
            assert_eq!(secret.code(step(at)), eight % 1_000_000, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_for_a_step_before_and_after_and_once() {
        let secret = TotpSecret(Zeroizing::new(*b"12345678901234567890"));
        let now = Time::from_millis(1_111_111_109_000).unwrap();
        let present = step(now);
        for off in -3..=3 {
            let taken = secret.step_of(secret.code(present + off), now, 0);
            assert_eq!(
                taken,
                (off.abs() <= 1).then_some(present + off),
                "{off} steps off"
            );
        }
        for (last, counts) in [(present - 1, true), (present, false), (present + 1, false)] {
            let taken = secret.step_of(secret.code(present), now, last);
            assert_eq!(taken.is_some(), counts, "after {last}");
        }
    }

    #[test]
    fn apps_read_it_as_base32_and_as_a_url() {
        let secret = TotpSecret(Zeroizing::new(*b"12345678901234567890"));
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            secret.url("The Door: a magazine", "ada+a@example.org"),
            "otpauth://totp/The%20Door%20%20a%20magazine:ada%2Ba%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=The%20Door%20%20a%20magazine&algorithm=SHA1&digits=6&period=30"
        );
        assert!(
            secret
                .url(" ", "ada")
                .starts_with("otpauth://totp/Masthead:ada?")
        );
        assert_eq!(format!("{secret:?}"), "TotpSecret");
    }

    #[test]
    fn it_is_sealed_for_one_account_under_one_key() {
        let (key, user) = ([7; 32], Id::new());
        let secret = TotpSecret::new().unwrap();
        let sealed = secret.sealed(&key, user).unwrap();
        assert_ne!(sealed, secret.sealed(&key, user).unwrap());
        let opened = TotpSecret::open(&sealed, &key, user).unwrap();
        assert_eq!(opened.base32(), secret.base32());
        assert!(!sealed.windows(LEN).any(|part| part == secret.0.as_ref()));
        assert!(TotpSecret::open(&sealed, &key, Id::new()).is_err());
        assert!(TotpSecret::open(&sealed, &[8; 32], user).is_err());
        for touched in 0..sealed.len() {
            let mut other = sealed.clone();
            other[touched] ^= 1;
            assert!(TotpSecret::open(&other, &key, user).is_err(), "{touched}");
        }
        for short in 0..sealed.len() {
            assert!(
                TotpSecret::open(&sealed[..short], &key, user).is_err(),
                "{short}"
            );
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert!(
            Code::parse("005924") == Code::App(5924) && Code::parse(" 005 924") == Code::App(5924)
        );
        assert!(matches!(Code::parse("05924"), Code::Recovery(_)));
        assert!(matches!(Code::parse("٠٠٥٩٢٤"), Code::Recovery(_)));
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.len(), RECOVERY_CODES);
        for code in &codes {
            assert_eq!(code.len(), 19, "{code}");
            let typed = code.to_uppercase().replace('-', " ");
            assert!(
                Code::parse(&typed) == Code::Recovery(recovery_hash(code)),
                "{code}"
            );
        }
        let mut different = codes;
        different.sort();
        different.dedup();
        assert_eq!(different.len(), RECOVERY_CODES);
    }
}
