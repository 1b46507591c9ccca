//! The site's settings in the database: one row, made at the first change.

use diesel::prelude::*;

use super::model::{AdminSite, Settings};
use crate::auth::model::Action;
use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::site;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Result};
use crate::id::Id;
use crate::json;
use crate::media;
use crate::media::model::{MediaUser, UsePlace};
use crate::media::store::Uses;
use crate::time::Time;

/// The settings; those of an untouched site are empty.
///
/// # Errors
/// When the database fails.
pub fn get(conn: &mut Conn) -> Result<Settings> {
    let settings: Option<String> =
        each!(conn, c => site::table.select(site::settings).first(c).optional())?;
    settings.map_or_else(|| Ok(Settings::default()), |json| stored(&json))
}

/// The settings as editors see them; the version of an untouched site is 0.
///
/// # Errors
/// When the database fails.
pub fn edit(conn: &mut Conn) -> Result<AdminSite> {
    let row = site::table.select((site::settings, site::version, site::updated_at));
    let row: Option<(String, i64, Time)> = each!(conn, c => row.first(c).optional())?;
    match row {
        None => Ok(AdminSite::new(Settings::default(), 0, None)),
        Some((json, version, at)) => Ok(AdminSite::new(stored(&json)?, version, Some(at))),
    }
}

fn stored(json: &str) -> Result<Settings> {
    serde_json::from_str(json)
        .map_err(|error| Error::internal(format!("the stored settings of the site: {error}")))
}

/// Puts these settings in place of those that are.
///
/// # Errors
/// [`Error::Forbidden`] where whoever writes may not.
pub fn put(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    tx.actor().authorise(Action::Site)?;
    let present = edit(tx.conn())?;
    if present.version > 0 && present.settings() == *settings {
        tx.leave_unchanged();
        return Ok(());
    }
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
    let logo = settings
        .logo
        .iter()
        .map(|logo| (UsePlace::Logo, logo.url.as_str()));
    let uses = Uses {
        cover: None,
        said: logo.collect(),
    };
    media::store::write_uses(tx.conn(), MediaUser::Site, id, &uses)?;
    tx.log(Entry {
        action: "updated",
        resource: Resource::Site,
        id,
        before: footprint.clone(),
        after: footprint,
        detail: None,
    });
    Ok(())
}

/// Puts settings as they were exported, with the time at which they were set where that is known.
///
/// # Errors
/// As [`put`].
pub fn restore(tx: &mut Tx<'_>, settings: &Settings, updated_at: Option<Time>) -> Result<()> {
    put(tx, settings)?;
    if let Some(at) = updated_at {
        let set = diesel::update(site::table).set(site::updated_at.eq(at));
        each!(tx.conn(), c => set.execute(c))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::model::{Credential, Grants, Principal, Role};
    use crate::changes::model::Actor;
    use crate::db::{Db, Settings as DbSettings, migrate};
    use crate::time::Clock;

    #[test]
    fn each_change_counts_and_the_same_again_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let settings = DbSettings::sqlite_in(folder.path());
        migrate::run(&settings).unwrap();
        let db = Db::open(settings, Clock::system()).unwrap();
        let set = |actor: Actor, name: &str| {
            let settings = Settings {
                name: name.to_owned(),
                ..Settings::default()
            };
            db.write_blocking(actor, move |tx| put(tx, &settings))
        };
        let present = || db.read_blocking(edit).unwrap();
        assert_eq!((present().version, present().updated_at), (0, None));
        // To set nothing is to set something, where nothing ever was.
        for (name, version) in [("", 1), ("", 1), ("The Door", 2), ("The Door", 2)] {
            set(Actor::System, name).unwrap();
            assert_eq!(
                (present().name.as_str(), present().version),
                (name, version)
            );
        }
        assert!(present().updated_at.is_some());
        assert_eq!(db.change(), 2);

        let editor = Actor::Principal(Principal {
            user: Id::new(),
            credential: Credential::Session(Id::new()),
            grants: Grants::Role(Role::Editor),
            peer: [127, 0, 0, 1].into(),
            request_id: "r".into(),
        });
        assert!(matches!(set(editor, "Mine"), Err(Error::Forbidden)));
    }
}
