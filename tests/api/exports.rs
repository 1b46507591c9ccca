//! What goes out comes back in as it was: exports of everything there may be, by the program as users run it.

mod demo;
mod markdown;
mod pictures;
mod round_trip;
mod static_api;

use std::path::Path;

use masthead::articles::model::{ArticleInput, Format, Image, Seo, Source, State};
use masthead::articles::store::{self, working_copies};
use masthead::auth::model::Role;
use masthead::authors::model::{Link, NewAuthor};
use masthead::id::Id;
use masthead::redirects::store::Target;
use masthead::site::model::Settings;
use masthead::tags::model::NewTag;
use masthead::{authors, redirects, site, tags};
use serde_json::json;

use crate::cli::program::{on, run};
use crate::support::{Database, Server, article, id, page, time};

/// Exports by the program; answers what it told.
#[track_caller]
fn export(database: &Database, format: &str, to: &Path, flags: &[&str]) -> String {
    let mut command = on(
        database,
        &["export", format, "--locales", "en,de", "--log", "warn"],
    );
    command.arg(to).args(flags);
    let said = run(command);
    assert_eq!(said.code, Some(0), "{said:?}");
    format!("{}{}", said.output, said.errors)
}

/// Imports by the program; answers its report.
#[track_caller]
fn import(database: &Database, format: &str, from: &Path) -> String {
    let mut command = on(database, &["import", format, "--locales", "en,de"]);
    command.arg(from);
    run(command).ok()
}

/// All content as lines.
#[track_caller]
fn lines(database: &Database) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.jsonl");
    export(database, "jsonl", &file, &[]);
    std::fs::read_to_string(file).unwrap()
}

/// A site with one of everything that an export holds, and with what it does not.
fn everything() -> Server {
    let server = Server::start();
    names(&server);
    texts(&server);
    states(&server);
    sources(&server);
    leads(&server);
    server
}

fn names(server: &Server) {
    server.write(|tx| {
        let settings: Settings = serde_json::from_value(json!({
            "name": "The Door", "tagline": "Come in", "contact": {"email": "desk@example.org"},
            "menus": {"main": [{"label": "Home", "url": "/"}]},
        }))
        .unwrap();
        site::store::put(tx, &settings)?;
        let tag = |name: &str, slug: &str, aliases: &[&str], parent: Option<&str>| {
            let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
            let about = Some(format!("About \"{name}\"\nand more"));
            NewTag::parse(
                name,
                Some(slug.into()),
                about,
                aliases,
                parent.map(Into::into),
            )
            .unwrap()
        };
        // A tag sorts before the one that it stands below.
        tags::store::create(tx, &tag("Zeit", "z-time", &["zeit", "hour"], None))?;
        tags::store::create(tx, &tag("Abend", "a-evening", &[], Some("z-time")))?;
        tags::store::create(
            tx,
            &tag("Kanarienvogel", "kanarienvogel", &[], Some("a-evening")),
        )?;
        for (name, slug) in [("Ada", "ada"), ("Ada", "ada-2"), ("Žofie", "zofie")] {
            let avatar = Image {
                url: "/ada.jpg".into(),
                alt: "Ada".into(),
                width: Some(9),
                height: None,
            };
            let link = Link {
                label: "Home".into(),
                url: "https://example.org/ada".into(),
            };
            let bio = Some("Wrote it".into());
            let author =
                NewAuthor::parse(name, Some(slug.into()), bio, Some(avatar), vec![link]).unwrap();
            authors::store::create(tx, &author)?;
        }
        Ok(())
    });
}

/// Texts that are hard to keep.
fn texts(server: &Server) {
    let seo = Seo {
        title: Some("true".into()),
        description: Some("404".into()),
        canonical_url: Some("https://example.org/else".into()),
        image: Some("/a{b}.png".into()),
        noindex: true,
    };
    article("Odd <b>words</b> & \"signs\": {yes}\u{7f}\u{2028}\u{feff}")
        .id(id(1))
        .slug("odd")
        .subtitle("  spaces around  ")
        .standfirst("<p>No markup</p> &amp; #hash\nsecond line")
        .excerpt("404")
        .content_notice("null")
        .published_at("2024-01-02T03:04:05.678Z")
        .updated_at("2024-02-03T04:05:06.789Z")
        .markdown("---\r\nnot: front matter\r\n---\n\n# A\r\n\ttab, no newline at the end")
        .tags(["a-evening", "z-time", "Café au lait"])
        .authors(["ada-2", "zofie", "ada"])
        .featured()
        .mature()
        .cover(Image {
            url: "https://example.org/a%20b.jpg?x={1}".into(),
            alt: "  A [cup]\n".into(),
            width: Some(4_000_000_000),
            height: Some(1),
        })
        .cites("  A book ", None)
        .cites("404", Some("https://example.org/404"))
        .seo(seo)
        .metadata("number", json!([1.0, 1e21, -0.0, u64::MAX, i64::MIN, 0.1]))
        .metadata("deep", deep(30))
        .metadata(&"k".repeat(2_000), json!(null))
        .metadata("empty", json!({"a": [], "b": {}, "c": "", "d": false}))
        .metadata("masthead: 1", json!("---"))
        .translation_key("odd/1")
        .create(server);
    article("Eine Übersetzung")
        .id(id(2))
        .locale("de")
        .slug("odd")
        .aliases(["früher", "noch früher"])
        .translation_key("odd/1")
        .published_at("2024-01-02T03:04:05.678Z")
        .html("<p onclick=\"x()\">unsafe <script>alert(1)</script>\n\n")
        .create(server);
    // Each of its characters takes six in JSON.
    let loud = "\u{1}".repeat(1024 * 1024);
    let mut plain = page("con")
        .id(id(3))
        .slug("con")
        .published_at("2024-01-02T00:00:00Z");
    plain.0.body = Some(Source {
        format: Format::Text,
        text: loud,
    });
    plain.create(server);
    page("No body yet").id(id(4)).draft().create(server);
}

