//! What editors read: texts in every state. Delivery has no way here; its queries name `published`.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::list::{Keys, number, seek, text};
use super::{load, schedule, working_copies};
use crate::articles::edit::{AdminArticle, EditSort, written};
use crate::articles::fields::Selection;
use crate::articles::model::{Audience, Format, Kind, State};
use crate::changes::model::Resource;
use crate::changes::tags as cache;
use crate::db::dialect::{holds, id_in};
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{article_authors, article_bodies, article_slugs, article_tags, articles};
use crate::db::{Conn, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json::Preserialized;
use crate::slug;
use crate::time::Time;

/// Which texts a list for editors holds. Everything is optional; what is given must all hold.
#[derive(Debug, Clone, Default)]
pub struct EditFilter {
    /// In one of these states; those in the trash only where they are named.
    pub states: Vec<State>,
    /// Words, or parts of them: each stands in the title or in the text.
    pub words: Option<String>,
    /// It belongs to this account.
    pub owner: Option<Id>,
    /// Tags by slug, name or id; it carries all of them.
    pub tags: Vec<String>,
    /// An author by slug, name or id.
    pub author: Option<String>,
    /// A locale.
    pub locale: Option<String>,
    /// Shown first, or not.
    pub featured: Option<bool>,
    /// Who it is for.
    pub audience: Option<Audience>,
    /// Changed at this time or later.
    pub updated_after: Option<Time>,
    /// Changed before this time.
    pub updated_before: Option<Time>,
    /// Among these.
    pub ids: Vec<Id>,
}

struct Resolved<'f> {
    kind: Kind,
    filter: &'f EditFilter,
    states: Vec<&'static str>,
    words: Vec<Sought>,
    tags: Vec<Id>,
    author: Option<Id>,
}

impl<'f> Resolved<'f> {
    /// `None` where a tag or author does not exist, so that nothing can match.
    fn new(conn: &mut Conn, kind: Kind, filter: &'f EditFilter) -> Result<Option<Self>> {
        let mut tags = Vec::with_capacity(filter.tags.len());
        for key in &filter.tags {
            match crate::tags::store::find(conn, key)? {
                Some(tag) => tags.push(tag.id),
                None => return Ok(None),
            }
        }
        let author = match &filter.author {
            Some(key) => match crate::authors::store::find(conn, key)? {
                Some(author) => Some(author.id),
                None => return Ok(None),
            },
            None => None,
        };
        let in_sight = State::ALL
            .iter()
            .filter(|state| match filter.states.as_slice() {
                [] => **state != State::Trashed,
                named => named.contains(state),
            });
        let words = filter.words.as_deref().unwrap_or_default();
        Ok(Some(Self {
            kind,
            filter,
            states: in_sight.map(|state| state.as_str()).collect(),
            words: words.split_whitespace().map(Sought::new).collect(),
            tags,
            author,
        }))
    }
}

/// A word, as patterns for LIKE.
struct Sought {
    /// As titles are sorted by, without accents; none for what stands in no such key.
    title: Option<String>,
    /// As it may be written in a text, where letters beyond ASCII have but one case.
    text: Vec<String>,
}

impl Sought {
    fn new(word: &str) -> Self {
        let key = slug::sort_key(word);
        let lower = word.to_lowercase();
        let mut first = lower.chars();
        let capital = first
            .next()
            .map(|letter| letter.to_uppercase().chain(first).collect::<String>());
        let mut text: Vec<String> = [word.to_owned(), lower.clone()]
            .into_iter()
            .chain(capital)
            .map(|written| pattern(&written))
            .collect();
        if word.is_ascii() {
            text.truncate(1);
        }
        text.dedup();
        Self {
            title: (!key.is_empty()).then(|| pattern(&key)),
            text,
        }
    }
}

/// A LIKE pattern for what contains these very characters.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

