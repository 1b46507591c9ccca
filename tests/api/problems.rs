//! Bad requests: each a problem document that names all the faults at once, with the closest known name, and nothing of a
//! server's fault whatever is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::{Random, Server, article, contract, create_all};

const LISTS: [&str; 4] = ["/v1/articles", "/v1/pages", "/v1/tags", "/v1/authors"];

#[test]
fn names_the_fault_of_each_query() {
    let server = Server::start();
    for (query, faults) in [
        ("colour=red", "colour unknown"),
        ("Limit=3", "Limit unknown"),
        ("limit", "limit too_small"),
        ("limit=", "limit too_small"),
        ("limit=0", "limit too_small"),
        ("limit=101", "limit too_large"),
        ("limit=1000", "limit too_large"),
        ("limit=-1", "limit malformed"),
        ("limit=1.5", "limit malformed"),
        ("limit=99999999999999999999", "limit too_large"),
        ("limit=2&limit=2", "limit repeated"),
        ("page=0", "page too_small"),
        ("page=501", "page too_large"),
        ("page=4294967296", "page too_large"),
        ("page=x", "page malformed"),
        ("count=yes", "count malformed"),
        ("sort=slug", "sort not_allowed"),
        ("sort=", "sort too_small"),
        ("cursor=abc", "cursor malformed"),
        ("cursor=", "cursor too_small"),
        ("cursor=%00", "cursor malformed"),
        ("limit=%31%3", "limit malformed"),
        ("limit=%zz", "limit malformed"),
        ("sort=%ff", "sort malformed"),
        ("%ff=1", "%ff malformed"),
        ("a%00b=1", "a%00b malformed"),
        ("=x", " unknown"),
    ] {
        for list in LISTS {
            let answer = server.get(&format!("{list}?{query}"));
            assert_eq!(
                (answer.status, answer.faults().join(", ").as_str()),
                (400, faults),
                "{list}?{query}"
            );
            assert_eq!(answer.problem()["type"], "/problems/invalid-query");
        }
    }
}

#[test]
fn names_the_fault_of_each_filter() {
    let server = Server::start();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (query, faults) in [
        ("tag=", "tag too_small"),
        ("tag=a%00b", "tag malformed"),
        (&"tag=x&".repeat(21), "tag too_large"),
        ("author=a&author=b", "author repeated"),
        ("locale=fr", "locale not_allowed"),
        ("locale=EN", "locale not_allowed"),
        ("featured=1", "featured malformed"),
        ("audience=kids", "audience not_allowed"),
        ("published_after=2026-01-01", "published_after malformed"),
        (
            "published_after=2026-01-01T00:00:00",
            "published_after malformed",
        ),
        ("published_before=now", "published_before malformed"),
        ("id=1", "id malformed"),
        ("id=one", "id malformed"),
        (&format!("id={id}&").repeat(101), "id too_large"),
        (
            &format!("exclude={}", id.to_uppercase().replace('-', "")),
            "exclude malformed",
        ),
        ("fields=", "fields too_small"),
        ("fields=title,", "fields not_allowed"),
        ("fields=titel", "fields not_allowed"),
        ("fields=title&fields=slug", "fields repeated"),
        ("include=title", "include not_allowed"),
        ("include=tags,tag", "include not_allowed"),
    ] {
        for list in ["/v1/articles", "/v1/pages"] {
            let answer = server.get(&format!("{list}?{query}"));
            assert_eq!(
                (answer.status, answer.faults().join(", ").as_str()),
                (400, faults),
                "{list}?{query}"
            );
        }
    }
}

#[test]
fn the_closest_known_name_is_suggested() {
    let server = Server::start();
    for (path, suggestion) in [
        ("/v1/articles?limt=3", "did you mean `limit`?"),
        ("/v1/articles?tags=love", "did you mean `tag`?"),
        (
            "/v1/articles?sort=published",
            "did you mean `published_at`?",
        ),
        ("/v1/articles?fields=titel", "did you mean `title`?"),
        ("/v1/articles?audience=matur", "did you mean `mature`?"),
        ("/v1/tags?cuont=true", "did you mean `count`?"),
        ("/v1/artcles", "did you mean /v1/articles?"),
        ("/v1/tag", "did you mean /v1/tags?"),
    ] {
        let detail = server.get(path).problem()["detail"].clone();
        assert!(
            detail.as_str().unwrap().contains(suggestion),
            "{path}: {detail}"
        );
    }
}

