//! `time.Duration`: its methods, its text, `time.ParseDuration`.

use super::number;
use crate::gotmpl::object::Param;
use crate::gotmpl::quote;
use crate::gotmpl::value::{Data, IntMethod, IntType, NamedInt, Value};

/// Nanoseconds in a second.
pub(super) const NANOS: i64 = 1_000_000_000;

pub(super) static DURATION: NamedInt = NamedInt {
    name: "time.Duration",
    kind: "int64",
    show: duration_text,
    method: |name| METHODS.iter().find(|method| method.name == name),
};

const ITSELF: Param = Param::Named(&DURATION);

static METHODS: &[IntMethod] = &[
    IntMethod { name: "Nanoseconds", params: &[], run: |n, _| Value::int64(n) },
    IntMethod { name: "Microseconds", params: &[], run: |n, _| Value::int64(n / 1_000) },
    IntMethod { name: "Milliseconds", params: &[], run: |n, _| Value::int64(n / 1_000_000) },
    IntMethod { name: "Seconds", params: &[], run: |n, _| parts(n, NANOS) },
    IntMethod { name: "Minutes", params: &[], run: |n, _| parts(n, 60 * NANOS) },
    IntMethod { name: "Hours", params: &[], run: |n, _| parts(n, 3600 * NANOS) },
    IntMethod { name: "Abs", params: &[], run: |n, _| duration(n.saturating_abs()) },
    IntMethod { name: "Truncate", params: &[ITSELF], run: |n, args| duration(truncated(n, number(args, 0))) },
    IntMethod { name: "Round", params: &[ITSELF], run: |n, args| duration(rounded(n, number(args, 0))) },
];

fn duration(nanos: i64) -> Value {
    Value::new(Data::Int(nanos, IntType::Named(&DURATION)))
}

/// How many of a unit, with the fraction that is left.
fn parts(nanos: i64, unit: i64) -> Value {
    Value::float((nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64)
}

fn truncated(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 { nanos } else { nanos - nanos % unit }
}

/// To the nearest multiple, halves away from zero.
fn rounded(nanos: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return nanos;
    }
    let over = nanos % unit;
    if less_than_half(over.abs(), unit) { nanos - over } else { (nanos - over).saturating_add(over.signum() * unit) }
}

pub(super) fn less_than_half(part: i64, unit: i64) -> bool {
    (part as u64).wrapping_add(part as u64) < unit as u64
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
    fn durations_read_and_print_as_in_go() {
        for text in ["1h2m3s", "1.5s", "-2m0s", "100ms", "0s", "1.001µs"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("1x").unwrap_err(), "time: unknown unit \"x\" in duration \"1x\"");
        assert_eq!(parse_duration("1").unwrap_err(), "time: missing unit in duration \"1\"");
    }
}
