//! Everybody who could ask.

use std::time::Duration;

use masthead::auth::model::{Role, Scope};
use masthead::id::Id;
use serde_json::{Value, json};

use super::table::EVERYBODY;
use crate::support::{Client, Server};

/// Somebody who asks.
pub(crate) struct Someone {
    pub(crate) name: String,
    pub(crate) client: Client,
    /// Their account; of a key, that of who made it. What belongs to it is their own.
    pub(crate) account: Id,
    /// They prove nothing, or nothing that counts any more.
    pub(crate) is_nobody: bool,
    scopes: Vec<&'static str>,
}

/// Everybody who asks.
pub(crate) struct Cast {
    pub(crate) everybody: Vec<Someone>,
    /// An admin who asks for nothing and sets the stage.
    pub(crate) admin: Client,
    /// Somebody else: what belongs to them is nobody's own who asks.
    pub(crate) other: Id,
}

impl Someone {
    /// What somebody is answered where a list is granted something.
    pub(crate) fn is_answered(&self, list: &str, own: bool, granted: u16) -> u16 {
        if list == EVERYBODY {
            granted
        } else if self.is_nobody {
            401
        } else if list.split(' ').any(|entry| self.is_in(entry, own)) {
            granted
        } else {
            403
        }
    }

    fn is_in(&self, entry: &str, own: bool) -> bool {
        match entry.strip_prefix("own:") {
            Some(role) => own && self.name == role,
            None if entry.contains(':') => {
                entry.split('+').all(|scope| self.scopes.contains(&scope))
            }
            None => self.name == entry,
        }
    }

    /// Whether they sign in, and not by a key.
    pub(crate) fn signs_in(&self) -> bool {
        !self.is_nobody && self.scopes.is_empty()
    }
}

impl Cast {
    pub(crate) fn new(server: &Server) -> Self {
        let admin = server.sign_in(Role::Admin);
        let other = server.account(Role::Editor);
        let mut everybody = nobodies(server, &admin);
        // Their tokens have lasted as long as they may; those of the others begin now.
        server.clock.advance(Duration::from_secs(2 * 60 * 60));
        let admin = server.sign_in(Role::Admin);
        for role in Role::ALL {
            let person = server.person(*role);
            everybody.push(Someone {
                name: role.as_str().to_owned(),
                client: server.session_of(person.id),
                account: person.id,
                is_nobody: false,
                scopes: Vec::new(),
            });
        }
        let maker = server.account(Role::Admin);
        let session = server.session_of(maker);
        let each = Scope::ALL.iter().map(|scope| vec![scope.as_str()]);
        let both = ["articles:write", "articles:publish"].to_vec();
        let all = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        for scopes in each.chain([both, all]) {
            let key = key(&session, &json!({"name": "a program", "scopes": scopes}));
            everybody.push(Someone {
                name: format!("a key of {}", scopes.join("+")),
                client: server.client.with_token(key["key"].as_str().unwrap()),
                account: maker,
                is_nobody: false,
                scopes,
            });
        }
        Self {
            everybody,
            admin,
            other,
        }
    }
}

fn key(admin: &Client, content: &Value) -> Value {
    admin.post("/v1/admin/api-keys", content).created()
}

/// Those who prove nothing. All that they could prove, they could do once: each was an admin.
fn nobodies(server: &Server, admin: &Client) -> Vec<Someone> {
    let mut all = Vec::new();
    let mut add = |name: &str, client: Client, account: Id| {
        all.push(Someone {
            name: name.to_owned(),
            client,
            account,
            is_nobody: true,
            scopes: Vec::new(),
        });
    };
    let nobody = server.account(Role::Admin);
    add("anonymous", server.client.clone(), nobody);
    add("garbage", server.client.with_token("garbage"), nobody);

    let patch = |account: Id, change: Value| {
        let path = format!("/v1/admin/users/{account}");
        let present = admin.get(&path);
        admin.patch(&path, present.etag(), &change).ok();
    };
    let suspended = server.account(Role::Admin);
    let client = server.session_of(suspended);
    client.get("/v1/admin/me").ok();
    patch(suspended, json!({"suspended": true}));
    add("a suspended account", client, suspended);

    let ended = server.account(Role::Admin);
    let client = server.session_of(ended);
    assert_eq!(client.order("/v1/admin/auth/logout").status, 204);
    add("a session that ended", client, ended);

    let expired = server.account(Role::Admin);
    let client = server.session_of(expired);
    client.get("/v1/admin/me").ok();
    add("an access token that expired", client, expired);

    let maker = server.account(Role::Admin);
    let session = server.session_of(maker);
    let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let fresh = |more: Value| {
        let mut content = json!({"name": "a program", "scopes": scopes});
        masthead::json::merge(&mut content, &more);
        let made = key(&session, &content);
        let client = server.client.with_token(made["key"].as_str().unwrap());
        client.get("/v1/admin/tags").ok();
        (made["id"].as_str().unwrap().to_owned(), client)
    };
    let (_, client) = fresh(json!({"expires_at": "2026-11-22T11:00:00Z"}));
    add("a key that expired", client, maker);

    let (id, client) = fresh(json!({}));
    let path = format!("/v1/admin/api-keys/{id}");
    let present = session.get(&path);
    assert_eq!(session.delete(&path, present.etag()).status, 204);
    add("a key that was revoked", client, maker);

    let (_, client) = fresh(json!({}));
    patch(maker, json!({"role": "editor"}));
    add("a key of somebody who is no admin any more", client, maker);
    all
}
