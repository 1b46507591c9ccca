//! What is kept of answers: it is served while it is so, in the coding that is asked for, and nobody can spoil it for
//! others. All other tests prove besides that what is kept is what would be made anew.

mod canary;
mod poison;
mod varnish;

use std::sync::{Arc, Barrier};
use std::time::Duration;

use masthead::articles::model::Transition;
use masthead::articles::store;
use masthead::auth::model::Role;
use masthead::changes::model::Actor;
use masthead::changes::tags;
use masthead::db::Db;
use masthead::time::Clock;
use serde_json::json;

use crate::cli::program::Serving;
use crate::support::{Answer, Database, Server, article, create_all, id, page};

/// A server whose cache is as in use.
fn server() -> Server {
    Server::setup().app(|app| app.cache.proves = false).start()
}

/// A metric of the cache.
fn metric(server: &Server, name: &str) -> u64 {
    let answer = server.get("/metrics");
    let metrics = answer.text();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(&format!("masthead_cache_{name} ")));
    line.expect("the metric").parse().expect("a number")
}

/// Whether an answer came from the cache.
fn hits(server: &Server, ask: impl FnOnce() -> Answer) -> bool {
    let before = metric(server, "hits_total");
    assert_eq!(ask().status, 200);
    metric(server, "hits_total") > before
}

#[test]
fn what_was_asked_for_before_is_kept_until_it_is_touched() {
    let server = server();
    article("One")
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server);
    article("Two").tags(["Loss"]).create(&server);
    page("About").create(&server);
    let editor = server.sign_in(Role::Admin);
    let all = [
        "/v1/articles/one",
        "/v1/articles/two",
        "/v1/articles",
        "/v1/articles?tag=love",
        "/v1/pages/about",
        "/v1/pages",
        "/v1/tags",
        "/v1/tags/loss",
        "/v1/authors/ada",
        "/v1/site",
    ];
    let fill = || {
        for path in all {
            server.get(path);
        }
        for path in all {
            assert!(hits(&server, || server.get(path)), "{path}");
        }
    };
    let touched = || -> Vec<&str> {
        let stale = all
            .iter()
            .filter(|path| !hits(&server, || server.get(path)))
            .copied();
        stale.collect()
    };
    fill();
    // A draft touches nothing.
    article("Three").draft().tags(["Love"]).create(&server);
    assert_eq!(touched(), [""; 0]);

    let change = |path: &str, body: serde_json::Value| {
        let shown = server.get(&format!("/v1/{path}")).ok();
        let path = match (path.split_once('/'), shown["id"].as_str()) {
            (Some((kind, _)), Some(id)) => format!("/v1/admin/{kind}/{id}"),
            _ => format!("/v1/admin/{path}"),
        };
        let etag = editor.get(&path).header("etag").to_owned();
        editor.patch(&path, &etag, &body).ok();
    };
    change("articles/two", json!({"title": "Another two"}));
    assert_eq!(
        touched(),
        [
            "/v1/articles/two",
            "/v1/articles",
            "/v1/articles?tag=love",
            "/v1/tags",
            "/v1/tags/loss",
            "/v1/authors/ada"
        ]
    );
    fill();
    change("tags/love", json!({"name": "Affection"}));
    assert_eq!(
        touched(),
        [
            "/v1/articles/one",
            "/v1/articles?tag=love",
            "/v1/tags",
            "/v1/tags/loss"
        ]
    );
    fill();
    change("authors/ada", json!({"bio": "Counts."}));
    assert_eq!(touched(), ["/v1/articles/one", "/v1/authors/ada"]);
    fill();
    change("pages/about", json!({"title": "About us"}));
    assert_eq!(
        touched(),
        [
            "/v1/articles?tag=love",
            "/v1/pages/about",
            "/v1/pages",
            "/v1/tags",
            "/v1/tags/loss",
            "/v1/authors/ada"
        ]
    );
    fill();
    change("site", json!({"name": "Another name"}));
    assert_eq!(touched(), ["/v1/site"]);
}

