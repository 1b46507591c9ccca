//! The index keeps in step whatever happens to it: its folder is taken away, its files are cut short, the database is put
//! back, another process builds one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::program::{Serving, on, run};
use crate::support::{Database, Random, Server, article, create_all, id, page};

fn server_with(folder: &Path, database: Option<Database>) -> Server {
    // A thread of the server before may hold on to it for a moment, and this one would build its own elsewhere.
    if let Ok(lock) = File::open(folder.join("lock")) {
        lock.lock().unwrap();
    }
    let folder = folder.to_owned();
    // What is asked of the index is not to be answered from elsewhere.
    let setup = Server::setup().app(|app| {
        app.search.folder = Some(folder);
        app.cache.bytes = 0;
    });
    match database {
        Some(database) => setup.over(database).start(),
        None => setup.start(),
    }
}

/// The ids of all that a search finds that holds no such word.
fn indexed(server: &Server) -> Vec<String> {
    ids(
        |path| server.search(path).ok(),
        "/v1/search?q=-qqqqqqqq&fields=title&limit=100",
    )
}

fn ids(get: impl Fn(&str) -> Value, path: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut target = path.to_owned();
    loop {
        let answer = get(&target);
        let items = answer["items"].as_array().unwrap();
        ids.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match answer["page"]["next"].as_str() {
            Some(next) => target = format!("{path}&cursor={next}"),
            None => break,
        }
    }
    ids.sort();
    ids
}

/// The ids of all that is published.
fn published(server: &Server) -> Vec<String> {
    let list = |route: &str| {
        ids(
            |path| server.get(path).ok(),
            &format!("/v1/{route}?fields=title&limit=100"),
        )
    };
    let mut all = list("articles");
    all.extend(list("pages"));
    all.sort();
    all
}

fn fill(server: &Server, numbers: std::ops::Range<u64>) {
    let texts = numbers.map(|number| {
        article(&format!("Number {number}"))
            .id(id(number))
            .tags(["Counted"])
            .markdown("A number among others.")
    });
    create_all(server, texts.collect());
}

/// The folders of indexes that are there.
fn generations(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_restart_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with(folder.path(), None);
    fill(&server, 0..150);
    page("About").create(&server);
    assert_eq!(indexed(&server), published(&server));
    let before = generations(folder.path());
    let server = server_with(folder.path(), Some(server.into_database()));
    assert_eq!(indexed(&server).len(), 151);
    assert_eq!(generations(folder.path()), before, "it is the same index");
    // What is written without a server is followed by the next.
    fill(&server, 150..160);
    assert_eq!(indexed(&server).len(), 161);
}

#[test]
fn an_index_of_another_database_or_state_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_with(folder.path(), None);
    fill(&server, 0..20);
    assert_eq!(indexed(&server).len(), 20);
    let database = server.into_database();
    let earlier = database.copy();

    // The index is ahead of a database that was put back.
    let server = server_with(folder.path(), Some(database));
    fill(&server, 20..40);
    assert_eq!(indexed(&server).len(), 40);
    drop(server);
    let server = server_with(folder.path(), Some(earlier));
    assert_eq!(indexed(&server), published(&server));
    assert_eq!(indexed(&server).len(), 20);

    // That database has gone another way to the same number and beyond.
    let database = server.into_database();
    let other = database.copy();
    let server = server_with(folder.path(), Some(database));
    fill(&server, 100..110);
    assert_eq!(indexed(&server).len(), 30);
    drop(server);
    let elsewhere = tempfile::tempdir().unwrap();
    let server = server_with(elsewhere.path(), Some(other));
    fill(&server, 200..230);
    let database = server.into_database();
    let server = server_with(folder.path(), Some(database));
    assert_eq!(indexed(&server), published(&server));
    assert_eq!(indexed(&server).len(), 50);

    // Another database altogether.
    drop(server);
    let server = server_with(folder.path(), None);
    assert_eq!(indexed(&server), [""; 0]);
}

#[test]
fn what_is_taken_from_the_folder_is_built_again_while_it_serves() {
    let root = tempfile::tempdir().unwrap();
    let server = server_with(root.path(), None);
    fill(&server, 0..300);
    assert_eq!(indexed(&server).len(), 300);
    let expected = published(&server);
    let mut random = Random::new(11);
    let mut degraded = 0;
    for round in 0..12 {
        let folder = generations(root.path()).pop().expect("an index");
        match round % 3 {
            0 => fs::remove_dir_all(&folder).unwrap(),
            1 => {
                let mut files: Vec<PathBuf> = fs::read_dir(&folder)
                    .unwrap()
                    .map(|entry| entry.unwrap().path())
                    .filter(|path| {
                        path.extension()
                            .is_some_and(|extension| extension != "lock")
                    })
                    .collect();
                files.sort();
                for _ in 0..3 {
                    let file = random.pick(&files);
                    let length = fs::metadata(file).unwrap().len();
                    let cut = File::options().write(true).open(file).unwrap();
                    cut.set_len(length / (2 + random.below(5) as u64)).unwrap();
                }
            }
            _ => fs::remove_file(folder.join("meta.json")).unwrap(),
        }
        // Whatever is answered meanwhile is right, or says that it cannot be.
        let began = Instant::now();
        let mut whole = false;
        while !whole || began.elapsed() < Duration::from_millis(1_500) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not heal"
            );
            for query in [
                "q=number&limit=100&count=true",
                "q=%22number+among%22&limit=5&facets=tags",
            ] {
                let answer = server.get(&format!("/v1/search?{query}"));
                match answer.status {
                    200 => {
                        let json = answer.json();
                        assert_eq!(
                            json["items"][0]["title"].as_str().map(|title| &title[..6]),
                            Some("Number")
                        );
                        if query.contains("count") {
                            assert_eq!(json["page"]["total"], 300);
                        }
                    }
                    503 => assert!(!answer.header("retry-after").is_empty()),
                    other => panic!("{other}: {answer:?}"),
                }
            }
            let ready = server.get("/health/ready").ok();
            degraded += usize::from(ready["search"]["status"] == "degraded");
            whole = ready["search"]["status"] == "ready"
                && generations(root.path()) != [folder.clone()];
        }
        assert_eq!(indexed(&server), expected, "round {round}");
        fill(&server, 1_000 + round..1_001 + round);
        let added = indexed(&server).len() - expected.len();
        assert_eq!(added as u64, 1);
        server.write(move |tx| masthead::articles::store::purge(tx, id(1_000 + round)));
        assert_eq!(indexed(&server), expected);
    }
    assert!(degraded > 0, "it never said so");
}

