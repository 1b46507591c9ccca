//! How many acknowledged creates a second come through the writer, and over HTTP, with 1 and with 32 clients, as ratios to
//! a bare loop: the same rendering and the same statements on one connection, a transaction and an fsync for each article.
//! Every client waits until its article is on disk; the ways take turns, so that each meets the same machine. Over HTTP
//! there is all that a request costs besides: JSON both ways, who asks, what they may, and the log of who it was.
//!
//! `cargo bench --bench write`, with `-- --small` for a short run. With `MASTHEAD_TEST_POSTGRES`, the URL of a superuser of
//! a PostgreSQL server, the same there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and ends with a panic where it cannot go on"
)]

mod bare;
mod chance;
mod connection;
mod data;
mod over_http;
mod postgres;
mod process;
mod report;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, RunQueryDsl};
use masthead::articles::model::{ArticleInput, Format, Source, State};
use masthead::articles::new::{NewArticle, Rules};
use masthead::articles::store;
use masthead::authors::model::NewAuthor;
use masthead::changes::model::Actor;
use masthead::db::{self, Backend, Db, Settings};
use masthead::tags::model::NewTag;
use masthead::time::Clock;
use masthead::{authors, tags};

use bare::Bare;
use data::{AUTHORS, LOCALES, Press, TAGS};
use over_http::Server;
use postgres::Database;
use process::Cpu;
use report::{grouped, median, spread, table, verdict};

/// The articles that clients take in turn, each time under another title.
const POOL: usize = 500;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let small = std::env::args().any(|argument| argument == "--small");
    let (rounds, length) = if small {
        (3, Duration::from_secs(1))
    } else {
        (5, Duration::from_secs(2))
    };
    let articles = Articles::new();
    println!("\n## Writing\n");
    println!(
        "{rounds} rounds of {} s each; Markdown of {} bytes on average, 3 tags, 1 author.",
        length.as_secs(),
        articles.mean_length()
    );

    let folder = Folder::new();
    println!(
        "One fsync of a file that grows by 8 KB: {:.2} ms (median of 200).",
        fsync(&folder.0)
    );
    let settings = NAMES.map(|name| {
        let data = folder.0.join(name);
        std::fs::create_dir(&data).unwrap();
        Settings::sqlite_in(&data)
    });
    compare("SQLite", settings, &articles, rounds, length, true);
    drop(folder);

    #[expect(
        clippy::disallowed_methods,
        reason = "it says where the tests' server is, and is no setting of the program"
    )]
    let postgres = std::env::var("MASTHEAD_TEST_POSTGRES");
    let Ok(server) = postgres else {
        println!("\nPostgreSQL: not measured, since `MASTHEAD_TEST_POSTGRES` is not set.");
        return;
    };
    let databases = NAMES.map(|name| Database::new(&server, &format!("write_{name}")));
    let title = format!("PostgreSQL (fsync {})", fsync_of(&databases[0].url()));
    let settings =
        [0, 1, 2, 3, 4].map(|index| Settings::new(Backend::Postgres(databases[index].url())));
    compare(&title, settings, &articles, rounds, length, false);
}

/// The databases, one for each way.
const NAMES: [&str; 5] = ["bare", "one", "many", "http_one", "http_many"];

