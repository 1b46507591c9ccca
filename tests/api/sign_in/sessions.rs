//! What begins a session, what renews it, and what ends it.

use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{LOGIN, LOGOUT, ME, TAGS, change, refresh, text, told};
use crate::support::{Answer, Client, Server, time};

const ACCEPT: &str = "/v1/admin/auth/password";
const PASSWORD: &str = "/v1/admin/me/password";
const SESSIONS: &str = "/v1/admin/me/sessions";
const NEW: &str = "six ferries under a paper moon";
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody who has signed in as a browser does.
struct Session {
    client: Client,
    renewal: String,
}

impl Session {
    #[track_caller]
    fn begin(server: &Server, email: &str, password: &str) -> Self {
        Self::of(server, &server.login(email, password))
    }

    #[track_caller]
    fn of(server: &Server, answer: &Answer) -> Self {
        let tokens = answer.ok();
        Self {
            client: server.client.with_token(&text(&tokens, "access_token")),
            renewal: text(&tokens, "refresh_token"),
        }
    }

    #[track_caller]
    fn renew(&self, server: &Server) -> Self {
        Self::of(server, &refresh(server, &self.renewal))
    }

    /// Neither of its tokens counts for anything. (A renewal that is refused ends the session, so this looks last at it.)
    #[track_caller]
    fn assert_ended(&self, server: &Server) {
        assert_eq!(told(&self.client.get(ME)), told(&server.get(ME)));
        let unknown = told(&refresh(server, "mhr_"));
        assert_eq!(told(&refresh(server, &self.renewal)), unknown);
    }
}

fn set_password(client: &Client, current: &str, new: &str) -> Answer {
    let content = json!({"current_password": current, "new_password": new});
    client.request("PUT", PASSWORD).json(&content).send()
}

fn accept(server: &Server, token: &str, password: &str) -> Answer {
    let content = json!({"token": token, "password": password});
    server.client.post(ACCEPT, &content)
}

fn kinds(admin: &Client) -> Vec<String> {
    admin.get("/v1/admin/security-log").column("kind")
}

#[test]
fn whoever_may_not_sign_in_is_told_nothing_more() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Editor);
    let suspended = server.person(Role::Editor);
    change(&admin, suspended.id, &json!({"suspended": true}));
    let invited = server.account(Role::Editor);
    let invited = text(
        &admin.get(&format!("/v1/admin/users/{invited}")).ok(),
        "email",
    );

    let right = server.login(&person.email, person.password);
    assert_eq!(right.header("cache-control"), "private, no-store");
    assert_eq!(right.ok()["token_type"], "Bearer");
    let wrong = server.login(&person.email, "violets are seldom found downstairs");
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "unauthorized"));
    for (email, password) in [
        ("nobody@example.org", person.password),
        ("", person.password),
        ("' OR 1=1 --", person.password),
        (&suspended.email, person.password),
        (&suspended.email, "wrong"),
        (&invited, person.password),
        (&invited, ""),
        (&person.email, ""),
        (&person.email, "VIOLETS ARE SELDOM FOUND UPSTAIRS"),
        (&person.email, " violets are seldom found upstairs"),
    ] {
        let answer = server.login(email, password);
        assert_eq!(told(&answer), told(&wrong), "{email} {password}");
    }
    let spelt = format!(" {} ", person.email.to_uppercase());
    assert_eq!(server.login(&spelt, person.password).status, 200);
    assert_eq!(kinds(&admin), ["sign_in_failed"; 11]);
}

#[test]
fn a_sign_in_is_an_object_of_two_texts() {
    let server = Server::start();
    for (content, faults) in [
        (json!({}), vec!["/email missing", "/password missing"]),
        (
            json!({"email": ["a"], "password": {"$ne": ""}, "admin": true}),
            vec![
                "/email wrong_type",
                "/password wrong_type",
                "/admin unknown",
            ],
        ),
    ] {
        let answer = server.client.post(LOGIN, &content);
        assert_eq!(answer.status, 422);
        let mut found = answer.faults();
        found.sort();
        let mut faults = faults;
        faults.sort_unstable();
        assert_eq!(found, faults);
    }
}

