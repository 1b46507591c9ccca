//! Revisions in the database. The newest is the text as it stands and has no words of its own: they are written down when
//! something else takes their place. So to make a text, to move it or to save it once more copies nothing.

use diesel::prelude::*;

use super::load::named;
use super::write::Before;
use super::{edit, slugs};
use crate::articles::model::{ArticleInput, Audience, Format, Kind, State};
use crate::articles::new::{Door, NewArticle};
use crate::articles::render;
use crate::articles::revision::{Editor, Named, Newest, Revision, Save, Standing, Words};
use crate::changes::audit::{ActorKind, LoggedUser};
use crate::db::page::{Key, Page, Slice};
use crate::db::schema::{
    article_authors, article_bodies, article_slugs, article_tags, articles, authors,
    revision_losses, revision_texts, revisions, tags,
};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::{json, redirects, slug, users};

/// The order of a list of revisions.
pub const NEWEST: &str = "-n";

const TAG: &str = "tag";
const AUTHOR: &str = "author";

/// What a revision says of a write.
pub(super) struct Written<'a> {
    pub(super) version: i64,
    pub(super) action: &'a str,
    pub(super) standing: Standing,
    pub(super) title: &'a str,
    pub(super) note: Option<&'a str>,
}

/// Notes a text that was just made.
pub(super) fn created(tx: &mut Tx<'_>, id: Id, new: &NewArticle, standing: Standing) -> Result<()> {
    let written = Written {
        version: 1,
        action: "created",
        standing,
        title: &new.title,
        note: new.note.as_deref(),
    };
    insert(tx, id, 1, &written)
}

/// Notes that these words are about to take the place of a text's own, which are kept unless the same editor only goes on.
pub(super) fn changing(
    tx: &mut Tx<'_>,
    id: Id,
    was: &Before,
    new: &NewArticle,
    standing: Standing,
) -> Result<()> {
    let way = match new.door {
        Door::Editor { .. } => was.state.way_to(standing.status),
        Door::Import => None,
    };
    let written = Written {
        version: was.version + 1,
        action: way.map_or("updated", crate::articles::model::Transition::done),
        standing,
        title: &new.title,
        note: new.note.as_deref(),
    };
    let editor = Editor {
        user: tx.actor().user(),
        key: tx.actor().key(),
    };
    let save = Save {
        editor: matches!(new.door, Door::Editor { .. }).then_some(editor),
        at: tx.now(),
        version: was.version,
        status: (was.state, standing.status),
        noted: new.note.is_some(),
    };
    match newest(tx.conn(), id)? {
        Some(newest) if newest.goes_on_with(&save) => go_on(tx, id, newest.n, &written),
        Some(newest) => {
            keep(tx.conn(), id, newest.n, was.version)?;
            insert(tx, id, newest.n + 1, &written)
        }
        None => insert(tx, id, 1, &written),
    }
}

/// Notes that a text moved to another state. It says what it said.
pub(super) fn moved(
    tx: &mut Tx<'_>,
    id: Id,
    was: &Before,
    action: &str,
    standing: Standing,
) -> Result<()> {
    let newest = newest(tx.conn(), id)?;
    let n = newest.as_ref().map_or(0, |newest| newest.n);
    if let Some(newest) = newest
        && !losses(tx.conn(), id, was.version)?.is_empty()
    {
        keep(tx.conn(), id, newest.n, was.version)?;
    }
    let title = articles::table.find(id).select(articles::title);
    let title: String = each!(tx.conn(), c => title.first(c))?;
    let written = Written {
        version: was.version + 1,
        action,
        standing,
        title: &title,
        note: None,
    };
    insert(tx, id, n + 1, &written)
}

/// Before a tag goes: the newest revisions of the texts that carry it still have it.
///
/// # Errors
/// When the database fails.
pub fn remember_tag(conn: &mut Conn, tag: Id) -> Result<()> {
    let lost = article_tags::table
        .inner_join(articles::table)
        .inner_join(tags::table)
        .filter(article_tags::tag_id.eq(tag))
        .select((
            article_tags::article_id,
            articles::version,
            TAG.into_sql::<diesel::sql_types::Text>(),
            article_tags::position,
            article_tags::tag_id,
            tags::name,
        ));
    each!(conn, c => lost.insert_into(revision_losses::table).into_columns(LOSS).execute(c))?;
    Ok(())
}

