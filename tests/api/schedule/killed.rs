//! The program as it runs, killed again and again while texts come due.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use masthead::articles::new::Rules;
use masthead::articles::store;
use masthead::changes::model::Actor;
use masthead::db::Db;
use masthead::db::schema::{articles, changes};
use masthead::id::Id;
use masthead::time::{Clock, Time};

use crate::cli::program::Serving;
use crate::support::{Database, article};
use crate::sync::random::rounds;

const FLAGS: &[&str] = &["--locales", "en,de"];
/// Texts, and the time from one to the next.
const TEXTS: u64 = 120;
const STEP: Duration = Duration::from_millis(20);
/// As soon as so many are out, the program is killed.
const KILLS: [usize; 3] = [5, 40, 80];

#[test]
fn each_goes_out_once_however_often_the_program_is_killed() {
    rounds(1, |_| {
        let database = Database::new();
        let db = Db::open(database.settings(), Clock::system()).unwrap();
        let due = plan(&db);
        for enough in KILLS {
            let mut server = Serving::over(&database, FLAGS);
            wait_for(|| published(&db).len() >= enough);
            server.signal("KILL");
            server.ended();
        }
        // Some came due while nobody was there.
        wait_for(|| due.values().all(|at| *at <= db.now()));
        let server = Serving::over(&database, FLAGS);
        wait_for(|| published(&db).len() >= due.len());
        let list = server.get("/v1/articles?count=true&limit=1").ok();
        assert_eq!(list["page"]["total"], TEXTS);
        server.stop();

        let mut done = BTreeMap::new();
        for (id, at) in published(&db) {
            assert!(at >= due[&id], "{id} was due at {}, done at {at}", due[&id]);
            assert_eq!(done.insert(id, at), None, "{id} was published twice");
        }
        assert!(done.keys().eq(due.keys()), "{done:?}");
        let shown: Vec<(Id, Time)> = db
            .read_blocking(|conn| {
                let shown = articles::table.filter(articles::state.eq("published"));
                let shown = shown.select((articles::id, articles::published_at.assume_not_null()));
                Ok(shown.load(conn)?)
            })
            .unwrap();
        assert_eq!(shown.into_iter().collect::<BTreeMap<_, _>>(), due);
    });
}

/// Texts that come due one after the other, and when.
fn plan(db: &Db) -> BTreeMap<Id, Time> {
    let rules = Rules {
        locales: vec!["en".into(), "de".into()],
    };
    let begin = db.now().plus(Duration::from_secs(1));
    (0..TEXTS)
        .map(|number| {
            let at = begin.plus(STEP * u32::try_from(number).unwrap());
            let new = article(&format!("Text {number}")).published_at(&at.to_string());
            let new = new.parse(&rules);
            let stored = db.write_blocking(Actor::System, move |tx| store::create(tx, &new));
            (stored.unwrap().value.id, at)
        })
        .collect()
}

/// What the log says was published, and when.
fn published(db: &Db) -> Vec<(Id, Time)> {
    db.read_blocking(|conn| {
        let done = changes::table.filter(changes::action.eq("published"));
        Ok(done
            .select((changes::resource_id, changes::at))
            .load(conn)?)
    })
    .unwrap()
}

/// Waits for what comes by itself; fails after far longer than it may take.
fn wait_for(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}
