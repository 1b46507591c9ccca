//! What anybody may send.

use std::time::Duration;

use masthead::auth::model::Role;
use masthead::messages::inbox::Settings;
use serde_json::json;

use super::{FORM, INBOX, behind_a_proxy, send_from, written, written_with};
use crate::support::Server;

#[test]
fn a_message_is_received_and_found_in_the_inbox() {
    let server = Server::start();
    let content = written_with("Thank\r\nyou.", &json!({"subject": "Sleep", "website": ""}));
    let answer = server.client.post(FORM, &content);
    assert_eq!(
        (answer.status, answer.text()),
        (202, r#"{"status":"received"}"#)
    );
    // Whoever wrote learns of no id, no number and no state.
    for header in ["change", "etag", "location", "surrogate-key"] {
        assert_eq!(answer.header(header), "", "{header}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    let inbox = server.sign_in(Role::Editor).get(INBOX);
    assert_eq!(inbox.change(), server.db().change());
    let mut items = inbox.without_ids()["items"].clone();
    items[0].as_object_mut().unwrap().shift_remove("cache_tag");
    insta::assert_json_snapshot!(items, @r#"
    [
      {
        "id": "[id]",
        "status": "new",
        "name": "Grace Hopper",
        "email": "grace@example.com",
        "subject": "Sleep",
        "message": "Thank\nyou.",
        "caught_by": null,
        "version": 1,
        "received_at": "2026-11-22T10:00:00.000Z",
        "updated_at": "2026-11-22T10:00:00.000Z"
      }
    ]
    "#);
}

#[test]
fn all_the_faults_come_at_once_and_nothing_is_kept() {
    let server = Server::start();
    let before = server.db().change();
    let empty = server.client.post(FORM, &json!({}));
    assert_eq!(
        (empty.status, empty.faults()),
        (
            422,
            [
                "/name missing",
                "/email missing",
                "/message missing",
                "/consent missing"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
    let broken =
        json!({"name": "", "email": "ada", "message": "a\u{7}", "consent": false, "fax": 1});
    assert_eq!(
        server.client.post(FORM, &broken).faults(),
        [
            "/consent not_allowed",
            "/fax unknown",
            "/name malformed",
            "/email malformed",
            "/message malformed"
        ]
    );
    let parameter = server.client.post("/v1/contact?topic=x", &written("x"));
    assert_eq!(parameter.faults(), ["topic unknown"]);
    let form = server.client.request("POST", FORM);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body("name=Ada").send().status, 415);
    assert_eq!(server.db().change(), before);
}

#[test]
fn what_a_robot_sends_is_answered_alike_and_kept_apart() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let fine = server.client.post(FORM, &written("Hello"));
    for (more, by) in [
        (json!({"website": "https://spam.example"}), "honeypot"),
        (json!({"started_at": "2026-11-22T09:59:58Z"}), "timing"),
        (json!({"started_at": "2026-11-20T10:00:00Z"}), "timing"),
        (json!({"started_at": "2027-01-01T00:00:00Z"}), "timing"),
    ] {
        let caught = server.client.post(FORM, &written_with("Buy this", &more));
        let headers = |answer: &crate::support::Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            headers.remove("date");
            headers
        };
        assert_eq!(
            (caught.status, &caught.body, headers(&caught)),
            (202, &fine.body, headers(&fine))
        );
        let spam = editor.get(&format!("{INBOX}?status=spam")).ok();
        assert_eq!(spam["items"][0]["caught_by"], by, "{more}");
        let path = format!("{INBOX}/{}", spam["items"][0]["id"].as_str().unwrap());
        let etag = editor.get(&path).etag().to_owned();
        assert_eq!(editor.delete(&path, &etag).status, 204);
    }
    assert_eq!(editor.get(INBOX).column("message"), ["Hello"]);
}

#[test]
fn any_website_may_send_it() {
    let server = Server::start();
    let preflight = server
        .client
        .request("OPTIONS", FORM)
        .header("origin", "https://www.example.org")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send();
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    let methods = preflight.header("access-control-allow-methods");
    assert!(
        methods.split(", ").any(|method| method == "POST"),
        "{methods}"
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .contains("Content-Type")
    );
    let sent = server.client.request("POST", FORM);
    let sent = sent.header("origin", "https://www.example.org");
    let sent = sent.json(&written("Hello")).send();
    assert_eq!(
        (sent.status, sent.header("access-control-allow-origin")),
        (202, "*")
    );
}

#[test]
fn one_peer_sends_so_many_and_others_none_the_less() {
    let server = behind_a_proxy();
    let send = |peer: &str| send_from(&server, peer, &written("Hello"));
    for _ in 0..5 {
        assert_eq!(send("192.0.2.1").status, 202);
    }
    let refused = send("192.0.2.1");
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "too-many-requests")
    );
    assert_eq!(refused.header("retry-after"), "120");
    assert_eq!(send("192.0.2.2").status, 202);
    // What is refused for its faults does not count, and neither does what was refused for their number.
    for _ in 0..10 {
        assert_eq!(send_from(&server, "192.0.2.3", &json!({})).status, 422);
        assert_eq!(send("192.0.2.1").status, 429);
    }
    assert_eq!(send("192.0.2.3").status, 202);
    server.clock.advance(Duration::from_secs(120));
    assert_eq!(send("192.0.2.1").status, 202);
    assert_eq!(send("192.0.2.1").status, 429);
    // One network of IPv6 is one peer.
    for last in 1..=5 {
        assert_eq!(send(&format!("2001:db8::{last}")).status, 202);
    }
    assert_eq!(send("2001:db8::6").status, 429);
}

#[test]
fn one_peer_sends_so_many_a_day() {
    let server = Server::start();
    let mut received = 0;
    for _ in 0..60 {
        received += usize::from(server.client.post(FORM, &written("Hello")).status == 202);
        server.clock.advance(Duration::from_secs(2 * 60));
    }
    // Twenty, and one more for each 72 minutes that passed.
    assert_eq!(received, 21);
}

#[test]
fn a_full_inbox_takes_no_more_until_somebody_reads() {
    let server = Server::setup()
        .app(|app| {
            app.inbox = Settings {
                unread: 2,
                per_ten_minutes: 100,
                per_day: 1000,
                ..Settings::default()
            };
        })
        .start();
    let editor = server.sign_in(Role::Editor);
    for number in ["one", "two"] {
        assert_eq!(server.client.post(FORM, &written(number)).status, 202);
    }
    let full = server.client.post(FORM, &written("three"));
    assert_eq!((full.status, full.code().as_str()), (503, "unavailable"));
    assert_eq!(full.header("retry-after"), "3600");
    // Of spam the oldest makes room, and robots keep nobody out.
    for number in 0..5 {
        let trapped = written_with(&format!("spam {number}"), &json!({"website": "x"}));
        server.clock.advance(Duration::from_secs(1));
        assert_eq!(server.client.post(FORM, &trapped).status, 202);
    }
    let spam = editor.get(&format!("{INBOX}?status=spam"));
    assert_eq!(spam.column("message"), ["spam 4", "spam 3"]);
    let path = super::path_of(&editor, "one");
    let etag = editor.get(&path).etag().to_owned();
    editor.patch(&path, &etag, &json!({"status": "read"})).ok();
    assert_eq!(server.client.post(FORM, &written("three")).status, 202);
}

#[test]
fn a_site_may_have_no_form() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    assert_eq!(server.get("/v1/site").ok()["contact"]["form"], true);
    let site = admin.get("/v1/admin/site");
    let off = json!({"name": "The Door", "contact": {"form": false}});
    admin.patch("/v1/admin/site", site.etag(), &off).ok();
    assert_eq!(server.get("/v1/site").ok()["contact"]["form"], false);
    for content in [
        written("Hello"),
        written_with("Hello", &json!({"website": "x"})),
    ] {
        let refused = server.client.post(FORM, &content);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (404, "not-found")
        );
    }
    let site = admin.get("/v1/admin/site");
    admin
        .patch("/v1/admin/site", site.etag(), &json!({"contact": null}))
        .ok();
    assert_eq!(server.client.post(FORM, &written("Hello")).status, 202);
}
