//! Redirects in the database.

use diesel::prelude::*;

use crate::changes::model::{Entry, Footprint, Resource};
use crate::changes::tags as cache;
use crate::db::schema::redirects;
use crate::db::{Conn, Tx, each};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::id::Id;

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an article, whatever its slug is.
    Article(Id),
    /// To an address: absolute, or a path on the site.
    Address(String),
}

/// Whether a redirect stands where an article of this slug and locale would. It may stand under the path with the
/// locale or, for the default locale, without.
///
/// # Errors
/// When the database fails.
pub fn taken(conn: &mut Conn, slug: &str, locale: &str) -> Result<bool> {
    let paths = [format!("/{slug}"), format!("/{locale}/{slug}")];
    let [plain, prefixed] = &paths;
    let there = redirects::table
        .filter(redirects::path.eq(plain).or(redirects::path.eq(prefixed)))
        .select(redirects::id);
    Ok(each!(conn, c => there.first::<Id>(c).optional())?.is_some())
}

/// Lets a path lead somewhere. Answers `false`, and changes nothing, where a redirect stands there already.
///
/// # Errors
/// [`Error::Invalid`] unless the path begins with `/` and the status is 301, 302, 307 or 308.
pub fn ensure(tx: &mut Tx<'_>, path: &str, target: &Target, status: i32) -> Result<bool> {
    let mut faults = Vec::new();
    if !path.starts_with('/')
        || path.starts_with("//")
        || path.len() > 2048
        || path.contains(char::is_control)
    {
        faults.push(Fault::at(
            "/path",
            FaultCode::Malformed,
            "a path on the site begins with one `/`",
        ));
    }
    if ![301, 302, 307, 308].contains(&status) {
        faults.push(Fault::at(
            "/status",
            FaultCode::NotAllowed,
            "a redirect is 301, 302, 307 or 308",
        ));
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let there = redirects::table
        .filter(redirects::path.eq(path))
        .select(redirects::id);
    if each!(tx.conn(), c => there.first::<Id>(c).optional())?.is_some() {
        return Ok(false);
    }
    let (id, now) = (Id::new(), tx.now());
    let (article, address) = match target {
        Target::Article(id) => (Some(*id), None),
        Target::Address(address) => (None, Some(address)),
    };
    let row = (
        redirects::id.eq(id),
        redirects::path.eq(path),
        redirects::target.eq(address),
        redirects::article_id.eq(article),
        redirects::status.eq(status),
        redirects::version.eq(1),
        redirects::created_at.eq(now),
        redirects::updated_at.eq(now),
    );
    each!(tx.conn(), c => diesel::insert_into(redirects::table).values(row).execute(c))?;
    let after = Footprint {
        public: true,
        tags: cache::of(Resource::Redirect, id),
    };
    tx.log(Entry {
        action: "created",
        resource: Resource::Redirect,
        id,
        before: Footprint::none(),
        after,
    });
    Ok(true)
}
