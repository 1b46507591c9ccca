//! What is taken back is seen no more, from the moment that the answer says so: on every surface, whatever is kept of
//! earlier answers, and soon on other nodes too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use masthead::auth::model::Role;
use serde_json::json;

use crate::support::{Client, Server, article, create_all, id};
use crate::sync::copies::{Copy, Tap};

/// How often it is published and taken back.
const ROUNDS: u64 = 500;
/// Readers at once.
const READERS: usize = 50;

/// Those that follow the stream, at once.
const WATCHERS: usize = 2;

/// Where it could show.
const SURFACES: &[&str] = &[
    "/v1/search?q=canarybird&highlight=true&typos=false",
    "/v1/search?q=common+words&limit=100&include=text,tags",
    "/v1/search/suggest?q=canarybi",
    "/v1/search?q=common&facets=tags,authors,years&limit=1",
    "/v1/search?q=canarybirx&limit=1",
    "/v1/search?q=common&sort=-published_at&highlight=true",
    "/v1/articles/canarybird",
    "/v1/articles/canarybird?include=text&fields=title",
    "/v1/articles/canarybird.md",
    "/v1/articles/canarybird.txt",
    "/v1/articles/canarybird/related",
    "/v1/resolve?path=/canarybird",
    // It would be the next one, and one of those about the same.
    "/v1/resolve?path=/common-words-39",
    "/v1/resolve?path=/common-words-39&without=related",
    "/v1/articles",
    "/v1/articles?limit=100&include=tags,authors,text&count=true",
    "/v1/articles?tag=common&fields=title",
    "/v1/articles?any_tag=canarybird&any_tag=common&include=tags",
    "/v1/articles?author=canarybird-keeper",
    "/v1/articles?locale=en&include=authors&limit=5",
    "/v1/tags?limit=100",
    "/v1/tags/canarybird",
    "/v1/authors",
    "/v1/authors/canarybird-keeper",
    "/v1/feeds/articles.rss",
    "/v1/feeds/articles.atom?tag=common",
    "/v1/feeds/articles.json?author=canarybird-keeper",
    "/sitemap.xml",
    "/llms.txt",
    "/v1/changes?initial=true&include=text",
];

/// Of the round whose article is out, or was out last, and whether it is: twice the round, and one more while it may be
/// seen.
fn round_of(state: u64) -> (u64, bool) {
    (state / 2, state % 2 == 1)
}

fn fill(server: &Server) {
    let others = (0..40_u64).map(|number| {
        article(&format!("Common words {number}"))
            .id(id(number))
            .markdown("Some common words that stand in every text of this kind.")
            .tags(["Common"])
    });
    create_all(server, others.collect());
}

/// Makes the article, as a draft, and answers its path for editors.
fn make(admin: &Client) -> String {
    let text = json!({
        "title": "Canarybird", "markdown": "A canarybird among common words.", "tags": ["Common", "Canarybird"],
        "authors": ["Canarybird Keeper"],
    });
    let made = admin.post("/v1/admin/articles", &text).created();
    format!("/v1/admin/articles/{}", made["id"].as_str().unwrap())
}

/// Opens the stream after an event before the first time that it was out.
fn watch_for_a_moment(client: &Client, since: Option<&str>, state: &AtomicU64) {
    let before = state.load(Ordering::SeqCst);
    let (round, out) = round_of(before);
    let tap = Tap::open(client, "include=text", since).expect("a stream");
    while let Ok(event) = tap.soon() {
        if out || state.load(Ordering::SeqCst) != before {
            break;
        }
        let data = event.data.to_lowercase();
        assert!(!data.contains("canarybird"), "round {round}: {event:?}");
    }
}

