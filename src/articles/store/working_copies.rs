//! Working copies: what is to be said of a text that is out, kept beside it until it is published. Nothing that readers
//! ask looks here.

use diesel::prelude::*;

use super::revisions::{self, PutBack};
use super::write::{self, Before};
use super::{edit, joins, owners, uses};
use crate::articles::cover::Cover;
use crate::articles::model::{ArticleInput, Kind, State};
use crate::articles::words::{Standing, Words};
use crate::articles::working_copy::WorkingCopy;
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::db::dialect::id_in;
use crate::db::schema::{articles, working_copies};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::media::model::MediaUser;
use crate::time::Time;
use crate::{json, media, slug, users};

use names::{author_names, tag_names};

mod names;

pub use names::names;

/// The versions that a save or the removal of a copy is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// That of the text.
    pub text: i64,
    /// That of its copy, where it has one.
    pub copy: Option<i64>,
}

impl Versions {
    /// The version in the entity tag of the copy; where there is none, that of the text, which the first save is based on.
    /// In tags a copy counts from where no text ever comes, so that neither is taken for the other.
    #[must_use]
    pub fn tag(self) -> i64 {
        const COPIES: i64 = 1 << 40;
        self.copy.map_or(self.text, |version| COPIES + version)
    }
}

/// The versions of a text of this kind and of its copy.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text.
pub fn versions(conn: &mut Conn, kind: Kind, id: Id) -> Result<Versions> {
    let text = edit::version(conn, kind, id)?;
    let copy = working_copies::table
        .find(id)
        .filter(working_copies::fields.is_not_null())
        .select(working_copies::version);
    Ok(Versions {
        text,
        copy: each!(conn, c => copy.first(c).optional())?,
    })
}

/// The copies that these texts have, without what they say.
///
/// # Errors
/// When the database fails.
pub fn of(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, WorkingCopy)>> {
    type Row = (Id, i64, i64, i64, Time, Option<Id>);
    let there = working_copies::table
        .inner_join(articles::table)
        .filter(id_in(working_copies::article_id, ids))
        .filter(working_copies::fields.is_not_null())
        .select((
            working_copies::article_id,
            working_copies::version,
            working_copies::based_on,
            articles::version,
            working_copies::updated_at,
            working_copies::actor_id,
        ));
    let there: Vec<Row> = each!(conn, c => there.load(c))?;
    let mut editors: Vec<Id> = there.iter().filter_map(|(.., editor)| *editor).collect();
    editors.sort_unstable();
    editors.dedup();
    let names = users::store::names(conn, &editors)?;
    let copies = there
        .into_iter()
        .map(|(id, version, based_on, text, updated_at, editor)| {
            let copy = WorkingCopy {
                version,
                based_on,
                outdated: based_on != text,
                updated_at,
                by: editor.map(|editor| revisions::logged(editor, &names)),
            };
            (id, copy)
        });
    Ok(copies.collect())
}

/// The copy of a text, without what it says.
///
/// # Errors
/// [`Error::NotFound`] where it has none.
pub fn get(conn: &mut Conn, id: Id) -> Result<WorkingCopy> {
    let copy = of(conn, &[id])?.pop();
    copy.map(|(_, copy)| copy)
        .ok_or(Error::NotFound("working copy"))
}

/// What the copy of a text says, where it has one.
///
/// # Errors
/// When the database fails.
pub fn words(conn: &mut Conn, id: Id) -> Result<Option<Words>> {
    let copy = working_copies::table
        .find(id)
        .select((working_copies::fields, working_copies::source));
    let copy: Option<(Option<String>, Option<String>)> =
        each!(conn, c => copy.first(c).optional())?;
    match copy {
        Some((Some(fields), Some(source))) => Ok(Some(revisions::read(&fields, source)?)),
        _ => Ok(None),
    }
}

