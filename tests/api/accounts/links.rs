//! Links: how somebody who was invited, or has forgotten it, sets their password.

use std::time::Duration;

use masthead::auth::model::Role;
use masthead::id::Id;
use serde_json::json;

use super::{ACCEPT, Tokens, change, opens};
use crate::support::{Answer, Client, Server};

const GOOD: &str = "marble kitten astronomy gallop";
const OTHER: &str = "seven plum engines whistling";

/// A link for this account.
#[track_caller]
fn link(admin: &Client, user: Id) -> String {
    let made = admin.order(&format!("/v1/admin/users/{user}/link"));
    made.created()["token"].as_str().unwrap().to_owned()
}

fn accept(server: &Server, token: &str, password: &str) -> Answer {
    let content = json!({"token": token, "password": password});
    server.client.post(ACCEPT, &content)
}

#[track_caller]
fn assert_void(server: &Server, token: &str) {
    let refused = accept(server, token, GOOD);
    assert_eq!(
        (refused.status, refused.faults()),
        (422, vec!["/token not_found".to_owned()])
    );
}

#[test]
fn an_invitation_is_accepted_once() {
    let server = Server::setup()
        .app(|app| app.editor_url = Some("https://editor.example.org".into()))
        .start();
    let admin = server.sign_in(Role::Admin);
    let new = json!({"email": "grace@example.org", "name": "Grace", "role": "author"});
    let made = admin.post("/v1/admin/users", &new).created();
    assert_eq!(made["status"], "invited");
    let user: Id = made["id"].as_str().unwrap().parse().unwrap();
    let path = format!("/v1/admin/users/{user}/link");
    let answer = admin.order(&path).created();
    let token = answer["token"].as_str().unwrap();
    assert_eq!(
        answer["url"],
        format!("https://editor.example.org/set-password#{token}")
    );
    assert_eq!(answer["expires_at"], "2026-11-24T10:00:00.000Z");

    // What is refused does not use it up.
    let weak = accept(&server, token, "fourteen chars");
    assert_eq!(weak.faults(), ["/password too_small"]);
    let own = accept(&server, token, "grace@example.org");
    assert_eq!(own.faults(), ["/password not_allowed"]);
    let before = server.db().change();
    assert_eq!(accept(&server, token, GOOD).status, 204);
    assert_eq!(server.db().change(), before + 1);
    assert_void(&server, token);
    assert_eq!(server.db().change(), before + 1);
    let session = Tokens::of(&server.login("grace@example.org", GOOD));
    assert_eq!(opens(&server, &session.access), 200);
    let user = admin.get(&format!("/v1/admin/users/{user}")).ok();
    assert_eq!(user["status"], "active");
}

#[test]
fn a_reset_ends_all_sessions() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Author);
    let session = Tokens::of(&server.login(&person.email, person.password));
    let token = link(&admin, person.id);
    // Asked for, it changes nothing yet.
    assert_eq!(server.login(&person.email, person.password).status, 200);
    assert_eq!(opens(&server, &session.access), 200);
    assert_eq!(accept(&server, &token, GOOD).status, 204);
    assert_eq!(opens(&server, &session.access), 401);
    assert_eq!(server.login(&person.email, person.password).status, 401);
    assert_eq!(server.login(&person.email, GOOD).status, 200);
}

#[test]
fn it_works_for_two_days() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let (one, other) = (server.account(Role::Author), server.account(Role::Author));
    let tokens = [link(&admin, one), link(&admin, other)];
    server
        .clock
        .advance(Duration::from_secs(48 * 60 * 60) - Duration::from_millis(1));
    assert_eq!(accept(&server, &tokens[0], GOOD).status, 204);
    server.clock.advance(Duration::from_millis(1));
    assert_void(&server, &tokens[1]);
}

#[test]
fn whatever_happens_to_the_account_voids_it() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let user = server.account(Role::Author);
    let first = link(&admin, user);
    let second = link(&admin, user);
    assert_void(&server, &first);

    change(&admin, user, &json!({"suspended": true}));
    assert_void(&server, &second);
    let refused = admin.order(&format!("/v1/admin/users/{user}/link"));
    assert_eq!(refused.status, 409);
    change(&admin, user, &json!({"suspended": false}));
    assert_void(&server, &second);

    let third = link(&admin, user);
    change(&admin, user, &json!({"email": "somebody-else@example.org"}));
    assert_void(&server, &third);

    let person = server.person(Role::Author);
    let fourth = link(&admin, person.id);
    let content = json!({"current_password": person.password, "new_password": OTHER});
    let session = server.session_of(person.id);
    let put = session.request("PUT", "/v1/admin/me/password");
    assert_eq!(put.json(&content).send().status, 204);
    assert_void(&server, &fourth);

    let fifth = link(&admin, user);
    let path = format!("/v1/admin/users/{user}");
    let present = admin.get(&path);
    assert_eq!(admin.delete(&path, present.etag()).status, 204);
    assert_void(&server, &fifth);
}

/// Who knows what the answer said is whoever it was given to: it is not given again.
#[test]
fn its_answer_is_not_kept() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let path = format!("/v1/admin/users/{}/link", server.account(Role::Author));
    let make = || {
        let request = admin.request("POST", &path);
        request.header("idempotency-key", "k").send()
    };
    let token = make().created()["token"].as_str().unwrap().to_owned();
    let again = make();
    assert_eq!(
        (again.status, again.code().as_str()),
        (409, "answer-not-kept")
    );
    // Nor was another made in its place.
    assert_eq!(accept(&server, &token, GOOD).status, 204);
    let listed = admin.get("/v1/admin/users").text().to_owned();
    assert!(!listed.contains(&token));
}

#[test]
fn what_is_no_acceptance_is_told_so() {
    let server = Server::start();
    let faults = |content| server.client.post(ACCEPT, &content).faults();
    assert_eq!(faults(json!({})), ["/token missing", "/password missing"]);
    assert_eq!(
        faults(json!({"token": 1, "password": {}, "email": "x"})),
        [
            "/token wrong_type",
            "/password wrong_type",
            "/email unknown"
        ]
    );
    for token in ["", "mhl_", "mhl_x", &format!("mhl_{}", "A".repeat(43))] {
        assert_void(&server, token);
    }
}
