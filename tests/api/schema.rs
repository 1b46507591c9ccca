//! The schema as Diesel sees it, against the database: every column of every table is there and has its type.

use diesel::prelude::*;
use masthead::articles::model::Image;
use masthead::auth::model::Role;
use masthead::authors::model::NewAuthor;
use masthead::db::schema::{
    api_keys, article_authors, article_bodies, article_slugs, article_tags, articles, authors,
    changes, followers, idempotency_keys, imported, imports, jobs, mails, media, media_uses,
    messages, meta, preview_links, published_counts, recovery_codes, redirects, refresh_tokens,
    review_notes, revision_losses, revision_texts, revisions, schedules, security_events, sessions,
    site, tag_aliases, tags, totp_secrets, user_links, users, webhook_deliveries, webhooks,
    working_copies,
};
use masthead::db::{IdList, Reason};
use masthead::id::Id;
use masthead::redirects::store::Target;
use masthead::tags::model::NewTag;
use masthead::time::Time;
use masthead::transfer::{Item, Parsed};
use serde_json::json;

use crate::support::{Server, article};

type Text = String;
type Maybe = Option<String>;

/// Reads one whole row of a table; the list of types must be that of its columns.
macro_rules! reads {
    ($server:expr, $table:ident: $($type:ty),+) => {{
        let row: ($($type,)+) = $server.read(|conn| $table::table.select($table::all_columns).first(conn));
        row
    }};
}

