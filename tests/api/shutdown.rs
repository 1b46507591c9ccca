//! The end of a server, as an operator brings it about: what is in flight is answered whole, idle connections do not hold
//! it up, and it says that all went well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::cli::program::{Serving, on, run_with_input};
use crate::support::Database;
use crate::wire::peer::{Outcome, Peer};

const CLIENTS: usize = 16;

/// A database with a large article and some small ones.
fn filled() -> Database {
    let database = Database::new();
    let paragraph = "Words upon words, and none of them in a hurry. ".repeat(20);
    let large = serde_json::json!({
        "title": "Large", "external_id": "large", "text": format!("{paragraph}\n\n").repeat(900),
    });
    let mut lines = format!("{large}\n");
    for number in 0..30 {
        lines.push_str(&format!(
            "{{\"title\": \"Number {number}\", \"external_id\": \"{number}\", \"text\": \"Few words.\"}}\n"
        ));
    }
    let import = on(&database, &["import", "jsonl", "-"]);
    let report = run_with_input(import, lines.as_bytes()).ok();
    assert!(report.starts_with("31 created, "), "{report}");
    database
}

/// Serves with so long a time for what is in flight that who waits for it to pass fails.
fn serve(database: &Database) -> Serving {
    Serving::over(
        database,
        &[
            "--shutdown-s",
            "3600",
            "--keep-alive-ms",
            "3600000",
            "--write-timeout-ms",
            "3600000",
        ],
    )
}

/// Clients that ask until they may not any more, each a bounded number of times.
struct Load {
    whole: Arc<AtomicUsize>,
    enough: Arc<AtomicBool>,
    clients: Vec<std::thread::JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(server: &Serving) -> Self {
        let address = server.address();
        let (whole, enough) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let clients = (0..CLIENTS).map(|client| {
            let (whole, enough) = (Arc::clone(&whole), Arc::clone(&enough));
            std::thread::spawn(move || {
                let mut cut = Vec::new();
                let Ok(mut peer) = Peer::try_connect(address) else {
                    return vec!["refused at the start".to_owned()];
                };
                for number in 0..20_000 {
                    let target = match (client + number) % 4 {
                        0 => "/v1/articles?include=body,tags,authors&fields=title",
                        1 => "/v1/articles?count=true",
                        2 => "/v1/articles/number-7",
                        _ => "/v1/articles/large",
                    };
                    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                    let outcome = match peer.try_send(request) {
                        Ok(()) => peer.read_answer(false),
                        Err(_closed) => Outcome::Nothing,
                    };
                    match outcome {
                        Outcome::Whole(answer) if answer.status == 200 => {
                            whole.fetch_add(1, Ordering::SeqCst);
                        }
                        Outcome::Whole(answer) => {
                            cut.push(format!("{target}: {} {}", answer.status, answer.text()));
                        }
                        Outcome::Cut(got) => cut.push(format!("{target}: {got}")),
                        // An idle connection may be closed at any time; before the end that is not what is wanted.
                        Outcome::Nothing if !enough.load(Ordering::SeqCst) => {
                            cut.push(format!("{target}: closed too early"));
                            return cut;
                        }
                        Outcome::Nothing => match Peer::try_connect(address) {
                            Ok(again) => peer = again,
                            Err(_refused) => return cut,
                        },
                    }
                }
                cut.push("the server never ended".to_owned());
                cut
            })
        });
        let clients = clients.collect();
        Self {
            whole,
            enough,
            clients,
        }
    }

    /// Waits until so many answers have come.
    fn wait_for(&self, answers: usize) {
        for _ in 0..6000 {
            if self.whole.load(Ordering::SeqCst) >= answers {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("only {:?} answers", self.whole);
    }

    /// What went wrong for the clients.
    fn finish(self) -> Vec<String> {
        self.clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    }
}

#[track_caller]
fn assert_ends_well_under_load(signal: &str) {
    let database = filled();
    let mut server = serve(&database);
    let load = Load::on(&server);
    load.wait_for(400);
    load.enough.store(true, Ordering::SeqCst);
    server.signal(signal);
    let wrong = load.finish();
    assert!(
        wrong.is_empty(),
        "{} answers were cut or refused: {wrong:#?}",
        wrong.len()
    );
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn sigterm_under_load_cuts_no_answer() {
    assert_ends_well_under_load("TERM");
}

#[test]
fn sigint_under_load_cuts_no_answer() {
    assert_ends_well_under_load("INT");
}

#[test]
fn what_is_in_flight_is_answered_and_no_more_is_asked_for() {
    let database = filled();
    let mut server = serve(&database);
    // Until the search index is built it is served, and degraded.
    while server.get("/health/ready").ok()["status"] != "ready" {
        std::thread::sleep(Duration::from_millis(10));
    }
    // More than fits into the buffers on the way, so it stays in flight until it is read.
    let mut reading = Peer::narrow(server.address());
    reading.ask("GET", "/v1/articles/large");
    reading.await_answer();

    server.signal("TERM");
    let mut looks = 0;
    loop {
        let Ok(mut peer) = Peer::try_connect(server.address()) else {
            break;
        };
        let _closed = peer.try_send("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
        match peer.read_answer(false) {
            Outcome::Whole(answer) if answer.status == 200 => {
                // It has not heard yet.
                assert_eq!(answer.json()["status"], "ready");
            }
            Outcome::Whole(answer) => {
                assert_eq!(answer.status, 503);
                assert_eq!(answer.json()["status"], "stopping");
                break;
            }
            Outcome::Nothing => break,
            Outcome::Cut(got) => panic!("{got}"),
        }
        looks += 1;
        assert!(looks < 1000, "it is ready for ever");
        std::thread::sleep(Duration::from_millis(10));
    }

    let answer = reading.answer_to("GET", "/v1/articles/large");
    assert_eq!(answer.json()["slug"], "large");
    reading.assert_closed();
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let database = Database::new();
    for signal in ["TERM", "INT"] {
        let mut server = serve(&database);
        let mut idle: Vec<Peer> = (0..50).map(|_| Peer::connect(server.address())).collect();
        for peer in &mut idle {
            assert_eq!(peer.get("/health/live").status, 200);
        }
        idle.push(Peer::connect(server.address()));
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0), "{signal}");
        for peer in &mut idle {
            peer.assert_closed();
        }
    }
}

#[test]
fn a_peer_that_reads_nothing_holds_up_the_end_no_longer_than_is_set() {
    let database = filled();
    let mut server = Serving::over(
        &database,
        &[
            "--shutdown-s",
            "1",
            "--keep-alive-ms",
            "3600000",
            "--write-timeout-ms",
            "3600000",
        ],
    );
    let mut stalled = Peer::narrow(server.address());
    stalled.ask("GET", "/v1/articles/large");
    stalled.await_answer();
    server.signal("TERM");
    assert_eq!(server.ended().code(), Some(0));
}
