//! What stands in two places must say the same in both: the generated files and the program, the layers and the code, the
//! two families of migrations, the routes and the document. These tests are cheap and keep the tree honest.

mod contract;
mod generated;
mod layers;
mod migrations;

use std::path::{Path, PathBuf};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `src/`, by its path from the repository, with its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                found.push((name.to_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "only {} files below src/", found.len());
    found.sort();
    found
}

/// The same without the tests among them, which may do everything. In a file they stand last.
fn code() -> Vec<(String, String)> {
    sources()
        .into_iter()
        .filter(|(file, _)| !file.ends_with("tests.rs"))
        .map(|(file, mut text)| {
            if let Some(tests) = text.find("#[cfg(test)]\nmod tests {") {
                text.truncate(tests);
            }
            (file, text)
        })
        .collect()
}
