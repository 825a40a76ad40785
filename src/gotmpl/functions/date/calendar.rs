//! Days and durations: the proleptic Gregorian calendar, `time.Duration`'s text, `time.ParseDuration`.

use crate::gotmpl::quote;

/// Nanoseconds in a second.
pub(super) const NANOS: i64 = 1_000_000_000;

/// Days from 1970-01-01 to a date.
pub(super) fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day: year, month, day of the month.
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// `time.Duration.String`
pub(super) fn duration_text(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let fraction = |value: u64, unit: u64| {
        let digits = unit.ilog10() as usize;
        let rest = format!("{:0digits$}", value % unit);
        let rest = rest.trim_end_matches('0');
        let whole = value / unit;
        if rest.is_empty() { whole.to_string() } else { format!("{whole}.{rest}") }
    };
    if size == 0 {
        return "0s".to_owned();
    }
    if size < 1_000 {
        return format!("{sign}{size}ns");
    }
    if size < 1_000_000 {
        return format!("{sign}{}µs", fraction(size, 1_000));
    }
    if size < NANOS as u64 {
        return format!("{sign}{}ms", fraction(size, 1_000_000));
    }
    let seconds = size / NANOS as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let tail = format!("{}s", fraction(size % (60 * NANOS as u64), NANOS as u64));
    match (hours, minutes) {
        (0, 0) => format!("{sign}{tail}"),
        (0, _) => format!("{sign}{minutes}m{tail}"),
        _ => format!("{sign}{hours}h{minutes}m{tail}"),
    }
}

/// `time.ParseDuration`
pub(super) fn parse_duration(text: &str) -> Result<i64, String> {
    let shown = || quote::quote(text);
    let invalid = || format!("time: invalid duration {}", shown());
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        let value: i128 = if whole == 0 { 0 } else { rest[..whole].parse().map_err(|_| invalid())? };
        rest = &rest[whole..];
        let (mut part, mut scale, mut fraction) = (0i128, 1i128, 0);
        if let Some(after) = rest.strip_prefix('.') {
            fraction = digits(after);
            for digit in after[..fraction].bytes().take(18) {
                part = part * 10 + i128::from(digit - b'0');
                scale *= 10;
            }
            rest = &after[fraction..];
        }
        if whole == 0 && fraction == 0 {
            return Err(invalid());
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: i128 = match &rest[..end] {
            "" => return Err(format!("time: missing unit in duration {}", shown())),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOS.into(),
            "m" => i128::from(NANOS) * 60,
            "h" => i128::from(NANOS) * 3600,
            unknown => return Err(format!("time: unknown unit {} in duration {}", quote::quote(unknown), shown())),
        };
        rest = &rest[end..];
        total = value
            .checked_mul(unit)
            .and_then(|n| n.checked_add(part * unit / scale))
            .and_then(|n| n.checked_add(total))
            .ok_or_else(invalid)?;
        if total > i128::from(i64::MAX) + i128::from(negative) {
            return Err(invalid());
        }
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for day in [-719_162, -1, 0, 59, 60, 11_016, 20_000] {
            let (year, month, date) = date_of(day);
            assert_eq!(days_from(year, month, date), day);
        }
        assert_eq!(date_of(11_016), (2000, 2, 29));
    }

    #[test]
    fn durations_read_and_print_as_in_go() {
        for text in ["1h2m3s", "1.5s", "-2m0s", "100ms", "0s", "1.001µs"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("1x").unwrap_err(), "time: unknown unit \"x\" in duration \"1x\"");
        assert_eq!(parse_duration("1").unwrap_err(), "time: missing unit in duration \"1\"");
    }
}
