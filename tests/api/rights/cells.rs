//! How cells are tried: the refused ones for real, the allowed ones as rehearsals, and of each kind one for real.

use std::collections::BTreeSet;

use serde_json::Value;

use super::everything::{difference, rows_of};
use super::who::{Cast, Someone};
use crate::support::{Answer, Client, Server};

/// One request that somebody makes, and what it is answered.
pub(crate) struct Cell<'c> {
    pub(crate) who: &'c Someone,
    /// With what they ask: usually their own.
    pub(crate) client: Client,
    /// `METHOD path`, as the document names it.
    pub(crate) route: String,
    /// What is done to what. Of the allowed cells of one kind the first is done for real.
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) etag: Option<String>,
    pub(crate) body: Option<Value>,
    /// Instead of JSON a form with this picture.
    pub(crate) picture: Option<Vec<u8>>,
    pub(crate) expected: u16,
    /// It can be rehearsed.
    pub(crate) rehearses: bool,
}

/// What has been tried so far.
pub(crate) struct Examination<'s> {
    server: &'s Server,
    names: Vec<&'s str>,
    tried: usize,
    covered: BTreeSet<(String, &'s str)>,
    wrong: Vec<String>,
    unauthorized: Option<Value>,
}

impl Cell<'_> {
    fn is_refused(&self) -> bool {
        self.expected >= 400
    }

    fn writes(&self) -> bool {
        !self.route.starts_with("GET ")
    }

    fn send(&self, rehearsal: bool) -> Answer {
        let (method, _) = self.route.split_once(' ').unwrap();
        let path = match (rehearsal, self.path.contains('?')) {
            (false, _) => self.path.clone(),
            (true, false) => format!("{}?dry_run=true", self.path),
            (true, true) => format!("{}&dry_run=true", self.path),
        };
        let mut request = self.client.request(method, &path);
        if let Some(etag) = &self.etag {
            request = request.header("if-match", etag);
        }
        match (&self.body, &self.picture) {
            (Some(body), _) => request.json(body).send(),
            (None, Some(picture)) => request.form(&[("file", None, picture)]).send(),
            (None, None) => request.send(),
        }
    }
}

impl<'s> Examination<'s> {
    pub(crate) fn new(server: &'s Server, cast: &'s Cast) -> Self {
        Self {
            server,
            names: cast.everybody.iter().map(|who| who.name.as_str()).collect(),
            tried: 0,
            covered: BTreeSet::new(),
            wrong: Vec::new(),
            unauthorized: None,
        }
    }

