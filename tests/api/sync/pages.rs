//! Pages of changes: what they hold, what their tokens are good for, and when a copy has to be made anew.

use diesel::prelude::*;
use masthead::articles::model::Transition;
use masthead::articles::store;
use masthead::authors::model::NewAuthor;
use masthead::db::schema::{authors, changes, meta, tags};
use masthead::id::Id;
use masthead::tags::model::NewTag;
use masthead::{authors as people, tags as topics};
use serde_json::{Value, json};

use super::copies::{Copy, fresh};
use crate::support::{Make, Server, article, create_all, each, id, page};

fn begin(server: &Server, query: &str) -> Copy {
    let mut copy = Copy::new(query);
    copy.catch_up(&server.client, 100);
    copy
}

/// The next page, as `(upserts, removals)` by id.
#[track_caller]
fn next(server: &Server, copy: &Copy) -> (Vec<String>, Vec<String>) {
    let since = copy.since.as_deref().unwrap();
    let page = server
        .get(&format!("/v1/changes?since={since}&{}", copy.query))
        .ok();
    let ids = |of: &Value| -> Vec<String> {
        let of = of.as_array().unwrap().iter();
        of.map(|text| text["id"].as_str().unwrap().to_owned())
            .collect()
    };
    (ids(&page["upserts"]), ids(&page["removals"]))
}

fn ids<const N: usize>(numbers: [u64; N]) -> Vec<String> {
    numbers.map(|number| id(number).to_string()).into()
}

fn tag_named(server: &Server, name: &str) -> Id {
    server.read(|conn| {
        let tag = tags::table.filter(tags::name.eq(name)).select(tags::id);
        tag.first(conn)
    })
}

fn author_named(server: &Server, name: &str) -> Id {
    server.read(|conn| {
        let author = authors::table
            .filter(authors::name.eq(name))
            .order(authors::id)
            .select(authors::id);
        author.first(conn)
    })
}

fn rename_tag(server: &Server, tag: Id, name: &str, slug: Option<&str>) {
    let new = NewTag::parse(name, slug.map(str::to_owned), None, Vec::new(), None).unwrap();
    server.write(move |tx| topics::store::update(tx, tag, &new));
}

fn move_to(server: &Server, number: u64, way: Transition) {
    server.write(move |tx| store::transition(tx, id(number), way));
}

#[test]
fn what_changes_is_told_once_and_what_goes_is_removed() {
    let server = Server::start();
    article("One").id(id(1)).tags(["Love"]).create(&server);
    article("Two").id(id(2)).create(&server);
    article("Draft").id(id(3)).draft().create(&server);
    page("About").id(id(4)).create(&server);
    let mut copy = begin(&server, "fields=title");
    assert_eq!(copy.texts, fresh(&server.client, "fields=title"));
    assert_eq!(next(&server, &copy), (vec![], vec![]));

    article("Uno").replace(&server, id(1));
    article("Uno!").replace(&server, id(1));
    move_to(&server, 2, Transition::Trash);
    move_to(&server, 3, Transition::Publish);
    assert_eq!(next(&server, &copy), (ids([1, 3]), ids([2])));
    copy.catch_up(&server.client, 1);
    assert_eq!(copy.texts, fresh(&server.client, "fields=title"));

    // Of a filter that it does not pass, it is a removal.
    let love = begin(&server, "tag=love");
    assert!(love.texts.is_empty());
    article("Three").id(id(5)).tags(["Love"]).create(&server);
    article("Four").id(id(6)).create(&server);
    assert_eq!(next(&server, &love), (ids([5]), ids([6])));
    server.write(|tx| store::purge(tx, id(5)));
    assert_eq!(next(&server, &love), (vec![], ids([5, 6])));
}

#[test]
fn what_is_not_public_is_not_told() {
    let server = Server::start();
    article("One").id(id(1)).create(&server);
    let copy = begin(&server, "");
    article("Draft")
        .id(id(2))
        .tags(["Hidden"])
        .draft()
        .create(&server);
    article("Draft again").draft().replace(&server, id(2));
    move_to(&server, 2, Transition::Trash);
    move_to(&server, 2, Transition::Restore);
    rename_tag(&server, tag_named(&server, "Hidden"), "More hidden", None);
    server.write(|tx| store::purge(tx, id(2)));
    let since = copy.since.unwrap();
    let page = server.get(&format!("/v1/changes?since={since}")).ok();
    assert_eq!(
        page,
        json!({"upserts": [], "removals": [], "next_since": since, "more": false})
    );
}

