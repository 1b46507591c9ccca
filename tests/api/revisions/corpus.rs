//! The way back on real texts.

use masthead::auth::model::Role;
use serde_json::{Value, json};

use super::{change, content, joined};
use crate::imports::import_blog;
use crate::support::{Server, corpus};

/// What a writer says of a text, without what every write moves on.
fn said(text: &Value) -> Value {
    let mut said = text.clone();
    for moved in ["version", "updated_at", "warnings", "aliases"] {
        said.as_object_mut().unwrap().remove(moved);
    }
    said
}

#[test]
fn real_texts_come_back_to_the_byte() {
    let server = Server::start();
    for blog in ["markdown-blog/18f-yaml", "markdown-blog/rust-toml"] {
        assert!(import_blog(&server, &corpus(blog)).created > 50, "{blog}");
    }
    let editor = server.sign_in(Role::Editor);
    let list = editor.get("/v1/admin/articles?limit=100&sort=title").ok();
    let items = list["items"].as_array().unwrap();
    let mut texts: Vec<(String, Value)> = Vec::new();
    for item in items.iter().step_by(2) {
        let path = format!("/v1/admin/articles/{}", item["id"].as_str().unwrap());
        let text = editor.get(&path).ok();
        texts.push((path, text));
    }
    for pair in texts.windows(2) {
        let ((path, before), (_, other)) = (&pair[0], &pair[1]);
        let source = before["markdown"].as_str().unwrap();
        assert_eq!(content(&editor, path, 1)["markdown"], source);
        // Another real text in its place, with nothing of its own fields.
        let etag = editor.get(path).etag().to_owned();
        let put = json!({"title": other["title"], "markdown": other["markdown"], "slug": format!("{}-x", before["slug"].as_str().unwrap())});
        assert_eq!(editor.put(path, &etag, &put).status, 200);
        change(&editor, path, &json!({"html": "<p>Gone</p>", "tags": []}));
        let diff = editor.get(&format!("{path}/revisions/2/diff")).ok();
        let (was, is) = joined(&diff);
        assert_eq!(
            (was.as_str(), Some(is.as_str())),
            (source, other["markdown"].as_str())
        );
        let diff = editor
            .get(&format!("{path}/revisions/2/diff?against=3"))
            .ok();
        assert_eq!(joined(&diff).1, is);
        let back = editor.order(&format!("{path}/revisions/1/restore"));
        assert_eq!(said(&back.ok()), said(before), "{path}");
        assert_eq!(content(&editor, path, 4)["markdown"], source);
    }
    assert!(texts.len() > 40);
}