#[test]
fn an_answer_names_what_it_depends_on_and_a_translation_touches_it() {
    let server = server();
    let one = article("One")
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server)
        .id;
    let answer = server.get("/v1/articles/one");
    let json = answer.json();
    let short = |value: &serde_json::Value| {
        let id = value["id"].as_str().unwrap();
        id[id.len() - 8..].to_owned()
    };
    assert_eq!(
        answer.header("surrogate-key"),
        format!(
            "a-{} {} t-{} u-{} all",
            one.short(),
            tags::of_slug("one"),
            short(&json["tags"][0]),
            short(&json["authors"][0])
        )
    );
    let known = server
        .client
        .request("GET", "/v1/articles/one")
        .header("if-none-match", answer.header("etag"))
        .send();
    assert_eq!(known.status, 304);
    assert_eq!(
        known.header("surrogate-key"),
        answer.header("surrogate-key")
    );
    assert_eq!(
        server.get("/v1/articles").header("surrogate-key"),
        "list-articles all"
    );

    // Many tags give way to their group.
    for number in 0..10 {
        let tags: [String; 10] = std::array::from_fn(|tag| format!("Tag {tag} of {number}"));
        article(&format!("Many {number}"))
            .tags(tags.each_ref().map(String::as_str))
            .create(&server);
    }
    let many = server.get("/v1/articles?include=tags,authors");
    let keys: Vec<&str> = many.header("surrogate-key").split(' ').collect();
    assert!(keys.contains(&"list-tags") && keys.len() <= 4, "{keys:?}");

    let editor = server.sign_in(Role::Admin);
    let body = |title: &str, locale: &str| json!({"title": title, "locale": locale, "translation_key": "k", "status": "published", "text": "x"});
    editor
        .post("/v1/admin/articles", &body("English", "en"))
        .created();
    let shown = || server.get("/v1/articles/english").ok()["translations"].clone();
    assert_eq!(shown(), json!([]));
    assert_eq!(shown(), json!([]));
    editor
        .post("/v1/admin/articles", &body("Deutsch", "de"))
        .created();
    assert_eq!(shown(), json!([{"locale": "de", "slug": "deutsch"}]));
}

#[test]
fn a_text_that_comes_first_takes_the_slug_of_one_that_is_kept() {
    let server = server();
    let editor = server.sign_in(Role::Admin);
    let make = |title: &str, locale: &str| {
        let body = json!({"title": title, "slug": "same", "locale": locale, "status": "published", "text": "x"});
        editor.post("/v1/admin/articles", &body).created();
    };
    make("Deutsch", "de");
    let title = || server.get("/v1/articles/same").ok()["title"].clone();
    assert_eq!((title(), title()), (json!("Deutsch"), json!("Deutsch")));
    make("English", "en");
    assert_eq!(title(), "English");
}

#[test]
fn an_article_makes_public_what_a_name_means_to_pages() {
    let server = server();
    let editor = server.sign_in(Role::Admin);
    let author = |name: &str, slug: &str| {
        let body = json!({"name": name, "slug": slug});
        editor.post("/v1/admin/authors", &body).created();
    };
    author("Ada", "a-d-a");
    author("Somebody else", "ada");
    let text = |kind: &str, title: &str, author: &str| {
        let body = json!({"title": title, "status": "published", "text": "x", "authors": [author]});
        editor.post(&format!("/v1/admin/{kind}"), &body).created();
    };
    text("pages", "Hers", "a-d-a");
    let pages = || server.get("/v1/pages?author=ada").ok()["items"].clone();
    let feed = || server.get("/v1/feeds/articles.json?author=ada").ok()["items"].clone();
    assert_eq!(pages()[0]["title"], "Hers");
    assert_eq!((pages(), feed()), (pages(), json!([])));
    // A slug comes before a name, as soon as it is somebody's of whom readers know.
    text("articles", "Another's", "ada");
    assert_eq!(pages(), json!([]));
    assert_eq!(feed()[0]["title"], "Another's");
}

#[test]
fn codings_are_made_once_and_have_tags_of_their_own() {
    let server = server();
    let text = "A text that is long enough to be worth it. ".repeat(200);
    article("One").markdown(&text).create(&server);
    let ask = |accepts: &str| {
        let request = server.client.request("GET", "/v1/articles/one");
        request.header("accept-encoding", accepts).send()
    };
    let plain = ask("identity");
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.header("vary"), "Accept-Encoding");
    // The second time it is asked for, somebody begins; soon it is there.
    let mut tries = 0;
    while ask("br, gzip").header("content-encoding").is_empty() {
        tries += 1;
        assert!(tries < 1_000, "nothing is compressed");
        std::thread::sleep(Duration::from_millis(10));
    }
    let (br, gzip) = (ask("gzip, deflate, br"), ask("gzip;q=1, br;q=0.2"));
    assert_eq!(br.header("content-encoding"), "br");
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert!(gzip.decoded() == plain.body && br.decoded() == plain.body);
    assert!(br.body.len() < plain.body.len() / 4 && gzip.body.len() < plain.body.len() / 4);
    assert!(ask("identity, *;q=0").header("content-encoding").is_empty());

    let tag = plain.header("etag").trim_matches('"').to_owned();
    assert_eq!(br.header("etag"), format!("\"{tag}-br\""));
    assert_eq!(gzip.header("etag"), format!("\"{tag}-gzip\""));
    for (known, accepts) in [
        ("", "br"),
        ("-br", "br"),
        ("-gzip", "br"),
        ("-br", "identity"),
    ] {
        let request = server.client.request("GET", "/v1/articles/one");
        let known = format!("\"{tag}{known}\"");
        let answer = request
            .header("accept-encoding", accepts)
            .header("if-none-match", &known)
            .send();
        assert_eq!(
            (answer.status, answer.header("etag")),
            (304, known.as_str())
        );
        assert_eq!(answer.header("content-encoding"), "");
    }
    // A range of another coding is nobody's.
    let request = server.client.request("GET", "/v1/articles/one");
    let answer = request
        .header("if-none-match", &format!("\"{tag}-zstd\""))
        .send();
    assert_eq!(answer.status, 200);
    assert_eq!(metric(&server, "compressed_total"), 1);
}