/// Before an author goes: the newest revisions of the texts under their name still have it.
///
/// # Errors
/// When the database fails.
pub fn remember_author(conn: &mut Conn, author: Id) -> Result<()> {
    let lost = article_authors::table
        .inner_join(articles::table)
        .inner_join(authors::table)
        .filter(article_authors::author_id.eq(author))
        .select((
            article_authors::article_id,
            articles::version,
            AUTHOR.into_sql::<diesel::sql_types::Text>(),
            article_authors::position,
            article_authors::author_id,
            authors::name,
        ));
    each!(conn, c => lost.insert_into(revision_losses::table).into_columns(LOSS).execute(c))?;
    Ok(())
}

type Loss = (
    revision_losses::article_id,
    revision_losses::version,
    revision_losses::what,
    revision_losses::position,
    revision_losses::lost_id,
    revision_losses::name,
);
const LOSS: Loss = (
    revision_losses::article_id,
    revision_losses::version,
    revision_losses::what,
    revision_losses::position,
    revision_losses::lost_id,
    revision_losses::name,
);

/// One page of the revisions of a text of this kind, the newest first.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text.
pub fn list(conn: &mut Conn, kind: Kind, id: Id, page: &Page) -> Result<Slice<Revision>> {
    edit::version(conn, kind, id)?;
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = revisions::table
            .filter(revisions::article_id.eq(id))
            .select(ROW)
            .into_boxed();
        if let Some(Key::Number(beside)) = page.cursor().map(|cursor| &cursor.key) {
            query = if page.backward() {
                query.filter(revisions::number.gt(beside))
            } else {
                query.filter(revisions::number.lt(beside))
            };
        }
        query = if page.backward() {
            query.order(revisions::number.asc())
        } else {
            query.order(revisions::number.desc())
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, NEWEST, |row| (Key::Number(row.number), id));
    let mut editors: Vec<Id> = slice.items.iter().filter_map(|row| row.actor_id).collect();
    editors.sort_unstable();
    editors.dedup();
    let names = users::store::names(conn, &editors)?;
    let items = slice.items.into_iter().map(|row| row.into_revision(&names));
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total: slice.total,
    })
}

/// A revision of a text of this kind, with all that it says.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text, or no such revision of it.
pub fn get(conn: &mut Conn, kind: Kind, id: Id, n: i64) -> Result<(Revision, Words, Standing)> {
    let version = edit::version(conn, kind, id)?;
    let row = revisions::table.find((id, n)).select(ROW);
    let row: Option<Row> = each!(conn, c => row.first(c).optional())?;
    let row = row.ok_or(Error::NotFound("revision"))?;
    let names = match row.actor_id {
        Some(editor) => users::store::names(conn, &[editor])?,
        None => Vec::new(),
    };
    let standing = Standing {
        status: named(&row.state, State::from_name)?,
        published_at: row.published_at,
        owner: row.owner,
    };
    let kept = revision_texts::table
        .filter(revision_texts::article_id.eq(id))
        .filter(revision_texts::number.ge(n))
        .order(revision_texts::number)
        .select((revision_texts::fields, revision_texts::source));
    let kept: Option<(String, String)> = each!(conn, c => kept.first(c).optional())?;
    let words = match kept {
        Some((fields, source)) => read(&fields, source)?,
        None => present(conn, id, version)?,
    };
    Ok((row.into_revision(&names)?, words, standing))
}

/// Words that are to be put into a text's place once more.
pub struct PutBack {
    /// All of it as it would be sent.
    pub input: ArticleInput,
    /// The account that it belongs to.
    pub owner: Option<Id>,
    /// The version of the text that it would take the place of.
    pub version: i64,
    /// What cannot come back as it was.
    pub told: Vec<String>,
}

