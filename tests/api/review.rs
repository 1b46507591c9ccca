//! Texts that are handed to an editor and back, and what is said then.

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::{changes, review_notes};
use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Stands in what is said, and nowhere in the log.
const CANARY: &str = "xyzzy";

/// A draft of this title, by its address.
fn draft(writer: &Client, title: &str) -> String {
    let made = writer.post("/v1/admin/articles", &json!({"title": title}));
    let id = made.created()["id"].as_str().unwrap().to_owned();
    format!("/v1/admin/articles/{id}")
}

fn submit(writer: &Client, path: &str, note: &str) {
    let note = json!({"note": note});
    writer.post(&format!("{path}/submit"), &note).ok();
}

fn send_back(editor: &Client, path: &str, note: &str) -> Value {
    let note = json!({"note": note});
    editor.post(&format!("{path}/send-back"), &note).ok()
}

/// What was said, the last first.
fn said(reader: &Client, path: &str) -> Vec<String> {
    reader.get(&format!("{path}/review-notes")).column("note")
}

#[test]
fn a_text_goes_to_and_fro_with_notes_until_it_is_out() {
    let server = Server::start();
    let (writer, editor) = (
        server.sign_in(Role::Contributor),
        server.sign_in(Role::Editor),
    );
    let path = draft(&writer, "Tea");
    submit(&writer, &path, "Is it too long?");
    assert_eq!(editor.get(&path).ok()["status"], "in_review");
    let back = send_back(&editor, &path, "It is.\nHalf of it will do.");
    assert_eq!(back["status"], "draft");
    assert_eq!(back["version"], 3);
    // Nothing has to be said.
    assert_eq!(writer.order(&format!("{path}/submit")).status, 200);

    let notes = writer.get(&format!("{path}/review-notes?count=true")).ok();
    let (last, first) = (&notes["items"][0], &notes["items"][1]);
    assert_eq!(notes["page"]["total"], 2);
    assert_eq!(
        (&last["action"], &first["action"]),
        (&json!("sent_back"), &json!("submitted"))
    );
    assert_eq!(last["note"], "It is.\nHalf of it will do.");
    assert_eq!(last["at"], "2026-11-22T10:00:00.000Z");
    for (note, who) in [(last, &editor), (first, &writer)] {
        let who = who.get("/v1/admin/me").ok();
        assert_eq!(note["by"], json!({"id": who["id"], "name": who["name"]}));
    }
    let published = editor.order(&format!("{path}/publish")).ok();
    assert_eq!(published["status"], "published");
    assert_eq!(said(&editor, &path).len(), 2);
}

#[test]
fn notes_come_in_pages() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    let other = draft(&editor, "Coffee");
    submit(&editor, &other, "Of another text");
    let mut all = Vec::new();
    for number in 0..5 {
        submit(&editor, &path, &format!("To {number}"));
        // Of one moment some, and some of later ones.
        if number % 2 == 0 {
            server.clock.advance(std::time::Duration::from_secs(1));
        }
        send_back(&editor, &path, &format!("Fro {number}"));
        all.extend([format!("To {number}"), format!("Fro {number}")]);
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("{path}/review-notes?limit=3"));
    while let Some(address) = next {
        let page = editor.get(&address);
        page.ok();
        seen.extend(page.column("note"));
        next = page.link("next");
    }
    assert_eq!(seen.len(), all.len());
    assert_eq!(seen[0], "Fro 4");
    all.sort();
    seen.sort();
    assert_eq!(seen, all);
}

#[test]
fn what_cannot_be_is_refused_and_keeps_nothing() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    let (to, back) = (format!("{path}/submit"), format!("{path}/send-back"));
    let faults = |at: &str, body: Value| editor.post(at, &body).faults();
    assert_eq!(faults(&back, json!({})), ["/note missing"]);
    assert_eq!(faults(&back, json!({"note": ""})), ["/note too_small"]);
    assert_eq!(
        faults(&to, json!({"note": "x".repeat(2001), "to": "Ada"})),
        ["/note too_large", "/to unknown"]
    );
    assert_eq!(faults(&to, json!({"note": [1]})), ["/note wrong_type"]);
    assert_eq!(editor.order(&back).status, 415);

    // No way leads there.
    let note = json!({"note": "No"});
    assert_eq!(editor.post(&back, &note).status, 409);
    submit(&editor, &path, "Look");
    assert_eq!(editor.post(&to, &note).status, 409);
    // Not on what somebody else has changed meanwhile, and not of another kind.
    let stale = editor.request("POST", &back).header("if-match", "\"1.x\"");
    assert_eq!(stale.json(&note).send().status, 412);
    let page = path.replace("articles", "pages");
    assert_eq!(editor.post(&format!("{page}/send-back"), &note).status, 404);
    assert_eq!(editor.get(&format!("{page}/review-notes")).status, 404);
    // A rehearsal says nothing.
    let rehearsed = editor.post(&format!("{back}?dry_run=true"), &note).ok();
    assert_eq!(rehearsed["status"], "draft");
    assert_eq!(said(&editor, &path), ["Look"]);
    // Sent twice it is said once.
    for _ in 0..2 {
        let request = editor.request("POST", &back);
        let sent = request.header("idempotency-key", "k").json(&note).send();
        assert_eq!(sent.status, 200);
    }
    assert_eq!(said(&editor, &path), ["No", "Look"]);
}

