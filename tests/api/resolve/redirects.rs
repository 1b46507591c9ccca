//! Where a path leads that nothing stands at any more.

use masthead::articles::model::Transition;
use masthead::articles::store;
use masthead::auth::model::Role;
use masthead::redirects::model::NewRedirect;
use masthead::redirects::store::{self as redirects, Target};
use serde_json::json;

use super::{at, found, leads};
use crate::support::{Server, article, create_all, id, page};

fn redirect(server: &Server, path: &str, target: Target, status: i64) {
    let new = NewRedirect::parse(path, target, status).unwrap();
    server.write(move |tx| redirects::create(tx, &new));
}

fn address(to: &str) -> Target {
    Target::Address(to.into())
}

#[test]
fn a_former_slug_leads_to_the_present_one() {
    let server = Server::start();
    create_all(
        &server,
        vec![
            article("One").slug("one").aliases(["former", "früher"]),
            page("Seite")
                .locale("de")
                .slug("seite")
                .aliases(["alte-seite"]),
        ],
    );
    let one = || ("/one".to_owned(), 308);
    for path in [
        "/former",
        "/former/",
        "/fr%C3%BCher",
        "/fr%25C3%25BCher",
        "/en/former",
    ] {
        assert_eq!(leads(&server, path), one(), "{path}");
    }
    assert_eq!(leads(&server, "/de/alte-seite"), ("/de/seite".into(), 308));
    assert_eq!(found(&server, "/alte-seite"), 404);
    assert_eq!(found(&server, "/de/former"), 404);
}

#[test]
fn a_slug_that_was_changed_leads_on() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let text = json!({"title": "One", "slug": "one", "status": "published"});
    let made = editor.post("/v1/admin/articles", &text);
    let path = format!(
        "/v1/admin/articles/{}",
        made.created()["id"].as_str().unwrap()
    );
    let renamed = editor.patch(&path, made.etag(), &json!({"slug": "other"}));
    assert_eq!(at(&server, "/other")["article"]["title"], "One");
    assert_eq!(leads(&server, "/one"), ("/other".into(), 308));
    // And where it has moved to another locale, there.
    editor
        .patch(&path, renamed.etag(), &json!({"locale": "de"}))
        .ok();
    assert_eq!(leads(&server, "/other"), ("/de/other".into(), 308));
    // Nothing public, no way to it.
    let present = editor.get(&path);
    editor.delete(&path, present.etag());
    for path in ["/one", "/other", "/de/other"] {
        assert_eq!(found(&server, path), 404, "{path}");
    }
}

#[test]
fn the_default_locale_has_no_prefix() {
    let server = Server::start();
    article("One").slug("one").create(&server);
    assert_eq!(leads(&server, "/en/one"), ("/one".into(), 308));
    assert_eq!(leads(&server, "/en/one/"), ("/one".into(), 308));
}

#[test]
fn redirects_lead_where_editors_say() {
    let server = Server::start();
    create_all(
        &server,
        vec![
            article("One").slug("one").id(id(1)),
            article("Draft").slug("draft").id(id(2)).draft(),
            page("Seite").locale("de").slug("seite").id(id(3)),
        ],
    );
    redirect(&server, "/old", address("/one?from=old#top"), 301);
    redirect(
        &server,
        "/away",
        address("https://elsewhere.example/a"),
        302,
    );
    redirect(
        &server,
        "/2014/01/Rust-1.0.html",
        Target::Article(id(1)),
        307,
    );
    redirect(&server, "/de/alt", Target::Article(id(3)), 308);
    redirect(&server, "/to-draft", Target::Article(id(2)), 308);
    redirect(&server, "/", address("/one"), 302);
    redirect(&server, "/日本", address("/one"), 301);
    redirect(&server, "/slashed/", address("/one"), 301);
    assert_eq!(leads(&server, "/old"), ("/one?from=old#top".into(), 301));
    assert_eq!(leads(&server, "/old/"), ("/one?from=old#top".into(), 301));
    assert_eq!(
        leads(&server, "/away"),
        ("https://elsewhere.example/a".into(), 302)
    );
    assert_eq!(
        leads(&server, "/2014/01/Rust-1.0.html"),
        ("/one".into(), 307)
    );
    assert_eq!(leads(&server, "/de/alt"), ("/de/seite".into(), 308));
    assert_eq!(leads(&server, "/"), ("/one".into(), 302));
    for path in ["/%E6%97%A5%E6%9C%AC", "/%25E6%2597%25A5%25E6%259C%25AC/"] {
        assert_eq!(leads(&server, path), ("/one".into(), 301), "{path}");
    }
    assert_eq!(leads(&server, "/slashed"), ("/one".into(), 301));
    // The slug of a draft is nobody's business.
    assert_eq!(found(&server, "/to-draft"), 404);
    server.write(|tx| store::transition(tx, id(2), Transition::Publish));
    assert_eq!(leads(&server, "/to-draft"), ("/draft".into(), 308));
}

#[test]
fn a_redirect_beats_a_former_slug_but_not_a_text() {
    let server = Server::start();
    create_all(
        &server,
        vec![
            article("One").slug("one").aliases(["former"]),
            article("Two").slug("two").id(id(2)).draft(),
        ],
    );
    redirect(&server, "/former", address("/elsewhere"), 302);
    assert_eq!(leads(&server, "/former"), ("/elsewhere".into(), 302));
    redirect(&server, "/one/", address("/elsewhere"), 302);
    assert_eq!(at(&server, "/one")["article"]["title"], "One");
    assert_eq!(at(&server, "/one/")["article"]["title"], "One");
}

#[test]
fn no_redirect_leads_to_where_it_begins() {
    let server = Server::start();
    redirect(&server, "/a/", address("/a"), 301);
    redirect(&server, "/b", address("https://example.org/b/"), 301);
    for path in ["/a", "/a/", "/b", "/b/"] {
        assert_eq!(found(&server, path), 404, "{path}");
    }
}
