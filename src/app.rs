//! What every handler shares: the database, and what the server was set up to be.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::articles::new::Rules;
use crate::db::Db;
use crate::error::Result;

/// The running application.
pub struct App {
    /// The database.
    pub db: Db,
    /// What articles may be here.
    pub rules: Rules,
    /// The website's address, without a slash at the end.
    pub site_url: Option<String>,
    /// This API's own address, without a slash at the end; where none is configured, links are paths. What a client sends
    /// as `Host` never reaches an answer.
    pub public_url: Option<String>,
    /// The OpenAPI document of this server, as JSON text.
    pub openapi: String,
    stopping: AtomicBool,
    reachable: AtomicBool,
}

impl App {
    /// An application over this database.
    #[must_use]
    pub fn new(db: Db, rules: Rules, site_url: Option<String>, public_url: Option<String>) -> Self {
        Self {
            db,
            openapi: crate::http::openapi::text_for(&rules.locales),
            rules,
            site_url,
            public_url,
            stopping: AtomicBool::new(false),
            reachable: AtomicBool::new(true),
        }
    }

    /// Where the website shows a text: the default locale without a prefix, the others under theirs.
    #[must_use]
    pub fn url_of(&self, locale: &str, slug: &str) -> String {
        let site = self.site_url.as_deref().unwrap_or_default();
        if locale == self.rules.default_locale() {
            format!("{site}/{slug}")
        } else {
            format!("{site}/{locale}/{slug}")
        }
    }

    /// An address of this API.
    #[must_use]
    pub fn api_url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_deref().unwrap_or_default())
    }

    /// From now on the server is not ready: it finishes what it has begun.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it is about to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
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
