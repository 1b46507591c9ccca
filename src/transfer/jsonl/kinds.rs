//! The JSON of what stands beside texts, read field by field. The rules are those of the admin API.

use serde_json::{Map, Value};

use crate::articles::input::image;
use crate::authors::input::link;
use crate::authors::model::NewAuthor;
use crate::error::{Fault, FaultCode, closest};
use crate::json::Fields;
use crate::media::input;
use crate::media::model::{About, is_name};
use crate::paths::is_below;
use crate::slug;
use crate::tags::model::NewTag;
use crate::transfer::{AuthorInput, Exported, MediaInput, Piece, TagInput};
use crate::{redirects, site};

/// Stands in for a missing name, so that the other fields can be checked too and all faults told at once. It is never
/// stored, for the missing name is itself a fault.
const PLACEHOLDER: &str = "untitled";

/// The most widths of a picture that a line may ask for: each is made, which takes a while.
const MAX_WIDTHS: usize = 16;
/// The largest of them, in pixels.
const MAX_WIDTH: u32 = 65_535;

/// The kinds that are no texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tag,
    Author,
    Redirect,
    Site,
    Media,
}

impl Kind {
    /// The kind that a line names, unless it is a text.
    pub(super) fn of(line: &Value) -> Option<Self> {
        match line.get("kind")?.as_str()? {
            "tag" => Some(Self::Tag),
            "author" => Some(Self::Author),
            "redirect" => Some(Self::Redirect),
            "site" => Some(Self::Site),
            "media" => Some(Self::Media),
            _ => None,
        }
    }
}

/// Reads a line of that kind: its key for the next import, and what it is.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub(super) fn read(
    kind: Kind,
    line: &Value,
) -> Result<(String, Piece, Option<Exported>), Vec<Fault>> {
    let mut object = line.as_object().cloned().unwrap_or_default();
    object.shift_remove("kind");
    let exported = exported(kind, &mut object);
    let read = match kind {
        Kind::Tag => tag(object),
        Kind::Author => author(object),
        Kind::Redirect => redirects::input::redirect(&Value::Object(object))
            .map(|redirect| (redirect.path().to_owned(), Piece::Redirect(redirect))),
        Kind::Media => medium(object),
        Kind::Site => site::input::settings(&Value::Object(object))
            .map(|settings| ("site".to_owned(), Piece::Site(Box::new(settings)))),
    };
    match (read, exported) {
        (Ok((key, piece)), Ok(exported)) => Ok((key, piece, exported)),
        (Ok(_), Err(faults)) | (Err(faults), Ok(_)) => Err(faults),
        (Err(mut faults), Err(more)) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// Takes out of a line what only an export says.
fn exported(kind: Kind, object: &mut Map<String, Value>) -> Result<Option<Exported>, Vec<Fault>> {
    // There is one site, which has neither an id nor a beginning.
    let names: &[&str] = match kind {
        Kind::Site => &["updated_at"],
        Kind::Tag | Kind::Author | Kind::Redirect | Kind::Media => {
            &["id", "created_at", "updated_at"]
        }
    };
    let said: Map<String, Value> = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), object.shift_remove(*name)?)))
        .collect();
    if said.is_empty() {
        return Ok(None);
    }
    let mut faults = Vec::new();
    let said = Value::Object(said);
    let mut fields = Fields::new(&said, "", &mut faults);
    let exported = Exported {
        id: fields.id("id"),
        created_at: fields.time("created_at"),
        updated_at: fields.time("updated_at"),
    };
    fields.finish();
    if faults.is_empty() {
        Ok(Some(exported))
    } else {
        Err(faults)
    }
}

fn tag(object: Map<String, Value>) -> Result<(String, Piece), Vec<Fault>> {
    let value = Value::Object(object);
    let mut faults = Vec::new();
    let mut fields = Fields::new(&value, "", &mut faults);
    let key = fields.string("external_id");
    let tag = TagInput {
        name: fields
            .required_string("name")
            .unwrap_or_else(|| PLACEHOLDER.to_owned()),
        slug: fields.string("slug"),
        description: fields.string("description"),
        aliases: fields.strings("aliases").unwrap_or_default(),
        parent: fields.string("parent"),
    };
    fields.finish();
    let by_rule = NewTag::restored(
        &tag.name,
        tag.slug.clone(),
        tag.description.clone(),
        tag.aliases.clone(),
        tag.parent.clone(),
    );
    faults.extend(by_rule.err().into_iter().flatten());
    let key = key.unwrap_or_else(|| key_of(tag.slug.as_deref(), &tag.name));
    if faults.is_empty() {
        Ok((key, Piece::Tag(tag)))
    } else {
        Err(faults)
    }
}

