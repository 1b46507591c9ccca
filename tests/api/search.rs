//! Search: what is found by what is typed, in which order, and how it is shown.

mod blog;
mod hostile;
mod index;
mod related;
mod suggest;

use masthead::articles::model::{State, Transition};
use masthead::articles::store;
use masthead::db::page::{Cursor, Key};
use serde_json::{Value, json};

use crate::support::{Answer, Server, article, create_all, id, page};

/// The titles of the hits, in order.
#[track_caller]
fn titles(answer: &Answer) -> Vec<String> {
    let answer = answer.ok();
    let items = answer["items"].as_array().unwrap();
    let title = |item: &Value| item["title"].as_str().unwrap().to_owned();
    items.iter().map(title).collect()
}

#[track_caller]
fn found(server: &Server, query: &str) -> Vec<String> {
    titles(&server.search(&format!("/v1/search?{query}")))
}

fn garden() -> Server {
    let server = Server::start();
    create_all(
        &server,
        vec![
            article("Apple trees")
                .id(id(1))
                .markdown("How to plant apples, and when.")
                .tags(["Trees"])
                .authors(["Ada Green"])
                .published_at("2024-03-01T00:00:00Z"),
            article("Pear trees")
                .id(id(2))
                .markdown("Pears like the sun. An apple may stand beside them.")
                .tags(["Trees", "Sun"])
                .authors(["Grace Brown"])
                .published_at("2025-03-01T00:00:00Z"),
            article("The kitchen garden")
                .id(id(3))
                .subtitle("Vegetables")
                .standfirst("Carrots first")
                .markdown(
                    "Tomatoes want much sun; running water is not needed. Write an e-mail to us.",
                )
                .tags(["Sun"])
                .authors(["Ada Green"])
                .published_at("2026-03-01T00:00:00Z"),
            page("Contact").id(id(4)).markdown("Write to the garden."),
            article("Äpfel und Bäume")
                .id(id(5))
                .locale("de")
                .markdown("Die Häuser stehen im Garten.")
                .tags(["Trees"])
                .published_at("2026-04-01T00:00:00Z"),
        ],
    );
    server
}

#[test]
fn finds_words_wherever_readers_see_them() {
    let server = garden();
    for (query, expected) in [
        ("q=tomato", vec!["The kitchen garden"]),
        ("q=RUNS", vec!["The kitchen garden"]),
        ("q=vegetable", vec!["The kitchen garden"]),
        ("q=carrot", vec!["The kitchen garden"]),
        ("q=grace", vec!["Pear trees"]),
        ("q=pears", vec!["Pear trees"]),
        // A word of the title counts more than one of the text.
        ("q=apples", vec!["Apple trees", "Pear trees"]),
        ("q=haus", vec!["Äpfel und Bäume"]),
        ("q=haeuser", vec!["Äpfel und Bäume"]),
        ("q=apfel", vec!["Äpfel und Bäume"]),
        ("q=email", vec!["The kitchen garden"]),
        ("q=e-mail", vec!["The kitchen garden"]),
        ("q=no-such-word-there-zzz&typos=false&locale=de", vec![]),
        ("q=!!!", vec![]),
        ("q=%22%22", vec![]),
    ] {
        assert_eq!(found(&server, query), expected, "{query}");
    }
}

#[test]
fn two_words_are_both_wanted_where_some_text_holds_both() {
    let server = garden();
    assert_eq!(found(&server, "q=pears+sun"), ["Pear trees"]);
    // Words that say nothing are left out.
    assert_eq!(found(&server, "q=the+tomatoes"), ["The kitchen garden"]);
    assert_eq!(found(&server, "q=how+to+tomatoes"), ["The kitchen garden"]);
    // But not where there are no others.
    assert!(!found(&server, "q=to+the").is_empty());
    // No text holds both, so one is enough.
    assert_eq!(
        found(&server, "q=tomatoes+grace").len(),
        2,
        "either of them"
    );
}

#[test]
fn phrases_stand_together_and_exclusions_do_not_stand_there() {
    let server = garden();
    assert_eq!(
        found(&server, "q=%22running+water%22"),
        ["The kitchen garden"]
    );
    assert_eq!(found(&server, "q=%22water+running%22"), [""; 0]);
    assert_eq!(found(&server, "q=%22apple+trees%22"), ["Apple trees"]);
    assert_eq!(found(&server, "q=trees+-pear&locale=en"), ["Apple trees"]);
    assert_eq!(found(&server, "q=garden+-%22running+water%22"), ["Contact"]);
    // All that does not hold it, the newest first.
    assert_eq!(
        found(&server, "q=-garden&locale=en"),
        ["Pear trees", "Apple trees"]
    );
    assert_eq!(found(&server, "q=-haus&locale=de"), [""; 0]);
}

