//! A real server in this process: its own database, a free port, a clock that a test moves. It stops as in production,
//! finishing what is in flight, when it is dropped.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Once};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::web;
use masthead::app::{self, App};
use masthead::articles::new::Rules;
use masthead::articles::store::{misnumbered, unlike_joins};
use masthead::auth::secret::Secret;
use masthead::cache;
use masthead::changes::model::Actor;
use masthead::db::{self, Conn, Db, Reason, Tx, Written};
use masthead::error::{Error, Result};
use masthead::http::limits::Limits;
use masthead::http::server;
use masthead::locales::Fallbacks;
use masthead::search;
use masthead::time::{Clock, Time};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::client::{Answer, Client};
use super::database::Database;
use super::time;

/// What the servers of the tests sign with.
pub(crate) const SECRET: &str = "the servers of the tests sign with this";

/// Called after each commit with its change number.
type AfterCommit = Arc<dyn Fn(i64) + Send + Sync>;

/// What a server logs of its own faults stands in the output of the test that fails by them.
fn tell_of_errors() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let log = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR);
        // Another may be there already.
        let _there = log.with_writer(std::io::stderr).try_init();
    });
}

/// A clock that stands still until it is moved.
#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(
            time("2026-11-22T10:00:00Z").millis(),
        )))
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
            .expect("a time within four digits of a year")
    }

    /// Moves it to this time, which may lie in its past.
    pub(crate) fn set(&self, to: Time) {
        self.0.store(to.millis(), Ordering::SeqCst);
    }

    /// Moves it on.
    pub(crate) fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("a span of a test");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || this.now())
    }
}

/// What a server is to be, before it starts.
pub(crate) struct Setup {
    /// The bounds of the server.
    pub(crate) http: server::Settings,
    /// What it is set up to be.
    pub(crate) app: app::Setup,
    database: Option<Database>,
    tune: Box<dyn Fn(&mut db::Settings)>,
    after_commit: Option<AfterCommit>,
    /// The database of another server.
    beside: Option<db::Settings>,
    listen: SocketAddr,
    /// Jobs are done.
    works: bool,
}

impl Setup {
    fn new() -> Self {
        let patience = Duration::from_secs(60);
        Self {
            http: server::Settings {
                workers: 2,
                connections: 512,
                head_timeout: patience,
                write_timeout: patience,
                keep_alive: patience,
                shutdown: Duration::from_secs(10),
                limits: Limits {
                    deadline: patience,
                    content_deadline: patience,
                    write_deadline: patience,
                    ..Limits::default()
                },
            },
            database: None,
            app: app::Setup {
                site_url: Some("https://example.org".into()),
                // Every answer of every test that comes from the cache is compared with one made anew.
                cache: cache::Settings {
                    proves: true,
                    ..cache::Settings::default()
                },
                search: search::Settings {
                    related_wait: patience,
                    ..search::Settings::default()
                },
                ..app::Setup::new(Rules {
                    locales: vec!["en".into(), "de".into()],
                })
            },
            tune: Box::new(|_settings| {}),
            after_commit: None,
            beside: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            works: false,
        }
    }

    /// At this address, and not at any free one.
    pub(crate) fn at(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// As another node of a server: over its database, and looking for what it writes. The search index needs a folder of
    /// its own.
    pub(crate) fn beside(mut self, other: &Server, search: &std::path::Path) -> Self {
        self.beside = Some(other.database().settings());
        self.app.search.folder = Some(search.to_owned());
        self
    }

    /// Doing what jobs ask for; else they wait.
    pub(crate) fn works(mut self) -> Self {
        self.works = true;
        self
    }

    /// Over this database, and not over a new one.
    pub(crate) fn over(mut self, database: Database) -> Self {
        self.database = Some(database);
        self
    }

    /// With other bounds of the server.
    pub(crate) fn http(mut self, tune: impl FnOnce(&mut server::Settings)) -> Self {
        tune(&mut self.http);
        self
    }

    /// With other bounds of the database.
    pub(crate) fn db(mut self, tune: impl Fn(&mut db::Settings) + 'static) -> Self {
        self.tune = Box::new(tune);
        self
    }

    pub(crate) fn locales<const N: usize>(mut self, locales: [&str; N]) -> Self {
        self.app.rules.locales = locales.map(str::to_owned).into();
        self
    }

    /// With locales that stand in for others, each chain as `de-CH=de,en`. Set the locales first.
    pub(crate) fn fallbacks<const N: usize>(mut self, chains: [&str; N]) -> Self {
        let chains = chains.map(str::to_owned);
        self.app.fallbacks =
            Fallbacks::parse(&chains, &self.app.rules.locales).expect("chains of these locales");
        self
    }

    pub(crate) fn site_url(mut self, url: Option<&str>) -> Self {
        self.app.site_url = url.map(str::to_owned);
        self
    }

    pub(crate) fn public_url(mut self, url: &str) -> Self {
        self.app.public_url = Some(url.to_owned());
        self
    }

    /// Set up otherwise.
    pub(crate) fn app(mut self, tune: impl FnOnce(&mut app::Setup)) -> Self {
        tune(&mut self.app);
        self
    }

    /// With a function that runs after each commit.
    pub(crate) fn after_commit(mut self, f: impl Fn(i64) + Send + Sync + 'static) -> Self {
        self.after_commit = Some(Arc::new(f));
        self
    }

    pub(crate) fn start(self) -> Server {
        tell_of_errors();
        let watches = self.beside.is_some();
        let (database, mut settings) = match self.beside {
            Some(settings) => (None, settings),
            None => {
                let database = self.database.unwrap_or_else(Database::new);
                let settings = database.settings();
                (Some(database), settings)
            }
        };
        let clock = TestClock::new();
        (self.tune)(&mut settings);
        let db =
            Db::open_with(settings, clock.clock(), self.after_commit).expect("open the database");
        let rules = self.app.rules.clone();
        let secret = Secret::parse(SECRET).expect("a secret");
        let mut setup = self.app;
        if let Some(database) = &database
            && setup.search.folder.is_none()
        {
            setup.search.folder = database.search_folder();
        }
        let jobs = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for jobs");
        let data = database.as_ref().and_then(Database::data_folder);
        let data = data.unwrap_or_else(|| jobs.path().to_owned());
        setup.work.data = Some(data);
        // A commit that nobody waits for may take long on a busy machine, and no test waits for one in vain.
        setup.search.wait = Duration::from_secs(60);
        let app = App::new(db.clone(), &secret, setup);
        app.search.start().expect("start the search index");
        let (started, running) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let (http, address, works) = (self.http, self.listen, self.works);
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listener = server::listen(address).expect("listen");
                let app = web::Data::new(app);
                let running = server::start(app.clone(), listener, &http).expect("start");
                let timing = app.clone();
                actix_web::rt::spawn(async move {
                    masthead::articles::store::clock::run(&timing.db).await;
                });
                let purging = app.clone();
                actix_web::rt::spawn(async move { purging.purge.follow(&purging.db).await });
                let mailing = app.clone();
                actix_web::rt::spawn(async move { mailing.mail.follow(&mailing.db).await });
                let sending = app.clone();
                actix_web::rt::spawn(async move { sending.webhooks.run(&sending).await });
                if works {
                    let working = app.clone();
                    actix_web::rt::spawn(async move { working.work.run(&working).await });
                }
                if watches {
                    actix_web::rt::spawn(async move { app.watch().await });
                }
                let stopper = running.stopper();
                started.send(running.address).expect("tell the address");
                actix_web::rt::spawn(async move {
                    let _dropped = stopped.await;
                    stopper.stop().await;
                });
                running.server.await.expect("serve");
            });
        });
        let address = running.recv().expect("the server starts");
        Server {
            client: Client::new(address),
            clock,
            rules,
            db: Some(db),
            stop: Some(stop),
            thread: Some(thread),
            database,
            _jobs: jobs,
        }
    }
}

