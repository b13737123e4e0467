//! Instants and days in all the forms both services use.

use serde_json::Value;
use time::{Date, OffsetDateTime};

/// Milliseconds since 1970-01-01 UTC.
pub type Instant = i64;

/// Reads an instant: ISO 8601 with or without zone, with `T` or a space, a bare day, epoch
/// milliseconds or seconds as number or digits. Text without a zone is taken as UTC.
pub fn instant(value: &Value) -> Option<Instant> {
    match value {
        Value::Number(number) => {
            number.as_i64().or_else(|| Some(number.as_f64()? as i64)).map(epoch)
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

/// Under 10^11 a number is taken for seconds: as milliseconds it would lie before March 1973.
fn epoch(number: i64) -> Instant {
    if number.abs() < 100_000_000_000 { number * 1000 } else { number }
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
    if text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((epoch(text.parse().ok()?), Zone::Offset(0)));
    }
    let mut parts = text.get(..10)?.splitn(3, '-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let midnight = (i64::from(date.to_julian_day()) - 2_440_588) * 86_400_000;
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

/// Digits alone as a number.
fn number(digits: &str) -> Option<i32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction` as milliseconds after midnight.
fn clock_milliseconds(clock: &str) -> Option<i64> {
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = whole.splitn(3, ':');
    let hours = number(parts.next()?).filter(|hours| *hours < 24)?;
    let minutes = number(parts.next()?).filter(|minutes| *minutes < 60)?;
    // 60 is a leap second.
    let seconds = number(parts.next().unwrap_or("0")).filter(|seconds| *seconds <= 60)?;
    let mut milliseconds = 0;
    let mut unit = 100;
    for digit in fraction.chars() {
        milliseconds += i64::from(digit.to_digit(10)?) * unit;
        unit /= 10;
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
    let minutes = digits.get(2..)?.trim_start_matches(':');
    let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
    Some(sign * (number(digits.get(..2)?)? * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            json!(1_626_433_200),
            json!("1626433200000"),
        ] {
            assert_eq!(instant(&value).map(iso).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for value in [
            json!(""),
            json!("16/07/2021"),
            json!("2021-13-01"),
            json!("2021-07-16T25:00"),
            json!(null),
            json!("née le 1er"),
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
