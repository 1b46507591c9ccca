//! Many at once: of those who change one version one wins, one key makes one thing, and whoever may no more does no more.

mod lost;
mod people;

use std::collections::BTreeSet;
use std::sync::{Barrier, Mutex};

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::changes;
use masthead::id::Id;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const ARTICLES: &str = "/v1/admin/articles";

/// An article that is made under a key.
fn create(who: &Client, key: &str, title: &str) -> Answer {
    let request = who.request("POST", ARTICLES).header("idempotency-key", key);
    request.json(&json!({"title": title})).send()
}

fn id_of(body: &Value) -> Id {
    body["id"].as_str().unwrap().parse().unwrap()
}

/// The changes to a resource that the log knows, as `(number, action)`.
fn log_of(server: &Server, id: Id) -> Vec<(i64, String)> {
    server.read(|conn| {
        changes::table
            .filter(changes::resource_id.eq(id))
            .order(changes::number)
            .select((changes::number, changes::action))
            .load(conn)
    })
}

#[test]
fn of_twenty_editors_one_writes_each_version() {
    const EDITORS: usize = 20;
    const ROUNDS: usize = 50;
    let server = Server::start();
    let made = server
        .sign_in(Role::Editor)
        .post(ARTICLES, &json!({"title": "Tea"}));
    let id = id_of(&made.created());
    let path = format!("{ARTICLES}/{id}");
    let editors: Vec<_> = (0..EDITORS).map(|_| server.sign_in(Role::Editor)).collect();
    let etag = Mutex::new(made.etag().to_owned());
    let (start, end) = (Barrier::new(EDITORS), Barrier::new(EDITORS));
    let won = Mutex::new(vec![Vec::new(); ROUNDS]);
    let refused = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for (number, editor) in editors.iter().enumerate() {
            let (path, etag, start, end) = (&path, &etag, &start, &end);
            let (won, refused) = (&won, &refused);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let based_on = etag.lock().unwrap().clone();
                    start.wait();
                    let words = json!({"title": format!("Tea {round} of {number}")});
                    let answer = editor.patch(path, &based_on, &words);
                    if answer.status == 200 {
                        *etag.lock().unwrap() = answer.etag().to_owned();
                        let text = answer.json();
                        let version = text["version"].as_u64().unwrap();
                        won.lock().unwrap()[round].push((version, answer.change(), text));
                    } else {
                        refused.lock().unwrap().insert(answer.status);
                    }
                    end.wait();
                }
            });
        }
    });
    assert_eq!(refused.into_inner().unwrap(), BTreeSet::from([412]));
    let won = won.into_inner().unwrap();
    let versions: Vec<Vec<u64>> = won
        .iter()
        .map(|round| round.iter().map(|(version, ..)| *version).collect())
        .collect();
    let expected: Vec<Vec<u64>> = (2..).take(ROUNDS).map(|version| vec![version]).collect();
    assert_eq!(versions, expected);
    // The log has each once, under the number that its writer was told.
    let told = won
        .iter()
        .flatten()
        .map(|(_, change, _)| (*change, "updated".to_owned()));
    let created = [(made.change(), "created".to_owned())];
    assert_eq!(
        log_of(&server, id),
        created.into_iter().chain(told).collect::<Vec<_>>()
    );
    let (.., last) = won.last().unwrap().last().unwrap();
    assert_eq!(editors[0].get(&path).ok(), *last);
}

#[test]
fn of_fifty_writes_under_one_key_one_is_done() {
    const WRITES: usize = 50;
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let before = server.db().change();
    let start = Barrier::new(WRITES);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = || {
            start.wait();
            create(&editor, "one-key", "Tea")
        };
        let threads: Vec<_> = (0..WRITES).map(|_| scope.spawn(send)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let retried = create(&editor, "one-key", "Tea");
    retried.created();
    for answer in &answers {
        match answer.status {
            201 => {
                assert_eq!(answer.body, retried.body);
                for header in ["etag", "location", "change"] {
                    assert_eq!(answer.header(header), retried.header(header));
                }
            }
            409 => assert_eq!(answer.code(), "idempotency-key-in-flight"),
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    assert_eq!(editor.get(ARTICLES).column("title"), ["Tea"]);
    assert_eq!(server.db().change(), before + 1);
}

/// Two who write different things under keys of their own do not stand in each other's way.
#[test]
fn many_keys_at_once_make_as_many_things() {
    const WRITES: usize = 20;
    let server = Server::start();
    let editors = [Role::Editor, Role::Author].map(|role| server.sign_in(role));
    let start = Barrier::new(2 * WRITES);
    std::thread::scope(|scope| {
        for editor in &editors {
            for number in 0..WRITES {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let title = format!("Tea {number}");
                    let made = create(editor, &format!("key-{number}"), &title);
                    assert_eq!(made.created()["title"], title);
                    let again = create(editor, &format!("key-{number}"), &title);
                    assert_eq!(made.body, again.body);
                });
            }
        }
    });
    let all = editors[0].get(&format!("{ARTICLES}?limit=100")).ok();
    let slugs: BTreeSet<_> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text["slug"].to_string())
        .collect();
    assert_eq!(slugs.len(), 2 * WRITES);
}
