//! Which saves are one revision, and that none is lost that must be kept.

use std::time::Duration;

use masthead::auth::model::{Role, Scope};
use serde_json::{Value, json};

use super::{change, content, make, revisions};
use crate::support::{Random, Server};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn saves_within_ten_minutes_of_the_first_are_one_revision() {
    let server = Server::start();
    let account = server.account(Role::Editor);
    let mut editor = server.session_of(account);
    let path = make(&editor, &json!({"title": "Tea", "markdown": "0"}));
    for minutes in (5..=180).step_by(5) {
        server.clock.advance(5 * MINUTE);
        editor = server.session_of(account);
        change(&editor, &path, &json!({"markdown": format!("{minutes}")}));
    }
    let list = revisions(&editor, &path);
    // 0 and 5, 10 and 15, …, 170 and 175; and 180.
    assert_eq!(list.len(), 19);
    for (n, revision) in (1..).zip(list.iter().rev()) {
        let last = if n == 19 { 180 } else { 10 * (n - 1) + 5 };
        assert_eq!(revision["n"], n);
        assert_eq!(content(&editor, &path, n)["markdown"], format!("{last}"));
        assert_eq!(revision["user"]["id"], account.to_string());
    }
    assert_eq!(editor.get(&path).ok()["version"], 37);
}

#[test]
fn another_editor_a_move_and_a_key_begin_another_revision() {
    let server = Server::start();
    let (ada, bob) = (server.sign_in(Role::Editor), server.sign_in(Role::Editor));
    let key = server.key(&[
        Scope::ArticlesWrite,
        Scope::ArticlesPublish,
        Scope::DraftsRead,
    ]);
    let path = make(&ada, &json!({"title": "Tea", "markdown": "ada"}));
    change(&bob, &path, &json!({"markdown": "bob"}));
    change(&ada, &path, &json!({"markdown": "ada again"}));
    change(&key, &path, &json!({"markdown": "a program"}));
    let out = key.order(&format!("{path}/publish"));
    change(&key, &path, &json!({"markdown": "out 1"}));
    change(&key, &path, &json!({"markdown": "out 2"}));
    assert_eq!(key.order(&format!("{path}/unpublish")).status, 200);
    change(&key, &path, &json!({"markdown": "in 1"}));
    change(&key, &path, &json!({"markdown": "in 2", "title": "Coffee"}));
    assert_eq!(key.delete(&path, key.get(&path).etag()).status, 204);

    let list = revisions(&ada, &path);
    let told: Vec<_> = list
        .iter()
        .rev()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            let n = usize::try_from(one["n"].as_i64().unwrap()).unwrap();
            let markdown = content(&ada, &path, n)["markdown"].clone();
            format!(
                "{} {} {} {} {} {}",
                text("actor"),
                text("action"),
                text("status"),
                one["published"],
                text("title"),
                markdown
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "user created draft false Tea \"ada\"",
            "user updated draft false Tea \"bob\"",
            "user updated draft false Tea \"ada again\"",
            "key updated draft false Tea \"a program\"",
            "key published published true Tea \"a program\"",
            "key updated published true Tea \"out 1\"",
            "key updated published true Tea \"out 2\"",
            "key unpublished draft false Tea \"out 2\"",
            "key updated draft false Coffee \"in 2\"",
            "key trashed trashed false Coffee \"in 2\"",
        ]
    );
    assert_eq!(list[5]["change"], out.change());
    assert!(list[5]["key_id"].is_string() && list[9]["key_id"].is_null());
}

/// What a revision must hold, as this test reckons.
struct Kept {
    began: i64,
    text: String,
    status: &'static str,
    plain: bool,
}

