//! Addresses of the API as paths of files. The path stays, and what would be the query becomes a step of its own: `?` is
//! `/`. No slug holds a `=`, so neither is taken for the other.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in the query: letters, digits, and what slugs, paths and tags of locales are made of.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');
/// What does not stand for itself in a path (RFC 3986 section 3.3).
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An address of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Its path, not encoded.
    path: String,
    /// Its last step is the name of a file.
    is_file: bool,
    /// Its parameters, by name.
    query: Vec<(&'static str, String)>,
}

impl Address {
    /// A path that answers JSON.
    pub(super) fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            is_file: false,
            query: Vec::new(),
        }
    }

    /// A path that is that of a file.
    pub(super) fn file(path: impl Into<String>) -> Self {
        Self {
            is_file: true,
            ..Self::new(path)
        }
    }

    /// The same with a parameter more.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let at = self.query.partition_point(|(known, _)| *known <= name);
        self.query.insert(at, (name, value.into()));
        self
    }

    /// The same with a suffix.
    #[must_use]
    pub(super) fn suffixed(&self, suffix: &str) -> Self {
        Self {
            path: format!("{}.{suffix}", self.path),
            is_file: true,
            query: self.query.clone(),
        }
    }

    /// The same with a step below its path.
    #[must_use]
    pub(super) fn below(&self, step: &str) -> Self {
        Self {
            path: format!("{}/{step}", self.path),
            ..self.clone()
        }
    }

    /// Path and query, as a client asks for them.
    #[must_use]
    pub(super) fn target(&self) -> String {
        let path = utf8_percent_encode(&self.path, IN_PATH);
        let query = self.query.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, IN_QUERY);
            format!("{name}={value}")
        });
        let query: Vec<String> = query.collect();
        match query.as_slice() {
            [] => path.to_string(),
            query => format!("{path}?{}", query.join("&")),
        }
    }

    /// The file that stands for it, below the root.
    #[must_use]
    pub(super) fn path(&self) -> String {
        let plain = self.plain();
        if self.is_file {
            plain
        } else {
            format!("{plain}/index.json")
        }
    }

    /// Its address on a host of files, encoded: the folder of an `index.json`, or the file.
    #[must_use]
    pub(super) fn link(&self) -> String {
        let plain = self.plain();
        let slash = if self.is_file { "" } else { "/" };
        format!("/{}{slash}", utf8_percent_encode(&plain, IN_PATH))
    }

    /// Its path and parameters, without a slash on either side.
    fn plain(&self) -> String {
        let path = self.path.trim_start_matches('/');
        if self.query.is_empty() {
            return path.to_owned();
        }
        let query = self.query.iter().map(|(name, value)| {
            // A path ends where it would be the same with a slash behind it.
            format!("{name}={}", value.trim_end_matches('/'))
        });
        let query = query.collect::<Vec<_>>().join("&");
        match path.rsplit_once('/').filter(|_| self.is_file) {
            Some((above, name)) => format!("{above}/{query}/{name}"),
            None if self.is_file => format!("{query}/{path}"),
            None => format!("{path}/{query}"),
        }
    }
}

/// What `Location` says, as an address on a host of files. The slash of a folder is put where none of a file's suffixes is.
#[must_use]
pub(super) fn link_to(location: &str, public_url: Option<&str>) -> String {
    let base = public_url.unwrap_or_default();
    let target = location.strip_prefix(base).unwrap_or(location);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| [".md", ".txt", ".html"].iter().any(|it| name.ends_with(it)));
    let link = match (query, path.rsplit_once('/')) {
        ("", _) if is_file => path.to_owned(),
        ("", _) => format!("{}/", path.trim_end_matches('/')),
        (query, Some((above, name))) if is_file => format!("{above}/{query}/{name}"),
        (query, _) => format!("{path}/{query}/"),
    };
    format!("{base}{link}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_a_step_of_the_path() {
        let list = Address::new("/v1/articles");
        let by_tag = list.clone().with("tag", "sleep").with("page", "2");
        let feed = Address::file("/v1/feeds/articles.rss");
        let text = Address::new("/v1/pages/about").with("locale", "de");
        let page = |path: &str| Address::new("/v1/resolve").with("path", path);
        for (address, target, path, link) in [
            (
                list,
                "/v1/articles",
                "v1/articles/index.json",
                "/v1/articles/",
            ),
            (
                by_tag,
                "/v1/articles?page=2&tag=sleep",
                "v1/articles/page=2&tag=sleep/index.json",
                "/v1/articles/page=2&tag=sleep/",
            ),
            (
                feed.clone(),
                "/v1/feeds/articles.rss",
                "v1/feeds/articles.rss",
                "/v1/feeds/articles.rss",
            ),
            (
                feed.with("author", "ada"),
                "/v1/feeds/articles.rss?author=ada",
                "v1/feeds/author=ada/articles.rss",
                "/v1/feeds/author=ada/articles.rss",
            ),
            (
                text.suffixed("md"),
                "/v1/pages/about.md?locale=de",
                "v1/pages/locale=de/about.md",
                "/v1/pages/locale=de/about.md",
            ),
            (
                text.below("related"),
                "/v1/pages/about/related?locale=de",
                "v1/pages/about/related/locale=de/index.json",
                "/v1/pages/about/related/locale=de/",
            ),
            (
                page("/de/über uns/"),
                "/v1/resolve?path=/de/%C3%BCber%20uns/",
                "v1/resolve/path=/de/über uns/index.json",
                "/v1/resolve/path=/de/%C3%BCber%20uns/",
            ),
            (
                page("/"),
                "/v1/resolve?path=/",
                "v1/resolve/path=/index.json",
                "/v1/resolve/path=/",
            ),
            (
                Address::file("/robots.txt"),
                "/robots.txt",
                "robots.txt",
                "/robots.txt",
            ),
        ] {
            assert_eq!(address.target(), target);
            assert_eq!(address.path(), path);
            assert_eq!(address.link(), link);
        }
    }

    #[test]
    fn locations_lead_to_files() {
        for (location, link) in [
            ("/v1/articles/tea", "/v1/articles/tea/"),
            ("/v1/articles/tea.md", "/v1/articles/tea.md"),
            ("/v1/articles/tee?locale=de", "/v1/articles/tee/locale=de/"),
            (
                "/v1/articles/tee.txt?locale=de",
                "/v1/articles/locale=de/tee.txt",
            ),
        ] {
            assert_eq!(link_to(location, None), link);
            let base = "https://api.example.org/x";
            let absolute = format!("{base}{location}");
            assert_eq!(link_to(&absolute, Some(base)), format!("{base}{link}"));
        }
    }
}
