//! A restored site goes on as another: what was kept of it begins anew, and nobody is told anything twice.

use std::fs;

use masthead::articles::new::Rules;
use masthead::articles::store as articles;
use masthead::changes::model::Actor;
use masthead::db::{Db, Tx};
use masthead::webhooks::{input, store};
use serde_json::json;

use super::{Site, message};
use crate::cli::program::{Serving, masthead, run};
use crate::support::{Client, article};
use crate::webhooks::receiver::{Answers, Receiver};

const FLAGS: &[&str] = &["--outbound-allow", "127.0.0.0/8"];

/// Makes a webhook for each of these paths of the receiver.
fn hooks(db: &Db, receiver: &Receiver, paths: &[&str]) {
    let urls: Vec<String> = paths.iter().map(|path| receiver.url(path)).collect();
    let make = move |tx: &mut Tx<'_>| {
        for url in &urls {
            let new = json!({"name": "a hook", "url": url, "events": ["article.*"]});
            let new = input::new_webhook(&new).expect("a webhook");
            store::create(tx, &new, &[1; 16])?;
        }
        Ok(())
    };
    db.write_blocking(Actor::System, make).unwrap();
}

/// Makes an article beside the server, and answers the change.
fn publish(db: &Db, title: &str) -> i64 {
    let rules = Rules {
        locales: vec!["en".into()],
    };
    let new = article(title).markdown("Violets").parse(&rules);
    let made = db.write_blocking(Actor::System, move |tx| articles::create(tx, &new));
    made.unwrap().change
}

/// The site served by somebody who signed in.
fn signed_in(site: &Site, server: &Serving) -> Client {
    let token = run(site.command(&["token", "admin@example.org"])).ok();
    server.client.with_token(token.trim())
}

#[test]
fn webhooks_are_told_nothing_twice() {
    let receiver = Receiver::start();
    receiver.answers("/away", Answers::Status(503, ""));
    let site = Site::with(1);
    let db = site.db();
    hooks(&db, &receiver, &["/told", "/away"]);
    let server = site.serve(FLAGS);
    for number in 0..3 {
        publish(&db, &format!("Before {number}"));
    }
    receiver.wait("/told", 3);
    receiver.wait("/away", 1);
    let backup = site.back_up("site.backup");
    publish(&db, "After the backup");
    receiver.wait("/told", 4);
    drop(db);
    server.stop().ok();

    receiver.answers("/away", Answers::Status(200, ""));
    let told = receiver.got("/told").len();
    let away = receiver.got("/away").len();
    let other = Site::nothing();
    other.restore(&backup).ok();
    // What is written between the restore and the first look of the follower is not passed over.
    let db = other.db();
    publish(&db, "The first since");
    let server = other.serve(FLAGS);
    publish(&db, "The second since");
    for (path, before) in [("/told", told), ("/away", away)] {
        let got = receiver.wait(path, before + 2);
        let since: Vec<String> = got[before..]
            .iter()
            .map(|got| got.json()["data"]["title"].to_string())
            .collect();
        assert_eq!(
            since,
            ["\"The first since\"", "\"The second since\""],
            "{path}"
        );
    }
    server.stop().ok();
    assert_eq!(receiver.got("/away").len(), away + 2);
}

