//! The connection itself. The HTTP library answers a broken, over-long or slow head with a bare status before any of our
//! code sees it; here such an answer gets its problem document. And a peer that stops reading is dropped: the library
//! would wait for it for ever.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::error::{Code, Problem};
use super::protect::{Readers, protect, request_id};

/// Lets an answer be the last of its connection. `Connection: close` says it to the client; but the library would still
/// wait for the end of chunked content that nobody reads, for as long as the peer likes.
#[derive(Debug, Clone, Default)]
pub(super) struct LastAnswer(Rc<Cell<bool>>);

impl LastAnswer {
    /// Nothing is read any more once the answer has been written.
    pub(super) fn is_this(&self) {
        self.0.set(true);
    }
}

/// Tells an answer that goes on for hours that its reader has gone: otherwise that would show only in a write.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hangup(Rc<Notify>);

impl Hangup {
    /// Waits for it.
    pub(crate) async fn happens(&self) {
        self.0.notified().await;
    }
}

/// A connection with a deadline on its writes and words for the library's bare refusals.
pub(super) struct Wire {
    /// There until the end.
    stream: Option<TcpStream>,
    write_deadline: Duration,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    /// What is to be written in place of a bare refusal, and how much of that is done.
    instead: Option<(Vec<u8>, usize)>,
    /// A refusal was written.
    refused: bool,
    last_answer: LastAnswer,
    hangup: Hangup,
    /// Who waits for something to read.
    reader: Option<Waker>,
    /// Bytes read since the last end of a line, and whether a line was longer than the library can take for a URL.
    line: usize,
    long_line: bool,
}

impl Wire {
    /// Over this stream; a write that makes no progress for that long ends it.
    #[must_use]
    pub(super) fn new(stream: TcpStream, write_deadline: Duration) -> Self {
        Self {
            stream: Some(stream),
            write_deadline,
            stalled: None,
            instead: None,
            refused: false,
            last_answer: LastAnswer::default(),
            hangup: Hangup::default(),
            reader: None,
            line: 0,
            long_line: false,
        }
    }

    /// What ends this connection after an answer.
    pub(super) fn last_answer(&self) -> LastAnswer {
        self.last_answer.clone()
    }

