//! The stream: what comes when, how it goes on after an interruption, and how it ends.

use std::time::Duration;

use masthead::articles::model::Transition;
use masthead::articles::store;
use serde_json::Value;

use super::copies::{Event, Tap};
use crate::support::{Make, Server, article, create_all, id};
use crate::wire::peer::Peer;

fn streaming(most: usize) -> Server {
    let setup = Server::setup().app(|app| {
        app.streams.most = most;
        app.streams.heartbeat = Duration::from_millis(200);
        app.streams.pause = Duration::from_millis(5);
    });
    setup.start()
}

fn open(server: &Server, query: &str, last: Option<&str>) -> Tap {
    Tap::open(&server.client, query, last).unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn said(event: &Event) -> (String, String) {
    let data: Value = serde_json::from_str(&event.data).unwrap();
    let id = data["id"].as_str().unwrap_or_default();
    (event.name.clone(), id.to_owned())
}

#[track_caller]
fn next(tap: &Tap) -> (String, String) {
    said(&tap.next().expect("the stream goes on"))
}

fn upsert(number: u64) -> (String, String) {
    ("upsert".to_owned(), id(number).to_string())
}

fn removal(number: u64) -> (String, String) {
    ("removal".to_owned(), id(number).to_string())
}

#[test]
fn what_happens_comes_as_it_happens() {
    let server = streaming(8);
    article("Before").id(id(1)).create(&server);
    let tap = open(&server, "fields=title&tag=love", None);
    let ready = tap.next().unwrap();
    assert_eq!(ready.name, "ready");
    assert!(ready.id.is_some());
    article("One\nline")
        .id(id(2))
        .tags(["Love"])
        .create(&server);
    let event = tap.next().unwrap();
    assert_eq!(said(&event), upsert(2));
    assert!(event.id.is_some() && event.id != ready.id);
    article("Hidden")
        .id(id(3))
        .tags(["Love"])
        .draft()
        .create(&server);
    article("Other").id(id(4)).create(&server);
    assert_eq!(next(&tap), removal(4));
    server.write(|tx| store::transition(tx, id(2), Transition::Archive));
    assert_eq!(next(&tap), removal(2));
    while tap.any().name != "comment" {}
}

#[test]
fn it_goes_on_after_the_last_event() {
    let server = streaming(8);
    let tap = open(&server, "", None);
    let ready = tap.next().unwrap().id.unwrap();
    article("One").id(id(1)).create(&server);
    let first = tap.next().unwrap().id.unwrap();
    drop(tap);
    article("Two").id(id(2)).create(&server);
    let tap = open(&server, "", Some(&first));
    assert_eq!(next(&tap).0, "ready");
    assert_eq!(next(&tap), upsert(2));
    // The header comes before the parameter, which a browser goes on sending.
    let tap = open(&server, &format!("since={ready}"), Some(&first));
    assert_eq!(next(&tap).0, "ready");
    assert_eq!(next(&tap), upsert(2));
    let tap = open(&server, &format!("since={ready}"), None);
    assert_eq!(next(&tap).0, "ready");
    let (mut one, mut two) = (next(&tap), next(&tap));
    if one > two {
        std::mem::swap(&mut one, &mut two);
    }
    assert_eq!((one, two), (upsert(1), upsert(2)));
}

#[test]
fn a_large_batch_can_be_gone_on_with_in_its_midst() {
    let server = streaming(8);
    let ready = open(&server, "", None).next().unwrap().id.unwrap();
    let all: Vec<Make> = (0..90)
        .map(|number| article(&format!("Number {number}")).id(id(number)))
        .collect();
    create_all(&server, all);
    let (mut last, mut seen) = (ready, Vec::new());
    // Each time a few events, and then away.
    for _ in 0..90 {
        let tap = open(&server, "fields=title", Some(&last));
        assert_eq!(next(&tap).0, "ready");
        for _ in 0..25 {
            let event = tap.next().unwrap();
            seen.push(said(&event));
            if let Some(id) = event.id {
                last = id;
            }
            if seen.contains(&upsert(89)) {
                break;
            }
        }
        if seen.contains(&upsert(89)) {
            break;
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 90);
    assert!(count <= 90 + 5 * 20, "{count} events");
}

#[test]
fn what_leads_nowhere_is_refused_before_it_begins() {
    let server = streaming(8);
    let other = streaming(8);
    article("One").id(id(1)).create(&server);
    article("One").id(id(2)).create(&other);
    let foreign = open(&other, "", None).next().unwrap().id.unwrap();
    let refused = |query: &str, last: Option<&str>| {
        Tap::open(&server.client, query, last)
            .err()
            .map(|refused| refused.status)
    };
    assert_eq!(refused("", Some(&foreign)), Some(410));
    assert_eq!(refused(&format!("since={foreign}"), None), Some(410));
    assert_eq!(refused("", Some("x")), Some(400));
    assert_eq!(refused("since=x", None), Some(400));
    assert_eq!(refused("limit=5", None), Some(400));
    let own = open(&server, "tag=a", None).next().unwrap().id.unwrap();
    assert_eq!(refused("tag=b", Some(&own)), Some(400));
    let request = server.client.request("GET", "/v1/changes/stream");
    let answer = request.header("accept", "application/json").send();
    assert_eq!(answer.status, 406);
}

#[test]
fn head_tells_the_type_and_ends() {
    let server = streaming(1);
    for _ in 0..3 {
        let answer = server.client.head("/v1/changes/stream");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/event-stream")
        );
    }
}

#[test]
fn there_are_no_more_than_are_allowed() {
    let server = streaming(2);
    let taps = [open(&server, "", None), open(&server, "", None)];
    let refused = Tap::open(&server.client, "", None).err().unwrap();
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(refused.retry_after.is_some());
    assert_eq!(server.get("/v1/articles").status, 200);
    drop(taps);
    await_place(&server);
}

/// Until somebody's place is free again.
fn await_place(server: &Server) {
    for _ in 0..600 {
        if Tap::open(&server.client, "", None).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no place comes free");
}

#[test]
fn who_hangs_up_leaves_their_place_at_once() {
    let server = Server::setup()
        .app(|app| {
            app.streams.most = 1;
            app.streams.heartbeat = Duration::from_secs(3600);
        })
        .start();
    // Each gets the one place, and the one before has but gone.
    for _ in 0..4 {
        let tries = (0..600).map(|_| {
            let mut peer = Peer::connect(server.client.address());
            peer.ask("GET", "/v1/changes/stream");
            let head = peer.read_past("\r\n\r\n");
            std::thread::sleep(Duration::from_millis(20));
            head.starts_with("HTTP/1.1 200 ")
        });
        assert!(
            tries.into_iter().any(|got_it| got_it),
            "no place comes free"
        );
    }
}

#[test]
fn a_client_that_reads_nothing_is_dropped() {
    let server = Server::setup()
        .http(|http| http.write_timeout = Duration::from_millis(1_500))
        .app(|app| {
            app.streams.most = 1;
            app.streams.heartbeat = Duration::from_millis(200);
        })
        .start();
    let words = "Words upon words, and none of them in a hurry. ".repeat(2_000);
    for number in 0..60 {
        article(&format!("Number {number}"))
            .id(id(number))
            .markdown(&words)
            .create(&server);
    }
    let since = server
        .get("/v1/changes?initial=true&limit=1&include=body")
        .ok();
    let since = since["next_since"].as_str().unwrap().to_owned();
    let mut peer = Peer::narrow(server.client.address());
    peer.ask(
        "GET",
        &format!("/v1/changes/stream?include=body&since={since}"),
    );
    peer.await_answer();
    assert!(Tap::open(&server.client, "", None).is_err());
    await_place(&server);
}

/// The time for a write is that since something was last taken of it, however long there was nothing to write.
#[test]
fn a_client_that_reads_slowly_now_and_then_is_not_dropped() {
    let server = Server::setup()
        .http(|http| http.write_timeout = Duration::from_millis(1_000))
        .app(|app| {
            app.streams.heartbeat = Duration::from_secs(60);
            app.streams.pause = Duration::from_millis(5);
        })
        .start();
    // More than fits into the buffers on the way.
    let words = "Words upon words, and none of them in a hurry. ".repeat(10_000);
    let mut peer = Peer::narrow(server.client.address());
    peer.ask("GET", "/v1/changes/stream?include=body,markdown,text");
    peer.skip_past("event: ready");
    for round in 0..2 {
        let all = (0..6).map(|number| {
            let number = round * 6 + number;
            article(&format!("Number {number}"))
                .id(id(number))
                .markdown(&words)
        });
        create_all(&server, all.collect());
        // It has to wait for its reader, for less than it may.
        std::thread::sleep(Duration::from_millis(300));
        for number in 0..6 {
            peer.skip_past(&format!("{{\"id\":\"{}\"", id(round * 6 + number)));
        }
        peer.skip_past("\n\n");
        std::thread::sleep(Duration::from_millis(1_500));
    }
}

#[test]
fn the_end_of_the_server_is_announced() {
    let server = streaming(8);
    let tap = open(&server, "", None);
    assert_eq!(next(&tap).0, "ready");
    drop(server);
    assert_eq!(tap.next().unwrap().name, "bye");
    assert_eq!(tap.next(), None);
}

#[test]
fn what_comes_to_lead_nowhere_is_reset() {
    let server = streaming(8);
    let first = article("One").id(id(1)).authors(["Ada"]).create(&server);
    let tap = open(&server, "author=ada", None);
    assert_eq!(next(&tap).0, "ready");
    // Another takes the name: nothing of the first one's texts changes.
    server.write(|tx| {
        let find = masthead::authors::store::find(tx.conn(), "ada")?.unwrap();
        let parse = masthead::authors::model::NewAuthor::parse;
        let moved = parse("Ada", Some("first".into()), None, None, vec![]).unwrap();
        masthead::authors::store::update(tx, find.id, &moved)?;
        let new = parse("Other", Some("ada".into()), None, None, vec![]).unwrap();
        masthead::authors::store::create(tx, &new)
    });
    assert_eq!(next(&tap), upsert(1));
    article("Two").id(id(2)).authors(["Other"]).create(&server);
    let reset = tap.next().unwrap();
    assert_eq!(
        (reset.name.as_str(), reset.data.as_str()),
        ("reset", "{\"reason\":\"renamed\"}")
    );
    assert_eq!(tap.next(), None);
    assert_eq!(first.id, id(1));
}
