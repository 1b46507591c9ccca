//! The contract as a judge: what the OpenAPI document that the server itself serves says of an answer. Its path and
//! method, its status, the headers and media type of that status, and the body down to unknown properties and formats.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::client::Answer;

/// Headers that are documented for a status and need not always be there.
const OPTIONAL: [&str; 2] = ["Content-Encoding", "Link"];

/// The document, ready to judge.
pub(crate) struct Contract {
    operations: Vec<Operation>,
    problem: Schema,
}

struct Operation {
    path: Vec<Piece>,
    template: String,
    method: String,
    answers: BTreeMap<u16, Documented>,
}

/// What a status may carry.
struct Documented {
    headers: BTreeMap<String, String>,
    /// By media type.
    content: HashMap<String, Schema>,
}

/// A schema of the document, compiled when it is first needed: there are hundreds, and a test needs a handful.
struct Schema {
    schema: Value,
    components: Arc<Value>,
    compiled: OnceLock<Validator>,
}

impl Schema {
    fn new(schema: &Value, components: &Arc<Value>) -> Self {
        Self {
            schema: schema.clone(),
            components: Arc::clone(components),
            compiled: OnceLock::new(),
        }
    }

    fn validate(&self, value: &Value) -> Result<(), String> {
        let compile = || compile(&self.schema, &self.components);
        validate(self.compiled.get_or_init(compile), value)
    }
}

enum Piece {
    Text(String),
    /// A parameter, and its values where they are a closed list.
    Parameter(Vec<String>),
}

/// The contract of this program; its schemas are compiled once.
pub(crate) fn contract() -> &'static Contract {
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
        let document = masthead::http::openapi::text();
        Contract::new(&serde_json::from_str(&document).expect("the document is JSON"))
    });
    &CONTRACT
}

impl Contract {
    fn new(document: &Value) -> Self {
        let components = Arc::new(closed(&document["components"]));
        let mut operations = Vec::new();
        for (template, item) in object(&document["paths"]) {
            for (method, operation) in object(item) {
                let answers = object(&operation["responses"])
                    .iter()
                    .map(|(status, answer)| {
                        (
                            status.parse().expect("a status"),
                            Documented::new(resolved(document, answer), &components),
                        )
                    });
                operations.push(Operation {
                    path: pieces(template, operation, document),
                    template: template.clone(),
                    method: method.to_uppercase(),
                    answers: answers.collect(),
                });
            }
        }
        // A route with more of its own comes before one that swallows it in a parameter.
        operations.sort_by_key(|operation| {
            let own = operation.path.iter().map(|piece| match piece {
                Piece::Text(text) => text.len(),
                Piece::Parameter(_) => 0,
            });
            std::cmp::Reverse(own.sum::<usize>())
        });
        Self {
            operations,
            problem: Schema::new(
                &json!({"$ref": "#/components/schemas/ProblemDocument"}),
                &components,
            ),
        }
    }

    /// The routes, as `METHOD path`.
    pub(crate) fn routes(&self) -> Vec<String> {
        let routes = self.operations.iter();
        routes
            .map(|operation| format!("{} {}", operation.method, operation.template))
            .collect()
    }

