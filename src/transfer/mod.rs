//! The neutral form of content that comes from elsewhere. Each reader here turns bytes into [`Parsed`] pieces of a site
//! and warnings, and none of them knows a database: which rules an article must keep is for
//! [`NewArticle`](crate::articles::new::NewArticle) to say, and what is done with it for the command that reads.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::articles::render;
use crate::slug;

pub use self::bundle::{
    AuthorInput, Exported, Item, MediaInput, Parsed, Piece, PieceItem, TagInput,
};

mod bundle;
pub mod dates;
pub mod front_matter;
pub mod ghost;
mod html;
pub mod jsonl;
pub mod markdown;
pub mod wxr;

/// A path on the old site in one spelling: decoded, `/` in front and none behind, no query, no empty step. An address with a
/// scheme and a host gives its path. `None` is what is no path, or leads out of itself (`..`), or is a pattern
/// (`/:year/:title/`), or is the front page.
#[must_use]
pub fn site_path(text: &str) -> Option<String> {
    let text = text.trim();
    let parsed = if text.contains("://") {
        Some(Url::parse(text).ok()?)
    } else {
        None
    };
    let path = parsed.as_ref().map_or(text, Url::path);
    let path = path.split(['?', '#']).next()?;
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let mut clean = String::with_capacity(decoded.len() + 1);
    for step in decoded
        .split('/')
        .filter(|step| !step.is_empty() && *step != ".")
    {
        if step == ".."
            || step.starts_with(':')
            || step.contains(['{', '\\'])
            || step.contains(char::is_control)
        {
            return None;
        }
        clean.push('/');
        clean.push_str(step);
    }
    (!clean.is_empty()).then_some(clean)
}

/// The address of a picture in the form the model wants: `http` and `https` addresses as they stand, paths with `/` in
/// front. `None` is what is neither, such as `data:` addresses, template commands, or plain words.
#[must_use]
pub fn image_address(text: &str) -> Option<String> {
    let text = text.trim().replace(' ', "%20");
    if text.contains(|c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, '\\' | '{' | '<' | '"')
    }) {
        return None;
    }
    let absolute =
        |text: &str| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if text.starts_with("//") {
        return Some(format!("https:{text}")).filter(|text| absolute(text));
    }
    if text
        .split('/')
        .next()
        .is_some_and(|first| first.contains(':'))
    {
        return absolute(&text).then_some(text);
    }
    let path = text.trim_start_matches("./");
    let is_path = path.contains(['/', '.']) && !path.split('/').any(|step| step == "..");
    // Without a slash it is a file name only if it ends like one: "photo.jpg", but not "A%20photo.%20Nice".
    let is_named = path.contains('/') || (!path.contains('%') && !path.ends_with('.'));
    (is_path && is_named).then(|| format!("/{}", path.trim_start_matches('/')))
}

