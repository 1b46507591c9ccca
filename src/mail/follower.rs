//! Follows the log of changes and puts what is to be mailed into the queue; and sends what is in it, one after the other. How
//! far it came stands in the database with what it put there, in one transaction, so that of several nodes each change is
//! mailed by one. A mail server that is away holds up nothing but mail.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::letter::{House, Letter};
use super::model::{Addressee, Kind, PATIENCE, Waiting, masked};
use super::post::{Refused, Settings};
use super::store;
use crate::articles::model::{Kind as TextKind, State};
use crate::auth::limits::{AccountLimits, Bound, PeerLimits};
use crate::auth::model::Role;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::changes::model::{Actor, Resource};
use crate::changes::store::{Acted, acted_after, last, position_of, set_position};
use crate::db::{Conn, Db, Reason};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::messages::model::MessageStatus;
use crate::time::Time;
use crate::users::model::User;
use crate::users::store::Offer;
use crate::{articles, messages, site, users};

/// The name that its position stands under.
const NAME: &str = "mail";
/// How often it looks for what is due where it hears of nothing.
const LOOK: Duration = Duration::from_secs(1);
/// Changes looked through at once.
const NUMBERS: i64 = 1000;
/// How long after a failure of the database to wait.
const RETRY: Duration = Duration::from_secs(5);

/// Mail as a server that runs sends it, or does not.
#[derive(Debug)]
pub struct Mail {
    settings: Option<Settings>,
    editor_url: Option<String>,
    /// The key of the links: from it and the mail's id the same link follows at each try, and nobody else can know it.
    key: [u8; 32],
    link: Duration,
    /// The last change when the server was set up: where it begins where mail was never sent before.
    first: i64,
    peers: PeerLimits,
    accounts: AccountLimits,
    news: Notify,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    waiting: AtomicI64,
    seen: AtomicI64,
}

/// How far it came: what it looked at, and what the database has of that.
#[derive(Debug, Clone, Copy)]
struct Position {
    seen: i64,
    noted: i64,
}

impl Mail {
    /// By these settings; without any, no mail is sent. Where it never was before, what is mailed begins after the change
    /// `first`.
    #[must_use]
    pub fn new(
        settings: Option<Settings>,
        editor_url: Option<String>,
        key: [u8; 32],
        link: Duration,
        first: i64,
    ) -> Self {
        let bound = |at_once, seconds| Bound {
            at_once,
            every: Duration::from_secs(seconds),
        };
        Self {
            settings,
            editor_url,
            key,
            link,
            first,
            peers: PeerLimits::new(&[bound(10, 60)]),
            accounts: AccountLimits::new(&[bound(3, 20 * 60)]),
            news: Notify::new(),
            counts: Counts::default(),
        }
    }

