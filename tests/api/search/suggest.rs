//! What somebody may be about to type.

use masthead::articles::model::Transition;
use masthead::articles::store;
use serde_json::{Value, json};

use crate::support::{Server, article, create_all, id, page};

fn suggested(server: &Server, query: &str) -> (Vec<String>, Vec<String>) {
    let answer = server.search(&format!("/v1/search/suggest?{query}")).ok();
    let names = |list: &Value, name: &str| -> Vec<String> {
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| item[name].as_str().unwrap().to_owned())
            .collect()
    };
    (
        names(&answer["items"], "title"),
        names(&answer["tags"], "name"),
    )
}

#[test]
fn titles_and_tags_are_suggested() {
    let server = Server::start();
    create_all(
        &server,
        vec![
            article("Garden tools")
                .id(id(1))
                .tags(["Gardening"])
                .published_at("2024-01-01T00:00:00Z"),
            article("The garden in winter")
                .id(id(2))
                .tags(["Gardening", "Winter"])
                .published_at("2026-01-01T00:00:00Z"),
            article("Garden path")
                .id(id(3))
                .published_at("2025-01-01T00:00:00Z"),
            page("Gardeners")
                .id(id(4))
                .published_at("2020-01-01T00:00:00Z"),
            article("Gärten")
                .id(id(5))
                .locale("de")
                .published_at("2019-01-01T00:00:00Z"),
            article("Gardenias").draft().tags(["Garlands"]),
        ],
    );
    // Those that begin so first, each kind the newest first.
    let (titles, tags) = suggested(&server, "q=gard");
    assert_eq!(
        titles,
        [
            "Garden path",
            "Garden tools",
            "Gardeners",
            "The garden in winter"
        ]
    );
    assert_eq!(tags, ["Gardening"]);
    assert_eq!(suggested(&server, "q=garden+to").0, ["Garden tools"]);
    assert_eq!(suggested(&server, "q=in+win").0, ["The garden in winter"]);
    assert_eq!(suggested(&server, "q=gart").0, ["Gärten"]);
    assert_eq!(
        suggested(&server, "q=g%C3%A4r").0.len(),
        5,
        "with accents or without"
    );
    assert_eq!(suggested(&server, "q=gard&locale=de").0, [""; 0]);
    assert_eq!(suggested(&server, "q=gard&limit=1").0, ["Garden path"]);
    assert_eq!(suggested(&server, "q=w").1, ["Winter"]);
    assert_eq!(suggested(&server, "q=%3F%3F"), (vec![], vec![]));

    server.write(|tx| store::transition(tx, id(3), Transition::Unpublish));
    assert_eq!(suggested(&server, "q=garden+p").0, [""; 0]);
    assert_eq!(
        server.get("/v1/search/suggest?limit=21").faults(),
        ["q missing", "limit too_large"]
    );
    let one = server.search("/v1/search/suggest?q=garden+tools").ok();
    assert_eq!(
        one["items"],
        json!([{
            "id": id(1).to_string(), "kind": "article", "title": "Garden tools", "slug": "garden-tools", "locale": "en",
            "url": "https://example.org/garden-tools",
        }])
    );
}
