//! A batch over HTTP: each operation is made ready by the slice it is about, and all are run in one transaction.

use actix_web::http::header::{HeaderMap, HeaderValue, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::model::{self, BatchResult, Method, Operation, OperationResult, Subject};
use crate::app::App;
use crate::articles::http::edit::writes::{self as texts, How};
use crate::articles::model::Kind;
use crate::auth::extract::{
    Allowed, Permission, WriteAnything, WriteArticles, WriteAuthors, WritePages, WriteRedirects,
    WriteSite, WriteTags,
};
use crate::auth::model::Grants;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, Write};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::extract::{Content, IfMatch, Size};
use crate::http::query::Query;
use crate::{authors, redirects, site, tags};

/// Bytes of the bodies that a batch may store: a few words that are sent may change much that is there.
const MOST_WRITTEN: usize = 8 * 1024 * 1024;

/// One write of a batch.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `model::operations` reads")]
struct OperationInput {
    /// As in a request of its own.
    #[schema(value_type = String, pattern = "^(POST|PUT|PATCH|DELETE)$", example = "POST")]
    method: Method,
    /// The path and the query, as in a request of its own. A resource stands in one operation only.
    #[schema(
        example = "/v1/admin/tags",
        pattern = r"^/v1/admin/(articles|pages|tags|authors|redirects|site)([/?].*)?$"
    )]
    path: String,
    /// The content, as in a request of its own.
    #[schema(value_type = Option<Object>, additional_properties)]
    body: Option<Value>,
    /// The `ETag` of the version that it is based on. PUT, PATCH and DELETE require one.
    #[schema(pattern = "^\"[0-9]+\\.[A-Za-z0-9_-]+\"$")]
    if_match: Option<String>,
}

/// Several writes that are to be done as one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `model::operations` reads")]
struct BatchInput {
    /// In the order in which they are to be done.
    #[schema(min_items = 1, max_items = 100)]
    operations: Vec<OperationInput>,
}

/// Run a batch
///
/// Up to 100 writes of articles, pages, tags, authors, redirects and the site, all of them as one change or none: what one
/// is refused for, all are, and `errors` names its place. To each applies what applies to it alone: rights, rules,
/// `if_match`. `dry_run` and `Idempotency-Key` are of the whole.
#[utoipa::path(
    tag = "Batches",
    request_body = BatchInput,
    responses((status = 200, description = "What each is answered", body = BatchResult))
)]
#[post("/v1/admin/batch")]
pub(crate) async fn run_batch(
    allowed: Allowed<WriteAnything>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read(&request, payload, Size::Batch).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let operations = model::operations(&content.value).map_err(Error::Invalid)?;
    let mut writes = Vec::with_capacity(operations.len());
    let mut bytes = 0;
    for (index, operation) in operations.into_iter().enumerate() {
        let ready = ready(&app, &command.who().grants, operation).await;
        let (write, more) = ready.map_err(|refusal| refusal.of_operation(index))?;
        bytes += more;
        if bytes > MOST_WRITTEN {
            let detail = format!(
                "with it the texts of this batch have {bytes} bytes as they would be stored; at most {MOST_WRITTEN} are allowed"
            );
            let place = format!("/operations/{index}");
            let fault = Fault::at(place, FaultCode::TooLarge, detail);
            return Err(Error::Invalid(vec![fault]).into());
        }
        writes.push(write);
    }
    command
        .run(&app, move |tx| {
            let mut results = Vec::with_capacity(writes.len());
            for (index, write) in writes.iter().enumerate() {
                let reply = write(tx).map_err(|error| error.of_operation(index))?;
                results.push(result(reply)?);
            }
            let number = tx.number();
            let change = if tx.is_logged() { number } else { number - 1 };
            Reply::told(&BatchResult { change, results })
        })
        .await
}

fn result(reply: Reply) -> Result<OperationResult> {
    let body = reply.body.map(RawValue::from_string).transpose();
    Ok(OperationResult {
        status: reply.status,
        body: body.map_err(|error| Error::internal(format!("an answer: {error}")))?,
        etag: reply.etag,
        location: reply.location,
    })
}

