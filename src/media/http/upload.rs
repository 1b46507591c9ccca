//! How a picture comes in: read, known by its bytes, made into what readers get, stored, and only then written down.

use actix_web::{HttpRequest, HttpResponse, post, web};
use utoipa::ToSchema;

use super::form::read;
use crate::app::App;
use crate::auth::extract::{Allowed, WriteMedia};
use crate::auth::replays::Reply;
use crate::auth::write::Command;
use crate::error::{Fault, FaultCode};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::extract::Content;
use crate::http::query::Query;
use crate::media::library::Unprepared;
use crate::media::model::AdminMedia;
use crate::media::picture::Unfit;
use crate::media::store;

/// A picture, and what is to be said of it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents what `form::read` reads")]
struct MediaUpload {
    /// The file: JPEG, PNG, GIF or WebP, by its bytes. Neither its name nor what its sender says of it is believed.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, for those who do not see it.
    #[schema(value_type = String, required = false, max_length = 5000, example = "A cup of tea on a windowsill")]
    alt: Option<String>,
    /// What it is called.
    #[schema(value_type = String, required = false, max_length = 5000)]
    title: Option<String>,
    /// Whose it is.
    #[schema(value_type = String, required = false, max_length = 5000)]
    credit: Option<String>,
    /// What must stay in sight where it is cut: from the left and from above, each from 0 to 1.
    #[schema(
        value_type = String,
        required = false,
        pattern = r"^(0(\.[0-9]+)?|1(\.0+)?),(0(\.[0-9]+)?|1(\.0+)?)$",
        example = "0.5,0.4"
    )]
    focal_point: Option<String>,
}

/// Put in a picture
///
/// What readers get is made at once: each of the configured widths up to its own, as WebP and as JPEG or, where it is
/// transparent, PNG, turned the way it is shown and without anything else that the file held. The file itself is kept and
/// shown to nobody. The same bytes again are answered with the medium that is there, as it is.
#[utoipa::path(
    tag = "Media",
    request_body(content = MediaUpload, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "The medium", body = AdminMedia),
        (status = 200, description = "The medium that was made of the same bytes before", body = AdminMedia)
    )
)]
#[post("/v1/admin/media")]
pub(crate) async fn create_medium(
    allowed: Allowed<WriteMedia>,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    // Known before anything is read: a slip in the address costs nobody an upload.
    let mut query = Query::parse(request.query_string());
    query.flag("dry_run");
    query.finish()?;
    let form = read(&request, &app, payload).await?;
    let content = Content {
        digest: form.digest,
        ..Content::default()
    };
    let mut query = Query::parse(request.query_string());
    let command = Command::new(&request, &mut query, allowed.who, &content)?;
    query.finish()?;
    if let Some(answer) = command.answered_before(&app).await? {
        return Ok(answer);
    }
    let hash = form.hash;
    let known = app
        .db
        .read_indexed(move |conn| store::of_hash(conn, &hash))
        .await?;
    let shown = app.clone();
    if let Some(known) = known {
        let new = command.run(&app, move |tx| {
            let there = store::get(tx.conn(), known.id)?;
            tx.leave_unchanged();
            Reply::ok(there.version, &there.shown(&shown.media_url))
        });
        return new.await;
    }
    let prepared = app.library.prepare_file(form.file, form.about).await;
    let prepared = prepared.map_err(|failed| match failed {
        Unprepared::Unfit(unfit) => refused(&unfit).into(),
        Unprepared::Failed(error) => Refusal::from(error),
    })?;
    if !command.is_rehearsal() {
        app.library.keep(&prepared).await?;
    }
    let new = prepared.new.clone();
    let answer = command
        .run(&app, move |tx| {
            let (media, made) = store::create(tx, &new)?;
            let seen = media.shown(&shown.media_url);
            if !made {
                return Reply::ok(media.version, &seen);
            }
            let location = shown.api_url(&format!("/v1/admin/media/{}", media.id));
            Reply::created(location, media.version, &seen)
        })
        .await?;
    // Where the same bytes came twice at once, the files of one are in nobody's way and of no use.
    let there = app.db.read(move |conn| store::of_hash(conn, &hash)).await;
    if let Ok(Some(there)) = there {
        store::keep(&app.library, &prepared, &there).await;
    }
    Ok(answer)
}

/// Why a file is not taken.
fn refused(unfit: &Unfit) -> Problem {
    let (code, fault) = match unfit {
        Unfit::Type(_) => (Code::UnsupportedMediaType, FaultCode::NotAllowed),
        Unfit::Broken { .. } => (Code::InvalidContent, FaultCode::Malformed),
        Unfit::TooManyPixels { .. } => (Code::InvalidContent, FaultCode::TooLarge),
    };
    let detail = unfit.to_string();
    Problem {
        errors: vec![Fault::at("/file", fault, detail.clone())],
        ..Problem::new(code, detail)
    }
}