/// What a revision would put into the text's place: its words, where the text stands now. With `keep_slug` the text also
/// stays where it is found: slug, other addresses and locale.
///
/// # Errors
/// As [`get`].
pub fn put_back(conn: &mut Conn, kind: Kind, id: Id, n: i64, keep_slug: bool) -> Result<PutBack> {
    let (_, mut words, _) = get(conn, kind, id, n)?;
    let now = edit::get(conn, kind, id)?;
    let mut told = Vec::new();
    if keep_slug {
        words.slug = now.slug;
        words.locale = now.locale;
        words.aliases = now.aliases;
    } else {
        words.aliases = addresses(conn, id, &words, &mut told)?;
    }
    let standing = Standing {
        status: now.status,
        published_at: now.published_at,
        owner: now.owner,
    };
    let (tags, authors) = keys(conn, &words, &mut told)?;
    Ok(PutBack {
        input: words.into_input(kind, tags, authors, standing),
        owner: now.owner,
        version: now.version,
        told,
    })
}

/// The keys of the tags and authors of these words: by id, or by the name of one that is no more. What is told of them
/// is added to `told`.
pub(super) fn keys(
    conn: &mut Conn,
    words: &Words,
    told: &mut Vec<String>,
) -> Result<(Vec<String>, Vec<String>)> {
    let mut tags = Vec::with_capacity(words.tags.len());
    for tag in &words.tags {
        let of_id = crate::tags::store::find(conn, &tag.id.to_string())?;
        let found = match of_id {
            Some(found) => Some(found.id),
            None => {
                let other = crate::tags::store::find(conn, &tag.name)?.map(|found| found.id);
                told.push(replaced(TAG, &tag.name, other));
                other
            }
        };
        tags.push(found.map_or_else(|| tag.name.clone(), |id| id.to_string()));
    }
    let mut authors = Vec::with_capacity(words.authors.len());
    for author in &words.authors {
        let of_id = crate::authors::store::find(conn, &author.id.to_string())?;
        let found = match of_id {
            Some(found) => Some(found.id),
            None => {
                let other = crate::authors::store::find(conn, &author.name)?.map(|found| found.id);
                told.push(replaced(AUTHOR, &author.name, other));
                other
            }
        };
        authors.push(found.map_or_else(|| author.name.clone(), |id| id.to_string()));
    }
    Ok((tags, authors))
}

fn replaced(what: &str, name: &str, by: Option<Id>) -> String {
    match by {
        Some(other) => {
            format!("the {what} `{name}` is no more; {other} of that name took its place")
        }
        None => format!("the {what} `{name}` was no more, and was made again"),
    }
}

/// What leads to a text beside the slug of these words: what led to it then, if nothing else stands there now, and all that
/// leads to it now.
fn addresses(
    conn: &mut Conn,
    id: Id,
    words: &Words,
    told: &mut Vec<String>,
) -> Result<Vec<String>> {
    let own = article_slugs::table
        .filter(article_slugs::article_id.eq(id))
        .filter(article_slugs::locale.eq(&words.locale))
        .select(article_slugs::slug)
        .order(article_slugs::slug);
    let mut own: Vec<String> = each!(conn, c => own.load(c))?;
    for alias in &words.aliases {
        if own.contains(alias) {
            continue;
        }
        let free = slug::is_slug(alias)
            && !slugs::is_taken(conn, alias, &words.locale)?
            && !redirects::store::taken(conn, alias, &words.locale)?;
        if free {
            own.push(alias.clone());
        } else {
            told.push(format!("`{alias}` does not lead here any more"));
        }
    }
    own.retain(|slug| *slug != words.slug);
    Ok(own)
}

