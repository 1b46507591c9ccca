//! The way of every authenticated write: who asks is confirmed, an answer already given is given again, and what the
//! write and its answer are is decided in one transaction.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::flights::Flight;
use super::model::{Credential, Principal};
use super::replays::{self, Reply};
use super::store;
use crate::app::App;
use crate::changes::model::Actor;
use crate::db::{Conn, Reason, Tx};
use crate::error::{Error, Result};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::extract::{Content, IfMatch, idempotency_key};
use crate::http::negotiate;
use crate::http::query::Query;
use crate::http::respond::{self, CHANGE, JSON};
use crate::time::Time;

/// What a write does inside its transaction, made ready outside: alone or as one of a batch.
pub type Write = Box<dyn Fn(&mut Tx<'_>) -> Result<Reply> + Send>;

/// An authenticated write, as it was asked for.
#[derive(Debug)]
pub struct Command {
    who: Principal,
    if_match: IfMatch,
    /// A hash of who asks, for what, and the idempotency key.
    key: Option<[u8; 32]>,
    digest: [u8; 32],
    dry_run: bool,
}

impl Command {
    /// Reads what holds of every write: `dry_run` from the query, and the headers.
    ///
    /// # Errors
    /// 400 where one of them cannot be used, 406 where no JSON is accepted.
    pub fn new(
        request: &HttpRequest,
        query: &mut Query,
        who: Principal,
        content: &Content,
    ) -> Result<Self, Refusal> {
        negotiate::accepts(request.headers(), &JSON)?;
        let dry_run = query.flag("dry_run");
        let key = idempotency_key(request.headers())?.map(|key| {
            let mut hash = Sha256::new();
            hash.update(match who.credential {
                Credential::Key(id) => *id.as_bytes(),
                // Not the session: it may have been renewed between a write and its repetition.
                Credential::Session(_) => *who.user.as_bytes(),
            });
            for part in [request.method().as_str(), request.path(), &key] {
                hash.update([0]);
                hash.update(part);
            }
            hash.finalize().into()
        });
        // The query says what is asked as well as the content does: `purge` is in it.
        let mut digest = Sha256::new_with_prefix(content.digest);
        digest.update(request.query_string());
        Ok(Self {
            if_match: IfMatch::read(request.headers())?,
            key,
            digest: digest.finalize().into(),
            dry_run,
            who,
        })
    }

    /// It is done although it is called a rehearsal: what it asks for is one.
    #[must_use]
    pub fn for_real(self) -> Self {
        Self {
            dry_run: false,
            ..self
        }
    }

    /// The version that the change is based on, which it must name.
    ///
    /// # Errors
    /// 428 where it names none.
    pub fn based_on(&self) -> Result<IfMatch, Refusal> {
        self.if_match.clone().required()
    }

    /// The version that the change is based on, if it names one.
    #[must_use]
    pub fn may_be_based_on(&self) -> IfMatch {
        self.if_match.clone()
    }

    /// Who asks.
    #[must_use]
    pub const fn who(&self) -> &Principal {
        &self.who
    }

    /// Whether it is only to say what it would do.
    #[must_use]
    pub const fn is_rehearsal(&self) -> bool {
        self.dry_run
    }

    /// The answer that was given to it before, where there is one: what was sent may be refused by now.
    ///
    /// # Errors
    /// As [`Command::run`].
    pub async fn answered_before(&self, app: &App) -> Result<Option<HttpResponse>, Refusal> {
        let Some(id) = self.kept_under() else {
            return Ok(None);
        };
        let now = app.db.now();
        let kept = app
            .db
            .read_indexed(move |conn| replays::find(conn, &id, now))
            .await?;
        kept.map(|kept| Answered::Before(kept).respond(self.digest, 0))
            .transpose()
    }

    /// Does it, under the next change number.
    ///
    /// # Errors
    /// What `f` answers, and then nothing was changed; and those of every write.
    pub async fn run<F>(self, app: &App, f: F) -> Result<HttpResponse, Refusal>
    where
        F: Fn(&mut Tx<'_>) -> Result<Reply> + Send + 'static,
    {
        let _flight = self.begin(app)?;
        let (digest, actor) = (self.digest, Actor::Principal(self.who.clone()));
        let written = app
            .db
            .write(actor, move |tx| {
                let (now, number) = (tx.now(), tx.number());
                if let Some(kept) = self.prepare(tx.conn(), now)? {
                    tx.leave_unchanged();
                    return Ok(Answered::Before(kept));
                }
                let reply = f(tx)?;
                let number = if tx.is_logged() { number } else { number - 1 };
                self.keep(tx.conn(), now, number, &reply)?;
                if self.kept_under().is_some() {
                    tx.keep_quietly();
                }
                if self.dry_run {
                    tx.discard();
                }
                Ok(Answered::Now(reply))
            })
            .await?;
        written.value.respond(digest, written.change)
    }

    /// Does what takes no change number.
    ///
    /// # Errors
    /// As [`Command::run`].
    pub async fn run_quietly<F>(
        self,
        app: &App,
        reason: Reason,
        f: F,
    ) -> Result<HttpResponse, Refusal>
    where
        F: Fn(&mut Conn) -> Result<Reply> + Send + 'static,
    {
        if self.dry_run {
            return self.run(app, move |tx| f(tx.conn())).await;
        }
        let _flight = self.begin(app)?;
        let digest = self.digest;
        let (now, change) = (app.db.now(), app.db.change());
        let answered = app
            .db
            .write_quiet(reason, move |conn| {
                if let Some(kept) = self.prepare(conn, now)? {
                    return Ok(Answered::Before(kept));
                }
                let reply = f(conn)?;
                self.keep(conn, now, change, &reply)?;
                Ok(Answered::Now(reply))
            })
            .await?;
        answered.respond(digest, change)
    }

    fn begin(&self, app: &App) -> Result<Option<Flight>, Refusal> {
        let Some(id) = self.kept_under() else {
            return Ok(None);
        };
        let flight = app.flights.begin(id).ok_or_else(|| {
            let detail = "a request with this Idempotency-Key is being worked on";
            Problem::new(Code::KeyInFlight, detail)
        })?;
        Ok(Some(flight))
    }

    /// A rehearsal leaves nothing behind, so its key is not looked at.
    fn kept_under(&self) -> Option<[u8; 32]> {
        self.key.filter(|_| !self.dry_run)
    }

    fn prepare(&self, conn: &mut Conn, now: Time) -> Result<Option<replays::Kept>> {
        store::confirm(conn, &self.who, now)?;
        match self.kept_under() {
            Some(id) => replays::find(conn, &id, now),
            None => Ok(None),
        }
    }

    fn keep(&self, conn: &mut Conn, now: Time, change: i64, reply: &Reply) -> Result<()> {
        match self.kept_under() {
            Some(id) => replays::keep(conn, &id, &self.digest, now, change, reply),
            None => Ok(()),
        }
    }
}

/// What a write is answered with.
enum Answered {
    Now(Reply),
    Before(replays::Kept),
}

impl Answered {
    fn respond(self, digest: [u8; 32], change: i64) -> Result<HttpResponse, Refusal> {
        match self {
            Self::Now(reply) => Ok(reply.respond(change)),
            Self::Before(kept) if kept.digest != digest => {
                let detail = "this Idempotency-Key came with other content before";
                Err(Problem::new(Code::KeyReused, detail).into())
            }
            Self::Before(kept) if kept.reply.secret => {
                let detail = "this write was done; its answer showed a secret and was not kept";
                Err(Problem::new(Code::AnswerNotKept, detail).into())
            }
            Self::Before(kept) => Ok(kept.reply.respond(kept.change)),
        }
    }
}

impl Reply {
    /// What was made, at its address.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a fault of ours.
    pub fn created<T: Serialize>(location: String, version: i64, value: &T) -> Result<Self> {
        Ok(Self {
            status: StatusCode::CREATED.as_u16(),
            location: Some(location),
            ..Self::ok(version, value)?
        })
    }

    /// What it is now.
    ///
    /// # Errors
    /// As [`Reply::created`].
    pub fn ok<T: Serialize>(version: i64, value: &T) -> Result<Self> {
        let body = serde_json::to_string(value)
            .map_err(|error| Error::internal(format!("an answer: {error}")))?;
        Ok(Self {
            status: StatusCode::OK.as_u16(),
            location: None,
            etag: Some(respond::versioned_etag(version, body.as_bytes())),
            body: Some(body),
            secret: false,
        })
    }

    /// What was done, where that is no resource and has no version.
    ///
    /// # Errors
    /// As [`Reply::created`].
    pub fn told<T: Serialize>(value: &T) -> Result<Self> {
        Ok(Self {
            etag: None,
            ..Self::ok(0, value)?
        })
    }

    /// Nothing to show.
    #[must_use]
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT.as_u16(),
            location: None,
            etag: None,
            body: None,
            secret: false,
        }
    }

    /// It shows what is shown once.
    #[must_use]
    pub fn secret(self) -> Self {
        Self {
            secret: true,
            ..self
        }
    }

    fn respond(self, change: i64) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((CHANGE, change));
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((ETAG, etag));
        }
        match self.body {
            Some(body) => response.insert_header((CONTENT_TYPE, JSON)).body(body),
            None => response.finish(),
        }
    }
}

/// Makes sure that a change is based on the present version, and tells the present entity tag where it is not.
///
/// # Errors
/// [`Error::Stale`] where it is based on another.
pub fn check_version<T: Serialize>(based_on: &IfMatch, version: i64, present: &T) -> Result<()> {
    if based_on.names(version) {
        return Ok(());
    }
    let body = serde_json::to_vec(present)
        .map_err(|error| Error::internal(format!("an answer: {error}")))?;
    Err(Error::Stale(respond::versioned_etag(version, &body)))
}
