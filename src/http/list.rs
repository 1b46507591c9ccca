//! The shape of every list: items, and where the page stands among its neighbours, in the body and as `Link` headers.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::db::page::{Page, Place, Slice};
use crate::http::query::MAX_DEPTH;

/// Where a page of a list stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PageInfo {
    /// Items at most.
    #[schema(minimum = 1, maximum = 100)]
    pub limit: u32,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
    /// The `cursor` of the page before; null on the first.
    pub previous: Option<String>,
    /// Items in the whole list, with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, minimum = 0)]
    pub total: Option<i64>,
}

/// A list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct List<T> {
    /// The items of this page, in order.
    pub items: Vec<T>,
    /// Where the page stands.
    pub page: PageInfo,
}

impl<T> List<T> {
    /// The list of this slice, and its links (RFC 8288).
    pub fn new(
        slice: Slice<T>,
        page: &Page,
        app: &App,
        request: &HttpRequest,
    ) -> (Self, Option<String>) {
        let info = PageInfo {
            limit: page.limit,
            next: slice.next.map(|cursor| cursor.encode()),
            previous: slice.previous.map(|cursor| cursor.encode()),
            total: slice.total,
        };
        let kept: Vec<&str> = request
            .query_string()
            .split('&')
            .filter(|pair| !matches!(pair.split('=').next(), Some("" | "cursor" | "page")))
            .collect();
        let link = |relation: &str, place: String| {
            let query = kept
                .iter()
                .copied()
                .chain([place.as_str()])
                .collect::<Vec<_>>()
                .join("&");
            format!(
                "<{}?{query}>; rel=\"{relation}\"",
                app.api_url(request.path())
            )
        };
        let at = |cursor: &Option<String>, number: Option<u32>| match (cursor, number) {
            // Who turns pages by number goes on so, as deep as numbers reach.
            (Some(_), Some(number)) if number > 0 && number * page.limit <= MAX_DEPTH => {
                Some(format!("page={number}"))
            }
            (Some(cursor), _) => Some(format!("cursor={cursor}")),
            (None, _) => None,
        };
        let number = match page.place {
            Place::Page(number) => Some(number),
            Place::Start | Place::Cursor(_) => None,
        };
        let next = at(&info.next, number.map(|number| number + 1)).map(|place| link("next", place));
        let previous =
            at(&info.previous, number.map(|number| number - 1)).map(|place| link("prev", place));
        let links: Vec<String> = previous.into_iter().chain(next).collect();
        (
            Self {
                items: slice.items,
                page: info,
            },
            (!links.is_empty()).then(|| links.join(", ")),
        )
    }
}
