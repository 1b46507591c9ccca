//! Sends what is written down: to many webhooks at once, to each one thing after the other, and what is about the same
//! resource in the order of the log. What does not arrive is sent again, later and later.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::follow;
use super::model::{Attempt, PING, Verdict, status_error};
use super::sign;
use super::store::sending::{self, Outgoing};
use super::store::{self, deliveries};
use crate::app::App;
use crate::articles;
use crate::articles::fields::{Field, Selection};
use crate::articles::model::Article;
use crate::changes::model::{Actor, Resource};
use crate::db::Reason;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::outbound::{self, Failure, Outbound, Settings};
use crate::time::Time;

/// Requests under way at once.
const AT_ONCE: usize = 16;
/// How often it looks for what is due, when nothing wakes it.
const LOOK: Duration = Duration::from_millis(250);
/// How often what is still to be sent is counted.
const COUNT: Duration = Duration::from_secs(5);
/// How long a webhook belongs to a node: longer than a request may take.
const LEASE: Duration = Duration::from_secs(30);
/// How long to wait after a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// Who sends, and how it went.
#[derive(Debug)]
pub struct Deliveries {
    outbound: Settings,
    key: [u8; 32],
    wake: Notify,
    pending: AtomicI64,
    delivered: AtomicU64,
    retried: AtomicU64,
    failed: AtomicU64,
}

/// What is sent.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    event: &'a str,
    timestamp: Time,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    id: Id,
    resource: Resource,
    change: i64,
    cache_tags: Vec<String>,
    #[serde(flatten)]
    text: Option<Text<'a>>,
}

/// What readers see of a text.
#[derive(Serialize)]
struct Text<'a> {
    kind: &'static str,
    locale: &'a str,
    slug: &'a str,
    url: String,
    title: &'a str,
}