/// The tags in one string: `a, b`, `#a #b` and `#a#b` are two, `a b` is one. The sign in `C#` stays.
#[must_use]
pub fn split_tags(text: &str) -> Vec<String> {
    let text = text.trim();
    let separators: &[char] = if text.starts_with('#') {
        &['#', ',']
    } else {
        &[',']
    };
    let parts = text.split(separators);
    parts
        .map(|part| part.trim().trim_start_matches('#'))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Adds names, but those that are there already or differ from one in letter case alone. Empty names are no names.
pub fn add_names(names: &mut Vec<String>, more: &[String]) {
    let mut keys: HashSet<String> = names.iter().map(|name| slug::name_key(name)).collect();
    for name in more {
        let key = slug::name_key(name);
        if !key.is_empty() && keys.insert(key) {
            names.push(name.trim().to_owned());
        }
    }
}

/// A name without the e-mail address in it, where there is one: names are public. Of an address that stands alone, what is
/// before its sign remains.
#[must_use]
pub fn without_address(text: &str) -> Option<String> {
    let is_address = |word: &&str| {
        word.split_once('@')
            .is_some_and(|(_, host)| host.contains('.'))
    };
    if !text.split_whitespace().any(|word| is_address(&word)) {
        return None;
    }
    let mut name: Vec<&str> = text
        .split_whitespace()
        .filter(|word| !is_address(word))
        .collect();
    if name.is_empty() {
        let alone = text.trim().trim_start_matches(['<', '(']);
        name.extend(alone.split('@').next());
    }
    Some(name.join(" "))
}

/// Text without its HTML, and whether there was any. Text that only has a `<` or an `&` in it stays as it is.
#[must_use]
pub fn without_html(text: &str) -> (String, bool) {
    let tag = text.match_indices('<').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or("").trim_start_matches('/');
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') && rest.contains('>')
    });
    let entity = text.match_indices('&').any(|(at, _)| {
        let name = text
            .get(at + 1..)
            .and_then(|rest| rest.split_once(';'))
            .map_or("", |(name, _)| name);
        (2..=8).contains(&name.len())
            && name
                .trim_start_matches('#')
                .bytes()
                .all(|b| b.is_ascii_alphanumeric())
    });
    if tag || entity {
        (render::plain_text(text).trim().to_owned(), true)
    } else {
        (text.trim().to_owned(), false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (text, path) in [
            ("2014/09/15/Rust-1.0", "/2014/09/15/Rust-1.0"),
            ("/2015/05/21/TockingTime/", "/2015/05/21/TockingTime"),
            (" //a///b/./c?x=1#y ", "/a/b/c"),
            ("https://example.org/caf%C3%A9/?q", "/café"),
            ("/a%20b", "/a b"),
        ] {
            assert_eq!(site_path(text).as_deref(), Some(path), "{text}");
        }
        for none in [
            "",
            "/",
            "https://example.org",
            "/:year/:title/",
            "/a/../b",
            "/%00",
            "/%ff",
            "/{{ slug }}/",
            "http://",
        ] {
            assert_eq!(site_path(none), None, "{none}");
        }
    }

    #[test]
    fn pictures_are_addresses_or_paths() {
        for (text, address) in [
            ("/assets/a.jpg", "/assets/a.jpg"),
            ("assets/my photo.jpg", "/assets/my%20photo.jpg"),
            ("./a.png", "/a.png"),
            ("a.png", "/a.png"),
            (
                "https://example.org/a b.png",
                "https://example.org/a%20b.png",
            ),
            ("//cdn.example.org/a.png", "https://cdn.example.org/a.png"),
        ] {
            assert_eq!(image_address(text).as_deref(), Some(address), "{text}");
        }
        let wrong = [
            "",
            "photo",
            "A photo. Nice",
            "../a.png",
            "data:image/png;base64,AA",
            "javascript:a/b",
            "{{ site }}/a.png",
        ];
        for none in wrong {
            assert_eq!(image_address(none), None, "{none}");
        }
    }

    #[test]
    fn tags_in_one_string_come_apart() {
        assert_eq!(
            split_tags("#ptsd#sexualintimacy #healing, #x"),
            ["ptsd", "sexualintimacy", "healing", "x"]
        );
        assert_eq!(
            split_tags(" how we work, C#,, #b "),
            ["how we work", "C#", "b"]
        );
        assert_eq!(split_tags("how we work"), ["how we work"]);
        assert_eq!(split_tags(" # "), Vec::<String>::new());
    }

    #[test]
    fn names_are_added_once() {
        let mut names = vec!["Café".to_owned()];
        add_names(
            &mut names,
            &[
                "b".to_owned(),
                "CAFÉ".to_owned(),
                " ".to_owned(),
                " B ".to_owned(),
                "c  d".to_owned(),
            ],
        );
        assert_eq!(names, ["Café", "b", "c  d"]);
    }

    #[test]
    fn only_html_is_taken_for_html() {
        assert_eq!(without_html("<p>a <b>b</b></p>"), ("a b".to_owned(), true));
        for plain in ["1 < 2 > 0", "R&D; really", "AT&T", "x <3 y"] {
            assert_eq!(without_html(plain), (plain.to_owned(), false));
        }
        assert!(without_html("Q&amp;A").1);
    }
}
