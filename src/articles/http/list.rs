//! Lists for readers: which texts are on a page, from the database, and each of them as it is kept or as it is read.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::value::to_raw_value;

use super::{depend, of_all, present, query};
use crate::app::App;
use crate::articles::fields::{Field, Selection};
use crate::articles::model::{Article, Kind};
use crate::articles::store::{self, Sort};
use crate::cache::Piece;
use crate::changes::model::Resource;
use crate::changes::tags::{
    self, Dependencies, LIST_ARTICLES, LIST_AUTHORS, LIST_PAGES, LIST_TAGS,
};
use crate::error::Error;
use crate::http::error::Refusal;
use crate::http::list::List;
use crate::http::query::{Query, one_of};
use crate::http::respond::Answer;
use crate::id::Id;

/// One page of the published texts of a kind.
///
/// # Errors
/// All the faults of the query, and when the database fails.
pub(super) async fn list(
    request: &HttpRequest,
    app: &web::Data<App>,
    kind: Kind,
) -> Result<HttpResponse, Refusal> {
    let mut query = Query::parse(request.query_string());
    let sort = query
        .one("sort", |text| one_of(text, Sort::ALL, Sort::as_str))
        .unwrap_or(Sort::Newest);
    let page = query.page(sort.as_str());
    let filter = query::filter(&mut query, app);
    let show = query::selection(&mut query, Selection::summary());
    let count = query.flag("count");
    query.finish()?;

    let change = app.db.public_change();
    let mut depends_on = Dependencies::on(&[of_all(kind)]);
    let by_tag = !filter.tags.is_empty() || !filter.any_tags.is_empty();
    if by_tag {
        depends_on.add(LIST_TAGS);
    }
    if filter.author.is_some() {
        depends_on.add(LIST_AUTHORS);
    }
    if by_tag || filter.author.is_some() {
        // A name means what is public, and any text of either kind may make a tag or an author so.
        depends_on.add(LIST_ARTICLES);
        depends_on.add(LIST_PAGES);
    }
    let indexed = !count && store::is_indexed(&filter, sort, &page);
    let asked = page.clone();
    let pieces = app.cache.pieces().filter(|_| is_short(show));
    let (at_hand, proves) = (pieces.clone(), app.cache.proves());
    let generation = app.db.freshness().generation();
    let read = move |conn: &mut _| {
        let mut slice = store::ids(conn, kind, &filter, sort, &asked)?;
        if count {
            slice.total = Some(store::count(conn, kind, &filter)?);
        }
        let kept = |id: &Id| at_hand.as_ref()?.get(*id, show.bits());
        let kept: Vec<Option<Arc<Piece>>> = slice.items.iter().map(kept).collect();
        let missing = slice.items.iter().zip(&kept);
        let missing = missing.filter(|(_, kept)| proves || kept.is_none());
        let missing: Vec<Id> = missing.map(|(id, _)| *id).collect();
        let read = store::by_ids(conn, &missing, show)?;
        Ok((slice, kept, read))
    };
    let (mut slice, kept, read) = if indexed {
        app.db.read_indexed(read).await?
    } else {
        app.db.read(read).await?
    };
    let mut read = read.into_iter().peekable();
    let ids = std::mem::take(&mut slice.items);
    let mut items = Vec::with_capacity(ids.len());
    for (id, kept) in ids.into_iter().zip(kept) {
        let mut anew = read.next_if(|article| article.id == id);
        if let Some(article) = &mut anew {
            present(article, app, show);
        }
        let item = match (kept, anew, &pieces) {
            (Some(piece), anew, _) => {
                if let Some(anew) = anew {
                    prove(app, &piece, &anew, generation).await?;
                }
                Item::Kept(piece)
            }
            (None, Some(article), Some(pieces)) => {
                let piece = Arc::new(piece_of(&article, change)?);
                pieces.put(id, show.bits(), &piece);
                Item::Kept(piece)
            }
            (None, Some(article), None) => Item::Read(Box::new(article)),
            (None, None, _) => continue,
        };
        match &item {
            Item::Kept(piece) => piece.tags().iter().for_each(|tag| depends_on.add(tag)),
            Item::Read(article) => depend(&mut depends_on, article),
        }
        items.push(item);
    }
    let (list, link) = List::new(slice.of(items), &page, app, request);
    Answer::json(&list)?
        .at(change)
        .linked(link)
        .depends_on(depends_on.list())
        .to(request)
}

/// An item of a list: as it is kept, or as it was read.
#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Kept(Arc<Piece>),
    Read(Box<Article>),
}

/// Whether items of lists are kept with these fields: bodies would fill the cache with what few ask for.
fn is_short(show: Selection) -> bool {
    !show.any(&[Field::Body, Field::Markdown, Field::Text])
}

fn piece_of(article: &Article, change: i64) -> Result<Piece, Error> {
    let json = to_raw_value(article)
        .map_err(|error| Error::internal(format!("an item of a list: {error}")))?;
    let mut shows = Dependencies::default();
    depend(&mut shows, article);
    let own = tags::of(Resource::Article, article.id);
    Ok(Piece::new(json, &own, shows.into(), change))
}

/// For tests: what is kept must be what is read, unless something was touched meanwhile.
async fn prove(app: &App, piece: &Piece, article: &Article, generation: u64) -> Result<(), Error> {
    let read = crate::json::text(article);
    if piece.json() == read {
        return Ok(());
    }
    // A write that is on disk and not told of yet is in what was read.
    tokio::time::sleep(Duration::from_millis(200)).await;
    if app.db.freshness().generation() != generation {
        return Ok(());
    }
    let kept = piece.json();
    Err(Error::internal(format!(
        "kept is not as read: {kept} and {read}"
    )))
}
