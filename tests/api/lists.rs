//! Lists of articles: every order with every filter, walked in both directions and by number, against an oracle that
//! knows what was created and sorts it itself.

use masthead::articles::model::State;
use masthead::articles::store;
use masthead::id::Id;
use masthead::time::Time;

use crate::support::{Make, Random, Server, article, create_all, page, time};

const TAGS: [&str; 5] = ["rare", "common", "odd", "even", "nobody"];
const AUTHORS: [&str; 3] = ["ada", "grace", "mary"];
const TITLES: [&str; 7] = ["amber", "birch", "cedar", "delta", "elder", "fir", "ginkgo"];
const LIMIT: usize = 7;

/// What the oracle knows of an article.
struct Row {
    id: Id,
    title: &'static str,
    published: Time,
    updated: Time,
    tags: Vec<&'static str>,
    author: &'static str,
    german: bool,
    featured: bool,
    mature: bool,
}

/// Sixty articles with many equal times and titles, whose ids say nothing of their order, and some that must not show.
fn sixty(server: &Server) -> Vec<Row> {
    let mut random = Random::new(60);
    let mut rows = Vec::new();
    let mut all = Vec::new();
    let day = |n: usize| time(&format!("2026-0{}-01T00:00:00Z", n + 1));
    for number in 0..60_usize {
        let (high, low) = (random.next().to_be_bytes(), random.next().to_be_bytes());
        let bytes: Vec<u8> = high.into_iter().chain(low).collect();
        let mut tags = vec![if number.is_multiple_of(2) {
            "even"
        } else {
            "odd"
        }];
        if !random.once_in(3) {
            tags.push("common");
        }
        if random.once_in(9) {
            tags.push("rare");
        }
        let row = Row {
            id: Id::from_slice(&bytes).unwrap(),
            title: TITLES[random.below(TITLES.len())],
            published: day(random.below(6)),
            updated: day(6 + random.below(3)),
            tags,
            author: AUTHORS[random.below(AUTHORS.len())],
            german: random.once_in(3),
            featured: random.once_in(4),
            mature: random.once_in(5),
        };
        all.push(make(&row));
        rows.push(row);
    }
    all.push(
        article("amber")
            .draft()
            .tags(["common", "rare"])
            .authors(["ada"]),
    );
    all.push(
        article("amber")
            .state(State::Archived)
            .published_at("2026-01-01T00:00:00Z")
            .tags(["common"]),
    );
    all.push(
        page("amber")
            .published_at("2026-01-01T00:00:00Z")
            .tags(["common", "even"])
            .authors(["ada"]),
    );
    create_all(server, all);
    rows
}

fn make(row: &Row) -> Make {
    let mut make = article(row.title)
        .id(row.id)
        .locale(if row.german { "de" } else { "en" })
        .authors([row.author]);
    make.0.tags = row.tags.iter().map(|tag| (*tag).to_owned()).collect();
    make.0.published_at = Some(row.published);
    make.0.updated_at = Some(row.updated);
    make.0.featured = row.featured;
    if row.mature { make.mature() } else { make }
}

type Holds = Box<dyn Fn(&Row) -> bool>;

