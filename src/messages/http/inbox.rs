//! What came by the contact form, for editors.

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, web};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::{Allowed, ReadInbox, WriteInbox};
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::{Error, Fault, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::{Query, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::messages::model::{Message, MessageStatus};
use crate::messages::store::MessageFilter;
use crate::messages::{export, input, store};

/// The media type of tables.
const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
/// The most rows of a table.
const MAX_ROWS: i64 = 10_000;

/// The parameters of the list of messages.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_messages` reads it")]
struct MessageListQuery {
    /// In this state; repeated, in one of these.
    #[param(inline, max_items = 4)]
    status: Option<Vec<MessageStatus>>,
    /// A part of the name, the address, the subject or the text; letters of ASCII in either case.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Received at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    received_after: Option<String>,
    /// Received before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    received_before: Option<String>,
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

/// The parameters of the table of messages.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "documents the query; `get_messages_table` reads it"
)]
struct MessageTableQuery {
    /// In this state; repeated, in one of these.
    #[param(inline, max_items = 4)]
    status: Option<Vec<MessageStatus>>,
    /// A part of the name, the address, the subject or the text; letters of ASCII in either case.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Received at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    received_after: Option<String>,
    /// Received before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    received_before: Option<String>,
}

/// What is to change of a message.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::change` reads")]
struct MessageChange {
    /// What became of it: any of them, from any other.
    #[schema(nullable = false)]
    status: Option<MessageStatus>,
}

fn filter(query: &mut Query) -> MessageFilter {
    MessageFilter {
        status: query.many_of("status", MessageStatus::ALL.len(), |text| {
            one_of(text, MessageStatus::ALL, MessageStatus::as_str)
        }),
        part: query.one("q", |text| match text.chars().count() {
            1..=200 => Ok(text.to_owned()),
            _ => Err((FaultCode::TooLarge, "has at most 200 characters".into())),
        }),
        since: query.one("received_after", parsed),
        until: query.one("received_before", parsed),
    }
}

/// List messages
///
/// What came by the contact form, the newest first; spam too, unless `status` says otherwise.
#[utoipa::path(
    tag = "Inbox",
    params(MessageListQuery),
    responses((status = 200, description = "One page of messages", body = List<Message>, headers(("Link" = String))))
)]
#[get("/v1/admin/messages")]
pub(crate) async fn list_messages(
    _allowed: Allowed<ReadInbox>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SORT);
    let filter = filter(&mut query);
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::list(conn, &filter, &asked, count))
        .await?;
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get messages as a table
///
/// The same as CSV (RFC 4180) for spreadsheets: UTF-8 with a byte order mark, a head, 10,000 rows at most. What a
/// spreadsheet would run as a formula has an apostrophe in front.
#[utoipa::path(
    tag = "Inbox",
    params(MessageTableQuery),
    responses((
        status = 200,
        description = "The table",
        content((String = "text/csv")),
        headers(("Content-Disposition" = String, description = "A name for the file"))
    ))
)]
#[get("/v1/admin/messages.csv")]
pub(crate) async fn get_messages_table(
    _allowed: Allowed<ReadInbox>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let filter = filter(&mut query);
    query.finish()?;

    let change = app.db.change();
    let table = app.db.read(move |conn| {
        let rows = store::count(conn, &filter)?;
        if rows > MAX_ROWS {
            let detail = format!(
                "these are {rows} messages, and a table has {MAX_ROWS} at most: take them by parts of the time"
            );
            let fault = Fault::parameter("received_after", FaultCode::TooLarge, detail);
            return Err(Error::Query(vec![fault]));
        }
        export::table(&store::all(conn, &filter, MAX_ROWS)?)
    });
    let mut response = Answer::bytes(table.await?, CSV).at(change).to(&request)?;
    let name = HeaderValue::from_static("attachment; filename=\"messages.csv\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Get a message
///
/// To read it changes nothing; say that you have by its status.
#[utoipa::path(
    tag = "Inbox",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The message", body = Message))
)]
#[get("/v1/admin/messages/{id}")]
pub(crate) async fn get_message(
    _allowed: Allowed<ReadInbox>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let message = app
        .db
        .read_indexed(move |conn| store::get(conn, id))
        .await?;
    let version = message.version;
    Answer::json(&message)?
        .at(change)
        .version(version)
        .to(&request)
}

/// Change a message
///
/// A merge patch (RFC 7396) of its status, which is all that can be changed.
#[utoipa::path(
    tag = "Inbox",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((MessageChange = "application/json"), (MessageChange = "application/merge-patch+json"))),
    responses((status = 200, description = "The message", body = Message))
)]
#[patch("/v1/admin/messages/{id}")]
pub(crate) async fn update_message(
    allowed: Allowed<WriteInbox>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let content = Content::read(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    let status = input::change(&content.value).map_err(Error::Invalid)?;
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            let message = store::set_status(tx, id, status)?;
            Reply::ok(message.version, &message)
        })
        .await
}

/// Delete a message
///
/// For good: there is no trash for messages.
#[utoipa::path(
    tag = "Inbox",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/messages/{id}")]
pub(crate) async fn delete_message(
    allowed: Allowed<WriteInbox>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let id = parse_id(&id)?;
    let content = Content::read_nothing(&request, payload).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let based_on = command.based_on()?;
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present)?;
            store::delete(tx, id)?;
            Ok(Reply::no_content())
        })
        .await
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("message"))
}
