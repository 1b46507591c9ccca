//! Links that are mailed.

use std::time::Duration;

use masthead::auth::model::Role;
use serde_json::json;

use super::server::{Mail, MailServer};
use super::{FORGOT, invite, mailing, settle};
use crate::support::{Answer, Server};

const ACCEPT: &str = "/v1/admin/auth/password";
const PASSWORD: &str = "marble kitten astronomy gallop";

/// The token of the link in a mail.
#[track_caller]
fn token(mail: &Mail) -> String {
    let text = Mail::text(&mail.content);
    let (_, rest) = text
        .split_once("https://edit.example.org/set-password#")
        .unwrap_or_else(|| panic!("no link: {text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

fn forgot(server: &Server, email: &str) -> Answer {
    server.client.post(FORGOT, &json!({"email": email}))
}

fn accept(server: &Server, token: &str) -> u16 {
    let content = json!({"token": token, "password": PASSWORD});
    server.client.post(ACCEPT, &content).status
}

#[test]
fn an_account_is_invited_by_mail() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let admin = server.sign_in(Role::Admin);
    invite(&admin, "grace@example.com");
    let sent = mail.taken(1).remove(0);
    assert_eq!(sent.to, "grace@example.com");
    let head = Mail::head(&sent.content);
    assert_eq!(head["subject"], "Your invitation to Masthead");
    assert_eq!(head["to"], "Grace Höpper <grace@example.com>");
    let token = token(&sent);
    assert_eq!(accept(&server, &token), 204);
    assert_eq!(server.login("grace@example.com", PASSWORD).status, 200);
    assert_eq!(accept(&server, &token), 422);
    settle(&server);
    // The log says that a link was made, and nothing of where it went.
    let log = admin.get("/v1/admin/audit?resource=user&action=link_made");
    assert_eq!(log.ok()["items"][0]["actor"], "system");
    assert!(!log.text().contains("grace") && !log.text().contains("mhl_"));
}

#[test]
fn whoever_brings_the_link_by_hand_is_not_interfered_with() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let admin = server.sign_in(Role::Admin);
    // Through the domain code, as the command line makes accounts: no mail, since it prints a link.
    server.account(Role::Author);
    // Made in one batch of changes, so that the link is there before the mail is written.
    let id = invite(&admin, "later@example.com");
    mail.refused(1);
    let link = admin.order(&format!("/v1/admin/users/{id}/link")).created();
    server.clock.advance(Duration::from_secs(60));
    settle(&server);
    assert_eq!(mail.all().len(), 1);
    assert_eq!(accept(&server, link["token"].as_str().unwrap()), 204);
}

#[test]
fn a_forgotten_password_is_set_by_a_mail() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let ada = server.person_at("ada@example.com", Role::Author);
    let suspended = server.person_at("gone@example.com", Role::Author);
    let admin = server.sign_in(Role::Admin);
    let path = format!("/v1/admin/users/{}", suspended.id);
    let etag = admin.get(&path).etag().to_owned();
    admin.patch(&path, &etag, &json!({"suspended": true})).ok();
    let told = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        headers.remove("date");
        (answer.status, headers, answer.body.clone())
    };
    settle(&server);
    let before = server.db().change();
    let known = forgot(&server, " ADA@example.com ");
    assert_eq!(known.status, 202);
    for other in ["nobody@example.com", "gone@example.com", "no address"] {
        assert_eq!(told(&forgot(&server, other)), told(&known), "{other}");
    }
    let sent = mail.taken(1).remove(0);
    assert_eq!(sent.to, "ada@example.com");
    assert_eq!(
        Mail::head(&sent.content)["subject"],
        "Set a new password for Masthead"
    );
    settle(&server);
    // Nor does the number of the last change tell, which anybody can see; who asked is in the security log.
    assert_eq!(server.db().change(), before);
    let log = admin.get("/v1/admin/security-log?kind=link_asked").ok();
    let of: Vec<_> = log["items"].as_array().unwrap().iter().collect();
    assert_eq!(of.len(), 4, "{log}");
    assert!(
        of.iter().any(|it| it["user"]["id"] == json!(ada.id)),
        "{log}"
    );
    assert_eq!(mail.all().len(), 1);
    // Until it is used, nothing has changed.
    assert_eq!(server.login(&ada.email, ada.password).status, 200);
    assert_eq!(accept(&server, &token(&sent)), 204);
    assert_eq!(server.login(&ada.email, ada.password).status, 401);
    assert_eq!(server.login(&ada.email, PASSWORD).status, 200);
}

