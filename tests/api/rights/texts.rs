//! Articles and pages: whose they are, and in which state.

use std::collections::{BTreeMap, BTreeSet};

use masthead::articles::model::{Kind, State};
use masthead::articles::store;
use masthead::id::Id;
use serde_json::{Value, json};

use super::cells::{Cell, Examination};
use super::table::{LIST, NEW, STATES, TEXTS, WISHES};
use super::who::{Cast, Someone};
use crate::support::{Server, article, page};

/// When what is scheduled is to be published.
const LATER: &str = "2031-01-01T00:00:00.000Z";

/// When it is to be published instead.
const MUCH_LATER: &str = "2032-01-01T00:00:00.000Z";

/// The ways that have an address of their own.
const WAYS: [&str; 4] = ["publish", "unpublish", "archive", "restore"];

/// The texts of one kind.
pub(crate) struct Texts<'s> {
    server: &'s Server,
    cast: &'s Cast,
    kind: Kind,
    base: String,
    made: BTreeMap<(Id, &'static str), (String, String)>,
    number: usize,
}

/// The routes of one kind.
pub(crate) fn routes(kind: Kind) -> BTreeSet<String> {
    let base = format!("/v1/admin/{}s", kind.as_str());
    let whole = ["GET", "POST"].map(|method| format!("{method} {base}"));
    let each = ["GET", "PATCH", "PUT", "DELETE"].map(|method| format!("{method} {base}/{{id}}"));
    let ways = [format!("POST {base}/{{id}}/{{way}}")];
    let schedule = [
        format!("POST {base}/{{id}}/schedule"),
        format!("POST {base}/{{id}}/submit"),
        format!("POST {base}/{{id}}/send-back"),
        format!("GET {base}/{{id}}/review-notes"),
    ];
    let previews = [
        format!("GET {base}/{{id}}/preview-links"),
        format!("POST {base}/{{id}}/preview-links"),
        format!("DELETE {base}/{{id}}/preview-links/{{link}}"),
    ];
    let revisions = [
        "GET revisions",
        "GET revisions/{n}",
        "GET revisions/{n}/diff",
        "POST revisions/{n}/restore",
        "GET working-copy",
        "PATCH working-copy",
        "PUT working-copy",
        "DELETE working-copy",
        "POST working-copy/publish",
    ];
    let revisions = revisions.map(|route| route.replacen(' ', &format!(" {base}/{{id}}/"), 1));
    let all = whole.into_iter().chain(each).chain(ways);
    let all = all.chain(schedule).chain(previews);
    all.chain(revisions).collect()
}

impl<'s> Texts<'s> {
    pub(crate) fn new(server: &'s Server, cast: &'s Cast, kind: Kind) -> Self {
        Self {
            server,
            cast,
            kind,
            base: format!("/v1/admin/{}s", kind.as_str()),
            made: BTreeMap::new(),
            number: 0,
        }
    }

    pub(crate) fn examine(&mut self, examination: &mut Examination<'s>) {
        self.list(examination);
        self.create(examination);
        for (done, row) in TEXTS {
            self.asked(examination, done, &row, None);
        }
        for (wish, row) in WISHES {
            self.asked(examination, "PATCH", &row, Some(wish));
        }
    }

    fn list(&self, examination: &mut Examination<'s>) {
        let (list, status) = LIST;
        let cells = self.cast.everybody.iter().map(|who| Cell {
            who,
            client: who.client.clone(),
            route: format!("GET {}", self.base),
            kind: "list".into(),
            path: self.base.clone(),
            etag: None,
            body: None,
            picture: None,
            expected: who.is_answered(list, false, status),
            rehearses: true,
        });
        examination.try_all(&cells.collect::<Vec<_>>());
    }

    /// Texts that are made in a state, for oneself and for another.
    fn create(&mut self, examination: &mut Examination<'s>) {
        let mut cells = Vec::new();
        for (state, list, for_another) in NEW {
            for (own, list) in [(true, list), (false, for_another)] {
                for who in &self.cast.everybody {
                    let mut body = self.words();
                    body["status"] = json!(state);
                    body["published_at"] = json!((state == "scheduled").then_some(LATER));
                    body["owner"] = json!((!own).then_some(self.cast.other));
                    cells.push(Cell {
                        who,
                        client: who.client.clone(),
                        route: format!("POST {}", self.base),
                        kind: format!("{state}, own: {own}"),
                        path: self.base.clone(),
                        etag: None,
                        body: Some(body),
                        picture: None,
                        expected: who.is_answered(list, self.counts_as_own(own), 201),
                        rehearses: true,
                    });
                }
            }
        }
        examination.try_all(&cells);
    }

    /// What is done to texts of each state, one's own and another's.
    fn asked(
        &mut self,
        examination: &mut Examination<'s>,
        done: &str,
        row: &[(&str, u16); 6],
        wish: Option<&str>,
    ) {
        let mut cells = Vec::new();
        for (state, (list, status)) in STATES.into_iter().zip(row) {
            for own in [true, false] {
                for who in &self.cast.everybody {
                    let owner = if own { who.account } else { self.cast.other };
                    let (path, mut etag) = self.text(owner, state);
                    if done.ends_with("copy") {
                        etag = self.copy(&path, state, etag);
                    }
                    let wished = wish.map(|wish| format!(" to {wish}")).unwrap_or_default();
                    cells.push(Cell {
                        kind: format!("{done} {state}{wished}, own: {own}"),
                        expected: who.is_answered(list, self.counts_as_own(own), *status),
                        ..self.cell(who, done, &path, etag, wish)
                    });
                }
            }
        }
        examination.try_all(&cells);
        // Some of it was done.
        self.made.clear();
    }

