//! Files that nobody should have to read: each gives a clear error before anything is written, or a line in the report; in
//! bounded memory, which the program's own bounds keep.

use super::report::{import_text, refused};
use crate::support::{Database, Server};

const WORDPRESS: &str = "<?xml version=\"1.0\"?><rss xmlns:wp=\"http://wordpress.org/export/1.2/\" \
     xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>";

fn item(inner: &str) -> String {
    format!(
        "<item><title>Whole</title><wp:post_id>7</wp:post_id><wp:post_type>post</wp:post_type>{inner}</item>"
    )
}

fn wordpress(inner: &str) -> String {
    format!("{WORDPRESS}{inner}</channel></rss>")
}

/// Refused, and nothing was written before.
#[track_caller]
fn nothing_comes_of(format: &str, text: &[u8], why: &str) {
    let database = Database::unmigrated();
    let told = refused(&database, format, text);
    assert!(told.contains(why), "{told}");
    assert!(told.len() < 1_000, "{told}");
    let server = Server::setup().over(database).start();
    assert_eq!(server.db().change(), 0, "{why}");
}

#[test]
fn broken_exports_of_wordpress_are_refused_before_the_first_row() {
    let whole = wordpress(&item("<content:encoded><![CDATA[Text]]></content:encoded>").repeat(20));
    let utf16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(utf16.iter().copied())
        .collect();
    let latin = [
        WORDPRESS.as_bytes(),
        b"<title>caf\xe9</title></channel></rss>",
    ]
    .concat();
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let doctype = whole.replace("<rss", &format!("{bomb}<rss"));
    let attributes = format!("{WORDPRESS}<item {}>", "a=\"b\" ".repeat(100_000));
    let deep = format!("{WORDPRESS}{}", "<a>".repeat(1_000_000));
    let name = format!("{WORDPRESS}<{}", "a".repeat(5_000_000));
    for (text, why) in [
        (whole.as_bytes()[..whole.len() / 2].to_vec(), "cut short"),
        (whole.replace("</item>", "</itme>").into_bytes(), "no XML"),
        (utf16, "UTF-16"),
        (marked, "UTF-16"),
        (latin, "not UTF-8"),
        (doctype.into_bytes(), "DOCTYPE"),
        (attributes.into_bytes(), "a tag is longer"),
        (deep.into_bytes(), "nest more than"),
        (name.into_bytes(), "a tag is longer"),
        (Vec::new(), "holds no XML"),
    ] {
        nothing_comes_of("wordpress", &text, why);
    }
}

#[test]
fn broken_exports_of_ghost_are_refused_before_the_first_row() {
    let post =
        "{\"id\": 1, \"title\": \"Whole\", \"html\": \"<p>x</p>\", \"status\": \"published\"}";
    let whole = format!("{{\"db\": [{{\"data\": {{\"posts\": [{post}, {post}]}}}}]}}");
    let utf16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, why) in [
        (whole.as_bytes()[..whole.len() - 8].to_vec(), "cut short"),
        (whole.replace("}}]}", "}]}").into_bytes(), "no JSON"),
        (utf16, "UTF-16"),
        (
            format!("{{\"data\": {}", "[".repeat(2_000_000)).into_bytes(),
            "nest more than",
        ),
        (b"[]".to_vec(), "no Ghost export"),
        (Vec::new(), "cut short"),
    ] {
        nothing_comes_of("ghost", &text, why);
    }
}

