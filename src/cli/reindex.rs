//! `masthead reindex`

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::Outcome;
use crate::articles::store;
use crate::config::Store;
use crate::data_folder;
use crate::search::folders;
use crate::search::generation::Generation;
use crate::search::schema::Fields;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: Store,

    /// Memory for building the search index, in MiB
    #[arg(long, env = "MASTHEAD_SEARCH_MEMORY_MB", default_value_t = 128, value_parser = clap::value_parser!(u16).range(32..=8_192), value_name = "MIB")]
    search_memory_mb: u16,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let Arguments {
        store,
        search_memory_mb,
    } = arguments;
    let db = super::open(store)?;
    let root = store.data.join(data_folder::SEARCH);
    std::fs::create_dir_all(&root)
        .map_err(|error| format!("cannot use the folder {}: {error}", root.display()))?;
    let fields = Fields::new(&store.locales);
    let began = Instant::now();
    let total = db.read_blocking(store::published_count)?;
    let bar = ProgressBar::new(u64::try_from(total).unwrap_or(0));
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} texts {eta}",
    )?);
    let memory = usize::from(*search_memory_mb) * 1024 * 1024;
    let folder = folders::new(&root, &db, &fields);
    let mut generation = Generation::create(folder, fields, memory)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    generation.fill(&db, threads, |done| {
        bar.set_position(done);
        true
    })?;
    generation.follow(&db, |_| Ok(true))?;
    bar.finish_and_clear();
    folders::set_current(&root, generation.folder())?;
    let size: u64 = std::fs::read_dir(generation.folder())?
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum();
    writeln!(
        std::io::stdout(),
        "built the search index of {} texts in {:.1} s, {:.1} MiB; a server that runs takes it over within a second",
        generation.serving()?.searcher.num_docs(),
        began.elapsed().as_secs_f64(),
        size as f64 / 1024.0 / 1024.0,
    )?;
    Ok(ExitCode::SUCCESS)
}