#[test]
fn a_renamed_tag_reaches_all_of_its_articles_through_interruptions() {
    const MANY: u64 = 1_000;
    let server = Server::start();
    for some in 0..10 {
        let all: Vec<Make> = (some * 100..some * 100 + 100)
            .map(|number| {
                article(&format!("Number {number}"))
                    .id(id(number))
                    .tags(["Love"])
            })
            .collect();
        create_all(&server, all);
    }
    let query = "tag=love&fields=title,tags";
    let mut copy = begin(&server, query);
    assert_eq!(copy.texts.len(), 1_000);
    rename_tag(&server, tag_named(&server, "Love"), "Affection", None);
    let mut told = 0;
    for number in 0..50 {
        let (upserts, removals) = next_of(&server, &copy, 10);
        assert_eq!((upserts, removals), (10, 0), "page {number}");
        told += upserts;
        assert!(copy.pull(&server.client, 10));
    }
    // In the midst of it: one that was told goes, one that was not goes, one comes, and the tag is renamed again.
    move_to(&server, 5, Transition::Archive);
    move_to(&server, 995, Transition::Archive);
    article("New")
        .id(id(MANY))
        .tags(["Affection"])
        .create(&server);
    let (upserts, _) = next_of(&server, &copy, 10);
    assert_eq!(upserts, 10);
    let pages = copy.catch_up(&server.client, 10);
    assert!(
        (50..=53).contains(&pages),
        "{pages} pages after {told} texts"
    );
    assert_eq!(copy.texts, fresh(&server.client, query));
    assert_eq!(copy.resets, 0);

    rename_tag(&server, tag_named(&server, "Affection"), "Love", None);
    copy.pull(&server.client, 10);
    server.write(|tx| {
        let tag = topics::store::find(tx.conn(), "love")?.unwrap();
        topics::store::delete(tx, tag.id)
    });
    copy.catch_up(&server.client, 10);
    assert_eq!(copy.texts, fresh(&server.client, query));
    assert!(copy.texts.is_empty());
}

fn next_of(server: &Server, copy: &Copy, limit: usize) -> (usize, usize) {
    let since = copy.since.as_deref().unwrap();
    let path = format!("/v1/changes?since={since}&limit={limit}&{}", copy.query);
    let page = server.get(&path).ok();
    let count = |of: &Value| of.as_array().unwrap().len();
    (count(&page["upserts"]), count(&page["removals"]))
}

#[test]
fn a_tag_or_an_author_that_goes_changes_its_articles() {
    let server = Server::start();
    article("One")
        .id(id(1))
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server);
    article("Two").id(id(2)).tags(["Love"]).create(&server);
    article("Draft")
        .id(id(3))
        .tags(["Love"])
        .draft()
        .create(&server);
    let copy = begin(&server, "include=tags,authors");
    let (tag, author) = (tag_named(&server, "Love"), author_named(&server, "Ada"));
    server.write(move |tx| topics::store::delete(tx, tag));
    assert_eq!(next(&server, &copy), (ids([1, 2]), vec![]));
    let copy = begin(&server, "include=tags,authors");
    server.write(move |tx| people::store::delete(tx, author));
    assert_eq!(next(&server, &copy), (ids([1]), vec![]));
}

#[test]
fn the_translations_of_what_changes_change_too() {
    let server = Server::start();
    let translated = |number: u64, locale: &str| {
        let title = format!("Text {number}");
        article(&title)
            .id(id(number))
            .locale(locale)
            .translation_key("key")
    };
    translated(1, "en").create(&server);
    let query = "include=translations";
    let mut copy = begin(&server, query);
    let mut step = |server: &Server, expected: Vec<String>| {
        let (mut upserts, removals) = next(server, &copy);
        upserts.extend(removals);
        upserts.sort();
        assert_eq!(upserts, expected);
        copy.catch_up(&server.client, 1);
        assert_eq!(copy.texts, fresh(&server.client, query));
    };
    translated(2, "de").draft().create(&server);
    step(&server, vec![]);
    move_to(&server, 2, Transition::Publish);
    step(&server, ids([1, 2]));
    translated(2, "de").slug("anders").replace(&server, id(2));
    step(&server, ids([1, 2]));
    // Not where nothing of it shows there.
    translated(2, "de")
        .slug("anders")
        .featured()
        .replace(&server, id(2));
    step(&server, ids([2]));
    article("Apart")
        .id(id(2))
        .locale("de")
        .replace(&server, id(2));
    step(&server, ids([1, 2]));
    translated(2, "en").replace(&server, id(2));
    step(&server, ids([1, 2]));
    server.write(|tx| store::purge(tx, id(2)));
    step(&server, ids([1, 2]));
}

