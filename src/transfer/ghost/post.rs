//! A post of Ghost as an article or a page.

use super::cards::Notes;
use super::rows::Fields;
use super::tables::{Tables, id_of, line};
use super::{lexical, mobiledoc, own_path};
use crate::articles::cover::Cover;
use crate::articles::model::{ArticleInput, Format, Image, Kind, Source, State};
use crate::articles::new::{MAX_ITEMS, MAX_PARAGRAPH, MAX_TITLE, is_link};
use crate::articles::restored::Restored;
use crate::slug;
use crate::time::Time;
use crate::transfer::html::tokens::{Token, tokens};
use crate::transfer::html::{media, too_much};
use crate::transfer::wxr::made_title;
use crate::transfer::{Item, Parsed, add_names, dates, image_address, without_html};

/// The fields whose text is long.
const TEXTS: &[&str] = &["html", "lexical", "markdown", "mobiledoc"];

/// What a post becomes.
pub(super) fn parsed(fields: &Fields, at: u64, tables: &Tables) -> Parsed {
    let id = fields.text("id").unwrap_or_default();
    let named = fields.text("slug").or_else(|| fields.text("title"));
    let named: String = named.unwrap_or_default().chars().take(120).collect();
    let page = fields.is_set("page") || fields.text("type").as_deref() == Some("page");
    let origin = format!("{} {id} ({named})", if page { "page" } else { "post" });
    if fields.is_cut(TEXTS) {
        return Parsed::Broken {
            origin,
            line: Some(at),
            reason: "its text is longer than is read".into(),
        };
    }
    let mut warnings = Vec::new();
    let (body, html) = match body(fields, &mut warnings) {
        Ok((_, html)) if too_much(&html).is_some() => {
            return Parsed::Broken {
                origin,
                line: Some(at),
                reason: too_much(&html).unwrap_or_default(),
            };
        }
        Ok(body) => body,
        Err(reason) => {
            return Parsed::Broken {
                origin,
                line: Some(at),
                reason,
            };
        }
    };
    let post = id_of(&id);
    let written = fields.text("slug").unwrap_or_default();
    let title = line(&fields.text("title").unwrap_or_default(), MAX_TITLE);
    let title = if title.is_empty() || title == "(Untitled)" {
        let (made, of) = made_title(&html, &written, &id);
        warnings.push(format!("it has no title: `{made}` was made {of}"));
        made
    } else {
        title
    };
    let mut article = ArticleInput::new(title);
    article.kind = if page { Kind::Page } else { Kind::Article };
    article.external_id = Some(key(&id, &written, &article.title));
    let held = state(fields, &mut article, &mut warnings);
    article.slug = slug::slugify(&written);
    if !written.is_empty() && article.slug.as_deref() != Some(&written) {
        article
            .aliases
            .push(written.chars().take(MAX_TITLE).collect());
    }
    article.body = Some(body);
    article.featured = fields.is_set("featured");
    let excerpt = fields
        .text("custom_excerpt")
        .map(|text| without_html(&text).0);
    article.standfirst = excerpt.map(|text| text.chars().take(MAX_PARAGRAPH).collect());
    names(fields, &mut article, post, tables, &mut warnings);
    cover(fields, &mut article, post, tables, &mut warnings);
    seo(fields, &mut article, post, tables);
    let mut redirects: Vec<String> = Vec::new();
    if !held {
        redirects.extend_from_slice(tables.former_of(post));
        let dated = tables.permalinks.as_deref().filter(|_| !page);
        redirects
            .extend(dated.and_then(|pattern| address(pattern, &written, article.published_at?)));
    }
    Parsed::Article(Box::new(Item {
        origin,
        article,
        restored: Restored::default(),
        redirects,
        held,
        warnings,
    }))
}

fn key(id: &str, slug: &str, title: &str) -> String {
    let own = [id, slug, title].into_iter().find(|text| !text.is_empty());
    own.unwrap_or_default().chars().take(MAX_TITLE).collect()
}

/// The text, and the same as HTML as far as a title can be made of it: HTML where there is some, else what the editor kept.
fn body(fields: &Fields, warnings: &mut Vec<String>) -> Result<(Source, String), String> {
    let html = |text: &str| {
        let text = media::as_links(&without_comments(&own_path(text)));
        let source = Source {
            format: Format::Html,
            text: text.clone(),
        };
        (source, text)
    };
    if let Some(text) = fields.text("html") {
        return Ok(html(&text));
    }
    let mut notes = Notes::default();
    let made = if let Some(json) = fields.text("lexical") {
        lexical::html(&json, &mut notes)?
    } else if let Some(json) = fields.text("mobiledoc") {
        mobiledoc::html(&json, &mut notes)?
    } else if let Some(text) = fields.text("markdown") {
        let text = own_path(&text);
        let start = text.get(..text.floor_char_boundary(8 * 1024)).unwrap_or("");
        let shown = crate::articles::render::render(Format::Markdown, start).html;
        let source = Source {
            format: Format::Markdown,
            text,
        };
        return Ok((source, shown));
    } else {
        warnings.push("it has no text".into());
        String::new()
    };
    warnings.extend(notes.into_sentences());
    Ok(html(&made))
}

