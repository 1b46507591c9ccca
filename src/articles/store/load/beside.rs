//! What stands beside the row of a text, in other tables: one query for all of them.

use diesel::prelude::*;

use super::{named, raw};
use crate::articles::fields::{Field, Selection};
use crate::articles::model::{Article, Format, State, Translation};
use crate::db::dialect::{id_in, text_in};
use crate::db::schema::{article_bodies, articles};
use crate::db::{Conn, columns, each};
use crate::error::Result;
use crate::id::Id;

/// The forms of a body that most readers get, in the order of [`BodyColumns`].
#[derive(Queryable)]
pub(super) struct Body {
    html: String,
    toc: String,
    seo: String,
    metadata: String,
}

columns!(pub(super) BodyColumns of article_bodies: html, toc, seo, metadata);

impl Body {
    pub(super) const FIELDS: [Field; 4] = [Field::Body, Field::Toc, Field::Seo, Field::Metadata];

    pub(super) fn put_into(self, article: &mut Article, show: Selection) -> Result<()> {
        let shown = |field, json| show.has(field).then(|| raw(json)).transpose();
        article.body = show.has(Field::Body).then_some(self.html);
        article.toc = shown(Field::Toc, self.toc)?;
        article.seo = shown(Field::Seo, self.seo)?;
        article.metadata = shown(Field::Metadata, self.metadata)?;
        Ok(())
    }
}

/// The other forms of a body, in a statement of their own: of a long one they cost pages that most answers do not need.
pub(super) fn add_sources(conn: &mut Conn, found: &mut [Article], show: Selection) -> Result<()> {
    use article_bodies::{article_id, format, source, table};
    let ids: Vec<Id> = found.iter().map(|article| article.id).collect();
    let others = table
        .select((article_id, format, source, article_bodies::text))
        .filter(id_in(article_id, &ids));
    let others: Vec<(Id, String, String, String)> = each!(conn, c => others.load(c))?;
    for (id, written_in, written, text) in others {
        let Some(article) = found.iter_mut().find(|article| article.id == id) else {
            continue;
        };
        let markdown =
            (named(&written_in, Format::from_name)? == Format::Markdown).then_some(written);
        article.markdown = show.has(Field::Markdown).then_some(markdown);
        article.text = show.has(Field::Text).then_some(text);
    }
    Ok(())
}

pub(super) fn add_translations(
    conn: &mut Conn,
    keys: &[Option<String>],
    found: &mut [Article],
) -> Result<()> {
    use articles::{state, table, translation_key};
    let mut wanted: Vec<&str> = keys.iter().flatten().map(String::as_str).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(());
    }
    let query = table
        .select((
            articles::id,
            translation_key.assume_not_null(),
            articles::locale,
            articles::slug,
        ))
        .filter(text_in(translation_key, wanted))
        .filter(state.eq(State::Published.as_str()))
        .order((articles::locale, articles::id));
    let rows: Vec<(Id, String, String, String)> = each!(conn, c => query.load(c))?;
    for (article, key) in found.iter_mut().zip(keys) {
        let others = rows
            .iter()
            .filter(|(other, of, ..)| Some(of) == key.as_ref() && *other != article.id);
        let others = others.map(|(.., locale, slug)| Translation {
            locale: locale.clone(),
            slug: slug.clone(),
        });
        article.translations = Some(others.collect());
    }
    Ok(())
}
