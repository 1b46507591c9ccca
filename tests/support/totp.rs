//! An authenticator app, which reckons by itself what the server ought to.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use masthead::auth::store::second_factor;
use masthead::db::Reason;
use masthead::id::Id;
use masthead::time::Time;
use serde_json::json;
use sha1::Sha1;

use super::client::Client;
use super::server::Server;

/// What is on somebody's phone, and on the paper in their drawer.
#[derive(Debug, Clone)]
pub(crate) struct Authenticator {
    secret: String,
    pub(crate) recovery_codes: Vec<String>,
}

impl Authenticator {
    /// With the secret in base32.
    pub(crate) const fn new(secret: String) -> Self {
        Self {
            secret,
            recovery_codes: Vec::new(),
        }
    }

    /// What it shows at this time, so many steps of 30 seconds later.
    pub(crate) fn code(&self, at: Time, steps: i64) -> String {
        let secret = BASE32_NOPAD.decode(self.secret.as_bytes());
        let mut mac = Hmac::<Sha1>::new_from_slice(&secret.expect("base32")).expect("a key");
        let step = at.millis() / 1000 / 30 + steps;
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let start = usize::from(digest[19] & 15);
        let four = digest[start..start + 4].try_into().expect("four bytes");
        format!(
            "{:06}",
            (u32::from_be_bytes(four) & 0x7FFF_FFFF) % 1_000_000
        )
    }
}

impl Server {
    /// Begins a second factor of whoever this client is.
    #[track_caller]
    pub(crate) fn begin_totp(&self, client: &Client) -> Authenticator {
        let content = json!({"current_password": self.password()});
        let begun = client.post("/v1/admin/me/totp", &content).ok();
        Authenticator::new(begun["secret"].as_str().expect("a secret").to_owned())
    }

    /// Gives whoever this client is a second factor. The code of this step is used up.
    #[track_caller]
    pub(crate) fn enable_totp(&self, client: &Client) -> Authenticator {
        let app = self.begin_totp(client);
        let content = json!({"code": app.code(self.clock.now(), 0)});
        let on = client.post("/v1/admin/me/totp/confirm", &content).ok();
        let codes = on["recovery_codes"].as_array().expect("codes").iter();
        let codes = codes.map(|code| code.as_str().expect("a code").to_owned());
        Authenticator {
            recovery_codes: codes.collect(),
            ..app
        }
    }

    /// Takes whatever second factor an account has.
    pub(crate) fn forget_totp(&self, user: Id) {
        self.write_quietly(Reason::SecondFactor, move |conn| {
            second_factor::forget(conn, user)
        });
    }
}
