//! A client below HTTP: it sends the bytes it is told to, right or wrong, fast or slow, and reads what comes back as it
//! comes, answer by answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use socket2::{Domain, Protocol, Socket, Type};

use crate::support::{Answer, contract};

/// Long enough for a busy machine; who waits so long waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// One connection.
pub(crate) struct Peer {
    stream: TcpStream,
    received: Vec<u8>,
}

/// How the reading of an answer ended.
pub(crate) enum Outcome {
    /// It is all there.
    Whole(Answer),
    /// The connection ended before its first byte.
    Nothing,
    /// The connection ended in the middle of it.
    Cut(String),
}

impl Peer {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub(crate) fn try_connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self::over(TcpStream::connect(address)?))
    }

    /// One that has little room for what it does not read.
    pub(crate) fn narrow(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(&address.into()).unwrap();
        Self::over(socket.into())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            received: Vec::new(),
        }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Sends to someone who may have gone.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Sends a plain request.
    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, target: &str) {
        self.send(format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ));
    }

    /// A plain GET and its answer, which keeps the contract.
    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.ask("GET", target);
        self.answer_to("GET", target)
    }

    /// The next answer, which keeps the contract for this request.
    #[track_caller]
    pub(crate) fn answer_to(&mut self, method: &str, target: &str) -> Answer {
        let answer = match self.read_answer(method == "HEAD") {
            Outcome::Whole(answer) => answer,
            Outcome::Nothing => panic!("{method} {target}: closed without an answer"),
            Outcome::Cut(got) => panic!("{method} {target}: cut off in the answer: {got}"),
        };
        if let Err(broken) = contract().check(method, target, &answer) {
            panic!("{method} {target} breaks the contract: {broken}\n{answer:?}");
        }
        answer
    }

    /// The next answer, a problem of this status and type to what is no request.
    #[track_caller]
    pub(crate) fn refusal(&mut self, status: u16, code: &str) -> Answer {
        let answer = match self.read_answer(false) {
            Outcome::Whole(answer) => answer,
            Outcome::Nothing => panic!("closed without an answer"),
            Outcome::Cut(got) => panic!("cut off in the answer: {got}"),
        };
        let problem = answer.problem();
        assert_eq!(answer.status, status, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], answer.header("x-request-id"));
        assert_eq!(answer.header("x-request-id").len(), 16);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("server"), "");
        answer
    }

    /// Reads one answer, however that ends.
    pub(crate) fn read_answer(&mut self, to_head: bool) -> Outcome {
        let head_end = loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                break end + 4;
            }
            if self.receive() == 0 {
                return self.ended();
            }
        };
        let head = String::from_utf8(self.received[..head_end].to_vec()).unwrap();
        let (status, headers) = read_head(&head);
        let length = match headers.get("content-length") {
            Some(length) if !to_head => length.to_str().unwrap().parse().unwrap(),
            _ => 0,
        };
        assert!(!headers.contains_key("transfer-encoding"), "{head}");
        while self.received.len() < head_end + length {
            if self.receive() == 0 {
                return self.ended();
            }
        }
        let rest = self.received.split_off(head_end + length);
        let body = self.received.split_off(head_end);
        self.received = rest;
        Outcome::Whole(Answer {
            status,
            headers,
            body,
        })
    }

    fn ended(&self) -> Outcome {
        if self.received.is_empty() {
            return Outcome::Nothing;
        }
        let shown = &self.received[..self.received.len().min(300)];
        let shown = String::from_utf8_lossy(shown);
        Outcome::Cut(format!("{} bytes: {shown}", self.received.len()))
    }

    /// Receives some bytes; none mean that the connection has ended.
    fn receive(&mut self) -> usize {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                count
            }
            Err(error) if is_end(&error) => 0,
            Err(error) => panic!("nothing comes, and the connection stays: {error}"),
        }
    }

    /// Reads up to the end of this text, and answers what stands before that.
    #[track_caller]
    pub(crate) fn read_past(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = find(&self.received, text.as_bytes()) {
                let read: Vec<u8> = self.received.drain(..at + text.len()).collect();
                return String::from_utf8_lossy(&read).into_owned();
            }
            assert!(self.receive() > 0, "it ended before `{text}`");
        }
    }

    /// Reads up to the end of this text, and forgets what stands before it, however much that is.
    #[track_caller]
    pub(crate) fn skip_past(&mut self, text: &str) {
        while find(&self.received, text.as_bytes()).is_none() {
            let kept = self.received.len().min(text.len());
            self.received.drain(..self.received.len() - kept);
            assert!(self.receive() > 0, "it ended before `{text}`");
        }
        self.read_past(text);
    }

    /// Waits for the end of the connection, and fails if anything comes before it or it does not end.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        while self.receive() > 0 {}
        let more = String::from_utf8_lossy(&self.received);
        assert!(more.is_empty(), "more than was asked for: {more}");
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_waiting(&mut self) -> bool {
        self.stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let mut byte = [0];
        let waiting = matches!(
            self.stream.peek(&mut byte),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        );
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        waiting && self.received.is_empty()
    }

    /// Waits until the first bytes of an answer are there, and leaves them.
    #[track_caller]
    pub(crate) fn await_answer(&self) {
        let mut byte = [0];
        assert_eq!(
            self.stream.peek(&mut byte).unwrap(),
            1,
            "closed without an answer"
        );
    }

    /// Ends what is sent, and still reads.
    pub(crate) fn finish_sending(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    )
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

fn read_head(head: &str) -> (u16, HeaderMap) {
    let mut lines = head.trim_end().split("\r\n");
    let status_line = lines.next().unwrap();
    let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    (status, headers)
}
