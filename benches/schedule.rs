//! How late what is scheduled goes out: from the time that was set to the end of the commit, after which every reader of
//! this node gets it. 200 texts are due within one second, one every 5 ms, and then all 200 at one moment; the program's own
//! clock task does them, in this process and with nothing else to do.
//!
//! `cargo bench --bench schedule`, with `-- --small` for fewer rounds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and ends with a panic where it cannot go on"
)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use masthead::articles::model::{ArticleInput, Format, Source, State};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store;
use masthead::changes::model::Actor;
use masthead::db::schema::changes;
use masthead::db::{self, Db, Settings};
use masthead::id::Id;
use masthead::time::{Clock, Time};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Texts of a round.
const TEXTS: u32 = 200;
/// How far ahead the first of them is due: longer than it takes to write them down.
const AHEAD: Duration = Duration::from_secs(3);

/// The commits of this process: the last change of each, and when it was done.
type Commits = Arc<Mutex<Vec<(i64, Time)>>>;

fn main() {
    let small = std::env::args().any(|argument| argument == "--small");
    let rounds = if small { 2 } else { 5 };
    println!("\n## Scheduling\n");
    println!(
        "{TEXTS} texts a round, {rounds} rounds, SQLite; milliseconds from the time that was set to the commit."
    );
    println!("\n| | early | p50 ms | p99 ms | worst ms |\n|---|---|---|---|---|");
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let settings = Settings::sqlite_in(folder.path());
    db::migrate::run(&settings).unwrap();
    let commits = Commits::default();
    let noted = Arc::clone(&commits);
    let note = move |change| noted.lock().unwrap().push((change, Clock::system().now()));
    let db = Db::open_with(settings, Clock::system(), Some(Arc::new(note))).unwrap();
    let following = db.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(store::clock::run(&following));
    });
    for (name, step) in [
        ("one every 5 ms", Duration::from_millis(5)),
        ("all at one moment", Duration::ZERO),
    ] {
        let mut late: Vec<i64> = (0..rounds)
            .flat_map(|_| round(&db, &commits, step))
            .collect();
        late.sort_unstable();
        let percentile = |percent: usize| late[(late.len() * percent / 100).min(late.len() - 1)];
        let early = late.iter().filter(|late| **late < 0).count();
        println!(
            "| {name} | {early} | {} | {} | {} |",
            percentile(50),
            percentile(99),
            percentile(100)
        );
    }
}

/// How many milliseconds late each was.
fn round(db: &Db, commits: &Commits, step: Duration) -> Vec<i64> {
    let first = db.now().plus(AHEAD);
    let due: HashMap<Id, Time> = (0..TEXTS)
        .map(|number| {
            let at = first.plus(step * number);
            let new = text(number, at);
            let made = db.write_blocking(Actor::System, move |tx| store::create(tx, &new));
            (made.unwrap().value.id, at)
        })
        .collect();
    assert!(
        db.now() < first,
        "the machine is too slow to write them in time"
    );
    let written = db.change();
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let done = published_after(db, written);
        if done.len() == due.len() {
            let commits = commits.lock().unwrap();
            let late = done.iter().map(|(number, id)| {
                let (_, done) = commits.iter().find(|(last, _)| last >= number).unwrap();
                done.millis() - due[id].millis()
            });
            return late.collect();
        }
    }
}

/// The texts that were published after this change, and by which.
fn published_after(db: &Db, change: i64) -> Vec<(i64, Id)> {
    let done = changes::table
        .filter(changes::number.gt(change))
        .filter(changes::action.eq("published"))
        .select((changes::number, changes::resource_id));
    db.read_blocking(|conn| Ok(done.load(conn)?)).unwrap()
}

/// A text of some 5 KB, as articles are.
fn text(number: u32, at: Time) -> NewArticle {
    let rules = Rules {
        locales: vec!["en".into()],
    };
    let input = ArticleInput {
        status: Some(State::Published),
        published_at: Some(at),
        body: Some(Source {
            format: Format::Markdown,
            text: "Some words *and* some more. ".repeat(180),
        }),
        tags: vec![
            "Tea".into(),
            "Coffee".into(),
            format!("Tag {}", number % 20),
        ],
        authors: vec!["Ada".into()],
        ..ArticleInput::new(format!("Text {number}"))
    };
    NewArticle::parse(input, &rules).unwrap()
}
