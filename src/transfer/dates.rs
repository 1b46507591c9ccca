//! Dates as blogs write them: six forms in the front matter of one real blog alone, and others in file names and paths.
//! What names no zone is taken as UTC, and what names no time of day as its midnight.

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::Offset;

use crate::time::Time;

/// Days written out, as some templates do.
const NAMED: &[&str] = &[
    "%b %d, %Y",
    "%b %d %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%B %d %Y",
    "%d %B %Y",
];

/// Reads a date, with or without time of day and zone: `2014-05-14`, `2024-12-5`, `2014/05/14`,
/// `2014-05-14T11:02:00.000-04:00`, `2014-05-14 9:02:00 -5`, `May 14, 2014`, `Wed, 14 May 2014 11:02:00 -0400`.
#[must_use]
pub fn parse(text: &str) -> Option<Time> {
    let text = text.trim();
    numeric(text).or_else(|| {
        let timestamp = rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
        let named = || {
            NAMED
                .iter()
                .find_map(|format| Date::strptime(format, text).ok())
        };
        match timestamp {
            Some(timestamp) => Time::from_timestamp(timestamp),
            None => midnight(named()?),
        }
    })
}

/// The date in front of a file name such as `2014-5-14-slug`, and what follows it.
#[must_use]
pub fn from_file_name(stem: &str) -> Option<(Time, &str)> {
    let (date, rest) = day(stem)?;
    let rest = if rest.is_empty() {
        rest
    } else {
        rest.strip_prefix(['-', '_', ' '])?
    };
    Some((midnight(date)?, rest))
}

/// The date that three steps of a path make, as in `inside-rust/2014/09/15/Rust-1.0`.
#[must_use]
pub fn from_path(path: &str) -> Option<Time> {
    let steps: Vec<&str> = path.split('/').collect();
    steps.windows(3).find_map(|steps| match steps {
        [year, month, of_month] => {
            let joined = format!("{year}-{month}-{of_month}");
            let (date, rest) = day(&joined)?;
            if rest.is_empty() {
                midnight(date)
            } else {
                None
            }
        }
        _ => None,
    })
}

fn midnight(date: Date) -> Option<Time> {
    instant(date.at(0, 0, 0, 0), Offset::UTC)
}

fn instant(at: DateTime, offset: Offset) -> Option<Time> {
    offset.to_timestamp(at).ok().and_then(Time::from_timestamp)
}

/// Digits all through, the zone perhaps excepted.
fn numeric(text: &str) -> Option<Time> {
    let (date, rest) = day(text)?;
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        return if rest.is_empty() {
            midnight(date)
        } else {
            None
        };
    };
    let (hour, rest) = number(rest.trim_start(), 1..=2)?;
    let (minute, mut rest) = number(rest.strip_prefix(':')?, 2..=2)?;
    let (mut second, mut nanosecond) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = number(after, 2..=2)?;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            (nanosecond, rest) = fraction(after)?;
        }
    }
    let at = DateTime::new(
        date.year(),
        date.month(),
        date.day(),
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        nanosecond,
    );
    instant(at.ok()?, zone(rest.trim())?)
}

/// `2014-05-14` or `2014/5/14` in front of a text, and the rest of it.
fn day(text: &str) -> Option<(Date, &str)> {
    let (year, rest) = number(text, 4..=4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/'))?;
    let (month, rest) = number(rest.strip_prefix(separator)?, 1..=2)?;
    let (of_month, rest) = number(rest.strip_prefix(separator)?, 1..=2)?;
    let date = Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(of_month).ok()?,
    )
    .ok()?;
    Some((date, rest))
}