/// Every kind of filter, with what it lets through.
fn filters(rows: &[Row]) -> Vec<(String, Holds)> {
    let some: Vec<Id> = rows.iter().step_by(3).map(|row| row.id).collect();
    let list = |name: &str| {
        let pairs: Vec<String> = some.iter().map(|id| format!("{name}={id}")).collect();
        pairs.join("&")
    };
    let (ids, exclude) = (list("id"), list("exclude"));
    let (among, not_among) = (some.clone(), some);
    let (from, to) = (time("2026-02-01T00:00:00Z"), time("2026-05-01T00:00:00Z"));
    let filter = |query: &str, holds: Holds| (query.to_owned(), holds);
    vec![
        filter("", Box::new(|_| true)),
        filter("tag=common", Box::new(|row| row.tags.contains(&"common"))),
        filter("tag=rare", Box::new(|row| row.tags.contains(&"rare"))),
        filter("tag=nobody", Box::new(|_| false)),
        filter(
            "tag=common&tag=even",
            Box::new(|row| row.tags.contains(&"common") && row.tags.contains(&"even")),
        ),
        filter("tag=odd&tag=even", Box::new(|_| false)),
        filter(
            "any_tag=rare&any_tag=odd&any_tag=nobody",
            Box::new(|row| row.tags.contains(&"rare") || row.tags.contains(&"odd")),
        ),
        filter("author=ada", Box::new(|row| row.author == "ada")),
        filter(
            "author=grace&tag=common",
            Box::new(|row| row.author == "grace" && row.tags.contains(&"common")),
        ),
        filter("locale=de", Box::new(|row| row.german)),
        filter("featured=true", Box::new(|row| row.featured)),
        filter(
            "featured=false&locale=en",
            Box::new(|row| !row.featured && !row.german),
        ),
        filter("audience=mature", Box::new(|row| row.mature)),
        filter(
            "published_after=2026-02-01T00:00:00Z&published_before=2026-05-01T00:00:00Z",
            Box::new(move |row| row.published >= from && row.published < to),
        ),
        filter(
            "tag=even&published_after=2026-02-01T00:00:00Z",
            Box::new(move |row| row.tags.contains(&"even") && row.published >= from),
        ),
        filter(
            "author=mary&published_before=2026-05-01T00:00:00Z&audience=general",
            Box::new(move |row| row.author == "mary" && row.published < to && !row.mature),
        ),
        filter(&ids, Box::new(move |row| among.contains(&row.id))),
        filter(&exclude, Box::new(move |row| !not_among.contains(&row.id))),
        filter(&format!("tag=common&{exclude}"), {
            let not_among: Vec<Id> = rows.iter().step_by(3).map(|row| row.id).collect();
            Box::new(move |row| row.tags.contains(&"common") && !not_among.contains(&row.id))
        }),
    ]
}

fn oracle(rows: &[Row], sort: &str, holds: &Holds) -> Vec<String> {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| holds(row)).collect();
    match sort {
        "-published_at" => rows.sort_by_key(|row| std::cmp::Reverse((row.published, row.id))),
        "published_at" => rows.sort_by_key(|row| (row.published, row.id)),
        "-updated_at" => rows.sort_by_key(|row| std::cmp::Reverse((row.updated, row.id))),
        _ => rows.sort_by_key(|row| (row.title, row.id)),
    }
    rows.into_iter().map(|row| row.id.to_string()).collect()
}

fn every_filter_in_order(sort: &str) {
    let server = Server::start();
    server.write(|tx| {
        let nobody = masthead::tags::model::NewTag::parse("nobody", None, None, vec![], None);
        masthead::tags::store::create(tx, &nobody.unwrap())
    });
    let rows = sixty(&server);
    for (filter, holds) in filters(&rows) {
        let expected = oracle(&rows, sort, &holds);
        assert_eq!(
            walk(&server, sort, &filter),
            expected,
            "sort={sort}&{filter}"
        );
    }
}

