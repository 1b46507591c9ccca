//! The report of an import, read back from what the program prints.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use diesel::prelude::*;
use masthead::db::schema::{article_bodies, articles};

use crate::cli::program::{Said, on, run};
use crate::support::{Database, Server, each};

/// What became of pieces of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) unchanged: usize,
    pub(super) kept: usize,
}

/// A report.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) output: String,
    pub(super) texts: Counts,
    pub(super) skipped: usize,
    pub(super) broken: usize,
}

fn numbers(line: &str) -> Vec<usize> {
    line.split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

fn counts(line: &str) -> Counts {
    let numbers = numbers(line);
    Counts {
        created: numbers[0],
        updated: numbers[1],
        unchanged: numbers[2],
        kept: numbers[3],
    }
}

impl Import {
    fn of_output(output: String) -> Self {
        let first = output.lines().next().unwrap();
        let all = numbers(first);
        Self {
            texts: counts(first),
            skipped: all[4],
            broken: all[5],
            output,
        }
    }

    /// What became of the pieces of a kind beside texts.
    pub(super) fn of(&self, kind: &str) -> Counts {
        let start = format!("{kind}: ");
        let line = self.output.lines().find(|line| line.starts_with(&start));
        line.map_or_else(Counts::default, counts)
    }

    /// How many things of a kind were left out.
    pub(super) fn left_out(&self, what: &str) -> usize {
        let line = self
            .output
            .lines()
            .find(|line| line.starts_with("left out: ") && line.ends_with(what));
        line.map_or(0, |line| numbers(line)[0])
    }

    /// Whether a line tells this of that.
    pub(super) fn warns(&self, origin: &str, warning: &str) -> bool {
        self.output
            .lines()
            .any(|line| line.contains(&format!(" {origin}")) && line.contains(warning))
    }
}

fn said(database: &Database, format: &str, path: &Path, flags: &[&str]) -> Said {
    let mut command = on(database, &["import", format]);
    command.arg(path).args(flags);
    run(command)
}

/// Imports a file, and reads the report.
#[track_caller]
pub(super) fn import(database: &Database, format: &str, path: &Path, flags: &[&str]) -> Import {
    Import::of_output(said(database, format, path, flags).ok())
}

/// Imports this text as a file.
#[track_caller]
pub(super) fn import_text(
    database: &Database,
    format: &str,
    text: &[u8],
    flags: &[&str],
) -> Import {
    let folder = tempfile::tempdir().unwrap();
    Import::of_output(said(database, format, &written(folder.path(), text), flags).ok())
}

/// What the program says when it refuses this text.
#[track_caller]
pub(super) fn refused(database: &Database, format: &str, text: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    said(database, format, &written(folder.path(), text), &[]).refused()
}

/// A file of one name, so that the source is one.
fn written(folder: &Path, text: &[u8]) -> std::path::PathBuf {
    let path = folder.join("export");
    std::fs::File::create(&path)
        .unwrap()
        .write_all(text)
        .unwrap();
    path
}

/// A text as it was stored.
#[derive(Debug, Queryable)]
pub(super) struct Stored {
    pub(super) key: Option<String>,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) featured: bool,
    pub(super) text: String,
    pub(super) html: String,
}

/// Every text that is there, in whichever state, by its key in the source.
pub(super) fn stored(server: &Server) -> BTreeMap<String, Stored> {
    let all: Vec<Stored> = server.read(|conn| {
        let texts = articles::table.inner_join(article_bodies::table).select((
            articles::external_id,
            articles::kind,
            articles::state,
            articles::slug,
            articles::title,
            articles::featured,
            article_bodies::text,
            article_bodies::html,
        ));
        each!(conn, c => texts.load(c))
    });
    all.into_iter()
        .map(|text| (text.key.clone().unwrap(), text))
        .collect()
}
