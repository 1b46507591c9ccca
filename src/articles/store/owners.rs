//! Whose a text is. Rights go by that; the names under it give none.

use diesel::prelude::*;

use crate::articles::new::{Door, NewArticle};
use crate::auth::model::Action;
use crate::db::schema::{articles, users};
use crate::db::{Tx, each};
use crate::error::{FaultCode, Result};
use crate::id::Id;

/// Whether a text of this owner is the writer's own.
pub(super) fn is_own(tx: &Tx<'_>, owner: Option<Id>) -> bool {
    owner.is_some() && owner == tx.actor().user()
}

/// The owner of a new text: who writes it, unless another is named by someone who may.
pub(super) fn of_new(tx: &mut Tx<'_>, new: &NewArticle) -> Result<Option<Id>> {
    let writer = tx.actor().user();
    match new.door {
        Door::Editor { owner: Some(owner) } if Some(owner) != writer => assigned(tx, Some(owner)),
        Door::Editor { .. } | Door::Import => Ok(writer),
    }
}

/// The owner of a changed text.
pub(super) fn of_changed(tx: &mut Tx<'_>, new: &NewArticle, was: Option<Id>) -> Result<Option<Id>> {
    match new.door {
        Door::Editor { owner } if owner != was => assigned(tx, owner),
        Door::Editor { .. } | Door::Import => Ok(was),
    }
}

fn assigned(tx: &mut Tx<'_>, owner: Option<Id>) -> Result<Option<Id>> {
    tx.actor().authorise(Action::Assign)?;
    if let Some(id) = owner {
        let account = users::table.find(id).select(users::id);
        let there: Option<Id> = each!(tx.conn(), c => account.first(c).optional())?;
        if there.is_none() {
            let detail = format!("there is no account with the id {id}");
            return Err(super::write::invalid("/owner", FaultCode::NotFound, detail));
        }
    }
    Ok(owner)
}

/// Leaves the texts of an account that goes to nobody.
///
/// # Errors
/// When the database fails.
pub fn disown(tx: &mut Tx<'_>, user: Id) -> Result<()> {
    let own = articles::table.filter(articles::owner.eq(user));
    let nobodys = diesel::update(own).set(articles::owner.eq(None::<Id>));
    each!(tx.conn(), c => nobodys.execute(c))?;
    Ok(())
}
