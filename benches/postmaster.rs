//! The processes of a PostgreSQL server, whose CPU time is part of what an answer costs.

use diesel::{Connection, PgConnection, RunQueryDsl};

/// The first process of the server of this database, if that runs on this machine.
pub(crate) fn of(url: &str) -> Option<u32> {
    let mut conn = PgConnection::establish(url).unwrap();
    let own = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT pg_backend_pid()");
    let own: i32 = own.get_result(&mut conn).unwrap();
    parent_of(own.cast_unsigned())
}

/// The processes of the server whose first process this is.
pub(crate) fn children_of(postmaster: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|process| process.file_name().to_str()?.parse().ok());
    all.filter(|process| *process == postmaster || parent_of(*process) == Some(postmaster))
        .collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}
