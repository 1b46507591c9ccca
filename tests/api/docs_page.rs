//! The page of the contract: all of it is served from here, under a policy that lets nothing else in, and it signs in by
//! routes that there are.

use std::collections::BTreeSet;

use crate::support::{Server, contract};

/// What stands in quotation marks after this.
fn quoted<'t>(text: &'t str, before: &str) -> BTreeSet<&'t str> {
    let parts = text.split(before).skip(1);
    parts.map(|part| part.split('"').next().unwrap()).collect()
}

#[test]
fn the_page_and_its_parts_are_served_from_here() {
    let server = Server::start();
    let page = server.get("/docs/");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(server.get("/docs/index.html").body, page.body);

    let scripts = quoted(page.text(), "<script src=\"");
    assert!(scripts.contains("sign-in.js") && scripts.contains("swagger-ui-bundle.js"));
    let styles = quoted(page.text(), "<link rel=\"stylesheet\" href=\"");
    assert!(styles.contains("sign-in.css") && styles.contains("swagger-ui.css"));
    let icons = quoted(page.text(), "<link rel=\"icon\" type=\"image/png\" href=\"");
    assert_eq!(icons.len(), 2);
    for (parts, kind) in [
        (&scripts, "text/javascript"),
        (&styles, "text/css"),
        (&icons, "image/png"),
    ] {
        for part in parts {
            let answer = server.get(&format!("/docs/{part}"));
            assert_eq!(answer.status, 200, "{part}");
            let found = answer.header("content-type");
            assert_eq!(found.split(';').next(), Some(kind), "{part}");
        }
    }
}

#[test]
fn the_page_keeps_to_a_strict_policy() {
    let server = Server::start();
    let page = server.get("/docs/");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    assert!(policy.contains("form-action 'none'") && !policy.contains("unsafe"));
    let text = page.text();
    for what in ["<style", " style=", " onload=", " onsubmit=", "://"] {
        assert!(!text.contains(what), "{what}");
    }
    assert_eq!(
        text.matches("<script").count(),
        text.matches("<script src=\"").count()
    );
    // Each field has a label.
    let fields = quoted(text, "<input id=\"");
    assert_eq!(fields, quoted(text, "<label for=\""));
    assert_eq!(fields.len(), 2);
}

#[test]
fn the_page_signs_in_by_routes_that_there_are_and_keeps_no_token() {
    let server = Server::start();
    let script = server.get("/docs/sign-in.js");
    let script = script.text();
    assert!(script.contains("`../v1/admin/${path}`"));
    let calls = script.split(" ask('").skip(1);
    let calls = calls.map(|call| {
        let mut parts = call.split('\'');
        let (method, path) = (parts.next().unwrap(), parts.nth(1).unwrap());
        format!("{method} /v1/admin/{path}")
    });
    let calls: BTreeSet<String> = calls.collect();
    let routes = contract().routes();
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert!(calls.iter().all(|call| routes.contains(call)), "{calls:?}");
    for store in ["Storage", "cookie", "indexedDB", "caches"] {
        assert!(!script.contains(store), "{store}");
    }
}
