//! Articles and pages for readers.

pub mod edit;
pub(crate) mod input;
mod list;
pub mod query;
pub mod retag;
pub mod review;
pub mod revisions;
pub mod schedule;
pub mod working_copies;

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, get, web};

use self::list::list;
use self::query::{ArticleListQuery, ArticleQuery, TextForm, TextFormQuery};
use super::fields::{Field, Selection};
use super::model::{Article, ArticleInput, Kind};
use super::new::NewArticle;
use super::store::{self, Lookup};
use super::text_forms;
use crate::app::App;
use crate::changes::model::Resource;
use crate::changes::tags::{self, Dependencies, LIST_ARTICLES, LIST_PAGES};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;

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
// Without a dot, so that the router need not look for a form first.
#[get("/v1/articles/{key:[^./]+}")]
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
#[get("/v1/pages/{key:[^./]+}")]
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
#[get("/v1/articles/{key:[^/]*}.{form:[^/]*}")]
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
#[get("/v1/pages/{key:[^/]*}.{form:[^/]*}")]
pub(crate) async fn get_page_text(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Refusal> {
    get_text(&request, &app, Kind::Page, path.into_inner()).await
}

async fn get_one(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    key: String,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let locale = query::locale(&mut query, app);
    let show = query::selection(&mut query, Selection::full());
    query.finish()?;

    let change = app.db.public_change();
    let wanted = wanted(app, locale.as_deref());
    let mut article = read_one(request, app, kind, &key, locale, show, "").await?;
    let depends_on = of_one(&article, &key, &wanted);
    present(&mut article, app, show);
    let body = article.body.take();
    let body = body.as_deref().map(|body| ("body", body));
    Answer::json_and_text(&article, body)?
        .at(change)
        .depends_on(depends_on)
        .to(request)
}

async fn get_text(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    (key, form): (String, String),
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let locale = query::locale(&mut query, app);
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
    let wanted = wanted(app, locale.as_deref());
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
    let depends_on = of_one(&article, &key, &wanted);
    present(&mut article, app, show);
    let text = match form {
        TextForm::Md => text_forms::markdown(&article)?,
        TextForm::Txt => text_forms::plain(&article),
        TextForm::Html => article.body.unwrap_or_default(),
    };
    Answer::bytes(text, HeaderValue::from_static(content_type))
        .at(change)
        .depends_on(depends_on)
        .to(request)
}

/// The published text of this slug or id, in the locale asked for or one that stands in for it; a former slug is answered by a redirect to the same route.
///
/// # Errors
/// 404, 308, and when the database fails.
pub(crate) async fn read_one(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
    key: &str,
    locale: Option<String>,
    show: Selection,
    suffix: &str,
) -> Result<Article, Refusal> {
    let chain = locale.as_ref().map(|locale| app.fallbacks.of(locale));
    let lookup = Lookup {
        kind,
        fallbacks: chain.unwrap_or_default().to_vec(),
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

/// The tag that every change of a text of this kind touches.
const fn of_all(kind: Kind) -> &'static str {
    match kind {
        Kind::Article => LIST_ARTICLES,
        Kind::Page => LIST_PAGES,
    }
}

/// The locale that is looked at first.
fn wanted(app: &App, locale: Option<&str>) -> String {
    locale.unwrap_or(app.rules.default_locale()).to_owned()
}

/// What a single text depends on. Another may come to stand at the same slug in the locale that was wanted; or a former slug
/// or an alias may, of which no cache tag tells.
fn of_one(article: &Article, key: &str, wanted: &str) -> String {
    let mut depends_on = Dependencies::default();
    if key.parse::<Id>().is_err() {
        depends_on.add(tags::of_slug(key));
        if article.locale.as_deref() != Some(wanted) {
            depends_on.add(LIST_ARTICLES);
            depends_on.add(LIST_PAGES);
        }
    }
    depends_on.add_of(Resource::Article, article.id);
    depend(&mut depends_on, article);
    depends_on.list()
}

/// Adds what an article shows of others: tags and authors. Where a translation changes what it shows, the log names the
/// article itself.
pub(crate) fn depend(on: &mut Dependencies, article: &Article) {
    for tag in article.tags.iter().flatten() {
        on.add_of(Resource::Tag, tag.id);
    }
    for author in article.authors.iter().flatten() {
        on.add_of(Resource::Author, author.id);
    }
}

/// Adds the addresses of the text and its cover, and takes away what it was made of where that was not asked for.
pub(crate) fn present(article: &mut Article, app: &App, show: Selection) {
    if show.has(Field::Url) {
        let (locale, slug) = (article.locale.as_deref(), article.slug.as_deref());
        article.url = locale
            .zip(slug)
            .map(|(locale, slug)| app.url_of(locale, slug));
    }
    if let Some(Some(cover)) = &mut article.cover {
        cover.place(&app.media_url);
    }
    if !show.has(Field::Slug) {
        article.slug = None;
    }
    if !show.has(Field::Locale) {
        article.locale = None;
    }
}

/// The path of a text in one of its forms.
pub(crate) fn text_path(app: &App, kind: Kind, locale: &str, slug: &str, form: TextForm) -> String {
    let (kind, form) = (kind.as_str(), form.as_str());
    // Without a locale, the site's first that has the slug is meant: surely so of the default locale alone.
    if locale == app.rules.default_locale() {
        format!("/v1/{kind}s/{slug}.{form}")
    } else {
        format!("/v1/{kind}s/{slug}.{form}?locale={locale}")
    }
}

/// Above this many bytes a text is rendered on another thread: a megabyte takes some 30 ms, and others wait meanwhile.
const RENDERED_HERE: usize = 16 * 1024;

/// What is put into a text's place without being sent, ready to be stored. Rules that became stricter since are in the way.
async fn rendered(app: &App, input: ArticleInput) -> Result<NewArticle, Refusal> {
    let rules = app.rules.clone();
    let length = input.body.as_ref().map_or(0, |body| body.text.len());
    let parse = move || NewArticle::parse(input, &rules);
    let new = if length <= RENDERED_HERE {
        parse()
    } else {
        web::block(parse)
            .await
            .map_err(|error| Error::internal(format!("rendering: {error}")))?
    };
    Ok(new.map_err(|faults| Error::Conflict(Error::Invalid(faults).to_string()))?)
}
