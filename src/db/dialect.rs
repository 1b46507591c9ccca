//! The few places where the SQL text itself differs between the databases; beside these, `columns` quotes names and `id_list` joins ids.

use std::marker::PhantomData;

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, Binary, Bool, HasSqlType, SqlType, Text};
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

        super::fixed!(@text $name, Sqlite, $sql);

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

/// `column IN (…)`, cached as a prepared statement. Diesel's own `eq_any` is prepared anew each time on SQLite, since the
/// number of binds varies; here it is padded with the last value to one of a few sizes.
#[derive(Debug, Clone)]
pub struct OneOf<C, V, ST> {
    column: C,
    values: Vec<V>,
    sql_type: PhantomData<ST>,
}

/// `column` is one of `ids`. Of no ids, nothing is.
pub fn id_in<C>(column: C, ids: &[Id]) -> OneOf<C, Id, Binary> {
    OneOf::new(column, ids.to_vec())
}

/// `column` is one of `texts`. Of no texts, nothing is.
pub fn text_in<C>(column: C, texts: Vec<&str>) -> OneOf<C, &str, Text> {
    OneOf::new(column, texts)
}

impl<C, V: Clone, ST> OneOf<C, V, ST> {
    fn new(column: C, mut values: Vec<V>) -> Self {
        /// A single article, a default page, the largest page with its one row more.
        const SIZES: [usize; 4] = [1, 8, 32, 128];
        if let Some(last) = values.last().cloned() {
            let fits = SIZES.into_iter().find(|size| *size >= values.len());
            values.resize(fits.unwrap_or(values.len()), last);
        }
        Self {
            column,
            values,
            sql_type: PhantomData,
        }
    }
}

impl<C, V, ST> Expression for OneOf<C, V, ST> {
    type SqlType = Bool;
}
impl<C, V, ST, QS> AppearsOnTable<QS> for OneOf<C, V, ST> where C: AppearsOnTable<QS> {}
impl<C, V, ST, QS> SelectableExpression<QS> for OneOf<C, V, ST> where C: SelectableExpression<QS> {}
impl<C, V, ST, GB> diesel::expression::ValidGrouping<GB> for OneOf<C, V, ST> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}
impl<C, V, ST> QueryId for OneOf<C, V, ST> {
    type QueryId = ();
    // The text depends on the number of values, so it is the key.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, V, ST> QueryFragment<Sqlite> for OneOf<C, V, ST>
where
    C: QueryFragment<Sqlite>,
    V: ToSql<ST, Sqlite>,
    Sqlite: HasSqlType<ST>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            out.push_bind_param::<ST, V>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<C, V, ST> QueryFragment<Pg> for OneOf<C, V, ST>
where
    C: QueryFragment<Pg>,
    ST: SqlType + 'static,
    Vec<V>: ToSql<Array<ST>, Pg>,
    Pg: HasSqlType<ST>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<ST>, _>(&self.values)?;
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

/// Whether `column` holds these characters somewhere.
pub fn holds<C>(column: C, part: &str) -> Holds<C> {
    Holds {
        column,
        pattern: containing(part),
    }
}

/// A LIKE pattern, with `\` as its escape, for what holds these very characters.
pub fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_pattern_mean_themselves() {
        assert_eq!(containing(r"100%_\"), r"%100\%\_\\%");
        assert_eq!(containing("c++"), "%c++%");
    }
}
