//! What accounts need: the secret, tokens and links.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::{Store, base_url};
use crate::auth::secret::Secret;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// What tokens are signed with.
#[derive(Debug, Clone, Args)]
pub struct Signing {
    /// Secret of 32 bytes or more that tokens are signed with, the same on all nodes; required with a database URL. Without it,
    /// the file `secret` of the data folder, which is made at the first start
    #[arg(
        long,
        env = "MASTHEAD_SECRET",
        value_name = "TEXT",
        hide_env_values = true
    )]
    secret: Option<Hidden>,
}

/// A text that is printed nowhere.
#[derive(Clone)]
pub(super) struct Hidden(pub(super) String);

impl FromStr for Hidden {
    type Err = Infallible;

    // Whether it will do is asked later: what clap refuses, it prints.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// How access tokens are issued.
#[derive(Debug, Clone, Args)]
pub struct Tokens {
    /// How long an access token lasts, in minutes, a day at most
    #[arg(long, env = "MASTHEAD_ACCESS_TOKEN_MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_440), value_name = "MINUTES")]
    pub access_token_minutes: u32,
}

/// How invitations and password resets are made.
#[derive(Debug, Clone, Args)]
pub struct Links {
    /// Address of the editors' app: invitations lead there, and its scripts may call the routes for editors
    #[arg(long, env = "MASTHEAD_EDITOR_URL", value_parser = base_url, value_name = "URL")]
    pub editor_url: Option<String>,

    /// How long an invitation or a password reset works, in hours
    #[arg(long, env = "MASTHEAD_LINK_HOURS", default_value_t = 48, value_parser = clap::value_parser!(u32).range(1..=8_760), value_name = "HOURS")]
    pub link_hours: u32,
}

impl Signing {
    /// The secret: the configured one, or that of the data folder.
    ///
    /// # Errors
    /// In words that say what to do.
    pub fn secret(&self, store: &Store) -> Result<Secret, String> {
        match &self.secret {
            Some(Hidden(text)) => Secret::parse(text)
                .map_err(|error| format!("--secret (MASTHEAD_SECRET) {error}")),
            None if store.database_url.is_some() => Err(
                "--secret (MASTHEAD_SECRET) is required with --database-url: all nodes of a database sign with the same \
                 one; make one with `openssl rand -base64 32`"
                    .into(),
            ),
            None => std::fs::create_dir_all(&store.data)
                .map_err(|error| {
                    format!("cannot use the data folder {}: {error}", store.data.display())
                })
                .and_then(|()| Secret::in_folder(&store.data).map_err(|error| error.to_string())),
        }
    }
}

impl Tokens {
    /// How long an access token lasts.
    #[must_use]
    pub fn life(&self) -> Duration {
        Duration::from_secs(u64::from(self.access_token_minutes) * MINUTE)
    }
}

impl Links {
    /// How long a link works.
    #[must_use]
    pub fn life(&self) -> Duration {
        Duration::from_secs(u64::from(self.link_hours) * HOUR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_asked_for_where_nodes_may_be_many_and_shown_nowhere() {
        #[derive(Debug, clap::Parser)]
        struct Program {
            #[command(flatten)]
            store: Store,
            #[command(flatten)]
            signing: Signing,
        }
        let folder = tempfile::tempdir().unwrap();
        let secret = |arguments: &[&str]| {
            let data = folder.path().to_str().unwrap();
            let place = ["masthead", "--data", data];
            let all = place.iter().chain(arguments);
            let program = <Program as clap::Parser>::parse_from(all);
            assert!(!format!("{program:?}").contains("a secret"), "{program:?}");
            program.signing.secret(&program.store)
        };
        let url = ["--database-url", "postgres://localhost/x"];
        let refused = secret(&url).unwrap_err();
        assert!(refused.contains("MASTHEAD_SECRET"), "{refused}");
        let long = "a secret that is as long as it has to be";
        assert!(secret(&[url[0], url[1], "--secret", long]).is_ok());
        let refused = secret(&["--secret", "a secret"]).unwrap_err();
        assert!(
            refused.contains("MASTHEAD_SECRET") && !refused.contains("a secret"),
            "{refused}"
        );
        assert!(!folder.path().join("secret").exists());
        assert!(secret(&[]).is_ok() && folder.path().join("secret").exists());
    }
}
