//! Answers that nobody hears. The write stands; whoever sends it again under its key gets its answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::json;

use super::{ARTICLES, create, id_of, log_of};
use crate::support::{Client, Server};
use crate::wire::peer::Peer;

/// What happens between the next commit and its answer.
#[derive(Clone, Default)]
struct Moment {
    armed: Arc<AtomicBool>,
    /// Tells that it has come, and waits until it may go on.
    gate: Arc<Mutex<Option<Gate>>>,
}

type Gate = (mpsc::Sender<()>, mpsc::Receiver<()>);

impl Moment {
    fn run(&self, then: impl FnOnce()) {
        if self.armed.swap(false, Ordering::SeqCst) {
            let gate = self.gate.lock().unwrap().take();
            if let Some((come, go)) = gate {
                come.send(()).unwrap();
                go.recv().unwrap();
            }
            then();
        }
    }

    /// Stops the writer after its next commit. Answers how to hear that it has come so far, and how to let it go on.
    fn stop_there(&self) -> (mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((come, has_come), (go, may_go)) = (mpsc::channel(), mpsc::channel());
        *self.gate.lock().unwrap() = Some((come, may_go));
        self.armed.store(true, Ordering::SeqCst);
        (has_come, go)
    }
}

/// The same write, sent by hand.
fn raw(editor: &Client, key: &str, title: &str) -> String {
    let body = json!({"title": title}).to_string();
    format!(
        "POST {ARTICLES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        editor.token(),
        body.len()
    )
}

/// One article is there, once in the log, and its key answers alike however often it comes.
#[track_caller]
fn assert_converges(server: &Server, editor: &Client, key: &str, title: &str) {
    // The request that nobody waits for may still be under way, and is then told from the repetition.
    let mut tries = std::iter::repeat_with(|| create(editor, key, title)).take(1_000);
    let first = tries.find(|answer| answer.status != 409).unwrap();
    let made = first.created();
    let again = create(editor, key, title);
    assert_eq!((again.status, again.text()), (201, first.text()));
    assert_eq!(first.header("change"), again.header("change"));
    assert_eq!(editor.get(ARTICLES).column("title"), [title]);
    let read = editor.get(first.header("location"));
    assert_eq!((read.ok(), read.etag()), (made.clone(), first.etag()));
    assert_eq!(
        log_of(server, id_of(&made)),
        [(first.change(), "created".to_owned())]
    );
}

#[test]
fn a_client_that_goes_away_after_the_commit() {
    let moment = Moment::default();
    let hook = moment.clone();
    let server = Server::setup()
        .after_commit(move |_| hook.run(|| ()))
        .start();
    let editor = server.sign_in(Role::Editor);
    let (has_come, go) = moment.stop_there();
    let mut peer = Peer::connect(server.client.address());
    peer.send(raw(&editor, "k", "Tea"));
    has_come.recv().unwrap();
    drop(peer);
    go.send(()).unwrap();
    assert_converges(&server, &editor, "k", "Tea");
}

#[test]
fn an_answer_that_comes_too_late() {
    let moment = Moment::default();
    let hook = moment.clone();
    let server = Server::setup()
        .http(|http| {
            http.limits.content_deadline = Duration::from_millis(50);
            http.limits.write_deadline = Duration::from_millis(50);
        })
        .after_commit(move |_| hook.run(|| ()))
        .start();
    let editor = server.sign_in(Role::Editor);
    let (has_come, go) = moment.stop_there();
    let late = create(&editor, "k", "Tea");
    assert_eq!((late.status, late.code().as_str()), (503, "unavailable"));
    has_come.recv().unwrap();
    go.send(()).unwrap();
    // Until the writer is through, a repetition may be late as well.
    let mut tries = std::iter::repeat_with(|| create(&editor, "k", "Tea")).take(1_000);
    assert!(tries.any(|answer| answer.status == 201));
    assert_converges(&server, &editor, "k", "Tea");
}

#[test]
fn a_server_that_dies_between_the_commit_and_the_answer() {
    let moment = Moment::default();
    let hook = moment.clone();
    let server = Server::setup()
        .after_commit(move |_| hook.run(|| panic!("dies here, on purpose")))
        .start();
    let user = server.account(Role::Editor);
    let editor = server.session_of(user);
    moment.armed.store(true, Ordering::SeqCst);
    let unheard = create(&editor, "k", "Tea");
    assert_eq!((unheard.status, unheard.code().as_str()), (500, "internal"));
    let server = Server::setup().over(server.into_database()).start();
    assert_converges(&server, &server.session_of(user), "k", "Tea");
}
