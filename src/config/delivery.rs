//! What is kept of answers, here and in front.

use actix_web::http::header::HeaderValue;
use clap::Args;
use url::Url;

use crate::cache;
use crate::http::respond::NO_CACHE;

/// What is kept of answers.
#[derive(Debug, Clone, Args)]
pub struct Delivery {
    /// Memory for finished answers, in MiB; with 0 every answer is made anew
    #[arg(long, env = "MASTHEAD_CACHE_MB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(0..=1_048_576), value_name = "MIB")]
    pub cache_mb: u64,

    /// Caches in front of this API, several separated by commas, that are sent PURGE requests with what changed touches in `xkey-purge`: plain http URLs
    #[arg(long, env = "MASTHEAD_PURGE_URLS", value_delimiter = ',', value_parser = purge_url, value_name = "URL")]
    pub purge_urls: Vec<Url>,

    /// How long caches in front may keep what delivery answers, in seconds; sent only where they are told of changes
    #[arg(long, env = "MASTHEAD_SHARED_AGE_S", default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(0..=31_536_000), value_name = "SECONDS")]
    pub shared_age_s: u32,
}

fn purge_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
    if url.scheme() != "http" || url.host().is_none() {
        return Err("it is no plain http URL, such as http://127.0.0.1:6081/".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it names a user, which is sent to nobody".into());
    }
    Ok(url)
}

impl Delivery {
    /// What caches in front are told of how long they may keep what delivery answers. Browsers ask each time: nobody tells
    /// them.
    #[must_use]
    pub fn cache_control(&self) -> HeaderValue {
        if self.purge_urls.is_empty() || self.shared_age_s == 0 {
            return NO_CACHE.1;
        }
        let age = self.shared_age_s;
        let text = format!("public, max-age=0, must-revalidate, s-maxage={age}");
        HeaderValue::try_from(text).unwrap_or(NO_CACHE.1)
    }

    /// How finished answers are kept.
    #[must_use]
    pub fn cache(&self) -> cache::Settings {
        cache::Settings {
            bytes: self.cache_mb * 1024 * 1024,
            ..cache::Settings::default()
        }
    }
}
