//! Who is told first, and who does not hold up whom.

use std::collections::HashSet;
use std::time::Duration;

use masthead::auth::model::Role;
use masthead::webhooks::input;
use masthead::webhooks::store;
use serde_json::{Value, json};

use super::receiver::{Answers, Got, Receiver};
use super::{deliveries, hook, path, server, tried};
use crate::support::{Server, article};

#[test]
fn of_one_article_in_order_and_of_others_meanwhile() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(500, ""));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["article.*"]);
    let one = admin.post(
        "/v1/admin/articles",
        &json!({"title": "One", "status": "published"}),
    );
    let one = one.created();
    let at = format!("/v1/admin/articles/{}", one["id"].as_str().unwrap());
    deliveries(&admin, &made, tried(1));
    receiver.answers("/", Answers::Status(200, ""));
    admin.order(&format!("{at}/unpublish")).ok();
    admin.order(&format!("{at}/publish")).ok();
    let other = article("Other").create(&server);

    // The other one arrives, though it was last; of the first nothing more is sent.
    receiver.wait_until(|got| {
        got.iter()
            .any(|got| got.json()["data"]["id"] == other.id.to_string())
    });
    let waiting = deliveries(&admin, &made, |items| {
        items.len() == 4 && items[0]["status"] == "delivered"
    });
    let told: Vec<_> = waiting
        .iter()
        .map(|item| {
            (
                item["event"].as_str().unwrap(),
                item["attempts"].as_i64().unwrap(),
                item["next_attempt_at"].is_string(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("article.created", 1, false),
            ("article.published", 0, false),
            ("article.unpublished", 0, false),
            ("article.created", 1, true)
        ]
    );
    server.clock.advance(Duration::from_secs(6));
    deliveries(&admin, &made, |items| {
        items.iter().all(|item| item["status"] == "delivered")
    });
    let about: Vec<_> = receiver
        .got("/")
        .iter()
        .filter(|got| got.json()["data"]["id"] == one["id"])
        .map(Got::event)
        .collect();
    assert_eq!(
        about,
        [
            "article.created",
            "article.created",
            "article.unpublished",
            "article.published"
        ]
    );
}

#[test]
fn what_was_taken_back_is_not_told_later() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(500, ""));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["article.created"]);
    let one = admin.post(
        "/v1/admin/articles",
        &json!({"title": "Xyzzy", "status": "published"}),
    );
    let one = one.created();
    deliveries(&admin, &made, tried(1));
    let at = format!("/v1/admin/articles/{}", one["id"].as_str().unwrap());
    admin.order(&format!("{at}/unpublish")).ok();
    server.clock.advance(Duration::from_secs(6));
    let got = receiver.wait("/", 2);
    let text = |got: &Got| String::from_utf8(got.body.clone()).unwrap().to_lowercase();
    assert!(
        text(&got[0]).contains("xyzzy") && !text(&got[1]).contains("xyzzy"),
        "{got:?}"
    );
    assert_eq!(got[0].id(), got[1].id());
}

#[test]
fn one_that_hangs_holds_up_nobody() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/silent", Answers::Silent);
    let admin = server.sign_in(Role::Admin);
    let silent = hook(&admin, &receiver.url("/silent"), &["tag.*"]);
    hook(&admin, &receiver.url("/"), &["tag.*"]);
    for number in 0..10 {
        admin
            .post("/v1/admin/tags", &json!({"name": format!("Tag {number}")}))
            .created();
    }
    assert_eq!(receiver.wait("/", 10).len(), 10);
    let items = deliveries(&admin, &silent, |items| items.len() == 10);
    assert!(
        items.iter().all(|item| item["status"] == "pending"),
        "{items:?}"
    );
    // One at a time.
    assert_eq!(receiver.got("/silent").len(), 1);
}

#[test]
fn one_that_does_not_answer_is_left_alone_for_a_while() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/silent", Answers::Silent);
    let admin = server.sign_in(Role::Admin);
    let silent = hook(&admin, &receiver.url("/silent"), &["tag.*"]);
    hook(&admin, &receiver.url("/"), &["tag.*"]);
    let name = |name: &str| {
        let tag = json!({"name": name});
        admin.post("/v1/admin/tags", &tag).created();
    };
    name("First");
    name("Second");
    // The one attempt has ended, and the other tag would be due.
    deliveries(&admin, &silent, |items| {
        items.iter().any(|item| item["attempts"] == 1)
    });
    name("Third");
    receiver.wait("/", 3);
    assert_eq!(receiver.got("/silent").len(), 1);
    server.clock.advance(Duration::from_secs(6));
    receiver.wait("/silent", 2);
}

#[test]
fn a_thousand_are_told_each_once() {
    let (server, receiver) = (server(), Receiver::start());
    let url = receiver.url("");
    server.write(move |tx| {
        for number in 0..1000 {
            let new =
                json!({"name": "many", "url": format!("{url}/{number}"), "events": ["article.*"]});
            let new = input::new_webhook(&new).expect("a webhook");
            store::create(tx, &new, &[7; 16])?;
        }
        Ok(())
    });
    article("One").create(&server);
    receiver.wait_until(|got| got.len() >= 1000);
    let all = receiver.all();
    let paths: HashSet<_> = all.iter().map(|got| &got.path).collect();
    let ids: HashSet<_> = all.iter().map(Got::id).collect();
    assert_eq!((all.len(), paths.len(), ids.len()), (1000, 1000, 1000));
    let admin = server.sign_in(Role::Admin);
    let list = admin.get("/v1/admin/webhooks?count=true&limit=100").ok();
    assert_eq!(list["page"]["total"], 1000);
    let next = admin
        .get(&format!(
            "/v1/admin/webhooks?limit=100&cursor={}",
            list["page"]["next"].as_str().unwrap()
        ))
        .ok();
    let first = &next["items"][0];
    assert_ne!(first["id"], list["items"][99]["id"]);
    assert_eq!(
        deliveries(&admin, first, tried(1)).len(),
        1,
        "{}",
        path(first)
    );
}

#[test]
fn two_nodes_tell_each_thing_once() {
    let (first, receiver) = (server(), Receiver::start());
    let folder = tempfile::tempdir().unwrap();
    let second = Server::setup()
        .beside(&first, folder.path())
        .app(|app| app.outbound.allowed = vec!["127.0.0.0/8".parse().unwrap()])
        .start();
    let admin = first.sign_in(Role::Admin);
    let hooks = ["/a", "/b", "/c"].map(|path| hook(&admin, &receiver.url(path), &["tag.*"]));
    for number in 0..20 {
        let node = if number % 2 == 0 { &first } else { &second };
        let client = node.client.with_token(admin.token());
        let tag = json!({"name": format!("Tag {number}")});
        client.post("/v1/admin/tags", &tag).created();
    }
    for hook in &hooks {
        let all = |items: &[Value]| {
            items.len() == 20 && items.iter().all(|item| item["status"] == "delivered")
        };
        let items = deliveries(&admin, hook, all);
        assert!(items.iter().all(|item| item["attempts"] == 1), "{items:?}");
    }
    let all = receiver.all();
    let ids: HashSet<_> = all.iter().map(Got::id).collect();
    assert_eq!((all.len(), ids.len()), (60, 60));
}
