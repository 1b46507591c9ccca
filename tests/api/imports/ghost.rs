//! Ghost exports through the program: every file of the corpus, and what must not become public.

use masthead::auth::model::Role;
use serde_json::Value;

use super::report::{import, import_text, refused, stored};
use crate::support::{Database, Server, corpus};

/// What a file holds, read whole.
fn data(file: &str) -> Value {
    let bytes = std::fs::read(corpus(file)).unwrap();
    let whole: Value = serde_json::from_slice(&bytes).unwrap();
    whole["db"][0]["data"].clone()
}

fn rows<'a>(data: &'a Value, table: &str) -> &'a [Value] {
    data[table].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_export_comes_in_whole_and_once() {
    for file in [
        "ghost/ghost-4.1-export.json",
        "ghost/ghost-valid.json",
        "ghost/mg-ghost.json",
    ] {
        let data = data(file);
        let database = Database::unmigrated();
        let first = import(&database, "ghost", &corpus(file), &[]);
        assert_eq!(
            first.texts.created + first.skipped + first.broken,
            rows(&data, "posts").len(),
            "{}",
            first.output
        );
        assert_eq!(first.of("tags").created, rows(&data, "tags").len());
        assert_eq!(first.of("authors").created, rows(&data, "users").len());
        let second = import(&database, "ghost", &corpus(file), &[]);
        assert_eq!(second.texts.unchanged, first.texts.created);
        for kind in ["tags", "authors", "site"] {
            let is = second.of(kind);
            assert_eq!(
                (is.created, is.updated, is.unchanged),
                (0, 0, first.of(kind).created),
                "{kind}"
            );
        }

        let server = Server::setup().over(database).start();
        let admin = server.sign_in(Role::Admin);
        let all = stored(&server);
        for post in rows(&data, "posts") {
            let key = post["id"].as_str().unwrap();
            let page = post["type"] == "page" || post["page"] == 1;
            let text = &all[key];
            assert_eq!(text.kind, if page { "page" } else { "article" }, "{key}");
            assert_eq!(text.slug, post["slug"].as_str().unwrap(), "{key}");
            let open = post["visibility"].as_str().unwrap_or("public") == "public";
            let status = if open {
                post["status"].as_str().unwrap()
            } else {
                "draft"
            };
            assert_eq!(text.state, status, "{key}");
            if let Some(plain) = post["plaintext"].as_str() {
                no_word_is_lost(key, plain, post["mobiledoc"].as_str(), &text.text);
            }
            if open && !page {
                let shown = server.get(&format!("/v1/articles/{}", text.slug)).ok();
                let tags = rows(&data, "posts_tags").iter();
                let tags = tags.filter(|row| row["post_id"] == key).count();
                assert_eq!(shown["tags"].as_array().unwrap().len(), tags, "{key}");
            }
        }
        for user in rows(&data, "users") {
            let address = user["email"].as_str().unwrap();
            for path in [
                "/v1/authors",
                "/v1/site",
                "/v1/articles?include=authors,metadata,body",
                "/v1/admin/authors",
            ] {
                let shown = if path.contains("admin") {
                    admin.get(path)
                } else {
                    server.get(path)
                };
                assert!(!shown.text().contains(address), "{path} shows {address}");
            }
        }
    }
}

/// Every word of Ghost's own plain text stands in the text, in its order. That one has the addresses of links in it, which
/// are no words of the writer, and puts a caption and the paragraph behind it into one word; and it may be of an earlier
/// state than what the writer wrote, and then has words that are there no more. The marks of footnotes and the
/// numbers of lists are no words.
#[track_caller]
fn no_word_is_lost(key: &str, plain: &str, written: Option<&str>, text: &str) {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut rest = letters.as_str();
    let plain = (1..10).fold(plain.to_owned(), |plain, mark| {
        plain.replace(&format!("[{mark}]"), " ")
    });
    let words = plain
        .split_whitespace()
        .filter(|word| !word.contains('/'))
        .filter(|word| {
            word.strip_suffix('.')
                .is_none_or(|number| number.parse::<u32>().is_err())
        })
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .filter(|word| written.is_none_or(|written| written.contains(word)));
    for word in words {
        let Some(found) = rest.find(word) else {
            let there = &letters[..letters.len() - rest.len()];
            let last: String = there
                .chars()
                .rev()
                .take(60)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            panic!("{key}: `{word}` is lost behind `{last}`");
        };
        rest = &rest[found + word.len()..];
    }
}

