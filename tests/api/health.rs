//! Whether the server should get requests, as whoever stands before it asks: ready, or not because the database is away.
//! That it says so when it is about to end stands with the end of a server.

use std::time::Duration;

use serde_json::json;

use crate::support::Server;

#[test]
fn without_its_database_a_server_lives_and_is_not_ready() {
    // Long enough for a connection to be made, and short, since none can be.
    let server = Server::setup()
        .db(|settings| settings.reader_wait = Duration::from_millis(100))
        .start();
    server.search_follows();
    let search = json!({"status": "ready", "change": 0, "behind": 0});
    let ready = json!({"status": "ready", "change": 0, "database": "reachable", "search": search});
    assert_eq!(server.get("/health/ready").ok(), ready);

    server.database().take_away();
    let answer = server.get("/health/ready");
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.json(),
        json!({"status": "unavailable", "change": 0, "database": "unreachable", "search": search})
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(server.get("/health/live").ok(), json!({"status": "live"}));

    server.database().give_back();
    assert_eq!(server.get("/health/ready").ok(), ready);
}
