//! Tokens that say nothing: 32 random bytes, kept only as their hash. Refresh tokens, links and API keys are of this kind.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// What an opaque token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueKind {
    /// The next access token.
    Refresh,
    /// A link that stands for a right.
    Link,
    /// An API key.
    Key,
    /// A link that shows one text.
    Preview,
}

impl OpaqueKind {
    /// What it begins with, for people who come upon one and for scanners of secrets.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "mhr_",
            Self::Link => "mhl_",
            Self::Key => "mhk_",
            Self::Preview => "mhv_",
        }
    }
}

/// A token that says nothing: the prefix of its kind and 32 random bytes in base64url.
#[derive(Clone)]
pub struct Opaque {
    kind: OpaqueKind,
    text: String,
}

impl Opaque {
    /// A fresh one.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new(kind: OpaqueKind) -> Result<Self> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)
            .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
        Ok(Self::of(kind, &random))
    }

    /// The token in this text, or `None` where it cannot be one of this kind.
    #[must_use]
    pub fn parse(kind: OpaqueKind, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(kind.prefix())?;
        // Room for what base64 reckons with before it has looked.
        let mut bytes = [0; 33];
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()?;
        (length == 32).then(|| Self {
            kind,
            text: text.to_owned(),
        })
    }

    /// The text, to be sent once and kept nowhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The SHA-256 of the text, which is what is kept. A salt would add nothing: nobody can try all of 32 random bytes.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }

    /// The token that follows this one: HMAC-SHA256 of the text. It is always the same, so that a client whose answer
    /// was lost gets it again; and nobody knows it without the key, even with this one at hand.
    #[must_use]
    pub fn successor(&self, key: &[u8; 32]) -> Self {
        Self::derived(self.kind, key, self.text.as_bytes())
    }

    /// The token that follows from these bytes under a key: always the same, and known to nobody without the key.
    #[must_use]
    pub fn derived(kind: OpaqueKind, key: &[u8; 32], from: &[u8]) -> Self {
        // HMAC itself fills a key up to the block's 64 bytes with zeros.
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(from);
        Self::of(kind, &mac.finalize().into_bytes().into())
    }

    fn of(kind: OpaqueKind, bytes: &[u8; 32]) -> Self {
        let mut text = kind.prefix().to_owned();
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        Self { kind, text }
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.kind.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_token_is_its_prefix_and_random_bytes() {
        for (kind, prefix) in [
            (OpaqueKind::Refresh, "mhr_"),
            (OpaqueKind::Link, "mhl_"),
            (OpaqueKind::Key, "mhk_"),
        ] {
            let token = Opaque::new(kind).unwrap();
            assert!(token.as_str().starts_with(prefix) && token.as_str().len() == 47);
            assert_ne!(token.as_str(), Opaque::new(kind).unwrap().as_str());
            assert_eq!(format!("{token:?}"), format!("{prefix}…"));
            let parsed = Opaque::parse(kind, token.as_str()).unwrap();
            assert_eq!(parsed.hash(), token.hash());
            for other in [OpaqueKind::Refresh, OpaqueKind::Link, OpaqueKind::Key] {
                assert_eq!(
                    Opaque::parse(other, token.as_str()).is_some(),
                    other == kind
                );
            }
        }
    }

    #[test]
    fn an_opaque_token_of_another_shape_is_none() {
        let good = Opaque::of(OpaqueKind::Refresh, &[0xFF; 32]).text;
        assert!(Opaque::parse(OpaqueKind::Refresh, &good).is_some());
        let end = good.len() - 1;
        for wrong in [
            "",
            "mhr_",
            &good[4..],
            &good[..end],
            &format!("{good}A"),
            &format!("{good}="),
            &format!(" {good}"),
            &format!("{good}\n"),
            &good.replacen("mhr_", "MHR_", 1),
            &good.replacen('_', "-", 1),
            &good.replace("8", "+"),
            &format!("{}/", &good[..end]),
            // The same 32 bytes, with bits set that no byte has.
            &format!("{}9", &good[..end]),
            &format!("{}é", &good[..end - 1]),
            &"x".repeat(1 << 20),
            &format!("mhr_{}", "A".repeat(1 << 20)),
        ] {
            assert!(
                Opaque::parse(OpaqueKind::Refresh, wrong).is_none(),
                "{wrong:.80}"
            );
        }
    }

    #[test]
    fn hashes_and_successors_stay() {
        let bytes: Vec<u8> = (0..32).collect();
        let token = Opaque::of(OpaqueKind::Refresh, &bytes.try_into().unwrap());
        assert_eq!(
            token.as_str(),
            "mhr_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        );
        let hash: String = token
            .hash()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hash,
            "61571fffbd2c1f63b854c85d6fe56be401cd03189ce637e94a4688a3392538f3"
        );
        let next = token.successor(&[7; 32]);
        assert_eq!(
            next.as_str(),
            "mhr_J2N2cgMWaFOuG_5A272QEOo-SWGow9K9HxXcAaJt4R0"
        );
        assert_ne!(token.successor(&[8; 32]).as_str(), next.as_str());
        assert_ne!(next.successor(&[7; 32]).as_str(), next.as_str());
        assert!(Opaque::parse(OpaqueKind::Refresh, next.as_str()).is_some());
    }
}
