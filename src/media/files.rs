//! Where the bytes are: a folder, or a bucket of an object store that speaks S3's language. What readers get is under
//! `files/NAME/`, what was sent under `originals/NAME`, and no address leads there.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path as FolderPath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};

use crate::error::{Error, Result};

/// The folder of what readers get.
const FILES: &str = "files";
/// The folder of what was sent.
const ORIGINALS: &str = "originals";
/// Names that are looked up at once.
const AT_ONCE: usize = 100;

/// A bucket, and how to get at it.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all objects begin with.
    pub prefix: Option<String>,
    /// The address of the service; that of AWS where there is none.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The key, and its secret; that of the machine's role where there is none.
    pub key: Option<(String, String)>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The media store; cheap to clone.
#[derive(Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Where it is on this machine.
    folder: Option<PathBuf>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.store)
    }
}

/// A file, or a part of one.
pub struct Found {
    /// How long the whole file is.
    pub length: u64,
    /// The bytes of it that were asked for.
    pub part: Range<u64>,
    /// These bytes, in pieces.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl Files {
    /// In memory, for as long as the process.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            prefix: Path::default(),
            folder: None,
        }
    }

    /// In a folder, which is made. A file that was put there is on disk, with its folder, before anybody is told.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn in_folder(folder: &FolderPath) -> Result<Self> {
        let failed = |error: &dyn fmt::Display| {
            Error::internal(format!("the media folder {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(&error))?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            prefix: Path::default(),
            folder: Some(folder.to_owned()),
        })
    }

    /// In a bucket.
    ///
    /// # Errors
    /// When its name or the address of the service cannot be used. Whether it is there, the first file shows.
    pub fn in_bucket(bucket: &Bucket) -> Result<Self> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_client_options(
                ClientOptions::new()
                    .with_connect_timeout(Duration::from_secs(5))
                    .with_timeout(Duration::from_secs(60)),
            )
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: Duration::from_secs(20),
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some((id, secret)) = &bucket.key {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        let store = builder
            .build()
            .map_err(|error| Error::internal(format!("the media store: {error}")))?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::from(bucket.prefix.as_deref().unwrap_or_default()),
            folder: None,
        })
    }

    /// Where uploads wait on this machine, where that is said.
    #[must_use]
    pub fn folder(&self) -> Option<&FolderPath> {
        self.folder.as_deref()
    }

    fn file(&self, name: &str, file: &str) -> Path {
        self.prefix.clone().join(FILES).join(name).join(file)
    }

    fn original(&self, name: &str) -> Path {
        self.prefix.clone().join(ORIGINALS).join(name)
    }

    /// Keeps what was sent. When it answers, that is on disk, or the service has said so.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn keep_original(&self, name: &str, bytes: Bytes) -> Result<()> {
        self.put(&self.original(name), bytes).await
    }

    /// Keeps a file that readers get, as [`Files::keep_original`].
    ///
    /// # Errors
    /// As [`Files::keep_original`].
    pub async fn keep(&self, name: &str, file: &str, bytes: Bytes) -> Result<()> {
        self.put(&self.file(name, file), bytes).await
    }

    async fn put(&self, path: &Path, bytes: Bytes) -> Result<()> {
        let put = self.store.put(path, PutPayload::from(bytes)).await;
        put.map(drop).map_err(|error| self.failed(&error))
    }

    /// A file that readers get; `None` where there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn read(&self, name: &str, file: &str) -> Result<Option<Found>> {
        self.get(&self.file(name, file), None).await
    }

    /// These bytes of a file that readers get, which must be there, as [`Files::read`].
    ///
    /// # Errors
    /// As [`Files::read`].
    pub async fn read_part(
        &self,
        name: &str,
        file: &str,
        part: Range<u64>,
    ) -> Result<Option<Found>> {
        self.get(&self.file(name, file), Some(part)).await
    }

    /// How long a file is that readers get; `None` where there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn length(&self, name: &str, file: &str) -> Result<Option<u64>> {
        match self.store.head(&self.file(name, file)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// What was sent: for what keeps copies of everything, and for no reader.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn read_original(&self, name: &str) -> Result<Option<Found>> {
        self.get(&self.original(name), None).await
    }

    async fn get(&self, path: &Path, part: Option<Range<u64>>) -> Result<Option<Found>> {
        let options = GetOptions {
            range: part.map(Into::into),
            ..GetOptions::default()
        };
        let this = self.clone();
        match self.store.get_opts(path, options).await {
            Ok(found) => Ok(Some(Found {
                length: found.meta.size,
                part: found.range.clone(),
                bytes: found
                    .into_stream()
                    .map_err(move |error| this.failed(&error))
                    .boxed(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Removes all that is kept under a name.
    ///
    /// # Errors
    /// When the store does not answer. What was removed until then is gone.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let below = self.prefix.clone().join(FILES).join(name);
        let files: Vec<Path> = self
            .store
            .list(Some(&below))
            .map_ok(|meta| meta.location)
            .try_collect()
            .await
            .map_err(|error| self.failed(&error))?;
        for path in files.iter().chain([&self.original(name)]) {
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        if let Some(folder) = &self.folder {
            // An empty folder does no harm.
            let _there = std::fs::remove_dir(folder.join(FILES).join(name));
        }
        Ok(())
    }

    /// The names under which anything is kept that nobody has written since then, in milliseconds since 1970, some at a
    /// time.
    pub fn names_before(&self, millis: i64) -> BoxStream<'static, Result<Vec<String>>> {
        let this = self.clone();
        let folders = [FILES, ORIGINALS].map(|folder| self.prefix.clone().join(folder));
        let depth = self.prefix.parts().count() + 1;
        futures_util::stream::iter(folders)
            .flat_map({
                let store = Arc::clone(&self.store);
                move |folder| store.list(Some(&folder))
            })
            .map_err(move |error| this.failed(&error))
            .try_filter_map(move |meta| async move {
                let old = meta.last_modified.timestamp_millis() < millis;
                let name = meta.location.parts().nth(depth);
                Ok(name.filter(|_| old).map(|name| name.as_ref().to_owned()))
            })
            .try_chunks(AT_ONCE)
            .map_err(|failed| failed.1)
            .boxed()
    }

    /// What the rest of the program makes of a failure.
    fn failed(&self, error: &object_store::Error) -> Error {
        if is_full(error) {
            return Error::DiskFull;
        }
        if self.folder.is_some() {
            return Error::internal(format!("the media store: {error}"));
        }
        tracing::error!(%error, "the media store does not answer as it should");
        Error::busy("the media store does not answer")
    }
}

/// Whether there is no room left.
fn is_full(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let full = error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        });
        if full {
            return true;
        }
        cause = error.source();
    }
    false
}
