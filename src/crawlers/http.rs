//! What is asked for at the root of a site.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, get, web};
use url::Url;

use super::llms::{self, Linked};
use super::sitemap::{self, Listed, MOST, PART, Sitemap};
use crate::app::App;
use crate::articles::cover::ShownCover;
use crate::articles::fields::{Field, Selection};
use crate::articles::http::query::TextForm;
use crate::articles::http::text_path;
use crate::articles::model::{Article, Kind, Seo};
use crate::articles::store::{self, Address, AddressPlace, Filter, Sort};
use crate::db::Conn;
use crate::db::page::Page;
use crate::error::{Error, Result};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::site;

const XML: HeaderValue = HeaderValue::from_static("application/xml; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What these show: every text, and the name of the site.
const DEPENDS_ON: &str = "list-articles list-pages site";

/// Articles, and pages, that `llms.txt` names.
const NAMED: u32 = 100;

/// Get the sitemap
///
/// The addresses of all published articles and pages on the website, or an index of such sitemaps where they are more than
/// 50,000. Wants the website's address to be configured.
#[utoipa::path(
    tag = "Feeds",
    responses((status = 200, description = "The sitemap or its index", content((String = "application/xml"))))
)]
#[get("/sitemap.xml")]
pub(crate) async fn get_sitemap(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let site = website(&app)?;
    let change = app.db.public_change();
    let of = web::Data::clone(&app);
    let read = move |conn: &mut Conn| {
        let total = total(conn)?;
        let whole = if total > MOST {
            None
        } else {
            urlset(conn, &of, &site, 0, MOST)?
        };
        whole.map_or_else(|| index(&of, &site, total), Ok)
    };
    let bytes = app.db.read(read).await?;
    Answer::bytes(bytes, XML)
        .at(change)
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// Get a part of the sitemap
///
/// One of those that the index names, of 10,000 addresses at most. The oldest texts stand in the first.
#[utoipa::path(
    tag = "Feeds",
    params(("number" = String, Path, description = "Which, from 1", pattern = "^[1-9][0-9]{0,9}$", example = "1")),
    responses((status = 200, description = "The part", content((String = "application/xml"))))
)]
#[get("/sitemaps/{number:[1-9][0-9]*}.xml")]
pub(crate) async fn get_sitemap_part(
    request: HttpRequest,
    app: web::Data<App>,
    number: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let site = website(&app)?;
    let unknown = || Error::NotFound("part of the sitemap");
    let number: u32 = number.parse().map_err(|_too_great| unknown())?;
    let first = i64::from(number - 1) * PART;
    let change = app.db.public_change();
    let of = web::Data::clone(&app);
    let read = move |conn: &mut Conn| {
        if number > 1 && first >= total(conn)? {
            return Err(unknown());
        }
        let part = urlset(conn, &of, &site, first, PART)?;
        part.ok_or_else(|| Error::internal("a part of the sitemap is too long"))
    };
    let bytes = app.db.read(read).await?;
    Answer::bytes(bytes, XML)
        .at(change)
        .depends_on(DEPENDS_ON)
        .to(&request)
}

/// Get robots.txt
///
/// What crawlers may read (RFC 9309): all of it, or nothing, as the server is set up; and where the sitemap is.
#[utoipa::path(
    tag = "Feeds",
    responses((status = 200, description = "The rules", content((String = "text/plain"))))
)]
#[get("/robots.txt")]
pub(crate) async fn get_robots(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let text = match &app.site_url {
        _ if app.robots_denied => "User-agent: *\nDisallow: /\n".to_owned(),
        None => "User-agent: *\nAllow: /\n".to_owned(),
        Some(site) => {
            let sitemap = here(&app, site, "/sitemap.xml");
            format!("User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n")
        }
    };
    Answer::bytes(text, TEXT).depends_on("").to(&request)
}

