//! How long messages are kept.

use std::time::Duration;

use masthead::auth::model::Role;
use masthead::messages::store;
use serde_json::json;

use super::{INBOX, behind_a_proxy, send_all, written, written_with};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_is_old_goes_as_one_change_of_the_system() {
    let server = behind_a_proxy();
    let trapped = json!({"website": "x"});
    send_all(
        &server,
        &[
            written("one"),
            written("two"),
            written_with("spam", &trapped),
        ],
    );
    let sweep = || server.write(|tx| store::sweep(tx, Some(365 * DAY))).value;
    let before = server.db().change();
    assert!(!sweep());
    assert_eq!(server.db().change(), before);
    let left = || {
        let editor = server.sign_in(Role::Editor);
        editor.get(INBOX).column("message")
    };
    // Spam goes sooner.
    server.clock.advance(31 * DAY);
    sweep();
    assert_eq!(left(), ["two", "one"]);
    send_all(&server, &[written("three")]);
    server.clock.advance(335 * DAY);
    let before = server.db().change();
    assert!(!sweep());
    assert_eq!(server.db().change(), before + 1);
    assert_eq!(left(), ["three"]);
    let admin = server.sign_in(Role::Admin);
    let log = admin
        .get("/v1/admin/audit?resource=message&action=deleted")
        .ok();
    let items = log["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["change"], items[1]["change"]);
    for item in items {
        assert_eq!(
            (&item["actor"], &item["detail"]),
            (&json!("system"), &json!("kept long enough"))
        );
    }
}

#[test]
fn without_a_term_nothing_but_spam_goes() {
    let server = behind_a_proxy();
    send_all(
        &server,
        &[
            written("one"),
            written_with("spam", &json!({"website": "x"})),
        ],
    );
    server.clock.advance(3650 * DAY);
    server.write(|tx| store::sweep(tx, None));
    let editor = server.sign_in(Role::Editor);
    assert_eq!(editor.get(INBOX).column("message"), ["one"]);
}

#[test]
fn very_many_go_part_by_part() {
    let server = behind_a_proxy();
    server.write(|tx| {
        for number in 0..501 {
            let texts = masthead::messages::model::Texts {
                name: "Ada",
                email: "ada@example.com",
                subject: None,
                message: &number.to_string(),
            };
            let sent = masthead::messages::model::Sent::parse(texts, None, None).unwrap();
            store::receive(tx, &sent, 1000)?;
        }
        Ok(())
    });
    server.clock.advance(2 * DAY);
    let sweep = || server.write(|tx| store::sweep(tx, Some(DAY))).value;
    assert!(sweep());
    assert!(!sweep());
    let editor = server.sign_in(Role::Editor);
    assert_eq!(editor.get(INBOX).column("message"), [""; 0]);
}
