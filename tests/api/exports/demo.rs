//! The sample content, exported beside the server that shows it.

use std::path::Path;

use super::static_api::{FLAGS, answers_alike};
use super::{import, lines};
use crate::cli::program::{Serving, masthead, run};
use crate::support::Database;

/// The flags that lead to the demo's database.
fn place_of(given: &[String; 2], temporary: &Path) -> [String; 2] {
    if given[0] != "--data" {
        return given.clone();
    }
    // Of the embedded database it makes its own.
    let mut folders = std::fs::read_dir(temporary).unwrap().map(Result::unwrap);
    let own = folders.find(|folder| {
        let name = folder.file_name();
        name.to_string_lossy().starts_with("masthead-demo-")
    });
    [given[0].clone(), own.unwrap().path().display().to_string()]
}

#[test]
fn the_demo_comes_back_as_it_was() {
    let given = Database::unmigrated();
    let temporary = tempfile::tempdir().unwrap();
    let mut command = masthead(["demo", "--listen", "127.0.0.1:0"]);
    // Of the locales it has its own.
    command.args(&FLAGS[2..]);
    if given.arguments()[0] != "--data" {
        command.args(given.arguments());
    }
    command.env("TMPDIR", temporary.path());
    let demo = Serving::start(command);
    let place = place_of(&given.arguments(), temporary.path());

    let folder = tempfile::tempdir().unwrap();
    let (file, markdown, files) = (
        folder.path().join("demo.jsonl"),
        folder.path().join("markdown"),
        folder.path().join("files"),
    );
    for (format, to) in [
        ("jsonl", &file),
        ("markdown", &markdown),
        ("static", &files),
    ] {
        let mut command = masthead(["export", format, "--log", "warn"]);
        command.arg(to).args(&place);
        if format == "static" {
            command.args(FLAGS);
        } else {
            command.args(&FLAGS[..2]);
        }
        let said = run(command);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let exported = std::fs::read_to_string(&file).unwrap();
    assert!(exported.contains("\"working_copy\":{"));
    for (format, from) in [("jsonl", &file), ("markdown", &markdown)] {
        let database = Database::unmigrated();
        let report = import(&database, format, from);
        assert!(report.contains(" 0 broken, "), "{report}");
        assert_eq!(exported, lines(&database), "{format}");
    }
    assert!(answers_alike(&demo.client, &files) > 300);
}
