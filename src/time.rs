//! Points in time, cut to whole milliseconds in this one place: SQLite would keep nine fractional digits and PostgreSQL
//! six, and ETags and cursors of the two would differ.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::{Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z. In JSON an RFC 3339 string in UTC, `2026-11-22T10:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Time(i64);

impl Time {
    /// The earliest and the latest time there is: four digits of a year always do, and jiff, which writes them, knows no
    /// instant after 9999-12-30T22:00:00Z, so that each has a date in every zone.
    const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_200_000;

    /// The time that many milliseconds after the epoch, or `None` before the year 1 and at the end of 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        Self::RANGE.contains(&millis).then_some(Self(millis))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This long after it; itself where there is no such time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis)).unwrap_or(self)
    }

    /// This long before it; itself where there is no such time.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis)).unwrap_or(self)
    }

    /// The year in UTC.
    #[must_use]
    pub fn year(self) -> i64 {
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(jiff::tz::TimeZone::UTC).year().into()
    }

    /// As RFC 822 and those after it write it, `Sun, 22 Nov 2026 10:00:00 GMT`.
    #[must_use]
    pub fn to_rfc822(self) -> String {
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        // Fails for years before 0 alone, which `RANGE` rules out.
        DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&at)
            .unwrap_or_default()
    }

    /// The same by reference, as Diesel binds it.
    pub(crate) const fn as_millis(&self) -> &i64 {
        &self.0
    }

    /// The instant, cut down to a whole millisecond.
    #[must_use]
    pub fn from_timestamp(timestamp: Timestamp) -> Option<Self> {
        Self::from_millis(timestamp.as_millisecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `RANGE` lies inside jiff's own, so the fallback is never taken; it keeps this free of panics.
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(f, "{at:.3}")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an RFC 3339 date and time with a zone.
#[derive(Debug, thiserror::Error)]
#[error("not a time: expected RFC 3339 with a zone, such as 2026-11-22T10:00:00Z")]
pub struct ParseTimeError;

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        // jiff also reads `[Europe/Berlin]` after the offset and short offsets (RFC 9557); the contract says RFC 3339.
        let plain = text.len() >= 20 && text.is_ascii() && !text.contains('[');
        let timestamp: Option<Timestamp> = if plain { text.parse().ok() } else { None };
        timestamp
            .and_then(Self::from_timestamp)
            .ok_or(ParseTimeError)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the present comes from: the system, or a test that moves it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The operating system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn system() -> Self {
        Self(Arc::new(|| Time(Timestamp::now().as_millisecond())))
    }

    /// A clock that asks `source` each time.
    pub fn from_fn(source: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Time {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_milliseconds_in_utc() {
        let time: Time = "2026-11-22T11:00:00.123987+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-22T10:00:00.123Z");
        assert_eq!(
            "0001-01-01T00:00:00Z".parse::<Time>().unwrap().to_string(),
            "0001-01-01T00:00:00.000Z"
        );
        assert_eq!(time.to_rfc822(), "Sun, 22 Nov 2026 10:00:00 GMT");
        for edge in [*Time::RANGE.start(), *Time::RANGE.end()] {
            assert_eq!(Time(edge).to_rfc822().len(), 29);
            assert_eq!(Time(edge).to_string().parse::<Time>().unwrap(), Time(edge));
        }
    }

    #[test]
    fn refuses_what_has_no_zone_or_is_no_time() {
        for wrong in [
            "2026-11-22",
            "2026-11-22T10:00:00",
            "2026-13-01T00:00:00Z",
            "now",
            "-000001-01-01T00:00:00Z",
        ] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }
}
