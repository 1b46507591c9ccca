//! How many Markdown articles a second come in by `masthead import markdown`, while `masthead serve` runs beside it and its
//! search index follows; how long after that the last is found; how fast all of it goes out again; and the most memory
//! that each of these processes held.
//!
//! The articles are those of the corpus' blogs, of some 7 KB each, again and again under other titles.
//!
//! `cargo bench --bench import` for 100,000 of them, with `-- --small` for 4,000. `MASTHEAD_CORPUS` names the corpus.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and ends with a panic where it cannot go on"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use masthead::transfer::{Parsed, markdown};

/// Files of one folder.
const PER_FOLDER: usize = 1_000;
/// How often a process is looked at.
const STEP: Duration = Duration::from_millis(20);

fn main() {
    let small = std::env::args().any(|argument| argument == "--small");
    let count = if small { 4_000 } else { 100_000 };
    println!("\n## Importing and exporting\n");
    let place = tempfile::Builder::new()
        .prefix("import-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap();
    let blog = place.path().join("blog");
    let bytes = write_blog(&blog, count);
    println!(
        "{count} Markdown files of {} bytes on average; SQLite.\n",
        bytes / count
    );

    let data = place.path().join("data");
    let serving = Serving::start(&data);

    let began = Instant::now();
    let mut import = masthead(&["import", "markdown"], &data);
    import.arg(&blog).stdout(Stdio::null());
    let imported = Run::of(import, began);
    let found = followed(serving.address, count, began);
    let server_peak = peak(serving.process.id());
    drop(serving);

    let out = place.path().join("out");
    let jsonl = exported("jsonl", &out.with_extension("jsonl"), &data);
    let markdown = exported("markdown", &out.join("markdown"), &data);

    println!("| | s | articles/s | peak MiB | promise |\n|---|---|---|---|---|");
    let row = |name: &str, took: Duration, peak: u64, promised: bool| {
        let rate = count as f64 / took.as_secs_f64();
        let promise = match (promised, rate >= 1_000.0) {
            (false, _) => "",
            (true, true) => "at least 1,000: met",
            (true, false) => "at least 1,000: **missed**",
        };
        let (seconds, peak) = (took.as_secs_f64(), peak / 1024);
        println!("| {name} | {seconds:.1} | {rate:.0} | {peak} | {promise} |");
    };
    row("import markdown", imported.took, imported.peak, true);
    row(
        "… until the last is found; the server",
        found,
        server_peak,
        true,
    );
    row("export jsonl", jsonl.took, jsonl.peak, false);
    row("export markdown", markdown.took, markdown.peak, false);
}

/// Writes this many articles into folders of a thousand, and answers their bytes.
fn write_blog(folder: &Path, count: usize) -> usize {
    let originals = originals();
    let mut bytes = 0;
    for number in 0..count {
        let (front, body) = &originals[number % originals.len()];
        let text = format!("---\ntitle: \"{number} {front}---\n{body}");
        let within = folder.join(format!("{:03}", number / PER_FOLDER));
        if number % PER_FOLDER == 0 {
            std::fs::create_dir_all(&within).unwrap();
        }
        bytes += text.len();
        std::fs::write(within.join(format!("text-{number}.md")), text).unwrap();
    }
    bytes
}

/// The articles of the corpus: what stands in the front matter behind the beginning of the title, and the body.
fn originals() -> Vec<(String, String)> {
    let mut originals = Vec::new();
    for blog in ["18f-yaml", "rust-toml"] {
        for (name, path) in markdown::files(&corpus(blog)).unwrap().found {
            let Parsed::Article(item) = markdown::parse(&name, &std::fs::read(path).unwrap())
            else {
                continue;
            };
            let article = item.article;
            let quoted = |names: &[String]| serde_json::to_string(names).unwrap();
            let title = serde_json::to_string(&article.title).unwrap();
            let mut front = format!("{}\n", title.trim_start_matches('"'));
            front.push_str(&format!("tags: {}\n", quoted(&article.tags)));
            front.push_str(&format!("authors: {}\n", quoted(&article.authors)));
            let date = article.published_at.map(|at| at.to_string());
            front.push_str(&format!(
                "date: {}\n",
                date.unwrap_or_else(|| "2020-01-01".into())
            ));
            originals.push((front, article.body.unwrap().text));
        }
    }
    originals
}

#[expect(
    clippy::disallowed_methods,
    reason = "it says where the corpus is, and is no setting of the program"
)]
fn corpus(blog: &str) -> PathBuf {
    let folder = std::env::var_os("MASTHEAD_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    folder.join("markdown-blog").join(blog)
}

fn masthead(arguments: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_masthead"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MASTHEAD_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).arg("--data").arg(data);
    command
}

/// A server in a process of its own, which ends with the value.
struct Serving {
    process: Child,
    address: SocketAddr,
}

impl Serving {
    fn start(data: &Path) -> Self {
        let mut command = masthead(&["serve", "--listen", "127.0.0.1:0", "--log", "warn"], data);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.expect("a server's first line").parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

/// What a process took.
struct Run {
    took: Duration,
    /// The most memory that it held, in KiB.
    peak: u64,
}

impl Run {
    /// Runs it to its end.
    fn of(mut command: Command, began: Instant) -> Self {
        let mut process = command.stdin(Stdio::null()).spawn().unwrap();
        let mut most = 0;
        while ends_later(&mut process) {
            most = peak(process.id()).max(most);
            std::thread::sleep(STEP);
        }
        Self {
            took: began.elapsed(),
            peak: most,
        }
    }
}

fn ends_later(process: &mut Child) -> bool {
    let Some(status) = process.try_wait().unwrap() else {
        return true;
    };
    assert!(status.success(), "it ended with {status}");
    false
}

fn exported(format: &str, to: &Path, data: &Path) -> Run {
    let mut export = masthead(&["export", format], data);
    export.arg(to).stdout(Stdio::null()).stderr(Stdio::null());
    Run::of(export, Instant::now())
}

/// The most memory that a process held so far, in KiB; 0 where it has ended.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.map_or(0, |number| number.trim().parse().unwrap())
}

/// Waits until the server finds all of them.
fn followed(server: SocketAddr, count: usize, began: Instant) -> Duration {
    loop {
        let ready = get(server, "/health/ready");
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let list = get(server, "/v1/articles?count=true&limit=1");
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        let is_there = list["page"]["total"].as_u64() == Some(count as u64);
        if is_there && ready["search"]["behind"] == 0 && ready["search"]["status"] == "ready" {
            return began.elapsed();
        }
        std::thread::sleep(STEP);
    }
}

/// The content of an answer.
fn get(server: SocketAddr, target: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, content) = answer.split_once("\r\n\r\n").expect("an answer");
    content.to_owned()
}
