//! What every handler shares: the database, what the server was set up to be, and what signing in needs.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use bytes::Bytes;
use tokio::sync::watch;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::articles::new::Rules;
use crate::auth::flights::Flights;
use crate::auth::limits::{Bounds, SignInLimits};
use crate::auth::password::Hasher;
use crate::auth::secret::{Purpose, Secret};
use crate::auth::token::AccessTokens;
use crate::cache::purge::Purge;
use crate::cache::{self, Cache};
use crate::changes::streams::{self, Streams};
use crate::db::Db;
use crate::error::Result;
use crate::http::openapi;
use crate::http::peer::TrustedProxies;
use crate::http::respond::NO_CACHE;
use crate::locales::Fallbacks;
use crate::mail::follower::Mail;
use crate::mail::post;
use crate::media::files::Files;
use crate::media::library::{self, Library};
use crate::messages::inbox::{self, Inbox};
use crate::outbound;
use crate::search::{self, Search};
use crate::webhooks::deliver::Deliveries;
use crate::work::{self, Work};

/// How often the server looks for what other processes wrote. What they took back may show as long, and as long again as
/// the look takes.
const WATCH: Duration = Duration::from_millis(100);

/// What a server is set up to be.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What articles may be here.
    pub rules: Rules,
    /// Which locales stand in for one that lacks a text.
    pub fallbacks: Fallbacks,
    /// The website's address, without a slash at the end.
    pub site_url: Option<String>,
    /// This API's own address, without a slash at the end; where none is configured, links are paths. What a client sends
    /// as `Host` never reaches an answer.
    pub public_url: Option<String>,
    /// The address below which readers find files, without a slash at the end; where none is configured, this API's own.
    pub media_url: Option<String>,
    /// Where media are kept, and what is made of them.
    pub library: Library,
    /// Whether `robots.txt` keeps all crawlers out.
    pub robots_denied: bool,
    /// The address of the editors' app, without a slash at the end: invitations lead there.
    pub editor_url: Option<String>,
    /// The origins whose scripts may call the routes for editors.
    pub origins: Vec<String>,
    /// Whose word for where a request came from counts.
    pub proxies: TrustedProxies,
    /// How long what proves who someone is does so.
    pub lifetimes: Lifetimes,
    /// How often signing in may be tried.
    pub sign_in: Bounds,
    /// Passwords that are hashed at once, and that may wait for it.
    pub hashing: (usize, usize),
    /// The search index.
    pub search: search::Settings,
    /// How finished answers are kept.
    pub cache: cache::Settings,
    /// How long others may keep what delivery answers.
    pub cache_control: HeaderValue,
    /// Caches in front that are told of changes.
    pub purge_urls: Vec<Url>,
    /// Live streams of changes.
    pub streams: streams::Settings,
    /// The contact form.
    pub inbox: inbox::Settings,
    /// The mail server; without one no mail is sent.
    pub mail: Option<post::Settings>,
    /// Where the server connects to when users name an address.
    pub outbound: outbound::Settings,
    /// Jobs.
    pub work: work::Settings,
}

/// How long what proves who someone is does so.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// An access token.
    pub access: Duration,
    /// A session that nobody uses.
    pub idle: Duration,
    /// A session, however much it is used.
    pub session: Duration,
    /// An invitation or a password reset.
    pub link: Duration,
    /// How long after its use a refresh token is answered once more, for a client that did not hear the answer.
    pub grace: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            access: Duration::from_secs(10 * 60),
            idle: Duration::from_secs(30 * DAY),
            session: Duration::from_secs(180 * DAY),
            link: Duration::from_secs(2 * DAY),
            grace: Duration::from_secs(10),
        }
    }
}

impl Setup {
    /// The defaults, with these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            fallbacks: Fallbacks::default(),
            site_url: None,
            public_url: None,
            media_url: None,
            library: Library::new(Files::in_memory(), library::Settings::default()),
            robots_denied: false,
            editor_url: None,
            origins: Vec::new(),
            proxies: TrustedProxies::default(),
            lifetimes: Lifetimes::default(),
            sign_in: Bounds::default(),
            hashing: (2, 64),
            search: search::Settings::default(),
            cache: cache::Settings::default(),
            cache_control: NO_CACHE.1,
            purge_urls: Vec::new(),
            streams: streams::Settings::default(),
            inbox: inbox::Settings::default(),
            mail: None,
            outbound: outbound::Settings::default(),
            work: work::Settings::default(),
        }
    }
}

