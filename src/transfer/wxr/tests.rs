use super::*;
use crate::articles::cover::Cover;
use crate::articles::model::{Kind, State};
use crate::transfer::Item;

/// An export with this in its channel.
fn export(channel: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:excerpt=\"http://wordpress.org/export/1.2/excerpt/\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel>{channel}</channel></rss>"
    )
}

fn read(xml: &str) -> Vec<Parsed> {
    let site = scan(xml.as_bytes()).unwrap();
    site.read(xml.as_bytes()).map(Result::unwrap).collect()
}

fn refused(xml: &[u8]) -> String {
    scan(xml).unwrap_err().to_string()
}

/// The posts of an export.
fn items(xml: &str) -> Vec<Item> {
    read(xml)
        .into_iter()
        .filter_map(|parsed| match parsed {
            Parsed::Article(item) => Some(*item),
            _ => None,
        })
        .collect()
}

fn post(inner: &str) -> Item {
    let xml = export(&format!(
        "<item><wp:post_id>7</wp:post_id><wp:post_type>post</wp:post_type>{inner}</item>"
    ));
    items(&xml).remove(0)
}

#[test]
fn a_post_with_everything() {
    let xml = export(
        "<wp:author><wp:author_login>jd</wp:author_login><wp:author_email>jd@example.org</wp:author_email>\
         <wp:author_display_name><![CDATA[Jane Doe]]></wp:author_display_name></wp:author>\
         <wp:category><wp:category_nicename>news</wp:category_nicename><wp:cat_name><![CDATA[News]]></wp:cat_name></wp:category>\
         <item><title>It&#8217;s <![CDATA[R&amp;D]]></title><link>https://example.org/2020/01/tea/?x=1</link>\
         <dc:creator><![CDATA[jd]]></dc:creator><content:encoded><![CDATA[One.\n\nTwo.]]></content:encoded>\
         <excerpt:encoded><![CDATA[Short <b>words</b>]]></excerpt:encoded><wp:post_id>7</wp:post_id>\
         <wp:post_date>2020-01-02 04:05:06</wp:post_date><wp:post_date_gmt>2020-01-02 03:04:05</wp:post_date_gmt>\
         <wp:post_name>caf%c3%a9</wp:post_name><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>\
         <wp:is_sticky>1</wp:is_sticky><category domain=\"category\" nicename=\"news\"><![CDATA[News]]></category>\
         <category domain=\"post_tag\" nicename=\"a-b\"><![CDATA[A &amp; B]]></category>\
         <category domain=\"mood\" nicename=\"x\"><![CDATA[Good]]></category>\
         <wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key><wp:meta_value><![CDATA[old]]></wp:meta_value></wp:postmeta>\
         <wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>9</wp:meta_value></wp:postmeta>\
         <wp:postmeta><wp:meta_key>color</wp:meta_key><wp:meta_value>red</wp:meta_value></wp:postmeta>\
         <wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_author_email>x@example.org</wp:comment_author_email></wp:comment></item>\
         <item><title>F</title><wp:post_id>9</wp:post_id><wp:post_type>attachment</wp:post_type><wp:status>inherit</wp:status>\
         <wp:attachment_url>https://example.org/f.jpg</wp:attachment_url><wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key>\
         <wp:meta_value>A cup</wp:meta_value></wp:postmeta></item>",
    );
    let all = read(&xml);
    assert!(!format!("{all:?}").contains('@'), "no address is read");
    let left: Vec<(&str, u64)> = all
        .iter()
        .filter_map(|parsed| match parsed {
            Parsed::LeftOut { what, count, .. } => Some((*what, *count)),
            _ => None,
        })
        .collect();
    assert_eq!(left, [("comments", 1), ("custom fields", 1)]);
    let item = items(&xml).remove(0);
    let article = &item.article;
    assert_eq!(article.title, "It’s R&D");
    assert_eq!(
        article.body.as_ref().unwrap().text,
        "<p>One.</p>\n<p>Two.</p>\n"
    );
    assert_eq!(article.excerpt.as_deref(), Some("Short words"));
    assert_eq!(
        (article.slug.as_deref(), &article.aliases[..]),
        (Some("cafe"), &["café".to_owned(), "old".to_owned()][..])
    );
    assert_eq!(article.tags, ["News", "A & B"]);
    assert_eq!(article.authors, ["Jane Doe"]);
    assert_eq!(
        article.published_at.unwrap().to_string(),
        "2020-01-02T03:04:05.000Z"
    );
    assert_eq!(article.status, Some(State::Published));
    assert!(article.featured && !item.held);
    let cover = article.cover.as_ref().unwrap();
    assert_eq!(link(cover), ("https://example.org/f.jpg", "A cup"));
    assert_eq!(article.metadata["taxonomies"]["mood"][0], "Good");
    assert_eq!(article.external_id.as_deref(), Some("7"));
    assert_eq!(item.redirects, ["/2020/01/tea"]);
    assert_eq!(item.warnings, ["it is sticky there, and featured here"]);
}

#[test]
fn states_are_those_of_here_and_what_is_not_for_all_stays_in() {
    let date = "<wp:post_date>2020-01-02 00:00:00</wp:post_date><wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>";
    for (status, state, held, dated) in [
        ("publish", State::Published, false, true),
        ("draft", State::Draft, false, false),
        ("pending", State::InReview, false, false),
        ("future", State::Scheduled, false, true),
        ("private", State::Draft, true, true),
        ("trash", State::Trashed, true, true),
        ("odd", State::Draft, true, true),
    ] {
        let item = post(&format!(
            "<title>T</title><wp:status>{status}</wp:status>{date}"
        ));
        assert_eq!(
            (item.article.status, item.held),
            (Some(state), held),
            "{status}"
        );
        assert_eq!(item.article.published_at.is_some(), dated, "{status}");
    }
    let item = post(&format!(
        "<title>T</title><wp:status>publish</wp:status><wp:post_password>x</wp:post_password>{date}"
    ));
    assert_eq!((item.article.status, item.held), (Some(State::Draft), true));
    let item = post(
        "<title>T</title><wp:status>future</wp:status><wp:post_date>0000-00-00 00:00:00</wp:post_date>",
    );
    assert_eq!(
        (item.article.status, item.article.published_at),
        (Some(State::Draft), None)
    );
}

