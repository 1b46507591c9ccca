//! Tells a cache in front what to let go: a follower of the log. It sends `PURGE` with the cache tags of each change in
//! `xkey-purge`, as Varnish's xkey takes them, and again a little later, since an answer that was on its way when the
//! change came is kept after the first time. What cannot be told is tried again until it can, also after a restart: how far
//! it came is in the database. Nodes tell each for themselves; once too often costs nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Url};
use tokio::time::Instant;

use crate::changes::store;
use crate::db::{Db, Reason};
use crate::error::{Error, Result};

/// The name that its position stands under.
const NAME: &str = "purge";
/// How often it looks for changes.
const LOOK: Duration = Duration::from_millis(50);
/// When the same is told again: soon, and when no read that had begun before can still go on.
const AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(11)];
/// Rows of the log at once.
const ROWS: i64 = 500;
/// Bytes of tags in one request; Varnish takes 8 KiB in a header.
const HEADER: usize = 4096;
/// How long after a failure to wait, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// How long a purge may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Caches in front, and what they are told.
#[derive(Debug)]
pub struct Purge {
    urls: Vec<Url>,
    /// What answers depend on besides their content: with other settings everything is let go.
    mark: String,
    sent: AtomicU64,
    failed: AtomicU64,
    reached: AtomicI64,
}

/// What is to be told once more.
struct Later {
    due: Instant,
    tags: BTreeSet<String>,
    /// The change that is done with then.
    done: Option<i64>,
}

impl Purge {
    /// For these caches.
    #[must_use]
    pub const fn new(urls: Vec<Url>, mark: String) -> Self {
        Self {
            urls,
            mark,
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            reached: AtomicI64::new(0),
        }
    }

