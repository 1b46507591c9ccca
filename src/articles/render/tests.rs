use self::attacks::dangers;
use super::*;

mod attacks;
mod hostile;

fn html(source: &str) -> Rendered {
    render(Format::Html, source)
}

fn markdown(source: &str) -> Rendered {
    render(Format::Markdown, source)
}

#[test]
fn commonmark_basics() {
    for (source, expected) in [
        ("", ""),
        (
            "Hello *you* and **me**",
            "<p>Hello <em>you</em> and <strong>me</strong></p>\n",
        ),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        (
            "3. a\n4. b",
            "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n",
        ),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("`a < b`", "<p><code>a &lt; b</code></p>\n"),
        (
            "```rust ignore\nlet a = 1;\n```",
            "<pre><code class=\"language-rust\">let a = 1;\n</code></pre>\n",
        ),
        ("a  \nb\nc", "<p>a<br>\nb\nc</p>\n"),
        ("~~a~~", "<p><del>a</del></p>\n"),
        (
            "www.example.org",
            "<p><a href=\"http://www.example.org\">www.example.org</a></p>\n",
        ),
        (
            "[a](b.html \"c\")",
            "<p><a href=\"b.html\" title=\"c\">a</a></p>\n",
        ),
        ("![a](/b.png)", "<p><img src=\"/b.png\" alt=\"a\"></p>\n"),
        (
            "<kbd>Ctrl</kbd> H<sub>2</sub>O",
            "<p><kbd>Ctrl</kbd> H<sub>2</sub>O</p>\n",
        ),
        ("---", "<hr>\n"),
        ("a\0b", "<p>a\u{FFFD}b</p>\n"),
        ("&copy; &nope; &", "<p>© &amp;nope; &amp;</p>\n"),
        (
            "{% raw %}{{ x | url }}{% endraw %}",
            "<p>{% raw %}{{ x | url }}{% endraw %}</p>\n",
        ),
        (
            "[a]({{site.url}}/b)",
            "<p><a href=\"%7B%7Bsite.url%7D%7D/b\">a</a></p>\n",
        ),
    ] {
        assert_eq!(markdown(source).html, expected, "{source}");
    }
}

#[test]
fn tables_and_tasks() {
    let rendered = markdown("| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | |\n\n- [x] done\n- [ ] open");
    assert!(
        rendered.html.contains("<td align=\"center\">2</td>"),
        "{}",
        rendered.html
    );
    assert!(rendered.html.contains("checkbox"), "{}", rendered.html);
    assert_eq!(rendered.html.matches("disabled=\"\"").count(), 2);
    assert_eq!(rendered.html.matches("checked").count(), 1);
    assert_eq!(rendered.text, "a b\n1 2\n3\n\ndone\nopen");
    assert_eq!(rendered.removed, []);
}

#[test]
fn footnotes_work() {
    let rendered = markdown("One[^a] two[^b] three[^a].\n\n[^a]: First é.\n[^b]: Second.\n");
    for part in [
        "<section class=\"footnotes\" data-footnotes=\"\">",
        "<a href=\"#fn-a\" id=\"fnref-a\" data-footnote-ref=\"\">1</a>",
        "<li id=\"fn-a\">",
        "href=\"#fnref-b\"",
        "href=\"#fnref-a-2\"",
        "class=\"footnote-backref\"",
    ] {
        assert!(
            rendered.html.contains(part),
            "{part} is not in {}",
            rendered.html
        );
    }
    assert_eq!(rendered.text, "One two three.\n\nFirst é.\n\nSecond.");
    assert_eq!(html(&rendered.html).html, rendered.html);
    assert_eq!(rendered.removed, []);
    let twin = markdown("# fn a\n\nx[^a]\n\n[^a]: y");
    assert_eq!(twin.toc[0].id, "section-fn-a");
}

#[test]
fn headings_have_ids() {
    let source = "# Über *uns*\n\n## A\n\n## A\n\n### A 2\n\n## 你好 世界\n\n## Привет\n\n## 🦀\n\n## 🎉\n\n##### Deep\n\n##\n";
    let rendered = markdown(source);
    let toc: Vec<_> = rendered
        .toc
        .iter()
        .map(|entry| (entry.level, &*entry.id, &*entry.text))
        .collect();
    assert_eq!(
        toc,
        [
            (1, "ueber-uns", "Über uns"),
            (2, "a", "A"),
            (2, "a-2", "A"),
            (3, "a-2-2", "A 2"),
            (2, "ni-hao-shi-jie", "你好 世界"),
            (2, "privet", "Привет"),
            (2, "section", "🦀"),
            (2, "section-2", "🎉"),
        ]
    );
    assert!(
        rendered
            .html
            .contains("<h1 id=\"ueber-uns\">Über <em>uns</em></h1>"),
        "{}",
        rendered.html
    );
    assert!(rendered.html.contains("<h5 id=\"deep\">Deep</h5>"));
    assert!(rendered.html.contains("<h2 id=\"section-3\"></h2>"));
    // The writer's ids do not count, nor are there two.
    assert_eq!(
        html("<h2 id=\"x\" title=\"a > b\">Y &amp; Z</h2>").html,
        "<h2 id=\"y-z\" title=\"a &gt; b\">Y &amp; Z</h2>"
    );
}

#[test]
fn many_equal_headings_are_told_apart() {
    let rendered = markdown(&"# a\n".repeat(25_000));
    assert_eq!(rendered.toc[24_999].id, "a-25000");
}

