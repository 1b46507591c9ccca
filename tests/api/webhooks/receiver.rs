//! A receiver of webhooks on loopback: it remembers what came, and answers well or badly as a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslMethod};
use serde_json::Value;

use crate::tls::Authority;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// How requests to a path are answered.
#[derive(Debug, Clone)]
pub(crate) enum Answers {
    /// With this status and these lines of the head.
    Status(u16, &'static str),
    /// Never.
    Silent,
    /// One byte of the head a second.
    Drip,
    /// 200, and a content without end.
    Endless,
    /// 200 after this long.
    Slow(Duration),
}

#[derive(Default)]
struct Seen {
    got: Mutex<Vec<Got>>,
    news: Condvar,
    answers: Mutex<HashMap<String, Answers>>,
    connections: AtomicUsize,
    ended: AtomicBool,
}

/// A receiver; it ends with the value.
pub(crate) struct Receiver {
    address: SocketAddr,
    seen: Arc<Seen>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn event(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// Its signatures, and what each would be by this secret, reckoned by OpenSSL.
    pub(crate) fn is_signed_by(&self, secret: &str) -> Vec<bool> {
        let secret = secret.strip_prefix("whsec_").expect("a secret");
        let secret = openssl::base64::decode_block(secret).expect("base64");
        let key = PKey::hmac(&secret).expect("a key");
        let mut signer = Signer::new(MessageDigest::sha256(), &key).expect("a signer");
        let signed = format!("{}.{}.", self.id(), self.header("webhook-timestamp"));
        signer.update(signed.as_bytes()).expect("signed");
        signer.update(&self.body).expect("signed");
        let expected = openssl::base64::encode_block(&signer.sign_to_vec().expect("a signature"));
        let signatures = self.header("webhook-signature").split(' ');
        signatures
            .map(|signature| signature == format!("v1,{expected}"))
            .collect()
    }
}

impl Receiver {
    pub(crate) fn start() -> Self {
        Self::with(None)
    }

    /// One that speaks TLS with a certificate of this authority.
    pub(crate) fn over_tls(authority: &Authority) -> Self {
        let (certificate, key) = authority.issue();
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor.set_certificate(&certificate).unwrap();
        acceptor.set_private_key(&key).unwrap();
        Self::with(Some(acceptor.build()))
    }

    fn with(tls: Option<SslAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                let tls = tls.clone();
                std::thread::spawn(move || {
                    // A connection that breaks is no concern of the receiver.
                    let _broken = stream.and_then(|stream| match tls {
                        None => shared.serve(stream),
                        Some(tls) => {
                            let stream = tls.accept(stream).map_err(std::io::Error::other)?;
                            shared.serve(stream)
                        }
                    });
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn tls_url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on requests to this path are answered so.
    pub(crate) fn answers(&self, path: &str, answers: Answers) {
        let mut all = self.seen.answers.lock().unwrap();
        all.insert(path.to_owned(), answers);
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// What came to this path so far.
    pub(crate) fn got(&self, path: &str) -> Vec<Got> {
        let got = self.seen.got.lock().unwrap();
        got.iter().filter(|got| got.path == path).cloned().collect()
    }

    /// All that came.
    pub(crate) fn all(&self) -> Vec<Got> {
        self.seen.got.lock().unwrap().clone()
    }

    /// Waits until so much came to this path, and answers it.
    #[track_caller]
    pub(crate) fn wait(&self, path: &str, count: usize) -> Vec<Got> {
        self.wait_until(|got| got.iter().filter(|got| got.path == path).count() >= count);
        self.got(path)
    }

    /// Waits until what came is enough.
    #[track_caller]
    pub(crate) fn wait_until(&self, enough: impl Fn(&[Got]) -> bool) {
        let got = self.seen.got.lock().unwrap();
        let (got, late) = self
            .seen
            .news
            .wait_timeout_while(got, Duration::from_secs(120), |got| !enough(got))
            .unwrap();
        assert!(!late.timed_out(), "it does not come; {} came", got.len());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.seen.ended.store(true, Ordering::SeqCst);
        // So that it looks.
        let _woken = TcpStream::connect(self.address);
    }
}

impl Seen {
    fn serve(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let path = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
        let headers: HashMap<String, String> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length = headers
            .get("content-length")
            .and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let answers = self.answers.lock().unwrap().get(&path).cloned();
        let slow = match answers {
            Some(Answers::Slow(time)) => time,
            _ => Duration::ZERO,
        };
        self.got.lock().unwrap().push(Got {
            path,
            headers,
            body,
        });
        self.news.notify_all();
        std::thread::sleep(slow);
        let stream = reader.get_mut();
        match answers {
            None | Some(Answers::Slow(_)) => stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
            Some(Answers::Status(status, head)) => {
                let text = format!(
                    "HTTP/1.1 {status} X\r\n{head}content-length: 0\r\nconnection: close\r\n\r\n"
                );
                stream.write_all(text.as_bytes())
            }
            Some(Answers::Silent) => self.wait_for_end(),
            Some(Answers::Drip) => {
                for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" {
                    stream.write_all(&[*byte])?;
                    std::thread::sleep(Duration::from_secs(1));
                }
                Ok(())
            }
            Some(Answers::Endless) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
                loop {
                    stream.write_all(&[b'x'; 4096])?;
                }
            }
        }
    }

    fn wait_for_end(&self) -> std::io::Result<()> {
        while !self.ended.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}
