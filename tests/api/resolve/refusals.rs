//! What is not found, and what cannot be read.

use crate::support::{Server, article, page};

use super::found;

#[test]
fn nothing_stands_anywhere_else() {
    let server = Server::start();
    article("One").slug("one").create(&server);
    article("Zwei").slug("zwei").locale("de").create(&server);
    article("Draft").slug("draft").draft().create(&server);
    page("Hidden").slug("hidden").draft().create(&server);
    for path in ["/one", "/de/zwei", "/one/"] {
        assert_eq!(found(&server, path), 200, "{path}");
    }
    for path in [
        "/",
        "/de",
        "/de/",
        "/none",
        "/zwei",
        "/de/one",
        "/en/zwei",
        "/fr/one",
        "/de-CH/zwei",
        "/DE/zwei",
        "/one/two",
        "/de/zwei/drei",
        "/draft",
        "/en/draft",
        "/hidden",
        "/../one",
        "/%25ff",
        "/%2500",
        "/%252e%252e%252fone",
        "/one%252f..",
        "/'%20OR%201=1--",
    ] {
        let answer = server.get(&format!("/v1/resolve?path={path}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
}

#[test]
fn names_all_the_faults() {
    let server = Server::start();
    let faults = |query: &str| server.get(&format!("/v1/resolve{query}")).faults();
    assert_eq!(faults(""), ["path missing"]);
    assert_eq!(faults("?path="), ["path too_small"]);
    assert_eq!(
        faults("?path=one&without=relatd,seo&include=words&locale=de&limit=3"),
        [
            "path malformed",
            "without not_allowed",
            "include not_allowed",
            "limit unknown",
            "locale unknown"
        ]
    );
    assert_eq!(
        faults("?path=/a&path=/b&without=&without=seo"),
        ["path repeated", "without repeated", "without too_small"]
    );
    for path in [
        "//one",
        "/one%3Fa=b",
        "/one%23a",
        "/one%0A",
        "https://example.org/one",
    ] {
        assert_eq!(
            faults(&format!("?path={path}")),
            ["path malformed"],
            "{path}"
        );
    }
    let long = format!("?path=/{}", "a".repeat(2048));
    assert_eq!(faults(&long), ["path too_large"]);
    let detail = server.get("/v1/resolve?path=/a&without=relatd").problem();
    let detail = detail["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("did you mean `related`?"), "{detail}");
}
