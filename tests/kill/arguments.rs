//! The command line: enough of what Rust's own test programs understand for `cargo test` and cargo-nextest, and how long
//! and with what seed to kill.

use std::path::PathBuf;
use std::str::FromStr;

use crate::writers::Orders;

/// What to do.
pub(crate) enum Arguments {
    /// Be the child.
    WriteInto {
        address: String,
        /// Where its search index is.
        search: PathBuf,
        orders: Orders,
    },
    /// Say what tests there are.
    List(Vec<&'static str>),
    /// Run some.
    Run(Run),
}

/// How to run which tests.
pub(crate) struct Run {
    pub(crate) names: Vec<&'static str>,
    pub(crate) rounds: u32,
    pub(crate) seed: u64,
    pub(crate) writers: u16,
}

impl Arguments {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// In words that say which one is wrong.
    pub(crate) fn parse(
        arguments: impl Iterator<Item = String>,
        tests: &[&'static str],
    ) -> Result<Self, String> {
        let (mut filters, mut skipped, mut address) = (Vec::new(), Vec::new(), None);
        let mut search = None;
        let (mut list, mut exact, mut ignored, mut sabotage) = (false, false, false, false);
        let (mut rounds, mut seed, mut round, mut writers) = (20, 1, 1, 16);
        let mut arguments = arguments.flat_map(|argument| match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                vec![option.to_owned(), value.to_owned()]
            }
            _ => vec![argument],
        });
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next();
            match argument.as_str() {
                "--rounds" => rounds = number("--rounds", value())?,
                "--seed" => seed = number("--seed", value())?,
                "--writers" => writers = number("--writers", value())?,
                "--round" => round = number("--round", value())?,
                "--sabotage" => sabotage = true,
                "--write-into" => address = value(),
                "--search" => search = value().map(PathBuf::from),
                "--list" => list = true,
                "--exact" => exact = true,
                "--ignored" => ignored = true,
                "--skip" => skipped.extend(value()),
                "--format" | "--color" | "--test-threads" | "--logfile" | "-Z" => drop(value()),
                "--nocapture" | "--no-capture" | "--show-output" | "--include-ignored"
                | "--quiet" | "-q" => {}
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}"));
                }
                _ => filters.push(argument),
            }
        }
        if let Some(address) = address {
            let orders = Orders {
                seed,
                round,
                writers,
                sabotage,
            };
            let search = search.ok_or("--write-into needs --search")?;
            return Ok(Self::WriteInto {
                address,
                search,
                orders,
            });
        }
        let fits = |name: &str, filter: &String| {
            if exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        };
        let mut names = tests.to_vec();
        names.retain(|name| {
            // None is ignored, so none is left when only those are asked for.
            !ignored
                && (filters.is_empty() || filters.iter().any(|filter| fits(name, filter)))
                && !skipped.iter().any(|filter| fits(name, filter))
        });
        Ok(if list {
            Self::List(names)
        } else {
            Self::Run(Run {
                names,
                rounds,
                seed,
                writers,
            })
        })
    }
}

fn number<T: FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    value
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| format!("{option} needs a number"))
}
