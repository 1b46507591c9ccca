//! What a request costs the server in CPU time, and how many it answers a second, as ratios to a bare actix handler that
//! answers the same bytes under the same headers. The server is the real program; the two take turns, route by route and
//! round by round, so that both meet the same machine.
//!
//! `cargo bench --bench read`, with `-- --small` for 10,000 articles only and short rounds. With `MASTHEAD_TEST_POSTGRES`,
//! the URL of a superuser of a PostgreSQL server, 10,000 articles there too.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints its figures, and ends with a panic where it cannot go on"
)]

mod chance;
mod connection;
mod data;
mod fill;
mod fixed;
mod load;
mod postgres;
mod postmaster;
mod process;
mod report;
mod routes;
mod server;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use masthead::db::{Backend, Settings};

use data::{LOCALES, Press};
use fixed::Prepared;
use load::{Load, Target};
use postgres::Database;
use process::Cpu;
use report::{grouped, median, spread, table, verdict};
use routes::{LIST, Promise, Route, TURNED, kept, put_together, routes};
use server::{Server, filled};

/// Requests of a round, where the route is fast enough.
const REQUESTS: usize = 20_000;
/// Seconds of a round at most, about.
const ROUND: f64 = 2.0;

/// The allocator of the server: the measure must not be slower than it need be.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(mode) = arguments.iter().position(|argument| argument == "--fixed") {
        return fixed::serve(Path::new(&arguments[mode + 1]));
    }
    let small = arguments.iter().any(|argument| argument == "--small");
    let rounds = if small { 3 } else { 5 };
    let press = Press::new();
    println!("\n## Reading\n");
    println!(
        "{rounds} rounds, 32 connections (4 for page numbers and totals), the server with its defaults, on the cores of the load generator."
    );

    let sizes: &[usize] = if small {
        &[10_000]
    } else {
        &[10_000, 1_000_000]
    };
    for count in sizes {
        let data = filled(&format!("read-{count}"), fill::fingerprint(), |folder| {
            fill::fill(&Settings::sqlite_in(folder), &press, *count);
        });
        let data = data.to_string_lossy();
        measure("SQLite", &press, *count, rounds, &["--data", &data], None);
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it says where the tests' server is, and is no setting of the program"
    )]
    let postgres = std::env::var("MASTHEAD_TEST_POSTGRES");
    let Ok(server) = postgres else {
        println!("\nPostgreSQL: not measured, since `MASTHEAD_TEST_POSTGRES` is not set.");
        return;
    };
    let database = Database::new(&server, "read");
    fill::fill(
        &Settings::new(Backend::Postgres(database.url())),
        &press,
        sizes[0],
    );
    let (url, postmaster) = (database.url(), postmaster::of(&database.url()));
    // Of its index, and the secret that all nodes of a database would share.
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_string_lossy();
    let secret = "nobody else knows this secret of a benchmark";
    let data = [
        "--database-url",
        &url,
        "--data",
        &folder,
        "--secret",
        secret,
    ];
    measure("PostgreSQL", &press, sizes[0], rounds, &data, postmaster);
}

/// What one server did with a route in one round.
struct Run {
    /// Requests a second.
    rate: f64,
    /// Microseconds of CPU a request.
    cpu: f64,
    /// The same of PostgreSQL's own processes.
    database: f64,
}

fn measure(
    title: &str,
    press: &Press,
    count: usize,
    rounds: usize,
    data: &[&str],
    postmaster: Option<u32>,
) {
    let size = format!("{title}, {} articles", grouped(count as f64));
    let server = serve(data, &["--cache-mb", "0"]);
    await_index(&server);
    let anew = routes(press, count);
    compare(
        &format!("{size}, made anew"),
        &server,
        &anew,
        rounds,
        postmaster,
    );
    memory("Memory without a cache", &server);
    drop(server);
    let server = serve(data, &[]);
    await_index(&server);
    compare(
        &format!("{size}, kept"),
        &server,
        &kept(press, count),
        rounds,
        postmaster,
    );
    memory("Memory with a cache of 64 MiB", &server);
    drop(server);
    // So small that few lists are found again, and large enough for the items of one.
    let server = serve(data, &["--cache-mb", "1"]);
    await_index(&server);
    compare(
        &format!("{size}, put together"),
        &server,
        &put_together(),
        rounds,
        postmaster,
    );
    drop(server);
    cold_start(data);
}