#[test]
fn a_newer_link_takes_the_place_of_the_last_and_each_ends() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    server.person_at("ada@example.com", Role::Author);
    forgot(&server, "ada@example.com");
    let first = token(&mail.taken(1)[0]);
    forgot(&server, "ada@example.com");
    let second = token(&mail.taken(2)[1]);
    assert_ne!(first, second);
    assert_eq!(accept(&server, &first), 422);
    server.clock.advance(Duration::from_secs(48 * 60 * 60));
    assert_eq!(accept(&server, &second), 422);
}

/// The mail server took it, and its answer was lost: the mail is tried again, and the link was used meanwhile.
#[test]
fn a_link_that_was_used_works_no_second_time() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    server.person_at("later@example.com", Role::Author);
    forgot(&server, "later@example.com");
    let token = token(&mail.refused(1)[0]);
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(accept(&server, &token), 204);
    server.clock.advance(Duration::from_secs(30));
    settle(&server);
    assert_eq!(mail.all().len(), 1);
    assert_eq!(accept(&server, &token), 422);
}

#[test]
fn a_mail_that_is_late_does_not_end_a_newer_link() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let person = server.person_at("later@example.com", Role::Author);
    let admin = server.sign_in(Role::Admin);
    forgot(&server, "later@example.com");
    mail.refused(1);
    let link = admin
        .order(&format!("/v1/admin/users/{}/link", person.id))
        .created();
    server.clock.advance(Duration::from_secs(60));
    settle(&server);
    assert_eq!(mail.all().len(), 1);
    assert_eq!(accept(&server, link["token"].as_str().unwrap()), 204);
}

#[test]
fn a_change_of_the_account_does_not_drop_a_mail_that_is_late() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    let person = server.person_at("later@example.com", Role::Author);
    let admin = server.sign_in(Role::Admin);
    forgot(&server, "later@example.com");
    let first = token(&mail.refused(1)[0]);
    server.clock.advance(Duration::from_secs(1));
    let path = format!("/v1/admin/users/{}", person.id);
    let etag = admin.get(&path).etag().to_owned();
    admin
        .patch(&path, &etag, &json!({"name": "Another name"}))
        .ok();
    server.clock.advance(Duration::from_secs(59));
    let second = token(&mail.taken(1).remove(0));
    assert_eq!(first, second);
    assert_eq!(accept(&server, &second), 204);
}

#[test]
fn asking_has_bounds_for_each_account_and_each_peer() {
    let mail = MailServer::start();
    let server = mailing(&mail);
    server.person_at("ada@example.com", Role::Author);
    for email in ["ada@example.com", "nobody@example.com"] {
        for _ in 0..3 {
            assert_eq!(forgot(&server, email).status, 202);
        }
        let refused = forgot(&server, &email.to_uppercase());
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (429, "1200")
        );
    }
    // Eight times so far from here.
    for other in ["a@example.com", "b@example.com"] {
        assert_eq!(forgot(&server, other).status, 202);
    }
    let refused = forgot(&server, "c@example.com");
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    mail.taken(3);
    settle(&server);
    assert_eq!(mail.all().len(), 3);
}

#[test]
fn without_mail_an_admin_makes_links_as_before() {
    let server = Server::start();
    let admin = server.sign_in(Role::Admin);
    let refused = forgot(&server, "ada@example.com");
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert_eq!(
        server.client.post(FORGOT, &json!({"mail": "x"})).faults(),
        ["/email missing", "/mail unknown"]
    );
    let id = invite(&admin, "grace@example.com");
    let link = admin.order(&format!("/v1/admin/users/{id}/link")).created();
    assert_eq!(accept(&server, link["token"].as_str().unwrap()), 204);
    assert!(!server.get("/metrics").text().contains("masthead_mail"));
}
