//! What readers may ask for as files: a web server that knows nothing but files answers as this one does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use masthead::transfer::markdown;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::everything;
use crate::cli::program::{Serving, on, run};
use crate::imports::import;
use crate::support::{Client, Database, Server, article, corpus, id, page};

pub(super) const FLAGS: [&str; 6] = [
    "--locales",
    "en,de",
    "--site-url",
    "https://example.org",
    "--locale-fallbacks",
    "de=en",
];

/// Exports by the program; answers what it told.
#[track_caller]
fn export(database: &Database, to: &Path) -> String {
    let mut command = on(database, &["export", "static", "--log", "warn"]);
    command.arg(to).args(FLAGS);
    run(command).ok()
}

/// Serves a folder as any host of files does: a folder by the `index.json` in it, all else by its name.
fn serve_files(root: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let root = root.clone();
            std::thread::spawn(move || answer(&stream, &root));
        }
    });
    address
}

fn answer(mut stream: &TcpStream, root: &Path) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
        let mut header = String::from("-");
        while !header.trim().is_empty() {
            header.clear();
            if reader.read_line(&mut header).unwrap_or(0) == 0 {
                return;
            }
        }
        let path = request.split(' ').nth(1).unwrap();
        let path = percent_decode_str(path.split('?').next().unwrap())
            .decode_utf8()
            .unwrap();
        let mut file = root.join(path.trim_matches('/'));
        if file.is_dir() {
            file = file.join("index.json");
        }
        let (status, body) = match std::fs::read(&file) {
            Ok(body) => ("200 OK", body),
            Err(_) => ("404 Not Found", Vec::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // In one piece: the second of two would wait for an acknowledgement.
        if stream
            .write_all(&[head.into_bytes(), body].concat())
            .is_err()
        {
            return;
        }
    }
}

/// The address among files of an address of the API, as the documentation says it: `?` is a step, before the name of a file.
fn among_files(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let (above, name) = path.rsplit_once('/').unwrap();
    if name.contains('.') {
        format!("{above}/{query}/{name}")
    } else {
        format!("{path}/{}", query.trim_end_matches('/'))
    }
}

