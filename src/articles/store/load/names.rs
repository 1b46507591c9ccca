//! Slugs and names of tags and authors, kept in the process. Each is kept under the state of all names in which it was read
//! (`meta.names`, which triggers change with whatever touches a name): a snapshot in which that is another finds nothing, so
//! nothing has to be dropped, and what is found is what the snapshot holds. That state is a number that no other had, in no
//! database, so neither a rollback nor another database in the same process can bring a name here that is not so.

use std::collections::HashMap;
use std::sync::LazyLock;

use diesel::sql_types::BigInt;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::authors::model::AuthorRef;
use crate::db::{Conn, IdList, fixed};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json::Preserialized;
use crate::tags::model::TagRef;
use crate::{authors, tags};

/// Names of a kind that are kept: more than most sites have tags or authors.
const MOST: usize = 4096;

/// By the state in which they were read.
type Known<T> = LazyLock<Cache<(i64, Id), Preserialized<T>>>;

/// What has a slug and a name.
pub(super) trait Named: Serialize + Sized + 'static {
    /// Those of its kind that are at hand.
    fn known() -> &'static Known<Self>;
    fn id(&self) -> Id;
    /// Those of these ids, in any order.
    fn read(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Self>>;
}

impl Named for TagRef {
    fn known() -> &'static Known<Self> {
        static KNOWN: Known<TagRef> = LazyLock::new(|| Cache::new(MOST));
        &KNOWN
    }

    fn id(&self) -> Id {
        self.id
    }

    fn read(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Self>> {
        tags::store::refs(conn, ids)
    }
}

impl Named for AuthorRef {
    fn known() -> &'static Known<Self> {
        static KNOWN: Known<AuthorRef> = LazyLock::new(|| Cache::new(MOST));
        &KNOWN
    }

    fn id(&self) -> Id {
        self.id
    }

    fn read(conn: &mut Conn, ids: &[Id]) -> Result<Vec<Self>> {
        authors::store::refs(conn, ids)
    }
}

// The state of all names in the snapshot at hand.
fixed!(pub(super) NamesState: BigInt, of [], "(SELECT names FROM meta)", "(SELECT names FROM meta)");

/// What the ids of each of these lists stand for, in a snapshot in which the names have this state. What stands for nothing is
/// left out.
pub(super) fn lists<T: Named>(
    conn: &mut Conn,
    state: i64,
    lists: &[IdList],
) -> Result<Vec<Vec<Preserialized<T>>>> {
    let ids: Vec<Id> = lists.iter().flat_map(IdList::ids).collect();
    let mut named = of(conn, state, &ids)?.into_iter();
    let with_names = |list: &IdList| named.by_ref().take(list.count()).flatten().collect();
    Ok(lists.iter().map(with_names).collect())
}

/// What these ids stand for, in their order, in a snapshot in which the names have this state. What stands for nothing is
/// `None`: `masthead verify` tells of that.
fn of<T: Named>(conn: &mut Conn, state: i64, ids: &[Id]) -> Result<Vec<Option<Preserialized<T>>>> {
    /// Names that are read at once.
    const CHUNK: usize = 128;
    let known = T::known();
    let at_hand = ids.iter().map(|id| known.get(&(state, *id)));
    let mut found: Vec<Option<Preserialized<T>>> = at_hand.collect();
    let missing = ids.iter().zip(&found).filter(|(_, one)| one.is_none());
    let mut missing: Vec<Id> = missing.map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        missing.sort_unstable();
        missing.dedup();
        let mut read = HashMap::with_capacity(missing.len());
        for some in missing.chunks(CHUNK) {
            for one in T::read(conn, some)? {
                let id = one.id();
                let one = Preserialized::new(one)
                    .map_err(|error| Error::internal(format!("a name: {error}")))?;
                known.insert((state, id), one.clone());
                read.insert(id, one);
            }
        }
        for (id, one) in ids.iter().zip(&mut found) {
            *one = one.take().or_else(|| read.get(id).cloned());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::*;
    use crate::changes::model::{Actor, Entry, Footprint, Resource};
    use crate::db::schema::{meta, tags};
    use crate::db::{Db, Settings, Written, each, migrate};
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
        let found = of::<TagRef>(conn, state, &[id, nothing, id])?;
        let found = found.iter().map(|one| Some(&one.as_ref()?.name));
        let found: Vec<Option<&String>> = found.collect();
        assert_eq!((found[0], found[1]), (found[2], None));
        Ok(found[0].unwrap().clone())
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
