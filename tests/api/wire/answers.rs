//! Answers to what is right: in order, on a connection that is kept, without a body where none belongs, and without what
//! the client says of hosts.

use std::sync::mpsc;
use std::time::Duration;

use super::peer;
use super::peer::Peer;
use crate::support::{Server, article};

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start();
    for number in 0..8 {
        article(&format!("Number {number}"))
            .slug(&format!("number-{number}"))
            .create(&server);
    }
    let mut client = peer(&server);
    let targets: Vec<String> = (0..64)
        .map(|request| match request % 4 {
            0 => format!("/v1/articles/number-{}", request % 8),
            // One on the pool of readers, which takes longer than the next.
            1 => "/v1/articles?count=true".to_owned(),
            2 => "/health/live".to_owned(),
            _ => format!("/v1/articles/none-{request}"),
        })
        .collect();
    let requests: String = targets
        .iter()
        .map(|target| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect();
    client.send(requests);
    for (request, target) in targets.iter().enumerate() {
        let answer = client.answer_to("GET", target);
        let body = answer.json();
        match request % 4 {
            0 => assert_eq!(body["slug"], format!("number-{}", request % 8)),
            1 => assert_eq!(body["page"]["total"], 8),
            2 => assert_eq!(body["status"], "live"),
            _ => assert_eq!(answer.status, 404),
        }
    }
}

#[test]
fn a_connection_is_kept_until_it_is_to_be_closed() {
    let server = Server::start();
    let mut client = peer(&server);
    for _ in 0..3 {
        assert_eq!(client.get("/v1/site").status, 200);
        assert_eq!(client.get("/v1/nothing").status, 404);
    }
    client.send("GET /v1/site HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let last = client.answer_to("GET", "/v1/site");
    assert_eq!(last.header("connection"), "close");
    client.assert_closed();
}

#[test]
fn a_client_of_http_1_0_is_answered_and_left() {
    let server = Server::start();
    let mut client = peer(&server);
    client.send("GET /v1/site HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer_to("GET", "/v1/site").status, 200);
    client.assert_closed();
}

#[test]
fn a_client_that_has_said_all_is_still_answered() {
    let server = Server::start();
    let mut client = peer(&server);
    client.ask("GET", "/v1/articles?count=true");
    client.finish_sending();
    assert_eq!(
        client.answer_to("GET", "/v1/articles?count=true").status,
        200
    );
    client.assert_closed();
}

#[test]
fn head_sends_a_head_and_no_more() {
    let server = Server::start();
    article("A walk").slug("a-walk").create(&server);
    let mut client = peer(&server);
    for target in [
        "/v1/articles/a-walk",
        "/v1/articles",
        "/v1/articles/none",
        "/v1/nothing",
        "/health/live",
    ] {
        let whole = client.get(target);
        client.ask("HEAD", target);
        let head = client.answer_to("HEAD", target);
        assert_eq!(head.status, whole.status, "{target}");
        for name in ["content-length", "content-type", "etag"] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {target}");
        }
    }
    // Had a body followed, it would stand before this answer.
    assert_eq!(client.get("/health/live").json()["status"], "live");
}

#[test]
fn what_a_client_says_of_hosts_is_in_no_answer() {
    let server = Server::start();
    for number in 0..3 {
        article(&format!("Number {number}"))
            .slug(&format!("number-{number}"))
            .aliases([&format!("former-{number}")])
            .tags(["Sleep"])
            .create(&server);
    }
    let mut client = peer(&server);
    for target in [
        "/v1/site",
        "/v1/articles?limit=1",
        "/v1/articles?limit=1&page=2",
        "/v1/articles/number-1",
        "/v1/articles/former-1",
        "/v1/articles/former-1.md",
        "/v1/articles/number-1.md",
        "/v1/articles/number-1.html",
        "/v1/tags",
        "/v1/tags/sleep",
        "/v1/articles?limit=0",
        "/v1/nothing",
        "/v1/openapi.json",
        "/docs/",
        "/health/ready",
        "/problems/not-found",
    ] {
        client.send(format!(
            "GET {target} HTTP/1.1\r\nHost: canary.example\r\nX-Forwarded-Host: canary.example\r\n\
             X-Forwarded-Proto: canary\r\nX-Forwarded-For: canary\r\nX-Forwarded-Prefix: /canary\r\n\
             X-Original-URL: /canary\r\nForwarded: host=canary.example;proto=canary\r\n\
             X-Request-Id: canary\r\n\r\n"
        ));
        let answer = client.answer_to("GET", target);
        assert!(answer.status < 500, "{target}");
        let said = format!("{:?}{}", answer.headers, answer.text());
        assert!(!said.contains("canary"), "{target}: {said}");
        assert_eq!(answer.header("server"), "");
        assert_eq!(answer.header("x-powered-by"), "");
    }
    // A request line with a whole address, as to a proxy, is served by its path alone.
    client.send(
        "GET http://canary.example/v1/articles?limit=1 HTTP/1.1\r\nHost: canary.example\r\n\r\n",
    );
    let answer = client.answer_to("GET", "/v1/articles?limit=1");
    assert_eq!(answer.status, 200);
    assert!(!format!("{:?}{}", answer.headers, answer.text()).contains("canary"));
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let server = Server::setup()
        .http(|http| http.shutdown = Duration::from_secs(3600))
        .start();
    let mut idle: Vec<Peer> = (0..50).map(|_| peer(&server)).collect();
    for peer in &mut idle {
        assert_eq!(peer.get("/health/live").status, 200);
    }
    // One that has not said anything yet.
    idle.push(peer(&server));
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        drop(server);
        ended.send(()).unwrap();
    });
    end.recv_timeout(Duration::from_secs(50))
        .expect("it waits for connections that ask for nothing");
    for peer in &mut idle {
        peer.assert_closed();
    }
}
