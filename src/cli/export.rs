//! `masthead export`

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use actix_web::web;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;

use super::Outcome;
use crate::app::{App, Setup};
use crate::auth::secret::Secret;
use crate::auth::token::{Opaque, OpaqueKind};
use crate::config::{Media, Store, Website};
use crate::db::{self, Db};
use crate::exports::folder::{self, Form, Tidied};
use crate::exports::static_api::{self, Written};
use crate::exports::{self, Counts, Failed};
use crate::priority::give_way;
use crate::time::Clock;
use crate::{cache, data_folder, search};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// All content as JSON objects, one a line, which `import jsonl` brings back as it was; `-` writes standard output
    Jsonl(Jsonl),
    /// All content as a folder of Markdown files with front matter, which `import markdown` brings back as it was
    Markdown(Markdown),
    /// What readers may ask for as a folder of files, which any web server can serve in place of this one
    Static(Static),
}

#[derive(Debug, Args)]
struct Jsonl {
    /// The file; one that is there is replaced once the new one is whole
    path: PathBuf,

    /// Folder for the files of pictures, which `import jsonl --files` takes: an empty one, one that is not there yet, or one that such an export made; without it, the lines name pictures whose files stay here
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,

    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    media: Media,
}

#[derive(Debug, Args)]
struct Folder {
    /// The folder: an empty one, one that is not there yet, or one that such an export made
    folder: PathBuf,

    /// Write into a folder that holds something else, between what is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
struct Markdown {
    #[command(flatten)]
    into: Folder,

    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    media: Media,
}

#[derive(Debug, Args)]
struct Static {
    #[command(flatten)]
    into: Folder,

    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    website: Website,

    #[command(flatten)]
    media: Media,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    give_way();
    match &arguments.format {
        Format::Jsonl(arguments) => jsonl(arguments),
        Format::Markdown(arguments) => markdown(arguments),
        Format::Static(arguments) => static_api(arguments),
    }
}

/// Opens what is there: an export makes no database and changes no schema.
fn open(store: &Store) -> Result<Db, Box<dyn std::error::Error>> {
    let settings = store.database();
    if let db::Backend::Sqlite(path) = &settings.backend
        && !path.exists()
    {
        return Err(format!("there is no database {}", path.display()).into());
    }
    Ok(Db::open(settings, Clock::system())?)
}

fn bar() -> Result<ProgressBar, Box<dyn std::error::Error>> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} texts {eta}",
    )?);
    Ok(bar)
}

fn show(bar: &ProgressBar) -> impl FnMut(u64, u64) {
    move |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    }
}

fn jsonl(
    Jsonl {
        path,
        files,
        store,
        media,
    }: &Jsonl,
) -> Outcome {
    let db = open(store)?;
    let mut shelf = match files {
        Some(into) => Some((
            media.library_there(&store.data)?.files,
            folder::Folder::open(into, Form::Files, false)?,
        )),
        None => None,
    };
    let pictures = shelf.as_mut().map(|(files, folder)| (&*files, folder));
    let bar = bar()?;
    let counts = if path.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        let counts = exports::jsonl(&db, &mut out, pictures, show(&bar)).map_err(unread)?;
        out.flush()?;
        counts
    } else {
        let in_words = |error: io::Error| format!("{}: {error}", path.display());
        let mut file = BufWriter::new(beside(path).map_err(in_words)?);
        let counts = exports::jsonl(&db, &mut file, pictures, show(&bar))?;
        let file = file
            .into_inner()
            .map_err(|error| in_words(error.into_error()))?;
        file.as_file().sync_all().map_err(in_words)?;
        file.persist(path).map_err(|error| in_words(error.error))?;
        counts
    };
    bar.finish_and_clear();
    // Standard output may be the export itself.
    let mut out = io::stderr();
    told(&mut out, &counts)?;
    if let Some((_, folder)) = shelf {
        files_of(&mut out, folder.finish()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `masthead export jsonl - | head` has read what it wanted, and the error must say so as it is.
fn unread(failed: Failed) -> Box<dyn std::error::Error> {
    match failed {
        Failed::Write(error) => error.into(),
        other => other.into(),
    }
}

/// A file that takes the place of another once it is whole.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".masthead-export-")
        // As any file that this user makes.
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

fn markdown(Markdown { into, store, media }: &Markdown) -> Outcome {
    let db = open(store)?;
    let files = media.library_there(&store.data)?.files;
    let bar = bar()?;
    let default = store.rules();
    let (counts, tidied) = exports::markdown(
        &db,
        &files,
        &into.folder,
        default.default_locale(),
        into.force,
        show(&bar),
    )?;
    bar.finish_and_clear();
    let mut out = io::stdout();
    told(&mut out, &counts)?;
    files_of(&mut out, tidied)?;
    Ok(ExitCode::SUCCESS)
}

fn static_api(
    Static {
        into,
        store,
        website,
        media,
    }: &Static,
) -> Outcome {
    let rules = store.rules();
    let mut setup = Setup {
        // Each answer is asked for once.
        cache: cache::Settings {
            bytes: 0,
            ..cache::Settings::default()
        },
        media_url: media.media_url.clone(),
        library: media.library_there(&store.data)?,
        ..website.setup(rules)?
    };
    let index = store.data.join(data_folder::SEARCH);
    setup.search = search::Settings {
        folder: index.exists().then_some(index),
        ..search::Settings::default()
    };
    let db = open(store)?;
    // Nobody signs in here.
    let secret = Secret::parse(Opaque::new(OpaqueKind::Key)?.as_str())?;
    let bar = bar()?;
    let app = web::Data::new(App::new(db, &secret, setup));
    app.search.start()?;
    let writing = static_api::static_api(&app, &into.folder, into.force, show(&bar));
    let written = actix_web::rt::System::new().block_on(writing)?;
    bar.finish_and_clear();
    let Written {
        tidied,
        texts,
        redirects,
        left_out,
        settled,
    } = written;
    let mut out = io::stdout();
    writeln!(
        out,
        "{texts} published articles and pages, {redirects} redirects"
    )?;
    files_of(&mut out, tidied)?;
    for address in &left_out {
        writeln!(out, "  left out  {address}: no file can have that name")?;
    }
    if settled {
        Ok(ExitCode::SUCCESS)
    } else {
        Err("the content kept changing while it was written, so the files are of different moments: run it again".into())
    }
}

fn told(out: &mut impl Write, counts: &Counts) -> io::Result<()> {
    let Counts {
        articles,
        pages,
        tags,
        authors,
        redirects,
        media,
        missing,
        locales,
    } = counts;
    let locales: Vec<&str> = locales.iter().map(String::as_str).collect();
    let locales = match locales.as_slice() {
        [] => String::new(),
        some => format!("; locales {}", some.join(", ")),
    };
    writeln!(
        out,
        "{articles} articles, {pages} pages, {tags} tags, {authors} authors, {redirects} redirects, {media} media{locales}"
    )?;
    for file in missing {
        writeln!(out, "  missing   {file}: the media store has no such file")?;
    }
    Ok(())
}

fn files_of(out: &mut impl Write, tidied: Tidied) -> io::Result<()> {
    let Tidied {
        written,
        unchanged,
        removed,
    } = tidied;
    writeln!(
        out,
        "{written} files written, {unchanged} unchanged, {removed} removed"
    )
}
