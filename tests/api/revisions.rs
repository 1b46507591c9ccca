//! What texts said before, and the way back; and what they are to say next.

mod before;
mod copies;
mod corpus;
mod hidden;
mod saves;

use serde_json::{Value, json};

use crate::support::{Answer, Client};

const ARTICLES: &str = "/v1/admin/articles";

/// A text that was just made, by its address.
#[track_caller]
fn make(editor: &Client, text: &Value) -> String {
    let made = editor.post(ARTICLES, text).created();
    format!("{ARTICLES}/{}", made["id"].as_str().expect("an id"))
}

/// Changes what is there, whatever its version is.
#[track_caller]
fn change(editor: &Client, path: &str, patch: &Value) -> Answer {
    let etag = editor.get(path).etag().to_owned();
    let answer = editor.patch(path, &etag, patch);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// The revisions of a text, the newest first, up to 100.
#[track_caller]
fn revisions(reader: &Client, path: &str) -> Vec<Value> {
    let list = reader.get(&format!("{path}/revisions?limit=100")).ok();
    list["items"].as_array().expect("a list").clone()
}

/// What a revision says.
#[track_caller]
fn content(reader: &Client, path: &str, n: usize) -> Value {
    reader.get(&format!("{path}/revisions/{n}")).ok()["content"].clone()
}

/// Both bodies that the pieces of a comparison join to.
fn joined(diff: &Value) -> (String, String) {
    let ops = diff["body"]["ops"].as_array().expect("pieces");
    let without = |left_out: &str| {
        let kept = ops.iter().filter(|piece| piece["op"] != json!(left_out));
        kept.map(|piece| piece["text"].as_str().expect("a text"))
            .collect::<String>()
    };
    (without("insert"), without("delete"))
}
