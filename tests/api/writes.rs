//! Writes through the domain code: what they store, what they count, what they tell the log, and that a failing one hurts
//! nobody else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use diesel::prelude::*;
use masthead::articles::model::{Kind, State, Transition};
use masthead::articles::new::NewArticle;
use masthead::articles::store;
use masthead::changes::model::Actor;
use masthead::db::schema::{
    article_authors, article_tags, articles, authors, changes, meta, published_counts, tags,
};
use masthead::db::{Conn, Reason};
use masthead::error::Error;
use masthead::id::Id;

use crate::support::{Make, Random, Server, article, id, page, time};

#[test]
fn a_created_article_is_as_it_was_asked_for() {
    let server = Server::start();
    let stored = article("Über Tee").create(&server);
    assert_eq!(
        (stored.slug.as_str(), stored.state, stored.version),
        ("ueber-tee", State::Published, 1)
    );
    let again = article("Über Tee").create(&server);
    assert_eq!(again.slug, "ueber-tee-2");
    assert_eq!(article("🙂").create(&server).slug, "article");
    assert_eq!(page("🙂").create(&server).slug, "page");
    let shown = server.get("/v1/articles/ueber-tee").ok();
    assert_eq!(
        shown["published_at"], "2026-11-22T10:00:00.000Z",
        "publishing without a time means now"
    );
    assert_eq!(shown["updated_at"], "2026-11-22T10:00:00.000Z");
}

#[test]
fn what_is_taken_is_refused_with_its_place() {
    let server = Server::start();
    article("One").id(id(1)).slug("one").create(&server);
    let refused = |make: Make| make.try_create(&server).unwrap_err().to_string();
    assert_eq!(
        refused(article("Two").slug("one")),
        "/slug: the slug `one` is taken in the locale `en`"
    );
    assert!(refused(article("Two").id(id(1))).starts_with("/id: "));
    let ghost = id(99).to_string();
    let faults = refused(article("Two").tags([&ghost, "x", &ghost]).authors(["a"]));
    assert!(
        faults.contains("/tags/0: ") && faults.contains("/tags/2: "),
        "{faults}"
    );
    assert_eq!(server.get("/v1/articles").column("slug"), ["one"]);
    assert_eq!(
        tags_in_store(&server),
        [""; 0],
        "what a refused write made is gone"
    );
    article("Two").slug("one").locale("de").create(&server);
}

#[test]
fn all_faults_of_an_input_come_at_once() {
    let server = Server::start();
    let faults = article(" ")
        .slug("Not A Slug")
        .locale("fr")
        .cites("", Some("ftp://example.org"))
        .state(State::Scheduled)
        .try_create(&server)
        .unwrap_err()
        .to_string();
    for place in [
        "/title",
        "/slug",
        "/locale",
        "/citations/0/title",
        "/citations/0/url",
        "/published_at",
    ] {
        assert!(
            faults.contains(&format!("{place}: ")),
            "{place} in {faults}"
        );
    }
}

fn tags_in_store(server: &Server) -> Vec<String> {
    server.read(|conn| tags::table.select(tags::slug).order(tags::slug).load(conn))
}

#[test]
fn a_replaced_article_keeps_its_former_slugs() {
    let server = Server::start();
    let one = article("Tea").create(&server);
    server.clock.advance(Duration::from_secs(60));
    let two = article("Green tea").replace(&server, one.id);
    assert_eq!(
        (two.id, two.slug.as_str(), two.version),
        (one.id, "green-tea", 2)
    );
    let shown = server.get("/v1/articles/green-tea").ok();
    assert_eq!(
        shown["published_at"], "2026-11-22T10:00:00.000Z",
        "it was published then"
    );
    assert_eq!(shown["updated_at"], "2026-11-22T10:01:00.000Z");
    // Nobody else gets the slug that still leads here.
    assert_eq!(article("Tea").create(&server).slug, "tea-2");
    assert!(article("Tea").slug("tea").try_create(&server).is_err());
    // A title whose slug was taken keeps the one it was given.
    let three = article("Tea").create(&server);
    assert_eq!(article("Tea").replace(&server, three.id).slug, three.slug);
    // What is not there cannot be replaced, nor an article by a page.
    let parse = |make: Make| make.parse(&server.rules);
    for (of, new) in [(id(9), parse(article("x"))), (one.id, parse(page("x")))] {
        let error = server
            .try_write(move |tx| store::replace(tx, of, &new))
            .unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error}");
    }
}

