//! The way back for PostgreSQL, word for word as docs/OPERATIONS.md has it. On the embedded database there is nothing to run:
//! then it is only looked whether the words are there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use masthead::articles::new::Rules;
use masthead::articles::store as articles;
use masthead::changes::model::Actor;
use masthead::db::{Backend, Db, Settings};
use masthead::time::Clock;

use super::files;
use crate::cli::program::Serving;
use crate::support::{Database, SECRET, article};

/// The commands that stand below a heading.
fn commands(heading: &str) -> Vec<String> {
    let text = include_str!("../../../docs/OPERATIONS.md");
    let (_, section) = text.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Where the programs of PostgreSQL are, beside those that are found anyhow.
fn path() -> String {
    let own = Path::new(env!("CARGO_BIN_EXE_masthead")).parent().unwrap();
    let mut folders = vec![own.display().to_string()];
    for root in ["/usr/lib/postgresql", "/opt/homebrew/opt"] {
        let found = fs::read_dir(root).into_iter().flatten().flatten();
        let found = found.map(|entry| entry.path().join("bin"));
        let mut found: Vec<PathBuf> = found.filter(|it| it.join("pg_dump").exists()).collect();
        found.sort();
        folders.extend(found.iter().rev().map(|it| it.display().to_string()));
    }
    folders.push("/usr/local/bin:/usr/bin:/bin".into());
    folders.join(":")
}

#[test]
fn a_dump_comes_back_as_it_is_written_down() {
    let [back_up, restore] = commands("### PostgreSQL").try_into().unwrap();
    assert!(back_up.contains("pg_dump") && restore.contains("pg_restore"));
    let database = Database::new();
    let Backend::Postgres(url) = database.settings().backend else {
        return;
    };
    let db = Db::open(database.settings(), Clock::system()).unwrap();
    let rules = Rules {
        locales: vec!["en".into()],
    };
    for number in 0..5 {
        let new = article(&format!("Text {number}"))
            .tags(["Love"])
            .markdown("Violets")
            .parse(&rules);
        db.write_blocking(Actor::System, move |tx| articles::create(tx, &new))
            .unwrap();
    }
    let (epoch, change) = (db.epoch(), db.change());
    let folder = tempfile::tempdir().unwrap();
    let media = folder.path().join("data/media/files/a");
    fs::create_dir_all(&media).unwrap();
    fs::write(media.join("640.webp"), "a picture").unwrap();
    let before = files(&folder.path().join("data"));

    let name = format!("masthead_restored_{}", masthead::id::Id::new().short());
    let mut restored = url::Url::parse(&url).unwrap();
    restored.set_path(&name);
    let run = |script: &str| {
        let url = url::Url::parse(&url).unwrap();
        let done = Command::new("sh")
            .args(["-euc", &script.replace("masthead_restored", &name)])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", path())
            .env("PGHOST", url.host_str().unwrap())
            .env("PGPORT", url.port().unwrap_or(5432).to_string())
            .env("PGUSER", url.username())
            .env("MASTHEAD_DATABASE_URL", url.as_str())
            .env("RESTORED_DATABASE_URL", restored.as_str())
            .env("MASTHEAD_SECRET", SECRET)
            .output()
            .unwrap();
        assert!(done.status.success(), "{script}\n{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    run(&back_up);
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    let said = run(&restore);
    assert!(said.contains("began a new epoch"), "{said}");
    assert!(
        said.contains(&format!("all is well at change {change}")),
        "{said}"
    );
    let after = files(&folder.path().join("data"));
    assert!(
        before
            .iter()
            .all(|(name, hash)| after.get(name) == Some(hash))
    );

    let settings = Settings::new(Backend::Postgres(restored.to_string()));
    let other = Db::open(settings, Clock::system()).unwrap();
    assert_eq!(other.change(), change);
    assert_ne!(other.epoch(), epoch);
    drop(other);
    let mut serve = crate::cli::program::masthead(["serve", "--listen", "127.0.0.1:0"]);
    serve
        .args(["--database-url", restored.as_str(), "--data"])
        .arg(folder.path().join("data"))
        .env("MASTHEAD_SECRET", SECRET);
    let server = Serving::start(serve);
    assert_eq!(
        server.get("/v1/articles?count=true").ok()["page"]["total"],
        5
    );
    server.stop().ok();
    run("dropdb masthead_restored");
}
