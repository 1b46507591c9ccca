//! What editors find, and what they make of it.

use masthead::auth::model::{Role, Scope};
use serde_json::{Value, json};

use super::{FORM, INBOX, behind_a_proxy, path_of, send_all, written, written_with};
use crate::support::Server;

fn filled() -> Server {
    let server = behind_a_proxy();
    send_all(
        &server,
        &[
            written("one"),
            written_with("two", &json!({"subject": "100% Sleep_ing"})),
            written_with(
                "three",
                &json!({"name": "Ada Lovelace", "email": "ADA@Example.com"}),
            ),
            written_with("four", &json!({"website": "x"})),
        ],
    );
    server
}

#[test]
fn the_list_is_narrowed_and_turned_page_by_page() {
    let server = filled();
    let editor = server.sign_in(Role::Editor);
    let found = |query: &str| editor.get(&format!("{INBOX}?{query}")).column("message");
    assert_eq!(found("limit=10"), ["four", "three", "two", "one"]);
    assert_eq!(found("status=new"), ["three", "two", "one"]);
    assert_eq!(found("status=spam&status=read"), ["four"]);
    assert_eq!(found("q=LOVELACE"), ["three"]);
    assert_eq!(found("q=ada%40example"), ["three"]);
    assert_eq!(found("q=sleep_"), ["two"]);
    assert_eq!(found("q=0%25"), ["two"]);
    assert_eq!(found("q=T&status=new"), ["three", "two"]);
    assert_eq!(
        found("received_after=2026-11-22T10:00:02Z"),
        ["four", "three"]
    );
    assert_eq!(found("received_before=2026-11-22T10:00:01Z"), ["one"]);

    let first = editor.get(&format!("{INBOX}?status=new&limit=2&count=true"));
    assert_eq!(first.ok()["page"]["total"], 3);
    assert_eq!(first.column("message"), ["three", "two"]);
    let second = editor.get(&first.link("next").unwrap());
    assert_eq!(second.column("message"), ["one"]);
    assert_eq!(second.link("next"), None);
    let back = editor.get(&second.link("prev").unwrap());
    assert_eq!(back.column("message"), ["three", "two"]);
    assert_eq!(found("page=2&limit=3"), ["one"]);

    let refused = editor.get(&format!("{INBOX}?status=gone&received_after=now&sort=name"));
    assert_eq!(
        refused.faults(),
        [
            "status not_allowed",
            "received_after malformed",
            "sort unknown"
        ]
    );
}

#[test]
fn a_message_moves_from_any_state_to_any_other() {
    let server = filled();
    let editor = server.sign_in(Role::Editor);
    let path = path_of(&editor, "one");
    let mut etag = editor.get(&path).etag().to_owned();
    let states = ["new", "read", "archived", "spam"];
    let mut version = 1;
    for (from, to) in states
        .into_iter()
        .flat_map(|from| states.map(|to| (from, to)))
    {
        for status in [from, to] {
            let before = (editor.get(&path).ok(), server.db().change());
            let answer = editor.patch(&path, &etag, &json!({"status": status}));
            let message = answer.ok();
            version += i64::from(before.0["status"] != status);
            assert_eq!(message["status"], status);
            assert_eq!(message["version"], version);
            let moved = before.0["status"] != status;
            assert_eq!(server.db().change() - before.1, i64::from(moved));
            etag = answer.etag().to_owned();
        }
    }
    let stale = editor.patch(&path, "\"1.x\"", &json!({"status": "read"}));
    assert_eq!((stale.status, stale.etag()), (412, etag.as_str()));
    let blind = editor
        .request("PATCH", &path)
        .json(&json!({"status": "read"}));
    assert_eq!(blind.send().status, 428);
    let more = json!({"status": null, "email": "x@example.org"});
    assert_eq!(
        editor.patch(&path, &etag, &more).faults(),
        ["/status missing", "/email unknown"]
    );
    let rehearsed = editor.patch(
        &format!("{path}?dry_run=true"),
        &etag,
        &json!({"status": "new"}),
    );
    assert_eq!(rehearsed.ok()["status"], "new");
    assert_eq!(editor.get(&path).ok()["status"], "spam");
}

#[test]
fn a_message_is_deleted_for_good() {
    let server = filled();
    let editor = server.sign_in(Role::Editor);
    let path = path_of(&editor, "two");
    let etag = editor.get(&path).etag().to_owned();
    assert_eq!(editor.delete(&path, "\"9.x\"").status, 412);
    assert_eq!(editor.delete(&path, &etag).status, 204);
    assert_eq!(editor.get(&path).status, 404);
    assert_eq!(editor.delete(&path, &etag).status, 404);
    assert_eq!(editor.get(&format!("{INBOX}/none")).status, 404);
}