#[test]
fn the_last_word_may_go_on() {
    let server = garden();
    assert_eq!(found(&server, "q=toma"), ["The kitchen garden"]);
    assert_eq!(found(&server, "q=kitchen+gar"), ["The kitchen garden"]);
    assert_eq!(
        found(&server, "q=gar+kitchen&typos=false").len(),
        1,
        "one of two"
    );
    assert_eq!(found(&server, "q=toma+&typos=false"), [""; 0]);
}

#[test]
fn a_word_that_no_text_holds_is_read_as_the_nearest() {
    let server = garden();
    let answer = server
        .search("/v1/search?q=tomatos+sunn+&highlight=true")
        .ok();
    // The first has a stem that is there; the second is read as another.
    assert_eq!(answer["did_you_mean"], "tomatos sun");
    assert_eq!(answer["items"][0]["title"], "The kitchen garden");
    let answer = server.search("/v1/search?q=tomatoex&fields=title").ok();
    assert_eq!(answer["did_you_mean"], "tomatoes");
    assert_eq!(answer["items"][0]["title"], "The kitchen garden");
    let answer = server.search("/v1/search?q=tomatoex&typos=false").ok();
    assert_eq!(answer["did_you_mean"], "tomatoes");
    assert_eq!(answer["items"], json!([]));
    for query in ["tomatoes", "xyz", "qqqqqqqq", "tom", "4711", "-tomatoex"] {
        let answer = server.search(&format!("/v1/search?q={query}")).ok();
        assert_eq!(answer["did_you_mean"], Value::Null, "{query}");
    }
    // As it is written somewhere.
    let answer = server.search("/v1/search?q=baeumx&locale=de").ok();
    assert_eq!(answer["did_you_mean"], Value::Null, "too far away");
    let answer = server.search("/v1/search?q=hauserr+&locale=de").ok();
    assert_eq!(answer["did_you_mean"], "häuser");
    // A draft's words are nobody's.
    article("Xylophone").draft().create(&server);
    let answer = server.search("/v1/search?q=xylophon").ok();
    assert_eq!(answer["did_you_mean"], Value::Null);
}

#[test]
fn filters_leave_what_they_name() {
    let server = garden();
    article("Mature garden")
        .markdown("Nightshade in the garden.")
        .published_at("2023-01-01T00:00:00Z")
        .mature()
        .create(&server);
    for (query, expected) in [
        ("q=trees&tag=sun", vec!["Pear trees"]),
        ("q=trees&tag=trees&tag=sun", vec!["Pear trees"]),
        (
            "q=sun&any_tag=sun&any_tag=none",
            vec!["Pear trees", "The kitchen garden"],
        ),
        ("q=trees&tag=no-such-tag", vec![]),
        ("q=trees&author=ada-green&locale=en", vec!["Apple trees"]),
        ("q=trees&author=nobody", vec![]),
        ("q=garden&kind=page", vec!["Contact"]),
        ("q=garden&audience=mature", vec!["Mature garden"]),
        ("q=trees&locale=de", vec!["Äpfel und Bäume"]),
        (
            "q=trees&published_after=2025-01-01T00:00:00Z&locale=en",
            vec!["Pear trees"],
        ),
        (
            "q=trees&published_before=2025-01-01T00:00:00Z",
            vec!["Apple trees"],
        ),
        ("q=trees&featured=true", vec![]),
        ("q=trees&id=00000000-0000-7000-8000-000000000002", vec![]),
    ] {
        assert_eq!(found(&server, query), expected, "{query}");
    }
    let only = format!("q=trees&id={}", id(2));
    assert_eq!(found(&server, &only), ["Pear trees"]);
    let but = format!("q=trees&locale=en&exclude={}", id(2));
    assert_eq!(found(&server, &but), ["Apple trees"]);
}