#[test]
fn all_the_faults_come_at_once() {
    let server = Server::start();
    let answer = server.get("/v1/articles?limit=0&sort=colour&featured=x&featured=y&colour=red&tag=&fields=owner&id=7&a=%00&page=0&cursor=z");
    assert_eq!(answer.status, 400);
    let mut problem = answer.problem();
    problem["instance"] = json!("[request id]");
    insta::assert_json_snapshot!(problem, @r#"
    {
      "type": "/problems/invalid-query",
      "title": "The query has faults",
      "status": 400,
      "detail": "12 faults, in a, sort, limit, cursor, page, tag, featured, id, fields, colour",
      "instance": "[request id]",
      "errors": [
        {
          "parameter": "a",
          "code": "malformed",
          "detail": "is not percent-encoded UTF-8 without NUL characters"
        },
        {
          "parameter": "sort",
          "code": "not_allowed",
          "detail": "`colour` is none of -published_at, published_at, -updated_at, title"
        },
        {
          "parameter": "limit",
          "code": "too_small",
          "detail": "is at least 1"
        },
        {
          "parameter": "cursor",
          "code": "malformed",
          "detail": "is not a cursor that this server gave out"
        },
        {
          "parameter": "page",
          "code": "too_small",
          "detail": "pages are counted from 1"
        },
        {
          "parameter": "page",
          "code": "conflicting",
          "detail": "cannot stand together with `cursor`"
        },
        {
          "parameter": "tag",
          "code": "too_small",
          "detail": "must not be empty"
        },
        {
          "parameter": "featured",
          "code": "repeated",
          "detail": "may stand once only"
        },
        {
          "parameter": "featured",
          "code": "malformed",
          "detail": "is `true` or `false`"
        },
        {
          "parameter": "id",
          "code": "malformed",
          "detail": "not an id: expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"
        },
        {
          "parameter": "fields",
          "code": "not_allowed",
          "detail": "`owner` is none of id, external_id, slug, url, kind, title, subtitle, standfirst, excerpt, cover, locale, featured, content_notice, audience, citations, word_count, reading_minutes, published_at, updated_at, body, markdown, text, toc, tags, authors, seo, metadata, translations"
        },
        {
          "parameter": "colour",
          "code": "unknown",
          "detail": "is no parameter of this route; it has sort, limit, cursor, page, tag, any_tag, author, locale, featured, audience, published_after, published_before, id, exclude, fields, include, count"
        }
      ]
    }
    "#);
}

#[test]
fn one_fault_is_told_in_its_own_words_and_several_by_their_places() {
    let server = Server::start();
    for (query, detail) in [
        ("limit=0", "limit: is at least 1"),
        ("featured=1", "featured: is `true` or `false`"),
        ("limit=0&featured=1", "2 faults, in limit, featured"),
        ("featured=x&featured=y", "2 faults, in featured"),
        ("page=0&limit=0&page=1", "3 faults, in limit, page"),
    ] {
        let problem = server.get(&format!("/v1/articles?{query}")).problem();
        assert_eq!(problem["detail"], detail, "{query}");
    }
}

#[test]
fn cursors_are_of_one_order_and_not_made_by_hand() {
    let server = Server::start();
    create_all(
        &server,
        vec![article("One"), article("Two"), article("Three")],
    );
    let next = |query: &str| {
        let list = server.get(&format!("/v1/articles?limit=1{query}")).ok();
        list["page"]["next"].as_str().unwrap().to_owned()
    };
    let (newest, title) = (next(""), next("&sort=title"));
    assert_eq!(
        server.get(&format!("/v1/articles?cursor={newest}")).status,
        200
    );
    let other = server.get(&format!("/v1/articles?sort=title&cursor={newest}"));
    assert_eq!(other.faults(), ["cursor malformed"]);
    assert!(
        other.problem()["detail"]
            .as_str()
            .unwrap()
            .contains("another order")
    );
    assert_eq!(
        server.get(&format!("/v1/articles?cursor={title}")).faults(),
        ["cursor malformed"]
    );
    assert_eq!(
        server.get(&format!("/v1/tags?cursor={newest}")).faults(),
        ["cursor malformed"]
    );
    assert_eq!(
        server
            .get(&format!("/v1/articles?cursor={newest}&page=2"))
            .faults(),
        ["page conflicting"]
    );
    // Each letter of it counts.
    for position in 0..newest.len() {
        let mut forged = newest.clone().into_bytes();
        forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(
            server
                .get(&format!("/v1/articles?cursor={forged}"))
                .faults(),
            ["cursor malformed"],
            "{forged}"
        );
    }
    for forged in [
        &newest[1..],
        &newest[..newest.len() - 1],
        &newest.repeat(2),
        "%F0%9F%92%A9",
        "'",
    ] {
        assert_eq!(
            server
                .get(&format!("/v1/articles?cursor={forged}"))
                .faults(),
            ["cursor malformed"],
            "{forged}"
        );
    }
}

#[test]
fn hidden_columns_cannot_be_asked_for() {
    let server = Server::start();
    article("One").create(&server);
    for name in [
        "owner",
        "state",
        "status",
        "version",
        "email",
        "source",
        "title_key",
        "created_at",
        "translation_key",
        "sanitizer_version",
        "format",
        "name_key",
        "subtree_count",
        "position",
        "html",
        "password",
        "*",
    ] {
        for list in ["/v1/articles", "/v1/pages"] {
            for (query, fault) in [
                (format!("{name}=x"), format!("{name} unknown")),
                (
                    format!("filter[{name}]=x"),
                    format!("filter[{name}] unknown"),
                ),
                (format!("sort={name}"), "sort not_allowed".to_owned()),
                (format!("sort=-{name}"), "sort not_allowed".to_owned()),
                (
                    format!("fields=title,{name}"),
                    "fields not_allowed".to_owned(),
                ),
                (format!("include={name}"), "include not_allowed".to_owned()),
            ] {
                let answer = server.get(&format!("{list}?{query}"));
                assert_eq!(
                    (answer.status, answer.faults()),
                    (400, vec![fault]),
                    "{list}?{query}"
                );
            }
        }
        for list in ["/v1/tags", "/v1/authors"] {
            assert_eq!(
                server.get(&format!("{list}?{name}=x")).faults(),
                [format!("{name} unknown")]
            );
            assert_eq!(
                server.get(&format!("{list}?sort={name}")).faults(),
                ["sort not_allowed"]
            );
        }
    }
}

#[test]
fn routes_without_parameters_have_none() {
    let server = Server::start();
    article("One")
        .tags(["Love"])
        .authors(["Ada"])
        .create(&server);
    for path in [
        "/v1/site",
        "/v1/tags/love",
        "/v1/authors/ada",
        "/v1/openapi.json",
        "/health/live",
        "/health/ready",
        "/docs/",
        "/docs/index.html",
        "/problems/not-found",
    ] {
        assert_eq!(server.get(path).status, 200, "{path}");
        assert_eq!(
            server.get(&format!("{path}?a=1&b=2")).faults(),
            ["a unknown", "b unknown"],
            "{path}"
        );
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = Server::start();
    for path in [
        "/v1/articles/none",
        "/v1/articles/none.md",
        "/v1/pages/none",
        "/v1/tags/none",
        "/v1/authors/none",
        "/v1/articles/01890a5d-ac96-774b-bcce-b302099a8057",
        "/v1/articles/%F0%9F%92%A9",
        "/v1/articles/ONE",
        "/v1/articles/'--",
        "/v1/articles/one.MD",
        "/v1/articles/one.",
        "/v1/articles/.md",
        "/v1/pages/one.MD",
        "/docs/none.js",
        "/docs/..%2f..%2fCargo.toml",
        "/problems/none",
    ] {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, &answer.problem()["type"]),
            (404, &json!("/problems/not-found")),
            "{path}"
        );
    }
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/articles/",
        "/v1/articles/a/b",
        "/v2/articles",
        "/v1/admin/nothing",
        "/favicon.ico",
    ] {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, &answer.problem()["type"]),
            (404, &json!("/problems/unknown-route")),
            "{path}"
        );
    }
}

