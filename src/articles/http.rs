//! Articles and pages for readers.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::IntoParams;

use super::fields::{Field, Selection};
use super::model::{Article, Audience, Kind};
use super::store::{self, Filter, Lookup, Sort};
use super::text_forms;
use crate::app::App;
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, boolean, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;

/// The parameters of a list of articles.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `read_list` reads it")]
struct ArticleListQuery {
    /// A tag by slug, name or id. Repeat it for articles that carry all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// A tag by slug, name or id. Repeat it for articles that carry at least one of them.
    #[param(max_items = 20, min_length = 1)]
    any_tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Published at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<String>,
    /// Published before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// All but these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    exclude: Option<Vec<uuid::Uuid>>,
    /// The order; ties by id. Default `-published_at`.
    #[param(inline)]
    sort: Option<SortName>,
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page in the same order. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The parameters of a single article.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `read_one` reads it")]
struct ArticleQuery {
    /// The locale, where several have the slug; else the site's first that has it is meant.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas: markdown and text are left out otherwise.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// The parameters of a text form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `read_one` reads it")]
struct TextFormQuery {
    /// The locale, where several have the slug; else the site's first that has it is meant.
    #[param(min_length = 1)]
    locale: Option<String>,
}

/// The orders, as the document names them.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents `Sort`; a test compares the two")]
enum SortName {
    #[schema(rename = "-published_at")]
    Newest,
    #[schema(rename = "published_at")]
    Oldest,
    #[schema(rename = "-updated_at")]
    LastUpdated,
    #[schema(rename = "title")]
    Title,
}

/// What `include` may name, as the document lists it.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "documents `Field::INCLUDES`; a test compares the two"
)]
enum Include {
    Body,
    Markdown,
    Text,
    Toc,
    Tags,
    Authors,
    Seo,
    Metadata,
    Translations,
}

/// List articles
///
/// The published articles, newest first, with cursors in both directions. What is short is shown; bodies, tags and
/// authors on request by `include`.
#[utoipa::path(
    tag = "Articles",
    params(ArticleListQuery),
    responses((status = 200, description = "One page of articles", body = List<Article>, headers(("Link" = String))))
)]
#[get("/v1/articles")]
pub(crate) async fn list_articles(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Article).await
}

/// List pages
///
/// The published standing pages, such as "About".
#[utoipa::path(
    tag = "Pages",
    params(ArticleListQuery),
    responses((status = 200, description = "One page of pages", body = List<Article>, headers(("Link" = String))))
)]
#[get("/v1/pages")]
pub(crate) async fn list_pages(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    list(&request, &app, Kind::Page).await
}

/// Get an article
///
/// By slug or id. A former slug is answered by 308 to the present one, the query kept.
#[utoipa::path(
    tag = "Articles",
    params(("key" = String, Path, description = "A slug or an id", example = "closeness-after-trauma"), ArticleQuery),
    responses(
        (status = 200, description = "The article", body = Article),
        (status = 308, description = "It has another slug now", headers(("Location" = String))),
    )
)]
#[get("/v1/articles/{key}")]
pub(crate) async fn get_article(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_one(&request, &app, Kind::Article, key.into_inner()).await
}

/// Get a page
///
/// By slug or id. A former slug is answered by 308 to the present one, the query kept.
#[utoipa::path(
    tag = "Pages",
    params(("key" = String, Path, description = "A slug or an id", example = "about"), ArticleQuery),
    responses(
        (status = 200, description = "The page", body = Article),
        (status = 308, description = "It has another slug now", headers(("Location" = String))),
    )
)]
#[get("/v1/pages/{key}")]
pub(crate) async fn get_page(
    request: HttpRequest,
    app: web::Data<App>,
    key: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    get_one(&request, &app, Kind::Page, key.into_inner()).await
}