/// The keys by which the tags and authors of these words are sent.
///
/// # Errors
/// When the database fails.
pub fn keys(conn: &mut Conn, words: &Words) -> Result<(Vec<String>, Vec<String>)> {
    revisions::keys(conn, words, &mut Vec::new())
}

/// Saves the copy of a text, or begins it. Readers see nothing of it.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not change the text as it stands; [`Error::Conflict`] where a text is in
/// the trash, or is not out and has no copy yet; [`Error::Invalid`] where a tag or an author is named by an id that does
/// not exist.
pub fn save(tx: &mut Tx<'_>, kind: Kind, id: Id, input: &ArticleInput) -> Result<()> {
    let was = allowed(tx, kind, id)?;
    let versions = versions(tx.conn(), kind, id)?;
    let detail = match (was.state, versions.copy) {
        (State::Trashed, _) => "it is in the trash; restore it before you change it".to_owned(),
        (State::Draft | State::InReview, None) => {
            let (kind, state) = (kind.as_str(), was.state.as_str());
            format!("this {kind} is {state}, and no readers have it: change it itself")
        }
        _ => String::new(),
    };
    if !detail.is_empty() {
        return Err(Error::Conflict(detail));
    }
    let words = words_of(tx, kind, was.locale, input)?;
    write_down(tx, id, versions, &words)?;
    write_uses(tx, id, &words)?;
    log(tx, id, "copy_saved");
    Ok(())
}

/// Keeps a copy beside a text that an import has just written, in whatever state. It belongs to that write.
pub(super) fn restore(tx: &mut Tx<'_>, id: Id, version: i64, copy: &ArticleInput) -> Result<()> {
    let was = write::before(tx.conn(), id)?.ok_or(Error::NotFound("article"))?;
    let copies = working_copies::table
        .find(id)
        .filter(working_copies::fields.is_not_null())
        .select(working_copies::version);
    let versions = Versions {
        text: version,
        copy: each!(tx.conn(), c => copies.first(c).optional())?,
    };
    let words = words_of(tx, was.kind, was.locale, copy)?;
    write_down(tx, id, versions, &words)?;
    write_uses(tx, id, &words)
}

/// The media that a copy shows.
fn write_uses(tx: &mut Tx<'_>, id: Id, words: &Words) -> Result<()> {
    let (seo, metadata) = (json::text(&words.seo), json::text(&words.metadata));
    let uses = uses::uses(words.cover.as_ref(), &words.source, &seo, &metadata);
    media::store::write_uses(tx.conn(), MediaUser::WorkingCopy, id, &uses)
}

/// What an input says, with the tags and authors that it names.
fn words_of(tx: &mut Tx<'_>, kind: Kind, locale: String, input: &ArticleInput) -> Result<Words> {
    let slug = input
        .slug
        .clone()
        .unwrap_or_else(|| slug::slugify(&input.title).unwrap_or_else(|| kind.as_str().to_owned()));
    let locale = input.locale.clone().unwrap_or(locale);
    let mut words = Words::of(input.clone(), slug, locale);
    let refs = joins::ensure(tx, &input.tags, &input.authors)?;
    words.tags = tag_names(tx.conn(), &refs.tags)?;
    words.authors = author_names(tx.conn(), &refs.authors)?;
    media::store::check(tx.conn(), words.cover.as_ref().and_then(Cover::media_id))?;
    Ok(words)
}

