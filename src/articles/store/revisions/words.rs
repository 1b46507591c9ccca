//! What a revision says: as it was written down, or as the text says it now.

use diesel::prelude::*;

use super::super::load::named;
use super::{AUTHOR, TAG};
use crate::articles::model::{Audience, Format};
use crate::articles::render;
use crate::articles::words::{Named, Words};
use crate::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors,
    revision_losses, tags,
};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;

/// Words as they were stored.
pub(in crate::articles::store) fn read(fields: &str, source: String) -> Result<Words> {
    let mut words: Words = serde_json::from_str(fields)
        .map_err(|error| Error::internal(format!("the stored words of a text: {error}")))?;
    words.source = source;
    Ok(words)
}

/// What the newest revision of a text says: the text itself, and what it lost in this version.
pub(super) fn present(conn: &mut Conn, id: Id, version: i64) -> Result<Words> {
    let (row, body) = (articles::table.find(id), article_bodies::table.find(id));
    let columns = (
        articles::external_id,
        articles::locale,
        articles::slug,
        articles::title,
        articles::subtitle,
        articles::standfirst,
        articles::excerpt,
        articles::cover,
        articles::featured,
        articles::content_notice,
        articles::audience,
        articles::citations,
        articles::translation_key,
    );
    let row: TextRow = each!(conn, c => row.select(columns).first(c))?;
    let columns = (
        article_bodies::format,
        article_bodies::seo,
        article_bodies::metadata,
        article_bodies::source,
    );
    let (format, seo, metadata, source): (String, String, String, String) =
        each!(conn, c => body.select(columns).first(c))?;
    let made = match row.standfirst.as_deref() {
        Some(standfirst) => render::excerpt(standfirst),
        None => {
            let text: String = each!(conn, c => body.select(article_bodies::text).first(c))?;
            render::excerpt(&text)
        }
    };
    let lost = losses(conn, id, version)?;
    let of_text = article_tags::table
        .inner_join(tags::table)
        .filter(article_tags::article_id.eq(id))
        .select((article_tags::position, tags::id, tags::name));
    let own_tags: Vec<(i32, Id, String)> = each!(conn, c => of_text.load(c))?;
    let of_text = article_authors::table
        .inner_join(authors::table)
        .filter(article_authors::article_id.eq(id))
        .select((article_authors::position, authors::id, authors::name));
    let own_authors: Vec<(i32, Id, String)> = each!(conn, c => of_text.load(c))?;
    let aliases = article_slugs::table
        .filter(article_slugs::article_id.eq(id))
        .filter(article_slugs::locale.eq(&row.locale))
        .filter(article_slugs::current.eq(false))
        .order(article_slugs::slug)
        .select(article_slugs::slug);
    let aliases: Vec<String> = each!(conn, c => aliases.load(c))?;
    Ok(Words {
        external_id: row.external_id,
        locale: row.locale,
        slug: row.slug,
        aliases,
        title: row.title,
        subtitle: row.subtitle,
        standfirst: row.standfirst,
        excerpt: (row.excerpt != made).then_some(row.excerpt),
        format: named(&format, Format::from_name)?,
        source,
        cover: row.cover.as_deref().map(parsed).transpose()?,
        tags: in_order(own_tags, &lost, TAG),
        authors: in_order(own_authors, &lost, AUTHOR),
        featured: row.featured,
        content_notice: row.content_notice,
        audience: named(&row.audience, Audience::from_name)?,
        citations: parsed(&row.citations)?,
        seo: parsed(&seo)?,
        metadata: parsed(&metadata)?,
        translation_key: row.translation_key,
    })
}

type Lost = (String, i32, Id, String);

pub(super) fn losses(conn: &mut Conn, id: Id, version: i64) -> Result<Vec<Lost>> {
    let lost = revision_losses::table
        .filter(revision_losses::article_id.eq(id))
        .filter(revision_losses::version.eq(version))
        .select((
            revision_losses::what,
            revision_losses::position,
            revision_losses::lost_id,
            revision_losses::name,
        ));
    Ok(each!(conn, c => lost.load(c))?)
}

fn in_order(mut own: Vec<(i32, Id, String)>, lost: &[Lost], what: &str) -> Vec<Named> {
    let lost = lost.iter().filter(|(of, ..)| of == what);
    own.extend(lost.map(|(_, position, id, name)| (*position, *id, name.clone())));
    own.sort_unstable_by_key(|(position, id, _)| (*position, *id));
    let named = own.into_iter().map(|(_, id, name)| Named { id, name });
    named.collect()
}

fn parsed<T: serde::de::DeserializeOwned>(stored: &str) -> Result<T> {
    serde_json::from_str(stored)
        .map_err(|error| Error::internal(format!("stored JSON of an article: {error}")))
}

#[derive(Queryable)]
struct TextRow {
    external_id: Option<String>,
    locale: String,
    slug: String,
    title: String,
    subtitle: Option<String>,
    standfirst: Option<String>,
    excerpt: String,
    cover: Option<String>,
    featured: bool,
    content_notice: Option<String>,
    audience: String,
    citations: String,
    translation_key: Option<String>,
}
