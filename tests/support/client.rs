//! A client with verbs. Each answer is held against the contract before the test sees it, so that every test of the API
//! is also one of the document.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::contract::contract;

/// A client of one server.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    token: Option<String>,
}

/// An answer that keeps the contract.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A request to be sent.
#[must_use]
pub(crate) struct Request<'c> {
    client: &'c Client,
    method: Method,
    path: String,
    builder: RequestBuilder,
}

impl Client {
    pub(crate) const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            token: None,
        }
    }

    /// The same for someone with this token or key.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            address: self.address,
            token: Some(token.to_owned()),
        }
    }

    /// What it signs in with.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("a client that signed in")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body).send()
    }

    /// A POST without content.
    pub(crate) fn order(&self, path: &str) -> Answer {
        self.request("POST", path).send()
    }

    /// Puts in this picture.
    pub(crate) fn upload(&self, picture: &[u8]) -> Answer {
        let request = self.request("POST", "/v1/admin/media");
        request.form(&[("file", Some("picture"), picture)]).send()
    }

    pub(crate) fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let request = self.request("PATCH", path).header("if-match", etag);
        request.json(body).send()
    }

    pub(crate) fn put(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let request = self.request("PUT", path).header("if-match", etag);
        request.json(body).send()
    }

    pub(crate) fn delete(&self, path: &str, etag: &str) -> Answer {
        self.request("DELETE", path).header("if-match", etag).send()
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub(crate) fn head(&self, path: &str) -> Answer {
        self.request("HEAD", path).send()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> Request<'_> {
        let method: Method = method.parse().expect("a method");
        let builder = http().request(method.clone(), self.url(path));
        Request {
            builder: match &self.token {
                Some(token) => builder.bearer_auth(token),
                None => builder,
            },
            client: self,
            method,
            path: path.to_owned(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A problem's `type` leads to a page that explains it; each is looked at once.
    fn check_type(&self, path: &str) {
        static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        if KNOWN.lock().expect("not poisoned").contains(path) {
            return;
        }
        let page = http().get(self.url(path)).send().expect("an answer");
        assert_eq!(page.status(), 200, "the page {path} of a problem");
        let kind = page.headers().get("content-type").expect("a type");
        assert_eq!(kind, "text/html; charset=utf-8", "{path}");
        KNOWN.lock().expect("not poisoned").insert(path.to_owned());
    }
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With this JSON.
    pub(crate) fn json(self, value: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(value.to_string())
    }

    /// With a form of these parts.
    pub(crate) fn form(self, parts: &[(&str, Option<&str>, &[u8])]) -> Self {
        let (kind, body) = form_of(parts);
        self.header("content-type", &kind).body(body)
    }

    pub(crate) fn body(mut self, body: impl Into<reqwest::blocking::Body>) -> Self {
        self.builder = self.builder.body(body);
        self
    }

    /// Sends it, and holds the answer against the contract.
    pub(crate) fn send(self) -> Answer {
        let (method, path) = (self.method, self.path);
        let response = self
            .builder
            .send()
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
        let answer = Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().expect("a whole body").into(),
        };
        if let Err(broken) = contract().check(method.as_str(), &path, &answer) {
            panic!("{method} {path} breaks the contract: {broken}\n{answer:?}");
        }
        if answer.is_problem() && method != Method::HEAD {
            let kind = answer.json()["type"].as_str().expect("a type").to_owned();
            self.client.check_type(&kind);
        }
        answer
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value:?}")?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    /// A header, or an empty text where it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("a header in ASCII"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body without its content coding.
    pub(crate) fn decoded(&self) -> Vec<u8> {
        let mut decoded = Vec::new();
        match self.header("content-encoding") {
            "br" => {
                brotli::BrotliDecompress(&mut self.body.as_slice(), &mut decoded).expect("brotli");
            }
            "gzip" => {
                let mut decoder = flate2::read::GzDecoder::new(self.body.as_slice());
                decoder.read_to_end(&mut decoded).expect("gzip");
            }
            "" => decoded.clone_from(&self.body),
            other => panic!("the content coding {other}"),
        }
        decoded
    }

    /// The body of an answer that is no problem.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON: {error}: {} {:?}", self.status, self.text()))
    }

    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The body of a 201.
    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.text());
        self.json()
    }

    /// The entity tag.
    pub(crate) fn etag(&self) -> &str {
        self.header("etag")
    }

    /// The last part of a problem's type.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let problem = self.problem();
        let kind = problem["type"].as_str().expect("a type").to_owned();
        kind.trim_start_matches("/problems/").to_owned()
    }

    /// The body of a 200, with `[id]` where an id stands that no test can know.
    #[track_caller]
    pub(crate) fn without_ids(&self) -> Value {
        let mut body = self.ok();
        hide_ids(&mut body);
        body
    }

    /// The body of a problem.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        assert!(
            self.is_problem(),
            "no problem: {} {:?}",
            self.status,
            self.text()
        );
        self.json()
    }

    /// The faults of a problem, each as `PARAMETER CODE`.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<String> {
        let problem = self.problem();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|fault| {
                let place = fault["parameter"].as_str().or(fault["pointer"].as_str());
                format!(
                    "{} {}",
                    place.expect("a place"),
                    fault["code"].as_str().expect("a code")
                )
            })
            .collect()
    }

    /// One text field of each item of a list.
    #[track_caller]
    pub(crate) fn column(&self, field: &str) -> Vec<String> {
        let list = self.ok();
        let items = list["items"].as_array().expect("a list");
        let text = |item: &Value| item[field].as_str().expect("a text").to_owned();
        items.iter().map(text).collect()
    }

    /// The change number of the answer.
    #[track_caller]
    pub(crate) fn change(&self) -> i64 {
        self.header("change").parse().expect("a change number")
    }

    pub(crate) fn is_problem(&self) -> bool {
        self.header("content-type") == "application/problem+json"
    }

    /// Where a `Link` header leads, path and query alone.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let wanted = format!("rel=\"{relation}\"");
        self.header("link").split(", ").find_map(|link| {
            let (target, relation) = link.split_once("; ")?;
            let target = target.strip_prefix('<')?.strip_suffix('>')?;
            (relation == wanted).then(|| target.to_owned())
        })
    }
}

/// A form of these parts, and its type: of each its name, the name of a file where it is one, and what is in it.
pub(crate) fn form_of(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "a-boundary-of-the-tests";
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"");
        body.extend(head.bytes());
        if let Some(file) = file {
            // What a sender says of its file is believed nowhere.
            let file = file.replace('\\', "\\\\");
            body.extend(format!("; filename=\"{file}\"\r\nContent-Type: text/html").bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

fn hide_ids(value: &mut Value) {
    match value {
        Value::String(text) if text.parse::<masthead::id::Id>().is_ok() => *text = "[id]".into(),
        Value::Array(items) => items.iter_mut().for_each(hide_ids),
        Value::Object(fields) => fields.values_mut().for_each(hide_ids),
        _ => {}
    }
}

/// One for the whole process; it follows no redirect, for a redirect is an answer too.
fn http() -> &'static reqwest::blocking::Client {
    static HTTP: LazyLock<reqwest::blocking::Client> = LazyLock::new(|| {
        reqwest::blocking::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            // Nobody speaks TLS here, and those of the system take long to read.
            .tls_certs_only([])
            .build()
            .expect("a client")
    });
    &HTTP
}
