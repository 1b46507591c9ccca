//! A server in a process of its own, and data that is kept from run to run.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A server in a process of its own, which ends with the value.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        // With none of the developer's settings.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MASTHEAD_") {
                command.env_remove(name);
            }
        }
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("not a server's first line: {line}"));
        Self {
            process,
            address: address.parse().unwrap(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// The data folder of this name, made by the first run that needs it: for what the fingerprint tells, and no other.
pub(crate) fn filled(name: &str, fingerprint: u64, fill: impl FnOnce(&Path)) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("bench");
    let prefix = format!("{name}-");
    let folder = home.join(format!("{prefix}{fingerprint:016x}"));
    if folder.is_dir() {
        return folder;
    }
    std::fs::create_dir_all(&home).unwrap();
    // Of another schema or generator, or half done.
    for old in std::fs::read_dir(&home).unwrap().flatten() {
        if old.file_name().to_string_lossy().starts_with(&prefix) {
            std::fs::remove_dir_all(old.path()).unwrap();
        }
    }
    let unfinished = home.join(format!("{prefix}unfinished"));
    std::fs::create_dir(&unfinished).unwrap();
    eprintln!("filling {name}, once");
    let start = Instant::now();
    fill(&unfinished);
    let bytes = std::fs::metadata(unfinished.join("masthead.db"))
        .unwrap()
        .len();
    eprintln!(
        "filled in {} s, {} MB",
        start.elapsed().as_secs(),
        bytes / 1_000_000
    );
    std::fs::rename(unfinished, &folder).unwrap();
    folder
}