/// All that a reader finds who follows what lists and answers name.
fn crawl(live: &Client) -> BTreeSet<String> {
    let mut targets: BTreeSet<String> = [
        "/v1/site",
        "/v1/openapi.json",
        "/robots.txt",
        "/llms.txt",
        "/sitemap.xml",
        "/sitemaps/1.xml",
    ]
    .map(str::to_owned)
    .into();
    let mut narrowed = vec![String::new()];
    let mut of_locale = vec![String::new()];
    for locale in ["en", "de"] {
        of_locale.push(format!("locale={locale}"));
    }
    for (list, name) in [("tags", "tag"), ("authors", "author")] {
        for item in whole(live, &format!("/v1/{list}"), &mut targets) {
            let (slug, id) = (text(&item["slug"]), text(&item["id"]));
            targets.insert(format!("/v1/{list}/{slug}"));
            targets.insert(format!("/v1/{list}/{id}"));
            narrowed.push(format!("{name}={slug}"));
        }
    }
    for narrow in &narrowed {
        for locale in &of_locale {
            // In the order of their names.
            let mut parameters: Vec<&str> = vec![narrow, locale];
            parameters.retain(|parameter| !parameter.is_empty());
            parameters.sort_unstable();
            let query = parameters.join("&");
            let query = |path: &str| match query.as_str() {
                "" => path.to_owned(),
                query => format!("{path}?{query}"),
            };
            for format in ["rss", "atom", "json"] {
                targets.insert(query(&format!("/v1/feeds/articles.{format}")));
            }
            whole(live, &query("/v1/articles"), &mut targets);
            if narrow.is_empty() {
                whole(live, &query("/v1/pages"), &mut targets);
            }
        }
    }
    for kind in ["articles", "pages"] {
        for item in whole(live, &format!("/v1/{kind}"), &mut targets) {
            let locale = text(&item["locale"]);
            let mut locales = vec![locale.clone()];
            // German readers get in English what is not there in German.
            if locale == "en" {
                locales.push("de".into());
            }
            for key in [text(&item["slug"]), text(&item["id"])] {
                for form in ["", ".md", ".txt", ".html", "/related"] {
                    if form == "/related" && kind == "pages" {
                        continue;
                    }
                    targets.insert(format!("/v1/{kind}/{key}{form}"));
                    if key.len() != 36 {
                        for locale in &locales {
                            targets.insert(format!("/v1/{kind}/{key}{form}?locale={locale}"));
                        }
                    }
                }
            }
            let slug = text(&item["slug"]);
            targets.insert(match locale.as_str() {
                "en" => format!("/v1/resolve?path=/{slug}"),
                _ => format!("/v1/resolve?path=/{locale}/{slug}"),
            });
        }
    }
    targets
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// All items of a list, page by page, whose addresses are noted.
fn whole(live: &Client, list: &str, targets: &mut BTreeSet<String>) -> Vec<Value> {
    targets.insert(list.to_owned());
    let mut items = Vec::new();
    for number in 1.. {
        let (path, query) = list.split_once('?').unwrap_or((list, ""));
        let number = format!("page={number}");
        let mut parameters: Vec<&str> = query.split('&').filter(|one| !one.is_empty()).collect();
        parameters.push(&number);
        parameters.sort_unstable();
        let target = format!("{path}?{}", parameters.join("&"));
        let page = live.get(&target).ok();
        targets.insert(target);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        if page["page"]["next"].is_null() {
            return items;
        }
    }
    items
}

/// Fails where files answer otherwise than the server.
#[track_caller]
pub(super) fn answers_alike(live: &Client, root: &Path) -> usize {
    let files = serve_files(root.to_owned());
    let targets = crawl(live);
    let client = reqwest::blocking::Client::new();
    for target in &targets {
        let expected = live.get(target);
        assert_eq!(expected.status, 200, "{target}");
        let address = among_files(target);
        let found = client
            .get(format!("http://{files}{address}"))
            .send()
            .unwrap();
        assert_eq!(found.status(), 200, "{address} for {target}");
        let found = found.bytes().unwrap();
        assert!(
            found == expected.body,
            "{address} is not what {target} is\n{}\n{}",
            String::from_utf8_lossy(&found),
            expected.text()
        );
    }
    targets.len()
}

/// The redirects of a folder: from, to, status.
fn redirects(root: &Path) -> BTreeMap<String, String> {
    let list = std::fs::read_to_string(root.join("_redirects")).unwrap();
    let line = |line: &str| {
        let mut parts = line.split(' ').map(str::to_owned);
        let (from, to) = (parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(parts.collect::<Vec<_>>(), ["308"], "{line}");
        (from, to)
    };
    list.lines().map(line).collect()
}

#[test]
fn files_answer_as_the_server_does() {
    let server = everything();
    let database = server.into_database();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let told = export(&database, &out);
    assert!(told.contains(" published articles and pages, "), "{told}");
    let live = Serving::over(&database, &FLAGS);
    assert!(answers_alike(&live.client, &out) > 200);

    let redirects = redirects(&out);
    for (from, to) in [
        ("/v1/articles/second/", "/v1/articles/third/locale=de/"),
        ("/v1/articles/first.md", "/v1/articles/locale=de/third.md"),
        (
            "/v1/articles/fr%C3%BCher/locale=de/",
            "/v1/articles/odd/locale=de/",
        ),
        ("/v1/tags/hour/", "/v1/tags/z-time/"),
    ] {
        assert_eq!(
            redirects.get(from).map(String::as_str),
            Some(to),
            "{redirects:?}"
        );
    }
    // The website's own redirects are answers of their own.
    for (path, to) in [
        ("old about", "https://example.org/?q=1"),
        ("日本", "/odd"),
        ("to-it", "/de/odd"),
    ] {
        let file = out.join(format!("v1/resolve/path=/{path}/index.json"));
        let page: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(page["redirect"]["to"], to);
    }
    // Nothing of what readers may not see.
    for entry in walkdir::WalkDir::new(&out) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        for canary in [
            "In the state draft",
            "In the state trashed",
            "Odd no more",
            "anarienvogel",
        ] {
            let hidden = canary.as_bytes();
            let found = bytes.windows(hidden.len()).any(|window| window == hidden);
            assert!(!found, "{canary} in {}", entry.path().display());
        }
    }
}

#[test]
fn files_of_a_real_blog_answer_as_the_server_does() {
    let server = Server::start();
    let blog = markdown::files(&corpus("markdown-blog/18f-yaml")).unwrap();
    let texts = blog.found.into_iter().take(50);
    let texts = texts.map(|(name, path)| markdown::parse(&name, &std::fs::read(path).unwrap()));
    import(&server, "blog", texts.collect());
    let database = server.into_database();
    let folder = tempfile::tempdir().unwrap();
    export(&database, folder.path());
    let live = Serving::over(&database, &FLAGS);
    // Three pages of the list among them, and those of its tags and authors.
    assert!(answers_alike(&live.client, folder.path()) > 50 * 10);
}

#[test]
fn what_is_taken_back_is_gone_from_the_files() {
    let server = Server::start();
    article("Stays").id(id(1)).create(&server);
    page("Goes").id(id(2)).create(&server);
    let database = server.into_database();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    export(&database, out);
    assert!(out.join("v1/pages/goes.md").exists());
    let second = export(&database, out);
    assert!(second.contains("\n0 files written, "), "{second}");

    let server = Server::setup().over(database).start();
    page("Goes").draft().replace(&server, id(2));
    let database = server.into_database();
    let third = export(&database, out);
    assert!(!third.contains(" 0 removed"), "{third}");
    assert!(!out.join("v1/pages/goes.md").exists());
    assert!(!out.join("v1/pages/goes").exists());
    assert!(out.join("v1/articles/stays/index.json").exists());
}
