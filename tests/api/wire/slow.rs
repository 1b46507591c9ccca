//! Peers that are slow to say what they want, or to take what they get, and more of them than there are places.

use std::time::Duration;

use masthead::http::server::Settings;

use super::peer;
use super::peer::{Outcome, Peer};
use crate::support::{Server, article};

/// The HTTP library's clock has steps of half a second, so a shorter time than this may be over before it begins.
const SHORT: Duration = Duration::from_millis(1500);

#[test]
fn a_slow_head_is_refused_and_holds_up_nobody() {
    let server = Server::setup()
        .http(|http| http.head_timeout = SHORT)
        .start();
    let mut slow = peer(&server);
    slow.send("GET /v1/si");
    let mut silent = peer(&server);
    for _ in 0..20 {
        assert_eq!(server.get("/v1/articles").status, 200);
    }
    slow.refusal(408, "request-timeout");
    slow.assert_closed();
    // One that never says anything gets the same, or just loses its connection.
    match silent.read_answer(false) {
        Outcome::Whole(answer) => assert_eq!(answer.status, 408),
        Outcome::Nothing => {}
        Outcome::Cut(got) => panic!("{got}"),
    }
    silent.assert_closed();
    assert_eq!(server.get("/v1/articles").status, 200);
}

#[test]
fn a_head_that_dribbles_has_no_longer_than_one_that_stops() {
    let server = Server::setup()
        .http(|http| http.head_timeout = SHORT)
        .start();
    let mut slow = peer(&server);
    slow.send("GET /v1/site HTTP/1.1\r\nHost: localhost\r\n");
    for _ in 0..600 {
        if slow.try_send("X: y\r\n").is_err() || !slow.is_waiting() {
            break;
        }
    }
    slow.refusal(408, "request-timeout");
    slow.assert_closed();
}

/// What announces content, and a piece of that content.
const LENGTH: (&str, &str) = ("Content-Length: 1000", "a");
const CHUNKS: (&str, &str) = ("Transfer-Encoding: chunked", "1\r\na\r\n");

/// Announces content and sends only pieces of it, and then none at all: the answer does not wait for the rest, nobody else
/// does either, and the connection ends.
#[track_caller]
fn assert_content_is_not_waited_for(
    method: &str,
    target: &str,
    (framing, piece): (&str, &str),
    (status, code): (u16, &str),
) {
    let server = Server::setup()
        .http(|http| {
            http.head_timeout = SHORT;
            http.keep_alive = SHORT;
        })
        .start();
    for pieces in [0, 1, 20] {
        let mut slow = peer(&server);
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n");
        slow.send(head);
        let answer = slow.answer_to(method, target);
        assert_eq!(answer.status, status);
        assert_eq!(answer.problem()["type"], format!("/problems/{code}"));
        for _ in 0..pieces {
            // By now it may have been closed.
            let _gone = slow.try_send(piece);
            assert_eq!(server.get("/v1/articles").status, 200);
        }
        slow.assert_closed();
    }
}

#[test]
fn content_announced_to_a_get_is_not_waited_for() {
    let refused = (413, "unexpected-content");
    assert_content_is_not_waited_for("GET", "/v1/site", LENGTH, refused);
}

#[test]
fn chunks_announced_to_a_get_are_not_waited_for() {
    let refused = (413, "unexpected-content");
    assert_content_is_not_waited_for("GET", "/v1/site", CHUNKS, refused);
}

#[test]
fn content_posted_to_a_route_without_that_method_is_not_waited_for() {
    let refused = (405, "method-not-allowed");
    assert_content_is_not_waited_for("POST", "/v1/articles", LENGTH, refused);
}

#[test]
fn chunks_posted_to_a_route_without_that_method_are_not_waited_for() {
    let refused = (405, "method-not-allowed");
    assert_content_is_not_waited_for("POST", "/v1/articles", CHUNKS, refused);
}

#[test]
fn content_posted_to_no_route_is_not_waited_for() {
    let refused = (404, "unknown-route");
    assert_content_is_not_waited_for("POST", "/v1/nothing", LENGTH, refused);
}

#[test]
fn chunks_posted_to_no_route_are_not_waited_for() {
    let refused = (404, "unknown-route");
    assert_content_is_not_waited_for("POST", "/v1/nothing", CHUNKS, refused);
}

/// A server on one thread, so that what is held up is held up for all, with an article as large as may be.
fn narrow_server(tune: impl FnOnce(&mut Settings)) -> Server {
    let server = Server::setup()
        .http(|http| {
            http.workers = 1;
            tune(http);
        })
        .start();
    let paragraph = "Words upon words, and none of them read. ".repeat(25);
    let body = format!("{paragraph}\n\n").repeat(870);
    assert!(
        body.len() > 880_000 && body.len() < 1 << 20,
        "{}",
        body.len()
    );
    article("Large")
        .slug("large")
        .markdown(&body)
        .create(&server);
    server
}

#[test]
fn a_peer_that_does_not_read_is_dropped_and_holds_up_nobody() {
    let server = narrow_server(|http| {
        http.connections = 2;
        http.write_timeout = Duration::from_millis(300);
    });
    let mut stalled = Peer::narrow(server.client.address());
    for _ in 0..40 {
        stalled.ask("GET", "/v1/articles/large");
    }
    let mut other = peer(&server);
    for _ in 0..20 {
        assert_eq!(other.get("/v1/articles").status, 200);
    }
    // There is no place for a third: it is served when the one that does not read has lost its own.
    let mut third = peer(&server);
    assert_eq!(third.get("/v1/articles").status, 200);
    assert_eq!(other.get("/v1/articles").status, 200);
    let mut whole = 0;
    while let Outcome::Whole(answer) = stalled.read_answer(false) {
        assert_eq!(answer.status, 200);
        whole += 1;
    }
    assert!(whole < 40, "it got all it had asked for");
}

#[test]
fn a_peer_that_reads_slowly_gets_it_all() {
    let server = narrow_server(|http| http.write_timeout = SHORT);
    let mut slow = Peer::narrow(server.client.address());
    slow.ask("GET", "/v1/articles/large");
    slow.await_answer();
    assert_eq!(
        slow.answer_to("GET", "/v1/articles/large").json()["slug"],
        "large"
    );
}

#[test]
fn more_connections_than_there_are_places_wait_their_turn() {
    let server = Server::setup()
        .http(|http| {
            http.workers = 1;
            http.connections = 4;
        })
        .start();
    let mut holders: Vec<Peer> = (0..4).map(|_| peer(&server)).collect();
    for holder in &mut holders {
        assert_eq!(holder.get("/health/live").status, 200);
    }
    let mut waiting: Vec<Peer> = (0..4).map(|_| peer(&server)).collect();
    for peer in &mut waiting {
        peer.ask("GET", "/v1/site");
    }
    for peer in &mut waiting {
        assert!(peer.is_waiting(), "served beyond the number of places");
    }
    drop(holders);
    for peer in &mut waiting {
        assert_eq!(peer.answer_to("GET", "/v1/site").status, 200);
    }
}
