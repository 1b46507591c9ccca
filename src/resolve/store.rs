//! What stands at a path, and what stands around it, from one snapshot of the database.

use super::model::{Asked, Part};
use super::path::Place;
use crate::articles::fields::Selection;
use crate::articles::model::{Article, Kind};
use crate::articles::store::{self as articles, At};
use crate::db::Conn;
use crate::error::Result;
use crate::redirects::model::RedirectStatus;
use crate::redirects::store::{self as redirects, Target};
use crate::site;
use crate::site::model::Settings;

/// What was found at a path.
#[derive(Debug)]
pub enum Found {
    /// A text.
    Text(Box<FoundText>),
    /// The way to a text.
    ToText {
        /// The locale of its address.
        locale: String,
        /// Its slug.
        slug: String,
        /// How to say it.
        status: RedirectStatus,
    },
    /// The way to an address.
    ToAddress {
        /// Absolute, or a path on the site.
        to: String,
        /// How to say it.
        status: RedirectStatus,
    },
}

/// A text, with what stands around it.
#[derive(Debug)]
pub struct FoundText {
    /// The text, with everything that was asked for of it.
    pub article: Article,
    /// The article that was published before it.
    pub previous: Option<Article>,
    /// The article that was published after it.
    pub next: Option<Article>,
    /// The site.
    pub site: Settings,
}

/// What stands at a path. A text at its own address comes first; then a redirect, which somebody put there; then where a
/// text that stood there has gone; then a text of a locale that stands in.
///
/// # Errors
/// When the database fails.
pub fn find(conn: &mut Conn, asked: &Asked) -> Result<Option<Found>> {
    let standing = match &asked.place {
        Some(place) => {
            let (slug, locale) = (&place.slug, &place.locale);
            articles::at(conn, slug, locale, &asked.fallbacks, asked.show)?
        }
        None => None,
    };
    if let (Some(At::Text(article)), Some(place)) = (&standing, &asked.place)
        && is_of(article, place)
        && article.slug.as_ref() == Some(&place.slug)
        && !place.names_default
    {
        return text(conn, standing, asked);
    }
    if let Some(redirect) = redirect(conn, asked)? {
        return Ok(Some(redirect));
    }
    match (standing, &asked.place) {
        (Some(At::Moved { locale, slug }), _) => Ok(Some(Found::ToText {
            locale,
            slug,
            status: RedirectStatus::Permanent,
        })),
        (Some(At::Text(_)), Some(place)) if place.names_default => Ok(Some(Found::ToText {
            locale: place.locale.clone(),
            slug: place.slug.clone(),
            status: RedirectStatus::Permanent,
        })),
        // The slug of a version in another language: not for good, for that may come to be here too.
        (Some(At::Text(article)), Some(place)) if is_of(&article, place) => {
            Ok(article.slug.map(|slug| Found::ToText {
                locale: place.locale.clone(),
                slug,
                status: RedirectStatus::Temporary,
            }))
        }
        (standing, _) => text(conn, standing, asked),
    }
}

fn is_of(article: &Article, place: &Place) -> bool {
    article.locale.as_ref() == Some(&place.locale)
}

fn text(conn: &mut Conn, standing: Option<At>, asked: &Asked) -> Result<Option<Found>> {
    let Some(At::Text(article)) = standing else {
        return Ok(None);
    };
    let text = around(conn, *article, asked)?;
    Ok(Some(Found::Text(Box::new(text))))
}

/// A text with what stands around it.
///
/// # Errors
/// When the database fails.
pub fn around(conn: &mut Conn, article: Article, asked: &Asked) -> Result<FoundText> {
    let (previous, next) = beside(conn, &article, asked)?;
    Ok(FoundText {
        article,
        previous,
        next,
        site: site::store::get(conn)?,
    })
}

/// The articles before and after one.
fn beside(
    conn: &mut Conn,
    article: &Article,
    asked: &Asked,
) -> Result<(Option<Article>, Option<Article>)> {
    let (Some(Kind::Article), Some(locale), Some(time)) =
        (article.kind, &article.locale, article.published_at)
    else {
        return Ok((None, None));
    };
    if !asked.wants(Part::Previous) && !asked.wants(Part::Next) {
        return Ok((None, None));
    }
    let (older, newer) = articles::neighbours(conn, locale, time, article.id)?;
    let ids: Vec<_> = older.into_iter().chain(newer).collect();
    let (mut previous, mut next) = (None, None);
    for neighbour in articles::by_ids(conn, &ids, Selection::summary())? {
        if Some(neighbour.id) == older {
            previous = Some(neighbour);
        } else {
            next = Some(neighbour);
        }
    }
    Ok((previous, next))
}

/// The redirect at a path, under whichever spelling, if it leads to something public that is not the path itself.
fn redirect(conn: &mut Conn, asked: &Asked) -> Result<Option<Found>> {
    let spellings = asked.path.spellings();
    let mut there = redirects::leading(conn, &spellings)?;
    there.sort_by_key(|(path, ..)| spellings.iter().position(|spelling| spelling == path));
    for (_, target, status) in there {
        match target {
            Target::Address(to) => {
                if !asked.path.is_reached_by(&to, asked.base_url.as_deref()) {
                    return Ok(Some(Found::ToAddress { to, status }));
                }
            }
            Target::Article(id) => {
                let text = articles::by_ids(conn, &[id], Selection::of([]))?.pop();
                let address = text.and_then(|text| text.locale.zip(text.slug));
                if let Some((locale, slug)) =
                    address.filter(|(locale, _)| asked.locales.contains(locale))
                {
                    return Ok(Some(Found::ToText {
                        locale,
                        slug,
                        status,
                    }));
                }
            }
        }
    }
    Ok(None)
}
