//! Signing in.

use masthead::auth::model::Role;
use serde_json::json;

use super::{LOGIN, ME, Tokens, alike, change, suspicions};
use crate::support::Server;

#[test]
fn whoever_knows_the_password_signs_in() {
    let server = Server::start();
    let ada = server.person_at("Ada@Example.org", Role::Author);
    let answer = server.login("ada@example.org", ada.password);
    let body = answer.ok();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 600);
    let tokens = Tokens::of(&answer);
    let me = server.client.with_token(&tokens.access).get(ME).ok();
    assert_eq!(me["id"], json!(ada.id));
    assert_eq!(me["email"], "Ada@Example.org");
    assert_eq!(me["role"], "author");
    assert!(suspicions(&server).is_empty());
}

#[test]
fn an_address_is_known_in_every_spelling() {
    let server = Server::start();
    let ada = server.person_at("jürgen@example.org", Role::Author);
    for spelling in [
        "jürgen@example.org",
        "JÜRGEN@EXAMPLE.ORG",
        "  Jürgen@example.org\t",
        "ju\u{308}rgen@example.org",
        "JU\u{308}RGEN@example.ORG",
    ] {
        assert_eq!(
            server.login(spelling, ada.password).status,
            200,
            "{spelling}"
        );
    }
    assert_eq!(server.login("jurgen@example.org", ada.password).status, 401);
}

#[test]
fn every_failure_looks_the_same() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let ada = server.person(Role::Editor);
    let suspended = server.person(Role::Editor);
    change(&admin, suspended.id, &json!({"suspended": true}));
    let invited = server.account(Role::Editor);
    let invited = admin.get(&format!("/v1/admin/users/{invited}")).ok();
    let invited = invited["email"].as_str().unwrap();
    let wrong = "not her password at all";
    let cases = [
        ("wrong", ada.email.as_str(), wrong),
        (
            "nearly right",
            &ada.email,
            "violets are seldom found upstair",
        ),
        ("longer", &ada.email, "violets are seldom found upstairs "),
        ("empty", &ada.email, ""),
        ("unknown", "nobody@example.org", wrong),
        ("no address", "nobody", wrong),
        ("nothing", "", ""),
        ("suspended", &suspended.email, suspended.password),
        ("suspended and wrong", &suspended.email, wrong),
        ("invited", invited, wrong),
        ("invited, empty", invited, ""),
    ];
    let first = alike(&server.login(cases[0].1, cases[0].2));
    assert_eq!(first.0, 401);
    for (name, email, password) in cases {
        assert_eq!(alike(&server.login(email, password)), first, "{name}");
    }
    let logged = suspicions(&server);
    assert_eq!(logged.len(), cases.len() + 1);
    assert!(logged.iter().all(|(kind, _)| kind == "sign_in_failed"));
    let of = |id: masthead::id::Id| {
        let id = Some(id.to_string());
        logged.iter().filter(|(_, user)| *user == id).count()
    };
    assert_eq!((of(ada.id), of(suspended.id)), (5, 2));
    assert_eq!(logged.iter().filter(|(_, user)| user.is_none()).count(), 3);
    // Whoever is suspended can sign in again once they are not.
    change(&admin, suspended.id, &json!({"suspended": false}));
    assert_eq!(
        server.login(&suspended.email, suspended.password).status,
        200
    );
}

#[test]
fn what_is_no_sign_in_is_told_so() {
    let server = Server::start();
    let faults = |content| server.client.post(LOGIN, &content).faults();
    assert_eq!(faults(json!({})), ["/email missing", "/password missing"]);
    assert_eq!(
        faults(json!({"email": 1, "password": ["x"], "remember": true})),
        [
            "/email wrong_type",
            "/password wrong_type",
            "/remember unknown"
        ]
    );
    assert_eq!(server.client.get(LOGIN).status, 405);
    assert!(suspicions(&server).is_empty());
}
