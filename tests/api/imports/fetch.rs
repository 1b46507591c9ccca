//! Pictures elsewhere that come along, where that is asked for, and those that stay.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::program::{on, run};
use crate::support::Database;
use crate::support::pictures::png;

/// A website of old, which notes what it is asked for.
struct Old {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Old {
    /// One that has these at their paths: a status line with headers, and bytes.
    fn start(has: Vec<(&'static str, String, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut lines = BufReader::new(&stream).lines();
                let first = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                drop(lines);
                let path = first.split(' ').nth(1).unwrap().to_owned();
                noted.lock().unwrap().push(path.clone());
                let found = has.iter().find(|(known, ..)| *known == path);
                let (head, bytes) = match found {
                    Some((_, head, bytes)) => (head.clone(), bytes.clone()),
                    None => ("404 Not Found".into(), Vec::new()),
                };
                let length = bytes.len();
                let head = format!(
                    "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                // Whoever has enough goes away.
                let _gone = stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&bytes));
            }
        });
        Self { port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was asked for since this was last asked.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort_unstable();
        asked
    }
}

/// A database, and a folder for what goes in.
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

    #[track_caller]
    fn import(&self, lines: &[Value], flags: &[&str]) -> String {
        let file = self.folder.path().join("lines.jsonl");
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        fs::write(&file, text.join("\n")).unwrap();
        let mut command = on(&self.database, &["import", "jsonl"]);
        command.arg(file).arg("--media-store").arg(self.media());
        run({
            command.args(flags);
            command
        })
        .ok()
    }

    /// The lines of an export of this kind.
    fn lines(&self, kind: &str) -> Vec<Value> {
        let said = run(on(&self.database, &["export", "jsonl", "-"])).output;
        said.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|line| line["kind"] == kind)
            .collect()
    }
}

const ALLOWED: [&str; 2] = ["--outbound-allow", "127.0.0.0/8"];

fn fetching<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ALLOWED, more].concat()
}

#[test]
fn pictures_come_along_once_and_texts_show_them_here() {
    let (cup, door) = (png(40, 30), png(20, 20));
    let ok = || "200 OK".to_owned();
    let old = Old::start(vec![
        ("/cup.png", ok(), cup.clone()),
        ("/same.png", ok(), cup),
        ("/door.png?w=9&h=9", ok(), door),
        (
            "/moved.png",
            "301 Moved\r\nLocation: /cup.png".into(),
            Vec::new(),
        ),
        ("/path.png", ok(), png(10, 10)),
    ]);
    let site = Site::new();
    let body = format!(
        "![Cup]({}) ![Again](<{}>)\n\n<img src=\"{}\" alt=\"A &quot;door&quot;\"> ![](/path.png) [a link]({})",
        old.url("/moved.png"),
        old.url("/same.png"),
        old.url("/door.png?w=9&amp;h=9"),
        old.url("/cup.png"),
    );
    let lines = [
        json!({"external_id": "1", "title": "One", "markdown": body, "cover": {"url": old.url("/cup.png"), "alt": "A cup"}}),
        json!({"external_id": "2", "title": "Two", "cover": {"url": old.url("/cup.png"), "alt": "Another"}}),
    ];
    let base = format!("--fetch-media={}", old.url("/"));
    let public = ["--public-url", "https://api.example.org"];
    let flags = fetching(&[&base, public[0], public[1]]);
    let report = site.import(&lines, &flags);
    assert!(report.contains("2 created, 0 updated"), "{report}");
    assert!(report.contains(" 0 broken, 0 warnings"), "{report}");
    let expected = [
        "/cup.png",
        "/cup.png",
        "/door.png?w=9&h=9",
        "/moved.png",
        "/path.png",
        "/same.png",
    ];
    assert_eq!(old.asked(), expected, "the redirect leads to one of them");

    let media = site.lines("media");
    assert_eq!(media.len(), 3, "of the same bytes one");
    let of = |width: u32| {
        let of_width = |medium: &&Value| medium["widths"][0] == width;
        media.iter().find(of_width).unwrap()
    };
    let shown = |width: u32| {
        let name = of(width)["name"].as_str().unwrap();
        format!("https://api.example.org/media/{name}/{width}.jpg")
    };
    assert_eq!(
        (&of(40)["alt"], &of(40)["file_name"]),
        (&json!("A cup"), &json!("cup.png"))
    );
    assert_eq!(of(20)["alt"], "A \"door\"");
    let texts = site.lines("article");
    let expected = format!(
        "![Cup]({cup}) ![Again](<{cup}>)\n\n<img src=\"{}\" alt=\"A &quot;door&quot;\"> ![]({}) [a link]({})",
        shown(20),
        shown(10),
        old.url("/cup.png"),
        cup = shown(40),
    );
    assert_eq!(texts[0]["markdown"], expected);
    assert_eq!(texts[0]["cover"], json!({"media_id": of(40)["id"]}));
    assert_eq!(
        texts[1]["cover"],
        json!({"media_id": of(40)["id"], "alt": "Another"})
    );

    // The same again asks for nothing; a change asks for what is new.
    let report = site.import(&lines, &flags);
    assert!(
        report.starts_with("0 created, 0 updated, 2 unchanged"),
        "{report}"
    );
    assert_eq!(old.asked(), [""; 0]);
    let changed = [json!({"external_id": "1", "title": "One more", "markdown": body})];
    let report = site.import(&changed, &flags);
    assert!(report.contains("0 created, 1 updated"), "{report}");
    assert_eq!(old.asked(), [""; 0]);
    assert_eq!(site.lines("article")[0]["markdown"], expected);
}