    /// Whether no mail is sent.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        self.settings.is_none()
    }

    /// Lets a peer ask once more for a mail to this address, whether there is such an account or not.
    ///
    /// # Errors
    /// How long to wait, in whole seconds.
    pub fn admit(&self, email: &str, peer: IpAddr, now: Time) -> Result<(), Duration> {
        self.peers.take(peer, now)?;
        self.accounts.take(email, now)
    }

    /// Something was put into the queue.
    pub fn hint(&self) {
        self.news.notify_one();
    }

    /// Sends what is to be sent for as long as the server runs.
    pub async fn follow(&self, db: &Db) {
        let Some(settings) = &self.settings else {
            return;
        };
        let mut position = None;
        let mut changes = db.feed().news();
        loop {
            if let Err(error) = self.step(db, settings, &mut position).await {
                tracing::warn!(%error, "the queue of mails could not be read; trying again");
                tokio::time::sleep(RETRY).await;
            }
            tokio::select! {
                () = self.news.notified() => {}
                // Its sender is the database, which is there as long as this is.
                _changed = changes.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn step(
        &self,
        db: &Db,
        settings: &Settings,
        position: &mut Option<Position>,
    ) -> Result<()> {
        let mut from = match *position {
            Some(known) => known,
            None => begin(db, self.first).await?,
        };
        *position = Some(from);
        while db.change() > from.seen {
            let next = look(db, settings, from).await?;
            *position = Some(next);
            if next.seen <= from.seen {
                tracing::error!("too many mails wait; what is new waits in the log");
                break;
            }
            from = next;
        }
        self.counts.seen.store(from.seen, Ordering::Relaxed);
        loop {
            let now = db.now();
            let (waiting, due) = db
                .read_indexed(move |conn| Ok((store::waiting(conn)?, store::is_due(conn, now)?)))
                .await?;
            self.counts.waiting.store(waiting, Ordering::Relaxed);
            if !due {
                return Ok(());
            }
            let claimed = db
                .write_quiet(Reason::Delivery, move |conn| store::claim(conn, now))
                .await?;
            let Some(mail) = claimed else {
                return Ok(());
            };
            self.deliver(db, settings, &mail).await?;
        }
    }

    /// Sends a mail, or leaves it for the next try.
    async fn deliver(&self, db: &Db, settings: &Settings, mail: &Waiting) -> Result<()> {
        let id = mail.id;
        if let Some((letter, name, address)) = self.compose(db, mail).await? {
            let now = db.now();
            let (kind, to) = (mail.kind.as_str(), masked(&address));
            match settings.send(letter, name, &address, id, now).await {
                Ok(()) => {
                    self.counts.sent.fetch_add(1, Ordering::Relaxed);
                }
                Err(Refused::ForNow(why)) if now < mail.queued_at.plus(PATIENCE) => {
                    self.counts.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(why, kind, to, %id, "a mail could not be sent; trying again");
                    return Ok(());
                }
                Err(Refused::ForNow(why) | Refused::ForGood(why)) => {
                    self.counts.failed.fetch_add(1, Ordering::Relaxed);
                    self.counts.given_up.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(why, kind, to, %id, "a mail was given up");
                }
            }
        }
        db.write_quiet(Reason::Delivery, move |conn| store::remove(conn, id))
            .await
    }

    /// Writes a mail as things are now, with the name and the address that it goes to; nothing where it has become pointless.
    async fn compose(
        &self,
        db: &Db,
        mail: &Waiting,
    ) -> Result<Option<(Letter, Option<String>, String)>> {
        let (kind, resource) = (mail.kind, mail.resource);
        let to = mail.to.clone();
        let token = Opaque::derived(OpaqueKind::Link, &self.key, mail.id.as_bytes());
        if matches!(kind, Kind::Invitation | Kind::Reset) {
            let Addressee::User(user) = to else {
                return Ok(None);
            };
            let (hash, life) = (token.hash(), self.link);
            let offer = Offer {
                invites: kind == Kind::Invitation,
                unchanged_since: mail.again.then_some(mail.queued_at),
            };
            let linked = db.write(Actor::System, move |tx| {
                let expires_at = tx.now().plus(life);
                users::store::offer_link(tx, user, &hash, expires_at, offer)
            });
            let Some(user) = linked.await?.value else {
                return Ok(None);
            };
            let house = self.house(db).await?;
            let letter = house.link(&user, token.as_str());
            return Ok(Some((letter, Some(user.name), user.email)));
        }
        let house = self.house(db).await?;
        db.read(move |conn| {
            let letter = match kind {
                Kind::Message => message(conn, &house, resource)?,
                _ => review(conn, &house, resource)?,
            };
            let Some(letter) = letter else {
                return Ok(None);
            };
            Ok(match to {
                Addressee::Address(address) => Some((letter, None, address)),
                Addressee::User(id) => found(users::store::get(conn, id))?
                    .filter(|user| !user.is_suspended() && user.role >= Role::Editor)
                    .map(|user| (letter, Some(user.name), user.email)),
                Addressee::Nobody => None,
            })
        })
        .await
    }

    async fn house(&self, db: &Db) -> Result<House> {
        let name = db.read_indexed(|conn| Ok(site::store::get(conn)?.name));
        Ok(House {
            name: Some(name.await?)
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "Masthead".into()),
            editor_url: self.editor_url.clone(),
            link_hours: self.link.as_secs() / 3600,
        })
    }

    /// Appends its metrics in the text format of Prometheus.
    pub fn write_metrics(&self, text: &mut String) {
        if self.is_off() {
            return;
        }
        let Counts {
            sent,
            failed,
            given_up,
            waiting,
            seen,
        } = &self.counts;
        let counters = [
            ("mails_sent_total", "Mails that a mail server took.", sent),
            (
                "mail_failures_total",
                "Tries to send a mail that failed.",
                failed,
            ),
            (
                "mails_given_up_total",
                "Mails that were given up.",
                given_up,
            ),
        ];
        for (name, help, count) in counters {
            let count = count.load(Ordering::Relaxed);
            text.push_str(&format!(
                "# HELP masthead_{name} {help}\n# TYPE masthead_{name} counter\nmasthead_{name} {count}\n"
            ));
        }
        let gauges = [
            (
                "mails_waiting",
                "Mails that waited when last looked at.",
                waiting,
            ),
            (
                "mail_change",
                "The last change that mail was looked for in.",
                seen,
            ),
        ];
        for (name, help, gauge) in gauges {
            let gauge = gauge.load(Ordering::Relaxed);
            text.push_str(&format!(
                "# HELP masthead_{name} {help}\n# TYPE masthead_{name} gauge\nmasthead_{name} {gauge}\n"
            ));
        }
    }
}

/// Where it left off. What was before it began, and what a database that was put back has lost, is not mailed.
async fn begin(db: &Db, first: i64) -> Result<Position> {
    let epoch = db.epoch().to_string();
    let begun = db.write_quiet(Reason::FollowerPosition, move |conn| {
        // What this node knows may be less: another one may have come further already.
        let last = last(conn)?;
        match position_of(conn, NAME)? {
            Some((change, mark)) if mark == epoch && change <= last => Ok(change),
            _ => {
                let from = first.min(last);
                set_position(conn, NAME, from, &epoch)?;
                Ok(from)
            }
        }
    });
    let noted = begun.await?;
    Ok(Position { seen: noted, noted })
}

/// Looks through the next changes, and puts what is to be mailed of them into the queue.
async fn look(db: &Db, settings: &Settings, from: Position) -> Result<Position> {
    let earliest = db.now().minus(PATIENCE);
    let (wanted, seen) = db
        .read(move |conn| {
            let (acted, seen) = acted_after(conn, from.seen, NUMBERS)?;
            let mut wanted: Vec<(Kind, Acted)> = Vec::new();
            for acted in acted {
                if acted.at >= earliest
                    && let Some(kind) = wish(&acted)
                    && (acted.action != "created" || kind != Kind::Review || waits(conn, acted.id)?)
                {
                    wanted.push((kind, acted));
                }
            }
            Ok((wanted, seen))
        })
        .await?;
    // What is not worth a word is noted now and then, so that a restart has not all of it before it again.
    if wanted.is_empty() && seen < from.noted + NUMBERS {
        return Ok(Position { seen, ..from });
    }
    let (editors, epoch, now) = (settings.editors.clone(), db.epoch().to_string(), db.now());
    let noted = db.write_quiet(Reason::FollowerPosition, move |conn| {
        let known = position_of(conn, NAME)?.map_or(0, |(change, _)| change);
        let mut reached = seen;
        // Another node may have been here.
        for (kind, acted) in wanted.iter().filter(|(_, acted)| acted.change > known) {
            if !put(conn, *kind, acted, &editors, now)? {
                // It comes again from before this change, when there is room.
                reached = acted.change - 1;
                break;
            }
        }
        if reached > known {
            set_position(conn, NAME, reached, &epoch)?;
        }
        Ok((reached, reached.max(known)))
    });
    let (seen, noted) = noted.await?;
    Ok(Position { seen, noted })
}

/// The kind of mail that a change may be worth. A draft is made every day; what is submitted later has an entry of its own. What the program does by itself asks nobody for anything.
fn wish(acted: &Acted) -> Option<Kind> {
    match (acted.resource, acted.action.as_str()) {
        (Resource::Message, "created") => Some(Kind::Message),
        (Resource::User, "created") if acted.by_somebody => Some(Kind::Invitation),
        (Resource::Article, "created" | "submitted") if acted.by_somebody => Some(Kind::Review),
        _ => None,
    }
}

/// Puts the mails of a change into the queue, all of them or none. Answers whether there was room.
fn put(conn: &mut Conn, kind: Kind, acted: &Acted, editors: &[String], now: Time) -> Result<bool> {
    let to = match kind {
        Kind::Invitation | Kind::Reset => vec![Addressee::User(acted.id)],
        _ if editors.is_empty() => {
            let all = users::store::editors(conn)?.into_iter();
            // Whoever submits something knows it.
            let others = all.filter(|id| kind != Kind::Review || Some(*id) != acted.user);
            others.map(Addressee::User).collect()
        }
        _ => editors.iter().cloned().map(Addressee::Address).collect(),
    };
    if !store::has_room(conn, to.len())? {
        return Ok(false);
    }
    for to in to {
        store::enqueue(conn, kind, acted.id, &to, now)?;
    }
    Ok(true)
}

/// A message that came by the contact form, where it has not been put away meanwhile.
fn message(conn: &mut Conn, house: &House, id: Id) -> Result<Option<Letter>> {
    let message = found(messages::store::get(conn, id))?;
    let open = |status| matches!(status, MessageStatus::New | MessageStatus::Read);
    Ok(message
        .filter(|message| open(message.status))
        .map(|message| house.message(&message)))
}

/// A text that waits for review, where it still does.
fn review(conn: &mut Conn, house: &House, id: Id) -> Result<Option<Letter>> {
    for kind in TextKind::ALL {
        if let Some(text) = found(articles::store::edit::get(conn, *kind, id))?
            && text.status == State::InReview
        {
            let owners: Vec<Id> = text.owner.into_iter().collect();
            let owner = users::store::names(conn, &owners)?.pop();
            let owner = owner.map(|(_, name)| name);
            return Ok(Some(house.review(&text.title, owner.as_deref())));
        }
    }
    Ok(None)
}

fn waits(conn: &mut Conn, id: Id) -> Result<bool> {
    Ok(articles::store::state(conn, id)? == Some(State::InReview))
}

/// What is not there is nothing.
fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks for a mail with a link to set a password, for the account of this address, which is answered. Where there is none,
/// as much is done.
///
/// # Errors
/// When the database fails.
pub fn ask_for_link(conn: &mut Conn, email: &str, now: Time) -> Result<Option<Id>> {
    let user: Option<User> = users::store::by_email(conn, email)?;
    let user = user.map(|user| user.id);
    let (resource, to) = match user {
        Some(user) => (user, Addressee::User(user)),
        None => (Id::new(), Addressee::Nobody),
    };
    if store::has_room_for_links(conn)? {
        store::enqueue(conn, Kind::Reset, resource, &to, now)?;
    } else {
        tracing::error!("too many mails wait; a link to set a password is not sent");
    }
    Ok(user)
}
