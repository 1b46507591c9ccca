//! What is on disk: before a row names it, for as long as it is named, and not for longer.

use std::path::Path;
use std::time::Duration;

use masthead::auth::model::Role;
use masthead::changes::model::Actor;
use masthead::db::Db;
use masthead::media::files::Files;
use masthead::media::library::{Library, Settings};
use masthead::media::model::About;
use masthead::media::store;
use masthead::time::Clock;
use serde_json::{Value, json};

use super::{MEDIA, path_of, server_in};
use crate::cli::program::Serving;
use crate::support::pictures::png;
use crate::support::{Database, Server, form_of};

const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The files below a folder, without what is only on its way.
pub(super) fn files_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap();
                found.push(below.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort_unstable();
    found
}

fn wait_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn name_of(medium: &Value) -> String {
    let url = medium["url"].as_str().unwrap();
    url.split('/').nth_back(1).unwrap().to_owned()
}

#[test]
fn files_come_with_a_medium_and_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let bytes = png(40, 30);
    let medium = editor.upload(&bytes).created();
    let name = name_of(&medium);
    let expected = [
        format!("files/{name}/40.jpg"),
        format!("files/{name}/40.webp"),
        format!("originals/{name}"),
    ];
    assert_eq!(files_in(folder.path()), expected);
    // What was sent is kept as it came, for whoever makes copies.
    let original = std::fs::read(folder.path().join(&expected[2])).unwrap();
    assert_eq!(original, bytes);
    editor.upload(&bytes).ok();
    assert_eq!(files_in(folder.path()), expected);
    let etag = editor.get(&path_of(&medium)).etag().to_owned();
    assert_eq!(editor.delete(&path_of(&medium), &etag).status, 204);
    assert_eq!(files_in(folder.path()), Vec::<String>::new());
}

#[test]
fn what_nothing_uses_is_swept_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let sweep = format!("{MEDIA}-sweep");
    let old = editor.upload(&png(20, 10)).created();
    let used = editor.upload(&png(20, 10)).created();
    let text = json!({"title": "One", "cover": {"media_id": used["id"]}});
    editor.post("/v1/admin/articles", &text).created();
    server.clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    let editor = server.sign_in(Role::Editor);
    let new = editor.upload(&png(20, 10)).created();
    let expected = json!({"removed": [old["id"]], "bytes": old["bytes"], "more": false});
    let rehearsed = editor.order(&format!("{sweep}?dry_run=true"));
    assert_eq!(rehearsed.ok(), expected);
    assert_eq!(editor.get(&path_of(&old)).status, 200);
    assert_eq!(editor.order(&sweep).ok(), expected);
    assert_eq!(editor.get(&path_of(&old)).status, 404);
    assert_eq!(server.get(old["url"].as_str().unwrap()).status, 404);
    let nothing = json!({"removed": [], "bytes": 0, "more": false});
    assert_eq!(editor.order(&sweep).ok(), nothing);
    let all = editor.post(&sweep, &json!({"older_than_days": 0})).ok();
    assert_eq!(all["removed"], json!([new["id"]]));
    assert_eq!(
        files_in(folder.path()).len(),
        3,
        "those of the one that is used"
    );
    let refused = editor.post(&sweep, &json!({"older_than_days": -1, "older": 3}));
    assert_eq!(
        refused.faults(),
        ["/older_than_days too_small", "/older unknown"]
    );
}

#[test]
fn files_without_a_row_are_swept_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let medium = editor.upload(&png(20, 10)).created();
    let files = Files::in_folder(folder.path()).unwrap();
    let library = Library::new(files.clone(), Settings::default());
    // As if the server had been killed between the files and the row.
    wait_on(async {
        let prepared = library
            .prepare(png(20, 10), About::default())
            .await
            .unwrap();
        library.keep(&prepared).await.unwrap();
    });
    assert_eq!(files_in(folder.path()).len(), 6);
    let swept = || wait_on(store::sweep_files(server.db(), &files)).unwrap();
    server.clock.set(Clock::system().now());
    assert_eq!(swept(), 0, "its row may be on its way");
    server.clock.advance(YEAR);
    assert_eq!(swept(), 1);
    let name = name_of(&medium);
    let left = files_in(folder.path());
    assert!(
        left.len() == 3 && left.iter().all(|file| file.contains(&name)),
        "{left:?}"
    );
}

#[test]
fn a_picture_is_put_in_from_within_the_program() {
    let server = Server::start();
    let library = Library::new(Files::in_memory(), Settings::default());
    let about = About {
        file_name: Some("cup.png".into()),
        alt: "A cup".into(),
        ..About::default()
    };
    let bytes = png(30, 20);
    let put = || {
        let (bytes, about) = (bytes.clone(), about.clone());
        wait_on(store::ingest(
            server.db(),
            &library,
            Actor::System,
            bytes,
            about,
        ))
        .unwrap()
    };
    let (first, again) = (put(), put());
    assert!(first.new && !again.new);
    assert_eq!(
        (first.media.alt.as_str(), first.media.owner),
        ("A cup", None)
    );
    assert_eq!(first.media, again.media);
    let refused = wait_on(store::ingest(
        server.db(),
        &library,
        Actor::System,
        b"<svg/>".to_vec(),
        About::default(),
    ));
    assert!(refused.unwrap_err().to_string().contains("SVG"));
}

#[test]
fn whenever_the_program_is_killed_no_row_lacks_its_files() {
    let database = Database::new();
    let media = tempfile::tempdir().unwrap();
    let place = media.path().to_str().unwrap();
    let flags = ["--media-store", place];
    let key = super::token_on(&database);
    let mut answered = 0;
    for round in 0..4_u64 {
        let mut server = Serving::over(&database, &flags);
        let (url, key) = (format!("http://{}{MEDIA}", server.address()), key.clone());
        let (tell, told) = std::sync::mpsc::channel();
        let sending = std::thread::spawn(move || {
            let http = reqwest::blocking::Client::new();
            loop {
                let (kind, body) = form_of(&[("file", None, &png(600, 400))]);
                let request = http
                    .post(&url)
                    .bearer_auth(&key)
                    .header("content-type", kind);
                // Until nobody answers any more.
                let Ok(answer) = request.body(body).send() else {
                    break;
                };
                assert_eq!(answer.status(), 201);
                tell.send(()).unwrap();
            }
        });
        // Some are in, and one is on its way.
        told.recv_timeout(Duration::from_secs(60)).unwrap();
        std::thread::sleep(Duration::from_millis(round * 7));
        server.signal("KILL");
        server.ended();
        sending.join().unwrap();
        answered += 1 + told.try_iter().count();
    }
    let db = Db::open(database.settings(), Clock::system()).unwrap();
    let all = db.read_blocking(|conn| {
        let page = masthead::db::page::Page::first(1_000);
        store::list(conn, &store::MediaFilter::default(), &page, false)
    });
    let all = all.unwrap().items;
    assert!(
        all.len() >= answered,
        "{} rows, {answered} answers",
        all.len()
    );
    for media in all {
        let there = |file: &str| Path::new(place).join(file).metadata().map(|it| it.len());
        assert!(there(&format!("originals/{}", media.name)).is_ok_and(|length| length > 0));
        for variant in media.variants {
            let length = there(&format!("files/{}/{}", media.name, variant.file)).unwrap();
            assert_eq!(length, variant.bytes, "{}", variant.file);
        }
    }
}
