use super::*;

const OWNER: &str = "Zoë.Müller@Example.org";

fn start() -> Time {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Time {
    Time::from_millis(start().millis() + seconds * 1000).unwrap()
}

fn limits() -> SignInLimits {
    SignInLimits::new(Bounds::default())
}

fn four(n: u16) -> IpAddr {
    let [high, low] = n.to_be_bytes();
    IpAddr::from([192, 0, high, low])
}

/// The same address as people and attackers write it.
fn spelling(n: u16) -> String {
    match n % 6 {
        0 => OWNER.to_owned(),
        1 => OWNER.to_uppercase(),
        2 => OWNER.to_lowercase(),
        3 => OWNER.nfd().collect(),
        4 => format!("  {OWNER}\t"),
        _ => OWNER.replace("Example", "ＥＸＡＭＰＬＥ"),
    }
}

/// How many of so many attempts come through, all of which fail.
fn through<'a>(
    limits: &SignInLimits,
    attempts: impl IntoIterator<Item = (String, IpAddr, Time)> + 'a,
) -> usize {
    attempts
        .into_iter()
        .filter(|(account, peer, now)| limits.attempt(account, *peer, false, *now).is_ok())
        .count()
}

#[test]
fn one_peer_at_one_account_however_it_is_spelt() {
    let limits = limits();
    let attempts = (0..2000).map(|n| (spelling(n), four(1), start()));
    assert_eq!(through(&limits, attempts), 10);
    let wait = limits.attempt(OWNER, four(1), false, start()).unwrap_err();
    assert_eq!(wait, Duration::from_secs(60));
    let soon = Time::from_millis(start().millis() + 500).unwrap();
    let wait = limits.attempt(OWNER, four(1), false, soon).unwrap_err();
    assert_eq!(wait, Duration::from_secs(60));
    // Then one a minute, and all of them after ten.
    assert!(limits.attempt(OWNER, four(1), false, at(59)).is_err());
    assert!(limits.attempt(OWNER, four(1), false, at(60)).is_ok());
    assert!(limits.attempt(OWNER, four(1), false, at(60)).is_err());
    let hour = (0..3600).map(|second| (spelling(0), four(2), at(second)));
    assert_eq!(through(&limits, hour), 10 + 59);
}

#[test]
fn one_peer_at_many_accounts() {
    let limits = limits();
    let account = |n| format!("user{n}@example.org");
    let attempts = (0..2000).map(|n| (account(n), four(1), start()));
    assert_eq!(through(&limits, attempts), 50);
    let wait = limits
        .attempt("another", four(1), false, start())
        .unwrap_err();
    assert_eq!(wait, Duration::from_secs(6));
    // Nobody else is held up.
    assert!(limits.attempt(&account(1), four(2), false, start()).is_ok());
    let hour = (0..3600).map(|second| (account(second % 7919), four(3), at(second.into())));
    assert_eq!(through(&limits, hour), 50 + 599);
}

#[test]
fn many_peers_at_one_account_and_its_owner_gets_in() {
    let limits = limits();
    let attempts = (0..2000).map(|n| (spelling(n), four(n), start()));
    assert_eq!(through(&limits, attempts), 90);
    let home = four(60_000);
    assert_eq!(
        limits.attempt(OWNER, home, false, start()).unwrap_err(),
        Duration::from_secs(600)
    );
    // Where the owner has signed in before, however often it fails elsewhere, and typing errors included.
    for _ in 0..9 {
        assert!(limits.attempt(OWNER, home, true, start()).is_ok());
    }
    limits
        .attempt(OWNER, home, true, start())
        .unwrap()
        .succeeded();
    // That makes no room for the others.
    assert!(limits.attempt(OWNER, four(50_000), false, start()).is_err());
    // Over a day, whatever the number of peers: one in ten minutes.
    let day = (0..8640).map(|n| (spelling(n % 6), four(n), at(i64::from(n) * 10)));
    assert_eq!(through(&limits, day), 143);
}

#[test]
fn many_peers_at_many_accounts_over_time() {
    let limits = limits();
    // 40 peers take turns at 5 accounts, each as often as it can, for 2,000 attempts within a minute.
    let mut come = HashMap::new();
    for n in 0..2000_u16 {
        let (account, peer) = (format!("user{}@example.org", n % 5), four(n / 5 % 40));
        let now = at(i64::from(n) * 60 / 2000);
        if limits.attempt(&account, peer, false, now).is_ok() {
            *come.entry(n % 5).or_insert(0) += 1;
        }
    }
    assert_eq!(come, (0..5).map(|account| (account, 90)).collect());
}

#[test]
fn only_failures_count() {
    let limits = limits();
    for _ in 0..2000 {
        limits
            .attempt(OWNER, four(1), false, start())
            .unwrap()
            .succeeded();
    }
    assert!(limits.lock().pairs.free_at.is_empty());
    assert!(limits.lock().peers.free_at.is_empty());
    assert!(limits.lock().accounts.free_at.is_empty());

    // One under way counts until it is known to have succeeded.
    let mut open: Vec<Attempt> = (0..10)
        .map(|_| limits.attempt(OWNER, four(1), false, start()).unwrap())
        .collect();
    assert!(limits.attempt(OWNER, four(1), false, start()).is_err());
    open.pop().unwrap().succeeded();
    drop(open);
    assert!(limits.attempt(OWNER, four(1), false, start()).is_ok());
    assert!(limits.attempt(OWNER, four(1), false, start()).is_err());
}

