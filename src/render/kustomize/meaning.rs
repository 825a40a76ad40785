//! What a scalar means to Kustomize: YAML 1.2 with yaml.v3's leniencies (old octals, `_`, timestamps). The rest of the house
//! reads YAML 1.1, so what leaves here is respelled where the two differ.

use std::borrow::Cow;

use crate::yaml::{Meaning, Scalar, Style};

/// The meaning to yaml.v3; timestamps come as the text that JSON would hold.
pub(super) fn of(scalar: &Scalar) -> Meaning<'_> {
    match scalar.tag.as_deref() {
        None | Some("") => {
            if scalar.style == Style::Plain {
                plain(&scalar.text)
            } else {
                Meaning::Str(Cow::Borrowed(&scalar.text))
            }
        }
        Some("!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp") => plain(&scalar.text),
        Some("!!binary") => decode(&scalar.text),
        Some(_) => Meaning::Str(Cow::Borrowed(&scalar.text)),
    }
}

/// Whether a scalar has the type of a text; dates and bytes have their own.
pub(super) fn is_text(scalar: &Scalar) -> bool {
    match scalar.tag.as_deref() {
        None | Some("") => scalar.style != Style::Plain || kind(&scalar.text) == "!!str",
        Some(tag) => tag == "!!str",
    }
}

/// The type of a plain text.
pub(super) fn kind(text: &str) -> &'static str {
    match plain(text) {
        Meaning::Null => "!!null",
        Meaning::Bool(_) => "!!bool",
        Meaning::Int(_) | Meaning::Uint(_) => "!!int",
        Meaning::Float(_) => "!!float",
        Meaning::Str(Cow::Owned(_)) => "!!timestamp",
        Meaning::Str(_) => "!!str",
    }
}

/// Why a text cannot be of the type that its tag names; the text itself is not told.
pub(super) fn misfit(scalar: &Scalar) -> Option<String> {
    let tag = scalar.tag.as_deref()?;
    match tag {
        "!!binary" => {
            let message = "yaml: !!binary value contains invalid base64 data";
            bytes(&scalar.text).is_none().then(|| message.to_owned())
        }
        "!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp" => {
            let kind = kind(&scalar.text);
            let fits = kind == tag || (tag == "!!float" && kind == "!!int");
            (!fits).then(|| format!("a value is not what its tag {tag} says: yaml: cannot decode {kind}"))
        }
        _ => None,
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let compact: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(compact).ok()
}

fn decode(text: &str) -> Meaning<'_> {
    let Some(bytes) = bytes(text) else { return Meaning::Str(Cow::Borrowed(text)) };
    let mut rest = bytes.as_slice();
    let mut decoded = String::with_capacity(rest.len());
    // Each byte that is no text is one sign, as Go's JSON has it.
    while !rest.is_empty() {
        let good = std::str::from_utf8(rest).map_or_else(|error| error.valid_up_to(), str::len);
        decoded.push_str(std::str::from_utf8(&rest[..good]).unwrap_or_default());
        if good < rest.len() {
            decoded.push('\u{fffd}');
        }
        rest = rest.get(good + 1..).unwrap_or_default();
    }
    Meaning::Str(Cow::Owned(decoded))
}

fn plain(text: &str) -> Meaning<'_> {
    let Some(first) = text.bytes().next() else { return Meaning::Null };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => match text {
            "~" | "null" | "Null" | "NULL" => Meaning::Null,
            "true" | "True" | "TRUE" => Meaning::Bool(true),
            "false" | "False" | "FALSE" => Meaning::Bool(false),
            _ => Meaning::Str(Cow::Borrowed(text)),
        },
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text).unwrap_or(Meaning::Str(Cow::Borrowed(text))),
        _ => Meaning::Str(Cow::Borrowed(text)),
    }
}