impl Deliveries {
    /// With these settings, and the key that secrets are derived from.
    #[must_use]
    pub const fn new(outbound: Settings, key: [u8; 32]) -> Self {
        Self {
            outbound,
            key,
            wake: Notify::const_new(),
            pending: AtomicI64::new(0),
            delivered: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    /// The secret of this salt, as a receiver is told it.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn secret(&self, salt: &[u8]) -> Result<String> {
        sign::shown(&self.key, salt)
    }

    /// Whether a URL can be sent to, as far as its text tells.
    ///
    /// # Errors
    /// It names an address that nothing is sent to.
    pub fn may_lead_to(&self, url: &str) -> Result<()> {
        match outbound::parse(url) {
            Ok(url) if self.outbound.refuse(&url) => {
                let detail = Failure::Forbidden.to_string();
                let fault = Fault::at("/url", FaultCode::NotAllowed, detail);
                Err(Error::Invalid(vec![fault]))
            }
            _ => Ok(()),
        }
    }

    /// Looks now for what is due.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Follows the log, and sends, for as long as the server runs.
    pub async fn run(&self, app: &App) {
        let client = OnceLock::new();
        tokio::join!(self.follow(app), self.send_all(app, &client));
    }

    /// The client, made when there is something to send: reading the certificates that the system trusts was a third of the
    /// start of a server, which may have no webhook.
    fn client<'c>(&self, made: &'c OnceLock<Outbound>) -> reqwest::Result<&'c Outbound> {
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let client = Outbound::new(&self.outbound)?;
        Ok(made.get_or_init(|| client))
    }

    /// Writes down what is new in the log.
    async fn follow(&self, app: &App) {
        let mut news = app.db.feed().news();
        loop {
            news.mark_unchanged();
            match follow::step(app).await {
                Ok(step) => {
                    if step.news {
                        self.wake();
                    }
                    if !step.more {
                        // Also by itself: a webhook may have been enabled by another node.
                        let _woken = tokio::time::timeout(RETRY, news.changed()).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "changes could not be written down for webhooks; trying again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Sends what is due.
    async fn send_all(&self, app: &App, client: &OnceLock<Outbound>) {
        self.let_go(app).await;
        let mut under_way = FuturesUnordered::new();
        let mut counted: Option<Instant> = None;
        loop {
            if counted.is_none_or(|at| at.elapsed() >= COUNT) {
                counted = Some(Instant::now());
                beside(self.count(app), &mut under_way).await;
            }
            let taken = if app.is_stopping() || under_way.len() >= AT_ONCE {
                Ok(VecDeque::new())
            } else {
                let most = AT_ONCE - under_way.len();
                beside(take(app, most), &mut under_way).await
            };
            let idle = match taken {
                Ok(taken) if taken.is_empty() => LOOK,
                Ok(taken) => match self.client(client) {
                    Ok(client) => {
                        under_way.extend(taken.into_iter().map(|one| self.send(app, client, one)));
                        Duration::ZERO
                    }
                    Err(error) => {
                        tracing::error!(%error, "nothing is sent to webhooks, whose client cannot be made; trying again");
                        RETRY
                    }
                },
                Err(error) => {
                    tracing::warn!(%error, "what is due to webhooks could not be looked up; trying again");
                    RETRY
                }
            };
            tokio::select! {
                Some(()) = under_way.next() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(idle) => {}
            }
        }
    }

    /// A node that has its database to itself holds nothing that it did not take since it started.
    async fn let_go(&self, app: &App) {
        if !app.db.is_alone() {
            return;
        }
        let now = app.db.now();
        let freed = app
            .db
            .write_quiet(Reason::Delivery, move |conn| sending::let_go(conn, now));
        if let Err(error) = freed.await {
            tracing::warn!(%error, "webhooks that were being sent to before wait for half a minute");
        }
    }

    async fn count(&self, app: &App) {
        if let Ok(pending) = app.db.read(deliveries::pending).await {
            self.pending.store(pending, Ordering::Relaxed);
        }
    }

    /// Sends one, and notes what came of it.
    async fn send(&self, app: &App, outbound: &Outbound, one: Outgoing) {
        let (id, webhook) = (one.id, one.webhook);
        let result = async {
            let attempt = self.attempt(app, outbound, &one).await?;
            self.note(app, one, attempt).await
        };
        if let Err(error) = result.await {
            // The lease runs out, and it is sent again.
            tracing::warn!(%error, delivery = %id, %webhook, "a delivery could not be noted");
        }
    }

    async fn attempt(&self, app: &App, outbound: &Outbound, one: &Outgoing) -> Result<Attempt> {
        let content = content(app, one).await?;
        let headers = self.headers(app.db.now(), one, &content)?;
        let answer = outbound.post(&one.url, headers, content).await;
        let at = app.db.now();
        Ok(match answer {
            Ok(answer) => Attempt {
                at,
                status: Some(answer.status),
                retry_after: answer.retry_after,
                error: status_error(answer.status),
            },
            Err(failure) => Attempt {
                at,
                status: None,
                retry_after: None,
                error: Some(failure.to_string()),
            },
        })
    }

    fn headers(&self, now: Time, one: &Outgoing, content: &[u8]) -> Result<HeaderMap> {
        let signature = sign::signature(&self.key, &one.salts, one.id, now, content)?;
        let value = |text: String| {
            HeaderValue::try_from(text)
                .map_err(|error| Error::internal(format!("a header: {error}")))
        };
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in [
            ("webhook-id", one.id.to_string()),
            ("webhook-timestamp", sign::seconds(now).to_string()),
            ("webhook-signature", signature),
        ] {
            headers.insert(HeaderName::from_static(name), value(text)?);
        }
        Ok(headers)
    }

    async fn note(&self, app: &App, one: Outgoing, attempt: Attempt) -> Result<()> {
        let verdict = attempt.verdict(one.id, one.attempts, one.began_at);
        let counter = match verdict {
            Verdict::Delivered => &self.delivered,
            Verdict::Again(_) => &self.retried,
            Verdict::Failed | Verdict::Gone => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let webhook = one.webhook;
        let dead = app
            .db
            .write_quiet(Reason::Delivery, move |conn| {
                sending::note(conn, &one, &attempt, verdict)
            })
            .await?;
        let reason = match (verdict, dead) {
            (Verdict::Gone, _) => "the receiver answered 410: it is gone for good",
            (_, true) => "nothing arrived for three days",
            _ => return Ok(()),
        };
        tracing::warn!(%webhook, reason, "a webhook was disabled");
        app.db
            .write(Actor::System, move |tx| store::disable(tx, webhook, reason))
            .await?;
        Ok(())
    }

    /// Appends its metrics in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        let pending = self.pending.load(Ordering::Relaxed);
        let delivered = self.delivered.load(Ordering::Relaxed);
        let retried = self.retried.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        text.push_str(&format!(
            "# HELP masthead_webhooks_pending Deliveries to webhooks that have not ended, of all nodes.\n# TYPE masthead_webhooks_pending gauge\nmasthead_webhooks_pending {pending}\n\
             # HELP masthead_webhook_attempts_total Requests to webhooks by what came of them, of this node.\n# TYPE masthead_webhook_attempts_total counter\n\
             masthead_webhook_attempts_total{{outcome=\"delivered\"}} {delivered}\n\
             masthead_webhook_attempts_total{{outcome=\"retried\"}} {retried}\n\
             masthead_webhook_attempts_total{{outcome=\"failed\"}} {failed}\n"
        ));
    }
}

/// Does this while what is under way goes on: it may hold what this waits for, a connection to the database above all.
async fn beside<T, F: Future<Output = ()>>(
    work: impl Future<Output = T>,
    under_way: &mut FuturesUnordered<F>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Some(()) = under_way.next() => {}
        }
    }
}

/// Takes what is due. No write where nothing is.
async fn take(app: &App, most: usize) -> Result<VecDeque<Outgoing>> {
    let now = app.db.now();
    if !app
        .db
        .read_indexed(move |conn| sending::is_due(conn, now))
        .await?
    {
        return Ok(VecDeque::new());
    }
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let until = now.plus(LEASE);
    let taken = app
        .db
        .write_quiet(Reason::Delivery, move |conn| {
            sending::take(conn, now, until, most)
        })
        .await?;
    Ok(taken.into())
}

/// What a delivery says: as things are now, so that nothing is told of a text that was taken back meanwhile.
async fn content(app: &App, one: &Outgoing) -> Result<Vec<u8>> {
    let Some(event) = &one.logged else {
        return written(&Told {
            event: PING,
            timestamp: one.created_at,
            data: Data {
                id: one.about,
                resource: Resource::Webhook,
                change: one.change,
                cache_tags: Vec::new(),
                text: None,
            },
        });
    };
    let id = event.id;
    let article: Option<Article> = if event.resource == Resource::Article && event.public {
        app.db
            .read_indexed(move |conn| {
                let show = Selection::of([Field::Kind, Field::Locale, Field::Slug, Field::Title]);
                let shown = articles::store::by_ids(conn, &[id], show)?;
                Ok(shown.into_iter().next())
            })
            .await?
    } else {
        None
    };
    let text = article.as_ref().and_then(|article| {
        let (locale, slug) = (article.locale.as_deref()?, article.slug.as_deref()?);
        Some(Text {
            kind: article.kind?.as_str(),
            locale,
            slug,
            url: app.url_of(locale, slug),
            title: article.title.as_deref()?,
        })
    });
    // What no reader saw stands in no answer: its own tag says which it is, and nothing of what is in it.
    let cache_tags = if event.public {
        event.tags.split(' ').map(str::to_owned).collect()
    } else {
        vec![crate::changes::tags::of(event.resource, event.id)]
    };
    written(&Told {
        event: &one.event,
        timestamp: event.at,
        data: Data {
            id,
            resource: event.resource,
            change: event.change,
            cache_tags,
            text,
        },
    })
}

fn written(told: &Told<'_>) -> Result<Vec<u8>> {
    serde_json::to_vec(told).map_err(|error| Error::internal(format!("an event: {error}")))
}
