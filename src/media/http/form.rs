//! Forms with a picture: the file goes to disk as it comes, and all that is wrong with the parts is told at once.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::error::{Error, Fault, FaultCode, closest};
use crate::http::error::{Code, Problem, Refusal};
use crate::http::extract::{START, content_was_read};
use crate::http::limits::Limits;
use crate::media::input;
use crate::media::model::{About, MAX_TEXT};

/// The most parts of a form.
const MAX_PARTS: usize = 20;
/// Bytes that a form may have beside its file.
const BESIDE: usize = 256 * 1024;
/// Bytes that are written to disk at once.
const WRITTEN: usize = 256 * 1024;
/// What a form can hold.
const PARTS: [&str; 5] = ["file", "alt", "title", "credit", "focal_point"];

/// A form that was read to its end.
pub(super) struct Form {
    /// The file, on disk and without a name.
    pub(super) file: File,
    /// SHA-256 of the file.
    pub(super) hash: [u8; 32],
    /// A hash of all that was sent.
    pub(super) digest: [u8; 32],
    /// What is said of it.
    pub(super) about: About,
}

/// A file on its way to disk. It has no name there, and is gone with whoever holds it.
struct Received {
    file: File,
    hash: Sha256,
    waiting: Vec<u8>,
    length: u64,
    name: Option<String>,
}

/// Reads a form, with all the faults of its parts at once.
pub(super) async fn read(
    request: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<Form, Refusal> {
    check_type(request)?;
    let limits = request.app_data::<Limits>().copied().unwrap_or_default();
    let most = limits.upload;
    let too_large = || {
        let detail = format!("a file may have {most} bytes at most");
        Problem::new(Code::ContentTooLarge, detail)
    };
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > most + BESIDE) {
        return Err(too_large().into());
    }
    let arrived = Rc::new(Cell::new(0_usize));
    let counted = {
        let arrived = Rc::clone(&arrived);
        payload.map(move |chunk| {
            let chunk = chunk?;
            arrived.set(arrived.get() + chunk.len());
            if arrived.get() > most + BESIDE {
                return Err(PayloadError::Overflow);
            }
            Ok(chunk)
        })
    };
    let pace = Pace {
        started: Instant::now(),
        arrived,
        limits,
    };
    let mut parts = Multipart::new(request.headers(), counted);
    let (mut file, mut texts): (Option<Received>, Vec<(&'static str, String)>) = (None, Vec::new());
    let (mut faults, mut count) = (Vec::new(), 0);
    while let Some(part) = pace.next(&mut parts).await? {
        let mut part = part.map_err(|error| unreadable(&error, too_large))?;
        count += 1;
        if count > MAX_PARTS {
            let detail = format!("a form has {MAX_PARTS} parts at most");
            return Err(Problem::new(Code::ContentTooLarge, detail).into());
        }
        let sent = part.name().unwrap_or_default().to_owned();
        let Some(name) = PARTS.iter().find(|known| **known == sent) else {
            faults.push(unknown(&sent));
            drain(&pace, &mut part, too_large).await?;
            continue;
        };
        let repeated = match *name {
            "file" => file.is_some(),
            name => texts.iter().any(|(known, _)| *known == name),
        };
        if repeated {
            let detail = format!("{name} may stand once only");
            faults.push(Fault::at(format!("/{name}"), FaultCode::Repeated, detail));
            drain(&pace, &mut part, too_large).await?;
        } else if *name == "file" {
            file = Some(receive(&pace, &mut part, app, most, too_large).await?);
        } else {
            let bytes = gather(&pace, &mut part, too_large).await?;
            match bytes.map(String::from_utf8) {
                Some(Ok(text)) => texts.push((name, text)),
                Some(Err(_)) => {
                    let detail = "is not UTF-8";
                    faults.push(Fault::at(format!("/{name}"), FaultCode::Malformed, detail));
                }
                None => {
                    let detail = format!("has more than {MAX_TEXT} characters");
                    faults.push(Fault::at(format!("/{name}"), FaultCode::TooLarge, detail));
                }
            }
        }
    }
    content_was_read(request);
    if file.is_none() {
        let detail = "a part of this name with a picture must be there";
        faults.push(Fault::at("/file", FaultCode::Missing, detail));
    }
    let mut digest = Sha256::new();
    let mut about = About::default();
    texts.sort_unstable();
    for (name, text) in texts {
        for part in [name, &text] {
            digest.update(part);
            digest.update([0]);
        }
        faults.extend(input::too_long(name, &text));
        let text = Some(text).filter(|text| !text.trim().is_empty());
        match name {
            "alt" => about.alt = text.unwrap_or_default(),
            "title" => about.title = text,
            "credit" => about.credit = text,
            _ => {
                let Some(text) = text else { continue };
                about.focal_point = input::focal_point_of_form(&text);
                if about.focal_point.is_none() {
                    let detail = "must be two numbers from 0 to 1 with a comma between them, such as 0.5,0.4";
                    faults.push(Fault::at("/focal_point", FaultCode::Malformed, detail));
                }
            }
        }
    }
    let file = file.filter(|_| faults.is_empty());
    let Some(received) = file else {
        return Err(Error::Invalid(faults).into());
    };
    about.file_name = received.name.as_deref().and_then(input::file_name);
    let hash: [u8; 32] = received.hash.finalize().into();
    digest.update(hash);
    Ok(Form {
        file: received.file,
        hash,
        digest: digest.finalize().into(),
        about,
    })
}

/// How fast a form must come.
struct Pace {
    started: Instant,
    arrived: Rc<Cell<usize>>,
    limits: Limits,
}

impl Pace {
    /// The next of a stream, if it comes in time.
    async fn next<S>(&self, stream: &mut S) -> Result<Option<S::Item>, Problem>
    where
        S: futures_util::Stream + Unpin,
    {
        let rate = self.limits.content_rate.max(1);
        let earned = Duration::from_secs(self.arrived.get() as u64 / rate);
        let left = (START + earned)
            .min(self.limits.upload_deadline)
            .saturating_sub(self.started.elapsed());
        timeout(left, stream.next()).await.map_err(|_elapsed| {
            let detail = "the content of the request did not arrive in time";
            Problem::new(Code::RequestTimeout, detail)
        })
    }
}

/// Takes a file to disk.
async fn receive(
    pace: &Pace,
    part: &mut Field,
    app: &App,
    most: usize,
    too_large: impl Fn() -> Problem + Copy,
) -> Result<Received, Refusal> {
    let name = part.content_disposition().and_then(|it| it.get_filename());
    let folder = app.library.files.folder().map(std::path::Path::to_owned);
    let name = name.map(str::to_owned);
    let made = move || match folder {
        Some(folder) => tempfile::tempfile_in(folder),
        None => tempfile::tempfile(),
    };
    let mut received = Received {
        file: on_disk(made).await?,
        hash: Sha256::new(),
        waiting: Vec::with_capacity(WRITTEN),
        length: 0,
        name,
    };
    while let Some(chunk) = pace.next(part).await? {
        let chunk = chunk.map_err(|error| unreadable(&error, too_large))?;
        received.length += chunk.len() as u64;
        if received.length > most as u64 {
            return Err(too_large().into());
        }
        received.hash.update(&chunk);
        received.waiting.extend_from_slice(&chunk);
        if received.waiting.len() >= WRITTEN {
            received = written(received).await?;
        }
    }
    written(received).await
}

/// Writes what waits.
async fn written(mut received: Received) -> Result<Received, Refusal> {
    on_disk(move || {
        received.file.write_all(&received.waiting)?;
        received.waiting.clear();
        Ok(received)
    })
    .await
}

/// Does something with a disk, and keeps nobody else waiting for it.
async fn on_disk<T: Send + 'static>(
    f: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    let done = web::block(f)
        .await
        .map_err(|error| Error::internal(format!("an upload: {error}")))?;
    done.map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull.into(),
        _ => Error::internal(format!("an upload cannot be written: {error}")).into(),
    })
}

