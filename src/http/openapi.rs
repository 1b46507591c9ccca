//! The OpenAPI document: made from the routes themselves, with what holds on every route added in one place.

use std::sync::LazyLock;

use actix_web::{App, HttpRequest, HttpResponse, get};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, Header, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Response,
    ResponseBuilder,
};
use utoipa_actix_web::AppExt;

use super::error::{Code, ProblemDocument, Refusal};
use super::query::Query;
use super::respond::{Answer, JSON};

/// The document.
pub static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| text().into_bytes());

/// The document as JSON text, as `openapi/v1.json` holds it.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&*DOCUMENT).unwrap_or_default();
    text.push('\n');
    text
}

/// Get the contract
///
/// This document.
#[utoipa::path(
    tag = "Contract",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object))
)]
#[get("/v1/openapi.json")]
pub(crate) async fn get_openapi(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    Answer::bytes(BYTES.as_slice(), JSON).to(&request)
}

fn document() -> OpenApi {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .configure(super::routes)
        .split_for_parts();
    document.info = InfoBuilder::new()
        .title("Masthead")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A headless content API. Delivery is anonymous and a pure function of the URL and the content. HEAD works \
             wherever GET does, with the same headers. Every answer carries `X-Request-Id`; every one that can be cached \
             a strong `ETag`, and honours `If-None-Match`. Whatever goes wrong is a problem document (RFC 9457) that \
             names all the faults at once; nothing unknown is ignored.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build();
    let problem = <ProblemDocument as utoipa::PartialSchema>::schema();
    let mut schemas = Vec::new();
    <ProblemDocument as utoipa::ToSchema>::schemas(&mut schemas);
    let components = document.components.get_or_insert_default();
    components.schemas.insert("ProblemDocument".into(), problem);
    components.schemas.extend(schemas);
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            complete(path, operation);
        }
    }
    document
}

/// Adds what every route answers.
fn complete(path: &str, operation: &mut Operation) {
    let cached = !path.starts_with("/health/");
    let read = path.starts_with("/v1/") && path != "/v1/openapi.json";
    let mut common = vec![
        (Code::InvalidQuery, "The query or the path has faults"),
        (Code::UnexpectedContent, "The request has content"),
        (Code::UriTooLong, "The URL is too long"),
        (Code::Internal, "The server failed"),
        (Code::Unavailable, "The server is too busy"),
    ];
    if path.contains('{') {
        common.push((Code::NotFound, "There is nothing of that name here"));
    }
    if cached {
        common.push((
            Code::NotAcceptable,
            "`Accept` rules out the one type there is",
        ));
        let unchanged = ResponseBuilder::new()
            .description("What the client has still holds")
            .build();
        operation
            .responses
            .responses
            .insert("304".into(), RefOr::T(unchanged));
    }
    for (code, description) in common {
        let status = code.status().as_u16().to_string();
        operation
            .responses
            .responses
            .entry(status)
            .or_insert_with(|| RefOr::T(problem(description)));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut add = |name: &str, description: &str, kind: Type| {
            response
                .headers
                .insert(name.into(), RefOr::T(header(description, kind)));
        };
        add(
            "X-Request-Id",
            "Names the request, in problems and in the server's log",
            Type::String,
        );
        match status.as_str() {
            "200" | "304" if cached => {
                add("ETag", "A strong tag of the bytes", Type::String);
                add(
                    "Cache-Control",
                    "Keep it, and ask each time whether it still holds",
                    Type::String,
                );
                if read {
                    add(
                        "Change",
                        "The number of a public change that the answer includes",
                        Type::Integer,
                    );
                }
            }
            "200" => add("Cache-Control", "Never kept", Type::String),
            "308" => add(
                "Cache-Control",
                "Keep it, and ask each time whether it still holds",
                Type::String,
            ),
            "503" if cached => add(
                "Retry-After",
                "Seconds until it is worth another try",
                Type::Integer,
            ),
            _ => {}
        }
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemDocument")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}

fn header(description: &str, kind: Type) -> Header {
    let schema = Object::with_type(SchemaType::Type(kind));
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .build()
}
