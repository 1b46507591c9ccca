//! Slugs and names of tags and authors, kept in the process. Each is kept under the state of all names in which it was read
//! (`meta.names`, which triggers change with whatever touches a name): a snapshot in which that is another finds nothing, so
//! nothing has to be dropped, and what is found is what the snapshot holds. That state is a number that no other had, in no
//! database, so neither a rollback nor another database in the same process can bring a name here that is not so.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use diesel::backend::Backend;
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use quick_cache::sync::Cache;

use crate::db::dialect::id_in;
use crate::db::schema::{authors, tags};
use crate::db::{Conn, each};
use crate::error::Result;
use crate::id::Id;

/// Names that are kept: more than most sites have tags and authors.
const MOST: usize = 8192;

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Tag,
    Author,
}

/// A slug and a name.
type Name = Arc<(String, String)>;

static KNOWN: LazyLock<Cache<(i64, Named, Id), Name>> = LazyLock::new(|| Cache::new(MOST));

/// The state of all names in the snapshot at hand: `meta.names`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(super) struct NamesState;

impl Expression for NamesState {
    type SqlType = BigInt;
}
impl<QS> AppearsOnTable<QS> for NamesState {}
impl<QS> SelectableExpression<QS> for NamesState {}
impl ValidGrouping<()> for NamesState {
    type IsAggregate = is_aggregate::No;
}
impl<DB: Backend> QueryFragment<DB> for NamesState {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(SELECT names FROM meta)");
        Ok(())
    }
}

/// What these ids stand for, in their order, in a snapshot in which the names have this state. What stands for nothing is
/// `None`: `masthead verify` tells of that.
pub(super) fn of<T: From<(Id, String, String)>>(
    conn: &mut Conn,
    what: Named,
    state: i64,
    ids: &[Id],
) -> Result<Vec<Option<T>>> {
    /// Names that are read at once.
    const CHUNK: usize = 128;
    let known = |id: &Id| KNOWN.get(&(state, what, *id));
    let mut names: Vec<Option<Name>> = ids.iter().map(known).collect();
    let missing = ids.iter().zip(&names).filter(|(_, name)| name.is_none());
    let mut missing: Vec<Id> = missing.map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        missing.sort_unstable();
        missing.dedup();
        let mut read = HashMap::with_capacity(missing.len());
        for some in missing.chunks(CHUNK) {
            for (id, slug, name) in read_names(conn, what, some)? {
                let name = Arc::new((slug, name));
                KNOWN.insert((state, what, id), Arc::clone(&name));
                read.insert(id, name);
            }
        }
        for (id, name) in ids.iter().zip(&mut names) {
            *name = name.take().or_else(|| read.get(id).cloned());
        }
    }
    let with_id = |(id, name): (&Id, Option<Name>)| {
        name.map(|name| T::from((*id, name.0.clone(), name.1.clone())))
    };
    Ok(ids.iter().zip(names).map(with_id).collect())
}

fn read_names(conn: &mut Conn, what: Named, ids: &[Id]) -> Result<Vec<(Id, String, String)>> {
    Ok(match what {
        Named::Tag => {
            let query = tags::table.select((tags::id, tags::slug, tags::name));
            each!(conn, c => query.filter(id_in(tags::id, ids)).load(c))?
        }
        Named::Author => {
            let query = authors::table.select((authors::id, authors::slug, authors::name));
            each!(conn, c => query.filter(id_in(authors::id, ids)).load(c))?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::model::{Actor, Entry, Footprint, Resource};
    use crate::db::schema::meta;
    use crate::db::{Db, Settings, Written, migrate};
    use crate::error::Error;
    use crate::tags::model::TagRef;
    use crate::time::Clock;

    fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        migrate::run(&settings).unwrap();
        (Db::open(settings, Clock::system()).unwrap(), folder)
    }

    fn make(conn: &mut Conn, id: Id, name: &str) -> Result<()> {
        let row = (
            (tags::id.eq(id), tags::slug.eq("a-tag"), tags::name.eq(name)),
            (tags::name_key.eq(name), tags::version.eq(1)),
            (tags::article_count.eq(0), tags::subtree_count.eq(0)),
            (tags::created_at.eq(0), tags::updated_at.eq(0)),
        );
        each!(conn, c => diesel::insert_into(tags::table).values(row).execute(c))?;
        Ok(())
    }

    fn rename(conn: &mut Conn, id: Id, name: &str) -> Result<()> {
        let named = diesel::update(tags::table.find(id)).set(tags::name.eq(name));
        each!(conn, c => named.execute(c))?;
        Ok(())
    }

    /// What the tag is called in this snapshot.
    fn name_of(conn: &mut Conn, id: Id) -> Result<String> {
        let state = meta::table.select(meta::names);
        let state: i64 = each!(conn, c => state.first(c))?;
        let nothing = Id::new();
        let found: Vec<Option<TagRef>> = of(conn, Named::Tag, state, &[id, nothing, id])?;
        assert_eq!((&found[0], &found[1]), (&found[2], &None));
        Ok(found[0].as_ref().unwrap().name.clone())
    }

    fn write(db: &Db, f: impl Fn(&mut Conn) -> Result<()> + Send + 'static) -> Result<Written<()>> {
        db.write_blocking(Actor::System, move |tx| {
            f(tx.conn())?;
            tx.log(Entry {
                action: "updated",
                resource: Resource::Tag,
                id: Id::new(),
                before: Footprint::none(),
                after: Footprint::none(),
                detail: None,
            });
            Ok(())
        })
    }

    #[test]
    fn a_snapshot_sees_the_names_that_it_holds() {
        let (db, _folder) = database();
        let id = Id::new();
        write(&db, move |conn| make(conn, id, "First")).unwrap();
        db.read_blocking(|conn| {
            assert_eq!(name_of(conn, id)?, "First");
            write(&db, move |conn| rename(conn, id, "Second"))?;
            let after = db.read_blocking(|conn| name_of(conn, id))?;
            assert_eq!(after, "Second");
            assert_eq!(name_of(conn, id)?, "First");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn what_was_rolled_back_is_found_by_nobody() {
        let (db, _folder) = database();
        let id = Id::new();
        let refused = write(&db, move |conn| {
            make(conn, id, "First")?;
            assert_eq!(name_of(conn, id)?, "First");
            Err(Error::NotFound("tag"))
        });
        assert!(matches!(refused, Err(Error::NotFound("tag"))));
        write(&db, move |conn| make(conn, id, "Second")).unwrap();
        assert_eq!(
            db.read_blocking(|conn| name_of(conn, id)).unwrap(),
            "Second"
        );
        // Gone and made again under the same id, as an import may do.
        write(&db, move |conn| {
            each!(conn, c => diesel::delete(tags::table.find(id)).execute(c))?;
            make(conn, id, "Third")
        })
        .unwrap();
        assert_eq!(db.read_blocking(|conn| name_of(conn, id)).unwrap(), "Third");
    }

    #[test]
    fn two_databases_may_name_one_id_differently() {
        let id = Id::new();
        for name in ["Here", "There"] {
            let (db, _folder) = database();
            write(&db, move |conn| make(conn, id, name)).unwrap();
            assert_eq!(db.read_blocking(|conn| name_of(conn, id)).unwrap(), name);
        }
    }
}
