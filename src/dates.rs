//! Instants and days in all the forms both services use.

use serde_json::Value;
use time::{Date, OffsetDateTime};

/// Milliseconds since 1970-01-01 UTC.
pub type Instant = i64;

/// The years that a date can be of: others are slips, or a program's way of saying "none".
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// An hour in milliseconds.
pub const HOUR_MS: u64 = 3_600_000;
/// A day in milliseconds.
pub const DAY_MS: u64 = 24 * HOUR_MS;

const DAY: i64 = DAY_MS as i64;

/// Reads an instant: ISO 8601 with or without zone, with `T` or a space, a bare day, epoch
/// milliseconds as number or digits. Text without a zone is taken as UTC.
pub fn instant(value: &Value) -> Option<Instant> {
    match value {
        Value::Number(number) => {
            of_milliseconds(number.as_i64().or_else(|| Some(number.as_f64()? as i64))?)
        }
        Value::String(text) => instant_of(text),
        _ => None,
    }
}

/// An instant written by [`instant`]'s rules, from text.
pub fn instant_of(text: &str) -> Option<Instant> {
    let (local, zone) = read(text)?;
    Some(match zone {
        Zone::Offset(minutes) => local - i64::from(minutes) * 60_000,
        Zone::Day | Zone::Unknown => local,
    })
}

/// Epoch milliseconds as both services mean them. Under 10^10 they would lie in the first months of
/// 1970: only a whole day is one of those, anything else looks like seconds.
pub fn of_milliseconds(number: i64) -> Option<Instant> {
    let looks_like_seconds = number.unsigned_abs() < 10_000_000_000 && number % DAY != 0;
    let date = utc(number).filter(|date| YEARS.contains(&date.year()));
    date.filter(|_| !looks_like_seconds).map(|_| number)
}

/// `2026-11-22T09:30:00.000Z`, as both services write instants.
pub fn iso(at: Instant) -> String {
    let Some(date) = utc(at) else { return String::new() };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        date.hour(),
        date.minute(),
        date.second(),
        date.millisecond()
    )
}

/// `2026-11-22`: the day that a zone so many minutes ahead of UTC has at this instant.
pub fn local_day(at: Instant, offset_minutes: i32) -> String {
    utc(at + i64::from(offset_minutes) * 60_000)
        .map(|date| day_text(date.date()))
        .unwrap_or_default()
}

/// The day of a value that means a day and not an instant: its own day as written, no zone applied.
/// Epoch milliseconds are GHL's midnight UTC.
pub fn day(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => read(text).map(|(local, _)| local_day(local, 0)),
        Value::Number(_) => instant(value).map(|at| local_day(at, 0)),
        _ => None,
    }
}

/// Midnight UTC of a `YYYY-MM-DD` as ChartMogul returns it: `2026-11-22T00:00:00.000Z`.
pub fn midnight(day: &str) -> String {
    format!("{day}T00:00:00.000Z")
}

/// `HH:MM` as minutes after midnight.
pub fn minutes_of_day(clock: &str) -> Option<i64> {
    Some(clock_milliseconds(clock)? / 60_000).filter(|_| clock.len() == 5)
}

/// The instant at which a day has come so far: `2026-11-22` at so many minutes after midnight in a zone
/// that tells how many minutes it is ahead of UTC at an instant.
pub fn at_minutes(day: &str, minutes: i64, ahead: impl Fn(Instant) -> i32) -> Option<Instant> {
    let local = read(day)?.0 + minutes * 60_000;
    let at = local - i64::from(ahead(local)) * 60_000;
    Some(local - i64::from(ahead(at)) * 60_000)
}

/// Minutes after midnight of an instant in a zone so many minutes ahead of UTC.
pub fn local_minutes(at: Instant, offset_minutes: i32) -> i64 {
    (at + i64::from(offset_minutes) * 60_000).rem_euclid(DAY) / 60_000
}

fn utc(at: Instant) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok()
}

fn day_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// What a text says about its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Minutes ahead of UTC.
    Offset(i32),
    /// A day has none.
    Day,
    /// A time of day without a zone.
    Unknown,
}

