//! Which published text is meant by a slug or an id. A slug is looked for in one locale and those that stand in for it, or
//! in all of them.

use diesel::prelude::*;

use super::load::{self, Found, Row, at_slug, complete, published};
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Kind, State};
use crate::db::dialect::Unindexed;
use crate::db::schema::{article_slugs, articles};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;

/// Which published article of one kind is meant.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Article or page.
    pub kind: Kind,
    /// The locale asked for. Where none is, a slug that several locales have means the first of `locales` that has it.
    pub locale: Option<String>,
    /// What stands in for that locale, the first choice first.
    pub fallbacks: Vec<String>,
    /// The site's locales, the default first.
    pub locales: Vec<String>,
}

/// The state of a text, where there is one of this id.
///
/// # Errors
/// When the database fails.
pub fn state(conn: &mut Conn, id: Id) -> Result<Option<State>> {
    let state = articles::table.find(id).select(articles::state);
    let state: Option<String> = each!(conn, c => state.first(c).optional())?;
    state
        .map(|name| load::named(&name, State::from_name))
        .transpose()
}

/// What stands at an address.
#[derive(Debug)]
pub enum At {
    /// This text, of the locale asked for or of one that stands in for it.
    Text(Box<Article>),
    /// A text did, and is found elsewhere now.
    Moved {
        /// The locale of its address now: the one asked for, where the text is shown there too.
        locale: String,
        /// The slug of its address now.
        slug: String,
    },
}

/// What a slug means.
struct Meant {
    found: Found,
    /// The locale in which the row has the slug, or had it.
    locale: String,
    current: bool,
}

/// The published article of this slug. A former slug is answered by [`Error::Moved`].
///
/// # Errors
/// [`Error::NotFound`] where nothing published has or had that slug.
pub fn by_slug(conn: &mut Conn, slug: &str, lookup: &Lookup, show: Selection) -> Result<Article> {
    let kind = lookup.kind;
    let meant = match &lookup.locale {
        Some(locale) => in_chain(conn, slug, Some(kind), locale, &lookup.fallbacks, show)?,
        None => anywhere(conn, slug, kind, &lookup.locales, show)?,
    };
    let Meant {
        found,
        locale,
        current,
    } = meant.ok_or(Error::NotFound(kind.as_str()))?;
    if !current {
        let Row {
            slug, locale: own, ..
        } = found.row;
        return Err(Error::Moved {
            slug,
            locale: (own != locale).then_some(own),
        });
    }
    whole(conn, found, show)
}

/// The published article of this id.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that kind, in the locale asked for or one that stands in for it.
pub fn by_id(conn: &mut Conn, id: Id, lookup: &Lookup, show: Selection) -> Result<Article> {
    let found = published(conn, &[id], show)?;
    let visible = |Found { row, .. }: &Found| {
        let is_it = |locale: &String| *locale == row.locale;
        row.kind == lookup.kind.as_str()
            && (lookup.locale.as_ref().is_none_or(is_it) || lookup.fallbacks.iter().any(is_it))
    };
    let found = found.into_iter().find(visible);
    whole(
        conn,
        found.ok_or(Error::NotFound(lookup.kind.as_str()))?,
        show,
    )
}

/// What stands at the address that this slug makes in this locale, be it an article or a page.
///
/// # Errors
/// When the database fails.
pub fn at(
    conn: &mut Conn,
    slug: &str,
    locale: &str,
    fallbacks: &[String],
    show: Selection,
) -> Result<Option<At>> {
    let Some(meant) = in_chain(conn, slug, None, locale, fallbacks, show)? else {
        return Ok(None);
    };
    if meant.current {
        return Ok(Some(At::Text(Box::new(whole(conn, meant.found, show)?))));
    }
    let Row {
        id,
        locale: own,
        slug,
        translation_key,
        ..
    } = meant.found.row;
    // Whoever reads in a locale that another stands in for stays there, unless something else has the slug there.
    let least = Selection::of([]);
    let stays = own == meant.locale
        && in_chain(conn, &slug, None, locale, fallbacks, least)?.is_some_and(|there| {
            let row = there.found.row;
            let is_version = translation_key.is_some() && row.translation_key == translation_key;
            there.current && (row.id == id || is_version)
        });
    let locale = if stays { locale.to_owned() } else { own };
    Ok(Some(At::Moved { locale, slug }))
}

fn whole(conn: &mut Conn, found: Found, show: Selection) -> Result<Article> {
    complete(conn, vec![found], show)?
        .pop()
        .ok_or_else(|| Error::internal("a row became no article"))
}

/// Who has or had a slug: the locale in which, whether that is now, and the published text.
type Owner = (String, bool, Id);