    /// Tries these, which all find what they are about as it is now.
    pub(crate) fn try_all(&mut self, cells: &[Cell<'s>]) {
        for cell in cells {
            self.covered
                .insert((cell.route.clone(), cell.who.name.as_str()));
        }
        self.tried += cells.len();
        let before = rows_of(self.server);
        for cell in cells.iter().filter(|cell| cell.is_refused()) {
            self.refused(cell);
        }
        self.assert_same(&before, cells);
        let mut first: Vec<(&Cell<'s>, Answer)> = Vec::new();
        for cell in cells.iter().filter(|it| !it.is_refused() && it.rehearses) {
            let answer = self.rehearsed(cell);
            if cell.writes() && first.iter().all(|(known, _)| known.kind != cell.kind) {
                first.push((cell, answer));
            }
        }
        self.assert_same(&before, cells);
        for cell in cells.iter().filter(|it| !it.is_refused() && !it.rehearses) {
            let answer = cell.send(false);
            self.check(cell, &answer);
        }
        for (cell, rehearsal) in first {
            self.done(cell, &rehearsal);
        }
    }

    fn refused(&mut self, cell: &Cell<'_>) {
        let change = self.server.db().change();
        let answer = cell.send(false);
        self.check(cell, &answer);
        if self.server.db().change() != change {
            self.wrong
                .push(format!("{}: took a change number", told(cell)));
        }
        if answer.status == 401 {
            // All alike, whatever was proved or not.
            let mut problem = answer.problem();
            problem["instance"] = Value::Null;
            let usual = self.unauthorized.get_or_insert_with(|| problem.clone());
            if *usual != problem || answer.header("www-authenticate") != "Bearer realm=\"masthead\""
            {
                self.wrong.push(format!("{}: {answer:?}", told(cell)));
            }
        }
    }

    fn rehearsed(&mut self, cell: &Cell<'_>) -> Answer {
        let change = self.server.db().change();
        let answer = cell.send(cell.writes());
        self.check(cell, &answer);
        if self.server.db().change() != change {
            self.wrong
                .push(format!("{}: a rehearsal took a change number", told(cell)));
        }
        answer
    }

    /// What is done is answered as its rehearsal was.
    fn done(&mut self, cell: &Cell<'_>, rehearsal: &Answer) {
        let change = self.server.db().change();
        let answer = cell.send(false);
        self.check(cell, &answer);
        if answer.header("change") != (change + 1).to_string() {
            let number = answer.header("change");
            self.wrong
                .push(format!("{}: change {number}, not {change} + 1", told(cell)));
        }
        let seen = |answer: &Answer| {
            // What is new has an id of its own, and secrets are never the same.
            let tag = (answer.status != 201).then(|| answer.etag().to_owned());
            (answer.status, tag, lasting(answer))
        };
        if seen(&answer) != seen(rehearsal) {
            self.wrong.push(format!(
                "{}: rehearsed {rehearsal:?}, done {answer:?}",
                told(cell)
            ));
        }
    }

    fn check(&mut self, cell: &Cell<'_>, answer: &Answer) {
        let code = match cell.expected {
            401 => Some("unauthorized"),
            403 => Some("forbidden"),
            409 => Some("conflict"),
            _ => None,
        };
        let fine = answer.status == cell.expected
            && code.is_none_or(|code| answer.is_problem() && answer.code() == code);
        if !fine {
            let answered = format!("{} {}", answer.status, answer.text());
            let answered: String = answered.chars().take(300).collect();
            self.wrong.push(format!("{}: {answered}", told(cell)));
        }
    }

    fn assert_same(&mut self, before: &[String], cells: &[Cell<'_>]) {
        let changed = difference(before, &rows_of(self.server));
        if !changed.is_empty() {
            let about = told(&cells[0]);
            self.wrong
                .push(format!("{about} and the like changed {changed:#?}"));
        }
    }

    /// Says what was wrong, and that nothing was left out.
    #[track_caller]
    pub(crate) fn conclude(self, routes: &BTreeSet<String>, cells: usize) {
        let shown = &self.wrong[..self.wrong.len().min(40)];
        assert!(
            shown.is_empty(),
            "{} of {} cells: {shown:#?}",
            self.wrong.len(),
            self.tried
        );
        let all = routes
            .iter()
            .flat_map(|route| self.names.iter().map(move |who| (route.clone(), *who)));
        let all: BTreeSet<_> = all.collect();
        let untried: Vec<_> = all.difference(&self.covered).collect();
        assert!(untried.is_empty(), "{untried:?}");
        assert_eq!(self.tried, cells, "cells");
    }
}

fn told(cell: &Cell<'_>) -> String {
    format!(
        "{}, {} ({}), not {}",
        cell.route, cell.who.name, cell.kind, cell.expected
    )
}

/// The content of an answer, but for what is another each time.
fn lasting(answer: &Answer) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
    if let (201, Value::Object(fields)) = (answer.status, &mut body) {
        if fields.contains_key("token") {
            // It holds the token.
            fields.remove("url");
        }
        for name in ["id", "cache_tag", "key", "token"] {
            fields.remove(name);
        }
    }
    if let Value::Object(fields) = &mut body {
        fields.remove("secret");
    }
    Some(body)
}
