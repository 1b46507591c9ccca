//! The library: where media are kept, what is made of them, and how many pictures are in the works at once.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::files::Files;
use super::model::{About, NewMedia, Variant};
use super::picture::{self, Made, Recipe, Unfit};
use crate::error::{Error, Result};

/// How a library is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is made of pictures.
    pub recipe: Recipe,
    /// Pictures in the works at once. Each may take eight bytes for each of its pixels.
    pub decodes: usize,
    /// Pictures that may wait for that.
    pub waiting: usize,
    /// How long one may wait.
    pub wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            recipe: Recipe::default(),
            decodes: 2,
            waiting: 32,
            wait: Duration::from_secs(20),
        }
    }
}

/// The library; cheap to clone.
#[derive(Debug, Clone)]
pub struct Library {
    /// Where the bytes are.
    pub files: Files,
    settings: Settings,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A picture of which everything is made, and nothing is stored yet.
#[derive(Debug)]
pub struct Prepared {
    /// What is to stand in the database.
    pub new: NewMedia,
    original: Bytes,
    files: Vec<(Variant, Bytes)>,
}

/// Why a picture could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum Unprepared {
    /// It is none that is taken.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// For another reason.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl Library {
    /// A library whose bytes are there.
    #[must_use]
    pub fn new(files: Files, settings: Settings) -> Self {
        Self {
            files,
            places: Arc::new(Semaphore::new(settings.decodes + settings.waiting)),
            turns: Arc::new(Semaphore::new(settings.decodes)),
            settings,
        }
    }

    /// Makes what readers get of a file, on another thread, when it is its turn; until then nothing of it is in memory.
    ///
    /// # Errors
    /// [`Unprepared::Unfit`] where it is no picture that is taken; [`Error::Unavailable`] where too many wait.
    pub async fn prepare_file(&self, file: File, about: About) -> Result<Prepared, Unprepared> {
        let read = move || -> io::Result<Vec<u8>> {
            let mut file = file;
            let mut bytes = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        self.prepare_read(read, about).await
    }

    /// Makes what readers get of these bytes, as [`Library::prepare_file`].
    ///
    /// # Errors
    /// As [`Library::prepare_file`].
    pub async fn prepare(&self, bytes: Vec<u8>, about: About) -> Result<Prepared, Unprepared> {
        self.prepare_read(move || Ok(bytes), about).await
    }

    async fn prepare_read(
        &self,
        read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
        about: About,
    ) -> Result<Prepared, Unprepared> {
        let full = || Error::busy("too many pictures are in the works");
        let _place = self.places.try_acquire().map_err(|_full| full())?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(self.settings.wait, turn)
            .await
            .map_err(|_elapsed| full())?
            .map_err(|_closed| Error::internal("the turns of pictures are over"))?;
        let recipe = self.settings.recipe.clone();
        let work = move || {
            // Held until the work is done, and not until somebody stops waiting for it.
            let _turn = turn;
            let bytes = read()
                .map_err(|error| Error::internal(format!("an upload cannot be read: {error}")))?;
            let made = picture::make(&bytes, &recipe)?;
            Ok(prepared(bytes, made, about)?)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%error, "a picture could not be worked on");
                let why = "it is not built as such files are".to_owned();
                Err(Unfit::Broken {
                    kind: "a picture",
                    why,
                }
                .into())
            }
        }
    }

    /// Stores the bytes of a picture. When it answers, they are on disk: only then may a row of the database name them.
    ///
    /// # Errors
    /// When the store does not take them. What it took until then is swept later.
    pub async fn keep(&self, prepared: &Prepared) -> Result<()> {
        let name = &prepared.new.name;
        self.files
            .keep_original(name, prepared.original.clone())
            .await?;
        for (variant, bytes) in &prepared.files {
            self.files.keep(name, &variant.file, bytes.clone()).await?;
        }
        Ok(())
    }
}

fn prepared(original: Vec<u8>, made: Made, about: About) -> Result<Prepared> {
    let Made {
        media_type,
        width,
        height,
        blurhash,
        variants,
        animation,
    } = made;
    let new = NewMedia {
        hash: Sha256::digest(&original).into(),
        bytes: i64::try_from(original.len()).unwrap_or(i64::MAX),
        name: name()?,
        about,
        media_type,
        width,
        height,
        blurhash,
        variants: variants.iter().map(|(variant, _)| variant.clone()).collect(),
        animation: animation.as_ref().map(|(variant, _)| variant.clone()),
    };
    let files = variants.into_iter().chain(animation);
    Ok(Prepared {
        new,
        original: original.into(),
        files: files.map(|(variant, bytes)| (variant, bytes.into())).collect(),
    })
}

/// What the addresses of a medium begin with: 128 random bits, which nobody guesses, so that a picture of a draft is found
/// by those alone who were shown the draft.
fn name() -> Result<String> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random)
        .map_err(|error| Error::internal(format!("no random bytes: {error}")))?;
    Ok(data_encoding::HEXLOWER.encode(&random))
}