#[test]
fn a_crowd_costs_one_read() {
    let server = server();
    create_all(
        &server,
        (0..200)
            .map(|number| article(&format!("Number {number}")).id(id(number)))
            .collect(),
    );
    // A count runs on the pool, so that others come while the first still reads: not each time, but soon.
    let shared = metric(&server, "shared_total");
    for limit in 1..=100 {
        let path = format!("/v1/articles?count=true&audience=general&limit={limit}&include=body");
        let crowd = Arc::new(Barrier::new(40));
        let before = metric(&server, "hits_total");
        std::thread::scope(|scope| {
            for _ in 0..40 {
                let (crowd, client, path) = (Arc::clone(&crowd), server.client.clone(), &path);
                scope.spawn(move || {
                    crowd.wait();
                    assert_eq!(client.get(path).ok()["page"]["total"], 200);
                });
            }
        });
        let hits = metric(&server, "hits_total") - before;
        assert_eq!(hits, 39, "of 40 that ask for the same, one reads");
        if metric(&server, "shared_total") > shared {
            return;
        }
    }
    panic!("nobody came while another read");
}

#[test]
fn a_new_list_is_put_together_of_items_that_are_kept() {
    let server = server();
    let all = (0..20).map(|number| {
        article(&format!("Number {number}"))
            .id(id(number))
            .tags([if number < 5 { "Love" } else { "Loss" }])
    });
    create_all(&server, all.collect());
    let editor = server.sign_in(Role::Admin);
    // Each a list of its own, by leaving out a text that there is not; and how many of its items were at hand.
    let mut lists = 0;
    let mut list = |include: &str| {
        lists += 1;
        let before = metric(&server, "pieces_used_total");
        let other = id(1_000 + lists);
        let path = format!("/v1/articles?sort=published_at&include={include}&exclude={other}");
        let items = server.get(&path).ok()["items"].clone();
        (items, metric(&server, "pieces_used_total") - before)
    };
    let (first, at_hand) = list("tags");
    assert_eq!((first.as_array().unwrap().len(), at_hand), (20, 0));
    assert_eq!(list("tags"), (first.clone(), 20));
    // With other fields it is another item.
    assert_eq!(list("tags,authors").1, 0);

    let change = |path: &str, body: serde_json::Value| {
        let etag = editor.get(path).etag().to_owned();
        editor.patch(path, &etag, &body).ok();
    };
    let path = |number: u64| format!("/v1/admin/articles/{}", id(number));
    change(&path(7), json!({"title": "Another"}));
    let (items, at_hand) = list("tags");
    assert_eq!((&items[7]["title"], at_hand), (&json!("Another"), 19));
    let love = first[0]["tags"][0]["id"].as_str().unwrap();
    change(
        &format!("/v1/admin/tags/{love}"),
        json!({"name": "Affection"}),
    );
    let (items, at_hand) = list("tags");
    let names: Vec<_> = (0..6).map(|n| &items[n]["tags"][0]["name"]).collect();
    assert_eq!(names[..5], [&json!("Affection"); 5]);
    assert_eq!((names[5], at_hand), (&json!("Loss"), 15));
    editor.order(&format!("{}/unpublish", path(3))).ok();
    let (items, at_hand) = list("tags");
    assert_eq!((items.as_array().unwrap().len(), at_hand), (19, 19));
    assert_eq!(items[3]["title"], "Number 4");
}

