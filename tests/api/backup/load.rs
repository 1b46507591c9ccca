//! Backups while many write, against a ledger outside: whatever change a backup says it holds, it holds all that was
//! acknowledged up to it, and nothing that came later. Six seconds in a run of the tests;
//! `MASTHEAD_SOAK_SECONDS=300`, with the profile `soak`, for as long as one wishes. How long a writer waited at most is printed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use masthead::db::schema::articles;
use masthead::id::Id;
use serde_json::json;

use super::Site;
use crate::cli::program::run;
use crate::support::{Client, Random, each};

const WRITERS: u64 = 6;

/// What goes on beside the writers. A write beside two of these counts with the last of them: with a backup before all.
const BESIDE: [&str; 3] = [
    "beside nothing",
    "while a copy is restored on the same disk",
    "beside a backup",
];
const NOTHING: usize = 0;
const RESTORE: usize = 1;
const BACKUP: usize = 2;

/// What the writers and the maker of backups tell each other.
#[derive(Default)]
struct Signs {
    stop: AtomicBool,
    /// One of [`BESIDE`].
    beside: AtomicUsize,
}

/// What a text was after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stood {
    title: String,
    version: i64,
}

/// An acknowledged write.
struct Acknowledged {
    change: i64,
    id: Id,
    stood: Stood,
    waited: Duration,
    /// One of [`BESIDE`].
    beside: usize,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the program"
)]
fn seconds() -> u64 {
    let told = std::env::var("MASTHEAD_SOAK_SECONDS").ok();
    told.map_or(6, |text| text.parse().expect("a number of seconds"))
}

/// Creates and changes texts over HTTP until it is told to stop.
fn write(client: &Client, seed: u64, signs: &Signs, ledger: &Sender<Acknowledged>) {
    let mut random = Random::new(seed);
    let mut own: Vec<(Id, String)> = Vec::new();
    let mut number = 0;
    while !signs.stop.load(Ordering::Relaxed) {
        let before = signs.beside.load(Ordering::Relaxed);
        number += 1;
        let title = format!("Text {seed} {number}");
        let body = "words of a writer who does not rest ".repeat(1 + random.below(150));
        let begun = Instant::now();
        let answer = if own.is_empty() || random.once_in(3) {
            let new = json!({"title": title, "markdown": body, "status": "published"});
            client.post("/v1/admin/articles", &new)
        } else {
            let at = random.below(own.len());
            let (id, etag) = &own[at];
            let change = json!({"title": title, "markdown": body});
            client.patch(&format!("/v1/admin/articles/{id}"), etag, &change)
        };
        let waited = begun.elapsed();
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let id: Id = said["id"].as_str().unwrap().parse().unwrap();
        let etag = answer.etag().to_owned();
        own.retain(|(known, _)| *known != id);
        own.push((id, etag));
        let stood = Stood {
            title,
            version: said["version"].as_i64().unwrap(),
        };
        let change = answer.change();
        ledger
            .send(Acknowledged {
                change,
                id,
                stood,
                waited,
                beside: before.max(signs.beside.load(Ordering::Relaxed)),
            })
            .unwrap();
    }
}

/// All that was acknowledged, by change.
struct Ledger {
    heard: Receiver<Acknowledged>,
    /// The last change up to which all were heard of; at first the one before the first write.
    complete: i64,
    writes: BTreeMap<i64, (Id, Stood)>,
    /// As [`BESIDE`].
    waits: [Vec<Duration>; 3],
}

impl Ledger {
    fn hear(&mut self, acknowledged: Acknowledged) {
        let Acknowledged {
            change,
            id,
            stood,
            waited,
            beside,
        } = acknowledged;
        assert!(
            self.writes.insert(change, (id, stood)).is_none(),
            "{change} twice"
        );
        while self.writes.contains_key(&(self.complete + 1)) {
            self.complete += 1;
        }
        self.waits[beside].push(waited);
    }

    /// What must be there at a change, once all up to it were acknowledged.
    fn at(&mut self, change: i64) -> BTreeMap<Id, Stood> {
        while self.complete < change {
            let next = self.heard.recv_timeout(Duration::from_secs(60));
            self.hear(next.expect("every change up to the backup's was acknowledged"));
        }
        let mut stood = BTreeMap::new();
        for (id, is) in self.writes.range(..=change).map(|(_, write)| write) {
            stood.insert(*id, is.clone());
        }
        stood
    }
}

