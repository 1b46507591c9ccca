//! `masthead backup`

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Outcome;
use crate::backup::write::{self, Progress, Source};
use crate::config::{Media, Store};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file to make; `-` is standard output
    file: PathBuf,

    #[command(flatten)]
    store: Store,

    #[command(flatten)]
    media: Media,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Arguments { file, store, media } = arguments;
    let database = store.database();
    let media = media.folder(&store.data);
    let source = Source {
        database: &database,
        data: &store.data,
        media: media.as_deref(),
    };
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {bytes}/{total_bytes} {eta}",
    )?);
    let mut watch = |Progress { done, total }| {
        bar.set_length(total);
        bar.set_position(done);
        true
    };
    let written = if file == Path::new("-") {
        write::to(source, io::stdout().lock(), &mut watch)?
    } else {
        write::to_file(source, file, &mut watch)?
    };
    bar.finish_and_clear();
    let said = format!(
        "change {}: {} files, {:.1} MiB, as {:.1} MiB; sha256 {}",
        written.manifest.change,
        written.files,
        mebibytes(written.content),
        mebibytes(written.bytes),
        written.sha256,
    );
    if file == Path::new("-") {
        eprintln!("{said}");
    } else {
        use io::Write;
        writeln!(io::stdout(), "{said}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
