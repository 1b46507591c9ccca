//! Media in an object store: a real one, which speaks the language of S3, as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use masthead::auth::model::Role;
use masthead::media::files::{Bucket, Files};
use masthead::media::library::{Library, Settings};
use masthead::media::store;

use super::{MEDIA, path_of};
use crate::cli::program::Serving;
use crate::support::pictures::png;
use crate::support::{Database, Server};

/// An object store that runs; it ends with the value.
struct ObjectStore {
    process: Child,
    url: String,
}

impl ObjectStore {
    fn start() -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/s3");
        let mut process = Command::new(tool)
            .arg("serve")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let port: u16 = line.trim().parse().unwrap_or_else(|_no_port| {
            panic!(
                "the object store of the tests does not start; get it with: tests/tools/s3 install"
            )
        });
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    fn bucket(&self, secret: &str) -> Bucket {
        Bucket {
            name: "pictures".into(),
            prefix: Some("a/b".into()),
            endpoint: Some(self.url.clone()),
            region: "us-east-1".into(),
            key: Some((secret.to_owned(), "a secret of the tests".into())),
        }
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn server_on(bucket: &Bucket) -> (Server, Files) {
    let files = Files::in_bucket(bucket).unwrap();
    let library = Library::new(files.clone(), Settings::default());
    let server = Server::setup().app(|setup| setup.library = library).start();
    (server, files)
}

#[test]
fn media_are_kept_in_a_bucket_as_in_a_folder() {
    let objects = ObjectStore::start();
    let (server, files) = server_on(&objects.bucket("masthead"));
    let editor = server.sign_in(Role::Editor);
    let medium = editor.upload(&png(400, 300)).created();
    let url = medium["url"].as_str().unwrap();
    let whole = server.get(url);
    assert_eq!(
        (whole.status, whole.header("content-type")),
        (200, "image/jpeg")
    );
    assert!(image::load_from_memory(&whole.body).is_ok());
    let part = server
        .client
        .request("GET", url)
        .header("range", "bytes=10-19")
        .send();
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[10..20]));
    assert_eq!(
        server.client.head(url).header("content-length"),
        whole.body.len().to_string()
    );
    let other = url.replace("400.jpg", "401.jpg");
    assert_eq!(server.get(&other).status, 404);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let name = url.split('/').nth(2).unwrap();
    let original = runtime.block_on(files.read_original(name)).unwrap();
    assert_eq!(original.map(|found| found.length), medium["bytes"].as_u64());
    // What nobody has a row of goes, and what somebody has stays.
    runtime
        .block_on(files.keep_original(&"f".repeat(32), vec![1].into()))
        .unwrap();
    server
        .clock
        .advance(std::time::Duration::from_secs(366 * 24 * 60 * 60));
    assert_eq!(
        runtime
            .block_on(store::sweep_files(server.db(), &files))
            .unwrap(),
        1
    );
    assert_eq!(server.get(url).status, 200);
    let editor = server.sign_in(Role::Editor);
    let etag = editor.get(&path_of(&medium)).etag().to_owned();
    assert_eq!(editor.delete(&path_of(&medium), &etag).status, 204);
    assert_eq!(server.get(url).status, 404);
    assert!(
        runtime
            .block_on(files.read_original(name))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_store_that_refuses_or_is_away_leaves_no_row() {
    let objects = ObjectStore::start();
    let (server, _) = server_on(&objects.bucket("somebody else"));
    let editor = server.sign_in(Role::Editor);
    let refused = editor.upload(&png(40, 30));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "unavailable")
    );
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(editor.get(MEDIA).ok()["items"], serde_json::json!([]));
    let name = "0".repeat(32);
    assert_eq!(server.get(&format!("/media/{name}/40.webp")).status, 503);
}

#[test]
fn the_program_is_told_of_a_bucket_and_tells_nobody_the_secret() {
    let objects = ObjectStore::start();
    let database = Database::new();
    let key = super::token_on(&database);
    let flags = [
        "--media-store",
        "s3://pictures/c",
        "--media-s3-endpoint",
        &objects.url,
        "--media-s3-key-id",
        "masthead",
        "--media-s3-secret",
        "a secret of the tests",
        "--media-widths",
        "16,40",
        "--log",
        "debug",
    ];
    let server = Serving::over(&database, &flags);
    let client = server.client.with_token(&key);
    let medium = client.upload(&png(100, 50)).created();
    assert_eq!(
        super::files_of(&medium),
        ["16.webp", "16.jpg", "40.webp", "40.jpg"]
    );
    assert_eq!(server.get(medium["url"].as_str().unwrap()).status, 200);
    let said = server.stop();
    assert!(
        !said.errors.contains("a secret of the tests"),
        "{}",
        said.errors
    );
    let half = crate::cli::program::on(
        &database,
        &["serve", "--media-store", "s3://x", "--media-s3-key-id", "k"],
    );
    let refused = crate::cli::program::run(half).refused();
    assert!(refused.contains("--media-s3-secret"), "{refused}");
}
