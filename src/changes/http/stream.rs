//! The same live, as server-sent events. A stream reads the next page of changes when what it has is written, so a client
//! that is slow holds up nobody and costs one batch of memory; one that stops reading is dropped with its connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};
use utoipa::IntoParams;

use super::sync::{fitting, following, start_anew, token};
use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::http::present;
use crate::articles::http::query::Include;
use crate::articles::model::{Audience, Kind};
use crate::changes::store::delta::{self, Following, Page, Since};
use crate::changes::sync::{Removal, Reset, Token};
use crate::error::{Error, Result};
use crate::http::envelope::WasHead;
use crate::http::error::{Code, Problem, Refusal};
use crate::http::negotiate::accepts;
use crate::http::query::Query;
use crate::http::respond::CHANGE;
use crate::http::wire::Hangup;

/// Texts of one batch, and of one that holds whole bodies: as many batches as there are streams must fit into memory.
const BATCHES: [u32; 2] = [20, 5];
/// How long a stream rests after the database did not answer.
const REST: Duration = Duration::from_secs(1);
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The parameters of the stream.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `stream_changes` reads it")]
struct StreamQuery {
    /// A `next_since`, or the id of an event; without it the stream begins now. `Last-Event-ID` comes before it.
    #[param(min_length = 1, max_length = 512)]
    since: Option<String>,
    /// Articles or pages alone.
    #[param(inline)]
    kind: Option<Kind>,
    /// A tag by slug, name or id. Repeat it for texts that carry all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// A tag by slug, name or id. Repeat it for texts that carry at least one of them.
    #[param(max_items = 20, min_length = 1)]
    any_tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Published at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<String>,
    /// Published before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// All but these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    exclude: Option<Vec<uuid::Uuid>>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// Follow changes live
///
/// Server-sent events: `upsert` with a text as `/v1/changes` shows it, `removal` with `{"id"}`. The last of a batch has a
/// token as its id; send it as `Last-Event-ID` or `since` to go on there. `ready` comes first and tells where the stream
/// begins, `bye` before the server stops, and `reset` where the client has to start anew; after either of these the stream
/// ends. Comments keep it alive.
#[utoipa::path(
    tag = "Sync",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that came", min_length = 1, max_length = 512),
    ),
    responses((status = 200, description = "Events without an end", body = String, content_type = "text/event-stream"))
)]
#[get("/v1/changes/stream")]
pub(crate) async fn stream_changes(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let since = query.one("since", token);
    let following = following(&mut query, &app, false);
    query.finish()?;
    let since = match last_event(&request)?.or(since) {
        Some(token) => Since::Token(fitting(token, &following)?),
        None => Since::Now,
    };
    accepts(request.headers(), &EVENTS)?;
    let stopping = app.stopping();
    if *stopping.borrow() {
        return Err(Error::busy("the server is about to stop").into());
    }
    let place = app
        .streams
        .place()
        .ok_or_else(|| Error::busy("there are as many streams as there may be"))?;
    let change = app.db.public_change();
    let news = app.db.feed().news();

    // A token that leads nowhere is better told by a status than by an event.
    let (asked, begin) = (following.clone(), since.clone());
    let first = app
        .db
        .read(move |conn| delta::read(conn, &asked, &begin))
        .await?;
    let first = first.map_err(|reset| start_anew(reset, &request, &app))?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, EVENTS))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CHANGE, change))
        // What stands in front is not to wait for an end that does not come.
        .insert_header(("X-Accel-Buffering", "no"));
    if request.extensions().contains::<WasHead>() {
        return Ok(response.finish());
    }
    let begins_at = match since {
        Since::Token(token) => token,
        Since::Now | Since::Nothing => first.next.clone(),
    };
    let mut live = Live {
        retry: app.streams.retry(),
        app,
        following,
        at: begins_at,
        more: false,
        events: VecDeque::new(),
        ended: false,
        looked: Instant::now(),
        rests_until: Instant::now(),
        said: Instant::now(),
        news,
        stopping,
        hangup: request.conn_data::<Hangup>().cloned().unwrap_or_default(),
        _place: place,
    };
    live.greet();
    live.take(first)?;
    let events = stream::unfold(live, |mut live| async move {
        let event = live.next().await?;
        Some((Ok::<_, Infallible>(event), live))
    });
    Ok(response.streaming(events))
}

/// Texts of one batch.
pub(super) fn batch(show: Selection) -> u32 {
    let [short, whole] = BATCHES;
    if show.any(&[Field::Body, Field::Markdown, Field::Text, Field::Metadata]) {
        whole
    } else {
        short
    }
}

/// The token in `Last-Event-ID`, which a browser sends when it comes back by itself.
fn last_event(request: &HttpRequest) -> Result<Option<Token>, Problem> {
    let Some(value) = request.headers().get("last-event-id") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    // Of a client that has seen no event yet.
    if text.is_empty() && value.is_empty() {
        return Ok(None);
    }
    let token = Token::decode(text).map_err(|forged| {
        let detail = format!("Last-Event-ID {forged}");
        Problem::new(Code::InvalidHeader, detail)
    })?;
    Ok(Some(token))
}

