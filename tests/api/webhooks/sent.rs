//! What is sent again, and what is given up, by a clock that the test moves.

use std::time::Duration;

use masthead::auth::model::Role;
use masthead::db::Reason;
use masthead::id::Id;
use masthead::webhooks::store::deliveries as stored;
use serde_json::json;

use super::receiver::{Answers, Receiver};
use super::{deliveries, hook, path, server, tried};
use crate::support::each;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_fails_is_sent_again_until_it_arrives() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(500, ""));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.created"]);
    admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    let first = deliveries(&admin, &made, tried(1)).remove(0);
    assert_eq!(
        (&first["status"], &first["last_status"], &first["error"]),
        (&json!("pending"), &json!(500), &json!("answered 500"))
    );
    let next: masthead::time::Time = first["next_attempt_at"].as_str().unwrap().parse().unwrap();
    let wait = next.millis() - server.clock.now().millis();
    assert!((4_000..=6_000).contains(&wait), "{wait}");

    server.clock.set(next);
    let second = deliveries(&admin, &made, tried(2)).remove(0);
    let next: masthead::time::Time = second["next_attempt_at"].as_str().unwrap().parse().unwrap();
    let wait = next.millis() - server.clock.now().millis();
    assert!((24_000..=36_000).contains(&wait), "{wait}");

    receiver.answers("/", Answers::Status(204, ""));
    server.clock.set(next);
    let last = deliveries(&admin, &made, tried(3)).remove(0);
    assert_eq!(
        (&last["status"], &last["attempts"], &last["next_attempt_at"]),
        (&json!("delivered"), &json!(3), &json!(null))
    );
    let ids: Vec<_> = receiver
        .got("/")
        .iter()
        .map(|got| got.id().to_owned())
        .collect();
    assert_eq!(ids, vec![last["id"].as_str().unwrap(); 3]);
    assert_eq!(
        admin
            .get(&format!("{}/deliveries?status=failed", path(&made)))
            .ok()["items"],
        json!([])
    );
    assert_eq!(
        admin
            .get(&format!(
                "{}/deliveries?status=delivered&count=true",
                path(&made)
            ))
            .ok()["page"]["total"],
        1
    );

    // Once more, for whoever lost it.
    let replayed = admin.order(&format!(
        "{}/deliveries/{}/replay",
        path(&made),
        last["id"].as_str().unwrap()
    ));
    assert_eq!(
        (replayed.status, &replayed.json()["status"]),
        (202, &json!("pending"))
    );
    assert_eq!(receiver.wait("/", 4)[3].id(), ids[0]);
    let none = format!(
        "{}/deliveries/{}/replay",
        path(&made),
        made["id"].as_str().unwrap()
    );
    assert_eq!(admin.order(&none).status, 404);
}

#[test]
fn a_receiver_may_ask_for_an_hour_and_no_more() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(429, "retry-after: 1000000\r\n"));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["*"]);
    admin.order(&format!("{}/ping", path(&made)));
    let asked = deliveries(&admin, &made, tried(1)).remove(0);
    let next = server.clock.now().plus(Duration::from_secs(3600));
    assert_eq!(asked["next_attempt_at"], next.to_string());
}

#[test]
fn after_a_day_it_is_given_up_and_after_three_the_webhook() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(500, ""));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["*"]);
    admin.order(&format!("{}/ping", path(&made)));
    deliveries(&admin, &made, tried(1));
    server.clock.advance(DAY);
    let admin = server.sign_in(Role::Admin);
    let given_up = deliveries(&admin, &made, |items| {
        items.iter().any(|item| item["status"] == "failed")
    });
    assert_eq!(given_up.last().unwrap()["attempts"], 2);
    let there = admin.get(&path(&made));
    assert_eq!(
        (&there.ok()["enabled"], &there.json()["disabled_reason"]),
        (&json!(true), &json!(null))
    );

    server.clock.advance(2 * DAY);
    let admin = server.sign_in(Role::Admin);
    admin.order(&format!("{}/ping", path(&made)));
    let there = until_disabled(&admin, &path(&made));
    assert_eq!(
        there.json()["disabled_reason"],
        "nothing arrived for three days"
    );
    let audit = admin
        .get("/v1/admin/audit?resource=webhook&action=disabled")
        .ok();
    assert_eq!(audit["items"][0]["actor"], "system");

    let again = admin.patch(&path(&made), there.etag(), &json!({"enabled": true}));
    assert_eq!(again.ok()["disabled_reason"], json!(null));
    receiver.answers("/", Answers::Status(200, ""));
    let ping = admin.order(&format!("{}/ping", path(&made))).json();
    receiver.wait_until(|got| got.iter().any(|got| got.id() == ping["id"]));
}

