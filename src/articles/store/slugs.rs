//! The slugs of articles: which one an article gets, and which lead to it.

use diesel::prelude::*;

use super::numbers::number_of;
use crate::articles::new::{Door, NewArticle, Wish};
use crate::db::schema::{article_slugs, articles};
use crate::db::{Conn, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::redirects;
use crate::slug;

/// The slug an article gets: the one it insists on, or one like that which it wishes for.
pub(super) fn choose(conn: &mut Conn, new: &NewArticle, id: Id) -> Result<String> {
    match &new.slug {
        Wish::Exactly(wished) => {
            let owner = article_slugs::table
                .find((wished, &new.locale))
                .select(article_slugs::article_id);
            let owner: Option<Id> = each!(conn, c => owner.first(c).optional())?;
            let taken = owner.is_some_and(|owner| owner != id)
                || redirects::store::taken(conn, wished, &new.locale)?;
            if taken {
                let detail = format!(
                    "the slug `{wished}` is taken in the locale `{}`",
                    new.locale
                );
                return Err(super::write::invalid("/slug", FaultCode::Taken, detail));
            }
            Ok(wished.clone())
        }
        Wish::Like(wished) => slug::first_free(wished, |slug| {
            Ok(!is_taken(conn, slug, &new.locale)?
                && !redirects::store::taken(conn, slug, &new.locale)?)
        }),
    }
}

/// Whether a slug is the wished one, or one that was given instead because that was taken.
pub(super) fn is_like(slug: &str, wished: &str) -> bool {
    slug == wished
        || slug.rsplit_once('-').is_some_and(|(base, suffix)| {
            wished.starts_with(base) && suffix.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

/// Whether an article has or had this slug.
pub(super) fn is_taken(conn: &mut Conn, slug: &str, locale: &str) -> Result<bool> {
    let owner = article_slugs::table
        .find((slug, locale))
        .select(article_slugs::article_id);
    Ok(each!(conn, c => owner.first::<Id>(c).optional())?.is_some())
}

/// Notes that a slug leads to an article.
pub(super) fn keep(conn: &mut Conn, slug: &str, locale: &str, id: Id, current: bool) -> Result<()> {
    let row = (
        article_slugs::slug.eq(slug),
        article_slugs::locale.eq(locale),
        article_slugs::article_id.eq(id),
        article_slugs::current.eq(current),
        article_slugs::number.eq(number_of!(id)),
    );
    each!(conn, c => diesel::insert_into(article_slugs::table).values(row).execute(c))?;
    Ok(())
}

/// Sets what else leads to an article, beside its slug and the one it had just now. What an import wishes for and cannot
/// have is passed over; an editor is told, and what they leave out leads here no more.
pub(super) fn set_aliases(
    conn: &mut Conn,
    new: &NewArticle,
    former: Option<&str>,
    id: Id,
) -> Result<()> {
    let by_editor = matches!(new.door, Door::Editor { .. });
    let mut faults = Vec::new();
    for (index, alias) in new.aliases.iter().enumerate() {
        let owner = article_slugs::table
            .find((alias, &new.locale))
            .select(article_slugs::article_id);
        match each!(conn, c => owner.first::<Id>(c).optional())? {
            None if by_editor && !slug::is_slug(alias) => faults.push(Fault::at(
                format!("/aliases/{index}"),
                FaultCode::Malformed,
                format!("`{alias}` is not a slug"),
            )),
            None if by_editor && redirects::store::taken(conn, alias, &new.locale)? => {
                faults.push(Fault::at(
                    format!("/aliases/{index}"),
                    FaultCode::Taken,
                    format!("a redirect stands at `{alias}`"),
                ));
            }
            None => keep(conn, alias, &new.locale, id, false)?,
            Some(owner) if owner == id || new.door == Door::Import => {}
            Some(_) => faults.push(Fault::at(
                format!("/aliases/{index}"),
                FaultCode::Taken,
                format!("the slug `{alias}` is taken in the locale `{}`", new.locale),
            )),
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if matches!(new.door, Door::Editor { .. }) {
        let left_out = article_slugs::table
            .filter(article_slugs::article_id.eq(id))
            .filter(article_slugs::locale.eq(&new.locale))
            .filter(article_slugs::current.eq(false))
            .filter(article_slugs::slug.ne(former.unwrap_or_default()))
            .filter(article_slugs::slug.ne_all(&new.aliases));
        each!(conn, c => diesel::delete(left_out).execute(c))?;
    }
    Ok(())
}