    /// Follows the log for as long as the server runs.
    pub async fn follow(&self, db: &Db) {
        if self.urls.is_empty() {
            return;
        }
        let client = match Client::builder().timeout(PATIENCE).no_proxy().build() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "the cache in front is told of nothing");
                return;
            }
        };
        let mut retry = RETRY.0;
        let mut position = None;
        let mut later = VecDeque::new();
        loop {
            match self.step(db, &client, &mut position, &mut later).await {
                Ok(()) => {
                    retry = RETRY.0;
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%error, seconds = retry.as_secs_f32(), "the cache in front could not be told of changes; trying again");
                    tokio::time::sleep(retry).await;
                    retry = (2 * retry).min(RETRY.1);
                }
            }
        }
    }

    /// Tells what there is to tell.
    async fn step(
        &self,
        db: &Db,
        client: &Client,
        position: &mut Option<i64>,
        later: &mut VecDeque<Later>,
    ) -> Result<()> {
        let from = match *position {
            Some(from) => from,
            None => {
                let from = self.begin(db, client, later).await?;
                self.reached.store(from, Ordering::Relaxed);
                *position = Some(from);
                from
            }
        };
        if db.public_change() > from {
            let touched = db
                .read(move |conn| store::touched_after(conn, from, ROWS))
                .await?;
            let Some((last, _)) = touched.last() else {
                return Ok(());
            };
            // Of the last change there may be more rows than were read: it is read again unless all fitted.
            let whole = i64::try_from(touched.len()).is_ok_and(|rows| rows < ROWS);
            let last = if whole || touched.first().map(|(first, _)| first) == Some(last) {
                *last
            } else {
                last - 1
            };
            let all_of_one = !whole && touched.first().map(|(first, _)| *first) == Some(last);
            let tags: BTreeSet<String> = if all_of_one {
                // One change of very many things.
                BTreeSet::from([super::ALL.to_owned()])
            } else {
                let tags = touched.iter().flat_map(|(_, tags)| tags.split(' '));
                tags.filter(|tag| !tag.is_empty())
                    .map(str::to_owned)
                    .collect()
            };
            self.tell(client, &tags).await?;
            *position = Some(last);
            self.reached.store(last, Ordering::Relaxed);
            Self::remember(later, &tags, last);
        }
        while let Some(first) = later.front()
            && first.due <= Instant::now()
        {
            self.tell(client, &first.tags).await?;
            if let Some(change) = first.done {
                self.note(db, change).await?;
            }
            later.pop_front();
        }
        Ok(())
    }

    /// Where it left off; where that means nothing any more, everything is let go.
    async fn begin(&self, db: &Db, client: &Client, later: &mut VecDeque<Later>) -> Result<i64> {
        let known = db.read(|conn| store::position_of(conn, NAME)).await?;
        let now = db.change();
        let mark = format!("{} {}", db.epoch(), self.mark);
        match known {
            Some((change, known)) if known == mark && change <= now => Ok(change),
            _ => {
                let all = BTreeSet::from([super::ALL.to_owned()]);
                self.tell(client, &all).await?;
                Self::remember(later, &all, now);
                self.note(db, now).await?;
                Ok(now)
            }
        }
    }

    /// The change is noted when it was told for the last time: a server that ends before begins there again.
    fn remember(later: &mut VecDeque<Later>, tags: &BTreeSet<String>, change: i64) {
        let now = Instant::now();
        for (index, after) in AGAIN.into_iter().enumerate() {
            later.push_back(Later {
                due: now + after,
                tags: tags.clone(),
                done: (index + 1 == AGAIN.len()).then_some(change),
            });
        }
        later.make_contiguous().sort_by_key(|later| later.due);
    }

    async fn note(&self, db: &Db, change: i64) -> Result<()> {
        let mark = format!("{} {}", db.epoch(), self.mark);
        let note = move |conn: &mut _| store::set_position(conn, NAME, change, &mark);
        db.write_quiet(Reason::FollowerPosition, note).await
    }

    async fn tell(&self, client: &Client, tags: &BTreeSet<String>) -> Result<()> {
        let method = Method::from_bytes(b"PURGE")
            .map_err(|error| Error::internal(format!("PURGE is no method: {error}")))?;
        let mut rest: Vec<&str> = tags.iter().map(String::as_str).collect();
        let mut failed = None;
        while !rest.is_empty() {
            let mut length = 0;
            let fitting = rest
                .iter()
                .take_while(|tag| {
                    length += tag.len() + 1;
                    length <= HEADER
                })
                .count()
                .max(1);
            let some = rest.drain(..fitting).collect::<Vec<_>>().join(" ");
            for url in &self.urls {
                match purge(client, &method, url, &some).await {
                    Ok(()) => {
                        self.sent.fetch_add(1, Ordering::Relaxed);
                    }
                    // The others are told all the same, and all of them once more.
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Appends its metrics in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        if self.urls.is_empty() {
            return;
        }
        let sent = self.sent.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        let reached = self.reached.load(Ordering::Relaxed);
        text.push_str(&format!(
            "# HELP masthead_purges_total Purges that a cache in front took.\n# TYPE masthead_purges_total counter\nmasthead_purges_total {sent}\n\
             # HELP masthead_purge_failures_total Tries to purge that failed.\n# TYPE masthead_purge_failures_total counter\nmasthead_purge_failures_total {failed}\n\
             # HELP masthead_purge_change The last change that the caches in front were told of.\n# TYPE masthead_purge_change gauge\nmasthead_purge_change {reached}\n"
        ));
    }
}

/// Tells one cache of these tags.
async fn purge(client: &Client, method: &Method, url: &Url, tags: &str) -> Result<()> {
    let request = client
        .request(method.clone(), url.clone())
        .header("xkey-purge", tags);
    let answer = request
        .send()
        .await
        .map_err(|error| Error::internal(format!("{url}: {error}")))?;
    match answer.status() {
        StatusCode::OK => Ok(()),
        status => Err(Error::internal(format!(
            "{url} answered a purge with {status}"
        ))),
    }
}