/// Reads a text: milliseconds from 1970-01-01 00:00 on its own clock, and its zone.
pub fn read(text: &str) -> Option<(i64, Zone)> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((of_milliseconds(text.parse().ok()?)?, Zone::Offset(0)));
    }
    let mut parts = text.get(..10)?.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let (month, day) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    if !YEARS.contains(&year) {
        return None;
    }
    let midnight = (i64::from(date.to_julian_day()) - 2_440_588) * DAY;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some((midnight, Zone::Day));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end = rest.find(['Z', 'z', 'U', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(end)?;
    let milliseconds = clock_milliseconds(clock.trim_end())?;
    let zone = match zone {
        "" => Zone::Unknown,
        "Z" | "z" | "UTC" => Zone::Offset(0),
        offset => Zone::Offset(offset_minutes(offset)?),
    };
    Some((midnight + milliseconds, zone))
}

/// So many digits, and nothing else, as a number.
fn number(digits: &str, length: usize) -> Option<i32> {
    let plain = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction` as milliseconds after midnight.
fn clock_milliseconds(clock: &str) -> Option<i64> {
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = whole.splitn(3, ':');
    let hours = number(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = number(parts.next()?, 2).filter(|minutes| *minutes < 60)?;
    // 60 is a leap second: it belongs to the day that it ends.
    let seconds = number(parts.next().unwrap_or("00"), 2).filter(|seconds| *seconds <= 60)?;
    if fraction.is_empty() {
        return None;
    }
    let mut milliseconds = 0;
    let mut unit = 100;
    for digit in fraction.chars() {
        milliseconds += i64::from(digit.to_digit(10)?) * unit;
        unit /= 10;
    }
    if seconds == 60 {
        milliseconds = -1;
    }
    Some(i64::from((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds)
}

/// `+05:30`, `-0800` or `+05` as minutes.
fn offset_minutes(offset: &str) -> Option<i32> {
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if digits.len() == 2 { 0 } else { number(minutes, 2)? };
    let hours = number(hours, 2).filter(|hours| *hours < 24 && minutes < 60)?;
    Some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_day_has_a_time_where_the_location_is() {
        // Central Europe: an hour ahead of UTC, two from the end of March on.
        let summer = instant(&json!("2026-03-29T01:00:00Z")).unwrap();
        let ahead = |at: Instant| if at < summer { 60 } else { 120 };
        for (day, clock, right) in [
            ("2026-03-28", "09:00", "2026-03-28T08:00:00.000Z"),
            ("2026-03-29", "09:00", "2026-03-29T07:00:00.000Z"),
            ("2026-03-30", "00:30", "2026-03-29T22:30:00.000Z"),
        ] {
            let minutes = minutes_of_day(clock).unwrap();
            let at = at_minutes(day, minutes, ahead).unwrap();
            assert_eq!(iso(at), right);
            assert_eq!(local_minutes(at, ahead(at)), minutes);
            assert_eq!(local_day(at, ahead(at)), day);
        }
        for none in ["9:00", "24:00", "09:60", "", "09:00:00"] {
            assert_eq!(minutes_of_day(none), None, "{none}");
        }
    }

    #[test]
    fn reads_every_form_on_record() {
        let expected = "2021-07-16T11:00:00.000Z";
        for value in [
            json!("2021-07-16T11:00:00.000Z"),
            json!("2021-07-16T11:00:00Z"),
            json!("2021-07-16 11:00:00"),
            json!("2021-07-16 11:00:00 UTC"),
            json!("2021-07-16T16:30:00+05:30"),
            json!("2021-07-16T11:00:00.0004+00:00"),
            json!("2021-07-16T03:00:00-0800"),
            json!(1_626_433_200_000_i64),
            json!("1626433200000"),
        ] {
            assert_eq!(instant(&value).map(iso).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn numbers_are_milliseconds() {
        for (value, right) in [
            (json!(42_163_200_000_i64), Some("1971-05-04T00:00:00.000Z")),
            (json!(-63_158_400_000_i64), Some("1968-01-01T00:00:00.000Z")),
            (json!("-86400000"), Some("1969-12-31T00:00:00.000Z")),
            (json!(0), Some("1970-01-01T00:00:00.000Z")),
            (json!(1_626_433_200), None),
            (json!("1626433200"), None),
            (json!(1e300), None),
            (json!(i64::MIN), None),
            (json!("-9223372036854775808"), None),
            (json!(7_258_118_400_000_i64), None),
            (json!("0"), None),
        ] {
            assert_eq!(instant(&value).map(iso).as_deref(), right, "{value}");
        }
    }

    #[test]
    fn a_leap_second_stays_in_its_day() {
        let at = instant_of("2016-12-31T23:59:60Z").unwrap();
        assert_eq!(iso(at), "2016-12-31T23:59:59.999Z");
    }

    #[test]
    fn refuses_what_is_not_a_date() {
        for value in [
            json!(""),
            json!("16/07/2021"),
            json!("2021-13-01"),
            json!("2021-07-16T25:00"),
            json!(null),
            json!("née le 1er"),
            json!("0001-01-01T00:00:00Z"),
            json!("1899-12-31"),
            json!("2200-01-01"),
            json!("2021-007-1"),
            json!("2021-07-16T11:00:00+99:99"),
            json!("2021-07-16T11:00:00+24:00"),
            json!("2021-07-16T11:00:00+5"),
            json!("2021-07-16T11:00:00+05:"),
            json!("2021-07-16T1:00"),
            json!("2021-07-16T11:00:00.Z"),
            json!("2021-07-16T11:00:00Z garbage"),
        ] {
            assert_eq!(instant(&value), None, "{value}");
        }
    }

    #[test]
    fn a_day_is_the_day_as_written() {
        assert_eq!(day(&json!("2026-01-31T00:00:00.000+05:30")).as_deref(), Some("2026-01-31"));
        assert_eq!(day(&json!("2026-01-31")).as_deref(), Some("2026-01-31"));
        assert_eq!(day(&json!(1_769_817_600_000_i64)).as_deref(), Some("2026-01-31"));
    }

    #[test]
    fn the_local_day_follows_the_zone() {
        let at = instant_of("2026-03-01T23:30:00Z").unwrap();
        assert_eq!(local_day(at, 0), "2026-03-01");
        assert_eq!(local_day(at, 60), "2026-03-02");
        assert_eq!(local_day(at, -5 * 60), "2026-03-01");
    }

    #[test]
    fn iso_round_trips() {
        for text in
            ["1969-12-31T23:59:59.999Z", "2000-02-29T00:00:00.001Z", "2026-11-22T09:30:00.000Z"]
        {
            assert_eq!(iso(instant_of(text).unwrap()), text);
        }
    }
}
