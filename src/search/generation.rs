//! One index in one folder, and the change that it has come to. Generations follow each other: a new one is built beside
//! the old one, which serves meanwhile. The name of the folder tells the database and the fields; what was committed last
//! carries the change number, and a mark of that change, so that an index of another database, or of an earlier or later
//! state of this one, is known for what it is.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Term};

use super::checksums;
use super::columns::SegmentColumns;
use super::document;
use super::files::Files;
use super::schema::Fields;
use super::serving::Serving;
use super::terms::{self, Terms};
use super::writer;
use crate::articles::store::{self as articles, PublishedText};
use crate::changes::model::Resource;
use crate::changes::store as changes;
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::id::Id;

/// Texts that are read from the database at once.
const CHUNK: usize = 128;
/// Change numbers that are read from the log at once.
const NUMBERS: i64 = 2_000;
/// Texts after which a long way to go is committed in between, so that what is there can be found.
const STEP: usize = 20_000;

/// Finds the texts that carry a tag, or are by an author.
type Carriers = fn(&mut Conn, Id) -> Result<Vec<Id>>;

/// An index, its writer and where it stands.
pub struct Generation {
    files: Files,
    fields: Fields,
    index: Index,
    reader: IndexReader,
    /// Made when first needed: it has threads of its own.
    writer: Option<IndexWriter>,
    /// Bytes that texts may take in memory before they are written.
    memory: usize,
    change: i64,
    /// Texts put in since the last commit.
    waiting: usize,
}

/// What stands beside a commit.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    epoch: String,
    change: i64,
    /// What tells that change from another of the same number.
    mark: Option<String>,
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Its files cannot be read or written, or are not what was written.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// It is of another database, or of another state of this one.
    #[error("the index is not of this database: {0}")]
    Foreign(&'static str),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] Error),
}

impl From<tantivy::TantivyError> for Unusable {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl Generation {
    /// An empty one in a new folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(folder: PathBuf, fields: Fields, memory: usize) -> Result<Self, Unusable> {
        let files = Files::open(folder)?;
        let index = Index::builder()
            .schema(fields.schema.clone())
            .settings(tantivy::IndexSettings {
                docstore_compression: tantivy::store::Compressor::None,
                ..tantivy::IndexSettings::default()
            })
            .open_or_create(files.clone())?;
        Self::new(files, fields, index, memory, 0)
    }

    /// The one in this folder, if it is whole and of this database.
    ///
    /// # Errors
    /// When it is not.
    pub fn open(folder: PathBuf, fields: Fields, memory: usize, db: &Db) -> Result<Self, Unusable> {
        if !folder.join("meta.json").exists() {
            return Err(Unusable::Damaged("it has no meta.json".into()));
        }
        let files = Files::open(folder)?;
        let index = Index::open(files.clone())?;
        if index.schema() != fields.schema {
            return Err(Unusable::Foreign("it has other fields"));
        }
        let damaged = checksums::damaged(&index, files.folder())?;
        if damaged > 0 {
            return Err(Unusable::Damaged(format!(
                "{damaged} files are not what was written"
            )));
        }
        let payload = index.load_metas()?.payload.unwrap_or_default();
        let payload: Payload =
            serde_json::from_str(&payload).map_err(|error| Unusable::Damaged(error.to_string()))?;
        if payload.epoch != db.epoch().to_string() {
            return Err(Unusable::Foreign("it has another epoch"));
        }
        let (mark, last) = db.read_blocking(|conn| {
            let mark = changes::mark(conn, payload.change)?;
            Ok((mark, changes::last(conn)?))
        })?;
        if payload.change > last {
            return Err(Unusable::Foreign("it is ahead of the database"));
        }
        if payload.mark != mark {
            return Err(Unusable::Foreign("the database has gone another way since"));
        }
        Self::new(files, fields, index, memory, payload.change)
    }

    fn new(
        files: Files,
        fields: Fields,
        index: Index,
        memory: usize,
        change: i64,
    ) -> Result<Self, Unusable> {
        index.tokenizers().register(terms::NAME, Terms::default());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(0)
            .try_into()?;
        Ok(Self {
            files,
            fields,
            index,
            reader,
            writer: None,
            memory,
            change,
            waiting: 0,
        })
    }

    /// The change that it has come to.
    #[must_use]
    pub const fn change(&self) -> i64 {
        self.change
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.files.folder()
    }

