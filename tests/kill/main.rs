//! The proof that SIGKILL loses nothing that was acknowledged. This program is its own child: the child writes with many
//! writers at once and says through a pipe what it begins and what was acknowledged; the parent kills it at a moment that
//! the seed decides, opens the database again and compares it with what it heard, and the search index with the database. 20 rounds in a run of the tests;
//! `cargo test --test kill -- --rounds 1000 --seed 7` for more, `MASTHEAD_TEST_DATABASE=postgres` for the other database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test, though without the attribute that says so"
)]

mod arguments;
mod database;
mod examination;
mod ledger;
mod model;
mod random;
mod rounds;
mod search;
mod text;
mod writers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use diesel::connection::SimpleConnection;

use crate::arguments::{Arguments, Run};
use crate::examination::examine;
use crate::ledger::Ledger;
use crate::rounds::Ground;
use crate::writers::Orders;

type Test = fn(&Run);
const TESTS: &[(&str, Test)] = &[
    (
        "sigkill_loses_nothing_acknowledged",
        sigkill_loses_nothing_acknowledged,
    ),
    ("sabotage_is_noticed", sabotage_is_noticed),
    ("half_a_write_is_noticed", half_a_write_is_noticed),
];

fn main() -> ExitCode {
    let names: Vec<&str> = TESTS.iter().map(|(name, _)| *name).collect();
    let run = match Arguments::parse(std::env::args().skip(1), &names) {
        Ok(Arguments::WriteInto {
            address,
            search,
            orders,
        }) => {
            writers::run(&database::settings(&address), search, orders);
            return ExitCode::SUCCESS;
        }
        Ok(Arguments::List(names)) => {
            for name in names {
                println!("{name}: test");
            }
            return ExitCode::SUCCESS;
        }
        Ok(Arguments::Run(run)) => run,
        Err(fault) => {
            eprintln!("error: {fault}");
            return ExitCode::from(2);
        }
    };
    let chosen = TESTS.iter().filter(|(name, _)| run.names.contains(name));
    let chosen: Vec<_> = chosen.collect();
    println!("\nrunning {} tests", chosen.len());
    let (begun, mut failed) = (Instant::now(), 0);
    for (name, test) in &chosen {
        let passed = catch_unwind(AssertUnwindSafe(|| test(&run))).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        chosen.len() - failed,
        TESTS.len() - chosen.len(),
        begun.elapsed().as_secs_f64()
    );
    // What the test runner takes for a failure of tests.
    ExitCode::from(if failed == 0 { 0 } else { 101 })
}

fn sigkill_loses_nothing_acknowledged(run: &Run) {
    let begun = Instant::now();
    let mut ground = Ground::prepare(run.seed);
    let (mut acknowledged, mut between, mut under_way, mut kept) = (0, 0, 0, 0);
    for round in 1..=run.rounds {
        let orders = Orders {
            seed: run.seed,
            round,
            writers: run.writers,
            sabotage: false,
        };
        let faults = match ground.round(orders) {
            Ok((ledger, findings)) => {
                acknowledged += ledger.acknowledged;
                between += u32::from(ledger.under_way() > 0);
                under_way += ledger.under_way();
                kept += findings.kept;
                findings.all()
            }
            Err(fault) => vec![fault],
        };
        if !faults.is_empty() {
            ground.search.disable_cleanup(true);
            let index = ground.search.path().display();
            let kept = ground.database.keep();
            let left = kept.map(|folder| format!("\nthe database is in {}", folder.display()));
            panic!(
                "round {round} of seed {}:\n{}\nthe index is in {index}{}",
                run.seed,
                faults.join("\n"),
                left.unwrap_or_default()
            );
        }
        if round % 100 == 0 {
            println!("{round} rounds, {acknowledged} writes acknowledged");
        }
    }
    println!(
        "{} rounds on {}: {acknowledged} writes acknowledged, none lost; {between} kills fell between begin and ack, \
         into {under_way} writes, of which {kept} are there, whole; {} changes, {} articles {:?}; seed {}, {} writers, \
         {:.0} s",
        run.rounds,
        ground.database.kind(),
        ground.model.change,
        ground.model.articles.len(),
        examination::states(&ground.model),
        run.seed,
        run.writers,
        begun.elapsed().as_secs_f64()
    );
    assert!(acknowledged > 0 || run.rounds < 2, "nothing was written");
}

