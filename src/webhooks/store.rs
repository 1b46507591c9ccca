//! Webhooks in the database, and what is on its way to them.

pub mod deliveries;
pub mod sending;

use diesel::prelude::*;

use super::model::{NewWebhook, Webhook};
use super::sign::{SALT, Salts};
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::webhooks;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;
use crate::tags;
use crate::time::Time;

/// The order of the list: those made first stand first.
pub const SORT: &str = "created_at";

#[derive(Queryable)]
struct Row {
    id: Id,
    name: String,
    url: String,
    events: String,
    tag: Option<Id>,
    enabled: bool,
    disabled_reason: Option<String>,
    rotated_at: Option<Time>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

type Columns = (
    webhooks::id,
    webhooks::name,
    webhooks::url,
    webhooks::events,
    webhooks::tag_id,
    webhooks::enabled,
    webhooks::disabled_reason,
    webhooks::rotated_at,
    webhooks::version,
    webhooks::created_at,
    webhooks::updated_at,
);
const COLUMNS: Columns = (
    webhooks::id,
    webhooks::name,
    webhooks::url,
    webhooks::events,
    webhooks::tag_id,
    webhooks::enabled,
    webhooks::disabled_reason,
    webhooks::rotated_at,
    webhooks::version,
    webhooks::created_at,
    webhooks::updated_at,
);

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            url: row.url,
            events: row.events.split(' ').map(str::to_owned).collect(),
            tag: row.tag,
            enabled: row.enabled,
            disabled_reason: row.disabled_reason,
            rotated_at: row.rotated_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// One page of the webhooks, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, page: &Page, count: bool) -> Result<Slice<Webhook>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = webhooks::table.select(COLUMNS).into_boxed();
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(webhooks::created_at.le(at))
                    .filter(webhooks::created_at.lt(at).or(webhooks::id.lt(id)))
            } else {
                query
                    .filter(webhooks::created_at.ge(at))
                    .filter(webhooks::created_at.gt(at).or(webhooks::id.gt(id)))
            };
        }
        query = if page.backward() {
            query.order((webhooks::created_at.desc(), webhooks::id.desc()))
        } else {
            query.order((webhooks::created_at.asc(), webhooks::id.asc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let total = if count {
        Some(each!(conn, c => webhooks::table.count().get_result(c))?)
    } else {
        None
    };
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.created_at.millis()), row.id)
    });
    Ok(Slice {
        items: slice.items.into_iter().map(Webhook::from).collect(),
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// A webhook.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<Webhook> {
    let webhook = webhooks::table.find(id).select(COLUMNS);
    let row: Option<Row> = each!(conn, c => webhook.first(c).optional())?;
    Ok(row.ok_or(Error::NotFound("webhook"))?.into())
}

/// The webhooks that something is sent to, each with the last change that it is not told of.
///
/// # Errors
/// When the database fails.
pub(super) fn enabled(conn: &mut Conn) -> Result<Vec<(Webhook, i64)>> {
    let query = webhooks::table
        .select((COLUMNS, webhooks::since))
        .filter(webhooks::enabled.eq(true))
        .order((webhooks::created_at, webhooks::id));
    let rows: Vec<(Row, i64)> = each!(conn, c => query.load(c))?;
    Ok(rows
        .into_iter()
        .map(|(row, since)| (row.into(), since))
        .collect())
}

/// Whether something is sent to any webhook.
///
/// # Errors
/// When the database fails.
pub(super) fn any_enabled(conn: &mut Conn) -> Result<bool> {
    let query = webhooks::table
        .select(webhooks::id)
        .filter(webhooks::enabled.eq(true));
    Ok(each!(conn, c => query.first::<Id>(c).optional())?.is_some())
}

/// Makes a webhook, with this salt for its secret. It is told of what comes after this write.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::Invalid`] where there is no such tag.
pub fn create(tx: &mut Tx<'_>, new: &NewWebhook, salt: &[u8; SALT]) -> Result<Webhook> {
    tx.actor().authorise(Action::Administer)?;
    check_tag(tx.conn(), new.tag)?;
    let (id, now) = (Id::new(), tx.now());
    let row = (
        webhooks::id.eq(id),
        webhooks::name.eq(&new.name),
        webhooks::url.eq(&new.url),
        webhooks::events.eq(new.events.join(" ")),
        webhooks::tag_id.eq(new.tag),
        webhooks::enabled.eq(new.enabled),
        webhooks::salt.eq(salt.as_slice()),
        webhooks::since.eq(tx.number()),
        webhooks::leased_until.eq(0),
        webhooks::version.eq(1),
        webhooks::created_at.eq(now),
        webhooks::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(webhooks::table).values(row).execute(c))?;
    tx.log(Entry {
        before: Footprint::none(),
        ..entry("created", id, None)
    });
    get(tx.conn(), id)
}

/// Changes a webhook. One that is enabled is told of what comes after this write.
///
/// # Errors
/// As [`create`], and [`Error::NotFound`].
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewWebhook) -> Result<Webhook> {
    tx.actor().authorise(Action::Administer)?;
    let was = get(tx.conn(), id)?;
    if new.is(&was) {
        tx.leave_unchanged();
        return Ok(was);
    }
    if new.tag != was.tag {
        check_tag(tx.conn(), new.tag)?;
    }
    let row = (
        webhooks::name.eq(&new.name),
        webhooks::url.eq(&new.url),
        webhooks::events.eq(new.events.join(" ")),
        webhooks::tag_id.eq(new.tag),
        webhooks::enabled.eq(new.enabled),
        webhooks::version.eq(was.version + 1),
        webhooks::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(webhooks::table.find(id)).set(row).execute(c))?;
    if new.enabled && (!was.enabled || new.url != was.url) {
        // What failed before is no sign of what will.
        let anew = (
            webhooks::disabled_reason.eq(None::<String>),
            webhooks::failing_since.eq(None::<Time>),
        );
        each!(tx.conn(), c => diesel::update(webhooks::table.find(id)).set(anew).execute(c))?;
    }
    if new.enabled && !was.enabled {
        // It is told of what comes from now on, and of nothing that waited.
        let now = tx.now();
        deliveries::end_pending(tx.conn(), id, "the webhook was disabled", now)?;
        let since = (
            webhooks::since.eq(tx.number()),
            webhooks::next_at.eq(None::<Time>),
        );
        each!(tx.conn(), c => diesel::update(webhooks::table.find(id)).set(since).execute(c))?;
    }
    tx.log(entry("updated", id, None));
    get(tx.conn(), id)
}

