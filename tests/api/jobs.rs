//! Imports and backups over HTTP: who may ask for them, what they say while they are done, and what is left when somebody
//! wants them no more, loses the right to them, or ends the server.

use std::fs;
use std::time::Duration;

use masthead::auth::model::{Role, Scope};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cli::program::{Serving, on, run};
use crate::support::{Answer, Client, Database, Server};
use crate::wire::peer::Peer;

const IMPORT: &str = "/v1/admin/import?format=jsonl";

/// All that an import may come to need.
const IMPORTS: &[Scope] = &[
    Scope::ArticlesWrite,
    Scope::ArticlesPublish,
    Scope::TagsWrite,
    Scope::AuthorsWrite,
    Scope::RedirectsWrite,
];

/// A file of so many articles.
fn lines(count: usize) -> String {
    let line = |number| {
        let text = "Words that say something. ".repeat(20);
        let line = json!({
            "external_id": format!("item-{number}"),
            "title": format!("Item {number}"),
            "markdown": text,
            "tags": ["Love"],
            "authors": ["Ada"],
        });
        format!("{line}\n")
    };
    (0..count).map(line).collect()
}

fn send(client: &Client, path: &str, file: &str) -> Answer {
    let request = client.request("POST", path);
    let request = request.header("content-type", "application/octet-stream");
    request.body(file.to_owned()).send()
}

/// The address of a job that was asked for.
#[track_caller]
fn accepted(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    let location = answer.header("location").to_owned();
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("/v1/admin/jobs/{id}"));
    location
}