#[test]
fn a_path_with_nul_or_without_utf_8_is_told_of() {
    let server = Server::start();
    for path in [
        "/v1/articles/%00",
        "/v1/articles/a%00b",
        "/v1/articles/a%00.txt",
        "/v1/pages/%00",
        "/v1/pages/%00.md",
        "/v1/tags/a%00b",
        "/v1/authors/a%00",
        "/docs/%00",
        "/problems/%00",
        "/none/%00",
        "/v1/articles/%ff",
        "/v1/tags/%C3",
        "/v1/authors/%80.md",
        "/v1/articles/%ED%A0%80",
        "/%ff",
    ] {
        let answer = server.get(path);
        let problem = answer.problem();
        assert_eq!(
            (answer.status, &problem["type"]),
            (400, &json!("/problems/bad-request")),
            "{path}"
        );
        assert_eq!(
            problem["detail"], "the path is not percent-encoded UTF-8 without NUL characters",
            "{path}"
        );
    }
    // A sign of per cent with nothing behind it that it could encode.
    let answer = server.get("/v1/articles/%zz");
    assert!(matches!(answer.status, 400 | 404), "{}", answer.status);
    answer.problem();
}

#[test]
fn the_page_of_the_contract_is_found_without_its_slash() {
    let server = Server::start();
    for answer in [server.get("/docs"), server.client.head("/docs")] {
        assert_eq!((answer.status, answer.header("location")), (308, "docs/"));
    }
    assert_eq!(server.get("/docs?a=1").faults(), ["a unknown"]);
}