    fn cell<'c>(
        &mut self,
        who: &'c Someone,
        done: &str,
        path: &str,
        etag: String,
        wish: Option<&str>,
    ) -> Cell<'c> {
        let one = format!("{}/{{id}}", self.base);
        let (route, path, body) = match done {
            "GET" | "DELETE" => (format!("{done} {one}"), path.to_owned(), None),
            "purge" => (format!("DELETE {one}"), format!("{path}?purge=true"), None),
            "give" => {
                let body = json!({"owner": self.cast.everybody[0].account});
                (format!("PATCH {one}"), path.to_owned(), Some(body))
            }
            "PATCH" | "PUT" => {
                let mut body = self.words();
                if let Some(wish) = wish {
                    body["status"] = json!(wish);
                }
                if wish == Some("scheduled") {
                    body["published_at"] = json!(LATER);
                }
                (format!("{done} {one}"), path.to_owned(), Some(body))
            }
            "schedule" => {
                let body = json!({"publish_at": MUCH_LATER});
                (
                    format!("POST {one}/schedule"),
                    format!("{path}/schedule"),
                    Some(body),
                )
            }
            "submit" => (format!("POST {one}/submit"), format!("{path}/submit"), None),
            "send back" => (
                format!("POST {one}/send-back"),
                format!("{path}/send-back"),
                Some(json!({"note": "Once more"})),
            ),
            "notes" => (
                format!("GET {one}/review-notes"),
                format!("{path}/review-notes"),
                None,
            ),
            "previews" | "preview" => {
                let (method, body) = match done {
                    "previews" => ("GET", None),
                    _ => ("POST", Some(json!({}))),
                };
                let route = format!("{method} {one}/preview-links");
                (route, format!("{path}/preview-links"), body)
            }
            "hide" => {
                let route = format!("DELETE {one}/preview-links/{{link}}");
                (route, self.preview(path), None)
            }
            "revisions" | "revision" | "diff" => {
                let more = ["revisions", "revisions/1", "revisions/1/diff"][[
                    "revisions",
                    "revision",
                    "diff",
                ]
                .iter()
                .position(|it| *it == done)
                .unwrap()];
                let route = format!("GET {one}/{}", more.replace('1', "{n}"));
                (route, format!("{path}/{more}"), None)
            }
            "put back" => {
                let route = format!("POST {one}/revisions/{{n}}/restore");
                (route, format!("{path}/revisions/1/restore"), None)
            }
            "publish copy" => {
                let route = format!("POST {one}/working-copy/publish");
                (route, format!("{path}/working-copy/publish"), None)
            }
            copy if copy.ends_with(" copy") => {
                let (method, _) = copy.split_once(' ').unwrap();
                let body = method.starts_with('P').then(|| self.words());
                let route = format!("{method} {one}/working-copy");
                (route, format!("{path}/working-copy"), body)
            }
            way => {
                assert!(WAYS.contains(&way), "{way}");
                let route = format!("POST {one}/{{way}}");
                (route, format!("{path}/{way}"), None)
            }
        };
        Cell {
            who,
            client: who.client.clone(),
            kind: String::new(),
            path,
            etag: (!route.starts_with("GET ")).then_some(etag),
            route,
            body,
            picture: None,
            expected: 0,
            rehearses: true,
        }
    }

    /// Of pages nobody has any of their own.
    fn counts_as_own(&self, own: bool) -> bool {
        own && self.kind == Kind::Article
    }

    /// The address of a preview link of a text, where it can have one.
    fn preview(&self, path: &str) -> String {
        let links = format!("{path}/preview-links");
        let there = self.cast.admin.get(&links).ok();
        let id = match there["items"].get(0) {
            Some(link) => link["id"].clone(),
            None => {
                let made = self.cast.admin.post(&links, &json!({}));
                match made.status {
                    201 => made.json()["id"].clone(),
                    _ => json!(Id::new()),
                }
            }
        };
        format!("{links}/{}", id.as_str().unwrap())
    }

    /// The entity tag of the working copy of a text, which has one if it can; that of the text where it cannot.
    fn copy(&self, path: &str, state: &str, etag: String) -> String {
        if !matches!(state, "scheduled" | "published" | "archived") {
            return etag;
        }
        let path = format!("{path}/working-copy");
        let there = self.cast.admin.get(&path);
        if there.status == 200 {
            return there.etag().to_owned();
        }
        let begun = self
            .cast
            .admin
            .patch(&path, &etag, &json!({"subtitle": "A copy"}));
        assert_eq!(begun.status, 200, "{}", begun.text());
        begun.etag().to_owned()
    }

    /// A title that no other text has.
    fn words(&mut self) -> Value {
        self.number += 1;
        json!({"title": format!("Text {}", self.number)})
    }

    /// The address and the entity tag of a text of this owner in this state.
    fn text(&mut self, owner: Id, state: &'static str) -> (String, String) {
        if let Some(made) = self.made.get(&(owner, state)) {
            return made.clone();
        }
        self.number += 1;
        let title = format!("Text {}", self.number);
        let mut make = match self.kind {
            Kind::Article => article(&title),
            Kind::Page => page(&title),
        };
        let state_of = State::from_name(state).unwrap();
        if state_of == State::Scheduled {
            make = make.published_at(LATER);
        }
        let new = make.state(state_of).parse(&self.server.rules);
        let new = new.by_editor(Some(owner));
        let stored = self.server.write(move |tx| store::create(tx, &new)).value;
        assert_eq!(stored.state, state_of);
        let path = format!("{}/{}", self.base, stored.id);
        let etag = self.cast.admin.get(&path).etag().to_owned();
        self.made
            .insert((owner, state), (path.clone(), etag.clone()));
        (path, etag)
    }
}
