//! The child process: concurrent writers that tell the pipe of each write before it begins and after it is acknowledged,
//! until somebody kills them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use diesel::prelude::*;
use masthead::articles::model::{Kind, State, Transition};
use masthead::articles::store::{self, Stored};
use masthead::changes::model::Actor;
use masthead::db::schema::articles;
use masthead::db::{Db, Settings, Tx, Written, migrate};
use masthead::error::{Error, Result};
use masthead::id::Id;
use masthead::time::{Clock, Time};

use crate::database::each;
use crate::ledger::{Operation, Said};
use crate::random::Random;
use crate::search::index;
use crate::text::{Nonce, Text, owner};

/// What the child is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Orders {
    pub(crate) seed: u64,
    pub(crate) round: u32,
    pub(crate) writers: u16,
    /// Acknowledge from inside the transaction, as a server would that answers too early.
    pub(crate) sabotage: bool,
}

/// Each writer stops after so many writes, should nobody kill it.
const MOST_WRITES: u16 = 20_000;

/// Writes until killed.
pub(crate) fn run(settings: &Settings, search: PathBuf, orders: Orders) {
    migrate::run(settings).unwrap();
    let db = Db::open(settings.clone(), Clock::system()).unwrap();
    // Commits follow each other closely, so that kills fall into them and into the merges that they cause.
    let pause = Duration::from_millis(Random::of(&[orders.seed, orders.round.into(), 3]).below(40));
    let index = index(&db, search, pause);
    index.start().unwrap();
    std::thread::scope(|scope| {
        for number in 0..orders.writers {
            let db = db.clone();
            scope.spawn(move || Writer::new(db, orders, number).work());
        }
    });
}

/// One line, in one write, so that no two are mixed and none is cut.
fn say(said: &Said) {
    let line = format!("{said}\n");
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).is_err() || out.flush().is_err() {
        // The ledger has gone, and with it all reason to write.
        std::process::exit(3);
    }
}

/// What a writer must know of an article of its own to choose what can be done to it.
#[derive(Clone, Copy)]
struct Own {
    kind: Kind,
    state: State,
    /// It has a time to come, for which it can be scheduled.
    is_far_away: bool,
}

impl Own {
    /// Whether it can go this way.
    fn can(self, way: Transition) -> bool {
        self.state.after(way).is_some() && (way != Transition::Schedule || self.is_far_away)
    }
}

struct Writer {
    db: Db,
    orders: Orders,
    number: u16,
    random: Random,
    own: BTreeMap<Id, Own>,
    /// Every other writer writes as the server's handlers do, the rest as the command line does.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Writer {
    fn new(db: Db, orders: Orders, number: u16) -> Self {
        let mine = articles::table
            .filter(articles::external_id.eq(owner(number.into())))
            .select((
                articles::id,
                articles::kind,
                articles::state,
                articles::published_at,
            ));
        let mine: Vec<(Id, String, String, Option<Time>)> = db
            .read_blocking(|conn| Ok(each!(conn, c => mine.load(c))?))
            .unwrap();
        let now = db.now();
        let own = mine.into_iter().map(|(id, kind, state, published_at)| {
            let own = Own {
                kind: Kind::from_name(&kind).unwrap(),
                state: State::from_name(&state).unwrap(),
                is_far_away: published_at.is_some_and(|at| at > now),
            };
            (id, own)
        });
        let runtime = || {
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
        };
        Self {
            own: own.collect(),
            random: Random::of(&[orders.seed, orders.round.into(), number.into()]),
            runtime: number.is_multiple_of(2).then(|| runtime().unwrap()),
            db,
            orders,
            number,
        }
    }

