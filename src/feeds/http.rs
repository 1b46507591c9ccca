//! The feeds over HTTP.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, get, web};
use sha2::{Digest, Sha256};
use url::Url;
use utoipa::IntoParams;

use super::absolute;
use super::json::JsonFeed;
use super::model::{Entry, Feed, FeedFormat};
use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::http::query::{TextForm, locale};
use crate::articles::http::text_path;
use crate::articles::model::{Article, Kind};
use crate::articles::store::{Filter, Sort};
use crate::db::Conn;
use crate::db::page::Page;
use crate::error::{Error, Result};
use crate::http::error::Refusal;
use crate::http::query::{DEFAULT_LIMIT, Query};
use crate::http::respond::Answer;
use crate::{articles, authors, site, tags};

/// The parameters of a feed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `wanted` reads it")]
struct FeedQuery {
    /// Only articles that carry this tag: a slug, name, alias or id.
    #[param(min_length = 1)]
    tag: Option<String>,
    /// Only articles of this author: a slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// Only articles in this locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Articles at most, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// What a feed is asked for.
struct Wanted {
    format: FeedFormat,
    tag: Option<String>,
    author: Option<String>,
    locale: Option<String>,
    limit: Option<u32>,
}

/// Get a feed of articles
///
/// The newest published articles with their whole text, as RSS 2.0, Atom or JSON Feed 1.1. Addresses in it are absolute;
/// those that are not configured are left out.
#[utoipa::path(
    tag = "Feeds",
    params(
        ("format" = inline(FeedFormat), Path, description = "The format", example = "atom"),
        FeedQuery,
    ),
    responses((status = 200, description = "The feed", content(
        (String = "application/rss+xml"),
        (String = "application/atom+xml"),
        (JsonFeed = "application/feed+json"),
    )))
)]
#[get("/v1/feeds/articles.{format:rss|atom|json}")]
pub(crate) async fn get_feed(
    request: HttpRequest,
    app: web::Data<App>,
    format: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    let format = FeedFormat::from_name(&format).ok_or(Error::NotFound("feed"))?;
    let mut query = Query::parse(request.query_string());
    let wanted = wanted(&mut query, &app, format);
    query.finish()?;

    let change = app.db.public_change();
    // Texts of any length are read, resolved and escaped: work for the pool.
    let of = web::Data::clone(&app);
    let read = move |conn: &mut Conn| format.write(&feed(conn, &of, &wanted)?);
    let bytes = app.db.read(read).await?;
    Answer::bytes(bytes, HeaderValue::from_static(format.media_type()))
        .at(change)
        // Pages too: they may make public what a name in the query means.
        .depends_on("list-articles list-authors list-pages list-tags site")
        .to(&request)
}

fn wanted(query: &mut Query, app: &App, format: FeedFormat) -> Wanted {
    Wanted {
        format,
        tag: query.one("tag", |text| Ok(text.to_owned())),
        author: query.one("author", |text| Ok(text.to_owned())),
        locale: locale(query, app),
        limit: query.limit(),
    }
}