#[test]
fn hits_come_in_the_order_asked_for_and_in_pages() {
    let server = Server::start();
    let texts = (0..25_u64).map(|number| {
        article(&format!("Garden {number}"))
            .id(id(number))
            .published_at(&format!("2026-01-{:02}T00:00:00Z", 1 + number % 20))
    });
    create_all(&server, texts.collect());
    for (sort, first) in [("-published_at", "Garden 19"), ("published_at", "Garden 0")] {
        let mut seen = Vec::new();
        let mut path = format!("/v1/search?q=garden&sort={sort}&limit=7&count=true");
        loop {
            let answer = server.search(&path);
            seen.extend(titles(&answer));
            assert_eq!(answer.ok()["page"]["total"], 25);
            let next = answer.ok()["page"]["next"].as_str().map(str::to_owned);
            let Some(next) = next else {
                break;
            };
            assert!(answer.header("link").contains("rel=\"next\""));
            path = format!("/v1/search?q=garden&sort={sort}&limit=7&count=true&cursor={next}");
        }
        assert_eq!(seen[0], first);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 25, "{sort}");
    }
    let second = server.search("/v1/search?q=garden&limit=10&page=2").ok();
    let previous = second["page"]["previous"].as_str().unwrap();
    let first = server.search(&format!("/v1/search?q=garden&limit=10&cursor={previous}"));
    assert_eq!(
        titles(&first),
        titles(&server.search("/v1/search?q=garden&limit=10"))
    );
    let other = server.get(&format!(
        "/v1/search?q=garden&sort=published_at&cursor={previous}"
    ));
    assert_eq!(other.faults(), ["cursor malformed"]);
    let last = server.search("/v1/search?q=garden&limit=10&page=3").ok();
    assert_eq!(last["page"]["next"], Value::Null);
    let beyond = server.search("/v1/search?q=garden&limit=10&page=9").ok();
    assert_eq!(beyond["items"], json!([]));
}

/// The sum in a cursor is no secret: anybody can make one that reads well.
#[test]
fn a_made_up_cursor_reaches_no_deeper_than_others() {
    let server = garden();
    for (key, fine) in [
        (Key::Number(10_000), true),
        (Key::Number(10_001), false),
        (Key::Number(i64::MAX), false),
        (Key::Number(-1), false),
        (Key::Text("x".into()), false),
    ] {
        let made_up = Cursor {
            sort: "search relevance",
            backward: false,
            key,
            id: id(0),
        };
        let answer = server.search(&format!("/v1/search?q=trees&cursor={}", made_up.encode()));
        if fine {
            assert_eq!(answer.ok()["items"], json!([]));
        } else {
            assert_eq!(answer.faults(), ["cursor malformed"]);
        }
    }
}

#[test]
fn a_last_word_that_says_nothing_is_not_marked() {
    let server = garden();
    let answer = server
        .search("/v1/search?q=pears+the&highlight=true&fields=title")
        .ok();
    let body = answer["items"][0]["highlights"]["body"].as_str().unwrap();
    assert!(
        body.starts_with("<mark>Pears</mark> like the sun."),
        "{body}"
    );
}

#[test]
fn facets_count_the_whole_result() {
    let server = garden();
    let answer = server
        .search("/v1/search?q=trees&limit=1&facets=tags,authors,years,locales&count=true")
        .ok();
    assert_eq!(answer["page"]["total"], 3);
    let facets = &answer["facets"];
    let counts = |of: &Value, name: &str| -> Vec<(String, u64)> {
        let counts = of.as_array().unwrap().iter();
        counts
            .map(|count| {
                let value = &count[name];
                let value = value.as_str().map_or(value.to_string(), str::to_owned);
                (value, count["count"].as_u64().unwrap())
            })
            .collect()
    };
    assert_eq!(
        counts(&facets["tags"], "slug"),
        [("trees".to_owned(), 3), ("sun".to_owned(), 1)]
    );
    let mut authors = counts(&facets["authors"], "slug");
    authors.sort();
    assert_eq!(
        authors,
        [("ada-green".to_owned(), 1), ("grace-brown".to_owned(), 1)]
    );
    assert_eq!(
        counts(&facets["years"], "year"),
        [
            ("2026".to_owned(), 1),
            ("2025".to_owned(), 1),
            ("2024".to_owned(), 1)
        ]
    );
    assert_eq!(
        counts(&facets["locales"], "locale"),
        [("en".to_owned(), 2), ("de".to_owned(), 1)]
    );
    let some = server.search("/v1/search?q=trees&facets=years").ok();
    assert_eq!(some["facets"].as_object().unwrap().len(), 1);
    assert!(some["page"].get("total").is_none());
    assert!(
        server
            .search("/v1/search?q=trees")
            .ok()
            .get("facets")
            .is_none()
    );
}

#[test]
fn words_are_marked_in_escaped_text() {
    let server = Server::start();
    article("Cats <b>& dogs</b>")
        .markdown("A dog is *no* cat, `a < b`. <b>Dogs</b> run.")
        .create(&server);
    let answer = server
        .search("/v1/search?q=dog&highlight=true&fields=slug")
        .ok();
    let hit = &answer["items"][0];
    assert_eq!(
        hit["highlights"]["title"],
        "Cats &lt;b&gt;&amp; <mark>dogs</mark>&lt;/b&gt;"
    );
    assert_eq!(
        hit["highlights"]["body"],
        "A <mark>dog</mark> is no cat, a &lt; b. <mark>Dogs</mark> run."
    );
    assert!(
        hit.get("title").is_none() && hit.get("text").is_none(),
        "{hit}"
    );
    assert!(hit["score"].as_f64().unwrap() > 0.0);
    let plain = server.search("/v1/search?q=dog").ok();
    assert!(plain["items"][0].get("highlights").is_none());
}