fn write_down(tx: &mut Tx<'_>, id: Id, versions: Versions, words: &Words) -> Result<()> {
    let fields = json::text(words);
    let row = || {
        (
            working_copies::updated_at.eq(tx.now()),
            working_copies::actor_id.eq(tx.actor().user()),
            working_copies::fields.eq(&fields),
            working_copies::source.eq(&words.source),
        )
    };
    let next = working_copies::version.eq(working_copies::version + 1);
    let own = working_copies::table.find(id);
    let (new, again, first) = (row(), row(), row());
    if versions.copy.is_some() {
        each!(tx.conn(), c => diesel::update(own).set((next, new)).execute(c))?;
        return Ok(());
    }
    let based_on = working_copies::based_on.eq(versions.text);
    let begun = diesel::update(own).set((next, based_on, again));
    if each!(tx.conn(), c => begun.execute(c))? == 0 {
        let row = (
            working_copies::article_id.eq(id),
            working_copies::version.eq(1),
            working_copies::based_on.eq(versions.text),
            first,
        );
        each!(tx.conn(), c => diesel::insert_into(working_copies::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Throws the copy of a text away.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not change the text; [`Error::NotFound`] where it has no copy.
pub fn discard(tx: &mut Tx<'_>, kind: Kind, id: Id) -> Result<()> {
    allowed(tx, kind, id)?;
    if clear(tx.conn(), id)? == 0 {
        return Err(Error::NotFound("working copy"));
    }
    log(tx, id, "copy_discarded");
    Ok(())
}

/// Makes sure that whoever writes may change the words of a text where it stands.
///
/// # Errors
/// [`Error::Forbidden`] where they may not; [`Error::NotFound`] where there is no such text.
pub fn authorise(tx: &mut Tx<'_>, kind: Kind, id: Id) -> Result<()> {
    allowed(tx, kind, id).map(|_was| ())
}

fn allowed(tx: &mut Tx<'_>, kind: Kind, id: Id) -> Result<Before> {
    let was = write::before(tx.conn(), id)?
        .filter(|was| was.kind == kind)
        .ok_or(Error::NotFound(kind.as_str()))?;
    tx.actor().authorise(Action::Text {
        kind,
        own: owners::is_own(tx, was.owner),
        edits: true,
        before: Some(was.state),
        after: Some(was.state),
    })?;
    Ok(was)
}

/// The copy of a text is gone; its row counts on.
///
/// # Errors
/// When the database fails.
pub fn clear(conn: &mut Conn, id: Id) -> Result<usize> {
    let there = working_copies::table
        .filter(working_copies::article_id.eq(id))
        .filter(working_copies::fields.is_not_null());
    media::store::clear(conn, MediaUser::WorkingCopy, id)?;
    let nothing = (
        working_copies::fields.eq(None::<String>),
        working_copies::source.eq(None::<String>),
    );
    Ok(each!(conn, c => diesel::update(there).set(nothing).execute(c))?)
}

/// A text moved to another state and says what it said: its copy is based on that.
pub(super) fn follow(conn: &mut Conn, id: Id, from: i64, to: i64) -> Result<()> {
    let there = working_copies::table
        .filter(working_copies::article_id.eq(id))
        .filter(working_copies::based_on.eq(from));
    let moved = diesel::update(there).set(working_copies::based_on.eq(to));
    each!(conn, c => moved.execute(c))?;
    Ok(())
}

/// What the copy of a text would put into its place, and its version.
///
/// # Errors
/// [`Error::NotFound`] where there is no such text, or it has no copy.
pub fn put_in(conn: &mut Conn, kind: Kind, id: Id) -> Result<(PutBack, i64)> {
    let now = edit::get(conn, kind, id)?;
    let missing = || Error::NotFound("working copy");
    let copy = now.working_copy.as_ref().ok_or_else(missing)?.version;
    let words = words(conn, id)?.ok_or_else(missing)?;
    let mut told = Vec::new();
    let (tags, authors) = revisions::keys(conn, &words, &mut told)?;
    let standing = Standing {
        status: now.status,
        published_at: now.published_at,
        owner: now.owner,
    };
    let put_in = PutBack {
        input: words.into_input(kind, tags, authors, standing),
        owner: now.owner,
        version: now.version,
        told,
    };
    Ok((put_in, copy))
}

/// The log knows of it, and nothing public does.
fn log(tx: &mut Tx<'_>, id: Id, action: &'static str) {
    tx.log(Entry {
        action,
        resource: Resource::Article,
        id,
        before: Footprint::none(),
        after: Footprint::none(),
        detail: None,
    });
}