/// Nothing, `Z`, `UTC`, `-5`, `-05`, `-0500` or `-05:00`.
fn zone(text: &str) -> Option<Offset> {
    if matches!(text, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(Offset::UTC);
    }
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or_else(|| (1, text.strip_prefix('+')), |digits| (-1, Some(digits)));
    let digits = digits?;
    let (hours, minutes) = match number(digits, 4..=4) {
        Some((both, "")) => (both / 100, both % 100),
        Some(_) => return None,
        None => match number(digits, 1..=2)? {
            (hours, "") => (hours, 0),
            (hours, rest) => match number(rest.strip_prefix(':')?, 2..=2)? {
                (minutes, "") => (hours, minutes),
                _ => return None,
            },
        },
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A run of digits whose length is in the range, and what follows it.
fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<(i32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    if !digits.contains(&length) {
        return None;
    }
    let (number, rest) = text.split_at_checked(length)?;
    Some((number.parse().ok()?, rest))
}

/// The nanoseconds in the digits after the point, cut at the ninth.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    if digits.is_empty() {
        None
    } else {
        Some((nine.parse().ok()?, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(time: Option<Time>) -> String {
        time.map_or_else(|| "none".to_owned(), |time| time.to_string())
    }

    #[test]
    fn reads_every_form_of_the_corpus_and_some_more() {
        for (text, time) in [
            ("2016-05-19", "2016-05-19T00:00:00.000Z"),
            (" 2016-05-19 ", "2016-05-19T00:00:00.000Z"),
            ("2024-12-5", "2024-12-05T00:00:00.000Z"),
            ("2014/05/14", "2014-05-14T00:00:00.000Z"),
            ("2014-05-14T11:02:00-04:00", "2014-05-14T15:02:00.000Z"),
            ("2014-05-14 11:02:00 -5", "2014-05-14T16:02:00.000Z"),
            ("2014-05-14 9:02:00 -5", "2014-05-14T14:02:00.000Z"),
            ("2021-09-16T00:00:00.123Z", "2021-09-16T00:00:00.123Z"),
            ("2014-05-14 11:02 +0530", "2014-05-14T05:32:00.000Z"),
            ("2014-05-14T11:02:00", "2014-05-14T11:02:00.000Z"),
            ("2014-05-14 11:02:00 UTC", "2014-05-14T11:02:00.000Z"),
            (
                "2014-05-14T11:02:00.1234567891+02",
                "2014-05-14T09:02:00.123Z",
            ),
            (
                "Wed, 14 May 2014 11:02:00 -0400",
                "2014-05-14T15:02:00.000Z",
            ),
            ("Jul 08 2022", "2022-07-08T00:00:00.000Z"),
            ("July 8, 2022", "2022-07-08T00:00:00.000Z"),
            ("8 July 2022", "2022-07-08T00:00:00.000Z"),
        ] {
            assert_eq!(shown(parse(text)), time, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "yesterday",
            "2014",
            "2014-05",
            "2014-13-01",
            "2014-02-30",
            "0000-00-00 00:00:00",
            "2014-05/14",
            "2014-05-14x",
            "2014-05-14 25:00:00",
            "2014-05-14 11",
            "2014-05-14 11:02:00 Mars/North",
            "2014-05-14 11:02:00 +99:00",
            "2014-05-14 11:02:00.",
            "99999-01-01",
            "２０１４-05-14",
            "9999-12-31T23:59:59-23:00",
        ] {
            assert_eq!(shown(parse(text)), "none", "{text}");
        }
    }

    #[test]
    fn finds_the_date_in_names_and_paths() {
        let (time, rest) = from_file_name("2024-12-5-18f-project-defaults").unwrap();
        assert_eq!(
            (time.to_string().as_str(), rest),
            ("2024-12-05T00:00:00.000Z", "18f-project-defaults")
        );
        assert_eq!(from_file_name("2024-12-05").unwrap().1, "");
        assert_eq!(from_file_name("2024-12-053-x"), None);
        assert_eq!(from_file_name("2024-Edition-CFP"), None);
        assert_eq!(
            shown(from_path("inside-rust/2026/07/31/x")),
            "2026-07-31T00:00:00.000Z"
        );
        assert_eq!(
            shown(from_path("2014/9/15/Rust-1.0")),
            "2014-09-15T00:00:00.000Z"
        );
        assert_eq!(shown(from_path("2014/09/Rust-1.0")), "none");
        assert_eq!(shown(from_path("a/2014/13/45/b")), "none");
    }
}