#[test]
fn the_ways_between_states_are_those_of_the_model() {
    let server = Server::start();
    for state in State::ALL {
        for way in Transition::ALL {
            let make = article("Way").state(*state);
            // What is or becomes scheduled needs a time to come.
            let make = if *state == State::Scheduled
                || *way == Transition::Schedule && *state != State::Published
            {
                make.published_at("2030-01-01T00:00:00Z")
            } else {
                make
            };
            let one = make.tags(["Ways"]).create(&server);
            assert_eq!(one.state, *state);
            let path = format!("/v1/articles/{}", one.id);
            let (one, way) = (one.id, *way);
            let before = server.db().change();
            let ended = match server.try_write(move |tx| store::transition(tx, one, way)) {
                Ok(written) => {
                    assert_eq!(written.change, before + 1);
                    assert_eq!(
                        Some(written.value.state),
                        state.after(way),
                        "{state:?} {way:?}"
                    );
                    written.value.state
                }
                Err(error) => {
                    assert!(matches!(error, Error::Conflict(_)), "{error}");
                    assert_eq!(state.after(way), None, "{state:?} {way:?}");
                    assert_eq!(server.db().change(), before);
                    *state
                }
            };
            let shown = if ended.is_public() { 200 } else { 404 };
            assert_eq!(server.get(&path).status, shown, "{state:?} {way:?}");
            server.write(move |tx| store::purge(tx, one));
        }
    }
}

#[test]
fn publishing_early_what_was_scheduled_makes_it_published_now() {
    let server = Server::start();
    let one = article("One")
        .published_at("2027-01-01T00:00:00Z")
        .create(&server)
        .id;
    let two = article("Two")
        .draft()
        .published_at("2020-01-01T00:00:00Z")
        .create(&server)
        .id;
    server.write(move |tx| store::transition(tx, one, Transition::Publish));
    server.write(move |tx| store::transition(tx, two, Transition::Publish));
    let at = |slug: &str| server.get(&format!("/v1/articles/{slug}")).ok()["published_at"].clone();
    assert_eq!(at("one"), "2026-11-22T10:00:00.000Z");
    assert_eq!(at("two"), "2020-01-01T00:00:00.000Z");
    assert_eq!(server.get("/v1/articles").column("slug"), ["one", "two"]);
}

#[test]
fn nothing_is_scheduled_without_a_time() {
    let server = Server::start();
    let one = article("One").draft().create(&server).id;
    let scheduled = server.try_write(move |tx| store::transition(tx, one, Transition::Schedule));
    assert!(scheduled.is_err(), "{scheduled:?}");
}

#[test]
fn a_purged_article_is_gone_and_its_slugs_are_free() {
    let server = Server::start();
    let one = article("Tea")
        .tags(["Food"])
        .authors(["Ada"])
        .aliases(["brew"])
        .create(&server);
    article("Oolong").replace(&server, one.id);
    let gone = one.id;
    server.write(move |tx| store::purge(tx, gone));
    for path in [
        format!("/v1/articles/{gone}"),
        "/v1/articles/tea".into(),
        "/v1/articles/brew".into(),
        "/v1/tags/food".into(),
    ] {
        assert_eq!(server.get(&path).status, 404, "{path}");
    }
    let error = server
        .try_write(move |tx| store::purge(tx, gone))
        .unwrap_err();
    assert!(matches!(error, Error::NotFound(_)));
    assert_eq!(article("New").slug("tea").create(&server).slug, "tea");
    assert_eq!(article("New").slug("brew").create(&server).slug, "brew");
}