    /// Whether its files are there as they were written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.files.are_whole()
    }

    /// Whether its files hold what was written. Reads them all.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        checksums::damaged(&self.index, self.folder()).is_ok_and(|damaged| damaged == 0)
    }

    /// What searches read.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn serving(&self) -> Result<Serving, Unusable> {
        self.reader.reload()?;
        let searcher = self.reader.searcher();
        let columns = searcher
            .segment_readers()
            .iter()
            .map(SegmentColumns::open)
            .collect::<Result<_, _>>()?;
        Ok(Serving {
            fields: self.fields.clone(),
            searcher,
            columns,
            change: self.change,
        })
    }

    /// Whether merging in the background has made other segments of those that are served.
    #[must_use]
    pub fn has_merged(&self, serving: &Serving) -> bool {
        let served: HashSet<_> = serving
            .searcher
            .generation()
            .segments()
            .keys()
            .copied()
            .collect();
        self.index
            .searchable_segment_ids()
            .is_ok_and(|ids| ids.into_iter().collect::<HashSet<_>>() != served)
    }

    fn writer(&mut self, threads: usize) -> Result<&mut IndexWriter, Unusable> {
        if self.writer.is_none() {
            let memory = (self.memory / threads).max(15_000_000);
            self.writer = Some(writer::of(&self.index, threads, memory)?);
        }
        self.writer
            .as_mut()
            .ok_or_else(|| Unusable::Damaged("it has no writer".into()))
    }

    /// Puts in all that is published, from an empty index on, and commits. `progress` is told how many texts are in, and
    /// answers whether to go on; where it does not, nothing is committed and the answer is `false`.
    ///
    /// # Errors
    /// When the database cannot be read or the index not written.
    pub fn fill(
        &mut self,
        db: &Db,
        threads: usize,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<bool, Unusable> {
        // What changes while the texts are read is read again from the log.
        let from = db.read_blocking(changes::last)?;
        self.writer(threads)?;
        let (mut after, mut done) = (None, 0_u64);
        loop {
            let texts = db.read_blocking(|conn| {
                let limit = i64::try_from(CHUNK).unwrap_or(i64::MAX);
                let ids = articles::published_ids(conn, after, limit)?;
                after = ids.last().copied();
                articles::published_texts(conn, &ids)
            })?;
            if after.is_none() {
                break;
            }
            done += texts.len() as u64;
            self.put(&texts)?;
            if !progress(done) {
                return Ok(false);
            }
        }
        self.commit(db, from)?;
        // The memory and the threads of a long way are not needed any more.
        if let Some(writer) = self.writer.take() {
            writer.wait_merging_threads()?;
        }
        Ok(true)
    }

    /// Follows the log to its present end. After each commit `committed` is called, and answers whether to go on.
    ///
    /// # Errors
    /// When the database cannot be read or the index not written; what was committed stands.
    pub fn follow(
        &mut self,
        db: &Db,
        mut committed: impl FnMut(&Self) -> Result<bool, Unusable>,
    ) -> Result<(), Unusable> {
        let mut position = self.change;
        loop {
            let (entries, upto) =
                db.read_blocking(|conn| changes::after(conn, position, NUMBERS))?;
            if upto <= position {
                break;
            }
            let mut touched = Vec::new();
            for entry in entries.iter().filter(|entry| entry.public) {
                let (field, carriers): (Field, Carriers) = match entry.resource {
                    Resource::Article => {
                        touched.push(entry.id);
                        continue;
                    }
                    Resource::Tag => (self.fields.tags, articles::ids_with_tag),
                    Resource::Author => (self.fields.authors, articles::ids_by_author),
                    Resource::Site
                    | Resource::Redirect
                    | Resource::User
                    | Resource::ApiKey
                    | Resource::Message
                    | Resource::Webhook
                    | Resource::Job
                    | Resource::Media => continue,
                };
                // What waits for a commit may carry it too, read before it went.
                if self.waiting > 0 {
                    self.commit(db, position)?;
                }
                touched.extend(db.read_blocking(|conn| carriers(conn, entry.id))?);
                touched.extend(self.holding(field, entry.id)?);
            }
            touched.sort_unstable();
            touched.dedup();
            for ids in touched.chunks(CHUNK) {
                let texts = db.read_blocking(|conn| articles::published_texts(conn, ids))?;
                let id = self.fields.id;
                let writer = self.writer(1)?;
                for gone in ids {
                    writer.delete_term(Term::from_field_bytes(id, gone.as_bytes()));
                }
                self.waiting += ids.len();
                self.put(&texts)?;
            }
            position = upto;
            if self.waiting >= STEP {
                self.commit(db, position)?;
                if !committed(self)? {
                    return Ok(());
                }
            }
        }
        if self.waiting > 0 {
            self.commit(db, position)?;
        }
        // What changed nothing that can be found is followed without a commit.
        self.change = position;
        committed(self)?;
        Ok(())
    }

    fn put(&mut self, texts: &[PublishedText]) -> Result<(), Unusable> {
        let documents: Vec<_> = texts
            .iter()
            .map(|text| document::of(&self.fields, text))
            .collect();
        let writer = self.writer(1)?;
        for document in documents {
            writer.add_document(document)?;
        }
        Ok(())
    }

    fn commit(&mut self, db: &Db, change: i64) -> Result<(), Unusable> {
        let payload = Payload {
            epoch: db.epoch().to_string(),
            change,
            mark: db.read_blocking(|conn| changes::mark(conn, change))?,
        };
        let payload = crate::json::text(&payload);
        let mut prepared = self.writer(1)?.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.change = change;
        self.waiting = 0;
        Ok(())
    }

    /// The texts in the index that hold a tag or an author: it may be gone from the database.
    fn holding(&self, field: Field, id: Id) -> Result<Vec<Id>, Unusable> {
        let serving = self.serving()?;
        let term = Term::from_field_bytes(field, id.as_bytes());
        let query = tantivy::query::TermQuery::new(term, IndexRecordOption::Basic);
        let found = serving
            .searcher
            .search(&query, &tantivy::collector::DocSetCollector)?;
        Ok(found.into_iter().map(|place| serving.id(place)).collect())
    }
}
