//! Mail, as a mail server gets it: a real one, which is away, hesitates and refuses.

mod encrypted;
mod links;
mod server;
mod trouble;

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::mails;
use masthead::mail::post::Settings;
use serde_json::json;

use self::server::{Mail, MailServer};
use crate::support::{Client, Server, time};

const FORGOT: &str = "/v1/admin/auth/forgot";
const FROM: &str = "The Door <door@example.org>";

/// A server that sends its mail there; what is for the editors to these addresses, or to each of them.
fn mailing_to(url: &str, editors: &[&str]) -> Server {
    let editors: Vec<String> = editors.iter().map(|to| (*to).to_owned()).collect();
    let settings = Settings::parse(url, None, FROM, &editors).unwrap();
    let setup = Server::setup().app(|app| {
        app.mail = Some(settings);
        app.editor_url = Some("https://edit.example.org".into());
    });
    setup.start()
}

fn mailing(mail: &MailServer) -> Server {
    mailing_to(&mail.url(), &[])
}

/// Waits until mail was looked for in all that was changed, and none waits to be sent.
fn settle(server: &Server) {
    server::until("the queue is empty", || {
        let waiting: i64 = server
            .read(|conn| crate::support::each!(conn, c => mails::table.count().get_result(c)));
        waiting == 0 && metric(server, "masthead_mail_change ") >= server.db().change()
    });
}

/// The value of a metric.
fn metric(server: &Server, name: &str) -> i64 {
    let text = server.get("/metrics").text().to_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name}: {text}"))
        .trim()
        .parse()
        .unwrap()
}

/// Makes an account as an admin does.
fn invite(admin: &Client, email: &str) -> String {
    let new = json!({"email": email, "name": "Grace Höpper", "role": "author"});
    let made = admin.post("/v1/admin/users", &new).created();
    made["id"].as_str().unwrap().to_owned()
}

fn write_to_us(server: &Server, more: &serde_json::Value) {
    let mut content = json!({
        "name": "Jörg \"J\" Müller", "email": "joerg@example.com", "subject": "Schöne Grüße",
        "message": "Hello,\n.\nfrom me", "consent": true,
    });
    masthead::json::merge(&mut content, more);
    assert_eq!(server.client.post("/v1/contact", &content).status, 202);
}

#[test]
fn editors_hear_of_messages_and_of_no_robots() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let editor = server.person(Role::Editor);
    let admin = server.person(Role::Admin);
    server.person(Role::Author);
    let suspended = server.person(Role::Editor);
    let path = format!("/v1/admin/users/{}", suspended.id);
    let session = server.session_of(admin.id);
    let etag = session.get(&path).etag().to_owned();
    session
        .patch(&path, &etag, &json!({"suspended": true}))
        .ok();
    write_to_us(&server, &json!({"website": "x", "subject": "Buy this"}));
    write_to_us(&server, &json!({}));
    let mails = mail.taken(2);
    let mut to: Vec<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    to.sort_unstable();
    let mut expected = [editor.email, admin.email];
    expected.sort_unstable();
    assert_eq!(to, expected);
    for Mail { content, .. } in &mails {
        let head = Mail::head(content);
        assert_eq!(head["from"], "\"The Door\" <door@example.org>");
        assert_eq!(head["subject"], "Masthead: Schöne Grüße");
        assert_eq!(head["reply-to"], "Jörg \"J\" Müller <joerg@example.com>");
        assert_eq!(head["auto-submitted"], "auto-generated");
        assert_eq!(head["date"], "Sun, 22 Nov 2026 10:00:00 +0000");
        let text = Mail::text(content);
        assert!(text.contains("Hello,\n.\nfrom me"), "{text}");
    }
    assert_ne!(
        Mail::head(&mails[0].content)["message-id"],
        Mail::head(&mails[1].content)["message-id"]
    );
    settle(&server);
    assert_eq!(mail.all().len(), 2);
}

#[test]
fn what_is_for_the_editors_goes_to_configured_addresses() {
    let mail = MailServer::start();
    let server = mailing_to(&mail.url(), &["desk@example.org", "chief@example.org"]);
    server.person(Role::Editor);
    write_to_us(&server, &json!({}));
    let mut to: Vec<_> = mail.taken(2).into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["chief@example.org", "desk@example.org"]);
    settle(&server);
    assert_eq!(mail.all().len(), 2);
}

