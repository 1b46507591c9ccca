//! The connection itself. The HTTP library answers a broken, over-long or slow head with a bare status before any of our
//! code sees it; here such an answer gets its problem document. And a peer that stops reading is dropped: the library
//! would wait for it for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::envelope::{protect, request_id};
use super::error::{Code, Problem};

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
}

impl Wire {
    /// Over this stream; a write that makes no progress for that long ends it.
    #[must_use]
    pub(super) const fn new(stream: TcpStream, write_deadline: Duration) -> Self {
        Self {
            stream: Some(stream),
            write_deadline,
            stalled: None,
            instead: None,
            refused: false,
        }
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

/// The answer in place of a bare refusal. Our own answers to what goes wrong are never empty, so a 4xx or 5xx without
/// content can only be the library's.
fn in_place_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?;
    let code = match rest.first_chunk::<3>()? {
        b"400" => Code::BadRequest,
        b"408" => Code::RequestTimeout,
        b"431" => Code::HeadersTooLarge,
        b"500" => Code::Internal,
        _ => return None,
    };
    let head = std::str::from_utf8(bytes).ok()?.to_ascii_lowercase();
    if !head.ends_with("\r\n\r\n") || !head.contains("\r\ncontent-length: 0\r\n") {
        return None;
    }
    let id = request_id();
    let detail = match code {
        Code::BadRequest => "the request is not valid HTTP/1.1",
        Code::RequestTimeout => "the head of the request did not arrive in time",
        Code::HeadersTooLarge => "the head of the request is too long",
        _ => "an unexpected fault",
    };
    let document = Problem::new(code, detail).document(&id);
    let mut headers = HeaderMap::new();
    protect(&mut headers, &id);
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
    Some(answer.into_bytes())
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(cx))?;
        if let Some(answer) = in_place_of(bytes) {
            self.instead = Some((answer, 0));
            self.refused = true;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.poll_stream(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        self.stream()?.poll_shutdown(cx)
    }
}