/// Runs the ways in turns and prints their table.
fn compare(
    title: &str,
    settings: [Settings; 5],
    articles: &Arc<Articles>,
    rounds: usize,
    length: Duration,
    promised: bool,
) {
    for settings in &settings {
        prepare(settings, articles);
    }
    let [bare, one, many, http_one, http_many] = settings;
    let mut bare = Bare::connect(&bare.backend);
    let [one, many, http_one, http_many] = [one, many, http_one, http_many]
        .map(|settings| Db::open(settings, Clock::system()).unwrap());
    let servers = [Server::start(http_one), Server::start(http_many)];

    // The first of each fills the caches.
    let warm = Duration::from_millis(300);
    bare_loop(&mut bare, articles, warm);
    let write = |db: &Db, count, length| {
        clients(count, |start| {
            client(db.clone(), Arc::clone(articles), start, length)
        })
    };
    let post = |server: &Server, count, length| {
        clients(count, |start| {
            server.client(Arc::clone(articles), start, length)
        })
    };
    write(&one, 1, warm);
    write(&many, 32, warm);
    post(&servers[0], 1, warm);
    post(&servers[1], 32, warm);
    let mut ways = [const { Vec::new() }; 5];
    for _ in 0..rounds {
        ways[0].push(bare_loop(&mut bare, articles, length));
        ways[1].push(write(&one, 1, length));
        ways[2].push(write(&many, 32, length));
        ways[3].push(post(&servers[0], 1, length));
        ways[4].push(post(&servers[1], 32, length));
    }

    let names = [
        "bare loop",
        "writer, 1 client",
        "writer, 32 clients",
        "HTTP, 1 client",
        "HTTP, 32 clients",
    ];
    let rows: Vec<_> = names
        .into_iter()
        .zip(&ways)
        .enumerate()
        .map(|(way, (name, runs))| {
            let ratios: Vec<f64> = runs
                .iter()
                .zip(&ways[0])
                .map(|(run, bare)| run.rate / bare.rate)
                .collect();
            let p99 = median(runs.iter().map(|run| run.percentile(99)));
            let ratio = median(ratios.iter().copied());
            let promise = match way {
                1 if promised => verdict(ratio >= 0.75, "at least 0.75"),
                2 if promised => {
                    verdict(ratio >= 2.5 && p99 < 25.0, "at least 2.5, p99 under 25 ms")
                }
                _ => String::new(),
            };
            vec![
                name.to_owned(),
                grouped(median(runs.iter().map(|run| run.rate))),
                spread(&ratios),
                format!("{:.2}", median(runs.iter().map(|run| run.percentile(50)))),
                format!("{p99:.2}"),
                format!(
                    "{:.2}",
                    runs.iter()
                        .map(|run| run.percentile(100))
                        .fold(0.0, f64::max)
                ),
                grouped(median(runs.iter().map(|run| run.cpu))),
                promise,
            ]
        })
        .collect();
    let head = [
        "",
        "creates/s",
        "to bare (lowest–highest)",
        "p50 ms",
        "p99 ms",
        "worst ms",
        "CPU µs each",
        "promise",
    ];
    table(title, &head, &rows);
}

/// Articles as they come in, without the cost of making them up.
pub(crate) struct Articles {
    inputs: Vec<ArticleInput>,
    rules: Rules,
    next: AtomicU64,
    tags: Vec<String>,
    authors: Vec<String>,
}

impl Articles {
    fn new() -> Arc<Self> {
        let press = Press::new();
        Arc::new(Self {
            inputs: (0..POOL).map(|n| input(&press, n)).collect(),
            rules: Rules {
                locales: LOCALES.map(str::to_owned).into(),
            },
            next: AtomicU64::new(0),
            tags: (0..TAGS).map(|n| press.tag_name(n)).collect(),
            authors: (0..AUTHORS).map(|n| press.author_name(n)).collect(),
        })
    }

    fn mean_length(&self) -> usize {
        let length = |input: &ArticleInput| input.body.as_ref().map_or(0, |body| body.text.len());
        self.inputs.iter().map(length).sum::<usize>() / self.inputs.len()
    }

    /// The next one: which of the pool, and its text under a title of its own.
    pub(crate) fn next(&self) -> (usize, ArticleInput) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let index = usize::try_from(number).unwrap() % self.inputs.len();
        let mut input = self.inputs[index].clone();
        // In front, where the longest slug keeps it.
        input.title = format!("{number} {}", input.title);
        (index, input)
    }
}

/// The nth article as it would come in over HTTP.
fn input(press: &Press, n: usize) -> ArticleInput {
    let head = press.head(n);
    ArticleInput {
        status: Some(State::Published),
        locale: Some(head.locale.into()),
        standfirst: head.standfirst,
        body: Some(Source {
            format: Format::Markdown,
            text: press.body(n),
        }),
        tags: head
            .tags
            .into_iter()
            .map(|tag| press.tag_name(tag))
            .collect(),
        authors: vec![press.author_name(head.authors[0])],
        ..ArticleInput::new(head.title)
    }
}

/// What one way did in one round.
struct Run {
    /// Creates a second.
    rate: f64,
    /// Microseconds of CPU for each, clients and writer together.
    cpu: f64,
    /// Microseconds from before the rendering until the acknowledgement, sorted.
    latencies: Vec<u128>,
}

impl Run {
    fn new(mut latencies: Vec<u128>, took: Duration, cpu: Duration) -> Self {
        latencies.sort_unstable();
        let count = f64::from(u32::try_from(latencies.len()).unwrap());
        Self {
            rate: count / took.as_secs_f64(),
            cpu: cpu.as_secs_f64() * 1e6 / count,
            latencies,
        }
    }

