//! A round: start the writers, kill them at a moment that the seed decides, open the database again and look.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use masthead::changes::model::Actor;
use masthead::db::{Db, migrate};
use masthead::tags;
use masthead::tags::model::NewTag;
use masthead::time::Clock;
use tempfile::TempDir;

use crate::database::Database;
use crate::examination::{Findings, examine};
use crate::ledger::{Ledger, Said};
use crate::model::Model;
use crate::random::Random;
use crate::search;
use crate::text::TAGS;
use crate::writers::Orders;

/// No write takes this long, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(120);
const SIGKILL: i32 = 9;

/// A database and what must stand in it.
pub(crate) struct Ground {
    pub(crate) database: Database,
    /// Where the search index is.
    pub(crate) search: TempDir,
    pub(crate) model: Model,
}

/// When to kill.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So long after the start, whether or not anything was written by then.
    AfterStart(Duration),
    /// After so many acknowledgements, and a little.
    AfterWrites(u64, Duration),
}

impl Moment {
    fn of(orders: Orders) -> Self {
        let mut random = Random::of(&[orders.seed, orders.round.into()]);
        if random.once_in(12) {
            return Self::AfterStart(Duration::from_micros(random.below(80_000)));
        }
        // One in ten is long enough for SQLite to copy its log back into the database while others write.
        let most = if random.once_in(10) { 1_500 } else { 120 };
        let writes = 1 + random.below(most);
        // About as long as a transaction takes, in its order of magnitude and in two below.
        let longest = random.one_of(&[100, 1_000, 10_000]);
        Self::AfterWrites(writes, Duration::from_micros(random.below(longest)))
    }
}

impl Ground {
    /// A fresh database with a tree of tags.
    pub(crate) fn prepare(seed: u64) -> Self {
        let database = Database::create();
        let settings = database.settings();
        migrate::run(&settings).unwrap();
        let db = Db::open(settings, Clock::system()).unwrap();
        for (name, parent) in TAGS {
            let parent = parent.map(masthead::slug::name_key);
            let tag = NewTag::parse(name, None, None, Vec::new(), parent).unwrap();
            db.write_blocking(Actor::System, move |tx| tags::store::create(tx, &tag))
                .unwrap();
        }
        let empty = Model {
            seed,
            ..Model::default()
        };
        let look = db.read_blocking(|conn| Ok(examine(conn, &empty, &Ledger::default())));
        let findings = look.unwrap();
        assert_eq!(findings.all(), [""; 0], "before the first round");
        let search = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self {
            model: findings.model,
            database,
            search,
        }
    }

    /// What the search index holds otherwise than the database.
    pub(crate) fn compare_search(&self) -> Option<String> {
        let db = Db::open(self.database.settings(), Clock::system()).unwrap();
        search::compare(&db, self.search.path())
    }

    /// One round. The database lives on in the next, so that what one breaks the others find.
    ///
    /// # Errors
    /// When the writers ended by themselves, or failed.
    pub(crate) fn round(&mut self, orders: Orders) -> Result<(Ledger, Findings), String> {
        if Random::of(&[orders.seed, orders.round.into(), 5]).once_in(5) {
            // The writers build the index anew while they write.
            let _there_may_be_none = std::fs::remove_file(self.search.path().join("current"));
        }
        let ledger = run_and_kill(&self.database.address(), self.search.path(), orders)?;
        self.database.settle();
        let settings = self.database.settings();
        let ran = migrate::run(&settings).map_err(|error| error.to_string())?;
        if !ran.is_empty() {
            return Err(format!("migrations ran again: {ran:?}"));
        }
        let db = Db::open(settings, Clock::system()).map_err(|error| error.to_string())?;
        let look = db.read_blocking(|conn| Ok(examine(conn, &self.model, &ledger)));
        let mut findings = look.map_err(|error| error.to_string())?;
        findings
            .wrong
            .extend(search::compare(&db, self.search.path()));
        self.model = findings.model.clone();
        Ok((ledger, findings))
    }
}

fn run_and_kill(address: &str, search: &Path, orders: Orders) -> Result<Ledger, String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--write-into", address])
        .arg("--search")
        .arg(search)
        .args(["--seed", &orders.seed.to_string()])
        .args(["--round", &orders.round.to_string()])
        .args(["--writers", &orders.writers.to_string()])
        .args(orders.sabotage.then_some("--sabotage"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let lines = lines_of(&mut child);
    let mut ledger = Ledger::default();
    let watched = watch(&lines, Moment::of(orders), &mut ledger);
    // On Unix this is SIGKILL. It comes before anything else is done with what the pipe brought.
    let killed = child.kill();
    let ended = child.wait().map_err(|error| error.to_string())?;
    watched?;
    killed.map_err(|error| error.to_string())?;
    if ended.signal() != Some(SIGKILL) {
        return Err(format!(
            "the writers ended before they were killed: {ended}"
        ));
    }
    // What was in the pipe at the kill has been said, too.
    for line in lines {
        enter(&mut ledger, &line)?;
    }
    Ok(ledger)
}

fn watch(lines: &Receiver<String>, moment: Moment, ledger: &mut Ledger) -> Result<(), String> {
    let (writes, pause) = match moment {
        Moment::AfterStart(pause) => {
            std::thread::sleep(pause);
            return Ok(());
        }
        Moment::AfterWrites(writes, pause) => (writes, pause),
    };
    while (ledger.acknowledged as u64) < writes {
        let line = lines
            .recv_timeout(PATIENCE)
            .map_err(|error| format!("no more writes after {}: {error}", ledger.acknowledged))?;
        enter(ledger, &line)?;
    }
    // Sleeping would round the moment up to the scheduler's.
    let begun = Instant::now();
    while begun.elapsed() < pause {
        std::hint::spin_loop();
    }
    Ok(())
}

fn enter(ledger: &mut Ledger, line: &str) -> Result<(), String> {
    let said = Said::parse(line).ok_or_else(|| format!("a writer said {line:?}"))?;
    ledger.enter(said)
}

/// The whole lines of the child, as they come.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while out.read_line(&mut line).is_ok_and(|length| length > 0) {
            // Without its end a line was not said.
            let Some(whole) = line.strip_suffix('\n') else {
                return;
            };
            if sender.send(whole.to_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    receiver
}
