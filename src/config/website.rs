//! Where readers find the content, which is part of what they are answered.

use clap::Args;

use super::base_url;
use crate::app::Setup;
use crate::articles::new::Rules;
use crate::locales::Fallbacks;

/// Where readers find the content.
#[derive(Debug, Clone, Args)]
pub struct Website {
    /// Address of this API as clients see it, for Link and Location; without it they are paths
    #[arg(long, env = "MASTHEAD_PUBLIC_URL", value_parser = base_url, value_name = "URL")]
    pub public_url: Option<String>,

    /// Address of the website, for the `url` of articles; without it they are paths
    #[arg(long, env = "MASTHEAD_SITE_URL", value_parser = base_url, value_name = "URL")]
    pub site_url: Option<String>,

    /// Locales that stand in for one that lacks a text, such as de-CH=de,en; several chains are separated by semicolons
    #[arg(
        long,
        env = "MASTHEAD_LOCALE_FALLBACKS",
        value_delimiter = ';',
        value_name = "CHAIN"
    )]
    pub locale_fallbacks: Vec<String>,

    /// What robots.txt lets crawlers read: all, or nothing
    #[arg(
        long,
        env = "MASTHEAD_ROBOTS",
        default_value = "allow",
        value_enum,
        value_name = "RULE"
    )]
    pub robots: Robots,
}

/// What robots.txt says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Robots {
    /// Crawlers may read all of it
    Allow,
    /// Crawlers may read nothing
    Deny,
}

impl Website {
    /// The defaults of an application, with these.
    ///
    /// # Errors
    /// In words, where settings do not go together.
    pub fn setup(&self, rules: Rules) -> Result<Setup, String> {
        Ok(Setup {
            fallbacks: self.fallbacks(&rules.locales)?,
            site_url: self.site_url.clone(),
            public_url: self.public_url.clone(),
            robots_denied: self.robots == Robots::Deny,
            ..Setup::new(rules)
        })
    }

    /// The locales that stand in for others, on a site of these.
    ///
    /// # Errors
    /// All the faults, in words.
    pub fn fallbacks(&self, locales: &[String]) -> Result<Fallbacks, String> {
        Fallbacks::parse(&self.locale_fallbacks, locales)
            .map_err(|faults| format!("--locale-fallbacks: {}", faults.join("; ")))
    }
}
