//! What editors read: texts in every state. Delivery has no way here; its queries name `published`.

use diesel::prelude::*;

use super::{load, schedule, working_copies};
use crate::articles::edit::{AdminArticle, written};
use crate::articles::fields::Selection;
use crate::articles::model::{Format, Kind, State};
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::id_in;
use crate::db::schema::{article_bodies, article_slugs, articles};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json::Preserialized;
use crate::time::Time;

mod list;

pub use list::{EditFilter, list};

/// The version that a text of this kind has.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn version(conn: &mut Conn, kind: Kind, id: Id) -> Result<i64> {
    let version = articles::table
        .find(id)
        .filter(articles::kind.eq(kind.as_str()))
        .select(articles::version);
    each!(conn, c => version.first(c).optional())?.ok_or(Error::NotFound(kind.as_str()))
}

/// A text of this kind, whole.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, kind: Kind, id: Id) -> Result<AdminArticle> {
    let found = all(conn, &[id], true)?.pop();
    found
        .filter(|article| article.kind == kind)
        .ok_or(Error::NotFound(kind.as_str()))
}

/// A text of this kind, whole, with its plain text, from which its excerpt may have been made.
///
/// # Errors
/// As [`get`].
pub fn with_text(conn: &mut Conn, kind: Kind, id: Id) -> Result<(AdminArticle, String)> {
    let article = get(conn, kind, id)?;
    let body = article_bodies::table.find(id).select(article_bodies::text);
    let text: Option<String> = each!(conn, c => body.first(c).optional())?;
    Ok((article, text.unwrap_or_default()))
}

type More = (
    Id,
    String,
    Option<Id>,
    i64,
    Time,
    Option<String>,
    Option<Time>,
);

/// These texts in this order, with their bodies or without.
fn all(conn: &mut Conn, ids: &[Id], bodies: bool) -> Result<Vec<AdminArticle>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let show = selection(bodies);
    let mut found = load::rows(conn, ids, show)?;
    found.sort_by_cached_key(|found| ids.iter().position(|id| *id == found.row.id));
    let more = articles::table.filter(id_in(articles::id, ids)).select((
        articles::id,
        articles::state,
        articles::owner,
        articles::version,
        articles::created_at,
        articles::translation_key,
        articles::published_at,
    ));
    let more: Vec<More> = each!(conn, c => more.load(c))?;
    let more = |id| {
        let found = more.iter().find(|(of, ..)| *of == id);
        found.ok_or_else(|| Error::internal(format!("half of the article {id} is missing")))
    };
    let aliases = article_slugs::table
        .inner_join(articles::table)
        .filter(id_in(article_slugs::article_id, ids))
        .filter(article_slugs::current.eq(false))
        .filter(article_slugs::locale.eq(articles::locale))
        .order(article_slugs::slug)
        .select((article_slugs::article_id, article_slugs::slug));
    let aliases: Vec<(Id, String)> = each!(conn, c => aliases.load(c))?;
    let mut copies = working_copies::of(conn, ids)?;
    let schedules = schedule::of_all(conn, ids)?;
    let mut texts = load::complete(conn, found, show)?
        .into_iter()
        .map(|article| {
            let (_, state, owner, version, created_at, translation_key, published_at) =
                more(article.id)?;
            let copy = copies.iter().position(|(of, _)| *of == article.id);
            let own = aliases.iter().filter(|(of, _)| *of == article.id);
            Ok(AdminArticle {
                id: article.id,
                external_id: article.external_id.flatten(),
                kind: there(article.kind)?,
                status: load::named(state, State::from_name)?,
                locale: there(article.locale)?,
                slug: there(article.slug)?,
                aliases: own.map(|(_, slug)| slug.clone()).collect(),
                url: String::new(),
                title: there(article.title)?,
                subtitle: article.subtitle.flatten(),
                standfirst: article.standfirst.flatten(),
                excerpt: there(article.excerpt)?,
                markdown: None,
                html: None,
                text: None,
                body: article.body,
                cover: article.cover.flatten(),
                tags: Preserialized::values(&there(article.tags)?),
                authors: Preserialized::values(&there(article.authors)?),
                featured: there(article.featured)?,
                content_notice: article.content_notice.flatten(),
                audience: there(article.audience)?,
                citations: there(article.citations)?,
                word_count: there(article.word_count)?,
                reading_minutes: there(article.reading_minutes)?,
                seo: article.seo,
                metadata: article.metadata,
                translation_key: translation_key.clone(),
                owner: *owner,
                version: *version,
                cache_tag: cache::of(Resource::Article, article.id),
                created_at: *created_at,
                updated_at: there(article.updated_at)?,
                published_at: *published_at,
                working_copy: copy.map(|copy| copies.swap_remove(copy).1),
                schedule: schedules
                    .iter()
                    .find(|(of, _)| *of == article.id)
                    .map(|(_, schedule)| *schedule),
                warnings: Vec::new(),
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if bodies {
        add_sources(conn, ids, &mut texts)?;
    }
    Ok(texts)
}

fn add_sources(conn: &mut Conn, ids: &[Id], texts: &mut [AdminArticle]) -> Result<()> {
    let sources = article_bodies::table
        .filter(id_in(article_bodies::article_id, ids))
        .select((
            article_bodies::article_id,
            article_bodies::format,
            article_bodies::source,
        ));
    let sources: Vec<(Id, String, String)> = each!(conn, c => sources.load(c))?;
    for (id, format, source) in sources {
        let Some(article) = texts.iter_mut().find(|article| article.id == id) else {
            continue;
        };
        let [markdown, html, text] = written(load::named(&format, Format::from_name)?, source);
        article.markdown = Some(markdown);
        article.html = Some(html);
        article.text = Some(text);
    }
    Ok(())
}

fn selection(bodies: bool) -> Selection {
    use crate::articles::fields::Field;
    let short = Selection::summary().with(&[Field::Tags, Field::Authors]);
    if bodies {
        short.with(&[Field::Body, Field::Seo, Field::Metadata])
    } else {
        short
    }
}

fn there<T>(field: Option<T>) -> Result<T> {
    field.ok_or_else(|| Error::internal("a selected field was not read"))
}
