//! Names in addresses and keys for comparing. A slug is what a text is called in a URL: ASCII, so that it survives every
//! mail program and log; the keys make two databases with different collations sort and compare alike.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest slug, in bytes (all of them ASCII).
pub const MAX_LEN: usize = 96;

/// The longest sort key, in bytes (all of them ASCII).
const SORT_KEY_LEN: usize = 120;

/// Follows a slug that would else look like an id.
const NOT_AN_ID: &str = "-x";

/// Makes a slug of any text: `Don't Überfahr 北京` becomes `dont-ueberfahr-bei-jing`. `None` where nothing in the text has a
/// sound or a number, such as emoji or punctuation alone; the names that Unicode gives emoji are not words of the writer.
///
/// German umlauts become two letters, in every language, since a slug does not know its locale.
#[must_use]
pub fn slugify(text: &str) -> Option<String> {
    let mut slug = String::with_capacity(text.len().min(MAX_LEN));
    let mut gap = false;
    for character in text.nfkc().flat_map(char::to_lowercase).nfc() {
        // What lies behind is cut off anyway.
        if slug.len() > MAX_LEN {
            break;
        }
        if is_silent(character) {
            continue;
        }
        for ascii in spelled(character).bytes() {
            if ascii.is_ascii_alphanumeric() {
                if gap && !slug.is_empty() {
                    slug.push('-');
                }
                gap = false;
                slug.push(char::from(ascii.to_ascii_lowercase()));
            } else if !matches!(ascii, b'\'' | b'`') {
                gap = true;
            }
        }
    }
    let mut slug = cut(&slug, MAX_LEN).to_owned();
    if slug.is_empty() {
        return None;
    }
    if is_uuid_shaped(&slug) {
        slug.push_str(NOT_AN_ID);
    }
    Some(slug)
}

/// Whether this can stand as a slug: `[a-z0-9-]`, 1 to [`MAX_LEN`] bytes, single hyphens between words only, and not of a
/// UUID's shape, since an address takes a slug or an id in the same place.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    (1..=MAX_LEN).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && !is_uuid_shaped(text)
}

/// The `n`th slug of that name: `about-2`. Takes away from the name, not from the number, where both are too long.
#[must_use]
pub fn with_suffix(slug: &str, n: u32) -> String {
    let number = n.to_string();
    let name = cut(slug, MAX_LEN.saturating_sub(number.len() + 1));
    if name.is_empty() {
        number
    } else {
        format!("{name}-{number}")
    }
}

/// What a title is sorted by: ASCII, lower case, single spaces, no quotation mark or space in front, at most 120 bytes.
/// `"Über" uns` becomes `uber" uns`. Empty for a title of emoji alone.
#[must_use]
pub fn sort_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len().min(SORT_KEY_LEN));
    let mut gap = false;
    for character in text.nfc() {
        if key.len() >= SORT_KEY_LEN {
            break;
        }
        if is_silent(character) || is_pictograph(character) {
            continue;
        }
        let ascii = if character.is_whitespace() {
            " "
        } else {
            deunicode_char(character).unwrap_or_default()
        };
        for ascii in ascii.bytes() {
            if ascii.is_ascii_graphic() {
                if key.is_empty() && matches!(ascii, b'"' | b'\'' | b'`') {
                    continue;
                }
                if gap && !key.is_empty() {
                    key.push(' ');
                }
                gap = false;
                key.push(char::from(ascii.to_ascii_lowercase()));
            } else {
                gap = true;
            }
        }
    }
    key.truncate(SORT_KEY_LEN);
    key.truncate(key.trim_end().len());
    key
}

/// What makes two names of tags or authors the same: `  CAFÉ  au lait` and `café au lait` both become `café au lait`.
/// Accents count: `café` and `cafe` are two names.
#[must_use]
pub fn name_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    // Composed on both sides: lower-casing takes some letters apart, and is defined for composed ones.
    key.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// How a lower-case character is spelled in ASCII. Anything but letters, digits and their marks parts words.
fn spelled(character: char) -> &'static str {
    match character {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        // A quotation mark in the middle of a word is an apostrophe.
        '\'' | '’' | '‘' | 'ʼ' | '＇' => "'",
        _ if is_pictograph(character) => " ",
        _ if character.is_alphanumeric() || is_combining_mark(character) => {
            deunicode_char(character).unwrap_or(" ")
        }
        _ => " ",
    }
}

/// Characters that are neither seen nor heard: joiners, soft hyphens, directions, variation selectors.
const fn is_silent(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}')
}