#[test]
fn pictures_of_authors_and_the_logo_come_along() {
    let ok = || "200 OK".to_owned();
    let old = Old::start(vec![
        ("/ada.png", ok(), png(40, 30)),
        ("/logo.png", ok(), png(64, 20)),
    ]);
    let site = Site::new();
    let lines = [
        json!({"kind": "author", "name": "Ada", "avatar": {"url": old.url("/ada.png"), "alt": "Ada"}}),
        json!({"kind": "author", "name": "Ben", "avatar": {"url": old.url("/ben.png")}}),
        json!({"kind": "site", "name": "S", "logo": {"url": old.url("/logo.png"), "alt": "S", "width": 1}}),
    ];
    let flags = fetching(&["--fetch-media"]);
    let report = site.import(&lines, &flags);
    assert!(report.contains("authors: 2 created"), "{report}");
    let stays = format!("the picture {} stays where it is", old.url("/ben.png"));
    assert!(
        report.contains("1 warnings") && report.contains(&stays),
        "{report}"
    );
    let here = |image: &Value, width: u32, height: u32| {
        let url = image["url"].as_str().unwrap();
        assert!(url.starts_with("/media/"), "{image}");
        assert_eq!(
            (&image["width"], &image["height"]),
            (&json!(width), &json!(height))
        );
    };
    let authors = site.lines("author");
    here(&authors[0]["avatar"], 40, 30);
    assert_eq!(authors[0]["avatar"]["alt"], "Ada");
    assert_eq!(authors[1]["avatar"]["url"], old.url("/ben.png"));
    here(&site.lines("site")[0]["logo"], 64, 20);
    assert_eq!(old.asked(), ["/ada.png", "/ben.png", "/logo.png"]);

    // What the source says is compared, not where its pictures are by then.
    let report = site.import(&lines, &flags);
    assert!(
        report.contains("authors: 0 created, 0 updated, 2 unchanged"),
        "{report}"
    );
    assert!(
        report.contains("site: 0 created, 0 updated, 1 unchanged"),
        "{report}"
    );
    assert_eq!(old.asked(), [""; 0]);
}

#[test]
fn what_cannot_be_had_stays_and_is_told() {
    let old = Old::start(vec![
        ("/text.png", "200 OK".into(), b"<svg/>".to_vec()),
        ("/long.png", "200 OK".into(), vec![0; 30_000]),
        (
            "/round.png",
            "302 Found\r\nLocation: /round.png".into(),
            Vec::new(),
        ),
        (
            "/out.png",
            "302 Found\r\nLocation: file:///etc/passwd".into(),
            Vec::new(),
        ),
        (
            "/in.png",
            "302 Found\r\nLocation: http://169.254.169.254/".into(),
            Vec::new(),
        ),
    ]);
    let site = Site::new();
    let body: Vec<String> = [
        "/gone.png",
        "/text.png",
        "/long.png",
        "/round.png",
        "/out.png",
        "/in.png",
    ]
    .map(|path| format!("![]({})", old.url(path)))
    .to_vec();
    let body = format!("{} ![](/path.png)", body.join(" "));
    let text = |key: &str| json!({"external_id": key, "title": "One", "markdown": body, "cover": {"url": old.url("/gone.png")}});
    let lines = [text("1"), text("2")];
    let report = site.import(
        &lines,
        &fetching(&["--fetch-media", "--media-limit", "20000"]),
    );
    assert!(report.contains("2 created"), "{report}");
    assert!(report.contains(" 0 broken, 16 warnings"), "{report}");
    let stays =
        |path: &str, why: &str| format!("the picture {} stays where it is: {why}", old.url(path));
    for told in [
        stays("/gone.png", "it was answered by 404"),
        stays("/text.png", "the file is "),
        stays("/long.png", "it has more than 20000 bytes"),
        stays(
            "/round.png",
            "it leads on to other addresses more than 5 times",
        ),
        stays("/out.png", "the URL is not an http or https address"),
        stays("/in.png", "the address is not on the public internet"),
        "the picture /path.png stays where it is: it is a path".into(),
    ] {
        assert!(report.contains(&told), "{told}: {report}");
    }
    let asked = old.asked();
    assert_eq!(asked.iter().filter(|path| *path == "/gone.png").count(), 1);
    assert_eq!(site.lines("article")[0]["markdown"], body);
    assert_eq!(
        site.lines("article")[0]["cover"]["url"],
        old.url("/gone.png")
    );
    assert_eq!(site.lines("media").len(), 0);
}

#[test]
fn nothing_is_asked_of_the_network_unless_it_may_be() {
    let old = Old::start(vec![("/cup.png", "200 OK".into(), png(9, 9))]);
    let line = |key: &str| json!({"external_id": key, "title": "One", "markdown": format!("![]({})", old.url("/cup.png"))});
    let site = Site::new();
    let report = site.import(&[line("1")], &ALLOWED);
    assert!(report.contains("1 created"), "{report}");
    let report = site.import(&[line("2")], &fetching(&["--fetch-media", "--dry-run"]));
    assert!(report.contains("1 created"), "{report}");
    assert!(!site.media().exists());
    let report = site.import(&[line("2")], &["--fetch-media"]);
    assert!(
        report.contains("the address is not on the public internet"),
        "{report}"
    );
    assert_eq!(old.asked(), [""; 0]);
}
