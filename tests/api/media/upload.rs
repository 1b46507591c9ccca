//! Forms with pictures: what is taken, and why something is not.

use std::io::{Read, Write};
use std::net::TcpStream;

use image::ImageFormat;
use masthead::auth::model::Role;
use masthead::media::files::Files;
use masthead::media::library::{Library, Settings};
use serde_json::{Value, json};

use super::{MEDIA, files_of, path_of};
use crate::support::pictures::{encoded, picture, png, transparent};
use crate::support::{Answer, Client, Server};

fn send(client: &Client, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
    client.request("POST", MEDIA).form(parts).send()
}

#[test]
fn a_picture_is_put_in_with_what_is_said_of_it() {
    let server = Server::start();
    let author = server.sign_in(Role::Author);
    let jpeg = encoded(&picture(700, 400), ImageFormat::Jpeg);
    let answer = send(
        &author,
        &[
            ("alt", None, "A cup of tea".as_bytes()),
            ("file", Some("C:\\photos\\cup.png"), &jpeg),
            ("focal_point", None, b"0.25,0.5"),
            ("credit", None, "Ada".as_bytes()),
        ],
    );
    let medium = answer.created();
    assert_eq!(answer.header("location"), path_of(&medium));
    // By its bytes, whatever its name.
    assert_eq!(medium["type"], "image/jpeg");
    assert_eq!(medium["file_name"], "cup.png");
    assert_eq!(
        (&medium["width"], &medium["height"]),
        (&json!(700), &json!(400))
    );
    assert_eq!(medium["bytes"], jpeg.len());
    assert_eq!(medium["alt"], "A cup of tea");
    assert_eq!(
        (&medium["title"], &medium["credit"]),
        (&Value::Null, &json!("Ada"))
    );
    assert_eq!(medium["focal_point"], json!({"x": 0.25, "y": 0.5}));
    assert!(
        medium["blurhash"]
            .as_str()
            .is_some_and(|hash| hash.len() > 20)
    );
    let expected = [
        "320.webp", "320.jpg", "640.webp", "640.jpg", "700.webp", "700.jpg",
    ];
    assert_eq!(files_of(&medium), expected);
    assert!(medium["url"].as_str().unwrap().ends_with("/700.jpg"));

    let shown = author.get(&path_of(&medium));
    assert_eq!(shown.etag().split('.').next(), Some("\"1"));
    let mut shown = shown.ok();
    assert_eq!((&shown["uses"], &shown["used_by"]), (&json!(0), &json!([])));
    for name in ["uses", "used_by"] {
        shown.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(shown, medium);
    let list = author.get(&format!("{MEDIA}?count=true")).ok();
    assert_eq!(
        (&list["items"], &list["page"]["total"]),
        (&json!([medium]), &json!(1))
    );
    let log = server
        .sign_in(Role::Admin)
        .get("/v1/admin/audit?resource=media")
        .ok();
    assert_eq!(log["items"][0]["action"], "created");
}

#[test]
fn the_same_bytes_are_there_once() {
    let server = Server::start();
    let (ada, bob) = (server.sign_in(Role::Author), server.sign_in(Role::Author));
    let bytes = png(50, 40);
    let first = send(&ada, &[("file", None, &bytes), ("alt", None, b"A")]).created();
    let change = server.db().change();
    let again = send(&bob, &[("file", None, &bytes), ("alt", None, b"B")]);
    assert_eq!(again.ok(), first);
    assert_eq!(again.change(), change);
    // Another picture is another medium.
    assert_ne!(ada.upload(&png(50, 40)).created()["id"], first["id"]);
}

#[test]
fn a_repeated_key_is_answered_as_before_and_a_rehearsal_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = super::server_in(folder.path());
    let editor = server.sign_in(Role::Editor);
    let bytes = png(30, 30);
    let rehearsed = editor.request("POST", &format!("{MEDIA}?dry_run=true"));
    let rehearsed = rehearsed.form(&[("file", None, &bytes)]).send().created();
    assert_eq!(rehearsed["width"], 30);
    assert_eq!(super::kept::files_in(folder.path()), Vec::<String>::new());
    let keyed = |bytes: &[u8]| {
        let request = editor.request("POST", MEDIA).header("idempotency-key", "k");
        request.form(&[("file", None, bytes)]).send()
    };
    let first = keyed(&bytes);
    assert_eq!(keyed(&bytes).created(), first.created());
    let other = keyed(&png(30, 30));
    assert_eq!(
        (other.status, other.code().as_str()),
        (422, "idempotency-key-reused")
    );
}

