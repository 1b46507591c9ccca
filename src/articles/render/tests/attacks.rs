//! What could do harm, and the report of it.

use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::*;

/// Reads HTML with another parser than the sanitiser's and names what could do harm.
pub(super) fn dangers(html: &str) -> Vec<String> {
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
