//! Which websites may read what is for editors: those that are configured. What is public, any may.

use masthead::auth::model::Role;
use serde_json::json;

use super::{LOGIN, ME, TAGS};
use crate::support::{Answer, Client, Server};
use crate::wire::peer::{Outcome, Peer};

const OURS: [&str; 2] = ["https://edit.example.org", "http://localhost:5173"];

/// What looks like one of ours and is none.
const OTHERS: [&str; 10] = [
    "https://attacker.example",
    "null",
    "*",
    "https://edit.example.org.attacker.example",
    "https://attacker-edit.example.org",
    "http://edit.example.org",
    "https://edit.example.org:8443",
    "https://edit.example.org/",
    "https://EDIT.example.org",
    "https://edit.example.org, https://attacker.example",
];

const ALLOWED: &str = "access-control-allow-origin";

fn server() -> Server {
    let setup = Server::setup().app(|app| app.origins = OURS.map(str::to_owned).into());
    setup.start()
}

fn asked(who: &Client, method: &str, path: &str, origin: Option<&str>) -> Answer {
    let request = who.request(method, path);
    match origin {
        Some(origin) => request.header("origin", origin).send(),
        None => request.send(),
    }
}

/// That this origin, and no other, may read it; or nobody may.
#[track_caller]
fn assert_open_to(answer: &Answer, origin: Option<&str>) {
    assert_eq!(
        answer.header(ALLOWED),
        origin.unwrap_or_default(),
        "{answer:?}"
    );
    let exposed = answer.header("access-control-expose-headers");
    assert_eq!(exposed.contains("ETag"), origin.is_some(), "{answer:?}");
    assert_eq!(answer.header("vary"), "Origin", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[test]
fn what_is_for_editors_is_read_by_their_own_app() {
    let server = server();
    let editor = server.sign_in(Role::Editor);
    let nobody = server.client.clone();
    let all = [
        (&editor, "GET", ME, 200),
        (&editor, "HEAD", TAGS, 200),
        (&editor, "GET", "/v1/admin/users", 403),
        (&editor, "GET", "/v1/admin/tags?color=red", 400),
        (&nobody, "GET", ME, 401),
        (&nobody, "GET", "/v1/admin/nowhere", 404),
        (&nobody, "PUT", TAGS, 405),
        (&nobody, "OPTIONS", TAGS, 204),
    ];
    for (who, method, path, status) in all {
        for origin in OURS {
            let answer = asked(who, method, path, Some(origin));
            assert_eq!(answer.status, status, "{method} {path}");
            assert_open_to(&answer, Some(origin));
        }
        for origin in OTHERS.into_iter().map(Some).chain([None]) {
            let answer = asked(who, method, path, origin);
            assert_eq!(answer.status, status, "{method} {path} from {origin:?}");
            assert_open_to(&answer, None);
        }
    }
    let content = json!({"email": "nobody@example.org", "password": "x"});
    for (origin, allowed) in [(OURS[0], Some(OURS[0])), (OTHERS[0], None)] {
        let request = server
            .client
            .request("POST", LOGIN)
            .header("origin", origin);
        assert_open_to(&request.json(&content).send(), allowed);
    }
}

#[test]
fn a_preflight_says_what_their_app_may_send() {
    let server = server();
    let preflight = |path: &str, origin: &str| {
        let request = server
            .client
            .request("OPTIONS", path)
            .header("origin", origin);
        request
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization,if-match")
            .send()
    };
    let path = "/v1/admin/tags/00000000-0000-0000-0000-000000000000";
    let answer = preflight(path, OURS[0]);
    assert_eq!(answer.status, 204);
    assert_open_to(&answer, Some(OURS[0]));
    let methods = answer.header("access-control-allow-methods");
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        assert!(methods.contains(method), "{methods}");
    }
    let headers = answer.header("access-control-allow-headers");
    for header in [
        "Authorization",
        "Content-Type",
        "If-Match",
        "Idempotency-Key",
    ] {
        assert!(
            headers.split(", ").any(|known| known == header),
            "{headers}"
        );
    }
    for origin in OTHERS {
        assert_open_to(&preflight(path, origin), None);
    }
    for origin in OURS.into_iter().chain(OTHERS) {
        assert_eq!(preflight("/v1/articles", origin).header(ALLOWED), "*");
    }
}

#[test]
fn what_is_public_is_read_by_any_website() {
    let server = server();
    let editor = server.sign_in(Role::Editor);
    for path in [
        "/v1/articles",
        "/v1/site",
        "/v1/articles/nowhere",
        "/nowhere",
    ] {
        for who in [&server.client, &editor] {
            for origin in OURS.into_iter().chain(OTHERS).map(Some).chain([None]) {
                let answer = asked(who, "GET", path, origin);
                assert_eq!(answer.header(ALLOWED), "*", "{path} {origin:?}");
                assert_eq!(answer.header("access-control-allow-credentials"), "");
            }
        }
    }
}

#[test]
fn where_no_app_is_configured_no_website_reads() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for origin in OURS.into_iter().chain(OTHERS) {
        assert_open_to(&asked(&editor, "GET", ME, Some(origin)), None);
    }
}

#[test]
fn another_spelling_of_the_path_opens_nothing() {
    let server = server();
    let token = server.sign_in(Role::Editor);
    let token = token.token();
    for path in [
        "/v1/%61dmin/me",
        "/%76%31/admin/me",
        "/v1/admin%2Fme",
        "//v1/admin/me",
        "/v1//admin/me",
        "/v1/./admin/me",
        "/v1/x/../admin/me",
        "/v1/admin/me/",
        "/V1/ADMIN/ME",
        "http://localhost/v1/admin/me",
    ] {
        let mut peer = Peer::connect(server.client.address());
        peer.send(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            OTHERS[0]
        ));
        let Outcome::Whole(answer) = peer.read_answer(false) else {
            panic!("no answer to {path}");
        };
        if answer.status == 200 {
            assert_open_to(&answer, None);
            assert_eq!(
                answer.header("cache-control"),
                "private, no-store",
                "{path}"
            );
        } else {
            assert_eq!(answer.status, 404, "{path}");
            assert!(!answer.text().contains("editor"), "{path}");
        }
    }
}