/// A thousand saves, with moves between them: the last text of each ten minutes and all that readers got is there, to
/// the byte.
#[test]
fn a_thousand_saves_lose_nothing_that_must_be_kept() {
    let server = Server::start();
    let editor = server.key(&[
        Scope::ArticlesWrite,
        Scope::ArticlesPublish,
        Scope::DraftsRead,
    ]);
    let mut random = Random::new(11);
    let mut kept: Vec<Kept> = Vec::new();
    let text = |number: usize| {
        format!(
            "Save {number}\r\n\r\n*{}* ü 東京\t\n",
            "word ".repeat(number % 50)
        )
    };
    let path = make(&editor, &json!({"title": "Tea", "markdown": text(0)}));
    kept.push(Kept {
        began: server.clock.now().millis(),
        text: text(0),
        status: "draft",
        plain: true,
    });
    let mut etag = editor.get(&path).etag().to_owned();
    for number in 1..=1000 {
        server
            .clock
            .advance(Duration::from_secs(20 + random.below(400) as u64));
        let now = server.clock.now().millis();
        let last = kept.last().unwrap();
        if random.below(40) == 0 {
            let (way, status) = if last.status == "draft" {
                ("publish", "published")
            } else {
                ("unpublish", "draft")
            };
            let moved = editor.order(&format!("{path}/{way}"));
            assert_eq!(moved.status, 200);
            etag = moved.etag().to_owned();
            let said = last.text.clone();
            kept.push(Kept {
                began: now,
                text: said,
                status,
                plain: false,
            });
            continue;
        }
        let saved = editor.patch(&path, &etag, &json!({"markdown": text(number)}));
        assert_eq!(saved.status, 200, "{}", saved.text());
        etag = saved.etag().to_owned();
        let goes_on = last.plain && last.status == "draft" && now - last.began < 600_000;
        let (began, status) = (last.began, last.status);
        if goes_on {
            kept.pop();
        }
        kept.push(Kept {
            began: if goes_on { began } else { now },
            text: text(number),
            status,
            plain: true,
        });
    }
    let out = kept.iter().filter(|one| one.status == "published").count();
    assert!(kept.len() > 300 && out > 50, "{} {out}", kept.len());
    for (n, one) in (1..).zip(&kept) {
        let revision = editor.get(&format!("{path}/revisions/{n}")).ok();
        assert_eq!(revision["content"]["markdown"], one.text, "{n}");
        assert_eq!(revision["status"], one.status, "{n}");
    }
    let missing = editor.get(&format!("{path}/revisions/{}", kept.len() + 1));
    assert_eq!(missing.status, 404);

    // The whole list, page by page, there and back.
    let (mut seen, mut page) = (Vec::new(), Some(format!("{path}/revisions?limit=60")));
    let mut last = String::new();
    while let Some(address) = page {
        let list = editor.get(&address);
        let items = list.ok()["items"].as_array().unwrap().clone();
        seen.extend(items.iter().map(|one| one["n"].as_i64().unwrap()));
        assert!(items.iter().all(|one| one.get("content").is_none()));
        page = list.link("next");
        last = address;
    }
    let all: Vec<i64> = (1..=i64::try_from(kept.len()).unwrap()).rev().collect();
    assert_eq!(seen, all);
    let back = editor.get(&last).link("prev").unwrap();
    let back: Vec<Value> = editor.get(&back).ok()["items"].as_array().unwrap().clone();
    assert_eq!(back.len(), 60);
}

#[test]
fn a_rehearsal_leaves_no_revision() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let path = make(&editor, &json!({"title": "Tea"}));
    server.clock.advance(11 * MINUTE / 2);
    let etag = editor.get(&path).etag().to_owned();
    let rehearsed = editor.patch(
        &format!("{path}?dry_run=true"),
        &etag,
        &json!({"title": "x"}),
    );
    assert_eq!(rehearsed.status, 200);
    let back = editor.order(&format!("{path}/revisions/1/restore?dry_run=true"));
    assert_eq!(back.ok()["version"], 2);
    assert_eq!(revisions(&editor, &path).len(), 1);
    assert_eq!(content(&editor, &path, 1)["title"], "Tea");
}
