//! The OpenAPI document: made from the routes themselves, with what holds on every route added in one place.

use std::sync::LazyLock;

use actix_web::{App, HttpRequest, HttpResponse, get, web};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa_actix_web::AppExt;

use super::error::{Code, ProblemDocument, Refusal};
use super::query::Query;
use super::respond::{Answer, JSON};

/// The document.
pub static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

/// The document as JSON text, as `openapi/v1.json` holds it.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&*DOCUMENT).unwrap_or_default();
    text.push('\n');
    text
}

/// The document of one server, in which `locale` is one of the locales that it is set up with.
#[must_use]
pub fn text_for(locales: &[String]) -> String {
    let mut document = DOCUMENT.clone();
    let operations = document
        .paths
        .paths
        .values_mut()
        .filter_map(|item| item.get.as_mut());
    for parameter in operations
        .filter_map(|operation| operation.parameters.as_mut())
        .flatten()
    {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "locale"
        {
            let names = locales.iter().map(String::as_str);
            let one_of = ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(names));
            parameter.schema = Some(one_of.build().into());
        }
    }
    crate::json::text(&document)
}

/// Get the contract
///
/// This document.
#[utoipa::path(
    tag = "Contract",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object))
)]
#[get("/v1/openapi.json")]
pub(crate) async fn get_openapi(
    request: HttpRequest,
    app: web::Data<crate::app::App>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    Answer::bytes(app.openapi.clone(), JSON).to(&request)
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
    document.tags = Some(
        TAGS.map(|(name, about)| {
            TagBuilder::new()
                .name(name)
                .description(Some(about))
                .build()
        })
        .into(),
    );
    let document_schema = <ProblemDocument as utoipa::PartialSchema>::schema();
    let mut schemas = Vec::new();
    <ProblemDocument as utoipa::ToSchema>::schemas(&mut schemas);
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert("ProblemDocument".into(), document_schema);
    components.schemas.extend(schemas);
    for (code, description) in SHARED {
        components
            .responses
            .insert(code.as_str().into(), RefOr::T(problem(code, description)));
    }
    for (path, item) in &mut document.paths.paths {
        if let Some(operation) = &mut item.get {
            complete(path, operation);
        }
    }
    document
}

/// The groups of routes, in the order in which a reader wants them.
const TAGS: [(&str, &str); 7] = [
    ("Articles", "The stream of articles, newest first"),
    ("Pages", "Standing pages, such as \"About\""),
    ("Tags", "What articles are about"),
    ("Authors", "Whose names stand under articles"),
    ("Site", "What every page of the website shows"),
    ("Contract", "This document, and what its problems mean"),
    ("Operations", "Whether the server lives and wants requests"),
];

/// The problems that several routes share, by the name of their response.
const SHARED: [(Code, &str); 7] = [
    (Code::InvalidQuery, "The query or the path has faults"),
    (Code::NotFound, "There is nothing of that name here"),
    (
        Code::NotAcceptable,
        "`Accept` rules out the one type there is",
    ),
    (
        Code::UnexpectedContent,
        "The request has content, and none is read",
    ),
    (Code::UriTooLong, "The URL is too long"),
    (Code::Internal, "The server failed"),
    (Code::Unavailable, "The server is too busy"),
];

/// Adds what every route answers.
fn complete(path: &str, operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let cached = !path.starts_with("/health/");
    let read = path.starts_with("/v1/") && path != "/v1/openapi.json";
    if cached && responses.contains_key("200") {
        let unchanged = ResponseBuilder::new().description("What the client has still holds");
        responses.insert("304".into(), RefOr::T(unchanged.build()));
    }
    for (status, response) in responses.iter_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        add(
            response,
            "X-Request-Id",
            "Names the request in the server's log",
            Type::String,
        );
        match status.as_str() {
            "200" | "304" if cached => {
                add(response, "ETag", "A strong tag of the bytes", Type::String);
                add(
                    response,
                    "Cache-Control",
                    "Keep it, and ask each time whether it still holds",
                    Type::String,
                );
                if read {
                    add(
                        response,
                        "Change",
                        "The number of a public change that the answer includes",
                        Type::Integer,
                    );
                }
            }
            "308" => add(
                response,
                "Cache-Control",
                "Keep it, and ask each time whether it still holds",
                Type::String,
            ),
            _ => add(response, "Cache-Control", "Never kept", Type::String),
        }
    }
    for (code, _) in SHARED {
        let answers = match code {
            Code::NotFound => path.contains('{'),
            Code::NotAcceptable => responses.contains_key("304"),
            _ => true,
        };
        let status = code.status().as_u16().to_string();
        if answers {
            responses
                .entry(status)
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(code.as_str())));
        }
    }
}

fn problem(code: Code, description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemDocument")))
        .build();
    let response = ResponseBuilder::new().description(description);
    let mut response = response
        .content("application/problem+json", content)
        .build();
    add(
        &mut response,
        "X-Request-Id",
        "Names the request, also in `instance`",
        Type::String,
    );
    if code == Code::Unavailable {
        add(
            &mut response,
            "Retry-After",
            "Seconds until it is worth another try",
            Type::Integer,
        );
    }
    response
}

fn add(response: &mut Response, name: &str, description: &str, kind: Type) {
    let schema = Object::with_type(SchemaType::Type(kind));
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description));
    response
        .headers
        .insert(name.into(), RefOr::T(header.build()));
}
