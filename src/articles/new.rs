//! From what came in to what may be stored. [`NewArticle::parse`] is the one gate that every door calls (import, command
//! line, HTTP): past it nothing is checked again.

use serde_json::{Map, Value};

use super::cover::Cover;
use super::model::{ArticleInput, Audience, Citation, Format, Kind, Seo, Source, State};
use super::render::{self, Rendered};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::slug;
use crate::time::Time;

/// The longest body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// The longest line of a heading, in characters.
pub const MAX_TITLE: usize = 500;
/// The longest name of a tag or an author, in characters.
pub const MAX_NAME: usize = 200;
/// The longest standfirst, excerpt or notice, in characters.
pub const MAX_PARAGRAPH: usize = 5_000;
/// The most tags, authors, citations or aliases.
pub const MAX_ITEMS: usize = 100;
/// The longest custom fields, as JSON text in bytes.
pub const MAX_METADATA: usize = 64 * 1024;

/// What an article may be, as the site is set up.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The locales of the site, the default first; never empty.
    pub locales: Vec<String>,
}

impl Rules {
    /// The locale of an article that names none.
    #[must_use]
    pub fn default_locale(&self) -> &str {
        self.locales.first().map_or("en", String::as_str)
    }
}

/// An article that may be stored as it is: checked, rendered, sanitised.
#[derive(Debug, Clone)]
pub struct NewArticle {
    pub(super) id: Option<Id>,
    pub(super) external_id: Option<String>,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) locale: String,
    pub(super) slug: Wish,
    pub(super) aliases: Vec<String>,
    pub(super) title: String,
    pub(super) subtitle: Option<String>,
    pub(super) standfirst: Option<String>,
    pub(super) excerpt: String,
    pub(super) source: Source,
    pub(super) rendered: Rendered,
    pub(super) cover: Option<Cover>,
    pub(super) tags: Vec<String>,
    pub(super) authors: Vec<String>,
    pub(super) featured: bool,
    pub(super) content_notice: Option<String>,
    pub(super) audience: Audience,
    pub(super) citations: Vec<Citation>,
    pub(super) published_at: Option<Time>,
    pub(super) updated_at: Option<Time>,
    pub(super) seo: Seo,
    pub(super) metadata: Map<String, Value>,
    pub(super) translation_key: Option<String>,
    pub(super) door: Door,
    /// What its revision says of itself, where it is more than another save.
    pub(super) note: Option<String>,
}

/// How a text comes in: whether what is not as it was sent is a fault, or made to fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// From a source whose items are to come in, if that can be: what is taken is passed over, whose it is stays.
    Import,
    /// From an editor, who says how it is to be, and whose.
    Editor {
        /// The account it is to belong to.
        owner: Option<Id>,
    },
}

/// The slug an article would like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// This one, and no other.
    Exactly(String),
    /// This one, or the next that is free: it was made from the title.
    Like(String),
}

impl NewArticle {
    /// Everything that is wrong with an input by the rules, each with the pointer of its field.
    #[must_use]
    pub fn faults(input: &ArticleInput, rules: &Rules) -> Vec<Fault> {
        let mut check = Check::default();
        check.required("/title", &input.title, MAX_TITLE);
        check.line("/subtitle", input.subtitle.as_deref(), MAX_TITLE);
        check.line("/standfirst", input.standfirst.as_deref(), MAX_PARAGRAPH);
        check.line("/excerpt", input.excerpt.as_deref(), MAX_PARAGRAPH);
        check.line(
            "/content_notice",
            input.content_notice.as_deref(),
            MAX_PARAGRAPH,
        );
        check.line("/external_id", input.external_id.as_deref(), MAX_TITLE);
        check.line(
            "/translation_key",
            input.translation_key.as_deref(),
            MAX_TITLE,
        );
        check.names("/tags", &input.tags);
        check.names("/authors", &input.authors);
        check.count("/aliases", input.aliases.len());
        for (index, alias) in input.aliases.iter().enumerate() {
            check.required(&format!("/aliases/{index}"), alias, MAX_TITLE);
        }
        check.cover(input.cover.as_ref());
        check.citations(&input.citations);
        check.seo(&input.seo);
        check.metadata(&input.metadata);
        check.slug(input.slug.as_deref());
        check.body(input.body.as_ref());

        let locale = input.locale.as_deref();
        if let Some(locale) = locale.filter(|locale| !rules.locales.iter().any(|it| it == locale)) {
            let allowed = rules.locales.join(", ");
            check.fault(
                "/locale",
                FaultCode::NotAllowed,
                format!("`{locale}` is none of the site's locales: {allowed}"),
            );
        }
        if input.status == Some(State::Scheduled) && input.published_at.is_none() {
            check.fault(
                "/published_at",
                FaultCode::Missing,
                "a scheduled article needs the time it is scheduled for",
            );
        }
        check.faults
    }

