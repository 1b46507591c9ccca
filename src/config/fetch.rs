//! How an import fetches pictures.

use clap::Args;
use ipnet::IpNet;
use url::Url;

use super::base_url;
use super::serve::network;
use crate::imports;
use crate::outbound::{self, Outbound};

/// How an import fetches pictures.
#[derive(Debug, Clone, Args)]
pub struct Fetch {
    /// Fetch the pictures elsewhere that texts, authors and the site show, and keep them as media: `--fetch-media`, or with the address of the old site, which paths without a host are below, `--fetch-media=https://www.example.org`. Without it, nothing is asked of the network
    #[arg(long, value_parser = base, num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "URL")]
    pub fetch_media: Option<Base>,

    /// Address of this API as clients see it: media are shown below it, unless --media-url says where; without it by paths
    #[arg(long, env = "MASTHEAD_PUBLIC_URL", value_parser = base_url, value_name = "URL")]
    public_url: Option<String>,

    /// Networks beside the public internet that pictures may be fetched from, as addresses or networks separated by commas
    #[arg(long, env = "MASTHEAD_OUTBOUND_ALLOW", value_delimiter = ',', value_parser = network, value_name = "NETWORK")]
    outbound_allow: Vec<IpNet>,
}

/// The address of the old site, where one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base(Option<Url>);

fn base(text: &str) -> Result<Base, String> {
    if text.is_empty() {
        return Ok(Base(None));
    }
    let url = outbound::parse(text).map_err(|error| error.to_string())?;
    Ok(Base(Some(url)))
}

impl Fetch {
    /// What fetches, if anything is to be fetched. Media are read below `media_url`, where that is said.
    ///
    /// # Errors
    /// In words, when TLS cannot be set up.
    pub fn fetch(&self, media_url: Option<&str>) -> Result<Option<imports::Fetch>, String> {
        let Some(Base(base)) = &self.fetch_media else {
            return Ok(None);
        };
        let settings = outbound::Settings {
            allowed: self.outbound_allow.clone(),
            ..outbound::Settings::default()
        };
        let outbound = Outbound::new(&settings).map_err(|error| error.to_string())?;
        let own = self.public_url.as_deref().unwrap_or_default();
        let shown_at = media_url.map_or_else(|| format!("{own}/media"), str::to_owned);
        Ok(Some(imports::Fetch::new(outbound, base.clone(), shown_at)))
    }
}
