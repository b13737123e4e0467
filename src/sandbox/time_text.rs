//! Instants as both services write them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `2026-11-22T09:30:00.000Z`, always with three digits of a second.
pub(crate) fn iso(milliseconds: u64) -> String {
    let date = date_time(milliseconds);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        date.hour(),
        date.minute(),
        date.second(),
        milliseconds % 1000
    )
}

/// `2026-11-22`.
pub(crate) fn day(milliseconds: u64) -> String {
    iso(milliseconds).chars().take(10).collect()
}

/// Milliseconds since 1970 of an ISO instant or day; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    let instant = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok()
}

fn date_time(milliseconds: u64) -> OffsetDateTime {
    let seconds = i64::try_from(milliseconds / 1000).unwrap_or(0);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_survive_the_round_trip() {
        assert_eq!(iso(1_795_348_800_123), "2026-11-22T12:00:00.123Z");
        assert_eq!(parse("2026-11-22T12:00:00.123Z"), Some(1_795_348_800_123));
        assert_eq!(parse("2026-11-22T17:30:00.123+05:30"), Some(1_795_348_800_123));
        assert_eq!(parse("2026-11-22"), Some(1_795_305_600_000));
        assert_eq!(parse("22/11/2026"), None);
        assert_eq!(day(1_795_348_800_123), "2026-11-22");
    }
}
