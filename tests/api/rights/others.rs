//! Everything but the texts: what each route is asked for, and what has to be there for it.

use std::net::Ipv4Addr;
use std::time::Duration;

use masthead::auth::model::{Credential, Grants, Principal, Role};
use masthead::auth::token::{Opaque, OpaqueKind};
use masthead::changes::model::Actor;
use masthead::db::page::Page;
use masthead::id::Id;
use masthead::messages::store::MessageFilter;
use masthead::tasks::model::{ImportFormat, ImportStatus, ImportWish, Wish};
use masthead::{messages, tasks, users};
use serde_json::{Value, json};

use super::cells::{Cell, Examination};
use super::table::{OTHERS, PROFILE_OF};
use super::who::{Cast, Someone};
use crate::support::pictures::png;
use crate::support::{Client, Server};

/// A password that nobody has yet.
const NEW_PASSWORD: &str = "marble kitten astronomy gallop";

/// The routes of everything but texts.
pub(crate) struct Others<'s> {
    server: &'s Server,
    cast: &'s Cast,
    number: usize,
}

/// What somebody sends.
struct Asked {
    path: String,
    etag: Option<String>,
    body: Option<Value>,
    rehearses: bool,
    /// Not with the session that they ask everything else with.
    client: Option<Client>,
    /// Instead of JSON a form with this picture.
    picture: Option<Vec<u8>>,
}

impl Asked {
    fn plain(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            etag: None,
            body: None,
            rehearses: true,
            client: None,
            picture: None,
        }
    }

    fn with(path: &str, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::plain(path)
        }
    }

    /// It says nothing of `dry_run`, or what it does is not logged.
    fn for_real(self) -> Self {
        Self {
            rehearses: false,
            ..self
        }
    }
}

impl<'s> Others<'s> {
    pub(crate) fn new(server: &'s Server, cast: &'s Cast) -> Self {
        Self {
            server,
            cast,
            number: 0,
        }
    }

    /// Tries them all, and answers how many cells that were.
    pub(crate) fn examine(&mut self, examination: &mut Examination<'s>) -> usize {
        let mut tried = 0;
        for (route, list, status) in OTHERS {
            let media = route.contains("/media/{id}");
            let profiles: &[bool] = if media || route.contains("/authors/{id}") {
                &[true, false]
            } else {
                &[false]
            };
            for own in profiles {
                let shared = self.thing(route);
                let mut cells = Vec::new();
                for who in &self.cast.everybody {
                    let thing = if *own && media {
                        format!("/v1/admin/media/{}", self.server.medium(Some(who.account)))
                    } else if *own {
                        self.profile(who.account)
                    } else if route.contains("/jobs/{id}") {
                        self.job(who.account)
                    } else {
                        shared.clone()
                    };
                    let asked = self.asked(route, who, &thing);
                    let expected = who.is_answered(list, *own, status);
                    cells.push(cell(who, route, *own, asked, expected));
                }
                examination.try_all(&cells);
                tried += cells.len();
            }
        }
        tried + self.give_profiles(examination)
    }

    /// Profiles that are to be somebody else's.
    fn give_profiles(&mut self, examination: &mut Examination<'s>) -> usize {
        let (route, list, status) = PROFILE_OF;
        let mut cells = Vec::new();
        for who in &self.cast.everybody {
            let path = self.profile(who.account);
            let asked = Asked {
                etag: Some(self.cast.admin.get(&path).etag().to_owned()),
                ..Asked::with(&path, json!({"user": self.cast.other}))
            };
            let expected = who.is_answered(list, true, status);
            cells.push(cell(who, route, true, asked, expected));
        }
        examination.try_all(&cells);
        cells.len()
    }

