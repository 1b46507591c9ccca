//! The site, tags, authors and redirects of an export. What is here already stays as it is, whatever the export says of it:
//! somebody may have set it since.

use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::transfer::jsonl::kinds::{Resource, What};
use crate::{authors, redirects, site, tags};

/// How something stands to what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    /// There is nothing like it.
    Nothing,
    /// It is here, and so.
    Same,
    /// It is here, and otherwise.
    Other,
}

/// How something stands to what is here.
///
/// # Errors
/// When the database fails.
pub(super) fn here(conn: &mut Conn, Resource { what, id, .. }: &Resource) -> Result<Here> {
    let is_here = match what {
        What::Site(settings) => {
            let present = site::store::edit(conn)?;
            (present.version > 0).then(|| present.settings() == **settings)
        }
        What::Tag(new) => tags::store::is_here(conn, new, *id)?,
        What::Author(new) => authors::store::is_here(conn, new, *id)?,
        What::Redirect(new) => redirects::store::is_here(conn, new, *id)?,
    };
    Ok(match is_here {
        None => Here::Nothing,
        Some(true) => Here::Same,
        Some(false) => Here::Other,
    })
}

/// Stores something if there is nothing like it.
///
/// # Errors
/// As a create.
pub(super) fn store(tx: &mut Tx<'_>, resource: &Resource) -> Result<Here> {
    let here = here(tx.conn(), resource)?;
    if here != Here::Nothing {
        return Ok(here);
    }
    let Resource { what, id, times } = resource;
    match what {
        What::Site(settings) => {
            site::store::restore(tx, settings, times.map(|(_, updated_at)| updated_at))?;
        }
        What::Tag(new) => {
            tags::store::restore(tx, new, *id, *times)?;
        }
        What::Author(new) => {
            authors::store::restore(tx, new, *id, *times)?;
        }
        What::Redirect(new) => {
            redirects::store::restore(tx, new, *id, *times)?;
        }
    }
    Ok(here)
}
