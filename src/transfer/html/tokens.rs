//! HTML as a row of tags and the texts between them, told apart as a parser does it, in one walk whatever is in it.

use crate::articles::render;

/// A piece of HTML, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transfer) enum Token<'a> {
    /// What is no markup; entities are not decoded.
    Text(&'a str),
    /// `<p class="x">`, `<br />`, `</p>`.
    Tag(Tag<'a>),
    /// `<!-- … -->` and whatever else begins with `<!` or `<?`.
    Comment(&'a str),
}

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transfer) struct Tag<'a> {
    /// All of it.
    pub(in crate::transfer) raw: &'a str,
    /// Its name, as it is written.
    pub(in crate::transfer) name: &'a str,
    /// It ends an element.
    pub(in crate::transfer) closes: bool,
}

impl<'a> Tag<'a> {
    /// Whether it is of one of these elements, named in lower case.
    pub(in crate::transfer) fn is_one_of(&self, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| self.name.eq_ignore_ascii_case(name))
    }

    /// The value of an attribute, its entities decoded.
    pub(in crate::transfer) fn attribute(&self, name: &str) -> Option<String> {
        let inner = self.raw.get(1 + self.name.len()..self.raw.len() - 1)?;
        let value = Attributes { rest: inner }
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)?;
        Some(if value.contains('&') {
            // An attribute holds no tags, so that what looks like one is text.
            render::plain_text(&value.replace('<', "&lt;"))
        } else {
            value.trim().to_owned()
        })
    }
}

/// The attributes of a tag, or of what is written like one: `a="b" c='d' e=f g`.
pub(in crate::transfer) struct Attributes<'a> {
    pub(in crate::transfer) rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self
            .rest
            .trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            self.rest = rest;
            return None;
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(rest.len());
        // A sign that stands alone is a name of its own, or the walk would stand still.
        let end = if end == 0 { 1 } else { end };
        let (name, after) = rest.split_at(end);
        let Some(value) = after.trim_start().strip_prefix('=') else {
            self.rest = after;
            return Some((name, ""));
        };
        let value = value.trim_start();
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quoted.and_then(|quote| {
            let inner = value.get(1..)?;
            Some((inner, inner.find(quote)?))
        }) {
            Some((inner, end)) => (
                inner.get(..end).unwrap_or(""),
                inner.get(end + 1..).unwrap_or(""),
            ),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// Takes HTML apart. Every byte of it is in one of the tokens.
pub(in crate::transfer) const fn tokens(html: &str) -> Tokens<'_> {
    Tokens {
        html,
        at: 0,
        unquoted: [false; 2],
        unended: false,
        uncommented: false,
    }
}

/// See [`tokens`]. What does not stand in the rest of the text is looked for once.
pub(in crate::transfer) struct Tokens<'a> {
    html: &'a str,
    at: usize,
    /// No `"`, no `'` follows.
    unquoted: [bool; 2],
    /// No `>` follows.
    unended: bool,
    /// No `-->` follows.
    uncommented: bool,
}