    /// What a route is asked for.
    fn asked(&mut self, route: &str, who: &Someone, thing: &str) -> Asked {
        let (method, template) = route.split_once(' ').unwrap();
        if template.starts_with("/v1/admin/auth/") || is_own(template) {
            return self.of_oneself(route, template, who);
        }
        if template.ends_with("/{id}/totp") {
            let id = thing.rsplit('/').next().unwrap().parse().unwrap();
            self.server.forget_totp(id);
            let person = self.server.admit(id);
            let session = self.server.session_of(person.id);
            self.server.enable_totp(&session);
            return Asked::plain(&format!("{thing}/totp"));
        }
        let path = template.replace("/v1/admin/", "");
        let name = path.split('/').next().unwrap();
        let whole = path == name;
        match template {
            "/v1/admin/import" => {
                let line = json!({"title": "One", "external_id": "one"});
                return Asked::with("/v1/admin/import?format=jsonl", line).for_real();
            }
            // Its answer names a job of its own.
            "/v1/admin/backup" => return Asked::plain(template).for_real(),
            _ => {}
        }
        let ends = [
            "/cancel",
            "/link",
            "/sessions",
            "/ping",
            "/rotate-secret",
            "/replay",
        ];
        if method == "GET" || ends.iter().any(|end| template.ends_with(end)) {
            let none = Id::new().to_string();
            let below = path.rsplit_once("{id}").map(|(_, below)| below);
            return match below {
                Some(below) => {
                    Asked::plain(&format!("{thing}{}", below.replace("{delivery}", &none)))
                }
                None => Asked::plain(template),
            };
        }
        if template.ends_with("/merge") {
            let other = self.thing(route);
            let into = self.cast.admin.get(&other).ok()["id"].clone();
            return Asked::with(&format!("{thing}/merge"), json!({"into": into}));
        }
        if template.ends_with("/retag") {
            self.number += 1;
            let title = json!({"title": format!("Text {}", self.number)});
            let made = self.cast.admin.post("/v1/admin/articles", &title).created();
            let body = json!({"articles": [made["id"]], "add": ["Something new"]});
            return Asked::with(template, body);
        }
        if name == "batch" {
            let one =
                json!({"method": "POST", "path": "/v1/admin/tags", "body": self.content("tags")});
            // Its answer is of many, each with an id of its own: no rehearsal is word for word the same.
            return Asked::with(template, json!({"operations": [one]})).for_real();
        }
        if template == "/v1/admin/media" && method == "POST" {
            let picture = Some(png(4, 4));
            return Asked {
                picture,
                ..Asked::plain(template).for_real()
            };
        }
        if template.ends_with("/media-sweep") {
            // None is that old: whoever may sweep is answered that nothing is gone.
            return Asked::with(template, json!({"older_than_days": 36_500})).for_real();
        }
        if method == "POST" {
            return Asked::with(template, self.content(name));
        }
        let path = if whole { template } else { thing };
        let etag = Some(self.cast.admin.get(path).etag().to_owned());
        let body = (method != "DELETE").then(|| match (name, method) {
            ("users", _) => json!({"name": "Grace"}),
            ("api-keys", _) => json!({"name": "another program"}),
            ("messages", _) => json!({"status": "read"}),
            ("media", _) => json!({"alt": "A cup of tea"}),
            ("webhooks", _) => json!({"name": "another receiver"}),
            _ => self.content(name),
        });
        Asked {
            etag,
            body,
            ..Asked::plain(path)
        }
    }

    /// What is asked of one's own account, and by whoever has none yet.
    fn of_oneself(&mut self, route: &str, template: &str, who: &Someone) -> Asked {
        match route {
            "POST /v1/admin/auth/login" => {
                let person = self.server.admit(self.cast.other);
                let body = json!({"email": person.email, "password": person.password});
                Asked::with(template, body).for_real()
            }
            "POST /v1/admin/auth/refresh" => {
                let (_, token) = self.server.begin(self.cast.other);
                Asked::with(template, json!({"refresh_token": token.as_str()})).for_real()
            }
            "POST /v1/admin/auth/password" => {
                let body = json!({"token": self.link(), "password": NEW_PASSWORD});
                Asked::with(template, body).for_real()
            }
            "POST /v1/admin/auth/forgot" => {
                Asked::with(template, json!({"email": "ada@example.org"}))
            }
            "POST /v1/admin/auth/logout" => {
                let session = || self.server.session_of(who.account);
                Asked {
                    client: who.signs_in().then(session),
                    ..Asked::plain(template).for_real()
                }
            }
            "GET /v1/admin/me" | "GET /v1/admin/me/sessions" => Asked::plain(template),
            "PATCH /v1/admin/me" => {
                let me = who.signs_in().then(|| who.client.get(template));
                let etag = me.map_or_else(|| "\"1.x\"".into(), |me| me.etag().to_owned());
                Asked {
                    etag: Some(etag),
                    ..Asked::with(template, json!({"name": "Ada"}))
                }
            }
            "PUT /v1/admin/me/password" => {
                let present = self.server.password();
                let body = json!({"current_password": present, "new_password": NEW_PASSWORD});
                Asked::with(template, body)
            }
            "POST /v1/admin/me/totp"
            | "POST /v1/admin/me/totp/confirm"
            | "POST /v1/admin/me/totp/recovery-codes"
            | "POST /v1/admin/me/totp/disable" => {
                Asked::with(template, self.of_second_factor(route, who)).for_real()
            }
            "DELETE /v1/admin/me/sessions/{id}" => {
                let account = if who.signs_in() {
                    who.account
                } else {
                    self.cast.other
                };
                let (session, _) = self.server.begin(account);
                let path = template.replace("{id}", &session.to_string());
                Asked::plain(&path).for_real()
            }
            unknown => panic!("what is {unknown} asked for?"),
        }
    }