/// Where a name leads to another tag than before, nothing of what carried the first one has changed.
#[test]
fn a_name_that_means_another_makes_the_copy_anew() {
    let server = Server::start();
    article("One").id(id(1)).tags(["Love"]).create(&server);
    article("Two").id(id(2)).tags(["Hate"]).create(&server);
    rename_tag(&server, tag_named(&server, "Love"), "Love", Some("amour"));
    let by_name = begin(&server, "tag=love");
    // The former slug is an alias of it, and that is taken away.
    let love = tag_named(&server, "Love");
    server.write(move |tx| {
        let new = NewTag::parse("Amour", Some("amour".into()), None, vec![], None).unwrap();
        topics::store::update(tx, love, &new).map(|_| ())
    });
    assert_eq!(
        next(&server, &by_name),
        (vec![], ids([1])),
        "it leads nowhere"
    );

    let ada = |slug: &str| NewAuthor::parse("Ada", Some(slug.into()), None, None, vec![]).unwrap();
    let (first, second) = (ada("first"), ada("second"));
    server.write(move |tx| {
        people::store::create(tx, &first)?;
        people::store::create(tx, &second)
    });
    article("Three")
        .id(id(3))
        .authors(["first"])
        .create(&server);
    article("Four")
        .id(id(4))
        .authors(["second"])
        .create(&server);
    let mut copy = begin(&server, "author=Ada");
    assert_eq!(copy.texts.keys().cloned().collect::<Vec<_>>(), ids([3]));
    let first = author_named(&server, "Ada");
    let other = NewAuthor::parse("Grace", Some("first".into()), None, None, vec![]).unwrap();
    server.write(move |tx| people::store::update(tx, first, &other));
    let since = copy.since.as_deref().unwrap();
    let answer = server.get(&format!("/v1/changes?since={since}&author=Ada"));
    assert_eq!((answer.status, answer.code().as_str()), (410, "sync-reset"));
    assert_eq!(
        answer.link("start").as_deref(),
        Some("/v1/changes?initial=true&author=Ada")
    );
    copy.catch_up(&server.client, 1);
    assert_eq!(
        (copy.resets, copy.texts.keys().cloned().collect()),
        (1, ids([4]))
    );
}

/// What readers cannot see takes no name from what they can.
#[test]
fn hidden_names_lead_nowhere() {
    let server = Server::start();
    article("One")
        .id(id(1))
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server);
    rename_tag(
        &server,
        tag_named(&server, "Love"),
        "Deep love",
        Some("other"),
    );
    let ada = author_named(&server, "Ada");
    let other = NewAuthor::parse("Ada", Some("other".into()), None, None, vec![]).unwrap();
    server.write(move |tx| people::store::update(tx, ada, &other));
    let copies: Vec<Copy> = ["tag=deep-love", "tag=Deep+love", "author=ada"]
        .map(|query| begin(&server, query))
        .into();
    server.write(|tx| {
        let tag = NewTag::parse("Hidden", Some("deep-love".into()), None, vec![], None).unwrap();
        topics::store::create(tx, &tag)?;
        let author = NewAuthor::parse("Hidden", Some("ada".into()), None, None, vec![]).unwrap();
        people::store::create(tx, &author)
    });
    for copy in copies {
        assert_eq!(next(&server, &copy), (vec![], vec![]), "{}", copy.query);
        assert_eq!(copy.texts, fresh(&server.client, &copy.query));
    }
    let by_author = server.get("/v1/articles?author=ada").column("title");
    assert_eq!(by_author, ["One"]);
}

#[test]
fn the_query_says_where_to_begin() {
    let server = Server::start();
    article("One").id(id(1)).create(&server);
    let faults = |query: &str| server.get(&format!("/v1/changes?{query}")).faults();
    assert_eq!(faults(""), ["since missing"]);
    assert_eq!(faults("initial=false"), ["since missing"]);
    assert_eq!(faults("since=x"), ["since malformed"]);
    assert_eq!(
        faults("since=&limit=0"),
        ["since too_small", "limit too_small"]
    );
    let copy = begin(&server, "");
    let since = copy.since.unwrap();
    assert_eq!(
        faults(&format!("since={since}&initial=true")),
        ["initial conflicting"]
    );
    assert_eq!(
        faults(&format!("since={since}&locale=de")),
        ["since conflicting"]
    );
    assert_eq!(
        faults(&format!("since={since}&kind=page")),
        ["since conflicting"]
    );
    let path = format!("/v1/changes?since={since}&fields=title&limit=7");
    assert_eq!(server.get(&path).status, 200);
    for index in 0..since.len() {
        let mut forged = since.clone().into_bytes();
        forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        if forged != since {
            let answer = server.get(&format!("/v1/changes?since={forged}"));
            assert!(matches!(answer.status, 400 | 410), "{forged}: {answer:?}");
        }
    }
}

