//! More addresses than one sitemap holds.

use std::collections::BTreeSet;

use diesel::prelude::*;
use masthead::db::Reason;
use masthead::db::schema::{articles, published_counts};
use roxmltree::Document;

use super::{SITEMAP, urls};
use crate::support::{Server, article, each, id, page};

/// Puts copies of the first article behind it, with other slugs, all but `same` at times of their own.
fn copy(server: &Server, many: u64, same: u64) {
    let (kind, locale) = ("article", "en");
    server.write_quietly(Reason::Sweep, move |conn| {
        for number in 1..=many {
            let at = 1_700_000_000_000 + i64::try_from(number.saturating_sub(same)).unwrap();
            let row = (
                articles::id.eq(id(1_000_000 + number)),
                articles::kind.eq(kind),
                articles::state.eq("published"),
                articles::locale.eq(locale),
                articles::slug.eq(format!("copy-{number}")),
                articles::title.eq("Copy"),
                articles::title_key.eq("copy"),
                articles::excerpt.eq(""),
                articles::featured.eq(false),
                articles::audience.eq("general"),
                articles::citations.eq("[]"),
                articles::word_count.eq(0),
                articles::reading_minutes.eq(0),
                articles::version.eq(1_i64),
                articles::created_at.eq(at),
                articles::updated_at.eq(at),
                articles::published_at.eq(at),
            );
            each!(conn, c => diesel::insert_into(articles::table).values(&row).execute(c))?;
        }
        let counted = published_counts::table
            .filter(published_counts::kind.eq(kind))
            .filter(published_counts::locale.eq(locale));
        let more = published_counts::count + i64::try_from(many).unwrap();
        each!(conn, c => diesel::update(counted).set(published_counts::count.eq(more)).execute(c))?;
        Ok(())
    });
}

fn parts(server: &Server) -> Vec<String> {
    let answer = server.get("/sitemap.xml");
    let document = Document::parse(answer.text()).unwrap();
    let root = document.root_element();
    if !root.has_tag_name((SITEMAP, "sitemapindex")) {
        return Vec::new();
    }
    let locs = root
        .descendants()
        .filter(|node| node.has_tag_name((SITEMAP, "loc")));
    locs.map(|loc| loc.text().unwrap().to_owned()).collect()
}

#[test]
fn beyond_50_000_addresses_there_is_an_index_of_parts() {
    let server = Server::start();
    article("First")
        .slug("first")
        .published_at("2010-01-01T00:00:00Z")
        .create(&server);
    for number in 0..3 {
        page(&format!("Page {number}"))
            .slug(&format!("page-{number}"))
            .create(&server);
    }
    // With those of one time lying across the end of a part.
    copy(&server, 49_996, 12_000);
    assert!(parts(&server).is_empty());
    assert_eq!(urls(&server, "/sitemap.xml").len(), 50_000);

    page("Last").slug("last").create(&server);
    let parts = parts(&server);
    let expected: Vec<String> = (1..=6)
        .map(|number| format!("https://example.org/sitemaps/{number}.xml"))
        .collect();
    assert_eq!(parts, expected);
    let mut all = BTreeSet::new();
    for (number, part) in parts.iter().enumerate() {
        let urls = urls(&server, part.trim_start_matches("https://example.org"));
        assert_eq!(urls.len(), if number < 5 { 10_000 } else { 1 }, "{part}");
        all.extend(urls.into_iter().map(|url| url.loc));
    }
    assert_eq!(all.len(), 50_001);
    assert!(all.contains("https://example.org/first") && all.contains("https://example.org/last"));
    assert_eq!(server.get("/sitemaps/7.xml").status, 404);
}