/// The published texts that have or had a slug, in all locales: it stands in few of them, and the text of the query stays the
/// same.
fn owners(conn: &mut Conn, slug: &str, kind: Option<Kind>) -> Result<Vec<Owner>> {
    let owners = article_slugs::table
        .inner_join(articles::table.on(articles::number.eq(article_slugs::number)))
        .select((
            (article_slugs::locale, article_slugs::current, articles::id),
            articles::kind,
        ))
        .filter(article_slugs::slug.eq(slug))
        .filter(Unindexed(articles::state).eq(State::Published.as_str()));
    let owners: Vec<(Owner, String)> = each!(conn, c => owners.load(c))?;
    let of_kind = owners
        .into_iter()
        .filter(|(_, of)| kind.is_none_or(|kind| of == kind.as_str()));
    Ok(of_kind.map(|(owner, _)| owner).collect())
}

/// What has or had a slug in one locale.
fn in_locale(
    conn: &mut Conn,
    slug: &str,
    kind: Option<Kind>,
    locale: &str,
    show: Selection,
) -> Result<Option<Meant>> {
    let found = at_slug(conn, slug, locale, show)?;
    let found = found.filter(|it| kind.is_none_or(|kind| it.row.kind == kind.as_str()));
    Ok(found.map(|found| Meant {
        current: found.row.slug == slug && found.row.locale == locale,
        found,
        locale: locale.to_owned(),
    }))
}

fn of_owner(
    conn: &mut Conn,
    (locale, current, id): Owner,
    show: Selection,
) -> Result<Option<Meant>> {
    let found = published(conn, &[id], show)?.pop();
    Ok(found.map(|found| Meant {
        found,
        locale,
        current,
    }))
}

/// The text that has this slug in the first of these locales, or had it.
fn anywhere(
    conn: &mut Conn,
    slug: &str,
    kind: Kind,
    locales: &[String],
    show: Selection,
) -> Result<Option<Meant>> {
    // Most stand in the first locale, and nothing comes before what does so now.
    if let Some(first) = locales.first()
        && let Some(meant) = in_locale(conn, slug, Some(kind), first, show)?
        && meant.current
    {
        return Ok(Some(meant));
    }
    let rank = |locale: &str| {
        let known = locales.iter().position(|known| known == locale);
        known.unwrap_or(usize::MAX)
    };
    // A current slug anywhere comes before a former one: the address that works beats the one that moved.
    let first = owners(conn, slug, Some(kind))?
        .into_iter()
        .min_by_key(|(locale, current, _)| (!current, rank(locale)));
    match first {
        Some(owner) => of_owner(conn, owner, show),
        None => Ok(None),
    }
}

/// The text that has or had this slug in a locale; else the one that has it in the first that stands in for that; else the
/// one that had it there. Of what is found in a stand-in, the version in the first locale of the chain that has one: the
/// slug tells which text is meant, and the chain in which language to read it.
fn in_chain(
    conn: &mut Conn,
    slug: &str,
    kind: Option<Kind>,
    locale: &str,
    fallbacks: &[String],
    show: Selection,
) -> Result<Option<Meant>> {
    if let Some(meant) = in_locale(conn, slug, kind, locale, show)? {
        return Ok(Some(meant));
    }
    if fallbacks.is_empty() {
        return Ok(None);
    }
    let place = |locale: &str| fallbacks.iter().position(|known| known == locale);
    let first = owners(conn, slug, kind)?
        .into_iter()
        .filter_map(|owner| Some((place(&owner.0)?, owner)))
        .min_by_key(|(place, (_, current, _))| (!current, *place));
    let Some((place, owner)) = first else {
        return Ok(None);
    };
    let Some(mut text) = of_owner(conn, owner, show)? else {
        return Ok(None);
    };
    let mut before = vec![locale];
    before.extend(fallbacks.iter().take(place).map(String::as_str));
    if text.current
        && let Some(version) = version(conn, &text.found.row, &before, show)?
    {
        text.found = version;
    }
    Ok(Some(text))
}

/// The published version of a text in the first of these locales that has one.
fn version(conn: &mut Conn, row: &Row, locales: &[&str], show: Selection) -> Result<Option<Found>> {
    let Some(key) = row.translation_key.as_ref().filter(|_| !locales.is_empty()) else {
        return Ok(None);
    };
    // The kind is looked at afterwards: in the query it would draw a planner to an index of all that is published.
    let versions = articles::table
        .select((articles::id, articles::locale, articles::kind))
        .filter(articles::translation_key.eq(key))
        .filter(articles::state.eq(State::Published.as_str()));
    let versions: Vec<(Id, String, String)> = each!(conn, c => versions.load(c))?;
    let first = versions
        .into_iter()
        .filter(|(.., kind)| *kind == row.kind)
        .filter_map(|(id, locale, _)| Some((locales.iter().position(|it| *it == locale)?, id)))
        .min();
    match first {
        Some((_, id)) => Ok(published(conn, &[id], show)?.pop()),
        None => Ok(None),
    }
}