#[test]
fn the_cache_keeps_to_its_bound_and_can_be_turned_off() {
    let small = Server::setup()
        .app(|app| {
            app.cache.proves = false;
            app.cache.bytes = 1 << 20;
        })
        .start();
    let text = "Some words that fill a page. ".repeat(300);
    create_all(
        &small,
        (0..150)
            .map(|number| {
                article(&format!("Number {number}"))
                    .id(id(number))
                    .markdown(&text)
            })
            .collect(),
    );
    for number in 0..150 {
        small.get(&format!("/v1/articles/number-{number}")).ok();
    }
    let bytes = metric(&small, "bytes");
    assert!(bytes > 100_000 && bytes <= 1 << 20, "{bytes}");
    // What takes more than its share is not kept.
    let large = "/v1/articles?limit=100&include=body,text,markdown";
    small.get(large).ok();
    assert!(!hits(&small, || small.get(large)));

    let off = Server::setup().app(|app| app.cache.bytes = 0).start();
    article("One").create(&off);
    let (first, second) = (off.get("/v1/articles/one"), off.get("/v1/articles/one"));
    assert_eq!(first.header("etag"), second.header("etag"));
    assert!(!off.get("/metrics").text().contains("masthead_cache"));
}

#[test]
fn what_another_process_writes_is_seen_with_its_change() {
    let server = server();
    let one = article("One").create(&server).id;
    server.get("/v1/articles/one").ok();
    assert!(hits(&server, || server.get("/v1/articles/one")));
    let other = Db::open(server.database().settings(), Clock::system()).unwrap();
    let written = other.write_blocking(Actor::System, move |tx| {
        store::transition(tx, one, Transition::Unpublish)
    });
    let number = written.unwrap().change;
    let request = server.client.request("GET", "/v1/articles/one");
    let answer = request.header("min-change", &number.to_string()).send();
    assert_eq!(answer.status, 404);
    assert_eq!(server.get("/v1/articles/one").status, 404);

    // Also where a write of this server takes the next number before anybody has looked.
    let two = article("Two").create(&server).id;
    server.get("/v1/articles/two").ok();
    other
        .write_blocking(Actor::System, move |tx| {
            store::transition(tx, two, Transition::Unpublish)
        })
        .unwrap();
    article("Three").create(&server);
    assert_eq!(server.get("/v1/articles/two").status, 404);
}

#[test]
fn what_was_asked_for_most_is_warm_after_a_restart() {
    let database = Database::new();
    let before = Serving::over(&database, &[]);
    for _ in 0..3 {
        before.get("/v1/site").ok();
        before.get("/v1/articles?limit=5").ok();
    }
    before.get("/v1/tags").ok();
    before.stop();
    let after = Serving::over(&database, &[]);
    let began = std::time::Instant::now();
    let entries = || {
        let answer = after.get("/metrics");
        answer.text().contains("masthead_cache_entries 2\n")
    };
    while !entries() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it does not warm up"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    after.stop();
}

#[test]
fn a_stand_in_gives_way_to_an_alias_of_the_locale_that_was_asked_for() {
    let server = Server::setup()
        .app(|app| app.cache.proves = false)
        .locales(["en", "de", "de-CH"])
        .fallbacks(["de-CH=de"])
        .start();
    article("Tee").locale("de").create(&server);
    let own = article("Schwarztee").locale("de-CH").create(&server).id;
    let asked = "/v1/articles/tee?locale=de-CH";
    assert_eq!(server.get(asked).ok()["locale"], "de");
    assert!(hits(&server, || server.get(asked)));
    let editor = server.sign_in(Role::Editor);
    let path = format!("/v1/admin/articles/{own}");
    let etag = editor.get(&path).etag().to_owned();
    editor
        .patch(&path, &etag, &json!({"aliases": ["tee"]}))
        .ok();
    let moved = server.get(asked);
    assert_eq!(moved.status, 308, "{}", moved.text());
    assert!(moved.header("location").contains("schwarztee"));
}

#[test]
fn a_cache_in_front_that_is_away_keeps_nothing_from_the_others() {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    let away = {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap()
    };
    let urls = [away, there.local_addr().unwrap()];
    let (told, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in there.incoming() {
            let mut stream = stream.unwrap();
            let head = BufReader::new(stream.try_clone().unwrap()).lines();
            let head = head.map_while(|line| line.ok().filter(|line| !line.is_empty()));
            let tags = head.filter_map(|line| Some(line.strip_prefix("xkey-purge: ")?.to_owned()));
            let tags: Vec<String> = tags.collect();
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if told.send(tags.concat()).is_err() {
                return;
            }
        }
    });
    let server = Server::setup()
        .app(move |app| {
            app.purge_urls = urls
                .map(|url| format!("http://{url}/").parse().unwrap())
                .into();
        })
        .start();
    // At the first start everything is let go.
    let first = hears.recv_timeout(Duration::from_secs(60));
    assert_eq!(first.expect("it is told"), "all");
    drop(server);
}
