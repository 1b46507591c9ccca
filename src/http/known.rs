//! The paths and methods that there are, as the OpenAPI document has them. The document is large: only this and its text are
//! kept while the server runs.

use std::sync::{LazyLock, OnceLock};

use actix_web::dev::ResourceDef;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::openapi;

/// A path, and what may be asked of it.
struct Route {
    path: String,
    /// As the router knows it.
    narrowed: String,
    methods: Vec<&'static str>,
}

static ROUTES: OnceLock<Vec<Route>> = OnceLock::new();

/// Remembers the routes of the document, where that is made anyway.
pub(super) fn remember(document: &OpenApi) {
    ROUTES.get_or_init(|| of(document));
}

fn routes() -> &'static [Route] {
    ROUTES.get_or_init(|| of(&openapi::document()))
}

fn of(document: &OpenApi) -> Vec<Route> {
    let paths = document.paths.paths.iter();
    paths
        .map(|(path, item)| Route {
            path: path.clone(),
            narrowed: narrowed(path, item),
            methods: operations(item).map(|(method, _)| method).collect(),
        })
        .collect()
}

/// All paths.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    routes().iter().map(|route| route.path.as_str())
}

/// The methods of the routes that have this path; none where no route has.
pub(super) fn methods_of(path: &str) -> Vec<&'static str> {
    // Made when the first path is asked for that no route took.
    static MATCHING: LazyLock<Vec<(ResourceDef, &[&str])>> = LazyLock::new(|| {
        let routes = routes().iter();
        routes
            .map(|route| (ResourceDef::new(&*route.narrowed), &*route.methods))
            .collect()
    });
    let here = MATCHING.iter().filter(|(known, _)| known.is_match(path));
    let mut methods: Vec<&str> = here.flat_map(|(_, methods)| *methods).copied().collect();
    methods.sort_unstable();
    methods.dedup();
    if !methods.is_empty() {
        methods.push("OPTIONS");
    }
    methods
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let operations = [
        ("GET", &item.get),
        ("HEAD", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    operations
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// A path of the document as the router knows it: a parameter with a closed list of values takes no others.
fn narrowed(path: &str, item: &PathItem) -> String {
    let mut path = path.to_owned();
    for parameter in
        operations(item).flat_map(|(_, operation)| operation.parameters.iter().flatten())
    {
        if let RefOr::T(Parameter {
            name,
            schema: Some(RefOr::T(Schema::Object(schema))),
            ..
        }) = parameter
            && let Some(values) = &schema.enum_values
        {
            let values: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
            let closed = format!("{{{name}:{}}}", values.join("|"));
            path = path.replace(&format!("{{{name}}}"), &closed);
        }
    }
    path
}
