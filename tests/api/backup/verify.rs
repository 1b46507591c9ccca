//! What `verify` finds, and that it finds nothing where all is well.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use masthead::db::snapshot;
use masthead::error::Error;

use super::{Site, damage_a_text};

/// Writes behind the program's back.
fn alter(site: &Site, statement: &str) {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    let path = site.data().join("masthead.db").display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    // Whoever wrote last may still be closing it.
    conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
    conn.batch_execute(statement).unwrap();
}

#[track_caller]
fn wrong(site: &Site, expected: &str) {
    let said = site.run(&["verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let found = said
        .output
        .lines()
        .any(|line| line.starts_with("wrong  ") && line.contains(expected));
    assert!(found, "{expected}: {said:?}");
    assert!(!said.output.contains("all is well"), "{said:?}");
}

/// A site with an index that holds all of it.
fn indexed() -> Site {
    let site = Site::with(30);
    site.run(&["reindex"]).ok();
    assert_eq!(
        site.verify(),
        format!("all is well at change {}\n", site.db().change())
    );
    site
}

#[test]
fn all_is_well_beside_a_server_that_writes() {
    let site = indexed();
    let server = site.serve(&[]);
    for _ in 0..5 {
        site.write(5);
        let said = site.verify();
        assert!(said.contains("all is well"), "{said}");
        assert!(!said.contains("wrong"), "{said}");
    }
    server.stop().ok();
}

#[test]
fn damage_of_the_database_is_found() {
    let backup = |site: &Site| {
        let refused = site
            .run(&["backup", site.beside("b").to_str().unwrap()])
            .refused();
        assert!(!site.beside("b").exists());
        refused
    };
    let site = indexed();
    let path = site.data().join("masthead.db");
    let length = fs::metadata(&path).unwrap().len();
    let mut file = OpenOptions::new().write(true).open(&path).unwrap();
    // The heads of pages in the middle; the first of all says what the others are.
    let first = length / 4 / 4096 * 4096;
    for place in (first..length).step_by(16 * 1024) {
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(&[0x5a; 300]).unwrap();
    }
    wrong(&site, "database: ");
    let site = indexed();
    OpenOptions::new()
        .write(true)
        .open(site.data().join("masthead.db"))
        .and_then(|file| file.set_len(length / 2))
        .unwrap();
    wrong(&site, "database: ");
    let refused = backup(&site);
    assert!(refused.contains("malformed"), "{refused}");

    let site = indexed();
    let path = site.data().join("masthead.db");
    let mut bytes = fs::read(&path).unwrap();
    damage_a_text(&mut bytes);
    fs::write(&path, bytes).unwrap();
    wrong(&site, "the database: ");
    let refused = backup(&site);
    assert!(
        refused.contains("the database: ") && refused.contains("`masthead verify`"),
        "{refused}"
    );
}

#[test]
fn rows_that_fit_nothing_are_found() {
    for (statement, expected) in [
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM tags WHERE slug = 'love'",
            "refers to a row of `tags` that is not there",
        ),
        ("UPDATE meta SET change = change + 1", "the last change is"),
        (
            "DELETE FROM changes WHERE number = (SELECT MAX(number) FROM changes)",
            "by the counter and",
        ),
        (
            "UPDATE meta SET public_change = 1",
            "the last public change is 1",
        ),
        (
            "UPDATE articles SET tag_ids = tag_ids || tag_ids WHERE slug = 'text-3'",
            "are not those under which it is found",
        ),
        (
            "UPDATE articles SET author_ids = x'00' WHERE slug = 'text-3'",
            "are not those under which it is found",
        ),
        (
            "DELETE FROM article_tags WHERE position = 0",
            "are not those under which it is found",
        ),
        (
            "UPDATE article_slugs SET number = number + 1 WHERE slug = 'text-3'",
            "is not the one to which its addresses and its body belong",
        ),
        (
            "UPDATE article_bodies SET number = 1000 WHERE number = 3",
            "is not the one to which its addresses and its body belong",
        ),
    ] {
        let site = indexed();
        alter(&site, statement);
        wrong(&site, expected);
    }
    let site = Site::nothing();
    let refused = site.run(&["verify"]).refused();
    assert!(refused.contains("there is no database"), "{refused}");
}

#[test]
fn an_index_that_is_not_of_the_database_is_found() {
    // A text that nobody told it of.
    let site = indexed();
    alter(
        &site,
        "UPDATE articles SET state = 'draft' WHERE slug = 'text-3'",
    );
    wrong(&site, "it holds 30 texts, and 29 are published");
    wrong(&site, "29 texts are published, and 30 are counted as such");

    // A change that is another than the one it was told of.
    let site = indexed();
    alter(&site, "UPDATE changes SET at = at + 1");
    wrong(&site, "gone another way");

    // A file of it that is not what was written.
    let site = indexed();
    let files = walkdir::WalkDir::new(site.data().join("search")).into_iter();
    let longest = files
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .max_by_key(|entry| entry.metadata().unwrap().len())
        .unwrap();
    let mut bytes = fs::read(longest.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(longest.path(), bytes).unwrap();
    wrong(&site, "the search index: ");
    site.run(&["reindex"]).ok();
    site.verify();

    // One that has to follow yet is none.
    site.write(1);
    let said = site.verify();
    assert!(said.contains("follows when the server runs"), "{said}");
}

#[test]
fn what_lies_about_is_named() {
    let site = indexed();
    fs::write(site.data().join("notes.txt"), "mine").unwrap();
    fs::create_dir(site.data().join(".restore")).unwrap();
    let said = site.verify();
    for name in ["note   notes.txt", "note   .restore"] {
        assert!(said.contains(name), "{said}");
    }
    // A copy has what its original had.
    let into = site.beside("copy.db");
    let mut file = fs::File::create(&into).unwrap();
    let write = |page: &[u8]| {
        file.write_all(page).unwrap();
        Ok::<_, Error>(())
    };
    let state = snapshot::copy(&site.settings(), write).unwrap();
    assert_eq!(
        (state.epoch, state.change),
        (site.db().epoch(), site.db().change())
    );
    let mut copy = snapshot::reader(&into).unwrap();
    assert_eq!(snapshot::state(&mut copy).unwrap(), state);
    assert!(snapshot::faults(&mut copy).unwrap().is_empty());
}

#[test]
fn every_picture_is_what_it_was() {
    let site = Site::with(0);
    let media = site.data().join("media");
    let medium = site.put_in_a_picture();
    let (name, id) = (&medium.name, medium.id);
    let original = media.join("originals").join(name);
    let file = media.join("files").join(name).join("320.webp");
    assert!(!site.verify().contains("wrong"));

    let sent = fs::read(&original).unwrap();
    let mut other = sent.clone();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    fs::write(&original, &other).unwrap();
    wrong(
        &site,
        &format!("the medium {id} ({name}): what was sent is no longer what it was"),
    );
    fs::remove_file(&original).unwrap();
    wrong(&site, "what was sent is not there");
    fs::write(&original, &sent).unwrap();

    let made = fs::read(&file).unwrap();
    fs::write(&file, &made[1..]).unwrap();
    let (less, bytes) = (made.len() - 1, made.len());
    wrong(
        &site,
        &format!("320.webp has {less} bytes, and was made with {bytes}"),
    );
    fs::remove_file(&file).unwrap();
    wrong(&site, "320.webp is not there");
    fs::write(&file, &made).unwrap();

    // What has no row yet, or none any more, is no fault.
    let stranger = media.join("files").join("0".repeat(32));
    fs::create_dir(&stranger).unwrap();
    fs::write(stranger.join("320.webp"), "x").unwrap();
    let said = site.verify();
    assert!(
        said.contains("1 of the names in the media store stand for nothing"),
        "{said}"
    );
    assert!(said.contains("all is well"), "{said}");

    // With all of the folder gone, each of the four is missed.
    fs::remove_dir_all(&media).unwrap();
    let said = site.run(&["verify"]);
    assert_eq!(
        said.output.matches("what was sent is not there").count(),
        4,
        "{said:?}"
    );
    assert!(!media.exists(), "verify changes nothing");
}

#[test]
fn pictures_that_lie_elsewhere_are_backed_up_and_examined_there() {
    let site = Site::with(0);
    let elsewhere = site.beside("pictures");
    fs::rename(site.data().join("media"), &elsewhere).unwrap();
    let there = ["--media-store", elsewhere.to_str().unwrap()];
    wrong(&site, "what was sent is not there");
    let said = site.run(&[&["verify"], there.as_slice()].concat()).ok();
    assert!(said.contains("all is well"), "{said}");

    let backup = site.beside("backup");
    site.run(&[&["backup", backup.to_str().unwrap()], there.as_slice()].concat())
        .ok();
    let other = Site::nothing();
    other.restore(&backup).ok();
    let said = other.verify();
    assert!(said.contains("all is well"), "{said}");
    assert_eq!(
        super::files(&elsewhere),
        super::files(&other.data().join("media"))
    );
}