    /// What proves that somebody may do this to their second factor, which is there as far as it has to be.
    fn of_second_factor(&mut self, route: &str, who: &Someone) -> Value {
        let password = self.server.password();
        let now = self.server.clock.now();
        let end = route.rsplit('/').next().unwrap();
        if end == "totp" {
            return json!({"current_password": password});
        }
        if !who.signs_in() {
            return match end {
                "confirm" => json!({"code": "492039"}),
                _ => json!({"current_password": password, "code": "492039"}),
            };
        }
        let client = self.server.session_of(who.account);
        self.server.forget_totp(who.account);
        if end == "confirm" {
            let app = self.server.begin_totp(&client);
            return json!({"code": app.code(now, 0)});
        }
        let app = self.server.enable_totp(&client);
        json!({"current_password": password, "code": app.code(now, 1)})
    }

    /// The content of something new that is named so.
    fn content(&mut self, name: &str) -> Value {
        self.number += 1;
        let number = self.number;
        match name {
            "tags" | "authors" | "site" => json!({"name": format!("Name {number}")}),
            "redirects" => json!({"path": format!("/old-{number}"), "to": "/new"}),
            "users" => {
                let email = format!("user-{number}@example.org");
                json!({"email": email, "name": "Ada", "role": "author"})
            }
            "api-keys" => json!({"name": "a program", "scopes": ["drafts:read"]}),
            "webhooks" => json!({
                "name": "a receiver",
                "url": "https://hooks.example.org/",
                "events": ["article.*"],
                "enabled": false,
            }),
            unknown => panic!("what is in {unknown}?"),
        }
    }

    /// Something that a route can be about.
    fn thing(&mut self, route: &str) -> String {
        let (_, template) = route.split_once(' ').unwrap();
        match template.split_once("/{id}") {
            Some((list, _)) if !is_own(list) => {
                let name = list.trim_start_matches("/v1/admin/");
                if name == "jobs" {
                    return String::new();
                }
                if name == "messages" {
                    return format!("{list}/{}", self.message());
                }
                if name == "media" {
                    return format!("{list}/{}", self.server.medium(None));
                }
                let content = self.content(name);
                let made = self.cast.admin.post(list, &content).created();
                format!("{list}/{}", made["id"].as_str().unwrap())
            }
            _ => String::new(),
        }
    }

    /// A message that came by the contact form.
    fn message(&mut self) -> Id {
        let sent =
            json!({"name": "Ada", "email": "ada@example.org", "message": "Hello", "consent": true});
        let sent = messages::input::sent(&sent).unwrap();
        self.server
            .write(move |tx| messages::store::receive(tx, &sent, 1000));
        let newest = Page::first(1);
        let all = MessageFilter::default();
        let found = self
            .server
            .db()
            .read_blocking(|conn| messages::store::list(conn, &all, &newest, false));
        found.unwrap().items[0].id
    }

    /// A job that an account asked for and nobody does.
    fn job(&mut self, account: Id) -> String {
        let who = Principal {
            user: account,
            credential: Credential::Session(Id::new()),
            grants: Grants::Role(Role::Admin),
            peer: Ipv4Addr::LOCALHOST.into(),
            request_id: "a test".into(),
        };
        let wish = Wish::Import(ImportWish {
            format: ImportFormat::Jsonl,
            source: "a test".into(),
            status: ImportStatus::AsIs,
            dry_run: false,
        });
        let (id, node) = (Id::new(), Id::new());
        self.server
            .db()
            .write_blocking(Actor::Principal(who), move |tx| {
                tasks::store::create(tx, id, node, &wish)
            })
            .unwrap();
        format!("/v1/admin/jobs/{id}")
    }

    /// The profile of an account.
    fn profile(&mut self, account: Id) -> String {
        let admin = &self.cast.admin;
        let found = admin.get(&format!("/v1/admin/authors?user={account}")).ok();
        let id = match found["items"].as_array().unwrap().as_slice() {
            [profile] => profile["id"].clone(),
            _ => {
                let mut content = self.content("authors");
                content["user"] = json!(account);
                let made = self.cast.admin.post("/v1/admin/authors", &content);
                made.created()["id"].clone()
            }
        };
        format!("/v1/admin/authors/{}", id.as_str().unwrap())
    }

    /// A link with which somebody may set their password.
    fn link(&mut self) -> String {
        let token = Opaque::new(OpaqueKind::Link).unwrap();
        let (hash, user) = (token.hash(), self.server.account(Role::Reader));
        let expires_at = self.server.clock.now().plus(Duration::from_secs(60));
        self.server
            .write(move |tx| users::store::make_link(tx, user, &hash, expires_at));
        token.as_str().to_owned()
    }
}

/// About the account that asks.
fn is_own(path: &str) -> bool {
    path == "/v1/admin/me" || path.starts_with("/v1/admin/me/")
}

fn cell<'c>(who: &'c Someone, route: &str, own: bool, asked: Asked, expected: u16) -> Cell<'c> {
    Cell {
        who,
        client: asked.client.unwrap_or_else(|| who.client.clone()),
        route: route.to_owned(),
        kind: format!("own: {own}"),
        path: asked.path,
        etag: asked.etag,
        body: asked.body,
        picture: asked.picture,
        expected,
        rehearses: asked.rehearses,
    }
}
