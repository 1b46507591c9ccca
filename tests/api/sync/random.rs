//! Anything that may happen, in any order: whoever follows ends with what a fresh list holds, round after round.

use std::time::{Duration, Instant};

use super::copies::{Copy, Watcher, fresh};
use super::world::{QUERIES, World};
use crate::support::Server;

const ROUNDS: u64 = 12;
/// Of the stream, which has to be waited for.
const LIVE_ROUNDS: u64 = 3;

/// Longer than the few rounds of a test run, where `MASTHEAD_SOAK_SECONDS` says so.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the program"
)]
fn soak() -> Option<Duration> {
    let seconds = std::env::var("MASTHEAD_SOAK_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("seconds")))
}

fn patiently() -> Server {
    let setup = Server::setup().app(|app| {
        app.streams.heartbeat = Duration::from_millis(200);
        app.streams.pause = Duration::from_millis(5);
    });
    setup.start()
}

/// As many rounds as are wanted, each with a number to draw from.
pub(crate) fn rounds(few: u64, mut round: impl FnMut(u64)) {
    let (began, soak) = (Instant::now(), soak());
    for number in 0.. {
        let enough = match soak {
            Some(time) => began.elapsed() >= time,
            None => number == few,
        };
        if enough {
            break;
        }
        round(number);
    }
}

#[test]
fn a_copy_kept_by_pages_ends_as_a_fresh_list_is() {
    let server = patiently();
    let client = &server.client;
    let mut world = World::new(server.db(), 1);
    for _ in 0..60 {
        world.turn();
    }
    let mut copies: Vec<Copy> = QUERIES.iter().map(|query| Copy::new(query)).collect();
    rounds(ROUNDS, |round| {
        for _ in 0..world.random.below(40) {
            world.turn();
            // Some look in between, a little way, and go on later from where they were.
            let index = world.random.below(copies.len());
            let copy = &mut copies[index];
            for _ in 0..world.random.below(3) {
                copy.pull(client, 1 + world.random.below(4));
            }
            if world.random.once_in(60) {
                *copy = Copy::new(&copy.query);
            }
        }
        for copy in &mut copies {
            copy.catch_up(client, 1 + world.random.below(7));
            let truth = fresh(client, &copy.query);
            assert_eq!(copy.texts, truth, "round {round}, `{}`", copy.query);
        }
    });
}

#[test]
fn a_copy_kept_by_the_stream_ends_as_a_fresh_list_is() {
    let server = patiently();
    let client = &server.client;
    let mut world = World::new(server.db(), 2);
    for _ in 0..60 {
        world.turn();
    }
    let mut watchers: Vec<Watcher> = QUERIES.iter().map(|query| Watcher::new(query)).collect();
    rounds(LIVE_ROUNDS, |_| {
        for _ in 0..world.random.below(40) {
            world.turn();
            let index = world.random.below(watchers.len());
            let watcher = &mut watchers[index];
            if world.random.once_in(4) {
                watcher.look(client);
            }
            if world.random.once_in(8) {
                watcher.hang_up();
            }
        }
        for watcher in &mut watchers {
            watcher.settle(client);
        }
    });
}
