//! Pictures out and in again: what was sent, what is said of it, and the addresses that texts show it by.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use image::ImageFormat;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::markdown::files;
use super::{export, lines};
use crate::cli::program::{on, run};
use crate::support::Database;
use crate::support::pictures::{encoded, picture, png, transparent};

/// A database, and a folder of pictures with it.
struct Site {
    database: Database,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        Self {
            database: Database::unmigrated(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn media(&self) -> PathBuf {
        self.folder.path().join("media")
    }

    /// Imports from there; answers the report.
    #[track_caller]
    fn import(&self, format: &str, from: &Path, flags: &[&str]) -> String {
        let mut command = on(&self.database, &["import", format]);
        command
            .arg(from)
            .arg("--media-store")
            .arg(self.media())
            .args(flags);
        run(command).ok()
    }

    /// Imports these lines, with the files of a folder.
    #[track_caller]
    fn import_lines(&self, lines: &[Value], from: &Path) -> String {
        let file = self.folder.path().join("lines.jsonl");
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        fs::write(&file, text.join("\n")).unwrap();
        self.import("jsonl", &file, &["--files", from.to_str().unwrap()])
    }

    /// Exports; answers what was told.
    #[track_caller]
    fn export(&self, format: &str, to: &Path, flags: &[&str]) -> String {
        let store = self.media();
        let mut all = vec!["--media-store", store.to_str().unwrap()];
        all.extend(flags);
        export(&self.database, format, to, &all)
    }

    fn lines(&self) -> Vec<Value> {
        let all = lines(&self.database);
        all.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.media())
    }
}

/// A site with three pictures: in a text, its cover, and of a draft. Answers where their files came from, too.
fn with_pictures() -> (Site, TempDir) {
    let (site, source) = (Site::new(), tempfile::tempdir().unwrap());
    let put = |name: &str, bytes: Vec<u8>| fs::write(source.path().join(name), bytes).unwrap();
    fs::create_dir(source.path().join("sub")).unwrap();
    put("cup.jpg", encoded(&picture(700, 300), ImageFormat::Jpeg));
    put(
        "sub/door.png",
        encoded(&transparent(90, 60), ImageFormat::Png),
    );
    put("hidden.png", png(50, 40));
    let pictures = [
        json!({"kind": "media", "file": "cup.jpg", "file_name": "My cup.jpg", "alt": "A cup", "credit": "Ada",
            "focal_point": {"x": 0.25, "y": 0.75}, "widths": [100, 300]}),
        json!({"kind": "media", "file": "sub/door.png", "title": "The \"door\""}),
        json!({"kind": "media", "file": "hidden.png"}),
    ];
    let report = site.import_lines(&pictures, source.path());
    assert!(report.contains("media: 3 created, 0 updated"), "{report}");
    let said = site.lines();
    let of = |title: &str| {
        let file = fs::read(source.path().join(title)).unwrap();
        let hash = sha256(&file);
        said.iter()
            .find(|line| line["sha256"] == hash)
            .unwrap()
            .clone()
    };
    let (cup, door, hidden) = (of("cup.jpg"), of("sub/door.png"), of("hidden.png"));
    let shown = format!(
        "![Door](/media/{}/90.webp)\n",
        door["name"].as_str().unwrap()
    );
    let texts = [
        json!({"external_id": "1", "title": "Shown", "markdown": shown, "cover": {"media_id": cup["id"], "alt": "Mine"}}),
        json!({"external_id": "2", "title": "Draft", "status": "draft", "cover": {"media_id": hidden["id"]}}),
    ];
    let report = site.import_lines(&texts, source.path());
    assert!(report.starts_with("2 created, "), "{report}");
    (site, source)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

#[test]
fn lines_and_files_come_back_as_they_were() {
    let (site, _source) = with_pictures();
    let folder = tempfile::tempdir().unwrap();
    let (all, beside) = (folder.path().join("all.jsonl"), folder.path().join("files"));
    let told = site.export("jsonl", &all, &["--files", beside.to_str().unwrap()]);
    assert!(told.contains(" 3 media"), "{told}");
    assert!(
        told.contains("3 files written, 0 unchanged, 0 removed"),
        "{told}"
    );
    let said = site.lines();
    let (widths, about): (Vec<&Value>, Vec<&Value>) = said
        .iter()
        .filter(|line| line["kind"] == "media")
        .map(|line| (&line["widths"], &line["alt"]))
        .unzip();
    assert_eq!(widths, [&json!([100, 300]), &json!([90]), &json!([50])]);
    assert_eq!(about, [&json!("A cup"), &Value::Null, &Value::Null]);

    let other = Site::new();
    let report = other.import("jsonl", &all, &["--files", beside.to_str().unwrap()]);
    assert!(report.contains(" 0 broken, 0 warnings"), "{report}");
    assert!(report.contains("media: 3 created"), "{report}");
    assert_eq!(lines(&site.database), lines(&other.database));
    // What readers get is made anew, and is the same.
    assert_eq!(site.stored(), other.stored());
    let mut verify = on(&other.database, &["verify"]);
    verify.arg("--media-store").arg(other.media());
    assert!(run(verify).ok().contains("all is well"));

    let again = other.import("jsonl", &all, &["--files", beside.to_str().unwrap()]);
    assert!(
        again.starts_with("0 created, 0 updated, 2 unchanged"),
        "{again}"
    );
    assert!(
        again.contains("media: 0 created, 0 updated, 3 unchanged"),
        "{again}"
    );
    assert_eq!(site.stored(), other.stored());
}

#[test]
fn a_folder_of_markdown_has_them_beside() {
    let (site, _source) = with_pictures();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    site.export("markdown", &out, &[]);
    let names: Vec<String> = files(&out).into_keys().collect();
    assert_eq!(
        names
            .iter()
            .filter(|name| name.starts_with("media/"))
            .count(),
        3,
        "{names:?}"
    );

    let other = Site::new();
    let report = other.import("markdown", &out, &[]);
    assert!(
        report.contains(" 0 skipped, 0 broken, 0 warnings"),
        "{report}"
    );
    assert_eq!(lines(&site.database), lines(&other.database));
    assert_eq!(site.stored(), other.stored());
}

#[test]
fn static_files_have_those_that_readers_see() {
    let (site, _source) = with_pictures();
    let folder = tempfile::tempdir().unwrap();
    site.export("static", folder.path(), &[]);
    let media = files(&folder.path().join("media"));
    let said = site.lines();
    let name = |width: u32| {
        let of_width = |line: &&Value| line["widths"][0] == width;
        said.iter().find(of_width).unwrap()["name"]
            .as_str()
            .unwrap()
    };
    let paths: Vec<String> = media.keys().cloned().collect();
    let mut expected = vec![
        format!("{}/100.jpg", name(100)),
        format!("{}/100.webp", name(100)),
        format!("{}/300.jpg", name(100)),
        format!("{}/300.webp", name(100)),
        format!("{}/90.png", name(90)),
        format!("{}/90.webp", name(90)),
    ];
    expected.sort_unstable();
    assert_eq!(paths, expected, "and nothing of a draft");
    let stored = site.stored();
    for (path, bytes) in media {
        assert_eq!(stored[&format!("files/{path}")], bytes, "{path}");
    }

    // Elsewhere is not here.
    let folder = tempfile::tempdir().unwrap();
    site.export(
        "static",
        folder.path(),
        &["--media-url", "https://cdn.example.org"],
    );
    assert!(!folder.path().join("media").exists());
}

#[test]
fn a_line_that_cannot_be_followed_is_told_and_nothing_is_overwritten() {
    let (site, source) = with_pictures();
    let before = site.stored();
    fs::write(source.path().join("text.jpg"), "no picture").unwrap();
    fs::write(source.path().join("new.png"), png(30, 30)).unwrap();
    fs::write(source.path().join("newer.png"), png(30, 30)).unwrap();
    let said = site.lines();
    let cup = said.iter().find(|line| line["alt"] == "A cup").unwrap();
    let lines = [
        json!({"kind": "media"}),
        json!({"kind": "media", "file": "../secret", "sha256": "x", "name": "y", "widths": [0], "alt": 1, "mood": 2}),
        json!({"kind": "media", "file": "/etc/passwd"}),
        json!({"kind": "media", "file": ""}),
        json!({"kind": "media", "file": "gone.png"}),
        json!({"kind": "media", "file": "text.jpg"}),
        json!({"kind": "media", "file": "new.png", "sha256": cup["sha256"], "external_id": "other"}),
        json!({"kind": "media", "file": "new.png", "name": cup["name"], "external_id": "taken"}),
        json!({"kind": "media", "file": "new.png", "name": "0".repeat(32), "external_id": "a"}),
        json!({"kind": "media", "file": "newer.png", "name": "0".repeat(32), "external_id": "b"}),
    ];
    let report = site.import_lines(&lines, source.path());
    for told in [
        "lines.jsonl:1: /file: file must be given",
        "lines.jsonl:2: /file: must be the path of a file below the folder",
        "/sha256: must be 64 hexadecimal digits",
        "/name: must be 32 hexadecimal digits",
        "/widths: must be a list of up to 16 widths",
        "/mood: ",
        "lines.jsonl:3: /file: must be the path",
        "lines.jsonl:4: /file: must be the path",
        "lines.jsonl:5: its file gone.png cannot be read",
        "lines.jsonl:6: ",
        "what is taken: ",
        "lines.jsonl:8: another picture has its name",
        "lines.jsonl:10: another picture has its name",
        "media: 1 created, 0 updated, 1 unchanged",
    ] {
        assert!(report.contains(told), "{told}: {report}");
    }
    let mut after = site.stored();
    after.retain(|path, _| !path.contains(&"0".repeat(32)));
    assert_eq!(before, after);
    let new = site.stored();
    assert_eq!(
        new[&format!("originals/{}", "0".repeat(32))],
        fs::read(source.path().join("new.png")).unwrap()
    );
}

#[test]
fn without_files_pictures_are_told_and_texts_too() {
    let (site, _source) = with_pictures();
    let folder = tempfile::tempdir().unwrap();
    let all = folder.path().join("all.jsonl");
    site.export("jsonl", &all, &[]);
    let other = Site::new();
    let report = other.import("jsonl", &all, &[]);
    assert!(report.contains("its file is not here"), "{report}");
    assert!(
        report.contains("/cover/media_id: there is no medium"),
        "{report}"
    );
    assert!(!other.media().exists());
    // Then with them: all is made good.
    let beside = folder.path().join("files");
    site.export("jsonl", &all, &["--files", beside.to_str().unwrap()]);
    other.import("jsonl", &all, &["--files", beside.to_str().unwrap()]);
    assert_eq!(lines(&site.database), lines(&other.database));
}

#[test]
fn what_the_media_store_lacks_is_named() {
    let (site, _source) = with_pictures();
    let originals = site.media().join("originals");
    let lost = fs::read_dir(&originals).unwrap().next().unwrap().unwrap();
    fs::remove_file(lost.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let told = site.export("markdown", &folder.path().join("out"), &[]);
    let line = format!("missing   media/{}", lost.file_name().to_str().unwrap());
    assert!(told.contains(&line), "{told}");
}
