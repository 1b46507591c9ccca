//! The clients of reference: a plain map of what is published, kept by asking for pages, and one kept by the stream.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Client;

/// Who waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// Texts by their ids.
pub(crate) type Texts = BTreeMap<String, Value>;

fn id_of(text: &Value) -> String {
    text["id"].as_str().expect("an id").to_owned()
}

/// All pages of the lists: the truth that a copy with this query must come to be.
pub(crate) fn fresh(client: &Client, query: &str) -> Texts {
    let mut texts = Texts::new();
    // `kind` is not of lists.
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let lists = [("kind=article", "articles"), ("kind=page", "pages")];
    for (kind, list) in lists {
        let others = pairs.iter().any(|pair| pair.starts_with("kind=")) && !pairs.contains(&kind);
        if others {
            continue;
        }
        let kept = pairs.iter().filter(|pair| !pair.starts_with("kind="));
        let kept: Vec<&str> = kept.copied().collect();
        let base = format!("/v1/{list}?limit=100&{}", kept.join("&"));
        let mut page = client.get(&base).ok();
        loop {
            for text in page["items"].as_array().expect("items") {
                texts.insert(id_of(text), text.clone());
            }
            let Some(next) = page["page"]["next"].as_str() else {
                break;
            };
            page = client.get(&format!("{base}&cursor={next}")).ok();
        }
    }
    texts
}

/// A copy that is kept by asking for pages. All that it remembers survives the client.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) query: String,
    pub(crate) since: Option<String>,
    pub(crate) texts: Texts,
    /// How often it began anew.
    pub(crate) resets: usize,
}

impl Copy {
    pub(crate) fn new(query: &str) -> Self {
        Self {
            query: query.to_owned(),
            since: None,
            texts: Texts::new(),
            resets: 0,
        }
    }

    /// Asks for one page; whether there is more.
    #[track_caller]
    pub(crate) fn pull(&mut self, client: &Client, limit: usize) -> bool {
        let begin = match &self.since {
            Some(token) => format!("since={token}"),
            None => "initial=true".to_owned(),
        };
        let path = format!("/v1/changes?{begin}&limit={limit}&{}", self.query);
        let answer = client.get(&path);
        if answer.status == 410 {
            assert_eq!(answer.code(), "sync-reset");
            assert!(answer.link("start").is_some(), "{answer:?}");
            *self = Self {
                resets: self.resets + 1,
                ..Self::new(&self.query)
            };
            return true;
        }
        let page = answer.ok();
        let (upserts, removals) = (
            page["upserts"].as_array().expect("upserts"),
            page["removals"].as_array().expect("removals"),
        );
        assert!(upserts.len() + removals.len() <= limit, "{page}");
        for text in upserts {
            self.texts.insert(id_of(text), text.clone());
        }
        for text in removals {
            self.texts.remove(&id_of(text));
        }
        self.since = Some(page["next_since"].as_str().expect("a token").to_owned());
        page["more"].as_bool().expect("a boolean")
    }

    /// Asks until there is no more; how many pages that were.
    #[track_caller]
    pub(crate) fn catch_up(&mut self, client: &Client, limit: usize) -> usize {
        let mut pages = 1;
        while self.pull(client, limit) {
            pages += 1;
            assert!(pages < 100_000, "there is more for ever");
        }
        pages
    }
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

/// An open stream.
pub(crate) struct Tap {
    events: Receiver<Event>,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) retry_after: Option<String>,
}

