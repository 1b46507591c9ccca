//! `masthead import`

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::Outcome;
use crate::articles::model::State;
use crate::config::Store;
use crate::db::{self, Db};
use crate::imports::{self, Options, Report};
use crate::time::Clock;
use crate::transfer::{Parsed, jsonl, markdown};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// A folder of Markdown files with YAML or TOML front matter, or one such file
    Markdown(Common),
    /// A file of JSON objects, one a line; `-` reads standard input
    Jsonl(Common),
}

#[derive(Debug, Args)]
struct Common {
    /// What to read
    path: PathBuf,

    /// Look and report only
    #[arg(long)]
    dry_run: bool,

    /// The state of what comes in
    #[arg(long, value_enum, default_value = "as-is")]
    status: Status,

    /// Name of the source, under which the next import knows its items again; by default the file's or folder's name
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Status {
    /// As the source says; what says nothing is published
    AsIs,
    /// All drafts
    Draft,
    /// All published
    Published,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let (name, common) = match &arguments.format {
        Format::Markdown(common) => ("markdown", common),
        Format::Jsonl(common) => ("jsonl", common),
    };
    let options = Options {
        source: common
            .source
            .clone()
            .unwrap_or_else(|| format!("{name}:{}", last_name(&common.path))),
        status: match common.status {
            Status::AsIs => None,
            Status::Draft => Some(State::Draft),
            Status::Published => Some(State::Published),
        },
        dry_run: common.dry_run,
    };
    let db = open(&common.store)?;
    let report = match arguments.format {
        Format::Markdown(_) => import_markdown(&db, common, &options)?,
        Format::Jsonl(_) => import_jsonl(&db, common, &options)?,
    };
    print(&report, common.dry_run)?;
    Ok(ExitCode::SUCCESS)
}

fn last_name(path: &Path) -> String {
    let whole = path
        .canonicalize()
        .unwrap_or_else(|_not_there| path.to_owned());
    whole.file_name().map_or_else(
        || "stdin".into(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn open(store: &Store) -> Result<Db, Box<dyn std::error::Error>> {
    if store.database_url.is_none() {
        std::fs::create_dir_all(&store.data)?;
    }
    db::migrate::run(&store.database())?;
    Ok(Db::open(store.database(), Clock::system())?)
}

fn import_markdown(
    db: &Db,
    common: &Common,
    options: &Options,
) -> Result<Report, Box<dyn std::error::Error>> {
    let markdown::Files { found, left_out } = markdown::files(&common.path)
        .map_err(|error| format!("{}: {error}", common.path.display()))?;
    let bar = ProgressBar::new((found.len() + left_out.len()) as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")?);
    let items = found
        .into_iter()
        .map(|(name, path)| match std::fs::read(&path) {
            Ok(bytes) => markdown::parse(&name, &bytes),
            Err(error) => Parsed::Broken {
                origin: name,
                line: None,
                reason: format!("cannot be read: {error}"),
            },
        });
    let report = imports::run(
        db,
        &common.store.rules(),
        options,
        left_out.into_iter().chain(items),
        |done| {
            bar.set_position(done as u64);
        },
    )?;
    bar.finish_and_clear();
    Ok(report)
}

fn import_jsonl(
    db: &Db,
    common: &Common,
    options: &Options,
) -> Result<Report, Box<dyn std::error::Error>> {
    let in_words = |error: io::Error| format!("{}: {error}", common.path.display());
    let input: Box<dyn io::Read> = if common.path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(&common.path).map_err(in_words)?)
    };
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {pos} lines, {per_sec}",
    )?);
    let mut failed = None;
    let lines = jsonl::articles(last_name(&common.path), BufReader::new(input));
    let items = lines.map_while(|line| match line {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let report = imports::run(db, &common.store.rules(), options, items, |done| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    match failed {
        None => Ok(report),
        Some(error) => {
            print(&report, common.dry_run)?;
            Err(format!("{}; what the report names was stored", in_words(error)).into())
        }
    }
}

fn print(report: &Report, dry_run: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let would = if dry_run {
        " (dry run: nothing was written)"
    } else {
        ""
    };
    writeln!(
        out,
        "{} created, {} updated, {} unchanged, {} kept as edited here, {} skipped, {} broken, {} warnings{would}",
        report.created,
        report.updated,
        report.unchanged,
        report.kept.len(),
        report.skipped.len(),
        report.broken.len(),
        report.warnings.len()
    )?;
    for origin in &report.kept {
        writeln!(
            out,
            "  kept     {origin}: changed in the source and here; the edit made here stands"
        )?;
    }
    for (word, list) in [
        ("skipped", &report.skipped),
        ("broken", &report.broken),
        ("warning", &report.warnings),
    ] {
        for (origin, reason) in list {
            writeln!(out, "  {word:8} {origin}: {reason}")?;
        }
    }
    Ok(())
}