#[test]
fn what_is_wrong_with_one_post_is_told_and_the_others_come_in() {
    let long = "x".repeat(9_000_000);
    let odd = item("<content:encoded>Text</content:encoded><wp:post_date>0000-00-00 00:00:00</wp:post_date><wp:status>publish</wp:status>")
        .replace(">7<", ">1<");
    let too_long = item(&format!(
        "<content:encoded><![CDATA[{long}]]></content:encoded>"
    ))
    .replace(">7<", ">2<");
    let too_much = item(&format!(
        "<content:encoded><![CDATA[{}]]></content:encoded>",
        "word ".repeat(300_000)
    ))
    .replace(">7<", ">3<");
    let comment = format!("<!--{long}-->");
    let controls = item("<content:encoded>a\u{1}b\u{8}</content:encoded>").replace(">7<", ">4<");
    let tangled = format!(
        "<content:encoded><![CDATA[{}]]></content:encoded>",
        "<p>".repeat(300_000)
    );
    let tangled = item(&tangled).replace(">7<", ">5<");
    let all = [odd, too_long, comment, too_much, controls, tangled];
    let xml = wordpress(&all.concat());
    let database = Database::unmigrated();
    let report = import_text(&database, "wordpress", xml.as_bytes(), &[]);
    assert_eq!(
        (report.texts.created, report.broken),
        (2, 3),
        "{}",
        report.output
    );
    assert!(
        report.warns("post 2 ", "its text is longer than is read"),
        "{}",
        report.output
    );
    assert!(
        report.warns("post 3 ", "at most 1048576 are allowed"),
        "{}",
        report.output
    );

    let json = format!(
        "{{\"data\": {{\"posts\": [{{\"id\": 1, \"title\": \"A\", \"html\": \"{long}\"}}, {{\"id\": 2, \"title\": \"B\\u0000\", \"html\": \"<p>x\\u0000y</p>\",
          \"published_at\": \"0000-00-00 00:00:00\", \"status\": \"published\"}}, {{\"id\": 3, \"title\": \"C\", \"html\": null, \"lexical\": \"{}\"}}]}}}}",
        "[".repeat(100_000)
    );
    let database = Database::unmigrated();
    let report = import_text(&database, "ghost", json.as_bytes(), &[]);
    assert_eq!(
        (report.texts.created, report.broken),
        (1, 2),
        "{}",
        report.output
    );
    assert!(
        report.warns("post 3 ", "its lexical is no JSON"),
        "{}",
        report.output
    );
}

/// The most memory that the program may take, in kibibytes: 200 MiB.
const MOST: u64 = 200 * 1024;

/// What Linux says that a process took at most, after it ended.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_file() {
    use crate::cli::program::{on, peak};

    let post = item(&format!(
        "<content:encoded><![CDATA[{}]]></content:encoded>",
        "A paragraph of some words.\n\n".repeat(2_000)
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.xml");
    let mut text = String::from(WORDPRESS);
    for number in 0..400 {
        text.push_str(&post.replace(">7<", &format!(">{number}<")));
        // An attachment without a text, and a comment that nobody wants.
        text.push_str(&format!("<item><wp:post_type>attachment</wp:post_type><wp:post_id>a{number}</wp:post_id></item><!--{}-->", "x".repeat(50_000)));
    }
    text.push_str("</channel></rss>");
    std::fs::write(&path, &text).unwrap();
    let database = Database::new();
    let mut command = on(&database, &["import", "wordpress", "--dry-run"]);
    command.arg(&path);
    let (said, taken) = peak(command);
    assert!(said.ok().starts_with("400 created"));
    assert!(taken < MOST, "{taken} KiB");
}

#[cfg(target_os = "linux")]
#[test]
fn a_markdown_file_of_a_gigabyte_is_told_and_the_others_come_in() {
    use crate::cli::program::{on, peak};

    let folder = tempfile::tempdir().unwrap();
    let large = std::fs::File::create(folder.path().join("large.md")).unwrap();
    large.set_len(1 << 30).unwrap();
    std::fs::write(folder.path().join("small.md"), "---\ntitle: Small\n---\n").unwrap();
    let database = Database::new();
    let mut command = on(&database, &["import", "markdown"]);
    command.arg(folder.path());
    let (said, taken) = peak(command);
    let said = said.ok();
    assert!(said.starts_with("1 created"), "{said}");
    assert!(
        said.contains("broken   large.md: is longer than 20971520 bytes"),
        "{said}"
    );
    assert!(taken < MOST, "{taken} KiB");
}
