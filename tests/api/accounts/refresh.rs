//! Renewal: each refresh token once, and what becomes of a session whose tokens two people have.

use std::sync::Barrier;
use std::time::Duration;

use masthead::auth::model::Role;
use masthead::auth::token::{Opaque, OpaqueKind};
use serde_json::json;

use super::{LOGOUT, ME, REFRESH, Tokens, alike, change, opens, renew, suspicions};
use crate::support::Server;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody who has just signed in.
fn signed_in(server: &Server) -> (masthead::id::Id, Tokens) {
    let person = server.person(Role::Editor);
    let answer = server.login(&person.email, person.password);
    (person.id, Tokens::of(&answer))
}

/// The session has ended: neither token is worth anything, nor those before.
#[track_caller]
fn assert_ended(server: &Server, all: &[&Tokens]) {
    for tokens in all {
        assert_eq!(opens(server, &tokens.access), 401);
        assert_eq!(renew(server, &tokens.refresh).status, 401);
    }
}

#[test]
fn each_token_gets_the_next() {
    let server = Server::start();
    let (_, mut tokens) = signed_in(&server);
    for _ in 0..5 {
        server.clock.advance(Duration::from_secs(9 * 60));
        let next = Tokens::of(&renew(&server, &tokens.refresh));
        assert_ne!(next.refresh, tokens.refresh);
        // The last access token lasts as long as it was meant to.
        assert_eq!(opens(&server, &tokens.access), 200);
        assert_eq!(opens(&server, &next.access), 200);
        tokens = next;
    }
    assert!(suspicions(&server).is_empty());
    server.clock.advance(Duration::from_secs(10 * 60 + 6));
    assert_eq!(opens(&server, &tokens.access), 401);
    assert_eq!(renew(&server, &tokens.refresh).status, 200);
}

#[test]
fn an_answer_that_was_lost_is_given_again() {
    let server = Server::start();
    let (_, first) = signed_in(&server);
    let lost = Tokens::of(&renew(&server, &first.refresh));
    server.clock.advance(Duration::from_secs(10));
    let again = Tokens::of(&renew(&server, &first.refresh));
    assert_eq!(again.refresh, lost.refresh);
    assert_eq!(opens(&server, &again.access), 200);
    assert_eq!(renew(&server, &again.refresh).status, 200);
    assert!(suspicions(&server).is_empty());
}

#[test]
fn many_at_once_get_one_successor() {
    const CLIENTS: usize = 8;
    let server = Server::start();
    let (_, first) = signed_in(&server);
    let start = Barrier::new(CLIENTS);
    let got: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            start.wait();
            Tokens::of(&renew(&server, &first.refresh)).refresh
        };
        let threads: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(got.iter().all(|token| *token == got[0]), "{got:?}");
    assert_eq!(renew(&server, &got[0]).status, 200);
}

#[test]
fn a_token_that_comes_back_late_ends_the_session() {
    let server = Server::start();
    let (user, first) = signed_in(&server);
    let second = Tokens::of(&renew(&server, &first.refresh));
    server.clock.advance(Duration::from_millis(10_001));
    let reused = renew(&server, &first.refresh);
    let unknown = Opaque::new(OpaqueKind::Refresh).unwrap();
    assert_eq!(alike(&reused), alike(&renew(&server, unknown.as_str())));
    assert_ended(&server, &[&first, &second]);
    assert_eq!(
        suspicions(&server),
        [("token_reused".into(), Some(user.to_string()))]
    );
}

#[test]
fn a_token_from_before_the_last_ends_the_session_at_once() {
    let server = Server::start();
    let (user, first) = signed_in(&server);
    let second = Tokens::of(&renew(&server, &first.refresh));
    let third = Tokens::of(&renew(&server, &second.refresh));
    assert_eq!(renew(&server, &first.refresh).status, 401);
    assert_ended(&server, &[&first, &second, &third]);
    assert_eq!(
        suspicions(&server),
        [("token_reused".into(), Some(user.to_string()))]
    );
}

#[test]
fn a_stolen_token_ends_no_other_session() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let sign_in = || Tokens::of(&server.login(&person.email, person.password));
    let (robbed, other) = (sign_in(), sign_in());
    let second = Tokens::of(&renew(&server, &robbed.refresh));
    Tokens::of(&renew(&server, &second.refresh));
    assert_eq!(renew(&server, &robbed.refresh).status, 401);
    assert_eq!(opens(&server, &other.access), 200);
    assert_eq!(renew(&server, &other.refresh).status, 200);
}

#[test]
fn nothing_renews_what_has_ended() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let (_, out) = signed_in(&server);
    let session = server.client.with_token(&out.access);
    assert_eq!(session.order(LOGOUT).status, 204);
    assert_ended(&server, &[&out]);

    let (user, tokens) = signed_in(&server);
    change(&admin, user, &json!({"suspended": true}));
    assert_ended(&server, &[&tokens]);
    change(&admin, user, &json!({"suspended": false}));
    assert_ended(&server, &[&tokens]);

    let (user, tokens) = signed_in(&server);
    let path = format!("/v1/admin/users/{user}");
    let present = admin.get(&path);
    assert_eq!(admin.delete(&path, present.etag()).status, 204);
    assert_ended(&server, &[&tokens]);

    let (user, tokens) = signed_in(&server);
    server.admit(user);
    assert_ended(&server, &[&tokens]);
    assert!(suspicions(&server).is_empty());
}

#[test]
fn a_session_ends_unused_or_in_the_end() {
    let server = Server::start();
    let (_, unused) = signed_in(&server);
    server.clock.advance(30 * DAY + Duration::from_millis(1));
    assert_ended(&server, &[&unused]);

    let (_, mut tokens) = signed_in(&server);
    for _ in 0..8 {
        server.clock.advance(20 * DAY);
        tokens = Tokens::of(&renew(&server, &tokens.refresh));
    }
    // It has lasted for 160 days, and however much it is used it ends after 180.
    server.clock.advance(20 * DAY - Duration::from_millis(1));
    tokens = Tokens::of(&renew(&server, &tokens.refresh));
    server.clock.advance(Duration::from_millis(1));
    assert_ended(&server, &[&tokens]);
}

/// The role is no part of a token, so that a renewal cannot bring an old one back.
#[test]
fn a_renewal_has_the_role_that_there_is() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let (user, tokens) = signed_in(&server);
    change(&admin, user, &json!({"role": "reader"}));
    let next = Tokens::of(&renew(&server, &tokens.refresh));
    let session = server.client.with_token(&next.access);
    assert_eq!(session.get(ME).ok()["role"], "reader");
    let refused = session.post("/v1/admin/tags", &json!({"name": "x"}));
    assert_eq!(refused.status, 403);
}

#[test]
fn what_is_no_renewal_is_told_so() {
    let server = Server::start();
    let faults = |content| server.client.post(REFRESH, &content).faults();
    assert_eq!(faults(json!({})), ["/refresh_token missing"]);
    assert_eq!(
        faults(json!({"refresh_token": 3, "grant_type": "refresh_token"})),
        ["/refresh_token wrong_type", "/grant_type unknown"]
    );
    for token in ["", "mhr_", "mhr_x", "x"] {
        assert_eq!(renew(&server, token).status, 401);
    }
}