/// What a restored site holds.
fn held(site: &Site) -> BTreeMap<Id, Stood> {
    let read = |conn: &mut masthead::db::Conn| {
        let rows = articles::table.select((articles::id, articles::title, articles::version));
        Ok(each!(conn, c => rows.load::<(Id, String, i64)>(c))?)
    };
    let rows = site.db().read_blocking(read).unwrap();
    let rows = rows.into_iter();
    rows.map(|(id, title, version)| (id, Stood { title, version }))
        .collect()
}

#[test]
fn each_backup_under_load_is_the_site_at_its_change() {
    let lasts = Duration::from_secs(seconds());
    let every = if lasts > Duration::from_secs(60) {
        Duration::from_secs(5)
    } else {
        Duration::from_secs(2)
    };
    let site = Site::with(0);
    let mut create = site.command(&["user", "create", "--email", "admin@example.org"]);
    create.args(["--name", "Ada", "--role", "admin"]);
    run(create).ok();
    let server = site.serve(&[]);
    let token = run(site.command(&["token", "admin@example.org"])).ok();
    let admin = server.client.with_token(token.trim());
    let key = json!({"name": "the writers", "scopes": ["articles:write", "articles:publish", "drafts:read"]});
    let key = admin.post("/v1/admin/api-keys", &key);
    let base = key.change();
    let key = server
        .client
        .with_token(key.created()["key"].as_str().unwrap());

    let signs = Signs::default();
    let (sender, heard) = mpsc::channel();
    let mut ledger = Ledger {
        heard,
        complete: base,
        writes: BTreeMap::new(),
        waits: [const { Vec::new() }; 3],
    };
    let (mut backups, mut taken, mut longest_log) = (0, Duration::ZERO, 0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|seed| {
                let (client, sender, signs) = (key.clone(), sender.clone(), &signs);
                scope.spawn(move || write(&client, seed, signs, &sender))
            })
            .collect();
        let begun = Instant::now();
        while begun.elapsed() < lasts || backups < 2 {
            let next = Instant::now() + every;
            backups += 1;
            let file = site.beside("load.backup");
            let started = Instant::now();
            signs.beside.store(BACKUP, Ordering::Relaxed);
            let said = site.run(&["backup", file.to_str().unwrap()]).ok();
            signs.beside.store(RESTORE, Ordering::Relaxed);
            taken += started.elapsed();
            let change = said.split([' ', ':']).nth(1).unwrap().parse().unwrap();
            let other = Site::nothing();
            other.restore(&file).ok();
            let (expected, is) = (ledger.at(change), held(&other));
            assert!(
                is == expected,
                "backup {backups}, at change {change}: {} texts, not {}",
                is.len(),
                expected.len()
            );
            std::fs::remove_file(file).unwrap();
            drop(other);
            signs.beside.store(NOTHING, Ordering::Relaxed);
            let log = std::fs::metadata(site.data().join("masthead.db-wal"));
            longest_log = longest_log.max(log.map_or(0, |log| log.len()));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        signs.stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().unwrap();
        }
    });
    drop(sender);
    while let Ok(acknowledged) = ledger.heard.recv() {
        ledger.hear(acknowledged);
    }
    server.stop().ok();
    assert_eq!(ledger.at(base + ledger.writes.len() as i64), held(&site));
    println!(
        "{backups} backups, {:.1} s each, of {} acknowledged writes by {WRITERS} writers, each as the ledger has it; the log \
         had {} MiB at most",
        taken.as_secs_f64() / f64::from(backups),
        ledger.writes.len(),
        longest_log >> 20,
    );
    for (when, waits) in BESIDE.iter().zip(&mut ledger.waits) {
        if waits.is_empty() {
            continue;
        }
        waits.sort();
        let at = |part: usize| millis(waits[(waits.len() - 1) * part / 1000]);
        let long = waits.partition_point(|wait| *wait <= Duration::from_millis(100));
        println!(
            "{when} a write waited {:.1} ms (median), {:.1} ms (99 of 100), {:.1} ms (999 of 1000), {:.1} ms at most; {} of {} \
             more than 100 ms",
            at(500),
            at(990),
            at(999),
            at(1000),
            waits.len() - long,
            waits.len(),
        );
    }
    assert!(ledger.writes.len() > 50, "hardly anything was written");
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
