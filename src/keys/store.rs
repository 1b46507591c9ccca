//! API keys in the database.

use diesel::prelude::*;

use super::model::{ApiKey, NewKey, listed};
use crate::auth::model::{Action, Scope};
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::page::{Cursor, Key, Page, Slice};
use crate::db::schema::{api_keys, users};
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::time::Time;
use crate::users::model::UserRef;

/// The order of the list: those made first stand first.
pub const SORT: &str = "created_at";

#[derive(Queryable)]
struct Row {
    id: Id,
    name: String,
    scopes: String,
    user_id: Id,
    user_name: String,
    version: i64,
    created_at: Time,
    updated_at: Time,
    expires_at: Option<Time>,
    used_at: Option<Time>,
}

type Columns = (
    api_keys::id,
    api_keys::name,
    api_keys::scopes,
    users::id,
    users::name,
    api_keys::version,
    api_keys::created_at,
    api_keys::updated_at,
    api_keys::expires_at,
    api_keys::used_at,
);
const COLUMNS: Columns = (
    api_keys::id,
    api_keys::name,
    api_keys::scopes,
    users::id,
    users::name,
    api_keys::version,
    api_keys::created_at,
    api_keys::updated_at,
    api_keys::expires_at,
    api_keys::used_at,
);

impl Row {
    fn into_key(self) -> Result<ApiKey> {
        let scope = |name: &str| {
            Scope::from_name(name)
                .ok_or_else(|| Error::internal(format!("the stored scope `{name}` is unknown")))
        };
        Ok(ApiKey {
            id: self.id,
            name: self.name,
            scopes: self.scopes.split(' ').map(scope).collect::<Result<_>>()?,
            user: UserRef {
                id: self.user_id,
                name: self.user_name,
            },
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            expires_at: self.expires_at,
            used_at: self.used_at,
        })
    }
}

/// One page of the API keys, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub fn list(conn: &mut Conn, page: &Page, count: bool) -> Result<Slice<ApiKey>> {
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = api_keys::table.inner_join(users::table).select(COLUMNS).into_boxed();
        if let Some(Cursor { key: Key::Number(at), id, backward, .. }) = page.cursor() {
            query = if *backward {
                query
                    .filter(api_keys::created_at.le(at))
                    .filter(api_keys::created_at.lt(at).or(api_keys::id.lt(id)))
            } else {
                query
                    .filter(api_keys::created_at.ge(at))
                    .filter(api_keys::created_at.gt(at).or(api_keys::id.gt(id)))
            };
        }
        query = if page.backward() {
            query.order((api_keys::created_at.desc(), api_keys::id.desc()))
        } else {
            query.order((api_keys::created_at.asc(), api_keys::id.asc()))
        };
        query.limit(page.fetch()).offset(page.offset()).load(c)
    })?;
    let slice = page.cut(rows, SORT, |row| {
        (Key::Number(row.created_at.millis()), row.id)
    });
    let total = if count {
        Some(each!(conn, c => api_keys::table.count().get_result(c))?)
    } else {
        None
    };
    let items = slice.items.into_iter().map(Row::into_key);
    Ok(Slice {
        items: items.collect::<Result<_>>()?,
        next: slice.next,
        previous: slice.previous,
        total,
    })
}

/// An API key, whether it still counts or not.
///
/// # Errors
/// [`Error::NotFound`] where there is none of that id.
pub fn get(conn: &mut Conn, id: Id) -> Result<ApiKey> {
    let key = api_keys::table
        .inner_join(users::table)
        .filter(api_keys::id.eq(id))
        .select(COLUMNS);
    let row: Option<Row> = each!(conn, c => key.first(c).optional())?;
    row.ok_or(Error::NotFound("API key"))?.into_key()
}

/// Makes an API key, of which this is the hash, for whoever writes.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not, or is nobody.
pub fn create(tx: &mut Tx<'_>, new: &NewKey, hash: &[u8; 32]) -> Result<ApiKey> {
    tx.actor().authorise(Action::Administer)?;
    let user = tx.actor().user().ok_or(Error::Forbidden)?;
    let (id, now) = (Id::new(), tx.now());
    let scopes = listed(&new.scopes);
    let row = (
        api_keys::id.eq(id),
        api_keys::name.eq(&new.name),
        api_keys::hash.eq(hash.as_slice()),
        api_keys::scopes.eq(&scopes),
        api_keys::user_id.eq(user),
        api_keys::version.eq(1),
        api_keys::created_at.eq(now),
        api_keys::updated_at.eq(now),
        api_keys::expires_at.eq(new.expires_at),
    );
    each!(tx.conn(), c => diesel::insert_into(api_keys::table).values(row).execute(c))?;
    tx.log(Entry {
        before: Footprint::none(),
        ..entry("created", id, Some(scopes))
    });
    get(tx.conn(), id)
}

/// Changes an API key: what it may do counts from its next request on.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`].
pub fn update(tx: &mut Tx<'_>, id: Id, new: &NewKey) -> Result<ApiKey> {
    tx.actor().authorise(Action::Administer)?;
    let key = get(tx.conn(), id)?;
    if new.is(&key) {
        tx.leave_unchanged();
        return Ok(key);
    }
    let changed = (
        api_keys::name.eq(&new.name),
        api_keys::scopes.eq(listed(&new.scopes)),
        api_keys::expires_at.eq(new.expires_at),
        api_keys::version.eq(api_keys::version + 1),
        api_keys::updated_at.eq(tx.now()),
    );
    each!(tx.conn(), c => diesel::update(api_keys::table.find(id)).set(changed).execute(c))?;
    tx.log(entry("updated", id, new.news(&key)));
    get(tx.conn(), id)
}

/// Revokes an API key for good.
///
/// # Errors
/// [`Error::Forbidden`] where the writer may not; [`Error::NotFound`].
pub fn revoke(tx: &mut Tx<'_>, id: Id) -> Result<()> {
    tx.actor().authorise(Action::Administer)?;
    match each!(tx.conn(), c => diesel::delete(api_keys::table.find(id)).execute(c))? {
        0 => Err(Error::NotFound("API key")),
        _ => {
            tx.log(revoked(id));
            Ok(())
        }
    }
}

/// What the log says of a key that is no more.
#[must_use]
pub fn revoked(id: Id) -> Entry {
    Entry {
        after: Footprint::none(),
        ..entry("revoked", id, None)
    }
}

/// Of a key that was there and is there. No reader ever sees one.
fn entry(action: &'static str, id: Id, detail: Option<String>) -> Entry {
    let footprint = Footprint {
        public: false,
        tags: cache::of(Resource::ApiKey, id),
    };
    Entry {
        action,
        resource: Resource::ApiKey,
        id,
        before: footprint.clone(),
        after: footprint,
        detail,
    }
}