/// A stream that runs.
struct Live {
    app: web::Data<App>,
    following: Following,
    /// What has been said leads up to here.
    at: Token,
    /// There is more already.
    more: bool,
    /// One batch at most.
    events: VecDeque<Bytes>,
    /// Nothing comes after what is still to be said.
    ended: bool,
    /// When the log was last looked at.
    looked: Instant,
    /// It is not looked at before.
    rests_until: Instant,
    /// When something was last said.
    said: Instant,
    retry: Duration,
    news: watch::Receiver<i64>,
    stopping: watch::Receiver<bool>,
    hangup: Hangup,
    _place: OwnedSemaphorePermit,
}

impl Live {
    /// What is to be said next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.events.pop_front() {
                self.said = Instant::now();
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if *self.stopping.borrow_and_update() {
                self.say_goodbye();
                continue;
            }
            let settings = self.app.streams.settings();
            let behind = self.more || self.app.db.public_change() > self.at.change;
            let look_at = match (behind, self.more) {
                (_, true) => Some(self.rests_until),
                (true, false) => Some(self.rests_until.max(self.looked + settings.pause)),
                (false, false) => None,
            };
            let look = async {
                match look_at {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            let wake = tokio::select! {
                biased;
                changed = self.stopping.changed() => changed.map(|()| Wake::Again),
                () = self.hangup.happens() => return None,
                () = look => Ok(Wake::Look),
                () = sleep_until(self.said + settings.heartbeat) => Ok(Wake::Heartbeat),
                changed = self.news.changed(), if !behind => changed.map(|()| Wake::Again),
            };
            match wake {
                Ok(Wake::Look) => self.look().await,
                Ok(Wake::Heartbeat) => self.events.push_back(Bytes::from_static(b":\n\n")),
                Ok(Wake::Again) => {}
                // Who would tell of news has gone, and with it the server.
                Err(_gone) => self.ended = true,
            }
        }
    }

    /// Reads the next batch.
    async fn look(&mut self) {
        let (asked, since) = (self.following.clone(), Since::Token(self.at.clone()));
        let read = {
            let _turn = self.app.streams.turn().await;
            self.app
                .db
                .read(move |conn| delta::read(conn, &asked, &since))
                .await
        };
        self.looked = Instant::now();
        let taken = match read {
            Ok(Ok(page)) => self.take(page),
            Ok(Err(reset)) => {
                self.say_reset(reset);
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            if matches!(error, Error::Internal(_)) {
                tracing::error!(%error, "a stream cannot go on");
                self.say_goodbye();
            } else {
                // Too busy, or away: nothing is lost by waiting.
                self.rests_until = Instant::now() + REST;
            }
        }
    }

    /// Takes a page as the next batch.
    fn take(&mut self, page: Page) -> Result<()> {
        let moved = page.next != self.at;
        (self.at, self.more) = (page.next, page.more);
        let id = self.at.encode();
        let mut left = page.upserts.len() + page.removals.len();
        let mut event = |name: &str, data: String| {
            left -= 1;
            let id = if left == 0 {
                format!("id: {id}\n")
            } else {
                String::new()
            };
            Bytes::from(format!("event: {name}\n{id}data: {data}\n\n"))
        };
        for mut article in page.upserts {
            present(&mut article, &self.app, self.following.show);
            self.events.push_back(event("upsert", json(&article)?));
        }
        for id in page.removals {
            self.events
                .push_back(event("removal", json(&Removal { id })?));
        }
        if moved && self.events.is_empty() {
            // Nothing to do, and nothing to be looked at again after an interruption either.
            self.events.push_back(format!("id: {id}\n\n").into());
        }
        Ok(())
    }

    fn greet(&mut self) {
        let (retry, id) = (self.retry.as_millis(), self.at.encode());
        let event = format!("retry: {retry}\nevent: ready\nid: {id}\ndata: {{}}\n\n");
        self.events.push_back(event.into());
    }

    fn say_goodbye(&mut self) {
        let retry = self.retry.as_millis();
        let event = format!("retry: {retry}\nevent: bye\ndata: {{}}\n\n");
        self.events.push_back(event.into());
        self.ended = true;
    }

    fn say_reset(&mut self, reset: Reset) {
        let reason = reset.as_str();
        let event = format!("event: reset\ndata: {{\"reason\":\"{reason}\"}}\n\n");
        self.events.push_back(event.into());
        self.ended = true;
    }
}

/// Why a stream stirs.
enum Wake {
    Again,
    Look,
    Heartbeat,
}

/// JSON on one line, which stored JSON is too.
fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal(format!("an event: {error}")))
}