/// All items of a list, by cursors; on the way it is walked backwards and by page numbers too, and all must agree.
#[track_caller]
fn walk(server: &Server, sort: &str, filter: &str) -> Vec<String> {
    let base = format!("/v1/articles?sort={sort}&limit={LIMIT}&fields=title&{filter}");
    let first = server.get(&format!("{base}&count=true"));
    let mut pages = vec![first.column("id")];
    let mut info = first.ok()["page"].clone();
    let total = info["total"].as_u64().unwrap();
    assert!(info["previous"].is_null(), "{base}");
    while let Some(next) = info["next"].as_str() {
        let page = server.get(&format!("{base}&cursor={next}"));
        pages.push(page.column("id"));
        info = page.ok()["page"].clone();
    }
    assert_eq!(
        pages.iter().map(Vec::len).sum::<usize>() as u64,
        total,
        "the total of {base}"
    );

    let mut backwards = vec![pages.last().unwrap().clone()];
    while let Some(previous) = info["previous"].as_str() {
        let page = server.get(&format!("{base}&cursor={previous}"));
        backwards.push(page.column("id"));
        info = page.ok()["page"].clone();
    }
    backwards.reverse();
    assert_eq!(backwards, pages, "backwards: {base}");
    if pages.len() > 1 {
        let again = server.get(&format!("{base}&cursor={}", info["next"].as_str().unwrap()));
        assert_eq!(again.column("id"), pages[1], "there and back: {base}");
    }

    for (number, expected) in pages.iter().enumerate() {
        let page = server.get(&format!("{base}&page={}", number + 1));
        assert_eq!(page.column("id"), *expected, "page {}: {base}", number + 1);
    }
    let beyond = server.get(&format!("{base}&page={}", pages.len() + 1));
    assert_eq!(beyond.column("id"), [""; 0]);
    pages.concat()
}

#[test]
fn newest_first_with_every_filter() {
    every_filter_in_order("-published_at");
}

#[test]
fn oldest_first_with_every_filter() {
    every_filter_in_order("published_at");
}

#[test]
fn last_updated_first_with_every_filter() {
    every_filter_in_order("-updated_at");
}

#[test]
fn by_title_with_every_filter() {
    every_filter_in_order("title");
}

#[test]
fn links_lead_where_the_cursors_of_the_body_lead() {
    let server = Server::start();
    sixty(&server);
    let base = "/v1/articles?sort=title&limit=9&tag=common";
    let first = server.get(base);
    let next = first.ok()["page"]["next"].as_str().unwrap().to_owned();
    let by_cursor = server.get(&format!("{base}&cursor={next}"));
    let by_link = server.get(&first.link("next").unwrap());
    assert_eq!(by_link.body, by_cursor.body);
    assert_eq!(first.link("prev"), None);
    let back = server.get(&by_link.link("prev").unwrap());
    assert_eq!(back.column("id"), first.column("id"));

    // Who turns pages by number goes on so.
    let second = server.get(&format!("{base}&page=2&count=true"));
    assert_eq!(
        second.link("next").unwrap(),
        format!("{base}&count=true&page=3")
    );
    assert_eq!(
        second.link("prev").unwrap(),
        format!("{base}&count=true&page=1")
    );
    assert_eq!(second.column("id"), by_cursor.column("id"));
    let third = server.get(&second.link("next").unwrap());
    let after = by_cursor.ok()["page"]["next"].as_str().unwrap().to_owned();
    assert_eq!(
        third.column("id"),
        server.get(&format!("{base}&cursor={after}")).column("id")
    );
}

#[test]
fn links_are_absolute_where_the_api_knows_its_own_address() {
    let server = Server::setup()
        .public_url("https://api.example.org")
        .start();
    create_all(&server, vec![article("One"), article("Two")]);
    let link = server.get("/v1/articles?limit=1").link("next").unwrap();
    assert!(
        link.starts_with("https://api.example.org/v1/articles?limit=1&cursor="),
        "{link}"
    );
}

#[test]
fn includes_and_fields_do_not_change_the_order() {
    let server = Server::start();
    sixty(&server);
    for sort in ["-published_at", "published_at", "-updated_at", "title"] {
        let base = format!("/v1/articles?sort={sort}&limit=100");
        let plain = server.get(&base).column("id");
        assert_eq!(plain.len(), 60);
        let includes = "body,markdown,text,toc,tags,authors,seo,metadata,translations";
        assert_eq!(
            server
                .get(&format!("{base}&include={includes}"))
                .column("id"),
            plain
        );
        assert_eq!(
            server
                .get(&format!("{base}&fields=locale&include=tags"))
                .column("id"),
            plain
        );
    }
}