/// The running application.
pub struct App {
    /// The database.
    pub db: Db,
    /// What articles may be here.
    pub rules: Rules,
    /// Which locales stand in for one that lacks a text.
    pub fallbacks: Fallbacks,
    /// The website's address, without a slash at the end.
    pub site_url: Option<String>,
    /// This API's own address, without a slash at the end.
    pub public_url: Option<String>,
    /// What the addresses of media begin with, without a slash at the end.
    pub media_url: String,
    /// Where media are kept, and what is made of them.
    pub library: Library,
    /// Whether `robots.txt` keeps all crawlers out.
    pub robots_denied: bool,
    /// The address of the editors' app, without a slash at the end.
    pub editor_url: Option<String>,
    /// Whose word for where a request came from counts.
    pub proxies: TrustedProxies,
    /// How long what proves who someone is does so.
    pub lifetimes: Lifetimes,
    /// Access tokens.
    pub tokens: AccessTokens,
    /// The key that refresh tokens follow from each other by.
    pub refresh_key: [u8; 32],
    /// The key of digests of what holds a password.
    pub digest_key: [u8; 32],
    /// The key that what authenticator apps share with the server is sealed under.
    pub totp_key: [u8; 32],
    /// Passwords.
    pub hasher: Hasher,
    /// How often signing in may be tried.
    pub sign_ins: SignInLimits,
    /// The writes under way that have a key.
    pub flights: Flights,
    /// The search index.
    pub search: Search,
    /// Finished answers.
    pub cache: Cache,
    /// How long those in between may keep what delivery answers.
    pub cache_control: HeaderValue,
    /// Who tells caches in front of changes.
    pub purge: Purge,
    /// Live streams of changes.
    pub streams: Streams,
    /// The contact form.
    pub inbox: Inbox,
    /// Mail.
    pub mail: Mail,
    /// What is sent to webhooks.
    pub webhooks: Deliveries,
    /// Who does the jobs of this process.
    pub work: Work,
    openapi: OnceLock<Bytes>,
    origins: Vec<String>,
    stopping: watch::Sender<bool>,
    reachable: AtomicBool,
}

impl App {
    /// An application over this database.
    #[must_use]
    pub fn new(db: Db, secret: &Secret, setup: Setup) -> Self {
        let Setup {
            rules,
            fallbacks,
            site_url,
            public_url,
            media_url,
            library,
            robots_denied,
            editor_url,
            origins,
            proxies,
            lifetimes,
            sign_in,
            hashing: (threads, queue),
            search,
            cache,
            cache_control,
            purge_urls,
            streams,
            inbox,
            mail,
            outbound,
            work,
        } = setup;
        let media_url = media_url
            .unwrap_or_else(|| format!("{}/media", public_url.as_deref().unwrap_or_default()));
        let public = (
            env!("CARGO_PKG_VERSION"),
            &site_url,
            &public_url,
            &media_url,
            &rules.locales,
        );
        let mark = format!("{:016x}", xxh3_64(format!("{public:?}").as_bytes()));
        Self {
            openapi: OnceLock::new(),
            // A token of another database must not be one here, even under the same secret.
            tokens: AccessTokens::new(secret, format!("masthead:{}", db.epoch())),
            refresh_key: secret.key(Purpose::RefreshToken),
            digest_key: secret.key(Purpose::Digest),
            totp_key: secret.key(Purpose::SecondFactor),
            hasher: Hasher::new(threads, queue),
            sign_ins: SignInLimits::new(sign_in),
            flights: Flights::default(),
            search: Search::new(db.clone(), &rules.locales, search),
            cache: Cache::new(db.clone(), cache),
            cache_control,
            purge: Purge::new(purge_urls, mark),
            streams: Streams::new(streams),
            inbox: Inbox::new(inbox),
            mail: Mail::new(
                mail,
                editor_url.clone(),
                secret.key(Purpose::MailedLink),
                lifetimes.link,
                db.change(),
            ),
            webhooks: Deliveries::new(outbound, secret.key(Purpose::Webhook)),
            work: Work::new(work),
            db,
            rules,
            fallbacks,
            site_url,
            public_url,
            media_url,
            library,
            robots_denied,
            editor_url,
            proxies,
            lifetimes,
            origins,
            stopping: watch::Sender::new(false),
            reachable: AtomicBool::new(true),
        }
    }

    /// The OpenAPI document of this server, as JSON text. Made when it is first asked for, which takes a while and much
    /// memory, and most servers are never asked.
    #[must_use]
    pub fn openapi(&self) -> Bytes {
        let text = || openapi::text_for(&self.rules.locales).into();
        self.openapi.get_or_init(text).clone()
    }

    /// Whether scripts of this origin may call the routes for editors.
    #[must_use]
    pub fn trusts_origin(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|known| origin == known.as_str())
    }

    /// Where the website shows a text.
    #[must_use]
    pub fn url_of(&self, locale: &str, slug: &str) -> String {
        let site = self.site_url.as_deref().unwrap_or_default();
        format!("{site}{}", self.path_of(locale, slug))
    }

    /// The path of a text on the website: the default locale without a prefix, the others under theirs.
    #[must_use]
    pub fn path_of(&self, locale: &str, slug: &str) -> String {
        if locale == self.rules.default_locale() {
            format!("/{slug}")
        } else {
            format!("/{locale}/{slug}")
        }
    }

    /// An address of this API.
    #[must_use]
    pub fn api_url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_deref().unwrap_or_default())
    }

    /// Looks, again and again, for what other processes wrote.
    pub async fn watch(&self) {
        loop {
            tokio::time::sleep(WATCH).await;
            self.note_database(&self.db.refresh().await);
        }
    }

    /// From now on the server is not ready: it finishes what it has begun.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether it is about to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Tells who goes on for long when that is so.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Notes whether the database answered, and logs it when that changes. Answers whether it did.
    pub fn note_database<T>(&self, answer: &Result<T>) -> bool {
        let reachable = answer.is_ok();
        if self.reachable.swap(reachable, Ordering::AcqRel) != reachable {
            match answer {
                Ok(_) => tracing::info!("the database answers again"),
                Err(error) => tracing::error!(%error, "the database does not answer"),
            }
        }
        reachable
    }
}