impl<'a> Tokens<'a> {
    /// Everything up to the end tag of this name, which comes next; all the rest where there is none. For elements whose
    /// content is not read as HTML.
    pub(in crate::transfer) fn until_end_of(&mut self, name: &str) -> &'a str {
        let rest = self.html.get(self.at..).unwrap_or("");
        let mut from = 0;
        while let Some(found) = rest.get(from..).and_then(|rest| rest.find("</")) {
            let at = from + found;
            let after = rest.get(at + 2..).unwrap_or("");
            let same = after
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name));
            if same {
                self.at += at;
                return rest.get(..at).unwrap_or("");
            }
            from = at + 2;
        }
        self.at = self.html.len();
        rest
    }

    /// The length of a tag that begins here, quotes considered.
    fn tag_length(&mut self, rest: &str) -> Option<usize> {
        let bytes = rest.as_bytes();
        let mut at = 1;
        loop {
            match bytes.get(at)? {
                b'>' => return Some(at + 1),
                quote @ (b'"' | b'\'') => {
                    // A quote opens a value only behind `=`.
                    let opens = bytes
                        .get(..at)?
                        .iter()
                        .rev()
                        .find(|byte| !byte.is_ascii_whitespace())
                        == Some(&b'=');
                    let seen = &mut self.unquoted[usize::from(*quote == b'\'')];
                    if opens && !*seen {
                        match memchr::memchr(*quote, bytes.get(at + 1..)?) {
                            Some(length) => at += length + 1,
                            None => *seen = true,
                        }
                    }
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.html.get(self.at..).filter(|rest| !rest.is_empty())?;
        let markup = rest
            .match_indices('<')
            .map(|(at, _)| at)
            .find(|at| begins_markup(rest.get(at + 1..).unwrap_or("")));
        let start = match markup {
            Some(0) if !self.unended => 0,
            Some(at) if at > 0 && !self.unended => {
                self.at += at;
                return rest.get(..at).map(Token::Text);
            }
            _ => {
                self.at = self.html.len();
                return Some(Token::Text(rest));
            }
        };
        let rest = rest.get(start..)?;
        if rest.starts_with("<!--") && !self.uncommented {
            match rest.find("-->") {
                Some(end) => {
                    self.at += end + 3;
                    return rest.get(..end + 3).map(Token::Comment);
                }
                None => self.uncommented = true,
            }
        }
        let Some(length) = self.tag_length(rest) else {
            self.unended = true;
            self.at = self.html.len();
            return Some(Token::Text(rest));
        };
        self.at += length;
        let raw = rest.get(..length)?;
        if raw.starts_with("<!") || raw.starts_with("<?") {
            return Some(Token::Comment(raw));
        }
        let closes = raw.starts_with("</");
        let inner = raw.get(if closes { 2 } else { 1 }..).unwrap_or("");
        let end = inner
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .unwrap_or(inner.len());
        Some(Token::Tag(Tag {
            raw,
            name: inner.get(..end).unwrap_or(""),
            closes,
        }))
    }
}

fn begins_markup(after: &str) -> bool {
    let mut bytes = after.bytes();
    match bytes.next() {
        Some(b'!' | b'?') => true,
        Some(b'/') => bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic()),
        Some(byte) => byte.is_ascii_alphabetic(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(html: &str) -> Vec<String> {
        let told = |token| match token {
            Token::Text(text) => format!("{text:?}"),
            Token::Tag(tag) if tag.closes => format!("/{}", tag.name),
            Token::Tag(tag) => tag.name.to_owned(),
            Token::Comment(_) => "!".to_owned(),
        };
        tokens(html).map(told).collect()
    }

    #[test]
    fn tags_texts_and_comments_come_apart() {
        assert_eq!(
            names("a <b title=\"x > y\">c</b> 1 < 2 <br/><!-- <i> -->d<?php x?>"),
            [
                "\"a \"",
                "b",
                "\"c\"",
                "/b",
                "\" 1 < 2 \"",
                "br",
                "!",
                "\"d\"",
                "!"
            ]
        );
        assert_eq!(names("a <b"), ["\"a \"", "\"<b\""]);
        assert_eq!(names("<a href='x>y"), ["a", "\"y\""]);
        assert_eq!(
            names("<p>it's <b>'</b>"),
            ["p", "\"it's \"", "b", "\"'\"", "/b"]
        );
    }

    #[test]
    fn nothing_is_lost_and_nothing_takes_long() {
        for piece in [
            "<",
            "<a ",
            "<a b=\"",
            "<a b='",
            "<!--",
            "</",
            "<a b=\"c\">",
            "é<é",
            "\"<p '>",
        ] {
            let html = piece.repeat(100_000 / piece.len());
            let again: String = tokens(&html)
                .map(|token| match token {
                    Token::Text(raw) | Token::Comment(raw) => raw,
                    Token::Tag(tag) => tag.raw,
                })
                .collect();
            assert!(again == html, "{piece}");
        }
    }

    #[test]
    fn attributes_are_found_and_decoded() {
        let Some(Token::Tag(tag)) =
            tokens("<IMG src = '/a b.jpg' alt=\"a &quot;b&quot; &lt;i>\" width=3 x>").next()
        else {
            panic!("no tag")
        };
        let value = |name| tag.attribute(name);
        assert_eq!(value("src").as_deref(), Some("/a b.jpg"));
        assert_eq!(value("alt").as_deref(), Some("a \"b\" <i>"));
        assert_eq!(value("width").as_deref(), Some("3"));
        assert_eq!(value("x").as_deref(), Some(""));
        assert_eq!(value("y"), None);
    }

    #[test]
    fn what_is_no_html_inside_is_passed_over() {
        let mut row = tokens("<pre>a <b </PRE>c");
        row.next();
        assert_eq!(row.until_end_of("pre"), "a <b ");
        assert!(matches!(row.next(), Some(Token::Tag(tag)) if tag.closes));
    }
}