/// The bytes of a short part; `None` of one that is too long for any text.
async fn gather(
    pace: &Pace,
    part: &mut Field,
    too_large: impl Fn() -> Problem,
) -> Result<Option<Vec<u8>>, Refusal> {
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(chunk) = pace.next(part).await? {
        let chunk: Bytes = chunk.map_err(|error| unreadable(&error, &too_large))?;
        // A character has four bytes at most.
        fits &= bytes.len() + chunk.len() <= MAX_TEXT * 4;
        if fits {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(fits.then_some(bytes))
}

/// Reads over a part.
async fn drain(
    pace: &Pace,
    part: &mut Field,
    too_large: impl Fn() -> Problem,
) -> Result<(), Refusal> {
    while let Some(chunk) = pace.next(part).await? {
        chunk.map_err(|error| unreadable(&error, &too_large))?;
    }
    Ok(())
}

fn unknown(name: &str) -> Fault {
    let short: String = name.chars().take(64).collect();
    let detail = match closest(&short, PARTS) {
        Some(known) => format!("a form has no part `{short}`; did you mean `{known}`?"),
        None => format!("a form has no part `{short}`; it has {}", PARTS.join(", ")),
    };
    let pointer = format!("/{}", short.replace('~', "~0").replace('/', "~1"));
    Fault::at(pointer, FaultCode::Unknown, detail)
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let unsupported = |detail: String| Problem::new(Code::UnsupportedMediaType, detail);
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported(
            "content is read without Content-Encoding".into(),
        ));
    }
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|given| given.to_str().ok());
    let essence = given
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Ok(());
    }
    let detail = "Content-Type must be multipart/form-data, with the picture in the part `file`";
    Err(unsupported(detail.into()))
}

/// Why a form cannot be read.
fn unreadable(error: &MultipartError, too_large: impl Fn() -> Problem) -> Problem {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => too_large(),
        MultipartError::BoundaryMissing | MultipartError::ContentTypeParse => {
            let detail = "Content-Type names no boundary, or the parts are not parted by it";
            Problem::new(Code::BadRequest, detail)
        }
        error => Problem::new(
            Code::BadRequest,
            format!("the form cannot be read: {error}"),
        ),
    }
}
