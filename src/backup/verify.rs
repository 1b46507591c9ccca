//! Whether a site is whole: its database, its search index, and what else lies in its data folder.

mod media;

use std::fs;
use std::path::Path;

use crate::articles;
use crate::changes::store as changes;
use crate::config::{Media, Store};
use crate::data_folder as folder;
use crate::db::{Backend, Db, snapshot};
use crate::error::{Error, Result};
use crate::search::folders;
use crate::search::generation::{Generation, Unusable};
use crate::search::schema::Fields;
use crate::time::Clock;

/// Bytes of memory for an index that is only read.
const MEMORY: usize = 15_000_000;
/// How often an index is looked at that a server may be changing meanwhile.
const LOOKS: u32 = 5;
/// What may lie in a data folder.
const KNOWN: [&str; 11] = [
    folder::DATABASE,
    "masthead.db-wal",
    "masthead.db-shm",
    "masthead.migrate.lock",
    folder::LOCK,
    folder::SECRET,
    folder::MEDIA,
    folder::SEARCH,
    folder::JOBS,
    "hot.txt",
    "lost+found",
];

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What must not be so.
    pub wrong: Vec<String>,
    /// What may be so, and somebody may want to know.
    pub notes: Vec<String>,
    /// The last change of the database, where it could be opened.
    pub change: Option<i64>,
}

/// Looks at all of it. Nothing is changed.
///
/// # Errors
/// When there is no database, or it cannot be reached.
pub fn verify(store: &Store, place: &Media) -> Result<Findings> {
    let settings = store.database();
    let mut findings = Findings::default();
    if let Backend::Sqlite(path) = &settings.backend {
        if !path.exists() {
            return Err(Error::internal(format!(
                "there is no database {}",
                path.display()
            )));
        }
        let faults = snapshot::reader(path).and_then(|mut conn| snapshot::faults(&mut conn));
        findings.wrong = faults.unwrap_or_else(|error| vec![error.to_string()]);
        findings.notes = strangers(&store.data);
    }
    // What is damaged is not opened for more.
    if !findings.wrong.is_empty() {
        return Ok(findings);
    }
    let db = Db::open(settings.clone(), Clock::system())?;
    findings.change = Some(db.change());
    if !settings.is_sqlite() {
        findings.wrong = db.read_blocking(snapshot::faults)?;
    }
    let (counts, unlike, misnumbered) = db.read_blocking(|conn| {
        let kept = articles::store::published_count(conn)?;
        Ok((
            (kept, articles::store::count_published(conn)?),
            articles::store::unlike_joins(conn, snapshot::LISTED)?,
            articles::store::misnumbered(conn, snapshot::LISTED as i64)?,
        ))
    })?;
    if counts.0 != counts.1 {
        findings.wrong.push(format!(
            "the database: {} texts are published, and {} are counted as such",
            counts.1, counts.0
        ));
    }
    let unlike = unlike.into_iter().map(|id| {
        format!("the database: the tags and authors of the text {id} are not those under which it is found")
    });
    findings.wrong.extend(unlike);
    let misnumbered = misnumbered.into_iter().map(|id| {
        format!(
            "the database: the text {id} is not the one to which its addresses and its body belong"
        )
    });
    findings.wrong.extend(misnumbered);
    media::look(&db, &store.data, place, &mut findings)?;
    search(
        &db,
        &store.data.join(folder::SEARCH),
        &Fields::new(&store.locales),
        &mut findings,
    );
    Ok(findings)
}

/// The index against the database: a server may be writing both.
fn search(db: &Db, root: &Path, fields: &Fields, findings: &mut Findings) {
    let mut found = Err(String::new());
    for _ in 0..LOOKS {
        found = look_at_index(db, root, fields);
        if found.is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    match found {
        Ok(note) => findings.notes.extend(note),
        Err(fault) => findings.wrong.push(format!(
            "the search index: {fault}; the server makes it anew at its start, or `masthead reindex` does"
        )),
    }
}

/// What is wrong with it; or, where nothing is, what is to be said.
fn look_at_index(db: &Db, root: &Path, fields: &Fields) -> Result<Option<String>, String> {
    let Some(folder) = folders::current(root, db, fields) else {
        return Ok(Some(
            "there is no search index for these locales yet: the server builds it".into(),
        ));
    };
    let in_words = |error: Unusable| error.to_string();
    let index = Generation::open(folder, fields.clone(), MEMORY, db).map_err(in_words)?;
    let texts = index.serving().map_err(in_words)?.searcher.num_docs();
    let change = index.change();
    let (behind, published) = db
        .read_blocking(|conn| {
            let behind = changes::touched_after(conn, change, 1)?;
            Ok((!behind.is_empty(), articles::store::count_published(conn)?))
        })
        .map_err(|error| error.to_string())?;
    if behind {
        return Ok(Some(format!(
            "the search index stands at change {change}, and follows when the server runs"
        )));
    }
    if i64::try_from(texts) == Ok(published) {
        Ok(None)
    } else {
        Err(format!(
            "it holds {texts} texts, and {published} are published"
        ))
    }
}

/// What lies in the data folder and is none of ours, or is left over.
fn strangers(data: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(data) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut strange: Vec<String> = names
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .map(|name| format!("{name} in the data folder is nothing that masthead needs"))
        .collect();
    strange.sort();
    strange
}
