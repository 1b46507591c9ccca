//! The two kinds of token. An access token is signed, so that nothing has to be looked up to know that it is ours, and
//! lives shortly; an opaque token is 32 random bytes of which only a hash is kept.

mod opaque;

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::auth::secret::{Purpose, Secret};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;

pub use opaque::{Opaque, OpaqueKind};

/// The header of our access tokens, `{"typ":"at+jwt","alg":"HS256"}` (RFC 9068) in base64url.
const HEADER: &str = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9";

/// How claims begin, which are an object: `{"` in base64url. Serde would take an array for them too.
const OBJECT: &str = "eyJ";

/// What our access tokens are for.
const AUDIENCE: &str = "masthead:access";

/// The claims without which a token says nothing; the reader of [`Body`] wants the others too.
const REQUIRED: [&str; 5] = ["exp", "nbf", "iss", "aud", "sub"];

/// The longest access token, in bytes.
const MAX_LEN: usize = 1024;

/// How long an access token may live at most, in seconds.
const MAX_LIFE: i64 = 24 * 60 * 60;

/// How far the clocks of two nodes may be apart, in seconds.
const LEEWAY: i64 = 5;

/// Whom an access token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The account.
    pub user: Id,
    /// The session in which it was issued.
    pub session: Id,
}

/// Issues access tokens and knows them again.
pub struct AccessTokens {
    header: Header,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    issuer: String,
}

/// The claims as they stand in a token. Each has to be there, and none besides.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl AccessTokens {
    /// Tokens of this issuer, signed with a key of this secret.
    #[must_use]
    pub fn new(secret: &Secret, issuer: String) -> Self {
        let key = secret.key(Purpose::AccessToken);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&REQUIRED);
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[AUDIENCE]);
        // The library asks the system's clock; `Body::holds_at` asks the one passed in.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        Self {
            header,
            signing: EncodingKey::from_secret(&key),
            verifying: DecodingKey::from_secret(&key),
            validation,
            issuer,
        }
    }

    /// A token for this session of this user, which lives so long, at most a day.
    ///
    /// # Errors
    /// [`Error::Internal`] where [`Self::verify`] would refuse it: the life or the issuer's name is too long.
    pub fn issue(&self, user: Id, session: Id, now: Time, life: Duration) -> Result<String> {
        let from = now.millis().div_euclid(1000);
        let life = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let body = Body {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_string(),
            sid: session.to_string(),
            iat: from,
            nbf: from,
            exp: from.saturating_add(life),
            jti: Id::new().to_string(),
        };
        let token = encode(&self.header, &body, &self.signing)
            .map_err(|error| Error::internal(format!("cannot sign an access token: {error}")))?;
        if life > MAX_LIFE || token.len() > MAX_LEN {
            return Err(Error::internal(format!(
                "an access token of {} bytes for {life} s; {MAX_LEN} and {MAX_LIFE} are allowed",
                token.len()
            )));
        }
        Ok(token)
    }

    /// Whom this token stands for, if it is one of ours and holds now.
    ///
    /// The header has to be ours byte for byte, so that whatever else a header can say (another `alg` or none, a `kid`,
    /// `jwk`, `x5u` or `crit`) is not even read.
    #[must_use]
    pub fn verify(&self, token: &str, now: Time) -> Option<Claims> {
        if token.len() > MAX_LEN {
            return None;
        }
        let mut segments = token.split('.');
        let shaped = segments.next() == Some(HEADER)
            && segments.next()?.starts_with(OBJECT)
            && segments.next().is_some()
            && segments.next().is_none();
        if !shaped {
            return None;
        }
        let body: Body = decode(token, &self.verifying, &self.validation)
            .ok()?
            .claims;
        if !body.holds_at(now) {
            return None;
        }
        Some(Claims {
            user: body.sub.parse().ok()?,
            session: body.sid.parse().ok()?,
        })
    }
}

impl Body {
    fn holds_at(&self, now: Time) -> bool {
        let millis = |seconds: i64| seconds.saturating_mul(1000);
        self.iat <= self.nbf
            && self.nbf <= self.exp
            && self.exp.saturating_sub(self.iat) <= MAX_LIFE
            && millis(self.nbf.saturating_sub(LEEWAY)) <= now.millis()
            && now.millis() <= millis(self.exp.saturating_add(LEEWAY))
    }
}

#[cfg(test)]
mod tests;
