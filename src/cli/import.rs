//! `masthead import`

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use tempfile::TempDir;

use super::Outcome;
use crate::articles::model::State;
use crate::changes::model::Actor;
use crate::config::{Fetch, Media, Store};
use crate::db::{self, Backend, Db};
use crate::error::Error;
use crate::imports::{Interrupted, Options, Report, Shelf};
use crate::time::Clock;
use crate::{json, site};

/// Bytes of a file about the site.
const MAX_SITE: u64 = 1024 * 1024;

use formats::{import_ghost, import_jsonl, import_markdown, import_wordpress};

mod formats;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// A folder of Markdown files with YAML or TOML front matter, or one such file
    Markdown(Common),
    /// A file of JSON objects, one a line, such as `export jsonl` writes; `-` reads standard input
    Jsonl(Common),
    /// A WordPress export (WXR, .xml)
    Wordpress(Common),
    /// A Ghost export (.json)
    Ghost(Common),
    /// A JSON file with the site's name, tagline, description, logo, contact, social links and menus
    Site(Site),
}

#[derive(Debug, Args)]
struct Site {
    /// What to read
    path: PathBuf,

    #[command(flatten)]
    store: Store,
}

#[derive(Debug, Args)]
struct Common {
    /// What to read
    path: PathBuf,

    /// Look and report only
    #[arg(long)]
    dry_run: bool,

    /// Fail, with exit code 1, if anything is broken; what is not broken is brought in all the same
    #[arg(long)]
    strict: bool,

    /// The state of what comes in
    #[arg(long, value_enum, default_value = "as-is")]
    status: Status,

    /// Name of the source, under which the next import knows its items again; by default the file's or folder's name
    #[arg(long, value_name = "NAME")]
    source: Option<String>,

    /// Folder of the files that lines of media name, such as `export jsonl --files` writes
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,

    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    media: Media,

    #[command(flatten)]
    fetch: Fetch,
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

impl Common {
    /// Where the files of media come from and go to. A dry run stores none.
    fn shelf(
        &self,
        options: &Options,
        beside: Option<PathBuf>,
    ) -> Result<Option<Shelf>, Box<dyn std::error::Error>> {
        let files = self.files.clone().or(beside);
        if options.dry_run || files.is_none() && self.fetch.fetch_media.is_none() {
            return Ok(None);
        }
        let library = self.media.library(&self.store.data)?;
        let limit = self.media.media_limit.into();
        let shelf = Shelf::new(library, files, limit)?;
        Ok(Some(
            match self.fetch.fetch(self.media.media_url.as_deref())? {
                Some(fetch) => shelf.fetching(fetch),
                None => shelf,
            },
        ))
    }
}

type Import = fn(&Db, &Common, &Options) -> Result<Report, Box<dyn std::error::Error>>;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let (name, common, import): (_, _, Import) = match &arguments.format {
        Format::Markdown(common) => ("markdown", common, import_markdown),
        Format::Jsonl(common) => ("jsonl", common, import_jsonl),
        Format::Wordpress(common) => ("wordpress", common, import_wordpress),
        Format::Ghost(common) => ("ghost", common, import_ghost),
        Format::Site(site) => return import_site(site),
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
        actor: Actor::System,
    };
    let target = Target::open(&common.store, common.dry_run)?;
    match import(&target.db, common, &options) {
        Ok(report) => {
            print(&report, common.dry_run)?;
            let failed = common.strict && !report.broken.is_empty();
            Ok(if failed {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        }
        Err(error) => {
            if let Some(interrupted) = error.downcast_ref::<Box<Interrupted>>() {
                print(&interrupted.report, common.dry_run)?;
                return Err(format!("{error}; what is counted above was stored").into());
            }
            Err(error)
        }
    }
}

fn import_site(Site { path, store }: &Site) -> Outcome {
    let bytes =
        read_up_to(path, MAX_SITE).map_err(|error| format!("{}: {error}", path.display()))?;
    let faults = |faults| format!("{}: {}", path.display(), Error::Invalid(faults));
    let settings = json::parse(&bytes, json::MAX_DEPTH).map_err(faults)?;
    let settings = site::input::settings(&settings).map_err(faults)?;
    let Target { db, .. } = Target::open(store, false)?;
    let is_so = db.read_blocking(site::store::get)? == settings;
    if !is_so {
        db.write_blocking(Actor::System, move |tx| site::store::put(tx, &settings))?;
    }
    writeln!(
        io::stdout(),
        "{}",
        if is_so {
            "the site is so already"
        } else {
            "the site was set"
        }
    )?;
    Ok(ExitCode::SUCCESS)
}

/// All of a file, unless it has more bytes than that.
fn read_up_to(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes);
    if read.map_err(unreadable)? as u64 > most {
        return Err(format!("is longer than {most} bytes"));
    }
    Ok(bytes)
}

fn last_name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".into();
    }
    let whole = path
        .canonicalize()
        .unwrap_or_else(|_not_there| path.to_owned());
    whole
        .file_name()
        .map_or_else(|| "root".into(), |name| name.to_string_lossy().into_owned())
}

/// The database to import into.
struct Target {
    db: Db,
    /// Stands in for a database that is not there yet, so that a dry run makes none.
    _instead: Option<TempDir>,
}

impl Target {
    fn open(store: &Store, dry_run: bool) -> Result<Self, Box<dyn std::error::Error>> {
        let mut settings = store.database();
        let mut instead = None;
        if let Backend::Sqlite(path) = &settings.backend {
            if dry_run && !path.exists() {
                let folder = tempfile::tempdir()?;
                settings.backend = db::Settings::sqlite_in(folder.path()).backend;
                instead = Some(folder);
            } else {
                std::fs::create_dir_all(&store.data)?;
            }
        }
        // Without a database of its own a dry run leaves the schema as it is, and says so if it is not this version's.
        if !dry_run || instead.is_some() {
            db::migrate::run(&settings)?;
        }
        Ok(Self {
            db: Db::open(settings, Clock::system())?,
            _instead: instead,
        })
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
    for (kind, counts) in [
        ("tags", report.tags),
        ("authors", report.authors),
        ("redirects", report.redirects),
        ("site", report.site),
        ("media", report.media),
    ] {
        if counts.total() > 0 {
            writeln!(
                out,
                "{kind}: {} created, {} updated, {} unchanged, {} kept as edited here",
                counts.created, counts.updated, counts.unchanged, counts.kept
            )?;
        }
    }
    for (what, count) in &report.left_out {
        writeln!(out, "left out: {count} {what}")?;
    }
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
        if list.more() > 0 {
            writeln!(out, "  {word:8} and {} more", list.more())?;
        }
    }
    Ok(())
}
