//! Structured data of a page (schema.org), for search engines: the text, and the way to it.

use serde_json::{Map, Value, json};

use super::model::PageSeo;
use super::seo::absolute;
use crate::articles::model::{Article, Audience, Citation, Image, Kind};
use crate::site::model::Settings;

/// The longest headline that is kept whole, in characters.
const HEADLINE: usize = 110;

/// What structured data are made of.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The text.
    pub article: &'a Article,
    /// Its head.
    pub seo: &'a PageSeo,
    /// The sources that it names.
    pub citations: Vec<Citation>,
    /// Where the website shows it.
    pub url: &'a str,
    /// The site.
    pub site: &'a Settings,
    /// The address of the website.
    pub base_url: Option<&'a str>,
}

/// The `Article` or `WebPage`, and the `BreadcrumbList`. Nothing is said that is not known: what has no value is left out,
/// and so is the list where the site has no name to begin it with.
#[must_use]
pub fn build(facts: &Facts<'_>) -> Vec<Value> {
    let mut all = vec![text(facts)];
    all.extend(breadcrumbs(facts));
    all
}

/// The same as text for a `<script>`: what could end that, or a string in it, is escaped (`\u003c`), and read back alike.
#[must_use]
pub fn script(all: &[Value]) -> String {
    let text = crate::json::text(&all);
    let mut safe = String::with_capacity(text.len() + 32);
    for c in text.chars() {
        match c {
            // Outside of strings JSON has none of these.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

fn text(facts: &Facts<'_>) -> Value {
    let Facts {
        article,
        seo,
        citations,
        url,
        site,
        base_url,
    } = facts;
    let is_article = article.kind == Some(Kind::Article);
    let title = article.title.as_deref().unwrap_or_default();
    let mut node = Map::new();
    let mut put = |name: &str, value: Value| {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            node.insert(name.to_owned(), value);
        }
    };
    put("@context", "https://schema.org".into());
    put(
        "@type",
        if is_article { "Article" } else { "WebPage" }.into(),
    );
    let headline = headline(title);
    if headline != title || !is_article {
        put("name", title.into());
    }
    put("headline", headline.into());
    put(
        "alternativeHeadline",
        json!(article.subtitle.as_ref().and_then(Option::as_deref)),
    );
    put("description", json!(seo.description));
    let picture = seo.image.as_ref().map(image);
    put(
        if is_article {
            "image"
        } else {
            "primaryImageOfPage"
        },
        json!(picture),
    );
    let authors = article.authors.iter().flatten();
    let persons = authors.map(|author| json!({"@type": "Person", "name": author.name}));
    put("author", persons.collect());
    put("datePublished", json!(article.published_at));
    put("dateModified", json!(article.updated_at));
    put("inLanguage", json!(article.locale));
    let tags = article.tags.iter().flatten();
    put("keywords", tags.map(|tag| json!(tag.name)).collect());
    if is_article {
        put("wordCount", json!(article.word_count));
    }
    put(
        "isFamilyFriendly",
        (article.audience != Some(Audience::Mature)).into(),
    );
    let works = citations.iter().map(|cited| {
        let mut work = json!({"@type": "CreativeWork", "name": cited.title});
        if let Some(url) = &cited.url {
            work["url"] = absolute(url, *base_url).into();
        }
        work
    });
    put("citation", works.collect());
    put("publisher", json!(publisher(site, *base_url)));
    if is_article {
        put(
            "mainEntityOfPage",
            json!({"@type": "WebPage", "@id": seo.canonical_url}),
        );
    }
    put("url", (*url).into());
    Value::Object(node)
}

fn publisher(site: &Settings, base_url: Option<&str>) -> Option<Value> {
    if site.name.is_empty() {
        return None;
    }
    let mut organization = json!({"@type": "Organization", "name": site.name});
    if let Some(base) = base_url {
        organization["url"] = base.into();
    }
    if let Some(logo) = &site.logo {
        organization["logo"] = image(&Image {
            url: absolute(&logo.url, base_url),
            ..logo.clone()
        });
    }
    Some(organization)
}

fn image(image: &Image) -> Value {
    let mut node = json!({"@type": "ImageObject", "url": image.url});
    if !image.alt.is_empty() {
        node["caption"] = image.alt.as_str().into();
    }
    if let Some(width) = image.width {
        node["width"] = width.into();
    }
    if let Some(height) = image.height {
        node["height"] = height.into();
    }
    node
}

/// The site, and the text. Whether a website has pages between them, nobody here knows.
fn breadcrumbs(facts: &Facts<'_>) -> Option<Value> {
    let name = facts.site.name.as_str();
    if name.is_empty() {
        return None;
    }
    let step = |position: i32, name: &str, url: &str| json!({"@type": "ListItem", "position": position, "name": name, "item": url});
    let title = facts.article.title.as_deref().unwrap_or_default();
    Some(json!({
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            step(1, name, facts.base_url.unwrap_or("/")),
            step(2, title, facts.url),
        ],
    }))
}

/// A title as it stands, or where it is too long the words of it that fit.
fn headline(title: &str) -> String {
    if title.chars().count() <= HEADLINE {
        return title.to_owned();
    }
    let fits: String = title.chars().take(HEADLINE - 1).collect();
    let words = fits.rsplit_once(char::is_whitespace);
    let kept = words.map_or(fits.as_str(), |(before, _)| before.trim_end());
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_headline_ends_with_a_whole_word() {
        let whole = "a".repeat(110);
        assert_eq!(headline(&whole), whole);
        let cut = headline(&"word ".repeat(30));
        assert!(
            cut.ends_with("word…") && cut.chars().count() <= HEADLINE,
            "{cut}"
        );
        assert_eq!(headline(&"ü".repeat(111)).chars().count(), HEADLINE);
    }

    #[test]
    fn no_text_ends_the_script() {
        let hostile = "</script><script>alert('&')</script><!-- \u{2028}\u{2029}\"\\";
        let all = [json!({"name": hostile})];
        let safe = script(&all);
        assert!(
            !safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']),
            "{safe}"
        );
        assert_eq!(serde_json::from_str::<Vec<Value>>(&safe).unwrap(), all);
    }
}