#[test]
fn signing_out_ends_one_session_at_once() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let begin = || Session::begin(&server, &person.email, person.password);
    let (here, there) = (begin(), begin());
    assert_eq!(
        here.client.order(&format!("{LOGOUT}?dry_run=true")).status,
        204
    );
    assert_eq!(here.client.get(ME).status, 200);
    assert_eq!(here.client.order(LOGOUT).status, 204);
    here.assert_ended(&server);
    assert_eq!(here.client.order(LOGOUT).status, 401);
    assert_eq!(there.client.get(ME).status, 200);
    assert_eq!(there.renew(&server).client.get(ME).status, 200);
}

#[test]
fn sessions_are_listed_and_ended_by_whose_they_are() {
    let server = Server::start();
    let (person, other) = (server.person(Role::Author), server.person(Role::Author));
    let begin = || Session::begin(&server, &person.email, person.password);
    let (here, there) = (begin(), begin());
    let stranger = Session::begin(&server, &other.email, other.password);

    let list = here.client.get(SESSIONS).ok();
    let items = list["items"].as_array().unwrap();
    let current: Vec<_> = items.iter().map(|item| item["current"].clone()).collect();
    assert_eq!(
        current.iter().filter(|current| **current == true).count(),
        1
    );
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| item["peer"] == "127.0.0.1"));
    assert!(!list.to_string().contains("mhr_"));
    let id = items.iter().find(|item| item["current"] == false).unwrap();
    let path = format!("{SESSIONS}/{}", text(id, "id"));
    let end = |client: &Client| client.request("DELETE", &path).send().status;
    assert_eq!(end(&stranger.client), 404);
    assert_eq!(there.client.get(ME).status, 200);
    assert_eq!(end(&here.client), 204);
    there.assert_ended(&server);
    assert_eq!(end(&here.client), 404);
    assert_eq!(
        here.client.get(SESSIONS).ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let admin = server.sign_in(Role::Admin);
    let all = format!("/v1/admin/users/{}/sessions", person.id);
    assert_eq!(admin.request("DELETE", &all).send().status, 204);
    here.assert_ended(&server);
    assert_eq!(stranger.client.get(ME).status, 200);
}

#[test]
fn a_role_and_a_suspension_count_for_the_next_request() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Editor);
    let session = Session::begin(&server, &person.email, person.password);
    let write = |name: &str| session.client.post(TAGS, &json!({"name": name})).status;
    assert_eq!(write("Tea"), 201);
    change(&admin, person.id, &json!({"role": "reader"}));
    assert_eq!(write("Coffee"), 403);
    assert_eq!(session.client.get(ME).ok()["role"], "reader");
    change(&admin, person.id, &json!({"role": "editor"}));
    assert_eq!(write("Coffee"), 201);

    change(&admin, person.id, &json!({"suspended": true}));
    assert_eq!(write("Milk"), 401);
    assert_eq!(refresh(&server, &session.renewal).status, 401);
    change(&admin, person.id, &json!({"suspended": false}));
    session.assert_ended(&server);
    assert_eq!(admin.get(TAGS).column("name").len(), 2);
    Session::begin(&server, &person.email, person.password);
}

#[test]
fn a_lost_answer_is_given_again() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let first = Session::begin(&server, &person.email, person.password);
    let second = first.renew(&server);
    assert_ne!(first.renewal, second.renewal);
    for _ in 0..3 {
        assert_eq!(first.renew(&server).renewal, second.renewal);
    }
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(first.renew(&server).renewal, second.renewal);
    // It is one session all the while, and what was issued before counts on.
    assert_eq!(first.client.get(ME).status, 200);
    let sessions = second.client.get(SESSIONS).ok();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    assert_eq!(second.renew(&server).client.get(ME).status, 200);
}

