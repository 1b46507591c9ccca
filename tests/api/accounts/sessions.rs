//! What counts for the next request of a session, and how sessions are seen and ended.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{LOGOUT, ME, change, opens};
use crate::support::{Client, Server};

const SESSIONS: &str = "/v1/admin/me/sessions";

fn sessions(client: &Client) -> Vec<Value> {
    let list = client.get(SESSIONS).ok();
    list["items"].as_array().unwrap().clone()
}

fn id_of(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

#[test]
fn what_is_changed_counts_for_the_next_request() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let fresh = || {
        let person = server.person(Role::Editor);
        let session = server.session_of(person.id);
        assert_eq!(session.get(ME).status, 200);
        (person, session)
    };
    let (_, out) = fresh();
    assert_eq!(out.order(LOGOUT).status, 204);
    assert_eq!(out.get(ME).status, 401);
    assert_eq!(out.order(LOGOUT).status, 401);

    let (person, demoted) = fresh();
    let tag = |name: &str| {
        demoted
            .post("/v1/admin/tags", &json!({"name": name}))
            .status
    };
    assert_eq!(tag("One"), 201);
    change(&admin, person.id, &json!({"role": "contributor"}));
    assert_eq!(tag("Two"), 403);
    assert_eq!(demoted.get(ME).ok()["role"], "contributor");
    change(&admin, person.id, &json!({"role": "editor"}));
    assert_eq!(tag("Two"), 201);

    let (person, suspended) = fresh();
    change(&admin, person.id, &json!({"suspended": true}));
    assert_eq!(suspended.get(ME).status, 401);
    change(&admin, person.id, &json!({"suspended": false}));
    assert_eq!(suspended.get(ME).status, 401);

    let (person, ended) = fresh();
    let path = format!("/v1/admin/users/{}/sessions", person.id);
    assert_eq!(admin.get(&path).ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(admin.request("DELETE", &path).send().status, 204);
    assert_eq!(ended.get(ME).status, 401);
    assert_eq!(admin.get(&path).ok()["items"], json!([]));

    let (person, deleted) = fresh();
    let path = format!("/v1/admin/users/{}", person.id);
    let present = admin.get(&path);
    assert_eq!(admin.delete(&path, present.etag()).status, 204);
    assert_eq!(deleted.get(ME).status, 401);
    assert_eq!(server.login(&person.email, person.password).status, 401);
}

#[test]
fn one_sees_and_ends_ones_own_sessions_and_no_others() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let signs_in = |agent: &str| {
        let content = json!({"email": person.email, "password": person.password});
        let request = server.client.request("POST", super::LOGIN);
        let answer = request.header("user-agent", agent).json(&content).send();
        let token = answer.ok()["access_token"].as_str().unwrap().to_owned();
        server.client.with_token(&token)
    };
    let here = signs_in("a browser");
    server.clock.advance(std::time::Duration::from_secs(1));
    let there = signs_in("a telephone");
    let all = sessions(&here);
    let seen: Vec<_> = all
        .iter()
        .map(|session| (&session["user_agent"], &session["current"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("a telephone"), &json!(false)),
            (&json!("a browser"), &json!(true))
        ]
    );
    assert_eq!(all[0]["peer"], "127.0.0.1");

    let end = |client: &Client, id: &str, query: &str| {
        let path = format!("{SESSIONS}/{id}{query}");
        client.request("DELETE", &path).send().status
    };
    let stranger = server.sign_in(Role::Admin);
    let (other, own) = (id_of(&all[0]), id_of(&all[1]));
    assert_eq!(end(&stranger, other, ""), 404);
    assert_eq!(end(&here, "not-an-id", ""), 404);
    assert_eq!(end(&here, &masthead::id::Id::new().to_string(), ""), 404);
    assert_eq!(end(&here, other, "?dry_run=true"), 204);
    assert_eq!(opens(&server, there.token()), 200);
    assert_eq!(end(&here, other, ""), 204);
    assert_eq!(opens(&server, there.token()), 401);
    assert_eq!(end(&here, other, ""), 404);
    assert_eq!(sessions(&here).len(), 1);
    assert_eq!(end(&here, own, ""), 204);
    assert_eq!(opens(&server, here.token()), 401);
}

#[test]
fn the_oldest_of_too_many_sessions_ends() {
    let server = Server::start();
    let user = server.account(Role::Author);
    let all: Vec<_> = (0..101)
        .map(|_| {
            server.clock.advance(std::time::Duration::from_millis(1));
            server.session_of(user)
        })
        .collect();
    assert_eq!(all[0].get(ME).status, 401);
    assert_eq!(all[1].get(ME).status, 200);
    assert_eq!(sessions(&all[100]).len(), 100);
}
