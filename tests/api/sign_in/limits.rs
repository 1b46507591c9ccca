//! How often a password may be tried, from many places, at many accounts and in many spellings.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use masthead::auth::model::Role;
use masthead::http::peer::TrustedProxies;
use serde_json::json;

use super::{LOGIN, ME, told};
use crate::support::{Answer, Random, Server};

const WRONG: &str = "violets are seldom found downstairs";
const SECURITY: &str = "/v1/admin/security-log?kind=sign_in_failed&limit=100&count=true";

/// What one peer may fail at one account, one peer anywhere, and one account from anywhere.
const PAIR: usize = 10;
const PEER: usize = 50;
const ACCOUNT: usize = 90;

/// A server behind a proxy, which is this machine.
fn behind_a_proxy() -> Server {
    let setup = Server::setup().app(|app| {
        app.proxies = TrustedProxies(vec!["127.0.0.1/32".parse().unwrap()]);
    });
    setup.start()
}

fn login_from(server: &Server, peer: &str, email: &str, password: &str) -> Answer {
    let request = server.client.request("POST", LOGIN);
    request
        .header("x-forwarded-for", peer)
        .json(&json!({"email": email, "password": password}))
        .send()
}

/// The failures so far, counted by the rules and while the clock stands.
#[derive(Default)]
struct Failures {
    pairs: HashMap<(usize, usize), usize>,
    peers: HashMap<usize, usize>,
    accounts: HashMap<usize, usize>,
    /// How often each of the three bounds was the one that was reached.
    reached: [usize; 3],
}

impl Failures {
    /// The status of one more.
    fn one_more(&mut self, account: usize, peer: usize) -> u16 {
        let counts = [
            self.pairs.entry((account, peer)).or_default(),
            self.peers.entry(peer).or_default(),
            self.accounts.entry(account).or_default(),
        ];
        let full = [
            *counts[0] >= PAIR,
            *counts[1] >= PEER,
            *counts[2] >= ACCOUNT,
        ];
        if let [true, false, false] | [false, true, false] | [false, false, true] = full {
            let which = full.iter().position(|full| *full).unwrap();
            self.reached[which] += 1;
        }
        if full.contains(&true) {
            return 429;
        }
        for count in counts {
            *count += 1;
        }
        401
    }
}

/// Says that it is over when it is, and also when a test fails before.
struct Over<'f>(&'f AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// An address of an account in some spelling.
fn spelt(account: usize, random: &mut Random) -> String {
    let email = format!("j\u{f6}rg{account}@example.org");
    match random.below(5) {
        0 => email,
        1 => email.to_uppercase(),
        2 => format!("  {email}\t"),
        3 => email.replace('\u{f6}', "o\u{308}"),
        _ => email
            .replace('\u{f6}', "O\u{308}")
            .replace("example", "eXaMpLe"),
    }
}

/// What a proxy says of a peer: an address with or without a port, after whatever the peer itself has said, or any
/// address of its network.
fn forwarded(peer: usize, random: &mut Random) -> String {
    if peer < 4 {
        return format!("2001:db8:0:{peer}::{:x}", random.below(0xffff));
    }
    let address = format!("192.0.2.{peer}");
    match random.below(4) {
        0 => address,
        1 => format!("{address}:{}", 1024 + random.below(60_000)),
        2 => format!("::ffff:{address}"),
        _ => format!("203.0.113.{}, {address}", random.below(256)),
    }
}