/// The real server over this data.
fn serve(data: &[&str], options: &[&str]) -> Server {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_masthead"));
    serve.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "warn",
        "--locales",
        &LOCALES.join(","),
        // What is compared must be whole, however long that takes among a million.
        "--related-wait-ms",
        "10000",
    ]);
    serve
        .args(data)
        .args(options)
        .current_dir(std::env::temp_dir());
    Server::start(serve)
}

/// Waits until the search index is there and nothing is built beside what is measured.
fn await_index(server: &Server) {
    let ready = [load::request("/health/ready", None)];
    loop {
        let answers = load::fetch(server.address, &ready);
        let answer: serde_json::Value = serde_json::from_slice(&answers[0].body).unwrap();
        if answer["search"]["status"] == "ready" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

/// What the server holds of memory now, and held at most.
fn memory(what: &str, server: &Server) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    let kilobytes = |name: &str| -> f64 {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    println!(
        "\n{what}: {:.0} MiB, at most {:.0} MiB.",
        kilobytes("VmRSS:") / 1024.0,
        kilobytes("VmHWM:") / 1024.0
    );
}

/// From the start of the program to its first answer.
fn cold_start(data: &[&str]) {
    let starts = (0..7).map(|_| {
        let began = std::time::Instant::now();
        let server = serve(data, &[]);
        let site = load::fetch(server.address, &[load::request("/v1/articles", None)]);
        assert_eq!(site[0].status, 200);
        began.elapsed().as_secs_f64() * 1e3
    });
    let starts: Vec<f64> = starts.collect();
    println!(
        "\nFrom the start of the program to the answer to `/v1/articles`: {:.0} ms, of seven starts {} ms.",
        median(starts.iter().copied()),
        spread(&starts)
    );
}

/// Each route, against the same bytes from the bare server, in turn.
fn compare(title: &str, server: &Server, routes: &[Route], rounds: usize, postmaster: Option<u32>) {
    let answers = tempfile::tempdir().unwrap();
    let contenders: Vec<_> = routes
        .iter()
        .map(|route| {
            let (prepared, targets) = prepare(server, route);
            let file = answers.path().join("answers.json");
            std::fs::write(&file, serde_json::to_vec(&prepared).unwrap()).unwrap();
            let mut serve = Command::new(std::env::current_exe().unwrap());
            serve.arg("--fixed").arg(&file);
            let fixed = Server::start(serve);
            let size = prepared
                .iter()
                .map(|answer| answer.body.len())
                .sum::<usize>()
                / prepared.len();
            let load = Load {
                targets,
                connections: route.connections,
            };
            // How many a second, roughly: that also warms both up.
            let warm = 10 * route.connections;
            let took = load.run(server.address, warm).as_secs_f64();
            load.run(fixed.address, warm);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is small"
            )]
            let fitting = (ROUND * warm as f64 / took) as usize;
            (fixed, load, size, fitting.clamp(50, REQUESTS))
        })
        .collect();

    let mut runs: Vec<Vec<(Run, Run)>> = routes.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((fixed, load, _, requests), runs) in contenders.iter().zip(&mut runs) {
            runs.push((
                run(server, load, *requests, postmaster),
                run(fixed, load, REQUESTS, None),
            ));
        }
    }

    let named = |name| routes.iter().position(|route| route.name == name);
    let (list, turned) = (named(LIST).unwrap_or(0), named(TURNED).unwrap_or(0));
    let to = |other: usize, index: usize| {
        let pairs = runs[index].iter().zip(&runs[other]);
        median(pairs.map(|((run, _), (other, _))| run.cpu / other.cpu))
    };
    let rows: Vec<_> = routes
        .iter()
        .enumerate()
        .map(|(index, route)| {
            let runs = &runs[index];
            let (_, _, size, requests) = &contenders[index];
            let of = |figure: &dyn Fn(&(Run, Run)) -> f64| median(runs.iter().map(figure));
            let ratios: Vec<f64> = runs
                .iter()
                .map(|(run, fixed)| run.cpu / fixed.cpu)
                .collect();
            let ratio = median(ratios.iter().copied());
            let promise = match route.promise {
                Promise::None => String::new(),
                // PostgreSQL is asked over a socket, which costs more than all the rest.
                Promise::ToFixed(_) if postmaster.is_some() => String::new(),
                Promise::Nearly(part) => verdict(
                    of(&|(run, fixed)| run.rate / fixed.rate) >= part && 1.0 / ratio >= part,
                    &format!("at least {part} of it"),
                ),
                Promise::ToFixed(most) => verdict(ratio <= most, &format!("at most {most}")),
                // What scatters from round to round is no growth.
                Promise::AsTurned => {
                    verdict(to(turned, index) <= 1.25, "as pages 2 to 53, within 25 %")
                }
            };
            let own = of(&|(run, _)| run.database);
            let own = if own > 0.0 {
                format!(" + {own:.0}")
            } else {
                String::new()
            };
            vec![
                route.name.to_owned(),
                grouped(*size as f64),
                grouped(of(&|(run, _)| run.rate)),
                format!("{:.3}", of(&|(run, fixed)| run.rate / fixed.rate)),
                grouped(of(&|(run, _)| run.cpu)) + &own,
                format!("{:.1}", of(&|(_, fixed)| fixed.cpu)),
                spread(&ratios),
                format!("{:.2}", to(list, index)),
                format!("{:.2}", to(turned, index)),
                promise,
                grouped(*requests as f64),
            ]
        })
        .collect();
    let head = [
        "",
        "bytes",
        "requests/s",
        "to fixed",
        "CPU µs",
        "fixed CPU µs",
        "CPU to fixed (lowest–highest)",
        "to the list",
        "to pages 2–53",
        "promise",
        "requests a round",
    ];
    table(title, &head, &rows);
}

