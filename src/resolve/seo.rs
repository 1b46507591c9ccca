//! What belongs into the head of a page: what editors set, and else what the text says of itself.

use super::model::{Alternate, OpenGraphTag, PageSeo};
use crate::articles::model::{Article, Image, Kind, Seo};

/// What is known of a text beside itself.
#[derive(Debug)]
pub struct Around<'a> {
    /// The site's name.
    pub site_name: &'a str,
    /// The address of the website.
    pub base_url: Option<&'a str>,
    /// Where the website shows the text.
    pub url: String,
    /// Its versions in all languages, this one among them.
    pub versions: Vec<Alternate>,
}

/// A path on the site as an absolute address, where that of the site is known.
#[must_use]
pub fn absolute(url: &str, base_url: Option<&str>) -> String {
    match base_url {
        Some(base) if url.starts_with('/') && !url.starts_with("//") => format!("{base}{url}"),
        _ => url.to_owned(),
    }
}

/// The head of the page of a text.
#[must_use]
pub fn head(article: &Article, set: Seo, cover: Option<Image>, around: &Around<'_>) -> PageSeo {
    let image = match set.image {
        // Of what editors chose instead of the cover, only the address is known.
        Some(url) if cover.as_ref().is_none_or(|cover| cover.url != url) => Some(Image {
            url,
            alt: String::new(),
            width: None,
            height: None,
        }),
        _ => cover,
    };
    let image = image.map(|image| Image {
        url: absolute(&image.url, around.base_url),
        ..image
    });
    let excerpt = article.excerpt.clone().filter(|text| !text.is_empty());
    let canonical_url = match set.canonical_url {
        Some(url) => absolute(&url, around.base_url),
        None => around.url.clone(),
    };
    let mut seo = PageSeo {
        title: set
            .title
            .or_else(|| article.title.clone())
            .unwrap_or_default(),
        description: set.description.or(excerpt),
        canonical_url,
        image,
        noindex: set.noindex,
        alternates: match around.versions.as_slice() {
            [] | [_] => Vec::new(),
            several => several.to_vec(),
        },
        open_graph: Vec::new(),
    };
    seo.open_graph = open_graph(article, &seo, around);
    seo
}

fn open_graph(article: &Article, seo: &PageSeo, around: &Around<'_>) -> Vec<OpenGraphTag> {
    let is_article = article.kind == Some(Kind::Article);
    let mut tags = Vec::with_capacity(16);
    let mut add = |property, content: Option<String>| {
        let content = content.filter(|content| !content.is_empty());
        tags.extend(content.map(|content| OpenGraphTag { property, content }));
    };
    add(
        "og:type",
        Some(if is_article { "article" } else { "website" }.to_owned()),
    );
    add("og:site_name", Some(around.site_name.to_owned()));
    add("og:title", Some(seo.title.clone()));
    add("og:description", seo.description.clone());
    add("og:url", Some(seo.canonical_url.clone()));
    if let Some(image) = &seo.image {
        add("og:image", Some(image.url.clone()));
        add("og:image:alt", Some(image.alt.clone()));
        add("og:image:width", image.width.map(|it| it.to_string()));
        add("og:image:height", image.height.map(|it| it.to_string()));
    }
    let own = article.locale.as_deref().unwrap_or_default();
    add("og:locale", territorial(own));
    for other in seo.alternates.iter().filter(|it| it.locale != own) {
        add("og:locale:alternate", territorial(&other.locale));
    }
    if is_article {
        let time = |time: Option<crate::time::Time>| time.map(|time| time.to_string());
        add("article:published_time", time(article.published_at));
        add("article:modified_time", time(article.updated_at));
        for tag in article.tags.iter().flatten() {
            add("article:tag", Some(tag.name.clone()));
        }
    }
    tags
}

/// A locale as Open Graph wants it: with a territory (`de_CH`), or not at all.
fn territorial(locale: &str) -> Option<String> {
    let (language, territory) = locale.split_once('-')?;
    let is_territory = territory.len() == 2 && territory.bytes().all(|b| b.is_ascii_alphabetic());
    is_territory.then(|| format!("{language}_{}", territory.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_addresses_where_the_site_has_one() {
        let base = Some("https://example.org/blog");
        assert_eq!(absolute("/a.png", base), "https://example.org/blog/a.png");
        assert_eq!(absolute("/a.png", None), "/a.png");
        for other in ["https://elsewhere.example/a", "//elsewhere.example/a"] {
            assert_eq!(absolute(other, base), other);
        }
    }

    #[test]
    fn open_graph_knows_languages_of_territories_alone() {
        assert_eq!(territorial("de-ch").as_deref(), Some("de_CH"));
        for other in ["de", "zh-Hant", "de-1996", "zh-Hant-TW"] {
            assert_eq!(territorial(other), None, "{other}");
        }
    }
}