/// Words as they were stored.
pub(super) fn read(fields: &str, source: String) -> Result<Words> {
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

fn losses(conn: &mut Conn, id: Id, version: i64) -> Result<Vec<Lost>> {
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

fn keep(conn: &mut Conn, id: Id, n: i64, version: i64) -> Result<()> {
    let words = present(conn, id, version)?;
    let row = (
        revision_texts::article_id.eq(id),
        revision_texts::number.eq(n),
        revision_texts::fields.eq(json::text(&words)),
        revision_texts::source.eq(&words.source),
    );
    each!(conn, c => diesel::insert_into(revision_texts::table).values(row).execute(c))?;
    Ok(())
}

fn newest(conn: &mut Conn, id: Id) -> Result<Option<Newest>> {
    type Row = (
        i64,
        i64,
        Time,
        Option<Id>,
        Option<Id>,
        String,
        String,
        Option<String>,
    );
    let newest = revisions::table
        .filter(revisions::article_id.eq(id))
        .order(revisions::number.desc())
        .select((
            revisions::number,
            revisions::version,
            revisions::started_at,
            revisions::actor_id,
            revisions::key_id,
            revisions::action,
            revisions::state,
            revisions::note,
        ));
    let newest: Option<Row> = each!(conn, c => newest.first(c).optional())?;
    let Some((n, version, started_at, user, key, action, state, note)) = newest else {
        return Ok(None);
    };
    Ok(Some(Newest {
        n,
        version,
        started_at,
        editor: Editor { user, key },
        action,
        status: named(&state, State::from_name)?,
        noted: note.is_some(),
    }))
}

fn insert(tx: &mut Tx<'_>, id: Id, n: i64, written: &Written<'_>) -> Result<()> {
    let row = (
        revisions::article_id.eq(id),
        revisions::number.eq(n),
        revisions::version.eq(written.version),
        revisions::started_at.eq(tx.now()),
        revisions::at.eq(tx.now()),
        revisions::change.eq(tx.number()),
        revisions::actor.eq(tx.actor().as_str()),
        revisions::actor_id.eq(tx.actor().user()),
        revisions::key_id.eq(tx.actor().key()),
        revisions::action.eq(written.action),
        revisions::state.eq(written.standing.status.as_str()),
        revisions::published_at.eq(written.standing.published_at),
        revisions::owner.eq(written.standing.owner),
        revisions::title.eq(written.title),
        revisions::note.eq(written.note),
    );
    each!(tx.conn(), c => diesel::insert_into(revisions::table).values(row).execute(c))?;
    Ok(())
}

fn go_on(tx: &mut Tx<'_>, id: Id, n: i64, written: &Written<'_>) -> Result<()> {
    let row = (
        revisions::version.eq(written.version),
        revisions::at.eq(tx.now()),
        revisions::change.eq(tx.number()),
        revisions::published_at.eq(written.standing.published_at),
        revisions::owner.eq(written.standing.owner),
        revisions::title.eq(written.title),
    );
    let newest = revisions::table.find((id, n));
    each!(tx.conn(), c => diesel::update(newest).set(row).execute(c))?;
    Ok(())
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

#[derive(Queryable)]
struct Row {
    number: i64,
    at: Time,
    actor: String,
    actor_id: Option<Id>,
    key_id: Option<Id>,
    change: i64,
    action: String,
    state: String,
    published_at: Option<Time>,
    owner: Option<Id>,
    title: String,
    note: Option<String>,
}

type Columns = (
    revisions::number,
    revisions::at,
    revisions::actor,
    revisions::actor_id,
    revisions::key_id,
    revisions::change,
    revisions::action,
    revisions::state,
    revisions::published_at,
    revisions::owner,
    revisions::title,
    revisions::note,
);
const ROW: Columns = (
    revisions::number,
    revisions::at,
    revisions::actor,
    revisions::actor_id,
    revisions::key_id,
    revisions::change,
    revisions::action,
    revisions::state,
    revisions::published_at,
    revisions::owner,
    revisions::title,
    revisions::note,
);

impl Row {
    fn into_revision(self, names: &[(Id, String)]) -> Result<Revision> {
        let status = named(&self.state, State::from_name)?;
        Ok(Revision {
            n: self.number,
            at: self.at,
            actor: named(&self.actor, ActorKind::from_name)?,
            user: self.actor_id.map(|id| logged(id, names)),
            key_id: self.key_id,
            change: self.change,
            action: self.action,
            status,
            title: self.title,
            published: status.is_public(),
            note: self.note,
            content: None,
        })
    }
}

/// An account as a log shows it.
pub(super) fn logged(id: Id, names: &[(Id, String)]) -> LoggedUser {
    let found = names.iter().find(|(known, _)| *known == id);
    LoggedUser {
        id,
        name: found.map(|(_, name)| name.clone()),
    }
}