    /// In milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let index = (self.latencies.len() * percent / 100).min(self.latencies.len() - 1);
        f64::from(u32::try_from(self.latencies[index]).unwrap()) / 1000.0
    }
}

/// One article after the other, each in a transaction of its own.
fn bare_loop(bare: &mut Bare, articles: &Articles, length: Duration) -> Run {
    let (cpu, start) = (Cpu::of(&[std::process::id()]), Instant::now());
    let mut latencies = Vec::new();
    while start.elapsed() < length {
        let (index, input) = articles.next();
        let title = input.title.clone();
        let begun = Instant::now();
        // Rendered for the cost of it: what was rendered before is the same, and open to this benchmark.
        let new = NewArticle::parse(input, &articles.rules).unwrap();
        bare.create(&articles.inputs[index], index, &title);
        drop(new);
        latencies.push(begun.elapsed().as_micros());
    }
    let took = start.elapsed();
    Run::new(latencies, took, Cpu::of(&[std::process::id()]).since(&cpu))
}

/// That many clients at once, as the server has them: tasks on two threads, each with a runtime of its own.
fn clients<F>(count: usize, client: impl Fn(Instant) -> F + Sync) -> Run
where
    F: Future<Output = Vec<u128>> + 'static,
{
    let threads = count.min(2);
    // The threads' CPU time is gone when they are, so they stay until it was read.
    let (done, read) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let (cpu, start) = (Cpu::of(&[std::process::id()]), Instant::now());
    std::thread::scope(|scope| {
        let thread = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let tasks = tokio::task::LocalSet::new();
            let mine: Vec<_> = (0..count / threads)
                .map(|_| tasks.spawn_local(client(start)))
                .collect();
            let latencies = tasks.block_on(&runtime, async {
                let mut latencies = Vec::new();
                for task in mine {
                    latencies.extend(task.await.unwrap());
                }
                latencies
            });
            done.wait();
            read.wait();
            latencies
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(thread)).collect();
        done.wait();
        let (took, cpu) = (start.elapsed(), Cpu::of(&[std::process::id()]).since(&cpu));
        read.wait();
        let latencies = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        Run::new(latencies.collect(), took, cpu)
    })
}

async fn client(db: Db, articles: Arc<Articles>, start: Instant, length: Duration) -> Vec<u128> {
    let mut latencies = Vec::new();
    while start.elapsed() < length {
        let (_, input) = articles.next();
        let begun = Instant::now();
        let new = NewArticle::parse(input, &articles.rules).unwrap();
        db.write(Actor::System, move |tx| store::create(tx, &new))
            .await
            .unwrap();
        latencies.push(begun.elapsed().as_micros());
    }
    latencies
}

/// A new database with the tags and authors in it.
fn prepare(settings: &Settings, articles: &Articles) {
    db::migrate::run(settings).unwrap();
    let db = Db::open(settings.clone(), Clock::system()).unwrap();
    let (tags, authors) = (articles.tags.clone(), articles.authors.clone());
    let fill = move |tx: &mut db::Tx<'_>| {
        for name in &tags {
            let tag = NewTag::parse(name, None, None, Vec::new(), None).unwrap();
            tags::store::create(tx, &tag)?;
        }
        for name in &authors {
            let author = NewAuthor::parse(name, None, None, None, Vec::new()).unwrap();
            authors::store::create(tx, &author)?;
        }
        Ok(())
    };
    db.write_blocking(Actor::System, fill).unwrap();
}

/// A folder beside the build's own output, so that it is on a real disk; it goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("bench-write-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best_effort = std::fs::remove_dir_all(&self.0);
    }
}

/// What the disk needs, in milliseconds.
fn fsync(folder: &Path) -> f64 {
    use std::io::Write;
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let times = (0..200).map(|_| {
        file.write_all(&[7; 8192]).unwrap();
        let begun = Instant::now();
        file.sync_data().unwrap();
        begun.elapsed().as_secs_f64() * 1000.0
    });
    median(times.collect::<Vec<_>>())
}

/// Whether the PostgreSQL server of this database fsyncs: `on` or `off`.
fn fsync_of(url: &str) -> String {
    let mut conn = PgConnection::establish(url).unwrap();
    let shown = diesel::dsl::sql::<diesel::sql_types::Text>("SELECT current_setting('fsync')");
    shown.get_result(&mut conn).unwrap()
}
