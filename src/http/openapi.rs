//! The OpenAPI document: made from the routes themselves, with what holds on every route added in one place.

mod problems;
mod shared;

use actix_web::{App, HttpRequest, HttpResponse, get, web};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, RefOr, Schema};
use utoipa_actix_web::AppExt;

use self::problems::{SHARED, problem};
use self::shared::{Method, Route};
use super::error::{ProblemDocument, Refusal};
use super::query::Query;
use super::respond::{Answer, JSON};
use crate::error::Error;

/// The document as JSON text, as `openapi/v1.json` holds it.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// The document of one server, in which `locale` is one of the locales that it is set up with.
#[must_use]
pub fn text_for(locales: &[String]) -> String {
    let mut document = document();
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
    // What writers send; what readers get may be of a locale that the site had once.
    for name in ["NewArticleInput", "ArticleChange"] {
        let components = document.components.as_mut();
        if let Some(RefOr::T(Schema::Object(written))) =
            components.and_then(|components| components.schemas.get_mut(name))
            && let Some(RefOr::T(Schema::Object(locale))) = written.properties.get_mut("locale")
        {
            let names = locales
                .iter()
                .map(|name| serde_json::Value::from(name.as_str()));
            locale.enum_values = Some(names.chain([serde_json::Value::Null]).collect());
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
    let shared = app.clone();
    let text = web::block(move || shared.openapi()).await;
    let text = text.map_err(|error| Error::internal(format!("the document: {error}")))?;
    // Nothing touches it while the server runs.
    Answer::bytes(text, JSON).depends_on("").to(&request)
}

pub(super) fn document() -> OpenApi {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .configure(|config| super::routes(config))
        .split_for_parts();
    document.info = InfoBuilder::new()
        .title("Masthead")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A headless content API. Delivery is anonymous and a pure function of the URL and the content. What is below \
             `/v1/admin/` is for those who edit, and wants a token. HEAD works \
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
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(
                    "An access token from `/v1/admin/auth/login`, or an API key",
                ))
                .build(),
        ),
    );
    for (code, description) in SHARED {
        components
            .responses
            .insert(code.as_str().into(), RefOr::T(problem(code, description)));
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (Method::Get, &mut item.get),
            (Method::Post, &mut item.post),
            (Method::Put, &mut item.put),
            (Method::Patch, &mut item.patch),
            (Method::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                Route { path, method }.complete(operation);
            }
        }
    }
    document
}

/// The groups of routes, in the order in which a reader wants them.
const TAGS: [(&str, &str); 28] = [
    ("Articles", "The stream of articles, newest first"),
    ("Pages", "Standing pages, such as \"About\""),
    ("Tags", "What articles are about"),
    ("Authors", "Whose names stand under articles"),
    ("Sync", "Keeping a copy of what is published"),
    ("Site", "What every page of the website shows"),
    ("Media files", "Pictures, each in the sizes that there are"),
    ("Contact", "What readers write to the editors"),
    (
        "Feeds",
        "For feed readers, search engines and other machines",
    ),
    ("Sign-in", "Tokens for those who edit"),
    ("Me", "One's own account and sessions"),
    ("Editing articles", "Articles in every state"),
    ("Editing pages", "Pages in every state"),
    (
        "Editing tags",
        "Tags, whether anything public carries them or not",
    ),
    (
        "Editing authors",
        "Authors, whether anything public names them or not",
    ),
    ("Media", "Pictures that are put in, and what uses them"),
    ("Editing the site", "What the site says of itself"),
    ("Previews", "Texts shown before readers see them"),
    ("Redirects", "Old addresses and where they lead"),
    ("Inbox", "What came by the contact form"),
    ("Batches", "Several writes as one"),
    (
        "Jobs",
        "Imports and backups, which take longer than a request",
    ),
    ("Users", "The accounts of those who edit"),
    ("API keys", "What programs write with"),
    ("Webhooks", "Who is told of changes"),
    ("Audit", "Who did what, when, from where"),
    ("Contract", "This document, and what its problems mean"),
    ("Operations", "Whether the server lives and wants requests"),
];