/// Also where somebody put the file back by hand, and nobody began a new epoch.
#[test]
fn a_file_that_was_put_back_by_hand_is_told_from_the_present_on() {
    let receiver = Receiver::start();
    let site = Site::with(1);
    let db = site.db();
    hooks(&db, &receiver, &["/told"]);
    let server = site.serve(FLAGS);
    publish(&db, "One");
    receiver.wait("/told", 1);
    let kept = site.beside("kept.db");
    let copied = run({
        let mut command = masthead(["backup"]);
        command.arg(&kept).arg("--data").arg(site.data());
        command
    });
    copied.ok();
    publish(&db, "Two");
    publish(&db, "Three");
    receiver.wait("/told", 3);
    drop(db);
    server.stop().ok();

    // The position of the follower is of a change that the database does not have.
    let other = Site::nothing();
    other.restore(&kept).ok();
    let db = other.db();
    let ahead = format!("{} 0", db.epoch());
    let place = db.write_quiet(masthead::db::Reason::FollowerPosition, move |conn| {
        masthead::changes::store::set_position(conn, "webhooks", 1_000, &ahead)
    });
    actix_web::rt::System::new().block_on(place).unwrap();
    let server = other.serve(FLAGS);
    // It looks when it starts; from there on it tells.
    for number in 0.. {
        publish(&db, &format!("Since {number}"));
        std::thread::sleep(std::time::Duration::from_millis(50));
        if receiver.got("/told").len() > 3 {
            break;
        }
        assert!(number < 600, "nothing is told any more");
    }
    server.stop().ok();
    for got in &receiver.got("/told")[3..] {
        let title = got.json()["data"]["title"].to_string();
        assert!(title.starts_with("\"Since"), "{title}");
    }
}

#[test]
fn copies_begin_anew_sessions_end_and_the_index_is_built_again() {
    let site = Site::with(3);
    let mut create = site.command(&["user", "create", "--email", "admin@example.org"]);
    create.args(["--name", "Ada", "--role", "admin"]);
    run(create).ok();
    let server = site.serve(&[]);
    let admin = signed_in(&site, &server);
    admin.get("/v1/admin/me").ok();
    let copy = server.get("/v1/changes?initial=true").ok();
    let since = copy["next_since"].as_str().unwrap().to_owned();
    let path = format!("/v1/changes?since={since}");
    server.get(&path).ok();
    assert_eq!(
        server.client.post("/v1/contact", &message("Hello")).status,
        202
    );
    let backup = site.back_up("site.backup");

    let other = Site::nothing();
    other.restore(&backup).ok();
    let restored = other.serve(&[]);
    let reset = restored.get(&path);
    assert_eq!((reset.status, reset.code().as_str()), (410, "sync-reset"));
    assert_eq!(
        reset.link("start").as_deref(),
        Some("/v1/changes?initial=true")
    );
    let old = restored.client.with_token(admin.token());
    assert_eq!(old.get("/v1/admin/me").status, 401);
    // It is another site to the tokens that it issues itself, and the same to its people.
    signed_in(&other, &restored).get("/v1/admin/me").ok();
    assert_eq!(
        server
            .client
            .with_token(admin.token())
            .get("/v1/admin/me")
            .status,
        200
    );

    let found = restored.client.request("GET", "/v1/search?q=subject");
    let change = other.db().change().to_string();
    let found = found.header("min-change", &change).send().ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 3);
    restored.stop().ok();
    assert_eq!(other.verify(), format!("all is well at change {change}\n"));
    let sessions = |site: &Site| {
        use diesel::prelude::*;
        use masthead::db::schema::sessions;
        let count = |conn: &mut masthead::db::Conn| {
            Ok(crate::support::each!(conn, c => sessions::table.count().get_result::<i64>(c))?)
        };
        site.db().read_blocking(count).unwrap()
    };
    assert_eq!((sessions(&site), sessions(&other)), (1, 1));
}

#[test]
fn a_backup_of_an_older_schema_is_brought_up_to_date() {
    let site = Site::with(2);
    // As a version wrote it that had no reviews yet; what came later is taken away in the order of its coming.
    let mut down = Vec::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.as_str() >= "0013" {
            let script = fs::read_to_string(path.join("down.sql")).unwrap();
            down.push((name[..4].to_owned(), script));
        }
    }
    down.sort();
    for (version, script) in down.iter().rev() {
        masthead::db::snapshot::alone(&site.settings(), |conn| {
            diesel::connection::SimpleConnection::batch_execute(conn, script)?;
            let gone =
                format!("DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
            diesel::connection::SimpleConnection::batch_execute(conn, &gone)?;
            Ok(())
        })
        .unwrap();
    }
    let backup = site.back_up("site.backup");
    let other = Site::nothing();
    let said = other.restore(&backup).ok();
    assert!(said.contains("ran 0013"), "{said}");
    other.serve(&[]).get("/v1/articles").ok();
}
