//! The page at a path of the website, for readers.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::IntoParams;

use super::json_ld::{self, Facts};
use super::model::{Alternate, Asked, Elsewhere, Leading, Part, Resolved, WebsitePage};
use super::path::SitePath;
use super::seo::{self, Around};
use super::store::{self, Found, FoundText};
use crate::app::App;
use crate::articles;
use crate::articles::cover::ShownCover;
use crate::articles::fields::Selection;
use crate::articles::http::query::{Include, included, several};
use crate::articles::http::{depend, present};
use crate::articles::model::{Article, Kind};
use crate::changes::model::Resource;
use crate::changes::tags::{self, Dependencies, LIST_ARTICLES, LIST_PAGES, LIST_REDIRECTS, SITE};
use crate::error::{Error, FaultCode, Result};
use crate::http::error::Refusal;
use crate::http::extract::min_change;
use crate::http::query::Query;
use crate::http::respond::Answer;
use crate::id::Id;
use crate::search::related;
use crate::site::model::Site;

/// How many related articles a page has.
const RELATED: usize = 5;

/// The parameters of a page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `read` reads it")]
struct ResolveQuery {
    /// The path on the website, below the site's address: `/slug` in the default locale, `/de/slug` in others;
    /// percent-encoded or not, with or without a slash at the end; without query and fragment, at most 2,048 bytes.
    #[param(
        min_length = 1,
        max_length = 2048,
        pattern = r"^/([^/?#\u0000-\u001f\u007f-\u009f][^?#\u0000-\u001f\u007f-\u009f]*)?$",
        example = "/closeness-after-trauma"
    )]
    path: String,
    /// These parts not, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    without: Option<Vec<Part>>,
    /// These fields of the text too, separated by commas: markdown and text are left out otherwise.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// Get a page of the website
///
/// All that a website shows at a path, in one answer: the article or page with its tags, authors and translations, the site
/// with its menus, the articles before and after it and about the same, and what belongs into the head. Where something
/// else stands, `redirect` says where to go and with which status: a former slug, or a redirect that editors made.
#[utoipa::path(
    tag = "Site",
    params(ResolveQuery),
    responses((status = 200, description = "The page, or where to go", body = Resolved))
)]
#[get("/v1/resolve")]
pub(crate) async fn resolve_path(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let asked = read(&mut query, &app);
    query.finish()?;
    let asked = asked.ok_or_else(|| Error::internal("a page without a path"))?;

    let change = app.db.public_change();
    let asking = asked.clone();
    let found = app
        .db
        .read_indexed(move |conn| store::find(conn, &asking))
        .await?;
    match found.ok_or(Error::NotFound("page"))? {
        Found::Text(text) => show(&request, &app, &asked, *text, change).await,
        Found::ToText {
            locale,
            slug,
            status,
        } => {
            let to = app.path_of(&locale, &slug);
            lead(&request, change, Leading { to, status })
        }
        Found::ToAddress { to, status } => lead(&request, change, Leading { to, status }),
    }
}

/// Answers with a page.
async fn show(
    request: &HttpRequest,
    app: &App,
    asked: &Asked,
    text: FoundText,
    change: i64,
) -> Result<HttpResponse, Refusal> {
    let needed = min_change(request.headers())?;
    let wants_related = asked.wants(Part::Related) && text.article.kind == Some(Kind::Article);
    let related = if wants_related {
        related_to(app, text.article.id, needed).await
    } else {
        Some((change, Vec::new()))
    };
    // Whether the answer depends on the URL and the content alone, and may be kept.
    let complete = related.is_some();
    let (followed, related) = related.unwrap_or((change, Vec::new()));
    let page = whole(app, asked, text, related, complete)?;
    let depends_on = depends_on(asked, &page);
    let answer = Answer::json(&Resolved::Page(Box::new(page)))?
        .at(change.min(followed))
        .depends_on(depends_on);
    if complete {
        answer.to(request)
    } else {
        answer.passing().to(request)
    }
}

/// What a page depends on: its text, the site, and where its neighbours or something in the way could come from.
fn depends_on(asked: &Asked, page: &WebsitePage) -> String {
    let mut on = Dependencies::on(&[SITE]);
    on.add_of(Resource::Article, page.article.id);
    depend(&mut on, &page.article);
    if let Some(place) = &asked.place {
        on.add(tags::of_slug(&place.slug));
    }
    let has_neighbours = [Part::Previous, Part::Next, Part::Related]
        .iter()
        .any(|part| asked.wants(*part));
    if has_neighbours && page.article.kind == Some(Kind::Article) {
        on.add(LIST_ARTICLES);
    }
    if page.requested_locale != page.locale {
        // It stands in for a text that may come, and comes after every redirect.
        for list in ELSEWHERE {
            on.add(list);
        }
    }
    on.list()
}

/// What a redirect depends on: texts with this slug, present and former, and redirects.
const ELSEWHERE: [&str; 3] = [LIST_ARTICLES, LIST_PAGES, LIST_REDIRECTS];

fn lead(request: &HttpRequest, change: i64, redirect: Leading) -> Result<HttpResponse, Refusal> {
    let elsewhere = Resolved::Elsewhere(Elsewhere { redirect });
    Answer::json(&elsewhere)?
        .at(change)
        .depends_on(ELSEWHERE.join(" "))
        .to(request)
}

fn read(query: &mut Query, app: &App) -> Option<Asked> {
    if !query.has("path") {
        let detail = "is the path on the website, and must be there";
        query.refuse("path", (FaultCode::Missing, detail.to_owned()));
    }
    let path = query.one("path", SitePath::parse);
    let wanted = Wanted::read(query);
    Some(wanted.at(path?, app))
}

