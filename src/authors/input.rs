//! The JSON form of an author, as the admin API sends it: types here, the rules in [`NewAuthor::parse`].

use serde_json::{Value, json};

use super::model::{AdminAuthor, Link, NewAuthor};
use crate::articles::input::image;
use crate::error::Fault;
use crate::json::Fields;

/// Stands in for a missing name, so that the other fields can be checked too and all faults told at once. It is never
/// stored, for the missing name is itself a fault.
const PLACEHOLDER: &str = "nobody";

/// Reads an author.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn author(value: &Value) -> Result<NewAuthor, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let name = fields.required_string("name");
    let user = fields.id("user");
    let new = NewAuthor::parse(
        name.as_deref().unwrap_or(PLACEHOLDER),
        fields.string("slug"),
        fields.string("bio"),
        fields.object("avatar", image).flatten(),
        fields.objects("links", link).unwrap_or_default(),
    );
    fields.finish();
    match new {
        Ok(new) if faults.is_empty() => Ok(new.of_user(user)),
        Ok(_) => Err(faults),
        Err(more) => {
            faults.extend(more);
            Err(faults)
        }
    }
}

/// Reads a labelled address.
pub(crate) fn link(fields: &mut Fields<'_>) -> Option<Link> {
    let (label, url) = (
        fields.required_string("label"),
        fields.required_string("url"),
    );
    label.zip(url).map(|(label, url)| Link { label, url })
}

/// The whole that a PATCH stands for (RFC 7396).
#[must_use]
pub fn patched(present: &AdminAuthor, sent: &Value) -> Value {
    if !sent.is_object() {
        // Merged, it would take the place of the whole; it is refused for what it is.
        return sent.clone();
    }
    let mut whole = writable(present);
    crate::json::merge_named(&mut whole, sent, &[]);
    whole
}

/// The whole that a PUT stands for. What readers know the author by, and whose profile it is, stays where it is left out.
#[must_use]
pub fn replaced(present: &AdminAuthor, sent: &Value) -> Value {
    let mut whole = sent.clone();
    if let (Value::Object(fields), Value::Object(mut present)) = (&mut whole, writable(present)) {
        for name in ["slug", "user"] {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), present.remove(name).unwrap_or_default());
            }
        }
    }
    whole
}

/// Their own fields in the form in which they are sent.
fn writable(author: &AdminAuthor) -> Value {
    json!({
        "name": author.name,
        "slug": author.slug,
        "bio": author.bio,
        "avatar": author.avatar,
        "links": author.links,
        "user": author.user,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::model::Image;
    use crate::id::Id;
    use crate::time::Time;

    fn faults(value: &Value) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        author(value).unwrap_err().into_iter().map(told).collect()
    }

    fn present() -> AdminAuthor {
        let at = Time::from_millis(0).unwrap();
        AdminAuthor {
            id: Id([1; 16]),
            slug: "ada".into(),
            name: "Ada".into(),
            bio: Some("Wrote it".into()),
            avatar: Some(Image {
                url: "/ada.jpg".into(),
                alt: "Ada".into(),
                width: None,
                height: Some(9),
            }),
            links: vec![Link {
                label: "Home".into(),
                url: "https://example.org/ada".into(),
            }],
            user: Some(Id([2; 16])),
            article_count: 3,
            cache_tag: "u-01010101".into(),
            version: 4,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn names_all_the_faults_at_once() {
        let told = faults(&json!({
            "user": "me", "slug": "No Slug", "bio": "x".repeat(5001), "email": "ada@example.org",
            "avatar": {"url": "javascript:alert(1)", "alt": "x".repeat(5001)},
            "links": [{"label": "a", "url": "//elsewhere"}, {"url": "/"}],
        }));
        let expected = [
            "/name Missing",
            "/user Malformed",
            "/links/1/label Missing",
            "/email Unknown",
            "/slug Malformed",
            "/bio TooLarge",
            "/avatar/alt TooLarge",
            "/avatar/url Malformed",
            "/links/0/url Malformed",
        ];
        assert_eq!(told, expected);
        let many = vec![json!({"label": "a", "url": "/"}); 51];
        assert_eq!(
            faults(&json!({"name": "x", "links": many})),
            ["/links TooLarge"]
        );
    }

    #[test]
    fn a_patch_keeps_what_it_leaves_out() {
        let new = author(&patched(
            &present(),
            &json!({"avatar": {"alt": null}, "links": []}),
        ))
        .unwrap();
        let avatar = new.avatar.clone().unwrap();
        assert_eq!(
            (avatar.url.as_str(), avatar.alt.as_str(), avatar.height),
            ("/ada.jpg", "", Some(9))
        );
        assert_eq!(
            (new.name.as_str(), new.links.len(), new.user),
            ("Ada", 0, Some(Id([2; 16])))
        );
        assert_eq!(
            author(&patched(&present(), &json!({"user": null})))
                .unwrap()
                .user,
            None
        );
        assert_eq!(patched(&present(), &json!([1])), json!([1]));
    }

    #[test]
    fn a_put_keeps_the_slug_and_the_account() {
        let new = author(&replaced(&present(), &json!({"name": "Countess"}))).unwrap();
        assert_eq!(
            (new.slug.as_deref(), new.user),
            (Some("ada"), Some(Id([2; 16])))
        );
        assert_eq!((new.bio, new.avatar, new.links.len()), (None, None, 0));
    }
}
