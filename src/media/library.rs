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

    /// Makes anew what another server made of these bytes, as [`Library::prepare`]: under the same name, in the same widths.
    ///
    /// # Errors
    /// As [`Library::prepare_file`].
    pub async fn prepare_again(
        &self,
        bytes: Vec<u8>,
        about: About,
        name: Option<String>,
        widths: Option<Vec<u32>>,
    ) -> Result<Prepared, Unprepared> {
        let mut alike = self.clone();
        alike.settings.recipe.widths = widths.unwrap_or(alike.settings.recipe.widths);
        let mut prepared = alike.prepare(bytes, about).await?;
        prepared.new.name = name.unwrap_or(prepared.new.name);
        Ok(prepared)
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
        variants: variants
            .iter()
            .map(|(variant, _)| variant.clone())
            .collect(),
        animation: animation.as_ref().map(|(variant, _)| variant.clone()),
    };
    let files = variants.into_iter().chain(animation);
    Ok(Prepared {
        new,
        original: original.into(),
        files: files
            .map(|(variant, bytes)| (variant, bytes.into()))
            .collect(),
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A library whose pictures wait until they are let go, and where they say that it is their turn.
    fn library(decodes: usize, waiting: usize) -> Library {
        let settings = Settings {
            decodes,
            waiting,
            wait: Duration::from_secs(60),
            ..Settings::default()
        };
        Library::new(Files::in_memory(), settings)
    }

    fn wait_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn two_are_worked_on_at_once_and_the_others_are_not_read_before_it_is_their_turn() {
        let library = library(2, 3);
        let (begin, begun) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(std::sync::Mutex::new(released));
        let picture = |number: usize| {
            let (library, begin, released) =
                (library.clone(), begin.clone(), Arc::clone(&released));
            std::thread::spawn(move || {
                let read = move || {
                    begin.send(number).unwrap();
                    // Lets go of the lock at once, so that the others can wait for a word too.
                    let word = loop {
                        let word = released.lock().unwrap().try_recv();
                        if word.is_ok() {
                            break word;
                        }
                        std::thread::sleep(Duration::from_millis(1));
                    };
                    word.unwrap();
                    Ok(b"no picture".to_vec())
                };
                wait_on(library.prepare_read(read, About::default()))
            })
        };
        let pictures: Vec<_> = (0..5).map(picture).collect();
        // Two begin, and the places of the other three are taken.
        for _ in 0..2 {
            begun.recv_timeout(Duration::from_secs(60)).unwrap();
        }
        while library.places.available_permits() > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(library.turns.available_permits(), 0);
        assert!(begun.try_recv().is_err(), "a third one was read");
        // A sixth finds no place.
        let full = wait_on(library.prepare(Vec::new(), About::default()));
        assert!(
            matches!(full, Err(Unprepared::Failed(Error::Unavailable { .. }))),
            "{full:?}"
        );
        for done in 1..=5 {
            release.send(()).unwrap();
            if done <= 3 {
                begun.recv_timeout(Duration::from_secs(60)).unwrap();
            }
        }
        for picture in pictures {
            let refused = picture.join().unwrap();
            assert!(matches!(refused, Err(Unprepared::Unfit(Unfit::Type(_)))));
        }
        assert_eq!(library.places.available_permits(), 5);
    }

    #[test]
    fn a_name_is_as_addresses_want_it_and_no_other() {
        let (one, other) = (name().unwrap(), name().unwrap());
        assert!(super::super::model::is_name(&one) && one != other);
    }
}
