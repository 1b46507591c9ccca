//! How ids and times stand in the database: 16 bytes and a BIGINT of milliseconds, the same on both back ends.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary};
use diesel::sqlite::{Sqlite, SqliteValue};

use super::conn::MultiBackend;
use crate::id::Id;
use crate::time::Time;

impl<DB> ToSql<Binary, DB> for Id
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <[u8] as ToSql<Binary, DB>>::to_sql(self.as_bytes(), out)
    }
}

fn id(bytes: &[u8]) -> deserialize::Result<Id> {
    Id::from_slice(bytes).ok_or_else(|| format!("an id of {} bytes", bytes.len()).into())
}

// One for each back end, and not by way of `Vec<u8>`: a page of a list holds some two hundred ids.
impl FromSql<Binary, Sqlite> for Id {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        id(value.read_blob())
    }
}

impl FromSql<Binary, Pg> for Id {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        id(value.as_bytes())
    }
}

impl FromSql<Binary, MultiBackend> for Id {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        id(&<Vec<u8> as FromSql<Binary, MultiBackend>>::from_sql(
            value,
        )?)
    }
}

impl<DB> ToSql<BigInt, DB> for Time
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_millis().to_sql(out)
    }
}

impl<DB> FromSql<BigInt, DB> for Time
where
    DB: Backend,
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let millis = <i64 as FromSql<BigInt, DB>>::from_sql(bytes)?;
        Self::from_millis(millis).ok_or_else(|| format!("a time of {millis} ms").into())
    }
}