#[test]
fn a_token_that_comes_back_ends_the_session() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Editor);
    let begin = || Session::begin(&server, &person.email, person.password);
    let elsewhere = begin();

    // Too late for an answer that was lost.
    let first = begin();
    let second = first.renew(&server);
    server.clock.advance(Duration::from_millis(10_001));
    let unknown = told(&refresh(&server, "mhr_"));
    assert_eq!(told(&refresh(&server, &first.renewal)), unknown);
    assert_eq!(kinds(&admin), ["token_reused"]);
    first.assert_ended(&server);
    second.assert_ended(&server);

    // Its successor was heard of, so no answer was lost.
    let first = begin();
    let second = first.renew(&server);
    let third = second.renew(&server);
    assert_eq!(told(&refresh(&server, &first.renewal)), unknown);
    assert_eq!(kinds(&admin), ["token_reused"; 2]);
    third.assert_ended(&server);
    second.assert_ended(&server);

    assert_eq!(elsewhere.client.get(ME).status, 200);
    let log = admin.get("/v1/admin/security-log").ok();
    assert_eq!(log["items"][0]["user"]["id"], json!(person.id));
    assert!(!log.to_string().contains(&person.email));
}

#[test]
fn a_session_ends_when_it_is_not_used_and_at_last_in_any_case() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let begin = || Session::begin(&server, &person.email, person.password);
    let unused = begin();
    let mut used = begin();
    server.clock.advance(29 * DAY);
    used = used.renew(&server);
    server.clock.advance(DAY);
    unused.assert_ended(&server);
    used = used.renew(&server);
    for _ in 0..5 {
        server.clock.advance(29 * DAY);
        used = used.renew(&server);
    }
    let sessions = used.client.get(SESSIONS).ok();
    let session = &sessions["items"][0];
    let (began, ends) = (
        time(&text(session, "created_at")),
        time(&text(session, "expires_at")),
    );
    assert_eq!(ends, began.plus(180 * DAY));
    server.clock.set(ends);
    used.assert_ended(&server);
}

#[test]
fn a_new_password_ends_what_the_old_one_opened() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Author);
    let begin = || Session::begin(&server, &person.email, person.password);
    let (here, there) = (begin(), begin());
    let link = admin
        .order(&format!("/v1/admin/users/{}/link", person.id))
        .created();

    let rehearsed = format!("{PASSWORD}?dry_run=true");
    let content = json!({"current_password": person.password, "new_password": NEW});
    let rehearsal = here.client.request("PUT", &rehearsed).json(&content).send();
    assert_eq!(rehearsal.status, 204);
    assert_eq!(there.client.get(ME).status, 200);

    let new = "zw\u{f6}lf Boxk\u{e4}mpfer jagen Viktor";
    assert_eq!(set_password(&here.client, person.password, new).status, 204);
    there.assert_ended(&server);
    assert_eq!(here.renew(&server).client.get(ME).status, 200);
    assert_eq!(server.login(&person.email, person.password).status, 401);
    Session::begin(&server, &person.email, new);
    // The same on a keyboard that composes its letters.
    Session::begin(
        &server,
        &person.email,
        "zwo\u{308}lf Boxka\u{308}mpfer jagen Viktor",
    );
    let late = accept(&server, &text(&link, "token"), NEW);
    assert_eq!(
        (late.status, late.faults()),
        (422, vec!["/token not_found".into()])
    );
}