/// Emoji and their kin, some of which Unicode counts among the letters.
const fn is_pictograph(character: char) -> bool {
    matches!(character,
        '\u{20E3}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2500}'..='\u{27BF}'
        | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// The front of a slug, at most so many bytes, ending with a whole word unless that would leave less than half.
fn cut(slug: &str, len: usize) -> &str {
    let Some((front, rest)) = slug.split_at_checked(len) else {
        return slug;
    };
    let whole = match front.rfind('-') {
        _ if rest.is_empty() || rest.starts_with('-') => front,
        Some(end) if end >= len / 2 => &front[..end],
        _ => front,
    };
    whole.trim_end_matches('-')
}

fn is_uuid_shaped(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The wished slug, or the first of `slug-2`, `slug-3`, … that `is_free` says yes to; past twenty, one with eight digits
/// of a fresh id, so that the thousandth "Untitled" costs no thousand questions.
///
/// # Errors
/// Those of `is_free`.
pub fn first_free(
    wished: &str,
    mut is_free: impl FnMut(&str) -> crate::error::Result<bool>,
) -> crate::error::Result<String> {
    if is_free(wished)? {
        return Ok(wished.to_owned());
    }
    for n in 2..=20 {
        let slug = with_suffix(wished, n);
        if is_free(&slug)? {
            return Ok(slug);
        }
    }
    let short = crate::id::Id::new().short();
    let kept = wished
        .get(..wished.len().min(MAX_LEN - short.len() - 1))
        .unwrap_or(wished);
    Ok(format!("{}-{short}", kept.trim_end_matches('-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> String {
        slugify(text).unwrap_or_default()
    }

    #[test]
    fn slugs_of_many_scripts() {
        for (title, expected) in [
            ("Hello, World!", "hello-world"),
            ("Rust 1.0", "rust-1-0"),
            ("C++", "c"),
            ("  --Don't panic--  ", "dont-panic"),
            ("Don’t rock ‘n’ roll", "dont-rock-n-roll"),
            ("Äpfel, Öl und Überstraße", "aepfel-oel-und-ueberstrasse"),
            ("STRASSE ẞ", "strasse-ss"),
            ("Crème brûlée à l’œuf", "creme-brulee-a-loeuf"),
            ("İstanbul'da ılık", "istanbulda-ilik"),
            ("Ελληνικά νέα", "ellenika-nea"),
            ("Новости России", "novosti-rossii"),
            ("北京歡迎你", "bei-jing-huan-ying-ni"),
            ("ｆｕｌｌ　ｗｉｄｔｈ", "full-width"),
            ("a\u{AD}b\u{200D}c", "abc"),
            ("I ❤️ Rust 🦀", "i-rust"),
            ("snake_case & more", "snake-case-more"),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
        for title in [
            "日本語のブログ",
            "ブログ",
            "مرحبا بالعالم",
            "नमस्ते दुनिया",
            "สวัสดี",
            "שלום עולם",
            "한국어",
        ] {
            assert!(is_slug(&slug(title)), "{title} became {:?}", slug(title));
        }
        assert_eq!(
            slug("नमस्ते दुनिया").matches('-').count(),
            1,
            "{}",
            slug("नमस्ते दुनिया")
        );
        assert_eq!(
            slug("مرحبا بالعالم").matches('-').count(),
            1,
            "{}",
            slug("مرحبا بالعالم")
        );
    }

    #[test]
    fn nothing_to_spell_is_none() {
        for text in [
            "",
            "   ",
            "🦀",
            "🎉🎊",
            "🇩🇪",
            "🅰️",
            "1\u{FE0F}\u{20E3}".trim_start_matches('1'),
            "!!!",
            "…",
            "'",
        ] {
            assert_eq!(slugify(text), None, "{text}");
        }
    }

    #[test]
    fn composed_and_combining_marks_agree() {
        assert_eq!(slug("Ca\u{301}fe\u{301} u\u{308}ber"), slug("Cáfé über"));
        assert_eq!(slug("u\u{308}ber"), "ueber");
    }

    #[test]
    fn long_titles_end_with_a_word() {
        let long = slug(&"seventeen letters ".repeat(40));
        assert!(
            long.len() <= MAX_LEN && long.ends_with("seventeen") | long.ends_with("letters"),
            "{long}"
        );
        assert_eq!(slug(&"x".repeat(500)).len(), MAX_LEN);
        assert!(is_slug(&slug(&"北".repeat(10_000))));
        assert_eq!(
            slug(&format!("{} b", "a".repeat(MAX_LEN))),
            "a".repeat(MAX_LEN)
        );
    }

    #[test]
    fn an_id_is_no_slug() {
        let uuid = "018f3c1e-7b1a-7c3d-9e4f-0123456789ab";
        assert!(!is_slug(uuid));
        assert_eq!(slug(uuid), format!("{uuid}-x"));
        assert!(is_slug(&slug(&uuid.to_uppercase())));
    }

    #[test]
    fn tells_slugs_from_others() {
        for good in ["a", "a-b", "2024", "a1-b2-c3", &"a".repeat(MAX_LEN)] {
            assert!(is_slug(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "ä",
            "a_b",
            "a b",
            "a/b",
            "a\0",
            &"a".repeat(MAX_LEN + 1),
        ] {
            assert!(!is_slug(bad), "{bad}");
        }
    }

    #[test]
    fn suffixes_stay_within_the_limit() {
        assert_eq!(with_suffix("about", 2), "about-2");
        let long = with_suffix(&"a".repeat(MAX_LEN), u32::MAX);
        assert!(is_slug(&long) && long.ends_with("-4294967295"), "{long}");
        let words = with_suffix(&slug(&"word ".repeat(60)), 12);
        assert!(is_slug(&words) && words.ends_with("word-12"), "{words}");
    }

    #[test]
    fn sort_keys() {
        assert_eq!(sort_key("  “The   Überfall” "), "the uberfall\"");
        assert_eq!(sort_key("'n Abend"), "n abend");
        assert_eq!(sort_key("Zoë\n2"), "zoe 2");
        assert_eq!(sort_key("🦀 Rust"), "rust");
        assert_eq!(sort_key("🦀"), "");
        assert_eq!(sort_key("北京"), "bei jing");
        assert!(sort_key(&"long title ".repeat(50)).len() <= SORT_KEY_LEN);
        assert!(sort_key(&"ß".repeat(500)).is_ascii());
    }

    #[test]
    fn name_keys() {
        assert_eq!(name_key("  CAFE\u{301}\t au  Lait "), "café au lait");
        assert_eq!(name_key("ΟΔΟΣ"), name_key("οδος"));
        assert_eq!(name_key("İ"), name_key(&name_key("İ")));
        assert_ne!(name_key("cafe"), name_key("café"));
        assert_eq!(name_key("\u{2003}"), "");
    }
}
