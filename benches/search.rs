//! What a search costs the server in CPU time over HTTP, marks and database included, as a ratio to the bare library: the
//! same words, asked of the same files, for the first ten hits and nothing else. The two take turns, class by class.
//!
//! `cargo bench --bench search`, with `-- --small` for 10,000 articles and `-- --large` for 1,000,000 instead of 200,000.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its figures, and ends with a panic where it cannot go on"
)]

mod bare_search;
mod chance;
mod connection;
mod process;
mod report;
mod search_data;
mod server;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use bare_search::{Ask, Bare};
use connection::{Connection, runtime};
use process::Cpu;
use report::{grouped, median, spread, table, verdict};
use search_data::Words;
use server::{Server, filled};

/// Rounds, of which the median counts.
const ROUNDS: usize = 5;
/// How long a round of a class takes, about.
const ROUND: Duration = Duration::from_millis(1_000);

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Queries of one kind.
struct Class {
    name: &'static str,
    /// What is asked over HTTP.
    targets: Vec<String>,
    /// What is asked of the bare library; none where it has nothing like it.
    bare: Vec<Ask>,
    /// Milliseconds of CPU that one may take at most, at 200,000 articles.
    most: Option<f64>,
}

fn main() {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let count = match (has("--small"), has("--large")) {
        (true, _) => 10_000,
        (_, true) => 1_000_000,
        _ => 200_000,
    };
    let words = Words::new();
    let data = filled(
        &format!("search-{count}"),
        search_data::fingerprint(),
        |folder| {
            search_data::fill(folder, &words, count);
        },
    );
    let index = data.join("search");
    if index.exists() {
        std::fs::remove_dir_all(&index).unwrap();
    }

    println!(
        "\n## Searching\n\n{} articles of 300 words, {ROUNDS} rounds, one connection.",
        grouped(count as f64)
    );
    let mut serve = Command::new(env!("CARGO_BIN_EXE_masthead"));
    serve
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log",
            "warn",
            "--data",
        ])
        .arg(&data);
    let server = Server::start(serve);
    let process = server.process.id();
    let (began, before) = (Instant::now(), Cpu::of(&[process]));
    let runtime = runtime();
    let mut connection = runtime.block_on(Connection::open(server.address));
    let mut get = |target: &str| -> (u16, Vec<u8>) {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let (status, head, _) = runtime.block_on(connection.ask(request.as_bytes()));
        (status, connection.buffer[head..].to_vec())
    };
    let mut cpu = Duration::ZERO;
    loop {
        // Its threads end with the work, so they are looked at while they run.
        cpu = cpu.max(Cpu::of(&[process]).since(&before));
        let ready: Value = serde_json::from_slice(&get("/health/ready").1).unwrap();
        if ready["search"]["status"] == "ready" {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    println!(
        "\nThe index was built in {:.1} s with {:.1} s of CPU, and has {:.0} MB; the server has {:.0} MB of memory after it, \
         and had {:.0} MB at most.",
        began.elapsed().as_secs_f64(),
        cpu.as_secs_f64(),
        size_of(&index) / 1e6,
        memory(process, "VmRSS:"),
        memory(process, "VmHWM:"),
    );

    let bare = Bare::open(&index);
    let ids = some_ids(&get("/v1/articles?limit=50&fields=title").1);
    let mut rows = Vec::new();
    for class in classes(&words, &bare, &ids) {
        for target in &class.targets {
            let (status, answer) = get(target);
            assert_eq!(
                status,
                200,
                "{target}: {}",
                String::from_utf8_lossy(&answer)
            );
        }
        let (mut over_http, mut of_bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let served = per_item(&[process], class.targets.len(), |n| {
                assert_eq!(get(&class.targets[n]).0, 200);
            });
            over_http.push(served);
            if !class.bare.is_empty() {
                let plain = per_item(&[std::process::id()], class.bare.len(), |n| {
                    bare.ask(&class.bare[n]);
                });
                of_bare.push(plain);
                ratios.push(served / plain);
            }
        }
        let cost = median(over_http.iter().copied());
        let none = || "".to_owned();
        rows.push(vec![
            class.name.to_owned(),
            spread(&over_http),
            if of_bare.is_empty() {
                none()
            } else {
                format!("{:.2}", median(of_bare))
            },
            if ratios.is_empty() {
                none()
            } else {
                spread(&ratios)
            },
            class
                .most
                .filter(|_| count == 200_000)
                .map_or_else(none, |most| {
                    verdict(cost <= most, &format!("at most {most} ms"))
                }),
        ]);
    }
    table(
        "A query",
        &[
            "",
            "CPU ms over HTTP",
            "CPU ms of the bare library",
            "ratio",
            "promise",
        ],
        &rows,
    );
    println!(
        "\nAfterwards the server has {:.0} MB of memory.",
        memory(process, "VmRSS:")
    );
}

/// Milliseconds of CPU that these processes use for one of the items, over a round.
fn per_item(processes: &[u32], items: usize, mut one: impl FnMut(usize)) -> f64 {
    let (began, before) = (Instant::now(), Cpu::of(processes));
    let mut done = 0;
    while began.elapsed() < ROUND {
        (0..items).for_each(&mut one);
        done += items;
    }
    Cpu::of(processes).since(&before).as_secs_f64() * 1e3 / done as f64
}

fn classes(words: &Words, bare: &Bare, ids: &[String]) -> Vec<Class> {
    let search = |typed: &str, rest: &str| {
        format!("/v1/search?q={typed}&limit=10&highlight=true&fields=title{rest}")
    };
    let one = |name, chosen: Vec<&str>, most| Class {
        name,
        targets: chosen.iter().map(|word| search(word, "+")).collect(),
        bare: chosen.iter().map(|word| bare.any(&[word])).collect(),
        most: Some(most),
    };
    let several = |name, chosen: Vec<Vec<&str>>, all: bool, most| Class {
        name,
        targets: chosen
            .iter()
            .map(|words| search(&words.join("+"), ""))
            .map(|target| target.replace("&limit", "+&limit"))
            .collect(),
        bare: chosen
            .iter()
            .map(|words| {
                if all {
                    bare.all(words)
                } else {
                    bare.any(words)
                }
            })
            .collect(),
        most,
    };
    let mid = words.some(30, 1_000..5_000, 6);
    let common = words.some(20, 0..20, 1);
    let typos: Vec<(String, &str)> = mid.iter().map(|word| (words.typo(word), *word)).collect();
    vec![
        one("rare word", words.some(30, 15_000..20_000, 1), 3.0),
        one("mid word", mid.clone(), 3.0),
        one("the 20 commonest words", common.clone(), 8.0),
        several("two words", words.tuples(30, 20..200, 2), true, None),
        several(
            "any of three common words",
            words.tuples(30, 0..100, 3),
            false,
            Some(6.0),
        ),
        several("five words", words.tuples(30, 100..3_000, 5), false, None),
        Class {
            name: "three letters that words begin with",
            targets: mid.iter().map(|word| search(&word[..3], "")).collect(),
            bare: mid.iter().map(|word| bare.beginning(&word[..3])).collect(),
            most: Some(6.0),
        },
        Class {
            name: "one letter typed wrong",
            targets: typos
                .iter()
                .map(|(typo, _)| search(&format!("{typo}+"), ""))
                .collect(),
            bare: typos.iter().map(|(typo, _)| bare.near(typo)).collect(),
            most: Some(6.0),
        },
        Class {
            name: "facets of a common word",
            targets: common
                .iter()
                .map(|word| search(&format!("{word}+"), "&facets=tags,authors,years"))
                .collect(),
            bare: common.iter().map(|word| bare.facets(word)).collect(),
            most: Some(20.0),
        },
        Class {
            name: "a tag, the newest first",
            targets: words
                .some(30, 20..300, 1)
                .iter()
                .map(|word| search(&format!("{word}+"), "&tag=tag-5&sort=-published_at"))
                .collect(),
            bare: Vec::new(),
            most: None,
        },
        Class {
            name: "suggestions",
            targets: mid
                .iter()
                .map(|word| format!("/v1/search/suggest?q={}", &word[..3]))
                .collect(),
            bare: Vec::new(),
            most: None,
        },
        Class {
            name: "related articles",
            targets: ids
                .iter()
                .map(|id| format!("/v1/articles/{id}/related"))
                .collect(),
            bare: Vec::new(),
            most: None,
        },
    ]
}

fn some_ids(list: &[u8]) -> Vec<String> {
    let list: Value = serde_json::from_slice(list).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

fn size_of(folder: &std::path::Path) -> f64 {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|file| file.len() as f64)
        .sum()
}

/// Megabytes, as the kernel says.
fn memory(process: u32, line: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let kilobytes = status
        .lines()
        .find_map(|other| other.strip_prefix(line))
        .unwrap();
    let kilobytes: f64 = kilobytes.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024.0 / 1e6
}