#[test]
fn an_empty_site_can_be_followed_from_the_start() {
    let server = Server::start();
    let mut copy = begin(&server, "");
    assert!(copy.texts.is_empty());
    article("One").id(id(1)).create(&server);
    assert_eq!(next(&server, &copy), (ids([1]), vec![]));
    copy.catch_up(&server.client, 1);
    assert_eq!(copy.resets, 0);
}

#[test]
fn a_first_walk_goes_on_from_where_it_was() {
    let server = Server::start();
    for number in 0..30 {
        article(&format!("Number {number}"))
            .id(id(number * 2))
            .tags([["Love", "Hate"][(number % 2) as usize]])
            .create(&server);
    }
    for query in ["", "tag=love", "any_tag=love&any_tag=hate", "locale=en"] {
        let mut copy = Copy::new(query);
        assert!(copy.pull(&server.client, 7));
        assert!(copy.pull(&server.client, 7));
        // One behind, one ahead, one that was there already.
        article("Behind").id(id(1)).tags(["Love"]).create(&server);
        article("Ahead").id(id(41)).tags(["Love"]).create(&server);
        move_to(&server, 0, Transition::Archive);
        copy.catch_up(&server.client, 7);
        assert_eq!(copy.texts, fresh(&server.client, query), "{query}");
        assert_eq!(copy.resets, 0);
        server.write(|tx| {
            store::purge(tx, id(1))?;
            store::purge(tx, id(41))
        });
        move_to(&server, 0, Transition::Publish);
    }
}

#[test]
fn a_token_of_another_database_is_gone() {
    let (one, two, three) = (Server::start(), Server::start(), Server::start());
    for (server, number) in [(&one, 1), (&two, 2), (&three, 1)] {
        article("One").id(id(number)).create(server);
    }
    // Those of the tests are copies of one.
    three.write_quietly(masthead::db::Reason::Sweep, |conn| {
        let other = diesel::update(meta::table).set(meta::epoch.eq(Id::new()));
        each!(conn, c => other.execute(c))?;
        Ok(())
    });
    let since = begin(&one, "").since.unwrap();
    for server in [&two, &three] {
        let answer = server.get(&format!("/v1/changes?since={since}"));
        assert_eq!((answer.status, answer.code().as_str()), (410, "sync-reset"));
    }
}

#[test]
fn a_database_that_was_put_back_is_noticed() {
    let server = Server::start();
    article("One").id(id(1)).create(&server);
    let database = server.into_database();
    let kept = database.copy();
    let server = Server::setup().over(database).start();
    article("Two").id(id(2)).create(&server);
    let mut copy = begin(&server, "");
    drop(server);

    let server = Server::setup().over(kept).start();
    let since = copy.since.clone().unwrap();
    let path = format!("/v1/changes?since={since}");
    assert_eq!(server.get(&path).status, 410, "ahead of what there is");
    article("Other").id(id(3)).create(&server);
    article("Others").id(id(4)).create(&server);
    assert_eq!(
        server.get(&path).status,
        410,
        "another change of that number"
    );
    copy.catch_up(&server.client, 1);
    assert_eq!(copy.resets, 1);
    assert_eq!(copy.texts, fresh(&server.client, ""));
}

#[test]
fn a_token_that_the_log_does_not_reach_is_gone() {
    let server = Server::start();
    let empty = begin(&server, "").since.unwrap();
    article("One").id(id(1)).create(&server);
    let first = begin(&server, "").since.unwrap();
    article("Two").id(id(2)).create(&server);
    let second = begin(&server, "").since.unwrap();
    let last: i64 = server.read(|conn| meta::table.select(meta::public_change).first(conn));
    server.write_quietly(masthead::db::Reason::Sweep, move |conn| {
        let old = changes::table.filter(changes::number.lt(last));
        each!(conn, c => diesel::delete(old).execute(c))?;
        Ok(())
    });
    for (token, status) in [(empty, 410), (first, 410), (second, 200)] {
        let answer = server.get(&format!("/v1/changes?since={token}"));
        assert_eq!(answer.status, status, "{answer:?}");
    }
}