impl Tap {
    /// Opens the stream with this query, after an event.
    pub(crate) fn open(client: &Client, query: &str, last: Option<&str>) -> Result<Self, Refused> {
        let url = format!("http://{}/v1/changes/stream?{query}", client.address());
        let http = reqwest::blocking::Client::builder()
            .timeout(None)
            .tls_certs_only([])
            .build()
            .expect("a client");
        let mut request = http.get(url);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().map_err(|error| Refused {
            status: 0,
            text: error.to_string(),
            retry_after: None,
        })?;
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().expect("ASCII").to_owned())
        };
        if response.status() != 200 {
            return Err(Refused {
                status: response.status().as_u16(),
                retry_after: header("retry-after"),
                text: response.text().unwrap_or_default(),
            });
        }
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!((header("etag"), header("content-encoding")), (None, None));
        let (send, events) = mpsc::channel();
        // It ends with the stream, or with the first event that nobody wants any more.
        std::thread::spawn(move || {
            let mut event = blank();
            for line in BufReader::new(response).lines() {
                let Ok(line) = line else { return };
                match line.split_once(':') {
                    None if line.is_empty() => {
                        if send.send(std::mem::replace(&mut event, blank())).is_err() {
                            return;
                        }
                    }
                    Some(("", _)) => event.name = "comment".into(),
                    Some(("event", name)) => event.name = name.trim().into(),
                    Some(("id", id)) => event.id = Some(id.trim().into()),
                    Some(("data", data)) => event.data = data.trim().into(),
                    Some(("retry", time)) => {
                        time.trim().parse::<u64>().expect("a time");
                    }
                    _ => panic!("no server-sent event: {line}"),
                }
            }
        });
        Ok(Self { events })
    }

    /// The next event that is no comment; `None` at the end.
    #[track_caller]
    pub(crate) fn next(&self) -> Option<Event> {
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(event) if event.name == "comment" => {}
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("nothing comes"),
            }
        }
    }

    /// The next, comments too.
    #[track_caller]
    pub(crate) fn any(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("something comes")
    }

    /// What comes within a moment.
    pub(crate) fn soon(&self) -> Result<Event, RecvTimeoutError> {
        self.events.recv_timeout(Duration::from_millis(25))
    }
}

fn blank() -> Event {
    Event {
        name: "message".into(),
        id: None,
        data: String::new(),
    }
}

/// A copy that is kept by the stream.
pub(crate) struct Watcher {
    pub(crate) copy: Copy,
    tap: Option<Tap>,
}

impl Watcher {
    pub(crate) fn new(query: &str) -> Self {
        Self {
            copy: Copy::new(query),
            tap: None,
        }
    }

    /// Goes away in the midst of it.
    pub(crate) fn hang_up(&mut self) {
        self.tap = None;
    }

    fn tap(&mut self, client: &Client) -> Option<&Tap> {
        if self.tap.is_none() {
            if self.copy.since.is_none() {
                self.copy.catch_up(client, 100);
            }
            match Tap::open(client, &self.copy.query, self.copy.since.as_deref()) {
                Ok(tap) => self.tap = Some(tap),
                Err(refused) if refused.status == 410 => {
                    self.copy.resets += 1;
                    self.copy.since = None;
                    self.copy.texts.clear();
                }
                Err(refused) => assert!(matches!(refused.status, 0 | 503), "{refused:?}"),
            }
        }
        self.tap.as_ref()
    }

    /// Takes what has come; whether anything had. A heartbeat is nothing: a copy that takes long to compare with a fresh list
    /// hears another each time.
    pub(crate) fn look(&mut self, client: &Client) -> bool {
        let Some(tap) = self.tap(client) else {
            return false;
        };
        let come = loop {
            match tap.soon() {
                Ok(event) if event.name == "comment" => {}
                come => break come,
            }
        };
        match come {
            Ok(event) => {
                self.take(event);
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                self.tap = None;
                false
            }
        }
    }

    fn take(&mut self, event: Event) {
        let data = || -> Value { serde_json::from_str(&event.data).expect("JSON on one line") };
        match event.name.as_str() {
            "upsert" => {
                let text = data();
                self.copy.texts.insert(id_of(&text), text);
            }
            "removal" => {
                self.copy.texts.remove(&id_of(&data()));
            }
            "reset" => {
                self.copy.resets += 1;
                self.copy.since = None;
                self.copy.texts.clear();
                self.tap = None;
            }
            "ready" | "bye" | "message" | "comment" => {}
            other => panic!("an event of the name {other}"),
        }
        if event.id.is_some() && event.name != "reset" {
            self.copy.since = event.id;
        }
    }

    /// Takes what comes until the copy is as the lists are.
    #[track_caller]
    pub(crate) fn settle(&mut self, client: &Client) {
        let began = Instant::now();
        loop {
            let mut more = 0;
            while self.look(client) {
                more += 1;
            }
            let truth = fresh(client, &self.copy.query);
            if more == 0 && self.copy.texts == truth {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the stream with `{}` does not come to what the lists are:\n{:#?}\n{truth:#?}",
                self.copy.query,
                self.copy.texts,
            );
        }
    }
}