#[test]
fn tags_and_authors_of_a_list_are_those_of_each_article_in_order() {
    let server = Server::start();
    sixty(&server);
    let list = server
        .get("/v1/articles?limit=100&include=tags,authors,body&fields=title")
        .ok();
    for item in list["items"].as_array().unwrap() {
        let path = format!(
            "/v1/articles/{}?fields=title,tags,authors,body",
            item["id"].as_str().unwrap()
        );
        assert_eq!(server.get(&path).ok(), *item);
    }
}

#[test]
fn a_tag_or_author_is_named_by_slug_name_id_or_alias() {
    let server = Server::start();
    server.write(|tx| {
        let tag = masthead::tags::model::NewTag::parse(
            "Mental health",
            None,
            None,
            vec!["psyche".into()],
            None,
        );
        masthead::tags::store::create(tx, &tag.unwrap())
    });
    article("One")
        .tags(["Mental health"])
        .authors(["Ada Lovelace"])
        .create(&server);
    article("Two").create(&server);
    let tag = server.get("/v1/tags/mental-health").ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let author = server.get("/v1/authors/ada-lovelace").ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for query in [
        "tag=mental-health",
        "tag=Mental+health",
        "tag=mental%20HEALTH",
        "tag=psyche",
        &format!("tag={tag}"),
        &format!("any_tag={tag}&any_tag=x"),
        "author=ada-lovelace",
        "author=ada+lovelace",
        &format!("author={author}"),
    ] {
        assert_eq!(
            server.get(&format!("/v1/articles?{query}")).column("slug"),
            ["one"],
            "{query}"
        );
    }
    assert_eq!(server.get("/v1/articles?tag=x").column("slug"), [""; 0]);
    assert_eq!(
        server.get("/v1/articles?author=x&count=true").ok()["page"]["total"],
        0
    );
}

#[test]
fn what_comes_and_goes_between_pages_neither_repeats_nor_hides_others() {
    for sort in ["-published_at", "title"] {
        let server = Server::start();
        let rows = sixty(&server);
        let mut left = oracle(&rows, sort, &(Box::new(|_: &Row| true) as Holds));
        let base = format!("/v1/articles?sort={sort}&limit=6");
        let (mut seen, mut path) = (Vec::new(), base.clone());
        let mut random = Random::new(7);
        loop {
            let answer = server.get(&path);
            seen.extend(answer.column("id"));
            let Some(next) = answer.ok()["page"]["next"].as_str().map(str::to_owned) else {
                break;
            };
            path = format!("{base}&cursor={next}");
            // One goes that was shown: the very row the cursor stands beside. One goes that was not. One comes in front.
            let last: Id = seen.last().unwrap().parse().unwrap();
            server.write(move |tx| store::purge(tx, last));
            let unseen = left.iter().position(|id| *id == last.to_string()).unwrap() + 1;
            if unseen + 1 < left.len() {
                let gone = left.remove(unseen + random.below(left.len() - unseen));
                let gone: Id = gone.parse().unwrap();
                server.write(move |tx| store::purge(tx, gone));
            }
            article("aaa in front")
                .published_at("2026-11-01T00:00:00Z")
                .create(&server);
        }
        assert_eq!(seen, left, "{sort}");
    }
}

#[test]
fn a_scan_beside_an_index_finds_the_same() {
    // Tags by their own index and, with a filter that the index does not know, by the articles'.
    let server = Server::start();
    let rows = sixty(&server);
    for tag in TAGS {
        let by_index = server
            .get(&format!("/v1/articles?tag={tag}&limit=100"))
            .column("id");
        let far = "published_after=0001-01-01T00:00:00Z";
        let by_scan = server
            .get(&format!("/v1/articles?any_tag={tag}&limit=100&{far}"))
            .column("id");
        assert_eq!(by_index, by_scan, "{tag}");
        assert_eq!(
            by_index.len(),
            rows.iter().filter(|row| row.tags.contains(&tag)).count()
        );
    }
}