/// The counts kept by the writes, against those of a query that looks at every article.
fn check_counts(server: &Server) {
    type TagRow = (Id, Option<Id>, i64, i64);
    type Counted = (
        Vec<TagRow>,
        Vec<(Id, bool)>,
        Vec<(Id, i64, i64)>,
        Vec<(Id, bool)>,
    );
    let (tag_rows, carried, author_rows, wrote): Counted = server.read(|conn| {
        let public = articles::state.eq("published");
        let article = articles::kind.eq("article");
        Ok((
            tags::table
                .select((
                    tags::id,
                    tags::parent_id,
                    tags::article_count,
                    tags::subtree_count,
                ))
                .load(conn)?,
            article_tags::table
                .inner_join(articles::table)
                .filter(public)
                .select((article_tags::tag_id, article))
                .load(conn)?,
            authors::table
                .select((authors::id, authors::article_count, authors::public_count))
                .load(conn)?,
            article_authors::table
                .inner_join(articles::table)
                .filter(public)
                .select((article_authors::author_id, article))
                .load(conn)?,
        ))
    });
    let count = |uses: &[(Id, bool)], id: Id, pages: bool| {
        let counted = uses
            .iter()
            .filter(|(of, article)| *of == id && (*article || pages));
        counted.count() as i64
    };
    let parents: BTreeMap<Id, Option<Id>> = tag_rows
        .iter()
        .map(|(id, parent, ..)| (*id, *parent))
        .collect();
    let is_under = |mut id: Id, above: Id| loop {
        if id == above {
            return true;
        }
        match parents[&id] {
            Some(parent) => id = parent,
            None => return false,
        }
    };
    for (id, _, own, subtree) in &tag_rows {
        assert_eq!(*own, count(&carried, *id, false), "the count of a tag");
        let below = carried
            .iter()
            .filter(|(tag, _)| is_under(*tag, *id))
            .count() as i64;
        assert_eq!(*subtree, below, "the count of a tag with those below it");
    }
    for (id, own, public) in author_rows {
        assert_eq!(own, count(&wrote, id, false), "the count of an author");
        assert_eq!(
            public,
            count(&wrote, id, true),
            "the public count of an author"
        );
    }
    for kind in [Kind::Article, Kind::Page] {
        let (kept, counted): (Vec<i64>, i64) = server.read(|conn| {
            let kept = published_counts::table.filter(published_counts::kind.eq(kind.as_str()));
            let of_kind = articles::table
                .filter(articles::state.eq("published"))
                .filter(articles::kind.eq(kind.as_str()));
            Ok((
                kept.select(published_counts::count).load(conn)?,
                of_kind.count().get_result(conn)?,
            ))
        });
        assert_eq!(kept.iter().sum::<i64>(), counted, "the kept count");
    }
    let listed: i64 = server.read(|conn| {
        // The join tables repeat when an article was published; lists follow it.
        let wrong = article_tags::table
            .inner_join(articles::table)
            .filter(articles::state.eq("published"))
            .filter(article_tags::published_at.is_null())
            .count();
        wrong.get_result(conn)
    });
    assert_eq!(listed, 0);
}