#[test]
fn other_methods_are_told_which_there_are() {
    let server = Server::start();
    let mut routes = BTreeMap::<String, BTreeSet<String>>::new();
    for route in contract().routes() {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path
            .replace("{key}", "one")
            .replace("{form}", "md")
            .replace("{format}", "rss")
            .replace("{number}", "1")
            .replace("{way}", "publish")
            .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
            .replace("{file}", "index.html")
            .replace("{code}", "not-found");
        let methods = routes.entry(path).or_default();
        methods.insert(method.to_owned());
        if method == "GET" {
            methods.insert("HEAD".into());
        }
    }
    assert!(routes.len() > 30);
    for (path, methods) in routes {
        let mut allow: Vec<&str> = methods.iter().map(String::as_str).collect();
        allow.push("OPTIONS");
        let allow = allow.join(", ");
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if methods.contains(method) {
                continue;
            }
            let answer = server.client.request(method, &path).send();
            assert_eq!(
                (answer.status, answer.header("allow")),
                (405, allow.as_str()),
                "{method} {path}"
            );
            assert_eq!(answer.problem()["type"], "/problems/method-not-allowed");
        }
        let preflight = server
            .client
            .request("OPTIONS", &path)
            .header("origin", "https://example.org")
            .header("access-control-request-method", "GET")
            .send();
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-methods"), allow);
        assert_eq!(preflight.header("access-control-allow-credentials"), "");
    }
    assert_eq!(
        server.client.request("OPTIONS", "/nowhere").send().status,
        404
    );
    assert_eq!(server.client.request("POST", "/nowhere").send().status, 404);
}

#[test]
fn a_get_with_content_is_refused() {
    let server = Server::start();
    for path in ["/v1/articles", "/v1/site", "/health/live", "/nowhere"] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = server.client.request(method, path).body("{}").send();
            assert_eq!(answer.status, 413, "{method} {path}");
        }
    }
    let nothing = server
        .client
        .request("GET", "/v1/articles")
        .header("content-length", "0")
        .send();
    assert_eq!(nothing.status, 200);
}

#[test]
fn an_over_long_url_is_refused() {
    let server = Server::setup().http(|http| http.limits.url = 300).start();
    let path = |length: usize| {
        format!(
            "/v1/articles?tag={}",
            "x".repeat(length - "/v1/articles?tag=".len())
        )
    };
    assert_eq!(server.get(&path(300)).status, 200);
    let long = server.get(&path(301));
    assert_eq!(
        (long.status, &long.problem()["type"]),
        (414, &json!("/problems/uri-too-long"))
    );
    assert_eq!(server.get(&format!("/{}", "x".repeat(300))).status, 414);
}

#[test]
fn an_accept_header_that_rules_everything_out_is_told_what_there_is() {
    let server = Server::start();
    article("One").create(&server);
    for (path, accept, status) in [
        ("/v1/articles", "text/html", 406),
        ("/v1/articles", "application/json;q=0", 406),
        ("/v1/articles", "application/json;q=0, */*", 406),
        ("/v1/articles", "*/*;q=0, application/json", 200),
        ("/v1/articles", "text/html, application/*;q=0.1", 200),
        ("/v1/articles", "APPLICATION/JSON", 200),
        ("/v1/articles", "text/html, */*;q=0.8", 200),
        ("/v1/articles", "", 200),
        ("/v1/articles/one.md", "text/markdown", 200),
        ("/v1/articles/one.md", "application/json", 406),
        ("/v1/articles/one.txt", "text/*", 200),
        ("/docs/", "text/html", 200),
        ("/docs/", "application/json", 406),
    ] {
        let answer = server
            .client
            .request("GET", path)
            .header("accept", accept)
            .send();
        assert_eq!(answer.status, status, "{path} {accept}");
    }
    let refused = server
        .client
        .request("GET", "/v1/site")
        .header("accept", "text/html")
        .send();
    assert_eq!(
        refused.problem()["detail"],
        "this route answers with application/json only"
    );
    let problem = server
        .client
        .request("GET", "/v1/articles/none")
        .header("accept", "text/html")
        .send();
    assert_eq!(problem.status, 404, "a problem comes as it is");
}

