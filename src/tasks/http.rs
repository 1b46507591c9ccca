//! Imports and backups over HTTP: asked for, watched, and what they made.

use std::fs::File;
use std::io::{self, Read};

use actix_web::body::SizedStream;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use bytes::Bytes;
use futures_util::stream;
use utoipa::IntoParams;

use super::model::{ImportFormat, ImportStatus, ImportWish, Job, Viewer, Wish};
use super::store;
use crate::app::App;
use crate::auth::extract::{Administer, Allowed, Import};
use crate::auth::model::Principal;
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::{Error, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::Content;
use crate::http::list::List;
use crate::http::negotiate::{accepts, known_tags};
use crate::http::query::{Query, one_of};
use crate::http::respond::{Answer, CHANGE};
use crate::http::upload::Upload;
use crate::id::Id;

/// The longest name of a source, in characters.
const LONGEST_SOURCE: usize = 200;
/// Bytes of a file that are sent at once.
const CHUNK: usize = 64 << 10;
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The parameters of an import.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `begin_import` reads it")]
struct ImportQuery {
    /// What the file is.
    #[param(inline, example = "jsonl")]
    format: ImportFormat,
    /// The name under which the next import knows its items again; default the format's with `:upload` behind it.
    #[param(min_length = 1, max_length = 200)]
    source: Option<String>,
    /// The state of what comes in; default `as-is`, which is as the source says, and what says nothing is published.
    #[param(inline)]
    status: Option<ImportStatus>,
}

/// The parameters of the list of jobs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_jobs` reads it")]
struct JobListQuery {
    /// Items of a page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next` or `previous` of a page. Not together with `page`.
    #[param(min_length = 1)]
    cursor: Option<String>,
    /// A page number, from 1; `page` times `limit` is at most 10,000. Not together with `cursor`.
    #[param(minimum = 1, maximum = 10_000)]
    page: Option<u32>,
    /// Also count the whole list, into `page.total`.
    count: Option<bool>,
}

fn import_wish(query: &mut Query) -> Option<ImportWish> {
    let format = query.one("format", |text| {
        one_of(text, ImportFormat::ALL, ImportFormat::as_str)
    });
    if !query.has("format") {
        let names = ImportFormat::ALL.iter().map(|format| format.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let detail = format!("says what the file is: {names}");
        query.refuse("format", (FaultCode::Missing, detail));
    }
    let status = query.one("status", |text| {
        one_of(text, ImportStatus::ALL, ImportStatus::as_str)
    });
    let source = query.one("source", |text| {
        let fine = (1..=LONGEST_SOURCE).contains(&text.chars().count())
            && !text.chars().any(char::is_control);
        if fine {
            Ok(text.to_owned())
        } else {
            let detail = format!("has 1 to {LONGEST_SOURCE} characters, and no control character");
            Err((FaultCode::Malformed, detail))
        }
    });
    let dry_run = query.flag("dry_run");
    let format = format?;
    Some(ImportWish {
        format,
        source: source.unwrap_or_else(|| format!("{}:upload", format.as_str())),
        status: status.unwrap_or_default(),
        dry_run,
    })
}

/// Import a file
///
/// The content is the file. It is brought in as a job by whoever asks, with the rights that they have at each moment: editors
/// and admins, and keys with the scopes `articles:write`, `articles:publish`, `tags:write`, `authors:write` and
/// `redirects:write`. With `dry_run` the job looks and reports only. To import the same file again changes nothing; one that
/// did not come to its end can be sent again. Markdown comes in by the command line, since it is a folder and no file.
#[utoipa::path(
    tag = "Jobs",
    params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream", description = "The file, as it is"),
    responses((status = 202, description = "It will be brought in", body = Job, headers(("Location" = String, description = "Where the job is"))))
)]
#[post("/v1/admin/import")]
pub(crate) async fn begin_import(
    allowed: Allowed<Import>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let wish = import_wish(&mut query);
    query.finish()?;
    let wish = wish.ok_or_else(|| Error::internal("an import without a format"))?;
    let id = Id::new();
    let path = app.work.upload(id)?;
    let upload = Upload::read(&request, payload, &path, app.work.import_limit()).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &upload.content())?.for_real();
    let answer = begin(&app, command, id, Wish::Import(wish)).await?;
    // Of an answer that was given before, the file was read before.
    let begun = app.db.read_indexed(move |conn| store::is_there(conn, id));
    if begun.await? {
        upload.keep();
        app.work.hint();
    }
    Ok(answer)
}

