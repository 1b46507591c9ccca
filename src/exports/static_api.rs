//! What readers may ask for, as files for any web server: the program asks its own routes, so that each file is, byte for
//! byte, what a server answers.

mod address;
mod ask;
mod walk;

use std::path::Path;
use std::time::Duration;

use actix_web::web;

use self::ask::Asker;
use self::walk::Walk;
use super::Failed;
use super::folder::{Folder, Form, Tidied};
use crate::app::App;
use crate::error::Error;

/// How often all of it is written anew because the content changed meanwhile.
const PASSES: u32 = 3;
/// How long the search index, which knows what is related, may take to be built.
const INDEX: Duration = Duration::from_secs(60 * 60);

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What became of the folder.
    pub tidied: Tidied,
    /// Published texts that there are.
    pub texts: u64,
    /// Redirects in the list of these.
    pub redirects: u64,
    /// Addresses that no file can stand for.
    pub left_out: Vec<String>,
    /// Nothing public changed while it was written: all of it is of one state.
    pub settled: bool,
}

/// Writes what readers may ask for into a folder. It is read while others may write, so it is done anew where something
/// public changed meanwhile, a few times at most. `progress` hears how many texts are written and how many there are.
///
/// The search of the application must have been started.
///
/// # Errors
/// As [`Folder::open`]; when something that should be there is not answered, or a file cannot be written.
pub async fn static_api(
    app: &web::Data<App>,
    root: &Path,
    force: bool,
    mut progress: impl FnMut(u64, u64),
) -> Result<Written, Failed> {
    let mut folder = Folder::open(root, Form::Static, force)?;
    let mut pass = 1;
    loop {
        app.db.refresh().await?;
        let (change, public) = (app.db.change(), app.db.public_change());
        if !app.db.feed().reached(change, INDEX).await {
            return Err(Error::busy("the search index could not be built in time").into());
        }
        let asker = Asker::new(app, change).await?;
        let (texts, redirects, left_out) = {
            let mut walk = Walk::new(app, &asker, &mut folder)?;
            walk.everything(&mut progress).await?;
            walk.end()?
        };
        app.db.refresh().await?;
        let settled = app.db.public_change() == public;
        if settled || pass == PASSES {
            return Ok(Written {
                tidied: folder.finish()?,
                texts,
                redirects,
                left_out,
                settled,
            });
        }
        pass += 1;
        folder.begin_again();
    }
}