#[test]
fn counts_are_those_of_a_recount_after_any_writes() {
    const NAMES: [&str; 6] = ["root", "branch", "leaf", "loose", "stone", "sand"];
    const TIMES: [&str; 3] = [
        "2026-01-01T00:00:00Z",
        "2026-02-01T00:00:00Z",
        "2030-01-01T00:00:00Z",
    ];
    let server = Server::start();
    server.write(|tx| {
        for (name, parent) in [
            ("root", None),
            ("branch", Some("root")),
            ("leaf", Some("branch")),
        ] {
            let new = masthead::tags::model::NewTag::parse(
                name,
                None,
                None,
                vec![],
                parent.map(str::to_owned),
            );
            masthead::tags::store::create(tx, &new.unwrap())?;
        }
        Ok(())
    });
    let mut random = Random::new(11);
    let mut all: Vec<(Id, Kind)> = Vec::new();
    for number in 0..150 {
        let some = |random: &mut Random| {
            let how_many = random.below(4);
            (0..how_many)
                .map(|_| (*random.pick(&NAMES)).to_owned())
                .collect::<Vec<_>>()
        };
        let mut make = if random.once_in(4) {
            page(&format!("No {number}"))
        } else {
            article(&format!("No {number}"))
        };
        make.0.tags = some(&mut random);
        make.0.authors = some(&mut random);
        make.0.status = Some(*random.pick(State::ALL));
        make.0.published_at = Some(time(TIMES[random.below(TIMES.len())]));
        match random.below(5) {
            _ if all.len() < 5 => all.push((make.clone().create(&server).id, make.0.kind)),
            0 | 1 => all.push((make.clone().create(&server).id, make.0.kind)),
            2 => {
                let (of, kind) = *random.pick(&all);
                make.0.kind = kind;
                make.replace(&server, of);
            }
            3 => {
                let ((of, _), way) = (*random.pick(&all), *random.pick(Transition::ALL));
                let _refused_where_no_way_leads =
                    server.try_write(move |tx| store::transition(tx, of, way));
            }
            _ => {
                let (gone, _) = all.remove(random.below(all.len()));
                server.write(move |tx| store::purge(tx, gone));
            }
        }
        if number % 10 == 0 {
            check_counts(&server);
        }
    }
    check_counts(&server);
}

/// A row of the log: number, action, tags before and after, was and is public.
type Logged = (i64, String, String, String, bool, bool);

fn log_of(server: &Server, of: Id) -> Vec<Logged> {
    server.read(|conn| {
        changes::table
            .filter(changes::resource_id.eq(of))
            .order((changes::number, changes::position))
            .select((
                changes::number,
                changes::action,
                changes::tags_before,
                changes::tags_after,
                changes::was_public,
                changes::is_public,
            ))
            .load(conn)
    })
}

#[test]
fn the_log_tells_what_was_and_what_is() {
    let server = Server::start();
    let one = article("One")
        .draft()
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server)
        .id;
    let of = one;
    server.write(move |tx| store::transition(tx, of, Transition::Publish));
    article("One")
        .tags(["Loss"])
        .authors(["Ada"])
        .replace(&server, one);
    server.write(move |tx| store::transition(tx, of, Transition::Trash));
    server.write(move |tx| store::purge(tx, of));

    let ids = |table: &str| -> BTreeMap<String, Id> {
        let rows: Vec<(String, Id)> = server.read(|conn| match table {
            "tags" => tags::table.select((tags::slug, tags::id)).load(conn),
            _ => authors::table
                .select((authors::slug, authors::id))
                .load(conn),
        });
        rows.into_iter().collect()
    };
    let (tags, authors) = (ids("tags"), ids("authors"));
    let with = |tag: &str| {
        format!(
            "a-{} list-articles {} list-t-{} list-u-{}",
            one.short(),
            masthead::changes::tags::of_slug("one"),
            tags[tag].short(),
            authors["ada"].short()
        )
    };
    let (love, loss) = (with("love"), with("loss"));
    let row = |number, action: &str, before: &str, after: &str, was, is| {
        (
            number,
            action.to_owned(),
            before.to_owned(),
            after.to_owned(),
            was,
            is,
        )
    };
    assert_eq!(
        log_of(&server, one),
        [
            row(1, "created", "", &love, false, false),
            row(2, "published", &love, &love, false, true),
            row(3, "updated", &love, &loss, true, true),
            row(4, "trashed", &loss, &loss, true, false),
            row(5, "purged", &loss, "", false, false),
        ]
    );
    let stamps: Vec<(String, masthead::time::Time, String)> = server.read(|conn| {
        changes::table
            .filter(changes::number.eq(1))
            .order(changes::position)
            .select((changes::resource, changes::at, changes::actor))
            .load(conn)
    });
    let expected = ["tag", "author", "article"]
        .map(|resource| (resource.to_owned(), server.clock.now(), "system".to_owned()));
    assert_eq!(
        stamps, expected,
        "what was made on the way stands before it, under one number"
    );
}