/// Removes a webhook, and what is on its way to it.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`].
pub fn delete(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Administer)?;
    let gone = diesel::delete(webhooks::table.find(id));
    if each!(tx.conn(), c => gone.execute(c))? == 0 {
        return Err(Error::NotFound("webhook"));
    }
    tx.log(Entry {
        after: Footprint::none(),
        ..entry("deleted", id, None)
    });
    Ok(())
}

/// Gives a webhook another secret, that of this salt. The one that it takes the place of signs too for a time.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`].
pub fn rotate(tx: &mut Tx<'_>, id: Id, salt: &[u8; SALT]) -> Result<Webhook> {
    tx.actor().authorise(Action::Administer)?;
    let was = get(tx.conn(), id)?;
    let present = webhooks::table.find(id).select(webhooks::salt);
    let present: Vec<u8> = each!(tx.conn(), c => present.first(c))?;
    let row = (
        webhooks::salt.eq(salt.as_slice()),
        webhooks::former_salt.eq(Some(present)),
        webhooks::rotated_at.eq(Some(tx.now())),
        webhooks::version.eq(was.version + 1),
        webhooks::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(webhooks::table.find(id)).set(row).execute(c))?;
    tx.log(entry("secret_rotated", id, None));
    get(tx.conn(), id)
}

/// Disables a webhook that nothing reaches, and says why. One that is gone or disabled by now is left as it is.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not.
pub fn disable(tx: &mut Tx<'_>, id: Id, reason: &str) -> Result<()> {
    tx.actor().authorise(Action::Administer)?;
    let there = webhooks::table.find(id).filter(webhooks::enabled.eq(true));
    let row = (
        webhooks::enabled.eq(false),
        webhooks::disabled_reason.eq(Some(reason)),
        webhooks::version.eq(webhooks::version + 1),
        webhooks::updated_at.eq(tx.now()),
    );
    match each!(tx.conn(), c => diesel::update(there).set(row).execute(c))? {
        0 => tx.leave_unchanged(),
        _ => tx.log(entry("disabled", id, Some(reason.to_owned()))),
    }
    Ok(())
}

type SaltColumns = (webhooks::salt, webhooks::former_salt, webhooks::rotated_at);
const SALTS: SaltColumns = (webhooks::salt, webhooks::former_salt, webhooks::rotated_at);

fn salts((present, former, replaced): (Vec<u8>, Option<Vec<u8>>, Option<Time>)) -> Salts {
    Salts {
        present,
        former: former.zip(replaced),
    }
}

fn check_tag(conn: &mut Conn, tag: Option<Id>) -> Result<()> {
    let Some(tag) = tag else {
        return Ok(());
    };
    match tags::store::edit::get(conn, tag) {
        Ok(_there) => Ok(()),
        Err(Error::NotFound(_)) => {
            let detail = format!("there is no tag with the id {tag}");
            let fault = Fault::at("/tag", FaultCode::NotFound, detail);
            Err(Error::Invalid(vec![fault]))
        }
        Err(error) => Err(error),
    }
}

/// Of a webhook that was there and is there. No reader ever sees one.
fn entry(action: &'static str, id: Id, detail: Option<String>) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::Webhook, id),
    };
    Entry {
        action,
        resource: Resource::Webhook,
        id,
        before: footprint.clone(),
        after: footprint,
        detail,
    }
}
