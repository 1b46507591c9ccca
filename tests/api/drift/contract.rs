//! The routes and the OpenAPI document: the same operations, parameters and values, and pages for all the problems.

use std::collections::{BTreeMap, BTreeSet};

use masthead::auth::model::Role;
use masthead::http::error::Code;
use serde_json::Value;

use super::code;
use crate::support::{Client, Server};

const METHODS: &[&str] = &[
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

fn document() -> Value {
    serde_json::from_str(&masthead::http::openapi::text()).unwrap()
}

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    value: Value,
}

impl Operation {
    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.value["parameters"].as_array();
        all.into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == place)
            .collect()
    }

    /// Whether its answer ends.
    fn ends(&self) -> bool {
        !self.path.ends_with("/stream")
    }

    /// The path with the examples of its parameters.
    fn example(&self) -> String {
        let mut path = self.path.clone();
        for parameter in self.parameters("path") {
            let name = parameter["name"].as_str().unwrap();
            // Which ids there are, no document can know.
            let any = (parameter["schema"]["format"] == "uuid")
                .then_some("01890a5d-ac96-774b-bcce-b302099a8057");
            let example = parameter["example"].as_str().or(any).unwrap_or_else(|| {
                panic!("{name} of {} has no example", self.path);
            });
            path = path.replace(&format!("{{{name}}}"), example);
        }
        assert!(!path.contains('{'), "{path} has a parameter without a name");
        path
    }

    /// The same with this parameter in its query, and with those that must be there.
    fn with(&self, name: &str, value: &str) -> String {
        let needed = self
            .parameters("query")
            .into_iter()
            .filter_map(|parameter| {
                let needed = parameter["required"] == true && parameter["name"] != name;
                needed.then(|| {
                    let example = parameter["example"].as_str().expect("an example");
                    format!("&{}={example}", parameter["name"].as_str().unwrap())
                })
            });
        let mut needed: String = needed.collect();
        // One of two has to be there.
        if self.path == "/v1/changes" && !["since", "initial"].contains(&name) {
            needed.push_str("&initial=true");
        }
        format!("{}?{name}={value}{needed}", self.example())
    }
}

fn operations() -> Vec<Operation> {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, item) in paths {
        for (method, value) in item.as_object().unwrap() {
            if METHODS.contains(&method.as_str()) {
                found.push(Operation {
                    method: method.clone(),
                    path: path.clone(),
                    value: value.clone(),
                });
            }
        }
    }
    assert!(found.len() > 10);
    found
}

/// `{name:pattern}` as the document writes it: `{name}`.
fn without_patterns(path: &str) -> String {
    let mut plain = String::new();
    let mut in_pattern = false;
    for c in path.chars() {
        match c {
            ':' => in_pattern = true,
            '}' => in_pattern = false,
            _ => {}
        }
        if !in_pattern {
            plain.push(c);
        }
    }
    plain
}

#[test]
fn every_route_is_in_the_document_and_every_operation_is_a_route() {
    let mut routes = BTreeSet::new();
    for (_, text) in code() {
        for method in METHODS {
            for rest in text.split(&format!("#[{method}(\"")).skip(1) {
                let (path, _) = rest.split_once('"').unwrap();
                routes.insert(format!("{method} {}", without_patterns(path)));
            }
        }
    }
    let documented: BTreeSet<String> = operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(routes, documented);
}