    /// Judges an answer to this request.
    pub(crate) fn check(&self, method: &str, target: &str, answer: &Answer) -> Result<(), String> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let head = method == "HEAD";
        let asked = if head { "GET" } else { method };
        let mut known = self
            .operations
            .iter()
            .filter(|operation| matches(&operation.path, path))
            .peekable();
        let route_exists = known.peek().is_some();
        common(path, answer)?;
        match known.find(|operation| operation.method == asked) {
            Some(operation) => operation.check(answer, head)?,
            None if asked == "OPTIONS" && route_exists && answer.status == 204 => {
                require(answer.body.is_empty(), "a preflight with a body")?;
                for name in [
                    "allow",
                    "access-control-allow-methods",
                    "access-control-allow-headers",
                ] {
                    require(
                        answer.headers.contains_key(name),
                        &format!("a preflight without {name}"),
                    )?;
                }
            }
            None => {
                require(
                    answer.is_problem(),
                    "no route, no method, and no problem document",
                )?;
                let expected: &[u16] = if !is_readable(path) {
                    &[400, 414]
                } else if route_exists {
                    &[405, 413, 414]
                } else {
                    &[404, 413, 414]
                };
                require(
                    expected.contains(&answer.status),
                    &format!("no route, no method, and none of {expected:?}"),
                )?;
                require(
                    answer.status != 405 || answer.headers.contains_key("allow"),
                    "405 without Allow",
                )?;
            }
        }
        if answer.is_problem() && !head {
            self.check_problem(answer)?;
        }
        Ok(())
    }

    fn check_problem(&self, answer: &Answer) -> Result<(), String> {
        let document: Value =
            serde_json::from_slice(&answer.body).map_err(|error| format!("no JSON: {error}"))?;
        self.problem.validate(&document)?;
        require(
            document["instance"] == answer.header("x-request-id"),
            "`instance` is not X-Request-Id",
        )?;
        require(
            document["status"] == answer.status,
            "`status` is not the status",
        )
    }
}

impl Operation {
    fn check(&self, answer: &Answer, head: bool) -> Result<(), String> {
        let Some(documented) = self.answers.get(&answer.status) else {
            let known: Vec<_> = self.answers.keys().collect();
            return Err(format!(
                "the status is none of {known:?} of {}",
                self.template
            ));
        };
        for (name, kind) in &documented.headers {
            let value = answer.header(name);
            let fine = match kind.as_str() {
                "integer" => value.parse::<i64>().is_ok(),
                _ => !value.is_empty(),
            };
            let optional = OPTIONAL.contains(&name.as_str());
            let absent = !answer.headers.contains_key(name);
            require(
                fine || optional && absent,
                &format!("the header {name} is `{value}`"),
            )?;
        }
        let media_type = answer.header("content-type");
        let essence = media_type.split(';').next().unwrap_or_default();
        if documented.content.is_empty() {
            require(answer.body.is_empty(), "a body where none is documented")?;
            return require(media_type.is_empty(), "a Content-Type without content");
        }
        let known: Vec<_> = documented.content.keys().collect();
        let schema = documented
            .content
            .get(essence)
            .ok_or_else(|| format!("the media type is none of {known:?}"))?;
        if head {
            return require(answer.body.is_empty(), "HEAD with a body");
        }
        if essence == "application/json" || essence.ends_with("+json") {
            let body: Value = serde_json::from_slice(&answer.decoded())
                .map_err(|error| format!("no JSON: {error}"))?;
            schema.validate(&body)?;
            check_links(answer, &body)
        } else if essence.starts_with("text/") {
            let text = String::from_utf8(answer.decoded())
                .map_err(|error| format!("no UTF-8: {error}"))?;
            schema.validate(&json!(text))
        } else {
            Ok(())
        }
    }
}

/// A list's `Link` headers say what its body says.
fn check_links(answer: &Answer, body: &Value) -> Result<(), String> {
    let Some(page) = body.get("page").filter(|_| body.get("items").is_some()) else {
        return Ok(());
    };
    for (relation, cursor) in [("next", &page["next"]), ("prev", &page["previous"])] {
        require(
            answer.link(relation).is_some() == cursor.is_string(),
            &format!("the {relation} link and the body disagree"),
        )?;
    }
    let limit = page["limit"].as_u64().unwrap_or_default();
    let items = body["items"].as_array().map_or(0, Vec::len);
    require(items as u64 <= limit, "more items than `limit`")
}