#[test]
fn what_is_transparent_has_no_white_ground() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let bytes = encoded(&transparent(64, 48), ImageFormat::Png);
    let medium = editor.upload(&bytes).created();
    assert_eq!(files_of(&medium), ["64.webp", "64.png"]);
    assert!(medium["url"].as_str().unwrap().ends_with("/64.png"));
}

#[test]
fn what_is_no_picture_is_refused_with_what_it_seems_to_be() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    for (bytes, told) in [
        (&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], "SVG"),
        (b"PK\x03\x04", "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"", "empty"),
        (b"words", "no picture"),
    ] {
        let refused = editor.upload(bytes);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (415, "unsupported-media-type")
        );
        assert_eq!(refused.faults(), ["/file not_allowed"]);
        let detail = refused.problem()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains(told) && detail.contains("JPEG, PNG, GIF and WebP"),
            "{detail}"
        );
    }
    let whole = png(200, 200);
    let broken = editor.upload(&whole[..whole.len() / 2]);
    assert_eq!(
        (broken.status, broken.faults()),
        (422, vec!["/file malformed".to_owned()])
    );
    assert_eq!(editor.get(MEDIA).ok()["items"], json!([]));
}

#[test]
fn all_the_faults_of_a_form_are_told_at_once() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let long = "x".repeat(5_001);
    let refused = send(
        &editor,
        &[
            ("fiel", Some("cup.png"), &png(5, 5)),
            ("alt", None, long.as_bytes()),
            ("alt", None, b"again"),
            ("title", None, b"\xff"),
            ("focal_point", None, b"middle"),
        ],
    );
    assert_eq!(refused.status, 422);
    let mut faults = refused.faults();
    faults.sort_unstable();
    let expected = [
        "/alt repeated",
        "/alt too_large",
        "/fiel unknown",
        "/file missing",
        "/focal_point malformed",
        "/title malformed",
    ];
    assert_eq!(faults, expected);
    let text = refused.text();
    assert!(text.contains("did you mean `file`"), "{text}");
    let twice = send(
        &editor,
        &[("file", None, &png(5, 5)), ("file", None, &png(5, 5))],
    );
    assert_eq!(twice.faults(), ["/file repeated"]);
}

#[test]
fn a_form_has_bounds() {
    let server = Server::setup()
        .http(|http| http.limits.upload = 50_000)
        .start();
    let editor = server.sign_in(Role::Editor);
    let mut padded = png(5, 5);
    padded.resize(50_001, 0);
    let refused = editor.upload(&padded);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "content-too-large")
    );
    padded.pop();
    editor.upload(&padded).created();
    // Without a length, in pieces, and without an end.
    let mut stream = TcpStream::connect(server.client.address()).unwrap();
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let sent = format!(
        "POST {MEDIA} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n{:x}\r\n{head}\r\n{:x}\r\n{}\r\n",
        editor.token(),
        head.len(),
        60_000,
        "x".repeat(60_000),
    );
    stream.write_all(sent.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let many: Vec<(&str, Option<&str>, &[u8])> =
        (0..21).map(|_| ("alt", None, &b"x"[..])).collect();
    let refused = send(&editor, &many);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (413, "content-too-large")
    );
}

