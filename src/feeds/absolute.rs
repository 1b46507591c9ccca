//! Addresses in a feed are read far from the website, so none of them may be relative to it.

use std::borrow::Cow;

use lol_html::{RewriteStrSettings, element, rewrite_str};
use url::{ParseError, Url};

/// The attributes of a sanitised body that hold addresses.
const ADDRESSES: [(&str, &str); 3] = [("a[href]", "href"), ("img[src]", "src"), ("[cite]", "cite")];

/// A sanitised body whose relative addresses are resolved against the page that shows it. What cannot be resolved stays.
pub(super) fn html(body: String, page: &Url) -> String {
    let handlers = ADDRESSES.map(|(selector, name)| {
        element!(selector, move |element| {
            let address = element.get_attribute(name);
            if let Some(resolved) = address.and_then(|address| resolved(&address, page)) {
                element.set_attribute(name, &resolved)?;
            }
            Ok(())
        })
    });
    let settings = handlers.into_iter().fold(
        RewriteStrSettings::new(),
        RewriteStrSettings::append_element_content_handler,
    );
    rewrite_str(&body, settings).unwrap_or(body)
}

/// The absolute form of a relative address. Attributes come here as they are written, with entities, and go back so: of
/// these the URL standard touches nothing.
fn resolved(address: &str, page: &Url) -> Option<String> {
    match Url::parse(address) {
        Err(ParseError::RelativeUrlWithoutBase) => page.join(address).ok().map(String::from),
        _ => None,
    }
}

/// An http or https address, made absolute; none where it cannot be.
pub(super) fn address(address: &str, page: Option<&Url>) -> Option<String> {
    let url = match (Url::parse(address), page) {
        (Ok(url), _) => url,
        (Err(ParseError::RelativeUrlWithoutBase), Some(page)) => page.join(address).ok()?,
        _ => return None,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// A plain text as HTML.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    quick_xml::escape::partial_escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Url {
        Url::parse("https://example.org/de/mut").unwrap()
    }

    #[test]
    fn what_is_relative_in_a_body_becomes_absolute() {
        for (written, resolved) in [
            (
                "<a href=\"/x?a=1&amp;b=2#c\">",
                "<a href=\"https://example.org/x?a=1&amp;b=2#c\">",
            ),
            (
                "<a href=\"other\">",
                "<a href=\"https://example.org/de/other\">",
            ),
            ("<a href=\"../up\">", "<a href=\"https://example.org/up\">"),
            (
                "<a href=\"#fn-1\">",
                "<a href=\"https://example.org/de/mut#fn-1\">",
            ),
            (
                "<a href=\"//cdn.example/x\">",
                "<a href=\"https://cdn.example/x\">",
            ),
            ("<a href=\"\">", "<a href=\"https://example.org/de/mut\">"),
            (
                "<img src=\"/b c.jpg\" alt=\"&quot;\">",
                "<img src=\"https://example.org/b%20c.jpg\" alt=\"&quot;\">",
            ),
            (
                "<q cite=\"/q\">&lt;a href=\"/no\"&gt;</q>",
                "<q cite=\"https://example.org/q\">&lt;a href=\"/no\"&gt;</q>",
            ),
            (
                "<a href=\"https://else.example\">",
                "<a href=\"https://else.example\">",
            ),
            (
                "<a href=\"mailto:a@b.example\">",
                "<a href=\"mailto:a@b.example\">",
            ),
            ("<p title=\"/x\">/x</p>", "<p title=\"/x\">/x</p>"),
        ] {
            assert_eq!(html(written.to_owned(), &page()), resolved);
        }
    }

    #[test]
    fn an_address_is_absolute_or_none() {
        let page = page();
        assert_eq!(
            address("/a.jpg", Some(&page)).as_deref(),
            Some("https://example.org/a.jpg")
        );
        assert_eq!(
            address("https://x.example/a", None).as_deref(),
            Some("https://x.example/a")
        );
        assert_eq!(address("/a.jpg", None), None);
        assert_eq!(address("data:x", Some(&page)), None);
    }
}
