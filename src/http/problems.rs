//! A page for each kind of problem, under the address that its documents carry as `type`.

use actix_web::http::header::HeaderValue;
use actix_web::{HttpRequest, HttpResponse, get, web};

use super::error::{Code, Refusal};
use super::query::Query;
use super::respond::Answer;
use crate::error::Error;

/// Explain a problem
///
/// What a problem means and what to do about it.
#[utoipa::path(
    tag = "Contract",
    params(("code" = String, Path, description = "The last part of the problem's `type`", example = "invalid-query")),
    responses(
        (status = 200, description = "The explanation", body = String, content_type = "text/html"),
    )
)]
#[get("/problems/{code}")]
pub(crate) async fn get_problem(
    request: HttpRequest,
    code: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let code = Code::from_name(&code).ok_or(Error::NotFound("problem"))?;
    let (status, title) = (code.status(), code.title());
    // Every second part between backticks is code.
    let parts = code.explanation().split('`').enumerate();
    let explanation: String = parts
        .map(|(index, part)| {
            if index % 2 == 1 {
                format!("<code>{part}</code>")
            } else {
                part.to_owned()
            }
        })
        .collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <h1>{title}</h1>\n<p><code>{}</code>, status {status}</p>\n<p>{explanation}</p>\n\
         <p><a href=\"/docs/\">The contract of this API</a></p>\n</html>\n",
        code.as_str()
    );
    Answer::bytes(page, HeaderValue::from_static("text/html; charset=utf-8")).to(&request)
}
