//! The site's settings in the database: one row, made at the first change.

use diesel::prelude::*;

use super::model::Settings;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::site;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json;

/// The settings; those of an untouched site are empty.
///
/// # Errors
/// When the database fails.
pub fn get(conn: &mut Conn) -> Result<Settings> {
    let settings: Option<String> =
        each!(conn, c => site::table.select(site::settings).first(c).optional())?;
    match settings {
        None => Ok(Settings::default()),
        Some(settings) => serde_json::from_str(&settings)
            .map_err(|error| Error::internal(format!("the stored settings of the site: {error}"))),
    }
}

/// Puts these settings in place of those that are.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let now = tx.now();
    let changed = (
        site::settings.eq(json::text(settings)),
        site::version.eq(site::version + 1),
        site::updated_at.eq(now),
    );
    let updated = each!(tx.conn(), c => diesel::update(site::table).set(changed).execute(c))?;
    if updated == 0 {
        let row = (
            site::one.eq(1),
            site::settings.eq(json::text(settings)),
            site::version.eq(1),
            site::updated_at.eq(now),
        );
        each!(tx.conn(), c => diesel::insert_into(site::table).values(row).execute(c))?;
    }
    let footprint = Footprint {
        public: true,
        tags: cache::SITE.to_owned(),
    };
    // There is one site, so it needs no id to be told apart.
    let id = Id([0; 16]);
    tx.log(Entry {
        action: "updated",
        resource: Resource::Site,
        id,
        before: footprint.clone(),
        after: footprint,
    });
    Ok(())
}
