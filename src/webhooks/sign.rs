//! Secrets and signatures of webhooks, as Standard Webhooks has them: `v1,` and the base64 of HMAC-SHA256 over
//! `id.timestamp.content`. A secret is derived from that of the server and a salt, so that it stands nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::model::OVERLAP;
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

/// Bytes of a salt.
pub const SALT: usize = 16;

/// What the secrets of a webhook are derived with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salts {
    /// Of the secret.
    pub present: Vec<u8>,
    /// Of the one before it, and when that was replaced.
    pub former: Option<(Vec<u8>, Time)>,
}

/// A fresh salt.
///
/// # Errors
/// The system has no random bytes.
pub fn salt() -> Result<[u8; SALT]> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt)
        .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(salt)
}

fn derive(key: &[u8; 32], salt: &[u8]) -> Result<[u8; 32]> {
    let mut secret = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), key)
        .expand(b"secret", &mut secret)
        .map_err(|error| Error::internal(format!("the secret of a webhook: {error}")))?;
    Ok(secret)
}

/// The secret of this salt, as a receiver is told it.
///
/// # Errors
/// Never, as far as is known.
pub fn shown(key: &[u8; 32], salt: &[u8]) -> Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(derive(key, salt)?)))
}

/// The value of `webhook-signature`: by the secret, and for a time by the one before it.
///
/// # Errors
/// Never, as far as is known.
pub fn signature(
    key: &[u8; 32],
    salts: &Salts,
    id: Id,
    at: Time,
    content: &[u8],
) -> Result<String> {
    let former = salts.former.as_ref();
    let former = former.filter(|(_, replaced)| at < replaced.plus(OVERLAP));
    let mut signatures = Vec::with_capacity(2);
    for salt in [Some(&salts.present), former.map(|(salt, _)| salt)]
        .into_iter()
        .flatten()
    {
        let mut mac = Hmac::<Sha256>::new_from_slice(&derive(key, salt)?)
            .map_err(|error| Error::internal(format!("the secret of a webhook: {error}")))?;
        mac.update(format!("{id}.{}.", seconds(at)).as_bytes());
        mac.update(content);
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        signatures.push(format!("v1,{signature}"));
    }
    Ok(signatures.join(" "))
}

/// The value of `webhook-timestamp`.
#[must_use]
pub const fn seconds(at: Time) -> i64 {
    at.millis().div_euclid(1000)
}
