//! Decides what may stand in a body, by a list of what is allowed, and tells the writer what was taken out. Nothing is done to
//! the HTML behind this but setting ids of headings.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, Url};

use super::Removed;
use super::inspect::{Report, inspect, words_only};

/// The elements of prose, all parsed as plain HTML: nothing here changes how the parser reads what is inside.
const ELEMENTS: &str = "\
    a abbr article aside b bdi bdo blockquote br caption cite code col colgroup dd del \
    details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i \
    img input ins kbd li mark ol p picture pre q rp rt ruby s samp section small span strong \
    sub summary sup table tbody td tfoot th thead time tr u ul var wbr";

/// Elements whose content is no prose and goes with them. All other elements that are not allowed leave their content.
const SWALLOWED: &str = "\
    applet embed frameset iframe math noembed noframes noscript script style svg template \
    title";

const GENERIC_ATTRIBUTES: &str = "dir lang title";

/// Attributes beyond the generic ones. [`attribute`] looks at the values of some.
const ATTRIBUTES: &[(&str, &str)] = &[
    (
        "a",
        "aria-label class data-footnote-backref data-footnote-backref-idx data-footnote-ref \
         href id",
    ),
    ("blockquote", "cite"),
    ("code", "class"),
    ("col", "span"),
    ("colgroup", "span"),
    ("del", "cite datetime"),
    ("details", "open"),
    ("img", "alt height src width"),
    ("input", "checked disabled type"),
    ("ins", "cite datetime"),
    ("li", "id value"),
    ("ol", "reversed start type"),
    ("q", "cite"),
    ("section", "class data-footnotes"),
    ("sup", "class"),
    ("td", "align colspan rowspan"),
    ("th", "abbr align colspan rowspan scope"),
    ("time", "datetime"),
];

const SCHEMES: &[&str] = &["http", "https", "mailto"];

/// What the report says where no markup could be kept.
pub(super) const TANGLED: &str = "markup too tangled to keep";

pub(super) static ALLOWED: LazyLock<HashSet<&'static str>> = LazyLock::new(|| set(ELEMENTS));

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(set(ELEMENTS))
        .clean_content_tags(set(SWALLOWED))
        .generic_attributes(set(GENERIC_ATTRIBUTES))
        .tag_attributes(
            ATTRIBUTES
                .iter()
                .map(|(element, names)| (*element, set(names)))
                .collect::<HashMap<_, _>>(),
        )
        // The box of a task list is the only input, whatever was written.
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .url_schemes(SCHEMES.iter().copied().collect())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(attribute);
    cleaner
});

fn set(names: &'static str) -> HashSet<&'static str> {
    names.split_ascii_whitespace().collect()
}

/// The HTML that may be shown, and what of the given HTML is not in it.
pub(super) fn sanitize(html: &str) -> (String, Vec<Removed>) {
    let mut report = Report::default();
    let clean = if inspect(html, &mut report).is_ok() {
        CLEANER.clean(html).to_string()
    } else {
        report.add(TANGLED.to_owned());
        CLEANER.clean(&words_only(html)).to_string()
    };
    (clean, report.into_list())
}

/// Escapes a text for use between tags.
pub(super) fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(character),
        }
    }
}

/// Values of attributes that are not free: classes and ids are ours and those of footnotes alone, so that none can clash with
/// what is around the body.
fn attribute<'value>(element: &str, name: &str, value: &'value str) -> Option<Cow<'value, str>> {
    let value = match name {
        "class" => match element {
            "code" => value
                .split_ascii_whitespace()
                .find(|class| class.starts_with("language-"))?,
            "section" if value == "footnotes" => value,
            "sup" if value == "footnote-ref" => value,
            "a" if value == "footnote-backref" => value,
            _ => return None,
        },
        "id" => {
            let prefix = if element == "li" { "fn-" } else { "fnref-" };
            value
                .strip_prefix(prefix)
                .filter(|rest| !rest.contains(char::is_whitespace))
                .map(|_| value)?
        }
        "aria-label" => Some(value).filter(|value| value.starts_with("Back to reference "))?,
        "checked"
        | "data-footnotes"
        | "data-footnote-ref"
        | "data-footnote-backref"
        | "open"
        | "reversed" => "",
        "width" | "height" => Some(value).filter(|value| {
            value
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'%')
        })?,
        "cite" if refused_scheme(value).is_some() => return None,
        _ => value,
    };
    Some(value.into())
}

/// The scheme of an address, where it is not allowed; empty where the address cannot be read.
pub(super) fn refused_scheme(address: &str) -> Option<Cow<'static, str>> {
    match Url::parse(address) {
        Ok(url) if SCHEMES.contains(&url.scheme()) => None,
        Ok(url) => Some(url.scheme().to_owned().into()),
        Err(ammonia::url::ParseError::RelativeUrlWithoutBase) => None,
        Err(_) => Some("".into()),
    }
}

/// Escapes all but entities.
pub(super) fn escape_tags(text: &str, html: &mut String) {
    html.push_str(&text.replace('<', "&lt;"));
}

/// The words of HTML, entities decoded, all tags gone.
pub(super) fn words_of(html: &str) -> String {
    super::outline::decode(&Builder::empty().clean(html).to_string()).into_owned()
}
