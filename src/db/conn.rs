//! A connection to either database, behind one type.

use diesel::{PgConnection, SqliteConnection};

/// A connection to SQLite or to PostgreSQL. Diesel's derive makes one back end of both, for which most queries are
/// written once; `each!` is for what it cannot type.
#[derive(diesel::MultiConnection)]
#[expect(
    missing_docs,
    reason = "the derive adds items that cannot carry documentation"
)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Pg(PgConnection),
}

/// Runs one expression on whichever connection this is: a match whose one body is compiled for each back end. Also the
/// fast way for hot reads, since Diesel then finds the prepared statement by type and not by its text.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($c) => $body,
            $crate::db::Conn::Pg($c) => $body,
        }
    };
}

pub(crate) use each;
