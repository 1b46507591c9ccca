//! Receivers that do not behave, and addresses that nothing may be sent to.

use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::json;

use super::receiver::{Answers, Receiver};
use super::{deliveries, hook, path, tried};
use crate::support::Server;

#[test]
fn nothing_connects_to_what_is_not_allowed() {
    let (server, receiver) = (Server::start(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let port = receiver.port();
    let words = "the address is not on the public internet, and this server is not set to reach it";
    // An address is refused at once, and of a name it is seen when something is sent.
    let made = hook(&admin, &format!("http://localhost:{port}/"), &["tag.*"]);
    let etag = admin.get(&path(&made)).etag().to_owned();
    for host in [
        "127.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "2130706433",
        "169.254.169.254",
    ] {
        let url = format!("http://{host}:{port}/");
        let body = json!({"name": "A receiver", "url": url, "events": ["tag.*"]});
        let refused = [
            admin.post("/v1/admin/webhooks", &body),
            admin.patch(&path(&made), &etag, &json!({"url": url})),
        ];
        for refused in refused {
            assert_eq!(refused.status, 422, "{host}");
            let fault = &refused.json()["errors"][0];
            assert_eq!(
                (&fault["pointer"], &fault["code"], &fault["detail"]),
                (&json!("/url"), &json!("not_allowed"), &json!(words)),
                "{host}"
            );
        }
    }
    admin.order(&format!("{}/ping", path(&made)));
    let refused = deliveries(&admin, &made, tried(1)).remove(0);
    assert_eq!(
        (&refused["error"], &refused["last_status"]),
        (&json!(words), &json!(null))
    );
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn what_is_allowed_is_reached_by_name_too() {
    let (server, receiver) = (super::server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(
        &admin,
        &format!("http://localhost:{}/named", receiver.port()),
        &["tag.*"],
    );
    admin.order(&format!("{}/ping", path(&made)));
    assert_eq!(receiver.wait("/named", 1).len(), 1);
    assert_eq!(
        deliveries(&admin, &made, tried(1))[0]["status"],
        "delivered"
    );
}

#[test]
fn each_way_to_answer_badly_ends_in_time_and_is_told() {
    let receiver = Receiver::start();
    let server = Server::setup()
        .app(|app| {
            app.outbound.allowed = vec!["127.0.0.0/8".parse().unwrap()];
            app.outbound.total = Duration::from_millis(1500);
        })
        .start();
    let admin = server.sign_in(Role::Admin);
    let late = json!("there was no answer in time");
    let moved = json!("answered 302: redirects are not followed");
    for (at, answers, status, last, error) in [
        (
            "/silent",
            Answers::Silent,
            "pending",
            json!(null),
            late.clone(),
        ),
        ("/drip", Answers::Drip, "pending", json!(null), late),
        (
            "/endless",
            Answers::Endless,
            "delivered",
            json!(200),
            json!(null),
        ),
        (
            "/moved",
            Answers::Status(302, "location: /elsewhere\r\n"),
            "pending",
            json!(302),
            moved,
        ),
    ] {
        receiver.answers(at, answers);
        let made = hook(&admin, &receiver.url(at), &["site.updated"]);
        admin.order(&format!("{}/ping", path(&made)));
        let done = deliveries(&admin, &made, tried(1)).remove(0);
        assert_eq!(
            (&done["status"], &done["last_status"], &done["error"]),
            (&json!(status), &last, &error),
            "{at}"
        );
    }
    assert_eq!(receiver.got("/elsewhere").len(), 0);
    let closed = hook(&admin, "http://127.0.0.1:1/", &["site.updated"]);
    admin.order(&format!("{}/ping", path(&closed)));
    let done = deliveries(&admin, &closed, tried(1)).remove(0);
    assert_eq!(done["error"], "no connection could be made");
}
