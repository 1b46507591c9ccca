//! A database of the tests' PostgreSQL server.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// A database of the tests' server; it goes with the value.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new(server: &str, name: &str) -> Self {
        let name = format!("masthead_bench_{name}_{}", std::process::id());
        let mut conn = PgConnection::establish(server).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name}"))
            .unwrap();
        Self {
            server: server.to_owned(),
            name,
        }
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
