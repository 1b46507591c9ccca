//! What a batch is: the operations that were asked for, and what they are answered.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::articles::model::Kind;
use crate::error::{Fault, FaultCode};
use crate::id::Id;
use crate::json::Fields;
use crate::names::names;

/// Operations of a batch at most.
pub const MOST: usize = 100;

/// The methods of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "UPPERCASE")]
pub enum Method {
    /// Creates, or moves a text to another state.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

names!(Method {
    Post => "POST",
    Put => "PUT",
    Patch => "PATCH",
    Delete => "DELETE",
});

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Articles or pages.
    Texts(Kind),
    /// Tags.
    Tags,
    /// Authors.
    Authors,
    /// Redirects.
    Redirects,
    /// The site's settings.
    Site,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// How.
    pub method: Method,
    /// On what.
    pub subject: Subject,
    /// On which of them; empty where one is made, and of the site.
    pub id: String,
    /// Where a text is sent.
    pub way: Option<String>,
    /// What stands after the question mark of its path.
    pub query: String,
    /// Its content.
    pub body: Option<Value>,
    /// The version that it is based on, as the header has it.
    pub if_match: Option<String>,
}

/// What one operation is answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationResult {
    /// The HTTP status.
    #[schema(minimum = 200, maximum = 299)]
    pub status: u16,
    /// What the route answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, additional_properties, required = false)]
    pub body: Option<Box<RawValue>>,
    /// The entity tag of what is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub etag: Option<String>,
    /// Where what was made is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub location: Option<String>,
}

/// What a batch is answered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchResult {
    /// The number of the change that all of it is.
    #[schema(minimum = 0)]
    pub change: i64,
    /// One for each operation, in their order.
    pub results: Vec<OperationResult>,
}

/// Reads a batch.
///
/// # Errors
/// All the faults of the batch itself, each with its pointer; those of the contents are for the operations to find.
pub fn operations(value: &Value) -> Result<Vec<Operation>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut refused = Vec::new();
    let mut fields = Fields::new(value, "", &mut faults);
    let listed = value.get("operations").and_then(Value::as_array);
    let length = listed.map_or(0, Vec::len);
    match value.get("operations") {
        None | Some(Value::Null) if value.is_object() => {
            fields.fault("operations", FaultCode::Missing, "operations must be given");
        }
        Some(Value::Array(_)) if length == 0 => {
            fields.fault(
                "operations",
                FaultCode::TooSmall,
                "has one operation at least",
            );
        }
        Some(Value::Array(_)) if length > MOST => {
            let detail = format!("has {length} operations; at most {MOST} are allowed");
            fields.fault("operations", FaultCode::TooLarge, detail);
        }
        _ => {}
    }
    let mut seen: Vec<(Subject, String)> = Vec::new();
    let mut index = 0;
    let read = fields.objects("operations", |fields| {
        let at = format!("/operations/{index}");
        index += 1;
        let read = operation(fields)?;
        if let Err((place, code, detail)) = &read {
            refused.push(Fault::at(format!("{at}/{place}"), *code, detail.clone()));
        }
        let operation = read.ok()?;
        let same = (operation.subject, operation.id.clone());
        let made = operation.method == Method::Post && operation.id.is_empty();
        if !made && seen.contains(&same) {
            let detail =
                "an operation before it is about the same; a batch has one for each resource";
            refused.push(Fault::at(format!("{at}/path"), FaultCode::Repeated, detail));
        }
        if !made {
            seen.push(same);
        }
        Some(operation)
    });
    fields.finish();
    faults.extend(refused);
    match read {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(faults),
    }
}

