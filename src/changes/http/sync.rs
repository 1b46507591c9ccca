//! What readers who keep a copy must change in it.

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, get, web};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use utoipa::IntoParams;

use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::http::present;
use crate::articles::http::query::{self as articles, Include};
use crate::articles::model::{Audience, Kind};
use crate::changes::store::delta::{self, Following, Since};
use crate::changes::sync::{Delta, Removal, Reset, Token};
use crate::error::{Fault, FaultCode};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::query::{MAX_LIMIT, Query, Refused, boolean, one_of, whole_number};
use crate::http::respond::Answer;

/// What is written otherwise between `<` and `>`, and all that is not ASCII.
const LINKABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');
/// Texts of a page that names no number.
const DEFAULT_LIMIT: u32 = 100;

/// The parameters of a page of changes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; `get_changes` reads it")]
struct SyncQuery {
    /// The `next_since` of the last page, or the id of an event. Not together with `initial`; one of the two has to be
    /// there.
    #[param(min_length = 1, max_length = 512)]
    since: Option<String>,
    /// `true` begins with everything there is.
    #[param(example = true)]
    initial: Option<bool>,
    /// Articles or pages alone.
    #[param(inline)]
    kind: Option<Kind>,
    /// A tag by slug, name or id. Repeat it for texts that carry all of them.
    #[param(max_items = 20, min_length = 1)]
    tag: Option<Vec<String>>,
    /// A tag by slug, name or id. Repeat it for texts that carry at least one of them.
    #[param(max_items = 20, min_length = 1)]
    any_tag: Option<Vec<String>>,
    /// An author by slug, name or id.
    #[param(min_length = 1)]
    author: Option<String>,
    /// A locale of the site.
    #[param(min_length = 1)]
    locale: Option<String>,
    /// Only what is featured, or only what is not.
    featured: Option<bool>,
    /// Only what is for this audience.
    #[param(inline)]
    audience: Option<Audience>,
    /// Published at this time or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_after: Option<String>,
    /// Published before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    published_before: Option<String>,
    /// Only these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    id: Option<Vec<uuid::Uuid>>,
    /// All but these. Repeat it, up to 100 times.
    #[param(max_items = 100)]
    exclude: Option<Vec<uuid::Uuid>>,
    /// Texts of a page, upserts and removals together, 1 to 100; default 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Only these fields, separated by commas; the id is always there.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    fields: Option<Vec<Field>>,
    /// These fields too, separated by commas.
    #[param(inline, style = Form, explode = false, min_items = 1)]
    include: Option<Vec<Include>>,
}

/// Follow changes
///
/// What to put into a copy of the published articles and pages, and what to remove from it, since a token. Ask again with
/// `next_since`, at once while there is `more` and later when there is not. A copy that is kept so holds, after a
/// page with no more, what a fresh list with the same filter and fields would.
#[utoipa::path(
    tag = "Sync",
    params(SyncQuery),
    responses((status = 200, description = "One page of changes", body = Delta))
)]
#[get("/v1/changes")]
pub(crate) async fn get_changes(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let initial = query.one("initial", boolean);
    let token = query.one("since", token);
    let following = following(&mut query, &app, true);
    if query.has("since") && query.has("initial") {
        let detail = "cannot stand together with `since`";
        query.refuse("initial", (FaultCode::Conflicting, detail.into()));
    } else if !query.has("since") && (initial == Some(false) || !query.has("initial")) {
        let detail = "has to be there, or `initial=true` to begin with everything";
        query.refuse("since", (FaultCode::Missing, detail.into()));
    }
    query.finish()?;
    let since = match token {
        Some(token) => Since::Token(fitting(token, &following)?),
        None => Since::Nothing,
    };

    let change = app.db.public_change();
    let show = following.show;
    let read = app
        .db
        .read(move |conn| delta::read(conn, &following, &since))
        .await?;
    let mut page = read.map_err(|reset| start_anew(reset, &request, &app))?;
    for article in &mut page.upserts {
        present(article, &app, show);
    }
    let delta = Delta {
        upserts: page.upserts,
        removals: page.removals.into_iter().map(|id| Removal { id }).collect(),
        next_since: page.next.encode(),
        more: page.more,
    };
    Answer::json(&delta)?
        .at(change)
        // Whatever is public moves the token on.
        .depends_on("list-articles list-authors list-pages list-redirects list-tags site")
        .to(&request)
}

/// Reads a token.
pub(super) fn token(text: &str) -> Result<Token, Refused> {
    Token::decode(text).map_err(|forged| (FaultCode::Malformed, forged.to_string()))
}

/// The same token, if it was given for this filter.
pub(super) fn fitting(token: Token, following: &Following) -> Result<Token, Refusal> {
    if token.query == following.short() {
        return Ok(token);
    }
    let detail = "was given for another filter; keep the filter, or begin anew with `initial=true`";
    let fault = Fault::parameter("since", FaultCode::Conflicting, detail);
    Err(crate::error::Error::Query(vec![fault]).into())
}

/// Reads what is followed; where pages have no `limit`, in small ones.
pub(super) fn following(query: &mut Query, app: &App, limited: bool) -> Following {
    let kind = query.one("kind", |text| one_of(text, Kind::ALL, Kind::as_str));
    let filter = articles::filter(query, app);
    let limit = if limited {
        let limit = query.one("limit", |text| match whole_number(text)? {
            0 => Err((FaultCode::TooSmall, "is at least 1".into())),
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err((FaultCode::TooLarge, format!("is at most {MAX_LIMIT}"))),
        });
        Some(limit.unwrap_or(DEFAULT_LIMIT))
    } else {
        None
    };
    let show = articles::selection(query, Selection::summary());
    let limit = limit.unwrap_or_else(|| super::stream::batch(show));
    Following {
        filter,
        kind,
        show,
        limit: limit as usize,
    }
}

/// The problem of a token that leads nowhere, with the address where to begin again.
pub(super) fn start_anew(reset: Reset, request: &HttpRequest, app: &App) -> Problem {
    let kept = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("since="));
    let query: Vec<&str> = std::iter::once("initial=true").chain(kept).collect();
    // What a client sent as it stands may be no header.
    let query = utf8_percent_encode(&query.join("&"), LINKABLE).to_string();
    let address = app.api_url(&format!("/v1/changes?{query}"));
    let detail = format!(
        "{}; begin anew with `initial=true`, as `Link` says",
        reset.detail()
    );
    Problem {
        header: Some(Box::new((LINK, format!("<{address}>; rel=\"start\"")))),
        ..Problem::new(Code::SyncReset, detail)
    }
}
