//! Content that is a file: written to disk as it comes, and never held in memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};

use super::error::{Code, Problem, Refusal};
use super::extract::{Content, ContentRead, START};
use super::limits::Limits;
use crate::error::Error;

/// Bytes that are written at once.
const CHUNK: usize = 256 << 10;

/// A file that was sent. It is removed with this, unless it is kept.
#[derive(Debug)]
pub struct Upload {
    path: PathBuf,
    digest: [u8; 32],
    kept: bool,
}

impl Upload {
    /// Reads the content of a request into a new file at this path, up to a length.
    ///
    /// # Errors
    /// 415 where it is a form or is compressed, 413 and 408 for too much and too slow, 400 where it breaks off or is empty.
    pub async fn read(
        request: &HttpRequest,
        mut payload: web::Payload,
        path: &Path,
        limit: u64,
    ) -> Result<Self, Refusal> {
        check_type(request)?;
        let limits = request.app_data::<Limits>().copied().unwrap_or_default();
        let too_large = || {
            let detail = format!("the content may have {limit} bytes at most");
            Problem::new(Code::ContentTooLarge, detail)
        };
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > limit) {
            return Err(too_large().into());
        }
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
        let mut upload = Self {
            path: path.to_owned(),
            digest: [0; 32],
            kept: false,
        };
        let started = Instant::now();
        let (mut hash, mut bytes, mut waiting) = (Sha256::new(), 0_u64, Vec::new());
        loop {
            let earned = Duration::from_secs(bytes / limits.content_rate.max(1));
            let left = (START + earned)
                .min(limits.import_deadline)
                .saturating_sub(started.elapsed());
            let Ok(chunk) = timeout(left, payload.next()).await else {
                let detail = "the content of the request did not arrive in time";
                return Err(Problem::new(Code::RequestTimeout, detail).into());
            };
            let ends = chunk.is_none();
            if let Some(chunk) = chunk {
                let chunk = chunk.map_err(|error| {
                    Problem::new(
                        Code::BadRequest,
                        format!("the content cannot be read: {error}"),
                    )
                })?;
                bytes += chunk.len() as u64;
                if bytes > limit {
                    return Err(too_large().into());
                }
                hash.update(&chunk);
                waiting.extend_from_slice(&chunk);
            }
            if waiting.len() >= CHUNK || ends {
                let some = std::mem::take(&mut waiting);
                file = write(file, some).await?;
            }
            if ends {
                break;
            }
        }
        request.extensions_mut().insert(ContentRead);
        if bytes == 0 {
            let detail = "the content is the file, and there is none";
            return Err(Problem::new(Code::BadRequest, detail).into());
        }
        upload.digest = hash.finalize().into();
        Ok(upload)
    }

    /// As the content of a write: there is no JSON in it.
    #[must_use]
    pub const fn content(&self) -> Content {
        Content {
            value: Value::Null,
            digest: self.digest,
        }
    }

    /// Somebody else looks after the file from now on.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // It may have been removed by whoever read it.
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a file that was sent cannot be removed");
        }
    }
}

/// Off the threads that serve: a disk may take its time.
async fn write(mut file: File, bytes: Vec<u8>) -> Result<File, Error> {
    let written = tokio::task::spawn_blocking(move || file.write_all(&bytes).map(|()| file)).await;
    let written = written.map_err(|error| Error::internal(format!("a write ended: {error}")))?;
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::DiskFull,
        _ => Error::internal(format!("a file that was sent: {error}")),
    })
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let unsupported = |detail: &str| Problem::new(Code::UnsupportedMediaType, detail);
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("content is read without Content-Encoding"));
    }
    let given = request.headers().get(CONTENT_TYPE);
    let given = given.and_then(|given| given.to_str().ok()).unwrap_or("");
    if given.to_ascii_lowercase().starts_with("multipart/") {
        return Err(unsupported(
            "the content is the file itself and no form, as application/octet-stream",
        ));
    }
    Ok(())
}
