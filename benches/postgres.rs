//! A database of the tests' PostgreSQL server, and the processes of that.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};

/// The processes of the PostgreSQL server whose first process this is.
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

/// A database of the tests' server; it goes with the value.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new(server: &str) -> Self {
        let name = format!("masthead_bench_read_{}", std::process::id());
        let mut conn = PgConnection::establish(server).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        Self {
            server: server.to_owned(),
            name,
        }
    }

    /// The first process of the server, if that runs on this machine.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        let mut conn = PgConnection::establish(&self.server).unwrap();
        let own = diesel::dsl::sql::<diesel::sql_types::Integer>("SELECT pg_backend_pid()");
        let own: i32 = own.get_result(&mut conn).unwrap();
        parent_of(own.cast_unsigned())
    }

    pub(crate) fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).expect("MASTHEAD_TEST_POSTGRES is a URL");
        url.set_path(&self.name);
        url.into()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut conn) = PgConnection::establish(&self.server) {
            let _best_effort =
                conn.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}