/// Back the site up
///
/// As a job, which makes one file of the database, the media and the secret, while the site is served: see
/// `masthead restore`. The file is in the folder that the server was told (`--backup-dir`), or can be had for a day.
#[utoipa::path(
    tag = "Jobs",
    responses((status = 202, description = "It will be made", body = Job, headers(("Location" = String, description = "Where the job is"))))
)]
#[post("/v1/admin/backup")]
pub(crate) async fn begin_backup(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let answer = begin(&app, command, Id::new(), Wish::Backup).await;
    app.work.hint();
    answer
}

async fn begin(
    app: &web::Data<App>,
    command: Command,
    id: Id,
    wish: Wish,
) -> Result<HttpResponse, Refusal> {
    let (shown, node) = (app.clone(), app.work.node());
    command
        .run(app, move |tx| {
            let job = store::create(tx, id, node, &wish)?;
            Ok(Reply {
                status: 202,
                location: Some(shown.api_url(&format!("/v1/admin/jobs/{}", job.id))),
                ..Reply::told(&job)?
            })
        })
        .await
}

/// List jobs
///
/// The newest first. Admins see all; others the imports that they asked for themselves. What ended a month ago is forgotten.
#[utoipa::path(
    tag = "Jobs",
    params(JobListQuery),
    responses((status = 200, description = "One page of jobs", body = List<Job>, headers(("Link" = String))))
)]
#[get("/v1/admin/jobs")]
pub(crate) async fn list_jobs(
    allowed: Allowed<Import>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SORT);
    let count = query.flag("count");
    query.finish()?;

    let (viewer, change) = (Viewer::from(&allowed.who), app.db.change());
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::list(conn, viewer, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get a job
///
/// How far it is, and what came of it. Ask again, once a second say, until it has ended.
#[utoipa::path(
    tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The job", body = Job))
)]
#[get("/v1/admin/jobs/{id}")]
pub(crate) async fn get_job(
    allowed: Allowed<Import>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let change = app.db.change();
    let job = job(&app, &allowed.who, &id).await?;
    let version = job.version;
    Answer::json(&job)?.at(change).version(version).to(&request)
}

/// Get the file of a job
///
/// The backup that it made. It can be had for a day; one in the server's own folder for backups as long as it lies there.
#[utoipa::path(
    tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "The job's id")),
    responses((
        status = 200,
        description = "The file",
        content((String = "application/octet-stream")),
        headers(("Content-Disposition" = String, description = "A name for the file"))
    ))
)]
#[get("/v1/admin/jobs/{id}/file")]
pub(crate) async fn get_job_file(
    allowed: Allowed<Administer>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    accepts(request.headers(), &OCTETS)?;
    let change = app.db.change();
    let job = job(&app, &allowed.who, &id).await?;
    let made = job.file.ok_or(Error::NotFound("file"))?;
    let path = app.work.made(&made)?;
    let tag = format!("\"{}\"", made.sha256);
    let header = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|error| Error::internal(format!("a header of a file: {error}")))
    };
    let known = known_tags(request.headers()).any(|known| known == made.sha256 || known == "*");
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, header(&tag)?))
        .insert_header((CHANGE, change));
    if known {
        return Ok(response.finish());
    }
    let name = format!("attachment; filename=\"{}\"", made.name);
    response
        .insert_header((CONTENT_TYPE, OCTETS))
        .insert_header((CONTENT_DISPOSITION, header(&name)?));
    let file = File::open(&path)
        .map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
    Ok(response.body(SizedStream::new(made.bytes, chunks(file, made.bytes))))
}

/// The bytes of a file, read off the threads that serve.
fn chunks(file: File, length: u64) -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = web::block(move || {
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let mut bytes = vec![0; most];
            file.read_exact(&mut bytes).map(|()| (bytes, file))
        });
        let (bytes, file) = read.await.map_err(io::Error::other)??;
        let left = left.saturating_sub(bytes.len() as u64);
        Ok(Some((Bytes::from(bytes), (file, left))))
    })
}

/// Cancel a job
///
/// One that waits is not begun; one that runs ends as soon as it can, and what it has stored stays. One that has ended
/// stays as it is.
#[utoipa::path(
    tag = "Jobs",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The job, which may have to come to its end yet", body = Job))
)]
#[post("/v1/admin/jobs/{id}/cancel")]
pub(crate) async fn end_job(
    allowed: Allowed<Import>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let viewer = Viewer::from(&allowed.who);
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.may_be_based_on();
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), viewer, id)?;
            check_version(&based_on, present.version, &present)?;
            let job = store::cancel(tx, viewer, id)?;
            Reply::ok(job.version, &job)
        })
        .await
}

async fn job(app: &App, who: &Principal, id: &str) -> Result<Job, Error> {
    let (viewer, id) = (Viewer::from(who), parse_id(id)?);
    app.db
        .read_indexed(move |conn| store::get(conn, viewer, id))
        .await
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("job"))
}