    /// What tells that the peer has gone.
    pub(super) fn hangup(&self) -> Hangup {
        self.hangup.clone()
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream
            .as_mut()
            .map(Pin::new)
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let deadline = self.write_deadline;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(deadline)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer does not read",
        )))
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.stream()?.poll_write(cx, bytes) {
            Poll::Ready(written) => {
                if let Some(stalled) = &mut self.stalled {
                    stalled.as_mut().reset(Instant::now() + self.write_deadline);
                }
                Poll::Ready(written)
            }
            Poll::Pending => self.poll_stalled(cx),
        }
    }

    /// Writes what stands in place of a refusal to its end.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((bytes, done)) = self.instead.take() {
            let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) else {
                break;
            };
            match self.poll_stream(cx, rest) {
                Poll::Ready(Ok(written)) => self.instead = Some((bytes, done + written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.instead = Some((bytes, done));
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// How long what a refused peer still sends is read away.
const LINGER: Duration = Duration::from_secs(1);

impl Drop for Wire {
    /// The library drops a connection as soon as it has refused it. To close over what the peer has sent beyond that
    /// resets the connection, and the answer might never be seen (RFC 9112 section 9.6).
    fn drop(&mut self) {
        if !self.refused {
            return;
        }
        if let Some(mut stream) = self.stream.take() {
            actix_web::rt::spawn(timeout(LINGER, async move {
                let mut scratch = [0; 8192];
                stream.shutdown().await?;
                while stream.read(&mut scratch).await? > 0 {}
                io::Result::Ok(())
            }));
        }
    }
}

/// The longest URL that the library reads; a longer one is to it no HTTP at all.
const LONGEST_URL: usize = 65_534;

/// The head of a bare refusal has fewer bytes: a status, a length of 0, the time, the end of the connection.
const LONGEST_BARE_HEAD: usize = 192;

/// Looks for the beginning of an answer: with each that is written, so it is made once.
static BEGINNING: LazyLock<memmem::Finder> = LazyLock::new(|| memmem::Finder::new("HTTP/1."));

/// Where a bare refusal begins in what is to be written, which may hold whole answers to earlier requests before it. Our
/// own answers to what goes wrong are never empty, so a 4xx or 5xx without content can only be the library's.
fn bare_refusal(bytes: &[u8]) -> Option<(usize, Code)> {
    // Its head is short, and what is written ends with it: most of what is written needs no closer look.
    let tail = bytes.get(bytes.len().saturating_sub(LONGEST_BARE_HEAD)..)?;
    if !bytes.ends_with(b"\r\n\r\n") || BEGINNING.find(tail).is_none() {
        return None;
    }
    let mut at = 0;
    // A text may look like an answer, so heads are not searched for but stepped to, over the content that each announces.
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let head = rest.get(..memmem::find(rest, b"\r\n\r\n")? + 4)?;
        let head_text = std::str::from_utf8(head).ok()?.to_ascii_lowercase();
        let status = head_text.strip_prefix("http/1.")?.get(2..5)?;
        let length = head_text
            .split("\r\n")
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
        let code = match status {
            "400" => Some(Code::BadRequest),
            "408" => Some(Code::RequestTimeout),
            "431" => Some(Code::HeadersTooLarge),
            "500" => Some(Code::Internal),
            _ => None,
        };
        if let Some(code) = code.filter(|_| length == 0) {
            return Some((at, code));
        }
        // What a 304 announces it does not send (RFC 9110 section 15.4.5).
        at += head.len() + if status == "304" { 0 } else { length };
    }
    None
}

/// The answer in place of a bare refusal.
fn refusal(code: Code) -> Vec<u8> {
    let id = request_id();
    let detail = match code {
        Code::BadRequest => "the request is not valid HTTP/1.1",
        Code::RequestTimeout => "the head of the request did not arrive in time",
        Code::HeadersTooLarge => "the head of the request is too long",
        Code::UriTooLong => "the URL is too long",
        _ => "an unexpected fault",
    };
    let document = Problem::new(code, detail).document(&id);
    let mut headers = HeaderMap::new();
    protect(&mut headers, id, &Readers::Anyone);
    let mut answer = format!(
        "HTTP/1.1 {}\r\ncontent-length: {}\r\ncontent-type: application/problem+json\r\nconnection: close\r\n",
        code.status(),
        document.len()
    );
    for (name, value) in &headers {
        answer.push_str(&format!(
            "{name}: {}\r\n",
            value.to_str().unwrap_or_default()
        ));
    }
    answer.push_str("\r\n");
    answer.push_str(&document);
    answer.into_bytes()
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.refused && self.last_answer.0.get() {
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let Poll::Ready(read) = self.stream()?.poll_read(cx, buf) else {
            match &mut self.reader {
                // Mostly the same one, which is not counted anew then.
                Some(reader) => reader.clone_from(cx.waker()),
                None => self.reader = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        };
        read?;
        let came = buf.filled().get(before..).unwrap_or_default();
        if came.is_empty() {
            self.hangup.0.notify_one();
        }
        let first = came.iter().position(|byte| *byte == b'\n');
        self.long_line |= self.line + first.unwrap_or(came.len()) > LONGEST_URL;
        self.line = match came.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => came.len() - last - 1,
            None => self.line + came.len(),
        };
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(cx))?;
        if let Some((at, code)) = bare_refusal(bytes) {
            let too_long = code == Code::BadRequest && self.long_line;
            let mut answer = bytes.get(..at).unwrap_or_default().to_vec();
            answer.extend(refusal(if too_long { Code::UriTooLong } else { code }));
            self.instead = Some((answer, 0));
            self.refused = true;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.long_line = false;
        self.poll_stream(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        ready!(self.stream()?.poll_flush(cx))?;
        if self.last_answer.0.get() && !std::mem::replace(&mut self.refused, true) {
            // To the library the peer has gone; what it still sends is read away at the end.
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        self.stream()?.poll_shutdown(cx)
    }
}