/// Asks the real server for everything once, and takes down what it answers.
fn prepare(server: &Server, route: &Route) -> (Vec<Prepared>, Arc<[Target]>) {
    let first: Vec<_> = route
        .targets
        .iter()
        .map(|target| load::request(target, None))
        .collect();
    let mut requests = first.clone();
    let mut answers = load::fetch(server.address, &first);
    if let Some(coding) = route.coding {
        let coded = |target: &String| load::request(target, Some(("Accept-Encoding", coding)));
        requests = route.targets.iter().map(coded).collect();
        // They are made of what is asked for again, beside, and some are put off.
        loop {
            answers = load::fetch(server.address, &requests);
            let is_coded = |answer: &load::Answer| {
                answer
                    .headers
                    .iter()
                    .any(|(name, value)| name == "content-encoding" && value == coding)
            };
            if answers.iter().all(is_coded) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
    if route.again {
        requests = answers
            .iter()
            .zip(&route.targets)
            .map(|(answer, target)| {
                let etag = answer
                    .headers
                    .iter()
                    .find(|(name, _)| name == "etag")
                    .unwrap();
                load::request(target, Some(("If-None-Match", etag.1.as_str())))
            })
            .collect();
        answers = load::fetch(server.address, &requests);
    }
    let status = if route.again { 304 } else { 200 };
    let made_anew = ["content-length", "date", "x-request-id", "connection"];
    let prepared: Vec<_> = answers
        .into_iter()
        .zip(&route.targets)
        .map(|(answer, target)| {
            assert_eq!(
                answer.status,
                status,
                "{target}: {}",
                String::from_utf8_lossy(&answer.body)
            );
            let headers = answer.headers.into_iter();
            Prepared {
                target: target.clone(),
                status,
                headers: headers
                    .filter(|(name, _)| !made_anew.contains(&name.as_str()))
                    .collect(),
                body: answer.body,
            }
        })
        .collect();
    let targets = prepared.iter().zip(requests);
    let targets = targets.map(|(answer, request)| Target {
        request,
        status,
        length: answer.body.len(),
    });
    let targets = targets.collect();
    (prepared, targets)
}

/// A round of requests to it.
fn run(server: &Server, load: &Load, requests: usize, postmaster: Option<u32>) -> Run {
    let read = || {
        let database = postmaster.map(postmaster::children_of).unwrap_or_default();
        (Cpu::of(&[server.process.id()]), Cpu::of(&database))
    };
    let before = read();
    let took = load.run(server.address, requests);
    let after = read();
    let each = requests as f64;
    Run {
        rate: each / took.as_secs_f64(),
        cpu: after.0.since(&before.0).as_secs_f64() * 1e6 / each,
        database: after.1.since(&before.1).as_secs_f64() * 1e6 / each,
    }
}