#[test]
fn a_working_file_of_another_program_is_no_export() {
    let database = Database::unmigrated();
    let told = refused(
        &database,
        "ghost",
        &std::fs::read(corpus("ghost/mg-context-lexical.json")).unwrap(),
    );
    assert!(told.contains("it is no Ghost export"), "{told}");
}

#[test]
fn the_lexical_documents_of_the_corpus_keep_their_words() {
    let bytes = std::fs::read(corpus("ghost/mg-context-lexical.json")).unwrap();
    let whole: Value = serde_json::from_slice(&bytes).unwrap();
    let posts: Vec<Value> = rows(&whole["result"], "posts")
        .iter()
        .enumerate()
        .filter(|(_, post)| post["data"]["lexical"].is_string())
        .map(|(index, post)| {
            let data = &post["data"];
            serde_json::json!({"id": index + 1, "title": data["title"], "slug": data["slug"], "lexical": data["lexical"],
                "status": "published", "type": "post"})
        })
        .collect();
    assert!(!posts.is_empty());
    let export = serde_json::json!({"data": {"posts": posts}});
    let database = Database::unmigrated();
    let report = import_text(&database, "ghost", export.to_string().as_bytes(), &[]);
    assert_eq!(
        (report.texts.created, report.broken),
        (posts.len(), 0),
        "{}",
        report.output
    );
    let server = Server::setup().over(database).start();
    for post in &posts {
        let slug = post["slug"].as_str().unwrap();
        let shown = server
            .get(&format!("/v1/articles/{slug}.txt"))
            .text()
            .to_owned();
        let lexical: Value = serde_json::from_str(post["lexical"].as_str().unwrap()).unwrap();
        let mut words = Vec::new();
        gather(&lexical, &mut words);
        for text in words {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(shown.contains(&text), "{slug}: `{text}` is lost in {shown}");
        }
    }
}

/// The texts of a Lexical tree.
fn gather(node: &Value, words: &mut Vec<String>) {
    if node["type"] == "extended-text" || node["type"] == "text" {
        words.push(node["text"].as_str().unwrap().to_owned());
    }
    match node {
        Value::Object(fields) => fields.values().for_each(|value| gather(value, words)),
        Value::Array(list) => list.iter().for_each(|value| gather(value, words)),
        _ => {}
    }
}

#[test]
fn what_is_for_members_comes_out_by_no_flag() {
    let post = |id: u32, more: &str| {
        format!(
            "{{\"id\": {id}, \"title\": \"Canary {id}\", \"slug\": \"c{id}\", \"html\": \"<p>x</p>\", \"status\": \"published\"{more}}}"
        )
    };
    let json = format!(
        "{{\"data\": {{\"posts\": [{}, {}, {}, {}], \"tags\": [{{\"id\": 1, \"name\": \"#secret\", \"slug\": \"hash-secret\"}}],
          \"posts_tags\": [{{\"post_id\": 4, \"tag_id\": 1}}]}}}}",
        post(1, ", \"visibility\": \"members\""),
        post(2, ", \"visibility\": \"paid\""),
        post(3, ", \"email_only\": true"),
        post(4, ""),
    );
    let database = Database::unmigrated();
    let report = import_text(
        &database,
        "ghost",
        json.as_bytes(),
        &["--status", "published"],
    );
    assert_eq!((report.texts.created, report.skipped), (4, 1));
    assert!(
        report.warns("post 4 ", "internal tags"),
        "{}",
        report.output
    );
    let server = Server::setup().over(database).start();
    assert_eq!(server.get("/v1/articles").column("title"), ["Canary 4"]);
    for path in [
        "/v1/tags",
        "/v1/articles/c4",
        "/v1/articles?include=metadata,tags",
    ] {
        assert!(!server.get(path).text().contains("secret"), "{path}");
    }
}
