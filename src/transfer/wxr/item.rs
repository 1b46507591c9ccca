//! A post of WordPress as an article or a page, or why it is neither.

use serde_json::{Map, Value, json};

use super::Site;
use super::body::{self, Body};
use super::read::Raw;
use super::terms::{decoded, own_slug};
use crate::articles::cover::Cover;
use crate::articles::model::{ArticleInput, Format, Image, Kind, Source, State};
use crate::articles::new::{MAX_ITEMS, MAX_PARAGRAPH, MAX_TITLE};
use crate::articles::render;
use crate::articles::restored::Restored;
use crate::time::Time;
use crate::transfer::html;
use crate::transfer::{Item, Parsed, add_names, dates, image_address, site_path, without_html};

/// Words of the text that stand in for a title.
const TITLE_WORDS: usize = 8;
const TITLE_LENGTH: usize = 80;

/// What a post becomes.
pub(super) fn parsed(raw: &Raw, site: &Site) -> Parsed {
    let kind = raw.kind.as_deref().map(str::trim);
    let id = raw.id.trim();
    let what = kind.filter(|kind| !kind.is_empty()).unwrap_or("post");
    let shown: String = if raw.name.trim().is_empty() {
        raw.title.chars().take(60).collect()
    } else {
        decoded(&raw.name).chars().take(120).collect()
    };
    let origin = format!("{what} {id} ({})", shown.trim());
    let skipped = |reason: String| Parsed::Skipped {
        origin: origin.clone(),
        reason,
    };
    let page = match kind {
        None | Some("post" | "") => false,
        Some("page") => true,
        Some("attachment") => {
            let address: String = raw.url.chars().take(500).collect();
            return skipped(format!(
                "a file, which stays where it is: {}",
                address.trim()
            ));
        }
        Some("nav_menu_item") => return skipped("an entry of a menu".into()),
        Some("revision") => return skipped("an earlier version of a post".into()),
        Some("guest-author") => return skipped("an author, and among them".into()),
        Some(other) => {
            let other: String = other.chars().take(60).collect();
            return skipped(format!(
                "of the type `{other}`, which is neither post nor page"
            ));
        }
    };
    match raw.status.trim() {
        "auto-draft" => return skipped("an automatic draft, which nobody saved".into()),
        "inherit" => return skipped("an earlier version of a post".into()),
        _ => {}
    }
    if let Some(cut) = raw.cut {
        return Parsed::Broken {
            origin,
            line: Some(raw.line),
            reason: format!("{cut} is longer than is read"),
        };
    }
    let line = raw.line;
    let item = article(raw, page, origin, site);
    let body = item.article.body.as_ref();
    match body.and_then(|body| html::too_much(&body.text)) {
        None => Parsed::Article(Box::new(item)),
        Some(reason) => Parsed::Broken {
            origin: item.origin,
            line: Some(line),
            reason,
        },
    }
}

fn article(raw: &Raw, page: bool, origin: String, site: &Site) -> Item {
    let number: u64 = raw.id.trim().parse().unwrap_or(0);
    let Body {
        html,
        teaser,
        notes: mut warnings,
    } = body::body(
        &raw.content,
        field(raw, "footnotes"),
        number,
        &site.attachments,
    );
    let mut article = ArticleInput::new(title(raw, &html, &mut warnings));
    article.kind = if page { Kind::Page } else { Kind::Article };
    article.external_id = Some(key(raw));
    let held = state(raw, &mut article, &mut warnings);
    addresses(raw, &mut article);
    let excerpt = without_html(&raw.excerpt).0;
    let excerpt = Some(excerpt).filter(|text| !text.is_empty()).or(teaser);
    article.excerpt = excerpt.map(|text| text.chars().take(MAX_PARAGRAPH).collect());
    article.body = Some(Source {
        format: Format::Html,
        text: html,
    });
    if raw.sticky.trim() == "1" {
        article.featured = true;
        warnings.push("it is sticky there, and featured here".into());
    }
    names(raw, &mut article, site, &mut warnings);
    cover(raw, &mut article, site, &mut warnings);
    seo(raw, &mut article);
    let redirects = if held {
        Vec::new()
    } else {
        site_path(&raw.link).into_iter().collect()
    };
    if page && !matches!(raw.parent.trim(), "" | "0") {
        warnings.push(format!(
            "it stands below the page {} there; pages stand side by side here",
            raw.parent.trim()
        ));
    }
    Item {
        origin,
        article,
        restored: Restored::default(),
        redirects,
        held,
        warnings,
    }
}