fn without_comments(html: &str) -> String {
    if !html.contains("<!--") {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    let mut row = tokens(html);
    while let Some(token) = row.next() {
        match token {
            Token::Comment(_) => {}
            Token::Text(text) => out.push_str(text),
            Token::Tag(tag) => {
                out.push_str(tag.raw);
                if !tag.closes && tag.is_one_of(&["pre", "script", "style"]) {
                    out.push_str(row.until_end_of(tag.name));
                }
            }
        }
    }
    out
}

fn time(fields: &Fields, name: &str) -> Option<Time> {
    let text = fields.text(name)?;
    match text.trim().parse::<i64>() {
        // Old exports count milliseconds.
        Ok(millis) => Time::from_millis(millis),
        Err(_) => dates::parse(&text).filter(|at| at.year() > 1),
    }
}

/// State and times. Answers whether it must not come out, whatever is asked for: a text for members is none for all.
fn state(fields: &Fields, article: &mut ArticleInput, warnings: &mut Vec<String>) -> bool {
    let at = time(fields, "published_at");
    let created = time(fields, "created_at");
    let mut held = false;
    let mut status = match fields.text("status").unwrap_or_default().as_str() {
        "published" => State::Published,
        "draft" | "" => State::Draft,
        "scheduled" if at.is_some() => State::Scheduled,
        "scheduled" => {
            warnings.push("it is scheduled for no time, so it is a draft here".into());
            State::Draft
        }
        "sent" => {
            warnings.push("it was sent by e-mail alone, and is a draft here".into());
            held = true;
            State::Draft
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
    if fields.is_set("email_only") && !held {
        warnings.push("it is for e-mail alone, and a draft here".into());
        held = true;
        status = State::Draft;
    }
    let visibility = fields.text("visibility").unwrap_or_default();
    if !matches!(visibility.as_str(), "" | "public") {
        let visibility: String = visibility.chars().take(60).collect();
        warnings.push(format!(
            "not everybody may read it there (`{visibility}`), so it is a draft here"
        ));
        held = true;
        status = State::Draft;
    }
    article.status = Some(status);
    article.published_at = match status {
        State::Draft if !held => at,
        _ => at.or(created),
    };
    article.updated_at = time(fields, "updated_at").or(created);
    held
}

fn names(
    fields: &Fields,
    article: &mut ArticleInput,
    post: u64,
    tables: &Tables,
    warnings: &mut Vec<String>,
) {
    let (tags, internal) = tables.tags_of(post);
    add_names(&mut article.tags, &tags);
    if !internal.is_empty() {
        warnings.push(format!(
            "internal tags, which are not public, were left out: {}",
            internal.join(", ")
        ));
    }
    let author = fields.text("author_id");
    add_names(
        &mut article.authors,
        &tables.authors_of(post, author.as_deref()),
    );
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

fn said(fields: &Fields, post: u64, tables: &Tables, name: &str) -> Option<String> {
    // Old versions keep it with the post.
    fields
        .text(name)
        .or_else(|| tables.meta_of(post, name).map(str::to_owned))
}

fn cover(
    fields: &Fields,
    article: &mut ArticleInput,
    post: u64,
    tables: &Tables,
    warnings: &mut Vec<String>,
) {
    let named = fields
        .text("feature_image")
        .or_else(|| fields.text("image"));
    let Some(named) = named else { return };
    match image_address(&own_path(&named)).filter(|url| is_link(url)) {
        Some(url) => {
            let alt = said(fields, post, tables, "feature_image_alt");
            article.cover = Some(Cover::Link(Image {
                url,
                alt: alt.map(|alt| line(&alt, MAX_PARAGRAPH)).unwrap_or_default(),
                width: None,
                height: None,
            }));
        }
        None => warnings.push("its cover has no address that could be shown".into()),
    }
}

fn seo(fields: &Fields, article: &mut ArticleInput, post: u64, tables: &Tables) {
    let of = |names: [&str; 2], most: usize| {
        let found = names
            .into_iter()
            .find_map(|name| said(fields, post, tables, name))?;
        Some(line(&found, most)).filter(|text| !text.is_empty())
    };
    article.seo.title = of(["meta_title", "og_title"], MAX_TITLE);
    article.seo.description = of(["meta_description", "og_description"], MAX_PARAGRAPH);
    article.seo.canonical_url = fields
        .text("canonical_url")
        .map(|address| own_path(address.trim()))
        .filter(|address| is_link(address));
    article.seo.image = said(fields, post, tables, "og_image")
        .and_then(|address| image_address(&own_path(&address)))
        .filter(|address| is_link(address));
}

/// The former path of a post, by a pattern such as `/:year/:month/:day/:slug/`.
fn address(pattern: &str, slug: &str, at: Time) -> Option<String> {
    let date = at.to_string();
    let part = |range: std::ops::Range<usize>| date.get(range).unwrap_or_default();
    let path = pattern
        .replace(":year", part(0..4))
        .replace(":month", part(5..7))
        .replace(":day", part(8..10))
        .replace(":slug", slug);
    crate::transfer::site_path(&path)
}
