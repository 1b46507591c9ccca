//! The contact form and the inbox: what anybody may send, what editors find, and that nothing of it shows elsewhere.

mod form;
mod inbox;
mod kept;

use masthead::http::peer::TrustedProxies;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const FORM: &str = "/v1/contact";
const INBOX: &str = "/v1/admin/messages";

/// What the form sends.
fn written(message: &str) -> Value {
    json!({"name": "Grace Hopper", "email": "grace@example.com", "message": message, "consent": true})
}

/// What the form sends, with this beside or instead.
fn written_with(message: &str, more: &Value) -> Value {
    let mut content = written(message);
    masthead::json::merge(&mut content, more);
    content
}

/// A server behind a proxy, which is this machine.
fn behind_a_proxy() -> Server {
    let setup = Server::setup().app(|app| {
        app.proxies = TrustedProxies(vec!["127.0.0.1/32".parse().unwrap()]);
    });
    setup.start()
}

fn send_from(server: &Server, peer: &str, content: &Value) -> Answer {
    let request = server.client.request("POST", FORM);
    request.header("x-forwarded-for", peer).json(content).send()
}

/// Sends messages, each from another place and a second after the last.
fn send_all(server: &Server, contents: &[Value]) {
    for (number, content) in contents.iter().enumerate() {
        let peer = format!("198.51.{}.{}", number / 250, number % 250);
        let answer = send_from(server, &peer, content);
        assert_eq!(answer.status, 202, "{}", answer.text());
        server.clock.advance(std::time::Duration::from_secs(1));
    }
}

/// The address of the one message of this text.
#[track_caller]
fn path_of(editor: &Client, message: &str) -> String {
    let list = editor.get(&format!("{INBOX}?limit=100")).ok();
    let items = list["items"].as_array().unwrap().iter();
    let found: Vec<_> = items.filter(|item| item["message"] == message).collect();
    assert_eq!(found.len(), 1, "{message}");
    format!("{INBOX}/{}", found[0]["id"].as_str().unwrap())
}
