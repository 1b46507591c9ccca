//! The pages of a database file, as one transaction sees them.

use std::collections::HashMap;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::error::{Error, Result};

// Whoever builds without that file has no table of pages, which must show before somebody needs a backup.
const _: &str = env!(
    "LIBSQLITE3_FLAGS",
    "build masthead in its own folder: .cargo/config.toml says how SQLite is compiled"
);

#[derive(QueryableByName)]
struct Page {
    #[diesel(sql_type = BigInt)]
    pgno: i64,
    #[diesel(sql_type = Binary)]
    data: Vec<u8>,
}

/// Which of the numbers in the header of the database is the first page of the list of free ones
/// (<https://sqlite.org/fileformat2.html#the_database_header>).
const FIRST_FREE: usize = 8;
/// Bytes of a number.
const NUMBER: usize = 4;

/// Hands over all pages in their order (<https://sqlite.org/dbpage.html>), those that are free without what was in them.
///
/// # Errors
/// When they cannot be read; and as `page` answers.
pub(super) fn each<E: From<Error>>(
    conn: &mut SqliteConnection,
    mut page: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let free = free(conn)?;
    let pages = diesel::sql_query("SELECT pgno, data FROM sqlite_dbpage ORDER BY pgno")
        .load_iter::<Page, DefaultLoadingMode>(conn)
        .map_err(Error::from)?;
    for read in pages {
        let Page { pgno, mut data } = read.map_err(Error::from)?;
        if let Some(used) = free.get(&pgno) {
            data[*used..].fill(0);
        }
        page(&data)?;
    }
    Ok(())
}

/// The free pages, and how many bytes of each are in use: none, but in those that list the others
/// (<https://sqlite.org/fileformat2.html#the_freelist>).
fn free(conn: &mut SqliteConnection) -> Result<HashMap<i64, usize>> {
    let damaged = || Error::internal("the list of free pages is damaged");
    let mut free = HashMap::new();
    let mut next = numbers(&one(conn, 1)?)
        .nth(FIRST_FREE)
        .ok_or_else(damaged)?;
    while next != 0 {
        let trunk = one(conn, next)?;
        let mut numbers = numbers(&trunk);
        let (after, count) = numbers
            .next()
            .zip(numbers.next().and_then(|count| usize::try_from(count).ok()))
            .ok_or_else(damaged)?;
        let leaves: Vec<i64> = numbers.take(count).collect();
        let used = (2 + count) * NUMBER;
        if leaves.len() < count || free.insert(next, used).is_some() {
            return Err(damaged());
        }
        free.extend(leaves.into_iter().map(|leaf| (leaf, 0)));
        next = after;
    }
    Ok(free)
}

fn one(conn: &mut SqliteConnection, page: i64) -> Result<Vec<u8>> {
    let page: Option<Page> =
        diesel::sql_query("SELECT pgno, data FROM sqlite_dbpage WHERE pgno = ?")
            .bind::<BigInt, _>(page)
            .get_result(conn)
            .optional()?;
    page.map(|page| page.data)
        .ok_or_else(|| Error::internal("a free page is not there"))
}

/// What a page holds where it holds numbers.
fn numbers(page: &[u8]) -> impl Iterator<Item = i64> {
    let (numbers, _rest) = page.as_chunks::<NUMBER>();
    numbers
        .iter()
        .map(|number| i64::from(u32::from_be_bytes(*number)))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use memchr::memmem::find;

    use super::*;
    use crate::db::settings::Settings;
    use crate::db::{Conn, snapshot};

    #[test]
    fn what_was_deleted_is_in_no_copy() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::sqlite_in(folder.path());
        let mut conn = settings.connect_writer().unwrap();
        conn.batch_execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")
            .unwrap();
        // Rows of one page with others, rows of many pages, and so many of these that several pages list them.
        conn.batch_execute(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 400)
             INSERT INTO t SELECT n, CASE n % 4
                 WHEN 0 THEN 'kept ' || n
                 WHEN 1 THEN 'little that goes ' || n
                 ELSE replace(hex(zeroblob(2000)), '00', 'much that goes, ') END FROM n;
             DELETE FROM t WHERE x LIKE '%that goes%';
             PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .unwrap();
        let file = std::fs::read(folder.path().join("masthead.db")).unwrap();
        assert!(find(&file, b"much that goes").is_some());
        let Conn::Sqlite(conn) = &mut conn else {
            panic!("this is SQLite")
        };
        let mut copy = Vec::new();
        conn.batch_execute("BEGIN").unwrap();
        let pages = |page: &[u8]| {
            copy.extend_from_slice(page);
            Ok::<_, Error>(())
        };
        each(conn, pages).unwrap();
        assert!(
            free(conn)
                .unwrap()
                .values()
                .filter(|used| **used > 0)
                .count()
                > 1
        );
        assert_eq!(copy.len(), file.len());
        assert!(find(&copy, b"that goes").is_none());
        let beside = folder.path().join("copy.db");
        std::fs::write(&beside, copy).unwrap();
        let mut copy = snapshot::reader(&beside).unwrap();
        let Conn::Sqlite(copy) = &mut copy else {
            panic!("this is SQLite")
        };
        assert_eq!(
            snapshot::damage(copy, "integrity_check").unwrap(),
            Vec::<String>::new()
        );
        let kept: i64 = diesel::dsl::sql::<BigInt>("SELECT count(*) FROM t WHERE x LIKE 'kept %'")
            .get_result(copy)
            .unwrap();
        assert_eq!(kept, 100);
    }
}