/// A server that runs.
pub(crate) struct Server {
    /// A client of it.
    pub(crate) client: Client,
    /// The clock of its database.
    pub(crate) clock: TestClock,
    /// What articles may be here.
    pub(crate) rules: Rules,
    db: Option<Db>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Dropped last: a PostgreSQL database goes when nobody uses it any more.
    database: Option<Database>,
    _jobs: TempDir,
}

impl Server {
    /// A server with the locales `en` and `de` over an empty database.
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    /// One that is set up otherwise.
    pub(crate) fn setup() -> Setup {
        Setup::new()
    }

    pub(crate) fn db(&self) -> &Db {
        self.db.as_ref().expect("it runs")
    }

    /// What is behind it.
    pub(crate) fn database(&self) -> &Database {
        self.database.as_ref().expect("it runs")
    }

    /// The answer to a GET from a state that includes all that was written.
    pub(crate) fn search(&self, path: &str) -> Answer {
        let change = self.db().change().to_string();
        let request = self.client.request("GET", path);
        request.header("min-change", &change).send()
    }

    /// Waits until the search index includes all that was written.
    pub(crate) fn search_follows(&self) {
        self.search("/v1/search?q=x").ok();
    }

    /// The answer to a GET.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.client.get(path)
    }

    /// Writes through the domain code.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Written<T> {
        self.try_write(f)
            .unwrap_or_else(|error| panic!("a write failed: {error}"))
    }

    /// Writes what may be refused.
    pub(crate) fn try_write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<Written<T>, Error> {
        self.db().write_blocking(Actor::System, f)
    }

    /// Writes what takes no change number.
    pub(crate) fn write_quietly<T: Send + 'static>(
        &self,
        reason: Reason,
        f: impl Fn(&mut Conn) -> Result<T> + Send + 'static,
    ) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
            .block_on(self.db().write_quiet(reason, f))
            .unwrap_or_else(|error| panic!("a quiet write failed: {error}"))
    }

    /// Does what is due by the clock as it stands, and returns when it is done.
    pub(crate) fn clock_looks(&self) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
            .block_on(masthead::articles::store::clock::look(self.db()))
            .unwrap_or_else(|error| panic!("what is due could not be done: {error}"));
    }

    /// Reads behind the API's back.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&mut Conn) -> diesel::QueryResult<T>) -> T {
        self.db()
            .read_blocking(|conn| Ok(f(conn)?))
            .unwrap_or_else(|error| panic!("a read failed: {error}"))
    }

    /// Stops it and keeps its database.
    pub(crate) fn into_database(mut self) -> Database {
        self.end();
        self.database.take().expect("it has one")
    }

    fn end(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server's thread panicked");
        }
        // Whatever a test wrote by whichever door.
        if let Some(db) = self.db.take()
            && !std::thread::panicking()
        {
            let unlike = db.read_blocking(|conn| unlike_joins(conn, 3));
            assert_eq!(unlike.unwrap(), [], "rows unlike the join tables");
            let misnumbered = db.read_blocking(|conn| misnumbered(conn, 3));
            assert_eq!(misnumbered.unwrap(), [], "addresses or bodies of others");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}
