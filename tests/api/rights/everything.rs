//! The whole database as one list of rows, so that a test can tell whether anything at all was written.

use diesel::QueryableByName;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::prelude::*;
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::Binary;
use masthead::db::Conn;

use crate::support::{Server, each};

/// A row of any table: its values as the database sends them.
struct AnyRow(Vec<(String, Option<Vec<u8>>)>);

impl<DB> QueryableByName<DB> for AnyRow
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let mut values = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = Row::get(row, index).ok_or("a row shorter than it says")?;
            let name = field.field_name().unwrap_or_default().to_owned();
            // Whatever the type: it is compared, not read.
            let value = match field.value() {
                Some(value) => Some(<Vec<u8> as FromSql<Binary, DB>>::from_sql(value)?),
                None => None,
            };
            values.push((name, value));
        }
        Ok(Self(values))
    }
}

/// The tables, by the names that the program has for them.
fn tables() -> Vec<&'static str> {
    let declared = include_str!("../../../src/db/schema.rs")
        .split("diesel::table! {")
        .skip(1);
    let tables: Vec<_> = declared
        .map(|table| table.split('(').next().unwrap().trim())
        .collect();
    assert!(tables.len() > 20, "{tables:?}");
    tables
}

/// Every row of every table, in an order of its own. But for the log of what looks like an attack, and for when a key was
/// last used: both are noted of requests that are refused, too.
pub(crate) fn rows_of(server: &Server) -> Vec<String> {
    let mut all = Vec::new();
    for table in tables().into_iter().filter(|it| *it != "security_events") {
        let rows = server.read(|conn: &mut Conn| {
            let query = diesel::sql_query(format!("SELECT * FROM {table}"));
            each!(conn, c => query.load::<AnyRow>(c))
        });
        for AnyRow(mut values) in rows {
            values.retain(|(column, _)| (table, column.as_str()) != ("api_keys", "used_at"));
            all.push(format!("{table} {values:?}"));
        }
    }
    all.sort_unstable();
    all
}

/// What was written or removed between the two.
pub(crate) fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let shown =
        |sign: char, row: &String| format!("{sign} {}", row.chars().take(300).collect::<String>());
    let gone = before
        .iter()
        .filter(|row| after.binary_search(row).is_err());
    let come = after
        .iter()
        .filter(|row| before.binary_search(row).is_err());
    gone.map(|row| shown('-', row))
        .chain(come.map(|row| shown('+', row)))
        .collect()
}
