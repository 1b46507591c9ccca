//! The command line: one verb a file, each a thin layer over what the server does too.
#![expect(
    clippy::print_stderr,
    reason = "this is where the program speaks to whoever typed"
)]

mod backup;
mod completions;
mod demo;
mod export;
mod import;
mod migrate;
mod openapi;
mod reindex;
mod restore;
mod serve;
mod token;
mod user;
mod verify;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{DEFAULT_LOG, LogFormat, Logging, Store};
use crate::data_folder;
use crate::db::{self, Db};
use crate::time::Clock;

/// A headless content API: articles, pages, tags and authors from one binary
#[derive(Debug, Parser)]
#[command(
    name = "masthead",
    version,
    max_term_width = 100,
    propagate_version = true
)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    logging: Logging,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the content over HTTP
    Serve(serve::Arguments),
    /// Serve sample content from a throw-away folder
    Demo(demo::Arguments),
    /// Bring content in from files; running it again changes nothing that has not changed
    Import(import::Arguments),
    /// Write the content into files: all of it, to be imported again, or what readers may ask for
    Export(export::Arguments),
    /// Make and change accounts: the way to the first admin
    User(user::Arguments),
    /// Print an access token for an account
    Token(token::Arguments),
    /// Print the OpenAPI document
    Openapi,
    /// Bring the database's schema up to this version
    Migrate(migrate::Arguments),
    /// Build the search index anew, beside a running server too
    Reindex(reindex::Arguments),
    /// Back up the database, the media and the secret into one file, beside a running server too
    Backup(backup::Arguments),
    /// Put a backup into an empty data folder
    Restore(restore::Arguments),
    /// Look whether the data folder is whole
    Verify(verify::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

/// What a verb answers when it fails: a sentence for whoever typed it.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;

/// Reads the command line and does what it says.
#[must_use]
pub fn run() -> ExitCode {
    // Before the arguments, which take their defaults from the environment.
    let env_file = dotenvy::dotenv();
    let cli = Cli::parse();
    start_logging(&cli.logging);
    if let Err(error) = env_file
        && !error.not_found()
    {
        eprintln!("error: .env: {error}");
        return ExitCode::FAILURE;
    }
    let outcome = match cli.verb {
        Verb::Serve(arguments) => serve::run(&arguments),
        Verb::Demo(arguments) => demo::run(&arguments),
        Verb::Import(arguments) => import::run(&arguments),
        Verb::Export(arguments) => export::run(&arguments),
        Verb::User(arguments) => user::run(&arguments),
        Verb::Token(arguments) => token::run(&arguments),
        Verb::Openapi => openapi::run(),
        Verb::Migrate(arguments) => migrate::run(&arguments),
        Verb::Reindex(arguments) => reindex::run(&arguments),
        Verb::Backup(arguments) => backup::run(&arguments),
        Verb::Restore(arguments) => restore::run(&arguments),
        Verb::Verify(arguments) => verify::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        // `masthead … | head` has read what it wanted.
        let unread = error.downcast_ref::<io::Error>();
        if unread.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// Opens the database beside whoever serves it, made and migrated where that is to be done.
fn open(store: &Store) -> Result<Db, Box<dyn std::error::Error>> {
    let settings = store.database();
    if let db::Backend::Sqlite(_) = &settings.backend {
        std::fs::create_dir_all(&store.data)?;
        data_folder::refuse_half_restored(&store.data)?;
    }
    db::migrate::run(&settings)?;
    Ok(Db::open(settings, Clock::system())?)
}

fn start_logging(logging: &Logging) {
    let filter = EnvFilter::try_new(&logging.log).unwrap_or_else(|error| {
        eprintln!("warning: --log: {error}; logging as by default");
        EnvFilter::new(DEFAULT_LOG)
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // Fails only where a logger is there already, as in tests.
    let _already_there = match logging.log_format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
