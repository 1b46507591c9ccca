//! A real Varnish in front, with the configuration of docs/varnish.vcl: what it keeps it serves, and lets go of soon after
//! a change.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use masthead::auth::model::Role;
use serde_json::json;

use crate::support::{Client, Database, Server};

/// Varnish, with its own folder; it ends with the value.
struct Varnish {
    process: Child,
    address: SocketAddr,
    /// Goes with it.
    _folder: tempfile::TempDir,
}

impl Varnish {
    /// In front of a server on this port.
    fn start(listen: SocketAddr, backend: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vcl =
            fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/varnish.vcl")).unwrap();
        assert!(vcl.contains(".port = \"8080\""));
        let vcl = vcl.replace(
            ".port = \"8080\"",
            &format!(".port = \"{}\"", backend.port()),
        );
        let file = folder.path().join("masthead.vcl");
        fs::write(&file, vcl).unwrap();
        // Debian keeps it where only root looks for programs.
        let program = ["/usr/sbin/varnishd", "/usr/local/sbin/varnishd"]
            .into_iter()
            .find(|program| fs::exists(program).unwrap_or(false))
            .unwrap_or("varnishd");
        let mut command = Command::new(program);
        command
            .args(["-F", "-a", &listen.to_string(), "-f"])
            .arg(&file)
            .arg("-n")
            .arg(folder.path().join("work"))
            .args(["-s", "malloc,16m", "-j", "none"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| {
            panic!(
                "varnishd does not start ({error}): it comes with `apt-get install varnish varnish-modules`, or run `tests/tools/varnish install`"
            )
        });
        let varnish = Self {
            process,
            address: listen,
            _folder: folder,
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(listen).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "Varnish does not listen: is its module xkey there (package varnish-modules)?"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        varnish
    }
}

impl Drop for Varnish {
    fn drop(&mut self) {
        // Its child ends with it. It may have ended already.
        let id = self.process.id().to_string();
        let _asked = Command::new("kill").args(["-TERM", &id]).status();
        let _ended = self.process.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn what_changes_is_purged_and_what_does_not_is_served_from_there() {
    let front = free_address();
    let purge = format!("http://{front}/");
    let back = free_address();
    let start = |database: Database| {
        Server::setup()
            .over(database)
            .at(back)
            .app(|app| {
                app.purge_urls = vec![purge.parse().unwrap()];
                app.cache_control =
                    HeaderValue::from_static("public, max-age=0, must-revalidate, s-maxage=3600");
                app.cache.proves = false;
            })
            .start()
    };
    let varnish = Varnish::start(front, back);
    let server = start(Database::new());
    let admin = server.sign_in(Role::Admin);
    let outside = Client::new(varnish.address);
    let body =
        json!({"title": "First", "text": "Some words.", "status": "published", "tags": ["Love"]});
    let made = admin.post("/v1/admin/articles", &body).created();
    let other = json!({"title": "Other", "text": "Other words.", "status": "published"});
    admin.post("/v1/admin/articles", &other).created();
    // What came before is told of, twice more.
    std::thread::sleep(Duration::from_millis(1_500));

    let asked = |path: &str| {
        let answer = outside.get(path);
        let age = answer.header("x-varnish").split(' ').count();
        (answer, age == 2)
    };
    let fill = |path: &str| {
        let began = Instant::now();
        while !asked(path).1 {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{path} is not kept"
            );
        }
    };
    for path in [
        "/v1/articles/first",
        "/v1/articles/other",
        "/v1/articles",
        "/v1/site",
    ] {
        fill(path);
    }
    let (first, kept) = asked("/v1/articles/first");
    assert!(kept);
    assert_eq!(first.json()["title"], "First");
    assert_eq!(
        first.header("cache-control"),
        "public, max-age=0, must-revalidate, s-maxage=3600"
    );

    let path = format!("/v1/admin/articles/{}", made["id"].as_str().unwrap());
    let etag = admin.get(&path).header("etag").to_owned();
    admin.patch(&path, &etag, &json!({"title": "Second"})).ok();
    let until = |what: &str, there: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !there() {
            assert!(began.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    until("the new title is not served", &|| {
        outside.get("/v1/articles/first").json()["title"] == "Second"
    });
    until("the list is not fresh", &|| {
        outside.get("/v1/articles").text().contains("Second")
    });
    // The other text was not touched.
    assert!(asked("/v1/articles/other").1 && asked("/v1/site").1);

    // What is taken back is gone from there too.
    fill("/v1/articles/first");
    admin.order(&format!("{path}/unpublish")).ok();
    until("it is still served", &|| {
        outside.get("/v1/articles/first").status == 404
    });

    // While it cannot be told, and while the server is down, nothing is forgotten.
    admin.order(&format!("{path}/publish")).ok();
    until("it is not served", &|| {
        outside.get("/v1/articles/first").status == 200
    });
    fill("/v1/articles/first");
    let stopped = Command::new("kill")
        .args(["-STOP", &varnish.process.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    admin.order(&format!("{path}/unpublish")).ok();
    let database = server.into_database();
    let started = Command::new("kill")
        .args(["-CONT", &varnish.process.id().to_string()])
        .status();
    assert!(started.unwrap().success());
    let _server = start(database);
    until("it is still served after the restart", &|| {
        outside.get("/v1/articles/first").status == 404
    });
}
