//! The few places where the SQL text itself differs between the databases. Nowhere else.

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Binary, Bool, Text};
use diesel::sqlite::Sqlite;

use super::Conn;
use super::schema::meta;
use crate::id::Id;

/// Begins a transaction that may write. SQLite takes its write lock here: upgrading a deferred transaction later fails at
/// once, whatever the busy timeout.
pub(super) fn begin_write(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => c.batch_execute("BEGIN IMMEDIATE"),
        Conn::Pg(c) => c.batch_execute("BEGIN"),
    }
}

/// Begins a transaction that sees one state of the database throughout.
pub(super) fn begin_read(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => Begin.execute(c).map(|_none| ()),
        Conn::Pg(c) => c.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
    }
}

/// Ends it.
pub(super) fn end_read(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => Commit.execute(c).map(|_none| ()),
        Conn::Pg(c) => c.batch_execute("COMMIT"),
    }
}

/// Statements that every read makes: prepared once, where `batch_execute` prepares each time.
macro_rules! prepared {
    ($($name:ident: $sql:literal),*) => {$(
        #[derive(QueryId)]
        struct $name;

        impl QueryFragment<Sqlite> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                out.push_sql($sql);
                Ok(())
            }
        }

        impl RunQueryDsl<SqliteConnection> for $name {}
    )*};
}
prepared!(Begin: "BEGIN", Commit: "COMMIT");

/// The counter row: the last change, and the last public one. On PostgreSQL this is the lock that puts writers of all
/// nodes in one line; on SQLite `BEGIN IMMEDIATE` already was.
pub(super) fn lock_counter(conn: &mut Conn) -> QueryResult<(i64, i64)> {
    let counter = meta::table.select((meta::change, meta::public_change));
    match conn {
        Conn::Sqlite(c) => counter.first(c),
        Conn::Pg(c) => counter.for_update().first(c),
    }
}

/// `column IN (…)` over ids, cached as a prepared statement. Diesel's own `eq_any` is prepared anew each time on SQLite,
/// since the number of binds varies; here it is padded with the last id to one of a few sizes.
#[derive(Debug, Clone)]
pub struct IdIn<C> {
    column: C,
    ids: Vec<Id>,
}

/// `column` is one of `ids`. Of no ids, nothing is.
pub fn id_in<C>(column: C, ids: &[Id]) -> IdIn<C> {
    /// A single article, a default page, the largest page with its one row more.
    const SIZES: [usize; 4] = [1, 8, 32, 128];
    let mut padded = ids.to_vec();
    if let Some(last) = ids.last() {
        let size = SIZES
            .into_iter()
            .find(|size| *size >= ids.len())
            .unwrap_or(ids.len());
        padded.resize(size, *last);
    }
    IdIn {
        column,
        ids: padded,
    }
}

impl<C> Expression for IdIn<C> {
    type SqlType = Bool;
}
impl<C, QS> AppearsOnTable<QS> for IdIn<C> where C: AppearsOnTable<QS> {}
impl<C, QS> SelectableExpression<QS> for IdIn<C> where C: SelectableExpression<QS> {}
impl<C, GB> diesel::expression::ValidGrouping<GB> for IdIn<C> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}
impl<C> QueryId for IdIn<C> {
    type QueryId = ();
    // The text depends on the number of ids, so it is the key.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for IdIn<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (index, id) in self.ids.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<Binary, _>(id)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for IdIn<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<diesel::sql_types::Array<Binary>, _>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

/// A column that no index is looked for by. SQLite takes an index whose first columns are compared with values to be
/// narrower than a list of keys, and reads all of it.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Unindexed<C>(pub C);

impl<C: Expression> Expression for Unindexed<C> {
    type SqlType = C::SqlType;
}
impl<C, QS> AppearsOnTable<QS> for Unindexed<C> where C: AppearsOnTable<QS> {}
impl<C, QS> SelectableExpression<QS> for Unindexed<C> where C: SelectableExpression<QS> {}
impl<C, GB> diesel::expression::ValidGrouping<GB> for Unindexed<C> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Unindexed<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // A sign does nothing to a text (https://sqlite.org/optoverview.html, "unary +").
        out.push_sql("+");
        self.0.walk_ast(out)
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Unindexed<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // PostgreSQL knows how many rows there are.
        self.0.walk_ast(out)
    }
}

/// `column` fits a LIKE pattern whose ASCII letters stand for both cases. SQLite's LIKE is such; PostgreSQL's ILIKE is with
/// the collation "C", and with others takes more letters.
#[derive(Debug, Clone)]
pub struct Holds<C> {
    column: C,
    pattern: String,
}

/// Whether `column` fits this pattern, in which `\\` escapes.
pub fn holds<C>(column: C, pattern: &str) -> Holds<C> {
    Holds {
        column,
        pattern: pattern.to_owned(),
    }
}

impl<C> Expression for Holds<C> {
    type SqlType = Bool;
}
impl<C, QS> AppearsOnTable<QS> for Holds<C> where C: AppearsOnTable<QS> {}
impl<C, QS> SelectableExpression<QS> for Holds<C> where C: SelectableExpression<QS> {}
impl<C, GB> diesel::expression::ValidGrouping<GB> for Holds<C> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}
impl<C> QueryId for Holds<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Holds<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" LIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)?;
        out.push_sql(" ESCAPE '\\'");
        Ok(())
    }
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Holds<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" COLLATE \"C\" ILIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)?;
        out.push_sql(" ESCAPE '\\'");
        Ok(())
    }
}