#[test]
fn every_column_of_every_table_is_there() {
    let server = Server::start();
    server.write(|tx| {
        masthead::site::store::put(tx, &masthead::site::model::Settings::default())?;
        let parent = NewTag::parse("Health", None, None, vec![], None).unwrap();
        masthead::tags::store::create(tx, &parent)?;
        let tag = NewTag::parse(
            "Love",
            None,
            Some("About".into()),
            vec!["amour".into()],
            Some("health".into()),
        );
        masthead::tags::store::create(tx, &tag.unwrap())?;
        let avatar = Image {
            url: "/a.jpg".into(),
            alt: String::new(),
            width: None,
            height: None,
        };
        let author = NewAuthor::parse("Ada", None, Some("Bio".into()), Some(avatar), vec![]);
        masthead::authors::store::create(tx, &author.unwrap())?;
        masthead::redirects::store::ensure(tx, "/old", &Target::Address("/new".into()), 301)
    });
    let make = article("One")
        .external_id("one")
        .tags(["Love"])
        .authors(["Ada"])
        .subtitle("Two")
        .markdown("Text");
    let item = Item {
        origin: "one".into(),
        article: make.0,
        restored: Default::default(),
        redirects: vec![],
        held: false,
        warnings: vec![],
    };
    let tag = json!({"kind": "tag", "name": "Trust"}).to_string();
    let tag = masthead::transfer::jsonl::articles("tags.jsonl", tag.as_bytes());
    let items = tag.map(Result::unwrap);
    let items = items.chain([Parsed::Article(Box::new(item))]).collect();
    crate::imports::import(&server, "test", items);

    reads!(server, meta: i32, Id, i64, i64, i64);
    reads!(server, changes: i64, i32, Time, Text, Text, Text, Id, Text, Text, bool, bool, Option<Id>, Option<Id>, Maybe, Maybe, Maybe);
    let row = reads!(
        server, articles: Id, Text, Text, Text, Text, Text, Text, Maybe, Maybe, Text, Maybe, bool, Maybe, Text, Text, i32, i32,
        Maybe, Maybe, Maybe, Option<Id>, i64, Time, Time, Option<Time>, IdList, IdList, i64
    );
    assert_eq!(
        (row.5.as_str(), row.18.as_deref(), row.19.as_deref()),
        ("One", Some("test"), Some("one"))
    );
    reads!(server, article_bodies: Id, i32, Text, Text, Text, Text, Text, Text, Text, i64);
    reads!(server, article_slugs: Text, Text, Id, bool, i64);
    reads!(server, tags: Id, Text, Text, Text, Maybe, Option<Id>, i64, i64, i64, Time, Time);
    reads!(server, tag_aliases: Text, Text, Id);
    reads!(server, authors: Id, Text, Text, Text, Maybe, Maybe, Text, i64, i64, i64, Time, Time, Option<Id>);
    reads!(server, article_tags: Id, i32, Id, Text, Option<Time>);
    reads!(server, article_authors: Id, i32, Id, Text, Option<Time>);
    reads!(server, published_counts: Text, Text, i64);
    reads!(server, imports: Text, Text, Id, Vec<u8>, i64);
    reads!(server, imported: Text, Text, Text, Id, Vec<u8>, i64);
    reads!(server, site: i32, Text, i64, Time);
    reads!(server, redirects: Id, Text, Maybe, Option<Id>, i32, i64, Time, Time);

    let admin = server.sign_in(Role::Admin);
    let user = server.account(Role::Author);
    let link = admin.order(&format!("/v1/admin/users/{user}/link"));
    assert_eq!(link.status, 201);
    let key = admin
        .request("POST", "/v1/admin/api-keys")
        .header("idempotency-key", "k");
    let key = key
        .json(&json!({"name": "a program", "scopes": ["drafts:read"]}))
        .send();
    assert_eq!(key.status, 201);
    let nobody = json!({"email": "nobody@example.org", "password": "wrong"});
    assert_eq!(
        server.client.post("/v1/admin/auth/login", &nobody).status,
        401
    );
    let list = admin.get("/v1/admin/articles").ok();
    let text = format!(
        "/v1/admin/articles/{}",
        list["items"][0]["id"].as_str().unwrap()
    );
    let etag = admin.get(&text).etag().to_owned();
    let edited = admin.patch(&text, &etag, &json!({"title": "Two"}));
    assert_eq!(edited.status, 200);
    let copy = json!({"title": "Three"});
    let copy = admin.patch(&format!("{text}/working-copy"), edited.etag(), &copy);
    assert_eq!(copy.status, 200);
    let tag = format!(
        "/v1/admin/tags/{}",
        edited.ok()["tags"][0]["id"].as_str().unwrap()
    );
    let etag = admin.get(&tag).etag().to_owned();
    assert_eq!(admin.delete(&tag, &etag).status, 204);
    reads!(server, revisions: Id, i64, i64, Time, Time, i64, Text, Option<Id>, Option<Id>, Text, Text, Option<Time>, Option<Id>, Text, Maybe);
    reads!(server, revision_texts: Id, i64, Text, Text);
    reads!(server, revision_losses: Id, i64, Text, i32, Id, Text);
    reads!(server, working_copies: Id, i64, i64, Time, Option<Id>, Maybe, Maybe);
    reads!(server, users: Id, Text, Text, Text, Text, bool, Maybe, i64, Time, Time, Option<Time>);
    reads!(server, user_links: Id, Vec<u8>, Time);
    server.enable_totp(&server.session_of(server.person(Role::Author).id));
    reads!(server, totp_secrets: Id, Vec<u8>, Time, Option<Time>, i64);
    reads!(server, recovery_codes: Vec<u8>, Id);
    reads!(server, sessions: Id, Id, Text, Maybe, Time, Time, Time);
    reads!(server, refresh_tokens: Vec<u8>, Id, Option<Time>);
    reads!(server, api_keys: Id, Text, Vec<u8>, Text, Id, i64, Time, Time, Option<Time>, Option<Time>);
    let draft = admin
        .post("/v1/admin/articles", &json!({"title": "A draft"}))
        .created();
    let links = format!(
        "/v1/admin/articles/{}/preview-links",
        draft["id"].as_str().unwrap()
    );
    admin.post(&links, &json!({})).created();
    let id = draft["id"].as_str().unwrap();
    let note = json!({"note": "Look"});
    let submitted = admin.post(&format!("/v1/admin/articles/{id}/submit"), &note);
    assert_eq!(submitted.status, 200);
    reads!(server, review_notes: Id, Id, Text, Text, Time, Option<Id>);
    let later = json!({"publish_at": "2031-01-01T00:00:00Z"});
    let scheduled = admin.post(&format!("/v1/admin/articles/{id}/schedule"), &later);
    assert_eq!(scheduled.status, 200);
    reads!(server, schedules: Id, Text, Time, Option<Id>);
    reads!(server, preview_links: Id, Id, Vec<u8>, Id, Time, Time);
    reads!(server, idempotency_keys: Vec<u8>, Vec<u8>, Time, i64, i32, Maybe, Maybe, Maybe, bool);
    let message =
        json!({"name": "Ada", "email": "ada@example.org", "message": "Hello", "consent": true});
    assert_eq!(server.client.post("/v1/contact", &message).status, 202);
    reads!(server, messages: Id, Text, Text, Text, Maybe, Text, Maybe, i64, Time, Time);
    server.write_quietly(Reason::Delivery, |conn| {
        let now = Time::from_millis(0).unwrap();
        masthead::mail::follower::ask_for_link(conn, "nobody@example.org", now)
    });
    reads!(server, mails: Id, Text, Id, Id, Text, i32, Time, Time);
    server.write_quietly(Reason::FollowerPosition, |conn| {
        masthead::changes::store::set_position(conn, "somebody", 1, "a mark")
    });
    reads!(server, followers: Text, i64, Text);
    let hook =
        json!({"name": "a receiver", "url": "http://receiver.invalid/", "events": ["tag.*"]});
    let hook = admin.post("/v1/admin/webhooks", &hook).created();
    let ping = format!("/v1/admin/webhooks/{}/ping", hook["id"].as_str().unwrap());
    assert_eq!(admin.order(&ping).status, 202);
    reads!(server, webhooks: Id, Text, Text, Text, Option<Id>, bool, Maybe, Vec<u8>, Option<Vec<u8>>, Option<Time>, i64, Option<Time>, i64, Option<Time>, i64, Time, Time);
    reads!(server, webhook_deliveries: Id, Id, i64, Option<i32>, Text, Id, Text, i32, Time, Option<Time>, Option<i32>, Maybe, Time, Option<Time>, Option<Time>);
    assert_eq!(admin.order("/v1/admin/backup").status, 202);
    reads!(server, jobs: Id, Text, Text, Id, Time, Option<Id>, Option<Id>, Text, i64, Option<i64>, Maybe, Maybe, Maybe, bool, Time, Option<Time>, Option<Time>, i64);
    let medium = server.medium(None);
    let covered = json!({"title": "Five", "cover": {"media_id": medium}});
    admin.post("/v1/admin/articles", &covered).created();
    reads!(server, media: Id, Vec<u8>, Text, Text, Maybe, i64, i64, i64, Text, Maybe, Maybe, Maybe, Maybe, Text, Maybe, Option<Id>, i64, Time, Time);
    reads!(server, media_uses: Id, Text, Id, Text);
    reads!(server, security_events: Id, Time, Text, Option<Id>, Text, Text);
}

#[test]
fn the_list_above_names_every_table() {
    let declared = include_str!("../../src/db/schema.rs")
        .split("diesel::table! {")
        .skip(1);
    let above: String = include_str!("schema.rs").split_whitespace().collect();
    for table in declared {
        let name = table.split('(').next().unwrap().trim();
        assert!(above.contains(&format!("reads!(server,{name}:")), "{name}");
    }
}