#[test]
fn keys_do_what_their_scopes_name() {
    let server = filled();
    let path = path_of(&server.sign_in(Role::Editor), "one");
    let reads = server.key(&[Scope::MessagesRead]);
    let writes = server.key(&[Scope::MessagesWrite]);
    let etag = reads.get(&path).etag().to_owned();
    assert_eq!(writes.get(&path).status, 403);
    assert_eq!(
        reads.patch(&path, &etag, &json!({"status": "read"})).status,
        403
    );
    assert_eq!(
        writes
            .patch(&path, &etag, &json!({"status": "read"}))
            .status,
        200
    );
    for other in [
        server.key(&[Scope::DraftsRead]),
        server.sign_in(Role::Author),
    ] {
        assert_eq!(other.get(INBOX).status, 403);
        assert_eq!(other.get("/v1/admin/messages.csv").status, 403);
    }
}

#[test]
fn a_table_holds_the_same_and_no_formulas() {
    let server = filled();
    let formula = json!({"name": "=1+1", "subject": "@SUM(A1)", "email": "grace@example.com"});
    let content = written_with("A \"quote\", a comma\nand a line", &formula);
    assert_eq!(server.client.post(FORM, &content).status, 202);
    let editor = server.sign_in(Role::Editor);
    let table = editor.get("/v1/admin/messages.csv");
    assert_eq!(
        (table.status, table.header("content-type")),
        (200, "text/csv; charset=utf-8; header=present")
    );
    assert_eq!(
        table.header("content-disposition"),
        "attachment; filename=\"messages.csv\""
    );
    let text = table.text().strip_prefix('\u{feff}').expect("a mark");
    assert!(text.contains("\r\n") && !text.replace("\r\n", "").contains('\r'));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let list = editor.get(&format!("{INBOX}?limit=100")).ok();
    let items = list["items"].as_array().unwrap();
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(items) {
        for (column, cell) in head.iter().zip(row) {
            let value = item[column].as_str().unwrap_or_default();
            let expected = match value.chars().next() {
                Some('=' | '@') => format!("'{value}"),
                _ => value.to_owned(),
            };
            assert_eq!(cell, expected, "{column}");
        }
    }
    let narrowed = editor.get("/v1/admin/messages.csv?status=spam&q=four");
    assert_eq!(narrowed.text().lines().count(), 2);
    let none = editor.get("/v1/admin/messages.csv?received_after=2030-01-01T00:00:00Z");
    assert_eq!(none.text().lines().count(), 1);
    let known = editor.request("GET", "/v1/admin/messages.csv");
    let known = known.header("if-none-match", table.etag()).send();
    assert_eq!(known.status, 304);
}

/// What is in the whole database and in all that others may ask for, but for the one table and its routes.
#[test]
fn nothing_of_it_shows_elsewhere() {
    let server = behind_a_proxy();
    let secret =
        json!({"name": "Xyzzyname", "email": "xyzzymail@example.com", "subject": "Xyzzysubject"});
    send_all(
        &server,
        &[
            written_with("Xyzzytext", &secret),
            written_with(
                "Xyzzytext again",
                &json!({"website": "x", "name": "Xyzzyname"}),
            ),
        ],
    );
    let admin = server.sign_in(Role::Admin);
    let path = path_of(&admin, "Xyzzytext");
    let etag = admin.get(&path).etag().to_owned();
    admin
        .patch(&path, &etag, &json!({"status": "archived"}))
        .ok();
    server.search_follows();
    for other in [
        "/v1/admin/audit?limit=100",
        "/v1/admin/audit?resource=message",
        "/v1/admin/security-log",
        "/v1/admin/users",
        "/v1/changes?initial=true",
        "/v1/articles",
        "/v1/site",
        "/v1/search?q=xyzzytext",
        "/metrics",
        "/health/ready",
    ] {
        let text = admin.get(other).text().to_lowercase();
        let text = text.replace("q=xyzzytext", "");
        assert!(
            !text.contains("xyzzyname") && !text.contains("xyzzymail"),
            "{other}: {text}"
        );
        assert!(
            !text.contains("xyzzysubject") && !text.contains("again"),
            "{other}: {text}"
        );
    }
    let log = admin.get("/v1/admin/audit?resource=message").ok();
    let told: Vec<Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!([item["action"], item["actor"], item["peer"], item["detail"]]))
        .collect();
    let changed = told[0].as_array().unwrap();
    assert_eq!(
        (&changed[0], &changed[3]),
        (&json!("updated"), &json!("new to archived"))
    );
    assert_eq!(
        told[1..],
        [
            json!(["caught", "system", null, null]),
            json!(["created", "system", null, null])
        ]
    );
    // No cache in front hears of it, and nobody's copy.
    assert_eq!(server.db().public_change(), 0);
}