#[test]
fn nobody_adds_a_header_by_what_they_write() {
    let mail = MailServer::start();
    let server = mailing_to(&mail.url(), &["desk@example.org"]);
    write_to_us(
        &server,
        &json!({
            "name": "x\" <all@example.com>, \"y", "subject": "=?utf-8?q?a=0D=0ABcc:_all@example.com?=",
            "message": "\n\nBcc: all@example.com\n\n.\nMAIL FROM:<x@example.com>",
            "email": "\u{202e}jörg@exämple.com",
        }),
    );
    let mails = mail.taken(1);
    assert_eq!(mails[0].recipients, ["desk@example.org"]);
    let head = Mail::head(&mails[0].content);
    assert!(!head.contains_key("bcc"), "{head:?}");
    assert!(Mail::text(&mails[0].content).contains("MAIL FROM:<x@example.com>"));
    settle(&server);
    assert_eq!(mail.all().len(), 1);
}

#[test]
fn editors_hear_of_what_waits_for_review_and_not_of_their_own() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let (asking, other) = (server.person(Role::Editor), server.person(Role::Editor));
    let contributor = server.sign_in(Role::Contributor);
    let tea = contributor.post("/v1/admin/articles", &json!({"title": "Tea"}));
    let path = format!(
        "/v1/admin/articles/{}",
        tea.created()["id"].as_str().unwrap()
    );
    assert_eq!(contributor.order(&format!("{path}/submit")).status, 200);
    let mut to: Vec<_> = mail.taken(2).into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    let mut both = [asking.email.clone(), other.email.clone()];
    both.sort_unstable();
    assert_eq!(to, both);
    let text = Mail::text(&mail.taken(2)[0].content);
    assert!(
        text.contains("\nTea\n") && text.contains("contributor"),
        "{text}"
    );

    // Made in review, by an editor; and an import, which asks nobody.
    let editor = server.session_of(asking.id);
    let coffee = json!({"title": "Coffee", "status": "in_review"});
    editor.post("/v1/admin/articles", &coffee).created();
    let imported =
        crate::support::article("Imported").state(masthead::articles::model::State::InReview);
    crate::support::create_all(&server, vec![imported]);
    let third = mail.taken(3).pop().unwrap();
    assert_eq!(third.to, other.email);
    assert_eq!(
        Mail::head(&third.content)["subject"],
        "Masthead: for review: Coffee"
    );
    settle(&server);
    assert_eq!(mail.all().len(), 3);
}

#[test]
fn a_mail_that_has_become_pointless_is_not_sent() {
    let mail = MailServer::start();
    // What is put into the queue waits, since this clock is before its time.
    let server = mailing_to(&mail.url(), &["later@example.org"]);
    let editor = server.sign_in(Role::Editor);
    write_to_us(&server, &json!({}));
    mail.refused(1);
    let list = editor.get("/v1/admin/messages").ok();
    let path = format!(
        "/v1/admin/messages/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    let etag = editor.get(&path).etag().to_owned();
    assert_eq!(editor.delete(&path, &etag).status, 204);
    server.clock.set(time("2026-11-22T11:00:00Z"));
    settle(&server);
    assert_eq!(mail.all().len(), 1);
    let metrics = server.get("/metrics");
    assert!(metrics.text().contains("masthead_mails_sent_total 0\n"));
    assert!(metrics.text().contains("masthead_mail_failures_total 1\n"));
}

#[test]
fn two_nodes_send_one_mail() {
    let mail = MailServer::start();
    let server = mailing_to(&mail.url(), &["desk@example.org"]);
    let folder = tempfile::tempdir().unwrap();
    let to = ["desk@example.org".to_owned()];
    let settings = Settings::parse(&mail.url(), None, FROM, &to).unwrap();
    let beside = Server::setup()
        .app(|app| app.mail = Some(settings))
        .beside(&server, folder.path())
        .start();
    for number in 0..5 {
        let from = if number % 2 == 0 { &server } else { &beside };
        write_to_us(from, &json!({"subject": number.to_string()}));
    }
    let mut subjects: Vec<_> = mail
        .taken(5)
        .iter()
        .map(|mail| Mail::head(&mail.content)["subject"].clone())
        .collect();
    subjects.sort_unstable();
    let all: Vec<_> = (0..5).map(|number| format!("Masthead: {number}")).collect();
    assert_eq!(subjects, all);
    settle(&server);
    assert_eq!(mail.all().len(), 5);
}
