//! The program as it runs: killed while it tells, whatever was written is told at least once, under one id, in the order of
//! the log; and over TLS it tells those alone whose certificate the system trusts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store as articles;
use masthead::changes::model::Actor;
use masthead::db::{Db, Tx};
use masthead::time::Clock;
use masthead::webhooks::{input, store};
use serde_json::json;

use super::receiver::{Answers, Receiver};
use crate::cli::program::{Serving, on};
use crate::support::{Database, article};
use crate::tls::Authority;

const FLAGS: &[&str] = &["--outbound-allow", "127.0.0.0/8"];

#[test]
fn each_event_arrives_though_the_server_is_killed() {
    let (database, receiver) = (Database::new(), Receiver::start());
    for path in ["/a", "/b"] {
        receiver.answers(path, Answers::Slow(Duration::from_millis(15)));
    }
    let db = Db::open(database.settings(), Clock::system()).unwrap();
    let rules = Rules {
        locales: vec!["en".into()],
    };
    make(&db, ["/a", "/b"].map(|path| receiver.url(path)).into());
    let mut server = Serving::over(&database, FLAGS);
    let mut expected = BTreeSet::new();
    // Where another node may go on, it waits for half a minute before it does.
    let rounds = if db.is_alone() { 4 } else { 2 };
    for round in 0..rounds {
        for number in 0..12 {
            let new: NewArticle = article(&format!("Text {round} {number}")).parse(&rules);
            let made = db
                .write_blocking(Actor::System, move |tx| articles::create(tx, &new))
                .unwrap();
            expected.insert((made.change, made.value.id.to_string()));
            let id = made.value.id;
            let new: NewArticle = article(&format!("Text {round} {number} anew")).parse(&rules);
            let changed = db
                .write_blocking(Actor::System, move |tx| articles::replace(tx, id, &new))
                .unwrap();
            expected.insert((changed.change, id.to_string()));
        }
        // In the midst of it, each time somewhere else.
        let enough = expected.len() - 9 + 2 * round;
        receiver.wait_until(|got| got.iter().filter(|got| got.path == "/a").count() >= enough);
        server.signal("KILL");
        server.ended();
        server = Serving::over(&database, FLAGS);
    }
    for path in ["/a", "/b"] {
        let key = |got: &super::receiver::Got| {
            let data = got.json()["data"].clone();
            (
                data["change"].as_i64().unwrap(),
                data["id"].as_str().unwrap().to_owned(),
            )
        };
        receiver.wait_until(|got| {
            let came: BTreeSet<_> = got.iter().filter(|got| got.path == path).map(key).collect();
            came.len() >= expected.len()
        });
        let mut ids: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for got in receiver.got(path) {
            let (change, article) = key(&got);
            let first_time = !ids.contains_key(&(change, article.clone()));
            if first_time {
                let before = last.insert(article.clone(), change);
                assert!(
                    before < Some(change),
                    "{article}: {before:?} before {change}"
                );
            }
            ids.entry((change, article))
                .or_default()
                .insert(got.id().to_owned());
        }
        let came: BTreeSet<_> = ids.keys().cloned().collect();
        assert_eq!(came, expected);
        assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    }
    server.stop().ok();
}

/// Makes a webhook for each of these URLs.
fn make(db: &Db, urls: Vec<String>) {
    let hooks = move |tx: &mut Tx<'_>| {
        for url in &urls {
            let new = json!({"name": "a hook", "url": url, "events": ["article.*"]});
            store::create(tx, &input::new_webhook(&new).expect("a webhook"), &[1; 16])?;
        }
        Ok(())
    };
    db.write_blocking(Actor::System, hooks).unwrap();
}

#[test]
fn over_tls_only_a_certificate_that_is_trusted_is_told() {
    let (trusted, other) = (Authority::new("trusted"), Authority::new("other"));
    let (good, bad) = (Receiver::over_tls(&trusted), Receiver::over_tls(&other));
    let (database, folder) = (Database::new(), tempfile::tempdir().unwrap());
    let db = Db::open(database.settings(), Clock::system()).unwrap();
    make(&db, vec![bad.tls_url("/"), good.tls_url("/")]);
    let mut command = on(&database, &["serve", "--listen", "127.0.0.1:0"]);
    command.args(FLAGS).env(
        "SSL_CERT_FILE",
        trusted.write(folder.path(), "authority.pem"),
    );
    let server = Serving::start(command);
    let rules = Rules {
        locales: vec!["en".into()],
    };
    let new = article("One").parse(&rules);
    db.write_blocking(Actor::System, move |tx| articles::create(tx, &new))
        .unwrap();
    assert_eq!(good.wait("/", 1)[0].event(), "article.created");
    let refused = || {
        let metrics = server.get("/metrics");
        metrics.text().contains("{outcome=\"retried\"} 1\n")
    };
    for _ in 0..3000 {
        if refused() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(refused());
    assert!(bad.connections() > 0 && bad.all().is_empty());
    server.stop().ok();
}