fn number(text: &str) -> Option<Meaning<'_>> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Meaning::Float(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Meaning::Float(f64::NAN)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Meaning::Float(f64::NEG_INFINITY)),
        _ => {}
    }
    if let Some(time) = timestamp(text) {
        return Some(Meaning::Str(Cow::Owned(time)));
    }
    let bare = text.replace('_', "");
    if let Some(whole) = whole(&bare) {
        return Some(whole);
    }
    if is_float(&bare) {
        // What is too large for a float is a text to Go.
        return bare.parse::<f64>().ok().filter(|value| value.is_finite()).map(Meaning::Float);
    }
    None
}

/// Go's `ParseInt` with base 0.
fn whole(text: &str) -> Option<Meaning<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|b| (b as char).is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if negative { -value } else { value };
    if let Ok(small) = i64::try_from(value) {
        return Some(Meaning::Int(small));
    }
    if text.starts_with('+') {
        return None;
    }
    u64::try_from(value).ok().map(Meaning::Uint)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", after)) => digits(after),
        Some((before, after)) => digits(before) && (after.is_empty() || digits(after)),
        None => digits(mantissa),
    };
    mantissa_fits && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// A date, or a date and a time, as Go's JSON writes it.
fn timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes.get(4) != Some(&b'-') || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (date, time) = match text.find(['T', 't']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year: i16 = parts.next()?.parse().ok()?;
    let (month, day) = (field(parts.next()?, 1)?, field(parts.next()?, 1)?);
    if parts.next().is_some() {
        return None;
    }
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let Some(time) = time else { return Some(format!("{date}T00:00:00Z")) };
    let (clock, zone) = zone(time.trim_start())?;
    let mut fields = clock.split(':');
    let hour: i8 = field(fields.next()?, 1)?;
    let minute: i8 = field(fields.next()?, 1)?;
    let seconds = fields.next()?;
    if fields.next().is_some() {
        return None;
    }
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let second: i8 = field(second, 1)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
}

fn field(text: &str, least: usize) -> Option<i8> {
    let fits = (least..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn zone(time: &str) -> Option<(&str, String)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, "Z".to_owned()));
    }
    let at = time.rfind(['+', '-'])?;
    let offset = &time[at..];
    let shape = offset.len() == 6 && offset.as_bytes()[3] == b':';
    let digits = offset.bytes().enumerate().all(|(i, b)| matches!(i, 0 | 3) || b.is_ascii_digit());
    let offset = if offset == "+00:00" { "Z".to_owned() } else { offset.to_owned() };
    (shape && digits).then_some((&time[..at], offset))
}

/// A float as Go's `encoding/json` writes it.
pub(super) fn float_text(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let size = value.abs();
    if (1e-6..1e21).contains(&size) {
        return format!("{value}");
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => format!("{mantissa}e+{exponent:0>2}"),
        Some((mantissa, exponent)) => format!("{mantissa}e-{}", &exponent[1..]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_plain(text: &str) -> Meaning<'_> {
        plain(text)
    }

    #[test]
    fn scalars_mean_what_they_mean_to_yaml_v3() {
        assert_eq!(of_plain("yes"), Meaning::Str("yes".into()));
        assert_eq!(of_plain("0123"), Meaning::Int(83));
        assert_eq!(of_plain("0o14"), Meaning::Int(12));
        assert_eq!(of_plain("1_000"), Meaning::Int(1000));
        assert_eq!(of_plain("1e3"), Meaning::Float(1000.0));
        assert_eq!(of_plain("089"), Meaning::Float(89.0));
        assert_eq!(of_plain("12:30"), Meaning::Str("12:30".into()));
        assert_eq!(of_plain("2020-01-01"), Meaning::Str("2020-01-01T00:00:00Z".into()));
        assert_eq!(of_plain("2001-12-14t21:59:43.10-05:00"), Meaning::Str("2001-12-14T21:59:43.1-05:00".into()));
        assert_eq!(of_plain("12345678901234567890"), Meaning::Uint(12_345_678_901_234_567_890));
    }
}
