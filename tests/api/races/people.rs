//! Rights that end while they are being used.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use diesel::prelude::*;
use masthead::auth::limits::{Bound, Bounds};
use masthead::auth::model::Role;
use masthead::db::schema::changes;
use masthead::id::Id;
use masthead::users;
use serde_json::{Value, json};

use super::ARTICLES;
use crate::support::{Answer, Client, Server};

const ME: &str = "/v1/admin/me";
const PASSWORD: &str = "a slow walk along the canal";

fn change(admin: &Client, user: Id, to: &Value) -> Answer {
    let path = format!("/v1/admin/users/{user}");
    let present = admin.get(&path);
    admin.patch(&path, present.etag(), to)
}

#[test]
fn of_the_last_two_admins_one_remains() {
    const EACH: usize = 10;
    let server = Server::start();
    let admins = [(); 2].map(|()| server.person(Role::Admin).id);
    let sessions = admins.map(|id| server.session_of(id));
    let start = Barrier::new(2 * EACH);
    let demote = json!({"role": "editor"});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2 * EACH)
            .map(|number| {
                let (start, demote) = (&start, &demote);
                // Each demotes the other.
                let (session, other) = (&sessions[number % 2], admins[1 - number % 2]);
                scope.spawn(move || {
                    let path = format!("/v1/admin/users/{other}");
                    let etag = session.get(&path).etag().to_owned();
                    start.wait();
                    session.patch(&path, &etag, demote).status
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let done = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(done, 1, "{statuses:?}");
    // The other is the last, or is no admin any more, or was demoted by a copy of oneself.
    let known = |status: &u16| matches!(status, 200 | 403 | 409 | 412);
    assert!(statuses.iter().all(known), "{statuses:?}");
    let left: Vec<&Client> = sessions
        .iter()
        .filter(|session| session.get("/v1/admin/users").status == 200)
        .collect();
    assert_eq!(left.len(), 1);
    let list = left[0].get("/v1/admin/users?role=admin&status=active");
    assert_eq!(list.ok()["items"].as_array().unwrap().len(), 1);
    // Nor can the one who is left go by any other way.
    let me = left[0].get(ME).ok()["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    for to in [json!({"role": "reader"}), json!({"suspended": true})] {
        assert_eq!(change(left[0], me, &to).status, 409);
    }
    let path = format!("/v1/admin/users/{me}");
    let present = left[0].get(&path);
    assert_eq!(left[0].delete(&path, present.etag()).status, 409);
}

#[test]
fn after_a_suspension_nothing_is_written_any_more() {
    const WRITERS: usize = 20;
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let user = server.account(Role::Editor);
    let editor = server.session_of(user);
    let written = AtomicUsize::new(0);
    let (suspended, refusals) = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|number| {
                let (editor, written) = (&editor, &written);
                scope.spawn(move || {
                    for round in 0.. {
                        let title = format!("Tea {number} {round}");
                        let answer = editor.post(ARTICLES, &json!({"title": title}));
                        if answer.status != 201 {
                            return answer.status;
                        }
                        written.fetch_add(1, Ordering::SeqCst);
                    }
                    unreachable!("rounds without end")
                })
            })
            .collect();
        while written.load(Ordering::SeqCst) < WRITERS {
            std::thread::yield_now();
        }
        let suspended = change(&admin, user, &json!({"suspended": true}));
        assert_eq!(suspended.ok()["status"], "suspended");
        let refusals: Vec<u16> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        (suspended.change(), refusals)
    });
    assert_eq!(refusals, [401; WRITERS]);
    let numbers: Vec<i64> = server.read(|conn| {
        changes::table
            .filter(changes::actor_id.eq(user))
            .select(changes::number)
            .load(conn)
    });
    let late: Vec<_> = numbers
        .iter()
        .filter(|number| **number > suspended)
        .collect();
    assert!(late.is_empty(), "{late:?} after {suspended}");
    // Each that was answered is there, and no other.
    assert_eq!(numbers.len(), written.into_inner());
}

/// Signs in with a password whose comparison takes long, and lets something happen meanwhile. Answers the token, where
/// there is one.
fn while_signing_in(server: &Server, user: Id, happens: impl FnOnce()) -> Option<Client> {
    let slow = Params::new(19_456, 40, 1, Some(32)).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, slow);
    let hash: PasswordHash = argon2.hash_password(PASSWORD.as_bytes()).unwrap();
    let hash = hash.to_string();
    let set = server.write(move |tx| users::store::set_password(tx, user, &hash, None));
    let email = set.value.email;
    std::thread::scope(|scope| {
        let signs_in = scope.spawn(|| {
            let tries = std::iter::repeat_with(|| server.login(&email, PASSWORD));
            tries.take(1_000).find(|answer| answer.status != 503)
        });
        // One password is compared at a time, and none waits: whoever is turned away knows that the other is at it.
        let busy = (0..).any(|number| {
            let nobody = format!("nobody{number}@example.org");
            server.login(&nobody, PASSWORD).status == 503 || signs_in.is_finished()
        });
        assert!(busy);
        happens();
        let answer = signs_in.join().unwrap().expect("an answer");
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        token.map(|token| server.client.with_token(&token))
    })
}

fn one_password_at_a_time() -> Server {
    let often = Bound {
        at_once: 10_000,
        every: Duration::from_secs(1),
    };
    let setup = Server::setup().app(|app| {
        app.hashing = (1, 0);
        app.sign_in = Bounds {
            pair: often,
            peer: often,
            account: often,
        };
    });
    setup.start()
}

#[test]
fn a_password_that_is_changed_meanwhile_opens_nothing() {
    let server = one_password_at_a_time();
    let user = server.account(Role::Editor);
    let signed_in = while_signing_in(&server, user, || {
        server.admit(user);
    });
    let opened = signed_in.map_or(401, |client| client.get(ME).status);
    assert_eq!(opened, 401);
}

#[test]
fn an_account_that_is_suspended_meanwhile_stays_closed_when_it_is_reinstated() {
    let server = one_password_at_a_time();
    let admin = server.sign_in(Role::Admin);
    let user = server.account(Role::Editor);
    let signed_in = while_signing_in(&server, user, || {
        change(&admin, user, &json!({"suspended": true})).ok();
    });
    change(&admin, user, &json!({"suspended": false})).ok();
    let opened = signed_in.map_or(401, |client| client.get(ME).status);
    assert_eq!(opened, 401);
}
