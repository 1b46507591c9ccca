//! From where scripts may call: the routes for editors from the origins that are configured, delivery from anywhere.

use masthead::auth::model::Role;
use serde_json::json;

use super::{LOGIN, ME};
use crate::support::{Answer, Client, Server, article};
use crate::wire::peer::{Outcome, Peer};

const EDITOR: &str = "https://editor.example.org";

fn with_an_editor() -> Server {
    let setup = Server::setup().app(|app| {
        app.origins = vec![EDITOR.into(), "http://localhost:5173".into()];
    });
    setup.start()
}

fn preflight(server: &Server, path: &str, origin: Option<&str>) -> Answer {
    let request = server
        .client
        .request("OPTIONS", path)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization, if-match");
    match origin {
        Some(origin) => request.header("origin", origin).send(),
        None => request.send(),
    }
}

fn ask(client: &Client, method: &str, path: &str, origin: Option<&str>) -> Answer {
    let request = client.request(method, path);
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    match method {
        "POST" => request.json(&json!({"title": ""})).send(),
        _ => request.send(),
    }
}

/// The origin that may read an answer. No answer is for scripts with cookies.
fn reader(answer: &Answer) -> Option<&str> {
    let all: Vec<_> = answer
        .headers
        .get_all("access-control-allow-origin")
        .iter()
        .collect();
    assert!(all.len() <= 1, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    all.first().map(|origin| origin.to_str().unwrap())
}

/// Origins that are not the editor's, however much they look like it.
const OTHERS: [&str; 10] = [
    "https://evil.example",
    "http://editor.example.org",
    "https://editor.example.org:8443",
    "https://editor.example.org.evil.example",
    "https://evil-editor.example.org",
    "https://editor.example.org/",
    "HTTPS://EDITOR.EXAMPLE.ORG",
    "https://example.org",
    "null",
    "*",
];

#[test]
fn editors_routes_are_open_to_the_origins_that_are_configured() {
    let server = with_an_editor();
    let editor = server.sign_in(Role::Editor);
    let one = format!("/v1/admin/articles/{}", masthead::id::Id::new());
    // An answer of each kind: fine, refused, invalid, unknown.
    let asked = [
        (&editor, "GET", ME, 200),
        (&editor, "HEAD", ME, 200),
        (&server.client, "GET", ME, 401),
        (&editor, "GET", "/v1/admin/users", 403),
        (&editor, "GET", one.as_str(), 404),
        (&editor, "GET", "/v1/admin/no-such-route", 404),
        (&editor, "PUT", LOGIN, 405),
        (&editor, "GET", "/v1/admin/me?x=1", 400),
        (&editor, "POST", "/v1/admin/articles", 422),
    ];
    for (client, method, path, status) in asked {
        for origin in [EDITOR, "http://localhost:5173"] {
            let answer = ask(client, method, path, Some(origin));
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(reader(&answer), Some(origin), "{method} {path}");
            assert_eq!(answer.header("vary"), "Origin");
            let exposed = answer.header("access-control-expose-headers");
            assert!(exposed.contains("ETag") && exposed.contains("Change"));
        }
        for origin in OTHERS.into_iter().map(Some).chain([None]) {
            let answer = ask(client, method, path, origin);
            assert_eq!(answer.status, status, "{method} {path}");
            assert_eq!(reader(&answer), None, "{method} {path} {origin:?}");
            assert_eq!(answer.header("vary"), "Origin");
            assert_eq!(answer.header("access-control-expose-headers"), "");
        }
    }
}

#[test]
fn a_preflight_says_who_may_come() {
    let server = with_an_editor();
    for path in [ME, LOGIN, "/v1/admin/articles", "/v1/admin/site"] {
        let allowed = preflight(&server, path, Some(EDITOR));
        assert_eq!((allowed.status, reader(&allowed)), (204, Some(EDITOR)));
        let headers = allowed.header("access-control-allow-headers");
        for name in [
            "Authorization",
            "If-Match",
            "Idempotency-Key",
            "Content-Type",
        ] {
            assert!(headers.contains(name), "{headers}");
        }
        assert_eq!(allowed.header("vary"), "Origin");
        for origin in OTHERS.into_iter().map(Some).chain([None]) {
            let answer = preflight(&server, path, origin);
            assert_eq!(reader(&answer), None, "{path} {origin:?}");
        }
    }
    let methods = preflight(&server, "/v1/admin/site", Some(EDITOR));
    let methods = methods.header("access-control-allow-methods").to_owned();
    for method in ["GET", "PUT", "PATCH"] {
        assert!(methods.contains(method), "{methods}");
    }
}

#[test]
fn without_an_editor_nobody_may_come() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for origin in [EDITOR, "null", "*", "http://localhost"] {
        assert_eq!(reader(&ask(&editor, "GET", ME, Some(origin))), None);
        assert_eq!(reader(&preflight(&server, ME, Some(origin))), None);
    }
}

#[test]
fn delivery_is_open_to_all() {
    let server = with_an_editor();
    article("One").create(&server);
    for path in [
        "/v1/articles",
        "/v1/articles/one",
        "/v1/articles/two",
        "/v1/site",
    ] {
        for origin in [Some(EDITOR), Some("https://evil.example"), None] {
            let answer = ask(&server.client, "GET", path, origin);
            assert_eq!(reader(&answer), Some("*"), "{path} {origin:?}");
        }
        assert_eq!(reader(&preflight(&server, path, Some(EDITOR))), Some("*"));
    }
}

/// An address in another spelling is either the same route, with all that protects it, or none.
#[test]
fn no_spelling_of_an_address_leads_around() {
    let server = with_an_editor();
    let token = server.sign_in(Role::Admin).token().to_owned();
    let mut wrong = Vec::new();
    for path in [
        "/v1/%61dmin/me",
        "/v1/admin%2Fme",
        "/v1/admin/%6De",
        "/%761/admin/me",
        "//v1/admin/me",
        "/v1//admin/me",
        "/v1/./admin/me",
        "/v1/articles/../admin/me",
        "/V1/Admin/Me",
        "/v1/admin/me/",
        "/v1/admin/me%00",
        "/v1/admin;x=1/me",
    ] {
        let mut peer = Peer::connect(server.client.address());
        peer.send(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nAuthorization: Bearer {token}\r\n\r\n"
        ));
        let Outcome::Whole(answer) = peer.read_answer(false) else {
            panic!("{path}: no answer")
        };
        let fine = match answer.status {
            200 => {
                reader(&answer).is_none() && answer.header("cache-control") == "private, no-store"
            }
            400 | 404 => !answer.text().contains('@'),
            _ => false,
        };
        if !fine {
            wrong.push(format!("{path}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
