//! What an answer is kept under.

use std::borrow::Cow;

/// The key of a request: its path and query, the parameters in the order of their names. Those of one name stay in theirs.
#[must_use]
pub fn key(path_and_query: &str) -> Cow<'_, str> {
    let Some((path, query)) = path_and_query.split_once('?') else {
        return Cow::Borrowed(path_and_query);
    };
    if query.is_empty() {
        return Cow::Borrowed(path);
    }
    if !query.contains('&') {
        return Cow::Borrowed(path_and_query);
    }
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_by_key(|pair| pair.split('=').next());
    Cow::Owned(format!("{path}?{}", pairs.join("&")))
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn the_order_of_parameters_makes_no_difference() {
        for (asked, expected) in [
            ("/v1/site", "/v1/site"),
            ("/v1/site?", "/v1/site"),
            ("/v1/articles?limit=5", "/v1/articles?limit=5"),
            (
                "/v1/articles?sort=title&limit=5",
                "/v1/articles?limit=5&sort=title",
            ),
            (
                "/v1/articles?tag=b&limit=5&&tag=a",
                "/v1/articles?limit=5&tag=b&tag=a",
            ),
            ("/v1/a?b&a=?", "/v1/a?a=?&b"),
        ] {
            assert_eq!(key(asked), expected, "{asked}");
        }
    }
}
