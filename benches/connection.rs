//! A client's connection. Raw HTTP/1.1, so that clients take as little as can be of the cores that the servers need too.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a thread of clients runs on.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    /// The last answer.
    pub(crate) buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(256 * 1024),
        }
    }

    /// Answers the status, the length of the head with the empty line behind it, and of the body. Both stay in the buffer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> (u16, usize, usize) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let head = loop {
            let from = self.buffer.len().saturating_sub(3);
            self.read().await;
            let end = self.buffer[from..]
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                break from + end + 4;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
        let status: u16 = text[9..12].parse().unwrap();
        let length = text
            .split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, length)| length.parse().unwrap());
        let length = if status == 304 { 0 } else { length };
        while self.buffer.len() < head + length {
            self.read().await;
        }
        assert_eq!(
            self.buffer.len(),
            head + length,
            "more came than one answer"
        );
        (status, head, length)
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the server closed a connection");
    }
}