fn author(object: Map<String, Value>) -> Result<(String, Piece), Vec<Fault>> {
    let value = Value::Object(object);
    let mut faults = Vec::new();
    let mut fields = Fields::new(&value, "", &mut faults);
    let key = fields.string("external_id");
    let author = AuthorInput {
        name: fields
            .required_string("name")
            .unwrap_or_else(|| PLACEHOLDER.to_owned()),
        slug: fields.string("slug"),
        bio: fields.string("bio"),
        avatar: fields.object("avatar", image).flatten(),
        links: fields.objects("links", link).unwrap_or_default(),
    };
    fields.finish();
    let by_rule = NewAuthor::parse(
        &author.name,
        author.slug.clone(),
        author.bio.clone(),
        author.avatar.clone(),
        author.links.clone(),
    );
    faults.extend(by_rule.err().into_iter().flatten());
    let key = key.unwrap_or_else(|| key_of(author.slug.as_deref(), &author.name));
    if faults.is_empty() {
        Ok((key, Piece::Author(author)))
    } else {
        Err(faults)
    }
}

fn medium(object: Map<String, Value>) -> Result<(String, Piece), Vec<Fault>> {
    let value = Value::Object(object);
    let mut faults = Vec::new();
    let mut fields = Fields::new(&value, "", &mut faults);
    let key = fields.string("external_id");
    let file = fields.required_string("file");
    if file.as_deref().is_some_and(|file| !is_below(file)) {
        let detail = "must be the path of a file below the folder, with `/` between its steps";
        fields.fault("file", FaultCode::Malformed, detail);
    }
    let hash = fields.string("sha256").and_then(|text| {
        let hash = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
        let hash = hash.and_then(|bytes| bytes.try_into().ok());
        if hash.is_none() {
            let detail = "must be 64 hexadecimal digits, in lower case";
            fields.fault("sha256", FaultCode::Malformed, detail);
        }
        hash
    });
    let name = fields.string("name");
    if name.as_deref().is_some_and(|name| !is_name(name)) {
        let detail = "must be 32 hexadecimal digits, in lower case";
        fields.fault("name", FaultCode::Malformed, detail);
    }
    let about = About {
        file_name: fields
            .string("file_name")
            .as_deref()
            .and_then(input::file_name),
        alt: fields.string("alt").unwrap_or_default(),
        title: fields.string("title"),
        credit: fields.string("credit"),
        focal_point: fields.object("focal_point", input::focal_point).flatten(),
    };
    let widths = widths(&mut fields);
    fields.finish();
    let file = file.unwrap_or_default();
    let texts = [
        ("alt", Some(&about.alt)),
        ("title", about.title.as_ref()),
        ("credit", about.credit.as_ref()),
    ];
    for (name, text) in texts {
        faults.extend(text.and_then(|text| input::too_long(name, text)));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let key = key.unwrap_or_else(|| name.clone().unwrap_or_else(|| file.clone()));
    let medium = MediaInput {
        file,
        hash,
        name,
        about,
        widths,
    };
    Ok((key, Piece::Media(Box::new(medium))))
}

fn widths(fields: &mut Fields<'_>) -> Vec<u32> {
    let Some(Some(given)) = fields.field("widths") else {
        return Vec::new();
    };
    let width = |value: &Value| {
        let width = u32::try_from(value.as_u64()?).ok();
        width.filter(|width| (1..=MAX_WIDTH).contains(width))
    };
    let widths = given.as_array().filter(|given| given.len() <= MAX_WIDTHS);
    let widths = widths.and_then(|given| given.iter().map(width).collect::<Option<Vec<u32>>>());
    if widths.is_none() {
        let detail =
            format!("must be a list of up to {MAX_WIDTHS} widths in pixels, from 1 to {MAX_WIDTH}");
        fields.fault("widths", FaultCode::Malformed, detail);
    }
    let mut widths = widths.unwrap_or_default();
    widths.sort_unstable();
    widths.dedup();
    widths
}

/// The key of what names none: its slug, or else its name.
fn key_of(slug: Option<&str>, name: &str) -> String {
    slug.map_or_else(|| slug::name_key(name), str::to_owned)
}

/// The faults of a kind that is none.
pub(super) fn unknown(line: &Value) -> Option<Fault> {
    const KINDS: [&str; 7] = [
        "article", "page", "tag", "author", "redirect", "site", "media",
    ];
    let kind = line.get("kind")?.as_str()?;
    let near = || closest(kind, KINDS);
    let hint = if kind.len() <= 64 { near() } else { None };
    let hint = hint.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    (!KINDS.contains(&kind)).then(|| {
        let detail = format!("must be one of {}{hint}", KINDS.join(", "));
        Fault::at("/kind", FaultCode::NotAllowed, detail)
    })
}