/// Get an article as text
///
/// As Markdown with front matter (`.md`), plain text (`.txt`) or its sanitised HTML alone (`.html`).
#[utoipa::path(
    tag = "Articles",
    params(
        ("key" = String, Path, description = "A slug or an id", example = "closeness-after-trauma"),
        ("form" = inline(TextForm), Path, description = "The form", example = "md"),
        TextFormQuery,
    ),
    responses(
        (status = 200, description = "The text", content(
            (String = "text/markdown"), (String = "text/plain"), (String = "text/html"),
        )),
        (status = 308, description = "It has another slug now", headers(("Location" = String))),
    )
)]
#[get("/v1/articles/{key}.{form:md|txt|html}")]
pub(crate) async fn get_article_text(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    get_text(&request, &app, Kind::Article, path.into_inner()).await
}

/// Get a page as text
///
/// As Markdown with front matter (`.md`), plain text (`.txt`) or its sanitised HTML alone (`.html`).
#[utoipa::path(
    tag = "Pages",
    params(
        ("key" = String, Path, description = "A slug or an id", example = "about"),
        ("form" = inline(TextForm), Path, description = "The form", example = "md"),
        TextFormQuery,
    ),
    responses(
        (status = 200, description = "The text", content(
            (String = "text/markdown"), (String = "text/plain"), (String = "text/html"),
        )),
        (status = 308, description = "It has another slug now", headers(("Location" = String))),
    )
)]
#[get("/v1/pages/{key}.{form:md|txt|html}")]
pub(crate) async fn get_page_text(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    get_text(&request, &app, Kind::Page, path.into_inner()).await
}

/// The forms of a text besides JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum TextForm {
    /// Markdown with front matter.
    Md,
    /// Plain text.
    Txt,
    /// The sanitised body.
    Html,
}

crate::names::names!(TextForm { Md => "md", Txt => "txt", Html => "html" });

async fn list(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| one_of(text, Sort::ALL, Sort::as_str))
        .unwrap_or(Sort::Newest);
    let page = query.page(sort.as_str());
    let filter = read_filter(&mut query, app);
    let show = read_selection(&mut query, Selection::summary());
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.public_change();
    let indexed = !count && store::is_indexed(&filter, sort, &page);
    let asked = page.clone();
    let read = move |conn: &mut _| {
        let mut slice = store::list(conn, kind, &filter, sort, &asked, show)?;
        if count {
            slice.total = Some(store::count(conn, kind, &filter)?);
        }
        Ok(slice)
    };
    let mut slice = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    for article in &mut slice.items {
        present(article, app, show);
    }
    let (list, link) = List::new(slice, &page, app, request);
    Answer::json(&list)?.at(change).linked(link).to(request)
}

fn read_filter(query: &mut Query, app: &App) -> Filter {
    Filter {
        tags: query.many("tag", 20),
        any_tags: query.many("any_tag", 20),
        author: query.one("author", |text| Ok(text.to_owned())),
        locale: read_locale(query, app),
        featured: query.one("featured", boolean),
        audience: query.one("audience", |text| {
            one_of(text, Audience::ALL, Audience::as_str)
        }),
        published_after: query.one("published_after", parsed),
        published_before: query.one("published_before", parsed),
        ids: query.many_of("id", 100, parsed::<Id>),
        exclude: query.many_of("exclude", 100, parsed::<Id>),
    }
}

fn read_locale(query: &mut Query, app: &App) -> Option<String> {
    query.one("locale", |text| {
        let known = app
            .rules
            .locales
            .iter()
            .find(|locale| locale.as_str() == text);
        known.cloned().ok_or_else(|| {
            (
                FaultCode::NotAllowed,
                format!(
                    "`{text}` is none of the site's locales: {}",
                    app.rules.locales.join(", ")
                ),
            )
        })
    })
}