/// Its number, or what else is its alone.
fn key(raw: &Raw) -> String {
    let own = [&raw.id, &raw.guid, &raw.link, &raw.name];
    let own = own
        .into_iter()
        .map(|text| text.trim())
        .find(|text| !text.is_empty());
    let key = own.map_or_else(
        || format!("{}-{}", raw.date.trim(), raw.title.trim()),
        str::to_owned,
    );
    key.chars().take(MAX_TITLE).collect()
}

/// The title as plain text, or one that is made of what there is.
fn title(raw: &Raw, html: &str, warnings: &mut Vec<String>) -> String {
    let (plain, had_html) = without_html(&raw.title);
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if !plain.is_empty() {
        if had_html && raw.title.contains('<') {
            warnings.push("the title was reduced to plain text".into());
        }
        if plain.chars().count() > MAX_TITLE {
            warnings.push(format!("the title was cut to {MAX_TITLE} characters"));
        }
        return plain.chars().take(MAX_TITLE).collect();
    }
    let (made, of) = made_title(html, &decoded(&raw.name), raw.id.trim());
    warnings.push(format!("it has no title: `{made}` was made {of}"));
    made
}

/// A title for a text that has none: of its first words, or its slug, or its key.
pub(crate) fn made_title(html: &str, slug: &str, key: &str) -> (String, &'static str) {
    let start = html
        .get(..html.floor_char_boundary(8 * 1024))
        .unwrap_or(html);
    let text = render::plain_text(start);
    let words: Vec<&str> = text.split_whitespace().take(TITLE_WORDS).collect();
    let more = text.split_whitespace().nth(TITLE_WORDS).is_some();
    let joined: String = words.join(" ").chars().take(TITLE_LENGTH).collect();
    if !joined.is_empty() {
        return (
            format!("{joined}{}", if more { "…" } else { "" }),
            "of its first words",
        );
    }
    let slug = slug.replace(['-', '_'], " ");
    if !slug.trim().is_empty() {
        return (
            slug.trim().chars().take(TITLE_LENGTH).collect(),
            "of its slug",
        );
    }
    (format!("Untitled {key}").trim().to_owned(), "up")
}

/// State and times. Answers whether it must not come out, whatever is asked for.
fn state(raw: &Raw, article: &mut ArticleInput, warnings: &mut Vec<String>) -> bool {
    let local = dates::parse(raw.date.trim()).filter(is_real);
    let exact = dates::parse(raw.date_gmt.trim()).filter(is_real);
    let stated = dates::parse(raw.published.trim()).filter(is_real);
    let at = exact.or(local).or(stated);
    let modified = [&raw.modified_gmt, &raw.modified];
    let modified = modified
        .into_iter()
        .find_map(|text| dates::parse(text.trim()).filter(is_real));
    let mut held = false;
    let status = match raw.status.trim() {
        "publish" | "published" | "" => State::Published,
        "draft" => State::Draft,
        "pending" => State::InReview,
        "future" if at.is_some() => State::Scheduled,
        "future" => {
            warnings.push("it is scheduled for no time, so it is a draft here".into());
            State::Draft
        }
        "private" => {
            warnings.push("it is private there, and a draft here".into());
            held = true;
            State::Draft
        }
        "trash" => {
            warnings.push("it is in the trash there, and here".into());
            held = true;
            State::Trashed
        }
        other => {
            let other: String = other.chars().take(60).collect();
            warnings.push(format!(
                "its status `{other}` is not known here, so it is a draft"
            ));
            held = true;
            State::Draft
        }
    };
    let status = if raw.password.trim().is_empty() || status == State::Trashed {
        status
    } else {
        warnings.push(
            "it is protected by a password there, and a draft here: no text here has a password"
                .into(),
        );
        held = true;
        State::Draft
    };
    article.status = Some(status);
    article.published_at = match status {
        // Of a draft without a time of its own WordPress says when it was begun.
        State::Draft | State::InReview if !held => exact,
        _ => at,
    };
    if article.published_at.is_some()
        && exact.is_none()
        && matches!(status, State::Published | State::Scheduled)
    {
        warnings.push("its time names no zone, and was taken as UTC".into());
    }
    article.updated_at = modified.or(at);
    held
}

/// `0000-00-00` is no time, and the year 1 none of a post.
fn is_real(at: &Time) -> bool {
    at.year() > 1
}

