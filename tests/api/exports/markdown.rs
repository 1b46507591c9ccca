//! A folder of Markdown files out, into an empty database, and out again.

use std::collections::BTreeMap;
use std::path::Path;

use super::{everything, export, import, lines};
use crate::cli::program::{on, run};
use crate::imports::import_blog;
use crate::support::{Database, Server, article, corpus, id};

/// The files of a folder, by their paths.
pub(super) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap();
            let bytes = std::fs::read(entry.path()).unwrap();
            (path.to_str().unwrap().to_owned(), bytes)
        })
        .collect()
}

#[test]
fn everything_comes_back_as_it_was() {
    let server = everything();
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let told = export(server.database(), "markdown", &first, &[]);
    assert!(told.contains("; locales de, en\n"), "{told}");
    let exported = files(&first);
    for path in [
        "articles/odd.md",
        "de/articles/odd.md",
        "pages/con_.md",
        "articles/in-the-state-trashed.md",
        "site.jsonl",
    ] {
        assert!(exported.contains_key(path), "{path}");
    }
    let odd = String::from_utf8(exported["articles/odd.md"].clone()).unwrap();
    assert!(
        odd.starts_with("---\nmasthead: 1\ntitle: \"Odd <b>"),
        "{odd}"
    );
    assert!(
        odd.ends_with(
            "\n---\n---\r\nnot: front matter\r\n---\n\n# A\r\n\ttab, no newline at the end"
        ),
        "{odd}"
    );

    let database = Database::unmigrated();
    let report = import(&database, "markdown", &first);
    assert!(report.contains(" 0 broken, "), "{report}");
    assert_eq!(lines(server.database()), lines(&database));
    export(&database, "markdown", &second, &[]);
    assert_eq!(exported, files(&second));

    let again = import(&database, "markdown", &first);
    assert!(again.starts_with("0 created, 0 updated, "), "{again}");
}

#[test]
fn real_blogs_come_back_as_they_were() {
    let server = Server::start();
    import_blog(&server, &corpus("markdown-blog/18f-yaml"));
    import_blog(&server, &corpus("markdown-blog/rust-toml"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    export(server.database(), "markdown", &out, &[]);
    let database = Database::unmigrated();
    let report = import(&database, "markdown", &out);
    assert!(report.contains(" 0 broken, "), "{report}");
    assert_eq!(lines(server.database()), lines(&database));
}

#[test]
fn a_folder_follows_the_content() {
    let server = Server::start();
    article("Stays").id(id(1)).create(&server);
    article("Goes").id(id(2)).create(&server);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    std::fs::create_dir(out.join(".git")).unwrap();
    let told = export(server.database(), "markdown", out, &[]);
    assert!(
        told.contains("3 files written, 0 unchanged, 0 removed"),
        "{told}"
    );
    std::fs::write(out.join("README.txt"), "mine").unwrap();

    article("Other").slug("other").replace(&server, id(2));
    let told = export(server.database(), "markdown", out, &[]);
    assert!(
        told.contains("1 files written, 2 unchanged, 1 removed"),
        "{told}"
    );
    let names: Vec<String> = files(out).into_keys().collect();
    let expected = [
        ".masthead-export",
        "README.txt",
        "articles/other.md",
        "articles/stays.md",
        "site.jsonl",
    ];
    assert_eq!(names, expected);
}

#[test]
fn what_others_keep_is_not_overwritten() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.md"), "x").unwrap();
    for format in ["markdown", "static"] {
        let mut command = on(&database, &["export", format]);
        command.arg(folder.path());
        let refused = run(command).refused();
        assert!(refused.contains("is not empty"), "{refused}");
    }
    export(&database, "markdown", folder.path(), &["--force"]);
    let names: Vec<String> = files(folder.path()).into_keys().collect();
    assert_eq!(names, [".masthead-export", "site.jsonl", "thesis.md"]);
}

#[test]
fn a_file_that_was_changed_by_hand_is_read_strictly() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.md",
        "---\nmasthead: 1\ntitle: Hand-made\nstatus: draft\n---\nBody\n",
    );
    write("b.md", "---\nmasthead: 1\ntitle: 404\nmood: bright\n---\n");
    write("c.md", "---\nmasthead: 2\ntitle: From the future\n---\n");
    write("d.md", "---\nmasthead: 1\ntitle: x\nformat: rtf\n---\n");
    let report = import(&database, "markdown", folder.path());
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[0].starts_with("1 created, "), "{report}");
    for told in [
        "  broken   b.md: /title: must be a string, not a number; /mood: there is no field mood",
        "  broken   c.md:2: its front matter was written by a newer masthead",
        "  broken   d.md: /format: must be one of markdown, html, text",
    ] {
        assert!(report.contains(told), "{report}");
    }
}
