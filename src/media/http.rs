//! Media for editors, in [`upload`] how they come in; [`files`] is what readers get.

pub mod files;
pub mod upload;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::extract::{Allowed, ReadDrafts, WriteMedia};
use crate::auth::replays::Reply;
use crate::auth::write::{Command, check_version};
use crate::error::{Error, Fault, FaultCode};
use crate::http::error::Refusal;
use crate::http::extract::{Content, Size};
use crate::http::list::List;
use crate::http::query::{Query, boolean, one_of, parsed};
use crate::http::respond::Answer;
use crate::id::Id;
use crate::json::Fields;
use crate::media::input;
use crate::media::model::{AdminMedia, FocalPoint, Media, MediaType};
use crate::media::store::{self, MediaFilter, Swept};

const DAY: u64 = 24 * 60 * 60;
/// How long what is swept has been there, where nothing is said.
const OLDER_THAN_DAYS: u64 = 30;

/// The parameters of the list of media.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `list_media` reads it")]
struct MediaListQuery {
    /// Of this type; repeated, of one of these.
    #[param(inline, max_items = 4)]
    r#type: Option<Vec<MediaType>>,
    /// A part of the alternative text, the title, the credit or the name of the file; letters of ASCII in either case.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Those that nothing uses, or those that something does.
    unused: Option<bool>,
    /// Put in by this account.
    owner: Option<uuid::Uuid>,
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

/// What is to be changed of a medium: what is left out stays, null clears.
#[derive(ToSchema)]
#[schema(example = json!({"alt": "A cup of tea on a windowsill", "focal_point": {"x": 0.5, "y": 0.4}}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `input::change` reads")]
struct MediaChangeInput {
    /// What it shows, for those who do not see it.
    #[schema(max_length = 5000, example = "A cup of tea on a windowsill")]
    alt: Option<String>,
    /// What it is called.
    #[schema(max_length = 5000)]
    title: Option<String>,
    /// Whose it is.
    #[schema(max_length = 5000)]
    credit: Option<String>,
    /// What must stay in sight where it is cut.
    #[schema(example = json!(null))]
    focal_point: Option<FocalPoint>,
}

/// Which media are to go.
#[derive(ToSchema)]
#[schema(example = json!({"older_than_days": 30}))]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `sweep_of` reads")]
struct MediaSweep {
    /// Those that were put in so many days ago or longer; 30 where nothing is said.
    #[schema(minimum = 0, maximum = 36_500, example = 30)]
    older_than_days: Option<i64>,
}

/// What a sweep removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MediaSwept {
    /// The media that are gone.
    #[schema(value_type = Vec<uuid::Uuid>, max_items = 500)]
    removed: Vec<Id>,
    /// The length of what was put in.
    #[schema(minimum = 0)]
    bytes: i64,
    /// There are more: ask again.
    more: bool,
}

/// List media
///
/// What was put in, the newest first. Nobody else can list it: readers find files by the texts that show them.
#[utoipa::path(
    tag = "Media",
    params(MediaListQuery),
    responses((status = 200, description = "One page of media", body = List<AdminMedia>, headers(("Link" = String))))
)]
#[get("/v1/admin/media")]
pub(crate) async fn list_media(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let page = query.page(store::SORT);
    let filter = MediaFilter {
        types: query.many_of("type", MediaType::ALL.len(), |text| {
            one_of(text, MediaType::ALL, MediaType::as_str)
        }),
        part: query.one("q", |text| match text.chars().count() {
            1..=200 => Ok(text.to_owned()),
            _ => Err((FaultCode::TooLarge, "has at most 200 characters".into())),
        }),
        unused: query.one("unused", boolean),
        owner: query.one("owner", parsed),
    };
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.change();
    let asked = page.clone();
    let slice = app
        .db
        .read(move |conn| store::list(conn, &filter, &asked, count))
        .await?;
    let shown = slice.items.iter().map(|media| media.shown(&app.media_url));
    let shown = shown.collect();
    let slice = slice.of(shown);
    let (list, link) = List::new(slice, &page, &app, &request);
    Answer::json(&list)?.at(change).linked(link).to(&request)
}

