//! The files that readers get.

use image::ImageFormat;
use masthead::auth::model::Role;
use serde_json::Value;

use super::{MEDIA, server_in};
use crate::support::pictures::{encoded, picture};
use crate::support::{Answer, Server};

/// Where the file of this name is.
fn file<'m>(medium: &'m Value, name: &str) -> &'m str {
    let variants = medium["variants"].as_array().unwrap().iter();
    let mut urls = variants.map(|variant| variant["url"].as_str().unwrap());
    urls.find(|url| url.ends_with(name)).unwrap()
}

fn part(server: &Server, url: &str, range: &str) -> Answer {
    server
        .client
        .request("GET", url)
        .header("range", range)
        .send()
}

#[test]
fn a_file_is_there_for_ever_and_is_nothing_but_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let jpeg = encoded(&picture(640, 400), ImageFormat::Jpeg);
    let medium = editor.upload(&jpeg).created();
    for (name, kind) in [("320.webp", "image/webp"), ("640.jpg", "image/jpeg")] {
        let url = file(&medium, name);
        let answer = server.get(url);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), kind);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{policy}"
        );
        assert_eq!(
            answer.header("cross-origin-resource-policy"),
            "cross-origin"
        );
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string()
        );
        let image = image::load_from_memory(&answer.body).unwrap();
        assert_eq!(format!("{}.", image.width()), name[..4]);

        let known = server
            .client
            .request("GET", url)
            .header("if-none-match", answer.etag());
        let known = known.send();
        assert_eq!((known.status, known.etag()), (304, answer.etag()));
        let head = server.client.head(url);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
    }
}

#[test]
fn a_file_can_be_had_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let medium = editor
        .upload(&encoded(&picture(300, 200), ImageFormat::Jpeg))
        .created();
    let url = file(&medium, "300.webp");
    let whole = server.get(url);
    let length = whole.body.len();
    for (range, bytes) in [
        ("bytes=0-9".to_owned(), 0..10),
        ("bytes=10-".to_owned(), 10..length),
        ("bytes=-5".to_owned(), length - 5..length),
        (format!("bytes=0-{}", length * 2), 0..length),
    ] {
        let answer = part(&server, url, &range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, whole.body[bytes.clone()], "{range}");
        let told = format!("bytes {}-{}/{length}", bytes.start, bytes.end - 1);
        assert_eq!(answer.header("content-range"), told);
        assert_eq!(answer.etag(), whole.etag());
    }
    for ignored in ["bytes=0-1,4-5", "bytes=5-4", "lines=0-1", "nonsense"] {
        let answer = part(&server, url, ignored);
        assert_eq!(
            (answer.status, answer.body.len()),
            (200, length),
            "{ignored}"
        );
    }
    let beyond = part(&server, url, &format!("bytes={length}-"));
    assert_eq!(
        (beyond.status, beyond.code().as_str()),
        (416, "range-not-satisfiable")
    );
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    let of = |tag: &str| {
        let request = server
            .client
            .request("GET", url)
            .header("range", "bytes=0-1");
        request.header("if-range", tag).send().status
    };
    assert_eq!((of(whole.etag()), of("\"another\"")), (206, 200));
}

#[test]
fn nothing_else_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let medium = editor
        .upload(&encoded(&picture(30, 20), ImageFormat::Jpeg))
        .created();
    let url = file(&medium, "30.webp");
    let (base, _) = url.rsplit_once('/').unwrap();
    let name = base.rsplit('/').next().unwrap();
    for path in [
        format!("{base}/original"),
        format!("{base}/31.webp"),
        format!("{base}/30.png"),
        format!("{base}/..%2f..%2foriginals%2f{name}"),
        format!("/media/originals/{name}"),
        format!("/media/{}/30.webp", name.to_uppercase()),
        format!("/media/{}/30.webp", "0".repeat(32)),
        format!("/media/..%2f{name}/30.webp"),
    ] {
        let answer = server.get(&path);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
    for path in ["/media", "/media/", base, &format!("{base}/")] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get(&format!("{url}?w=3")).faults(), ["w unknown"]);
    assert_eq!(server.get(MEDIA).status, 401);
    let refused = server
        .client
        .request("GET", url)
        .header("accept", "text/html")
        .send();
    assert_eq!(refused.status, 406);
}

#[test]
fn addresses_begin_where_the_server_is_set_up_to_be() {
    for (media_url, public_url, begins) in [
        (
            Some("https://cdn.example.org/m"),
            None,
            "https://cdn.example.org/m/",
        ),
        (
            None,
            Some("https://api.example.org"),
            "https://api.example.org/media/",
        ),
        (None, None, "/media/"),
    ] {
        let setup = Server::setup().app(|setup| {
            setup.media_url = media_url.map(str::to_owned);
            setup.public_url = public_url.map(str::to_owned);
        });
        let server = setup.start();
        let editor = server.sign_in(Role::Editor);
        let medium = editor
            .upload(&encoded(&picture(30, 20), ImageFormat::Png))
            .created();
        let url = medium["url"].as_str().unwrap();
        assert!(url.starts_with(begins), "{url}");
    }
}