#[test]
fn one_that_can_be_opened_and_not_written_is_built_again() {
    let root = tempfile::tempdir().unwrap();
    let server = server_with(root.path(), None);
    fill(&server, 0..20);
    assert_eq!(indexed(&server).len(), 20);
    let database = server.into_database();
    let folder = generations(root.path()).pop().expect("an index");
    // No writer can have the lock.
    let lock = folder.join(".tantivy-writer.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();

    let server = server_with(root.path(), Some(database));
    assert_eq!(indexed(&server).len(), 20, "it is as good as any to read");
    fill(&server, 20..25);
    wait_until("it is not built again", || {
        let ready = server.get("/health/ready").ok();
        ready["search"]["status"] == "ready" && ready["search"]["behind"] == 0
    });
    assert_ne!(generations(root.path()), [folder], "it is the same index");
    assert_eq!(indexed(&server), published(&server));
    assert_eq!(indexed(&server).len(), 25);
}

#[test]
fn reindex_builds_one_that_a_running_server_takes_over() {
    let database = Database::unmigrated();
    let data = tempfile::tempdir().unwrap();
    let flags = ["--data", data.path().to_str().unwrap()];
    let flags: &[&str] = match database.search_folder() {
        // The data folder is the database.
        Some(_) => &[],
        None => &flags,
    };
    let root = database
        .search_folder()
        .unwrap_or_else(|| data.path().join("search"));
    let lines: String = (0..50)
        .map(|number| {
            format!(
                "{}\n",
                json!({"title": format!("Number {number}"), "text": "Counted."})
            )
        })
        .collect();
    let file = data.path().join("texts.jsonl");
    fs::write(&file, lines).unwrap();
    run(on(&database, &["import", "jsonl", file.to_str().unwrap()])).ok();

    // Without a server.
    let said = run(on(&database, &[&["reindex"], flags].concat())).ok();
    assert!(
        said.starts_with("built the search index of 50 texts in "),
        "{said}"
    );
    let built = generations(&root);
    assert_eq!(built.len(), 1);
    let server = Serving::over(&database, flags);
    wait_until("the index is there", || {
        server.get("/health/ready").ok()["search"]["status"] == "ready"
    });
    assert_eq!(generations(&root), built, "it is used");
    let found = || server.get("/v1/search?q=counted&count=true").ok()["page"]["total"].clone();
    assert_eq!(found(), 50);

    // Beside it.
    run(on(&database, &[&["reindex"], flags].concat())).ok();
    wait_until("another index is taken over", || {
        let now = generations(&root);
        now.len() == 1 && now != built
    });
    assert_eq!(found(), 50);
    // And what an import beside it brings is followed without being asked for.
    fs::write(&file, "{\"title\": \"One more\", \"text\": \"Counted.\"}\n").unwrap();
    run(on(&database, &["import", "jsonl", file.to_str().unwrap()])).ok();
    wait_until("what another process wrote is found", || found() == 51);
    server.stop();
}

#[test]
fn what_the_database_could_not_tell_is_followed_later() {
    let server = Server::start();
    fill(&server, 0..3);
    assert_eq!(indexed(&server).len(), 3);
    for round in 3..6 {
        fill(&server, round..round + 1);
        server.database().take_away();
        std::thread::sleep(Duration::from_millis(400));
        server.database().give_back();
        wait_until("the database answers again", || {
            server.get("/health/ready").status == 200
        });
        assert_eq!(indexed(&server), published(&server));
    }
}

#[test]
fn min_change_is_waited_for() {
    let server = Server::start();
    for number in 0..20_u64 {
        article(&format!("Number {number}"))
            .id(id(number))
            .create(&server);
        let answer = server.search("/v1/search?q=number&count=true");
        assert_eq!(answer.ok()["page"]["total"], number + 1);
        let change: i64 = answer.header("change").parse().unwrap();
        assert_eq!(change, server.db().public_change());
    }
    let beyond = (server.db().change() + 1).to_string();
    let patience = Server::setup().http(|http| http.limits.change_wait = Duration::from_millis(50));
    let server = patience.start();
    let request = server
        .client
        .request("GET", "/v1/search?q=x")
        .header("min-change", &beyond);
    assert_eq!(request.send().status, 503);
}
