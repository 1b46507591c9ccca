//! What a page of the website is, and what is asked for.

use serde::Serialize;
use utoipa::ToSchema;

use super::path::{Place, SitePath};
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Image};
use crate::names::names;
use crate::redirects::model::RedirectStatus;
use crate::site::model::Site;

/// The parts of a page that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Part {
    /// `site`
    Site,
    /// `previous`
    Previous,
    /// `next`
    Next,
    /// `related`
    Related,
    /// `seo`
    Seo,
    /// `json_ld`
    JsonLd,
    /// `json_ld_script`
    JsonLdScript,
}

names!(Part {
    Site => "site",
    Previous => "previous",
    Next => "next",
    Related => "related",
    Seo => "seo",
    JsonLd => "json_ld",
    JsonLdScript => "json_ld_script",
});

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path.
    pub path: SitePath,
    /// The text that it names, if it is of that form.
    pub place: Option<Place>,
    /// The locales that stand in for the one of that text.
    pub fallbacks: Vec<String>,
    /// The site's locales.
    pub locales: Vec<String>,
    /// The address of the website.
    pub base_url: Option<String>,
    /// What is shown of the text.
    pub show: Selection,
    /// What is left out.
    pub without: Vec<Part>,
}

impl Asked {
    /// Whether this part is wanted.
    #[must_use]
    pub fn wants(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }
}

/// What stands at a path of the website: a page, or a redirect.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Resolved {
    /// A page.
    Page(Box<WebsitePage>),
    /// Somewhere else to go.
    Elsewhere(Elsewhere),
}

/// Somewhere else to go.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Where, and how to say it.
    pub redirect: Leading,
}

/// Where a path of the website leads.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leading {
    /// A path on the website, or an absolute address.
    #[schema(example = "/about")]
    pub to: String,
    /// The HTTP status that the website should answer with.
    pub status: RedirectStatus,
}

/// A page of the website. What was asked to be left out is absent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebsitePage {
    /// The path asked for, decoded, without a slash at the end.
    #[schema(example = "/closeness-after-trauma")]
    pub path: String,
    /// The locale that the path asks for.
    #[schema(example = "en")]
    pub requested_locale: String,
    /// The locale of what is shown: another one where that one lacks the text and a fallback is configured.
    #[schema(example = "en")]
    pub locale: String,
    /// The article or page, whole.
    pub article: Article,
    /// The site, as `/v1/site` shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Site, required = false)]
    pub site: Option<Site>,
    /// The article of the same locale that was published before this one; null for the first one, and for pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Article>, required = false)]
    pub previous: Option<Option<Article>>,
    /// The article of the same locale that was published after this one; null for the last one, and for pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Article>, required = false)]
    pub next: Option<Option<Article>>,
    /// Up to five articles of the same locale about the same, the likest first; none for pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Article>, required = false)]
    pub related: Option<Vec<Article>>,
    /// What belongs into the head of the page, ready to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = PageSeo, required = false)]
    pub seo: Option<PageSeo>,
    /// Structured data (schema.org): the `Article` or `WebPage`, and a `BreadcrumbList` where the site has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Object>, required = false)]
    pub json_ld: Option<Vec<serde_json::Value>>,
    /// The same as text that is safe as it stands between `<script type="application/ld+json">` and `</script>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub json_ld_script: Option<String>,
    /// False where related articles could not be had in time. Such an answer is not to be kept.
    pub complete: bool,
}

/// What belongs into the head of a page: what editors set for search engines, and where they set nothing, the text's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageSeo {
    /// The title, without the site's name.
    pub title: String,
    /// A description, plain text.
    pub description: Option<String>,
    /// The address that search engines should show: the text's own, in its own locale, unless editors set another.
    pub canonical_url: String,
    /// The picture for previews, absolute where the site's address is configured.
    pub image: Option<Image>,
    /// Ask search engines to leave the page out.
    pub noindex: bool,
    /// The published versions of the text in all languages, this one among them (`hreflang`); empty where this is the only
    /// one.
    pub alternates: Vec<Alternate>,
    /// Open Graph: each is a `<meta property="…" content="…">`.
    pub open_graph: Vec<OpenGraphTag>,
}

/// A version of the text in a language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternate {
    /// Its locale.
    #[schema(example = "de")]
    pub locale: String,
    /// Where the website shows it.
    pub url: String,
}

/// A property of Open Graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenGraphTag {
    /// Its name.
    #[schema(example = "og:title")]
    pub property: &'static str,
    /// Its value, not escaped.
    pub content: String,
}
