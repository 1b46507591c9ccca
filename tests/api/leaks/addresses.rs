//! E-mail addresses: those of accounts are shown to admins, and to whoever they belong to, and stand nowhere else.

use diesel::prelude::*;
use masthead::auth::model::Role;
use masthead::db::schema::{changes, security_events};
use serde_json::json;

use super::hide_by_hand;
use crate::support::{Server, contract};

#[test]
fn an_address_is_shown_to_admins_and_to_whom_it_belongs() {
    let server = Server::start();
    fill(&server);
    let everyone = [
        server.client.clone(),
        server.sign_in(Role::Reader),
        server.sign_in(Role::Editor),
        server.sign_in(Role::Admin),
    ];
    let ids: Vec<String> = [
        "articles",
        "pages",
        "tags",
        "authors",
        "redirects",
        "api-keys",
        "users",
    ]
    .iter()
    .filter_map(|route| {
        let list = everyone[3].get(&format!("/v1/admin/{route}")).ok();
        Some(list["items"][0]["id"].as_str()?.to_owned())
    })
    .collect();
    assert!(ids.len() > 5, "{ids:?}");
    let mut looked_at = 0;
    for route in contract().routes() {
        let Some(template) = route.strip_prefix("GET ") else {
            continue;
        };
        let own = template == "/v1/admin/me";
        let of_admins = template.starts_with("/v1/admin/users");
        if [
            "/docs",
            "/problems",
            "/v1/openapi.json",
            "/v1/changes/stream",
        ]
        .iter()
        .any(|start| template.starts_with(start))
        {
            continue;
        }
        for id in &ids {
            let path = template
                .replace("{id}", id)
                .replace("{key}", id)
                .replace("{form}", "md")
                .replace("{format}", "atom")
                .replace("{number}", "1");
            for who in &everyone {
                let answer = who.get(&path);
                let shown =
                    answer.text().contains("@example.org") || answer.text().contains("@canary");
                let may = own || of_admins && who.get("/v1/admin/users").status == 200;
                assert!(!shown || may, "{path}: {answer:?}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 400, "{looked_at}");
}

/// What is kept for an audit is kept for years, when the account has long gone.
#[test]
fn no_log_keeps_an_address() {
    let server = Server::start();
    fill(&server);
    let admin = server.sign_in(Role::Admin);
    let path = "/v1/admin/users?q=canary";
    let user = admin.get(path).ok()["items"][0]["id"].clone();
    let path = format!("/v1/admin/users/{}", user.as_str().unwrap());
    for change in [
        json!({"email": "other@canary.example"}),
        json!({"role": "editor", "name": "Other"}),
        json!({"suspended": true}),
        json!({"suspended": false}),
    ] {
        let present = admin.get(&path);
        admin.patch(&path, present.etag(), &change).ok();
    }
    assert_eq!(admin.order(&format!("{path}/link")).status, 201);
    let present = admin.get(&path);
    assert_eq!(admin.delete(&path, present.etag()).status, 204);

    let (changed, suspected): (Vec<Option<String>>, Vec<String>) = server.read(|conn| {
        let details = changes::table.select(changes::detail).load(conn)?;
        let events = security_events::table
            .select(security_events::kind)
            .load(conn)?;
        Ok((details, events))
    });
    let told: Vec<String> = changed.into_iter().flatten().collect();
    assert!(told.contains(&"another address".to_owned()), "{told:?}");
    assert!(told.iter().all(|detail| !detail.contains('@')), "{told:?}");
    assert_eq!(suspected, ["sign_in_failed"]);
    for log in ["audit", "security-log"] {
        let shown = admin.get(&format!("/v1/admin/{log}?limit=100"));
        assert!(!shown.text().contains('@'), "{}", shown.text());
    }
}

/// Nor does a refusal, whoever is refused what.
#[test]
fn no_problem_repeats_an_address() {
    let server = Server::start();
    fill(&server);
    let admin = server.sign_in(Role::Admin);
    let user = admin.get("/v1/admin/users?q=canary").ok()["items"][0]["id"].clone();
    let body = json!({
        "email": "xyzzy@canary.example", "name": "x", "role": "author", "title": "x", "owner": user, "user": user,
        "password": "xyzzy@canary.example", "token": "xyzzy@canary.example", "slug": "xyzzy@canary.example",
    });
    let mut problems = 0;
    for route in contract().routes() {
        let (method, template) = route.split_once(' ').unwrap();
        let path = template
            .replace("{id}", user.as_str().unwrap())
            .replace("{way}", "publish");
        if !path.starts_with("/v1/admin/") || matches!(method, "GET" | "DELETE") {
            continue;
        }
        for who in [
            &server.client,
            &server.sign_in(Role::Reader),
            &server.sign_in(Role::Editor),
            &admin,
        ] {
            let request = who.request(method, &path).header("if-match", "\"1.x\"");
            let answer = request.json(&body).send();
            if answer.is_problem() {
                problems += 1;
                let text = answer.text();
                // Of what was sent, nothing but what is no slug is shown again.
                let text = text.replace("`xyzzy@canary.example` is not a slug", "");
                assert!(!text.contains("@canary"), "{method} {path}: {text}");
            }
        }
    }
    assert!(problems > 80, "{problems}");
}

fn fill(server: &Server) {
    let admin = server.sign_in(Role::Admin);
    admin
        .post("/v1/admin/tags", &json!({"name": "Sleep"}))
        .created();
    hide_by_hand(server);
    let redirect = json!({"path": "/old", "to": "/new"});
    admin.post("/v1/admin/redirects", &redirect).created();
    let wrong = json!({"email": "xyzzy@canary.example", "password": "wrong"});
    assert_eq!(
        server.client.post("/v1/admin/auth/login", &wrong).status,
        401
    );
}
