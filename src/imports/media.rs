//! Pictures that an import brings: their files, and what readers get of them. The files are stored before the row that
//! names them, and removed where there is none in the end.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tokio::runtime::{Builder, Runtime};

use super::Options;
use super::fetch::{Fetch, Place};
use crate::articles::model::{ArticleInput, Image};
use crate::db::Db;
use crate::error::Result;
use crate::media::library::{Library, Unprepared};
use crate::media::model::NewMedia;
use crate::transfer::MediaInput;

/// Why a picture is not here.
pub(super) const NO_FILE: &str =
    "its file is not here: `import --files` names the folder that has it";

/// Where the files of pictures are, and where they go.
#[derive(Debug)]
pub struct Shelf {
    library: Library,
    /// The folder of files, where there is one.
    folder: Option<PathBuf>,
    /// The longest file that is taken, in bytes.
    limit: u64,
    /// How pictures elsewhere are fetched, where they are.
    fetch: Option<RefCell<Fetch>>,
    runtime: Runtime,
}

impl Shelf {
    /// One that takes files of up to `limit` bytes from this folder into this library.
    ///
    /// # Errors
    /// When the system gives no means to work with.
    pub fn new(library: Library, folder: Option<PathBuf>, limit: u64) -> io::Result<Self> {
        Ok(Self {
            library,
            folder,
            limit,
            fetch: None,
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// The same, which also fetches pictures elsewhere that texts show.
    #[must_use]
    pub fn fetching(mut self, fetch: Fetch) -> Self {
        self.fetch = Some(RefCell::new(fetch));
        self
    }

    /// Brings the pictures elsewhere that a text shows here, if that is wanted. Answers what could not be had, and why.
    ///
    /// # Errors
    /// When the database or the media store fails.
    pub(super) fn bring(
        &self,
        db: &Db,
        options: &Options,
        input: &mut ArticleInput,
    ) -> Result<Vec<String>> {
        let Some(fetch) = &self.fetch else {
            return Ok(Vec::new());
        };
        let place = self.place(db, options);
        self.runtime
            .block_on(fetch.borrow_mut().bring(&place, input))
    }

    /// Brings a picture elsewhere here, if that is wanted. Answers why it could not be had.
    ///
    /// # Errors
    /// As [`Shelf::bring`].
    pub(super) fn bring_image(
        &self,
        db: &Db,
        options: &Options,
        image: &mut Image,
    ) -> Result<Option<String>> {
        let Some(fetch) = &self.fetch else {
            return Ok(None);
        };
        let place = self.place(db, options);
        self.runtime
            .block_on(fetch.borrow_mut().bring_image(&place, image))
    }

    fn place<'a>(&'a self, db: &'a Db, options: &'a Options) -> Place<'a> {
        Place {
            db,
            library: &self.library,
            source: &options.source,
            actor: &options.actor,
            limit: self.limit,
        }
    }

    /// Stores the files of a picture and what readers get of it. Answers what its row is to say; or why there is none.
    ///
    /// # Errors
    /// When the media store takes nothing.
    pub(super) fn take(
        &self,
        medium: &MediaInput,
    ) -> Result<std::result::Result<NewMedia, String>> {
        let bytes = match self.read(medium) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(why)),
        };
        let widths = (!medium.widths.is_empty()).then(|| medium.widths.clone());
        let prepared =
            self.library
                .prepare_again(bytes, medium.about.clone(), medium.name.clone(), widths);
        self.runtime.block_on(async {
            let prepared = match prepared.await {
                Ok(prepared) => prepared,
                Err(Unprepared::Unfit(unfit)) => return Ok(Err(unfit.to_string())),
                Err(Unprepared::Failed(error)) => return Err(error),
            };
            self.library.keep(&prepared).await?;
            Ok(Ok(prepared.new))
        })
    }

    /// Removes what was stored of a picture that got no row.
    pub(super) fn put_back(&self, picture: &NewMedia) {
        if let Err(error) = self
            .runtime
            .block_on(self.library.files.remove(&picture.name))
        {
            // They are swept later.
            tracing::warn!(%error, "the files of a picture that was not imported could not be removed");
        }
    }

    fn read(&self, medium: &MediaInput) -> std::result::Result<Vec<u8>, String> {
        let Some(folder) = &self.folder else {
            return Err(NO_FILE.into());
        };
        let in_words =
            |error: io::Error| format!("its file {} cannot be read: {error}", medium.file);
        let file = File::open(folder.join(&medium.file)).map_err(in_words)?;
        let mut bytes = Vec::new();
        file.take(self.limit + 1)
            .read_to_end(&mut bytes)
            .map_err(in_words)?;
        if bytes.len() as u64 > self.limit {
            let limit = self.limit;
            return Err(format!(
                "its file {} has more than {limit} bytes: --media-limit says what is taken",
                medium.file
            ));
        }
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if medium.hash.is_some_and(|known| known != hash) {
            return Err(format!(
                "its file {} is not the one that was exported",
                medium.file
            ));
        }
        Ok(bytes)
    }
}