#[test]
fn what_is_no_form_is_refused() {
    let server = Server::start();
    let editor = server.sign_in(Role::Editor);
    let sent = |kind: &str, body: &'static [u8]| {
        let request = editor.request("POST", MEDIA).header("content-type", kind);
        request.body(body).send()
    };
    let refused = sent("image/png", b"x");
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (415, "unsupported-media-type")
    );
    assert_eq!(editor.order(MEDIA).status, 415);
    for (kind, body) in [
        ("multipart/form-data", &b"x"[..]),
        ("multipart/form-data; boundary=b", b"no parts at all"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbroken off",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nNo-Name: x\r\n\r\nx\r\n--b--\r\n",
        ),
    ] {
        let refused = sent(kind, body);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (400, "bad-request"),
            "{body:?}"
        );
    }
    let packed = editor
        .request("POST", MEDIA)
        .header("content-encoding", "gzip");
    let packed = packed.form(&[("file", None, &png(5, 5))]).send();
    assert_eq!(packed.status, 415);
}

#[test]
fn a_picture_with_too_many_pixels_is_refused_by_its_header() {
    let mut settings = Settings::default();
    settings.recipe.pixels = 10_000;
    let library = Library::new(Files::in_memory(), settings);
    let server = Server::setup().app(|setup| setup.library = library).start();
    let editor = server.sign_in(Role::Editor);
    let refused = editor.upload(&png(101, 100));
    assert_eq!(
        (refused.status, refused.faults()),
        (422, vec!["/file too_large".to_owned()])
    );
    let detail = refused.problem()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("101 x 100 pixels; at most 10000"),
        "{detail}"
    );
    editor.upload(&png(100, 100)).created();
}

#[test]
fn the_list_is_narrowed() {
    let server = Server::start();
    let (ada, bob) = (server.sign_in(Role::Author), server.sign_in(Role::Author));
    let jpeg = encoded(&picture(20, 20), ImageFormat::Jpeg);
    let cup = send(
        &ada,
        &[
            ("file", Some("cup.jpg"), &jpeg),
            ("alt", None, b"100 % tea"),
        ],
    )
    .created();
    server.clock.advance(std::time::Duration::from_secs(1));
    let door = send(
        &bob,
        &[
            ("file", Some("door.png"), &png(9, 9)),
            ("title", None, b"The Door"),
        ],
    )
    .created();
    let used = json!({"title": "One", "cover": {"media_id": door["id"]}});
    bob.post("/v1/admin/articles", &used).created();
    let found = |query: &str| {
        let list = ada.get(&format!("{MEDIA}?{query}")).ok();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    let (cup_id, door_id) = (cup["id"].clone(), door["id"].clone());
    assert_eq!(found(""), [door_id.clone(), cup_id.clone()]);
    for (query, id) in [
        ("type=image/jpeg".to_owned(), cup_id.clone()),
        ("type=image/png&type=image/gif".to_owned(), door_id.clone()),
        ("q=100%20%25".to_owned(), cup_id.clone()),
        ("q=the%20door".to_owned(), door_id.clone()),
        ("q=door.png".to_owned(), door_id.clone()),
        ("unused=true".to_owned(), cup_id.clone()),
        ("unused=false".to_owned(), door_id),
        (
            format!("owner={}", cup["owner"].as_str().unwrap()),
            cup_id.clone(),
        ),
        ("limit=1&page=2".to_owned(), cup_id.clone()),
    ] {
        assert_eq!(found(&query), vec![id.clone()], "{query}");
    }
    let first = ada.get(&format!("{MEDIA}?limit=1"));
    assert_eq!(
        ada.get(&first.link("next").unwrap()).ok()["items"][0]["id"],
        cup_id
    );
    let refused = ada.get(&format!("{MEDIA}?type=image/svg%2Bxml&unused=maybe"));
    assert_eq!(refused.faults(), ["type not_allowed", "unused malformed"]);
}
