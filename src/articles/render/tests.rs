use std::borrow::Cow;

use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::*;

fn html(source: &str) -> Rendered {
    render(Format::Html, source)
}

fn markdown(source: &str) -> Rendered {
    render(Format::Markdown, source)
}

/// Reads HTML with another parser than the sanitiser's and names what could do harm.
fn dangers(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let inspect = element!("*", |element| {
        let name = element.tag_name();
        const BAD: &[&str] = &[
            "script",
            "style",
            "svg",
            "math",
            "iframe",
            "object",
            "embed",
            "form",
            "base",
            "meta",
            "link",
            "template",
            "noscript",
            "textarea",
            "select",
            "button",
            "title",
            "xmp",
            "plaintext",
            "noembed",
            "noframes",
            "frame",
            "frameset",
            "applet",
            "video",
            "audio",
            "source",
            "portal",
            "marquee",
            "mglyph",
            "foreignobject",
            "image",
            "isindex",
            "animate",
            "set",
        ];
        if BAD.contains(&name.as_str()) {
            found.push(format!("<{name}>"));
        }
        for attribute in element.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            let known = matches!(
                key.as_str(),
                "href"
                    | "src"
                    | "alt"
                    | "title"
                    | "width"
                    | "height"
                    | "id"
                    | "class"
                    | "lang"
                    | "dir"
                    | "align"
                    | "colspan"
                    | "rowspan"
                    | "scope"
                    | "start"
                    | "value"
                    | "type"
                    | "checked"
                    | "disabled"
                    | "open"
                    | "datetime"
                    | "cite"
                    | "aria-label"
                    | "data-footnotes"
                    | "data-footnote-ref"
                    | "data-footnote-backref"
                    | "data-footnote-backref-idx"
            );
            if !known {
                found.push(format!("{key} on <{name}>"));
            }
            let compact: String = value
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect();
            let front = compact.to_lowercase();
            let front = front.split(['/', '?', '#']).next().unwrap_or_default();
            if matches!(key.as_str(), "href" | "src" | "cite")
                && front.contains(':')
                && !["http:", "https:", "mailto:"]
                    .iter()
                    .any(|scheme| front.starts_with(scheme))
            {
                found.push(format!("{key}={value}"));
            }
            if name == "input" && key == "type" && value != "checkbox" {
                found.push(format!("input of type {value}"));
            }
        }
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(inspect);
    assert!(rewrite_str(html, settings).is_ok(), "not readable: {html}");
    if html.contains("<!") || html.contains("<?") {
        found.push("a comment or declaration".to_owned());
    }
    found
}

/// Nothing of these may survive; the second part is something that the report must name.
const ATTACKS: &[(&str, &str)] = &[
    ("<script>alert(1)</script>", "<script> element"),
    (
        "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
        "<script> element",
    ),
    (
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<scr<script> element",
    ),
    ("<svg onload=alert(1)>", "<svg> element"),
    ("<svg><script>alert(1)</script></svg>", "<svg> element"),
    (
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<svg> element",
    ),
    (
        "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
        "<svg> element",
    ),
    (
        "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>",
        "<svg> element",
    ),
    (
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
        "<svg> element",
    ),
    (
        "<svg><foreignObject><iframe srcdoc='<script>alert(1)</script>'></foreignObject></svg>",
        "<iframe> element",
    ),
    ("<img src=x onerror=alert(1)>", "onerror attribute on <img>"),
    (
        "<img/src=\"x\"/onerror=alert(1)>",
        "onerror attribute on <img>",
    ),
    (
        "<img src=\"x\"onerror='alert(1)'//",
        "onerror attribute on <img>",
    ),
    (
        "<p onclick=alert(1) style='position:fixed'>x</p>",
        "onclick attribute on <p>",
    ),
    (
        "<b style='background:url(javascript:alert(1))'>x</b>",
        "style attribute on <b>",
    ),
    (
        "<a href=\"javascript:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"  JaVaScRiPt:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"java\tscript:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"java&#10;script:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"&#106;&#x61;vascript&colon;alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"&#0000106avascript:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"\u{1}javascript:alert(1)\">x</a>",
        "javascript: address in href",
    ),
    (
        "<a href=\"vbscript:msgbox(1)\">x</a>",
        "vbscript: address in href",
    ),
    (
        "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">x</a>",
        "data: address in href",
    ),
    (
        "<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
        "data: address in src",
    ),
    (
        "<a href=\"blob:https://x/y\">x</a>",
        "blob: address in href",
    ),
    (
        "<a href=\"file:///etc/passwd\">x</a>",
        "file: address in href",
    ),
    (
        "<blockquote cite=\"javascript:alert(1)\">x</blockquote>",
        "javascript: address in cite",
    ),
    (
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<math> element",
    ),
    (
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<math> element",
    ),
    (
        "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=\"</style><img onerror=alert(1) src>\">",
        "<form> element",
    ),
    (
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<noscript> element",
    ),
    (
        "<template><img src=x onerror=alert(1)></template>",
        "<template> element",
    ),
    (
        "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        "<iframe> element",
    ),
    (
        "<object data=javascript:alert(1)></object><embed src=x>",
        "<object> element",
    ),
    (
        "<base href=//evil.example/><meta http-equiv=refresh content=0><link rel=stylesheet href=x>",
        "<base> element",
    ),
    (
        "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
        "<form> element",
    ),
    (
        "<textarea><img title=\"</textarea><img src=x onerror=alert(1)>\"></textarea>",
        "<textarea> element",
    ),
    (
        "<title><a title=\"</title><img src=x onerror=alert(1)>\"></title>",
        "<title> element",
    ),
    (
        "<xmp><p title=\"</xmp><img src=x onerror=alert(1)>\">",
        "<xmp> element",
    ),
    (
        "<plaintext><img src=x onerror=alert(1)>",
        "<plaintext> element",
    ),
    (
        "<select><style></select><img src=x onerror=alert(1)></style>",
        "<select> element",
    ),
    (
        "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
        "<video> element",
    ),
    (
        "<details open ontoggle=alert(1)><summary>x</summary></details>",
        "ontoggle attribute on <details>",
    ),
    (
        "<input onfocus=alert(1) autofocus type=image src=x>",
        "onfocus attribute on <input>",
    ),
    (
        "<!--><img src=x onerror=alert(1)>-->",
        "onerror attribute on <img>",
    ),
    (
        "<!-- a --!><img src=x onerror=alert(1)> -->",
        "onerror attribute on <img>",
    ),
    (
        "<!-- a --><script>alert(1)</script><!-- b -->",
        "<script> element",
    ),
    ("<![CDATA[<img src=x onerror=alert(1)>]]>", ""),
    ("<?php echo '<img src=x onerror=alert(1)>' ?>", ""),
    ("<script", "<script> element"),
    ("<img src=x onerror=alert(1)", "onerror attribute on <img>"),
    ("<a title='<img src=x onerror=alert(1)>'>x</a>", ""),
    ("<p id=location class=x data-y=z>x</p><img name=cookie>", ""),
];

#[test]
fn attacks_do_not_survive() {
    for (attack, report) in ATTACKS {
        let wrapped = format!("before\n\n{attack}\n\nafter");
        for (format, source) in [
            (Format::Html, *attack),
            (Format::Markdown, *attack),
            (Format::Markdown, wrapped.as_str()),
        ] {
            let rendered = render(format, source);
            assert_eq!(
                dangers(&rendered.html),
                Vec::<String>::new(),
                "{format:?} {source}\n{}",
                rendered.html
            );
            assert_eq!(
                html(&rendered.html).html,
                rendered.html,
                "not idempotent: {format:?} {source}"
            );
            if format == Format::Html && !report.is_empty() {
                let named: Vec<_> = rendered
                    .removed
                    .iter()
                    .map(|removed| &*removed.what)
                    .collect();
                assert!(named.contains(report), "{source} reports {named:?}");
            }
        }
        let text = render(Format::Text, attack);
        assert_eq!(dangers(&text.html), Vec::<String>::new(), "{attack}");
        assert!(text.removed.is_empty());
    }
}

#[test]
fn scripts_leave_no_words() {
    let rendered = html(
        "<p>one</p><script>two()</script><style>three{}</style><svg><text>four</text></svg><p>five</p>",
    );
    assert_eq!(rendered.text, "one\n\nfive");
    assert_eq!(rendered.html, "<p>one</p><p>five</p>");
    // What is only not allowed leaves its words.
    assert_eq!(
        html("<center><font color=red>kept</font></center>").html,
        "kept"
    );
}

#[test]
fn reports_what_was_removed() {
    let rendered = markdown(
        "a <b onclick=x() class=y>b</b> <i onclick=z()>c</i>\n\n<iframe></iframe>\n\n[d](javascript:e()) [f](data:x)\n\n<iframe></iframe>",
    );
    let report: Vec<_> = rendered
        .removed
        .iter()
        .map(|removed| (&*removed.what, removed.count))
        .collect();
    assert_eq!(
        report,
        [
            ("<iframe> element", 2),
            ("data: address in href", 1),
            ("javascript: address in href", 1),
            ("onclick attribute on <b>", 1),
            ("onclick attribute on <i>", 1),
        ]
    );
    for clean in [
        "plain",
        "<p class=x id=y data-z rel=nofollow>a</p>",
        "<img loading=lazy src=/a.png>",
        "[a](/b?c&d) <https://e.f>",
    ] {
        assert_eq!(markdown(clean).removed, [], "{clean}");
    }
    let many: String = (0..200).map(|n| format!("<x-{n}>")).collect();
    assert_eq!(html(&many).removed.len(), 50);
    let tangled = html(&many.repeat(10)).removed;
    assert!(
        tangled
            .iter()
            .any(|removed| removed.what == "markup too tangled to keep")
    );
    assert!(
        html(&format!("<{}>", "x".repeat(10_000))).removed[0]
            .what
            .len()
            < 60
    );
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
