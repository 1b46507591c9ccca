//! HTML as the readers take it apart and put it together. Nothing here makes it safe, which is the business of the
//! sanitiser behind; it is read so that no part of a text is lost on the way there.

pub(super) mod media;
pub(super) mod tokens;

/// The most tags of a text. A parser takes some 500 bytes for each.
const MAX_TAGS: usize = 100_000;

/// Why a text should not be given to a parser, if it should not.
#[must_use]
pub(super) fn too_much(html: &str) -> Option<String> {
    let tags = memchr::memchr_iter(b'<', html.as_bytes()).count() > MAX_TAGS
        && tokens::tokens(html)
            .filter(|token| matches!(token, tokens::Token::Tag(_)))
            .nth(MAX_TAGS)
            .is_some();
    tags.then(|| format!("its text has more than {MAX_TAGS} tags"))
}

/// Escapes a text for use between tags and in attributes.
#[must_use]
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 16);
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(character),
        }
    }
    html
}

/// A link that says where it leads, or this.
#[must_use]
pub(super) fn link(address: &str, label: &str) -> String {
    let label = if label.trim().is_empty() {
        address
    } else {
        label.trim()
    };
    format!("<a href=\"{}\">{}</a>", escape(address), escape(label))
}

/// A picture.
#[must_use]
pub(super) fn picture(address: &str, alt: &str) -> String {
    format!("<img src=\"{}\" alt=\"{}\">", escape(address), escape(alt))
}

/// Something with a caption, which is HTML, under it.
#[must_use]
pub(super) fn figure(inner: &str, caption: &str) -> String {
    if caption.trim().is_empty() {
        format!("<figure>{inner}</figure>\n")
    } else {
        let caption = caption.trim();
        format!("<figure>{inner}<figcaption>{caption}</figcaption></figure>\n")
    }
}

/// Program text, in a language where that is known by a plain name.
#[must_use]
pub(super) fn code(text: &str, language: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '#' | '_');
    let class = if language.is_empty() || !language.chars().all(plain) {
        String::new()
    } else {
        format!(" class=\"language-{}\"", language.to_ascii_lowercase())
    };
    format!("<pre><code{class}>{}</code></pre>\n", escape(text))
}

/// Whether a text is one address of the web and nothing else.
#[must_use]
pub(super) fn is_address(text: &str) -> bool {
    (text.starts_with("http://") || text.starts_with("https://"))
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '[' | ']'))
}

/// The last step of an address: the name of the file that it leads to.
#[must_use]
pub(super) fn file_name(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let name = path.trim_end_matches('/').rsplit('/').next();
    name.filter(|name| !name.is_empty()).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_escaped() {
        assert_eq!(
            link("/a?b=\"c\"&d", " <b> "),
            "<a href=\"/a?b=&quot;c&quot;&amp;d\">&lt;b&gt;</a>"
        );
        assert_eq!(
            code("a < b", "C++"),
            "<pre><code class=\"language-c++\">a &lt; b</code></pre>\n"
        );
        assert_eq!(code("a", "x\" y"), "<pre><code>a</code></pre>\n");
        assert_eq!(file_name("https://example.org/a/b.mp3?x=/y"), "b.mp3");
        assert_eq!(file_name("https://example.org/a/"), "a");
    }
}