/// Get a medium
///
/// With all that uses it.
#[utoipa::path(
    tag = "Media",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 200, description = "The medium", body = AdminMedia))
)]
#[get("/v1/admin/media/{id}")]
pub(crate) async fn get_medium(
    _allowed: Allowed<ReadDrafts>,
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Refusal> {
    Query::parse(request.query_string()).finish()?;
    let id = parse_id(&id)?;
    let change = app.db.change();
    let (media, used_by) = app
        .db
        .read_indexed(move |conn| Ok((store::get(conn, id)?, store::used_by(conn, id)?)))
        .await?;
    let shown = AdminMedia {
        used_by: Some(used_by),
        ..media.shown(&app.media_url)
    };
    Answer::json(&shown)?
        .at(change)
        .version(media.version)
        .to(&request)
}

/// Change a medium
///
/// A merge patch (RFC 7396). The published texts that show it look otherwise at once. Authors change what they put in
/// themselves, editors all.
#[utoipa::path(
    tag = "Media",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    request_body(content((MediaChangeInput = "application/json"), (MediaChangeInput = "application/merge-patch+json"))),
    responses((status = 200, description = "The medium", body = AdminMedia))
)]
#[patch("/v1/admin/media/{id}")]
pub(crate) async fn update_medium(
    allowed: Allowed<WriteMedia>,
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
    let change = input::change(&content.value).map_err(Error::Invalid)?;
    let base = app.media_url.clone();
    command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present.shown(&base))?;
            let media = store::update(tx, id, change.clone())?;
            Reply::ok(media.version, &media.shown(&base))
        })
        .await
}

/// Delete a medium
///
/// For good, with its files; refused while anything uses it. Caches may keep its files as long as they like. Authors delete
/// what they put in themselves, editors all.
#[utoipa::path(
    tag = "Media",
    params(("id" = uuid::Uuid, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/v1/admin/media/{id}")]
pub(crate) async fn delete_medium(
    allowed: Allowed<WriteMedia>,
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
    let base = app.media_url.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let answer = command
        .run(&app, move |tx| {
            let present = store::get(tx.conn(), id)?;
            check_version(&based_on, present.version, &present.shown(&base))?;
            let _told = tell.send(store::delete(tx, id)?);
            Ok(Reply::no_content())
        })
        .await?;
    let gone = told.try_iter().last();
    remove_files(&app, gone.as_slice()).await;
    Ok(answer)
}

/// Sweep media
///
/// Removes what nothing uses, the oldest first, up to 500 at once. With `dry_run` it says what would go.
#[utoipa::path(
    tag = "Media",
    request_body = Option<MediaSweep>,
    responses((status = 200, description = "What is gone", body = MediaSwept))
)]
#[post("/v1/admin/media-sweep")]
pub(crate) async fn delete_unused_media(
    allowed: Allowed<WriteMedia>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    let content = Content::read_if_any(&request, payload, Size::Other).await?;
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    let older_than = sweep_of(&content.value).map_err(Error::Invalid)?;
    let (tell, told) = std::sync::mpsc::channel();
    let answer = command
        .run(&app, move |tx| {
            let Swept { media, more } = store::sweep(tx, older_than)?;
            let swept = MediaSwept {
                removed: media.iter().map(|media| media.id).collect(),
                bytes: media.iter().map(|media| media.bytes).sum(),
                more,
            };
            let _told = tell.send(media);
            Reply::told(&swept)
        })
        .await?;
    // Of several runs the last one counts; of a rehearsal nothing is gone.
    let gone = told.try_iter().last().unwrap_or_default();
    remove_files(&app, &gone).await;
    Ok(answer)
}

/// Removes the files of media that are gone. What cannot be removed now is swept later.
async fn remove_files(app: &web::Data<App>, media: &[Media]) {
    for media in media {
        let id = media.id;
        let there = app.db.read(move |conn| match store::get(conn, id) {
            Ok(_) => Ok(true),
            Err(Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        });
        if !matches!(there.await, Ok(false)) {
            continue;
        }
        if let Err(error) = app.library.files.remove(&media.name).await {
            tracing::warn!(%error, medium = %id, "the files of a medium could not be removed");
        }
    }
}

fn sweep_of(value: &serde_json::Value) -> Result<Duration, Vec<Fault>> {
    let mut days = None;
    if !value.is_null() {
        let mut faults = Vec::new();
        let mut fields = Fields::new(value, "", &mut faults);
        days = fields.integer("older_than_days", 0..=36_500);
        fields.finish();
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    let days = days.and_then(|days| u64::try_from(days).ok());
    Ok(Duration::from_secs(days.unwrap_or(OLDER_THAN_DAYS) * DAY))
}

fn parse_id(id: &str) -> Result<Id, Error> {
    id.parse().map_err(|_no_id| Error::NotFound("medium"))
}