#[test]
fn one_that_is_gone_is_told_nothing_more() {
    let (server, receiver) = (server(), Receiver::start());
    receiver.answers("/", Answers::Status(410, ""));
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.*"]);
    admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    let there = until_disabled(&admin, &path(&made));
    assert!(
        there.json()["disabled_reason"]
            .as_str()
            .unwrap()
            .contains("410")
    );
    let failed = deliveries(&admin, &made, tried(1)).remove(0);
    assert_eq!(
        (&failed["status"], &failed["last_status"]),
        (&json!("failed"), &json!(410))
    );
    admin
        .post("/v1/admin/tags", &json!({"name": "Health"}))
        .created();
    // It is enabled after that, and told of what comes then.
    receiver.answers("/", Answers::Status(200, ""));
    admin
        .patch(&path(&made), there.etag(), &json!({"enabled": true}))
        .ok();
    let last = admin
        .post("/v1/admin/tags", &json!({"name": "Sleep"}))
        .created();
    let got = receiver.wait("/", 2);
    assert_eq!(got[1].json()["data"]["id"], last["id"]);
}

#[test]
fn what_ended_is_remembered_for_thirty_days() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.*"]);
    admin.order(&format!("{}/ping", path(&made)));
    deliveries(&admin, &made, |items| {
        items.iter().any(|item| item["status"] == "delivered")
    });
    let sweep = || {
        let now = server.clock.now();
        let more = server.write_quietly(Reason::Sweep, move |conn| stored::sweep(conn, now));
        assert!(!more);
        let admin = server.sign_in(Role::Admin);
        let list = admin.get(&format!("{}/deliveries", path(&made))).ok();
        list["items"].as_array().unwrap().len()
    };
    server.clock.advance(30 * DAY);
    assert_eq!(sweep(), 1);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(sweep(), 0);
}

#[test]
fn what_is_swept_holds_up_nothing() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.*"]);
    receiver.answers("/", Answers::Status(500, ""));
    let tag = admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    deliveries(&admin, &made, tried(1));
    let path_of_tag = format!("/v1/admin/tags/{}", tag["id"].as_str().unwrap());
    let etag = admin.get(&path_of_tag).etag().to_owned();
    let name = json!({"name": "Affection"});
    admin.patch(&path_of_tag, &etag, &name).ok();
    // The second waits for the first, which is as old as can be and is still to be sent.
    let both = deliveries(&admin, &made, |items| items.len() == 2);
    assert_eq!(both[0]["next_attempt_at"], json!(null));
    let first = both[1]["id"].as_str().unwrap().parse().unwrap();
    let now = server.clock.now();
    server.write_quietly(Reason::Sweep, move |conn| {
        use diesel::prelude::*;
        use masthead::db::schema::webhook_deliveries;
        let old = now.minus(31 * DAY);
        let began = webhook_deliveries::began_at.eq(old);
        let row = webhook_deliveries::table.find::<Id>(first);
        each!(conn, c => diesel::update(row).set(began).execute(c))?;
        assert!(!stored::sweep(conn, now)?);
        Ok(())
    });
    receiver.answers("/", Answers::Status(200, ""));
    let left = deliveries(&admin, &made, |items| items[0]["status"] == "delivered");
    assert_eq!((left.len(), &left[0]["event"]), (1, &json!("tag.updated")));
}

#[test]
fn enabled_again_it_is_sent_nothing_from_before() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.*"]);
    receiver.answers("/", Answers::Status(500, ""));
    admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    deliveries(&admin, &made, tried(1));
    let set = |enabled: bool| {
        let etag = admin.get(&path(&made)).etag().to_owned();
        admin
            .patch(&path(&made), &etag, &json!({"enabled": enabled}))
            .ok();
    };
    set(false);
    receiver.answers("/", Answers::Status(200, ""));
    set(true);
    let ended = deliveries(&admin, &made, |items| items[0]["status"] == "failed").remove(0);
    assert_eq!(
        (&ended["error"], &ended["next_attempt_at"]),
        (&json!("the webhook was disabled"), &json!(null))
    );
    server.clock.advance(Duration::from_secs(60));
    let last = server
        .sign_in(Role::Admin)
        .post("/v1/admin/tags", &json!({"name": "Sleep"}))
        .created();
    let got = receiver.wait("/", 2);
    assert_eq!(got[1].json()["data"]["id"], last["id"]);
}

#[track_caller]
fn until_disabled(admin: &crate::support::Client, path: &str) -> crate::support::Answer {
    let began = std::time::Instant::now();
    loop {
        let there = admin.get(path);
        if there.ok()["enabled"] == false {
            return there;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{there:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