/// The feed that is wanted.
fn feed(conn: &mut Conn, app: &App, wanted: &Wanted) -> Result<Feed> {
    let (mut names, mut filter) = (Vec::new(), Filter::default());
    let mut query = Vec::new();
    let mut name = vec!["masthead feed".to_owned(), base(app)];
    if let Some(key) = &wanted.tag {
        let found = tags::store::find_public(conn, key)?.map(|tag| tag.id);
        let tag = tags::store::public_refs(conn, found.as_slice())?.pop();
        let tag = tag.ok_or(Error::NotFound("tag"))?;
        filter.tags.push(tag.id.to_string());
        query.push(format!("tag={}", tag.slug));
        name.push(format!("tag {}", tag.id));
        names.push(tag.name);
    }
    if let Some(key) = &wanted.author {
        let found = authors::store::find_public(conn, key)?.map(|author| author.id);
        let author = authors::store::public_refs(conn, found.as_slice())?.pop();
        let author = author.ok_or(Error::NotFound("author"))?;
        filter.author = Some(author.id.to_string());
        query.push(format!("author={}", author.slug));
        name.push(format!("author {}", author.id));
        names.push(author.name);
    }
    if let Some(locale) = &wanted.locale {
        filter.locale = Some(locale.clone());
        query.push(format!("locale={locale}"));
        name.push(format!("locale {locale}"));
    }
    query.extend(wanted.limit.map(|limit| format!("limit={limit}")));

    let page = Page::first(wanted.limit.unwrap_or(DEFAULT_LIMIT));
    let (kind, sort) = (Kind::Article, Sort::Newest);
    let found = articles::store::list(conn, kind, &filter, sort, &page, shown())?;
    let settings = site::store::get(conn)?;
    let home = app.site_url.as_ref().map(|site| format!("{site}/"));
    let root = home.as_deref().and_then(|home| Url::parse(home).ok());
    let publication = settings.name.trim();
    let publication = match (publication, &root) {
        ("", Some(root)) => root.host_str().unwrap_or("Articles"),
        ("", None) => "Articles",
        (name, _) => name,
    };
    let title = match names.as_slice() {
        [] => publication.to_owned(),
        names => format!("{publication}: {}", names.join(", ")),
    };
    let described = settings.description.or(settings.tagline);
    let path = format!("/v1/feeds/articles.{}", wanted.format.as_str());
    let path = match query.as_slice() {
        [] => path,
        query => format!("{path}?{}", query.join("&")),
    };
    Ok(Feed {
        id: urn(&name.join("\n")),
        description: described
            .filter(|text| !text.trim().is_empty())
            .unwrap_or_else(|| title.clone()),
        publication: publication.to_owned(),
        title,
        language: wanted
            .locale
            .clone()
            .unwrap_or_else(|| app.rules.default_locale().to_owned()),
        address: app.public_url.as_ref().map(|api| format!("{api}{path}")),
        logo: settings
            .logo
            .and_then(|logo| absolute::address(&logo.url, root.as_ref())),
        home,
        entries: found
            .items
            .into_iter()
            .filter_map(|article| entry(article, app))
            .collect(),
    })
}

/// What stands in for a name of the site, which it has none of: its address, or else its database.
fn base(app: &App) -> String {
    let address = app.site_url.clone().or_else(|| app.public_url.clone());
    address.unwrap_or_else(|| app.db.epoch().to_string())
}

/// A name that stays as long as what it is made of: a UUID version 8 (RFC 9562 section 5.8).
fn urn(name: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(name).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    format!("urn:uuid:{id}")
}

/// What an entry is made of.
fn shown() -> Selection {
    Selection::of([
        Field::Slug,
        Field::Locale,
        Field::Title,
        Field::Standfirst,
        Field::Excerpt,
        Field::Cover,
        Field::ContentNotice,
        Field::Audience,
        Field::PublishedAt,
        Field::UpdatedAt,
        Field::Body,
        Field::Tags,
        Field::Authors,
    ])
}

/// The entry of an article: its link leads to the website, and where that is not known, to the article's HTML here.
fn entry(mut article: Article, app: &App) -> Option<Entry> {
    if let Some(Some(cover)) = &mut article.cover {
        cover.place(&app.media_url);
    }
    let (locale, slug) = (article.locale.as_deref()?, article.slug.as_deref()?);
    let page = app.site_url.as_ref().map(|_| app.url_of(locale, slug));
    let here = || {
        let api = app.public_url.as_ref()?;
        let path = text_path(app, Kind::Article, locale, slug, TextForm::Html);
        Some(format!("{api}{path}"))
    };
    let link = page.clone().or_else(here);
    let page = page.and_then(|page| Url::parse(&page).ok());
    Entry::new(article, link, page.as_ref())
}
