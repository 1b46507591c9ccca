//! What the server is asked for by `read`, and what is promised of it.

use crate::chance::Random;
use crate::data::{LOCALES, Press, TAGS};
use crate::fill;

/// Articles asked for by slug.
const SAMPLE: usize = 2_000;

/// What is asked for, in many variants: not one row that lies in every cache.
pub(crate) struct Route {
    pub(crate) name: &'static str,
    pub(crate) targets: Vec<String>,
    /// Again, with the entity tag of the first answer.
    pub(crate) again: bool,
    /// In this content coding, once it is there.
    pub(crate) coding: Option<&'static str>,
    pub(crate) connections: usize,
    pub(crate) promise: Promise,
}

#[derive(Clone, Copy)]
pub(crate) enum Promise {
    None,
    /// At most that many times the CPU time of the fixed answer.
    ToFixed(f64),
    /// At least this part of the requests a second of the fixed answer, and for no more CPU time than that means.
    Nearly(f64),
    /// As pages of the newest articles, of which there are as many to turn.
    AsTurned,
}

/// One that is asked for plainly, over 32 connections.
fn route(name: &'static str, targets: Vec<String>, promise: Promise) -> Route {
    Route {
        name,
        targets,
        again: false,
        coding: None,
        connections: 32,
        promise,
    }
}

/// The list that everyone asks for: one page of the same twenty rows.
pub(crate) const LIST: &str = "list of 20";
/// The pages behind it, which are compared with those deeper down: as many rows, of which none is asked for more often.
pub(crate) const TURNED: &str = "cursor, pages 2 to 53";

/// Pages of the website in the default locale, which has no prefix.
fn pages_of(press: &Press, count: usize, rest: &str) -> Vec<String> {
    let mut random = Random::new(8);
    let numbers = std::iter::repeat_with(|| random.below(count));
    let numbers = numbers.filter(|n| press.head(*n).locale == LOCALES[0]);
    numbers
        .take(200)
        .map(|n| format!("/v1/resolve?path=/{}{rest}", fill::slug_of(press, n)))
        .collect()
}

/// What is asked for again and again, and kept.
pub(crate) fn kept(press: &Press, count: usize) -> Vec<Route> {
    let mut random = Random::new(7);
    let slugs: Vec<String> = (0..SAMPLE)
        .map(|_| fill::slug_of(press, random.below(count)))
        .collect();
    let articles: Vec<String> = slugs
        .iter()
        .map(|slug| format!("/v1/articles/{slug}"))
        .collect();
    vec![
        route("article, kept", articles.clone(), Promise::Nearly(0.8)),
        Route {
            again: true,
            ..route(
                "article, kept, 304",
                articles.clone(),
                Promise::Nearly(0.95),
            )
        },
        Route {
            coding: Some("br"),
            ..route("article, kept, br", articles, Promise::Nearly(0.8))
        },
        route(
            "list of 20, kept",
            vec!["/v1/articles?include=tags,authors".into()],
            Promise::Nearly(0.8),
        ),
        route(
            "page of the website, kept",
            pages_of(press, count, ""),
            Promise::Nearly(0.8),
        ),
    ]
}

/// What is new as a list, of items that were in other lists before: what each publication makes of all lists.
pub(crate) fn put_together() -> Vec<Route> {
    // Each of its own, by leaving out a text that there is not.
    let other = |n: usize| {
        format!("/v1/articles?include=tags,authors&exclude=00000000-0000-7000-8000-{n:012x}")
    };
    vec![route(
        "list of 20, of items that are kept",
        (0..400).map(other).collect(),
        Promise::ToFixed(11.0),
    )]
}

/// What is made anew each time.
pub(crate) fn routes(press: &Press, count: usize) -> Vec<Route> {
    let mut random = Random::new(7);
    let slugs: Vec<String> = (0..SAMPLE)
        .map(|_| fill::slug_of(press, random.below(count)))
        .collect();
    let articles = |suffix: &str| {
        slugs
            .iter()
            .map(|slug| format!("/v1/articles/{slug}{suffix}"))
            .collect()
    };
    let list = |rest: String| format!("/v1/articles?include=tags,authors{rest}");
    let by_tag = |tags: std::ops::Range<usize>| {
        tags.map(|tag| list(format!("&tag={}", fill::tag_slug(press, tag))))
            .collect()
    };
    let behind = |first: usize| {
        (0..50)
            .map(|n| list(format!("&cursor={}", fill::cursor_behind(first + 21 * n))))
            .collect()
    };
    // The rarest that fill a page, with room to spare.
    let rare = (0..TAGS)
        .rev()
        .find(|tag| count * 3 / (7 * (tag + 1)) > 40)
        .unwrap();
    let word = |n: usize| {
        let text = press.body(n);
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.rfind(|word| word.len() > 5).unwrap().to_owned()
    };
    let words: Vec<String> = (0..40).map(word).collect();
    vec![
        route("article by slug", articles(""), Promise::ToFixed(5.0)),
        Route {
            again: true,
            ..route("article by slug, 304", articles(""), Promise::None)
        },
        route("article as `.md`", articles(".md"), Promise::None),
        route(LIST, vec![list(String::new())], Promise::ToFixed(11.0)),
        route(TURNED, behind(count - 1_100), Promise::None),
        route(
            "cursor, in the middle",
            behind(count / 2),
            Promise::AsTurned,
        ),
        route("cursor, near the end", behind(100), Promise::AsTurned),
        route("by tag, the 10 commonest", by_tag(0..10), Promise::AsTurned),
        route(
            "by tag, 10 rare ones",
            by_tag(rare - 9..rare + 1),
            Promise::AsTurned,
        ),
        Route {
            connections: 4,
            ..route(
                "page number 400",
                vec![list("&page=400".into())],
                Promise::None,
            )
        },
        Route {
            connections: 4,
            ..route(
                "`count=true`",
                vec![list("&count=true".into())],
                Promise::None,
            )
        },
        route(
            "page of the website",
            pages_of(press, count, "&without=related"),
            Promise::None,
        ),
        Route {
            connections: 4,
            ..route(
                "page of the website, with related",
                pages_of(press, count, ""),
                Promise::None,
            )
        },
        Route {
            connections: 4,
            ..route(
                "sync, 100 of the first walk",
                vec!["/v1/changes?initial=true&limit=100".into()],
                Promise::None,
            )
        },
        Route {
            connections: 4,
            ..route(
                "search for a word",
                words
                    .iter()
                    .map(|word| format!("/v1/search?q={word}&highlight=true"))
                    .collect(),
                Promise::None,
            )
        },
    ]
}
