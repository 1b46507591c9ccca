//! Lines that are no texts: the site, tags, authors and redirects, as an export writes them and the admin API takes them.

use serde_json::Value;

use crate::authors::model::NewAuthor;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;
use crate::redirects::model::NewRedirect;
use crate::site::model::Settings;
use crate::tags::model::NewTag;
use crate::time::Time;
use crate::{authors, redirects, site, tags};

/// Something that is no text.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// What it is.
    pub what: What,
    /// Its id where it was exported, kept where it is free.
    pub id: Option<Id>,
    /// When it was made and last changed there.
    pub times: Option<(Time, Time)>,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The settings of the site.
    Site(Box<Settings>),
    /// A tag.
    Tag(NewTag),
    /// An author.
    Author(NewAuthor),
    /// A redirect.
    Redirect(NewRedirect),
}

/// The kinds of line beside texts.
const KINDS: [&str; 4] = ["site", "tag", "author", "redirect"];

/// Reads a line that says it is one of these kinds; `None` where it says something else, or nothing.
///
/// # Errors
/// All its faults at once.
pub(super) fn resource(value: &Value) -> Option<Result<Resource, Vec<Fault>>> {
    let said = value.get("kind").and_then(Value::as_str)?;
    let kind = KINDS.into_iter().find(|kind| *kind == said)?;
    Some(read(kind, value))
}

fn read(kind: &str, value: &Value) -> Result<Resource, Vec<Fault>> {
    let mut rest = value.clone();
    let mut faults = Vec::new();
    let (mut id, mut created_at, mut updated_at) = (None, None, None);
    if let Value::Object(fields) = &mut rest {
        let known = ["kind", "id", "created_at", "updated_at"];
        let known = known.map(|name| (name.to_owned(), fields.shift_remove(name).unwrap_or_default()));
        let known = Value::Object(known.into_iter().collect());
        let mut fields = Fields::new(&known, "", &mut faults);
        id = fields.id("id");
        created_at = fields.time("created_at");
        updated_at = fields.time("updated_at");
        if kind == "site" && (id.is_some() || created_at.is_some()) {
            let detail = "there is one site, which has neither an id nor a beginning";
            fields.fault("kind", FaultCode::Conflicting, detail);
        }
    }
    let what = match kind {
        "site" => site::input::settings(&rest).map(|site| What::Site(Box::new(site))),
        "tag" => tags::input::exported(&rest).map(What::Tag),
        "author" => authors::input::author(&rest).map(What::Author),
        _ => redirects::input::redirect(&rest).map(What::Redirect),
    };
    match what {
        Ok(what) if faults.is_empty() => Ok(Resource {
            what,
            id,
            times: updated_at.map(|at| (created_at.unwrap_or(at), at)),
        }),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}
