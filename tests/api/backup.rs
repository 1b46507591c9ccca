//! Backups, as operators make them and put them back: beside a server that runs, whole or not at all, and refused when they
//! are not what was written. They are of the embedded database, whichever is under test.

mod anew;
mod crafted;
mod damaged;
mod killed;
mod load;
mod postgres;
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use masthead::articles::new::Rules;
use masthead::articles::store as articles;
use masthead::changes::model::Actor;
use masthead::db::{self, Db, migrate};
use masthead::media::files::Files;
use masthead::media::library::{Library, Settings};
use masthead::media::model::{About, Media};
use masthead::media::store as media;
use masthead::time::Clock;
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::cli::program::{Said, Serving, masthead, run};
use crate::support::article;
use crate::support::pictures::png;

/// A data folder, and room for backups beside it.
struct Site {
    folder: TempDir,
}

impl Site {
    /// One whose data folder is not there yet.
    fn nothing() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("backup-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .unwrap();
        Self { folder }
    }

    /// One with so many articles, some media and a secret.
    fn with(count: u64) -> Self {
        let site = Self::nothing();
        fs::create_dir(site.data()).unwrap();
        migrate::run(&site.settings()).unwrap();
        site.write(count);
        for _ in 0..3 {
            site.put_in_a_picture();
        }
        let secret = site.data().join("secret");
        fs::write(&secret, "what is signed here is signed with this\n").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        site
    }

    /// Puts in a picture, and answers it.
    fn put_in_a_picture(&self) -> Media {
        let files = Files::in_folder(&self.data().join("media")).unwrap();
        let library = Library::new(files, Settings::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (db, bytes) = (self.db(), png(400, 20));
        let put_in = media::ingest(&db, &library, Actor::System, bytes, About::default());
        runtime.block_on(put_in).unwrap().media
    }

    /// Makes so many articles beside whoever serves, and answers the last change.
    fn write(&self, count: u64) -> i64 {
        let db = self.db();
        let rules = Rules {
            locales: vec!["en".into()],
        };
        for number in 0..count {
            let text = format!("Words about a subject, for the {number}th time. ").repeat(60);
            let new = article(&format!("Text {number}"))
                .tags([["Love", "Sleep", "Work"][(number % 3) as usize]])
                .markdown(&text)
                .parse(&rules);
            db.write_blocking(Actor::System, move |tx| articles::create(tx, &new))
                .unwrap();
        }
        db.change()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> db::Settings {
        db::Settings::sqlite_in(&self.data())
    }

    fn db(&self) -> Db {
        Db::open(self.settings(), Clock::system()).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = masthead(arguments);
        command.arg("--data").arg(self.data());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        run(self.command(arguments))
    }

    fn serve(&self, flags: &[&str]) -> Serving {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(flags);
        Serving::start(command)
    }

    /// Makes a backup of this name, and answers where it is.
    #[track_caller]
    fn back_up(&self, name: &str) -> PathBuf {
        let file = self.beside(name);
        let said = self.run(&["backup", file.to_str().unwrap()]).ok();
        assert!(said.starts_with("change "), "{said}");
        file
    }

    /// Puts a backup into the data folder.
    fn restore(&self, backup: &Path) -> Said {
        self.run(&["restore", backup.to_str().unwrap()])
    }

    #[track_caller]
    fn verify(&self) -> String {
        self.run(&["verify"]).ok()
    }
}

/// Damages the head of a page of a database on which the text of an article stands.
fn damage_a_text(database: &mut [u8]) {
    let at = memchr::memmem::find(database, b"Words about a subject").unwrap();
    database[at / 4096 * 4096..][..8].fill(0x5a);
}

/// Every file below a folder with the hash of its bytes, but for locks.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.unwrap();
        let name = entry
            .path()
            .strip_prefix(root)
            .unwrap()
            .display()
            .to_string();
        if name.ends_with(".lock") {
            continue;
        }
        let hash = if entry.file_type().is_file() {
            let hash = Sha256::digest(fs::read(entry.path()).unwrap());
            data_encoding::HEXLOWER.encode(&hash)
        } else {
            format!("{:?}", entry.file_type())
        };
        all.insert(name, hash);
    }
    all
}

/// All texts of a site: what makes it that one.
fn texts(site: &Site) -> Vec<(String, String, i64)> {
    use diesel::prelude::*;
    use masthead::db::schema::{article_bodies, articles};
    let read = |conn: &mut db::Conn| {
        let rows = articles::table
            .inner_join(article_bodies::table.on(article_bodies::article_id.eq(articles::id)))
            .select((articles::slug, article_bodies::source, articles::version))
            .order(articles::slug);
        Ok(crate::support::each!(conn, c => rows.load(c))?)
    };
    site.db().read_blocking(read).unwrap()
}