#[test]
fn no_query_makes_the_server_fail() {
    const FINE: [&str; 18] = [
        "tag=love",
        "tag=%27%20OR%201%3D1--",
        "any_tag=%25%5F%5C",
        "any_tag=love",
        "author=%e2%80%ae",
        "locale=de",
        "featured=true",
        "audience=mature",
        "published_after=0001-01-01T00:00:00Z",
        "published_before=9999-12-31T23:59:59.999Z",
        "id=01890a5d-ac96-774b-bcce-b302099a8057",
        "exclude=ffffffff-ffff-ffff-ffff-ffffffffffff",
        "sort=title",
        "limit=1",
        "page=100",
        "count=true",
        "fields=title,url",
        "include=body,tags",
    ];
    const NAMES: [&str; 26] = [
        "tag",
        "any_tag",
        "author",
        "locale",
        "featured",
        "audience",
        "published_after",
        "published_before",
        "id",
        "exclude",
        "sort",
        "limit",
        "cursor",
        "page",
        "count",
        "fields",
        "include",
        "owner",
        "state",
        "tag[]",
        "%74ag",
        "",
        "a.b",
        "__proto__",
        "sort%20",
        "%E2%82%AC",
    ];
    const VALUES: [&str; 32] = [
        "",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "7",
        "100",
        "500",
        "4294967295",
        "18446744073709551616",
        "1e3",
        "love",
        "en",
        "de",
        "mature",
        "title",
        "-published_at",
        "body,tags",
        "title,url",
        "2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00Z",
        "01890a5d-ac96-774b-bcce-b302099a8057",
        "%27%20OR%201%3D1--",
        "%25%5F%5C",
        "%00",
        "%ff",
        "%f0%9f%92%a9",
        "%e2%80%ae",
        "AAAA",
        "%",
    ];
    let server = Server::start();
    create_all(
        &server,
        (0..5)
            .map(|n| article(&format!("Love {n}")).tags(["love"]))
            .collect(),
    );
    let cursors: Vec<String> = ["-published_at", "published_at", "-updated_at", "title"]
        .iter()
        .map(|sort| {
            let list = server
                .get(&format!("/v1/articles?limit=1&sort={sort}"))
                .ok();
            list["page"]["next"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut random = Random::new(300);
    let (mut fine, mut refused) = (0, 0);
    for _ in 0..300 {
        let path = *random.pick(&[
            "/v1/articles",
            "/v1/articles",
            "/v1/pages",
            "/v1/tags",
            "/v1/authors",
            "/v1/articles/love-1",
        ]);
        let pairs: Vec<String> = (0..=random.below(4))
            .map(|_| {
                if !random.once_in(3) {
                    return (*random.pick(&FINE)).to_owned();
                }
                let name = *random.pick(&NAMES);
                let value = if name == "cursor" && !random.once_in(4) {
                    random.pick(&cursors)
                } else {
                    *random.pick(&VALUES)
                };
                format!("{name}={value}")
            })
            .collect();
        let query = pairs.join("&");
        let answer = server.get(&format!("{path}?{query}"));
        match answer.status {
            200 => fine += 1,
            400 => {
                refused += 1;
                assert!(!answer.faults().is_empty(), "{path}?{query}");
            }
            other => panic!("{path}?{query}: {other} {}", answer.text()),
        }
    }
    assert!(
        fine > 50 && refused > 100,
        "the mix tells something: {fine} fine, {refused} refused"
    );
}

#[test]
fn a_query_has_an_end() {
    let server = Server::start();
    let many = "exclude=01890a5d-ac96-774b-bcce-b302099a8057&".repeat(100);
    assert_eq!(server.get(&format!("/v1/articles?{many}")).status, 200);
    let query = "x=1&".repeat(257);
    assert!(
        server
            .get(&format!("/v1/articles?{query}"))
            .faults()
            .contains(&" too_large".to_owned())
    );
}
