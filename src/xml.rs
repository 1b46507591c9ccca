//! XML 1.0: a thin layer over quick-xml's writer. That one escapes; here goes what XML has no place for, however it is
//! escaped.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A document being written.
pub(crate) type Xml = Writer<Vec<u8>>;

/// A document that holds its declaration.
///
/// # Errors
/// None; the signature is the library's.
pub(crate) fn begin() -> io::Result<Xml> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    Ok(xml)
}

/// An element that holds a text alone.
///
/// # Errors
/// As [`begin`].
pub(crate) fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    text_with(xml, name, &[], text)
}

/// The same, with attributes.
///
/// # Errors
/// As [`begin`].
pub(crate) fn text_with(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, &str)],
    text: &str,
) -> io::Result<()> {
    let mut element = xml.create_element(name);
    for (name, value) in attributes {
        element = element.with_attribute((*name, clean(value).as_ref()));
    }
    element.write_text_content(BytesText::new(&clean(text)))?;
    Ok(())
}

/// An element that holds nothing but its attributes.
///
/// # Errors
/// As [`begin`].
pub(crate) fn empty(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    let mut element = xml.create_element(name);
    for (name, value) in attributes {
        element = element.with_attribute((*name, clean(value).as_ref()));
    }
    element.write_empty()?;
    Ok(())
}

/// The text with U+FFFD in the place of each character that XML 1.0 forbids (section 2.2): control characters but for tab,
/// newline and carriage return, and U+FFFE and U+FFFF. No escape could bring them in.
#[must_use]
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(is_forbidden) {
        text.replace(is_forbidden, "\u{FFFD}").into()
    } else {
        text.into()
    }
}

const fn is_forbidden(character: char) -> bool {
    !matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character there is goes through an element and an attribute, and comes back or is U+FFFD.
    #[test]
    fn any_character_can_be_written_and_read() {
        let all: Vec<char> = ('\0'..=char::MAX).collect();
        for some in all.chunks(1 << 16) {
            let written: String = some.iter().collect();
            let mut xml = begin().unwrap();
            text_with(&mut xml, "a", &[("b", &written)], &written).unwrap();
            let xml = String::from_utf8(xml.into_inner()).unwrap();
            let document = roxmltree::Document::parse(&xml).unwrap();
            let expected: String = some
                .iter()
                .map(|character| match *character {
                    '\0'..='\u{8}'
                    | '\u{b}'
                    | '\u{c}'
                    | '\u{e}'..='\u{1f}'
                    | '\u{fffe}'
                    | '\u{ffff}' => '\u{fffd}',
                    other => other,
                })
                .collect();
            assert!(document.root_element().text() == Some(&expected));
            // White space in attributes is one kind of white space (section 3.3.3), unless it is escaped.
            let spaces = |text: &str| text.replace(['\t', '\n', '\r'], " ");
            let attribute = document.root_element().attribute("b").unwrap();
            assert!(spaces(attribute) == spaces(&expected));
        }
    }

    #[test]
    fn markup_and_the_end_of_cdata_are_text() {
        let mut xml = begin().unwrap();
        text(&mut xml, "a", "]]> <b>&amp; \"' \u{202e}x").unwrap();
        let xml = String::from_utf8(xml.into_inner()).unwrap();
        let document = roxmltree::Document::parse(&xml).unwrap();
        assert_eq!(
            document.root_element().text(),
            Some("]]> <b>&amp; \"' \u{202e}x")
        );
    }
}
