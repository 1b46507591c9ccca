//! Articles about the same.

use masthead::articles::model::Transition;
use masthead::articles::store;
use serde_json::json;

use super::titles;
use crate::support::{Server, article, create_all, id, page};

fn library() -> Server {
    let server = Server::start();
    let mut all = vec![
        article("Sleep and light")
            .id(id(1))
            .tags(["Sleep", "Common"])
            .markdown("Blue light in the evening keeps us awake. Melatonin rises late."),
        article("Dreams")
            .id(id(2))
            .tags(["Sleep", "Common"])
            .markdown("What happens at night, nobody knows for certain."),
        article("Lamps")
            .id(id(3))
            .tags(["Common"])
            .markdown("Blue light and melatonin: what a lamp does in the evening."),
        article("Schlaf")
            .id(id(4))
            .locale("de")
            .tags(["Sleep", "Common"])
            .markdown("Blue light, melatonin."),
        page("About sleep")
            .id(id(5))
            .tags(["Sleep"])
            .markdown("Melatonin."),
    ];
    all.extend((10..30_u64).map(|number| {
        article(&format!("Other {number}"))
            .id(id(number))
            .tags(["Common"])
            .markdown("Nothing of the kind.")
    }));
    create_all(&server, all);
    server
}

#[test]
fn rare_tags_and_words_make_articles_related() {
    let server = library();
    let answer = server.search(&format!("/v1/articles/{}/related?limit=2", id(1)));
    let mut first = titles(&answer);
    first.sort();
    assert_eq!(first, ["Dreams", "Lamps"]);
    let all = titles(&server.search("/v1/articles/sleep-and-light/related?limit=20"));
    assert_eq!(all.len(), 20);
    for never in ["Sleep and light", "Schlaf", "About sleep"] {
        assert!(!all.contains(&never.to_owned()), "{never}");
    }
    // Of many that are as like, always the same.
    assert_eq!(
        all,
        titles(&server.search("/v1/articles/sleep-and-light/related?limit=20"))
    );
}

#[test]
fn related_articles_are_published_ones() {
    let server = library();
    server.write(|tx| store::transition(tx, id(2), Transition::Unpublish));
    let all = titles(&server.search("/v1/articles/sleep-and-light/related?limit=20"));
    assert!(!all.contains(&"Dreams".to_owned()));
    assert_eq!(server.get("/v1/articles/dreams/related").status, 404);
    let alone = article("Alone")
        .id(id(50))
        .markdown("Zzyzx.")
        .create(&server);
    let none = server
        .search(&format!("/v1/articles/{}/related", alone.slug))
        .ok();
    assert_eq!(
        none,
        json!({"items": [], "page": {"limit": 5, "next": null, "previous": null}})
    );
    let faults = server
        .get("/v1/articles/lamps/related?limit=21&page=2")
        .faults();
    assert_eq!(faults, ["limit too_large", "page unknown"]);
}

#[test]
fn a_former_slug_leads_to_the_related_of_the_present_one() {
    let server = Server::start();
    article("One")
        .slug("one")
        .aliases(["former"])
        .create(&server);
    let answer = server.search("/v1/articles/former/related?limit=3");
    assert_eq!(answer.status, 308);
    assert_eq!(
        answer.header("location"),
        "/v1/articles/one/related?limit=3"
    );
}