#[test]
fn writing_without_spaces_is_found() {
    let server = Server::setup().locales(["en", "ja", "th"]).start();
    create_all(
        &server,
        vec![
            article("東京の図書館")
                .locale("ja")
                .markdown("日本語の本がたくさんあります。"),
            article("京都").locale("ja").markdown("寺が多い。"),
            article("ห้องสมุด").locale("th").markdown("ภาษาไทย"),
        ],
    );
    let encoded = |text: &str| {
        let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
        format!("q={}", bytes.collect::<String>())
    };
    for (query, expected) in [
        ("図書館", vec!["東京の図書館"]),
        ("日本語", vec!["東京の図書館"]),
        ("本", vec!["東京の図書館"]),
        ("東京都", vec![]),
        ("京都", vec!["京都"]),
        ("สมุด", vec!["ห้องสมุด"]),
    ] {
        assert_eq!(found(&server, &encoded(query)), expected, "{query}");
    }
}

#[test]
fn what_changes_is_followed() {
    let server = garden();
    assert_eq!(found(&server, "q=tomato"), ["The kitchen garden"]);
    // Another name of a tag reaches the texts that carry it.
    let admin = server.sign_in(masthead::auth::model::Role::Admin);
    let tag = admin.get("/v1/admin/tags?q=sun").ok()["items"][0]["id"].clone();
    let path = format!("/v1/admin/tags/{}", tag.as_str().unwrap());
    let etag = admin.get(&path);
    let renamed = admin.patch(&path, etag.etag(), &json!({"name": "Brightness"}));
    assert_eq!(renamed.status, 200);
    assert_eq!(found(&server, "q=brightness").len(), 2);
    // And so does its end.
    assert_eq!(admin.delete(&path, renamed.etag()).status, 204);
    assert_eq!(found(&server, "q=brightness&typos=false"), [""; 0]);
    // What is not out is not found, and comes back.
    let kitchen = id(3);
    server.write(move |tx| store::transition(tx, kitchen, Transition::Unpublish));
    assert_eq!(found(&server, "q=tomato&typos=false"), [""; 0]);
    server.write(move |tx| store::transition(tx, kitchen, Transition::Publish));
    assert_eq!(found(&server, "q=tomato"), ["The kitchen garden"]);
    for state in [
        State::Draft,
        State::InReview,
        State::Scheduled,
        State::Archived,
        State::Trashed,
    ] {
        let mut make = article("Zebra").state(state);
        if state == State::Scheduled {
            make = make.published_at("2030-01-01T00:00:00Z");
        }
        make.create(&server);
    }
    assert_eq!(found(&server, "q=zebra&typos=false"), [""; 0]);
}

#[test]
fn faults_are_named_all_at_once() {
    let server = Server::start();
    let answer = server.get("/v1/search?facets=colours&sort=title&limit=0&typos=maybe&kind=x&z=1");
    assert_eq!(
        answer.faults(),
        [
            "q missing",
            "kind not_allowed",
            "sort not_allowed",
            "facets not_allowed",
            "typos malformed",
            "limit too_small",
            "z unknown"
        ]
    );
    let long = "x".repeat(513);
    assert_eq!(
        server.get(&format!("/v1/search?q={long}")).faults(),
        ["q too_large"]
    );
    let many = "x+".repeat(65);
    assert_eq!(
        server.get(&format!("/v1/search?q={many}")).faults(),
        ["q too_large"]
    );
    assert_eq!(server.get("/v1/search?q=").faults(), ["q too_small"]);
    assert_eq!(server.get("/v1/search?q=a&q=b").faults(), ["q repeated"]);
}

#[test]
fn searches_are_counted() {
    let server = garden();
    found(&server, "q=tomato");
    found(&server, "q=qqqqqqqqqqqq");
    found(&server, "q=tomatoex+");
    let metrics = server.get("/metrics").text().to_owned();
    for line in [
        "masthead_search_queries_total 3",
        "masthead_search_zero_results_total 1",
        "masthead_search_corrected_total 1",
        "masthead_search_index_ready 1",
        "masthead_search_index_behind 0",
        "masthead_search_index_documents 5",
    ] {
        assert!(
            metrics.lines().any(|known| known == line),
            "{line}: {metrics}"
        );
    }
    // What people look for is nobody's business.
    assert!(!metrics.contains("tomato"));
}
