//! The paths and methods that there are, from the list of routes that the OpenAPI document is made of: all that is needed of
//! it while the server runs, without the document itself, which is large.

use std::sync::LazyLock;

use actix_web::dev::{HttpServiceFactory, ResourceDef};
use utoipa::openapi::path::{Operation, Parameter, PathItem, Paths};
use utoipa::openapi::{RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

use super::Routes;

/// A path, and what may be asked of it.
#[derive(Debug, PartialEq)]
struct Route {
    path: String,
    /// As the router knows it.
    narrowed: String,
    methods: Vec<&'static str>,
}

/// Made when the first path is asked for that no route took.
static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(listed);

fn listed() -> Vec<Route> {
    let mut known = Known(Vec::new());
    super::routes(&mut known);
    known.0
}

/// Takes routes for their paths and methods.
struct Known(Vec<Route>);

impl Routes for Known {
    fn service<F: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, route: F) -> &mut Self {
        for known in of(&route.paths()) {
            match self.0.iter_mut().find(|other| other.path == known.path) {
                Some(other) => other.methods.extend(known.methods),
                None => self.0.push(known),
            }
        }
        self
    }
}

fn of(paths: &Paths) -> Vec<Route> {
    let paths = paths.paths.iter();
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
    ROUTES.iter().map(|route| route.path.as_str())
}

/// The methods of the routes that have this path; none where no route has.
pub(super) fn methods_of(path: &str) -> Vec<&'static str> {
    static MATCHING: LazyLock<Vec<(ResourceDef, &[&str])>> = LazyLock::new(|| {
        let routes = ROUTES.iter();
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

#[cfg(test)]
mod tests {
    use super::super::openapi;
    use super::*;

    #[test]
    fn what_is_known_of_routes_is_what_the_document_says() {
        let in_order = |mut routes: Vec<Route>| {
            routes.sort_by(|a, b| a.path.cmp(&b.path));
            for route in &mut routes {
                route.methods.sort_unstable();
            }
            routes
        };
        let documented = of(&openapi::document().paths);
        assert!(documented.len() > 100);
        assert_eq!(in_order(listed()), in_order(documented));
    }
}