#[test]
fn a_success_forgives_itself_alone_and_no_more() {
    let limits = limits();
    let slow = limits.attempt(OWNER, four(1), false, start()).unwrap();
    assert_eq!(
        through(&limits, (0..20).map(|_| (spelling(0), four(1), start()))),
        9
    );
    slow.succeeded();
    assert_eq!(
        through(&limits, (0..20).map(|_| (spelling(0), four(1), start()))),
        1
    );
}

#[test]
fn what_is_refused_does_not_count() {
    let limits = limits();
    let attempts = (0..2000).map(|_| (spelling(0), four(1), start()));
    assert_eq!(through(&limits, attempts), 10);
    // Of the peer's 50, 10 are gone; of the account's 90, too.
    let others = (0..100).map(|n| (format!("user{n}"), four(1), start()));
    assert_eq!(through(&limits, others), 40);
    let elsewhere = (100..200).map(|n| (spelling(n), four(n), start()));
    assert_eq!(through(&limits, elsewhere), 80);
}

#[test]
fn peers_are_ipv4_addresses_and_ipv6_networks() {
    let peer = |text: &str| Peer::of(text.parse().unwrap());
    assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    assert_eq!(peer("192.0.2.1"), peer("::ffff:192.0.2.1"));
    assert_eq!(
        peer("2001:db8:1:2::1"),
        peer("2001:db8:1:2:ffff:ffff:ffff:ffff")
    );
    assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
    assert_ne!(peer("::1"), peer("127.0.0.1"));

    let limits = limits();
    let attempts = (0..2000).map(|n| {
        (
            spelling(0),
            format!("2001:db8::{n:x}").parse().unwrap(),
            start(),
        )
    });
    assert_eq!(through(&limits, attempts), 10);
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_waiting_for_longer() {
    let limits = limits();
    let tomorrow = at(24 * 3600);
    let attempts = (0..20).map(|_| (spelling(0), four(1), tomorrow));
    assert_eq!(through(&limits, attempts), 10);
    // A day earlier each count is as if it had just been used up, and goes on from there.
    let waits = |known_here, now| limits.attempt(OWNER, four(1), known_here, now).unwrap_err();
    assert_eq!(waits(true, start()), Duration::from_secs(60));
    assert_eq!(waits(false, start()), Duration::from_secs(600));
    assert_eq!(waits(true, at(30)), Duration::from_secs(30));
    assert!(limits.attempt(OWNER, four(1), true, at(60)).is_ok());
    assert_eq!(waits(true, at(60)), Duration::from_secs(60));
    assert!(limits.attempt(OWNER, four(1), false, at(600)).is_ok());

    // And at the ends of time nothing overflows.
    for now in [
        "0001-01-01T00:00:00Z",
        "9999-12-30T00:00:00Z",
        "0001-01-01T00:00:00Z",
    ] {
        let now: Time = now.parse().unwrap();
        let _ = limits
            .attempt(OWNER, four(1), false, now)
            .map(Attempt::succeeded);
        let attempts = (0..20).map(|_| (spelling(0), four(1), now));
        assert!(through(&limits, attempts) <= 10);
    }
    let endless = Bound {
        at_once: u32::MAX,
        every: Duration::MAX,
    };
    let limits = SignInLimits::new(Bounds {
        pair: endless,
        peer: endless,
        account: endless,
    });
    assert!(limits.attempt(OWNER, four(1), false, start()).is_ok());
    let none = Bound {
        at_once: 0,
        every: Duration::from_secs(9),
    };
    let limits = SignInLimits::new(Bounds {
        pair: none,
        ..Bounds::default()
    });
    assert!(limits.attempt(OWNER, four(1), false, start()).is_ok());
    assert_eq!(
        limits.attempt(OWNER, four(1), false, start()).unwrap_err(),
        Duration::from_secs(9)
    );
}

#[test]
fn those_with_the_fewest_failures_are_forgotten_first() {
    let mut count = Count::new(Bounds::default().account);
    let failures = |count: &mut Count<u32>, key, times| {
        for _ in 0..times {
            count.take(key, 0);
        }
    };
    // One that is nearly out of attempts, and as many others as there can be.
    failures(&mut count, 0, 90);
    failures(&mut count, 1, 2);
    let many = u32::try_from(MAX_KEYS).unwrap();
    for key in 2..3 * many {
        count.take(key, 0);
        assert!(count.free_at.len() <= MAX_KEYS);
    }
    assert!(count.wait(&0, 0) > 0);
    assert_eq!(count.free_at.get(&1), Some(&(2 * count.step)));

    // Where nothing of most counts any more, those go and nobody else does.
    let later = 3 * count.step;
    let room = MAX_KEYS - count.free_at.len();
    let fresh: Vec<u32> = (3 * many..).take(room + 1).collect();
    for key in &fresh {
        count.take(*key, later);
    }
    assert_eq!(count.free_at.len(), fresh.len() + 1);
    assert!(count.free_at.contains_key(&0));
    assert!(fresh.iter().all(|key| count.free_at.contains_key(key)));
}
