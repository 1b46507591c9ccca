//! Where the sites lie whose content the tests import. They are other people's work, kept beside this repository.

use std::path::{Path, PathBuf};

/// A file or folder of the corpus.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the program"
)]
pub(crate) fn corpus(path: &str) -> PathBuf {
    let folder = std::env::var_os("MASTHEAD_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let found = folder.join(path);
    assert!(
        found.exists(),
        "the corpus lacks `{path}`: looked in {}; set MASTHEAD_CORPUS to the folder that holds it",
        folder.display()
    );
    found
}
