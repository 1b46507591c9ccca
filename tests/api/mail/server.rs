//! The mail server: a process of its own, which keeps what it takes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A mail server that runs; it ends with the value.
pub(crate) struct MailServer {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

/// What it got.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// It took it.
    pub(crate) taken: bool,
    pub(crate) to: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) content: String,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/mail");
        let mut process = Command::new(tool)
            .arg("serve")
            .arg(folder.path())
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_no_port| {
            panic!(
                "the mail server of the tests does not start; get it with: tests/tools/mail install"
            )
        });
        Self {
            process,
            port,
            folder,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// All that came so far.
    pub(crate) fn all(&self) -> Vec<Mail> {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort_unstable();
        let mails = names.iter().map(|name| {
            let text = fs::read_to_string(self.folder.path().join(name)).unwrap();
            let mail: Value = serde_json::from_str(&text).unwrap();
            let recipients = mail["to"].as_array().unwrap().iter();
            let recipients: Vec<_> = recipients
                .map(|to| to.as_str().unwrap().to_owned())
                .collect();
            Mail {
                taken: name.ends_with("-taken.json"),
                to: recipients[0].clone(),
                recipients,
                content: mail["content"].as_str().unwrap().to_owned(),
            }
        });
        mails.collect()
    }

    /// What it took, once it is so much.
    #[track_caller]
    pub(crate) fn taken(&self, count: usize) -> Vec<Mail> {
        self.once(count, true)
    }

    /// What it sent back, once it is so much.
    #[track_caller]
    pub(crate) fn refused(&self, count: usize) -> Vec<Mail> {
        self.once(count, false)
    }

    #[track_caller]
    fn once(&self, count: usize, taken: bool) -> Vec<Mail> {
        let mut found = Vec::new();
        until("the mails come", || {
            found = self.all();
            found.retain(|mail| mail.taken == taken);
            found.len() >= count
        });
        assert_eq!(found.len(), count);
        found
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _gone = self.process.wait();
    }
}

impl Mail {
    /// The headers by their names in small letters, with encoded words read.
    pub(crate) fn head(content: &str) -> BTreeMap<String, String> {
        let (head, _) = content.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let headers = unfolded.split("\r\n").map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), words(value))
        });
        headers.collect()
    }

    /// The text.
    pub(crate) fn text(content: &str) -> String {
        let (_, body) = content.split_once("\r\n\r\n").unwrap();
        let bytes = match Self::head(content)["content-transfer-encoding"].as_str() {
            "base64" => decoded(&body.replace("\r\n", "")),
            "quoted-printable" => quoted(&body.replace("=\r\n", "")),
            "7bit" | "8bit" => body.as_bytes().to_vec(),
            other => panic!("the encoding {other}"),
        };
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }
}

fn decoded(base64: &str) -> Vec<u8> {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    engine.decode(base64).unwrap()
}

fn quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        rest = more;
        if *byte == b'=' {
            let (digits, more) = rest.split_at(2);
            let digits = std::str::from_utf8(digits).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = more;
        } else {
            bytes.push(*byte);
        }
    }
    bytes
}

/// Reads the encoded words (RFC 2047) of a header.
fn words(value: &str) -> String {
    let mut text = String::new();
    let mut was_word = false;
    for part in value.split(' ') {
        let word = part.strip_prefix("=?utf-8?b?");
        let word = word.and_then(|word| word.strip_suffix("?="));
        // The space between two of them belongs to neither.
        let between_words = was_word && word.is_some();
        if !text.is_empty() && !between_words {
            text.push(' ');
        }
        was_word = word.is_some();
        match word {
            Some(word) => text.push_str(std::str::from_utf8(&decoded(word)).unwrap()),
            None => text.push_str(part),
        }
    }
    text
}

/// Waits until it is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what}: it never is so"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
