//! The JSON form of a redirect, as the admin API sends it: types here, the rules in [`NewRedirect::parse`].

use serde_json::{Value, json};

use super::model::{NewRedirect, Redirect, RedirectStatus, Target};
use crate::error::{Fault, FaultCode};
use crate::json::Fields;

/// Stand in for what is missing, so that the other fields can be checked too and all faults told at once. They are never
/// stored, for what is missing is itself a fault.
const PLACE: &str = "/not given";
const ELSEWHERE: &str = "https://example.org/";

/// The two fields that say where it leads.
const TARGETS: [&str; 2] = ["to", "article"];

/// Reads a redirect, permanent where it does not say.
///
/// # Errors
/// All the faults at once, each with the pointer of its field.
pub fn redirect(value: &Value) -> Result<NewRedirect, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let path = fields.required_string("path");
    let target = target(&mut fields, value.is_object());
    let status = fields.integer("status", i64::MIN..=i64::MAX);
    let new = NewRedirect::parse(
        path.as_deref().unwrap_or(PLACE),
        target.unwrap_or_else(|| Target::Address(ELSEWHERE.to_owned())),
        status.unwrap_or_else(|| RedirectStatus::default().code().into()),
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

/// Where it leads, which is said in one way alone. What is no object has been told so.
fn target(fields: &mut Fields<'_>, is_object: bool) -> Option<Target> {
    let given = TARGETS.map(|name| matches!(fields.field(name), Some(Some(_))));
    let (to, article) = (fields.string("to"), fields.id("article"));
    match given {
        [true, true] => {
            let detail = "it leads to an address or to an article; leave one of them out";
            fields.fault("article", FaultCode::Conflicting, detail);
        }
        [false, false] if is_object => {
            let detail = "where it leads must be given, as `to` or as `article`";
            fields.fault("to", FaultCode::Missing, detail);
        }
        _ => {}
    }
    to.map(Target::Address).or(article.map(Target::Article))
}

/// The whole that a PATCH stands for (RFC 7396). Where it leads is one field in two forms: sent in one, it is no more in
/// the other.
#[must_use]
pub fn patched(present: &Redirect, sent: &Value) -> Value {
    let Value::Object(fields) = sent else {
        // Merged, it would take the place of the whole; it is refused for what it is.
        return sent.clone();
    };
    let leads = |name: &&str| fields.get(*name).is_some_and(|value| !value.is_null());
    let mut whole = if TARGETS.iter().any(leads) {
        json!({"path": present.path, "status": present.status})
    } else {
        json!({
            "path": present.path,
            "to": present.to,
            "article": present.article,
            "status": present.status,
        })
    };
    crate::json::merge_named(&mut whole, sent, &[]);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::time::Time;

    fn faults(value: &Value) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        redirect(value).unwrap_err().into_iter().map(told).collect()
    }

    fn present() -> Redirect {
        let at = Time::from_millis(0).unwrap();
        Redirect {
            id: Id([1; 16]),
            path: "/a".into(),
            to: None,
            article: Some(Id([2; 16])),
            status: RedirectStatus::Found,
            cache_tag: "r-01010101".into(),
            version: 4,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn is_permanent_where_it_does_not_say() {
        let new = redirect(&json!({"path": "/a", "to": "/b"})).unwrap();
        assert_eq!(
            (new.status.code(), new.target),
            (308, Target::Address("/b".into()))
        );
    }

    #[test]
    fn names_all_the_faults_at_once() {
        assert_eq!(
            faults(&json!({"status": 303, "form": 1})),
            [
                "/path Missing",
                "/to Missing",
                "/form Unknown",
                "/status NotAllowed"
            ]
        );
        assert_eq!(
            faults(&json!({"path": "a", "to": "b", "article": "c", "status": "301"})),
            [
                "/article Malformed",
                "/article Conflicting",
                "/status WrongType",
                "/path Malformed",
                "/to Malformed",
            ]
        );
        assert_eq!(faults(&json!({"path": "/a", "to": 1})), ["/to WrongType"]);
        assert_eq!(faults(&json!(null)), [" WrongType"]);
    }

    #[test]
    fn a_patch_may_say_in_the_other_way_where_it_leads() {
        let read = |sent| redirect(&patched(&present(), &sent));
        let article = Target::Article(Id([2; 16]));
        let new = read(json!({"path": "/b"})).unwrap();
        assert_eq!(
            (new.path.as_str(), &new.target, new.status),
            ("/b", &article, RedirectStatus::Found)
        );
        let new = read(json!({"to": "/c", "status": null})).unwrap();
        assert_eq!(
            (new.target, new.status.code()),
            (Target::Address("/c".into()), 308)
        );
        assert_eq!(read(json!({"to": null})).unwrap().target, article);
        assert_eq!(
            read(json!({"article": null})).unwrap_err()[0].code,
            FaultCode::Missing
        );
        assert_eq!(patched(&present(), &json!(1)), json!(1));
    }
}