/// Arrays in arrays.
fn deep(levels: usize) -> serde_json::Value {
    (0..levels).fold(json!("deep"), |inner, _| json!([inner]))
}

/// A text in each state, and moves between slugs, locales and states.
fn states(server: &Server) {
    for (number, state) in (10..).zip(State::ALL) {
        let mut text = article(&format!("In the state {}", state.as_str()))
            .id(id(number))
            .state(*state);
        text.0.published_at = Some(match state {
            State::Scheduled => time("2999-01-01T00:00:00Z"),
            _ => time("2024-05-06T07:08:09Z"),
        });
        text.create(server);
    }
    let moved = article("Moved")
        .id(id(20))
        .slug("first")
        .published_at("2024-03-01T00:00:00Z");
    moved.clone().create(server);
    moved.clone().slug("second").replace(server, id(20));
    moved.slug("third").locale("de").replace(server, id(20));

    let editor = server.sign_in(Role::Editor);
    let end = json!({"unpublish_at": "2999-06-01T00:00:00Z"});
    let schedule = |id: Id| format!("/v1/admin/articles/{id}/schedule");
    assert_eq!(editor.post(&schedule(id(1)), &end).status, 200);
    assert_eq!(editor.post(&schedule(id(12)), &end).status, 200);

    let copy = ArticleInput {
        locale: Some("en".into()),
        slug: Some("odd".into()),
        tags: vec!["kanarienvogel".into()],
        authors: vec!["ada".into()],
        body: Some(Source {
            format: Format::Html,
            text: "<p>What comes next".into(),
        }),
        seo: Seo {
            noindex: true,
            ..Seo::default()
        },
        ..ArticleInput::new("Odd no more")
    };
    server.write(move |tx| {
        working_copies::save(tx, masthead::articles::model::Kind::Article, id(1), &copy)
    });
    // What nobody may read in an export.
    let account = server.account(Role::Admin);
    article("Owned")
        .id(id(21))
        .published_at("2024-03-02T00:00:00Z")
        .create(server);
    server.write(move |tx| {
        let new = masthead::articles::new::NewArticle::parse(
            ArticleInput {
                status: Some(State::Published),
                published_at: Some(time("2024-03-02T00:00:00Z")),
                slug: Some("owned".into()),
                ..ArticleInput::new("Owned")
            },
            &masthead::articles::new::Rules {
                locales: vec!["en".into(), "de".into()],
            },
        );
        let new = new.unwrap().by_editor(Some(account));
        store::replace(tx, id(21), &new)
    });
}

/// Texts of two sources that have one key.
fn sources(server: &Server) {
    use masthead::transfer::{Parsed, markdown};
    for source in ["one", "two"] {
        let text = format!("---\ntitle: From {source}\ndate: 2024-04-05\n---\n{source}");
        let items: Vec<Parsed> = vec![markdown::parse("about.md", text.as_bytes())];
        let report = crate::imports::import(server, source, items);
        assert_eq!(report.created, 1);
    }
}

fn leads(server: &Server) {
    server.write(|tx| {
        let to = |address: &str| Target::Address(address.to_owned());
        redirects::store::ensure(tx, "/old about/", &to("https://example.org/?q=1"), 302)?;
        redirects::store::ensure(tx, "/日本", &to("/odd"), 307)?;
        redirects::store::ensure(tx, "/to-it", &Target::Article(id(2)), 301)?;
        // What is in the trash stands nowhere, so something else may.
        redirects::store::ensure(tx, "/in-the-state-trashed", &to("/odd"), 308)?;
        Ok(())
    });
}