#[test]
fn what_is_no_text_is_skipped_with_a_reason() {
    let item = |inner: &str| format!("<item><wp:post_id>1</wp:post_id>{inner}</item>");
    let xml = export(
        &[
            item("<wp:post_type>nav_menu_item</wp:post_type>"),
            item("<wp:post_type>product</wp:post_type>"),
            item("<wp:post_type>revision</wp:post_type>"),
            item("<wp:post_type>post</wp:post_type><wp:status>auto-draft</wp:status>"),
            item("<wp:post_type>post</wp:post_type><wp:status>inherit</wp:status>"),
            item("<wp:post_type>page</wp:post_type><title/>"),
        ]
        .concat(),
    );
    let all = read(&xml);
    let reasons = all
        .iter()
        .filter(|parsed| matches!(parsed, Parsed::Skipped { .. }));
    assert_eq!(reasons.count(), 5);
    let page = items(&xml).remove(0);
    assert_eq!(
        (page.article.kind, page.article.title.as_str()),
        (Kind::Page, "Untitled 1")
    );
    assert_eq!(scan(xml.as_bytes()).unwrap().items(), 6);
}

#[test]
fn namespaces_go_by_their_address_or_else_their_prefix() {
    let renamed = export(
        "<item><title>T</title><wp:post_id>7</wp:post_id><wp:post_type>page</wp:post_type></item>",
    )
    .replace("wp:", "w:")
    .replace("xmlns:wp=", "xmlns:w=")
    .replace(
        "http://wordpress.org/export/1.2/\"",
        "https://wordpress.org/export/1.0/\"",
    );
    assert_eq!(items(&renamed)[0].article.kind, Kind::Page);
    let undeclared = "<rss><channel><item><title>T</title><wp:post_id>7</wp:post_id><content:encoded>x</content:encoded>\
                      <atom:link href=\"/y\"/></item></channel></rss>";
    assert_eq!(
        items(undeclared)[0].article.body.as_ref().unwrap().text,
        "<p>x</p>\n"
    );
}

#[test]
fn what_is_no_whole_export_is_refused() {
    let whole = export("<item><title>T</title><wp:post_id>7</wp:post_id></item>");
    for length in [1, 40, 200, whole.len() - 3] {
        let cut = &whole.as_bytes()[..length];
        assert!(scan(cut).is_err(), "{length}");
    }
    for (xml, why) in [
        (b"".to_vec(), "no XML"),
        (b"hello".to_vec(), "no XML"),
        (
            b"<rss><channel></channel></rss>".to_vec(),
            "no WordPress export",
        ),
        (
            b"<rss><channel><wp:x></channel></rss>".to_vec(),
            "<wp:x> is ended by </channel>",
        ),
        (
            b"<!DOCTYPE rss [<!ENTITY a \"b\">]><rss/>".to_vec(),
            "DOCTYPE",
        ),
        (
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss/>".to_vec(),
            "ISO-8859-1",
        ),
        (
            b"<rss><channel><title>caf\xe9</title></channel></rss>".to_vec(),
            "UTF-8",
        ),
        ("<a>".repeat(100).into_bytes(), "nest"),
    ] {
        let told = refused(&xml);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn a_text_that_is_too_long_is_told_and_the_next_is_read() {
    let long = "x".repeat(gate::MAX_TEXT + 1);
    let xml = export(&format!(
        "<item><title>A</title><wp:post_id>1</wp:post_id><content:encoded><![CDATA[{long}]]></content:encoded></item>\
         <item><title>B</title><wp:post_id>2</wp:post_id></item>"
    ));
    let all = read(&xml);
    assert!(all.iter().any(|parsed| matches!(parsed, Parsed::Broken { reason, .. } if reason.contains("its text is longer"))));
    assert_eq!(items(&xml)[0].article.title, "B");
}

/// Any bytes at all: an answer, and no panic.
#[test]
fn no_change_of_a_file_makes_it_fall_over() {
    let whole = export(
        "<wp:term><wp:term_taxonomy>category</wp:term_taxonomy><wp:term_slug>a</wp:term_slug><wp:term_name>A</wp:term_name></wp:term>\
         <item><title>T &amp; &#x41;</title><wp:post_id>7</wp:post_id><content:encoded><![CDATA[[caption]<img src=\"/a\">b[/caption]\n\n\
         <!-- wp:x {\"a\":1} /--><pre>a</pre>[gallery ids=\"1\"]<ul><li>b]]></content:encoded><category domain=\"post_tag\" nicename=\"x\">X</category></item>",
    );
    let mut state: u64 = 7;
    let mut random = |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for _ in 0..3_000 {
        let mut bytes = whole.clone().into_bytes();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => {
                    bytes.remove(at);
                }
                2 => bytes.insert(at, b"<>[]&\"'/-!"[random(10)]),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(site) = scan(&bytes[..]) {
            let _all: Vec<_> = site.read(&bytes[..]).collect();
        }
    }
}

/// The address and the words of a cover.
fn link(cover: &Cover) -> (&str, &str) {
    match cover {
        Cover::Link(image) => (&image.url, &image.alt),
        Cover::Media(medium) => panic!("a medium: {medium:?}"),
    }
}
