//! One reader for each format, to the same import.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, last_name, read_up_to};
use crate::db::Db;
use crate::error::Error;
use crate::imports::{self, Interrupted, Options, Report};
use crate::transfer::wxr::{self, Unreadable};
use crate::transfer::{Parsed, Piece, ghost, jsonl, markdown};

pub(super) fn import_markdown(
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
        .map(|(name, path)| match read_up_to(&path, markdown::MAX_FILE) {
            Ok(bytes) => markdown::parse(&name, &bytes),
            Err(reason) => Parsed::Broken {
                origin: name,
                line: None,
                reason,
            },
        });
    // An export has a file of what is no text. Redirects come after the texts that they lead to.
    let (names, redirects) = (
        site_lines(&common.path, false)?,
        site_lines(&common.path, true)?,
    );
    let items = left_out.into_iter().chain(names).chain(items);
    // Files of media lie in the export.
    let beside = common.path.join(markdown::FILES);
    let shelf = common.shelf(options, beside.is_dir().then_some(beside))?;
    let report = imports::run_with(
        db,
        &common.store.rules(),
        options,
        shelf.as_ref(),
        items.chain(redirects),
        |done| {
            bar.set_position(done as u64);
        },
    )?;
    bar.finish_and_clear();
    Ok(report)
}

/// What the file beside exported Markdown holds: redirects, or everything else. There is none beside other Markdown.
fn site_lines(
    root: &Path,
    redirects: bool,
) -> Result<impl Iterator<Item = Parsed> + use<>, Box<dyn std::error::Error>> {
    let path = root.join(markdown::SITE);
    let file = match File::open(&path) {
        Ok(file) => Some(file),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            None
        }
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    let lines = file.map(|file| jsonl::articles(markdown::SITE, BufReader::new(file)));
    let lines = lines.into_iter().flatten().map(move |line| {
        line.unwrap_or_else(|error| Parsed::Broken {
            origin: markdown::SITE.to_owned(),
            line: None,
            reason: format!("cannot be read: {error}"),
        })
    });
    let is_wanted = move |line: &Parsed| {
        let is_redirect = matches!(line, Parsed::Piece(item)
            if matches!(item.piece, Piece::Redirect(_)));
        is_redirect == redirects
    };
    Ok(lines.filter(is_wanted))
}

pub(super) fn import_jsonl(
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
    let shelf = common.shelf(options, None)?;
    let rules = common.store.rules();
    let report = imports::run_with(db, &rules, options, shelf.as_ref(), items, |done| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    match failed {
        None => Ok(report),
        Some(error) => {
            let error = Error::internal(in_words(error));
            Err(Box::new(Interrupted { error, report }).into())
        }
    }
}

pub(super) fn import_wordpress(
    db: &Db,
    common: &Common,
    options: &Options,
) -> Result<Report, Box<dyn std::error::Error>> {
    let site = wxr::scan(open(common)?).map_err(|error| whose(common, &error))?;
    let posts = site.read(open(common)?);
    import_whole(db, common, options, site.items(), posts)
}

pub(super) fn import_ghost(
    db: &Db,
    common: &Common,
    options: &Options,
) -> Result<Report, Box<dyn std::error::Error>> {
    ghost::check(open(common)?).map_err(|error| whose(common, &error))?;
    let site = ghost::scan(open(common)?).map_err(|error| whose(common, &error))?;
    let posts = site.read(open(common)?);
    import_whole(db, common, options, site.posts(), posts)
}

/// A file that is read more than once, so that nothing is written before it is known to be whole.
fn open(common: &Common) -> Result<BufReader<File>, String> {
    if common.path.as_os_str() == "-" {
        return Err(
            "an export is read more than once, which standard input cannot be: give a file".into(),
        );
    }
    let in_words = |error: io::Error| format!("{}: {error}", common.path.display());
    let file = File::open(&common.path).map_err(in_words)?;
    if file.metadata().map_err(in_words)?.is_dir() {
        return Err(format!("{}: a folder, not a file", common.path.display()));
    }
    Ok(BufReader::with_capacity(64 * 1024, file))
}

fn whose(common: &Common, error: &Unreadable) -> String {
    format!("{}: {error}", common.path.display())
}

/// Imports the pieces of a file that was found to be whole.
fn import_whole(
    db: &Db,
    common: &Common,
    options: &Options,
    posts: u64,
    pieces: impl Iterator<Item = Result<Parsed, Unreadable>>,
) -> Result<Report, Box<dyn std::error::Error>> {
    let bar = ProgressBar::new(posts);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")?);
    let mut failed = None;
    let pieces = pieces.map_while(|piece| match piece {
        Ok(piece) => Some(piece),
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let shelf = common.shelf(options, None)?;
    let rules = common.store.rules();
    let report = imports::run_with(db, &rules, options, shelf.as_ref(), pieces, |done| {
        bar.set_position((done as u64).min(posts));
    })?;
    bar.finish_and_clear();
    match failed {
        None => Ok(report),
        Some(error) => {
            let error = Error::internal(whose(common, &error));
            Err(Box::new(Interrupted { error, report }).into())
        }
    }
}