/// Get llms.txt
///
/// The site for language models (llmstxt.org): what it is, its newest articles and its pages, with links to their Markdown.
#[utoipa::path(
    tag = "Feeds",
    responses((status = 200, description = "The site in Markdown", content((String = "text/plain"))))
)]
#[get("/llms.txt")]
pub(crate) async fn get_llms(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.public_change();
    let of = web::Data::clone(&app);
    let text = app.db.read(move |conn| llms(conn, &of)).await?;
    Answer::bytes(text, TEXT)
        .at(change)
        .depends_on(DEPENDS_ON)
        .to(&request)
}

fn llms(conn: &mut Conn, app: &App) -> Result<String> {
    let settings = site::store::get(conn)?;
    let name = match settings.name.trim() {
        "" => app.site_url.as_deref().unwrap_or("Articles"),
        name => name,
    };
    let description = settings.description.or(settings.tagline);
    let sections = [
        ("Articles", linked(conn, app, Kind::Article)?),
        ("Pages", linked(conn, app, Kind::Page)?),
        ("Optional", more(app)),
    ];
    let description = description.unwrap_or_default();
    Ok(llms::write(name, &description, &sections))
}

/// The newest of a kind, but for those that ask not to be found.
fn linked(conn: &mut Conn, app: &App, kind: Kind) -> Result<Vec<Linked>> {
    let show = Selection::of([Field::Title, Field::Standfirst, Field::Excerpt, Field::Seo]);
    let page = Page::first(NAMED);
    let filter = Filter::default();
    let found = store::list(conn, kind, &filter, Sort::Newest, &page, show)?;
    let link = |article: Article| {
        let seo: Option<Seo> = article
            .seo
            .and_then(|seo| serde_json::from_str(seo.get()).ok());
        if seo.is_some_and(|seo| seo.noindex) {
            return None;
        }
        let (locale, slug) = (article.locale?, article.slug?);
        let path = text_path(app, kind, &locale, &slug, TextForm::Md);
        Some(Linked {
            title: article.title?,
            url: app.api_url(&path),
            about: article
                .standfirst
                .flatten()
                .or(article.excerpt)
                .unwrap_or_default(),
        })
    };
    Ok(found.items.into_iter().filter_map(link).collect())
}

/// Where the rest is.
fn more(app: &App) -> Vec<Linked> {
    let link = |title: &str, path: &str, about: &str| Linked {
        title: title.to_owned(),
        url: app.api_url(path),
        about: about.to_owned(),
    };
    vec![
        link(
            "All articles",
            "/v1/articles?include=text",
            "a list in JSON, page by page, with their texts",
        ),
        link(
            "The newest articles",
            "/v1/feeds/articles.atom",
            "a feed, with their texts",
        ),
        link(
            "The API",
            "/v1/openapi.json",
            "its OpenAPI document, with search",
        ),
    ]
}

/// The website's address, which sitemaps cannot do without.
fn website(app: &App) -> Result<String, Problem> {
    app.site_url.clone().ok_or_else(|| {
        let detail = "a sitemap has the website's addresses, and the server does not know where that is; \
                      set --site-url or MASTHEAD_SITE_URL";
        Problem::new(Code::NotFound, detail)
    })
}

/// An address of what this server answers at the root of a site. Where its own is not configured, the website hands it on.
fn here(app: &App, site: &str, path: &str) -> String {
    format!("{}{path}", app.public_url.as_deref().unwrap_or(site))
}

/// How many texts are published.
fn total(conn: &mut Conn) -> Result<i64> {
    store::published_count(conn)
}

/// How many parts the sitemap has; where it needs none there is one all the same.
///
/// # Errors
/// When the database fails.
pub(crate) fn sitemap_parts(conn: &mut Conn) -> Result<i64> {
    total(conn).map(parts)
}

fn parts(total: i64) -> i64 {
    (total.max(1) - 1) / PART + 1
}

fn index(app: &App, site: &str, total: i64) -> Result<Vec<u8>> {
    let parts =
        (1..=parts(total)).map(|number| here(app, site, &format!("/sitemaps/{number}.xml")));
    sitemap::index(parts)
}

