//! Bodies rendered by an older sanitiser are rendered again: what it let through must not stay because nobody has
//! touched the article since.

use diesel::prelude::*;

use super::joins;
use crate::articles::model::Format;
use crate::articles::render::{self, Rendered, SANITIZER_VERSION};
use crate::changes::model::{Actor, Entry, Resource};
use crate::db::schema::{article_bodies, articles};
use crate::db::{Conn, Db, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json;

/// Articles that share a transaction: few, since editors may be writing too.
const BATCH: i64 = 50;

/// Renders every body that another version of the sanitiser rendered, and answers how many there were. Blocks its
/// thread.
///
/// # Errors
/// When the database fails; what was rendered until then is stored.
pub fn rerender_outdated(db: &Db) -> Result<usize> {
    let mut done = 0;
    loop {
        let bodies: Vec<Body> = db
            .read_blocking(read_outdated)?
            .into_iter()
            .map(|(id, format, source)| Body {
                rendered: render::render(format, &source),
                id,
                source,
            })
            .collect();
        if bodies.is_empty() {
            return Ok(done);
        }
        let written = db.write_blocking(Actor::System, move |tx| {
            let mut stored = 0;
            for body in &bodies {
                stored += usize::from(store(tx, body)?);
            }
            if stored == 0 {
                tx.leave_unchanged();
            }
            Ok(stored)
        })?;
        done += written.value;
    }
}

/// Bodies that another version of the sanitiser rendered. Not by `!=`, for which no index serves: at each start all bodies
/// would be read.
#[diesel::dsl::auto_type(no_type_alias)]
fn outdated() -> _ {
    let current: i32 = SANITIZER_VERSION;
    let is_older = article_bodies::sanitizer_version.lt(current);
    let is_newer = article_bodies::sanitizer_version.gt(current);
    article_bodies::table
        .select((
            article_bodies::article_id,
            article_bodies::format,
            article_bodies::source,
        ))
        .filter(is_older.or(is_newer))
}

fn read_outdated(conn: &mut Conn) -> Result<Vec<(Id, Format, String)>> {
    let rows: Vec<(Id, String, String)> = each!(conn, c => outdated().limit(BATCH).load(c))?;
    let format = |name: &str| {
        Format::from_name(name)
            .ok_or_else(|| Error::internal(format!("the stored format `{name}` is unknown")))
    };
    rows.into_iter()
        .map(|(id, name, source)| Ok((id, format(&name)?, source)))
        .collect()
}

/// A body, rendered outside of the transaction that stores it.
struct Body {
    id: Id,
    source: String,
    rendered: Rendered,
}

/// Stores it, unless it was saved or went meanwhile: then it is not what was rendered, and was rendered by who saved it.
fn store(tx: &mut Tx<'_>, body: &Body) -> Result<bool> {
    let Body {
        id,
        source,
        rendered,
    } = body;
    let id = *id;
    let still = article_bodies::table
        .find(id)
        .filter(article_bodies::sanitizer_version.ne(SANITIZER_VERSION))
        .select(article_bodies::source);
    let still: Option<String> = each!(tx.conn(), c => still.first(c).optional())?;
    if still.as_ref() != Some(source) {
        return Ok(false);
    }
    let footprint = joins::footprint_of(tx.conn(), id)?;
    let body = (
        article_bodies::sanitizer_version.eq(SANITIZER_VERSION),
        article_bodies::toc.eq(json::text(&rendered.toc)),
        article_bodies::html.eq(&rendered.html),
        article_bodies::text.eq(&rendered.text),
    );
    each!(tx.conn(), c => diesel::update(article_bodies::table.find(id)).set(body).execute(c))?;
    let counted = (
        articles::word_count.eq(rendered.word_count.cast_signed()),
        articles::reading_minutes.eq(rendered.reading_minutes.cast_signed()),
    );
    each!(tx.conn(), c => diesel::update(articles::table.find(id)).set(counted).execute(c))?;
    let (before, after) = (footprint.clone(), footprint);
    tx.log(Entry {
        action: "rendered",
        resource: Resource::Article,
        id,
        before,
        after,
        detail: None,
    });
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::model::{ArticleInput, Source, State};
    use crate::articles::new::{NewArticle, Rules};
    use crate::articles::store::{create, purge, replace};
    use crate::db::{Settings, migrate};
    use crate::time::Clock;

    fn text(body: &str) -> NewArticle {
        let input = ArticleInput {
            status: Some(State::Published),
            body: Some(Source {
                format: Format::Markdown,
                text: body.to_owned(),
            }),
            ..ArticleInput::new("A text")
        };
        let rules = Rules {
            locales: vec!["en".into()],
        };
        NewArticle::parse(input, &rules).unwrap()
    }

    #[test]
    fn what_is_outdated_is_found_by_an_index() {
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        migrate::run(&settings).unwrap();
        let db = Db::open(settings, Clock::system()).unwrap();
        let query = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&outdated()).to_string();
        let (query, _binds) = query.split_once(" -- ").unwrap();
        let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"));
        let plan: Vec<Step> = db
            .read_blocking(move |conn| Ok(each!(conn, c => plan.load(c))?))
            .unwrap();
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert!(!plan.is_empty());
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN")),
            "{plan:?}"
        );
    }

    #[test]
    fn what_was_saved_or_went_since_it_was_read_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        migrate::run(&settings).unwrap();
        let db = Db::open(settings, Clock::system()).unwrap();
        let made = db.write_blocking(Actor::System, |tx| {
            let made: Vec<Id> = (0..3)
                .map(|_| Ok(create(tx, &text("Old words"))?.id))
                .collect::<Result<_>>()?;
            // As another version of the sanitiser left them.
            let old = article_bodies::sanitizer_version.eq(SANITIZER_VERSION - 1);
            each!(tx.conn(), c => diesel::update(article_bodies::table).set(old).execute(c))?;
            Ok(made)
        });
        let made = made.unwrap().value;
        let bodies: Vec<Body> = made
            .iter()
            .map(|id| Body {
                id: *id,
                source: "Old words".into(),
                rendered: render::render(Format::Markdown, "Old words"),
            })
            .collect();
        let (saved, gone) = (made[0], made[1]);
        let change = move |tx: &mut Tx<'_>| {
            replace(tx, saved, &text("New words"))?;
            purge(tx, gone)
        };
        db.write_blocking(Actor::System, change).unwrap();
        let stored = db.write_blocking(Actor::System, move |tx| {
            bodies.iter().map(|body| store(tx, body)).collect()
        });
        let stored: Vec<bool> = stored.unwrap().value;
        assert_eq!(stored, [false, false, true]);
        let html = article_bodies::table
            .find(saved)
            .select(article_bodies::html);
        let html: String = db
            .read_blocking(|conn| Ok(each!(conn, c => html.first(c))?))
            .unwrap();
        assert_eq!(html.trim(), "<p>New words</p>");
        assert_eq!(rerender_outdated(&db).unwrap(), 0);
    }
}