macro_rules! narrow {
    ($query:expr, $resolved:expr) => {{
        let Resolved {
            kind,
            filter,
            states,
            words,
            tags,
            author,
        } = $resolved;
        let mut query = $query
            .filter(articles::kind.eq(kind.as_str()))
            .filter(articles::state.eq_any(states));
        for Sought { title, text } in words {
            let nowhere = articles::id.ne(articles::id);
            let mut anywhere: Box<dyn BoxableExpression<_, _, SqlType = Bool>> = Box::new(nowhere);
            if let Some(title) = title {
                anywhere = Box::new(anywhere.or(holds(articles::title_key, title)));
            }
            for written in text {
                let stands = article_bodies::table
                    .filter(article_bodies::article_id.eq(articles::id))
                    .filter(holds(article_bodies::text, written));
                anywhere = Box::new(anywhere.or(exists(stands)));
            }
            query = query.filter(anywhere);
        }
        for tag in tags {
            let carries = article_tags::table
                .filter(article_tags::article_id.eq(articles::id))
                .filter(article_tags::tag_id.eq(*tag));
            query = query.filter(exists(carries));
        }
        if let Some(author) = author {
            let wrote = article_authors::table
                .filter(article_authors::article_id.eq(articles::id))
                .filter(article_authors::author_id.eq(*author));
            query = query.filter(exists(wrote));
        }
        if let Some(owner) = filter.owner {
            query = query.filter(articles::owner.eq(owner));
        }
        if let Some(locale) = &filter.locale {
            query = query.filter(articles::locale.eq(locale));
        }
        if let Some(featured) = filter.featured {
            query = query.filter(articles::featured.eq(featured));
        }
        if let Some(audience) = filter.audience {
            query = query.filter(articles::audience.eq(audience.as_str()));
        }
        if let Some(after) = filter.updated_after {
            query = query.filter(articles::updated_at.ge(after));
        }
        if let Some(before) = filter.updated_before {
            query = query.filter(articles::updated_at.lt(before));
        }
        if !filter.ids.is_empty() {
            query = query.filter(id_in(articles::id, &filter.ids));
        }
        query
    }};
}

/// One page of the texts of a kind, in every state.
///
/// # Errors
/// When the database fails.
pub fn list(
    conn: &mut Conn,
    kind: Kind,
    filter: &EditFilter,
    sort: EditSort,
    page: &Page,
    count: bool,
) -> Result<Slice<AdminArticle>> {
    let Some(resolved) = Resolved::new(conn, kind, filter)? else {
        return Ok(Slice {
            items: Vec::new(),
            next: None,
            previous: None,
            total: count.then_some(0),
        });
    };
    let keys = keys(conn, &resolved, sort, page)?;
    let total = if count {
        let all: i64 = each!(conn, c => narrow!(articles::table.into_boxed(), &resolved).count().get_result(c))?;
        Some(all)
    } else {
        None
    };
    let slice = page.cut(keys, sort.as_str(), Clone::clone);
    let ids: Vec<Id> = slice.items.iter().map(|(_, id)| *id).collect();
    Ok(Slice {
        items: all(conn, &ids, false)?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

fn keys(conn: &mut Conn, resolved: &Resolved<'_>, sort: EditSort, page: &Page) -> Result<Keys> {
    macro_rules! by_time {
        ($key:expr, $descending:expr) => {{
            let rows: Vec<(i64, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select(($key, articles::id)).into_boxed(), resolved);
                seek!(query, $key, articles::id, $descending, page, number).load(c)
            })?;
            Ok(rows.into_iter().map(|(key, id)| (Key::Number(key), id)).collect())
        }};
    }
    match sort {
        EditSort::LastUpdated => by_time!(articles::updated_at, true),
        EditSort::FirstUpdated => by_time!(articles::updated_at, false),
        // A comparison with null lets nothing through, and neither does this.
        EditSort::LastPublished | EditSort::FirstPublished => {
            let key = articles::published_at.assume_not_null();
            let descending = sort == EditSort::LastPublished;
            let rows: Vec<(i64, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((key, articles::id)).into_boxed(), resolved)
                    .filter(articles::published_at.is_not_null());
                seek!(query, key, articles::id, descending, page, number).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Number(key), id))
                .collect())
        }
        EditSort::Title => {
            let rows: Vec<(String, Id)> = each!(conn, c => {
                let query = narrow!(articles::table.select((articles::title_key, articles::id)).into_boxed(), resolved);
                seek!(query, articles::title_key, articles::id, false, page, text).load(c)
            })?;
            Ok(rows
                .into_iter()
                .map(|(key, id)| (Key::Text(key), id))
                .collect())
        }
    }
}

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
