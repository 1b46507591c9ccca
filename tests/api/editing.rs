//! The life of a text in the hands of those who edit it.

mod batch;
mod conditions;
mod keys;
mod merge;
mod refusals;
mod retag;
mod states;
mod texts;

use serde_json::{Value, json};

use crate::support::{Answer, Client};

const ARTICLES: &str = "/v1/admin/articles";

/// A draft with this title.
#[track_caller]
fn draft(editor: &Client, title: &str) -> Answer {
    let answer = editor.post(ARTICLES, &json!({"title": title}));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer
}

/// Where the text of an answer is.
#[track_caller]
fn path_of(answer: &Answer) -> String {
    let text: Value = answer.json();
    let id = text["id"].as_str().expect("an id");
    format!("/v1/admin/{}s/{id}", text["kind"].as_str().expect("a kind"))
}