/// What is wanted of a page.
pub(crate) struct Wanted {
    /// Of the text.
    pub(crate) show: Selection,
    without: Vec<Part>,
}

impl Wanted {
    /// Reads `include` and `without`.
    pub(crate) fn read(query: &mut Query) -> Self {
        let without = query.one("without", |text| several(text, Part::ALL, Part::as_str));
        Self {
            show: included(query, Selection::full()),
            without: without.unwrap_or_default(),
        }
    }

    /// At this path of the website.
    pub(crate) fn at(self, path: SitePath, app: &App) -> Asked {
        let locales = &app.rules.locales;
        let place = path.place(locales);
        let fallbacks = place.as_ref().map(|place| app.fallbacks.of(&place.locale));
        Asked {
            fallbacks: fallbacks.unwrap_or_default().to_vec(),
            place,
            path,
            locales: locales.clone(),
            base_url: app.site_url.clone(),
            show: self.show,
            without: self.without,
        }
    }
}

/// The articles about the same, and the change that they are of; `None` where they cannot be had in time. A page does not
/// fail for that.
async fn related_to(app: &App, id: Id, needed: Option<i64>) -> Option<(i64, Vec<Article>)> {
    let settings = app.search.settings();
    let wait = match needed {
        // Who names a change waits for it as with any search.
        Some(_) => settings.wait.max(settings.related_wait),
        None if app.search.serving().is_none() => return None,
        None => settings.related_wait,
    };
    let found = app.search.read(needed.unwrap_or(0), move |serving, conn| {
        let ids = related::related(serving, conn, id, RELATED)?;
        let articles = match ids.as_slice() {
            [] => Vec::new(),
            ids => articles::store::by_ids(conn, ids, Selection::summary())?,
        };
        Ok((serving.change, articles))
    });
    match tokio::time::timeout(wait, found).await {
        Ok(Ok(found)) => Some(found),
        Ok(Err(error)) => {
            if matches!(error, Error::Unavailable { .. }) {
                tracing::debug!(%error, "a page without its related articles");
            } else {
                tracing::error!(%error, "a page without its related articles");
            }
            None
        }
        Err(_elapsed) => {
            tracing::debug!("a page without its related articles: they took too long");
            None
        }
    }
}

/// Puts a page together.
pub(crate) fn whole(
    app: &App,
    asked: &Asked,
    text: FoundText,
    related: Vec<Article>,
    complete: bool,
) -> Result<WebsitePage> {
    let FoundText {
        mut article,
        previous,
        next,
        site,
    } = text;
    present(&mut article, app, asked.show);
    let base_url = app.site_url.as_deref();
    let around = Around {
        site_name: &site.name,
        base_url,
        url: article.url.clone().unwrap_or_default(),
        versions: versions(app, &article),
    };
    let cover = article.cover.as_ref().and_then(Option::as_ref);
    let cover = cover.map(ShownCover::image).transpose()?;
    let set = article.seo.as_deref().map(stored).transpose()?;
    let head = seo::head(&article, set.unwrap_or_default(), cover, &around);
    let wants = |part| asked.wants(part);
    let json_ld = if wants(Part::JsonLd) || wants(Part::JsonLdScript) {
        let citations = article.citations.as_deref().map(stored).transpose()?;
        json_ld::build(&Facts {
            article: &article,
            seo: &head,
            citations: citations.unwrap_or_default(),
            url: &around.url,
            site: &site,
            base_url,
        })
    } else {
        Vec::new()
    };
    let summary = |mut article: Article| {
        present(&mut article, app, Selection::summary());
        article
    };
    let locale = article.locale.clone().unwrap_or_default();
    Ok(WebsitePage {
        path: asked.path.as_str().to_owned(),
        requested_locale: match &asked.place {
            Some(place) => place.locale.clone(),
            None => locale.clone(),
        },
        locale,
        article,
        previous: wants(Part::Previous).then(|| previous.map(summary)),
        next: wants(Part::Next).then(|| next.map(summary)),
        related: wants(Part::Related).then(|| related.into_iter().map(summary).collect()),
        seo: wants(Part::Seo).then_some(head),
        json_ld_script: wants(Part::JsonLdScript).then(|| json_ld::script(&json_ld)),
        json_ld: wants(Part::JsonLd).then_some(json_ld),
        site: wants(Part::Site)
            .then(|| Site::new(site, app.site_url.clone(), app.rules.locales.clone())),
        complete,
    })
}

/// The published versions of a text, in the order of the site's locales. One in a locale that the site has no more has no
/// address.
fn versions(app: &App, article: &Article) -> Vec<Alternate> {
    let own = article.locale.as_deref().zip(article.slug.as_deref());
    let others = article.translations.iter().flatten();
    let all: Vec<(&str, &str)> = own
        .into_iter()
        .chain(others.map(|other| (other.locale.as_str(), other.slug.as_str())))
        .collect();
    let version = |locale: &String| {
        let (_, slug) = all.iter().find(|(of, _)| of == locale)?;
        Some(Alternate {
            locale: locale.clone(),
            url: app.url_of(locale, slug),
        })
    };
    app.rules.locales.iter().filter_map(version).collect()
}

fn stored<T: DeserializeOwned>(json: &RawValue) -> Result<T> {
    serde_json::from_str(json.get())
        .map_err(|error| Error::internal(format!("stored JSON of an article: {error}")))
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn the_document_names_what_is_read_and_nothing_else() {
        let schema = serde_json::to_value(Part::schema()).unwrap();
        let names: Vec<_> = Part::ALL.iter().map(|part| part.as_str()).collect();
        assert_eq!(schema["enum"], serde_json::json!(names));
    }
}