fn read_selection(query: &mut Query, default: Selection) -> Selection {
    let named = |text: &str, all: &[Field]| -> Result<Vec<Field>, _> {
        text.split(',')
            .map(|name| one_of(name.trim(), all, Field::as_str))
            .collect()
    };
    let fields = query.one("fields", |text| named(text, Field::ALL));
    let include = query
        .one("include", |text| named(text, Field::INCLUDES))
        .unwrap_or_default();
    fields.map_or(default, Selection::of).with(&include)
}

async fn get_one(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    key: String,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let locale = read_locale(&mut query, app);
    let show = read_selection(&mut query, Selection::full());
    query.finish()?;

    let change = app.db.public_change();
    let mut article = read_one(request, app, kind, &key, locale, show, "").await?;
    present(&mut article, app, show);
    Answer::json(&article)?.at(change).to(request)
}

async fn get_text(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    (key, form): (String, String),
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let locale = read_locale(&mut query, app);
    query.finish()?;
    let form = TextForm::from_name(&form).ok_or(Error::NotFound(kind.as_str()))?;
    let (show, content_type) = match form {
        TextForm::Md => (
            Selection::full().with(&[Field::Markdown]),
            "text/markdown; charset=utf-8",
        ),
        TextForm::Txt => (
            Selection::of([
                Field::Title,
                Field::Subtitle,
                Field::Standfirst,
                Field::Text,
            ]),
            "text/plain; charset=utf-8",
        ),
        TextForm::Html => (Selection::of([Field::Body]), "text/html; charset=utf-8"),
    };

    let change = app.db.public_change();
    let mut article = read_one(
        request,
        app,
        kind,
        &key,
        locale,
        show,
        &format!(".{}", form.as_str()),
    )
    .await?;
    present(&mut article, app, show);
    let text = match form {
        TextForm::Md => text_forms::markdown(&article)?,
        TextForm::Txt => text_forms::plain(&article),
        TextForm::Html => article.body.unwrap_or_default(),
    };
    Answer::bytes(text, HeaderValue::from_static(content_type))
        .at(change)
        .to(request)
}

async fn read_one(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    key: &str,
    locale: Option<String>,
    show: Selection,
    suffix: &str,
) -> Result<Article, Refusal> {
    let lookup = Lookup {
        kind,
        locale,
        locales: app.rules.locales.clone(),
    };
    let found = match key.parse::<Id>() {
        Ok(id) => {
            app.db
                .read_indexed(move |conn| store::by_id(conn, id, &lookup, show))
                .await
        }
        Err(_not_an_id) => {
            let slug = key.to_owned();
            app.db
                .read_indexed(move |conn| store::by_slug(conn, &slug, &lookup, show))
                .await
        }
    };
    match found {
        Ok(article) => Ok(article),
        Err(Error::Moved { slug, locale }) => {
            let mut location = app.api_url(&format!("/v1/{}s/{slug}{suffix}", kind.as_str()));
            let kept = request
                .query_string()
                .split('&')
                .filter(|pair| !pair.is_empty());
            // The locale asked for was that of the former slug.
            let kept = kept.filter(|pair| locale.is_none() || !pair.starts_with("locale="));
            let there = locale.as_ref().map(|locale| format!("locale={locale}"));
            let query: Vec<&str> = kept.chain(there.as_deref()).collect();
            if !query.is_empty() {
                location.push('?');
                location.push_str(&query.join("&"));
            }
            Err(Refusal::Moved(location))
        }
        Err(error) => Err(error.into()),
    }
}

/// Adds the address, and takes away what it was made of where that was not asked for.
fn present(article: &mut Article, app: &App, show: Selection) {
    if show.has(Field::Url) {
        let (locale, slug) = (article.locale.as_deref(), article.slug.as_deref());
        article.url = locale
            .zip(slug)
            .map(|(locale, slug)| app.url_of(locale, slug));
    }
    if !show.has(Field::Slug) {
        article.slug = None;
    }
    if !show.has(Field::Locale) {
        article.locale = None;
    }
}
