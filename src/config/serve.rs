//! How content is served.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use super::{Delivery, Inbox, Jobs, Links, Mail, Media, Search, Streams, Tokens, Website};
use crate::app::{Lifetimes, Setup};
use crate::articles::new::Rules;
use crate::http::limits::Limits;
use crate::http::peer::TrustedProxies;
use crate::http::server;
use crate::outbound;

const DAY: u64 = 24 * 60 * 60;

/// How content is served.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "MASTHEAD_LISTEN",
        default_value = "127.0.0.1:8080",
        value_parser = address,
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Where readers find the content.
    #[command(flatten)]
    pub website: Website,

    /// Do not migrate the database at the start; fail if it lacks a migration
    #[arg(long, env = "MASTHEAD_NO_MIGRATE", value_parser = clap::value_parser!(bool), num_args = 0..=1, default_value_t = false, default_missing_value = "true")]
    pub no_migrate: bool,

    /// Threads that serve requests; 0 is one per core
    #[arg(
        long,
        env = "MASTHEAD_WORKERS",
        default_value_t = 0,
        value_name = "COUNT"
    )]
    pub workers: usize,

    /// Connections at once
    #[arg(long, env = "MASTHEAD_CONNECTIONS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..), value_name = "COUNT")]
    pub connections: u32,

    /// How long the head of a request may take to arrive, in milliseconds, 1000 or more; then 408
    #[arg(
        long,
        env = "MASTHEAD_HEAD_TIMEOUT_MS",
        default_value_t = 5_000,
        value_parser = clap::value_parser!(u64).range(1_000..),
        value_name = "MS"
    )]
    pub head_timeout_ms: u64,

    /// How long a client may take nothing of an answer, in milliseconds; then it is cut off
    #[arg(
        long,
        env = "MASTHEAD_WRITE_TIMEOUT_MS",
        default_value_t = 30_000,
        value_name = "MS"
    )]
    pub write_timeout_ms: u64,

    /// How long a connection may wait for its next request, in milliseconds, 1000 or more
    #[arg(
        long,
        env = "MASTHEAD_KEEP_ALIVE_MS",
        default_value_t = 15_000,
        value_parser = clap::value_parser!(u64).range(1_000..),
        value_name = "MS"
    )]
    pub keep_alive_ms: u64,

    /// How long a handler may take, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_HANDLER_DEADLINE_MS",
        default_value_t = 10_000,
        value_name = "MS"
    )]
    pub handler_deadline_ms: u64,

    /// How long what is in flight may take after SIGTERM, in seconds
    #[arg(
        long,
        env = "MASTHEAD_SHUTDOWN_S",
        default_value_t = 10,
        value_name = "S"
    )]
    pub shutdown_s: u64,

    /// Longest path and query of a URL, in bytes; then 414
    #[arg(
        long,
        env = "MASTHEAD_URL_LIMIT",
        default_value_t = 8_192,
        value_name = "BYTES"
    )]
    pub url_limit: usize,

    /// Longest JSON of an article, in bytes; then 413
    #[arg(
        long,
        env = "MASTHEAD_ARTICLE_LIMIT",
        default_value_t = 1_048_576,
        value_name = "BYTES"
    )]
    pub article_limit: usize,

    /// Longest content of any other request, in bytes; then 413
    #[arg(
        long,
        env = "MASTHEAD_CONTENT_LIMIT",
        default_value_t = 65_536,
        value_name = "BYTES"
    )]
    pub content_limit: usize,

    /// How long content may take to arrive, in milliseconds, 1000 or more; then 408
    #[arg(
        long,
        env = "MASTHEAD_CONTENT_TIMEOUT_MS",
        default_value_t = 30_000,
        value_parser = clap::value_parser!(u64).range(1_000..),
        value_name = "MS"
    )]
    pub content_timeout_ms: u64,

    /// How fast content must arrive after the first seconds, in bytes a second; else 408
    #[arg(
        long,
        env = "MASTHEAD_CONTENT_RATE",
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u64).range(1..),
        value_name = "BYTES"
    )]
    pub content_rate: u64,

    /// How long a write may take once its content is there, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_WRITE_DEADLINE_MS",
        default_value_t = 30_000,
        value_name = "MS"
    )]
    pub write_deadline_ms: u64,

    /// How long a read waits for the change that its Min-Change names, in milliseconds; then 503
    #[arg(
        long,
        env = "MASTHEAD_CHANGE_WAIT_MS",
        default_value_t = 2_000,
        value_name = "MS"
    )]
    pub change_wait_ms: u64,

    #[command(flatten)]
    links: Links,

    /// Origins whose scripts may call the routes for editors, separated by commas; that of the editors' app is one by itself
    #[arg(long, env = "MASTHEAD_ADMIN_ORIGINS", value_delimiter = ',', value_parser = origin, value_name = "ORIGIN")]
    pub admin_origins: Vec<String>,

    /// Proxies whose X-Forwarded-For is believed, as addresses or networks separated by commas
    #[arg(long, env = "MASTHEAD_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, value_name = "NETWORK")]
    pub trusted_proxies: Vec<IpNet>,

    #[command(flatten)]
    tokens: Tokens,

    /// How long a session lasts that nobody uses, in days
    #[arg(long, env = "MASTHEAD_SESSION_IDLE_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650), value_name = "DAYS")]
    pub session_idle_days: u32,

    /// How long a session lasts however much it is used, in days
    #[arg(long, env = "MASTHEAD_SESSION_DAYS", default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..=3_650), value_name = "DAYS")]
    pub session_days: u32,

    /// Passwords that are hashed at once; each takes 19 MiB and some 30 ms of a core
    #[arg(long, env = "MASTHEAD_HASH_THREADS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64), value_name = "COUNT")]
    pub hash_threads: u16,

    /// Passwords that may wait to be hashed; then 503
    #[arg(long, env = "MASTHEAD_HASH_QUEUE", default_value_t = 64, value_parser = clap::value_parser!(u16), value_name = "COUNT")]
    pub hash_queue: u16,

    #[command(flatten)]
    search: Search,

    #[command(flatten)]
    delivery: Delivery,

    #[command(flatten)]
    streams: Streams,

    #[command(flatten)]
    inbox: Inbox,

    #[command(flatten)]
    mail: Mail,

    #[command(flatten)]
    jobs: Jobs,

    /// Where media are kept, and what is made of them
    #[command(flatten)]
    pub media: Media,

    /// Networks beside the public internet that webhooks may lead into, as addresses or networks separated by commas
    #[arg(long, env = "MASTHEAD_OUTBOUND_ALLOW", value_delimiter = ',', value_parser = network, value_name = "NETWORK")]
    pub outbound_allow: Vec<IpNet>,
}