fn numbers(server: &Server) -> Vec<i64> {
    server.read(|conn| {
        changes::table
            .select(changes::number)
            .distinct()
            .order(changes::number)
            .load(conn)
    })
}

/// Holds the writer, so that what is sent meanwhile makes one batch; let go by what is returned.
fn hold(server: &Server) -> (std::thread::JoinHandle<()>, mpsc::Sender<()>) {
    let (release, held) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    let (db, held) = (server.db().clone(), Mutex::new(held));
    let thread = std::thread::spawn(move || {
        db.write_blocking(Actor::System, move |tx| {
            begun.send(()).unwrap();
            held.lock().unwrap().recv().unwrap();
            tx.leave_unchanged();
            Ok(())
        })
        .unwrap();
    });
    begins.recv().unwrap();
    (thread, release)
}

#[test]
fn failing_writes_of_a_batch_do_not_hurt_the_others() {
    let server = Server::start();
    article("Taken").slug("taken").create(&server);
    let (holder, release) = hold(&server);
    // Fifty writes at once, of which every fifth fails: by a fault, by a panic, by telling the log nothing, by breaking a
    // rule of the schema.
    let batches = Arc::new(Mutex::new(Vec::new()));
    let jobs: Vec<_> = (0..50)
        .map(|number| {
            let new = article(&format!("Number {number}"))
                .slug(&format!("number-{number}"))
                .tags(["Batch"])
                .parse(&server.rules);
            let clash = article("x").slug("taken").parse(&server.rules);
            let (db, at) = (server.db().clone(), Arc::clone(&batches));
            async move {
                db.write(Actor::System, move |tx| {
                    at.lock().unwrap().push(tx.number());
                    let stored = store::create(tx, &new)?;
                    match number {
                        n if n % 5 != 0 => Ok(stored),
                        0 | 20 => Err(Error::Conflict("on purpose".into())),
                        5 | 25 => panic!("on purpose"),
                        10 | 30 => store::create(tx, &clash),
                        _ => {
                            diesel::update(meta::table)
                                .set(meta::one.eq(2))
                                .execute(tx.conn())?;
                            Ok(stored)
                        }
                    }
                })
                .await
            }
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let all = futures_util::future::join_all(jobs);
    let results = runtime.block_on(async {
        let mut all = std::pin::pin!(all);
        // The first poll puts them all into the queue.
        assert!(
            futures_util::future::poll_immediate(&mut all)
                .await
                .is_none()
        );
        release.send(()).unwrap();
        all.await
    });
    holder.join().unwrap();
    assert_eq!(
        batches.lock().unwrap().len(),
        50,
        "one batch, in which each ran once"
    );
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_ok(), number % 5 != 0, "{number}: {result:?}");
    }
    let mut taken: Vec<i64> = results
        .iter()
        .flatten()
        .map(|written| written.change)
        .collect();
    taken.sort_unstable();
    assert_eq!(
        taken,
        (2..=41).collect::<Vec<i64>>(),
        "numbers without a gap, in one line"
    );
    assert_eq!(numbers(&server), (1..=41).collect::<Vec<i64>>());
    assert_eq!(server.get("/v1/tags/batch").ok()["article_count"], 40);
    for number in 0..50 {
        let expected = if number % 5 == 0 { 404 } else { 200 };
        assert_eq!(
            server.get(&format!("/v1/articles/number-{number}")).status,
            expected,
            "{number}"
        );
    }
    check_counts(&server);
}

#[test]
fn a_write_that_panics_alone_leaves_nothing_and_the_writer_lives() {
    let server = Server::start();
    let new = article("One").parse(&server.rules);
    let error = server
        .try_write(move |tx| -> masthead::error::Result<()> {
            store::create(tx, &new)?;
            panic!("on purpose")
        })
        .unwrap_err();
    assert!(matches!(error, Error::Internal(_)), "{error}");
    assert_eq!(server.get("/v1/articles").column("slug"), [""; 0]);
    assert_eq!(article("Two").create(&server).slug, "two");
    assert_eq!(server.db().change(), 1);
}

