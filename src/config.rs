//! The settings: each one is a flag, an environment variable (`MASTHEAD_*`, also from `.env`) and a line of
//! `.env.example`, in that order of strength. They are read once, here, and handed on.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory};

use crate::articles::new::Rules;
use crate::db;

mod accounts;
mod delivery;
mod fetch;
mod inbox;
mod jobs;
mod mail;
mod media;
mod search;
mod serve;
mod streams;
mod website;

pub use self::accounts::{Links, Signing, Tokens};
pub use self::delivery::Delivery;
pub use self::fetch::Fetch;
pub use self::inbox::Inbox;
pub use self::jobs::Jobs;
pub use self::mail::Mail;
pub use self::media::Media;
pub use self::search::Search;
pub use self::serve::Serve;
pub use self::streams::Streams;
pub use self::website::{Robots, Website};

/// Where the content is.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// Data folder: the embedded database, the search index, the server's lock, and the secret where none is configured
    #[arg(
        long,
        env = "MASTHEAD_DATA",
        default_value = "data",
        value_name = "FOLDER"
    )]
    pub data: PathBuf,

    /// PostgreSQL instead of the embedded database: postgres://user:password@host/database?sslmode=require
    #[arg(
        long,
        env = "MASTHEAD_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,

    /// Locales of the site, BCP 47 tags separated by commas; the first is the default and has no prefix in URLs
    #[arg(
        long,
        env = "MASTHEAD_LOCALES",
        default_value = "en",
        value_delimiter = ',',
        value_parser = locale,
        value_name = "TAG"
    )]
    pub locales: Vec<String>,

    /// Database connections for reads that may take long
    #[arg(long, env = "MASTHEAD_READERS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "COUNT")]
    pub readers: u32,

    /// How long a read waits for such a connection, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_READER_WAIT_MS",
        default_value_t = 250,
        value_name = "MS"
    )]
    pub reader_wait_ms: u64,

    /// How long a read may take, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_READ_DEADLINE_MS",
        default_value_t = 10_000,
        value_name = "MS"
    )]
    pub read_deadline_ms: u64,

    /// Writes that may wait their turn
    #[arg(
        long,
        env = "MASTHEAD_WRITE_QUEUE",
        default_value_t = 1024,
        value_name = "COUNT"
    )]
    pub write_queue: usize,

    /// How long a write waits for its turn, or for a lock of another process, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_WRITE_WAIT_MS",
        default_value_t = 2_000,
        value_name = "MS"
    )]
    pub write_wait_ms: u64,

    /// Writes that share one transaction at most
    #[arg(
        long,
        env = "MASTHEAD_WRITE_BATCH",
        default_value_t = 128,
        value_name = "COUNT"
    )]
    pub write_batch: usize,
}

/// What is logged.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// What is logged: a level (error, warn, info, debug) or a filter such as `masthead=debug,warn`
    #[arg(
        long,
        env = "MASTHEAD_LOG",
        default_value = DEFAULT_LOG,
        global = true,
        value_name = "FILTER"
    )]
    pub log: String,

    /// How it is logged
    #[arg(
        long,
        env = "MASTHEAD_LOG_FORMAT",
        default_value = "text",
        value_enum,
        global = true,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// How the log is written, to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// A line for people
    Text,
    /// A JSON object a line
    Json,
}

impl Store {
    /// The database, with its bounds.
    #[must_use]
    pub fn database(&self) -> db::Settings {
        let backend = match &self.database_url {
            Some(url) => db::Backend::Postgres(url.clone()),
            None => db::Settings::sqlite_in(&self.data).backend,
        };
        db::Settings {
            backend,
            readers: self.readers,
            reader_wait: Duration::from_millis(self.reader_wait_ms),
            read_deadline: Duration::from_millis(self.read_deadline_ms),
            write_queue: self.write_queue,
            write_wait: Duration::from_millis(self.write_wait_ms),
            write_batch: self.write_batch,
        }
    }

    /// What articles may be.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            locales: self.locales.clone(),
        }
    }
}

/// What is logged unless told otherwise. The library's own lines tell of its workers, and of every peer that sends what is
/// not HTTP, as of errors.
pub(crate) const DEFAULT_LOG: &str = "info,actix_server=warn,actix_http=off";

/// The shape of a BCP 47 tag (RFC 5646 section 2.1), case as it stands: it becomes a part of addresses.
fn locale(text: &str) -> Result<String, String> {
    let mut parts = text.split('-');
    let language = parts.next().is_some_and(|part| {
        (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let rest = parts.all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if language && rest {
        Ok(text.to_owned())
    } else {
        Err("not a BCP 47 tag such as en, de or pt-BR".into())
    }
}

fn base_url(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| format!("not an address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https")
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err("must be an http or https address without query and fragment".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// `.env.example`, generated from the settings themselves; a test compares it with the file.
#[must_use]
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of masthead, each with its default. Copy this file to .env and take the # away from what you set.\n\
         # A flag is stronger than the environment, and the environment stronger than .env.\n",
    );
    let command = crate::cli::Cli::command();
    let serve = command
        .get_subcommands()
        .find(|verb| verb.get_name() == "serve")
        .unwrap_or(&command);
    for argument in serve.get_arguments().chain(command.get_arguments()) {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()) else {
            continue;
        };
        let help = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let default = argument
            .get_default_values()
            .first()
            .and_then(|value| value.to_str())
            .unwrap_or_default();
        let line = format!("\n# {help}\n#{name}={default}\n");
        if !text.contains(&format!("\n#{name}=")) {
            text.push_str(&line);
        }
    }
    text
}