#[test]
fn who_wrote_a_text_takes_it_back_and_does_not_review_it() {
    let server = Server::start();
    let writer = server.sign_in(Role::Author);
    let path = draft(&writer, "Tea");
    submit(&writer, &path, "Look");
    let back = format!("{path}/send-back");
    let refused = writer.post(&back, &json!({"note": "Never mind"}));
    assert_eq!(refused.status, 403);
    assert_eq!(said(&writer, &path), ["Look"]);
    let etag = writer.get(&path).etag().to_owned();
    let taken = writer.patch(&path, &etag, &json!({"status": "draft"}));
    assert_eq!(taken.ok()["status"], "draft");
}

#[test]
fn the_log_tells_that_something_was_said_and_not_what() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = draft(&editor, "Tea");
    submit(&editor, &path, "xyzzy, ask ada@xyzzy.example");
    send_back(&editor, &path, CANARY);
    assert_eq!(editor.order(&format!("{path}/submit")).status, 200);
    let told: Vec<(String, Option<String>)> = server.read(|conn| {
        changes::table
            .filter(changes::action.ne("created"))
            .filter(changes::resource.eq("article"))
            .order(changes::number)
            .select((changes::action, changes::detail))
            .load(conn)
    });
    let noted = || Some("with a note".to_owned());
    let expected = [
        ("submitted", noted()),
        ("sent_back", noted()),
        ("submitted", None),
    ];
    assert_eq!(
        told,
        expected.map(|(action, detail)| (action.into(), detail))
    );
    let admin = server.sign_in(Role::Admin);
    for log in [
        "/v1/admin/audit".to_owned(),
        format!("{path}/revisions"),
        path,
    ] {
        let shown = admin.get(&log);
        assert_eq!(shown.status, 200, "{log}");
        assert!(!shown.text().contains(CANARY), "{log}: {}", shown.text());
    }
}

#[test]
fn a_note_outlives_who_said_it_and_not_what_it_is_about() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let editor = server.account(Role::Editor);
    let path = draft(&admin, "Tea");
    submit(&server.session_of(editor), &path, "Look");
    let account = format!("/v1/admin/users/{editor}");
    let etag = admin.get(&account).etag().to_owned();
    assert_eq!(admin.delete(&account, &etag).status, 204);
    let notes = admin.get(&format!("{path}/review-notes")).ok();
    assert_eq!(
        (&notes["items"][0]["note"], &notes["items"][0]["by"]),
        (&json!("Look"), &json!(null))
    );
    let etag = admin.get(&path).etag().to_owned();
    let purged = admin.delete(&format!("{path}?purge=true"), &etag);
    assert_eq!(purged.status, 204);
    let left: i64 = server.read(|conn| review_notes::table.count().get_result(conn));
    assert_eq!(left, 0);
}

#[test]
fn a_batch_hands_texts_in_and_says_nothing() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let (one, two) = (draft(&editor, "Tea"), draft(&editor, "Coffee"));
    let submit = |path: &str| json!({"method": "POST", "path": format!("{path}/submit")});
    let batch = json!({"operations": [submit(&one), submit(&two)]});
    let done = editor.post("/v1/admin/batch", &batch).ok();
    assert_eq!(done["results"].as_array().map(Vec::len), Some(2));
    for path in [&one, &two] {
        assert_eq!(editor.get(path).ok()["status"], "in_review");
        assert_eq!(said(&editor, path), [""; 0]);
    }
    let mut noted = submit(&one);
    noted["body"] = json!({"note": "Look"});
    let refused = editor.post("/v1/admin/batch", &json!({"operations": [noted]}));
    assert!((400..500).contains(&refused.status), "{refused:?}");
}
