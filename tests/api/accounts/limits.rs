//! How often signing in may fail. The clock stands still, so that the counts are exact.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::json;

use super::{LOGIN, ME};
use crate::support::{Answer, Server};

/// One behind a proxy that it trusts, so that requests can come from anywhere.
fn behind_a_proxy() -> Server {
    let setup = Server::setup().app(|app| app.proxies.0 = vec!["127.0.0.1/32".parse().unwrap()]);
    setup.start()
}

fn try_from(server: &Server, peer: &str, email: &str, password: &str) -> Answer {
    let content = json!({"email": email, "password": password});
    let request = server.client.request("POST", LOGIN);
    request
        .header("x-forwarded-for", peer)
        .json(&content)
        .send()
}

/// Of so many wrong passwords, those that were compared. The others were told when to come back.
#[track_caller]
fn compared(answers: impl IntoIterator<Item = Answer>) -> usize {
    let compared = |answer: &Answer| match answer.status {
        401 => true,
        429 => {
            assert_eq!(answer.code(), "too-many-requests");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
            false
        }
        other => panic!("{other}: {}", answer.text()),
    };
    answers.into_iter().filter(compared).count()
}

/// Spellings of one address.
fn spelling(email: &str, number: usize) -> String {
    match number % 5 {
        0 => email.to_owned(),
        1 => email.to_uppercase(),
        2 => format!("  {email}\t"),
        3 => email.replace('ü', "u\u{308}"),
        _ => email.replace('ü', "U\u{308}"),
    }
}

#[test]
fn one_peer_fails_ten_times_at_an_account() {
    let server = behind_a_proxy();
    let person = server.person_at("jürgen@example.org", Role::Author);
    let fail = |number: usize| {
        let email = spelling(&person.email, number);
        try_from(&server, "192.0.2.1", &email, "wrong")
    };
    assert_eq!(compared((0..30).map(fail)), 10);
    // Not even the right one is compared now; and it was not made worse by trying on.
    let refused = try_from(&server, "192.0.2.1", &person.email, person.password);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(compared([fail(0)]), 0);
    server.clock.advance(Duration::from_secs(1));
    let answer = try_from(&server, "192.0.2.1", &person.email, person.password);
    assert_eq!(answer.status, 200);
    // An address of IPv6 is one of as many as there are in its network.
    let fail = |number: usize| {
        let peer = format!("2001:db8:1:2::{number:x}");
        try_from(&server, &peer, &person.email, "wrong")
    };
    assert_eq!(compared((0..30).map(fail)), 10);
}

#[test]
fn one_peer_fails_fifty_times_in_all() {
    let server = behind_a_proxy();
    let people: Vec<_> = (0..10).map(|_| server.person(Role::Author)).collect();
    let fail = |number: usize| {
        let email = &people[number % people.len()].email;
        try_from(&server, "192.0.2.1", email, "wrong")
    };
    assert_eq!(compared((0..120).map(fail)), 50);
    let person = &people[0];
    let there = try_from(&server, "192.0.2.1", &person.email, person.password);
    assert_eq!((there.status, there.header("retry-after")), (429, "6"));
    let elsewhere = try_from(&server, "192.0.2.2", &person.email, person.password);
    assert_eq!(elsewhere.status, 200);
}

#[test]
fn whoever_signs_in_fails_nowhere() {
    let server = behind_a_proxy();
    let person = server.person(Role::Author);
    for _ in 0..120 {
        let answer = try_from(&server, "192.0.2.1", &person.email, person.password);
        assert_eq!(answer.status, 200);
    }
}

/// What stands in the header counts from the proxy alone, and there only what the proxy itself has seen.
#[test]
fn nobody_says_where_they_come_from() {
    let server = Server::start();
    let person = server.person(Role::Author);
    let fail = |number: usize| {
        let peer = format!("198.51.100.{number}");
        try_from(&server, &peer, &person.email, "wrong")
    };
    assert_eq!(compared((0..20).map(fail)), 10);

    let server = behind_a_proxy();
    let person = server.person(Role::Author);
    let fail = |number: usize| {
        let peer = format!("198.51.100.{number}, 192.0.2.1");
        try_from(&server, &peer, &person.email, "wrong")
    };
    assert_eq!(compared((0..20).map(fail)), 10);
}

/// An attack from many places on a few accounts in all their spellings: of 2,000 wrong passwords each account is spared all
/// but 90, those who work notice nothing, and whoever is known where they are gets in.
#[test]
fn two_thousand_wrong_passwords() {
    const PEERS: usize = 20;
    const TRIES: usize = 20;
    let server = behind_a_proxy();
    let addresses = ["jürgen", "büşra", "günther", "müge", "nobody-ünknown"];
    let addresses = addresses.map(|name| format!("{name}@example.org"));
    let people = [0, 1, 2, 3].map(|number| server.person_at(&addresses[number], Role::Author));
    let owner = &people[0];
    // They have been there before.
    let at_home = "203.0.113.7";
    let known = try_from(&server, at_home, &owner.email, owner.password);
    assert_eq!(known.status, 200);
    let editor = server.sign_in(Role::Editor);

    let (tried, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (tried, passed, server) = (&tried, &passed, &server);
            let (addresses, editor) = (&addresses, &editor);
            scope.spawn(move || {
                for peer in (half..PEERS).step_by(2) {
                    let from = format!("198.51.100.{peer}");
                    for number in 0..TRIES * addresses.len() {
                        let email = &addresses[number % addresses.len()];
                        let email = spelling(email, number / addresses.len());
                        let answer = try_from(server, &from, &email, "not the password");
                        tried.fetch_add(1, Ordering::Relaxed);
                        passed.fetch_add(compared([answer]), Ordering::Relaxed);
                    }
                    assert_eq!(server.get("/v1/articles").status, 200);
                    assert_eq!(editor.get(ME).status, 200);
                    let made = editor.post("/v1/admin/articles", &json!({"title": from}));
                    assert_eq!(made.status, 201);
                }
            });
        }
    });
    assert_eq!(tried.into_inner(), 2_000);
    assert_eq!(passed.into_inner(), 90 * addresses.len());

    let home = try_from(&server, at_home, &owner.email, owner.password);
    assert_eq!(home.status, 200);
    // From where nobody knows them they wait, as everybody does.
    let abroad = try_from(&server, "203.0.113.8", &owner.email, owner.password);
    assert_eq!((abroad.status, abroad.header("retry-after")), (429, "600"));
    server.clock.advance(Duration::from_secs(600));
    let abroad = try_from(&server, "203.0.113.8", &owner.email, owner.password);
    assert_eq!(abroad.status, 200);

    let admin = server.sign_in(Role::Admin);
    let log = admin
        .get("/v1/admin/security-log?count=true&limit=100")
        .ok();
    assert_eq!(log["page"]["total"], 90 * addresses.len());
    assert!(!log.to_string().contains('@'), "{log}");
    for person in &people {
        let of = format!(
            "/v1/admin/security-log?count=true&limit=1&user={}",
            person.id
        );
        let log = admin.get(&of).ok();
        assert_eq!(log["page"]["total"], 90);
        assert_eq!(log["items"][0]["kind"], "sign_in_failed");
        let peer = log["items"][0]["peer"].as_str().unwrap();
        assert!(peer.starts_with("198.51.100."), "{peer}");
    }
}
