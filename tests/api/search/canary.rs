//! What is taken back is found no more, from the moment that the answer says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use masthead::auth::model::Role;
use serde_json::json;

use crate::support::{Server, article, create_all, id};

/// How often it is published and taken back.
const ROUNDS: u64 = 500;
/// Readers at once.
const READERS: usize = 50;

/// Of the round whose article is out, or was out last, and whether it is: twice the round, and one more while it may be
/// seen.
fn round_of(state: u64) -> (u64, bool) {
    (state / 2, state % 2 == 1)
}

#[test]
fn no_reader_sees_what_was_taken_back_before_they_asked() {
    let server = Server::start();
    let others = (0..40_u64).map(|number| {
        article(&format!("Common words {number}"))
            .id(id(number))
            .markdown("Some common words that stand in every text of this kind.")
            .tags(["Common"])
    });
    create_all(&server, others.collect());
    let admin = server.sign_in(Role::Admin);
    let state = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..READERS)
        .map(|number| {
            let (state, done, asked) = (Arc::clone(&state), Arc::clone(&done), Arc::clone(&asked));
            let client = server.client.clone();
            std::thread::spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let before = state.load(Ordering::SeqCst);
                    let (round, out) = round_of(before);
                    let related = id((number % 40) as u64);
                    let path = match number % 8 {
                        0 => "/v1/search?q=canarybird&highlight=true&typos=false".to_owned(),
                        1 => "/v1/search?q=common+words&limit=100&include=text,tags".to_owned(),
                        2 => "/v1/search/suggest?q=canarybi".to_owned(),
                        3 => "/v1/search?q=common&facets=tags,authors,years&limit=1".to_owned(),
                        4 => format!("/v1/articles/{related}/related?limit=20&include=text,tags"),
                        5 => "/v1/search?q=canarybirx&limit=1".to_owned(),
                        // It would be the next one, and one of those about the same.
                        6 => "/v1/resolve?path=/common-words-39".to_owned(),
                        _ => "/v1/search?q=common&sort=-published_at&highlight=true".to_owned(),
                    };
                    let answer = client.get(&path);
                    assert_eq!(answer.status, 200, "{path}: {answer:?}");
                    let text = answer.text().to_lowercase();
                    asked.fetch_add(1, Ordering::Relaxed);
                    // If nothing was out when it was asked, and nothing has been put out since, nothing may show.
                    let unchanged = state.load(Ordering::SeqCst) == before;
                    assert!(
                        out || !unchanged || !text.contains("canarybird"),
                        "round {round}: {path}: {text}"
                    );
                }
            })
        })
        .collect();
    let text = json!({
        "title": "Canarybird", "markdown": "A canarybird among common words.", "tags": ["Common", "Canarybird"],
        "authors": ["Canarybird Keeper"],
    });
    let made = admin.post("/v1/admin/articles", &text).created();
    let path = format!("/v1/admin/articles/{}", made["id"].as_str().unwrap());
    let mut seen = 0;
    for round in 1..=ROUNDS {
        state.store(2 * round + 1, Ordering::SeqCst);
        assert_eq!(admin.order(&format!("{path}/publish")).status, 200);
        if round % 50 == 0 {
            // It is there to be seen, or the test would show nothing.
            let found = server.search("/v1/search?q=canarybird").text().to_owned();
            seen += usize::from(found.contains("Canarybird"));
        }
        assert_eq!(admin.order(&format!("{path}/unpublish")).status, 200);
        state.store(2 * round, Ordering::SeqCst);
        // A moment in which nothing may show.
        let gone = server.get("/v1/search?q=canarybird&typos=false").ok();
        assert_eq!(gone["items"], json!([]), "round {round}");
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.join().unwrap();
    }
    assert_eq!(seen, 10);
    assert!(asked.load(Ordering::Relaxed) > 1_000);
}