    /// Checks an input against the rules, and renders its body.
    ///
    /// # Errors
    /// All the faults of the input at once, each with the pointer of its field.
    pub fn parse(input: ArticleInput, rules: &Rules) -> Result<Self, Vec<Fault>> {
        let faults = Self::faults(&input, rules);
        if !faults.is_empty() {
            return Err(faults);
        }
        let locale = input
            .locale
            .unwrap_or_else(|| rules.default_locale().to_owned());
        let state = input.status.unwrap_or(State::Draft);
        let source = input.body.unwrap_or(Source {
            format: Format::Markdown,
            text: String::new(),
        });
        let rendered = render::render(source.format, &source.text);
        let excerpt = input.excerpt.filter(|excerpt| !excerpt.trim().is_empty());
        let title = input.title.trim().to_owned();
        let slug = match input.slug {
            Some(slug) => Wish::Exactly(slug),
            None => {
                Wish::Like(slug::slugify(&title).unwrap_or_else(|| input.kind.as_str().to_owned()))
            }
        };
        Ok(Self {
            id: input.id,
            external_id: input.external_id,
            kind: input.kind,
            state,
            locale,
            slug,
            aliases: input.aliases,
            title,
            subtitle: input.subtitle,
            excerpt: excerpt.unwrap_or_else(|| {
                render::excerpt(input.standfirst.as_deref().unwrap_or(&rendered.text))
            }),
            standfirst: input.standfirst,
            source,
            rendered,
            cover: input.cover,
            tags: input.tags,
            authors: input.authors,
            featured: input.featured,
            content_notice: input.content_notice,
            audience: input.audience,
            citations: input.citations,
            published_at: input.published_at,
            updated_at: input.updated_at,
            seo: input.seo,
            metadata: input.metadata,
            translation_key: input.translation_key,
            door: Door::Import,
            note: None,
        })
    }

    /// It comes from an editor, exactly as it is to be, and belongs to this account.
    #[must_use]
    pub fn by_editor(mut self, owner: Option<Id>) -> Self {
        self.door = Door::Editor { owner };
        self
    }

    /// Its revision says this of itself, and no later save takes its place.
    #[must_use]
    pub fn noted(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    /// Its body as it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.source.text
    }

    /// What the sanitiser took out of the body.
    #[must_use]
    pub fn removed(&self) -> &[render::Removed] {
        &self.rendered.removed
    }

    /// The slug need not be exactly the one asked for: an import takes the next free one rather than fail.
    #[must_use]
    pub fn with_any_slug(mut self) -> Self {
        if let Wish::Exactly(slug) = self.slug {
            self.slug = Wish::Like(slug);
        }
        self
    }
}

