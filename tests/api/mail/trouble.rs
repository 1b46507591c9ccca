//! Mail servers that are away, hesitate and refuse.

use std::net::TcpListener;
use std::time::Duration;

use masthead::auth::model::Role;
use masthead::mail::post::Settings;
use serde_json::json;

use super::server::{Mail, MailServer, until};
use super::{FROM, invite, mailing, mailing_to, metric, settle, write_to_us};
use crate::support::Server;

#[test]
fn what_is_put_off_comes_later_and_can_be_told_as_the_same() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let admin = server.sign_in(Role::Admin);
    invite(&admin, "later@example.com");
    let first = mail.refused(1).remove(0);
    // Not at once: the server asked for time.
    server.clock.advance(Duration::from_secs(59));
    invite(&admin, "grace@example.com");
    assert_eq!(mail.taken(1)[0].to, "grace@example.com");
    server.clock.advance(Duration::from_secs(1));
    let second = mail.taken(2).remove(1);
    assert_eq!(second.to, "later@example.com");
    let ids = [&first, &second].map(|mail| Mail::head(&mail.content)["message-id"].clone());
    assert_eq!(ids[0], ids[1]);
    // The same link too: the first may have arrived after all.
    assert_eq!(Mail::text(&first.content), Mail::text(&second.content));
    settle(&server);
    let log = admin.get("/v1/admin/audit?action=link_made").ok();
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_refused_for_good_holds_up_nothing_else() {
    let mail = MailServer::start();
    let server = mailing_to(&mail.url(), &["never@example.org", "desk@example.org"]);
    for number in 0..3 {
        write_to_us(&server, &json!({"subject": number.to_string()}));
    }
    mail.refused(3);
    assert!(
        mail.taken(3)
            .iter()
            .all(|mail| mail.to == "desk@example.org")
    );
    settle(&server);
    assert_eq!(metric(&server, "masthead_mails_sent_total"), 3);
    assert_eq!(metric(&server, "masthead_mails_given_up_total"), 3);
    server.clock.advance(Duration::from_secs(24 * 60 * 60));
    settle(&server);
    assert_eq!(mail.all().len(), 6);
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn a_server_that_is_away_loses_no_mail_and_stops_no_write() {
    let port = free_port();
    let server = mailing_to(&format!("smtp://127.0.0.1:{port}"), &["desk@example.org"]);
    let admin = server.sign_in(Role::Admin);
    write_to_us(&server, &json!({"subject": "one"}));
    invite(&admin, "grace@example.com");
    let failures = |count| {
        until("it was tried", || {
            metric(&server, "masthead_mail_failures_total") >= count
        });
    };
    failures(2);
    server.clock.advance(Duration::from_secs(60));
    failures(4);
    // Reads and writes go on meanwhile.
    let made = admin.post("/v1/admin/articles", &json!({"title": "Tea"}));
    assert_eq!(made.status, 201);
    assert_eq!(metric(&server, "masthead_mails_waiting"), 2);
    let mail = MailServer::start_with(&["--port", &port.to_string()]);
    server.clock.advance(Duration::from_secs(120));
    let mut to: Vec<_> = mail.taken(2).into_iter().map(|mail| mail.to).collect();
    to.sort_unstable();
    assert_eq!(to, ["desk@example.org", "grace@example.com"]);
    settle(&server);
    assert_eq!(mail.all().len(), 2);
}

#[test]
fn after_a_restart_the_mails_that_waited_are_sent() {
    let port = free_port();
    let server = mailing_to(&format!("smtp://127.0.0.1:{port}"), &["desk@example.org"]);
    write_to_us(&server, &json!({"subject": "one"}));
    until("it was tried", || {
        metric(&server, "masthead_mail_failures_total") == 1
    });
    let database = server.into_database();
    // What happened while no mail was sent is mailed, too: it is in the log.
    let silent = Server::setup().over(database).start();
    write_to_us(&silent, &json!({"subject": "two"}));
    let database = silent.into_database();
    let mail = MailServer::start();
    let to = ["desk@example.org".to_owned()];
    let settings = Settings::parse(&mail.url(), None, FROM, &to).unwrap();
    let server = Server::setup()
        .app(|app| app.mail = Some(settings))
        .over(database)
        .start();
    server.clock.advance(Duration::from_secs(60));
    let mut subjects: Vec<_> = mail
        .taken(2)
        .iter()
        .map(|mail| Mail::head(&mail.content)["subject"].clone())
        .collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["Masthead: one", "Masthead: two"]);
    settle(&server);
    assert_eq!(mail.all().len(), 2);
}

#[test]
fn what_is_too_old_is_given_up() {
    let port = free_port();
    let server = mailing_to(&format!("smtp://127.0.0.1:{port}"), &["desk@example.org"]);
    write_to_us(&server, &json!({}));
    until("it was tried", || {
        metric(&server, "masthead_mail_failures_total") == 1
    });
    server.clock.advance(Duration::from_secs(3 * 24 * 60 * 60));
    settle(&server);
    assert_eq!(metric(&server, "masthead_mails_given_up_total"), 1);
}

#[test]
fn who_is_told_is_asked_for_a_password_and_a_wrong_one_loses_nothing() {
    let mail = MailServer::start_with(&["--user", "door", "--password", "a b/c:d@e%"]);
    let url = mail.url().replace("//", "//door@");
    let with = |password: &str| {
        let to = ["desk@example.org".to_owned()];
        Settings::parse(&url, Some(password), FROM, &to).unwrap()
    };
    let (wrong, right) = (with("another"), with("a b/c:d@e%"));
    let server = Server::setup().app(|app| app.mail = Some(wrong)).start();
    write_to_us(&server, &json!({}));
    until("it was tried", || {
        metric(&server, "masthead_mail_failures_total") == 1
    });
    assert_eq!(metric(&server, "masthead_mails_given_up_total"), 0);
    let database = server.into_database();
    let server = Server::setup()
        .app(|app| app.mail = Some(right))
        .over(database)
        .start();
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(mail.taken(1)[0].to, "desk@example.org");
    settle(&server);
}