#[test]
fn a_write_that_tells_the_log_nothing_does_not_commit() {
    let server = Server::start();
    let one = article("One").create(&server).id;
    let error = server
        .try_write(move |tx| {
            let renamed = diesel::update(articles::table.find(one)).set(articles::title.eq("Sly"));
            Ok(renamed.execute(tx.conn())?)
        })
        .unwrap_err();
    assert!(error.to_string().contains("logged no change"), "{error}");
    assert_eq!(server.get("/v1/articles/one").ok()["title"], "One");
    assert_eq!(numbers(&server), [1]);
}

#[test]
fn a_write_that_leaves_all_as_it_is_takes_no_number() {
    let server = Server::start();
    article("One").create(&server);
    let written = server.write(|tx| {
        tx.leave_unchanged();
        Ok("nothing to do")
    });
    assert_eq!((written.value, written.change), ("nothing to do", 1));
    article("Two").create(&server);
    assert_eq!(numbers(&server), [1, 2]);
}

#[test]
fn quiet_writes_take_no_number() {
    let server = Server::start();
    article("One").create(&server);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let quiet = server.db().write_quiet(Reason::Job, |conn: &mut Conn| {
        // No table of a job is there yet; what it writes to does not matter here.
        Ok(diesel::update(articles::table)
            .set(articles::word_count.eq(77))
            .execute(conn)?)
    });
    assert_eq!(runtime.block_on(quiet).unwrap(), 1);
    assert_eq!(server.get("/v1/articles/one").ok()["word_count"], 77);
    assert_eq!((server.db().change(), numbers(&server)), (1, vec![1]));
    let counter: i64 = server.read(|conn| meta::table.select(meta::change).first(conn));
    assert_eq!(counter, 1);
}

#[test]
fn what_runs_after_a_commit_runs_before_the_answer() {
    let (slow, last) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicI64::new(0)),
    );
    let (wait, seen) = (Arc::clone(&slow), Arc::clone(&last));
    let server = Server::setup()
        .after_commit(move |change| {
            if wait.load(Ordering::SeqCst) {
                // Long enough that an answer which did not wait would be there first.
                std::thread::sleep(Duration::from_millis(100));
            }
            seen.store(change, Ordering::SeqCst);
        })
        .start();
    slow.store(true, Ordering::SeqCst);
    for number in 0..3 {
        let new = article(&format!("Number {number}")).parse(&server.rules);
        let written = server.write(move |tx| store::create(tx, &new));
        assert_eq!(last.load(Ordering::SeqCst), written.change);
    }
    let new: NewArticle = article("Fails").parse(&server.rules);
    let failed = server.try_write(move |tx| {
        store::create(tx, &new)?;
        Err::<(), _>(Error::Conflict("on purpose".into()))
    });
    assert!(failed.is_err());
    assert_eq!(last.load(Ordering::SeqCst), 3, "nothing was committed");
}

#[test]
fn a_full_queue_refuses_and_recovers() {
    let server = Server::setup()
        .db(|settings| {
            settings.write_queue = 2;
            settings.write_wait = Duration::from_millis(50);
        })
        .start();
    let (holder, release) = hold(&server);
    let new = article("One").parse(&server.rules);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let write = || {
        let new = new.clone();
        server
            .db()
            .write(Actor::System, move |tx| store::create(tx, &new))
    };
    let (waiting, refused) = runtime.block_on(async {
        let mut waiting = Box::pin(write());
        assert!(
            futures_util::future::poll_immediate(&mut waiting)
                .await
                .is_none()
        );
        let refused = write().await;
        release.send(()).unwrap();
        (waiting.await, refused)
    });
    holder.join().unwrap();
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(waiting.unwrap().value.slug, "one");
    assert_eq!(runtime.block_on(write()).unwrap().value.slug, "one-2");
}
