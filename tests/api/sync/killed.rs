//! The program as it runs: killed in the midst of it, begun again, and over a database that was put back.

use masthead::db::Db;
use masthead::time::Clock;

use super::copies::{Copy, Watcher, fresh};
use super::random::rounds;
use super::world::{QUERIES, World};
use crate::cli::program::Serving;
use crate::support::{Database, Random};

const FLAGS: &[&str] = &["--locales", "en,de", "--stream-heartbeat-ms", "200"];

struct Followers {
    copies: Vec<Copy>,
    watchers: Vec<Watcher>,
    /// The last change that was written beside the server, which may take a moment to notice it.
    written: i64,
}

impl Followers {
    fn new() -> Self {
        let queries = [QUERIES[0], QUERIES[2], QUERIES[5]];
        Self {
            copies: queries.map(Copy::new).into(),
            watchers: queries.map(Watcher::new).into(),
            written: 0,
        }
    }

    /// Writes beside the server, as another process does, while these follow.
    fn follow(&mut self, database: &Database, server: &Serving, seed: u64) {
        let db = Db::open(database.settings(), Clock::system()).unwrap();
        let mut world = World::new(&db, seed);
        for _ in 0..40 {
            world.turn();
            if world.random.once_in(4) {
                let copy = world.random.below(self.copies.len());
                self.copies[copy].pull(&server.client, 3);
                self.watchers[copy].look(&server.client);
            }
        }
        self.written = db.change();
    }

    #[track_caller]
    fn settle(&mut self, server: &Serving) {
        let noticed = server.client.request("GET", "/v1/site");
        let noticed = noticed.header("min-change", &self.written.to_string());
        assert_eq!(noticed.send().status, 200);
        for copy in &mut self.copies {
            copy.catch_up(&server.client, 5);
            assert_eq!(
                copy.texts,
                fresh(&server.client, &copy.query),
                "{}",
                copy.query
            );
        }
        for watcher in &mut self.watchers {
            watcher.settle(&server.client);
        }
    }

    fn resets(&self) -> usize {
        let watchers = self.watchers.iter().map(|watcher| watcher.copy.resets);
        let copies = self.copies.iter().map(|copy| copy.resets);
        copies.chain(watchers).sum()
    }
}

#[test]
fn copies_outlive_the_server_and_notice_a_database_that_was_put_back() {
    let mut database = Database::new();
    let mut followers = Followers::new();
    let mut random = Random::new(7);
    rounds(1, |_| {
        database = killed_and_put_back(&database, &mut followers, &mut random);
    });
}

/// Kills the server three times in the midst of it, puts back what the database was before the last, and answers that.
fn killed_and_put_back(
    database: &Database,
    followers: &mut Followers,
    random: &mut Random,
) -> Database {
    let mut kept = None;
    for round in 0..3 {
        let mut server = Serving::over(database, FLAGS);
        followers.follow(database, &server, random.next());
        if round == 1 {
            followers.settle(&server);
        }
        server.signal("KILL");
        server.ended();
        drop(server);
        if round == 1 {
            kept = Some(database.copy());
        }
    }
    let server = Serving::over(database, FLAGS);
    followers.settle(&server);
    server.stop();

    // What was written after the copy of the database was made never happened.
    let kept = kept.unwrap();
    let before = followers.resets();
    let server = Serving::over(&kept, FLAGS);
    followers.follow(&kept, &server, random.next());
    followers.settle(&server);
    // A stream that let nothing through has heard of nothing that never happened, and may go on.
    let resets = followers.resets() - before;
    assert!(resets >= followers.copies.len(), "{resets} began anew");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    kept
}
