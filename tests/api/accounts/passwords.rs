//! One's own password.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{ME, Tokens, opens, renew, suspicions};
use crate::support::{Answer, Client, Server};

const PASSWORD: &str = "/v1/admin/me/password";
const GOOD: &str = "marble kitten astronomy gallop";

fn set(client: &Client, present: &str, new: &str) -> Answer {
    let content = json!({"current_password": present, "new_password": new});
    client.request("PUT", PASSWORD).json(&content).send()
}

#[test]
fn it_ends_all_other_sessions_and_keeps_this_one() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let sign_in = |password: &str| server.login(&person.email, password);
    let here = Tokens::of(&sign_in(person.password));
    let there = Tokens::of(&sign_in(person.password));
    let client = server.client.with_token(&here.access);
    assert_eq!(set(&client, person.password, GOOD).status, 204);
    assert_eq!(opens(&server, &here.access), 200);
    assert_eq!(renew(&server, &here.refresh).status, 200);
    assert_eq!(opens(&server, &there.access), 401);
    assert_eq!(renew(&server, &there.refresh).status, 401);
    assert_eq!(sign_in(person.password).status, 401);
    assert_eq!(sign_in(GOOD).status, 200);
}

#[test]
fn only_a_good_one_is_taken() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let new =
        json!({"email": "grace.hopper@example.org", "name": "Grace Brewster", "role": "author"});
    let made = admin.post("/v1/admin/users", &new).created();
    let person = server.admit(made["id"].as_str().unwrap().parse().unwrap());
    let client = server.session_of(person.id);
    let before = server.db().change();
    for (new, fault) in [
        ("", "too_small"),
        ("fourteen chars", "too_small"),
        (&"kettle violin ".repeat(19), "too_large"),
        ("passwordpassword", "not_allowed"),
        ("aaaaaaaaaaaaaaaaaaaa", "not_allowed"),
        ("12345678901234567890", "not_allowed"),
        ("qwertyuiopasdfgh", "not_allowed"),
        ("correct horse battery staple", "not_allowed"),
        ("grace.hopper@example.org", "not_allowed"),
        ("Grace Brewster!", "not_allowed"),
        ("mastheadmasthead", "not_allowed"),
    ] {
        let refused = set(&client, person.password, new);
        assert_eq!(
            (refused.status, refused.faults()),
            (422, vec![format!("/new_password {fault}")]),
            "{new}"
        );
    }
    assert_eq!(server.db().change(), before);
    assert_eq!(server.login(&person.email, person.password).status, 200);
    // Whatever can be typed; and it is the same in both of its forms in Unicode.
    let typed = "Schlu\u{308}ssel 🗝 im Blumentopf";
    assert_eq!(set(&client, person.password, typed).status, 204);
    let composed = "Schl\u{fc}ssel 🗝 im Blumentopf";
    assert_eq!(server.login(&person.email, composed).status, 200);
}

#[test]
fn whoever_holds_a_session_does_not_know_the_password() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let client = server.session_of(person.id);
    for _ in 0..10 {
        let refused = set(&client, "not her password at all", GOOD);
        assert_eq!(refused.faults(), ["/current_password not_allowed"]);
    }
    // Ten were tried; now not even the right one is compared.
    let refused = set(&client, person.password, GOOD);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    assert_eq!(client.get(ME).status, 200);
    let event = ("password_wrong".to_owned(), Some(person.id.to_string()));
    assert_eq!(suspicions(&server), vec![event; 10]);
    server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(set(&client, person.password, GOOD).status, 204);
}

#[test]
fn what_is_no_change_of_password_is_told_so() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let client = server.session_of(person.id);
    let before = server.db().change();
    let put = |content: &Value| client.request("PUT", PASSWORD).json(content).send();
    assert_eq!(
        put(&json!({})).faults(),
        ["/current_password missing", "/new_password missing"]
    );
    assert_eq!(
        put(&json!({"current_password": 1, "new_password": [], "role": "admin"})).faults(),
        [
            "/current_password wrong_type",
            "/new_password wrong_type",
            "/role unknown"
        ]
    );
    let rehearsal = client.request("PUT", &format!("{PASSWORD}?dry_run=true"));
    let content = json!({"current_password": person.password, "new_password": GOOD});
    assert_eq!(rehearsal.json(&content).send().status, 204);
    assert_eq!(server.db().change(), before);
    assert_eq!(server.login(&person.email, person.password).status, 200);
    assert_eq!(server.login(&person.email, GOOD).status, 401);
}

/// Nobody sets another's: there is no address for it, and no field.
#[test]
fn an_admin_knows_and_sets_no_password() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Author);
    let path = format!("/v1/admin/users/{}", person.id);
    let present = admin.get(&path);
    assert!(!present.text().contains("argon2"), "{}", present.text());
    let patched = admin.patch(&path, present.etag(), &json!({"password": GOOD}));
    assert_eq!(patched.faults(), ["/password unknown"]);
}
