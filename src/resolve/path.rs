//! A path on the website, as somebody asks for it: percent-encoded or not, with or without a slash at its end.

use percent_encoding::percent_decode_str;

use crate::error::FaultCode;

/// The longest path, in bytes.
pub const MAX_PATH: usize = 2048;

/// A path on the website.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePath {
    given: String,
    plain: String,
}

/// The text that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its locale.
    pub locale: String,
    /// Its slug.
    pub slug: String,
    /// The path names the default locale, which has no prefix.
    pub names_default: bool,
}

impl SitePath {
    /// Reads a path: with one `/` in front, without query and fragment.
    ///
    /// # Errors
    /// For anything else.
    pub fn parse(text: &str) -> Result<Self, (FaultCode, String)> {
        if text.len() > MAX_PATH {
            let detail = format!("has {} bytes; at most {MAX_PATH} are allowed", text.len());
            return Err((FaultCode::TooLarge, detail));
        }
        if !text.starts_with('/')
            || text.starts_with("//")
            || text.contains(['?', '#'])
            || text.contains(char::is_control)
        {
            let detail = "a path on the site begins with one `/`, and has no query and no fragment";
            return Err((FaultCode::Malformed, detail.to_owned()));
        }
        // What does not decode to text is no encoding, and means what it says.
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.as_deref().unwrap_or(text);
        let decoded = if decoded.contains(char::is_control) {
            text
        } else {
            decoded
        };
        let plain = match decoded.trim_end_matches('/') {
            "" => "/",
            plain => plain,
        };
        Ok(Self {
            given: text.to_owned(),
            plain: plain.to_owned(),
        })
    }

    /// Its one spelling: decoded, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.plain
    }

    /// The spellings under which a redirect may stand there, the one asked for first.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let mut spellings = vec![self.given.clone()];
        for more in [self.plain.clone(), format!("{}/", self.plain)] {
            if !spellings.contains(&more) && more != "//" {
                spellings.push(more);
            }
        }
        spellings
    }

    /// The text that it names, on a site of these locales, the default first: `/slug`, or `/de/slug` in another locale.
    #[must_use]
    pub fn place(&self, locales: &[String]) -> Option<Place> {
        let default = locales.first()?;
        let steps = self.plain.strip_prefix('/')?;
        let (locale, slug) = match steps.split_once('/') {
            Some((first, slug)) => (Some(locales.iter().find(|it| *it == first)?), slug),
            None => (None, steps),
        };
        (!slug.is_empty() && !slug.contains('/')).then(|| Place {
            names_default: locale == Some(default),
            locale: locale.unwrap_or(default).clone(),
            slug: slug.to_owned(),
        })
    }

    /// Whether an address leads to this path again, on a website at `base`.
    #[must_use]
    pub fn is_reached_by(&self, address: &str, base: Option<&str>) -> bool {
        let path = match base.and_then(|base| address.strip_prefix(base)) {
            Some("") => "/",
            Some(path) => path,
            None => address,
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Self::parse(path).is_ok_and(|path| path.plain == self.plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SitePath {
        SitePath::parse(text).unwrap()
    }

    #[test]
    fn a_path_has_one_spelling() {
        for (text, plain) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a"),
            ("/de/a//", "/de/a"),
            ("/caf%C3%A9", "/café"),
            ("/café", "/café"),
            ("/a%2Fb", "/a/b"),
            ("/100%", "/100%"),
            ("/%ff", "/%ff"),
            ("/%00", "/%00"),
            ("/a b", "/a b"),
        ] {
            assert_eq!(path(text).as_str(), plain, "{text}");
        }
        for wrong in [
            "",
            "a",
            "//a",
            "/a?b",
            "/a#b",
            "/a\nb",
            "https://example.org/a",
        ] {
            let refused = SitePath::parse(wrong).map_err(|(code, _)| code);
            assert_eq!(refused, Err(FaultCode::Malformed), "{wrong}");
        }
        let long = SitePath::parse(&format!("/{}", "a".repeat(MAX_PATH)));
        assert_eq!(long.map_err(|(code, _)| code), Err(FaultCode::TooLarge));
    }

    #[test]
    fn redirects_may_stand_under_several_spellings() {
        assert_eq!(path("/").spellings(), ["/"]);
        assert_eq!(path("/a").spellings(), ["/a", "/a/"]);
        assert_eq!(path("/a/").spellings(), ["/a/", "/a"]);
        assert_eq!(path("/%C3%A9/").spellings(), ["/%C3%A9/", "/é", "/é/"]);
    }

    #[test]
    fn the_first_step_may_be_a_locale() {
        let locales = ["en", "de", "de-CH"].map(str::to_owned);
        let place = |text: &str| {
            let place = path(text).place(&locales)?;
            Some((place.locale, place.slug, place.names_default))
        };
        let is = |locale: &str, slug: &str, names_default| {
            Some((locale.to_owned(), slug.to_owned(), names_default))
        };
        assert_eq!(place("/a"), is("en", "a", false));
        assert_eq!(place("/en/a"), is("en", "a", true));
        assert_eq!(place("/de/a/"), is("de", "a", false));
        assert_eq!(place("/de-CH/a"), is("de-CH", "a", false));
        assert_eq!(place("/de"), is("en", "de", false));
        for none in ["/", "/fr/a", "/DE/a", "/de/a/b", "/2014/01/a", "/de//a"] {
            assert_eq!(place(none), None, "{none}");
        }
    }

    #[test]
    fn an_address_may_lead_back() {
        let base = Some("https://example.org/blog");
        for back in [
            "/a",
            "/a/",
            "/a?b=c",
            "/%61#x",
            "https://example.org/blog/a/",
        ] {
            assert!(path("/a").is_reached_by(back, base), "{back}");
        }
        for away in [
            "/",
            "/b",
            "https://example.org/a",
            "https://elsewhere.example/a",
            "//a",
        ] {
            assert!(!path("/a").is_reached_by(away, base), "{away}");
        }
        assert!(path("/").is_reached_by("https://example.org/blog", base));
    }
}
