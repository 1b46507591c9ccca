//! What a site says of itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::model::Image;
use crate::authors::model::Link;
use crate::time::Time;

/// What editors set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The publication's name.
    #[schema(example = "The Open Door")]
    pub name: String,
    /// A few words under the name.
    pub tagline: Option<String>,
    /// What it is, in a sentence or two.
    pub description: Option<String>,
    /// Its logo.
    pub logo: Option<Image>,
    /// How to reach it.
    pub contact: Contact,
    /// Where else it is.
    pub social: Vec<Link>,
    /// Its menus.
    pub menus: Menus,
}

/// How to reach the publication. What stands here is meant for the public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Contact {
    /// An e-mail address.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// A postal address; lines are parted by newlines.
    pub address: Option<String>,
    /// The page with the contact form: an address, or a path on the site.
    pub page: Option<String>,
    /// Whether `POST /v1/contact` takes messages.
    pub form: bool,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            email: None,
            phone: None,
            address: None,
            page: None,
            form: true,
        }
    }
}

/// The menus of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Menus {
    /// At the top of each page.
    pub main: Vec<Link>,
    /// At its foot.
    pub footer: Vec<Link>,
}

/// What editors set, as they see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminSite {
    /// The publication's name.
    #[schema(example = "The Open Door")]
    pub name: String,
    /// A few words under the name.
    pub tagline: Option<String>,
    /// What it is, in a sentence or two.
    pub description: Option<String>,
    /// Its logo.
    pub logo: Option<Image>,
    /// How to reach it.
    pub contact: Contact,
    /// Where else it is.
    pub social: Vec<Link>,
    /// Its menus.
    pub menus: Menus,
    /// How often this was set; 0 where it never was.
    #[schema(minimum = 0)]
    pub version: i64,
    /// When it was last set.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Time>,
}

impl AdminSite {
    /// These settings, in this version.
    #[must_use]
    pub fn new(settings: Settings, version: i64, updated_at: Option<Time>) -> Self {
        let Settings {
            name,
            tagline,
            description,
            logo,
            contact,
            social,
            menus,
        } = settings;
        Self {
            name,
            tagline,
            description,
            logo,
            contact,
            social,
            menus,
            version,
            updated_at,
        }
    }

    /// The settings alone.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            name: self.name.clone(),
            tagline: self.tagline.clone(),
            description: self.description.clone(),
            logo: self.logo.clone(),
            contact: self.contact.clone(),
            social: self.social.clone(),
            menus: self.menus.clone(),
        }
    }
}

/// The site, as delivery shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The publication's name.
    #[schema(example = "The Open Door")]
    pub name: String,
    /// A few words under the name.
    pub tagline: Option<String>,
    /// What it is, in a sentence or two.
    pub description: Option<String>,
    /// Its logo.
    pub logo: Option<Image>,
    /// The address of the website; null where none is configured.
    pub base_url: Option<String>,
    /// Its languages, BCP 47 tags, the default first.
    pub locales: Vec<String>,
    /// How to reach it.
    pub contact: Contact,
    /// Where else it is.
    pub social: Vec<Link>,
    /// Its menus.
    pub menus: Menus,
}

impl Site {
    /// What editors set, with what the server is configured to.
    #[must_use]
    pub fn new(settings: Settings, base_url: Option<String>, locales: Vec<String>) -> Self {
        let Settings {
            name,
            tagline,
            description,
            logo,
            contact,
            social,
            menus,
        } = settings;
        Self {
            name,
            tagline,
            description,
            logo,
            base_url,
            locales,
            contact,
            social,
            menus,
        }
    }
}
