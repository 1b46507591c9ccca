//! Signing in and staying signed in: forged tokens, stolen ones, passwords, links, how often one may fail, and from where
//! scripts may call.

mod bent;
mod cors;
mod forged;
mod limits;
mod links;
mod login;
mod passwords;
mod refresh;
mod second_factor;
mod sessions;

use masthead::auth::model::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Server};

const ME: &str = "/v1/admin/me";
const LOGIN: &str = "/v1/admin/auth/login";
const LOGOUT: &str = "/v1/admin/auth/logout";
const REFRESH: &str = "/v1/admin/auth/refresh";
const ACCEPT: &str = "/v1/admin/auth/password";

/// What is the same about answers that nobody can tell apart: all but when they were given and under which id.
#[track_caller]
fn alike(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let headers = answer.headers.iter();
    let mut headers: Vec<(String, String)> = headers
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let mut problem = answer.problem();
    problem["instance"] = Value::Null;
    (answer.status, headers, problem)
}

/// The tokens of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        let body = answer.ok();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

fn renew(server: &Server, token: &str) -> Answer {
    let content = json!({"refresh_token": token});
    server.client.post(REFRESH, &content)
}

/// The status that whoever has this access token is answered.
fn opens(server: &Server, access: &str) -> u16 {
    server.client.with_token(access).get(ME).status
}

/// Changes an account as an admin does.
#[track_caller]
fn change(admin: &Client, user: masthead::id::Id, to: &Value) -> Answer {
    let path = format!("/v1/admin/users/{user}");
    let present = admin.get(&path);
    let changed = admin.patch(&path, present.etag(), to);
    assert_eq!(changed.status, 200, "{}", changed.text());
    changed
}

/// What looked like an attack, the last first, as `(kind, user id)`.
#[track_caller]
fn suspicions(server: &Server) -> Vec<(String, Option<String>)> {
    let log = server
        .sign_in(Role::Admin)
        .get("/v1/admin/security-log?limit=100")
        .ok();
    // Nothing that was typed stands in it.
    assert!(!log.to_string().contains('@'), "{log}");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let events = log["items"].as_array().unwrap().iter();
    events
        .map(|event| (text(&event["kind"]).unwrap(), text(&event["user"]["id"])))
        .collect()
}