/// Writers that acknowledge before the commit: were this not found, the other test would prove nothing.
fn sabotage_is_noticed(run: &Run) {
    /// A kill may happen to fall behind a commit, but not every time.
    const ROUNDS: u32 = 20;
    let mut ground = Ground::prepare(run.seed);
    for round in 1..=ROUNDS {
        let orders = Orders {
            seed: run.seed,
            round,
            writers: run.writers,
            sabotage: true,
        };
        let (ledger, findings) = ground.round(orders).unwrap();
        if !findings.lost.is_empty() {
            println!(
                "sabotage: {} of {} acknowledged writes were missing in round {round}",
                findings.lost.len(),
                ledger.acknowledged
            );
            return;
        }
    }
    panic!("{ROUNDS} rounds of acknowledging too early, and nothing was missed");
}

/// What a crash could leave of a write that is not one step: each of these alone must be seen.
fn half_a_write_is_noticed(run: &Run) {
    const DAMAGE: &[&str] = &[
        "DELETE FROM articles WHERE id = (SELECT id FROM articles ORDER BY id LIMIT 1)",
        "UPDATE articles SET version = version + 1 WHERE id = (SELECT id FROM articles ORDER BY id LIMIT 1)",
        "UPDATE articles SET state = CASE state WHEN 'draft' THEN 'trashed' ELSE 'draft' END \
         WHERE id = (SELECT id FROM articles ORDER BY id LIMIT 1)",
        "DELETE FROM article_bodies WHERE article_id = (SELECT id FROM articles ORDER BY id LIMIT 1)",
        "UPDATE article_bodies SET html = '' WHERE html <> ''",
        "DELETE FROM article_slugs WHERE slug = (SELECT slug FROM article_slugs ORDER BY slug LIMIT 1)",
        "UPDATE article_slugs SET current = NOT current \
         WHERE slug = (SELECT slug FROM article_slugs ORDER BY slug LIMIT 1)",
        "UPDATE article_slugs SET number = number + 1 WHERE slug = (SELECT slug FROM article_slugs ORDER BY slug LIMIT 1)",
        "UPDATE article_bodies SET number = -1 WHERE article_id = (SELECT id FROM articles ORDER BY id LIMIT 1)",
        "DELETE FROM article_tags WHERE position = 0",
        "UPDATE article_tags SET published_at = 1 WHERE position = 0",
        "DELETE FROM article_authors WHERE position = 0",
        "UPDATE articles SET tag_ids = author_ids WHERE id = (SELECT article_id FROM article_tags LIMIT 1)",
        "UPDATE articles SET author_ids = tag_ids WHERE id = (SELECT article_id FROM article_authors LIMIT 1)",
        "UPDATE tags SET article_count = article_count + 1 WHERE slug = 'sleep'",
        "UPDATE tags SET subtree_count = subtree_count - 1 WHERE slug = 'health'",
        "UPDATE authors SET article_count = article_count - 1 \
         WHERE slug = (SELECT slug FROM authors ORDER BY slug LIMIT 1)",
        "UPDATE meta SET change = change + 1",
        "UPDATE meta SET public_change = public_change - 1",
        "DELETE FROM changes WHERE number = (SELECT MAX(number) FROM changes)",
        "DELETE FROM changes WHERE number = 1",
    ];
    let mut ground = Ground::prepare(run.seed);
    let mut round = 0;
    // Enough for each kind of damage to find something to damage.
    while ground.model.articles.len() < 60 {
        round += 1;
        let orders = Orders {
            seed: run.seed,
            round,
            writers: 16,
            sabotage: false,
        };
        let (_, findings) = ground.round(orders).unwrap();
        assert_eq!(findings.all(), [""; 0]);
    }
    let mut conn = ground.database.connect();
    for damage in DAMAGE {
        conn.batch_execute("BEGIN").unwrap();
        conn.batch_execute(damage).unwrap();
        let findings = examine(&mut conn, &ground.model, &Ledger::default());
        conn.batch_execute("ROLLBACK").unwrap();
        assert!(!findings.all().is_empty(), "not noticed: {damage}");
    }
    let findings = examine(&mut conn, &ground.model, &Ledger::default());
    assert_eq!(findings.all(), [""; 0], "after all damage was undone");
    // Nor does it pass that the index holds what the database has not.
    conn.batch_execute("UPDATE articles SET state = 'draft' WHERE state = 'published'")
        .unwrap();
    assert!(
        ground.compare_search().is_some(),
        "the index is not compared"
    );
}
