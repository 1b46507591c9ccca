//! Signatures, as a receiver verifies them by other code.

use std::process::Command;
use std::time::Duration;

use masthead::auth::model::Role;

use super::receiver::Receiver;
use super::{deliveries, hook, path, server, tried};

#[test]
fn a_signature_is_that_of_the_secret_alone() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let first = hook(&admin, &receiver.url("/first"), &["*"]);
    let second = hook(&admin, &receiver.url("/second"), &["tag.created"]);
    let ping = admin.order(&format!("{}/ping", path(&first)));
    assert_eq!(ping.status, 202);
    receiver.wait_until(|got| got.iter().any(|got| got.id() == ping.json()["id"]));
    let got = receiver
        .all()
        .into_iter()
        .find(|got| got.id() == ping.json()["id"])
        .unwrap();
    assert_eq!(got.event(), "ping");
    assert_eq!(got.json()["data"]["id"], first["id"]);
    assert_eq!(
        got.header("webhook-timestamp"),
        (server.clock.now().millis() / 1000).to_string()
    );
    let [first, second] = [&first, &second].map(|hook| hook["secret"].as_str().unwrap());
    assert_eq!(got.is_signed_by(first), [true]);
    assert_eq!(got.is_signed_by(second), [false]);
    let mut bent = got;
    bent.body[0] = b'[';
    assert_eq!(bent.is_signed_by(first), [false]);
}

#[test]
fn for_a_day_the_secret_before_signs_too() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.created"]);
    let rotated = admin.order(&format!("{}/rotate-secret", path(&made))).ok();
    let [old, new] = [&made, &rotated].map(|hook| hook["secret"].as_str().unwrap());
    assert_ne!(old, new);
    assert_eq!(rotated["version"], 2);
    assert!(rotated["rotated_at"].is_string());
    admin.order(&format!("{}/ping", path(&made)));
    let got = receiver.wait("/", 1);
    assert_eq!(got[0].is_signed_by(new), [true, false]);
    assert_eq!(got[0].is_signed_by(old), [false, true]);
    deliveries(&admin, &made, tried(1));

    server.clock.advance(Duration::from_secs(24 * 60 * 60));
    let admin = server.sign_in(Role::Admin);
    admin.order(&format!("{}/ping", path(&made)));
    let got = receiver.wait("/", 2);
    assert_eq!(got[1].is_signed_by(new), [true]);
}

#[test]
fn the_lines_of_the_docs_reckon_the_same() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.created"]);
    admin.order(&format!("{}/ping", path(&made)));
    let got = &receiver.wait("/", 1)[0];
    let docs = include_str!("../../../docs/API.md");
    let (_, lines) = docs.split_once("secret='whsec_").unwrap();
    let (_, lines) = lines.split_once('\n').unwrap();
    let (lines, _) = lines.split_once("```").unwrap();
    let said = Command::new("sh")
        .args(["-c", lines])
        .env("secret", made["secret"].as_str().unwrap())
        .env("id", got.id())
        .env("timestamp", got.header("webhook-timestamp"))
        .env("content", String::from_utf8(got.body.clone()).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(
        format!("v1,{}", said.trim()),
        got.header("webhook-signature")
    );
}
