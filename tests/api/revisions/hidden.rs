//! Nothing of what a text said before shows to readers. (What copies say is compared byte for byte in `leaks`.)

use masthead::auth::model::Role;
use serde_json::json;

use super::{change, make, revisions};
use crate::support::Server;

/// Stood in every field of a text that is out, and stands in none any more.
const CANARY: &str = "xyzzy";

#[test]
fn what_was_out_and_was_changed_is_seen_by_editors_alone() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let text = json!({
        "title": CANARY, "subtitle": CANARY, "standfirst": CANARY, "markdown": CANARY, "slug": "tea", "tags": [CANARY],
        "authors": [CANARY], "content_notice": CANARY, "citations": [{"title": CANARY}], "seo": {"title": CANARY},
        "metadata": {CANARY: CANARY}, "status": "published",
    });
    let path = make(&editor, &text);
    assert_eq!(server.search("/v1/search?q=xyzzy").column("slug"), ["tea"]);
    let etag = editor.get(&path).etag().to_owned();
    let clean = json!({"title": "Tea", "markdown": "Hot"});
    assert_eq!(editor.put(&path, &etag, &clean).status, 200);
    change(&editor, &path, &json!({"subtitle": "Black"}));
    assert_eq!(revisions(&editor, &path)[2]["title"], CANARY);
    let id = path.rsplit('/').next().unwrap();
    for address in [
        "/v1/articles?include=body,markdown,text,toc,tags,authors,seo,metadata,translations"
            .to_owned(),
        "/v1/articles/tea?include=markdown,text".to_owned(),
        format!("/v1/articles/{id}"),
        "/v1/articles/tea.md".to_owned(),
        "/v1/resolve?path=/tea".to_owned(),
        "/v1/tags".to_owned(),
        "/v1/authors".to_owned(),
        "/v1/changes?initial=true".to_owned(),
        "/v1/feeds/articles.rss".to_owned(),
        "/v1/feeds/articles.json".to_owned(),
        "/sitemap.xml".to_owned(),
        "/llms.txt".to_owned(),
    ] {
        let answer = server.get(&address);
        assert_eq!(answer.status, 200, "{address}");
        assert!(
            !answer.text().contains(CANARY),
            "{address}: {}",
            answer.text()
        );
    }
    assert_eq!(server.search("/v1/search?q=xyzzy").ok()["items"], json!([]));
    assert_eq!(
        server.search("/v1/search/suggest?q=xyz").ok()["items"],
        json!([])
    );
    for address in [
        format!("{path}/revisions"),
        format!("{path}/revisions/1"),
        format!("{path}/working-copy"),
    ] {
        assert_eq!(server.get(&address).status, 401, "{address}");
    }
}