#[test]
fn text_reads_well() {
    for (source, expected) in [
        ("<p>a</p>\n<p>b<br>c</p>", "a\n\nb\nc"),
        (
            "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d",
            "a\nb\n\nc\n\nd",
        ),
        ("a&nbsp;b &lt;c&gt; &amp;amp; &eacute;", "a b <c> &amp; é"),
        ("<b>w</b>ord <i> and </i> word", "word and word"),
        ("<pre>\n\n  x\n    y\n</pre>z", "  x\n    y\n\nz"),
        ("<img src=a alt=b>c", "c"),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "a\nb"),
        ("x<hr>y", "x\n\ny"),
        ("\u{202E}abc\u{2066}", "\u{202E}abc\u{2066}"),
    ] {
        assert_eq!(
            html(source).text.replace('\u{A0}', " "),
            expected,
            "{source}"
        );
    }
}

#[test]
fn plain_text_format() {
    let rendered = render(Format::Text, "a <b>\nc & d\r\n\r\n\n *e*\n");
    assert_eq!(
        rendered.html,
        "<p>a &lt;b&gt;<br>\nc &amp; d</p>\n<p> *e*</p>\n"
    );
    assert_eq!(rendered.text, "a <b>\nc & d\n\n*e*");
    assert_eq!(rendered.removed, []);
    assert_eq!(render(Format::Text, "").html, "");
}

#[test]
fn counts_words_and_minutes() {
    assert_eq!(markdown("").reading_minutes, 0);
    assert_eq!(markdown("---").word_count, 0);
    let one = markdown("Don't panic: 3.14 is *π*.");
    assert_eq!((one.word_count, one.reading_minutes), (5, 1));
    assert_eq!(markdown("你好世界").word_count, 4);
    assert_eq!(markdown(&"word ".repeat(230)).reading_minutes, 1);
    assert_eq!(markdown(&"word ".repeat(231)).reading_minutes, 2);
}

#[test]
fn plain_text_of_standfirsts() {
    assert_eq!(
        plain_text("<p>A <b>bold</b>\n claim&hellip;</p><p>Two</p>"),
        "A bold claim… Two"
    );
    assert_eq!(plain_text("  no   tags\n"), "no tags");
    assert_eq!(plain_text("a < b && c"), "a < b && c");
    assert_eq!(plain_text("x<script>y</script>\0"), "x\u{FFFD}");
}

#[test]
fn excerpts() {
    assert_eq!(excerpt("Short\n\ntext."), "Short text.");
    assert_eq!(excerpt(""), "");
    let sentence = "This sentence of ours is exactly fifty letters it. ";
    let cut = excerpt(&sentence.repeat(10));
    assert_eq!(cut, sentence.repeat(4).trim_end());
    let words = excerpt(&"many words, ".repeat(50));
    assert!(
        words.ends_with("words…") || words.ends_with("many…"),
        "{words}"
    );
    assert!((150..=201).contains(&words.graphemes(true).count()));
    assert_eq!(excerpt(&"北".repeat(1000)).chars().count(), 201);
    assert!(excerpt(&"你好世界。".repeat(100)).ends_with('。'));
    assert!(excerpt(&"v1.2.3 ".repeat(100)).ends_with('…'));
    let family = "👨‍👩‍👧‍👦".repeat(300);
    assert_eq!(excerpt(&family).graphemes(true).count(), 201);
    assert!(excerpt(&format!("a{}", "\u{301}".repeat(100_000))).len() < 20_000);
}

#[test]
fn sanitising_again_changes_nothing() {
    for source in [
        "<pre>\n\nx</pre>",
        "<pre>\nx</pre>",
        "<p>a<p>b<div>c</p>d",
        "<h2>a<h3>b</h2>c",
        "<b><p>a</b>b</p>",
        "a&nbsp;&amp;nbsp;\"<a href='x\"y&z'>b</a>",
        "<ul><p>x<li>y",
        "<details><summary>a</summary>b</details><ruby>漢<rp>(</rp><rt>kan</rt></ruby>",
        "<figure><picture><source srcset=x><img src=a></picture><figcaption>b</figcaption></figure>",
        "<input><input type=text checked=no>",
        "<code class='a language-x b'>y</code>",
        "\r\n<p>a\rb\r\n</p>",
    ] {
        let once = html(source).html;
        assert_eq!(html(&once).html, once, "{source}");
    }
}

#[test]
fn real_posts_render() {
    let corpus = crate::corpus::part("markdown-blog");
    let mut count = 0;
    let mut differing = Vec::new();
    for entry in walkdir::WalkDir::new(&corpus)
        .into_iter()
        .map(Result::unwrap)
    {
        if entry
            .path()
            .extension()
            .is_none_or(|extension| extension != "md")
        {
            continue;
        }
        let source = std::fs::read_to_string(entry.path())
            .unwrap_or_else(|error| panic!("{}: {error}", entry.path().display()));
        let rendered = markdown(&source);
        count += 1;
        assert_eq!(
            dangers(&rendered.html),
            Vec::<String>::new(),
            "{}",
            entry.path().display()
        );
        assert!(!rendered.text.is_empty(), "{}", entry.path().display());
        assert!(
            !rendered
                .removed
                .iter()
                .any(|removed| removed.what.contains("tangled")),
            "{}",
            entry.path().display()
        );
        let again = html(&rendered.html);
        if again.html != rendered.html || again.text != rendered.text || again.toc != rendered.toc {
            differing.push(entry.path().display().to_string());
        }
    }
    assert!(count > 100, "only {count} posts in {}", corpus.display());
    assert!(
        differing.is_empty(),
        "rendered otherwise the second time: {differing:#?}"
    );
}