/// Collects faults, field by field.
#[derive(Default)]
struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, pointer: &str, code: FaultCode, detail: impl Into<String>) {
        self.faults.push(Fault::at(pointer, code, detail));
    }

    fn required(&mut self, pointer: &str, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.fault(pointer, FaultCode::Missing, "must not be empty");
        }
        self.line(pointer, Some(text), max);
    }

    fn line(&mut self, pointer: &str, text: Option<&str>, max: usize) {
        let Some(text) = text else { return };
        let length = text.chars().count();
        if length > max {
            self.fault(
                pointer,
                FaultCode::TooLarge,
                format!("has {length} characters; at most {max} are allowed"),
            );
        }
        if text.contains('\0') {
            self.fault(pointer, FaultCode::Malformed, "contains a NUL character");
        }
    }

    fn count(&mut self, pointer: &str, count: usize) {
        if count > MAX_ITEMS {
            self.fault(
                pointer,
                FaultCode::TooLarge,
                format!("has {count} items; at most {MAX_ITEMS} are allowed"),
            );
        }
    }

    fn names(&mut self, pointer: &str, names: &[String]) {
        self.count(pointer, names.len());
        for (index, name) in names.iter().enumerate() {
            self.required(&format!("{pointer}/{index}"), name, MAX_NAME);
        }
    }

    fn slug(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        if !slug::is_slug(text) {
            let hint = slug::slugify(text)
                .map(|slug| format!(", such as `{slug}`"))
                .unwrap_or_default();
            let detail = format!(
                "a slug is 1 to {} of a-z, 0-9 and single hyphens, and no id{hint}",
                slug::MAX_LEN
            );
            self.fault("/slug", FaultCode::Malformed, detail);
        }
    }

    fn body(&mut self, body: Option<&Source>) {
        let Some(Source { format, text }) = body else {
            return;
        };
        let pointer = format!("/{}", format.as_str());
        if text.len() > MAX_BODY {
            let detail = format!("has {} bytes; at most {MAX_BODY} are allowed", text.len());
            self.fault(&pointer, FaultCode::TooLarge, detail);
        }
        if text.contains('\0') {
            self.fault(&pointer, FaultCode::Malformed, "contains a NUL character");
        }
    }

    fn cover(&mut self, cover: Option<&Cover>) {
        let alt = match cover {
            Some(Cover::Link(image)) => {
                self.link("/cover/url", &image.url);
                Some(image.alt.as_str())
            }
            Some(Cover::Media(media)) => media.alt.as_deref(),
            None => None,
        };
        self.line("/cover/alt", alt, MAX_PARAGRAPH);
    }

    fn citations(&mut self, citations: &[Citation]) {
        self.count("/citations", citations.len());
        for (index, citation) in citations.iter().enumerate() {
            self.required(
                &format!("/citations/{index}/title"),
                &citation.title,
                MAX_PARAGRAPH,
            );
            if let Some(url) = &citation.url {
                self.link(&format!("/citations/{index}/url"), url);
            }
        }
    }

    fn seo(&mut self, seo: &Seo) {
        self.line("/seo/title", seo.title.as_deref(), MAX_TITLE);
        self.line(
            "/seo/description",
            seo.description.as_deref(),
            MAX_PARAGRAPH,
        );
        for (pointer, url) in [
            ("/seo/canonical_url", &seo.canonical_url),
            ("/seo/image", &seo.image),
        ] {
            if let Some(url) = url {
                self.link(pointer, url);
            }
        }
    }

    fn metadata(&mut self, metadata: &Map<String, Value>) {
        let length = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
        if length > MAX_METADATA {
            let detail = format!("takes {length} bytes; at most {MAX_METADATA} are allowed");
            self.fault("/metadata", FaultCode::TooLarge, detail);
        }
    }

    fn link(&mut self, pointer: &str, link: &str) {
        if !is_link(link) {
            self.fault(pointer, FaultCode::Malformed, LINK_RULE);
        }
    }
}

/// What [`is_link`] wants, in words.
pub const LINK_RULE: &str =
    "must be an http or https address, or a path on the site that begins with `/`";

/// Whether it is an absolute http or https URL, or a path on the site.
#[must_use]
pub fn is_link(link: &str) -> bool {
    let path = link.starts_with('/') && !link.starts_with("//");
    let absolute =
        || url::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let clean = link.len() <= 2048 && !link.contains(|c: char| c.is_control() || c.is_whitespace());
    clean && (path || absolute())
}