#[test]
fn of_two_thousand_wrong_passwords_few_are_compared() {
    const ATTEMPTS: usize = 2_000;
    const ACCOUNTS: usize = 8;
    const PEERS: usize = 12;
    const HOME: &str = "198.51.100.9";
    let server = behind_a_proxy();
    let admin = server.sign_in(Role::Admin);
    let mut random = Random::new(8);
    // The last is nobody's.
    let owners: Vec<_> = (0..ACCOUNTS - 1)
        .map(|number| server.person_at(&format!("j\u{f6}rg{number}@example.org"), Role::Editor))
        .collect();
    let (owner, bystander) = (&owners[0], server.person(Role::Author));
    let at_home = || login_from(&server, HOME, &owner.email, owner.password);
    assert_eq!(at_home().status, 200);

    let mut failures = Failures::default();
    let over = AtomicBool::new(false);
    let refused = std::thread::scope(|scope| {
        let served = scope.spawn(|| {
            let mut rounds = 0;
            while !over.load(Ordering::SeqCst) || rounds == 0 {
                for path in ["/v1/articles", "/v1/site", "/health/ready"] {
                    assert_eq!(server.get(path).status, 200, "{path}");
                }
                assert_eq!(admin.get(ME).status, 200);
                rounds += 1;
            }
        });
        let attack = Over(&over);
        let mut refused = 0;
        for number in 0..ATTEMPTS {
            // One account is what most of them are after.
            let account = random.below(2 * ACCOUNTS).saturating_sub(ACCOUNTS);
            let peer = random.below(PEERS);
            let (from, email) = (forwarded(peer, &mut random), spelt(account, &mut random));
            let answer = login_from(&server, &from, &email, WRONG);
            let expected = failures.one_more(account, peer);
            assert_eq!(answer.status, expected, "{number}: {email} from {from}");
            if expected == 429 {
                let wait: u64 = answer.header("retry-after").parse().unwrap();
                assert!((1..=600).contains(&wait), "{wait}");
                refused += 1;
            }
        }
        drop(attack);
        served.join().unwrap();
        refused
    });
    let compared = ATTEMPTS - refused;
    assert!(compared <= PEERS * PEER, "{compared}");
    assert!(
        failures.reached.iter().all(|times| *times > 0),
        "{:?}",
        failures.reached
    );
    assert_eq!(failures.accounts[&0], ACCOUNT);

    // Whoever is attacked signs in where they did before, and elsewhere a little later.
    let elsewhere = || login_from(&server, "198.51.100.77", &owner.email, owner.password);
    assert_eq!(at_home().status, 200);
    let later = elsewhere();
    assert_eq!(
        (later.status, later.code().as_str()),
        (429, "too-many-requests")
    );
    // Who is not, does anywhere but where the attackers are.
    let beside = |peer: &str| login_from(&server, peer, &bystander.email, bystander.password);
    assert_eq!(beside("198.51.100.77").status, 200);
    let full = (0..PEERS).find(|peer| failures.peers.get(peer) == Some(&PEER));
    let full = forwarded(full.expect("a peer that failed too often"), &mut random);
    assert_eq!(beside(&full).status, 429);

    let log = admin.get(SECURITY).ok();
    assert_eq!(log["page"]["total"], compared);
    let shown = log.to_string().to_lowercase();
    for secret in ["example.org", WRONG, owner.password] {
        assert!(!shown.contains(secret), "{secret}");
    }
    let items = log["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["peer"] != "127.0.0.1"));
    let owners = admin.get(&format!("{SECURITY}&user={}", owner.id)).ok();
    assert_eq!(owners["page"]["total"], ACCOUNT);

    let wait: u64 = later.header("retry-after").parse().unwrap();
    server.clock.advance(Duration::from_secs(wait));
    assert_eq!(elsewhere().status, 200);
}

#[test]
fn an_account_that_is_none_is_refused_as_often() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let all = |email: &str| -> Vec<_> {
        let tries = std::iter::repeat_with(|| told(&server.login(email, WRONG)));
        tries.take(PAIR + 2).collect()
    };
    let (somebody, nobody) = (all(&person.email), all("nobody@example.org"));
    assert_eq!(somebody, nobody);
    let statuses: Vec<u16> = nobody.iter().map(|answer| answer.0).collect();
    assert_eq!(statuses, [[401; PAIR].as_slice(), &[429; 2]].concat());
    // The right one is not looked at, either.
    assert_eq!(server.login(&person.email, person.password).status, 429);
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(server.login(&person.email, person.password).status, 200);
}

#[test]
fn a_right_password_counts_for_nothing() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    for _ in 0..=PEER {
        assert_eq!(server.login(&person.email, person.password).status, 200);
    }
}

#[test]
fn a_stolen_session_does_not_find_the_password_out() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let stolen = server.session_of(person.id);
    let attempt = |current: &str| {
        let new = "six ferries under a paper moon";
        let content = json!({"current_password": current, "new_password": new});
        let request = stolen.request("PUT", "/v1/admin/me/password");
        request.json(&content).send().status
    };
    for _ in 0..PAIR {
        assert_eq!(attempt(WRONG), 422);
    }
    assert_eq!(attempt(WRONG), 429);
    assert_eq!(attempt(person.password), 429);
    assert_eq!(server.login(&person.email, person.password).status, 429);
    assert_eq!(stolen.get(ME).status, 200);
}

#[test]
fn a_header_of_whoever_asks_is_nobodys_word() {
    let server = Server::start();
    let person = server.person(Role::Editor);
    let statuses: Vec<u16> = (0..=PAIR)
        .map(|number| {
            let peer = format!("192.0.2.{number}");
            login_from(&server, &peer, &person.email, WRONG).status
        })
        .collect();
    assert_eq!(statuses, [[401; PAIR].as_slice(), &[429]].concat());
    let log = server.sign_in(Role::Admin).get(SECURITY);
    assert_eq!(log.column("peer"), ["127.0.0.1"; PAIR]);
}