#[test]
fn no_route_is_made_another_way() {
    let mut found = Vec::new();
    for (file, text) in code() {
        for (index, line) in text.lines().enumerate() {
            let ways = [
                ".route(",
                "web::resource(",
                "web::scope(",
                "#[route(",
                "#[routes]",
            ];
            if ways.iter().any(|way| line.contains(way)) {
                found.push(format!("{file}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "these would be missing in the document; use #[get(..)] and the list in http/mod.rs:\n{}",
        found.join("\n")
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let tags: BTreeSet<String> = operations()
        .iter()
        .map(|operation| operation.value["tags"][0].to_string())
        .collect();
    assert!(tags.len() > 3, "{tags:?}");
    let document = document();
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let place = format!("{} {}", operation.method, operation.path);
        let id = operation.value["operationId"].as_str().unwrap();
        let (verb, noun) = id.split_once('_').unwrap_or_default();
        let verbs: &[&str] = match operation.method.as_str() {
            "get" => &[
                "get", "list", "search", "suggest", "resolve", "stream", "preview",
            ],
            _ => &[
                "create", "update", "replace", "delete", "move", "set", "accept", "begin", "renew",
                "end", "restore", "publish", "schedule", "merge", "retag", "ping", "rotate",
                "replay", "confirm", "run", "submit", "send",
            ],
        };
        assert!(
            noun.len() > 1 && (verbs.is_empty() || verbs.contains(&verb)),
            "{place}: `{id}` is not verb_noun"
        );
        assert!(
            ids.insert(id.to_owned()),
            "{place}: `{id}` names two operations"
        );
        for text in ["summary", "description"] {
            let text = operation.value[text].as_str();
            assert!(
                text.is_some_and(|text| text.len() > 5),
                "{place} lacks a text"
            );
        }
        for parameter in operation.value["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let text = parameter["description"].as_str();
            assert!(
                text.is_some_and(|text| text.len() > 5),
                "{place}: {} has no description",
                parameter["name"]
            );
        }
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            let response = match response["$ref"].as_str() {
                Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
                None => response,
            };
            let text = response["description"].as_str();
            assert!(text.is_some_and(|text| text.len() > 3), "{place}: {status}");
        }
    }
}

/// The parameters that a route says it has, when it is asked for one that it has not.
fn known_parameters(client: &Client, operation: &Operation) -> BTreeSet<String> {
    let target = operation.with("qqqqqqqqqqqqqqqqqqqqqqqq", "1");
    let answer = client.get(&target);
    assert_eq!(
        answer.faults(),
        ["qqqqqqqqqqqqqqqqqqqqqqqq unknown"],
        "{target}"
    );
    let problem = answer.problem();
    let detail = problem["errors"][0]["detail"].as_str().unwrap().to_owned();
    match detail.split_once("it has ") {
        Some((_, names)) => names.split(", ").map(str::to_owned).collect(),
        None => {
            assert_eq!(detail, "this route has no parameters", "{target}");
            BTreeSet::new()
        }
    }
}

#[test]
fn the_parameters_of_the_document_are_those_of_the_routes() {
    let server = Server::start();
    // Delivery looks at nobody's token.
    let admin = server.sign_in(Role::Admin);
    let mut documented = BTreeMap::new();
    let mut known = BTreeMap::new();
    for operation in operations()
        .iter()
        .filter(|operation| operation.method == "get")
    {
        let names: BTreeSet<String> = operation
            .parameters("query")
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        documented.insert(operation.path.clone(), names);
        known.insert(operation.path.clone(), known_parameters(&admin, operation));
    }
    assert_eq!(documented, known);
}

#[test]
fn each_documented_parameter_is_read() {
    let server = Server::start();
    // Delivery looks at nobody's token.
    let admin = server.sign_in(Role::Admin);
    for operation in operations()
        .iter()
        .filter(|operation| operation.method == "get")
    {
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            // Empty is a value that none of them takes, so each is named in a fault, but as known.
            let answer = admin.get(&operation.with(name, ""));
            let faults = answer.faults();
            assert!(
                !faults.is_empty()
                    && faults
                        .iter()
                        .all(|fault| fault == &format!("{name} too_small")),
                "{} {name}: {faults:?}",
                operation.path
            );
        }
    }
}

#[test]
fn each_documented_value_is_accepted() {
    let server = Server::start();
    // Delivery looks at nobody's token.
    let admin = server.sign_in(Role::Admin);
    let mut sorts = 0;
    for operation in operations()
        .iter()
        .filter(|operation| operation.method == "get" && operation.ends())
    {
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            let values = parameter["schema"]["enum"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            assert!(
                name != "sort" || !values.is_empty(),
                "{} lists no orders",
                operation.path
            );
            for value in values {
                let target = operation.with(name, value.as_str().unwrap());
                let answer = admin.get(&target);
                // A value is read before what has an id is looked for; no such thing is there.
                let expected = if operation.path.contains("{id}") {
                    404
                } else {
                    200
                };
                assert_eq!(answer.status, expected, "{target}");
                sorts += usize::from(name == "sort");
            }
        }
    }
    assert!(sorts >= 8, "only {sorts} orders");
}

#[test]
fn each_name_that_a_parameter_lists_in_words_is_accepted() {
    let server = Server::start();
    for path in ["/v1/articles", "/v1/pages"] {
        let operations = operations();
        let operation = operations
            .iter()
            .find(|operation| operation.path == path)
            .unwrap();
        for parameter in operation.parameters("query") {
            let text = parameter["description"].as_str().unwrap();
            let Some((_, names)) = text.split_once("separated by commas: ") else {
                continue;
            };
            let names = names.trim_end_matches('.').replace(' ', "");
            let name = parameter["name"].as_str().unwrap();
            assert_eq!(
                server.get(&format!("{path}?{name}={names}")).status,
                200,
                "{name}={names}"
            );
            let refused = server.get(&format!("{path}?{name}=qqqqqqqqqqqqqqqq"));
            let problem = refused.problem();
            let detail = problem["errors"][0]["detail"].as_str().unwrap();
            let (_, known) = detail.split_once("is none of ").unwrap();
            assert_eq!(
                names,
                known.replace(' ', ""),
                "the names that {name} of {path} lists"
            );
        }
    }
}

#[test]
fn each_problem_has_a_page() {
    let server = Server::start();
    assert!(Code::ALL.len() > 10);
    for code in Code::ALL {
        let page = server.get(&format!("/problems/{}", code.as_str()));
        assert_eq!(page.status, 200, "{code:?}");
        let text = page.text();
        let title = format!("<h1>{}</h1>", code.title());
        assert!(text.contains(&title), "{code:?}: {text}");
        assert!(
            text.contains(&code.status().as_u16().to_string()),
            "{code:?}: {text}"
        );
        assert!(code.explanation().len() > 40, "{code:?}");
    }
    assert_eq!(server.get("/problems/no-such-problem").status, 404);
}

#[test]
fn no_two_schemas_have_one_name() {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for (file, text) in code() {
        let mut derives = false;
        for line in text.lines().map(str::trim) {
            derives |= line.starts_with("#[derive(") && line.contains("ToSchema");
            let words: Vec<&str> = line.split([' ', '<', '{', ';']).collect();
            let kind = words
                .iter()
                .position(|word| matches!(*word, "struct" | "enum"));
            if let Some(name) = kind.and_then(|at| words.get(at + 1)) {
                // Those that a macro names are named where it is called, and nowhere twice.
                if derives && !name.starts_with('$') {
                    found
                        .entry((*name).to_owned())
                        .or_default()
                        .push(file.clone());
                }
                derives = false;
            }
        }
    }
    assert!(found.len() > 40, "{found:?}");
    found.retain(|_, files| files.len() > 1);
    assert!(
        found.is_empty(),
        "the last one would be the schema of all: {found:?}"
    );
}