impl Serve {
    /// What the application is set up to be.
    ///
    /// # Errors
    /// In words, where settings do not go together.
    pub fn setup(&self, rules: Rules) -> Result<Setup, String> {
        let editor_url = self.links.editor_url.clone();
        let editor = editor_url
            .as_deref()
            .and_then(|url| url::Url::parse(url).ok());
        let mut origins = self.admin_origins.clone();
        origins.extend(editor.map(|url| url.origin().ascii_serialization()));
        let days = |days| Duration::from_secs(u64::from(days) * DAY);
        Ok(Setup {
            media_url: self.media.media_url.clone(),
            editor_url,
            origins,
            proxies: TrustedProxies(self.trusted_proxies.clone()),
            lifetimes: Lifetimes {
                access: self.tokens.life(),
                idle: days(self.session_idle_days),
                session: days(self.session_days),
                link: self.links.life(),
                ..Lifetimes::default()
            },
            hashing: (self.hash_threads.into(), self.hash_queue.into()),
            search: self.search.settings(),
            cache: self.delivery.cache(),
            cache_control: self.delivery.cache_control(),
            purge_urls: self.delivery.purge_urls.clone(),
            streams: self.streams.settings(),
            inbox: self.inbox.settings(),
            mail: self.mail.settings()?,
            work: self.jobs.settings(),
            outbound: outbound::Settings {
                allowed: self.outbound_allow.clone(),
                ..outbound::Settings::default()
            },
            ..self.website.setup(rules)?
        })
    }

    /// The server, with its bounds.
    #[must_use]
    pub fn server(&self) -> server::Settings {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        server::Settings {
            workers: if self.workers == 0 {
                cores
            } else {
                self.workers
            },
            connections: self.connections as usize,
            head_timeout: Duration::from_millis(self.head_timeout_ms),
            write_timeout: Duration::from_millis(self.write_timeout_ms),
            keep_alive: Duration::from_millis(self.keep_alive_ms),
            shutdown: Duration::from_secs(self.shutdown_s),
            limits: Limits {
                url: self.url_limit,
                deadline: Duration::from_millis(self.handler_deadline_ms),
                write_deadline: Duration::from_millis(self.write_deadline_ms),
                article: self.article_limit,
                batch: Limits::default().batch.max(self.article_limit),
                content: self.content_limit,
                upload: self.media.media_limit as usize,
                upload_deadline: Duration::from_millis(self.media.media_upload_timeout_ms),
                content_deadline: Duration::from_millis(self.content_timeout_ms),
                import_deadline: self.jobs.import_deadline(),
                content_rate: self.content_rate,
                change_wait: Duration::from_millis(self.change_wait_ms),
            },
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_no_address| {
        "an IP address and a port are wanted, such as 127.0.0.1:8080 or [::]:80".into()
    })
}

/// An origin as browsers send it (RFC 6454 section 6.2).
fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|error| format!("not an origin: {error}"))?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare && matches!(url.scheme(), "http" | "https") {
        Ok(url.origin().ascii_serialization())
    } else {
        Err("an http or https origin is wanted, such as https://edit.example.org".into())
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse().ok().or_else(address).ok_or_else(|| {
        "an IP address or a network is wanted, such as 10.0.0.1 or 10.0.0.0/8".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_send_them() {
        assert_eq!(
            origin("HTTPS://Edit.Example.org:443/").as_deref(),
            Ok("https://edit.example.org")
        );
        assert_eq!(
            origin("http://localhost:5173").as_deref(),
            Ok("http://localhost:5173")
        );
        for other in [
            "",
            "*",
            "null",
            "edit.example.org",
            "https://example.org/edit",
            "https://u@example.org",
            "file:///",
        ] {
            assert!(origin(other).is_err(), "{other}");
        }
    }

    #[test]
    fn proxies_are_networks_or_addresses() {
        assert_eq!(network("10.0.0.0/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(network("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        assert_eq!(
            network("2001:db8::1").unwrap().to_string(),
            "2001:db8::1/128"
        );
        for other in ["", "10.0.0.0/33", "proxy", "10.0.0"] {
            assert!(network(other).is_err(), "{other}");
        }
    }
}