/// Makes one operation ready, as its route does. Of a text also the bytes of its body are told.
async fn ready(
    app: &web::Data<App>,
    grants: &Grants,
    operation: Operation,
) -> Result<(Write, usize), Refusal> {
    if !may(grants, operation.subject) {
        return Err(Error::Forbidden.into());
    }
    let Operation {
        method,
        subject,
        id,
        way,
        query,
        body,
        if_match,
    } = operation;
    let mut query = Query::parse(&query);
    let removes_text = method == Method::Delete && matches!(subject, Subject::Texts(_));
    let purge = removes_text && query.flag("purge");
    query.finish()?;
    let takes_body = method != Method::Delete && way.is_none();
    if !takes_body && !is_nothing(body.as_ref()) {
        let detail = "this write takes no content, or an empty object";
        return Err(Problem::new(Code::UnexpectedContent, detail).into());
    }
    let based_on = read_version(if_match.as_deref())?;
    let based_on = match method {
        Method::Post => based_on,
        Method::Put | Method::Patch | Method::Delete => based_on.required()?,
    };
    let (id, sent) = (id.as_str(), body.unwrap_or_default());
    let write = match (subject, method) {
        (Subject::Texts(kind), Method::Post) => match way {
            Some(way) => texts::sending(app, (kind, id), &way, based_on),
            None => return texts::creating(app, sent, kind).await,
        },
        (Subject::Texts(kind), Method::Put) => {
            return texts::changing(app, (kind, id), based_on, sent, How::Put).await;
        }
        (Subject::Texts(kind), Method::Patch) => {
            return texts::changing(app, (kind, id), based_on, sent, How::Patch).await;
        }
        (Subject::Texts(kind), Method::Delete) => texts::removing(app, (kind, id), based_on, purge),
        (Subject::Tags, method) => {
            use tags::{http::edit, input};
            match method {
                Method::Post => edit::creating(app, &sent),
                Method::Put => edit::changing(id, based_on, sent, input::replaced),
                Method::Patch => edit::changing(id, based_on, sent, input::patched),
                Method::Delete => edit::deleting(id, based_on),
            }
        }
        (Subject::Authors, method) => {
            use authors::{http::edit, input};
            match method {
                Method::Post => edit::creating(app, &sent),
                Method::Put => edit::changing(id, based_on, sent, input::replaced),
                Method::Patch => edit::changing(id, based_on, sent, input::patched),
                Method::Delete => edit::deleting(id, based_on),
            }
        }
        (Subject::Redirects, method) => {
            use redirects::{http as edit, input};
            match method {
                Method::Post => edit::creating(app, &sent),
                Method::Put => edit::changing(id, based_on, sent, |_, sent| sent.clone()),
                Method::Patch => edit::changing(id, based_on, sent, input::patched),
                Method::Delete => edit::deleting(id, based_on),
            }
        }
        (Subject::Site, method) => {
            use site::{http::edit, input};
            Ok(match method {
                Method::Patch => edit::changing(based_on, sent, input::patched),
                _ => edit::changing(based_on, sent, |_, sent| Ok(sent.clone())),
            })
        }
    }?;
    Ok((write, 0))
}

/// Whether its route would let them in.
fn may(grants: &Grants, subject: Subject) -> bool {
    match subject {
        Subject::Texts(Kind::Article) => WriteArticles::is_granted(grants),
        Subject::Texts(Kind::Page) => WritePages::is_granted(grants),
        Subject::Tags => WriteTags::is_granted(grants),
        Subject::Authors => WriteAuthors::is_granted(grants),
        Subject::Redirects => WriteRedirects::is_granted(grants),
        Subject::Site => WriteSite::is_granted(grants),
    }
}

fn is_nothing(body: Option<&Value>) -> bool {
    body.is_none_or(|body| body.as_object().is_some_and(serde_json::Map::is_empty))
}

/// Reads what the header says in a request of its own.
fn read_version(if_match: Option<&str>) -> Result<IfMatch, Refusal> {
    let mut headers = HeaderMap::new();
    if let Some(text) = if_match {
        let value = HeaderValue::from_str(text).map_err(|_no_header| {
            let detail = "if_match takes entity tags in quotation marks, as `etag` gave them";
            Problem::new(Code::InvalidHeader, detail)
        })?;
        headers.insert(IF_MATCH, value);
    }
    IfMatch::read(&headers)
}