    fn work(mut self) {
        for count in 0..MOST_WRITES {
            let nonce = Nonce::new(self.orders.round, self.number, count);
            let (id, operation) = self.choose();
            say(&Said::Begin {
                nonce,
                id,
                operation,
            });
            match (operation, self.write(nonce, id, operation)) {
                (Operation::Refused(_), Err(Error::Conflict(_))) => say(&Said::Refused { nonce }),
                (_, Ok(Written { value, change, .. })) => {
                    match &value {
                        Some(stored) => {
                            let own = self.own_after(nonce, id, operation, stored.state);
                            self.own.insert(id, own);
                        }
                        None => {
                            self.own.remove(&id);
                        }
                    }
                    if !self.orders.sabotage {
                        say(&acknowledgement(nonce, change, value.as_ref()));
                    }
                }
                (_, Err(error)) => {
                    let text = error.to_string().replace('\n', " ");
                    say(&Said::Failed { nonce, text });
                    return;
                }
            }
        }
    }

    fn kind(&self, id: Id, operation: Operation) -> Kind {
        match operation {
            Operation::Create(kind) | Operation::Refused(kind) => kind,
            _ => self.own[&id].kind,
        }
    }

    fn own_after(&self, nonce: Nonce, id: Id, operation: Operation, state: State) -> Own {
        let own = self.own.get(&id);
        let was_far_away = own.is_some_and(|own| own.is_far_away);
        let was_scheduled = own.is_some_and(|own| own.state == State::Scheduled);
        let is_far_away = match operation {
            Operation::Create(_) | Operation::Replace => {
                // A text without a time keeps the one that was there.
                was_far_away || Text::of(self.orders.seed, nonce).published_at.is_some()
            }
            // What is published before its time is published now, and a time that is taken back is none.
            _ => was_far_away && !was_scheduled && state != State::Published,
        };
        Own {
            kind: self.kind(id, operation),
            state,
            is_far_away,
        }
    }

    /// Few articles each, so that most writes meet the traces of earlier ones.
    fn choose(&mut self) -> (Id, Operation) {
        let kind = if self.random.once_in(5) {
            Kind::Page
        } else {
            Kind::Article
        };
        if self.random.once_in(20) {
            return (Id::new(), Operation::Refused(kind));
        }
        if self.own.len() < 3 || (self.own.len() < 16 && self.random.once_in(4)) {
            return (Id::new(), Operation::Create(kind));
        }
        let ids: Vec<Id> = self.own.keys().copied().collect();
        let id = self.random.one_of(&ids);
        let own = self.own[&id];
        let ways: Vec<Transition> = Transition::ALL
            .iter()
            .copied()
            .filter(|way| own.can(*way))
            .collect();
        let operation = match self.random.below(10) {
            0 | 1 => Operation::Purge,
            2..=5 => Operation::Transition(self.random.one_of(&ways)),
            _ => Operation::Replace,
        };
        (id, operation)
    }

    fn write(&self, nonce: Nonce, id: Id, operation: Operation) -> Result<Written<Option<Stored>>> {
        let new = match operation {
            Operation::Create(_) | Operation::Replace | Operation::Refused(_) => {
                let kind = self.kind(id, operation);
                Some(Text::of(self.orders.seed, nonce).article(id, kind))
            }
            Operation::Transition(_) | Operation::Purge => None,
        };
        let sabotage = self.orders.sabotage;
        let job = move |tx: &mut Tx<'_>| {
            let stored = match (operation, &new) {
                (Operation::Create(_), Some(new)) => Some(store::create(tx, new)?),
                (Operation::Replace, Some(new)) => Some(store::replace(tx, id, new)?),
                (Operation::Transition(way), _) => Some(store::transition(tx, id, way)?),
                (Operation::Refused(_), Some(new)) => {
                    store::create(tx, new)?;
                    return Err(Error::Conflict("refused after it was written".into()));
                }
                _ => {
                    store::purge(tx, id)?;
                    None
                }
            };
            if sabotage {
                say(&acknowledgement(nonce, tx.number(), stored.as_ref()));
            }
            Ok(stored)
        };
        match &self.runtime {
            Some(runtime) => runtime.block_on(self.db.write(Actor::System, job)),
            None => self.db.write_blocking(Actor::System, job),
        }
    }
}

fn acknowledgement(nonce: Nonce, change: i64, stored: Option<&Stored>) -> Said {
    Said::Acknowledged {
        nonce,
        change,
        stored: stored.map(|stored| (stored.version, stored.state, stored.slug.clone())),
    }
}
