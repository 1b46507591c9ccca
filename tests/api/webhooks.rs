//! Webhooks: what admins make of them, and what receivers on loopback get.

mod hostile;
mod killed;
mod order;
pub(crate) mod receiver;
mod sent;
mod signed;

use std::time::{Duration, Instant};

use masthead::auth::model::Role;
use serde_json::{Value, json};

use self::receiver::Receiver;
use crate::support::{Client, Server, article};

/// A server that may reach receivers on loopback.
fn server() -> Server {
    Server::setup()
        .app(|app| app.outbound.allowed = vec!["127.0.0.0/8".parse().unwrap()])
        .start()
}

/// Makes a webhook that is told of these events, and answers it, with its secret.
#[track_caller]
fn hook(admin: &Client, url: &str, events: &[&str]) -> Value {
    let new = json!({"name": "a hook", "url": url, "events": events});
    admin.post("/v1/admin/webhooks", &new).created()
}

fn path(hook: &Value) -> String {
    format!("/v1/admin/webhooks/{}", hook["id"].as_str().unwrap())
}

/// The deliveries to a webhook, as soon as they are so.
#[track_caller]
fn deliveries(admin: &Client, hook: &Value, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let began = Instant::now();
    loop {
        let list = admin
            .get(&format!("{}/deliveries?limit=100", path(hook)))
            .ok();
        let items = list["items"].as_array().unwrap().clone();
        if are(&items) {
            return items;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{items:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All of them have ended, or been tried this often.
fn tried(times: i64) -> impl Fn(&[Value]) -> bool {
    move |items| {
        let done = |item: &Value| item["status"] != "pending" || item["attempts"] == times;
        !items.is_empty() && items.iter().all(done)
    }
}

#[test]
fn admins_make_change_and_remove_them() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let tag = admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    let made = admin.post(
        "/v1/admin/webhooks",
        &json!({"name": " The build ", "url": "https://example.org/hook", "events": ["article.*", "site.updated"], "tag": tag["id"]}),
    );
    let location = made.header("location").to_owned();
    let made = made.created();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(
        (&made["name"], &made["enabled"], &made["tag"]),
        (&json!("The build"), &json!(true), &tag["id"])
    );

    let read = admin.get(&location);
    let mut expected = made;
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(read.ok(), expected);
    let patch = json!({"enabled": false, "tag": null, "events": ["*"]});
    let changed = admin.patch(&location, read.etag(), &patch);
    assert_eq!(changed.ok()["events"], json!(["*"]));
    assert_eq!(changed.json()["tag"], Value::Null);
    assert_eq!(admin.patch(&location, read.etag(), &patch).status, 412);
    let list = admin.get("/v1/admin/webhooks?count=true").ok();
    assert_eq!(
        (&list["items"], &list["page"]["total"]),
        (&json!([changed.json()]), &json!(1))
    );
    assert_eq!(admin.order(&format!("{location}/ping")).code(), "conflict");
    assert_eq!(admin.delete(&location, changed.etag()).status, 204);
    assert_eq!(admin.get(&location).status, 404);
    assert_eq!(admin.get(&format!("{location}/deliveries")).status, 404);
}

#[test]
fn what_cannot_be_is_refused_with_all_its_faults() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let sent = json!({
        "name": "", "url": "https://user@example.org", "events": ["article.publishd", "ping"], "tag": 1, "secret": "mine"
    });
    let refused = admin.post("/v1/admin/webhooks", &sent);
    assert_eq!(
        refused.faults(),
        [
            "/tag wrong_type",
            "/secret unknown",
            "/name malformed",
            "/url malformed",
            "/events/0 not_allowed",
            "/events/1 not_allowed"
        ]
    );
    assert!(refused.text().contains("did you mean article.published?"));
    let unknown = json!({"name": "a", "url": "https://example.org", "events": ["*"], "tag": "01890a5d-ac96-774b-bcce-b302099a8057"});
    assert_eq!(
        admin.post("/v1/admin/webhooks", &unknown).faults(),
        ["/tag not_found"]
    );
    assert_eq!(admin.get("/v1/admin/webhooks/none").status, 404);
    let made = hook(&admin, "https://example.org", &["*"]);
    let bad = admin.get(&format!("{}/deliveries?status=lost&cursor=x", path(&made)));
    assert_eq!(bad.status, 400);
}

#[test]
fn a_secret_is_shown_once_and_stands_nowhere() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let request = || {
        admin
            .request("POST", "/v1/admin/webhooks")
            .header("idempotency-key", "once")
            .json(&json!({"name": "a", "url": "https://example.org", "events": ["*"], "enabled": false}))
            .send()
    };
    let made = request().created();
    let secret = made["secret"]
        .as_str()
        .unwrap()
        .strip_prefix("whsec_")
        .unwrap()
        .to_owned();
    assert_eq!(request().code(), "answer-not-kept");
    let bytes = openssl::base64::decode_block(&secret).unwrap();
    for row in crate::rights::rows_of(&server) {
        assert!(
            !row.contains(&secret) && !row.contains(&format!("{bytes:?}")),
            "{row}"
        );
    }
    for path in [
        path(&made),
        "/v1/admin/webhooks".into(),
        "/v1/admin/audit".into(),
    ] {
        assert!(!admin.get(&path).text().contains(&secret), "{path}");
    }
}

#[test]
fn a_receiver_is_told_what_it_asked_for_and_no_more() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    article("Before").create(&server);
    let all = hook(&admin, &receiver.url("/all"), &["*"]);
    hook(&admin, &receiver.url("/out"), &["article.published"]);
    let tag = admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    let tagged = json!({"name": "tagged", "url": receiver.url("/tagged"), "events": ["*"], "tag": tag["id"]});
    admin.post("/v1/admin/webhooks", &tagged).created();

    let draft = admin
        .post("/v1/admin/articles", &json!({"title": "Hidden words"}))
        .created();
    let at = format!("/v1/admin/articles/{}", draft["id"].as_str().unwrap());
    admin.order(&format!("{at}/publish")).ok();
    let tag_patch = json!({"tags": ["Love"]});
    admin.patch(&at, admin.get(&at).etag(), &tag_patch).ok();

    let out = receiver.wait("/out", 1);
    let told = out[0].json();
    assert_eq!(out[0].header("content-type"), "application/json");
    assert_eq!(
        (&told["type"], &told["data"]["title"]),
        (&json!("article.published"), &json!("Hidden words"))
    );
    assert_eq!(told["data"]["url"], "https://example.org/hidden-words");
    assert_eq!(
        (
            &told["data"]["id"],
            &told["data"]["resource"],
            &told["data"]["kind"],
            &told["data"]["locale"],
            &told["data"]["slug"]
        ),
        (
            &draft["id"],
            &json!("article"),
            &json!("article"),
            &json!("en"),
            &json!("hidden-words")
        )
    );
    let tags: Vec<_> = told["data"]["cache_tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag.as_str().unwrap())
        .collect();
    assert!(
        tags.contains(&"list-articles") && tags.contains(&draft["cache_tag"].as_str().unwrap()),
        "{tags:?}"
    );

    // Two other webhooks, the tag, the draft, its way out and its change.
    receiver.wait_until(|got| {
        got.iter()
            .any(|got| got.path == "/all" && got.event() == "article.updated")
    });
    let came = receiver.got("/all");
    let events: Vec<_> = came.iter().map(receiver::Got::event).collect();
    assert_eq!(
        &events[..3],
        ["webhook.created", "tag.created", "webhook.created"],
        "{events:?}"
    );
    let drafted = came
        .iter()
        .find(|got| got.event() == "article.created")
        .unwrap();
    // It was not out when the log was written: whatever it is now, its words are not told.
    assert_eq!(
        drafted.json()["data"],
        json!({"id": draft["id"], "resource": "article", "change": drafted.json()["data"]["change"], "cache_tags": [draft["cache_tag"]]})
    );
    let listed = deliveries(&admin, &all, tried(1));
    assert!(
        listed
            .iter()
            .all(|item| item["status"] == "delivered" && item["last_status"] == 200),
        "{listed:?}"
    );
    receiver.wait_until(|got| {
        got.iter()
            .any(|got| got.path == "/tagged" && got.event() == "article.updated")
    });
    let about: Vec<String> = receiver
        .got("/tagged")
        .iter()
        .map(receiver::Got::event)
        .collect();
    assert_eq!(about, ["article.updated"]);
    assert_eq!(receiver.got("/out").len(), 1);
}

#[test]
fn the_metrics_count() {
    let (server, receiver) = (server(), Receiver::start());
    let admin = server.sign_in(Role::Admin);
    let made = hook(&admin, &receiver.url("/"), &["tag.created"]);
    admin
        .post("/v1/admin/tags", &json!({"name": "Love"}))
        .created();
    deliveries(&admin, &made, |items| {
        items.iter().any(|item| item["status"] == "delivered")
    });
    let metrics = server.get("/metrics");
    let counted = metrics
        .text()
        .contains("masthead_webhook_attempts_total{outcome=\"delivered\"} 1\n");
    assert!(
        counted && metrics.text().contains("masthead_webhooks_pending "),
        "{}",
        metrics.text()
    );
}