#[test]
fn no_reader_sees_what_was_taken_back_before_they_asked() {
    let server = Server::setup()
        .http(|http| http.workers = 2)
        .app(|app| app.cache.proves = false)
        .start();
    fill(&server);
    let admin = server.sign_in(Role::Admin);
    let path = make(&admin);
    let state = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let related = |number: u64| format!("/v1/articles/{}/related?include=text,tags", id(number));
    let surfaces: Vec<String> = SURFACES
        .iter()
        .map(|path| (*path).to_owned())
        .chain([path.replace("/admin", ""), related(1), related(2)])
        .collect();
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let (state, done, asked) = (Arc::clone(&state), Arc::clone(&done), Arc::clone(&asked));
            let client = server.client.clone();
            let path = surfaces[number % surfaces.len()].clone();
            std::thread::spawn(move || {
                // The tag of an answer that showed it.
                let mut known = "\"none\"".to_owned();
                while !done.load(Ordering::SeqCst) {
                    let before = state.load(Ordering::SeqCst);
                    let (round, out) = round_of(before);
                    let request = client.request("GET", &path);
                    let answer = request.header("if-none-match", &known).send();
                    assert!(
                        [200, 304, 308, 404].contains(&answer.status),
                        "{path}: {answer:?}"
                    );
                    let text = answer.text().to_lowercase();
                    let shows =
                        answer.status == 304 || answer.status == 200 && text.contains("canarybird");
                    if shows && answer.status == 200 {
                        known = answer.header("etag").to_owned();
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                    // If nothing was out when it was asked, and nothing has been put out since, nothing may show.
                    let unchanged = state.load(Ordering::SeqCst) == before;
                    assert!(out || !unchanged || !shows, "round {round}: {path}: {text}");
                }
            })
        })
        .collect();
    let mut copy = Copy::new("include=text");
    copy.catch_up(&server.client, 100);
    let watchers: Vec<_> = (0..WATCHERS)
        .map(|_| {
            let (state, done) = (Arc::clone(&state), Arc::clone(&done));
            let (client, since) = (server.client.clone(), copy.since.clone());
            std::thread::spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    watch_for_a_moment(&client, since.as_deref(), &state);
                }
            })
        })
        .collect();
    let mut seen = 0;
    for round in 1..=ROUNDS {
        state.store(2 * round + 1, Ordering::SeqCst);
        assert_eq!(admin.order(&format!("{path}/publish")).status, 200);
        if round % 50 == 0 {
            // It is there to be seen, or the test would show nothing.
            let found = server.search("/v1/search?q=canarybird").text().to_owned();
            let listed = server.get("/v1/articles").text().to_owned();
            seen += usize::from(found.contains("Canarybird") && listed.contains("Canarybird"));
        }
        assert_eq!(admin.order(&format!("{path}/unpublish")).status, 200);
        state.store(2 * round, Ordering::SeqCst);
        // A moment in which nothing may show.
        let gone = server.get("/v1/search?q=canarybird&typos=false").ok();
        assert_eq!(gone["items"], json!([]), "round {round}");
        assert_eq!(server.get("/v1/articles/canarybird").status, 404);
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers.into_iter().chain(watchers) {
        reader.join().unwrap();
    }
    assert_eq!(seen, 10);
    assert!(asked.load(Ordering::Relaxed) > 1_000);
    let metrics = server.get("/metrics").text().to_owned();
    let hits = metrics
        .lines()
        .find(|line| line.starts_with("masthead_cache_hits_total"));
    assert_ne!(hits, Some("masthead_cache_hits_total 0"));
}

#[test]
fn another_node_lets_it_go_too() {
    let one = Server::setup().app(|app| app.cache.proves = false).start();
    fill(&one);
    let folder = tempfile::tempdir().unwrap();
    let two = Server::setup()
        .app(|app| app.cache.proves = false)
        .beside(&one, folder.path())
        .start();
    let admin = one.sign_in(Role::Admin);
    let path = make(&admin);
    let shows = |surface: &str| {
        let answer = two.get(surface);
        answer.status == 200 && answer.text().to_lowercase().contains("canarybird")
    };
    let until = |what: &str, wanted: bool| {
        let began = Instant::now();
        for surface in SURFACES {
            // A hit names no title that is not there, but the words of the query stand in the answer to a mistyped one.
            while shows(surface) != wanted {
                assert!(
                    began.elapsed() < Duration::from_secs(20),
                    "{surface}: not {what} on the other node"
                );
                std::thread::sleep(Duration::from_millis(5));
            }
            if wanted {
                // One that shows it is enough to see that it came.
                break;
            }
        }
    };
    for _ in 0..10 {
        admin.order(&format!("{path}/publish")).ok();
        until("shown", true);
        for surface in SURFACES {
            two.get(surface);
        }
        admin.order(&format!("{path}/unpublish")).ok();
        until("gone", false);
    }
}