#[test]
fn a_password_is_refused_for_what_it_is() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let person = server.person(Role::Author);
    let session = Session::begin(&server, &person.email, person.password);
    let before = admin.get(TAGS).change();
    let long = "quince ".repeat(37);
    for (new, code) in [
        ("", "too_small"),
        ("jag quiz vex f", "too_small"),
        // Counted in characters, and composed ones are one.
        (
            "a\u{308}o\u{308}u\u{308}a\u{308}o\u{308}u\u{308}a\u{308}o\u{308}",
            "too_small",
        ),
        (&long, "too_large"),
        ("correct horse battery staple", "not_allowed"),
        ("passwordpassword1", "not_allowed"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "not_allowed"),
        ("qwertyuiopasdfghjkl", "not_allowed"),
        (&person.email, "not_allowed"),
    ] {
        let answer = set_password(&session.client, person.password, new);
        let fault = format!("/new_password {code}");
        assert_eq!(
            (answer.status, answer.faults()),
            (422, vec![fault]),
            "{new}"
        );
    }
    let wrong = set_password(&session.client, NEW, NEW);
    assert_eq!(
        (wrong.status, wrong.faults()),
        (422, vec!["/current_password not_allowed".into()])
    );
    assert_eq!(kinds(&admin), ["password_wrong"]);
    assert_eq!(admin.get(TAGS).change(), before);
    Session::begin(&server, &person.email, person.password);
}

#[test]
fn an_invitation_is_accepted_once() {
    let server = Server::setup()
        .app(|app| app.editor_url = Some("https://edit.example.org".into()))
        .start();
    let admin = server.sign_in(Role::Admin);
    let new = json!({"email": "grace@example.org", "name": "Grace", "role": "author"});
    let user = admin.post("/v1/admin/users", &new).created();
    assert_eq!(user["status"], "invited");
    let path = format!("/v1/admin/users/{}", text(&user, "id"));
    let link = admin.order(&format!("{path}/link")).created();
    let token = text(&link, "token");
    assert_eq!(
        link["url"],
        format!("https://edit.example.org/set-password#{token}")
    );

    // A password that will not do does not use it up.
    let weak = accept(&server, &token, "grace@example.org");
    assert_eq!(
        (weak.status, weak.faults()),
        (422, vec!["/password not_allowed".into()])
    );
    assert_eq!(accept(&server, &token, NEW).status, 204);
    assert_eq!(admin.get(&path).ok()["status"], "active");
    let grace = Session::begin(&server, "grace@example.org", NEW);
    assert_eq!(grace.client.get(ME).ok()["role"], "author");

    let again = accept(&server, &token, "nine ferries under a paper sun");
    assert_eq!(
        (again.status, again.faults()),
        (422, vec!["/token not_found".into()])
    );
    assert_eq!(grace.client.get(ME).status, 200);
    Session::begin(&server, "grace@example.org", NEW);

    // A reset ends what the old password opened.
    let link = admin.order(&format!("{path}/link")).created();
    assert_eq!(grace.client.get(ME).status, 200);
    assert_eq!(
        accept(
            &server,
            &text(&link, "token"),
            "nine ferries under a paper sun"
        )
        .status,
        204
    );
    grace.assert_ended(&server);
    assert_eq!(server.login("grace@example.org", NEW).status, 401);
}

#[test]
fn a_link_ends_by_time_by_a_newer_one_and_with_what_it_was_for() {
    let server = Server::start();
    let user = server.account(Role::Author);
    let path = format!("/v1/admin/users/{user}/link");
    let link = || -> String {
        let made: Value = server.sign_in(Role::Admin).order(&path).created();
        text(&made, "token")
    };
    let unknown = told(&accept(&server, "mhl_", NEW));
    assert_eq!(unknown.0, 422);
    let assert_ended = |token: &str| {
        assert_eq!(told(&accept(&server, token, NEW)), unknown);
    };
    let first = link();
    server.clock.advance(48 * HOUR);
    assert_ended(&first);

    let (older, newer) = (link(), link());
    assert_ended(&older);

    change(
        &server.sign_in(Role::Admin),
        user,
        &json!({"email": "elsewhere@example.org"}),
    );
    assert_ended(&newer);

    let last = link();
    let admin = server.sign_in(Role::Admin);
    change(&admin, user, &json!({"suspended": true}));
    assert_ended(&last);
    assert_eq!(admin.order(&path).status, 409);
    change(&admin, user, &json!({"suspended": false}));
    assert_ended(&last);

    let last = link();
    server.clock.advance(48 * HOUR - Duration::from_millis(1));
    assert_eq!(accept(&server, &last, NEW).status, 204);
}
