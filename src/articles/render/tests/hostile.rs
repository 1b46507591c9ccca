//! Bodies that are broken, endless or deep.

use std::borrow::Cow;

use super::*;

/// Bodies made to hurt: each must come back, whole or as words, and not have grown. One that takes for ever is ended by
/// the runner.
#[test]
fn hostile_bodies_come_back() {
    const LARGE: usize = 256 << 10;
    let fill = |piece: &str| piece.repeat(LARGE / piece.len());
    let numbered =
        |make: &dyn Fn(usize) -> String, count: usize| (0..count).map(make).collect::<String>();
    let bodies: Vec<(&str, Cow<'_, str>)> = vec![
        ("less-than", fill("<").into()),
        ("NUL", fill("\0").into()),
        ("quotes", fill(">").into()),
        ("quotes with spaces", fill("> ").into()),
        ("10,000 quotes", format!("{}x", ">".repeat(10_000)).into()),
        ("10,000 lists", format!("{}x", "- ".repeat(10_000)).into()),
        (
            "indented lists",
            numbered(&|n| format!("{}- a\n", "  ".repeat(n)), 1_000).into(),
        ),
        (
            "10,000 divs",
            format!("{}x{}", "<div>".repeat(10_000), "</div>".repeat(10_000)).into(),
        ),
        ("divs", fill("<div>").into()),
        ("spans", fill("<span>").into()),
        ("bold", fill("<b>").into()),
        (
            "different bold",
            numbered(&|n| format!("<b title={n}>"), 15_000).into(),
        ),
        ("links", fill("<a>").into()),
        ("paragraphs", fill("<p>x").into()),
        ("table in table", fill("<table><tr><td>").into()),
        (
            "moved out of a table",
            format!("<table>{}", fill("<i></i>")).into(),
        ),
        (
            "bold reopened in a table",
            format!(
                "<table><b title={}>{}",
                "x".repeat(LARGE / 2),
                "<tr>x".repeat(25_000)
            )
            .into(),
        ),
        (
            "words in a table",
            format!("<table>{}", fill("x<tr>")).into(),
        ),
        (
            "end tags across objects",
            fill("<div><object></div>").into(),
        ),
        ("end tags", fill("</p></b></x>").into()),
        (
            "deep and end tags",
            format!("{}{}", "<div>".repeat(25_000), "</p>".repeat(25_000)).into(),
        ),
        (
            "bold reopened",
            format!(
                "<p>{}{}",
                numbered(&|n| format!("<b title={n}>"), 250),
                fill("<p>x")
            )
            .into(),
        ),
        (
            "long bold reopened",
            format!(
                "<p><b title={}>{}",
                "x".repeat(LARGE / 2),
                "<p>x".repeat(25_000)
            )
            .into(),
        ),
        ("bold and end tags", fill("<b><p></b>").into()),
        ("links around blocks", fill("<a href=x><div>").into()),
        ("svg", fill("<svg>").into()),
        ("rows in svg", format!("<svg>{}", fill("<tr>")).into()),
        ("math", fill("<math><mtext>").into()),
        ("templates", fill("<template>").into()),
        ("select", fill("<select><option>").into()),
        (
            "attributes",
            format!("<p {}>x", numbered(&|n| format!("a{n} "), 25_000)).into(),
        ),
        (
            "attributes without end",
            format!("<p {}", numbered(&|n| format!("a{n} "), 32_000)).into(),
        ),
        (
            "attributes of an end tag",
            format!("</p {}>x", numbered(&|n| format!("a{n} "), 32_000)).into(),
        ),
        (
            "bold around buttons",
            format!(
                "<p><b title={}><button>{}",
                "x".repeat(LARGE / 2),
                "<p>x".repeat(25_000)
            )
            .into(),
        ),
        ("a comment", format!("<!--{}", fill("--!")).into()),
        ("entities", fill("&").into()),
        ("numeric entities", fill("&#").into()),
        ("brackets", fill("[").into()),
        ("images", fill("![").into()),
        ("links", fill("[a](").into()),
        ("emphasis", fill("*a_ ").into()),
        ("emphasis", fill("**a ").into()),
        (
            "backticks",
            numbered(&|n| format!("{} ", "`".repeat(n)), 700).into(),
        ),
        (
            "footnotes",
            numbered(&|n| format!("[^{n}]: a\n[^{n}] "), 8_000).into(),
        ),
        ("table", fill("|a|\n").into()),
        (
            "a wide table",
            format!(
                "{}\n{}\n{}",
                "|a".repeat(5_000),
                "|-".repeat(5_000),
                "a\n".repeat(5_000)
            )
            .into(),
        ),
        (
            "references",
            format!("[a]: /{}\n\n{}", "x".repeat(25_000), "[a] ".repeat(50_000)).into(),
        ),
    ];
    for (what, body) in &bodies {
        for format in [Format::Markdown, Format::Html, Format::Text] {
            let length = render(format, body).html.len();
            assert!(length <= 32 * LARGE, "{what} as {format:?}: {length} bytes");
        }
    }
}

#[test]
fn too_deep_markup_leaves_its_words() {
    let rendered = html(&format!(
        "{}one <script>no</script><b>two</b> &lt;{}",
        "<div>".repeat(300),
        "</div>".repeat(300)
    ));
    assert_eq!(rendered.text, "one two <");
    assert!(
        rendered
            .removed
            .iter()
            .any(|removed| removed.what == "markup too tangled to keep")
    );
    let fine = html(&format!(
        "{}one{}",
        "<div>".repeat(200),
        "</div>".repeat(200)
    ));
    assert_eq!(
        (fine.html.matches("<div>").count(), fine.removed.len()),
        (200, 0)
    );
}

/// Old pages leave much open; that alone is no reason to drop their markup.
#[test]
fn sloppy_markup_is_kept() {
    for sloppy in [
        "<p>a<li>b".repeat(2_000),
        "<p><b>a</p><p>c</b>".repeat(1_000),
        "<div><span>a</div>".repeat(1_000),
        "<table><tr><td><b>a<td>b<tr><td>c</table>".repeat(1_000),
        format!("<table>{}</table>", "<tr><td><b>a<th>b".repeat(1_000)),
        format!(
            "<table>{}</table>",
            "<tbody><tr><td><p>a<td><ul><li>b".repeat(1_000)
        ),
        "<dl><dt>a<dd>b</dl>".repeat(1_000),
        "<p><a href=x>a<p><i>b</i>".repeat(1_000),
    ] {
        let rendered = html(&sloppy);
        assert_eq!(rendered.removed, [], "{}", &sloppy[..40]);
        assert_eq!(dangers(&rendered.html), Vec::<String>::new());
    }
}