/// What every answer carries.
fn common(path: &str, answer: &Answer) -> Result<(), String> {
    require(!answer.header("x-request-id").is_empty(), "no X-Request-Id")?;
    require(
        answer.header("x-content-type-options") == "nosniff",
        "no nosniff",
    )?;
    require(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'none'"),
        "no Content-Security-Policy that begins with nothing",
    )?;
    require(
        answer.header("referrer-policy") == "no-referrer",
        "no Referrer-Policy",
    )?;
    if path.starts_with("/v1/admin/") {
        require(
            answer.header("access-control-allow-origin") != "*",
            "what is for editors is open to any website",
        )?;
        require(
            answer.header("cache-control") == "private, no-store",
            "what is for editors may be kept",
        )?;
    } else {
        require(
            answer.header("access-control-allow-origin") == "*",
            "no CORS",
        )?;
    }
    for banner in ["server", "x-powered-by", "set-cookie"] {
        require(
            !answer.headers.contains_key(banner),
            &format!("a {banner} header"),
        )?;
    }
    Ok(())
}

impl Documented {
    fn new(answer: &Value, components: &Arc<Value>) -> Self {
        let kind = |header: &Value| {
            header["schema"]["type"]
                .as_str()
                .unwrap_or("string")
                .to_owned()
        };
        Self {
            headers: object(&answer["headers"])
                .iter()
                .map(|(name, header)| (name.clone(), kind(header)))
                .collect(),
            content: object(&answer["content"])
                .iter()
                .map(|(media_type, content)| {
                    (
                        media_type.clone(),
                        Schema::new(&content["schema"], components),
                    )
                })
                .collect(),
        }
    }
}

fn compile(schema: &Value, components: &Value) -> Validator {
    let schema = match closed(schema) {
        Value::Object(mut schema) => {
            schema.insert("components".into(), components.clone());
            Value::Object(schema)
        }
        other => other,
    };
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|error| panic!("a schema of the document: {error}"))
}

/// The same, with every object that lists its properties closed to others: what is not documented is not answered.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<String, Value> = object
                .iter()
                .map(|(name, value)| (name.clone(), closed(value)))
                .collect();
            if object.get("type") == Some(&json!("object")) && object.contains_key("properties") {
                object
                    .entry("additionalProperties")
                    .or_insert(Value::Bool(false));
            }
            Value::Object(object)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

fn validate(schema: &Validator, value: &Value) -> Result<(), String> {
    let faults: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    require(faults.is_empty(), &faults.join("; "))
}

fn pieces(template: &str, operation: &Value, document: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, parameter)) = rest.split_once('{') {
        let (name, after) = parameter.split_once('}').expect("a closing brace");
        let parameters = operation["parameters"].as_array();
        let schema = parameters
            .into_iter()
            .flatten()
            .find(|parameter| parameter["name"] == name && parameter["in"] == "path")
            .unwrap_or_else(|| panic!("{template} does not describe {name}"));
        pieces.push(Piece::Text(text.to_owned()));
        pieces.push(Piece::Parameter(values(resolved(
            document,
            &schema["schema"],
        ))));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

/// The values of a parameter that has a closed list of them.
fn values(schema: &Value) -> Vec<String> {
    let values = schema["enum"].as_array();
    values
        .into_iter()
        .flatten()
        .map(|value| value.as_str().expect("a name").to_owned())
        .collect()
}

/// What a reference inside the document leads to; what is none leads to itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

fn matches(pieces: &[Piece], path: &str) -> bool {
    match pieces {
        [] => path.is_empty(),
        [Piece::Text(text), rest @ ..] => path
            .strip_prefix(text.as_str())
            .is_some_and(|path| matches(rest, path)),
        [Piece::Parameter(values), rest @ ..] => {
            let segment = path.find('/').unwrap_or(path.len());
            (1..=segment)
                .filter(|end| path.is_char_boundary(*end))
                .filter(|end| {
                    values.is_empty() || values.iter().any(|value| value == &path[..*end])
                })
                .any(|end| matches(rest, &path[end..]))
        }
    }
}

fn object(value: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

/// Whether a path is percent-encoded UTF-8 without NUL.
fn is_readable(path: &str) -> bool {
    percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .is_ok_and(|path| !path.contains('\0'))
}

fn require(fine: bool, otherwise: &str) -> Result<(), String> {
    if fine {
        Ok(())
    } else {
        Err(otherwise.to_owned())
    }
}
