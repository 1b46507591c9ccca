//! The JSON form of a tag, as the admin API sends it: types here, the rules in [`NewTag::parse`].

use serde_json::{Value, json};

use super::model::{AdminTag, NewTag};
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;

/// Stands in for a missing name, so that the other fields can be checked too and all faults told at once. It is never
/// stored, for the missing name is itself a fault.
const PLACEHOLDER: &str = "untitled";

/// Reads a tag.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn tag(value: &Value) -> Result<NewTag, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let name = fields.required_string("name");
    let new = NewTag::parse(
        name.as_deref().unwrap_or(PLACEHOLDER),
        fields.string("slug"),
        fields.string("description"),
        fields.strings("aliases").unwrap_or_default(),
        fields.string("parent"),
    );
    fields.finish();
    match new {
        Ok(new) if faults.is_empty() => Ok(new),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// Reads which tag another is to become part of.
///
/// # Errors
/// As [`tag`].
pub fn merge(value: &Value) -> Result<Id, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let into = fields.required_string("into");
    let id = into.as_deref().and_then(|into| into.parse().ok());
    if let (Some(into), None) = (&into, id) {
        let detail = format!("`{into}` is no id");
        fields.fault("into", FaultCode::Malformed, detail);
    }
    fields.finish();
    id.filter(|_| faults.is_empty()).ok_or(faults)
}

/// The whole that a PATCH stands for (RFC 7396).
#[must_use]
pub fn patched(present: &AdminTag, sent: &Value) -> Value {
    if !sent.is_object() {
        // Merged, it would take the place of the whole; it is refused for what it is.
        return sent.clone();
    }
    let mut whole = writable(present);
    crate::json::merge_named(&mut whole, sent, &[]);
    whole
}

/// The whole that a PUT stands for. What leads readers to the tag stays where it is left out.
#[must_use]
pub fn replaced(present: &AdminTag, sent: &Value) -> Value {
    let mut whole = sent.clone();
    if let (Value::Object(fields), Value::Object(mut present)) = (&mut whole, writable(present)) {
        for name in ["slug", "aliases"] {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), present.remove(name).unwrap_or_default());
            }
        }
    }
    whole
}

/// Its own fields in the form in which they are sent.
fn writable(tag: &AdminTag) -> Value {
    json!({
        "name": tag.name,
        "slug": tag.slug,
        "description": tag.description,
        "aliases": tag.aliases,
        "parent": tag.parent.as_ref().map(|parent| parent.id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tags::model::TagRef;
    use crate::time::Time;

    fn faults(value: &Value) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        tag(value).unwrap_err().into_iter().map(told).collect()
    }

    fn present() -> AdminTag {
        let at = Time::from_millis(0).unwrap();
        AdminTag {
            id: Id([1; 16]),
            slug: "trauma".into(),
            name: "Trauma".into(),
            description: Some("About it".into()),
            parent: Some(TagRef {
                id: Id([2; 16]),
                slug: "health".into(),
                name: "Health".into(),
            }),
            aliases: vec!["ptsd".into()],
            article_count: 3,
            cache_tag: "t-01010101".into(),
            version: 4,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn names_all_the_faults_at_once() {
        let told = faults(&json!({
            "slug": "No Slug", "aliases": ["a", 1, "a", "É"], "parent": 3, "version": 1, "description": "x".repeat(5001),
        }));
        let expected = [
            "/name Missing",
            "/aliases/1 WrongType",
            "/parent WrongType",
            "/version Unknown",
            "/description TooLarge",
            "/slug Malformed",
            "/aliases/2 Malformed",
            "/aliases/1 Repeated",
        ];
        assert_eq!(told, expected);
        assert_eq!(faults(&json!([])), [" WrongType"]);
        assert_eq!(faults(&json!({"name": " "})), ["/name Malformed"]);
        let many: Vec<String> = (0..101).map(|n| format!("a{n}")).collect();
        assert_eq!(
            faults(&json!({"name": "x", "aliases": many})),
            ["/aliases TooLarge"]
        );
    }

    #[test]
    fn a_patch_keeps_what_it_leaves_out() {
        let whole = patched(&present(), &json!({"description": null, "slug": "ptsd"}));
        let new = tag(&whole).unwrap();
        assert_eq!(
            (new.name.as_str(), new.slug.as_deref()),
            ("Trauma", Some("ptsd"))
        );
        assert_eq!(new.description, None);
        assert_eq!(new.aliases, ["ptsd"]);
        assert_eq!(new.parent, Some(Id([2; 16]).to_string()));
        let nameless = tag(&patched(&present(), &json!({"name": null}))).unwrap_err();
        assert_eq!(nameless[0].code, FaultCode::Missing);
        assert_eq!(patched(&present(), &json!(null)), json!(null));
    }

    #[test]
    fn a_put_keeps_what_leads_here() {
        let new = tag(&replaced(&present(), &json!({"name": "Wounds"}))).unwrap();
        assert_eq!(
            (new.slug.as_deref(), new.aliases),
            (Some("trauma"), vec!["ptsd".to_owned()])
        );
        assert_eq!((new.description, new.parent), (None, None));
        let new = tag(&replaced(
            &present(),
            &json!({"name": "Wounds", "slug": null, "aliases": []}),
        ))
        .unwrap();
        assert_eq!((new.slug, new.aliases.len()), (None, 0));
    }
}