/// Slug and former slugs.
fn addresses(raw: &Raw, article: &mut ArticleInput) {
    let written = decoded(&raw.name);
    let written = written.strip_suffix("__trashed").unwrap_or(&written);
    article.slug = own_slug(written);
    let former = raw
        .fields
        .iter()
        .filter(|(name, _)| name == "_wp_old_slug")
        .map(|(_, value)| decoded(value));
    let own = article.slug.clone().unwrap_or_default();
    for alias in std::iter::once(written.to_owned()).chain(former) {
        let usable = !alias.is_empty()
            && alias != own
            && !alias.contains(['/', '?', '#'])
            && alias.chars().count() <= MAX_TITLE;
        if usable && !article.aliases.contains(&alias) && article.aliases.len() < MAX_ITEMS {
            article.aliases.push(alias);
        }
    }
}

/// Tags and authors, and what else it was sorted by.
fn names(raw: &Raw, article: &mut ArticleInput, site: &Site, warnings: &mut Vec<String>) {
    let mut tags = Vec::new();
    let mut authors = Vec::new();
    let mut others: Map<String, Value> = Map::new();
    for term in &raw.terms {
        let domain = if term.domain.is_empty() {
            "category"
        } else {
            term.domain.as_str()
        };
        match domain {
            "author" => {
                // The plugin Co-Authors Plus puts this before each.
                let login = term.slug.strip_prefix("cap-").unwrap_or(&term.slug);
                authors.extend(site.people.named(login));
            }
            "post_format" => {
                let format = term.slug.strip_prefix("post-format-").unwrap_or(&term.slug);
                article.metadata.insert("post_format".into(), json!(format));
            }
            _ => match site.terms.name_of(domain, &term.slug, &term.name) {
                Some(name) => tags.push(name),
                None if matches!(domain, "category" | "post_tag" | "tag") => {}
                None => {
                    let list = others.entry(domain.to_owned()).or_insert_with(|| json!([]));
                    if let Value::Array(list) = list {
                        list.push(json!(super::terms::plain_name(&term.name)));
                    }
                }
            },
        }
    }
    if !others.is_empty() {
        article
            .metadata
            .insert("taxonomies".into(), Value::Object(others));
    }
    if authors.is_empty() {
        authors.extend(site.people.named(&raw.creator));
    }
    add_names(&mut article.tags, &tags);
    add_names(&mut article.authors, &authors);
    for (list, what) in [
        (&mut article.tags, "tags"),
        (&mut article.authors, "authors"),
    ] {
        if list.len() > MAX_ITEMS {
            warnings.push(format!(
                "of its {} {what} the first {MAX_ITEMS} were taken",
                list.len()
            ));
            list.truncate(MAX_ITEMS);
        }
    }
}

fn field<'a>(raw: &'a Raw, wanted: &str) -> Option<&'a str> {
    let found = raw.fields.iter().find(|(name, _)| name == wanted)?;
    Some(found.1.trim()).filter(|value| !value.is_empty())
}

fn cover(raw: &Raw, article: &mut ArticleInput, site: &Site, warnings: &mut Vec<String>) {
    let Some(named) = field(raw, "_thumbnail_id") else {
        return;
    };
    let file = named.parse().ok().and_then(|id| site.attachments.get(id));
    match file.and_then(|file| Some((image_address(file.url)?, file.alt))) {
        Some((url, alt)) => {
            article.cover = Some(Cover::Link(Image {
                url,
                alt: alt.to_owned(),
                width: None,
                height: None,
            }));
        }
        None => {
            let named: String = named.chars().take(40).collect();
            warnings.push(format!("its cover, the file {named}, is not in the export"));
        }
    }
}

/// What the plugin Yoast SEO keeps, where it is no pattern.
fn seo(raw: &Raw, article: &mut ArticleInput) {
    let plain = |name: &str, most: usize| {
        let text = field(raw, name).filter(|text| !text.contains("%%"))?;
        let (text, _) = without_html(text);
        Some(text.chars().take(most).collect::<String>()).filter(|text| !text.is_empty())
    };
    article.seo.title = plain("_yoast_wpseo_title", MAX_TITLE);
    article.seo.description = plain("_yoast_wpseo_metadesc", MAX_PARAGRAPH);
    article.seo.canonical_url = field(raw, "_yoast_wpseo_canonical")
        .filter(|address| crate::articles::new::is_link(address))
        .map(str::to_owned);
    article.seo.noindex = field(raw, "_yoast_wpseo_meta-robots-noindex") == Some("1");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_a_title_gets_one() {
        let made = |html: &str, slug: &str| made_title(html, slug, "7");
        assert_eq!(
            made("<p>One two three four five six seven eight nine</p>", "x"),
            (
                "One two three four five six seven eight…".to_owned(),
                "of its first words"
            )
        );
        assert_eq!(
            made("<img>", "a-slug"),
            ("a slug".to_owned(), "of its slug")
        );
        assert_eq!(made("", ""), ("Untitled 7".to_owned(), "up"));
    }
}