/// Waits until a job is so.
#[track_caller]
fn wait(client: &Client, job: &str, until: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..3000 {
        let is = client.get(job).ok();
        if until(&is) {
            return is;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{:?}", client.get(job));
}

fn has_ended(job: &Value) -> bool {
    !job["ended_at"].is_null()
}

fn ended(client: &Client, job: &str) -> Value {
    wait(client, job, has_ended)
}

#[test]
fn a_file_is_brought_in_by_whoever_sends_it() {
    let server = Server::setup().works().start();
    let editor = server.sign_in(Role::Editor);
    let mut file = lines(150);
    file.push_str("no JSON\n{\"title\": \"\", \"external_id\": \"empty\"}\n");
    let job = accepted(&send(&editor, &format!("{IMPORT}&source=old-site"), &file));
    let done = ended(&editor, &job);
    assert_eq!(
        (&done["state"], &done["kind"]),
        (&json!("done"), &json!("import"))
    );
    assert_eq!(
        done["import"],
        json!({"format": "jsonl", "source": "old-site", "status": "as-is", "dry_run": false})
    );
    assert_eq!(done["progress"]["done"], file.len());
    assert_eq!(done["progress"]["total"], file.len());
    let report = &done["import_report"];
    assert_eq!(
        (&report["created"], &report["broken"]),
        (&json!(150), &json!(2))
    );
    assert_eq!(report["broken_items"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&done["error"], &done["file"]),
        (&json!(null), &json!(null))
    );
    let count =
        |path: &str| server.get(&format!("{path}?count=true")).ok()["page"]["total"].clone();
    assert_eq!(count("/v1/articles"), 150);

    // Its writes are theirs.
    let admin = server.sign_in(Role::Admin);
    let audit = admin.get("/v1/admin/audit?resource=article&limit=1").ok();
    assert_eq!(audit["items"][0]["user"]["id"], done["user"]["id"]);
    let asked = admin.get("/v1/admin/audit?resource=job").ok();
    assert_eq!(asked["items"][0]["action"], "created");

    // The second time nothing changes.
    let change = server.db().change();
    let again = accepted(&send(&editor, &format!("{IMPORT}&source=old-site"), &file));
    let again = ended(&editor, &again);
    assert_eq!(again["import_report"]["unchanged"], 150);
    // The job itself is in the log.
    assert_eq!(server.db().change(), change + 1);
    // Nothing of what was sent lies about.
    let data = server.database().data_folder();
    if let Some(data) = data {
        assert_eq!(fs::read_dir(data.join("jobs")).unwrap().count(), 0);
    }
}

#[test]
fn exports_of_others_come_in_whole_or_not_at_all() {
    let server = Server::setup().works().start();
    let admin = server.sign_in(Role::Admin);
    let wordpress = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Old</title><link>https://old.example.org</link><wp:wxr_version>1.2</wp:wxr_version>
<item><title>Hello</title><link>https://old.example.org/hello/</link><dc:creator>ada</dc:creator>
<content:encoded><![CDATA[Some words.]]></content:encoded><excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>1</wp:post_id><wp:post_date_gmt>2020-01-01 10:00:00</wp:post_date_gmt><wp:post_name>hello</wp:post_name>
<wp:status>publish</wp:status><wp:post_type>post</wp:post_type></item>
</channel></rss>"#;
    let ghost = json!({"db": [{"meta": {"version": "5.0.0"}, "data": {
        "posts": [{"id": "1", "title": "Boo", "slug": "boo", "html": "<p>Words</p>", "status": "published", "type": "post"}],
        "tags": [], "users": [], "posts_tags": [], "posts_authors": []
    }}]})
    .to_string();
    for (format, file, slug) in [("wordpress", wordpress, "hello"), ("ghost", &ghost, "boo")] {
        let path = format!("/v1/admin/import?format={format}");
        let half = &file[..file.len() - 20];
        let failed = accepted(&send(&admin, &path, half));
        let failed = ended(&admin, &failed);
        assert_eq!(failed["state"], "failed", "{failed}");
        assert_ne!(failed["error"], "the server failed; its log says why");
        assert_eq!(server.get(&format!("/v1/articles/{slug}")).status, 404);
        let done = accepted(&send(&admin, &path, file));
        let done = ended(&admin, &done);
        assert_eq!(done["import_report"]["created"], 1, "{done}");
        server.get(&format!("/v1/articles/{slug}")).ok();
    }
}

#[test]
fn who_may_not_import_leaves_nothing_behind() {
    let server = Server::setup().works().start();
    let mut refused = vec![
        server.sign_in(Role::Reader),
        server.sign_in(Role::Contributor),
        server.sign_in(Role::Author),
    ];
    for missing in IMPORTS {
        let scopes: Vec<Scope> = IMPORTS.iter().copied().filter(|it| it != missing).collect();
        refused.push(server.key(&scopes));
    }
    let change = server.db().change();
    for client in &refused {
        for path in [IMPORT.to_owned(), format!("{IMPORT}&status=draft")] {
            let answer = send(client, &path, &lines(3));
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
        }
        assert_eq!(client.get("/v1/admin/jobs").status, 403);
    }
    assert_eq!(server.db().change(), change);
    let editor = server.sign_in(Role::Editor);
    assert_eq!(editor.get("/v1/admin/jobs").ok()["items"], json!([]));
    assert_eq!(editor.get("/v1/admin/articles").ok()["items"], json!([]));

    let key = server.key(IMPORTS);
    let job = accepted(&send(&key, IMPORT, &lines(3)));
    assert_eq!(ended(&key, &job)["import_report"]["created"], 3);
}

#[test]
fn a_dry_run_reports_and_stores_nothing() {
    let server = Server::setup().works().start();
    let editor = server.sign_in(Role::Editor);
    let job = accepted(&send(&editor, &format!("{IMPORT}&dry_run=true"), &lines(7)));
    let done = ended(&editor, &job);
    assert_eq!(done["import"]["dry_run"], true);
    assert_eq!(done["import_report"]["created"], 7);
    assert_eq!(editor.get("/v1/admin/articles").ok()["items"], json!([]));
    let drafts = accepted(&send(&editor, &format!("{IMPORT}&status=draft"), &lines(7)));
    assert_eq!(ended(&editor, &drafts)["import_report"]["created"], 7);
    assert_eq!(server.get("/v1/articles").ok()["items"], json!([]));
}

#[test]
fn one_that_is_not_wanted_any_more_ends() {
    // Nobody does it.
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let waits = accepted(&send(&editor, IMPORT, &lines(3)));
    assert_eq!(editor.get(&waits).ok()["state"], "queued");
    let etag = editor.get(&waits).etag().to_owned();
    let cancel = |job: &str| editor.order(&format!("{job}/cancel"));
    let stale = editor
        .request("POST", &format!("{waits}/cancel"))
        .header("if-match", "\"9.x\"")
        .send();
    assert_eq!(stale.status, 412);
    let cancelled = editor
        .request("POST", &format!("{waits}/cancel"))
        .header("if-match", &etag)
        .send()
        .ok();
    assert_eq!(cancelled["state"], "cancelled");
    assert!(has_ended(&cancelled));
    let again = cancel(&waits);
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"));

    let server = Server::setup().works().start();
    let editor = server.sign_in(Role::Editor);
    let runs = accepted(&send(&editor, IMPORT, &lines(20_000)));
    wait(&editor, &runs, |job| {
        job["progress"]["done"].as_i64() > Some(0)
    });
    assert_eq!(editor.order(&format!("{runs}/cancel")).status, 200);
    let ended = ended(&editor, &runs);
    assert_eq!(ended["state"], "cancelled", "{ended}");
    let created = ended["import_report"]["created"].as_i64().unwrap();
    assert!((1..20_000).contains(&created), "{created}");
    let count = editor.get("/v1/admin/articles?count=true").ok();
    assert_eq!(count["page"]["total"], created);
}

#[test]
fn an_importer_who_is_suspended_stops() {
    for way in ["suspended", "role"] {
        let server = Server::setup().works().start();
        let account = server.account(Role::Editor);
        let (editor, admin) = (server.session_of(account), server.sign_in(Role::Admin));
        let job = accepted(&send(&editor, IMPORT, &lines(20_000)));
        wait(&admin, &job, |job| {
            job["progress"]["done"].as_i64() > Some(0)
        });
        let path = format!("/v1/admin/users/{account}");
        let change = match way {
            "role" => json!({"role": "author"}),
            _ => json!({"suspended": true}),
        };
        let changed = admin.patch(&path, admin.get(&path).etag(), &change);
        assert_eq!(changed.status, 200);
        let change = changed.change();
        let failed = ended(&admin, &job);
        assert_eq!(failed["state"], "failed", "{failed}");
        assert_eq!(
            failed["error"],
            "whoever asked for it may not do this, or not any more"
        );
        let created = failed["import_report"]["created"].as_i64().unwrap();
        assert!((1..20_000).contains(&created), "{created}");
        // Nothing of theirs comes after it.
        let audit = admin.get("/v1/admin/audit?resource=article&limit=1").ok();
        assert!(
            audit["items"][0]["change"].as_i64() < Some(change),
            "{audit}"
        );
    }
}

#[test]
fn what_was_under_way_when_the_server_ended_failed() {
    let database = Database::new();
    let mut create = on(&database, &["user", "create", "--email", "ed@example.org"]);
    create.args(["--name", "Ed", "--role", "editor"]);
    run(create).ok();
    let data = tempfile::tempdir().unwrap();
    let serve = || match database.data_folder() {
        Some(_) => Serving::over(&database, &[]),
        None => Serving::over(&database, &["--data", data.path().to_str().unwrap()]),
    };
    let mut server = serve();
    let token = run(on(&database, &["token", "ed@example.org"])).ok();
    let editor = |server: &Serving| server.client.with_token(token.trim());
    let client = editor(&server);
    let runs = accepted(&send(&client, IMPORT, &lines(20_000)));
    let waits = accepted(&send(&client, &format!("{IMPORT}&source=other"), &lines(3)));
    // What is read is not stored yet.
    wait(&client, "/v1/admin/articles?limit=1", |list| {
        !list["items"].as_array().unwrap().is_empty()
    });
    assert_eq!(client.get(&waits).ok()["state"], "queued");
    server.signal("KILL");
    server.ended();

    let server = serve();
    let client = editor(&server);
    // Another node is given a minute to say that it lives.
    for job in [&runs, &waits] {
        let mut failed = json!(null);
        for _ in 0..6000 {
            failed = client.get(job).ok();
            if has_ended(&failed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(failed["state"], "failed", "{failed}");
        let error = failed["error"].as_str().unwrap();
        assert!(
            error.starts_with("the server ended before this did"),
            "{error}"
        );
    }
    // Sent again it is brought to its end, and what was stored is known again.
    let again = accepted(&send(&client, IMPORT, &lines(2_000)));
    let report = ended(&client, &again)["import_report"].clone();
    let known = report["created"].as_i64().unwrap() + report["unchanged"].as_i64().unwrap();
    assert_eq!(known, 2_000, "{report}");
    assert!(report["unchanged"].as_i64() > Some(0), "{report}");
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_server_that_is_told_to_end_does_not_wait_for_a_job() {
    let database = Database::new();
    let mut create = on(&database, &["user", "create", "--email", "ed@example.org"]);
    create.args(["--name", "Ed", "--role", "editor"]);
    run(create).ok();
    let data = tempfile::tempdir().unwrap();
    let server = match database.data_folder() {
        Some(_) => Serving::over(&database, &[]),
        None => Serving::over(&database, &["--data", data.path().to_str().unwrap()]),
    };
    let token = run(on(&database, &["token", "ed@example.org"])).ok();
    let client = server.client.with_token(token.trim());
    let runs = accepted(&send(&client, IMPORT, &lines(20_000)));
    wait(&client, &runs, |job| {
        job["progress"]["done"].as_i64() > Some(0)
    });
    server.stop().ok();
}

#[test]
fn what_is_no_file_is_refused() {
    let server = Server::setup()
        .app(|setup| setup.work.import_limit = 10_000)
        .start();
    let editor = server.sign_in(Role::Editor);
    let long = send(&editor, IMPORT, &lines(40));
    assert_eq!(
        (long.status, long.code().as_str()),
        (413, "content-too-large")
    );
    // Sent by hand: a client that is refused before it has sent all may miss the answer.
    let mut chunked = Peer::connect(editor.address());
    let (token, body) = (editor.token(), lines(40));
    chunked.send(format!(
        "POST {IMPORT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    ));
    chunked.refusal(413, "content-too-large");
    assert_eq!(send(&editor, IMPORT, "").status, 400);
    let form = editor.request("POST", IMPORT);
    let form = form.header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(form.body("--x--").send().status, 415);
    let packed = editor.request("POST", IMPORT);
    let packed = packed.header("content-encoding", "gzip").body("x");
    assert_eq!(packed.send().status, 415);
    for (query, fault) in [
        ("", "format missing"),
        ("?format=markdown", "format not_allowed"),
        ("?format=jsonl&status=archived", "status not_allowed"),
        ("?format=jsonl&source=%07", "source malformed"),
        ("?format=jsonl&sauce=x", "sauce unknown"),
    ] {
        let refused = send(&editor, &format!("/v1/admin/import{query}"), "{}");
        assert_eq!(refused.faults(), [fault], "{query}");
    }
    assert_eq!(editor.get("/v1/admin/jobs").ok()["items"], json!([]));
    if let Some(data) = server.database().data_folder() {
        assert_eq!(fs::read_dir(data.join("jobs")).unwrap().count(), 0);
    }
}

#[test]
fn what_is_sent_twice_under_one_key_is_done_once() {
    let server = Server::setup().works().start();
    let editor = server.sign_in(Role::Editor);
    let with_key = |file: &str| {
        let request = editor.request("POST", IMPORT);
        let request = request.header("idempotency-key", "one");
        request.body(file.to_owned()).send()
    };
    let first = accepted(&with_key(&lines(3)));
    assert_eq!(accepted(&with_key(&lines(3))), first);
    let other = with_key(&lines(4));
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency-key-reused")
    );
    assert_eq!(ended(&editor, &first)["import_report"]["created"], 3);
    assert_eq!(
        editor.get("/v1/admin/jobs").ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn only_so_many_wait() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for _ in 0..16 {
        accepted(&send(&editor, IMPORT, &lines(1)));
    }
    let full = send(&editor, IMPORT, &lines(1));
    assert_eq!(full.status, 503);
    assert_eq!(full.header("retry-after"), "1");
    assert_eq!(
        editor.get("/v1/admin/jobs?count=true&limit=5").ok()["page"]["total"],
        16
    );
}

#[test]
fn jobs_are_shown_to_whom_they_concern() {
    let server = Server::start();
    let (one, other) = (server.sign_in(Role::Editor), server.sign_in(Role::Editor));
    let admin = server.sign_in(Role::Admin);
    let import = accepted(&send(&one, IMPORT, &lines(1)));
    let backup = accepted(&admin.order("/v1/admin/backup"));
    let key = server.key(IMPORTS);
    for (client, seen) in [(&one, 1), (&other, 0), (&admin, 2), (&key, 0)] {
        let list = client.get("/v1/admin/jobs").ok();
        assert_eq!(list["items"].as_array().unwrap().len(), seen);
    }
    for (client, job) in [(&other, &import), (&one, &backup), (&key, &backup)] {
        assert_eq!(client.get(job).status, 404);
        assert_eq!(client.order(&format!("{job}/cancel")).status, 404);
    }
    assert_eq!(one.get(&format!("{backup}/file")).status, 403);
    assert_eq!(key.get(&format!("{backup}/file")).status, 403);
    assert_eq!(admin.get(&format!("{backup}/file")).status, 404);
    assert_eq!(admin.get("/v1/admin/jobs/no-id").status, 404);
}

/// Of the embedded database; PostgreSQL has its own, and the job says so.
#[test]
fn a_backup_can_be_had() {
    let server = Server::setup().works().start();
    let admin = server.sign_in(Role::Admin);
    let job = accepted(&admin.order("/v1/admin/backup"));
    let change = server.db().change();
    let done = ended(&admin, &job);
    let file = admin.get(&format!("{job}/file"));
    if !server.db().is_alone() {
        assert_eq!(done["state"], "failed");
        assert!(
            done["error"].as_str().unwrap().contains("pg_dump"),
            "{done}"
        );
        assert_eq!(file.status, 404);
        return;
    }
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["backup_report"]["change"], change);
    assert_eq!(file.status, 200);
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(&file.body));
    assert_eq!(done["file"]["sha256"], hash);
    assert_eq!(done["file"]["bytes"], file.body.len());
    assert_eq!(file.etag(), format!("\"{hash}\""));
    let name = done["file"]["name"].as_str().unwrap();
    assert_eq!(
        file.header("content-disposition"),
        format!("attachment; filename=\"{name}\"")
    );
    let unchanged = admin.request("GET", &format!("{job}/file"));
    let unchanged = unchanged.header("if-none-match", file.etag()).send();
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    assert_eq!(admin.head(&format!("{job}/file")).status, 200);

    let folder = tempfile::tempdir().unwrap();
    let (backup, data) = (folder.path().join(name), folder.path().join("data"));
    fs::write(&backup, &file.body).unwrap();
    let mut restore = crate::cli::program::masthead(["restore"]);
    restore.arg(&backup).arg("--data").arg(&data);
    run(restore).ok();
    assert!(data.join("masthead.db").exists());
}

#[test]
fn backups_go_where_the_server_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("backups");
    let told = into.clone();
    let server = Server::setup()
        .works()
        .app(move |setup| setup.work.backups = Some(told))
        .start();
    if !server.db().is_alone() {
        return;
    }
    let admin = server.sign_in(Role::Admin);
    let job = accepted(&admin.order("/v1/admin/backup"));
    let done = ended(&admin, &job);
    let file = into.join(done["file"]["name"].as_str().unwrap());
    assert_eq!(done["file"]["kept"], true);
    let body = admin.get(&format!("{job}/file")).body;
    assert_eq!(fs::read(&file).unwrap(), body);
    fs::remove_file(file).unwrap();
    assert_eq!(admin.get(&format!("{job}/file")).status, 404);
}
