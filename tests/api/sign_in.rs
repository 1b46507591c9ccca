//! Signing in: what proves who someone is, what no longer does, and what never did.

mod limits;
mod origins;
mod sessions;
mod tokens;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const LOGIN: &str = "/v1/admin/auth/login";
const REFRESH: &str = "/v1/admin/auth/refresh";
const LOGOUT: &str = "/v1/admin/auth/logout";
const ME: &str = "/v1/admin/me";
const TAGS: &str = "/v1/admin/tags";

/// All that an answer tells: its status, headers and body, but for what names the request and the time.
#[track_caller]
fn told(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    let headers = answer.headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("a header in ASCII");
        (name.to_string(), value.to_owned())
    });
    let mut headers: BTreeMap<_, _> = headers.collect();
    headers.remove("date");
    headers.remove("x-request-id");
    let mut body = answer.problem();
    body.as_object_mut().expect("an object").remove("instance");
    (answer.status, headers, body)
}

fn refresh(server: &Server, token: &str) -> Answer {
    let content = json!({"refresh_token": token});
    server.client.post(REFRESH, &content)
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().expect("a text").to_owned()
}

/// Changes an account as an admin does.
#[track_caller]
fn change(admin: &Client, user: masthead::id::Id, to: &Value) -> Value {
    let path = format!("/v1/admin/users/{user}");
    let present = admin.get(&path);
    admin.patch(&path, present.etag(), to).ok()
}