/// The sitemap of `most` texts from the one that so many come before: articles, then pages. None where it would be too long.
fn urlset(
    conn: &mut Conn,
    app: &App,
    site: &str,
    before: i64,
    most: i64,
) -> Result<Option<Vec<u8>>> {
    let mut walk = Walk::new(conn, before, most)?;
    let mut sitemap = Sitemap::begin()?;
    while let Some(run) = walk.next(conn)? {
        for listed in listed(conn, app, &run)? {
            if !sitemap.push(&listed)? {
                return Ok(None);
            }
        }
    }
    sitemap.end(&format!("{site}/")).map(Some)
}

/// A walk over published texts, the oldest article first and the newest page last.
struct Walk {
    kind: Kind,
    after: Option<AddressPlace>,
    left: i64,
}

impl Walk {
    fn new(conn: &mut Conn, before: i64, most: i64) -> Result<Self> {
        let mut walk = Self {
            kind: Kind::Article,
            after: None,
            left: most,
        };
        if before == 0 {
            return Ok(walk);
        }
        let articles = store::count(conn, Kind::Article, &Filter::default())?;
        let before = if before < articles {
            before
        } else {
            walk.kind = Kind::Page;
            before - articles
        };
        if before > 0 {
            walk.after = store::address_place(conn, walk.kind, before - 1)?;
        }
        Ok(walk)
    }

    /// The next few, or none at the end.
    fn next(&mut self, conn: &mut Conn) -> Result<Option<Vec<Address>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let run = store::addresses(conn, self.kind, self.after, self.left)?;
        if let Some(last) = run.last() {
            self.after = Some((last.published_at, last.id));
            self.left -= i64::try_from(run.len()).unwrap_or(self.left);
            return Ok(Some(run));
        }
        if self.kind == Kind::Page {
            return Ok(None);
        }
        (self.kind, self.after) = (Kind::Page, None);
        self.next(conn)
    }
}

/// What the sitemap says of these: nothing of those that ask not to be found, or to be found elsewhere.
fn listed(conn: &mut Conn, app: &App, run: &[Address]) -> Result<Vec<Listed>> {
    let translations = if app.rules.locales.len() > 1 {
        store::translations_of(conn, run)?
    } else {
        Vec::new()
    };
    let ids: Vec<_> = run.iter().chain(&translations).map(|of| of.id).collect();
    let said = store::said_to_search_engines(conn, &ids)?;
    let stored = run.iter().map(|of| of.cover.clone()).collect();
    let covers = store::covers(conn, stored)?;
    let url = |of: &Address| app.url_of(&of.locale, &of.slug);
    let is_listed = |of: &Address| {
        let at = said.binary_search_by_key(&of.id, |(id, _)| *id).ok();
        let own = at.and_then(|at| said.get(at));
        own.is_none_or(|(_, seo)| {
            !seo.noindex
                && seo
                    .canonical_url
                    .as_ref()
                    .is_none_or(|canonical| *canonical == url(of))
        })
    };
    let listed = |(of, shown): (&Address, Option<ShownCover>)| {
        let own = url(of);
        let mut others: Vec<(String, String)> = vec![(of.locale.clone(), own.clone())];
        if of.translation_key.is_some() {
            let key = |other: &&Address| other.translation_key == of.translation_key;
            for other in translations
                .iter()
                .filter(key)
                .filter(|other| is_listed(other))
            {
                // A language has one address; the first of several is as good as any.
                if others.iter().all(|(locale, _)| *locale != other.locale) {
                    others.push((other.locale.clone(), url(other)));
                }
            }
        }
        others.sort_unstable();
        Listed {
            changed: Some(of.updated_at.max(of.published_at)),
            image: shown.and_then(|shown| cover(shown, app, &own)),
            url: own,
            translations: if others.len() > 1 { others } else { Vec::new() },
        }
    };
    let own = run.iter().zip(covers);
    Ok(own.filter(|(of, _)| is_listed(of)).map(listed).collect())
}

/// The address of a cover, seen from the page that shows it.
fn cover(mut shown: ShownCover, app: &App, page: &str) -> Option<String> {
    shown.place(&app.media_url);
    let cover = shown.image().ok()?;
    let url = Url::options()
        .base_url(Url::parse(page).ok().as_ref())
        .parse(&cover.url)
        .ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}
