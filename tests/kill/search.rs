//! The search index after a kill: opened again, it must come to hold what is published and nothing else.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::prelude::*;
use masthead::articles::model::State;
use masthead::db::Db;
use masthead::db::schema::articles;
use masthead::id::Id;
use masthead::search::{Search, Settings};

use crate::database::each;

/// The search index of a database in this folder.
pub(crate) fn index(db: &Db, folder: PathBuf, pause: Duration) -> Search {
    let settings = Settings {
        folder: Some(folder),
        pause,
        ..Settings::default()
    };
    Search::new(db.clone(), &["en".into(), "de".into()], settings)
}

/// What the index holds otherwise than the database, once it has followed.
pub(crate) fn compare(db: &Db, folder: &Path) -> Option<String> {
    let index = index(db, folder.to_owned(), Duration::ZERO);
    index.start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let patience = Duration::from_secs(60);
    if !runtime.block_on(db.feed().reached(db.change(), patience)) {
        return Some(format!("the index does not follow: {:?}", index.status()));
    }
    let mut held = index
        .serving()
        .map(|serving| serving.ids())
        .unwrap_or_default();
    held.sort_unstable();
    let published = articles::table
        .filter(articles::state.eq(State::Published.as_str()))
        .select(articles::id)
        .order(articles::id);
    let published: Vec<Id> = db
        .read_blocking(|conn| Ok(each!(conn, c => published.load(c))?))
        .unwrap();
    let missing: Vec<_> = published.iter().filter(|id| !held.contains(id)).collect();
    let gone: Vec<_> = held.iter().filter(|id| !published.contains(id)).collect();
    (held != published).then(|| {
        format!(
            "the index lacks {missing:?} of {} texts, and holds {gone:?} that are not published",
            published.len()
        )
    })
}
