//! What is no request: it is told so in a problem document and loses its connection, and nobody else notices.

use super::peer;
use crate::support::Server;

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What is no request gets this problem and no second chance, and others are served all the while.
#[track_caller]
fn assert_refused(request: impl AsRef<[u8]>, status: u16, code: &str) {
    let server = Server::start();
    let mut broken = peer(&server);
    broken.send(request);
    broken.refusal(status, code);
    assert_eq!(server.get("/health/live").status, 200);
    broken.assert_closed();
}

#[test]
fn a_broken_request_line_is_refused() {
    assert_refused("GARBAGE\r\n\r\n", 400, "bad-request");
}

#[test]
fn a_header_with_nul_is_refused() {
    assert_refused(
        "GET /v1/site HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
        400,
        "bad-request",
    );
}

#[test]
fn a_path_with_nul_is_refused() {
    assert_refused(
        "GET /v1/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        400,
        "bad-request",
    );
}

#[test]
fn an_unknown_version_is_refused() {
    for version in ["HTTP/9.9", "HTTP/2.0"] {
        let request = format!("GET /v1/site {version}\r\nHost: localhost\r\n\r\n");
        assert_refused(request, 400, "bad-request");
    }
    // What a client sends that knows HTTP/2 beforehand.
    assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad-request");
}

#[test]
fn a_request_without_host_is_refused() {
    assert_refused("GET /v1/site HTTP/1.1\r\n\r\n", 400, "bad-request");
}

#[test]
fn two_lengths_are_refused() {
    for lengths in [
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
    ] {
        let request =
            format!("POST /v1/site HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n0\r\n\r\n");
        assert_refused(request, 400, "bad-request");
    }
}

#[test]
fn a_head_of_more_than_128_kib_is_refused() {
    let long = "a".repeat(129 * 1024);
    let request = format!("GET /v1/site HTTP/1.1\r\nHost: localhost\r\nX-A: {long}");
    assert_refused(request, 431, "headers-too-large");
}

#[test]
fn a_broken_request_after_a_good_one_is_refused_too() {
    let server = Server::start();
    let mut apart = peer(&server);
    assert_eq!(apart.get("/health/live").status, 200);
    apart.send("GARBAGE\r\n\r\n");
    apart.refusal(400, "bad-request");
    apart.assert_closed();

    let mut together = peer(&server);
    together.send(format!("{LIVE}GARBAGE\r\n\r\n"));
    assert_eq!(together.answer_to("GET", "/health/live").status, 200);
    together.refusal(400, "bad-request");
    together.assert_closed();
}

#[test]
fn a_url_has_eight_kib() {
    let server = Server::start();
    let mut client = peer(&server);
    let url = |length: usize| {
        let start = "/v1/articles?author=";
        format!("{start}{}", "a".repeat(length - start.len()))
    };
    assert_eq!(client.get(&url(8192)).status, 200);
    let refused = client.get(&url(8193));
    assert_eq!(refused.status, 414);
    assert_eq!(refused.problem()["type"], "/problems/uri-too-long");
    // The connection is none the worse for it.
    assert_eq!(client.get("/v1/articles").status, 200);
}

#[test]
fn a_url_of_any_length_is_too_long_not_broken() {
    let server = Server::start();
    let mut client = peer(&server);
    client.ask(
        "GET",
        &format!("/v1/articles?author={}", "a".repeat(100_000)),
    );
    client.refusal(414, "uri-too-long");
}
