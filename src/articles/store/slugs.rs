//! The slugs of articles: which one an article gets, and which lead to it.

use diesel::prelude::*;

use crate::articles::new::{NewArticle, Wish};
use crate::db::schema::article_slugs;
use crate::db::{Conn, each};
use crate::error::{FaultCode, Result};
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
    );
    each!(conn, c => diesel::insert_into(article_slugs::table).values(row).execute(c))?;
    Ok(())
}
