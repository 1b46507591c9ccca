//! Whatever somebody sends, the next reader is answered as if they had not.

use crate::support::{Server, article, page};
use crate::wire::peer::Peer;

/// What is asked for, each with whatever it could be spoiled by.
const TARGETS: &[&str] = &[
    "/v1/articles",
    "/v1/articles?limit=1&tag=love",
    "/v1/articles/one",
    "/v1/articles/one.md",
    "/v1/pages/about",
    "/v1/tags",
    "/v1/site",
    "/v1/search/suggest?q=on",
    "/v1/openapi.json",
];

const HEADERS: &[&str] = &[
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /evil",
    "Forwarded: for=1.2.3.4;host=evil.example;proto=gopher",
    "X-Original-URL: /v1/admin/me\r\nX-Rewrite-URL: /v1/admin/me",
    "X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: PUT",
    "Accept: text/evil",
    "Accept: application/json;q=0, */*;q=0.1",
    "Accept: ,;q=,",
    "Accept-Language: xx-evil",
    "Accept-Encoding: evil, br;q=1, *;q=9",
    "Accept-Encoding: gzip",
    "Range: bytes=0-3",
    "Range: bytes=0-3\r\nIf-Range: \"x\"",
    "If-None-Match: *",
    "If-Match: \"x\"\r\nIf-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
    "Authorization: Bearer evil\r\nCookie: session=evil",
    "Origin: https://evil.example\r\nReferer: https://evil.example/",
    "Cache-Control: no-store, max-age=0\r\nPragma: no-cache",
    "Min-Change: 0",
    "Connection: close",
    "X-Request-Id: evil\r\nX-Evil: evil",
];

/// What of an answer others must get too: its status, its body and its headers, but for those of the moment.
fn essence(server: &Server, target: &str) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let answer = server.get(target);
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date" | "change"))
        .collect();
    headers.sort();
    (answer.status, headers, answer.body)
}

#[test]
fn nobody_spoils_an_answer_for_others() {
    let filled = |server: &Server| {
        article("One")
            .id(crate::support::id(1))
            .published_at("2026-01-01T00:00:00Z")
            .updated_at("2026-01-01T00:00:00Z")
            .tags(["Love"])
            .markdown("Some words of it.")
            .create(server);
        page("About")
            .id(crate::support::id(2))
            .published_at("2026-01-01T00:00:00Z")
            .updated_at("2026-01-01T00:00:00Z")
            .create(server);
        server.search_follows();
    };
    for target in TARGETS {
        // One server that nobody has spoiled, and one where each attempt is the first to ask.
        let clean = Server::setup().app(|app| app.cache.bytes = 0).start();
        filled(&clean);
        let expected = essence(&clean, target);
        let server = Server::setup().app(|app| app.cache.proves = false).start();
        filled(&server);
        // Ids of tags are of the moment, and stand in answers: those of one server are compared.
        let first = essence(&server, target);
        assert_eq!((first.0, expected.0), (200, 200), "{target}");
        assert_eq!(first.2.len(), expected.2.len(), "{target}");
        for (number, header) in HEADERS.iter().enumerate() {
            // Another key each time, so that the spoiled request is the one that fills the cache.
            let own = if target.contains('?') {
                format!("{target}&")
            } else {
                (*target).to_owned()
            };
            touch(&server, number);
            let mut peer = Peer::connect(server.client.address());
            peer.send(format!(
                "GET {own} HTTP/1.1\r\nHost: evil.example:99\r\n{header}\r\n\r\n"
            ));
            peer.read_answer(false);
            let mut peer = Peer::connect(server.client.address());
            peer.send(format!(
                "HEAD http://evil.example{own} HTTP/1.1\r\nHost: evil.example\r\n{header}\r\n\r\n"
            ));
            peer.read_answer(true);
            let now = essence(&server, target);
            assert!(now == first, "{target}: {header}: {now:?}");
        }
        // What is not known is refused, and kept for nobody.
        let unknown = if target.contains('?') {
            format!("{target}&evil=1")
        } else {
            format!("{target}?evil=1")
        };
        assert_eq!(server.get(&unknown).status, 400, "{unknown}");
        assert_eq!(server.get(&unknown).status, 400, "{unknown}");
        assert!(essence(&server, target) == first, "{target}");
    }
}

/// Makes all that is kept stale without changing what anything shows: a text comes and goes for good.
fn touch(server: &Server, number: usize) {
    let id = article(&format!("Passing {number}"))
        .tags(["Love"])
        .create(server)
        .id;
    server.write(move |tx| masthead::articles::store::purge(tx, id));
    server.search_follows();
}