type Refused = (&'static str, FaultCode, String);

fn operation(fields: &mut Fields<'_>) -> Option<Result<Operation, Refused>> {
    let method = fields.required_string("method");
    let path = fields.required_string("path");
    let body = fields.field("body").flatten().cloned();
    let if_match = fields.string("if_match");
    let (method, path) = (method?, path?);
    let Some(method) = Method::from_name(&method) else {
        let detail = format!("`{method}` is none of POST, PUT, PATCH and DELETE");
        return Some(Err(("method", FaultCode::NotAllowed, detail)));
    };
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let Some((subject, id, way)) = about(path, method) else {
        let detail = format!(
            "no batch has {} of `{path}`; there are the writes of articles, pages, tags, authors, redirects and the site, \
             but for merges and what is of many",
            method.as_str()
        );
        return Some(Err(("path", FaultCode::NotAllowed, detail)));
    };
    Some(Ok(Operation {
        method,
        subject,
        id,
        way,
        query: query.to_owned(),
        body,
        if_match,
    }))
}

/// What a path is about, where this can be done to it.
fn about(path: &str, method: Method) -> Option<(Subject, String, Option<String>)> {
    let mut parts = path.strip_prefix("/v1/admin/")?.split('/');
    let subject = match parts.next()? {
        "articles" => Subject::Texts(Kind::Article),
        "pages" => Subject::Texts(Kind::Page),
        "tags" => Subject::Tags,
        "authors" => Subject::Authors,
        "redirects" => Subject::Redirects,
        "site" => Subject::Site,
        _ => return None,
    };
    let (id, way, more) = (parts.next(), parts.next(), parts.next());
    let known = match (subject, method, id, way) {
        (Subject::Site, Method::Put | Method::Patch, None, None) => true,
        (Subject::Site, ..) => false,
        (_, Method::Post, None, None) => true,
        (Subject::Texts(_), Method::Post, Some(_), Some(_)) => true,
        (_, Method::Put | Method::Patch | Method::Delete, Some(_), None) => true,
        _ => false,
    };
    // One id in two spellings is one resource.
    let spelled = |id: &str| {
        id.parse::<Id>()
            .map_or_else(|_| id.to_owned(), |id| id.to_string())
    };
    let id = id.map(spelled).unwrap_or_default();
    (known && more.is_none()).then(|| (subject, id, way.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(value: &Value) -> Vec<String> {
        let told = |fault: Fault| format!("{} {:?}", fault.pointer.unwrap(), fault.code);
        let faults = operations(value).unwrap_err();
        faults.into_iter().map(told).collect()
    }

    #[test]
    fn names_all_the_faults_at_once() {
        assert_eq!(faults(&json!([])), [" WrongType"]);
        assert_eq!(faults(&json!({})), ["/operations Missing"]);
        assert_eq!(faults(&json!({"operations": []})), ["/operations TooSmall"]);
        let one = json!({"method": "POST", "path": "/v1/admin/tags", "body": {"name": "x"}});
        let many = vec![one.clone(); 101];
        assert_eq!(
            faults(&json!({"operations": many})),
            ["/operations TooLarge"]
        );
        assert_eq!(
            faults(&json!({"operations": [
                {"path": 3, "bdy": {}},
                {"method": "GET", "path": "/v1/admin/tags"},
                {"method": "POST", "path": "/v1/admin/users"},
                {"method": "POST", "path": "/v1/admin/articles/retag"},
                {"method": "POST", "path": "/v1/admin/batch"},
                {"method": "DELETE", "path": "/v1/admin/site"},
            ]})),
            [
                "/operations/0/method Missing",
                "/operations/0/path WrongType",
                "/operations/0/bdy Unknown",
                "/operations/1/method NotAllowed",
                "/operations/2/path NotAllowed",
                "/operations/3/path NotAllowed",
                "/operations/4/path NotAllowed",
                "/operations/5/path NotAllowed",
            ]
        );
        assert_eq!(
            operations(&json!({"operations": [one, one]}))
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn a_resource_has_one_operation() {
        let path = "/v1/admin/pages/01890a5d-ac96-774b-8000-00000000000a";
        let told = faults(&json!({"operations": [
            {"method": "DELETE", "path": path},
            {"method": "POST", "path": format!("{}/publish", path.replace("0a", "0A"))},
            {"method": "PUT", "path": path.replace("pages", "articles")},
            {"method": "PUT", "path": "/v1/admin/site"},
            {"method": "PATCH", "path": "/v1/admin/site?dry_run=true"},
        ]}));
        assert_eq!(
            told,
            ["/operations/1/path Repeated", "/operations/4/path Repeated"]
        );
    }
}