#[test]
fn a_backup_of_a_served_site_is_the_site() {
    let site = Site::with(40);
    let server = site.serve(&[]);
    server.get("/v1/articles").ok();
    let backup = site.back_up("site.backup");
    let mode = fs::metadata(&backup).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "it holds the secret");
    // Nothing is left beside it or in the folder.
    let left = |folder: &Path| {
        let names = fs::read_dir(folder).unwrap().flatten();
        names
            .filter(|it| it.file_name().to_string_lossy().contains("-backup-"))
            .count()
    };
    assert_eq!((left(&site.data()), left(site.folder.path())), (0, 0));

    let other = Site::nothing();
    let said = other.restore(&backup).ok();
    assert!(
        said.contains(&format!("change {}", site.db().change())),
        "{said}"
    );
    assert_eq!(texts(&other), texts(&site));
    let media = |site: &Site| files(&site.data().join("media"));
    assert_eq!(media(&other), media(&site));
    assert!(media(&other).len() > 5);
    let secret = other.data().join("secret");
    assert_eq!(
        fs::read(&secret).unwrap(),
        fs::read(site.data().join("secret")).unwrap()
    );
    let mode = fs::metadata(&secret).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(!other.data().join(".restore").exists());
    assert_eq!(
        other.verify(),
        format!(
            "note   there is no search index for these locales yet: the server builds it\nall is well at change {}\n",
            site.db().change()
        )
    );

    let restored = other.serve(&[]);
    let list = |server: &Serving| server.get("/v1/articles?limit=100&include=body").ok();
    assert_eq!(list(&restored), list(&server));
}

#[test]
fn the_usual_programs_read_it() {
    let site = Site::with(3);
    let backup = site.back_up("site.backup");
    let bytes = fs::read(&backup).unwrap();
    // `zstd -dc` passes over the frame at the end, as RFC 8878 has it.
    let tar = zstd::decode_all(bytes.as_slice()).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let mut sums = String::new();
    let mut found = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        if name == "SHA256SUMS" {
            sums = String::from_utf8(content).unwrap();
        } else {
            let hash = Sha256::digest(&content);
            found.insert(name, data_encoding::HEXLOWER.encode(&hash));
        }
    }
    let listed: BTreeMap<_, _> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect();
    assert_eq!(listed, found);
    // Of each picture what was sent, and two widths in two formats.
    assert_eq!(found.len(), 3 + 3 * 5, "{found:?}");
    // The checksum of all but the last 48 bytes stands in the last 32.
    let (body, end) = bytes.split_at(bytes.len() - 48);
    assert_eq!(Sha256::digest(body).as_slice(), &end[16..]);
}

#[test]
fn a_backup_goes_through_a_pipe() {
    let site = Site::with(3);
    let piped = site.beside("piped.backup");
    let mut command = site.command(&["backup", "-"]);
    let out = fs::File::create(&piped).unwrap();
    let done = command.stdout(out).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let other = Site::nothing();
    other.restore(&piped).ok();
    assert_eq!(texts(&other), texts(&site));
}

#[test]
fn nothing_is_written_over() {
    let site = Site::with(2);
    let backup = site.back_up("site.backup");
    let before = files(site.folder.path());
    let refused = site.run(&["backup", backup.to_str().unwrap()]).refused();
    assert!(refused.contains("is there already"), "{refused}");
    // Nor is a site.
    let refused = site.restore(&backup).refused();
    assert!(
        refused.contains("is not empty (there is masthead.db"),
        "{refused}"
    );
    assert_eq!(files(site.folder.path()), before);

    let server = site.serve(&[]);
    let refused = site.restore(&backup).refused();
    assert!(refused.contains("another masthead serves"), "{refused}");
    server.get("/v1/articles").ok();
}

#[test]
fn what_cannot_be_backed_up_is_said() {
    let site = Site::nothing();
    let file = site.beside("site.backup");
    let name = file.to_str().unwrap();
    let refused = site.run(&["backup", name]).refused();
    assert!(refused.contains("there is no database"), "{refused}");
    let refused = run(masthead([
        "backup",
        name,
        "--database-url",
        "postgres://nobody@127.0.0.1:1/none",
    ]))
    .refused();
    assert!(refused.contains("pg_dump"), "{refused}");
    let refused = run(masthead([
        "restore",
        name,
        "--database-url",
        "postgres://nobody@127.0.0.1:1/none",
    ]))
    .refused();
    assert!(refused.contains("pg_restore"), "{refused}");
    assert!(!file.exists());

    let site = Site::with(1);
    let link = site.data().join("media/link");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    let refused = site
        .run(&["backup", site.beside("b").to_str().unwrap()])
        .refused();
    assert!(refused.contains("is no plain file"), "{refused}");
    assert!(!site.beside("b").exists());
    fs::remove_file(link).unwrap();
    // What the media store is in the midst of is not its own yet.
    fs::write(site.data().join("media/files/640.webp#1"), "half").unwrap();
    let other = Site::nothing();
    other.restore(&site.back_up("b")).ok();
    assert!(!other.data().join("media/files/640.webp#1").exists());
}

/// A message that the public form takes.
fn message(text: &str) -> serde_json::Value {
    json!({"name": "Ada", "email": "ada@example.org", "message": text, "consent": true})
}
