//! The contract as a page to read and try, with nothing loaded from elsewhere: Swagger UI, and above it a form with which
//! editors sign in.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_swagger_ui::Config;

use super::error::Refusal;
use super::query::Query;
use super::respond::Answer;
use crate::error::Error;

/// The page needs its own scripts and styles, and Swagger UI inlines its icons. No form is sent by the browser itself: the
/// script signs in.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What of the page is ours: its name, its type and its text. The rest is Swagger UI's.
const PARTS: [(&str, &str, &str); 3] = [
    (
        "index.html",
        "text/html; charset=utf-8",
        include_str!("docs/index.html"),
    ),
    (
        "sign-in.js",
        "text/javascript; charset=utf-8",
        include_str!("docs/sign-in.js"),
    ),
    (
        "sign-in.css",
        "text/css; charset=utf-8",
        include_str!("docs/sign-in.css"),
    ),
];

/// Read the contract
///
/// This API as a page to read and try.
#[utoipa::path(
    tag = "Contract",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
#[get("/docs/")]
pub(crate) async fn get_docs(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    file(&request, "index.html")
}

/// Find the contract
///
/// Leads to `/docs/`, where the page and its parts are.
#[utoipa::path(
    tag = "Contract",
    responses((status = 308, description = "It is at `/docs/`", headers(("Location" = String))))
)]
#[get("/docs")]
pub(crate) async fn get_docs_address(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    // Relative, so that it also holds behind a proxy that serves this API under a path.
    Err(Refusal::Moved("docs/".into()))
}

/// Get a part of the page
///
/// A script, a style or an icon of the page.
#[utoipa::path(
    tag = "Contract",
    params(("file" = String, Path, description = "Its name", example = "swagger-ui.css")),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/html"), (String = "text/css"), (String = "text/javascript"),
            (String = "image/png"), (String = "application/json"),
        )),
    )
)]
#[get("/docs/{file}")]
pub(crate) async fn get_docs_file(
    request: HttpRequest,
    name: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    file(&request, &name)
}

fn file(request: &HttpRequest, name: &str) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let own = PARTS.into_iter().find(|(part, ..)| *part == name);
    let answer = match own {
        Some((_, content_type, text)) => {
            Answer::bytes(text, HeaderValue::from_static(content_type))
        }
        None => of_swagger_ui(name)?,
    };
    let mut response = answer.to(request)?;
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, POLICY);
    Ok(response)
}

fn of_swagger_ui(name: &str) -> Result<Answer, Error> {
    static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
        let config = Config::from("../v1/openapi.json").validator_url("none");
        // Without the bar that loads other documents.
        Arc::new(config.use_base_layout())
    });
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG))
        .map_err(|error| Error::internal(format!("the page of the contract: {error}")))?
        .ok_or(Error::NotFound("file"))?;
    let content_type = HeaderValue::from_str(&found.content_type)
        .map_err(|error| Error::internal(format!("the type of {name}: {error}")))?;
    Ok(Answer::bytes(found.bytes.into_owned(), content_type))
}
