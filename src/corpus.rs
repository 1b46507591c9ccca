//! Where the tests find real content: blogs and exports that nobody wrote for them.

use std::path::{Path, PathBuf};

/// A folder of the corpus: below `MASTHEAD_CORPUS`, or beside the checkout.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the tests, not of the program"
)]
pub(crate) fn part(name: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let part = std::env::var_os("MASTHEAD_CORPUS")
        .map_or_else(beside, PathBuf::from)
        .join(name);
    assert!(
        part.is_dir(),
        "the corpus is not at {}; set MASTHEAD_CORPUS to where it is",
        part.display()
    );
    part
}
